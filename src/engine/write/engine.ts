import {
  addDays,
  canonical,
  certainlyBefore,
  Illegal,
  refsIn,
  reject,
  Rejection,
  toldOf,
  type About,
  type Actor,
  type AnyCommand,
  type AnySubject,
  type Asked,
  type Assessment,
  type Fact,
  type Grounds,
  type History,
  type Json,
  type Known,
  type Metadata,
  type Need,
  type NewEvent,
  type StoredEvent,
  type Told,
} from '../../kernel/index.js';
import { OutcomeUnknown, WrongExpectedRevision, type EventStore } from '../../store/event-store.js';
import { commandIdOf } from './command-id.js';
import { unmetPrecondition, type Precondition } from './precondition.js';
import { Streams } from './streams.js';

export interface Ports {
  readonly store: EventStore;
  /** The instant of now, in UTC with milliseconds. */
  now(): string;
  /** A UUIDv7. */
  newId(): string;
}

export interface Ask extends Precondition {
  readonly command: AnyCommand;
  readonly subject: AnySubject;
  readonly id: string;
  /** The command's fields, checked, and `record`. Stored whole with the first event of the decision. */
  readonly body: { readonly record?: Grounds; readonly [field: string]: unknown };
  readonly actor: Actor;
  readonly idempotencyKey?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly correlationId?: string | undefined;
}

export interface Receipt {
  readonly decision?: string;
  readonly command: string;
  readonly stream: string;
  readonly revision: number;
  /** Of the last event; absent when nothing was appended. */
  readonly position?: string;
  readonly recordedAt?: string;
  readonly effectiveOn?: string;
  readonly events: readonly { readonly id?: string; readonly type: string; readonly revision?: number; readonly data: Json }[];
  readonly assessed: readonly Assessment[];
  readonly known: readonly Known[];
  readonly outcome: 'accepted' | 'replayed' | 'already-so' | 'dry-run';
}

/** The stream is not what the caller's `If-Match` or `If-None-Match` asks for. */
export class Stale extends Error {
  override readonly name = 'Stale';
  constructor(
    message: string,
    readonly actual: number,
  ) {
    super(message);
  }
}

/** The same key came with another command, body or actor. */
export class KeyReused extends Error {
  override readonly name = 'KeyReused';
}

/** More commands are under way than the queue holds. */
export class Busy extends Error {
  override readonly name = 'Busy';
}

/** The refusals that any command can meet beside its own and its stages'. */
export const engineRefusals = {
  'ledger/unknown-reference': 'An id in the body names a subject that is not there.',
  'ledger/effective-after-today': 'An act is recorded on its day or later, never before.',
  'ledger/breaks-later-event': 'A fact that is already recorded could no longer follow.',
  'ledger/policy-not-met': 'An adopted rule is not met; a waiver needs a reason and an authority.',
  'ledger/waiver-without-grounds': 'A waiver needs a reason and an authority.',
  'ledger/waives-nothing': 'The waived rule was not assessed here.',
};

/** What was decided, before it has a place in the log. */
export interface Decision {
  readonly facts: readonly Fact[];
  readonly assessed: readonly (readonly Assessment[])[];
  readonly about: readonly About[];
  readonly known: readonly Known[];
}

export type Load = (category: string, id: string) => Promise<History>;

const RACES = 12;
const RESENDS = [50, 200, 1000];

/** The day of an instant in a time zone. */
export const dayOf = (instant: string, timeZone: string): string =>
  Temporal.Instant.from(instant).toZonedDateTimeISO(timeZone).toPlainDate().toString();

/** The whole write side: read, fold, decide, fold the new facts, append at the revision that was read. */
export class Engine {
  readonly #streams: Streams;
  /** One decision at a time for each stream: writers of this process do not race each other, so none starves. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #underWay = 0;

  constructor(
    private readonly ports: Ports,
    private readonly subjects: readonly AnySubject[],
    private readonly queue = 1024,
  ) {
    this.#streams = new Streams(ports.store);
  }

  get underWay(): number {
    return this.#underWay;
  }

  #subject(category: string): AnySubject {
    return this.subjects.find((s) => s.category === category)!;
  }

  /** A history as it is at hand, with all that this process appended. @throws NewerShape */
  history(subject: AnySubject, id: string): Promise<History> {
    return this.#streams.load(subject, id);
  }

  /** @throws Rejection, Stale, KeyReused, Busy, NewerShape, OutcomeUnknown, StoreUnavailable */
  async handle(ask: Ask): Promise<Receipt> {
    if (this.#underWay >= this.queue) throw new Busy('Too many commands are under way.');
    this.#underWay++;
    try {
      return await (ask.dryRun
        ? this.#attempt(ask, 0, 'leader')
        : this.#inTurn(`${ask.subject.category}-${ask.id}`, () => this.#untilItStands(ask)));
    } finally {
      this.#underWay--;
    }
  }

  async #inTurn<T>(stream: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(stream);
    const mine = before ? before.then(work, work) : work();
    this.#turns.set(stream, mine);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(stream) === mine) this.#turns.delete(stream);
    }
  }

  /**
   * What is at hand is good enough to accept on, since the append checks it; every other answer is given on what the leader has. A race
   * that was lost is run again from there.
   */
  async #untilItStands(ask: Ask): Promise<Receipt> {
    let from: 'near' | 'leader' = this.ports.store.near ? 'near' : 'leader';
    for (let lost = 0; ;) {
      try {
        const receipt = await this.#attempt(ask, lost, from);
        if (from === 'leader' || receipt.outcome !== 'already-so') return receipt;
      } catch (error) {
        if (error instanceof WrongExpectedRevision) {
          if (++lost > RACES) throw error;
        } else if (from === 'leader' || !isAnswer(error)) throw error;
      }
      from = 'leader';
    }
  }

  async #attempt(ask: Ask, lost: number, from: 'near' | 'leader'): Promise<Receipt> {
    const { command, subject, id, body, actor, dryRun = false } = ask;
    const { record = {}, ...data } = body;
    const history = await this.#streams.load(subject, id, from);
    const { stream } = history;
    const { store } = this.ports;

    const key = dryRun ? undefined : ask.idempotencyKey;
    const commandId = key === undefined ? this.ports.newId() : commandIdOf(stream, key);
    const before = key === undefined ? [] : history.decision(commandId);
    if (before.length > 0) return this.#again(ask, before);
    const unmet = unmetPrecondition(ask, stream, history.revision);
    if (unmet !== undefined) throw new Stale(unmet, history.revision);

    const recordedAt = this.ports.now();
    const today = dayOf(recordedAt, store.genesis.timeZone);
    const effectiveOn = record.effectiveOn ?? today;
    const asked: Asked<any> = { id, data, record, actor, effectiveOn, today };
    const decision = await decideOn(command, asked, history, (category, i) => this.#streams.load(this.#subject(category), i, from));
    const { facts, known } = decision;
    const receipt = { command: command.name, stream, effectiveOn, assessed: decision.assessed.flat(), known };
    if (facts.length === 0) return { ...receipt, revision: history.revision, events: [], outcome: 'already-so' };
    if (dryRun)
      return {
        ...receipt,
        revision: history.revision,
        recordedAt,
        events: facts.map((f) => ({ type: f.type, data: f.data })),
        outcome: 'dry-run',
      };

    const expected = history.revision;
    const events = facts.map((fact, i): NewEvent => ({
      id: this.ports.newId(),
      type: fact.type,
      data: fact.data,
      metadata: {
        schemaVersion: subject.events[fact.type]?.version ?? 1,
        recordedAt,
        effectiveOn,
        about: decision.about[i]!,
        command: { id: commandId, name: command.name, ...(i === 0 && { body: body as Json }) },
        actor,
        ...groundsOf(record),
        $correlationId: ask.correlationId ?? commandId,
        $causationId: commandId,
        known,
        ...(decision.assessed[i]!.length > 0 && { assessed: decision.assessed[i]! }),
      },
    }));
    const appended = await this.#append(stream, expected, events, lost);
    this.#streams.appended(stream, appended.revision);
    return {
      ...receipt,
      decision: commandId,
      revision: appended.revision,
      position: appended.position,
      recordedAt,
      events: events.map((e, i) => ({ id: e.id, type: e.type, revision: expected + 1 + i, data: e.data })),
      outcome: 'accepted',
    };
  }

  /** An append whose outcome is unknown is sent again only as it was: the same ids, bytes and expected revision. */
  async #append(stream: string, expected: number, events: readonly NewEvent[], lost: number) {
    if (lost > 1) await new Promise((wake) => setTimeout(wake, 3 * lost));
    for (let sent = 0; ; sent++) {
      try {
        return await this.ports.store.append(stream, expected, events);
      } catch (error) {
        if (!(error instanceof OutcomeUnknown) || sent >= RESENDS.length) throw error;
        await new Promise((wake) => setTimeout(wake, RESENDS[sent]));
      }
    }
  }

  #again({ command, body, actor }: Ask, events: readonly StoredEvent[]): Receipt {
    const { metadata } = events[0]!;
    const same =
      metadata.command.name === command.name && metadata.actor.id === actor.id && canonical(metadata.command.body) === canonical(body);
    if (!same) throw new KeyReused(`This key belongs to another ${metadata.command.name === command.name ? 'body or actor' : 'command'}.`);
    const last = events.at(-1)!;
    return {
      decision: metadata.command.id,
      command: command.name,
      stream: last.stream,
      revision: last.revision,
      position: last.position,
      recordedAt: metadata.recordedAt,
      effectiveOn: metadata.effectiveOn,
      events: events.map((e) => ({ id: e.id, type: e.type, revision: e.revision, data: e.data })),
      assessed: events.flatMap((e) => e.metadata.assessed ?? []),
      known: metadata.known,
      outcome: 'replayed',
    };
  }
}

/** What was decided on, and would be decided otherwise on other facts. */
const isAnswer = (error: unknown): boolean => error instanceof Rejection || error instanceof Stale || error instanceof KeyReused;

const groundsOf = ({ decidedBy, authority, reason, evidence }: Grounds): Partial<Metadata> => ({
  ...(decidedBy && { decidedBy }),
  ...(authority && { authority }),
  ...(reason !== undefined && { reason }),
  ...(evidence && { evidence }),
});

/**
 * Decides on a history with what else must be known, without appending: the command's answer, its place in effective order, what stands
 * behind it folded again, the rules assessed. A replay takes the same way with what was known then. After the last `load` nothing waits,
 * so all that was known is of one moment.
 * @throws Rejection
 */
export const decideOn = async (command: AnyCommand, asked: Asked<any>, history: History, load: Load): Promise<Decision> => {
  const { subject } = history;
  const { data, record, effectiveOn, today } = asked;
  if (certainlyBefore(today, effectiveOn)) reject('ledger/effective-after-today', `Today is ${today}.`, { pointer: '/record/effectiveOn' });

  if (!command.subject && history.revision < 0)
    reject(`${subject.category}/unknown`, `No such ${subject.category}: nothing was recorded of it.`);

  const others = new Map<string, History>();
  const stateOf = (need: Need | undefined) => need && others.get(`${need.subject.category}-${need.id}`)?.state;
  const refs = refsIn(command.fields, data);
  let found: ReturnType<History['before']>;
  let homeState: Home;
  let known: Record<string, unknown> = {};
  for (;;) {
    found = history.before(effectiveOn);
    const home = subject.home?.of(found.state) ?? subject.home?.of(history.state) ?? data['programme'];
    const named = Object.entries((command.subject && command.needs?.(asked, found.state, known)) ?? {});
    const wanted: (readonly [category: string, id: string])[] = [
      ...(subject.home && home ? [[subject.home.subject.category, home] as const] : []),
      ...refs.map(({ category, id }) => [category, id] as const),
      ...named.flatMap(([, needs]) => needs ?? []).map((need) => [need.subject.category, need.id] as const),
    ];
    const missing = wanted.filter(([category, id]) => !others.has(`${category}-${id}`));
    for (const [category, id] of missing) others.set(`${category}-${id}`, await load(category, id));
    known = Object.fromEntries(named.map(([name, needs]) => [name, Array.isArray(needs) ? needs.map(stateOf) : stateOf(needs as Need)]));
    homeState = subject.home ? home && others.get(`${subject.home.subject.category}-${home}`)?.state : found.state;
    if (missing.length === 0) break;
  }
  for (const { category, id, pointer } of refs)
    if (others.get(`${category}-${id}`)?.state.stage === 'none')
      reject('ledger/unknown-reference', `No ${category} ${id} is recorded.`, { pointer });

  const facts = command.decide(asked, command.subject ? found.state : history, known);
  const places = facts.length === 0 ? [] : command.subject ? onSubject(facts, asked, history, found) : onLedger(facts, asked, history);
  const assessed = places.map(({ type, data, told, state }) => {
    const judged: readonly Assessment[] = (homeState && subject.events[type]?.assess?.(data, told, state, homeState)) ?? [];
    return judged.map((a): Assessment => {
      if (a.result !== 'not-met' || !record.waives?.includes(a.rule)) return a;
      return { ...a, result: 'waived', ...(record.reason !== undefined && { note: record.reason }) };
    });
  });
  if (facts.length > 0) refuseByPolicy(asked, history, homeState, assessed.flat());
  const streams = [...others.values()].map(({ stream, revision }): Known => ({ stream, revision }));
  const about = places.map(({ after }) => aboutOf(subject, asked, after, refs));
  return { facts, assessed, about, known: streams };
};

interface Placed {
  readonly type: string;
  readonly data: unknown;
  readonly told: Told;
  readonly state: unknown;
  readonly after: unknown;
}
/** The state of the subject whose rules are judged by: what the engine itself reads of it. */
type Home = { readonly lateGraceDays?: number } | undefined;

const onSubject = (facts: readonly Fact[], asked: Asked<any>, history: History, found: ReturnType<History['before']>): Placed[] => {
  const { decidedBy, authority, reason, evidence } = asked.record;
  const told = facts.map((_, i): Told => ({
    event: `new-${i}`,
    effectiveOn: asked.effectiveOn,
    ...(decidedBy && { decidedBy }),
    ...(authority && { authority }),
    ...(reason !== undefined && { reason }),
    ...(evidence && { evidence }),
  }));
  const first = history.entries[0];
  if (found.place === 0 && first && !history.subject.events[facts[0]!.type]!.from.includes('none'))
    reject(
      `${history.subject.category}/not-yet`,
      `It begins with ${first.stored.type} of ${first.effectiveOn}; this would lie before it.`,
      {
        pointer: '/record/effectiveOn',
      },
    );
  facts.forEach(({ type, data }, i) => history.subject.events[type]!.check?.(data, told[i]!));
  const after = legally(() => history.tryFacts(facts, told, found));
  return facts.map(({ type, data }, i) => ({ type, data, told: told[i]!, state: i === 0 ? found.state : after[i - 1], after: after[i] }));
};

/** A corrected fact is judged again at its place, with the correction's own decider. */
const onLedger = (facts: readonly Fact[], { record }: Asked<any>, history: History): Placed[] => {
  const after = facts.map((_, i) => legally(() => history.with(facts.slice(0, i + 1)))).at(-1)!;
  const steps = facts.some(({ type }) => type === 'FactCorrected') ? [...after.steps()] : [];
  return facts.map((fact) => {
    const of = fact.type === 'FactCorrected' ? steps.find(({ entry }) => entry.stored.id === fact.data.event) : undefined;
    if (!of || String(fact.data.pointer).startsWith('/evidence'))
      return { ...fact, told: {} as Told, state: undefined, after: after.state };
    const { decidedBy, authority } = record;
    const told = { ...toldOf(of.entry), ...(decidedBy && { decidedBy }), ...(authority && { authority }) };
    return { type: of.entry.stored.type, data: of.entry.data, told, state: of.before, after: after.state };
  });
};

const legally = <T>(fold: () => T): T => {
  try {
    return fold();
  } catch (error) {
    if (!(error instanceof Illegal)) throw error;
    if (!error.entry) throw new Rejection(error.code, error.message);
    const { stored, effectiveOn } = error.entry;
    const advice = effectiveOn === 'unknown' ? ' Refine its date first: it is unknown.' : '';
    throw new Rejection('ledger/breaks-later-event', `${stored.type} of ${effectiveOn} could no longer follow: ${error.message}${advice}`, {
      event: stored.id,
      eventType: stored.type,
      eventEffectiveOn: effectiveOn,
      because: error.code,
    });
  }
};

/** Policy refuses only a decision taken now; one told late stands with what was not met in plain sight. */
const refuseByPolicy = (asked: Asked<any>, history: History, home: Home, assessed: readonly Assessment[]): void => {
  const { record, effectiveOn, today } = asked;
  if (record.waives?.length && (record.reason === undefined || !record.authority))
    reject('ledger/waiver-without-grounds', 'Tell the reason and the authority of the waiver.', { pointer: '/record/waives' });
  for (const rule of record.waives ?? [])
    if (!assessed.some((a) => a.rule === rule && a.result === 'waived'))
      reject('ledger/waives-nothing', `${rule} was not assessed as not met here.`, { pointer: '/record/waives' });
  const broken = assessed.filter(({ result }) => result === 'not-met');
  if (broken.length === 0) return;
  const late = certainlyBefore(effectiveOn, addDays(today, -(home?.lateGraceDays ?? 0)));
  const completeFrom = history.subject.completeFrom?.(history.state);
  if (late && (!completeFrom || certainlyBefore(effectiveOn, completeFrom))) return;
  reject('ledger/policy-not-met', broken.map(({ rule, note }) => `${rule}: ${note ?? 'not met'}`).join(' '), {
    assessed: broken as unknown as Json,
  });
};

/** What the subject says of itself and every id that the command named. */
const aboutOf = (subject: AnySubject, { id }: Asked<any>, state: unknown, refs: readonly { category: string; id: string }[]): About => {
  const about: Record<string, string | readonly string[]> = { ...subject.about(id, state) };
  for (const { category, id: named } of refs) {
    if (category === 'programme') about['programme'] ??= named;
    else about[category] = [...new Set([...((about[category] as readonly string[]) ?? []), named])];
  }
  return about as About;
};
