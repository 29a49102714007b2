import { exponentOf, isIdentifier, matchKey } from '../kernel/index.js';
import { DATE_ORDERS, type DateOrder } from './import-cells.js';

/** What is done where a cell says something else than the last import did. */
export const POLICIES = ['correct', 'change', 'ask'] as const;
export type Policy = (typeof POLICIES)[number];

interface FieldRule {
  readonly usual: Policy;
  readonly allowed: readonly Policy[];
  /** Other names that its column has in registers. */
  readonly names: readonly string[];
}
/** What a column may say of a contract. An end, a value or a supplier may have been written wrong, or may have changed: that is asked. */
export const FIELDS = {
  title: { usual: 'correct', allowed: ['correct', 'ask'], names: ['title of agreement', 'contract title', 'name'] },
  description: { usual: 'correct', allowed: ['correct', 'ask'], names: ['description of the goods and services'] },
  procedure: { usual: 'correct', allowed: ['correct', 'ask'], names: ['procurement procedure', 'process type'] },
  buyer: { usual: 'correct', allowed: ['correct', 'ask'], names: ['organisation', 'organisation name'] },
  awardedOn: { usual: 'correct', allowed: ['correct', 'ask'], names: ['award date', 'contract award date'] },
  startsOn: { usual: 'correct', allowed: ['correct', 'ask'], names: ['start date', 'contract start date', 'start'] },
  endsOn: { usual: 'ask', allowed: POLICIES, names: ['end date', 'contract end date', 'end', 'expiry date'] },
  value: { usual: 'ask', allowed: POLICIES, names: ['contract value', 'total value', 'amount'] },
  supplier: { usual: 'ask', allowed: POLICIES, names: ['supplier name', 'contractor', 'supplier name and details'] },
} as const satisfies Record<string, FieldRule>;
export type FieldName = keyof typeof FIELDS;
/** What a column may say of a supplier: recorded when the supplier is registered, and not compared afterwards. */
export const SUPPLIER_FIELDS = { registration: ['supplier registered company number', 'company number'], sme: ['supplier is sme', 'sme'], vcse: ['supplier is vcse', 'vcse'] } as const; // prettier-ignore
export type SupplierField = keyof typeof SUPPLIER_FIELDS;

export interface Column {
  readonly field: FieldName | SupplierField;
  readonly changed: Policy;
}
/** How the columns of a register are read. */
export interface Mapping {
  readonly programme: string;
  /** The column that says which contract a row is of; its text is an external reference of this scheme. */
  readonly key: { readonly column: string; readonly scheme: string };
  readonly dates: DateOrder;
  readonly vat: 'ex' | 'inc' | 'unknown';
  readonly currency: string;
  readonly delimiter: ',' | ';' | '\t';
  readonly stage: 'signed' | 'live' | 'exiting' | 'closed';
  readonly role: 'incumbent' | 'outside';
  /** Cells that say nothing, as an empty one does. */
  readonly nothing: readonly string[];
  /** Null: the column is known, and says nothing here. */
  readonly columns: Readonly<Record<string, Column | null>>;
}
/** The mapping cannot be used. */
export class MappingError extends Error {
  override readonly name = 'MappingError';
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf = <const T extends string>(value: unknown, values: readonly T[], where: string, usual?: T): T => {
  if (value === undefined && usual !== undefined) return usual;
  if (!(values as readonly unknown[]).includes(value))
    throw new MappingError(`"${where}" is ${JSON.stringify(value) ?? 'missing'}: it must be one of ${values.join(', ')}.`);
  return value as T;
};
const textOf = (value: unknown, where: string, most = 200): string => {
  if (typeof value !== 'string' || value.trim() === '' || value.length > most)
    throw new MappingError(`"${where}" must be a text of 1 to ${most} characters.`);
  return value;
};
const isContractField = (field: string): field is FieldName => Object.hasOwn(FIELDS, field);

/** @param more what the command line says instead. @throws MappingError that names the place */
export const mappingOf = (json: unknown, more: { readonly programme?: string | undefined } = {}): Mapping => {
  if (!isObject(json)) throw new MappingError('The mapping is no JSON object.');
  const known = ['schema', 'programme', 'key', 'dates', 'vat', 'currency', 'delimiter', 'stage', 'role', 'nothing', 'columns'];
  const other = Object.keys(json).find((name) => !known.includes(name));
  if (other !== undefined) throw new MappingError(`"${other}" is no part of a mapping: there are ${known.join(', ')}.`);
  const programme = more.programme ?? json['programme'];
  if (!isIdentifier(programme)) throw new MappingError('"programme" must be the id of a programme: say it here or with --programme.');
  const { key, columns, nothing = [], currency = 'GBP' } = json;
  if (!isObject(key)) throw new MappingError('"key" must be {"column": …, "scheme": …}.');
  if (!isObject(columns)) throw new MappingError('"columns" must be an object: the name of a column → {"field": …} or null.');
  if (typeof currency !== 'string' || exponentOf(currency) === undefined) throw new MappingError('"currency" must be a code of ISO 4217.');
  if (!Array.isArray(nothing) || nothing.some((text) => typeof text !== 'string'))
    throw new MappingError('"nothing" must be a list of texts.');
  const scheme = textOf(key['scheme'], 'key.scheme', 60);
  if (!/^[\x21-\x7e]+$/.test(scheme)) throw new MappingError('"key.scheme" must be of printable ASCII characters without blanks.');
  const mapped = Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, columnOf(name, column)]));
  const fields = Object.values(mapped).flatMap((column) => (column ? [column.field] : []));
  const twice = fields.find((field, i) => fields.indexOf(field) < i);
  if (twice !== undefined) throw new MappingError(`Two columns say ${twice}.`);
  for (const needed of ['title', 'supplier'] as const)
    if (!fields.includes(needed)) throw new MappingError(`No column says ${needed}: every contract has one.`);
  return {
    programme,
    key: { column: textOf(key['column'], 'key.column'), scheme },
    dates: oneOf(json['dates'], DATE_ORDERS, 'dates'),
    vat: oneOf(json['vat'], ['ex', 'inc', 'unknown'], 'vat'),
    currency,
    delimiter: oneOf(json['delimiter'], [',', ';', '\t'], 'delimiter', ','),
    stage: oneOf(json['stage'], ['signed', 'live', 'exiting', 'closed'], 'stage', 'live'),
    role: oneOf(json['role'], ['incumbent', 'outside'], 'role', 'outside'),
    nothing: nothing.map((text) => matchKey(text as string)),
    columns: mapped,
  };
};
const columnOf = (name: string, column: unknown): Column | null => {
  if (column === null) return null;
  if (!isObject(column)) throw new MappingError(`The column "${name}" must be {"field": …, "changed": …} or null.`);
  const field = oneOf(column['field'], [...Object.keys(FIELDS), ...Object.keys(SUPPLIER_FIELDS)], `columns.${name}.field`);
  if (!isContractField(field)) {
    if (column['changed'] !== undefined) throw new MappingError(`The column "${name}" is of suppliers, which are not compared: it has no "changed".`); // prettier-ignore
    return { field: field as SupplierField, changed: 'correct' };
  }
  const { usual, allowed } = FIELDS[field];
  return { field, changed: oneOf(column['changed'], allowed as readonly Policy[], `columns.${name}.changed`, usual) };
};

/** Asks a person. @returns one of the choices where there are some */
export type Ask = (question: string, choices?: readonly string[], proposed?: string) => Promise<string>;

const proposedField = (column: string): string => {
  const key = matchKey(column);
  const named = Object.entries({ ...FIELDS, ...SUPPLIER_FIELDS }).find(([field, rule]) => {
    const names = 'names' in rule ? rule.names : rule;
    return matchKey(field) === key || names.some((name) => matchKey(name) === key);
  });
  return named?.[0] ?? 'nothing';
};

/** A mapping by the answers of a person, as JSON to be kept. */
export const askMapping = async (header: readonly string[], ask: Ask): Promise<Readonly<Record<string, unknown>>> => {
  const columns: Record<string, unknown> = {};
  const key = await ask('Which column says which contract a row is of?', header);
  const scheme = await ask('A name for these references, such as the council that gives them', undefined, 'contract-register');
  const programme = await ask('The id of the programme');
  const dates = await ask('In which order do dates have their parts?', DATE_ORDERS, 'day-first');
  const vat = await ask('Are values without VAT (ex), with VAT (inc), or is it not known?', ['ex', 'inc', 'unknown']);
  const currency = await ask('The currency of values', undefined, 'GBP');
  for (const column of header) {
    if (column === key) continue;
    const field = await ask(`What does "${column}" say?`, ['nothing', ...Object.keys(FIELDS), ...Object.keys(SUPPLIER_FIELDS)], proposedField(column)); // prettier-ignore
    if (field === 'nothing') columns[column] = null;
    else if (!isContractField(field)) columns[column] = { field };
    else {
      const { usual, allowed } = FIELDS[field];
      columns[column] = { field, changed: await ask(`When "${column}" says something else later: was it wrong, or has it changed?`, allowed, usual) }; // prettier-ignore
    }
  }
  return { programme, key: { column: key, scheme }, dates, vat, currency, columns };
};
