import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { programme } from '../../src/domain/programme/index.js';
import { Snapshot, type History } from '../../src/kernel/index.js';
import { context, historyOf, stream, theFact } from '../given.js';
import { recordWorld, World } from '../random-history.js';

const warned = (warning: string) => ({ warning, summary: 'Not without risk.', by: 'Watchdog', source: { title: 'A report' } });
type Warned = readonly [warning: string, on: string, sequence?: number];
const given = (...warnings: readonly Warned[]): History =>
  historyOf(
    stream(
      programme,
      'met',
      context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '1950'),
      ...warnings.map(([warning, on, sequence]) =>
        context('WarningAdded', warned(warning), on, sequence === undefined ? {} : { sequence }),
      ),
    ),
  );
const orderOf = ({ state }: History): string => state.warnings.map(({ warning }: { warning: string }) => warning).join(' ');

describe('facts of one day', () => {
  const day = '2016-02-29';
  it.each<readonly [string, readonly Warned[], string]>([
    ['stand by their sequence', [['b', day, 2], ['a', day, 1], ['c', day, 3]], 'a b c'],
    ['stand as recorded where one has none', [['b', day, 2], ['a', day]], 'b a'],
    ['of the same sequence stand as recorded', [['b', day, 1], ['a', day, 1]], 'b a'],
    ['stand as recorded where the day is not exact', [['b', '2016-02', 2], ['a', '2016-02', 1]], 'b a'],
    ['go before the first of a higher sequence', [['c', day, 3], ['x', day], ['d', day, 4], ['b', day, 2]], 'b c x d'],
    ['never leave their day', [['b', '2016-03-01', 1], ['a', day, 2], ['c', '2016-03-02', 0]], 'a b c'],
    ['of a month keep their place beside', [['m', '2016-02', 1], ['b', day, 2], ['a', day, 1]], 'm a b'],
  ])('%s', (_, warnings, order) => expect(orderOf(given(...warnings))).toBe(order)); // prettier-ignore

  it('that all have one stand in its order, in whatever order they were recorded', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(30), { minLength: 2, maxLength: 9 }), (sequences) => {
        const history = given(...sequences.map((n): Warned => [`w${n}`, day, n]));
        expect(orderOf(history)).toBe(sequences.toSorted((a, b) => a - b).map((n) => `w${n}`).join(' ')); // prettier-ignore
      }),
    ));

  it('are decided on what stands before them, and folded again behind', () => {
    const history = given(['a', day, 1], ['c', day, 3]);
    expect(history.before(day, 2)).toMatchObject({ place: 2, state: { warnings: [{ warning: 'a' }] } });
    expect(history.before(day)).toMatchObject({ place: 3 });
  });

  it('make a snapshot be folded again where one may go before another', () => {
    const [charter, first, second] = given(['b', day, 2], ['a', day, 1]).recorded as any[];
    const whole = historyOf(stream(programme, 'met', context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '1950'), context('WarningAdded', warned('b'), day, { sequence: 2 }))); // prettier-ignore
    expect(charter).toBeDefined();
    expect(Snapshot.of(whole).canExtendWith([second])).toBe(false);
    expect(Snapshot.of(historyOf(stream(programme, 'met'))).canExtendWith([first])).toBe(true);
  });
});

it('a sequence is recorded with its fact, and a command that is sent again is the same', async () => {
  const world = new World('2019-06-03');
  await recordWorld(world);
  const award = { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value: { unknown: true } };
  const day = '2019-06-01';
  await world.record('contract-c', 'AwardContract', award, { effectiveOn: day, sequence: 1 });
  await world.record('contract-c', 'ApproveChange', { kind: 'scope', summary: 'Second' }, { effectiveOn: day, sequence: 3 });
  await world.record('contract-c', 'ApproveChange', { kind: 'value', by: { amount: '5', currency: 'GBP' } }, { effectiveOn: day, sequence: 2 }); // prettier-ignore
  const { state, entries } = await world.history('contract-c');
  expect(entries.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  expect(state.changes.map(({ kind }: { kind: string }) => kind)).toEqual(['value', 'scope']);
  for (const [then, now] of await world.again()) expect(now).toEqual({ ...then, outcome: now.outcome });
});

it('a sequence is corrected and removed like a field, with its trail: the fact moves within its day', () => {
  const day = '2016-02-29';
  const events = [['a', day, 1], ['b', day, 2]] as const; // prettier-ignore
  const corrected = (...changes: readonly object[]) =>
    historyOf(
      stream(
        programme,
        'met',
        context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '1950'),
        ...events.map(([warning, on, sequence]) => context('WarningAdded', warned(warning), on, { sequence })),
        ...changes.map((change) => context('FactCorrected', { event: theFact(2), changes: [change], because: 'error' })),
      ),
    );
  expect(orderOf(corrected())).toBe('a b');
  const moved = corrected({ pointer: '/record/sequence', value: 3 });
  expect(orderOf(moved)).toBe('b a');
  expect(moved.entries[2]).toMatchObject({ sequence: 3, corrections: [{ pointer: '/record/sequence', was: 1, value: 3 }] });
  const removed = corrected({ pointer: '/record/sequence', value: 3 }, { pointer: '/record/sequence', remove: true });
  expect([orderOf(removed), removed.entries[1]!.sequence]).toEqual(['a b', undefined]);
});

it('a correction of a sequence is judged at the new place, and refused where a later fact could no longer follow', async () => {
  const world = new World('2019-06-03');
  await recordWorld(world);
  const on = { effectiveOn: '2019-06-03' };
  await world.record('contract-c', 'AwardContract', { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value: { unknown: true } }, { ...on, sequence: 1 }); // prettier-ignore
  await world.record('contract-c', 'SignContract', {}, { ...on, sequence: 2 });
  const [award, signature] = (await world.history('contract-c')).recorded as any[];
  const correct = (event: string, value: number) =>
    world.record('contract-c', 'CorrectFact', { event, changes: [{ pointer: '/record/sequence', value }], because: 'error' });
  await expect(correct(award.id, 5)).rejects.toMatchObject({ code: 'ledger/breaks-later-event' });
  await expect(correct(signature.id, -1)).rejects.toMatchObject({ code: 'ledger/wrong-value' });
  await correct(signature.id, 7);
  expect((await world.history('contract-c')).entries.map(({ sequence }) => sequence)).toEqual([1, 7]);
});
