import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aggregates } from '../../src/domain/index.js';
import { split } from '../../src/engine/audit/audit.js';
import { History, type RecordedEvent } from '../../src/kernel/index.js';
import { everyMove, playEveryMove } from '../every-move.js';
import { byStream, Tally } from '../random-history.js';

const of = (stream: string, events: Iterable<RecordedEvent>): History => {
  const [category, id] = split(stream);
  return History.of(
    aggregates.find((one) => one.category === category)!,
    id,
    events,
  );
};
/** Everything that a history shows. Each part is kept once it was asked for, so a version that is asked early must not keep too little. */
const shownBy = (history: History) => ({
  recorded: history.recorded.map(({ id }) => id),
  revision: history.revision,
  state: history.state,
  entries: history.entries,
  notes: history.notes,
  withdrawn: [...history.withdrawn].sort(),
  duplicateOf: history.duplicateOf,
  latestStart: history.latestStart,
  first: history.first,
  bytes: history.bytes,
});

it('a history that is read at once, event by event or in two parts shows the same, whatever was corrected, withdrawn, reinstated or marked', async () => {
  const tally = new Tally();
  /** Streams with events behind one that takes all of its facts away. */
  let behindDuplicate = 0;
  await fc.assert(
    fc.asyncProperty(everyMove(45), fc.nat(999), async (moves, any) => {
      const world = await playEveryMove(moves);
      await tally.add(world);
      for (const [stream, events] of byStream(await world.events())) {
        const whole = shownBy(of(stream, events));
        expect(whole.recorded).toEqual(events.map(({ id }) => id));

        const versions: History[] = [];
        let grown = of(stream, []);
        for (const event of events) {
          grown = grown.extended([event]);
          expect(grown.recorded.at(-1)).toBe(event);
          versions.push(grown);
        }
        expect(shownBy(grown)).toEqual(whole);
        const cut = any % events.length;
        expect(shownBy(versions[cut]!)).toEqual(shownBy(of(stream, events.slice(0, cut + 1))));
        expect(shownBy(versions[cut]!.extended(events.slice(cut + 1)))).toEqual(whole);
        expect(whole.bytes).toBeGreaterThan(1000 * events.length);
        if (events.slice(0, -1).some(({ type }) => type === 'DuplicateMarked')) behindDuplicate++;
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
  expect(behindDuplicate).toBeGreaterThan(0);
  for (const type of ['FactCorrected', 'FactWithdrawn', 'FactReinstated', 'DuplicateMarked', 'FactAnnotated'])
    expect([type, tally.of(type) > 0]).toEqual([type, true]);
});
