import { describe, expect, it } from '@jest/globals';
import { contract, dueNotices, type Contract } from '../../src/domain/contract/index.js';
import { context, historyOf, stream, theFact, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const terms = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: gbp('1000000.00') };
const awarded = (regime: string, on: string, more: object = {}) => context('ContractAwarded', { ...terms, regime, ...more }, on);
const announced = (on: string) => context('AwardNoticePublished', { reference: 'n-1' }, on);
const published = (kind: string, on: string) => context('NoticePublished', { kind, reference: `${kind} ${on}` }, on);
const signed = (on: string) => context('ContractSigned', {}, on);
const changed = (data: object, on: string) => context('ChangeApproved', { kind: 'value', ...data }, on);
const proposed = (proposal: string, data: object, on: string) => context('ChangeProposed', { proposal, kind: 'value', ...data }, on);
const closed = (endedOn: string, on: string) => context('ContractClosed', { endedOn, finalValue: gbp('1000000') }, on);
const due = (...events: readonly GivenEvent[]) =>
  dueNotices(historyOf(stream(contract, 'hosting', ...events)).state as Contract).map(
    ({ notice, due, perhaps }) => `${notice} ${due ?? 'without a day'}${perhaps ? ', perhaps' : ''}`,
  );
/** A contract under the Act whose notices so far are all published. */
const underTheAct = (more: object = {}) =>
  [
    awarded('PA2023', '2025-03-01', more),
    announced('2025-03-02'),
    signed('2025-03-20'),
    published('contract-details', '2025-03-30'),
  ] as const;

describe('the notice of an end is due', () => {
  const terminated = (data: object = {}) => context('ContractTerminated', { ground: 'Breach', ...data }, '2025-12-01');

  it.each<[string, readonly GivenEvent[], readonly string[]]>([
    ['by the last day of services that were terminated', [terminated({ endsOn: '2026-01-31' })], ['termination 2026-03-01']],
    ['by the day of the termination, where it states no last day', [terminated()], ['termination 2025-12-30']],
    ['by the day on which the contract came to its end, once it is closed', [terminated(), closed('2025-12-20', '2026-01-05')], ['termination 2026-01-18']], // prettier-ignore
    ['never of a part: the contract goes on', [terminated({ partial: true, endsOn: '2025-12-31' })], []],
    ['never of a contract that runs on', [], []],
    ['never once it was published', [terminated(), published('termination', '2025-12-02')], []],
  ])('%s', (_, events, expected) => expect(due(...underTheAct(), ...events)).toEqual(expected));

  it('only where the law asks for one', () => {
    const ended = [awarded('PCR2015', '2016-01-31'), announced('2016-02-02'), signed('2016-02-20'), closed('2020-12-31', '2021-01-05')];
    expect(due(...ended)).toEqual([]);
  });
});

describe('a notice is perhaps due', () => {
  it('of an award that may be older than its law', () =>
    expect(due(awarded('PCR2015', '2015'))).toEqual(['award [2015-01-31..2016-01-30], perhaps']));

  it.each<[string, readonly GivenEvent[], readonly string[]]>([
    ['of a step on a value that is not known', [...underTheAct({ value: { undisclosed: true } }), changed({ by: gbp('10') }, '2025-06-01')], [`change/${theFact(5)} 2025-06-01, perhaps`]], // prettier-ignore
    ['never of a change that leaves the value alone', [...underTheAct({ value: { undisclosed: true } }), changed({ kind: 'term', endsOn: '2030-12-31' }, '2025-06-01')], []], // prettier-ignore
    ['of a proposed step on a value that is not known', [...underTheAct({ value: { undisclosed: true } }), proposed('more', { by: gbp('10') }, '2025-06-01')], ['change/more without a day, perhaps']], // prettier-ignore
    ['of a step that was proposed in another currency than the contract has since', [...underTheAct(), proposed('more', { by: gbp('10') }, '2025-06-01'), context('ContractRedenominated', { currency: 'EUR', rate: '0.8' }, '2025-07-01')], ['change/more without a day, perhaps']], // prettier-ignore
    ['never of a step that is certainly under 10 % of a rounded value', [...underTheAct({ value: { ...gbp('1000000'), qualifier: 'about', roundedTo: '1000' } }), changed({ by: gbp('99000') }, '2025-06-01')], []], // prettier-ignore
    ['of an option that is exercised, and whose value is not known', [...underTheAct({ endsOn: '2026-12-31', options: [{ option: 'a', months: 12 }] }), context('ExtensionExercised', { option: 'a' }, '2025-06-01')], [`change/${theFact(5)} 2025-06-01, perhaps`]], // prettier-ignore
  ])('%s', (_, events, expected) => expect(due(...events)).toEqual(expected));
});

describe('the notice of a change', () => {
  it.each(['2014-06-01', '2025-06-01'])('is asked for by no regulation of 2006, nor by a later law, on %s', (on) =>
    expect(due(awarded('PCR2006', '2014-01-10'), announced('2014-01-12'), signed('2014-02-20'), changed({ by: gbp('500000') }, on))).toEqual([])); // prettier-ignore

  it('has no day where that of the change is not known', () =>
    expect(due(awarded('PA2023', 'unknown'), announced('unknown'), changed({ by: gbp('500000') }, 'unknown'))).toEqual([`change/${theFact(3)} without a day, perhaps`])); // prettier-ignore

  it('under the regulations of 2015 is due where the ground certainly asks for one', () => {
    const begun = [awarded('PCR2015', '2016-01-31'), announced('2016-02-02'), signed('2016-02-20')];
    expect(due(...begun, changed({ by: gbp('500000') }, '2016-06-01'))).toEqual([]);
    expect(due(...begun, changed({ by: gbp('500000'), ground: 'reg. 72(1)(c)' }, '2016-06-01'))).toEqual([`change/${theFact(4)} without a day`]); // prettier-ignore
  });

  it('is of no indexation, and none comes between two changes', () => {
    const indexed = (on: string) => context('IndexationApplied', { index: 'CPI', percent: 50 }, on);
    expect(due(...underTheAct(), indexed('2025-06-01'))).toEqual([]);
    const life = [changed({ by: gbp('200000') }, '2025-06-01'), indexed('2025-08-01'), changed({ by: gbp('200000') }, '2025-09-01')];
    // published between the first change and the indexation: it is of the first, and a second one may be of the other change
    expect(due(...underTheAct(), ...life, published('change', '2025-07-01'))).toEqual([`change/${theFact(7)} 2025-09-01, perhaps`]);
    expect(due(...underTheAct(), ...life, published('change', '2025-07-01'), published('change', '2025-07-02'))).toEqual([]);
  });

  it('is asked for of the newest 20 changes; one that was published before the change before them is of none of them', () => {
    const days = Array.from({ length: 22 }, (_, i) => `2025-06-${String(i + 1).padStart(2, '0')}`);
    const changes = days.map((on) => changed({ by: gbp('900000') }, on));
    const asked = due(...underTheAct(), ...changes);
    expect([asked.length, asked[0]]).toEqual([20, `change/${theFact(7)} 2025-06-03, perhaps`]);
    expect(due(...underTheAct(), published('change', '2025-06-01'), ...changes)).toHaveLength(20);
    expect(due(...underTheAct(), ...changes, published('change', '2025-06-02'))).toHaveLength(19);
  });

  it('is of a proposal only once the change before it was approved', () => {
    const little = changed({ by: gbp('1') }, '2025-08-01');
    const more = proposed('more', { to: gbp('2000000'), decideBy: '2026-04-01' }, '2025-09-01');
    expect(due(...underTheAct(), little, more, published('change', '2025-07-31'))).toEqual(['change/more 2026-04-01, perhaps']);
    expect(due(...underTheAct(), little, more, published('change', '2025-08-02'))).toEqual([]);
  });

  it('is of no proposal that was decided, nor of a contract that is closed', () => {
    const open = proposed('more', { to: gbp('2000000') }, '2025-09-01');
    const rejected = context('ChangeRejected', { proposal: 'more', why: 'Too dear' }, '2025-10-01');
    expect(due(...underTheAct(), open)).toEqual(['change/more without a day, perhaps']);
    expect(due(...underTheAct(), open, rejected)).toEqual([]);
    expect(due(...underTheAct(), open, published('termination', '2025-12-31'), closed('2025-12-31', '2026-01-05'))).toEqual([]);
  });

  it('is not asked for of a change whose day is not known, once the history is complete only from a day on', () => {
    const brought = (more: object = {}) =>
      context('ContractRecorded', { ...terms, role: 'outside', stage: 'live', regime: 'PA2023', ...more }, '2025-03-01');
    const step = changed({ by: gbp('500000') }, '[2025-04..2025-05]');
    expect(due(brought({ historyCompleteFrom: '2025-04' }), step)).toEqual([`change/${theFact(2)} [2025-04..2025-05], perhaps`]);
    expect(due(brought({ historyCompleteFrom: '2025-06' }), step)).toEqual([]);
    expect(due(brought({ historyCompleteFrom: '2025-06' }), proposed('more', { by: gbp('500000') }, '2025-07'))).toEqual(['change/more without a day, perhaps']); // prettier-ignore
    expect(due(brought({ awardedOn: 'unknown', signedOn: 'unknown', historyCompleteFrom: '2020' }))).toEqual([]);
  });
});

it('no notice is asked for of a contract that was cancelled', () =>
  expect(due(awarded('PA2023', '2025-03-01'), context('ContractCancelled', { why: 'Out of money' }, '2025-04-01'))).toEqual([]));
