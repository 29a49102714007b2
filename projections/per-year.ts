import {
  addDays,
  amountOf,
  betweenOf,
  bounds,
  daysBetween,
  endOfTerm,
  isAmount,
  minor,
  monthsBetween,
  moveEnd,
  perYear,
  roundHalfEven,
  valueOf,
  type Amount,
  type Value,
} from '../src/kernel/index.js';
import { agreedEndOf, type Contract } from '../src/domain/contract/index.js';

/** In months where these are whole, else in days. */
type Length = { readonly months: number } | { readonly days: number };
/** Where dates are known to the month alone, the longest and the shortest term differ. */
interface Term {
  readonly from: 'months' | 'dates';
  readonly longest: Length;
  readonly shortest?: Length;
}
const fromTo = (first: string, last: string): Length | undefined => {
  if (last < first) return undefined;
  const months = monthsBetween(first, addDays(last, 1))!;
  return months > 0 && endOfTerm(first, months) === last ? { months } : { days: daysBetween(first, addDays(last, 1)) };
};
const isMonth = (on: string): boolean => /^\d{4}-\d\d$/.test(on);
/** Also of a year beyond those in which a day can be recorded, as options may lead to. */
const isOneDay = (on: string): boolean => on.length === 10;
/** Between dates that are known at least to the month. */
const between = (startsOn: string, endsOn: string): Term | undefined => {
  if (![startsOn, endsOn].every((on) => isOneDay(on) || isMonth(on))) return undefined;
  const [starts, ends] = [bounds(startsOn), bounds(endsOn)];
  const [longest, shortest] = [fromTo(starts.earliest, ends.latest), fromTo(starts.latest, ends.earliest)];
  if (!longest || !shortest) return undefined;
  return { from: 'dates', longest, ...(isMonth(startsOn) || isMonth(endsOn) ? { shortest } : {}) };
};

/** What the value at first covers: the term that was agreed at first, with the options where it covers them. */
const termOf = (c: Contract, optional: number): Term | undefined => {
  const { months, startsOn } = c.term;
  if (months !== undefined) return { from: 'months', longest: { months: months + optional } };
  const end = agreedEndOf(c);
  return startsOn === undefined || end === undefined ? undefined : between(startsOn, optional > 0 ? moveEnd(end, optional) : end);
};

/** A year has 12 months, or 365 days. */
const yearly = (units: bigint, length: Length): bigint =>
  'months' in length ? roundHalfEven(units * 12n, BigInt(length.months)) : roundHalfEven(units * 365n, BigInt(length.days));
/** A year of a value: known as well as the value, and as the term. */
const yearOf = (total: Amount, { longest, shortest }: Term): Value => {
  const { currency, qualifier = 'exact' } = total;
  const { least, most } = betweenOf(total);
  if (shortest) {
    const ends = [longest, shortest].flatMap((length) => [yearly(least, length), ...(most === undefined ? [] : [yearly(most, length)])]);
    const [low, high] = [ends.reduce((a, b) => (a < b ? a : b)), ends.reduce((a, b) => (a > b ? a : b))];
    return valueOf({ least: low, ...(most !== undefined && { most: high }) }, currency);
  }
  const rounded = (qualifier === 'about' || qualifier === 'exact') && most !== undefined && most > least;
  return {
    ...('months' in longest
      ? perYear(total, longest.months)
      : { ...amountOf(yearly(minor(total), longest), currency), ...(total.qualifier && { qualifier }) }),
    ...(rounded && { roundedTo: amountOf(yearly(most - least, longest), currency).amount }),
  };
};

const wordsOf = (length: Length): string => {
  if (!('months' in length)) return `${length.days.toLocaleString('en')} day${length.days === 1 ? '' : 's'} × 365`;
  const { months } = length;
  return months % 12 === 0 ? `${months / 12} year${months === 12 ? '' : 's'}` : `${months} month${months === 1 ? '' : 's'} × 12`;
};

/** Months of the options that the value at first covers. */
const optionsCovered = ({ covers, options }: Contract): number =>
  covers === 'with-options' ? options.reduce((sum, { months, status }) => sum + (status === 'lapsed' ? 0 : months), 0) : 0;
/**
 * The value at first for each year of the term that it covers, rounded half to even to a minor unit, with what was divided. Null where the
 * value or the term is not known.
 */
export const perYearOf = (c: Contract) => {
  const optional = optionsCovered(c);
  const term = isAmount(c.original) ? termOf(c, optional) : undefined;
  const year = term && yearOf(c.original as Amount, term);
  if (!term || !year || !isAmount(year)) return null;
  const over = `${term.shortest ? 'at most ' : ''}${wordsOf(term.longest)}`;
  return {
    ...year,
    of: 'original' as const,
    over: term.longest,
    from: term.from,
    /** `original ÷ 5 years`. */
    divides: `original ÷ ${over}${optional > 0 ? ' with options' : ''}${term.from === 'dates' ? ' by its dates' : ''}`,
  };
};
