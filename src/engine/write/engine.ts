import {
  addDays,
  canonical,
  certainlyBefore,
  IllegalTransitionError,
  refsIn,
  reject,
  Rejection,
  contextOf,
  type About,
  type Actor,
  type AnyCommand,
  type AnyAggregate,
  type CommandContext,
  type Assessment,
  type Event,
  type Provenance,
  type History,
  type Json,
  type Known,
  type Metadata,
  type Need,
  type NewEvent,
  type RecordedEvent,
  type EventContext,
} from '../../kernel/index.js';
import { OutcomeUnknownError, WrongExpectedRevisionError, type EventStore } from '../../store/event-store.js';
import { commandIdOf } from './command-id.js';
import { Streams } from './streams.js';

export interface Ports {
  readonly store: EventStore;
  /** The instant of now, in UTC with milliseconds. */
  now(): string;
  /** A UUIDv7. */
  newId(): string;
}

export interface CommandRequest {
  readonly command: AnyCommand;
  readonly aggregate: AnyAggregate;
  readonly id: string;
  /** The command's fields, checked, and `record`. Stored whole with the first event of the decision. */
  readonly body: { readonly record?: Provenance; readonly [field: string]: unknown };
  readonly actor: Actor;
  readonly idempotencyKey?: string | undefined;
  /** The revision the caller last saw, if they care: compared with what was read, never used to append. */
  readonly ifMatch?: number | undefined;
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

/** The caller's `If-Match` is not where the stream is. */
export class StaleRevisionError extends Error {
  override readonly name = 'StaleRevisionError';
  constructor(
    readonly stream: string,
    readonly seen: number,
    readonly actual: number,
  ) {
    super(`${stream} is at revision ${actual}, not ${seen}.`);
  }
}

/** The same key came with another command, body or actor. */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError';
}

/** More commands are under way than the queue holds. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
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
  readonly events: readonly Event[];
  readonly assessed: readonly (readonly Assessment[])[];
  readonly about: readonly About[];
  readonly known: readonly Known[];
}

export type Load = (category: string, id: string) => Promise<History>;

const MAX_CONFLICTS = 12;
const RETRY_DELAYS_MS = [50, 200, 1000];

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
    private readonly aggregates: readonly AnyAggregate[],
    private readonly queue = 1024,
  ) {
    this.#streams = new Streams(ports.store);
  }

  get underWay(): number {
    return this.#underWay;
  }

  #subject(category: string): AnyAggregate {
    return this.aggregates.find((s) => s.category === category)!;
  }

  /** A history as it is at hand, with all that this process appended. @throws NewerShape */
  history(aggregate: AnyAggregate, id: string): Promise<History> {
    return this.#streams.load(aggregate, id);
  }

  /** @throws Rejection, Stale, KeyReused, Busy, NewerShape, OutcomeUnknown, StoreUnavailable */
  async handle(request: CommandRequest): Promise<Receipt> {
    if (this.#underWay >= this.queue) throw new OverloadedError('Too many commands are under way.');
    this.#underWay++;
    try {
      return await (request.dryRun
        ? this.#attempt(request, 0, 'leader')
        : this.#inTurn(`${request.aggregate.category}-${request.id}`, () => this.#untilItStands(request)));
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
  async #untilItStands(request: CommandRequest): Promise<Receipt> {
    let from: 'near' | 'leader' = this.ports.store.readLocal ? 'near' : 'leader';
    for (let lost = 0; ;) {
      try {
        const receipt = await this.#attempt(request, lost, from);
        if (from === 'leader' || receipt.outcome !== 'already-so') return receipt;
      } catch (error) {
        if (error instanceof WrongExpectedRevisionError) {
          if (++lost > MAX_CONFLICTS) throw error;
        } else if (from === 'leader' || !isAnswer(error)) throw error;
      }
      from = 'leader';
    }
  }

  async #attempt(request: CommandRequest, lost: number, from: 'near' | 'leader'): Promise<Receipt> {
    const { command, aggregate, id, body, actor, dryRun = false } = request;
    const { record = {}, ...data } = body;
    const history = await this.#streams.load(aggregate, id, from);
    const { stream } = history;
    const { store } = this.ports;

    const key = dryRun ? undefined : request.idempotencyKey;
    const commandId = key === undefined ? this.ports.newId() : commandIdOf(stream, key);
    const before = key === undefined ? [] : history.decision(commandId);
    if (before.length > 0) return this.#again(request, before);
    if (request.ifMatch !== undefined && request.ifMatch !== history.revision)
      throw new StaleRevisionError(stream, request.ifMatch, history.revision);

    const recordedAt = this.ports.now();
    const today = dayOf(recordedAt, store.genesis.timeZone);
    const effectiveOn = record.effectiveOn ?? today;
    const context: CommandContext<any> = { id, data, record, actor, effectiveOn, today };
    const decision = await decideOn(command, context, history, (category, i) => this.#streams.load(this.#subject(category), i, from));
    const { events: facts, known } = decision;
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
    const events = facts.map((event, i): NewEvent => ({
      id: this.ports.newId(),
      type: event.type,
      data: event.data,
      metadata: {
        schemaVersion: aggregate.events[event.type]?.version ?? 1,
        recordedAt,
        effectiveOn,
        about: decision.about[i]!,
        command: { id: commandId, name: command.name, ...(i === 0 && { body: body as Json }) },
        actor,
        ...groundsOf(record),
        $correlationId: request.correlationId ?? commandId,
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
        if (!(error instanceof OutcomeUnknownError) || sent >= RETRY_DELAYS_MS.length) throw error;
        await new Promise((wake) => setTimeout(wake, RETRY_DELAYS_MS[sent]));
      }
    }
  }

  #again({ command, body, actor }: CommandRequest, events: readonly RecordedEvent[]): Receipt {
    const { metadata } = events[0]!;
    const same =
      metadata.command.name === command.name && metadata.actor.id === actor.id && canonical(metadata.command.body) === canonical(body);
    if (!same)
      throw new IdempotencyKeyReusedError(
        `This key belongs to another ${metadata.command.name === command.name ? 'body or actor' : 'command'}.`,
      );
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
const isAnswer = (error: unknown): boolean =>
  error instanceof Rejection || error instanceof StaleRevisionError || error instanceof IdempotencyKeyReusedError;

const groundsOf = ({ decidedBy, authority, reason, evidence }: Provenance): Partial<Metadata> => ({
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
export const decideOn = async (command: AnyCommand, asked: CommandContext<any>, history: History, load: Load): Promise<Decision> => {
  const { aggregate } = history;
  const { data, record, effectiveOn, today } = asked;
  if (certainlyBefore(today, effectiveOn)) reject('ledger/effective-after-today', `Today is ${today}.`, { pointer: '/record/effectiveOn' });

  if (!command.aggregate && history.revision < 0)
    reject(`${aggregate.category}/unknown`, `No such ${aggregate.category}: nothing was recorded of it.`);

  const others = new Map<string, History>();
  const stateOf = (need: Need | undefined) => need && others.get(`${need.aggregate.category}-${need.id}`)?.state;
  const refs = refsIn(command.fields, data);
  let found: ReturnType<History['before']>;
  let homeState: Home;
  let known: Record<string, unknown> = {};
  for (;;) {
    found = history.before(effectiveOn);
    const home = aggregate.governedBy?.of(found.state) ?? aggregate.governedBy?.of(history.state) ?? data['programme'];
    const named = Object.entries((command.aggregate && command.needs?.(asked, found.state, known)) ?? {});
    const wanted: (readonly [category: string, id: string])[] = [
      ...(aggregate.governedBy && home ? [[aggregate.governedBy.aggregate.category, home] as const] : []),
      ...refs.map(({ category, id }) => [category, id] as const),
      ...named.flatMap(([, needs]) => needs ?? []).map((need) => [need.aggregate.category, need.id] as const),
    ];
    const missing = wanted.filter(([category, id]) => !others.has(`${category}-${id}`));
    for (const [category, id] of missing) others.set(`${category}-${id}`, await load(category, id));
    known = Object.fromEntries(named.map(([name, needs]) => [name, Array.isArray(needs) ? needs.map(stateOf) : stateOf(needs as Need)]));
    homeState = aggregate.governedBy ? home && others.get(`${aggregate.governedBy.aggregate.category}-${home}`)?.state : found.state;
    if (missing.length === 0) break;
  }
  for (const { category, id, pointer } of refs)
    if (others.get(`${category}-${id}`)?.state.stage === 'none')
      reject('ledger/unknown-reference', `No ${category} ${id} is recorded.`, { pointer });

  const events = command.decide(asked, command.aggregate ? found.state : history, known);
  const places = events.length === 0 ? [] : command.aggregate ? onSubject(events, asked, history, found) : onLedger(events, asked, history);
  const assessed = places.map(({ type, data, context, state }) => {
    const judged: readonly Assessment[] = (homeState && aggregate.events[type]?.assess?.(data, context, state, homeState)) ?? [];
    return judged.map((a): Assessment => {
      if (a.result !== 'not-met' || !record.waives?.includes(a.rule)) return a;
      return { ...a, result: 'waived', ...(record.reason !== undefined && { note: record.reason }) };
    });
  });
  if (events.length > 0) refuseByPolicy(asked, history, homeState, assessed.flat());
  const streams = [...others.values()].map(({ stream, revision }): Known => ({ stream, revision }));
  const about = places.map(({ after }) => aboutOf(aggregate, asked, after, refs));
  return { events, assessed, about, known: streams };
};

interface Placed {
  readonly type: string;
  readonly data: unknown;
  readonly context: EventContext;
  readonly state: unknown;
  readonly after: unknown;
}
/** The state of the subject whose rules are judged by: what the engine itself reads of it. */
type Home = { readonly lateGraceDays?: number } | undefined;

const onSubject = (
  events: readonly Event[],
  asked: CommandContext<any>,
  history: History,
  found: ReturnType<History['before']>,
): Placed[] => {
  const { decidedBy, authority, reason, evidence } = asked.record;
  const context = events.map((_, i): EventContext => ({
    event: `new-${i}`,
    effectiveOn: asked.effectiveOn,
    ...(decidedBy && { decidedBy }),
    ...(authority && { authority }),
    ...(reason !== undefined && { reason }),
    ...(evidence && { evidence }),
  }));
  const first = history.entries[0];
  if (found.place === 0 && first && !history.aggregate.events[events[0]!.type]!.allowedIn.includes('none'))
    reject(
      `${history.aggregate.category}/not-yet`,
      `It begins with ${first.recorded.type} of ${first.effectiveOn}; this would lie before it.`,
      {
        pointer: '/record/effectiveOn',
      },
    );
  events.forEach(({ type, data }, i) => history.aggregate.events[type]!.check?.(data, context[i]!));
  const after = legally(() => history.tryEvents(events, context, found));
  return events.map(({ type, data }, i) => ({
    type,
    data,
    context: context[i]!,
    state: i === 0 ? found.state : after[i - 1],
    after: after[i],
  }));
};

/** A corrected fact is judged again at its place, with the correction's own decider. */
const onLedger = (events: readonly Event[], { record }: CommandContext<any>, history: History): Placed[] => {
  const after = events.map((_, i) => legally(() => history.with(events.slice(0, i + 1)))).at(-1)!;
  const steps = events.some(({ type }) => type === 'FactCorrected') ? [...after.steps()] : [];
  return events.map((event) => {
    const of = event.type === 'FactCorrected' ? steps.find(({ entry }) => entry.recorded.id === event.data.event) : undefined;
    if (!of || String(event.data.pointer).startsWith('/evidence'))
      return { ...event, context: {} as EventContext, state: undefined, after: after.state };
    const { decidedBy, authority } = record;
    const context = { ...contextOf(of.entry), ...(decidedBy && { decidedBy }), ...(authority && { authority }) };
    return { type: of.entry.recorded.type, data: of.entry.data, context, state: of.before, after: after.state };
  });
};

const legally = <T>(fold: () => T): T => {
  try {
    return fold();
  } catch (error) {
    if (!(error instanceof IllegalTransitionError)) throw error;
    if (!error.entry) throw new Rejection(error.code, error.message);
    const { recorded, effectiveOn } = error.entry;
    const advice = effectiveOn === 'unknown' ? ' Refine its date first: it is unknown.' : '';
    throw new Rejection(
      'ledger/breaks-later-event',
      `${recorded.type} of ${effectiveOn} could no longer follow: ${error.message}${advice}`,
      {
        event: recorded.id,
        eventType: recorded.type,
        eventEffectiveOn: effectiveOn,
        because: error.code,
      },
    );
  }
};

/** Policy refuses only a decision taken now; one told late stands with what was not met in plain sight. */
const refuseByPolicy = (context: CommandContext<any>, history: History, home: Home, assessed: readonly Assessment[]): void => {
  const { record, effectiveOn, today } = context;
  if (record.waives?.length && (record.reason === undefined || !record.authority))
    reject('ledger/waiver-without-grounds', 'Tell the reason and the authority of the waiver.', { pointer: '/record/waives' });
  for (const rule of record.waives ?? [])
    if (!assessed.some((a) => a.rule === rule && a.result === 'waived'))
      reject('ledger/waives-nothing', `${rule} was not assessed as not met here.`, { pointer: '/record/waives' });
  const broken = assessed.filter(({ result }) => result === 'not-met');
  if (broken.length === 0) return;
  const late = certainlyBefore(effectiveOn, addDays(today, -(home?.lateGraceDays ?? 0)));
  const completeFrom = history.aggregate.completeFrom?.(history.state);
  if (late && (!completeFrom || certainlyBefore(effectiveOn, completeFrom))) return;
  reject('ledger/policy-not-met', broken.map(({ rule, note }) => `${rule}: ${note ?? 'not met'}`).join(' '), {
    assessed: broken as unknown as Json,
  });
};

/** What the subject says of itself and every id that the command named. */
const aboutOf = (
  aggregate: AnyAggregate,
  { id }: CommandContext<any>,
  state: unknown,
  refs: readonly { category: string; id: string }[],
): About => {
  const about: Record<string, string | readonly string[]> = { ...aggregate.about(id, state) };
  for (const { category, id: named } of refs) {
    if (category === 'programme') about['programme'] ??= named;
    else about[category] = [...new Set([...((about[category] as readonly string[]) ?? []), named])];
  }
  return about as About;
};
