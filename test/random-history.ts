import fc from 'fast-check';
import { commands, aggregates } from '../src/domain/index.js';
import { split } from '../src/engine/audit/audit.js';
import { Engine, type CommandRequest } from '../src/engine/write/engine.js';
import type { Receipt } from '../src/engine/write/receipt.js';
import {
  check,
  provenanceFields,
  Rejection,
  type AnyAggregate,
  type Field,
  type Provenance,
  type Json,
  type RecordedEvent,
} from '../src/kernel/index.js';
import type { EventStore } from '../src/store/event-store.js';
import { memoryStore } from './fakes/memory-store.js';

/** A ledger, in memory unless another store is given, written through the real engine: the clock and the ids are the test's. */
export class World {
  readonly engine: Engine;
  /** How many commands were accepted, and why the others were not: code → how often. */
  accepted = 0;
  readonly refused = new Map<string, number>();
  /** Command → the codes that it was refused with. */
  readonly refusedBy = new Map<string, Set<string>>();
  #now: Temporal.Instant;
  #ids = 0;
  readonly #accepted: { readonly request: CommandRequest; readonly receipt: Receipt }[] = [];

  constructor(
    day = '2016-01-04',
    readonly store: EventStore = memoryStore(),
    /** With which the ids of events begin. */
    ids = '019353d2-0000-7000-8000',
  ) {
    this.#now = Temporal.Instant.from(`${day}T09:00:00Z`);
    const newId = () => `${ids}-${String(++this.#ids).padStart(12, '0')}`;
    const now = () => this.#now.toString({ smallestUnit: 'millisecond' });
    const members = async (set: string) => {
      const streams = [...new Set((await this.events()).map(({ stream }) => stream))];
      const histories = await Promise.all(streams.map((stream) => this.history(stream)));
      return histories.flatMap(({ stream, aggregate, state }) => (aggregate.setOf?.(state) === set ? [stream] : []));
    };
    this.engine = new Engine({ store, now, newId, members }, aggregates);
  }

  get today(): string {
    return this.#now.toString().slice(0, 10);
  }
  wait(days: number): void {
    this.#now = this.#now.add({ minutes: Math.round(24 * 60 * days) });
  }

  history(stream: string) {
    const [category, id] = split(stream);
    return this.engine.history(aggregateOf(category), id);
  }

  /** @throws Rejection */
  async record(stream: string, command: string, data: object, record: Provenance = {}): Promise<Receipt> {
    const [category, id] = split(stream);
    const known = commands.find(({ name }) => name === command)!;
    const wrong = [...check(known.fields, data), ...check(provenanceFields, record)];
    if (wrong.length > 0) throw new Error(`${command} does not pass its check: ${JSON.stringify(wrong)}`);
    const aggregate = aggregateOf(category);
    const idempotencyKey = `key-${this.#ids}`;
    const request: CommandRequest = { command: known, aggregate, id, body: { ...data, record }, actor: { id: 'ana' }, idempotencyKey };
    const receipt = await this.engine.handle(request);
    if (receipt.outcome === 'accepted') {
      this.accepted++;
      this.#accepted.push({ request, receipt });
    }
    return receipt;
  }

  /** Every command that was accepted, sent again with its key: what was answered then, and what is now. */
  async again(): Promise<readonly (readonly [then: Receipt, now: Receipt])[]> {
    const answers = [];
    for (const { request, receipt } of this.#accepted) answers.push([receipt, await this.engine.handle(request)] as const);
    return answers;
  }

  /** Sends it; a refusal is noted, any other failure is an error. */
  async try(...asked: Parameters<World['record']>): Promise<void> {
    try {
      await this.record(...asked);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      this.refused.set(error.code, (this.refused.get(error.code) ?? 0) + 1);
      const [, command] = asked;
      this.refusedBy.set(command, (this.refusedBy.get(command) ?? new Set()).add(error.code));
    }
  }

  /** The whole log, in store order. */
  events(): Promise<readonly RecordedEvent[]> {
    return this.store.readAll(undefined, 100_000);
  }
}

const aggregateOf = (category: string): AnyAggregate => aggregates.find((aggregate) => aggregate.category === category)!;

/** A programme, two towers, two suppliers: what contracts refer to. */
export const recordWorld = async (world: World): Promise<void> => {
  await world.record('programme-met', 'CharterProgramme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' });
  await world.record('tower-hosting', 'PlanTower', { programme: 'met', title: 'Hosting' });
  await world.record('tower-euc', 'PlanTower', { programme: 'met', title: 'End-user computing' });
  await world.record('supplier-csc', 'RegisterSupplier', { title: 'CSC', form: 'company' });
  await world.record('supplier-atos', 'RegisterSupplier', { title: 'Atos', form: 'company' });
};

const day = (from: string, days: number): fc.Arbitrary<string> =>
  fc.nat(days).map((n) => Temporal.PlainDate.from(from).add({ days: n }).toString());
const exact = day('2010-01-01', 3650);

/** A date, exact or uncertain. */
export const uncertainDate: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: exact },
  { weight: 2, arbitrary: exact.map((d) => d.slice(0, 7)) },
  { weight: 2, arbitrary: exact.map((d) => d.slice(0, 4)) },
  { weight: 2, arbitrary: fc.tuple(exact, fc.nat(700)).map(([d, n]) => `[${d}..${Temporal.PlainDate.from(d).add({ days: n })}]`) },
  { weight: 1, arbitrary: exact.map((d) => `[..${d}]`) },
  { weight: 1, arbitrary: exact.map((d) => `[${d}..]`) },
  { weight: 2, arbitrary: fc.constant('unknown') },
);

/** One thing that somebody tries; what it comes to depends on what the ledger holds by then. */
export interface Move {
  readonly kind: 'act' | 'correct' | 'redate' | 'withdraw' | 'annotate' | 'programme';
  readonly days: number;
  readonly contract: 'alpha' | 'beta';
  /** Absent: today. */
  readonly on: string | undefined;
  readonly date: string;
  readonly pick: number;
  readonly n: number;
  readonly flag: boolean;
}

const move: fc.Arbitrary<Move> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('act' as const) },
    { weight: 3, arbitrary: fc.constant('correct' as const) },
    { weight: 3, arbitrary: fc.constant('redate' as const) },
    { weight: 2, arbitrary: fc.constant('withdraw' as const) },
    { weight: 2, arbitrary: fc.constant('annotate' as const) },
    { weight: 1, arbitrary: fc.constant('programme' as const) },
  ),
  days: fc.nat(200),
  contract: fc.constantFrom('alpha', 'beta'),
  on: fc.oneof({ weight: 2, arbitrary: fc.constant(undefined) }, { weight: 3, arbitrary: uncertainDate }),
  date: uncertainDate,
  pick: fc.nat(999),
  n: fc.nat(999),
  flag: fc.boolean(),
});
export const moves = (most = 40): fc.Arbitrary<readonly Move[]> => fc.array(move, { minLength: 3, maxLength: most, size: 'max' });

/** A property that fails is played again many times, to find the least that fails: not for ever. */
export const bounded = { interruptAfterTimeLimit: 8000 } as const;

/** Plays what somebody tries on a small world; what the ledger refuses is passed over. */
export const play = async (tried: readonly Move[], world = new World()): Promise<World> => {
  await recordWorld(world);
  for (const one of tried) {
    world.wait(one.days);
    await plays[one.kind](world, one);
  }
  return world;
};

const amount = (n: number) => ({
  amount: String((n + 1) * 10_000),
  currency: n % 23 === 22 ? 'EUR' : 'GBP',
  ...(n % 7 === 6 && { qualifier: 'about' as const }),
});
const value = (n: number) => (n % 5 === 4 ? [{ undisclosed: true }, { unknown: true }][n % 2]! : amount(n));
const towers = (n: number): readonly string[] => [[], ['hosting'], ['euc'], ['hosting', 'euc']][n % 4]!;
const supplier = (n: number): string => (n % 2 ? 'csc' : 'atos');
/** One supplier, or two of them: with shares, with lots, or jointly. */
const supply = ({ n }: Pick<Move, 'n'>) => {
  if (n % 3 !== 2) return { suppliers: [{ supplier: supplier(n) }] };
  const each = [{ share: '60' }, { share: '40.5' }, { lot: 'north' }, {}][n % 4]!;
  return {
    suppliers: [
      { supplier: 'csc', ...each },
      { supplier: 'atos', ...(n % 4 === 0 && { share: 40 }), ...(n % 4 === 2 && { lot: 'south' }) },
    ],
    lots: [
      { lot: 'north', title: 'North', value: amount(n) },
      { lot: 'south', title: 'South' },
    ],
  };
};
const terms = ({ n, date, flag }: Move) => ({
  value: value(n),
  ...(flag && { termMonths: 12 + (n % 90) }),
  ...(n % 3 === 0 && { startsOn: date }),
});

/** What can be recorded of a contract. */
const acts: { readonly [command: string]: (move: Move) => object } = {
  RecordContract: (m) => ({
    programme: 'met',
    title: `Case ${m.n}`,
    stage: ['signed', 'live', 'live', 'exiting', 'closed'][m.n % 5],
    role: 'outside',
    towers: towers(m.n),
    ...supply(m),
    ...terms(m),
  }),
  PlanContract: ({ n }) => ({ programme: 'met', title: `Plan ${n}`, towers: towers(n) }),
  OpenTender: ({ flag }) => (flag ? { regime: 'PCR2015' } : {}),
  AwardContract: (m) => ({
    programme: 'met',
    ...supply(m),
    ...(m.flag && { title: `Award ${m.n}`, towers: towers(m.n) }),
    ...terms(m),
  }),
  SignContract: ({ flag, date }) => (flag ? { endsOn: date } : {}),
  StartService: () => ({}),
  DiscloseValue: ({ n }) => ({ value: amount(n) }),
  ApproveChange: ({ n, flag, date }) =>
    [
      { kind: 'value', to: amount(n) },
      { kind: 'value', by: amount(n), ...(flag && { statedFrom: amount(n + 1) }) },
      { kind: 'term', endsOn: date },
      { kind: 'scope', summary: `Scope ${n}`, unforeseen: flag },
    ][n % 4]!,
  RecordDelay: ({ date, n }) => ({ milestone: `Milestone ${n % 3}`, to: date }),
  GiveTerminationNotice: ({ flag, date }) => ({ by: flag ? 'authority' : 'supplier', ...(flag && { takesEffectOn: date }) }),
  WithdrawTerminationNotice: () => ({}),
  TerminateContract: ({ flag, n }) => ({
    ground: 'Failure to deliver',
    ...(n % 2 === 0 && { partial: flag }),
    ...(n % 3 > 0 && { from: supplier(n) }),
  }),
  PublishAwardNotice: ({ n, flag, date }) => ({ reference: `Notice ${n % 5}`, ...(flag && { standstillEndsOn: date }) }),
  CancelContract: ({ n }) => ({ why: `Case ${n}` }),
  SeekExtension: ({ date }) => ({ until: date }),
  ExerciseExtension: ({ n, flag, date }) => ({ ...(flag ? { endsOn: date } : { months: 1 + (n % 24) }) }),
  NovateContract: ({ n, date, flag, pick }) => ({
    supplier: supplier(n),
    ...(n % 3 > 0 && { from: supplier(n + 1) }),
    ...(flag && pick % 2 && { takesEffectOn: date }),
  }),
  AdmitSupplier: ({ n, date, flag }) => ({
    supplier: supplier(n),
    ...(flag && { takesEffectOn: date }),
    ...(n % 2 && { share: String(n % 70) }),
  }),
  RemoveSupplier: ({ n, date, flag }) => ({ supplier: supplier(n), ...(flag && { takesEffectOn: date }) }),
  RedenominateContract: ({ n }) => ({ currency: n % 2 ? 'EUR' : 'USD', rate: '1.25' }),
  CloseContract: ({ n, date }) => ({ finalValue: value(n), endedOn: date }),
};

const office = (n: number): Pick<Provenance, 'decidedBy'> =>
  n % 3 === 0 ? { decidedBy: { person: `person-${n % 2}`, office: n % 2 ? 'Board' : 'Director' } } : {};
const evidence = (n: number): Pick<Provenance, 'evidence'> =>
  n % 4 === 0 ? { evidence: [{ title: `Paper ${n % 5}`, confidence: n % 8 ? 'press' : 'primary' }] } : {};
const authority = (n: number): Pick<Provenance, 'authority'> => (n % 5 === 0 ? { authority: { reference: `PCD ${n % 3}` } } : {});
const grounds = ({ n }: Move, on?: string): Provenance => ({
  ...(on !== undefined && { effectiveOn: on }),
  ...office(n),
  ...evidence(n),
  ...authority(n),
});

const following = (aggregate: AnyAggregate, stage: string): string[] =>
  Object.keys(acts).filter((name) => {
    const { events } = commands.find((command) => command.name === name)!;
    return aggregate.events[events[0]!].allowedIn.includes(stage);
  });

/** The events that contracts get in these histories; `playCommands` plays every other command too. */
export const playedEvents: readonly string[] = [
  ...new Set(Object.keys(acts).flatMap((name) => commands.find((command) => command.name === name)!.events)),
];

/** Mostly what can follow at its place, so that many are accepted; now and then anything. */
const act = async (world: World, m: Move): Promise<void> => {
  const stream = `contract-${m.contract}`;
  const history = await world.history(stream);
  if (m.pick % 10 === 9) {
    const [command, data] = Object.entries(acts)[m.n % Object.keys(acts).length]!;
    return world.try(stream, command, data(m), grounds(m, m.on));
  }
  const there = m.on === undefined ? [] : following(history.aggregate, history.before(m.on).state.stage);
  const later = history.entries.length > 0 && m.on !== undefined && history.before(m.on).place === 0;
  const [on, can] = there.length > 0 && !later ? [m.on, there] : [undefined, following(history.aggregate, history.state.stage)];
  if (can.length === 0) return;
  const command = can[m.pick % can.length]!;
  await world.try(stream, command, acts[command]!(m), grounds(m, on));
};

/** A value that a field may be corrected to. */
const better = ({ kind, values }: Field, { n, date, flag }: Move): Json | undefined => {
  if (kind === 'date') return date;
  if (kind === 'amount') return amount(n);
  if (kind === 'value') return value(n);
  if (kind === 'count') return 1 + (n % 100);
  if (kind === 'text') return `Better ${n}`;
  if (kind === 'choice') return values![n % values!.length]!;
  return kind === 'flag' ? flag : undefined;
};

const STREAMS = ['contract-alpha', 'contract-beta', 'contract-alpha', 'contract-beta', 'tower-hosting', 'supplier-csc', 'programme-met'];
const chosen = async (world: World, { contract, n, pick }: Move) => {
  const stream = n % 4 ? `contract-${contract}` : STREAMS[n % STREAMS.length]!;
  const history = await world.history(stream);
  return { stream, history, entry: history.entries[pick % Math.max(1, history.entries.length)] };
};
const because = (n: number) => (['error', 'better-source', 'refined', 'settled'] as const)[n % 4]!;

/** A field of some fact with another value: mostly one that the event has. */
const field = async (world: World, m: Move) => {
  const { stream, history, entry } = await chosen(world, m);
  if (!entry) return undefined;
  const fields = Object.entries<Field>(history.aggregate.events[entry.recorded.type].fields);
  const present = fields.filter(([name, kind]) => entry.data[name] !== undefined && better(kind, m) !== undefined);
  const from = present.length > 0 && m.pick % 4 ? present : fields;
  const [name, kind] = from[m.pick % Math.max(1, from.length)] ?? [];
  const right = kind && better(kind, m);
  return right === undefined ? undefined : { stream, event: entry.recorded.id, pointer: `/${name}`, value: right };
};

const plays: { readonly [kind in Move['kind']]: (world: World, move: Move) => Promise<void> } = {
  act,
  async correct(world, m) {
    const found = await field(world, m);
    if (!found) return;
    const { stream, event, ...change } = found;
    await world.try(stream, 'CorrectFact', { event, changes: [change], because: because(m.n) }, { ...office(m.n), ...evidence(m.n) });
  },
  async redate(world, m) {
    const { stream, entry } = await chosen(world, m);
    if (!entry) return;
    await world.try(stream, 'CorrectFact', {
      event: entry.recorded.id,
      changes: [{ pointer: '/effectiveOn', value: m.on ?? m.date }],
      because: because(m.n),
    });
  },
  async withdraw(world, m) {
    const { stream, entry } = await chosen(world, m);
    if (entry) await world.try(stream, 'WithdrawFact', { event: entry.recorded.id, withDependants: m.flag });
  },
  async annotate(world, m) {
    const found = m.flag ? await field(world, m) : undefined;
    if (found) {
      const { stream, event, ...claim } = found;
      return world.try(stream, 'Annotate', { event, note: 'Another source says otherwise.', claim }, evidence(m.n));
    }
    const { stream, entry } = await chosen(world, m);
    await world.try(stream, 'Annotate', { note: `Seen ${m.n}`, ...(entry && m.n % 2 && { event: entry.recorded.id }) });
  },
  async programme(world, m) {
    const { n, date, contract } = m;
    const possible: readonly (readonly [command: string, data: object])[] = [
      ['AppointIntegrator', { contract }],
      ['AddWarning', { warning: `warning-${n % 9}`, summary: 'Not without risk', by: 'Watchdog', source: { title: `Report ${n % 9}` } }],
      ['RaiseRisk', { risk: `risk-${n % 9}`, summary: 'What may happen', source: { title: `Report ${n}` } }],
      ['SetSavingsTarget', { target: `target-${n % 3}`, title: 'Saved', amount: amount(n) }],
      ['RecordSaving', { saving: `saving-${n % 9}`, target: `target-${n % 4}`, amount: amount(n) }],
      ['PublishStrategy', { strategy: `strategy-${n % 3}`, title: 'Strategy', reviewDue: date }],
      ['AdoptPolicy', { policy: 'consent', title: 'Scheme of consent', version: String(n % 5), inForceFrom: date, approvals: [{ stepOverOriginalAbove: 10, approver: 'Board' }] }], // prettier-ignore
    ];
    await world.try('programme-met', ...possible[m.pick % possible.length]!, grounds(m, m.on));
  },
};

/** The events of each stream, as recorded. */
export const byStream = (events: readonly RecordedEvent[]): ReadonlyMap<string, readonly RecordedEvent[]> =>
  Map.groupBy(events, ({ stream }) => stream);

/** The last event of each decision of a stream: between them lies half a decision, which nobody decided on. */
export const decisionEnds = (events: readonly RecordedEvent[]): readonly number[] =>
  events.flatMap(({ metadata }, i) => (events[i + 1]?.metadata.command.id === metadata.command.id ? [] : [i]));

/** What a run of random histories was made of, so that a property over them cannot be empty. */
export class Tally {
  accepted = 0;
  readonly types = new Map<string, number>();
  readonly refused = new Map<string, number>();

  async add(world: World): Promise<void> {
    this.accepted += world.accepted;
    for (const { type } of await world.events()) this.types.set(type, this.of(type) + 1);
    for (const [code, n] of world.refused) this.refused.set(code, (this.refused.get(code) ?? 0) + n);
  }
  of(type: string): number {
    return this.types.get(type) ?? 0;
  }
}
