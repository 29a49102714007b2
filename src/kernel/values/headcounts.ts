import type { Qualifier } from './amounts.js';
import { lastUnit } from './precision.js';

export type Unit = 'posts' | 'people' | 'fte';
/** A whole number, or a decimal text of full-time equivalents (`"7.5"`), at most four digits after the point. */
export type Tally = number | string;
/** How many, as well as it is known, where another field names the unit. */
export type Quantity = Tally | { readonly count: Tally; readonly qualifier?: Qualifier };
/** How many, as well as it is known, in one unit that is never mixed with another. */
export interface Headcount {
  readonly count: Tally;
  readonly qualifier?: Qualifier;
  readonly unit: Unit;
}

/**
 * The least and the most that a number of posts, people or full-time equivalents may be; without a bound that end is open. Of at most four
 * digits after the point and far below 2^53 / 10,000, so every sum below is exact once it is rounded.
 */
export interface Range {
  readonly least?: number;
  readonly most?: number;
}
export const ZERO: Range = { least: 0, most: 0 };

const SCALE = 10_000;
/** Exact to four digits, and never -0. */
const exactly = (n: number): number => Math.round(n * SCALE) / SCALE + 0;
const range = (least: number | undefined, most: number | undefined): Range => ({
  ...(least !== undefined && { least: exactly(least) }),
  ...(most !== undefined && { most: exactly(most) }),
});

/** Half of what a figure is rounded to: 50 of 800, by its last digit that is not zero. */
const halfStep = (n: number): number => Number(lastUnit(BigInt(Math.round(n * SCALE)), BigInt(SCALE))) / (2 * SCALE);

/** The interval that a recorded figure stands for: about 800 is 750 to 850, over 400 posts are 401 or more. Never below zero. */
export const rangeOf = (quantity: Quantity, unit: Unit): Range => {
  const { count, qualifier = 'exact' } = typeof quantity === 'object' ? quantity : { count: quantity };
  const n = Number(count);
  const next = unit === 'fte' ? 0 : 1;
  if (qualifier === 'over') return range(n + next, undefined);
  if (qualifier === 'at-least') return range(n, undefined);
  if (qualifier === 'under') return range(0, Math.max(0, n - next));
  if (qualifier === 'at-most') return range(0, n);
  if (qualifier === 'exact') return range(n, n);
  const [least, most] = [n - halfStep(n), n + halfStep(n)];
  return unit === 'fte' ? range(Math.max(0, least), most) : range(Math.max(0, Math.floor(least)), Math.ceil(most));
};

const both = (a: number | undefined, b: number | undefined, of: (a: number, b: number) => number): number | undefined =>
  a === undefined || b === undefined ? undefined : of(a, b);
export const plus = (a: Range, b: Range): Range =>
  range(
    both(a.least, b.least, (x, y) => x + y),
    both(a.most, b.most, (x, y) => x + y),
  );
export const negative = ({ least, most }: Range): Range =>
  range(most === undefined ? undefined : -most, least === undefined ? undefined : -least);
export const minus = (a: Range, b: Range): Range => plus(a, negative(b));
export const sumOf = (ranges: Iterable<Range>): Range => {
  let sum = ZERO;
  for (const one of ranges) sum = plus(sum, one);
  return sum;
};
/** With each end raised to `floor` where it is below. */
export const noLessThan = ({ least, most }: Range, floor: number): Range =>
  range(Math.max(least ?? floor, floor), most === undefined ? undefined : Math.max(most, floor));
/** The smaller of two at each end. */
export const smaller = (a: Range, b: Range): Range =>
  range(both(a.least, b.least, Math.min), a.most === undefined ? b.most : b.most === undefined ? a.most : Math.min(a.most, b.most));
/** What one exceeds another by; never less than none. */
export const excess = (a: Range, b: Range): Range => noLessThan(minus(a, b), 0);

/** Whether every value of the first is below every value of the second. */
export const certainlyBelow = ({ most }: Range, { least }: Range): boolean => most !== undefined && least !== undefined && most < least;
/** Whether two may be the same. */
export const mayBeSame = (a: Range, b: Range): boolean => !certainlyBelow(a, b) && !certainlyBelow(b, a);
/** Whether the second lies within the first: of exact figures, whether they are the same. */
export const contains = (outer: Range, inner: Range): boolean =>
  (outer.least === undefined || (inner.least !== undefined && outer.least <= inner.least)) &&
  (outer.most === undefined || (inner.most !== undefined && inner.most <= outer.most));
export const isExact = ({ least, most }: Range): boolean => least !== undefined && least === most;
export const isNone = ({ least, most }: Range): boolean => least === 0 && most === 0;

/** Full-time equivalents are a decimal text, everything else a number. */
const tallyOf = (n: number, unit: Unit): Tally => (unit === 'fte' ? String(n) : n);

/** A figure with its qualifier that stands for an interval; undefined where nothing is known. */
export const headcountOf = ({ least = 0, most }: Range, unit: Unit): Headcount | undefined => {
  if (most === undefined) return least > 0 ? { count: tallyOf(least, unit), qualifier: 'at-least', unit } : undefined;
  if (least === most) return { count: tallyOf(least, unit), unit };
  if (least === 0) return { count: tallyOf(most, unit), qualifier: 'at-most', unit };
  const middle = (least + most) / 2;
  return { count: tallyOf(unit === 'fte' ? exactly(middle) : Math.round(middle), unit), qualifier: 'about', unit };
};

const QUALIFIED: { readonly [Q in Qualifier]: string } = { exact: '', about: 'about ', under: 'under ', over: 'over ', 'at-most': 'at most ', 'at-least': 'at least ' }; // prettier-ignore
/** `over 400 posts`, `7.5 fte`. */
export const showHeadcount = ({ count, qualifier = 'exact', unit }: Headcount): string => `${QUALIFIED[qualifier]}${count} ${unit}`;

/** What is held: `105 people`, `about 687 people (637 to 737)`, `401 or more posts`, `0 or more posts, unknown`; or without the unit. */
export const showRange = ({ least = 0, most }: Range, unit: Unit, named = true): string => {
  const of = named ? ` ${unit}` : '';
  if (most === undefined) return least > 0 ? `${least} or more${of}` : `0 or more${of}, unknown`;
  if (least === most) return `${least}${of}`;
  const middle = headcountOf({ least, most }, unit)!;
  return middle.qualifier === 'about' ? `about ${middle.count}${of} (${least} to ${most})` : `${least} to ${most}${of}`;
};

const signed = (n: number): string => (n > 0 ? `+${n}` : n < 0 ? `−${-n}` : '0');
/** What came or went: `−25`, `+43`, `−450 to −350`, `−401 or less`. */
export const showChange = ({ least, most }: Range): string => {
  if (least === undefined) return most === undefined ? 'unknown' : `${signed(most)} or less`;
  if (most === undefined) return `${signed(least)} or more`;
  return least === most ? signed(least) : `${signed(least)} to ${signed(most)}`;
};
