import { describe, expect, it } from '@jest/globals';
import {
  agreedEndOf,
  contract,
  endBasisOf,
  endOfContract,
  firstDayOf,
  lastDayOf,
  pastEndFrom,
  type Contract,
} from '../../src/domain/contract/index.js';
import { statedLastDayOf } from '../../src/domain/contract/state.js';
import { context, historyOf, stream, type GivenEvent } from '../given.js';

const terms = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: { amount: '100', currency: 'GBP' } };
const awarded = (more: object = {}) => context('ContractAwarded', { ...terms, ...more }, '2015');
const signed = context('ContractSigned', {}, '2015-12');
const started = (day: string) => context('ServiceStarted', {}, day);
const notice = (takesEffectOn?: string) => context('TerminationNoticeGiven', { by: 'authority', ...(takesEffectOn && { takesEffectOn }) }, '2018'); // prettier-ignore
const contractAfter = (...facts: readonly GivenEvent[]): Contract => historyOf(stream(contract, 'c', ...facts)).state as Contract;

const fiveYears = { termMonths: 60 };
const fromNewYear = { startsOn: '2016-01-01', ...fiveYears };

describe('the first and the last day of a contract', () => {
  it.each([
    ['nothing of either', awarded(), [], undefined, undefined, null],
    ['its first day alone', awarded({ startsOn: '2016-01-01' }), [], { on: '2016-01-01', of: 'term' }, undefined, null],
    ['its months alone', awarded(fiveYears), [], undefined, undefined, null],
    ['its first day and its months', awarded(fromNewYear), [], { on: '2016-01-01', of: 'term' }, '2020-12-31', 'term-start'],
    ['its last day alone', awarded({ endsOn: '2021-03-31' }), [], undefined, '2021-03-31', 'stated'],
    ['all three, which differ', awarded({ ...fromNewYear, endsOn: '2021-03-31' }), [], { on: '2016-01-01', of: 'term' }, '2021-03-31', 'stated'], // prettier-ignore
    ['its months, and the service started', awarded(fiveYears), [started('2016-04-01')], { on: '2016-04-01', of: 'service' }, '2021-03-31', 'service-start'], // prettier-ignore
    ['an unknown first day, and the service started', awarded({ startsOn: 'unknown', ...fiveYears }), [started('2016-04-01')], { on: '2016-04-01', of: 'service' }, '2021-03-31', 'service-start'], // prettier-ignore
    ['its months, and the service started on an unknown day', awarded(fiveYears), [started('unknown')], undefined, undefined, null],
    ['no months, and the service started', awarded(), [started('2016-04-01')], { on: '2016-04-01', of: 'service' }, undefined, null],
    ['a first day, and the service started later', awarded(fromNewYear), [started('2016-04-01')], { on: '2016-01-01', of: 'term' }, '2020-12-31', 'term-start'], // prettier-ignore
    ['a notice that takes effect before its end', awarded(fromNewYear), [signed, notice('2019-06-30')], { on: '2016-01-01', of: 'term' }, '2019-06-30', 'stated'], // prettier-ignore
    ['a notice that takes effect on its last day', awarded(fromNewYear), [signed, notice('2020-12-31')], { on: '2016-01-01', of: 'term' }, '2020-12-31', 'stated'], // prettier-ignore
    ['a notice for the day that is counted from the service', awarded(fiveYears), [started('2016-04-01'), notice('2021-03-31')], { on: '2016-04-01', of: 'service' }, '2021-03-31', 'stated'], // prettier-ignore
    ['a notice that takes effect after its end', awarded(fromNewYear), [signed, notice('2021-06-30')], { on: '2016-01-01', of: 'term' }, '2020-12-31', 'term-start'], // prettier-ignore
    ['a notice without a day', awarded(fromNewYear), [signed, notice()], { on: '2016-01-01', of: 'term' }, '2020-12-31', 'term-start'],
    ['a notice, and no end', awarded(), [signed, notice('2019-06-30')], undefined, '2019-06-30', 'stated'],
    ['a notice, and an end counted from the service', awarded(fiveYears), [started('2016-04-01'), notice('2019-06-30')], { on: '2016-04-01', of: 'service' }, '2019-06-30', 'stated'], // prettier-ignore
  ] as const)('follow from %s', (_, award, later, first, last, basis) => {
    const c = contractAfter(award, ...later);
    expect([firstDayOf(c), lastDayOf(c), endBasisOf(c)]).toEqual([first, last, basis]);
  });

  it.each([
    ['2018', '[2018-01-01..2018-06-30]', '2018-07-01'],
    ['2018-06', '2018-06', '2018-07-01'],
    ['unknown', '[..2018-06-30]', '2018-07-01'],
    ['[2018-05..]', '[2018-05-01..2018-06-30]', '2018-07-01'],
    ['[..2018-03]', '[..2018-03]', '2018-04-01'],
    ['2018-03', '2018-03', '2018-04-01'],
    ['2018-06-30', '2018-06-30', '2018-07-01'],
    ['2018-07', '2018-06-30', '2018-07-01'],
    ['2019', '2018-06-30', '2018-07-01'],
  ])('with a notice for %s are the earlier of that and of 2018-06-30, as far as either is known', (noticed, last, past) => {
    const life = [awarded({ startsOn: '2016-01-01', endsOn: '2018-06-30' }), signed, notice(noticed)];
    const terminated = context('ContractTerminated', { ground: 'Convenience' }, '2018-02');
    for (const facts of [life, [...life, terminated]]) {
      const c = contractAfter(...facts);
      expect([lastDayOf(c), pastEndFrom(c), endBasisOf(c)]).toEqual([last, past, 'stated']);
    }
  });

  it('with an uncertain notice are the earlier of that and of an uncertain end', () => {
    const of = (endsOn: string, noticed: string) => lastDayOf(contractAfter(awarded({ endsOn }), signed, notice(noticed)));
    expect(of('2018', '2018-06')).toBe('[2018-01-01..2018-06-30]');
    expect(of('2018-06', '2018')).toBe('[2018-01-01..2018-06-30]');
    expect(of('[..2018-06-30]', '[2018..2019]')).toBe('[..2018-06-30]');
    expect(of('[2018..2019]', '[..2018-06-30]')).toBe('[..2018-06-30]');
    expect(of('unknown', '[2018..]')).toBe('unknown');
    expect(of('2018', '2018')).toBe('2018');
    expect(endBasisOf(contractAfter(awarded(fromNewYear), signed, notice('2020')))).toBe('stated');
  });

  it('stay those of a notice once the contract was terminated, unless that names a day', () => {
    const terminated = (more: object = {}) => context('ContractTerminated', { ground: 'Convenience', ...more }, '2018-03');
    const of = (...later: readonly GivenEvent[]) => {
      const c = contractAfter(awarded(fromNewYear), signed, ...later);
      return [lastDayOf(c), endBasisOf(c), pastEndFrom(c)];
    };
    expect(of(notice('2018-06-30'), terminated())).toEqual(['2018-06-30', 'stated', '2018-07-01']);
    expect(of(notice('2018-06-30'), terminated({ endsOn: '2018-09-30' }))).toEqual(['2018-09-30', 'stated', '2018-10-01']);
    expect(of(notice('2018-06-30'), context('TerminationNoticeWithdrawn', {}, '2018-02'), terminated())).toEqual(['2020-12-31', 'term-start', '2021-01-01']); // prettier-ignore
    expect(of(terminated())).toEqual(['2020-12-31', 'term-start', '2021-01-01']);
  });

  it('count what it was extended by, and would be with more months, from the service too', () => {
    const option = { option: 'o1', months: 12 };
    const extended = context('ExtensionExercised', { option: 'o1', months: 12 }, '2017');
    for (const [award, ends, later] of [
      [awarded({ ...fromNewYear, options: [option] }), '2021-12-31', '2022-06-30'],
      [awarded({ ...fiveYears, options: [option] }), '2022-03-31', '2022-09-30'],
    ] as const) {
      const c = contractAfter(award, started('2016-04-01'), extended);
      expect([endOfContract(c), endOfContract(c, 6)]).toEqual([ends, later]);
    }
  });

  it('that is counted from the service does not stand in the way of closing', () => {
    expect(statedLastDayOf(contractAfter(awarded(fiveYears), started('2016-04-01')))).toBeUndefined();
    expect(statedLastDayOf(contractAfter(awarded(fromNewYear), started('2016-04-01')))).toBe('2020-12-31');
    expect(statedLastDayOf(contractAfter(awarded(fiveYears), started('2016-04-01'), notice('2019-06-30')))).toBe('2019-06-30');
  });

  it('is passed from the day after the last on which it may lie, while nobody closed it', () => {
    expect(pastEndFrom(contractAfter(awarded(fromNewYear)))).toBe('2021-01-01');
    expect(pastEndFrom(contractAfter(awarded({ endsOn: '2020-11' })))).toBe('2020-12-01');
    expect(pastEndFrom(contractAfter(awarded({ endsOn: '[2020..]' })))).toBeUndefined();
    expect(pastEndFrom(contractAfter(awarded()))).toBeUndefined();
    const terminated = context('ContractTerminated', { ground: 'Convenience', endsOn: '2019-06-30' }, '2019');
    expect(pastEndFrom(contractAfter(awarded(fromNewYear), started('2016'), terminated))).toBe('2019-07-01');
  });

  it('as agreed at first stays, where it was stated', () => {
    const terminated = context('ContractTerminated', { ground: 'Convenience', endsOn: '2019-06-30' }, '2019');
    for (const [award, agreed] of [
      [awarded({ endsOn: '2021-03-31' }), '2021-03-31'],
      [awarded(fromNewYear), undefined],
      [awarded({ endsOn: 'unknown' }), undefined],
    ] as const) {
      expect(agreedEndOf(contractAfter(award))).toBe(agreed);
      const c = contractAfter(award, started('2016'), terminated);
      expect([agreedEndOf(c), lastDayOf(c)]).toEqual([agreed, '2019-06-30']);
    }
  });
});
