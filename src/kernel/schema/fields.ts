import { whyNotAnAmount, type Amount, type Value } from '../values/amounts.js';
import { currenciesByDigits } from '../values/currencies.js';
import { DATE, DAY, isDay, whyNotADate } from '../values/dates.js';
import type { Headcount, Quantity, Tally } from '../values/headcounts.js';
import { stepOf, steps } from '../values/json.js';
import type { Json } from '../event.js';

/** What was wrong with an input: a JSON Pointer to the place and a sentence for a person. */
export interface Problem {
  readonly pointer: string;
  readonly detail: string;
}

/**
 * An input described as data. Its TypeScript type, its checks, its JSON Schema and its example are all read from it, and the refusal tests go by its kind;
 * what a kind means stands in one row of `kinds` below.
 */
export interface Field<T = unknown> {
  readonly kind: Kind;
  readonly optional: boolean;
  readonly about?: string | undefined;
  readonly example?: Json | undefined;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly values?: readonly string[] | undefined;
  readonly category?: string | undefined;
  /** The category that an identifier names, unless it is one of some words: `authority`, or the id of a supplier. */
  readonly names?: { readonly category: string; readonly unless: readonly string[] } | undefined;
  /** Of money: whether it may be below zero. */
  readonly signed?: boolean | undefined;
  /** Of external references: whether each belongs to one aggregate of its category. */
  readonly unique?: boolean | undefined;
  readonly item?: Field | undefined;
  readonly fields?: Fields | undefined;
  readonly _type?: T;
}

export type Fields = Readonly<Record<string, Field<any>>>;
export type TypeOf<F> = F extends Field<infer T> ? T : never;
type Optional<F extends Fields> = { [K in keyof F]: undefined extends TypeOf<F[K]> ? K : never }[keyof F];
export type DataOf<F extends Fields> = { readonly [K in Exclude<keyof F, Optional<F>>]: TypeOf<F[K]> } & {
  readonly [K in Optional<F>]?: Exclude<TypeOf<F[K]>, undefined>;
};

type More = Partial<Pick<Field, 'about' | 'example' | 'min' | 'max' | 'names'>>;
const field =
  <T>(kind: Kind, fixed: Partial<Field> = {}) =>
  (about?: string, more: More = {}): Field<T> =>
    ({ kind, optional: false, about, ...fixed, ...more }) as Field<T>;

/** One line or a paragraph, 1 to `max` characters (200 unless set), never invisible as a whole. */
export const text = field<string>('text', { max: 200 });
/** A name of the user's own: `met-hosting-csc`. */
export const id = field<string>('id');
export const flag = field<boolean>('flag');
/** A date as well as it is known: `2016`, `2016-02`, `2016-02-29`, `[..2016-02-29]`, `unknown`. */
export const date = field<string>('date');
/** One day of the calendar. */
export const day = field<string>('day');
/** A whole number, 0 or more unless set. */
export const count = field<number>('count', { min: 0, max: 1_000_000_000 });
export const uri = field<string>('uri', { max: 2000 });
/** Money with its currency, as well as it is known. */
export const amount = field<Amount>('amount');
/** Money, or why there is none: undisclosed, withheld, unknown. */
export const value = field<Value>('value');
/** The same where it may be below zero: a step down, what a supplier pays, a saving that costs. Below zero it is exact or about. */
export const signedAmount = field<Amount>('amount', { signed: true });
export const signedValue = field<Value>('value', { signed: true });
/** A percentage from 0 to `max` (1000 unless set): a whole number, or a decimal text of at most four digits after the point. */
export const percentage = field<Tally>('percentage', { max: 1000 });
export const headcount = field<Headcount>('headcount');
/** A whole number, or a decimal text of full-time equivalents. */
export const tally = field<Tally>('tally');
/** How many, as well as it is known, where the unit stands beside: a tally, or a tally with its qualifier. */
export const quantity = field<Quantity>('quantity');
export const json = field<Json>('json');
export const pointer = field<string>('pointer', { max: 200 });
export const uuid = field<string>('uuid');
/** Marks the type of an id that names another aggregate; exists for the compiler alone. */
export declare const REFERS: unique symbol;
export type Referring<State> = string & { readonly [REFERS]?: State };
/** The id of another aggregate, which must exist: by its category, or by the aggregate itself where the state is read. */
export const ref = <State = { readonly stage: string }>(
  to: string | { readonly category: string; readonly initial: State },
  about?: string,
  more: More = {},
): Field<Referring<State>> => field<Referring<State>>('ref', { category: typeof to === 'string' ? to : to.category })(about, more);
export const choice = <const T extends string>(values: readonly T[], about?: string, more: More = {}): Field<T> =>
  field<T>('choice', { values })(about, more);
export const list = <T>(item: Field<T>, about?: string, more: More = {}): Field<readonly T[]> =>
  field<readonly T[]>('list', { item, min: 0, max: 100 })(about, more);
export const object = <F extends Fields>(fields: F, about?: string, more: More = {}): Field<DataOf<F>> =>
  field<DataOf<F>>('object', { fields })(about, more);
export const optional = <T>(inner: Field<T>): Field<T | undefined> => ({ ...inner, optional: true }) as Field<T | undefined>;

export const IDENTIFIER = '^[a-z0-9][a-z0-9-]{0,63}$';
const identifier = new RegExp(IDENTIFIER);
export const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$';
const uuidForm = new RegExp(UUID);
const DECIMAL = '^-?(0|[1-9][0-9]{0,17})(\\.[0-9]{1,4})?$';
const QUALIFIERS = ['exact', 'about', 'under', 'over', 'at-most', 'at-least'] as const;

export const isIdentifier = (value: unknown): value is string => typeof value === 'string' && identifier.test(value);

const money: Fields = {
  amount: text(undefined, { max: 24, example: '95000000.00' }),
  currency: text(undefined, { max: 3, example: 'GBP' }),
};
const amountFields: Fields = {
  ...money,
  qualifier: optional(choice(QUALIFIERS)),
  roundedTo: optional(text('What the source rounds to, in units of the currency', { max: 24, example: '1000000' })),
  stated: optional(
    list(object({ ...money, rate: optional(text(undefined, { max: 24, example: '1.36' })) }), 'Equivalents as the source prints them', {
      max: 5,
    }),
  ),
};
const quantityFields: Fields = { count: tally(), qualifier: optional(choice(QUALIFIERS)) };
const headcountFields: Fields = { ...quantityFields, unit: choice(['posts', 'people', 'fte']) };
const disclosures: readonly Fields[] = [
  { undisclosed: choiceOfTrue() },
  { unknown: choiceOfTrue() },
  { withheld: object({ until: optional(date()), why: text() }) },
];

/** A flag that is true where it stands. */
export function choiceOfTrue(about?: string): Field<true> {
  return { kind: 'flag', optional: false, about, values: ['true'] } as Field<true>;
}

type Schema = { readonly [key: string]: Json };
type Check = (field: Field, value: unknown, at: string, problems: Problem[]) => void;
interface Row {
  readonly check: Check;
  /** JSON Schema 2020-12. */
  schema(field: Field): { readonly [key: string]: Json };
  example(field: Field): Json;
}

export type Kind =
  | 'text' | 'id' | 'ref' | 'uuid' | 'uri' | 'pointer' | 'choice' | 'flag' | 'date' | 'day' | 'count' | 'amount' | 'value' | 'headcount' | 'tally' | 'quantity' | 'percentage' | 'list' | 'object' | 'json'; // prettier-ignore

/** What one check says at most; one more entry says how many there are beside. */
export const MAX_PROBLEMS = 50;
type Problems = Problem[] & { beside?: number };
const no = (problems: Problems, pointer: string, detail: string): void => {
  if (problems.length < MAX_PROBLEMS) problems.push({ pointer, detail });
  else leaveOut(problems, 1);
};
const leaveOut = (problems: Problems, more: number): void => {
  const beside = (problems.beside ?? 0) + more;
  problems.beside = beside;
  problems[MAX_PROBLEMS] = { pointer: '', detail: `${beside} more ${beside === 1 ? 'fault is' : 'faults are'} not listed` };
};

/** What several checks say, as if one check had said it: at most `MAX_PROBLEMS`, and then how many more there are. */
export const joinProblems = (checks: readonly (readonly Problem[])[]): Problem[] => {
  const joined: Problems = [];
  for (const problems of checks as readonly Problems[]) {
    for (const { pointer, detail } of problems.slice(0, MAX_PROBLEMS)) no(joined, pointer, detail);
    if (problems.beside) leaveOut(joined, problems.beside);
  }
  return joined;
};
const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Begins with what can be seen and is printable ASCII: nothing else needs to be looked for in most texts. */
const plain = /^[\x21-\x7e][\x20-\x7e]*$/;
// C0 but for tab and line ends, DEL, C1; lone surrogates are caught by isWellFormed.
const control = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** Embeddings, overrides and isolates: they make a reader see other words than were recorded. */
const turned = /[\u202a-\u202e\u2066-\u2069]/;
/** Anything that leaves a trace on paper: no blank, control or format character, no filler (U+3164), no empty braille cell. */
const visible = /[^\p{White_Space}\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** White space, control and format characters, and fillers of the Basic Multilingual Plane, as ranges of a class. */
const INVISIBLE =
  '\\u0000-\\u0020\\u007f-\\u00a0\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890\\u0891\\u08e2\\u115f\\u1160\\u1680\\u17b4\\u17b5' +
  '\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f\\u205f-\\u206f\\u2800\\u3000\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb';
const HIGH = '[\\ud800-\\udbff]';
const LOW = '[\\udc00-\\udfff]';
/**
 * The same as a regular expression for JSON Schema, with or without the flag `u`, since validators differ. It takes a text of nothing but
 * invisible characters beyond the Basic Multilingual Plane, which `visible` does not.
 */
const TEXT =
  `^(?=[\\s\\S]*[^${INVISIBLE}])(?![\\s\\S]*(?:${HIGH}(?!${LOW})|(?<!${HIGH})${LOW}))` +
  '[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f\\u202a-\\u202e\\u2066-\\u2069]*$';
const URI_FORM = '^([Hh][Tt][Tt][Pp][Ss]?|[Uu][Rr][Nn]|[Mm][Aa][Ii][Ll][Tt][Oo]|[Ff][Ii][Ll][Ee]):\\S+$';
const uriForm = new RegExp(URI_FORM);
const POINTER = '^(/([^~/]|~[01])*)+$';
const pointerForm = new RegExp(POINTER);

/** Whether a text is longer than `max` code points, as JSON Schema counts. */
const isLonger = (text: string, max: number): boolean => {
  if (text.length <= max) return false;
  if (text.length > 2 * max) return true;
  let points = 0;
  for (const _ of text) points++;
  return points > max;
};
const asText =
  (also: (text: string, field: Field) => string | undefined): Check =>
  (field, value, at, problems) => {
    if (typeof value !== 'string') return no(problems, at, 'must be a text');
    const max = field.max ?? 200;
    if (isLonger(value, max)) return no(problems, at, `must not be longer than ${max} characters`);
    if (!plain.test(value)) {
      if (!value.isWellFormed()) return no(problems, at, 'must not hold broken unicode');
      if (control.test(value)) return no(problems, at, 'must not hold control characters');
      if (turned.test(value)) return no(problems, at, 'must not hold characters that turn the direction of the text');
    }
    const why = also(value, field);
    if (why) no(problems, at, why);
  };
const aString = (more: { readonly [key: string]: Json }) => ({ type: 'string', ...more });
const asObject =
  (fields: Fields, also?: (value: any, field: Field) => readonly [field: string, why: string] | undefined): Check =>
  (field, value, at, problems) => {
    const before = problems.length;
    check(fields, value, at, problems);
    const sound = problems.length === before && before <= MAX_PROBLEMS;
    const why = sound && also?.(value, field);
    if (why) no(problems, `${at}/${why[0]}`, why[1]);
  };
const whyNotMoney = (
  { amount, currency, qualifier = 'exact', roundedTo, stated = [] }: Amount,
  { signed: negative = false }: Field,
): readonly [field: string, why: string] | undefined => {
  const bound = amount.startsWith('-') && qualifier !== 'exact' && qualifier !== 'about';
  const context = [
    ['amount', whyNotAnAmount(amount, currency, { negative })],
    ['qualifier', bound ? 'must be exact or about where the amount is below zero' : undefined],
    ['roundedTo', roundedTo === undefined ? undefined : whyNotAnAmount(roundedTo, currency)],
    ...stated.map((s, i) => [`stated/${i}/amount`, whyNotAnAmount(s.amount, s.currency, { negative })] as const),
    ...stated.map((s, i) => [`stated/${i}/rate`, s.rate === undefined || rateForm.test(s.rate) ? undefined : 'must be a plain decimal such as 1.36'] as const), // prettier-ignore
  ] as const;
  const [field, why] = context.find(([, why]) => why !== undefined) ?? [];
  return field && why ? [field, why] : undefined;
};
const RATE = '^(0|[1-9]\\d{0,11})(\\.\\d{1,12})?$';
const rateForm = new RegExp(RATE);
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

/** Money with the digits that its currency has. */
const withDigits = (schema: Schema, signed: boolean): Schema => {
  const pattern = (digits: number, signed = false) =>
    `^${signed ? '(?:-(?=.*[1-9]))?' : ''}(0|[1-9]\\d{0,17})${digits > 0 ? `(\\.\\d{1,${digits}})?` : ''}$`;
  const { properties, ...rest } = schema as { readonly properties: Readonly<Record<string, Schema>> };
  const codes = [...currenciesByDigits].sort(([a], [b]) => a - b);
  const [most] = codes.at(-1)!;
  const judged = codes.reduceRight<Schema>((otherwise, [digits, currencies]) => {
    const then = { properties: { amount: { pattern: pattern(digits, signed) }, roundedTo: { pattern: pattern(digits) } } };
    return digits === most ? then : { if: { properties: { currency: { enum: [...currencies] } } }, then, else: otherwise };
  }, {});
  return {
    ...rest,
    properties: {
      ...properties,
      amount: { type: 'string', pattern: pattern(most, signed), examples: ['95000000.00'] },
      currency: { enum: codes.flatMap(([, currencies]) => currencies).sort(), description: 'ISO 4217' },
    },
    ...judged,
  };
};
const moneySchema = (signed: boolean): Schema => {
  const schema = withDigits(schemaOf(amountFields), signed);
  const { roundedTo, stated, ...properties } = schema['properties'] as Readonly<Record<string, Schema>>;
  const { items, ...list } = stated as { readonly items: Schema };
  const printed = withDigits(items, signed);
  const rate = { type: 'string', pattern: RATE };
  const whole = {
    ...schema,
    properties: {
      ...properties,
      roundedTo: { ...roundedTo },
      stated: { ...list, items: { ...printed, properties: { ...(printed['properties'] as Schema), rate } } },
    },
  };
  if (!signed) return whole;
  // Below zero it is exact or about.
  const bound = { properties: { amount: { pattern: '^-' }, qualifier: { enum: ['under', 'over', 'at-most', 'at-least'] } } };
  return { ...whole, not: { ...bound, required: ['qualifier'] } };
};

/** One row for each kind of field: how it is checked, shown in OpenAPI, and exemplified. */
const kinds: { readonly [K in Kind]: Row } = {
  text: {
    check: asText((value) =>
      value === '' ? 'must not be empty' : plain.test(value) || visible.test(value) ? undefined : 'must hold something that can be seen',
    ),
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
    schema: ({ signed = false }) => ({ ...moneySchema(signed), title: signed ? 'SignedAmount' : 'Amount' }),
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
      const whyNot = (given: any): readonly [field: string, why: string] | undefined =>
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

/** The field that a JSON Pointer names inside an object with these fields; undefined when there is none. */
export const fieldAt = (fields: Fields, pointer: string): Field | undefined => {
  let here: Field | undefined = object(fields);
  for (const step of steps(pointer)) {
    if (here?.kind === 'list') here = /^(0|[1-9]\d*)$/.test(step) ? here.item : undefined;
    else {
      const inner: Fields = (here && fieldsOf(here)) ?? {};
      here = Object.hasOwn(inner, step) ? inner[step] : undefined;
    }
  }
  return here;
};

const fieldsOf = ({ kind, fields }: Field): Fields | undefined =>
  kind === 'object'
    ? fields
    : kind === 'amount' || kind === 'value'
      ? amountFields
      : kind === 'headcount'
        ? headcountFields
        : kind === 'quantity'
          ? quantityFields
          : undefined;

/** Every id of another aggregate that an input names, with where it stands. */
export const refsIn = (fields: Fields, data: any, at = '', found: Reference[] = []): Reference[] => {
  for (const [name, field] of fieldsWithRefs(fields)) collectRefs(field, data?.[name], `${at}/${name}`, found);
  return found;
};
export interface Reference {
  readonly category: string;
  readonly id: string;
  readonly pointer: string;
}

const collectRefs = ({ kind, category, names, fields, item }: Field, value: any, pointer: string, found: Reference[]): void => {
  if (value === undefined) return;
  if (kind === 'ref') found.push({ category: category!, id: value, pointer });
  else if (names) found.push(...(names.unless.includes(value) ? [] : [{ category: names.category, id: value, pointer }]));
  else if (kind === 'object') refsIn(fields!, value, pointer, found);
  else (value as readonly unknown[]).forEach((entry, i) => collectRefs(item!, entry, `${pointer}/${i}`, found));
};

/** The references of an input by the name of their field: one, or a list. Those deeper inside an object have no name here. */
export const refsOf = <T>(
  fields: Fields,
  data: any,
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
export const currenciesIn = (fields: Fields, data: any, at = '', found: Named[] = []): Named[] => {
  for (const [name, field] of fieldsWithMoney(fields)) collectCurrencies(field, data?.[name], `${at}/${name}`, found);
  return found;
};
interface Named {
  readonly currency: string;
  readonly pointer: string;
}
const collectCurrencies = ({ kind, fields, item }: Field, value: any, pointer: string, found: Named[]): void => {
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

export { DECIMAL };

const evidence = object({
  uri: optional(uri()),
  title: optional(text(undefined, { max: 300 })),
  published: optional(date()),
  paragraph: optional(text()),
  sha256: optional(text('SHA-256 of the document in hexadecimal', { max: 64 })),
  confidence: optional(choice(['primary', 'press', 'derived', 'low'])),
});

const externalReference = object({
  scheme: text('Whose identifiers these are', { max: 60, example: 'ocid' }),
  id: text('As the other system writes it', { max: 200, example: 'ocds-b5fd17-1234' }),
});
/** An identifier of another system: any case, compared as exact text. */
export type ExternalReference = NonNullable<TypeOf<typeof externalReference>>;
const otherSystems = list(externalReference, 'Identifiers in other systems', { max: 20 });
/** Each belongs to one aggregate of its category, by its exact text. */
export const references = optional({ ...otherSystems, unique: true } as typeof otherSystems);
/** Of what has no stream of its own, such as a notice: several may have the same. */
export const sharedReferences = optional(otherSystems);

/** Each once, in the order in which they were recorded; absent where there is none. */
export const withReferences = (
  before: readonly ExternalReference[] = [],
  more: readonly ExternalReference[] = [],
): { readonly references?: readonly ExternalReference[] } => {
  const all = [...before];
  for (const { scheme, id } of more) if (!all.some((other) => other.scheme === scheme && other.id === id)) all.push({ scheme, id });
  return all.length > 0 ? { references: all } : {};
};

/** The reserved key `record` of every command: when, who decided, on what authority and evidence. */
export const provenanceFields = {
  effectiveOn: optional(date('The day of the act; today when absent')),
  sequence: optional(count('Its place among facts of the stream on the same day', { max: 1_000_000 })),
  decidedBy: optional(object({ person: id('Person id, never a name'), office: optional(text()) })),
  authority: optional(object({ reference: text('Paper or delegation, such as PCD 813'), limit: optional(amount()) })),
  reason: optional(text(undefined, { max: 2000 })),
  evidence: optional(list(evidence, undefined, { max: 20 })),
  waives: optional(list(text(), 'Ids of rules set aside: needs a reason and an authority', { max: 20 })),
};
