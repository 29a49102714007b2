import { describe, expect, it } from '@jest/globals';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const world = async (terms: object): Promise<World> => {
  const world = new World('2019-11-04');
  await recordWorld(world);
  const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], ...terms };
  await world.record('contract-h', 'AwardContract', award, { effectiveOn: '2015-06' });
  return world;
};
const yearOf = async (terms: object) => (await inMemory('contract-register', await world(terms))).row('contract:h').perYear;

describe('the value of a contract for each year of its term', () => {
  it.each([
    ['its months', { termMonths: 60 }, '155000000', '31000000.00', 'original ÷ 5 years'],
    ['months that are no whole years', { termMonths: 30 }, '30', '12.00', 'original ÷ 30 months × 12'],
    ['its dates, where these are whole years', { startsOn: '2015-09-01', endsOn: '2018-08-31' }, '6807000', '2269000.00', 'original ÷ 3 years by its dates'],
    ['its dates, where these are whole months', { startsOn: '2016-01-15', endsOn: '2017-07-14' }, '18', '12.00', 'original ÷ 18 months × 12 by its dates'],
    // 1 January to 10 April 2016 are 101 days: 101 ÷ 101 × 365
    ['its days, where these are no whole months', { startsOn: '2016-01-01', endsOn: '2016-04-10' }, '101', '365.00', 'original ÷ 101 days × 365 by its dates'],
    ['its days, where it is of one day', { startsOn: '2016-01-01', endsOn: '2016-01-01' }, '2', '730.00', 'original ÷ 1 day × 365 by its dates'],
    ['one month, where it has no more', { termMonths: 1 }, '5', '60.00', 'original ÷ 1 month × 12'],
    ['its dates and options, where the value covers them', { startsOn: '2016-01-01', endsOn: '2016-12-31', covers: 'with-options', options: [{ option: 'a', months: 12 }, { option: 'b', months: 12, status: 'lapsed' }] }, '50', '25.00', 'original ÷ 2 years with options by its dates'],
    ['options that lead beyond the last year in which a day can be recorded', { startsOn: '3199-01-01', endsOn: '3199-12-31', covers: 'with-options', options: [{ option: 'a', months: 12 }] }, '50', '25.00', 'original ÷ 2 years with options by its dates'],
    ['its months before its dates, which may contradict them', { termMonths: 12, startsOn: '2016-01-01', endsOn: '2017-12-31' }, '50', '50.00', 'original ÷ 1 year'],
    ['yen, which have no smaller unit', { termMonths: 84, value: { amount: '1000000', currency: 'JPY' } }, undefined, '142857', 'original ÷ 7 years'],
    ['dinar, which have three digits', { termMonths: 84, value: { amount: '1', currency: 'KWD' } }, undefined, '0.143', 'original ÷ 7 years'],
  ])('is counted by %s', async (_, terms, value, amount, divides) =>
    expect(await yearOf({ ...(value && { value: gbp(value) }), ...terms })).toMatchObject({ amount, of: 'original', divides }),
  ); // prettier-ignore

  it('lies between what the longest and the shortest term make of it, where its dates are known to the month', async () => {
    // Two years at most: £50. From 29 February 2016 to 1 January 2018 at the least, 673 days: 100 × 365 ÷ 673 = £54.23.
    const year = await yearOf({ value: gbp('100'), startsOn: '2016-02', endsOn: '2018-01' });
    expect(year).toMatchObject({
      amount: '52.12',
      qualifier: 'about',
      roundedTo: '4.24',
      divides: 'original ÷ at most 2 years by its dates',
    });
  });

  it('lies between both also where one of its dates alone is known to the month', async () => {
    // A year at most: £100. From 29 February 2016 to 31 January 2017 at the least, 338 days: 100 × 365 ÷ 338 = £107.99.
    expect(await yearOf({ value: gbp('100'), startsOn: '2016-02', endsOn: '2017-01-31' })).toMatchObject({ amount: '104.00', qualifier: 'about', divides: 'original ÷ at most 1 year by its dates' }); // prettier-ignore
    expect(await yearOf({ value: gbp('100'), startsOn: '2016-02-01', endsOn: '2017-01' })).toMatchObject({ qualifier: 'about', divides: 'original ÷ at most 1 year by its dates' }); // prettier-ignore
  });

  it('lies between what the longest term makes of the least value, and the shortest of the most', async () => {
    // £90 to £110 over two years at most: £45. Over 673 days at the least: 110 × 365 ÷ 673 = £59.66.
    const year = await yearOf({ value: gbp('100', { qualifier: 'about', roundedTo: '20' }), startsOn: '2016-02', endsOn: '2018-01' });
    expect(year).toMatchObject({ amount: '52.33', qualifier: 'about', roundedTo: '14.66' });
  });

  it('is at least what the longest term makes of the least, where nothing bounds the value', async () => {
    const year = await yearOf({ value: gbp('100', { qualifier: 'at-least' }), startsOn: '2016-02', endsOn: '2018-01' });
    expect(year).toMatchObject({ amount: '50.00', qualifier: 'at-least', divides: 'original ÷ at most 2 years by its dates' });
  });

  it.each([
    ['at most', { qualifier: 'at-most' }, { qualifier: 'at-most' }],
    ['at least', { qualifier: 'at-least' }, { qualifier: 'at-least' }],
    ['exact', {}, {}],
    ['rounded to a million', { roundedTo: '1000000' }, { roundedTo: '500000.00' }],
    ['about', { qualifier: 'about', roundedTo: '1000000' }, { qualifier: 'about', roundedTo: '500000.00' }],
  ])('is known as the value is: %s', async (_, value, known) => {
    const rest = (year: Record<string, unknown>) => Object.fromEntries(['amount', 'currency', 'qualifier', 'roundedTo'].flatMap((name) => (name in year ? [[name, year[name]]] : []))); // prettier-ignore
    expect(rest(await yearOf({ value: gbp('95000000', value), termMonths: 24 }))).toEqual({ ...gbp('47500000.00'), ...known });
    // 730 days
    const byDays = rest(await yearOf({ value: gbp('95000000', value), startsOn: '2016-01-02', endsOn: '2017-12-31' }));
    expect(byDays).toEqual({ ...gbp('47500000.00'), ...known });
  });

  it('is rounded as far as the value is: about £95m over six years', async () =>
    // £94.5m to £95.5m, so that a year is known to £1m ÷ 6
    expect(await yearOf({ value: gbp('95000000', { qualifier: 'about' }), termMonths: 72 })).toMatchObject({
      amount: '15833333.33',
      qualifier: 'about',
      roundedTo: '166666.67',
    }));

  it.each([
    ['the value', { value: { undisclosed: true }, termMonths: 60 }],
    ['the first day', { value: gbp('1'), endsOn: '2018-08-31' }],
    ['the last day', { value: gbp('1'), startsOn: '2015-09-01' }],
    ['a month between its first and its last day', { value: gbp('1'), startsOn: '2016-02', endsOn: '2016-02' }],
    ['the month', { value: gbp('1'), startsOn: '2015', endsOn: '2018-08-31' }],
  ])('is not known without %s', async (_, terms) => expect(await yearOf(terms)).toBeNull());

  it('keeps to the term that was agreed at first', async () => {
    const of = await world({ value: gbp('6807000'), startsOn: '2015-09-01', endsOn: '2018-08-31' });
    await of.record('contract-h', 'ApproveChange', { kind: 'term', endsOn: '2020-08-31' });
    const row = (await inMemory('contract-register', of)).row('contract:h');
    expect([row.ends, row.perYear.amount, row.perYear.divides]).toEqual(['2020-08-31', '2269000.00', 'original ÷ 3 years by its dates']);
  });
});

describe('an end that is counted from the start of the service', () => {
  it('says so on the board, in the register and among the deadlines', async () => {
    const of = await world({
      value: gbp('96000000'),
      termMonths: 60,
      options: [{ option: 'a', months: 12 }],
      breaks: [{ afterMonths: 24 }],
    });
    await of.record('contract-h', 'SignContract', {}, { effectiveOn: '2015-08-24' });
    await of.record('contract-h', 'StartService', {}, { effectiveOn: '2015-11-02' });
    const entry = (await inMemory('tower-board', of)).row('tower:hosting').contracts[0];
    expect(entry.term).toMatchObject({ ends: '2020-11-01', endBasis: 'service-start', latestEnd: '2021-11-01' });
    expect((await inMemory('contract-register', of)).row('contract:h')).toMatchObject({ ends: '2020-11-01', endBasis: 'service-start' });
    const duties = await inMemory('deadlines', of);
    const counted = ', counted from the start of its service';
    expect(duties.row('end:h')).toMatchObject({ what: `Hosting ends${counted}`, due: '2020-11-01' });
    expect(duties.row('option:h/a')).toMatchObject({ what: `Last day to exercise a of Hosting, 12 months${counted}`, due: '2020-11-01' });
    expect(duties.row('break:h/24').what).toContain(counted);
    await of.record('contract-h', 'SetTerm', { startsOn: '2015-11-02' });
    const stated = await inMemory('deadlines', of);
    expect([stated.row('end:h').what, stated.row('end:h').due]).toEqual(['Hosting ends', '2020-11-01']);
    expect((await inMemory('contract-register', of)).row('contract:h').endBasis).toBe('term-start');
    await of.record('contract-h', 'ApproveChange', { kind: 'term', endsOn: '2022' });
    expect((await inMemory('contract-register', of)).row('contract:h').endBasis).toBe('stated');
  });
});
