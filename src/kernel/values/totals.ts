import { exponentOf } from './currencies.js';
import { amountOf, higher, isAmount, isBound, minor, qualifierOf, roundingOf, type Amount, type Money, type Value } from './amounts.js';
import { roundHalfEven } from './ratios.js';
import { QUALIFIER_WORDS, showMoney } from './show-amounts.js';

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
  readonly between?: { readonly least?: string; readonly most?: string };
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
      ...(off > 0n &&
        !(doubt.more && doubt.less) && {
          between: { ...(!doubt.less && { least: text(units - off) }), ...(!doubt.more && { most: text(units + off) }) },
        }),
      ...(coarsest !== undefined && { coarsest: text(coarsest) }),
    };
  });
  return { amounts, undisclosed, withheld, unknown };
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
