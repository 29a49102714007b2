/**
 * An uncertain date, in a subset of EDTF (ISO 8601-2): `2016`, `2016-02`, `2016-02-29`, `[2016-01-01..2016-02-29]`, `[..2016-02-29]`,
 * `[2016-01-01..]`, `unknown`. Stored exactly as entered, never expanded.
 */
export type UncertainDate = string;

export interface Bounds {
  /** First and last possible day, as `YYYY-MM-DD`: they compare as texts. */
  readonly earliest: string;
  readonly latest: string;
}

const FIRST = '0000-00-00';
const LAST = '9999-99-99';
/** From 1900 to 3199: there are leases of 999 years. */
const plain = /^(19|2\d|3[01])\d\d(-\d\d(-\d\d)?)?$/;
const YEAR = '(?:19|2\\d|3[01])\\d\\d';
const LEAP = '(?:(?:19|2\\d|3[01])(?:0[48]|[2468][048]|[13579][26])|2000|2400|2800)';
const PLAIN =
  `(?:${YEAR}(?:-(?:0[1-9]|1[0-2]))?|${YEAR}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)` +
  `|02-(?:0[1-9]|1\\d|2[0-8]))|${LEAP}-02-29)`;
/** The form of an uncertain date as a regular expression: all that `whyNotADate` asks, but that an interval ends before it begins. */
export const DATE = `^(?:unknown|${PLAIN}|\\[${PLAIN}\\.\\.${PLAIN}?\\]|\\[\\.\\.${PLAIN}\\])$`;
/** The form of one day. */
export const DAY = `^(?=.{10}$)${PLAIN}$`;
const interval = /^\[([0-9-]*)\.\.([0-9-]*)\]$/;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const daysIn = (year: number, month: number): number =>
  DAYS[month - 1]! + (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0);
const pad = (n: number, width = 2): string => String(n).padStart(width, '0');
/** The number that stands between two places of a text; NaN where it is none. Without parts of the text for speed: every body has dates. */
const digits = (text: string, from: number, to: number): number => {
  let number = 0;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) return NaN;
    number = 10 * number + digit;
  }
  return number;
};
/** Year, month and day of a plain date, as far as it has them. */
const ymd = (date: string): number[] => {
  const year = digits(date, 0, 4);
  if (date.length < 7) return [year];
  const month = digits(date, 5, 7);
  return date.length < 10 ? [year, month] : [year, month, digits(date, 8, 10)];
};

const whyNotPlain = (date: string): string | undefined => {
  if (!plain.test(date))
    return 'must be a date such as 2016, 2016-02, 2016-02-29, [2016-01-01..2016-02-29], [..2016-02-29], [2018..] or unknown';
  const [year, month, day] = ymd(date);
  if (month !== undefined && (month < 1 || month > 12)) return `${date} is not a month of the calendar`;
  if (day !== undefined && (day < 1 || day > daysIn(year!, month!))) return `${date} is not a day of the calendar`;
  return undefined;
};

/** Why a text is not an uncertain date, for people (`2016-02-30 is not a day of the calendar`); undefined if it is one. Never throws. */
export const whyNotADate = (text: string): string | undefined => {
  if (text === 'unknown') return undefined;
  if (text.length > 40) return 'is too long for a date';
  const match = interval.exec(text);
  if (!match) return whyNotPlain(text);
  const [, from, to] = match as unknown as [string, string, string];
  if (from === '' && to === '') return 'an interval needs an end: write unknown';
  const why = (from && whyNotPlain(from)) || (to && whyNotPlain(to));
  if (why) return why;
  if (from && to && boundsOfPlain(from).earliest > boundsOfPlain(to).latest) return 'the interval ends before it begins';
  return undefined;
};

export const isUncertainDate = (text: string): boolean => whyNotADate(text) === undefined;
/** One exact day of the calendar. */
export const isDay = (text: string): boolean => text.length === 10 && isUncertainDate(text);

const boundsOfPlain = (date: string): Bounds => {
  if (date.length === 10) return { earliest: date, latest: date };
  const [year, month] = ymd(date);
  return month === undefined
    ? { earliest: `${date}-01-01`, latest: `${date}-12-31` }
    : { earliest: `${date}-01`, latest: `${date}-${pad(daysIn(year!, month))}` };
};

const computed = (date: UncertainDate): Bounds => {
  if (date === 'unknown') return { earliest: FIRST, latest: LAST };
  const match = interval.exec(date);
  if (!match) return boundsOfPlain(date);
  const [, from, to] = match as unknown as [string, string, string];
  return { earliest: from ? boundsOfPlain(from).earliest : FIRST, latest: to ? boundsOfPlain(to).latest : LAST };
};

/** Bounds that were asked for of late, and those before them: 2,500 dates of at most 25 characters in each, 1 MB in all. */
let [cached, older] = [new Map<UncertainDate, Bounds>(), new Map<UncertainDate, Bounds>()];
const MAX_CACHED = 2500;

/** First and last possible day of an uncertain date; `0000-00-00` and `9999-99-99` mark an open end. */
export const bounds = (date: UncertainDate): Bounds => {
  const known = cached.get(date);
  if (known) return known;
  const found = older.get(date) ?? computed(date);
  if (cached.size === MAX_CACHED) [cached, older] = [new Map(), cached];
  cached.set(date, found);
  return found;
};

/** The same with null where an end is open. */
export const daysOf = (date: UncertainDate): { readonly earliest: string | null; readonly latest: string | null } => {
  const { earliest, latest } = bounds(date);
  return { earliest: earliest === FIRST ? null : earliest, latest: latest === LAST ? null : latest };
};

/** Whether `a` is before `b`: `yes` or `no` (also for the same exact day) when certain, `unknown` otherwise. */
export const before = (a: UncertainDate, b: UncertainDate): 'yes' | 'no' | 'unknown' => {
  const [x, y] = [bounds(a), bounds(b)];
  if (x.latest < y.earliest) return 'yes';
  return x.earliest >= y.latest ? 'no' : 'unknown';
};
export const certainlyBefore = (a: UncertainDate, b: UncertainDate): boolean => bounds(a).latest < bounds(b).earliest;
/** Whether both are one exact day, however each is written: `2018-01-01` and `[2018-01-01..2018-01-01]`. Never of dates with several days. */
export const certainlySameDay = (a: UncertainDate, b: UncertainDate): boolean =>
  isSameDate(a, b) && bounds(a).earliest === bounds(a).latest;
/** Whether two dates say the same, exact or not, however each is written: `2016-02` and `[2016-02-01..2016-02-29]`. */
export const isSameDate = (a: UncertainDate, b: UncertainDate): boolean =>
  a === b || (bounds(a).earliest === bounds(b).earliest && bounds(a).latest === bounds(b).latest);

/**
 * Days since 0000-03-01: in years that begin with March a leap day is the last one. Computed, since rows ask for thousands of days, and
 * Temporal takes ten times as long. @throws RangeError when it is no day
 */
const numberOf = (day: string): number => {
  const [year, month, date] = [digits(day, 0, 4), digits(day, 5, 7), digits(day, 8, 10)];
  const isDate = day.length === 10 && day[4] === '-' && day[7] === '-' && year >= 0 && month >= 1 && month <= 12;
  if (!isDate || !(date >= 1 && date <= daysIn(year, month))) throw new RangeError(`${day} is not a day of the calendar`);
  return numberOfDay(year, month, date);
};
const numberOfDay = (year: number, month: number, date: number): number => {
  const [y, m] = month > 2 ? [year, month - 3] : [year - 1, month + 9];
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + Math.floor((153 * m + 2) / 5) + date - 1;
};
const [YEARS_400, YEARS_100, YEARS_4] = [146_097, 36_524, 1461];
const dayOfNumber = (n: number): string => {
  const rest = n - Math.floor(n / YEARS_400) * YEARS_400;
  const leaps = Math.floor(rest / (YEARS_4 - 1)) - Math.floor(rest / YEARS_100) + Math.floor(rest / (YEARS_400 - 1));
  const years = Math.floor((rest - leaps) / 365);
  const ofYear = rest - (365 * years + Math.floor(years / 4) - Math.floor(years / 100));
  const m = Math.floor((5 * ofYear + 2) / 153);
  const date = ofYear - Math.floor((153 * m + 2) / 5) + 1;
  const year = Math.floor(n / YEARS_400) * 400 + years + (m < 10 ? 0 : 1);
  return `${pad(year, 4)}-${pad(m < 10 ? m + 3 : m - 9)}-${pad(date)}`;
};
/** The day `days` later, or earlier when negative. Throws a RangeError when `day` is not a day. */
export const addDays = (day: string, days: number): string => dayOfNumber(numberOf(day) + days);
/** Days from one day to another, negative when the second is earlier. Throws a RangeError when either is not a day. */
export const daysBetween = (from: string, to: string): number => numberOf(to) - numberOf(from);

/** The day of an instant in a time zone. The last result is cached by minute, because no zone changes its day within a minute. */
export const dayOf = (instant: string, timeZone: string): string => {
  const minute = `${instant.slice(0, 16)} ${timeZone}`;
  if (minute !== lastMinute) {
    lastDay = Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();
    lastMinute = minute;
  }
  return lastDay;
};
let [lastMinute, lastDay] = ['', ''];

/**
 * Whole days from the last possible day of an act to the day of recording in the ledger's time zone; 0 when it may have been recorded on
 * time.
 * @param least returned for an act with fewer days: of a list only those that may have more need the time zone
 */
export const daysLate = (effectiveOn: UncertainDate, recordedAt: string, timeZone: string, least = 0): number => {
  const { latest } = bounds(effectiveOn);
  // The ledger's zone is a day ahead of that of the instant at most.
  if (latest > recordedAt || daysBetween(latest, recordedAt.slice(0, 10)) < least) return least;
  const recordedOn = dayOf(recordedAt, timeZone);
  return latest < recordedOn ? Math.max(least, daysBetween(latest, recordedOn)) : least;
};

/** The last day of a period that begins on a day: the day before the same day of a later month, or that month's last where it has none. */
const lastDayOf = (firstDay: string, months: number): string => {
  const [year, month, day] = ymd(firstDay) as [number, number, number];
  const total = year * 12 + month - 1 + months;
  const [y, m] = [Math.floor(total / 12), (total % 12) + 1];
  const most = daysIn(y, m);
  return dayOfNumber(day > most ? numberOfDay(y, m, most) : numberOfDay(y, m, day) - 1);
};
/** Days of later years than 9999 do not compare as texts. */
const isBeyond = (day: string): boolean => day.length > LAST.length;
/**
 * What a change of its days makes of an uncertain date: as short as it can be written. Open ends and `unknown` stay, and what ends after the
 * year 9999 has an open end.
 */
const moved = (date: UncertainDate, move: (day: string) => string): UncertainDate => {
  if (date === 'unknown') return date;
  const { earliest, latest } = bounds(date);
  const [first, last] = [earliest === FIRST ? '' : move(earliest), latest === LAST ? '' : move(latest)];
  const [from, to] = [isBeyond(first) ? '9999-12-31' : first, isBeyond(last) ? '' : last];
  if (from === to) return from;
  const short = [from.slice(0, 7), from.slice(0, 4)].find((text) => text && boundsOfPlain(text).earliest === from && boundsOfPlain(text).latest === to); // prettier-ignore
  return short ?? `[${from}..${to}]`;
};

/** An uncertain date so many days later, or earlier when negative. The result may be outside the years 1900 to 3199. */
export const moveDays = (date: UncertainDate, days: number): UncertainDate => moved(date, (day) => addDays(day, days));
/**
 * The last day of a term of so many months that begins on a day: 12 months from 2015-12-01 end on 2016-11-30. Where the last month has no
 * such day the term ends on that month's last. An uncertain first day gives the days between: from 2015-10, `[2016-09-30..2016-10-30]`.
 */
export const endOfTerm = (startsOn: UncertainDate, months: number): UncertainDate => moved(startsOn, (day) => lastDayOf(day, months));
/**
 * The last day of a term that becomes so many months longer, or shorter where negative: counted from the day after. 6 months after
 * 2020-06-30 is 2020-12-31, and 6 months before 2021-03-31 is 2020-09-30. The result may be outside the years 1900 to 3199.
 */
export const moveEnd = (endsOn: UncertainDate, months: number): UncertainDate =>
  moved(endsOn, (day) => {
    const next = addDays(day, 1);
    return isBeyond(next) ? next : lastDayOf(next, months);
  });

/**
 * Whole months from one date to another, negative when the second is earlier; undefined unless both are known at least to the month.
 * A month without a day counts from its first day and up to its last. 31 January to 29 February 2016 is one month.
 */
export const monthsBetween = (from: UncertainDate, to: UncertainDate): number | undefined => {
  if (!/^\d{4}-\d\d/.test(from) || !/^\d{4}-\d\d/.test(to)) return undefined;
  if (certainlyBefore(to, from)) return 0 - monthsBetween(to, from)!;
  const [y1, m1, d1 = 1] = ymd(from);
  const [y2, m2, d2 = 31] = ymd(to);
  return (y2! - y1!) * 12 + m2! - m1! - (d2 < Math.min(d1, daysIn(y2!, m2!)) ? 1 : 0);
};
