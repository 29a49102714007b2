import { describe, expect, it } from '@jest/globals';
import { whenContractTerminatedThenTerminateForced } from '../../src/domain/contract/automations/when-contract-terminated-then-terminate-forced.js';
import { whenOptionWindowPassedThenLapseOption } from '../../src/domain/contract/automations/when-option-window-passed-then-lapse-option.js';
import { contract } from '../../src/domain/contract/index.js';
import { context, historyOf, stream, theFact, type GivenEvent } from '../given.js';

// Every event here was recorded on 2026-03-01.
const awarded = (more: object = {}) => context('ContractAwarded', { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: { amount: '1000000', currency: 'GBP' }, startsOn: '2021-09-01', endsOn: '2026-08-31', ...more }, '2021-06-01'); // prettier-ignore
const signed = context('ContractSigned', {}, '2021-07-01');
const given = (...events: readonly GivenEvent[]) => historyOf(stream(contract, 'hosting', ...events));

describe('an option whose window has passed', () => {
  /** The window of the first closes on 2026-03-01, that of the second on 2026-05-31. */
  const options = [{ option: 'first', months: 12, noticeMonths: 6 }, { option: 'second', months: 12, noticeMonths: 3 }]; // prettier-ignore
  const begun = [awarded({ endsOn: '2026-09-01', options }), signed] as const;
  const due = (item: string, today: string, ...events: readonly GivenEvent[]) =>
    whenOptionWindowPassedThenLapseOption.due({ history: given(...events), item, programme: undefined, today });
  const dayOf = (found: ReturnType<typeof due>) => found?.body.record.effectiveOn;

  it('lapses on the day after, by the window of its own, also where the ledger learned of it on its last day', () => {
    expect(dayOf(due('first', '2026-03-02', ...begun))).toBe('2026-03-02');
    expect(due('second', '2026-06-01', ...begun)).toBeUndefined();
    expect(dayOf(due('second', '2026-06-02', ...begun))).toBe('2026-06-02');
  });

  it('lapses because of the event that gave it its last day, not of one that came later', () =>
    expect(due('first', '2026-03-02', ...begun)?.cause.id).toBe(theFact(1)));

  it.each<[string, object, string | undefined]>([
    ['is held open by an extension that is sought by it', { option: 'first' }, '2026-09-02'],
    ['is held open by an extension that is sought by no option', {}, '2026-09-02'],
    ['is not held open by an extension that is sought by another option', { option: 'second' }, '2026-03-02'],
  ])(
    '%s',
    (_, sought, day) =>
    expect(dayOf(due('first', '2026-12-01', ...begun, context('ExtensionSought', { why: 'The successor is late', ...sought }, '2026-02-01')))).toBe(day), // prettier-ignore
  );

  it.each([
    ['2025', '2026-03-02'],
    ['2026-03-01', '2026-03-02'],
    ['2026-03-02', undefined],
  ])('of a history that is complete from %s on lapses on %s', (historyCompleteFrom, day) => {
    const { data } = awarded({ endsOn: '2026-09-01', options });
    const recorded = context('ContractRecorded', { ...data, role: 'outside', stage: 'live', historyCompleteFrom }, '2025-01-01');
    expect(dayOf(due('first', '2026-12-01', recorded))).toBe(day);
  });
});

describe('a contract whose end another termination makes necessary', () => {
  const terminated = (more: object, on: string) => context('ContractTerminated', { ground: 'Insolvency', ...more }, on);
  const due = (item: string, programme: { lateGraceDays?: number } | undefined, ...events: readonly GivenEvent[]) =>
    whenContractTerminatedThenTerminateForced.due({ history: given(awarded(), signed, ...events), item, programme, today: '2026-03-02' });
  const forces = [{ contract: 'network', endsOn: '2026-04-30' }, { contract: 'desk' }];

  it('is terminated by the termination that names it, with the last day that is stated for it, and nothing else is said', () => {
    const events = [terminated({ partial: true, forces }, '2026-03-01'), terminated({ forces: [{ contract: 'voice' }] }, '2026-03-01')];
    expect(due('network', undefined, ...events)?.body).toStrictEqual({
      ground: 'Forced by the termination of hosting',
      causedBy: 'hosting',
      endsOn: '2026-04-30',
      record: { effectiveOn: '2026-03-01', decidedBy: { person: 'ana' } },
    });
    expect(Object.keys(due('desk', undefined, ...events)!.body)).toEqual(['ground', 'causedBy', 'record']);
    expect([due('desk', undefined, ...events)?.key, due('voice', undefined, ...events)?.key]).toEqual([theFact(3), theFact(4)]);
  });

  it('is none that no termination names', () => {
    const events = [terminated({ forces, partial: true }, '2026-03-01'), terminated({}, '2026-03-01')];
    expect(due('desk', undefined, ...events)?.key).toBe(theFact(3));
    expect(due('voice', undefined, ...events)).toBeUndefined();
    expect(due('voice', undefined)).toBeUndefined();
  });

  it.each([
    ['on the day of its record', '2026-03-01', undefined, true],
    ['a day late', '2026-02-28', undefined, false],
    ['a day late, where the programme gives no days', '2026-02-28', {}, false],
    ['within the days that the programme gives', '2026-02-24', { lateGraceDays: 5 }, true],
    ['after the days that the programme gives', '2026-02-23', { lateGraceDays: 5 }, false],
  ])('follows a termination that was recorded %s: %s', (_, on, programme, follows) =>
    expect(due('desk', programme, terminated({ forces }, on)) !== undefined).toBe(follows),
  );

  it.each([
    ['2026-02-01', true],
    ['2026-02', false],
    ['2026-02-02', false],
  ])('of a history that is complete from %s on follows one of 2026-02-01: %s', (historyCompleteFrom, follows) => {
    const { startsOn: _, ...data } = awarded().data as { startsOn: string };
    const recorded = context('ContractRecorded', { ...data, role: 'outside', stage: 'live', historyCompleteFrom }, '2025-01-01');
    const history = given(recorded, terminated({ forces }, '2026-02-01'));
    const found = whenContractTerminatedThenTerminateForced.due({ history, item: 'desk', programme: undefined, today: '2026-03-02' });
    expect(found !== undefined).toBe(follows);
  });
});
