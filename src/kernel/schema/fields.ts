import type { Amount, Value } from '../values/amounts.js';
import type { Headcount, Quantity, Tally } from '../values/headcounts.js';
import type { Json } from '../event.js';

/**
 * An input described as data. Its TypeScript type, its checks, its JSON Schema and its example are all read from it, and the refusal tests go by its kind;
 * what a kind means stands in one row of `kinds`.
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

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- fields of many kinds stand in one set; `DataOf` has the type of each again
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
/** How many, as well as it is known, where another field names the unit: a tally, or a tally with its qualifier. */
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

/** A flag that is true where it stands. */
export function choiceOfTrue(about?: string): Field<true> {
  return { kind: 'flag', optional: false, about, values: ['true'] } as Field<true>;
}

export type Kind =
  | 'text' | 'id' | 'ref' | 'uuid' | 'uri' | 'pointer' | 'choice' | 'flag' | 'date' | 'day' | 'count' | 'amount' | 'value' | 'headcount' | 'tally' | 'quantity' | 'percentage' | 'list' | 'object' | 'json'; // prettier-ignore
