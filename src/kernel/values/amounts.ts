import { exponentOf } from './currencies.js';
import { lastUnit } from './precision.js';
import { roundHalfEven, withPoint } from './ratios.js';

export type Qualifier = 'exact' | 'about' | 'under' | 'over' | 'at-most' | 'at-least';

/**
 * Money: a decimal text in the currency's units (`95000000` or `95000000.00`), possibly qualified. Arithmetic uses whole minor units.
 * A type alias, not an interface, so that it is assignable to Json.
 */
export type Amount = {
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly qualifier?: Qualifier;
  /** What the source rounds to, in units of the currency. */
  readonly roundedTo?: string;
  /** Equivalents in other currencies as the source prints them, with or without a rate. */
  readonly stated?: readonly { readonly amount: string; readonly currency: string; readonly rate?: string }[];
  /** What it was before its currency was replaced, and the fixed rate: units of that currency for one of this. Never sent. */
  readonly was?: FormerAmount;
};
/** What an amount was in a currency that was replaced. */
export type FormerAmount = Amount & { readonly rate: string };

/** Why there is no amount. An absent amount is never zero. */
export type Missing =
  | { readonly undisclosed: true; readonly atLeast?: Amount }
  | { readonly withheld: { readonly until?: string; readonly why: string }; readonly atLeast?: Amount }
  | { readonly unknown: true; readonly atLeast?: Amount };
/** An amount, or why there is none: undisclosed, withheld, or unknown to us. `atLeast` is never sent: what steps added to it. */
export type Value = Amount | Missing;

export const isAmount = (value: Value): value is Amount => 'amount' in value;

const plain = /^(0|[1-9]\d{0,17})(\.\d+)?$/;

/** Why a pair is not an amount, as the end of a sentence; undefined if it is one. `negative` allows a sign except on zero. No throw. */
export const whyNotAnAmount = (
  amount: string,
  currency: string,
  { negative = false }: { readonly negative?: boolean } = {},
): string | undefined => {
  const exponent = exponentOf(currency);
  if (exponent === undefined) return `is in ${currency}, which ISO 4217 does not list`;
  const signed = negative && amount.startsWith('-');
  const bare = signed ? amount.slice(1) : amount;
  if (!plain.test(bare) || (signed && !/[1-9]/.test(bare)))
    return `must be a plain decimal such as 95000000.00, without ${negative ? 'plus sign' : 'sign'}, exponent or separators`;
  const digits = bare.split('.')[1]?.length ?? 0;
  return digits > exponent ? `has ${digits} digits after the point; ${currency} has ${exponent}` : undefined;
};

export type Money = Pick<Amount, 'amount' | 'currency'>;

export const exponentFor = (currency: string): number => {
  const exponent = exponentOf(currency);
  if (exponent === undefined) throw new TypeError(`ISO 4217 does not list ${currency}.`);
  return exponent;
};

/** The amount in minor units. Throws a TypeError for an unknown currency, a RangeError for more digits than the currency has. */
export const minor = ({ amount, currency }: Money): bigint => {
  const exponent = exponentFor(currency);
  const point = amount.indexOf('.');
  const digits = point < 0 ? 0 : amount.length - point - 1;
  if (digits > exponent) throw new RangeError(`${amount} has more digits than ${currency}.`);
  const all = point < 0 ? amount : amount.slice(0, point) + amount.slice(point + 1);
  return BigInt(digits === exponent ? all : all + '0'.repeat(exponent - digits));
};

/** An amount from minor units, with all decimals of the currency. Throws a TypeError for an unknown currency. */
export const amountOf = (units: bigint, currency: string): Amount => ({
  amount: withPoint(units, exponentFor(currency)),
  currency,
});

// How the true figure may differ: slightly either way (`about`), or upwards or downwards without limit.
export interface Doubt {
  readonly about: boolean;
  readonly more: boolean;
  readonly less: boolean;
}
const doubtOf = (qualifier: Qualifier = 'exact'): Doubt => ({
  about: qualifier === 'about',
  more: qualifier === 'over' || qualifier === 'at-least',
  less: qualifier === 'under' || qualifier === 'at-most',
});
/** The qualifier of a sum: a bound only while no part may differ in the other direction. */
export const qualifierOf = ({ about, more, less }: Doubt): Qualifier =>
  more && less ? 'about' : more ? 'at-least' : less ? 'at-most' : about ? 'about' : 'exact';

const OPPOSITE: { readonly [S in Qualifier]: Qualifier } = {
  exact: 'exact',
  about: 'about',
  under: 'over',
  over: 'under',
  'at-most': 'at-least',
  'at-least': 'at-most',
};

export const isBound = (qualifier: Qualifier | undefined): boolean =>
  qualifier !== undefined && qualifier !== 'exact' && qualifier !== 'about';

/** What a figure is rounded to, in minor units: as its source says, else the unit of the last digit of an `about`; 0 of an exact one. */
export const roundingOf = ({ amount, currency, qualifier, roundedTo }: Amount): bigint => {
  if (roundedTo !== undefined && whyNotAnAmount(roundedTo, currency) === undefined) return minor({ amount: roundedTo, currency });
  return qualifier === 'about' ? lastUnit(minor({ amount, currency })) : 0n;
};

/** Lowest and highest possible figure in minor units; `most` is absent where nothing bounds it. */
export interface Between {
  readonly least: bigint;
  readonly most?: bigint;
}
const lower = (a: bigint, b: bigint): bigint => (a < b ? a : b);
export const higher = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/**
 * What a value may be: about £65m is 64.5m to 65.5m, at most £10 is 0 to £10, an unknown value 0 or more, or what is known of it at least.
 * Its ends belong to it. What is not negative is never taken for less than 0.
 */
export const betweenOf = (value: Value): Between => {
  if (!isAmount(value)) return { least: value.atLeast ? minor(value.atLeast) : 0n };
  const units = minor(value);
  switch (value.qualifier) {
    case 'under':
    case 'at-most':
      return { least: lower(0n, units), most: units };
    case 'over':
    case 'at-least':
      return { least: units };
    default: {
      const half = roundingOf(value) / 2n;
      return { least: units < 0n ? units - half : higher(0n, units - half), most: units < 0n ? lower(0n, units + half) : units + half };
    }
  }
};

/** The value that says the same as an interval; one minor unit wider where its middle lies between two. */
export const valueOf = ({ least, most }: Between, currency: string): Value => {
  if (most === undefined) return least === 0n ? { unknown: true } : { ...amountOf(least, currency), qualifier: 'at-least' };
  if (least === most) return amountOf(least, currency);
  if (least === 0n) return { ...amountOf(most, currency), qualifier: 'at-most' };
  const width = most - least + ((most - least) % 2n);
  return { ...amountOf(least + width / 2n, currency), qualifier: 'about', roundedTo: amountOf(width, currency).amount };
};

/** What a value may be where a threshold is asked of it: an approved maximum counts as what it may come to. */
export const askedOf = (value: Amount): Between => {
  const between = betweenOf(value);
  return value.qualifier === 'under' || value.qualifier === 'at-most' ? { ...between, least: minor(value) } : between;
};

/** Whether a value is at least a limit: `within-precision` where its source is rounded too much to tell, `unknown` where more is missing. */
export const reaches = (value: Value, limit: Money): 'yes' | 'no' | 'within-precision' | 'unknown' => {
  if (!isAmount(value) || value.currency !== limit.currency) return 'unknown';
  const [{ least, most }, from] = [askedOf(value), minor(limit)];
  if (least >= from) return 'yes';
  return most === undefined ? 'unknown' : most < from ? 'no' : 'within-precision';
};

/** Combines qualifiers and roundings: next to an exact figure the other's qualifier stays, and the roundings add up. */
const combined = (units: bigint, a: Amount, b: Amount): Amount => {
  const [first, second] = [a.qualifier ?? 'exact', b.qualifier ?? 'exact'];
  const [x, y] = [doubtOf(first), doubtOf(second)];
  const both = qualifierOf({ about: x.about || y.about, more: x.more || y.more, less: x.less || y.less });
  const qualifier = first === 'exact' ? second : second === 'exact' ? first : both;
  const rounding = roundingOf(a) + roundingOf(b);
  if (isBound(qualifier)) return { ...amountOf(x.more || y.more ? units - rounding / 2n : units + rounding / 2n, a.currency), qualifier };
  return {
    ...amountOf(units, a.currency),
    ...(qualifier !== 'exact' && { qualifier }),
    ...(rounding > 0n && { roundedTo: amountOf(rounding, a.currency).amount }),
  };
};
const same = (a: Money, b: Money): void => {
  if (a.currency !== b.currency) throw new TypeError(`${a.currency} and ${b.currency} are never added or compared.`);
};
/** A sum that inherits both qualifiers. This and the next two throw a TypeError that names both currencies when they differ. */
export const add = (a: Amount, b: Amount): Amount => (same(a, b), combined(minor(a) + minor(b), a, b));
/** A difference that inherits both qualifiers; may be negative. */
export const subtract = (a: Amount, b: Amount): Amount => (
  same(a, b),
  combined(minor(a) - minor(b), a, { ...b, qualifier: OPPOSITE[b.qualifier ?? 'exact'] })
);
/** Below, at or above 0. Compares the figures only and ignores their qualifiers. */
export const compare = (a: Money, b: Money): number => (same(a, b), minor(a) < minor(b) ? -1 : minor(a) > minor(b) ? 1 : 0);

/**
 * The part of a value between two points of it, each in so many of `whole`, rounded half to even: parts that adjoin add up to the value. It
 * is known as well as the value, and rounded to its part of what that is rounded to. A value without an amount stays so.
 */
export const partOf = (value: Value, from: number, to: number, whole: number): Value => {
  if (!isAmount(value)) return value.atLeast ? { ...value, atLeast: partOf(value.atLeast, from, to, whole) as Amount } : value;
  const [units, all, part] = [minor(value), BigInt(whole), BigInt(to - from)];
  const at = (point: number): bigint => roundHalfEven(units * BigInt(point), all);
  const rounding = isBound(value.qualifier) ? 0n : roundingOf(value);
  return {
    ...amountOf(at(to) - at(from), value.currency),
    ...(value.qualifier && { qualifier: value.qualifier }),
    ...(rounding > 0n && { roundedTo: amountOf((rounding * part + all - 1n) / all, value.currency).amount }),
  };
};

/** An amount whose figure moved, as prices do: known as well as it was, and no longer what a source states or another currency made of it. */
export const movedTo = (units: bigint, { stated: _, was: __, ...amount }: Amount): Amount => {
  const [before, rounding] = [minor(amount), isBound(amount.qualifier) ? 0n : roundingOf(amount)];
  const moved = { ...amount, amount: amountOf(units, amount.currency).amount };
  if (rounding === 0n || before === 0n) return moved;
  const [over, under] = [units < 0n ? -units : units, before < 0n ? -before : before];
  return { ...moved, roundedTo: amountOf((rounding * over + under - 1n) / under, amount.currency).amount };
};

/** A total per year of its term, rounded half to even to a minor unit, with its qualifier. Throws a RangeError below one month. */
export const perYear = (total: Amount, months: number): Amount => {
  if (!Number.isSafeInteger(months) || months < 1) throw new RangeError(`A term of ${months} months has no yearly figure.`);
  const { qualifier = 'exact', currency } = total;
  return { ...amountOf(roundHalfEven(minor(total) * 12n, BigInt(months)), currency), ...(qualifier !== 'exact' && { qualifier }) };
};
