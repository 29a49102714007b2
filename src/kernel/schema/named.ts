import type { AnyJson } from '../event.js';
import type { Field, Fields } from './fields.js';

/** Every id of another aggregate that an input names, with where it stands. */
export const refsIn = (fields: Fields, data: AnyJson, at = '', found: Reference[] = []): Reference[] => {
  for (const [name, field] of fieldsWithRefs(fields)) collectRefs(field, data?.[name], `${at}/${name}`, found);
  return found;
};
export interface Reference {
  readonly category: string;
  readonly id: string;
  readonly pointer: string;
}

const collectRefs = ({ kind, category, names, fields, item }: Field, value: AnyJson, pointer: string, found: Reference[]): void => {
  if (value === undefined) return;
  if (kind === 'ref') found.push({ category: category!, id: value, pointer });
  else if (names) found.push(...(names.unless.includes(value) ? [] : [{ category: names.category, id: value, pointer }]));
  else if (kind === 'object') refsIn(fields!, value, pointer, found);
  else (value as readonly unknown[]).forEach((entry, i) => collectRefs(item!, entry, `${pointer}/${i}`, found));
};

/** The references of an input by the name of their field: one, or a list. Those deeper inside an object have no name here. */
export const refsOf = <T>(
  fields: Fields,
  data: AnyJson,
  refer: (category: string, id: string) => T,
): Readonly<Record<string, T | readonly T[]>> => {
  const refs: Record<string, T | readonly T[]> = {};
  for (const [name, { kind, category, item }] of fieldsWithRefs(fields)) {
    const value = data?.[name];
    if (value === undefined) continue;
    if (kind === 'ref') refs[name] = refer(category!, value);
    else if (item?.kind === 'ref') refs[name] = value.map((id: string) => refer(item.category!, id));
  }
  return refs;
};

/** Looked for once for each set of fields: every command asks. */
const fieldsWithRefs = (fields: Fields): readonly (readonly [name: string, field: Field])[] => {
  let found = withRefs.get(fields);
  if (!found) withRefs.set(fields, (found = Object.entries(fields).filter(([, field]) => mayRefer(field))));
  return found;
};
const withRefs = new WeakMap<Fields, readonly (readonly [name: string, field: Field])[]>();
const mayRefer = ({ kind, names, fields, item }: Field): boolean =>
  kind === 'ref' ||
  names !== undefined ||
  (fields !== undefined && fieldsWithRefs(fields).length > 0) ||
  (item !== undefined && mayRefer(item));

/** Every currency of an input's money, with where it stands. */
export const currenciesIn = (fields: Fields, data: AnyJson, at = '', found: Named[] = []): Named[] => {
  for (const [name, field] of fieldsWithMoney(fields)) collectCurrencies(field, data?.[name], `${at}/${name}`, found);
  return found;
};
interface Named {
  readonly currency: string;
  readonly pointer: string;
}
const collectCurrencies = ({ kind, fields, item }: Field, value: AnyJson, pointer: string, found: Named[]): void => {
  if (value === undefined) return;
  if (kind === 'amount' || kind === 'value') {
    if (value.currency !== undefined) found.push({ currency: value.currency, pointer: `${pointer}/currency` });
  } else if (kind === 'object') currenciesIn(fields!, value, pointer, found);
  else (value as readonly unknown[]).forEach((entry, i) => collectCurrencies(item!, entry, `${pointer}/${i}`, found));
};
/** Looked for once for each set of fields: every command asks. */
const fieldsWithMoney = (fields: Fields): readonly (readonly [name: string, field: Field])[] => {
  let found = withMoney.get(fields);
  if (!found) withMoney.set(fields, (found = Object.entries(fields).filter(([, field]) => mayBeMoney(field))));
  return found;
};
const withMoney = new WeakMap<Fields, readonly (readonly [name: string, field: Field])[]>();
const mayBeMoney = ({ kind, fields, item }: Field): boolean =>
  kind === 'amount' || kind === 'value' || (fields !== undefined && fieldsWithMoney(fields).length > 0) || (item !== undefined && mayBeMoney(item)); // prettier-ignore
