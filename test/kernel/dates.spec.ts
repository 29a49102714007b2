import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  addDays,
  before,
  bounds,
  certainlyBefore,
  certainlySameDay,
  dayOf,
  daysBetween,
  daysLate,
  endOfTerm,
  isDay,
  isSameDate,
  isUncertainDate,
  monthsBetween,
  moveDays,
  moveEnd,
  whyNotADate,
  type Bounds,
} from '../../src/kernel/values/dates.js';

describe('an uncertain date can be written', () => {
  it.each([
    '2016',
    '2016-02',
    '2016-02-29',
    '[2016-01-01..2016-02-29]',
    '[2016-02-29..2016-02-29]',
    '[..2016-02-29]',
    '[2016-01-01..]',
    '[2015..2016-02]',
    'unknown',
  ])('as %s', (text) => expect(whyNotADate(text)).toBeUndefined());

  it.each([
    ['2016-02-30', '2016-02-30 is not a day of the calendar'],
    ['2100-02-29', '2100-02-29 is not a day of the calendar'],
    ['2016-02-00', '2016-02-00 is not a day of the calendar'],
    ['2016-00-01', '2016-00-01 is not a month of the calendar'],
    ['2016-13', '2016-13 is not a month of the calendar'],
    ['[2016-01-01..2016-02-30]', '2016-02-30 is not a day of the calendar'],
    ['[2016-02-30..2016-03-01]', '2016-02-30 is not a day of the calendar'],
    ['[2016-03-01..2016-02-29]', 'the interval ends before it begins'],
    ['[2017..2016]', 'the interval ends before it begins'],
    ['[..]', 'an interval needs an end: write unknown'],
    ['soon', 'must be a date such as 2016, 2016-02, 2016-02-29, [2016-01-01..2016-02-29], [..2016-02-29], [2018..] or unknown'],
    [`[${'2'.repeat(39)}]`, 'is too long for a date'],
    [
      `[${'2'.repeat(38)}]`,
      'must be a date such as 2016, 2016-02, 2016-02-29, [2016-01-01..2016-02-29], [..2016-02-29], [2018..] or unknown',
    ],
  ])('but not as %s: %s', (text, why) => expect(whyNotADate(text)).toBe(why));

  it.each(
    // prettier-ignore
    ['', ' ', ' 2016', '2016 ', '2016\n', '２０１６', '٢٠١٦', '16', '1899', '3200', '2016-2', '2016-02-9', '2016/02/29', '20160229', 'Unknown', '2016~',
      '2016-02-29T00:00:00Z', '[2016', '2016..2017', '[[2016..2017]..2018]', '[2016..unknown]', '[2016..2017..2018]', '-2016', '+2016', '['.repeat(9999)],
  )('nor as %j', (text) => expect(isUncertainDate(text)).toBe(false));

  it('with every leap day from 1900 to 3199 and no other', () => {
    for (let year = 1900; year < 3200; year++)
      expect(isUncertainDate(`${year}-02-29`)).toBe((year % 4 === 0 && year % 100 !== 0) || year % 400 === 0);
  });

  it('and is an exact day only when it is written as one', () => {
    expect(['2016-02-29', '2016-02', '2016', '[2016-02-29..2016-02-29]', 'unknown'].map(isDay)).toEqual([true, false, false, false, false]);
  });

  it('and has a first and a last possible day', () => {
    expect(bounds('2016')).toEqual({ earliest: '2016-01-01', latest: '2016-12-31' });
    expect(bounds('2016-02')).toEqual({ earliest: '2016-02-01', latest: '2016-02-29' });
    expect(bounds('[2015-11..2016-02]')).toEqual({ earliest: '2015-11-01', latest: '2016-02-29' });
    expect(bounds('[..2016-02-29]')).toEqual({ earliest: '0000-00-00', latest: '2016-02-29' });
    expect(bounds('[2016-01-01..]')).toEqual({ earliest: '2016-01-01', latest: '9999-99-99' });
    expect(bounds('unknown')).toEqual({ earliest: '0000-00-00', latest: '9999-99-99' });
  });
});

describe('the bounds of a date', () => {
  /** 2,500 dates that end in a year. */
  const datesUntil = (year: number) => Array.from({ length: 2500 }, (_, n) => `[${addDays('1900-01-01', n)}..${year}-12-31]`);

  it('are the same however many others were asked for, and kept until 5,000 others were', () => {
    const date = '[1901-02..2199-11]';
    const first = bounds(date);
    expect(first).toEqual({ earliest: '1901-02-01', latest: '2199-11-30' });
    expect(bounds(date)).toBe(first);
    datesUntil(2199).forEach(bounds);
    expect(bounds(date)).toBe(first);
    for (const year of [2198, 2197]) datesUntil(year).forEach(bounds);
    expect(bounds(date)).not.toBe(first);
    expect(bounds(date)).toEqual(first);
  });
});

describe('one date lies before another', () => {
  it.each([
    ['2015', '2016-01-01', 'yes'],
    ['2016-02-28', '2016-02-29', 'yes'],
    ['[..2015-12-31]', '2016', 'yes'],
    ['2016-02-29', '2016-02-29', 'no'],
    ['2016-03', '2016-02', 'no'],
    ['[2016-02-29..]', '2016-02-29', 'no'],
    ['2016', '2016', 'unknown'],
    ['2016', '2016-02-29', 'unknown'],
    ['unknown', '2016', 'unknown'],
    ['unknown', 'unknown', 'unknown'],
  ])('%s before %s: %s', (a, b, answer) => expect(before(a, b)).toBe(answer));

  it('certainly: never before itself, never both ways, and transitively', () =>
    fc.assert(
      fc.property(anyDate, anyDate, anyDate, (a, b, c) => {
        expect(certainlyBefore(a, a)).toBe(false);
        expect(certainlyBefore(a, b) && certainlyBefore(b, a)).toBe(false);
        if (certainlyBefore(a, b) && certainlyBefore(b, c)) expect(certainlyBefore(a, c)).toBe(true);
      }),
    ));

  it('in agreement with every pair of days that the two can mean', () =>
    fc.assert(
      fc.property(anyDate, anyDate, fc.nat(), fc.nat(), (a, b, i, j) => {
        const [x, y] = [dayIn(a, i), dayIn(b, j)];
        const answer = before(a, b);
        if (answer !== 'unknown') expect(answer).toBe(x < y ? 'yes' : 'no');
      }),
    ));
});

describe('two dates are the same', () => {
  it.each([
    ['2018-01-01', '2018-01-01', true, true],
    ['2018-01-01', '[2018-01-01..2018-01-01]', true, true],
    ['[2018-01-01..2018-01-01]', '[2018-01-01..2018-01-01]', true, true],
    ['2018-01-01', '2018-01-02', false, false],
    ['2018-01', '2018-01', false, true],
    ['2018-01', '[2018-01-01..2018-01-31]', false, true],
    ['2018-01', '[2018-01-01..2018-01-30]', false, false],
    ['2018-01-31', '[2018-01-01..2018-01-31]', false, false],
    ['[2018..]', '[2018-01-01..]', false, true],
    ['unknown', 'unknown', false, true],
    ['unknown', '2018-01-01', false, false],
  ])('%s and %s: one day %s, the same date %s', (a, b, day, date) => {
    for (const [x, y] of [
      [a, b],
      [b, a],
    ] as const)
      expect([certainlySameDay(x, y), isSameDate(x, y)]).toEqual([day, date]);
  });

  it('certainly: only where every pair of days that the two can mean is one day', () =>
    fc.assert(
      fc.property(anyDate, anyDate, fc.nat(), fc.nat(), (a, b, i, j) => {
        if (certainlySameDay(a, b)) expect(dayIn(a, i)).toBe(dayIn(b, j));
        expect(certainlySameDay(a, b) && (certainlyBefore(a, b) || certainlyBefore(b, a))).toBe(false);
        expect(certainlySameDay(a, a)).toBe(dayIn(a, i) === dayIn(a, j) && bounds(a).earliest === bounds(a).latest);
      }),
    ));
});

describe('a term of so many months', () => {
  it.each([
    ['2015-12-01', 12, '2016-11-30'],
    ['2016-01-31', 1, '2016-02-29'], // February has no 31st: its last day
    ['2016-02-29', 12, '2017-02-28'],
    ['2015-10', 12, '[2016-09-30..2016-10-30]'],
    ['2015', 60, '[2019-12-31..2020-12-30]'],
    ['[2016-04-01..]', 6, '[2016-09-30..]'],
    ['[..2016-03-31]', 12, '[..2017-03-30]'],
    ['unknown', 60, 'unknown'],
  ])('that begins on %s, %d of them: ends on %s', (start, months, end) => expect(endOfTerm(start, months)).toBe(end));

  it.each([
    ['2020-06-30', 6, '2020-12-31'],
    ['2015-02-28', 12, '2016-02-29'],
    ['2019-08-31', 6, '2020-02-29'],
    ['2019-08-30', 6, '2020-02-29'],
    ['2015-01-30', 1, '2015-02-28'],
    ['2018-04-15', 12, '2019-04-15'],
    ['2021-03-31', -6, '2020-09-30'],
    ['2020-06', 6, '2020-12'],
    ['2016', 12, '2017'],
    ['2016', 6, '[2016-07-01..2017-06-30]'],
    ['[2016-01-30..2016-02]', 1, '[2016-02-29..2016-03-31]'],
    ['[2016..]', 6, '[2016-07-01..]'],
    ['unknown', 6, 'unknown'],
  ])('that ends on %s, and then %d months later: on %s', (last, months, end) => expect(moveEnd(last, months)).toBe(end));

  it('has no end that is known where it would end after the year 9999', () => {
    expect([endOfTerm('9999-01-01', 12), endOfTerm('9999-01-01', 13)]).toEqual(['9999-12-31', '[9999-12-31..]']);
    expect([endOfTerm('[9998-12-01..9999-12-31]', 12), moveDays('9999-12-30', 2)]).toEqual(['[9999-11-30..]', '[9999-12-31..]']);
    expect([moveEnd('9998-12-31', 12), moveEnd('9998-12-31', 13), moveEnd('9999-12-31', 1)]).toEqual([
      '9999-12-31',
      '[9999-12-31..]',
      '[9999-12-31..]',
    ]);
  });

  const months = fc.integer({ min: -480, max: 480 });
  it('ends on a valid date, as long as its year is from 1900 to 3199', () =>
    fc.assert(
      fc.property(anyDate, months, (date, n) => {
        expect(whyNotADate(endOfTerm(date, n))).toBeUndefined();
        expect(whyNotADate(moveEnd(date, n))).toBeUndefined();
      }),
    ));

  it('ends on a date that includes the end for every possible start', () =>
    fc.assert(
      fc.property(anyDate, fc.nat(), months, (date, i, n) => {
        const within = (end: string, { earliest, latest }: Bounds) => expect(earliest <= end && end <= latest).toBe(true);
        within(endOfTerm(dayIn(date, i), n), bounds(endOfTerm(date, n)));
        within(moveEnd(dayIn(date, i), n), bounds(moveEnd(date, n)));
      }),
    ));

  it('ends on the same day whether it is agreed at once or extended once it has an end', () =>
    fc.assert(
      fc.property(day, fc.integer({ min: 1, max: 240 }), fc.integer({ min: 1, max: 240 }), (start, n, more) => {
        // Only a first day that some month does not have tells them apart: 31 January, 1 month, then 1 more.
        fc.pre(Number(start.slice(8)) <= 28);
        expect(moveEnd(endOfTerm(start, n), more)).toBe(endOfTerm(start, n + more));
      }),
    ));
});

describe('whole months', () => {
  it('between two dates are known only if both are known to the month', () => {
    expect(monthsBetween('2016-02', '2016-05')).toBe(3);
    expect(monthsBetween('2016-01-15', '2016-02-14')).toBe(0);
    expect(monthsBetween('2016-01-31', '2016-02-28')).toBe(0);
    expect(monthsBetween('2016-01-31', '2016-02-29')).toBe(1);
    expect(monthsBetween('2016-02-29', '2017-02-28')).toBe(12);
    expect(monthsBetween('2016-03-15', '2016-02-20')).toBe(0);
    expect([monthsBetween('2016-05', '2016-02'), monthsBetween('2016-02-14', '2015-01-14')]).toEqual([-3, -13]);
    expect(monthsBetween('2016-02', '[2016-03..2016-04]')).toBeUndefined();
    expect([monthsBetween('2016', '2017-01'), monthsBetween('2016-01', 'unknown'), monthsBetween('[2016-01..]', '2017-01')]).toEqual(
      [undefined, undefined, undefined], // prettier-ignore
    );
  });
});

describe('days', () => {
  it('are counted across leap days and year ends', () => {
    expect([addDays('2016-02-28', 1), addDays('2015-02-28', 1), addDays('2016-01-01', -1)]).toEqual([
      '2016-02-29',
      '2015-03-01',
      '2015-12-31',
    ]);
    expect([daysBetween('2016-02-28', '2016-03-01'), daysBetween('2016-03-01', '2016-02-28')]).toEqual([2, -2]);
    expect([addDays('0000-03-01', 1), addDays('0000-12-31', 1)]).toEqual(['0000-03-02', '0001-01-01']);
    // the last day of 400 years that begin with March
    expect([addDays('2000-02-28', 1), addDays('2000-03-01', -1), addDays('2000-02-29', 1)]).toEqual([
      '2000-02-29',
      '2000-02-29',
      '2000-03-01',
    ]);
  });

  it('move an uncertain date, which stays as short as it can be written', () => {
    expect([moveDays('2016-02-28', 1), moveDays('unknown', 5), moveDays('[..2016-02-28]', 2)]).toEqual([
      '2016-02-29',
      'unknown',
      '[..2016-03-01]',
    ]);
    expect(moveDays('[2016-01-14..2016-01-30]', 1)).toBe('[2016-01-15..2016-01-31]');
    expect([moveDays('[2016-01-02..2016-02-01]', -1), moveDays('[2015-12-31..2016-12-30]', 1)]).toEqual(['2016-01', '2016']);
  });

  it('added to a day are the days between the two', () =>
    fc.assert(fc.property(day, fc.integer({ min: -40000, max: 40000 }), (d, n) => expect(daysBetween(d, addDays(d, n))).toBe(n))));

  it('added to a day lead to the day of the calendar that Temporal names, over leap years and centuries', () => {
    const [first, days] = [Temporal.PlainDate.from('1896-01-01'), 140_000];
    for (let n = 0; n < days; n += 29) {
      const on = first.add({ days: n });
      for (const more of [0, 1, -1, 31, 366, -36_525])
        expect([String(on), more, addDays(String(on), more)]).toEqual([String(on), more, String(on.add({ days: more }))]);
    }
  });

  // prettier-ignore
  it.each(['2016-02', 'unknown', '2016-02-30', '2016-13-01', '2016-00-01', '2016-01-00', '0000-00-00', '9999-99-99', '2016-02-29T10:00', '2016-03-2016-02-29',
    '2016/02-28', '2016-02/28', '20x6-02-28', '201:-02-28', '2016-0x-28', '2016-02-2x', '2016-02-1:', '2016-02-2/', '-016-02-28'])(
    'are never added to %s',
    (text) => expect(() => addDays(text, 1)).toThrow(new RangeError(`${text} is not a day of the calendar`)),
  );
});

// Days from which 40 years earlier or later is still a valid date.
const day = fc.integer({ min: 0, max: 75_000 }).map((n) => addDays('1945-01-01', n));
const edge = fc.tuple(day, fc.constantFrom(4, 7, 10)).map(([d, length]) => d.slice(0, length));
const anyDate = fc.oneof(
  edge,
  fc.constant('unknown'),
  edge.map((d) => `[..${d}]`),
  edge.map((d) => `[${d}..]`),
  fc.tuple(edge, edge).map(([a, b]) => (bounds(a).earliest <= bounds(b).latest ? `[${a}..${b}]` : `[${b}..${a}]`)),
);

/** One of the days that a date can mean; an open end is taken to be 100 days further. */
const dayIn = (date: string, choice: number): string => {
  const { earliest, latest } = bounds(date);
  if (earliest === '0000-00-00') return latest === '9999-99-99' ? addDays('2000-01-01', choice % 5000) : addDays(latest, -(choice % 100));
  return addDays(earliest, choice % (latest === '9999-99-99' ? 100 : daysBetween(earliest, latest) + 1));
};

describe('an event is late by the days since the act, in the ledger’s time zone', () => {
  it.each([
    ['2019-11-03', 1],
    ['2019-11-04', 0],
    ['2019-11', 0],
    ['2019-10', 4],
    ['unknown', 0],
    ['[..2019-10-31]', 4],
    ['2019-11-05', 0],
  ])('an act of %s that is recorded on 4 November 2019: %i', (effectiveOn, late) =>
    expect(daysLate(effectiveOn, '2019-11-04T09:30:00.000Z', 'Europe/London')).toBe(late),
  );

  it('the act recorded latest of a list is found whatever was seen before it, in zones ahead of UTC and behind', () => {
    const instant = fc
      .date({ min: new Date('2019-11-01'), max: new Date('2019-11-08'), noInvalidDate: true })
      .map((date) => date.toISOString());
    const day = fc.integer({ min: -4, max: 9 }).map((days) => addDays('2019-11-01', days));
    const on = fc.oneof(
      day,
      day.map((latest) => `[..${latest}]`),
      fc.constantFrom('2019-10', '2019-11', 'unknown'),
    );
    const zone = fc.constantFrom('UTC', 'Europe/London', 'Pacific/Kiritimati', 'Pacific/Pago_Pago');
    fc.assert(
      fc.property(on, instant, zone, fc.nat(8), (effectiveOn, recordedAt, timeZone, least) => {
        const recordedOn = Temporal.Instant.from(recordedAt).toZonedDateTimeISO(timeZone).toPlainDate().toString();
        const { latest } = bounds(effectiveOn);
        const late = latest < recordedOn ? daysBetween(latest, recordedOn) : 0;
        expect(daysLate(effectiveOn, recordedAt, timeZone)).toBe(late);
        expect(daysLate(effectiveOn, recordedAt, timeZone, least)).toBe(Math.max(late, least));
      }),
    );
  });

  it('23:30 UTC in summer is the next day in London and the same day in New York', () => {
    const instant = '2026-07-01T23:30:00.000Z';
    const zones = ['UTC', 'Europe/London', 'America/New_York'];
    expect(zones.map((zone) => dayOf(instant, zone))).toEqual(['2026-07-01', '2026-07-02', '2026-07-01']);
    expect(zones.map((zone) => daysLate('2026-07-01', instant, zone))).toEqual([0, 1, 0]);
    expect(dayOf('2026-07-01T03:30:00.000Z', 'America/New_York')).toBe('2026-06-30');
  });
});
