import { exponentOf } from './currencies.js';

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
};

/** An amount, or why there is none: undisclosed, withheld, or unknown to us. An absent amount is never zero. */
export type Value =
  | Amount
  | { readonly undisclosed: true }
  | { readonly withheld: { readonly until?: string; readonly why: string } }
  | { readonly unknown: true };

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

type Money = Pick<Amount, 'amount' | 'currency'>;

const exponentFor = (currency: string): number => {
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
  amount: toDecimal({ over: units, under: 10n ** BigInt(exponentFor(currency)) }, exponentFor(currency)),
  currency,
});

// How the true figure may differ: slightly either way (`about`), or upwards or downwards without limit.
interface Doubt {
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
const qualifierOf = ({ about, more, less }: Doubt): Qualifier =>
  more && less ? 'about' : more ? 'at-least' : less ? 'at-most' : about ? 'about' : 'exact';

const OPPOSITE: { readonly [S in Qualifier]: Qualifier } = {
  exact: 'exact',
  about: 'about',
  under: 'over',
  over: 'under',
  'at-most': 'at-least',
  'at-least': 'at-most',
};

/** What the source rounds to, in minor units: 0 when it does not round, undefined when unknown. */
const roundingOf = ({ qualifier = 'exact', roundedTo, currency }: Amount): bigint | undefined => {
  if (roundedTo === undefined) return qualifier === 'exact' ? 0n : undefined;
  return whyNotAnAmount(roundedTo, currency) === undefined ? minor({ amount: roundedTo, currency }) : undefined;
};

/** Combines qualifiers and roundings: next to an exact figure the other's qualifier stays, and roundings add up while both are known. */
const combined = (units: bigint, a: Amount, b: Amount): Amount => {
  const [first, second] = [a.qualifier ?? 'exact', b.qualifier ?? 'exact'];
  const [x, y] = [doubtOf(first), doubtOf(second)];
  const both = qualifierOf({ about: x.about || y.about, more: x.more || y.more, less: x.less || y.less });
  const qualifier = first === 'exact' ? second : second === 'exact' ? first : both;
  const [one, two] = [roundingOf(a), roundingOf(b)];
  const rounding = one === undefined || two === undefined ? 0n : one + two;
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

/** A quotient, rounded half to even. Throws a RangeError when divided by zero. */
export const roundHalfEven = (numerator: bigint, denominator: bigint): bigint => {
  if (denominator < 0n) return roundHalfEven(-numerator, -denominator);
  if (numerator < 0n) return -roundHalfEven(-numerator, denominator);
  const [whole, twice] = [numerator / denominator, (numerator % denominator) * 2n];
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole;
};

/** An exact quotient of whole numbers: `over` ÷ `under`. */
interface Ratio {
  readonly over: bigint;
  readonly under: bigint;
}
const MOST = BigInt(Number.MAX_SAFE_INTEGER);
/** Of any two whole numbers; most amounts fit into numbers, which divide ten times as fast. */
const gcd = (a: bigint, b: bigint): bigint => {
  if (a < 0n) return gcd(-a, b);
  if (b < 0n) return gcd(a, -b);
  if (a > MOST || b > MOST) return b === 0n ? a : gcd(b, a % b);
  let [x, y] = [Number(a), Number(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return BigInt(x);
};
/** In lowest terms, with the sign in `over`. Throws a RangeError when divided by zero. */
export const ratio = (over: bigint, under: bigint): Ratio => {
  if (under === 0n) throw new RangeError('A ratio cannot have zero below the line.');
  const by = under < 0n ? -gcd(over, under) : gcd(over, under);
  return { over: over / by, under: under / by };
};
/** Below, at or above 0. Both must have a positive `under`, as `ratio` returns them. */
export const compareRatio = (a: Ratio, b: Ratio): number => {
  const difference = a.over * b.under - b.over * a.under;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};
/** A decimal with `places` digits after the point, rounded half to even, once. */
export const toDecimal = ({ over, under }: Ratio, places: number): string => {
  const scaled = roundHalfEven(over * 10n ** BigInt(places), under);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places ? `.${digits.slice(-places)}` : ''}`;
};
/** `48.9 %`. */
export const toPercent = ({ over, under }: Ratio, places = 1): string => `${toDecimal({ over: over * 100n, under }, places)} %`;

/** The three figures of a change, to six digits or `not assessable`. All three are shown, because each alone misleads. */
interface ChangeFigures {
  readonly stepOverOriginal: string;
  readonly stepOverCurrent: string;
  readonly cumulativeOverOriginal: string;
}
const NOT_ASSESSABLE = 'not assessable';

/** (to − from) ÷ base, exact; undefined when a value is missing or in another currency, or the base is zero. */
export const growth = (from: Value, to: Value, base: Value): Ratio | undefined => {
  if (!isAmount(from) || !isAmount(to) || !isAmount(base)) return undefined;
  if (from.currency !== to.currency || base.currency !== to.currency || minor(base) === 0n) return undefined;
  return ratio(minor(to) - minor(from), minor(base));
};

export const changeFigures = (original: Value, current: Value, to: Value): ChangeFigures => {
  const six = (ratio: Ratio | undefined) => (ratio ? toDecimal(ratio, 6) : NOT_ASSESSABLE);
  return {
    stepOverOriginal: six(growth(current, to, original)),
    stepOverCurrent: six(growth(current, to, current)),
    cumulativeOverOriginal: six(growth(original, to, original)),
  };
};

/** The lowest and highest possible value of a ratio. */
interface RatioRange {
  readonly low: Ratio;
  readonly high: Ratio;
}

// Twice the lowest and highest possible minor units, so that half a rounding stays an integer; undefined when unknown.
const twice = (amount: Amount): readonly [bigint, bigint] | undefined => {
  const { more, less } = doubtOf(amount.qualifier);
  const rounding = roundingOf(amount);
  return more || less || rounding === undefined ? undefined : [2n * minor(amount) - rounding, 2n * minor(amount) + rounding];
};

/**
 * The possible range of a change's step ÷ original, given the rounding of its sources. Undefined when a figure is missing, in another
 * currency, a bound, or `about` without `roundedTo`, or when the original may be zero.
 */
export const stepRangeOverOriginal = (original: Value, current: Value, to: Value): RatioRange | undefined => {
  if (!growth(current, to, original)) return undefined;
  const [base, from, until] = [twice(original as Amount), twice(current as Amount), twice(to as Amount)];
  if (!base || !from || !until || base[0] <= 0n) return undefined;
  const [least, most] = [until[0] - from[1], until[1] - from[0]];
  return { low: ratio(least, least < 0n ? base[0] : base[1]), high: ratio(most, most < 0n ? base[1] : base[0]) };
};

/** Whether a step stays within a cap, which it may reach exactly. `within-precision` when the sources are rounded too much to tell. */
export const within = (step: RatioRange | undefined, cap: Ratio): 'yes' | 'no' | 'within-precision' | typeof NOT_ASSESSABLE => {
  if (!step) return NOT_ASSESSABLE;
  if (compareRatio(step.high, cap) <= 0) return 'yes';
  return compareRatio(step.low, cap) > 0 ? 'no' : 'within-precision';
};

/** A total per year of its term, rounded half to even to a minor unit, with its qualifier. Throws a RangeError below one month. */
export const perYear = (total: Amount, months: number): Amount => {
  if (!Number.isSafeInteger(months) || months < 1) throw new RangeError(`A term of ${months} months has no yearly figure.`);
  const { qualifier = 'exact', currency } = total;
  return { ...amountOf(roundHalfEven(minor(total) * 12n, BigInt(months)), currency), ...(qualifier !== 'exact' && { qualifier }) };
};

/**
 * What a value adds to a total, as integers that can be subtracted again: `GBP` in minor units, and counts `GBP.count`, `GBP.about` (and
 * every other qualifier except exact), `undisclosed`, `withheld`, `unknown`. Every name starts with the prefix.
 * @returns a function that writes them into what it is given; it keeps the names, which are as few as there are currencies
 */
export const measuring = (prefix: string): ((value: Value, into?: Record<string, bigint>) => Record<string, bigint>) => {
  const names = new Map<string, { readonly units: string; readonly count: string }>();
  return (value, into = {}) => {
    if (!isAmount(value)) {
      into[`${prefix}${Object.keys(value)[0]}`] = 1n;
      return into;
    }
    const { currency, qualifier = 'exact' } = value;
    let name = names.get(currency);
    if (!name) {
      name = { units: `${prefix}${currency}`, count: `${prefix}${currency}.count` };
      if (exponentOf(currency) !== undefined) names.set(currency, name);
    }
    into[name.units] = minor(value);
    into[name.count] = 1n;
    if (qualifier !== 'exact') into[`${prefix}${currency}.${qualifier}`] = 1n;
    return into;
  };
};
export const measuresOf = (value: Value, prefix = ''): Readonly<Record<string, bigint>> => measuring(prefix)(value);

export interface Total {
  /** One for each currency, sorted by code. `roughly` marks an `at-least` or `at-most` amount that also contains an `about`. */
  readonly amounts: readonly (Amount & { readonly count: number; readonly roughly?: true })[];
  readonly undisclosed: number;
  readonly withheld: number;
  readonly unknown: number;
}

/**
 * The total of summed measures, one amount for each currency. With any value missing it is `at-least`, or `about` if it also contains an
 * upper bound. A currency without any value left is omitted; one whose values are zero is not.
 */
export const totalOf = (measures: { readonly [measure: string]: bigint }, prefix = ''): Total => {
  const of = (measure: string) => Number(measures[`${prefix}${measure}`] ?? 0n);
  const [undisclosed, withheld, unknown] = [of('undisclosed'), of('withheld'), of('unknown')];
  const missing = undisclosed + withheld + unknown > 0;
  const currencies = Object.keys(measures)
    .filter((m) => m.startsWith(prefix) && m.endsWith('.count'))
    .map((m) => m.slice(prefix.length, -'.count'.length))
    .filter((currency) => exponentOf(currency) !== undefined && of(`${currency}.count`) > 0)
    .sort();
  const amounts = currencies.map((currency) => {
    const doubt = {
      about: of(`${currency}.about`) > 0,
      more: missing || of(`${currency}.at-least`) + of(`${currency}.over`) > 0,
      less: of(`${currency}.at-most`) + of(`${currency}.under`) > 0,
    };
    const qualifier = qualifierOf(doubt);
    return {
      ...amountOf(measures[`${prefix}${currency}`] ?? 0n, currency),
      qualifier,
      count: of(`${currency}.count`),
      ...(doubt.about && qualifier !== 'about' && { roughly: true as const }),
    };
  });
  return { amounts, undisclosed, withheld, unknown };
};

const SIGNS: { readonly [currency: string]: string } = { GBP: '£', USD: 'US$', EUR: '€', JPY: '¥' };
const QUALIFIER_WORDS: { readonly [S in Qualifier]: string } = {
  exact: '',
  about: 'about ',
  under: 'almost ',
  over: 'over ',
  'at-most': 'at most ',
  'at-least': 'at least ',
};

const showMoney = (money: Money): string => {
  const units = minor({ ...money, amount: money.amount.replace('-', '') });
  const sign = money.amount.startsWith('-') ? '−' : '';
  const exponent = exponentOf(money.currency)!;
  const unit = 10n ** BigInt(exponent);
  const label = SIGNS[money.currency] ?? `${money.currency} `;
  for (const [size, letter] of [
    [10n ** 9n, 'bn'],
    [10n ** 6n, 'm'],
  ] as const)
    // prettier-ignore
    if (units >= size * unit && units % ((size / 1000n) * unit) === 0n) return `${sign}${label}${toDecimal({ over: units, under: size * unit }, 3).replace(/\.?0+$/, '')}${letter}`;
  const [whole, fraction] = toDecimal({ over: units, under: unit }, exponent).split('.');
  return `${sign}${label}${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction && Number(fraction) > 0 ? `.${fraction}` : ''}`;
};

/** For people: `£95m`, `about £95m`, `£110,529.32`, `almost US$1.5bn (£1.1bn)`. Keeps every digit. */
export const showAmount = (amount: Amount): string =>
  `${QUALIFIER_WORDS[amount.qualifier ?? 'exact']}${showMoney(amount)}${amount.stated?.length ? ` (${amount.stated.map(showMoney).join(', ')})` : ''}`;

/** `undisclosed`, `withheld until 2020 (…)`, `unknown`, or the amount. */
export const showValue = (value: Value): string => {
  if (isAmount(value)) return showAmount(value);
  if ('withheld' in value) return `withheld${value.withheld.until ? ` until ${value.withheld.until}` : ''} (${value.withheld.why})`;
  return Object.keys(value)[0]!;
};

/** `at least £250m, 1 undisclosed`, `£1m + US$2m`; `nothing` for an empty total. */
export const showTotal = ({ amounts, ...missing }: Total): string => {
  const money =
    amounts.length > 0
      ? [amounts.map((a) => `${QUALIFIER_WORDS[a.qualifier ?? 'exact']}${a.roughly ? 'about ' : ''}${showMoney(a)}`).join(' + ')]
      : [];
  const gaps = Object.entries(missing)
    .filter(([, n]) => n > 0)
    .map(([why, n]) => `${n} ${why}`);
  return [...money, ...gaps].join(', ') || 'nothing';
};
