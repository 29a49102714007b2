import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  aggregate,
  bounds,
  eventsOf,
  History,
  isLedgerEvent,
  UnsupportedSchemaVersionError,
  type AnyAggregate,
  type Entry,
  type Event,
  type RecordedEvent,
} from '../../src/kernel/index.js';
import { checkpointBytes } from '../../src/kernel/checkpoints.js';
import { folds, plainly, tape, type PlainEntry, type Tape } from './plain-history.js';

const kinds = ['Opened', 'Added', 'Added', 'Added', 'Moved', 'Moved', 'Learned', 'FactCorrected', 'FactCorrected', 'FactWithdrawn', 'FactReinstated', 'FactAnnotated', 'DuplicateMarked'] as const; // prettier-ignore
const days = ['2016-01-01', '2016-01-02', '2016-01-03', '2016-01-10', '2016-02-01'] as const;
const dates = [...days, ...days, '2016-01', '2016', '[2016-01-02..2016-01-20]', '[..2016-01-05]', '[2016-01-03..]', 'unknown'];
const spec = fc.record({
  kind: fc.constantFrom(...kinds),
  n: fc.nat(9),
  on: fc.constantFrom(...dates),
  sequence: fc.option(fc.nat(3), { nil: undefined }),
  back: fc.oneof(fc.nat(3), fc.nat(9)),
  variant: fc.nat(1),
  more: fc.nat(63),
});
type Spec = typeof spec extends fc.Arbitrary<infer S> ? S : never;

const idOf = (revision: number, variant: number): string => `e${revision}-${variant}`;
const sources = [{ title: 'A paper' }];
const met = (n: number) => [{ rule: 'r', version: String(n), inputs: {}, result: 'met' as const }];

/** What a correction may write: a pointer, and the value or nothing. */
const changeOf = ({ n, on, more }: Spec, nth: number): object => {
  const changes = [
    { pointer: '/n', value: n },
    { pointer: '/amount', value: n },
    { pointer: '/effectiveOn', value: on },
    { pointer: '/effectiveOn', value: on },
    { pointer: '/record/sequence', value: n % 4 },
    { pointer: '/record/sequence', remove: true },
    { pointer: '/remark', value: `remark ${n}` },
    { pointer: '/remark', remove: true },
    { pointer: '/record/reason', value: `why ${n}` },
    { pointer: '/record/decidedBy', value: { person: `p-${n}` } },
    { pointer: '/record/decidedBy/person', value: `q-${n}` },
    { pointer: '/record/authority', remove: true },
    { pointer: '/evidence', value: [{ title: `paper ${n}` }] },
    { pointer: '/evidence', remove: true },
    { pointer: '/effectiveOn', remove: true },
  ];
  return changes[(more + 7 * nth) % changes.length]!;
};
const dataOf = (of: Spec, revision: number): object => {
  const { kind, n, on, back, variant, more } = of;
  const isSaidBefore = more % 16 === 7 && (kind === 'FactCorrected' || kind === 'FactAnnotated');
  const about = idOf(Math.max(0, revision - 1 - back + (isSaidBefore ? 2 * back : 0)), variant);
  const dependants = more % 3 === 0 ? { dependants: Array.from({ length: more % 2 ? 2 : 12 }, (_, i) => idOf(Math.max(0, Math.min(revision - 1, revision - 2 - back + i)), i % 2)) } : {}; // prettier-ignore
  switch (kind) {
    case 'Opened':
      return { since: on.length === 10 ? '2015-12-15' : '2015' };
    case 'FactCorrected':
      if (more % 8 === 7) return { event: about, pointer: '/n', value: n, because: 'error' };
      return { event: about, because: more % 4 === 1 ? 'settled' : 'error', changes: Array.from({ length: 1 + (more % 3) }, (_, i) => changeOf(of, i)) }; // prettier-ignore
    case 'FactWithdrawn':
    case 'FactReinstated':
      return { event: about, ...dependants };
    case 'DuplicateMarked':
      return { of: `other-${n}` };
    case 'FactAnnotated':
      if (more % 5 === 0) return { note: `note ${n}` };
      return {
        event: about,
        note: `note ${n}`,
        ...(more % 2 === 0 && { claim: { pointer: more % 4 === 0 ? '/n' : '/amount', value: n } }),
      };
    case 'Added':
      return more % 2 === 0 ? { n } : { amount: n, ...(more % 3 === 0 && { remark: 'old' }) };
    default:
      return { n };
  }
};
const recordedAs = (of: Spec, revision: number, variant: number): RecordedEvent => {
  const { kind, on, sequence, n, more } = of;
  const data = dataOf(of, revision);
  return {
    id: idOf(revision, variant),
    type: kind,
    data,
    stream: 'tape-x',
    revision,
    position: String(revision),
    metadata: {
      schemaVersion: kind === 'Added' ? ('n' in data ? 2 : 1) : kind === 'FactCorrected' ? 2 : 1,
      recordedAt: '2016-01-15T09:00:00.000Z',
      effectiveOn: on,
      ...(sequence !== undefined && { sequence }),
      about: {},
      command: { id: more % 3 === 0 ? `d${revision - 1}-${variant}` : `d${revision}-${variant}`, name: 'Given' },
      actor: { id: 'ana' },
      ...(more % 4 === 0 && { decidedBy: { person: 'bo' } }),
      ...(more % 5 === 0 && { authority: { reference: 'PCD 1' } }),
      ...(more % 6 === 0 && { reason: n % 2 ? '' : 'Because' }),
      ...(more % 7 === 0 && { evidence: sources }),
      ...(more % 3 === 1 && { assessed: n % 4 === 0 ? [] : met(n) }),
      $correlationId: 'given',
      $causationId: 'given',
      known: [],
    },
  };
};
/** Two events that may stand at each revision of a stream, whatever stands before them. */
const pool = (most: number) =>
  fc.array(fc.tuple(spec, spec), { minLength: 3, maxLength: most, size: 'max' }).map((rows) => {
    const of = (id: string): Spec | undefined =>
      rows.flatMap((pair, revision) => pair.filter((_, variant) => idOf(revision, variant) === id))[0];
    return rows.map((pair, revision) =>
      pair.map((one, variant) => {
        const event = recordedAs(one, revision, variant);
        // what is no fact is not corrected
        return one.kind === 'FactCorrected' && isLedgerEvent(of(event.data.event)?.kind ?? '') ? recordedAs({ ...one, kind: 'Moved' }, revision, variant) : event; // prettier-ignore
      }),
    );
  });
const whole = (most: number) =>
  fc.tuple(pool(most), fc.array(fc.nat(1), { minLength: most, maxLength: most })).map(([rows, which]) => rows.map((pair, i) => pair[which[i]!]!)); // prettier-ignore

const plain = ({ recorded, data, effectiveOn, sequence, evidence, grounds, corrections, judged, notes }: Entry) => {
  const { decidedBy, authority, reason } = grounds;
  return { id: recorded.id, data, effectiveOn, sequence, evidence, grounds: { decidedBy, authority, reason }, corrections, judged, notes };
};
const plainOf = ({ recorded, context: _, grounds, ...rest }: PlainEntry) => {
  const { decidedBy, authority, reason } = grounds;
  return { id: recorded.id, ...rest, grounds: { decidedBy, authority, reason } };
};
const ids = (list: readonly (RecordedEvent | { readonly recorded: RecordedEvent })[]): readonly string[] =>
  list.map((one) => ('recorded' in one ? one.recorded.id : one.id));
const inOrder = (map: ReadonlyMap<string, string>) => [...map].sort();

/** That a history says of these events what they say, worked out the plain way. */
const expectToSay = (history: History<Tape>, log: readonly RecordedEvent[]): void => {
  const all = plainly(log);
  expect(history.state).toEqual(all.state);
  expect(history.entries.map(plain)).toEqual(all.entries.map(plainOf));
  expect(ids(history.recorded)).toEqual(ids(log));
  expect(inOrder(history.withdrawn)).toEqual(inOrder(all.withdrawn));
  expect(history.notes).toEqual(all.notes);
  expect([history.revision, history.first?.recorded.id, history.latestStart, history.duplicateOf]).toEqual([
    log.length - 1,
    all.order[0]?.recorded.id,
    all.latestStart,
    all.duplicateOf,
  ]);
};

/** What is refused changes nothing either. */
const tryOut = (work: () => unknown): void => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(UnsupportedSchemaVersionError);
  }
};

describe('versions of a history that go on from each other in any order', () => {
  const step = fc.record({ from: fc.nat(30), next: fc.array(fc.nat(1), { minLength: 1, maxLength: 5 }), asked: fc.constantFrom(...dates), tried: spec }); // prettier-ignore
  it('each say what their own events say, whatever the others went on with, were asked or tried', () => {
    fc.assert(
      fc.property(pool(16), fc.array(step, { minLength: 4, maxLength: 14, size: 'max' }), (rows, steps) => {
        const versions: [history: History<Tape>, log: readonly RecordedEvent[]][] = [[History.of<Tape>(tape, 'x'), []]];
        for (const { from, next, asked, tried } of steps) {
          const [base, log] = versions[from % versions.length]!;
          const more = next.flatMap((variant, i) => rows[log.length + i]?.[variant] ?? []);
          const version: (typeof versions)[number] = [base.extended(more), [...log, ...more]];
          versions.push(version);
          const trial = recordedAs(tried, base.revision + 1, 0);
          if (isLedgerEvent(trial.type)) tryOut(() => base.with([trial]));
          else base.tryEvents([trial], [{ event: trial.id, effectiveOn: trial.metadata.effectiveOn }], base.before(trial.metadata.effectiveOn)); // prettier-ignore
          base.asOf(asked);
          base.onDay(asked);
          if (from % 3 === 0) expectToSay(...version);
          if (from % 4 === 0) version[0].dependantsOf(idOf(0, 0));
        }
        const [{ asked: day }] = steps as [(typeof steps)[number]];
        for (const [history, log] of versions) {
          expectToSay(history, log);
          const all = plainly(log);
          for (const on of new Set([day, ...days])) expect(history.before(on)).toEqual(all.before(on));
          const { approximate, leftOut } = history.uncertainOn(day);
          expect([ids(approximate), ids(leftOut)]).toEqual([ids(all.uncertainOn(day).approximate), ids(all.uncertainOn(day).leftOut)]);
          expect([ids(history.onDay(day).entries), history.onDay(day).state]).toEqual([ids(all.onDay(day)), all.fold(all.onDay(day))]);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('each find the states of their own facts, whatever was said of a fact before another one went on', () => {
    const moved = (revision: number, variant: number, on: string): RecordedEvent =>
      recordedAs({ kind: 'Moved', n: variant, on, sequence: undefined, back: 0, variant: 0, more: 1 }, revision, variant);
    const said = (type: string, data: object): RecordedEvent => ({ ...moved(3, 1, '2016-01-03'), type, data });
    const log = [moved(0, 0, '2016-01-01'), moved(1, 0, '2016-01-02'), moved(2, 0, '2016-01-03')];
    const about = { event: idOf(1, 0) };
    const changes = [{ pointer: '/record/reason', value: 'Because' }];
    for (const more of [
      said('FactAnnotated', { ...about, note: 'Seen' }),
      said('FactCorrected', { ...about, because: 'error', changes }),
      said('FactWithdrawn', about),
    ]) {
      const base = History.of<Tape>(tape, 'x', log);
      const others = [moved(4, 1, '2016-01-10'), moved(5, 1, '2016-02-01')];
      const own = [moved(3, 0, '2016-01-10'), moved(4, 0, '2016-02-01')];
      const other = base.extended([more]).extended(others.slice(0, 1)).extended(others.slice(1));
      const version = base.extended(own.slice(0, 1)).extended(own.slice(1));
      for (const on of ['2016-01-05', '2016-01-20']) {
        expect(version.before(on)).toEqual(plainly([...log, ...own]).before(on));
        expect(other.before(on)).toEqual(plainly([...log, more, ...others]).before(on));
      }
    }
  });
});

describe('whatever was recorded, a history', () => {
  const numRuns = 60;
  it('says what its events say, whether they are read at once, one by one or in two parts, also of those at a revision', () => {
    fc.assert(
      fc.property(whole(24), fc.nat(99), (log, any) => {
        const read = History.of<Tape>(tape, 'x', log);
        expectToSay(read, log);
        const cut = any % log.length;
        const half = History.of<Tape>(tape, 'x', log.slice(0, cut));
        expectToSay(half, log.slice(0, cut));
        expectToSay(half.extended(log.slice(cut)), log);
        expectToSay(read.atRevision(cut), log.slice(0, cut + 1));
        const grown = log.reduce((history, event) => history.extended([event]), History.of<Tape>(tape, 'x'));
        expectToSay(grown, log);
        expect([read.bytes, half.extended(log.slice(cut)).bytes, grown.bytes]).toEqual([read.bytes, read.bytes, read.bytes]);
      }),
      { numRuns },
    );
  });

  it('names where a fact of a day would stand, and what it would find there', () => {
    fc.assert(
      fc.property(whole(20), fc.constantFrom(...dates), fc.option(fc.nat(3), { nil: undefined }), (log, day, sequence) => {
        expect(History.of<Tape>(tape, 'x', log).before(day, sequence)).toEqual(plainly(log).before(day, sequence));
      }),
      { numRuns },
    );
  });

  it('tries facts where they would stand, and says what each comes to', () => {
    fc.assert(
      fc.property(whole(16), fc.array(spec, { minLength: 1, maxLength: 3 }), fc.constantFrom(...dates), (log, specs, on) => {
        const facts = specs.map((one, i) => recordedAs({ ...one, on, sequence: undefined }, log.length + i, 0)).filter(({ type }) => !isLedgerEvent(type)); // prettier-ignore
        const bare = facts.map((fact, i): RecordedEvent => {
          const { $correlationId, $causationId, about, actor, command, known, recordedAt } = fact.metadata;
          const data = fact.type === 'Added' ? { n: 1 } : fact.data;
          return { ...fact, id: `new-${i}`, data, metadata: { schemaVersion: fact.type === 'Added' ? 2 : 1, effectiveOn: on, $correlationId, $causationId, about, actor, command, known, recordedAt } }; // prettier-ignore
        });
        const history = History.of<Tape>(tape, 'x', log);
        const { place } = history.before(on);
        const tried = history.tryEvents(
          bare,
          bare.map(({ id }) => ({ event: id, effectiveOn: on, recordedBy: 'ana', evidence: [] })),
          history.before(on),
        );
        tried.forEach((state, i) => {
          // what the fact leaves, with what completes it and what was learned before it
          const { order, acting, fold } = plainly([...log, ...bare.slice(0, i + 1)]);
          expect(order[place + i]?.recorded.id).toBe(bare[i]!.id);
          expect(state).toEqual(fold(acting(order, place + i + 1)));
        });
        expectToSay(history, log);
      }),
      { numRuns },
    );
  });

  it('as of a day has the facts up to it, and names those that are uncertain and those that were learned later', () => {
    fc.assert(
      fc.property(whole(20), fc.constantFrom(...dates, '2015-12-20', '2015-12-01'), (log, day) => {
        const history = History.of<Tape>(tape, 'x', log);
        const all = plainly(log);
        const found = history.asOf(day);
        const acting = all.onDay(day);
        expect(ids(found.entries)).toEqual(ids(acting));
        expect(found.state).toEqual(all.fold(acting));
        const isBroughtIn = acting[0] !== undefined && 'asOf' in acting[0].context;
        const { approximate, leftOut } = all.uncertainOn(day);
        expect(history.uncertainOn(day)).toMatchObject({
          approximate: { length: approximate.length },
          leftOut: { length: leftOut.length },
        });
        expect([ids(history.uncertainOn(day).approximate), ids(history.uncertainOn(day).leftOut)]).toEqual([ids(approximate), ids(leftOut)]); // prettier-ignore
        expect([ids(found.approximate), ids(found.leftOut)]).toEqual(isBroughtIn ? [[], []] : [ids(approximate), ids(leftOut)]);
        const own = all.order.slice(0, all.before(day).place);
        expect(ids(found.revealed)).toEqual(ids(isBroughtIn ? acting.slice(1) : acting.filter((entry) => !own.includes(entry))));
      }),
      { numRuns: 100 },
    );
  });

  it('on a day is one of its own, of the facts up to it and of what was said of them', () => {
    fc.assert(
      fc.property(whole(20), fc.constantFrom(...dates, '2015-12-20', '2015-12-01'), fc.boolean(), (log, day, without) => {
        const history = History.of<Tape>(tape, 'x', log);
        const all = plainly(log);
        const part = history.onDay(day, without);
        const kept = all.onDay(day, without);
        expect(part.entries.map(plain)).toEqual(kept.map(plainOf));
        expect(part.state).toEqual(all.fold(kept));
        expect(part.first?.recorded.id).toBe(kept[0]?.recorded.id);
        expect(part.latestStart).toBe(kept.length === 0 ? '' : plainly(kept.map(({ recorded, effectiveOn }) => ({ ...recorded, metadata: { ...recorded.metadata, effectiveOn } }))).latestStart); // prettier-ignore
        if (kept.length === all.order.length && all.withdrawn.size === 0 && !('asOf' in (kept[0]?.context ?? {}))) return expect(part).toBe(history); // prettier-ignore
        const { latest } = bounds(day);
        const isOfDay = ({ id, metadata }: RecordedEvent): boolean =>
          ids(kept).includes(id) || (all.withdrawn.has(id) && bounds(metadata.effectiveOn).earliest <= latest);
        const ofDay = new Set(log.filter(isOfDay).map(({ id }) => id));
        const about = ({ type, id, data }: RecordedEvent): string | undefined => (isLedgerEvent(type) ? data.event : id);
        const recorded = ofDay.size === 0 ? [] : log.filter((event) => about(event) === undefined || ofDay.has(about(event)!));
        expect([ids(part.recorded), part.revision]).toEqual([ids(recorded), recorded.length - 1]);
        expect([inOrder(part.withdrawn), part.notes]).toEqual([inOrder(all.withdrawn), all.notes]);
        for (const { id } of recorded) expect(part.recordedAs(id)?.id).toBe(id);
        expectToSay(history, log);
      }),
      { numRuns: 100 },
    );
  });

  it('finds some of its facts where they stand, each with the state that it finds as it acts', () => {
    fc.assert(
      fc.property(whole(24), fc.array(fc.tuple(fc.nat(23), fc.nat(1)), { maxLength: 16 }), fc.boolean(), (log, wanted, all) => {
        const history = History.of<Tape>(tape, 'x', log);
        const { entries, fold, order } = plainly(log);
        const events = wanted.map(([revision, variant]) => idOf(revision, variant));
        const isOf = (type: string) => all || type !== 'Moved';
        const expected = entries.flatMap((entry, i) => (events.includes(entry.recorded.id) && isOf(entry.recorded.type) ? [[entry.recorded.id, fold(entries.slice(0, i))]] : [])); // prettier-ignore
        expect(history.standing(events, isOf).map(({ entry, before }) => [entry.recorded.id, before])).toEqual(expected);
        for (const id of events) {
          expect(history.recordedAs(id)).toBe(log.find((event) => event.id === id));
          expect(history.entryOf(id)?.recorded.id).toBe(order.find(({ recorded }) => recorded.id === id)?.recorded.id);
        }
        expect([...history.steps()].map(({ entry, before, after }) => [entry.recorded.id, before, after])).toEqual(
          entries.map((entry, i) => [entry.recorded.id, fold(entries.slice(0, i)), fold(entries.slice(0, i + 1))]),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('has the events of a decision that follow each other, and those of any part of what was recorded', () => {
    fc.assert(
      fc.property(whole(12), fc.nat(12), fc.nat(14), (log, from, to) => {
        const history = History.of<Tape>(tape, 'x', log);
        for (const version of [history, history.atRevision(from)]) {
          const recorded = log.slice(0, version.revision + 1);
          for (let revision = -1; revision <= log.length; revision++)
            for (const variant of [0, 1]) {
              const id = `d${revision}-${variant}`;
              const first = recorded.findIndex(({ metadata }) => metadata.command.id === id);
              const end = recorded.findIndex(({ metadata }, i) => i > first && metadata.command.id !== id);
              expect(version.decision(id)).toEqual(first === -1 ? [] : recorded.slice(first, end === -1 ? undefined : end));
            }
          expect(version.recordedFrom(from, to)).toEqual(recorded.slice(from, to + 1));
        }
      }),
      { numRuns },
    );
  });
});

describe('what a history folds', () => {
  const facts = (count: number): readonly RecordedEvent[] =>
    Array.from({ length: count }, (_, revision) => added(revision, dayAt(2 * revision)));
  const dayAt = (n: number): string => Temporal.PlainDate.from('2010-01-01').add({ days: n }).toString();
  const added = (revision: number, on: string, more: Partial<Spec> = {}): RecordedEvent =>
    recordedAs({ kind: 'Moved', n: 1, on, sequence: undefined, back: 0, variant: 0, more: 1, ...more } as Spec, revision, 0);
  const said = (revision: number, type: string, data: object): RecordedEvent => ({ ...added(revision, '2016-01-01'), type, data });
  const foldedBy = (work: () => unknown): number => {
    const before = folds;
    work();
    return folds - before;
  };
  const n = 600;
  const history = History.of<Tape>(tape, 'x', facts(n));

  it('of events in order is each of them once, and nothing to say where it stands', () => {
    expect(foldedBy(() => History.of<Tape>(tape, 'x', facts(n)))).toBe(n);
    expect(foldedBy(() => history.extended([added(n, dayAt(2 * n))]))).toBe(1);
    expect(foldedBy(() => history.extended([added(n, dayAt(2 * n)), added(n + 1, dayAt(2 * n)), added(n + 2, 'unknown')]))).toBe(3);
    const again = dayAt(2 * n);
    expect(foldedBy(() => history.tryEvents([added(n, again), added(n + 1, again)], [1, 2].map((i) => ({ event: `new-${i}`, effectiveOn: again })), history.before(again)))).toBe(2); // prettier-ignore
    expect(foldedBy(() => [history.state, history.before(again), history.asOf(again), history.entries, history.recorded, history.uncertainOn(again)])).toBe(0); // prettier-ignore
  });

  it('of a backdated event is at most twice what stands behind its place', () => {
    for (const back of [1, 5, 20, 100, 300]) {
      const late = added(n, dayAt(2 * (n - back) - 1));
      expect(foldedBy(() => history.extended([late]))).toBeLessThanOrEqual(3 + 2 * back);
      expect(foldedBy(() => history.before(late.metadata.effectiveOn))).toBeLessThanOrEqual(3 + back);
      expect(foldedBy(() => history.standing([`e${n - back}-0`], () => true))).toBeLessThanOrEqual(4 + back);
      const data = { event: `e${n - back}-0`, because: 'error', changes: [{ pointer: '/n', value: 2 }] };
      expect(foldedBy(() => history.extended([said(n, 'FactCorrected', data)]))).toBeLessThanOrEqual(3 + 2 * back);
      expect(foldedBy(() => history.extended([said(n, 'FactWithdrawn', { event: `e${n - back}-0` })]))).toBeLessThanOrEqual(3 + 2 * back);
      expect(foldedBy(() => history.with([said(n, 'FactWithdrawn', { event: `e${n - back}-0` })]))).toBeLessThanOrEqual(3 + 2 * back);
    }
  });

  it('of several that come together is what stands behind the first of them, once', () => {
    const late = [50, 40, 30, 20, 10].map((back, i) => added(n + i, dayAt(2 * (n - back) - 1)));
    expect(foldedBy(() => history.extended(late))).toBeLessThanOrEqual(3 + 2 * 55);
    const corrections = [50, 40, 30, 20, 10].map((back, i) => said(n + i, 'FactCorrected', { event: `e${n - back}-0`, because: 'error', changes: [{ pointer: '/n', value: 2 }] })); // prettier-ignore
    expect(foldedBy(() => history.extended(corrections))).toBeLessThanOrEqual(3 + 2 * 50);
  });

  it('of a note, or of its withdrawal, is nothing', () => {
    const noted = history.extended([said(n, 'FactAnnotated', { event: 'e5-0', note: 'Seen' })]);
    expect(noted.entries[5]!.notes).toHaveLength(1);
    expect(foldedBy(() => history.extended([said(n, 'FactAnnotated', { event: 'e5-0', note: 'Seen' })]))).toBe(0);
    expect(foldedBy(() => history.with([said(n, 'FactAnnotated', { note: 'Seen' })]))).toBe(0);
    expect(foldedBy(() => noted.extended([said(n + 1, 'FactWithdrawn', { event: `e${n}-0` })]))).toBe(0);
    expect(noted.extended([said(n + 1, 'FactWithdrawn', { event: `e${n}-0` })]).entries[5]!.notes).toEqual([]);
    const twice = noted.extended([
      said(n + 1, 'FactAnnotated', { event: 'e5-0', note: 'Again' }),
      said(n + 2, 'FactWithdrawn', { event: `e${n}-0` }),
    ]);
    expect(twice.entries[5]!.notes.map(({ note }) => note)).toEqual(['Again']);
  });

  it('of what was noted, corrected or placed goes on from there', () => {
    const noted = history.extended([said(n, 'FactAnnotated', { event: `e${n - 1}-0`, note: 'Seen' })]);
    const corrected = history.extended([said(n, 'FactCorrected', { event: `e${n - 2}-0`, because: 'error', changes: [{ pointer: '/record/reason', value: 'Because' }] })]); // prettier-ignore
    const backdated = history.extended([added(n, dayAt(2 * (n - 3) - 1))]);
    const tried = history.with([
      said(n, 'FactCorrected', { event: `e${n - 20}-0`, because: 'error', changes: [{ pointer: '/n', value: 2 }] }),
    ]);
    expect(foldedBy(() => tried.standing([`e${n - 10}-0`], () => true))).toBeLessThanOrEqual(13);
    for (const version of [noted, corrected, backdated]) {
      expect(foldedBy(() => version.extended([added(n + 1, dayAt(2 * n))]))).toBe(1);
      expect(foldedBy(() => version.before(dayAt(2 * (n - 20))))).toBeLessThanOrEqual(23);
      expect(foldedBy(() => version.extended([added(n + 1, dayAt(2 * (n - 10)))]))).toBeLessThanOrEqual(25);
    }
  });

  it('of a fact that was learned later is what stands behind the fact that it completes', () => {
    const completed = (back: number) =>
      History.of<Tape>(tape, 'x', [...facts(n - back), added(n - back, dayAt(2 * (n - back)), { kind: 'Added', more: 2 }), ...facts(n).slice(n - back + 1)]); // prettier-ignore
    const learned = added(n, dayAt(2 * n), { kind: 'Learned' });
    const [near, far] = [completed(10), completed(200)];
    expect(foldedBy(() => near.extended([learned]))).toBeLessThanOrEqual(3 + 2 * 12);
    const knowing = far.extended([learned]);
    expect(knowing.entries[n - 199]!.recorded.type).toBe('Learned');
    const behind = (back: number) => added(n + 1, dayAt(2 * (n - back)));
    const on = { event: 'new-0', effectiveOn: dayAt(2 * (n - 5)), evidence: [] };
    expect(foldedBy(() => knowing.extended([behind(0)]))).toBe(1);
    expect(foldedBy(() => knowing.extended([behind(5)]))).toBeLessThanOrEqual(3 + 2 * 8);
    expect(foldedBy(() => knowing.tryEvents([behind(5)], [on], knowing.before(on.effectiveOn)))).toBeLessThanOrEqual(3 + 2 * 8);
    expect(foldedBy(() => far.tryEvents([behind(5)], [on], far.before(on.effectiveOn)))).toBeLessThanOrEqual(3 + 2 * 8);
  });

  it('of many facts that are looked for is the way from the first of them to the last', () => {
    const looked = Array.from({ length: 20 }, (_, i) => `e${n - 10 * (i + 1)}-0`);
    const found = history.standing(looked, () => true);
    expect(found.map(({ entry }) => entry.recorded.id)).toEqual(looked.toReversed());
    expect(foldedBy(() => history.standing(looked, () => true))).toBeLessThanOrEqual(10 + 200);
    expect(foldedBy(() => history.standing(['e0-0', `e${n - 1}-0`], () => true))).toBeLessThanOrEqual(10);
  });

  it('and what it keeps weighs more where what was believed is kept as well', () => {
    const [, ...rest] = facts(40);
    const open = History.of<Tape>(tape, 'x', [added(0, dayAt(0), { kind: 'Added', more: 2 }), ...rest]);
    const knowing = open.extended([added(40, dayAt(90), { kind: 'Learned' })]);
    expect(knowing.bytes - open.extended([added(40, dayAt(90))]).bytes).toBeGreaterThanOrEqual(checkpointBytes(41));
  });
});

describe('a fact that brings in what existed before it was recorded', () => {
  const opened = (revision: number, on: string): RecordedEvent => recordedAs({ kind: 'Opened', n: 1, on, sequence: undefined, back: 0, variant: 0, more: 1 }, revision, 0); // prettier-ignore
  const learned = { ...opened(1, '2016-02-01'), type: 'Learned', data: { n: 5 } };
  const moved = { ...opened(2, '2016-01-10'), type: 'Moved', data: { n: 6 } };
  const alone = History.of<Tape>(tape, 'x', [opened(0, '2016-01-03')]);
  const history = History.of<Tape>(tape, 'x', [opened(0, '2016-01-03'), learned, moved]);
  const contexts = ({ state }: { readonly state: Tape }) => state.acts.map((act) => Object.fromEntries(JSON.parse(act)[2]));

  it('is asked what it says of a day between, with what completes it', () => {
    for (const day of ['2015-12-15', '2016-01-02']) {
      const found = history.asOf(day);
      expect(found.entries.map(({ recorded, asOf }) => [recorded.type, asOf])).toEqual([['Opened', day], ['Learned', undefined]]); // prettier-ignore
      expect(ids(found.revealed)).toEqual([learned.id]);
      expect(contexts(found).map(({ asOf }) => asOf)).toEqual([day, undefined]);
      expect([found.approximate, found.leftOut]).toEqual([[], []]);
      expect(contexts(history.onDay(day)).map(({ asOf }) => asOf)).toEqual([day, undefined]);
      expect(contexts(alone.onDay(day)).map(({ asOf }) => asOf)).toEqual([day]);
      expect(alone.onDay(day)).not.toBe(alone);
    }
  });

  it('says nothing of a day before there was anything, and on its own day what it says itself', () => {
    for (const version of [alone, history]) {
      expect(version.asOf('2015-12-14')).toEqual({ state: tape.initial, entries: [], approximate: [], leftOut: [], revealed: [] });
      expect([version.onDay('2015-12-14').entries, version.onDay('2015-12-14').state]).toEqual([[], tape.initial]);
      expect(contexts(version.asOf('2016-01-03'))[0]).not.toHaveProperty('asOf');
    }
    expect(alone.onDay('2016-01-03')).toBe(alone);
  });

  it('is asked so only where it comes first', () => {
    const second = History.of<Tape>(tape, 'x', [{ ...moved, revision: 0, metadata: { ...moved.metadata, effectiveOn: '2016-01-02' } }, opened(1, '2016-01-03')]); // prettier-ignore
    expect(second.asOf('2015-12-20').entries).toEqual([]);
    expect(ids(second.asOf('2016-01-02').entries)).toEqual([moved.id]);
  });
});

describe('what is taken away of a stream', () => {
  const any = eventsOf<{ readonly stage: string }>();
  const deal = aggregate({
    category: 'deal',
    initial: { stage: 'none' },
    stages: ['none', 'open'],
    events: {
      Noticed: any({ allowedIn: ['none', 'open'], mayPrecede: true, fields: {}, evolve: (state) => state }),
      Agreed: any({ allowedIn: ['none', 'open'], fields: {}, evolve: () => ({ stage: 'open' }) }),
      Changed: any({ allowedIn: ['open'], fields: {}, evolve: (state) => state }),
    },
    about: () => ({}),
  }) as AnyAggregate;
  const given = (revision: number, type: string, on: string): RecordedEvent => ({ ...recordedAs({ kind: 'Moved', n: 1, on, sequence: undefined, back: 0, variant: 0, more: 1 }, revision, 0), type, data: {} }); // prettier-ignore
  const withdrawn = (revision: number): Event => ({ type: 'FactWithdrawn', data: { event: idOf(revision, 0) } });
  const history = History.of(deal, 'd', [given(0, 'Agreed', '2016-01-02'), given(1, 'Noticed', '2016-01-01'), given(2, 'Noticed', '2016-01-03')]); // prettier-ignore

  it('leaves no facts that may only precede the one which opens it', () => {
    expect(() => history.with([withdrawn(0)])).toThrow(expect.objectContaining({ name: 'IllegalTransitionError', code: 'deal/unknown', message: 'No such deal: nothing opens it.', entry: history.first })); // prettier-ignore
    expect(history.first!.recorded.type).toBe('Noticed');
    expect(history.with([withdrawn(1)]).entries).toHaveLength(2);
    expect(history.with([withdrawn(0), { type: 'FactReinstated', data: { event: idOf(0, 0) } }]).entries).toHaveLength(3);
    const twice = history.extended([given(3, 'Agreed', '2016-01-05')]);
    expect(twice.with([withdrawn(0)]).entries).toHaveLength(3);
    expect(history.with([{ type: 'DuplicateMarked', data: { of: 'other' } }])).toMatchObject({
      entries: [],
      duplicateOf: 'other',
      first: undefined,
    });
  });

  it('names what could not follow without it, each once and no fact of its own', () => {
    const more = history.extended([given(3, 'Changed', '2016-01-04'), given(4, 'Changed', '2016-01-05')]);
    expect(more.dependantsOf(idOf(0, 0))).toEqual([idOf(3, 0), idOf(4, 0)]);
    expect([more.dependantsOf(idOf(1, 0)), more.dependantsOf(idOf(4, 0)), more.dependantsOf('of another stream')]).toEqual([[], [], []]);
    expect(more.extended([given(5, 'Agreed', '2016-01-04')]).dependantsOf(idOf(0, 0))).toEqual([idOf(3, 0)]);
  });
});
