import { bounds } from '../src/kernel/index.js';
import { YEAR_STARTS, type YearStart } from '../src/domain/programme/index.js';

/** Financial years that have a row of their own, by the calendar year in which they begin; what lies outside stands with the undated. */
const [FIRST_YEAR, LAST_YEAR] = [1990, 2059];
const FIRST_MONTH: { readonly [S in YearStart]: number } = { january: 1, april: 4, july: 7, october: 10 };

/** `2019-20` from April on, `2019` from January on, `2019-20-july`. */
export const nameOf = (year: number, starts: YearStart): string => {
  if (starts === 'january') return String(year);
  const name = `${year}-${String((year + 1) % 100).padStart(2, '0')}`;
  return starts === 'april' ? name : `${name}-${starts}`;
};
export const undated = (starts: YearStart): string => (starts === 'april' ? 'undated' : `undated-${starts}`);
/** The first and the last month in which a date may lie, counted from the year 0. */
export type Span = readonly [first: number, last: number];
const monthOf = (day: string): number => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
export const spanOf = (on: string): Span => {
  const { earliest, latest } = bounds(on);
  return [monthOf(earliest), monthOf(latest)];
};
/** The financial year in which a date certainly lies. */
export const yearOf = ([first, last]: Span, starts: YearStart): number | undefined => {
  const before = FIRST_MONTH[starts] - 1;
  const year = Math.floor((first - before) / 12);
  return year === Math.floor((last - before) / 12) && year >= FIRST_YEAR && year <= LAST_YEAR ? year : undefined;
};
/** Of a year by its place among those that have a row. */
export const lastDayOf = (place: number, starts: YearStart): string => {
  const next = Temporal.PlainDate.from({ year: FIRST_YEAR + place + 1, month: FIRST_MONTH[starts], day: 1 });
  return next.subtract({ days: 1 }).toString();
};

/** In order, and the undated last. */
export const namesOf = (starts: YearStart): readonly string[] => NAMES.get(starts)!;
const NAMES: ReadonlyMap<YearStart, readonly string[]> = new Map(
  YEAR_STARTS.map((starts) => [
    starts,
    [...Array.from({ length: LAST_YEAR - FIRST_YEAR + 1 }, (_, i) => nameOf(FIRST_YEAR + i, starts)), undated(starts)],
  ]),
);
