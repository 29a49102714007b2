import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { checkpointBytes, Checkpoints } from '../../src/kernel/checkpoints.js';
import { aggregate, eventsOf, History, IllegalTransitionError, isLedgerEvent, type AnyAggregate, type Event, type EventContext, type RecordedEvent } from '../../src/kernel/index.js'; // prettier-ignore
import { certainlyBefore, isDay } from '../../src/kernel/values/dates.js';
import { bounded } from '../random-history.js';

/** The states behind the first so many places, as they would be kept: each is its own place. */
const behind = (places: number): Checkpoints<number> => {
  const kept = Checkpoints.none<number>();
  for (let place = 0; place < places; place++) kept.add(place, place);
  return kept;
};
/** Those whose states are kept, the last first. */
const placesOf = (kept: Checkpoints<number>, places: number): readonly number[] => {
  const found: number[] = [];
  for (let place = kept.nearest(places - 1); place !== -1; place = kept.nearest(place - 1)) found.push(place);
  return found;
};

describe('the states that a history keeps', () => {
  it('are the last four, and two for each doubling of the distance from the end', () => {
    expect(placesOf(behind(1000), 1000).map((place) => 999 - place)).toEqual([0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 40, 56, 72, 104, 168, 232, 360, 488, 744]); // prettier-ignore
    expect([10, 100, 1000, 100_000].map((places) => placesOf(behind(places), places).length)).toEqual([6, 13, 19, 33]);
  });

  it('are never further from a place than two thirds of what stands behind it', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.nat(2999), (places, n) => {
        const place = n % places;
        const kept = behind(places);
        const near = kept.nearest(place);
        expect(near <= place && (near === -1 || kept.at(near) === near)).toBe(true);
        expect(place - near).toBeLessThanOrEqual(1 + (2 * (places - place)) / 3);
      }),
      { numRuns: 300 },
    ));

  it('take as much memory as is counted for them', () => {
    for (const places of [1, 4, 5, 8, 10, 64, 100, 1000, 65_536, 65_537, 1_000_000]) {
      const kept = placesOf(behind(places), places);
      const bytes = kept.reduce((sum, place) => sum + 500 + 16 * place, 0);
      expect(checkpointBytes(places)).toBeGreaterThanOrEqual(bytes * 0.9);
      expect(checkpointBytes(places)).toBeLessThanOrEqual(bytes * 1.5 + 2000);
      // one place more begins the next doubling: nothing is counted for it yet
      if (Number.isInteger(Math.log2(places))) expect(checkpointBytes(places)).toBeLessThanOrEqual(bytes * 1.05);
    }
  });

  it('are copied up to a place, and grow there apart from those that they were copied from', () => {
    const kept = behind(100);
    const copy = kept.upTo(40);
    copy.add(40, -40);
    expect([copy.nearest(99), copy.at(40), kept.nearest(99)]).toEqual([40, -40, 99]);
    kept.add(50, -50); // another version was there before
    expect(kept.nearest(50) === 50 ? kept.at(50) : 50).toBe(50);
  });
});

/** A pile: what is in it may be disclosed later, and it may be filled up once more. */
interface Pile {
  readonly stage: 'none' | 'open' | 'sealed';
  /** Undefined while undisclosed. */
  readonly start?: number | undefined;
  readonly moved: number;
  readonly log: readonly string[];
}
const event = eventsOf<Pile>();
const logged = (pile: Pile, entry: string): Pile => ({ ...pile, log: [...pile.log, entry] });
const pile = aggregate({
  category: 'pile',
  initial: { stage: 'none', moved: 0, log: [] } as Pile,
  stages: ['none', 'open', 'sealed'],
  events: {
    Opened: event({ allowedIn: ['none'], fields: {}, evolve: (p, { n }: any) => logged({ ...p, stage: 'open', start: n }, `opened ${n}`) }),
    Refilled: event({ allowedIn: ['open'], fields: {}, evolve: (p, { n }: any) => logged({ ...p, start: n }, `refilled ${n}`) }),
    Taken: event({
      allowedIn: ['open'],
      fields: {},
      rules: {
        'pile/too-much': { says: 'No more is taken than is there.', holds: ({ data }: any, p) => p.start === undefined || p.start + p.moved - data.n >= -20 }, // prettier-ignore
      },
      evolve: (p, { n }: any) => logged({ ...p, moved: p.moved - n }, `taken ${n}`),
    }),
    Added: event({
      allowedIn: ['open', 'sealed'],
      fields: {},
      evolve: (p, { n }: any, { event: of }) => logged({ ...p, moved: p.moved + n }, `added ${n} by ${of}`),
    }),
    Sealed: event({ allowedIn: ['open'], fields: {}, evolve: (p) => logged({ ...p, stage: 'sealed' }, 'sealed') }),
    Unsealed: event({ allowedIn: ['sealed'], fields: {}, evolve: (p) => logged({ ...p, stage: 'open' }, 'unsealed') }),
    Disclosed: event({
      allowedIn: ['open', 'sealed'],
      fields: {},
      reveals: ['Opened', 'Refilled'],
      rules: { 'pile/known': { says: 'It is undisclosed.', holds: (_, p) => p.start === undefined } },
      evolve: (p, { n }: any) => logged({ ...p, start: n }, `disclosed ${n}`),
    }),
  },
  invariants: { 'pile/too-high': { says: 'A pile is no higher than 400.', brokenBy: { Added: '/n' }, holds: (p) => (p.start ?? 0) + p.moved <= 400 } }, // prettier-ignore
  about: () => ({}),
}) as unknown as AnyAggregate;

interface Fact {
  readonly id: string;
  readonly type: string;
  readonly n: number | undefined;
  readonly on: string;
  readonly sequence?: number | undefined;
}

/** What the ledger says of facts, found the long way: every fact in its place, all of them folded twice from the beginning. */
const wholly = (recorded: readonly Fact[]) => {
  const order: Fact[] = [];
  for (const fact of recorded) {
    const isBehind = (other: Fact): boolean =>
      certainlyBefore(fact.on, other.on) ||
      (isDay(fact.on) && other.on === fact.on && fact.sequence !== undefined && other.sequence !== undefined && other.sequence > fact.sequence); // prettier-ignore
    const place = order.findIndex(isBehind);
    order.splice(place === -1 ? order.length : place, 0, fact);
  }
  const { events, invariants = {}, initial } = pile;
  const completed = order.map((fact, place) =>
    events[fact.type].reveals ? order.findLastIndex(({ type }, i) => i < place && events[fact.type].reveals.includes(type)) : -1,
  );
  const onto = (state: Pile, { type, n, id, on }: Fact, rules?: (code: string, rule: any) => boolean): Pile => {
    if (!events[type].allowedIn.includes(state.stage)) throw new Error('stage');
    for (const [code, rule] of Object.entries(events[type].rules ?? {})) if (rules && !rules(code, rule)) throw new Error(code);
    const next = events[type].evolve(state, n === undefined ? {} : { n }, { event: id, effectiveOn: on });
    for (const [code, { holds }] of Object.entries<any>(invariants)) if (!holds(next)) throw new Error(code);
    return next;
  };
  let [known, believed] = [initial as Pile, initial as Pile];
  const acting: Fact[] = [];
  const before: Pile[] = [];
  order.forEach((fact, place) => {
    before.push(known);
    const on = { data: { n: fact.n } };
    const then = believed;
    if (completed[place] === -1) {
      known = onto(known, fact, (_, rule) => rule.holds(on, known) || rule.holds(on, then));
      acting.push(fact);
      order.forEach((other, later) => {
        if (completed[later] !== place) return;
        known = onto(known, other);
        acting.push(other);
      });
      try {
        believed = onto(believed, fact);
      } catch {
        // it follows what is known alone
      }
    } else believed = onto(believed, fact, (_, rule) => rule.holds(on, then));
  });
  return { order, acting, before, state: known };
};
const refusal = <T>(work: () => T): T | string => {
  try {
    return work();
  } catch (error) {
    if (error instanceof IllegalTransitionError) return error.code === 'pile/stage' || error.code === 'pile/unknown' || error.code === 'pile/exists' ? 'stage' : error.code; // prettier-ignore
    return (error as Error).message;
  }
};

interface Move {
  readonly kind: 'record' | 'number' | 'date' | 'withdraw' | 'reinstate' | 'note' | 'duplicate';
  readonly type: string;
  readonly n: number | undefined;
  readonly on: string;
  readonly sequence: number | undefined;
  readonly pick: number;
}
const day = fc.nat(60).map((n) => Temporal.PlainDate.from('2016-01-01').add({ days: n }).toString());
const date = fc.oneof(
  { weight: 8, arbitrary: day },
  { weight: 1, arbitrary: fc.tuple(day, fc.nat(20)).map(([d, n]) => `[${d}..${Temporal.PlainDate.from(d).add({ days: n })}]`) },
  { weight: 1, arbitrary: fc.constantFrom('2016-01', '2016', 'unknown', '[..2016-01-20]', '[2016-02..]') },
);
const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('record' as const) },
    ...(['number', 'date', 'withdraw', 'reinstate', 'note', 'duplicate'] as const).map((kind) => ({
      weight: 1,
      arbitrary: fc.constant(kind),
    })),
  ),
  type: fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom('Added', 'Taken') },
    { weight: 2, arbitrary: fc.constantFrom('Refilled', 'Sealed', 'Unsealed') },
    { weight: 2, arbitrary: fc.constant('Disclosed') },
  ),
  n: fc.oneof({ weight: 4, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.constant(undefined) }),
  on: date,
  sequence: fc.option(fc.nat(3), { nil: undefined }),
  pick: fc.nat(999),
});

const idOf = (n: number): string => `019353d2-0000-7000-8000-${String(n).padStart(12, '0')}`;
const stored = ({ id, type, n, on, sequence }: Fact, revision: number): RecordedEvent => ({
  id,
  type,
  data: n === undefined ? {} : { n },
  stream: 'pile-p',
  revision,
  position: String(revision),
  metadata: {
    schemaVersion: type === 'FactCorrected' ? 2 : 1,
    recordedAt: '2026-01-01T09:00:00.000Z',
    effectiveOn: on,
    ...(sequence !== undefined && { sequence }),
    about: {},
    command: { id: `decision-${revision}`, name: 'Given' },
    actor: { id: 'ana' },
    $correlationId: 'given',
    $causationId: 'given',
    known: [],
  },
});

/** A history that goes on event by event, beside the facts as they read now. */
class Played {
  history = History.of<Pile>(pile, 'p');
  /** As recorded, and as corrected; withdrawn ones are in `gone`. */
  facts: readonly Fact[] = [];
  gone: ReadonlySet<string> = new Set();
  readonly answers: [ledger: unknown, wholly: unknown][] = [];
  refused = 0;
  constructor() {
    this.record({ id: idOf(0), type: 'Opened', n: undefined, on: '2016-01-01' });
  }

  standing(facts = this.facts, gone = this.gone): readonly Fact[] {
    return facts.filter(({ id }) => !gone.has(id));
  }
  record(fact: Fact): void {
    const { history } = this;
    const context: EventContext = { event: fact.id, effectiveOn: fact.on };
    const found = history.before(fact.on, fact.sequence);
    const data = fact.n === undefined ? {} : { n: fact.n };
    const facts = [...this.facts, fact];
    const [tried, all] = [refusal(() => history.tryEvents([{ type: fact.type, data }], [context], found)), refusal(() => wholly(this.standing(facts)))]; // prettier-ignore
    if (typeof all === 'string' || typeof tried === 'string') return this.#refuse(tried, all);
    const place = all.order.indexOf(fact);
    this.answers.push([found, { place, state: this.facts.length === 0 ? pile.initial : wholly(this.standing()).before.concat(wholly(this.standing()).state)[place] }]); // prettier-ignore
    this.facts = facts;
    this.history = history.extended([stored(fact, history.revision + 1)]);
  }
  change(ledgerEvent: Event, facts: readonly Fact[], gone: ReadonlySet<string>): void {
    const { history } = this;
    const [tried, all] = [refusal(() => history.with([ledgerEvent])), refusal(() => wholly(this.standing(facts, gone)))];
    if (typeof all === 'string' || typeof tried === 'string') return this.#refuse(tried, all);
    this.answers.push([tried.state, all.state]);
    [this.facts, this.gone] = [facts, gone];
    const event = { ...stored({ id: idOf(history.revision + 1), type: ledgerEvent.type, n: 0, on: '2026-01-01' }, history.revision + 1), data: ledgerEvent.data }; // prettier-ignore
    this.history = history.extended([event]);
  }
  #refuse(tried: unknown, all: unknown): void {
    this.refused++;
    this.answers.push([typeof tried === 'string' ? tried : 'accepted', typeof all === 'string' ? all : 'accepted']);
  }

  play({ kind, type, n, on, sequence, pick }: Move): void {
    const id = idOf(this.history.revision + 1);
    const { facts, gone } = this;
    const of = facts[pick % 3 === 0 ? pick % facts.length : Math.max(0, facts.length - 1 - (pick % 4))]!;
    const corrected = (pointer: string, value: unknown): Event => ({ type: 'FactCorrected', data: { event: of.id, because: 'error', changes: [{ pointer, value }] } }); // prettier-ignore
    const instead = (more: Partial<Fact>) => facts.map((fact) => (fact === of ? { ...fact, ...more } : fact));
    if (kind === 'record')
      this.record({ id, type, n: type === 'Sealed' || type === 'Unsealed' ? undefined : (n ?? (type === 'Refilled' ? undefined : 7)), on, sequence }); // prettier-ignore
    else if (kind === 'duplicate') {
      if (pick % 4 > 0 || gone.size === facts.length) return;
      const rest = this.standing().map((fact) => fact.id);
      this.change({ type: 'DuplicateMarked', data: { of: 'q' } }, facts, new Set(facts.map((fact) => fact.id)));
      const [first, ...dependants] = rest as [string, ...string[]];
      this.change({ type: 'FactReinstated', data: { event: first, dependants } }, facts, gone);
    } else if (kind === 'note') this.change({ type: 'FactAnnotated', data: { event: of.id, note: 'Seen' } }, facts, gone);
    else if (kind === 'withdraw') this.change({ type: 'FactWithdrawn', data: { event: of.id } }, facts, new Set([...gone, of.id]));
    else if (kind === 'reinstate')
      this.change({ type: 'FactReinstated', data: { event: of.id } }, facts, new Set([...gone].filter((one) => one !== of.id))); // prettier-ignore
    else if (kind === 'date') this.change(corrected('/effectiveOn', on), instead({ on }), gone);
    else if (of.n !== undefined) this.change(corrected('/n', n ?? 1), instead({ n: n ?? 1 }), gone);
  }
}

describe('a history that goes on from the states that it keeps', () => {
  it('finds its own states where another version went on otherwise from the same one', () => {
    const world = new Played();
    for (let n = 1; n <= 6; n++) world.record({ id: idOf(n), type: 'Added', n, on: '2016-01-02' });
    const added = (nth: number, n: number, on: string) => stored({ id: idOf(nth), type: 'Added', n, on }, nth);
    const { history } = world;
    const other = history.extended([added(7, 100, '2016-01-03')]).extended([added(8, 100, '2016-01-04')]);
    const own = history.extended([added(7, 1, '2016-01-03')]).extended([added(8, 1, '2016-01-05')]);
    for (const version of [other, own]) {
      const late = version.extended([added(9, 10, '2016-01-04')]);
      expect(late.state).toEqual(History.of(pile, 'p', late.recorded).state);
      expect([...late.steps()].map(({ after }) => after).at(-1)).toEqual(late.state);
      expect(late.before('2016-01-04').state).toEqual(History.of(pile, 'p', late.recorded).before('2016-01-04').state);
    }
  });

  it('accepts, refuses and comes to what the whole comes to, folded from nothing', () => {
    let [played, refused, longest, revealed] = [0, 0, 0, 0];
    fc.assert(
      fc.property(fc.array(move, { minLength: 20, maxLength: 90, size: 'max' }), (moves) => {
        const world = new Played();
        for (const one of moves) {
          world.play(one);
          const [ledger, whole] = world.answers.at(-1)!;
          expect(ledger).toEqual(whole);
          const { state, acting, before, order } = wholly(world.standing());
          expect(world.history.state).toEqual(state);
          expect(world.history.entries.map(({ recorded }) => recorded.id)).toEqual(acting.map(({ id }) => id));
          const at = order[one.pick % Math.max(1, order.length)];
          if (!at || !isDay(at.on)) continue;
          const found = world.history.before(at.on);
          expect(found.state).toEqual([...before, state][found.place]);
        }
        const read = History.of(pile, 'p', world.history.recorded);
        expect([read.recorded, read.state, read.entries, read.latestStart]).toEqual([world.history.recorded, world.history.state, world.history.entries, world.history.latestStart]); // prettier-ignore
        const ids = world.facts.map(({ id }) => id);
        const steps = new Map([...read.steps()].map(({ entry, before }) => [entry.recorded.id, before]));
        for (const some of [ids, ids.slice(-3)]) {
          const standing = world.history.standing(some, () => true);
          expect(standing.map(({ before }) => before)).toEqual(standing.map(({ entry }) => steps.get(entry.recorded.id)));
          expect(standing.length).toBe(some.filter((id) => steps.has(id)).length);
        }
        played += world.answers.length;
        refused += world.refused;
        longest = Math.max(longest, order(world));
        revealed += read.recorded.filter(({ type }) => type === 'Disclosed').length;
      }),
      { numRuns: 40, ...bounded },
    );
    expect([played > 1000, refused > 200, longest > 30, revealed > 20]).toEqual([true, true, true, true]);
  });
});
const order = ({ history }: Played): number => history.recorded.filter(({ type }) => !isLedgerEvent(type)).length;
