import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { figuresIn, netIn, outstandingIn, type Loss } from '../../src/domain/loss/index.js';
import { betweenOf, isAmount, minor, type Provenance } from '../../src/kernel/index.js';
import { uncertainDate, recordWorld, World } from '../random-history.js';

const CURRENCIES = ['GBP', 'JPY', 'BHD', 'CLF'] as const;
const units = fc.integer({ min: 1, max: 120 });
const on = fc.option(uncertainDate, { nil: undefined, freq: 2 });
const COMMANDS = ['ReviseLoss', 'ProposeWriteOff', 'WithdrawWriteOffProposal', 'WriteOff', 'WriteOff', 'RecordRecovery', 'RecordRecovery', 'ReverseRecovery', 'ReverseWriteOff', 'CloseLoss'] as const; // prettier-ignore
const act = fc.record({ kind: fc.constant('act' as const), command: fc.constantFrom(...COMMANDS), units, about: fc.boolean(), on });
const mend = fc.record({
  kind: fc.constantFrom('correct' as const, 'redate' as const, 'withdraw' as const, 'reinstate' as const),
  pick: fc.nat(99),
  units,
  on,
});
const moves = fc.array(fc.oneof({ weight: 4, arbitrary: act }, { weight: 1, arbitrary: mend }), {
  minLength: 5,
  maxLength: 25,
  size: 'max',
});

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/**
 * gross = recovered + net written off + outstanding, at both ends of what the gross may be, and in what the state shows. Where more had
 * come back than the gross was, as a later revision says, that stands for the gross; never at the end, since the revision was refused.
 */
const equationHolds = (l: Loss, isLast: boolean): void => {
  const { least, most } = figuresIn(l);
  const [net, outstanding] = [netIn({ least, most }), outstandingIn({ least, most })];
  expect(net.least >= 0n && outstanding.least >= 0n && net.least <= net.most!).toBe(true);
  expect(least.recovered + net.least + outstanding.least >= betweenOf(l.gross).least).toBe(true);
  const cameTo = (gross: bigint): bigint => (isLast ? gross : max(gross, most.recovered));
  if (most.gross !== undefined) expect(most.recovered + net.most! + outstanding.most!).toBe(cameTo(most.gross));
  const [currency] = l.currencies;
  if (currency === undefined || l.movements.length === 0) return;
  if (isAmount(l.gross) && (l.gross.qualifier ?? 'exact') === 'exact') {
    const shown = [l.recovered, l.net, l.outstanding].map((value) => (value && isAmount(value) ? minor(value) : 0n));
    expect(shown.reduce((sum, n) => sum + n, 0n)).toBe(cameTo(minor(l.gross)));
  }
  const { least: fewest, most: atMost } = l.net ? betweenOf(l.net) : { least: 0n, most: 0n };
  expect(fewest <= net.least && atMost! >= net.most!).toBe(true);
  if (most.gross !== undefined) expect(net.most! <= most.gross).toBe(true); // never a net above the gross
  const moved = l.movements.reduce((sum, m) => sum + minor({ amount: m.net.most, currency }), 0n);
  expect(moved).toBe(net.most);
};

describe('whatever is recorded of a loss, late, corrected, withdrawn or reinstated', () => {
  it.each(CURRENCIES)('gross = recovered + net + outstanding at every place, in %s', async (currency) => {
    const digits = { GBP: 2, JPY: 0, BHD: 3, CLF: 4 }[currency];
    const amount = (n: number, about = false) => ({
      amount: digits ? `${n}.${'5'.padEnd(digits, '0')}` : String(n),
      currency,
      ...(about && { qualifier: 'about' as const }),
    });
    let [accepted, places, mended, revised, reinstated] = [0, 0, 0, 0, 0];
    await fc.assert(
      fc.asyncProperty(units, fc.boolean(), moves, async (gross, roughly, tried) => {
        const world = new World('2019-06-03');
        await recordWorld(world);
        const raise = { programme: 'met', title: 'A loss', bearer: 'authority', category: 'other', gross: amount(gross, roughly) };
        await world.record('loss-x', 'RaiseLoss', raise, { effectiveOn: '2009' });
        const begun = world.accepted;
        for (const move of tried) {
          const record: Provenance = move.on === undefined ? {} : { effectiveOn: move.on };
          if (move.kind === 'act') {
            const { command } = move;
            const data =
              command === 'ReviseLoss'
                ? { gross: amount(move.units, move.about) }
                : command === 'CloseLoss'
                  ? { how: 'written-off-and-pursued' }
                  : command === 'WithdrawWriteOffProposal'
                    ? {}
                    : { amount: amount(Math.ceil(move.units / 3)) };
            await world.try('loss-x', command, data, record);
            continue;
          }
          const { entries, withdrawn } = await world.history('loss-x');
          if (move.kind === 'reinstate') {
            const [event] = [...withdrawn.keys()].slice(move.pick % Math.max(1, withdrawn.size));
            const before = world.accepted;
            if (event !== undefined) await world.try('loss-x', 'ReinstateFact', { event });
            reinstated += world.accepted - before;
            continue;
          }
          const event = entries[1 + (move.pick % Math.max(1, entries.length - 1))]?.recorded;
          if (!event) continue; // the loss itself stays
          const before = world.accepted;
          if (move.kind === 'withdraw') await world.try('loss-x', 'WithdrawFact', { event: event.id, withDependants: move.pick % 2 === 0 });
          else {
            const pointer = move.kind === 'redate' ? '/effectiveOn' : 'gross' in event.data ? '/gross' : '/amount';
            const value = move.kind === 'redate' ? (move.on ?? '2015') : amount(move.units);
            await world.try('loss-x', 'CorrectFact', { event: event.id, changes: [{ pointer, value }], because: 'error' });
          }
          mended += world.accepted - before;
        }
        accepted += world.accepted - begun;
        const history = await world.history('loss-x');
        for (const { after } of history.steps()) {
          equationHolds(after as Loss, false);
          places++;
        }
        equationHolds(history.state as Loss, true);
        revised += (history.state as Loss).revisions.length;
      }),
      { numRuns: 60, endOnFailure: true },
    );
    expect([accepted > 200, places > 200, mended > 20, revised > 20, reinstated > 2]).toEqual([true, true, true, true, true]);
  });
});
