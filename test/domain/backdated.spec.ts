import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { closeContract } from '../../src/domain/contract/commands/close-contract.js';
import { recordContract } from '../../src/domain/contract/commands/record-contract.js';
import { recordDelay } from '../../src/domain/contract/commands/record-delay.js';
import { startService } from '../../src/domain/contract/commands/start-service.js';
import { terminateContract } from '../../src/domain/contract/commands/terminate-contract.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import type { Amount } from '../../src/kernel/index.js';
import { specification, stream, theFact, context, type GivenEvent } from '../given.js';

const given = specification(contract, {
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')),
    stream(supplier, 'keysource', context('SupplierRegistered', { title: 'Keysource', form: 'company' }, '2014')),
  ],
});
/** Awarded 2015, live 2016, changed 2019, terminated 2020, closed 2021. */
const closed = [awarded(), started(), changed('15200000', '2019'), terminated('2020'), ended()];

describe('history is recorded in any order', () => {
  it('a forgotten change of 2017 is accepted on a closed contract, in valid-time order', () =>
    given(...closed)
      .when(approveChange, to('10210000'), { effectiveOn: '2017' })
      .leaves(({ stage, ceiling, changes }, { entries }) => {
        expect([stage, (ceiling as Amount).amount]).toEqual(['closed', '15200000']);
        expect(changes.map(({ on, from, to }: any) => [on, from.amount, to.amount])).toEqual([
          ['2017', '6807000', '10210000'],
          ['2019', '10210000', '15200000'],
        ]);
        expect(entries.map(({ effectiveOn }) => effectiveOn)).toEqual(['2015', '2016', '2017', '2019', '2020', '2021']);
      }));

  it('the same change dated today is refused: the contract is closed', () =>
    given(...closed)
      .when(approveChange, to('10210000'))
      .rejects('contract/stage', { detail: 'closed' }));

  it('a backdated decision is taken on the state of its day, not on that of today', () =>
    given(...closed)
      .when(terminateContract, { ground: 'Convenience', partial: true }, { effectiveOn: '2018' })
      .leaves({ stage: 'closed' }));

  it('a fact that makes a later one impossible is refused, naming the later one', () =>
    given(...closed)
      .when(terminateContract, { ground: 'Breach' }, { effectiveOn: '2018' })
      .rejects('ledger/breaks-later-event', {
        event: theFact(3),
        eventType: 'ChangeApproved',
        eventEffectiveOn: '2019',
        because: 'contract/stage',
        detail: 'ChangeApproved of 2019 could no longer follow',
      }));

  it('a fact that makes a later change of the term impossible is refused, naming the change', () =>
    given(awarded(), started(), context('ChangeApproved', { kind: 'term', endsOn: '2016-06' }, '2019'))
      .when(startService, {}, { effectiveOn: '2015' })
      .rejects('ledger/breaks-later-event', { event: theFact(2), because: 'contract/stage' }));

  it('a later fact of an unknown date has to be dated first', () =>
    given(awarded(), started(), context('DelayRecorded', { milestone: 'Migration', to: '2020' }, '2019'), {
      ...changed('15200000'),
      effectiveOn: 'unknown',
    })
      .when(terminateContract, { ground: 'Breach' }, { effectiveOn: '2018' })
      .rejects('ledger/breaks-later-event', {
        eventType: 'ChangeApproved',
        eventEffectiveOn: 'unknown',
        detail: 'Refine its date first: it is unknown.',
      }));

  it('a second beginning is refused, also before the first', async () => {
    await given(awarded())
      .when(awardContract, award(), { effectiveOn: '2014' })
      .rejects('ledger/breaks-later-event', { because: 'contract/stage' });
    await given(awarded())
      .when(recordContract, record(), { effectiveOn: '2014' })
      .rejects('ledger/breaks-later-event', { because: 'contract/stage' });
  });

  it('a change before the award is refused, naming what the contract begins with', () =>
    given(...closed)
      .when(approveChange, to('10210000'), { effectiveOn: '2014' })
      .rejects('contract/not-yet', { pointer: '/record/effectiveOn', detail: 'ContractAwarded of 2015' }));
});

describe('every certain order is respected, and an uncertain date keeps the place where it was recorded', () => {
  it.each([
    ['a day within a year that is known no better', '2019-03-01', ['2015', '2016', '2019', '2019-03-01', '2020']],
    ['an interval that ends before a later fact', '[2017..2018]', ['2015', '2016', '[2017..2018]', '2019', '2020']],
    ['an interval that overlaps a later fact', '[2017..2019]', ['2015', '2016', '2019', '[2017..2019]', '2020']],
    ['an interval without a beginning', '[..2016]', ['2015', '2016', '[..2016]', '2019', '2020']],
    ['a month', '2018-12', ['2015', '2016', '2018-12', '2019', '2020']],
  ])('%s', (_, effectiveOn, order) =>
    given(awarded(), started(), changed('15200000', '2019'), delayed('2020'))
      .when(recordDelay, { milestone: 'Go-live', to: 'unknown' }, { effectiveOn })
      .leaves((_, { entries }) => expect(entries.map((entry) => entry.effectiveOn)).toEqual(order)),
  );

  it('an unknown date stands where it was recorded', () =>
    given(awarded(), started(), terminated('2020'))
      .when(closeContract, ended().data, { effectiveOn: 'unknown' })
      .leaves((_, { entries }) => expect(entries.at(-1)!.recorded.type).toBe('ContractClosed')));

  it('an unknown date keeps its place when a backdated fact comes in before it', () =>
    given(awarded(), started(), { ...changed('15200000'), effectiveOn: 'unknown' }, terminated('2020'))
      .when(approveChange, to('10210000'), { effectiveOn: '2017' })
      .leaves(({ ceiling, changes }) => {
        expect(changes.map(({ on }: any) => on)).toEqual(['unknown', '2017']);
        expect((ceiling as Amount).amount).toBe('10210000');
      }));
});

function award() {
  const value = { amount: '6807000', currency: 'GBP' };
  return { programme: 'met', title: 'Data centre managed service', suppliers: [{ supplier: 'keysource' }], value };
}
function record() {
  return { ...award(), stage: 'live', role: 'outside' };
}
function to(amount: string) {
  return { kind: 'value', to: { amount, currency: 'GBP' } };
}
function awarded(): GivenEvent {
  return context('ContractAwarded', award(), '2015');
}
function started(): GivenEvent {
  return context('ServiceStarted', {}, '2016');
}
function changed(amount: string, on = '2019'): GivenEvent {
  return context('ChangeApproved', to(amount), on);
}
function delayed(on: string): GivenEvent {
  return context('DelayRecorded', { milestone: 'Migration', to: 'unknown' }, on);
}
function terminated(on: string): GivenEvent {
  return context('ContractTerminated', { ground: 'Expiry' }, on);
}
function ended(): GivenEvent {
  return context('ContractClosed', { finalValue: { undisclosed: true }, endedOn: '2021' }, '2021');
}
