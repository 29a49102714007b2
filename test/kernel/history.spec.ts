import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { aggregates } from '../../src/domain/index.js';
import { split } from '../../src/engine/audit/audit.js';
import { bounds, canonical, certainlyBefore, eventsOf, History, Snapshot, IllegalTransitionError, UnsupportedSchemaVersionError, subject, text, contextOf, type Entry, type RecordedEvent } from '../../src/kernel/index.js'; // prettier-ignore
import { historyOf, stream, theFact, context } from '../given.js';
import { bounded, byStream, decisionEnds, moves, play, Tally, toldDate } from '../random-history.js';

const read = (name: string, events: Iterable<RecordedEvent>): History => {
  const [category, id] = split(name);
  return History.of(
    aggregates.find((s) => s.category === category)!,
    id,
    events,
  );
};
/** All that a reader can see of a history. */
const seen = (history: History): string =>
  canonical({
    state: history.state,
    entries: history.entries,
    withdrawn: [...history.withdrawn],
    notes: history.notes,
    revision: history.revision,
    steps: [...history.steps()].map(({ after }) => after),
  });
const typesOf = (entries: readonly Entry[]): string[] => entries.map(({ recorded }) => recorded.type);

const warned = (warning: string) => ({ warning, summary: 'Not without risk.', by: 'Watchdog', source: { title: 'A report' } });
/** A programme with warnings of these days. */
const ofProgramme = (...warnings: readonly (readonly [warning: string, on: string])[]): History =>
  historyOf(
    stream(
      programme,
      'met',
      context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '1950'),
      ...warnings.map(([warning, on]) => context('WarningAdded', warned(warning), on)),
    ),
  );
const orderOf = ({ state }: History): string[] => state.warnings.map(({ warning }: { warning: string }) => warning);
const awarded = { programme: 'met', title: 'EUC', supplier: 'csc', value: { unknown: true } };
const two = [context('ContractAwarded', awarded, '2016'), context('ContractSigned', {}, '2017')];

describe('history is told in any order', () => {
  it.each<readonly [what: string, said: readonly (readonly [string, string])[], stands: string]>([
    ['told in order, it stands as it was told', [['a', '2015'], ['b', '2016'], ['c', '2017']], 'a b c'],
    ['a late event stands before the first that is certainly later', [['a', '2015'], ['c', '2017'], ['b', '2016']], 'a b c'],
    ['events of one day keep the order in which they were told', [['a', '2016-02-29'], ['b', '2016-02-29']], 'a b'],
    ['a month does not move before a day that lies in it', [['a', '2016-02-29'], ['b', '2016-02']], 'a b'],
    ['an unknown date keeps its told place', [['a', '2015'], ['b', 'unknown'], ['c', '2014']], 'c a b'],
    ['an interval moves only before what it certainly precedes', [['a', '2016'], ['c', '2018'], ['b', '[2015..2017]']], 'a b c'],
    ['what is known only to lie before a day moves before it', [['a', '2016-03-01'], ['b', '[..2016-02-29]']], 'b a'],
    ['what is known only to begin on a day stays at the end', [['a', '2018'], ['b', '[2015..]']], 'a b'],
  ])('%s', (_, said, stands) => expect(orderOf(ofProgramme(...said)).join(' ')).toBe(stands)); // prettier-ignore

  it('is what the definition says: before the first event that is certainly later, else at the end', () =>
    fc.assert(
      fc.property(fc.array(toldDate, { maxLength: 12 }), (days) => {
        const stands: { readonly warning: string; readonly on: string }[] = [];
        days.forEach((on, i) => {
          const later = stands.findIndex((other) => certainlyBefore(on, other.on));
          stands.splice(later === -1 ? stands.length : later, 0, { warning: `w${i}`, on });
        });
        expect(orderOf(ofProgramme(...days.map((on, i) => [`w${i}`, on] as const)))).toEqual(stands.map(({ warning }) => warning));
      }),
    ));

  it('finds the place and the state of an event that is told late', () => {
    const history = ofProgramme(['a', '2015'], ['c', '2017']);
    const { place, state } = history.before('2016');
    expect(place).toBe(2);
    expect(state.warnings).toEqual([expect.objectContaining({ warning: 'a' })]);
    expect(history.before('unknown')).toEqual({ place: 3, state: history.state });
    expect(history.before('1949')).toEqual({ place: 0, state: programme.initial });
  });

  it('folds what stands behind a late event again, and names the event that can no longer follow', () => {
    const history = historyOf(stream(contract, 'euc', context('ContractAwarded', awarded, '2015'), context('ContractSigned', {}, '2017')));
    const late = (type: string, data: object) =>
      history.tryEvents([{ type, data }], [{ event: 'new-0', effectiveOn: '2016' }], history.before('2016'));
    expect(late('DelayRecorded', { milestone: 'Go-live', to: 'unknown' })).toEqual([expect.objectContaining({ stage: 'awarded' })]);
    expect(() => late('ServiceStarted', {})).toThrow(
      expect.objectContaining({ name: 'IllegalTransitionError', code: 'contract/stage', entry: history.entries[1] }),
    );
    expect(() => late('ContractClosed', { finalValue: { unknown: true }, endedOn: '2016' })).toThrow(
      expect.objectContaining({ name: 'IllegalTransitionError', code: 'contract/stage', entry: undefined }),
    );
  });
});

describe('a fact is read as it is believed', () => {
  const corrected = (event: number, pointer: string, value: unknown) =>
    context('FactCorrected', { event: theFact(event), pointer, value, because: 'error' });

  it('with the value that corrects it, and what it was before', () => {
    const { entries, state } = historyOf(stream(contract, 'euc', ...two, corrected(1, '/title', 'End-user computing')));
    expect(state.title).toBe('End-user computing');
    expect(entries[0]!.corrections).toEqual([
      { event: theFact(1), pointer: '/title', value: 'End-user computing', because: 'error', by: theFact(3), was: 'EUC' },
    ]);
    expect(entries[0]!.recorded.data.title).toBe('EUC');
  });

  it('by the newest correction of a field, or of what it is a part of', () => {
    const value = (...corrections: readonly ReturnType<typeof corrected>[]) =>
      historyOf(stream(contract, 'euc', ...two, ...corrections)).state.original;
    const amount = corrected(1, '/value/amount', '3');
    const whole = corrected(1, '/value', { amount: '2', currency: 'GBP' });
    expect(value(whole, amount)).toEqual({ amount: '3', currency: 'GBP' });
    expect(value(whole, amount, whole)).toEqual({ amount: '2', currency: 'GBP' });
    expect(value(whole, amount, whole, amount)).toEqual({ amount: '3', currency: 'GBP' });
  });

  it('at the place of its corrected date, which the state is told too', () => {
    const { entries, state } = historyOf(
      stream(contract, 'euc', ...two, context('DelayRecorded', { milestone: 'Go-live', to: 'unknown' }, '2018'), corrected(3, '/effectiveOn', '2016-12-31')), // prettier-ignore
    );
    expect(typesOf(entries)).toEqual(['ContractAwarded', 'DelayRecorded', 'ContractSigned']);
    expect(state.stage).toBe('signed');
  });

  it('with evidence that a correction adds', () => {
    const { entries } = historyOf(stream(contract, 'euc', ...two, corrected(1, '/evidence', [{ title: 'OJEU' }])));
    expect(entries[0]!.evidence).toEqual([{ title: 'OJEU' }]);
    expect(entries[0]!.data).toEqual(two[0]!.data);
  });

  it('and not at all once it was withdrawn', () => {
    const history = historyOf(stream(contract, 'euc', ...two, context('FactWithdrawn', { event: theFact(2) })));
    expect(history.state.stage).toBe('awarded');
    expect([...history.withdrawn]).toEqual([[theFact(2), theFact(3)]]);
    expect(history.revision).toBe(2);
  });

  it('with the notes on it; a note on nothing is on the whole subject', () => {
    const claim = { pointer: '/value', value: { unknown: true } };
    const { entries, notes } = historyOf(
      stream(contract, 'euc', ...two, context('FactAnnotated', { note: 'Seen' }), context('FactAnnotated', { event: theFact(1), note: 'Disputed', claim })), // prettier-ignore
    );
    expect(entries[0]!.notes).toEqual([expect.objectContaining({ note: 'Disputed', claim, by: theFact(4) })]);
    expect(notes).toEqual([expect.objectContaining({ note: 'Seen', by: theFact(3) })]);
  });

  it('in today’s shape: an older one is made newer, a newer one is never skipped', () => {
    const renamed = subject({
      category: 'tower',
      initial: { stage: 'none', title: '' },
      stages: ['none', 'planned'],
      events: {
        Planned: eventsOf<{ stage: string; title: string }>()({
          allowedIn: ['none'],
          fields: { title: text() },
          version: 3,
          upcast: { 1: ({ name }) => ({ label: name }), 2: ({ label }) => ({ title: label }) },
          evolve: (_, { title }) => ({ stage: 'planned', title }),
        }),
      },
      about: () => ({}),
    });
    const [any] = ofProgramme().recorded;
    const planned = (schemaVersion: number, data: object, type = 'Planned') =>
      History.of(renamed, 'x', [{ ...any!, type, data, metadata: { ...any!.metadata, schemaVersion } }]);
    expect(planned(1, { name: 'Hosting' }).state.title).toBe('Hosting');
    expect(planned(2, { label: 'Hosting' }).state.title).toBe('Hosting');
    expect(planned(3, { title: 'Hosting' }).state.title).toBe('Hosting');
    expect(() => planned(4, { title: 'Hosting' })).toThrow(UnsupportedSchemaVersionError);
    expect(() => planned(1, {}, 'Unheard')).toThrow(UnsupportedSchemaVersionError);
    expect(() => planned(1, { note: 'Later' }, 'FactAnnotated')).not.toThrow();
    expect(() => planned(2, { note: 'Later' }, 'FactAnnotated')).toThrow(UnsupportedSchemaVersionError);
  });
});

describe('a decision of several facts', () => {
  it('is found whole by its id', () => {
    const [award, signature, ...rest] = historyOf(stream(contract, 'euc', ...two, context('FactAnnotated', { note: 'Seen' }))).recorded;
    const command = { id: 'of-both', name: 'Tell' };
    const of = (event: RecordedEvent): RecordedEvent => ({ ...event, metadata: { ...event.metadata, command } });
    const history = read('contract-euc', [of(award!), of(signature!), ...rest]);
    expect(history.decision('of-both').map(({ type }) => type)).toEqual(['ContractAwarded', 'ContractSigned']);
    expect(history.decision('decision-3')).toHaveLength(1);
    expect(history.decision('none')).toEqual([]);
  });

  it('must stand after each of them: who follows the log reads one at a time', () => {
    const history = historyOf(stream(contract, 'euc', ...two, context('ServiceStarted', {}, '2018')));
    const given = { type: 'TerminationNoticeGiven', data: { by: 'authority' } };
    const withdrawn = { type: 'TerminationNoticeWithdrawn', data: {} };
    const at = (effectiveOn: string) => [given, withdrawn].map((_, i) => ({ event: `new-${i}`, effectiveOn }));
    expect(() => history.tryEvents([given, withdrawn], at('2019'), history.before('2019'))).not.toThrow();
    expect(() => history.tryEvents([given, withdrawn], at('2017'), history.before('2017'))).toThrow(IllegalTransitionError);
  });
});

describe('in every history that the ledger accepts', () => {
  /** Each stream of random histories. */
  const everyStream = (holds: (name: string, events: readonly RecordedEvent[]) => void, numRuns = 150) =>
    fc.assert(
      fc.asyncProperty(moves(), async (tried) => {
        for (const [name, events] of byStream(await (await play(tried)).events())) holds(name, events);
      }),
      { numRuns, ...bounded },
    );

  it('the effective order respects every certain order', () =>
    everyStream((name, events) => {
      for (const end of decisionEnds(events)) {
        const { entries } = read(name, events.slice(0, end + 1));
        entries.forEach((later, i) =>
          entries.slice(0, i).forEach((earlier) => expect(certainlyBefore(later.effectiveOn, earlier.effectiveOn)).toBe(false)),
        );
      }
    }));

  it('every state as of a day is folded from a beginning of the effective order', () =>
    everyStream((name, events) => {
      const history = read(name, events);
      const days = [...history.entries.map(({ effectiveOn }) => effectiveOn), '2009-12-31', '2012', '2016-02-29', 'unknown'];
      for (const day of days) {
        const { state, entries } = history.asOf(day);
        expect(entries).toEqual(history.entries.slice(0, entries.length));
        expect(state).toEqual(foldOf(history, entries));
        const next = history.entries[entries.length];
        if (next) expect(certainlyBefore(day, next.effectiveOn)).toBe(true);
        for (const entry of entries) expect(certainlyBefore(day, entry.effectiveOn)).toBe(false);
      }
    }));

  it('a state about a day names what may lie after it', () =>
    everyStream((name, events) => {
      const { entries, approximate } = read(name, events).asOf('2013-06-30');
      expect(approximate).toEqual(entries.filter(({ effectiveOn }) => bounds(effectiveOn).latest > '2013-06-30'));
    }, 50));

  it('what only goes on can be added to a history that has let go of what was recorded', () => {
    let [added, refused] = [0, 0];
    return everyStream((name, events) => {
      for (let cut = 0; cut < events.length; cut++) {
        const light = Snapshot.of(read(name, events.slice(0, cut)));
        const rest = events.slice(cut);
        const canExtend = light.canExtendWith(rest);
        // what only goes on finds every fact where it was told, and none corrected
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

  it('no beginning of a stream makes a fold throw, nor does a beginning of what is believed', () =>
    everyStream((name, events) => {
      for (const end of decisionEnds(events)) {
        const history = read(name, events.slice(0, end + 1));
        expect([...history.steps()].map(({ after }) => after).at(-1) ?? history.aggregate.initial).toEqual(history.state);
      }
    }));

  it('what is added event by event is the whole', () =>
    everyStream((name, events) => {
      let history = read(name, []);
      for (const event of events) history = history.extended([event]);
      expect(seen(history)).toBe(seen(read(name, events)));
    }));

  it('what is added decision by decision is the whole', () =>
    everyStream((name, events) => {
      let history = read(name, []);
      let from = 0;
      for (const end of decisionEnds(events)) history = history.extended(events.slice(from, (from = end + 1)));
      expect(seen(history)).toBe(seen(read(name, events)));
    }));

  it('what was known at a revision stays as it was, to the byte, whatever is told later', () =>
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

  it('an event finds its place where it will stand', () =>
    fc.assert(
      fc.asyncProperty(moves(), toldDate, async (tried, on) => {
        const world = await play(tried);
        const history = await world.history('programme-met');
        if (history.state.stage === 'none' || history.before(on).place === 0) return;
        const { place } = history.before(on);
        world.wait(2000);
        await world.tell('programme-met', 'AddWarning', { ...warned('placed'), warning: 'placed' }, { effectiveOn: on });
        const { entries } = await world.history('programme-met');
        expect(entries[place]!.data.warning).toBe('placed');
      }),
    ));

  it('hundreds of commands were accepted, of every kind', async () => {
    const tally = new Tally();
    await fc.assert(
      fc.asyncProperty(moves(), async (tried) => void (await tally.add(await play(tried)))),
      { numRuns: 300, ...bounded },
    );
    expect(tally.accepted).toBeGreaterThan(3000);
    for (const type of [...Object.keys(contract.events), 'FactCorrected', 'FactWithdrawn', 'FactAnnotated'])
      expect([type, tally.of(type) > 0]).toEqual([type, true]);
    expect([...tally.refused.keys()]).toEqual(expect.arrayContaining(['ledger/breaks-later-event', 'contract/not-yet', 'contract/stage']));
  });
});

const foldOf = ({ aggregate: { events, initial, invariants = {} } }: History, entries: readonly Entry[]) =>
  entries.reduce((state, entry) => {
    const { allowedIn, evolve } = events[entry.recorded.type];
    if (!allowedIn.includes(state.stage)) throw new IllegalTransitionError('stage', `${entry.recorded.type} follows ${state.stage}.`);
    const next = evolve(state, entry.data, contextOf(entry));
    for (const { holds } of Object.values(invariants)) expect(holds(next)).toBe(true);
    return next;
  }, initial);
