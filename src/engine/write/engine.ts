import type { Actor, AnyAggregate, AnyCommand, AnyCommandInput, History, NewEvent, RecordedEvent } from '../../kernel/index.js';
import { dayOf, inKeyOrder, Rejection, versionOf } from '../../kernel/index.js';
import { OutcomeUnknownError, WrongExpectedRevisionError, type Appended, type EventStore } from '../../store/event-store.js';
import { HistoryCache, type Consistency } from '../history-cache.js';
import { commandIdOf } from './command-id.js';
import { decide, readOthers, setJudged, type Decision, type Holders, type Members } from './decide.js';
import { unmetPrecondition, type Precondition } from './precondition.js';
import { IdempotencyKeyReusedError, receiptOf, replayReceipt, storedBody, type Body, type Receipt } from './receipt.js';

export interface Ports {
  readonly store: EventStore;
  /** Folded streams that this thread shares; of its own unless given. */
  readonly histories?: HistoryCache;
  /** The instant of now, in UTC with milliseconds. @throws when the clock cannot be trusted */
  now(): string;
  /** A UUIDv7. */
  newId(): string;
  /** The streams of a set, such as the losses of one case, with all that was acknowledged before; absent where nothing keeps sets. */
  readonly members?: Members;
  /** Who has an external reference; absent where nothing keeps an index of them. */
  readonly holders?: Holders;
}

export interface CommandRequest extends Precondition {
  readonly command: AnyCommand;
  readonly aggregate: AnyAggregate;
  readonly id: string;
  /** The command's fields, checked, and `record`. */
  readonly body: Body;
  readonly actor: Actor;
  readonly idempotencyKey?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly correlationId?: string | undefined;
  /** The event that led to it, where nobody sent it. */
  readonly causationId?: string | undefined;
}

/** The stream is not what the caller's `If-Match` or `If-None-Match` asks for. */
export class StaleRevisionError extends Error {
  override readonly name = 'StaleRevisionError';
  constructor(
    message: string,
    readonly actual: number,
  ) {
    super(message);
  }
}

/** More commands are in flight than the queue holds. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
}

/** Conflicts that one command may lose before it is answered 503. */
const MAX_CONFLICTS = 12;
/** Before an append whose outcome is unknown is sent again. */
const RETRY_DELAYS_MS = [50, 200, 1000];

/**
 * The write side: read, freeze, decide, append. What a decision is taken on are immutable histories; from the moment `recordedAt` is
 * stamped nothing is awaited until the append, which expects exactly the revision that was read.
 */
export class Engine {
  readonly #histories: HistoryCache;
  readonly #aggregates: ReadonlyMap<string, AnyAggregate>;
  /** One decision at a time for each stream: writers of this process do not conflict with each other, so none starves. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #inFlight = 0;

  /** @param queue commands in flight at most; beyond it they are refused with OverloadedError */
  constructor(
    private readonly ports: Ports,
    aggregates: readonly AnyAggregate[],
    private readonly queue = 1024,
  ) {
    this.#histories = ports.histories ?? new HistoryCache({ store: ports.store, aggregates });
    this.#aggregates = new Map(aggregates.map((aggregate) => [aggregate.category, aggregate]));
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** A history from what is local, with all that this process appended. @throws UnsupportedSchemaVersionError */
  history(aggregate: AnyAggregate, id: string): Promise<History> {
    return this.#histories.load(aggregate, id);
  }

  /** A history as it was at a revision, -1 before its first event: while a long one is folded other work goes on. */
  historyAt(history: History, revision: number): Promise<History> {
    return this.#histories.earlier(history, revision);
  }

  /**
   * @throws Rejection, StaleRevisionError, IdempotencyKeyReusedError, OverloadedError, UnsupportedSchemaVersionError,
   * OutcomeUnknownError, StoreUnavailableError
   */
  async handle(request: CommandRequest): Promise<Receipt> {
    if (this.#inFlight >= this.queue) throw new OverloadedError('Too many commands are in flight.');
    this.#inFlight++;
    try {
      return await (request.dryRun
        ? this.#attempt(request, 'leader')
        : this.#serialised(`${request.aggregate.category}-${request.id}`, () => this.#decideWithRetry(request)));
    } finally {
      this.#inFlight--;
    }
  }

  async #serialised<T>(stream: string, work: () => Promise<T>): Promise<T> {
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
   * What is local is good enough to accept on, since the append checks it; refusals and no-ops are always decided against the leader,
   * and so is a command that lost a conflict.
   */
  async #decideWithRetry(request: CommandRequest): Promise<Receipt> {
    const begins = this.#mayBegin(request);
    let consistency: Consistency = this.ports.store.readLocal || begins ? 'local' : 'leader';
    for (let conflicts = 0; ;) {
      try {
        const receipt = await this.#attempt(request, consistency, begins && consistency === 'local');
        if (consistency === 'leader' || receipt.outcome !== 'already-so') return receipt;
      } catch (error) {
        if (error instanceof WrongExpectedRevisionError) {
          if (++conflicts > MAX_CONFLICTS) throw error;
          if (conflicts > 1) await pause(3 * conflicts);
        } else if (consistency === 'leader' || !dependsOnWhatWasRead(error)) throw error;
      }
      consistency = 'leader';
    }
  }

  /**
   * Whether a command is first decided as if it began its stream: nothing is known here of the stream, and to look in the file costs
   * more than the append, which expects an empty stream then.
   */
  #mayBegin({ command, aggregate, id }: CommandRequest): boolean {
    const { store } = this.ports;
    const stream = `${aggregate.category}-${id}`;
    if ((!store.currentRevision && !store.localRevision) || this.#histories.holds(stream)) return false;
    if ((store.currentRevision?.(stream) ?? store.localRevision?.(stream)) !== undefined) return false;
    return command.events.some((type) => aggregate.events[type]?.allowedIn.includes('none'));
  }

  /** @param begins the stream is taken to be empty, unread */
  async #attempt(request: CommandRequest, consistency: Consistency, begins = false): Promise<Receipt> {
    const { command, aggregate, id, dryRun = false } = request;
    const own = begins ? this.#histories.empty(aggregate, id) : await this.#load(aggregate, id, consistency);
    const set = dryRun ? undefined : setJudged(command, own);
    const decideAndAppend = () => this.#decideAndAppend(request, consistency, own);
    // decisions on one set are taken one after the other, each on what the one before it left; another node's are found on the set's row
    return set === undefined ? decideAndAppend() : this.#serialised(`set ${set}`, decideAndAppend);
  }

  async #decideAndAppend(request: CommandRequest, consistency: Consistency, own: History): Promise<Receipt> {
    const { command, id, body, actor, dryRun = false } = request;
    const { record = {}, ...data } = body;
    const load = (category: string, of: string) => this.#load(this.#aggregates.get(category)!, of, consistency);
    const readSet = await readOthers(command, data, own, load, this.ports.members, this.ports.holders);

    const { stream, revision } = own;
    const key = dryRun ? undefined : request.idempotencyKey;
    const commandId = key === undefined ? this.ports.newId() : commandIdOf(stream, key);
    const before = key === undefined ? [] : own.decision(commandId);
    if (before.length > 0) return replayReceipt(command, body, actor, before);
    const unmet = unmetPrecondition(request, stream, revision);
    if (unmet !== undefined) throw new StaleRevisionError(unmet, revision);

    const recordedAt = this.ports.now();
    const today = dayOf(recordedAt, this.ports.store.genesis.timeZone);
    const effectiveOn = record.effectiveOn ?? today;
    const context: AnyCommandInput = { id, data, record, actor, effectiveOn, today };
    const decision = decide(command, context, readSet);
    const { events, known } = decision;
    const receipt = { command: command.name, stream, effectiveOn, assessed: decision.assessed.flat(), known };
    if (events.length === 0) return { ...receipt, revision, events: [], outcome: 'already-so' };
    if (dryRun) return { ...receipt, revision, recordedAt, events: events.map(({ type, data }) => ({ type, data })), outcome: 'dry-run' };

    const added = this.#newEvents(request, commandId, context, recordedAt, decision);
    const appended = await this.#append(stream, revision, added);
    this.#remember(own, added, appended);
    return {
      ...receipt,
      decision: commandId,
      ...(request.causationId !== undefined && { causedBy: request.causationId }),
      revision: appended.revision,
      position: appended.position,
      recordedAt,
      events: added.map((event, i) => receiptOf({ ...event, stream, revision: revision + 1 + i }, appended.leaves?.[i])),
      outcome: 'accepted',
    };
  }

  #load(aggregate: AnyAggregate, id: string, consistency: Consistency): History | Promise<History> {
    return this.#histories.known(aggregate, id, consistency) ?? this.#histories.load(aggregate, id, consistency);
  }

  #newEvents(
    { command, aggregate, body, actor, correlationId, causationId }: CommandRequest,
    commandId: string,
    { data, record, effectiveOn }: AnyCommandInput,
    recordedAt: string,
    { events, about, known, assessed }: Decision,
  ): readonly NewEvent[] {
    return events.map((event, i): NewEvent => ({
      id: this.ports.newId(),
      type: event.type,
      data: event.data,
      // keys in the order of canonical JSON: what is stored is then the text that is hashed
      metadata: {
        $causationId: causationId ?? commandId,
        $correlationId: correlationId ?? commandId,
        about: about[i]!,
        actor,
        ...(assessed[i]!.length > 0 && { assessed: assessed[i]! }),
        ...(record.authority && { authority: inKeyOrder(record.authority) }),
        command: { ...(i === 0 && storedBody(body, data, event)), id: commandId, name: command.name },
        ...(record.decidedBy && { decidedBy: inKeyOrder(record.decidedBy) }),
        effectiveOn,
        ...(record.evidence && { evidence: inKeyOrder(record.evidence) }),
        known,
        ...(record.reason !== undefined && { reason: record.reason }),
        recordedAt,
        schemaVersion: versionOf(aggregate, event.type),
        ...(record.sequence !== undefined && { sequence: record.sequence }),
      },
    }));
  }

  /**
   * An append whose outcome is unknown is sent again only as it was: the same ids, bytes and expected revision. Until one of them gets an
   * answer from the stream, the outcome stays unknown, whatever else fails: nobody may say then that nothing was stored.
   */
  async #append(stream: string, expected: number, events: readonly NewEvent[]): Promise<Appended> {
    const { store } = this.ports;
    let unknown: OutcomeUnknownError | undefined;
    for (let sent = 0; ; sent++) {
      try {
        return await store.append(stream, expected, events);
      } catch (error) {
        if (error instanceof WrongExpectedRevisionError) throw error; // other events follow: these were not stored
        if (error instanceof OutcomeUnknownError) unknown = error;
        else if (unknown) unknown = new OutcomeUnknownError(unknown.message, { cause: error });
        else throw error;
        if (sent >= RETRY_DELAYS_MS.length || store.failure) throw unknown;
        await pause(RETRY_DELAYS_MS[sent]!);
      }
    }
  }

  /** Keeps what was appended, where its place is known: of several events only the last one's position is. */
  #remember(own: History, events: readonly NewEvent[], { revision, position }: Appended): void {
    const [event] = events as readonly [NewEvent];
    const recorded: RecordedEvent = { ...event, stream: own.stream, revision, position };
    this.#histories.appended(
      own.stream,
      revision,
      events.length === 1 && revision === own.revision + 1 ? own.extended([recorded]) : undefined,
    );
  }
}

const pause = (ms: number): Promise<void> => new Promise((resume) => setTimeout(resume, ms));

/** Answers that may be others once more is read. */
const dependsOnWhatWasRead = (error: unknown): boolean =>
  error instanceof Rejection || error instanceof StaleRevisionError || error instanceof IdempotencyKeyReusedError;
