import type { Found } from './read.js';
import type { Duty } from './rows.js';

/** Contract → what is due next. */
export type Next = ReadonlyMap<string, Duty>;
/** What is due on or after a day. */
export const nextDates = (duties: readonly Found<Duty>[], today: string): Next => {
  const next = new Map<string, Duty>();
  for (const { row } of duties) {
    if (row.contract === null || (row.latest !== null && row.latest < today)) continue;
    const known = next.get(row.contract);
    if (!known || placeOf(row) < placeOf(known)) next.set(row.contract, row);
  }
  return next;
};
/** Where a duty stands among others: by its first possible day. */
export const placeOf = ({ earliest, latest }: Duty): string => earliest ?? latest ?? '9999';
