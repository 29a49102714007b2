/**
 * A date as well as it is known, a subset of EDTF (ISO 8601-2): `2016`, `2016-02`, `2016-02-29`, `[2016-01-01..2016-02-29]`,
 * `[..2016-02-29]`, `[2016-01-01..]`, `unknown`. Stored as told, never expanded.
 */
export type ToldDate = string;

export interface Bounds {
  /** First and last day it can mean, as `YYYY-MM-DD`: they compare as texts. */
  readonly earliest: string;
  readonly latest: string;
}

const FIRST = '0000-00-00';
const LAST = '9999-99-99';
const plain = /^(19|20|21)\d\d(-\d\d(-\d\d)?)?$/;
const interval = /^\[([0-9-]*)\.\.([0-9-]*)\]$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const daysIn = (year: number, month: number): number =>
  DAYS[month - 1]! + (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0);
const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
const ymd = (date: string): number[] => date.split('-').map(Number);

const whyNotPlain = (date: string): string | undefined => {
  if (!plain.test(date)) return 'must be a date such as 2016, 2016-02, 2016-02-29, [2016-01-01..2016-02-29], [..2016-02-29] or unknown';
  const [year, month, day] = ymd(date);
  if (month !== undefined && (month < 1 || month > 12)) return `names a month that no year has: ${date}`;
  if (day !== undefined && (day < 1 || day > daysIn(year!, month!))) return `names a day that is not in the calendar: ${date}`;
  return undefined;
};

/** Why a text is not a told date, as the rest of a sentence about it; undefined when it is one. */
export const whyNotADate = (text: string): string | undefined => {
  if (text === 'unknown') return undefined;
  if (text.length > 40) return 'is too long for a date';
  const parts = interval.exec(text);
  if (!parts) return whyNotPlain(text);
  const [, from, to] = parts as unknown as [string, string, string];
  if (from === '' && to === '') return 'an interval needs an end: write unknown';
  const why = (from && whyNotPlain(from)) || (to && whyNotPlain(to));
  if (why) return why;
  if (from && to && boundsOfPlain(from).earliest > boundsOfPlain(to).latest) return 'the interval ends before it begins';
  return undefined;
};

export const isToldDate = (text: string): boolean => whyNotADate(text) === undefined;
/** One exact day of the calendar. */
export const isDay = (text: string): boolean => text.length === 10 && text[0] !== '[' && isToldDate(text);

const boundsOfPlain = (date: string): Bounds => {
  if (date.length === 10) return { earliest: date, latest: date };
  const [year, month] = ymd(date);
  return month === undefined
    ? { earliest: `${date}-01-01`, latest: `${date}-12-31` }
    : { earliest: `${date}-01`, latest: `${date}-${pad(daysIn(year!, month))}` };
};

const computed = (date: ToldDate): Bounds => {
  if (date === 'unknown') return { earliest: FIRST, latest: LAST };
  const parts = interval.exec(date);
  if (!parts) return boundsOfPlain(date);
  const [, from, to] = parts as unknown as [string, string, string];
  return { earliest: from ? boundsOfPlain(from).earliest : FIRST, latest: to ? boundsOfPlain(to).latest : LAST };
};

const kept = new Map<ToldDate, Bounds>();

/** The days that a told date can mean. */
export const bounds = (date: ToldDate): Bounds => {
  const known = kept.get(date);
  if (known) return known;
  if (kept.size > 5000) kept.clear();
  const fresh = computed(date);
  kept.set(date, fresh);
  return fresh;
};

/** Whether the first lies before the second, as far as both are known. */
export const before = (a: ToldDate, b: ToldDate): 'yes' | 'no' | 'unknown' => {
  const [x, y] = [bounds(a), bounds(b)];
  if (x.latest < y.earliest) return 'yes';
  return x.earliest >= y.latest ? 'no' : 'unknown';
};
export const certainlyBefore = (a: ToldDate, b: ToldDate): boolean => bounds(a).latest < bounds(b).earliest;
export const certainlyAfter = (a: ToldDate, b: ToldDate): boolean => certainlyBefore(b, a);

/** A day so many days later (or, below 0, earlier). */
export const addDays = (day: string, days: number): string => Temporal.PlainDate.from(day).add({ days }).toString();
export const daysBetween = (from: string, to: string): number => Temporal.PlainDate.from(from).until(to).days;

const shift = (date: string, months: number): string => {
  const [year, month = 1, day] = ymd(date);
  const total = year! * 12 + month - 1 + months;
  const [y, m] = [Math.floor(total / 12), (total % 12) + 1];
  return day === undefined ? `${pad(y, 4)}-${pad(m)}` : `${pad(y, 4)}-${pad(m)}-${pad(Math.min(day, daysIn(y, m)))}`;
};

/** So many months later, as precisely as the date was told; a year moved by part of a year becomes an interval. */
export const addMonths = (date: ToldDate, months: number): ToldDate => {
  if (date === 'unknown') return date;
  const parts = interval.exec(date);
  if (parts)
    return `[${parts[1] && addMonths(parts[1], months)}..${parts[2] && addMonths(parts[2], months)}]`.replaceAll(
      /\[\[|\]\]/g,
      (b) => b[0]!,
    );
  if (date.length > 4) return shift(date, months);
  if (months % 12 === 0) return pad(Number(date) + months / 12, 4);
  return `[${shift(`${date}-01-01`, months)}..${shift(`${date}-12-31`, months)}]`;
};

/** Whole months from one told date to another, when both are known at least to the month. */
export const monthsBetween = (from: ToldDate, to: ToldDate): number | undefined => {
  if (!/^\d{4}-\d\d/.test(from) || !/^\d{4}-\d\d/.test(to)) return undefined;
  const [y1, m1, d1 = 1] = ymd(from);
  const [y2, m2, d2 = 31] = ymd(to);
  return (y2! - y1!) * 12 + m2! - m1! - (d2 < d1 ? 1 : 0);
};

const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];

/** For people: `29 February 2016`, `February 2016`, `by 29 February 2016`, `date unknown`. */
export const showDate = (date: ToldDate): string => {
  if (date === 'unknown') return 'date unknown';
  const parts = interval.exec(date);
  if (parts) {
    const [, from, to] = parts as unknown as [string, string, string];
    if (!from) return `by ${showDate(to)}`;
    return to ? `between ${showDate(from)} and ${showDate(to)}` : `from ${showDate(from)} on`;
  }
  const [year, month, day] = ymd(date);
  return [day, month && MONTHS[month - 1], year].filter((part) => part !== undefined).join(' ');
};
