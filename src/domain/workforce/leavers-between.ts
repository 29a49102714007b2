import { bounds, plus, ZERO, type Range } from '../../kernel/index.js';

/** How many left, on a day as well as it is known. */
interface Left {
  readonly on: string;
  readonly count: Range;
}
/** Full-time equivalents have at most four digits after the point: sums of whole ten-thousandths are exact, and can be subtracted. */
const SCALE = 10_000;
const whole = (n: number): number => Math.round(n * SCALE);

/** Sums of the first so many counts: of their least, of their most, and how many have no least or no most. */
interface Prefix {
  readonly least: number;
  readonly most: number;
  readonly openLeast: number;
  readonly openMost: number;
}
const NOTHING: Prefix = { least: 0, most: 0, openLeast: 0, openMost: 0 };
const added = (sum: Prefix, { least, most }: Range): Prefix => ({
  least: sum.least + whole(least ?? 0),
  most: sum.most + whole(most ?? 0),
  openLeast: sum.openLeast + (least === undefined ? 1 : 0),
  openMost: sum.openMost + (most === undefined ? 1 : 0),
});

/** Days in ascending order, with the sums of the counts before each of them. */
interface Sorted {
  readonly days: readonly string[];
  readonly sums: readonly Prefix[];
}
const sortedBy = (all: readonly Left[], end: 'earliest' | 'latest'): Sorted => {
  const sorted = all.map(({ on, count }) => ({ day: bounds(on)[end], count })).sort((a, b) => (a.day < b.day ? -1 : 1));
  const sums = [NOTHING];
  for (const { count } of sorted) sums.push(added(sums.at(-1)!, count));
  return { days: sorted.map(({ day }) => day), sums };
};
/** How many of the days come before one, or before it and on it. */
const placeOf = (days: readonly string[], day: string, orOn: boolean): number => {
  let [low, high] = [0, days.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (days[middle]! < day || (orOn && days[middle] === day)) low = middle + 1;
    else high = middle;
  }
  return low;
};

/**
 * How many left between two days, as well as the days are known: those who certainly left before the first or after the second are not
 * among them. Made in n log n, asked in log n; where the second day may lie certainly before the first, in n.
 */
export const leaversBetween = (all: readonly Left[]): ((from: string, until: string) => Range) => {
  const [starts, ends] = [sortedBy(all, 'earliest'), sortedBy(all, 'latest')];
  return (from, until) => {
    const [first, last] = [bounds(from).earliest, bounds(until).latest];
    if (last < first)
      return all.filter(({ on }) => bounds(on).latest >= first && bounds(on).earliest <= last).reduce((sum, l) => plus(sum, l.count), ZERO);
    // Who ended before the first day had begun before the last: the two that are left out have nobody in common.
    const [begun, over] = [starts.sums[placeOf(starts.days, last, true)]!, ends.sums[placeOf(ends.days, first, false)]!];
    return {
      ...(begun.openLeast === over.openLeast && { least: (begun.least - over.least) / SCALE }),
      ...(begun.openMost === over.openMost && { most: (begun.most - over.most) / SCALE }),
    };
  };
};
