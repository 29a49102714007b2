import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { leaversBetween } from '../../src/domain/workforce/leavers-between.js';
import { certainlyBefore, rangeOf, sumOf } from '../../src/kernel/index.js';

const days = fc.constantFrom('2015', '2015-12-31', '2016', '2016-01', '2016-01-31', '2016-02-01', '2016-02', '[2016-01-15..2016-03-01]', '[..2016-01]', '[2016-02..]', 'unknown', '2017'); // prettier-ignore
/** Whatever is known of a number: at least, at most, both or nothing. */
const ranges = fc.constantFrom({}, { least: 2 }, { most: 3 }, { least: 2, most: 3 });
const counts = fc
  .tuple(fc.constantFrom(1, 2, 7, 30, '0.5', '1.2345'), fc.constantFrom('exact', 'about', 'over', 'under', 'at-least', 'at-most' as const))
  .map(([count, qualifier]) => rangeOf({ count, qualifier }, typeof count === 'string' ? 'fte' : 'people'));

describe('those who left between two days', () => {
  it('are all but those who certainly left before the first or after the second, whatever is known of the days and the counts', () =>
    fc.assert(
      fc.property(fc.array(fc.record({ on: days, count: fc.oneof(counts, ranges) }), { maxLength: 12 }), days, days, (all, from, until) => {
        const own = all.filter(({ on }) => !certainlyBefore(on, from) && !certainlyBefore(until, on));
        expect(leaversBetween(all)(from, until)).toEqual(sumOf(own.map(({ count }) => count)));
      }),
      { numRuns: 2000 },
    ));

  it('count on both days, and in a stretch that has none', () => {
    const between = leaversBetween(
      ['2016-01-01', '2016-01-02', '2016-01-02', '2016-01-04'].map((on) => ({ on, count: { least: 1, most: 2 } })),
    );
    expect(between('2016-01-02', '2016-01-02')).toEqual({ least: 2, most: 4 });
    expect(between('2016-01-01', '2016-01-04')).toEqual({ least: 4, most: 8 });
    expect(between('2016-01-03', '2016-01-03')).toEqual({ least: 0, most: 0 });
    expect(leaversBetween([])('2016', '2017')).toEqual({ least: 0, most: 0 });
  });

  it('are at least, or at most, as many as each count says', () => {
    const of = (...counts: readonly object[]) =>
      leaversBetween(counts.map((count, i) => ({ on: `2016-01-0${i + 1}`, count })))('2016-01-02', '2016-01-03');
    expect(of({}, { least: 1, most: 2 }, { least: 3, most: 4 }, {})).toEqual({ least: 4, most: 6 });
    expect(of({}, { least: 1 }, { least: 3, most: 4 }, {})).toEqual({ least: 4 });
    expect(of({}, { most: 2 }, { least: 3, most: 4 }, {})).toEqual({ most: 6 });
    expect(of({}, { most: 2 }, { least: 3 }, {})).toEqual({});
  });

  it('are found without a look at each of them: of 100,000 leavers, for 20,000 transfers', () => {
    let looked = 0;
    const all = Array.from({ length: 100_000 }, (_, i) => ({
      get on() {
        looked++;
        return `20${String(10 + (i % 10))}-0${1 + (i % 9)}-1${i % 10}`;
      },
      count: { least: 1, most: 1 },
    }));
    const between = leaversBetween(all);
    const made = looked;
    for (let i = 0; i < 20_000; i++) between('2012-01-01', '2015-12-31');
    expect(made).toBeLessThanOrEqual(200_000);
    expect(looked).toBe(made);
  });
});
