import { addDays } from '../../kernel/index.js';
import holidays from './bank-holidays.json' with { type: 'json' };

const closed: ReadonlySet<string> = new Set(holidays.days);

/** Whether a day is neither a Saturday, a Sunday nor a bank holiday in England and Wales; undefined outside the years that are listed. */
export const isWorkingDay = (day: string): boolean | undefined => {
  if (day < holidays.from || day > holidays.until) return undefined;
  return Temporal.PlainDate.from(day).dayOfWeek < 6 && !closed.has(day);
};

/** How a period of days is counted: its days, which of them count, whether the day it begins by is one, and whether it ends on a working day. */
export interface Counting {
  readonly count: number;
  readonly kind: 'calendar' | 'working';
  readonly first?: boolean;
  readonly toWorkingDay?: boolean;
}

/** The last day of a period that begins by an exact day; undefined where bank holidays are not listed. At most 3,660 days. */
export const lastDayOf = (day: string, { count, kind, first = false, toWorkingDay = false }: Counting): string | undefined => {
  if (kind === 'calendar') {
    const last = addDays(day, first ? count - 1 : count);
    return toWorkingDay ? workingDayFrom(last) : last;
  }
  let left = count;
  for (let on = first ? day : addDays(day, 1); ; on = addDays(on, 1)) {
    const works = isWorkingDay(on);
    if (works === undefined) return undefined;
    if (works && --left <= 0) return on;
  }
};
/** The day itself, or the next working day. */
const workingDayFrom = (day: string): string | undefined => {
  for (let on = day; ; on = addDays(on, 1)) {
    const works = isWorkingDay(on);
    if (works !== false) return works && on;
  }
};
