import { canonical, type NewEvent, type RecordedEvent } from '../../kernel/index.js';
import {
  FORMAT_VERSION,
  HistoryBrokenError,
  OutcomeUnknownError,
  StoreUnavailableError,
  WrongExpectedRevisionError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import { MAX_BATCHED_BYTES } from './batch-append.js';
import { connectionOf } from './connection.js';
import { CallFailedError, isRetryableRead, isTransient, portError } from './errors.js';
import { nameOf, order, positionOf, proposedOf, STREAMS, type Recorded } from './events.js';
import { genesisOf, OtherLedgerError } from './genesis.js';
import { mustAnswer } from './doctor.js';
import { ClusterConnection } from './cluster-connection.js';
import type { Node } from './node.js';
import type { AppendAnswer, LogPosition, Proposed, Reading } from './protocol.js';
import { collect, mustBeWhole, Revisions } from './reading.js';
import { Subscription } from './subscription.js';

/** Times are in milliseconds. */
export interface Bounds {
  /** For the whole start-up. */
  readonly openDeadline: number;
  /** For each append and each page of a read. */
  readonly deadline: number;
  /** How long a call is retried while nothing was done. */
  readonly patience: number;
  /** How long a subscription may be silent before the log is asked whether it has more. */
  readonly liveness: number;
  /** Maximum number of appends at the server, and of appends that wait to be sent. */
  readonly inFlight: number;
  readonly queue: number;
  /** Maximum bytes in one page of the log; a page has at least one event. */
  readonly pageBytes: number;
  /** Maximum number of events and bytes that wait for a follower. */
  readonly buffer: { readonly events: number; readonly bytes: number };
}

const BOUNDS: Bounds = {
  openDeadline: 20_000,
  deadline: 10_000,
  patience: 2_000,
  liveness: 10_000,
  inFlight: 64,
  queue: 10_000,
  pageBytes: 32 * 1024 * 1024,
  buffer: { events: 2_000, bytes: 16 * 1024 * 1024 },
};

export type Transport = 'batch' | 'unary';

export interface KurrentOptions extends Partial<Bounds> {
  /** A connection string: `esdb://user:password@host:2113?tls=true`. */
  readonly url: string;
  /** Time zone of a new ledger; an existing one keeps its own. */
  readonly timeZone: string;
  /** Whether small appends share one request, which is the default, or each append is a call of its own. */
  readonly appends?: Transport;
  /** Genesis of the ledger that is migrated to this store. */
  readonly genesis?: Genesis;
  now(): string;
  /** Called only when a new ledger begins. */
  newId(): string;
  log?(message: string): void;
}

/**
 * The ledger's streams on a KurrentDB server or cluster, read and written at the leader. The server answers an append whose event ids are
 * already stored with success, even if the data differ. So an append counts as new only if its position is after every position seen
 * before; otherwise the stored events are read and compared.
 */
export class KurrentStore implements EventStore {
  readonly kind = 'kurrentdb';
  readonly #closing = new AbortController();
  readonly #accepted = new Set<Promise<Appended>>();
  /** Resolvers of appends that wait to be sent. */
  readonly #turns: (() => void)[] = [];
  #inFlight = 0;
  /** Appends in flight, by stream, expected revision and first event id: the server treats equal ones as the same append. */
  readonly #sending = new Map<string, Promise<Appended>>();
  /** Appends whose outcome was unknown. A later success for one of them is compared with what is stored. At most `queue` entries. */
  readonly #doubtful = new Set<string>();

  private constructor(
    readonly genesis: Genesis,
    private readonly connection: ClusterConnection,
    private readonly bounds: Bounds,
    private readonly appends: Transport,
    /** The highest position seen so far. */
    private latest: LogPosition,
  ) {}

  /** @throws InvalidConnectionError, CannotOpenError with the step that failed, UnsupportedFormatError, OtherLedgerError */
  static async open(options: KurrentOptions): Promise<KurrentStore> {
    const { url, timeZone, genesis, now, newId, log = () => undefined, appends = 'batch', ...rest } = options;
    const target = connectionOf(url);
    const { defaultDeadline: deadline = BOUNDS.deadline } = target;
    const bounds: Bounds = { ...BOUNDS, deadline, ...rest };
    await mustAnswer(target, bounds.openDeadline, log);
    const connection = new ClusterConnection({ connection: target, patience: bounds.patience, now, log });
    try {
      const fresh = (): Genesis => genesis ?? { ledgerId: newId(), formatVersion: FORMAT_VERSION, timeZone, createdAt: now() };
      const ledger = await genesisOf(connection, fresh, newId, bounds.deadline);
      if (genesis && ledger.ledgerId !== genesis.ledgerId)
        throw new OtherLedgerError(`The server already holds the ledger ${ledger.ledgerId}, not ${genesis.ledgerId}.`);
      const last = await connection.retry(
        (node) => collect(node, { from: 'end', backwards: true, limit: 1 }, bounds.deadline),
        isRetryableRead,
      );
      return new KurrentStore(
        ledger,
        connection,
        bounds,
        appends,
        (last !== 'not-found' && last[0]?.position) || { commit: -1n, prepare: -1n },
      );
    } catch (error) {
      await connection.close();
      throw error instanceof CallFailedError ? portError(error.failure, { retryAfter: connection.retryAfter }) : error;
    }
  }

  async read(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.#mustBeOpen();
    if (limit < 1) return [];
    const found = await this.#records({ stream, from, limit });
    const first = found === 'not-found' ? undefined : found[0];
    if (first === undefined && (found === 'not-found' || from === 0)) {
      await this.#readLeader((node) => mustBeWhole(node, stream, this.bounds.deadline), stream);
      if (found !== 'not-found') throw new HistoryBrokenError(`${stream} has no events left: it was truncated on the server.`);
    }
    if (found === 'not-found' || first === undefined) return [];
    if (first.revision !== from)
      throw new HistoryBrokenError(
        `${stream} begins at revision ${first.revision}: earlier events were deleted or truncated on the server.`,
      );
    return whole(found, false);
  }

  async append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    if (events.length === 0) throw new TypeError('An append needs at least one event.');
    this.#mustBeOpen();
    if (this.#turns.length >= this.bounds.queue)
      throw new StoreUnavailableError('Too many appends are in flight.', this.connection.retryAfter);
    const proposed = events.map(proposedOf);
    const key = `${stream} ${expected} ${proposed[0]!.id}`;
    // Of two equal appends sent at once the server answers only one, and does not say which payload it stored. So they run one by one.
    const before = this.#sending.get(key)?.catch(() => undefined);
    const send = (isDoubtful: boolean) => this.#limited(() => this.#send(stream, expected, proposed, key, isDoubtful));
    const answer = before ? before.then(() => send(true)) : send(this.#doubtful.has(key));
    this.#sending.set(key, answer);
    this.#accepted.add(answer);
    try {
      return await answer;
    } finally {
      this.#accepted.delete(answer);
      if (this.#sending.get(key) === answer) this.#sending.delete(key);
    }
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    const from = after === undefined ? undefined : positionOf(after);
    this.#mustBeOpen();
    const count = limit + (from ? 1 : 0); // the server includes the event at the position
    const found = await this.#records({ from: from ?? 'start', limit: count, bytes: this.bounds.pageBytes, prefixes: STREAMS });
    return found === 'not-found' ? [] : whole(found.slice(0, limit), after === undefined);
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = 500): AsyncGenerator<readonly RecordedEvent[], void> {
    const from = after === undefined ? undefined : positionOf(after);
    const until = AbortSignal.any([signal, this.#closing.signal]);
    if (until.aborted) return;
    const { deadline, liveness, buffer } = this.bounds;
    const onPosition = (position: LogPosition) => this.#advance(position);
    yield* new Subscription({ connection: this.connection, after: from, deadline, liveness, buffer, onPosition }).batches(limit, until);
  }

  async head(): Promise<string | undefined> {
    this.#mustBeOpen();
    const found = await this.#records({ from: 'end', backwards: true, limit: 1, prefixes: STREAMS });
    return found === 'not-found' || !found[0] ? undefined : nameOf(found[0].position);
  }

  compare(a: string, b: string): number {
    return order(positionOf(a), positionOf(b));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#accepted.size > 0) await Promise.allSettled(this.#accepted);
    await this.connection.close();
  }

  #mustBeOpen(): void {
    if (this.#closing.signal.aborted) throw new StoreUnavailableError('The store is closed.');
  }

  #advance(position: LogPosition): void {
    if (order(position, this.latest) > 0) this.latest = position;
  }

  #records(reading: Reading): Promise<readonly Recorded[] | 'not-found'> {
    return this.#readLeader((node) => collect(node, reading, this.bounds.deadline, this.#closing.signal), reading.stream);
  }

  /** Reads at the leader and retries while patience lasts; a read changes nothing. */
  async #readLeader<T>(work: (node: Node) => Promise<T>, stream?: string): Promise<T> {
    try {
      return await this.connection.retry(work, isRetryableRead);
    } catch (error) {
      throw this.#asPort(error, { ...(stream !== undefined && { stream }) });
    }
  }

  #asPort(error: unknown, what: { readonly stream?: string; readonly append?: boolean }): unknown {
    return error instanceof CallFailedError ? portError(error.failure, { ...what, retryAfter: this.connection.retryAfter }) : error;
  }

  /** Runs at most `inFlight` pieces of work at once; the others wait in order. */
  async #limited<T>(work: () => Promise<T>): Promise<T> {
    if (this.#inFlight >= this.bounds.inFlight) await new Promise<void>((turn) => this.#turns.push(turn));
    else this.#inFlight++;
    try {
      return await work();
    } finally {
      const next = this.#turns.shift();
      if (next) next();
      else this.#inFlight--;
    }
  }

  async #send(stream: string, expected: Revision, events: readonly Proposed[], key: string, isDoubtful: boolean): Promise<Appended> {
    const before = this.latest;
    const by = this.appends === 'batch' && sizeOf(events) <= MAX_BATCHED_BYTES ? 'batchAppend' : 'append';
    let answer: AppendAnswer;
    try {
      answer = await this.connection.retry(
        (node) => node[by](stream, expected, events, this.bounds.deadline),
        (failure) => {
          if (failure.kind === 'timed-out' || failure.mayBeStored) isDoubtful = true;
          return isTransient(failure) || failure.kind === 'timed-out';
        },
      );
    } catch (error) {
      const asPort = this.#asPort(error, { stream, append: true });
      if (asPort instanceof OutcomeUnknownError) this.#markDoubtful(key);
      throw asPort;
    }
    if ('conflictAt' in answer) throw new WrongExpectedRevisionError(stream, expected, answer.conflictAt);
    const { revision, position } = answer;
    if (revision !== expected + events.length)
      throw new HistoryBrokenError(
        `${stream} went from revision ${expected} to ${revision} by ${events.length} events: it had been deleted.`,
      );
    if (isDoubtful || !position || order(position, before) <= 0) return this.#compareStored(stream, expected, events);
    this.#advance(position);
    return { revision, position: nameOf(position) };
  }

  #markDoubtful(append: string): void {
    if (this.#doubtful.size >= this.bounds.queue) this.#doubtful.clear();
    this.#doubtful.add(append);
  }

  /** The server says that these ids are stored. Reads them to see whether the events are the same. */
  async #compareStored(stream: string, expected: Revision, events: readonly Proposed[]): Promise<Appended> {
    try {
      const stored = await this.read(stream, expected + 1, events.length);
      const last = stored.at(-1);
      if (last && stored.length === events.length && stored.every((event, i) => isSame(event, events[i]!)))
        return { revision: last.revision, position: last.position };
      const actual = await this.#records({ stream, from: 'end', backwards: true, limit: 1 });
      throw new WrongExpectedRevisionError(stream, expected, actual === 'not-found' ? -1 : (actual[0]?.revision ?? -1));
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      throw new OutcomeUnknownError(`The stored events could not be compared: ${error.message}`);
    }
  }
}

const sizeOf = (events: readonly Proposed[]): number => events.reduce((sum, { data, metadata }) => sum + data.length + metadata.length, 0);

const isSame = ({ id, type, data, metadata }: RecordedEvent, sent: Proposed): boolean => {
  const canonicalOf = (bytes: Uint8Array): string => canonical(JSON.parse(Buffer.from(bytes).toString()));
  return (
    id === sent.id && type === sent.type && canonical(data) === canonicalOf(sent.data) && canonical(metadata) === canonicalOf(sent.metadata)
  );
};

/** @throws HistoryBrokenError when a revision is missing between those of a page */
const whole = (records: readonly Recorded[], fromStart: boolean): readonly RecordedEvent[] => {
  const revisions = new Revisions(fromStart);
  return records.map((record) => {
    revisions.pass(record);
    return record.recorded();
  });
};
