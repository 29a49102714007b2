import type { AnyJson, Json } from '../event.js';
import { DATE, DAY, isDay, whyNotADate } from '../values/dates.js';
import type { Headcount, Tally } from '../values/headcounts.js';
import { stepOf } from '../values/json.js';
import { amountFields, disclosures, headcountFields, quantityFields } from './composites.js';
import type { Field, Fields, Kind } from './fields.js';
import { moneySchema, whyNotMoney } from './money.js';
import { MAX_PROBLEMS, no, type Problem } from './problems.js';
import { asText, aString, TEXT, whyNotVisible, type Check } from './texts.js';

/** What a kind of field means. */
interface Row {
  readonly check: Check;
  /** JSON Schema 2020-12. */
  schema(field: Field): { readonly [key: string]: Json };
  example(field: Field): Json;
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const IDENTIFIER = '^[a-z0-9][a-z0-9-]{0,63}$';
const identifier = new RegExp(IDENTIFIER);
export const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
const uuidForm = new RegExp(UUID);

export const isIdentifier = (value: unknown): value is string => typeof value === 'string' && identifier.test(value);

const URI_FORM = '^([Hh][Tt][Tt][Pp][Ss]?|[Uu][Rr][Nn]|[Mm][Aa][Ii][Ll][Tt][Oo]|[Ff][Ii][Ll][Ee]):\\S+$';
const uriForm = new RegExp(URI_FORM);
const POINTER = '^(/([^~/]|~[01])*)+$';
const pointerForm = new RegExp(POINTER);

const asObject =
  (fields: Fields, also?: (value: AnyJson, field: Field) => readonly [field: string, why: string] | undefined): Check =>
  (field, value, at, problems) => {
    const before = problems.length;
    check(fields, value, at, problems);
    const sound = problems.length === before && before <= MAX_PROBLEMS;
    const why = sound && also?.(value, field);
    if (why) no(problems, `${at}/${why[0]}`, why[1]);
  };
const TALLY = '^(0|[1-9][0-9]{0,8})(\\.[0-9]{1,4})?$';
const tallyForm = new RegExp(TALLY);
const PERCENTAGE = '^(0|[1-9][0-9]{0,3})(\\.[0-9]{1,4})?$';
const percentageForm = new RegExp(PERCENTAGE);
const NO_TALLY = 'must be a whole number, or a decimal text such as "7.5" of full-time equivalents';
const whyNotAHeadcount = ({ count, unit, qualifier }: Headcount): readonly [field: string, why: string] | undefined => {
  if (typeof count === 'string' && unit !== 'fte')
    return ['count', 'must be a whole number: only full-time equivalents have a decimal text'];
  return isUnderNone({ count, qualifier }) ? ['count', 'must not be under none'] : undefined;
};
/** A field with a `min` above zero has somebody. */
const isFewer = (count: unknown, min: number): boolean => min > 0 && Number(count) === 0;
const FEWER = 'must be above zero';
const isUnderNone = ({ count, qualifier }: { readonly count: Tally; readonly qualifier?: string | undefined }): boolean =>
  qualifier === 'under' && Number(count) === 0;
const dateExample = '2016-02-29';
/** Decimals of at most four digits after the point from 0 to a whole number. */
const upTo = (max: number): string => {
  const text = String(max);
  const shorter = text.length > 1 ? ['0', text.length > 2 ? `[1-9]\\d{0,${text.length - 2}}` : '[1-9]'] : [];
  const smaller = [...text].flatMap((digit, i) => {
    const from = i === 0 && text.length > 1 ? 1 : 0;
    return Number(digit) > from ? [`${text.slice(0, i)}[${from}-${Number(digit) - 1}]\\d{${text.length - i - 1}}`] : [];
  });
  return `^(?:(?:${[...shorter, ...smaller].join('|')})(?:\\.\\d{1,4})?|${text}(?:\\.0{1,4})?)$`;
};
/** Under none. */
const NONE_AT_ALL = {
  required: ['qualifier'],
  properties: { qualifier: { const: 'under' }, count: { anyOf: [{ const: 0 }, { type: 'string', pattern: '^0(\\.0+)?$' }] } },
};

/** One row for each kind of field: how it is checked, shown in OpenAPI, and exemplified. */
const kinds: { readonly [K in Kind]: Row } = {
  text: {
    check: asText(whyNotVisible),
    schema: ({ max = 200 }) => aString({ minLength: 1, maxLength: max, pattern: TEXT }),
    example: ({ about }) => about?.split(/[,:.(]/)[0] ?? 'text',
  },
  id: {
    check: asText((value) => (identifier.test(value) ? undefined : `must match ${IDENTIFIER}`)),
    schema: () => aString({ pattern: IDENTIFIER }),
    example: () => 'met-example',
  },
  ref: {
    check: asText((value) => (identifier.test(value) ? undefined : `must match ${IDENTIFIER}`)),
    schema: ({ category }) => aString({ pattern: IDENTIFIER, description: `the id of a ${category}` }),
    example: ({ category }) => `example-${category}`,
  },
  uuid: {
    check: asText((value) => (uuidForm.test(value) ? undefined : 'must be a UUID in lower case')),
    schema: () => aString({ format: 'uuid', pattern: UUID }),
    example: () => '019353d2-0000-7000-8000-000000000000',
  },
  uri: {
    check: asText((value) =>
      uriForm.test(value) ? undefined : 'must be an address that begins with https:, http:, urn:, file: or mailto:',
    ),
    schema: ({ max = 2000 }) => aString({ maxLength: max, pattern: URI_FORM }),
    example: () => 'https://example.org/paper',
  },
  pointer: {
    check: asText((value) => (pointerForm.test(value) ? undefined : 'must be a JSON Pointer such as /value/amount')),
    schema: ({ max = 200 }) => aString({ maxLength: max, pattern: POINTER }),
    example: () => '/effectiveOn',
  },
  choice: {
    check: ({ values = [] }, value, at, problems) => {
      if (typeof value !== 'string' || !values.includes(value)) no(problems, at, `must be one of ${values.join(', ')}`);
    },
    schema: ({ values = [] }) => ({ enum: [...values] }),
    example: ({ values = [] }) => values[0]!,
  },
  flag: {
    check: ({ values }, value, at, problems) => {
      if (values ? value !== true : typeof value !== 'boolean') no(problems, at, values ? 'must be true' : 'must be true or false');
    },
    schema: ({ values }) => (values ? { const: true } : { type: 'boolean' }),
    example: () => true,
  },
  date: {
    check: asText((value) => whyNotADate(value)),
    schema: () =>
      aString({
        title: 'Date',
        pattern: DATE,
        description: 'as well as it is known: 2016, 2016-02, 2016-02-29, [2016-01-01..2016-02-29], [..2016-02-29], [2018..], unknown',
      }),
    example: () => dateExample,
  },
  day: {
    check: asText((value) => (isDay(value) ? undefined : (whyNotADate(value) ?? 'must be one day, such as 2016-02-29'))),
    schema: () => aString({ format: 'date', pattern: DAY }),
    example: () => dateExample,
  },
  count: {
    check: ({ min = 0, max = 1_000_000_000 }, value, at, problems) => {
      if (!Number.isSafeInteger(value) || Object.is(value, -0)) no(problems, at, 'must be a whole number');
      else if ((value as number) < min || (value as number) > max) no(problems, at, `must be from ${min} to ${max}`);
    },
    schema: ({ min = 0, max = 1_000_000_000 }) => ({ type: 'integer', minimum: min, maximum: max }),
    example: ({ min = 0 }) => Math.max(min, 1),
  },
  amount: {
    check: asObject(amountFields, whyNotMoney),
    schema: ({ signed = false }) => ({ ...moneySchema(schemaOf(amountFields), signed), title: signed ? 'SignedAmount' : 'Amount' }),
    example: () => ({ amount: '95000000.00', currency: 'GBP' }),
  },
  value: {
    check: (field, value, at, problems) => {
      const why = isObject(value) && disclosures.find((fields) => Object.keys(fields)[0]! in value);
      if (why) check(why, value, at, problems);
      else kinds.amount.check(field, value, at, problems);
    },
    schema: (field) => ({
      oneOf: [kinds.amount.schema(field), ...disclosures.map(schemaOf)],
      title: field.signed ? 'SignedValue' : 'Value',
    }),
    example: () => ({ amount: '95000000.00', currency: 'GBP' }),
  },
  headcount: {
    check: asObject(headcountFields, whyNotAHeadcount),
    schema: () => ({
      ...schemaOf(headcountFields),
      not: NONE_AT_ALL,
      if: { properties: { unit: { const: 'fte' } } },
      else: { properties: { count: { type: 'integer' } } },
      title: 'Headcount',
    }),
    example: () => ({ count: 113, unit: 'people' }),
  },
  tally: {
    check: ({ min = 0 }, value, at, problems) => {
      const isNumber = Number.isSafeInteger(value) && !Object.is(value, -0) && (value as number) >= 0 && (value as number) <= 1_000_000_000;
      if (!isNumber && !(typeof value === 'string' && tallyForm.test(value))) no(problems, at, NO_TALLY);
      else if (isFewer(value, min)) no(problems, at, FEWER);
    },
    schema: ({ min = 0 }) => ({
      oneOf: [
        { type: 'integer', minimum: min, maximum: 1_000_000_000 },
        { type: 'string', pattern: min > 0 ? TALLY.replace('^', '^(?=.*[1-9])') : TALLY },
      ],
    }),
    example: () => 1,
  },
  quantity: {
    check: (field, value, at, problems) => {
      if (!isObject(value)) return kinds.tally.check(field, value, at, problems);
      const whyNot = (given: AnyJson): readonly [field: string, why: string] | undefined =>
        isUnderNone(given) ? ['count', 'must not be under none'] : isFewer(given.count, field.min ?? 0) ? ['count', FEWER] : undefined;
      asObject(quantityFields, whyNot)(field, value, at, problems);
    },
    schema: (field) => ({
      oneOf: [
        ...(kinds.tally.schema(field)['oneOf'] as readonly Json[]),
        { ...schemaOf({ ...quantityFields, count: { ...quantityFields['count']!, min: field.min } }), not: NONE_AT_ALL },
      ],
      title: field.min ? 'QuantityAboveZero' : 'Quantity',
    }),
    example: () => 1,
  },
  percentage: {
    check: ({ max = 1000 }, value, at, problems) => {
      const isNumber = Number.isSafeInteger(value) && !Object.is(value, -0) && (value as number) >= 0;
      if (!isNumber && !(typeof value === 'string' && percentageForm.test(value)))
        no(problems, at, 'must be a whole number, or a decimal text such as "12.5"');
      else if (Number(value) > max) no(problems, at, `must be from 0 to ${max}`);
    },
    schema: ({ max = 1000 }) => ({
      oneOf: [
        { type: 'integer', minimum: 0, maximum: max },
        { type: 'string', pattern: upTo(max) },
      ],
    }),
    example: () => '12.5',
  },
  list: {
    check: ({ item, min = 0, max = 100 }, value, at, problems) => {
      if (!Array.isArray(value)) return no(problems, at, 'must be a list');
      if (value.length < min || value.length > max) return no(problems, at, `must hold from ${min} to ${max} entries`);
      value.forEach((entry, i) => kinds[item!.kind].check(item!, entry, `${at}/${i}`, problems));
    },
    schema: ({ item, min = 0, max = 100 }) => ({ type: 'array', items: schemaOfField(item!), minItems: min, maxItems: max }),
    example: ({ item }) => [exampleOfField(item!)],
  },
  object: {
    check: ({ fields }, value, at, problems) => check(fields!, value, at, problems),
    schema: ({ fields }) => schemaOf(fields!),
    example: ({ fields }) => exampleOf(fields!),
  },
  json: {
    check: () => undefined,
    schema: () => ({}),
    example: () => dateExample,
  },
};

/** Adds to `problems` everything that is wrong with a whole input, unknown fields included. Never throws, never changes the value. */
export const check = (fields: Fields, value: unknown, at = '', problems: Problem[] = []): Problem[] => {
  if (!checkNames(fields, value, at, problems)) return problems;
  for (const name of Object.keys(fields))
    checkField(fields[name]!, Object.hasOwn(value, name) ? value[name] : undefined, `${at}/${name}`, problems);
  return problems;
};

/** Adds a problem for each name that is not one of these fields, or one because the value is no object: then it is false. */
export const checkNames = (
  fields: Fields,
  value: unknown,
  at: string,
  problems: Problem[],
): value is { readonly [name: string]: unknown } => {
  if (!isObject(value)) {
    no(problems, at, 'must be an object');
    return false;
  }
  for (const name of Object.keys(value))
    if (!Object.hasOwn(fields, name)) no(problems, `${at}/${stepOf(name)}`, 'is not a field that is known here');
  return true;
};

/** Adds to `problems` everything that is wrong with one field; undefined is a field that is absent. */
export const checkField = (field: Field, value: unknown, at: string, problems: Problem[] = []): Problem[] => {
  if (value !== undefined) kinds[field.kind].check(field, value, at, problems);
  else if (!field.optional) no(problems, at, 'is missing');
  return problems;
};

const schemaOfField = (field: Field): { readonly [key: string]: Json } => ({
  ...kinds[field.kind].schema(field),
  ...(field.about ? { description: field.about } : {}),
});

/** JSON Schema 2020-12 of an object with these fields. */
export const schemaOf = (fields: Fields): { readonly [key: string]: Json } => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(fields).filter((name) => !fields[name]!.optional),
  properties: Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, schemaOfField(field)])),
});

const exampleOfField = (field: Field): Json => field.example ?? kinds[field.kind].example(field);

/** An input that passes `check`: every required field, and each optional one that has an example of its own. */
export const exampleOf = (fields: Fields): { readonly [key: string]: Json } =>
  Object.fromEntries(
    Object.entries(fields)
      .filter(([, field]) => !field.optional || field.example !== undefined)
      .map(([name, field]) => [name, exampleOfField(field)]),
  );
