import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aggregates } from '../../src/domain/index.js';
import { split } from '../../src/engine/audit/audit.js';
import { bounds, canonical, certainlyBefore, contextOf, History, IllegalTransitionError, Snapshot, type Entry, type RecordedEvent } from '../../src/kernel/index.js'; // prettier-ignore
import { bounded, byStream, decisionEnds, moves, play, Tally, uncertainDate, playedEvents } from '../random-history.js';

const read = (name: string, events: Iterable<RecordedEvent>): History => {
  const [category, id] = split(name);
  return History.of(
    aggregates.find((s) => s.category === category)!,
    id,
    events,
  );
};
/** Everything that a history shows, as canonical JSON. */
const seen = (history: History): string =>
  canonical({
    state: history.state,
    entries: history.entries,
    withdrawn: [...history.withdrawn],
    notes: history.notes,
    revision: history.revision,
    steps: [...history.steps()].map(({ after }) => after),
  });
/** Whether an entry acts on its own day: one that reveals acts with what it completes. */
const ofItsDay =
  ({ aggregate }: History) =>
  ({ recorded }: Entry): boolean =>
    aggregate.events[recorded.type].reveals === undefined;
const warned = (warning: string) => ({ warning, summary: 'Not without risk.', by: 'Watchdog', source: { title: 'A report' } });

/** The streams of ledgers that were played, by their moves: with one seed every property draws the same moves. At most 200 ledgers. */
const ledgers = new Map<string, ReadonlyMap<string, readonly RecordedEvent[]>>();
const streamsAfter = async (tried: Parameters<typeof play>[0]): Promise<ReadonlyMap<string, readonly RecordedEvent[]>> => {
  const key = JSON.stringify(tried);
  const known = ledgers.get(key);
  if (known) return known;
  const streams = byStream(await (await play(tried)).events());
  if (ledgers.size < 200) ledgers.set(key, streams);
  return streams;
};

describe('in every history that the ledger accepts', () => {
  /** Checks each stream of random ledgers. */
  const everyStream = (holds: (name: string, events: readonly RecordedEvent[]) => void, numRuns = 150) =>
    fc.assert(
      fc.asyncProperty(moves(), async (tried) => {
        for (const [name, events] of await streamsAfter(tried)) holds(name, events);
      }),
      { numRuns, ...bounded },
    );

  it('valid-time order agrees with every certain order of dates', () =>
    everyStream((name, events) => {
      for (const end of decisionEnds(events)) {
        const history = read(name, events.slice(0, end + 1));
        const entries = history.entries.filter(ofItsDay(history));
        entries.forEach((later, i) =>
          entries.slice(0, i).forEach((earlier) => expect(certainlyBefore(later.effectiveOn, earlier.effectiveOn)).toBe(false)),
        );
      }
    }));

  it('the state as of a day is folded from a prefix of valid-time order', () =>
    everyStream((name, events) => {
      const history = read(name, events);
      const days = [...history.entries.map(({ effectiveOn }) => effectiveOn), '2009-12-31', '2012', '2016-02-29', 'unknown'];
      for (const day of days) {
        const { state, entries, revealed } = history.asOf(day);
        expect(state).toEqual(foldOf(history, entries));
        const record = entries.findIndex(({ asOf }) => asOf !== undefined);
        if (record >= 0) {
          // its record says what was there before its own day; only what came before the day stands before it
          const ids = entries.map(({ recorded }) => recorded.id);
          expect(history.entries.map(({ recorded }) => recorded.id).filter((id) => ids.includes(id))).toEqual(ids);
          expect(certainlyBefore(day, entries[record]!.effectiveOn)).toBe(true);
          for (const { effectiveOn } of entries.slice(0, record)) expect(certainlyBefore(day, effectiveOn)).toBe(false);
          continue;
        }
        expect(entries).toEqual(history.entries.slice(0, entries.length));
        const next = history.entries[entries.length];
        if (next && revealed.length === 0 && ofItsDay(history)(next)) expect(certainlyBefore(day, next.effectiveOn)).toBe(true);
        for (const entry of entries.filter(ofItsDay(history))) expect(certainlyBefore(day, entry.effectiveOn)).toBe(false);
      }
    }));

  it('the state as of a day names the events that may be after that day', () =>
    everyStream((name, events) => {
      const history = read(name, events);
      const { entries, approximate } = history.asOf('2013-06-30');
      // what completes another fact lies where that one lies, and a record behind the day
      const own = entries.filter((entry) => entry.asOf === undefined && ofItsDay(history)(entry));
      expect(approximate).toEqual(own.filter(({ effectiveOn }) => bounds(effectiveOn).latest > '2013-06-30'));
    }, 50));

  it('a snapshot that accepts further events has the same state as the whole history', () => {
    let [added, refused] = [0, 0];
    return everyStream((name, events) => {
      for (let cut = 0; cut < events.length; cut++) {
        const light = Snapshot.of(read(name, events.slice(0, cut)));
        const rest = events.slice(cut);
        const canExtend = light.canExtendWith(rest);
        // an extension leaves every event in recorded order and corrects none
        const inOrder = read(name, events).entries.slice(-rest.filter(({ type }) => type !== 'FactAnnotated').length || events.length);
        if (!canExtend) refused++;
        else {
          const { state, revision } = light.extended(rest);
          expect([state, revision]).toEqual([read(name, events).state, events.length - 1]);
          expect(inOrder.map(({ recorded }) => recorded.id)).toEqual(
            rest.filter(({ type }) => type !== 'FactAnnotated').map(({ id }) => id),
          );
          added++;
        }
      }
    }, 60).then(() => expect([added > 0, refused > 0]).toEqual([true, true]));
  });

  it('no prefix of a stream, and no prefix of its valid-time order, makes a fold throw', () =>
    everyStream((name, events) => {
      for (const end of decisionEnds(events)) {
        const history = read(name, events.slice(0, end + 1));
        expect([...history.steps()].map(({ after }) => after).at(-1) ?? history.aggregate.initial).toEqual(history.state);
      }
    }));

  it('extending a history event by event gives the same as reading it whole', () =>
    everyStream((name, events) => {
      let history = read(name, []);
      for (const event of events) history = history.extended([event]);
      expect(seen(history)).toBe(seen(read(name, events)));
    }));

  it('extending a history decision by decision gives the same as reading it whole', () =>
    everyStream((name, events) => {
      let history = read(name, []);
      let from = 0;
      for (const end of decisionEnds(events)) history = history.extended(events.slice(from, (from = end + 1)));
      expect(seen(history)).toBe(seen(read(name, events)));
    }));

  it('the state known at a revision stays the same, to the byte, whatever is recorded later', () =>
    everyStream((name, events) => {
      let growing = read(name, []);
      const then: [revision: number, text: string][] = [];
      let from = 0;
      for (const end of decisionEnds(events)) {
        growing = growing.extended(events.slice(from, (from = end + 1)));
        then.push([end, seen(growing)]);
      }
      for (const [revision, text] of then) expect(seen(growing.atRevision(revision))).toBe(text);
    }));

  it('a backdated event is placed where the decision expected it', () =>
    fc.assert(
      fc.asyncProperty(moves(), uncertainDate, async (tried, on) => {
        const world = await play(tried);
        const history = await world.history('programme-met');
        if (history.state.stage === 'none' || history.before(on).place === 0) return;
        const { place } = history.before(on);
        world.wait(2000);
        await world.record('programme-met', 'AddWarning', { ...warned('placed'), warning: 'placed' }, { effectiveOn: on });
        const { entries } = await world.history('programme-met');
        expect(entries[place]!.data.warning).toBe('placed');
      }),
    ));

  it('the random ledgers accept a thousand commands and more, with every type of event that they play', async () => {
    const tally = new Tally();
    await fc.assert(
      fc.asyncProperty(moves(), async (tried) => void (await tally.add(await play(tried)))),
      { numRuns: 120 }, // without a limit of time: the same histories on every machine
    );
    expect(tally.accepted).toBeGreaterThan(1000);
    for (const type of [...playedEvents, 'FactCorrected', 'FactWithdrawn', 'FactAnnotated'])
      expect([type, tally.of(type) > 0]).toEqual([type, true]);
    expect([...tally.refused.keys()]).toEqual(expect.arrayContaining(['ledger/breaks-later-event', 'contract/not-yet', 'contract/stage']));
  }, 60_000);
});

const foldOf = ({ aggregate: { events, initial, invariants = {} } }: History, entries: readonly Entry[]) =>
  entries.reduce((state, entry) => {
    const { allowedIn, evolve } = events[entry.recorded.type];
    if (!allowedIn.includes(state.stage)) throw new IllegalTransitionError('stage', `${entry.recorded.type} follows ${state.stage}.`);
    const next = evolve(state, entry.data, contextOf(entry));
    for (const { holds } of Object.values(invariants)) expect(holds(next)).toBe(true);
    return next;
  }, initial);
