import { canonical, type NewEvent, type RecordedEvent } from '../../kernel/index.js';
import {
  FORMAT_VERSION,
  OutcomeUnknownError,
  StoreUnavailableError,
  StreamBrokenError,
  WrongExpectedRevisionError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import { MAX_BATCHED_BYTES } from './batch-append.js';
import { connectionOf } from './connection.js';
import { CallFailedError, isRetryableRead, isTransient, portError } from './errors.js';
import { nameOf, order, positionOf, proposedOf, textsOf, type Recorded, type Texts } from './events.js';
import { genesisOf, isOpen, markBegun, markCompleted, mustHoldLedger, OtherLedgerError, type Migration } from './genesis.js';
import { mustAnswer } from './doctor.js';
import { ClusterConnection } from './cluster-connection.js';
import type { Node } from './node.js';
import type { AppendAnswer, LogPosition, Proposed, Reading } from './protocol.js';
import { brokenBy, collect, endOf, LONG_READ, mustBeUnbounded, readOn, Revisions, type Broken, type Places } from './reading.js';
import { StreamNames } from './stream-names.js';
import { Subscription, type CaughtUp } from './subscription.js';

/** Times are in milliseconds. */
export interface Bounds {
  /** For the whole start-up. */
  readonly openDeadline: number;
  /** For each append and each page of a read. */
  readonly deadline: number;
  /** How long a call is retried while nothing was done. */
  readonly patience: number;
  /** How long between two looks at the end of the log, which show that a follower has caught up, or that its subscription is dead. */
  readonly liveness: number;
  /** How long a server that runs on the store, and follows it, may take to hear that a migration begins. */
  readonly notice: number;
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
  liveness: 3_000,
  notice: 5_000,
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
  /** Before the names of all streams of the ledger, with its dot: `met.` for `met.contract-…`. Empty unless set. */
  readonly prefix?: string;
  /** Whether small appends share one request, which is the default, or each append is a call of its own. */
  readonly appends?: Transport;
  /** Genesis of the ledger that is migrated to this store: without it, the store opens only once the ledger is all there. */
  readonly genesis?: Genesis;
  /** Genesis of the ledger that the caller already holds: the server must hold it too, and none is written. */
  readonly ledger?: Genesis | undefined;
  now(): string;
  /** Milliseconds of a clock that is never set back. Without it nobody learns when a follower has caught up. */
  uptime?(): number;
  /** Called only when a new ledger, or a migration, begins or ends. */
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
  /** The migration into the store, until it ends. */
  #migration: Migration | undefined;
  #isAdopting = false;
  /** Whether it was opened to be copied into: then it is there while the ledger is closed to all others. */
  readonly #isTarget: boolean;
  /** Appends whose outcome was unknown. A later success for one of them is compared with what is stored. At most `queue` entries. */
  readonly #doubtful = new Set<string>();
  readonly #onBounded: ((stream: string) => void)[] = [];
  readonly #onCaughtUp: ((mark: CaughtUp) => void)[] = [];

  private constructor(
    readonly genesis: Genesis,
    private readonly connection: ClusterConnection,
    private readonly names: StreamNames,
    private readonly uptime: (() => number) | undefined,
    private readonly bounds: Bounds,
    private readonly appends: Transport,
    private readonly newId: () => string,
    /** The id of the mark of a migration, where it is opened to be copied into. */
    migration: string | undefined,
    /** The highest position seen so far. */
    private latest: LogPosition,
  ) {
    this.#isTarget = migration !== undefined;
    this.#migration = migration === undefined ? undefined : { id: migration };
  }

  /** @throws InvalidConnectionError, CannotOpenError with the step that failed, UnsupportedFormatError, OtherLedgerError */
  static async open(options: KurrentOptions): Promise<KurrentStore> {
    const { url, timeZone, prefix, appends = 'batch', genesis, ledger: held, now, uptime, newId, log = () => undefined, ...rest } = options;
    const target = connectionOf(url);
    const { defaultDeadline: deadline = BOUNDS.deadline } = target;
    const bounds: Bounds = { ...BOUNDS, deadline, ...rest };
    await mustAnswer(target, bounds.openDeadline, log);
    const connection = new ClusterConnection({ connection: target, patience: bounds.patience, now, log });
    const places: Places = { names: new StreamNames(prefix), deadline: bounds.deadline };
    try {
      const fresh = (): Genesis => genesis ?? { ledgerId: newId(), formatVersion: FORMAT_VERSION, timeZone, createdAt: now() };
      const migration = genesis && newId();
      const ledger = held ?? (await genesisOf(connection, places, fresh, newId, migration));
      if (genesis && ledger.ledgerId !== genesis.ledgerId)
        throw new OtherLedgerError(`The server already holds the ledger ${ledger.ledgerId}, not ${genesis.ledgerId}.`);
      connection.require(async (node) => {
        if (appends === 'batch') await node.connectForAppends(bounds.deadline);
        await mustHoldLedger(node, ledger, places, genesis !== undefined);
      });
      const last = await connection.retry((node) => endOf(node, bounds.deadline), isRetryableRead);
      return new KurrentStore(
        ledger,
        connection,
        places.names,
        uptime,
        bounds,
        appends,
        newId,
        migration,
        last ?? { commit: -1n, prepare: -1n },
      );
    } catch (error) {
      await connection.close();
      throw error instanceof CallFailedError ? portError(error.failure, { retryAfter: connection.retryAfter }) : error;
    }
  }

  async read(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.#mustBeOpen();
    if (limit < 1) return [];
    const found = await this.#ofStream(stream, { from, limit });
    const first = found === 'not-found' ? undefined : found[0];
    if (first === undefined && (found === 'not-found' || from === 0)) {
      await this.#readLeader((node) => mustBeUnbounded(node, stream, this.#places), stream);
      if (found !== 'not-found') throw new StreamBrokenError(stream, 'none of its events is left');
    }
    if (found === 'not-found' || first === undefined) return [];
    if (first.revision !== from) throw new StreamBrokenError(stream, `it begins at revision ${first.revision}`);
    const revisions = new Revisions(false);
    return found.map((record) => {
      revisions.pass(stream, record);
      return record.recorded(stream);
    });
  }

  get connected(): boolean {
    return !this.connection.isAway;
  }

  /** Why the server no longer shows every event of a stream; undefined while it does. */
  brokenBy(stream: string): Promise<Broken | undefined> {
    this.#mustBeOpen();
    return this.#readLeader((node) => brokenBy(node, stream, this.#places), stream);
  }

  /** Calls `listener` with each stream whose events may have been hidden or deleted, while the log is followed. */
  onBounded(listener: (stream: string) => void): void {
    this.#onBounded.push(listener);
  }

  /** Calls `listener` each time that a follower is known to have received all that was in the log at an instant. */
  onCaughtUp(listener: (mark: CaughtUp) => void): void {
    this.#onCaughtUp.push(listener);
  }

  /** The texts of an event that a follower received. */
  textsOf(event: RecordedEvent): Texts | undefined {
    return textsOf(event);
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

  /**
   * From now on the ledger opens for this migration alone, until `adopted`, and servers that run on it have heard so.
   * @returns whether it was open until this was first said. @throws StoreUnavailableError
   */
  async adopting(): Promise<boolean> {
    this.#isAdopting = true;
    const migration = (this.#migration ??= { id: this.newId() });
    await this.#marking(() => markBegun(this.connection, this.#places, migration));
    if (migration.before) await this.connection.backoff(this.bounds.notice);
    return migration.before === 'open';
  }
  /** Whether no migration into the ledger is under way, or was interrupted. @throws StoreUnavailableError */
  isOpen(): Promise<boolean> {
    return this.#marking(() => isOpen(this.connection, this.#places));
  }
  /**
   * All that the other store holds is there.
   * @returns whether the ledger is open: not where another migration has begun since. @throws StoreUnavailableError
   */
  async adopted(): Promise<boolean> {
    if (!this.#isAdopting) return this.isOpen();
    const { id } = this.#migration!;
    const isOpenAgain = await this.#marking(() => markCompleted(this.connection, this.#places, id, this.newId));
    this.#isAdopting = false;
    this.#migration = undefined;
    return isOpenAgain;
  }
  async #marking<T>(mark: () => Promise<T>): Promise<T> {
    this.#mustBeOpen();
    try {
      return await mark();
    } catch (error) {
      throw this.#asPort(error, {});
    }
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    let from = after === undefined ? undefined : positionOf(after);
    const revisions = new Revisions(after === undefined);
    for (;;) {
      this.#mustBeOpen();
      const count = limit + (from ? 1 : 0); // the server includes the record at the position
      const reading = { from: from ?? ('start' as const), limit: count, bytes: this.bounds.pageBytes, prefixes: this.names.streams };
      const found = await this.#ofLog(reading);
      const events = found.flatMap((record) => {
        const stream = this.names.ofLedger(record.name);
        return stream === undefined ? [] : [{ stream, record }];
      });
      const page = events.slice(0, limit);
      for (const { stream, record } of page) revisions.pass(stream, record);
      if (page.length > 0 || found.length === 0) return page.map(({ stream, record }) => record.recorded(stream));
      from = found.at(-1)!.position;
    }
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = 500): AsyncGenerator<readonly RecordedEvent[], void> {
    const from = after === undefined ? undefined : positionOf(after);
    const until = AbortSignal.any([signal, this.#closing.signal]);
    if (until.aborted) return;
    const { connection, names, uptime } = this;
    const { deadline, liveness, buffer } = this.bounds;
    yield* new Subscription({
      connection,
      names,
      after: from,
      deadline,
      liveness,
      buffer,
      onPosition: (position) => this.#advance(position),
      onMigration: (node) => mustHoldLedger(node, this.genesis, this.#places, this.#isTarget),
      onBounded: (stream) => this.#onBounded.forEach((listener) => listener(stream)),
      ...(uptime && { uptime }),
      onCaughtUp: (mark) => this.#onCaughtUp.forEach((listener) => listener(mark)),
    }).batches(limit, until);
  }

  async head(): Promise<string | undefined> {
    for (let from: 'end' | LogPosition = 'end'; ;) {
      this.#mustBeOpen();
      const found: readonly Recorded[] = await this.#ofLog({ from, backwards: true, limit: 2, prefixes: this.names.streams });
      const last = found.find(({ name }) => this.names.ofLedger(name) !== undefined);
      if (last || found.length === 0) return last && nameOf(last.position);
      from = found.at(-1)!.position;
    }
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

  get #places(): Places {
    return { names: this.names, deadline: this.bounds.deadline, signal: this.#closing.signal };
  }

  #ofStream(stream: string, reading: Omit<Reading, 'stream'>): Promise<readonly Recorded[] | 'not-found'> {
    const named = { ...reading, stream: this.names.onServer(stream) };
    return this.#readLeader((node) => collect(node, named, this.bounds.deadline, this.#closing.signal), stream);
  }

  /** Where other programs wrote so much in between that the server finds no record before the deadline, it searches on without one. */
  async #ofLog(reading: Reading): Promise<readonly Recorded[]> {
    const { signal } = this.#closing;
    let isFar = false;
    const found = await this.#readLeader(async (node) => {
      if (isFar && !reading.backwards) return readOn(node, reading, this.bounds.deadline, signal);
      try {
        return await collect(node, reading, isFar ? LONG_READ : this.bounds.deadline, signal);
      } catch (error) {
        isFar ||= error instanceof CallFailedError && error.failure.isLate === true;
        throw error;
      }
    });
    return found === 'not-found' ? [] : found;
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
        (node) => node[by](this.names.onServer(stream), expected, events, this.bounds.deadline),
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
      throw new StreamBrokenError(
        stream,
        `it went from revision ${expected} to ${revision} by ${events.length} events, because it had been deleted`,
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
      const actual = await this.#ofStream(stream, { from: 'end', backwards: true, limit: 1 });
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
