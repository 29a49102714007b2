import { exponentOf } from './currencies.js';
import { lastUnit } from './precision.js';

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
  amount: withPoint(units, exponentFor(currency)),
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

const isBound = (qualifier: Qualifier | undefined): boolean => qualifier !== undefined && qualifier !== 'exact' && qualifier !== 'about';

/** What a figure is rounded to, in minor units: as its source says, else the unit of the last digit of an `about`; 0 of an exact one. */
const roundingOf = ({ amount, currency, qualifier, roundedTo }: Amount): bigint => {
  if (roundedTo !== undefined && whyNotAnAmount(roundedTo, currency) === undefined) return minor({ amount: roundedTo, currency });
  return qualifier === 'about' ? lastUnit(minor({ amount, currency })) : 0n;
};

/** Lowest and highest possible figure in minor units; `most` is absent where nothing bounds it. */
export interface Between {
  readonly least: bigint;
  readonly most?: bigint;
}
const lower = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const higher = (a: bigint, b: bigint): bigint => (a > b ? a : b);

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

/** For people: `£60`, `£59.5m to £60.2m`, `£9m or more`, `at most £9m`, `unknown`. */
export const showBetween = (between: Between, currency: string): string => {
  const { least, most } = between;
  if (most === undefined && least > 0n) return `${showAmount(amountOf(least, currency))} or more`;
  if (most === undefined || most === least || least === 0n) return showValue(valueOf(between, currency));
  return `${showAmount(amountOf(least, currency))} to ${showAmount(amountOf(most, currency))}`;
};

/** What a value may be where a threshold is asked of it: an approved maximum counts as what it may come to. */
const askedOf = (value: Amount): Between => {
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
export const toDecimal = ({ over, under }: Ratio, places: number): string =>
  withPoint(roundHalfEven(over * 10n ** BigInt(places), under), places);
/** Nothing, in a currency of so many digits. */
const ZEROS = ['0', '0.0', '0.00', '0.000', '0.0000'] as const;
/** A whole number with its point so many digits before its end. */
const withPoint = (scaled: bigint, places: number): string => {
  if (scaled === 0n && places < ZEROS.length) return ZEROS[places]!;
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places ? `.${digits.slice(-places)}` : ''}`;
};
/** The ratio that a percentage stands for: `12.5` is 1/8. */
export const ratioOfPercent = (percentage: number | string): Ratio => {
  const [whole, fraction = ''] = String(percentage).split('.') as [string, string?];
  return ratio(BigInt(whole + fraction), 100n * 10n ** BigInt(fraction.length));
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

/** The ratio that a rate of exchange stands for; undefined where it is no plain decimal above zero. */
export const ratioOfRate = (rate: string): Ratio | undefined => {
  if (!/^(0|[1-9]\d{0,11})(\.\d{1,12})?$/.test(rate) || !/[1-9]/.test(rate)) return undefined;
  const [whole, fraction = ''] = rate.split('.') as [string, string?];
  return ratio(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
};

/** Minor units of a currency for one minor unit of another, at a rate in units of that other. */
const minorRate = (from: string, to: string, rate: string): Ratio => {
  const { over, under } = ratioOfRate(rate)!;
  return ratio(under * 10n ** BigInt(exponentFor(to)), over * 10n ** BigInt(exponentFor(from)));
};

/** In minor units, without the rounding of a redenomination. */
const exactly = (amount: Amount): Ratio => {
  if (!amount.was) return { over: minor(amount), under: 1n };
  const [{ over, under }, rate] = [exactly(amount.was), minorRate(amount.was.currency, amount.currency, amount.was.rate)];
  return ratio(over * rate.over, under * rate.under);
};

/** An amount in minor units of another currency, unrounded, at a rate in units of that currency for one of its own. Throws a TypeError for an unknown currency or a rate that is none. */
export const convertedBy = (amount: Money, currency: string, rate: string): Ratio => {
  const found = ratioOfRate(rate);
  if (!found) throw new TypeError(`${rate} is no rate of exchange.`);
  return ratio(
    minor(amount) * found.over * 10n ** BigInt(exponentFor(currency)),
    found.under * 10n ** BigInt(exponentFor(amount.currency)),
  );
};

/** Half up, as Regulation (EC) No 1103/97 has it; below zero the figure without its sign is rounded. */
export const roundHalfUp = ({ over, under }: Ratio): bigint =>
  over < 0n ? -roundHalfUp({ over: -over, under }) : (2n * over + under) / (2n * under);

/**
 * A value in the currency that replaced its own, at the unrounded fixed rate (units of the old currency for one of the new), rounded half
 * up once; it keeps what it was. A value without an amount stays so. Throws a TypeError for an unknown currency or a rate that is none.
 */
export const redenominated = (value: Value, currency: string, rate: string): Value => {
  if (!isAmount(value)) return value.atLeast ? { ...value, atLeast: redenominated(value.atLeast, currency, rate) as Amount } : value;
  const { over, under } = minorRate(value.currency, currency, rate);
  const { over: exact, under: by } = exactly(value);
  const rounding = isBound(value.qualifier) ? 0n : roundingOf(value);
  return {
    ...amountOf(roundHalfUp(ratio(exact * over, by * under)), currency),
    ...(value.qualifier && { qualifier: value.qualifier }),
    ...(rounding > 0n && { roundedTo: amountOf((rounding * over + under - 1n) / under, currency).amount }),
    was: { ...value, rate },
  };
};

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

/** (to − from) ÷ base, exact; undefined when a value is missing or in another currency, or the base is zero. */
export const growth = (from: Value, to: Value, base: Value): Ratio | undefined => {
  if (!isAmount(from) || !isAmount(to) || !isAmount(base)) return undefined;
  if (from.currency !== to.currency || base.currency !== to.currency || minor(base) === 0n) return undefined;
  if (!from.was && !to.was && !base.was) return ratio(minor(to) - minor(from), minor(base));
  const [a, b, c] = [exactly(to), exactly(from), exactly(base)];
  return c.over === 0n ? undefined : ratio((a.over * b.under - b.over * a.under) * c.under, a.under * b.under * c.over);
};

export const changeFigures = (original: Value, current: Value, to: Value): ChangeFigures => {
  const six = (ratio: Ratio | undefined) => (ratio ? toDecimal(ratio, 6) : NOT_ASSESSABLE);
  return {
    stepOverOriginal: six(growth(current, to, original)),
    stepOverCurrent: six(growth(current, to, current)),
    cumulativeOverOriginal: six(growth(original, to, original)),
  };
};

/** The lowest and highest possible value of a ratio; an end that nothing bounds is 10^30, or −10^30. */
interface RatioRange {
  readonly low: Ratio;
  readonly high: Ratio;
}
const UNBOUNDED = 10n ** 30n;
const isBounded = ({ over, under }: Ratio): boolean => over < UNBOUNDED * under && over > -UNBOUNDED * under;

/**
 * The possible range of a change's step ÷ original, given the rounding of its sources; of the step alone (`by`) where it is known. Undefined
 * when a figure is missing or in another currency, or when the original may be zero.
 */
export const stepRangeOverOriginal = (original: Value, current: Value, to: Value, by?: Amount): RatioRange | undefined => {
  if (!growth(current, to, original)) return undefined;
  const base = askedOf(original as Amount);
  if (base.least <= 0n && (base.most === undefined || base.most >= 0n)) return undefined;
  const [from, until] = [askedOf(current as Amount), askedOf(to as Amount)];
  const step = by ? betweenOf(by) : { least: from.most === undefined ? undefined : until.least - from.most, most: until.most === undefined ? undefined : until.most - from.least }; // prettier-ignore
  // An income is a negative original: the ends change places.
  const [least, most] = base.least > 0n ? [step.least, step.most] : [negated(step.most), negated(step.least)];
  const [near, far] = base.least > 0n ? [base.least, base.most] : [-base.most!, -base.least];
  const over = (n: bigint, nearest: boolean): Ratio => (nearest ? ratio(n, near) : far === undefined ? ratio(0n, 1n) : ratio(n, far));
  return {
    low: least === undefined ? ratio(-UNBOUNDED, 1n) : over(least, least < 0n),
    high: most === undefined ? ratio(UNBOUNDED, 1n) : over(most, most > 0n),
  };
};
const negated = (n: bigint | undefined): bigint | undefined => (n === undefined ? undefined : -n);

/** Whether a step stays within a cap, which it may reach exactly. `within-precision` when the sources are rounded too much to tell. */
export const within = (step: RatioRange | undefined, cap: Ratio): 'yes' | 'no' | 'within-precision' | typeof NOT_ASSESSABLE => {
  if (!step) return NOT_ASSESSABLE;
  if (compareRatio(step.high, cap) <= 0) return 'yes';
  if (compareRatio(step.low, cap) > 0) return 'no';
  return isBounded(step.low) && isBounded(step.high) ? 'within-precision' : NOT_ASSESSABLE;
};

/** A total per year of its term, rounded half to even to a minor unit, with its qualifier. Throws a RangeError below one month. */
export const perYear = (total: Amount, months: number): Amount => {
  if (!Number.isSafeInteger(months) || months < 1) throw new RangeError(`A term of ${months} months has no yearly figure.`);
  const { qualifier = 'exact', currency } = total;
  return { ...amountOf(roundHalfEven(minor(total) * 12n, BigInt(months)), currency), ...(qualifier !== 'exact' && { qualifier }) };
};

/**
 * What a value adds to a total, as integers that can be subtracted again: `GBP` in minor units, and counts `GBP.count`, `GBP.about` (and
 * every other qualifier except exact), `undisclosed`, `withheld`, `unknown`. Of a rounded figure besides `GBP.off`, by how many minor units
 * it may be off either way, and `GBP.e8`, one that is rounded to 10^8 minor units. Of a missing one what is known of it at least, and
 * `GBP.more`. Every name starts with the prefix.
 * @returns a function that writes them into what it is given; it keeps the names, which are as few as there are currencies
 */
export const measuring = (prefix: string): ((value: Value, into?: Record<string, bigint>) => Record<string, bigint>) => {
  const names = new Map<string, { readonly units: string; readonly count: string }>();
  return (value, into = {}) => {
    if (!isAmount(value)) {
      into[`${prefix}${Object.keys(value)[0]}`] = 1n;
      if (value.atLeast) {
        into[`${prefix}${value.atLeast.currency}`] = minor(value.atLeast);
        into[`${prefix}${value.atLeast.currency}.more`] = 1n;
      }
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
    const rounding = isBound(qualifier) ? 0n : roundingOf(value);
    if (rounding > 1n) {
      into[`${prefix}${currency}.off`] = rounding / 2n;
      into[`${prefix}${currency}.e${String(rounding).length - 1}`] = 1n;
    }
    return into;
  };
};
export const measuresOf = (value: Value, prefix = ''): Readonly<Record<string, bigint>> => measuring(prefix)(value);

/** A sum of one currency. */
export type Sum = Amount & {
  /** How many figures it adds up. */
  readonly count: number;
  /** An `at-least` or `at-most` sum also contains an `about`. */
  readonly roughly?: true;
  /** What it is at least and at most, where that differs from the figure; without bound where one is absent. */
  readonly between?: { readonly least: string; readonly most?: string };
  /** What its coarsest figure is rounded to, in units of the currency: no more digits are shown. */
  readonly coarsest?: string;
};
export interface Total {
  /** One for each currency, sorted by code. */
  readonly amounts: readonly Sum[];
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
  const named = Object.keys(measures).filter((m) => m.startsWith(prefix));
  const currencies = named
    .flatMap((m) => /^([A-Z]{3})\.(?:count|more)$/.exec(m.slice(prefix.length))?.[1] ?? [])
    .filter((currency, i, all) => all.indexOf(currency) === i && exponentOf(currency) !== undefined)
    .filter((currency) => of(`${currency}.count`) + of(`${currency}.more`) > 0)
    .sort();
  const coarsestOf = (currency: string): bigint | undefined => {
    const from = `${prefix}${currency}.e`;
    const powers = named.filter((m) => m.startsWith(from) && measures[m]! > 0n).map((m) => BigInt(m.slice(from.length)));
    return powers.length === 0 ? undefined : 10n ** powers.reduce(higher);
  };
  const amounts = currencies.map((currency) => {
    const doubt = {
      about: of(`${currency}.about`) > 0,
      more: missing || of(`${currency}.at-least`) + of(`${currency}.over`) > 0,
      less: of(`${currency}.at-most`) + of(`${currency}.under`) > 0,
    };
    const qualifier = qualifierOf(doubt);
    const units = measures[`${prefix}${currency}`] ?? 0n;
    const off = measures[`${prefix}${currency}.off`] ?? 0n;
    const coarsest = coarsestOf(currency);
    const text = (n: bigint): string => amountOf(n, currency).amount;
    return {
      ...amountOf(units, currency),
      qualifier,
      count: of(`${currency}.count`),
      ...(doubt.about && qualifier !== 'about' && { roughly: true as const }),
      ...(off > 0n && !doubt.less && { between: { least: text(units - off), ...(!doubt.more && { most: text(units + off) }) } }),
      ...(coarsest !== undefined && { coarsest: text(coarsest) }),
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
  `${QUALIFIER_WORDS[amount.qualifier ?? 'exact']}${showMoney(amount)}${besides(amount)}`;
const besides = ({ stated = [], was }: Amount): string => {
  const others = [...stated.map(showMoney), ...(was ? [`${showMoney(was)} at ${was.rate}`] : [])];
  return others.length > 0 ? ` (${others.join(', ')})` : '';
};

/** `undisclosed`, `withheld until 2020 (…)`, `unknown, at least £5m`, or the amount. */
export const showValue = (value: Value): string => {
  if (isAmount(value)) return showAmount(value);
  const why =
    'withheld' in value
      ? `withheld${value.withheld.until ? ` until ${value.withheld.until}` : ''} (${value.withheld.why})`
      : Object.keys(value)[0]!;
  return value.atLeast ? `${why}, at least ${showMoney(value.atLeast)}` : why;
};

/** The figure of a sum without the digits that its coarsest part does not have. */
const shownSum = (sum: Sum): Money => {
  if (sum.coarsest === undefined || sum.qualifier === 'exact') return sum;
  const [units, step] = [minor(sum), minor({ amount: sum.coarsest, currency: sum.currency })];
  const rounded = roundHalfEven(units, step) * step;
  return rounded === 0n ? sum : amountOf(rounded, sum.currency);
};

/** `at least £250m, 1 undisclosed`, `£1m + US$2m`, `about £65m`; `nothing` for an empty total. */
export const showTotal = ({ amounts, ...missing }: Total): string => {
  const money =
    amounts.length > 0
      ? [amounts.map((a) => `${QUALIFIER_WORDS[a.qualifier ?? 'exact']}${a.roughly ? 'about ' : ''}${showMoney(shownSum(a))}`).join(' + ')]
      : [];
  const gaps = Object.entries(missing)
    .filter(([, n]) => n > 0)
    .map(([why, n]) => `${n} ${why}`);
  return [...money, ...gaps].join(', ') || 'nothing';
};
