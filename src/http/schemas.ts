import { projections } from '../../projections/index.js';
import { aggregates, commands } from '../domain/index.js';
import { ledgerEvents, type Json, type Projection } from '../kernel/index.js';
import { answerSchemas, rowSchemas, stateSchemas, totalSchemas } from './schemas.generated.js';

export type Schema = { readonly [key: string]: Json };
export const refTo = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

const pascal = (text: string): string => text.replaceAll(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase());
export const camel = (text: string): string => text.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());

const text: Schema = { type: 'string' };
/** Forms that the names of properties stand for: see test/schemas/json-schema.ts. */
const forms: Readonly<Record<string, Schema>> = {
  Instant: {
    type: 'string',
    format: 'date-time',
    description: 'In UTC with milliseconds.',
    pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z$',
    examples: ['2020-10-28T09:30:00.000Z'],
  },
  Problem: {
    type: 'object',
    description: 'RFC 9457. Programs go by `type`, people by the rest.',
    required: ['type', 'title', 'status'],
    properties: {
      type: { type: 'string', format: 'uri', examples: ['urn:tower-ledger:problem:contract/stage'] },
      title: text,
      status: { type: 'integer' },
      detail: text,
      instance: { type: 'string', format: 'uri' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['detail'],
          properties: {
            pointer: { type: 'string', description: 'JSON Pointer into the body' },
            parameter: { type: 'string', description: 'Of the path or the query' },
            header: text,
            detail: text,
          },
        },
      },
    },
    additionalProperties: true,
  },
};

/** Every type of event that there is. */
export const eventTypes: readonly string[] = [
  ...aggregates.flatMap(({ events }) => Object.keys(events as object)),
  ...Object.keys(ledgerEvents),
];

/**
 * A schema with what has a title moved out of it, into components of that name: `AmountInput` where answers have an `Amount` of their own.
 * @param seen what an object that has a title was moved to, for those that stand in several places
 * @throws TypeError where two of one title are not the same
 */
export const hoisted = (schema: Json, into: Record<string, Schema>, seen = new Map<object, Schema>()): Json => {
  if (Array.isArray(schema)) return schema.map((inner: Json) => hoisted(inner, into, seen));
  if (typeof schema !== 'object' || schema === null) return schema;
  const moved = seen.get(schema);
  if (moved) return moved;
  const { title } = schema as Schema;
  const inner: Record<string, Json> = {};
  for (const key of Object.keys(schema)) {
    const value = (schema as Schema)[key]!;
    if (key !== 'title') inner[key] = key === 'example' || key === 'examples' ? value : hoisted(value, into, seen);
  }
  if (title !== undefined && typeof title !== 'string') inner['title'] = hoisted(title, into, seen);
  if (typeof title !== 'string') return inner;
  const { description, ...component } = inner;
  const name = Object.hasOwn(answerSchemas, title) ? `${title}Input` : title;
  const known = into[name];
  if (known && JSON.stringify(known) !== JSON.stringify(component)) throw new TypeError(`Two schemas have the title ${title}.`);
  into[name] = component;
  const ref = { ...refTo(name), ...(description !== undefined && { description }) };
  seen.set(schema, ref);
  return ref;
};

/** Answers of an aggregate with its own state, and entries of histories with the data of their type. */
const ownAnswers = (): Record<string, Schema> => {
  const { StateAnswer } = answerSchemas as Readonly<Record<string, Schema>>;
  const own: Record<string, Schema> = {};
  for (const [category, state] of Object.entries(stateSchemas))
    own[stateAnswerOf(category)] = withProperty(StateAnswer!, 'state', refTo(state));
  return own;
};
export const stateAnswerOf = (category: string): string => `${pascal(category)}State`;

const withProperty = (schema: Schema, name: string, property: Json): Schema => ({
  ...schema,
  properties: { ...(schema['properties'] as Schema), [name]: property },
});
const propertiesOf = (name: string): Schema => ((answerSchemas as Readonly<Record<string, Schema>>)[name]!['properties'] ?? {}) as Schema;

/** What a filter is given: one of a closed list, true or false, a day, a number of days, decimals, an identifier, or any text. */
export type FilterForm = readonly string[] | 'flag' | 'day' | 'days' | 'decimal' | 'id' | 'text';
/** Of a filter that is given days. */
export const MAX_DAYS = 9999;
/** Filters that are no property of a row, by their name. */
const FORMS: Readonly<Record<string, FilterForm>> = {
  pastEnd: 'flag',
  dated: 'flag',
  endsFrom: 'day',
  endsUntil: 'day',
  milestoneFrom: 'day',
  milestoneUntil: 'day',
  dueFrom: 'day',
  dueBy: 'day',
  overdueOn: 'day',
  within: 'days',
  valueFrom: 'decimal',
  valueUntil: 'decimal',
  originalFrom: 'decimal',
  originalUntil: 'decimal',
  startsFrom: 'day',
  startsUntil: 'day',
  frameworkLot: 'id',
};
const formOf = (projection: string, filter: string, kinds: readonly string[], rows: readonly string[]): FilterForm => {
  if (filter === 'kind') return closedValues(rows, filter) ?? kinds; // else what the key of a row begins with
  if (projection === 'decisions' && filter === 'command') return commands.map(({ name }) => name);
  const properties = rows.map((row) => propertiesOf(row)[filter] as Schema | undefined).filter((property) => property !== undefined);
  if (properties.length > 0 && properties.every(({ type }) => type === 'boolean')) return 'flag';
  return FORMS[filter] ?? closedValues(rows, filter) ?? 'text';
};

/** A projection, with the components of its answers. */
export interface ProjectionAnswers {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly kinds: readonly string[];
  readonly page: string;
  readonly row: string;
  readonly update: string;
  /** Name of a list → the component of a page of it. */
  readonly lists: Readonly<Record<string, string>>;
  /** Name of a filter → what its values are. */
  readonly filters: Readonly<Record<string, FilterForm>>;
  /** Columns that its rows are sorted by, and those from the last on. */
  readonly sorts: readonly string[];
  readonly hasTotals: boolean;
  /** Media types beside JSON. */
  readonly formats: Readonly<Record<string, string>>;
}

const anyOf = (names: readonly string[]): Schema => {
  const distinct = [...new Set(names)].map(refTo);
  return distinct.length === 1 ? distinct[0]! : { anyOf: distinct };
};
/** The values of a property of a row, where each kind of row that has it has it from a closed list; null is none of them. */
const closedValues = (rows: readonly string[], filter: string): readonly string[] | undefined => {
  const found = rows.map((row) => propertiesOf(row)[filter] as Schema | undefined).filter((property) => property !== undefined);
  const values = found.map((property) => valuesOf(property));
  return values.length === 0 || values.some((some) => some === undefined)
    ? undefined
    : [...new Set(values.flatMap((some) => some!))].sort();
};
const valuesOf = (property: Schema): readonly string[] | undefined => {
  const { enum: values, const: value, anyOf: several, $ref } = property;
  if (Array.isArray(values)) return values as readonly string[];
  if (typeof value === 'string') return [value];
  if (property['type'] === 'null') return [];
  if (typeof $ref === 'string') {
    const named = (answerSchemas as Readonly<Record<string, Schema>>)[$ref.split('/').at(-1)!];
    return named && valuesOf(named);
  }
  if (!Array.isArray(several)) return undefined;
  const each = (several as readonly Schema[]).map(valuesOf);
  return each.some((some) => some === undefined) ? undefined : each.flatMap((some) => some!);
};

const componentsOf = ({
  name,
  question,
  rows,
  lists = {},
  filters = {},
  formats = {},
  sorts = {},
  totals,
}: Projection): [ProjectionAnswers, Record<string, Schema>] => {
  const title = pascal(name);
  const kinds = rowSchemas[name] ?? {};
  const row = anyOf(Object.values(kinds).map((kind) => kind.row));
  const { RowPage, RowAnswer, ListAnswer, UpdateMessage } = answerSchemas as Readonly<Record<string, Schema>>;
  const own: Record<string, Schema> = {};
  const key: Schema = { type: 'string', pattern: `^(${Object.keys(rows).join('|')}):` };
  const add = (component: string, schema: Schema): string => {
    own[component] = schema;
    return component;
  };
  /** With its key in it, and what is uncertain of it. */
  const keyed = Object.values(kinds).map((kind) => {
    const shown = (answerSchemas as Readonly<Record<string, Schema>>)[kind.row]!;
    const more = { key, uncertain: refTo('Uncertain'), faulted: refTo('RowFault') };
    return add(`${kind.row}InPage`, {
      ...shown,
      required: ['key', ...((shown['required'] as readonly string[]) ?? [])],
      properties: { ...more, ...(shown['properties'] as Schema) },
    });
  });
  const withTotals = (page: Schema): Schema => {
    const { totals: _, ...properties } = page['properties'] as Schema;
    const total = totalSchemas[name];
    return { ...page, properties: { ...properties, ...(total !== undefined && { totals: refTo(total) }) } };
  };
  const listed = new Map<string, string[]>();
  for (const [kind, named] of Object.entries(lists))
    for (const list of Object.keys(named)) {
      const entry = (kinds[kind] ?? kinds['*'])?.lists[list];
      listed.set(list, [...(listed.get(list) ?? []), ...(entry === undefined ? [] : [entry])]);
    }
  const changes = { type: 'object', propertyNames: key, additionalProperties: { anyOf: [row, { type: 'null' }] } };
  return [
    {
      name,
      title,
      question,
      kinds: Object.keys(rows),
      page: add(`${title}Page`, withTotals(withProperty(RowPage!, 'rows', { type: 'array', items: anyOf(keyed) }))),
      row: add(`${title}Answer`, withProperty(withProperty(RowAnswer!, 'row', row), 'key', key)),
      update: add(`${title}Update`, withProperty(UpdateMessage!, 'changes', changes)),
      lists: Object.fromEntries(
        [...listed].map(([list, entries]) => [
          list,
          add(`${title}${pascal(list)}Page`, withProperty(ListAnswer!, 'entries', { type: 'array', items: anyOf(entries) })),
        ]),
      ),
      filters: Object.fromEntries(
        Object.keys(filters).map((filter) => [
          filter,
          formOf(
            name,
            filter,
            Object.keys(rows),
            Object.values(kinds).map((kind) => kind.row),
          ),
        ]),
      ),
      sorts: Object.keys(sorts).flatMap((column) => [column, `-${column}`]),
      hasTotals: totals !== undefined,
      formats: Object.fromEntries(Object.entries(formats).map(([format, { type }]) => [format, type])),
    },
    own,
  ];
};

const described = projections.map(componentsOf);
/** What each projection answers with, by its name. */
export const projectionAnswers: ReadonlyMap<string, ProjectionAnswers> = new Map(described.map(([answers]) => [answers.name, answers]));

/** Whose place is taken by an answer of each aggregate or projection. */
const TEMPLATES = ['StateAnswer', 'RowPage', 'RowAnswer', 'ListAnswer', 'UpdateMessage'];

/** Every component but those of the bodies of commands. */
export const answerComponents = (): Record<string, Schema> => {
  const own: Record<string, Schema> = {};
  const rows = new Set(Object.values(rowSchemas).flatMap((kinds) => Object.values(kinds).map(({ row }) => row)));
  const shared = Object.entries(answerSchemas as Readonly<Record<string, Schema>>)
    .filter(([name]) => !TEMPLATES.includes(name))
    .map(([name, schema]) => [name, rows.has(name) ? withProperty(schema, 'faulted', refTo('RowFault')) : schema]);
  for (const components of [
    forms,
    Object.fromEntries(shared) as Readonly<Record<string, Schema>>,
    ownAnswers(),
    ...described.map(([, of]) => of),
  ])
    for (const [name, schema] of Object.entries(components)) {
      if (Object.hasOwn(own, name)) throw new TypeError(`Two components have the name ${name}.`);
      own[name] = schema;
    }
  return own;
};
