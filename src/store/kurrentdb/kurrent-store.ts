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
import { connectionOf } from './connection.js';
import { CallFailedError, mayBeAskedAgain, passes, portError } from './errors.js';
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
  /** For start-up, whatever it takes. */
  readonly openDeadline: number;
  /** For each append and each page of a read. */
  readonly deadline: number;
  /** How long a call is tried again while nothing was done. */
  readonly patience: number;
  /** How long a subscription may be silent before it is asked whether there is more. */
  readonly liveness: number;
  /** Appends that wait for an answer of the server, and appends that wait for their turn. */
  readonly inFlight: number;
  readonly queue: number;
  /** Of the log, in one page; at least one event. */
  readonly pageBytes: number;
  /** Events and bytes that wait for a follower. */
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

export interface KurrentOptions extends Partial<Bounds> {
  /** A connection string: `esdb://user:password@host:2113?tls=true`. */
  readonly url: string;
  /** For a new ledger; an existing one keeps its own. */
  readonly timeZone: string;
  /** Of the ledger that is moved here. */
  readonly genesis?: Genesis;
  now(): string;
  /** Asked only when a new ledger begins. */
  newId(): string;
  log?(message: string): void;
}

/**
 * The ledger's streams on a KurrentDB server or cluster, read and written at the leader. An answer to an append is taken for new only if
 * its position lies behind all that was known before; any other is compared with what is stored, since the server answers the same ids
 * with success whatever they carry.
 */
export class KurrentStore implements EventStore {
  readonly kind = 'kurrentdb';
  readonly #closing = new AbortController();
  readonly #accepted = new Set<Promise<Appended>>();
  /** Those who wait for their turn to append. */
  readonly #turns: (() => void)[] = [];
  #underWay = 0;
  /** Appends under way, by what the server takes for the same append. */
  readonly #sending = new Map<string, Promise<Appended>>();
  /** Appends whose outcome was unknown: what answers them is compared. */
  readonly #doubtful = new Set<string>();

  private constructor(
    readonly genesis: Genesis,
    private readonly link: ClusterConnection,
    private readonly bounds: Bounds,
    /** The last position that was heard of. */
    private latest: LogPosition,
  ) {}

  /** @throws InvalidConnectionError, CannotOpenError with the step that failed, UnsupportedFormatError, OtherLedgerError */
  static async open({ url, timeZone, genesis, now, newId, log = () => undefined, ...rest }: KurrentOptions): Promise<KurrentStore> {
    const connection = connectionOf(url);
    const { defaultDeadline: deadline = BOUNDS.deadline } = connection;
    const bounds: Bounds = { ...BOUNDS, deadline, ...rest };
    await mustAnswer(connection, bounds.openDeadline, log);
    const link = new ClusterConnection({ connection, patience: bounds.patience, now, log });
    try {
      const fresh = (): Genesis => genesis ?? { ledgerId: newId(), formatVersion: FORMAT_VERSION, timeZone, createdAt: now() };
      const ledger = await genesisOf(link, fresh, newId, bounds.deadline);
      if (genesis && ledger.ledgerId !== genesis.ledgerId)
        throw new OtherLedgerError(`The server holds the ledger ${ledger.ledgerId} already, not ${genesis.ledgerId}.`);
      const last = await link.persist(
        (node) => collect(node, { from: 'end', backwards: true, limit: 1 }, bounds.deadline),
        mayBeAskedAgain,
      );
      return new KurrentStore(ledger, link, bounds, (last !== 'not-found' && last[0]?.position) || { commit: -1n, prepare: -1n });
    } catch (error) {
      await link.close();
      throw error instanceof CallFailedError ? portError(error.failure, { retryAfter: link.retryAfter }) : error;
    }
  }

  async read(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.#mustBeOpen();
    if (limit < 1) return [];
    const found = await this.#records({ stream, from, limit });
    const first = found === 'not-found' ? undefined : found[0];
    if (first === undefined && (found === 'not-found' || from === 0)) {
      await this.#ask((node) => mustBeWhole(node, stream, this.bounds.deadline), stream);
      if (found !== 'not-found') throw new HistoryBrokenError(`${stream} has events no more: it was truncated on the server.`);
    }
    if (found === 'not-found' || first === undefined) return [];
    if (first.revision !== from)
      throw new HistoryBrokenError(
        `${stream} begins at revision ${first.revision}: what stood before it was deleted or truncated on the server.`,
      );
    return whole(found, false);
  }

  async append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    if (events.length === 0) throw new TypeError('An append needs at least one event.');
    this.#mustBeOpen();
    if (this.#turns.length >= this.bounds.queue) throw new StoreUnavailableError('Too many appends are under way.', this.link.retryAfter);
    const proposed = events.map(proposedOf);
    const same = `${stream} ${expected} ${proposed[0]!.id}`;
    // Sent twice at once, the server leaves one of the two without an answer, and which of two payloads it stored without a sign.
    const before = this.#sending.get(same)?.catch(() => undefined);
    const send = (doubt: boolean) => this.#inTurn(() => this.#send(stream, expected, proposed, same, doubt));
    const answer = before ? before.then(() => send(true)) : send(this.#doubtful.has(same));
    this.#sending.set(same, answer);
    this.#accepted.add(answer);
    try {
      return await answer;
    } finally {
      this.#accepted.delete(answer);
      if (this.#sending.get(same) === answer) this.#sending.delete(same);
    }
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    const from = after === undefined ? undefined : positionOf(after);
    this.#mustBeOpen();
    const count = limit + (from ? 1 : 0); // the server counts what stands at the position too
    const found = await this.#records({ from: from ?? 'start', limit: count, bytes: this.bounds.pageBytes, prefixes: STREAMS });
    return found === 'not-found' ? [] : whole(found.slice(0, limit), after === undefined);
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = 500): AsyncGenerator<readonly RecordedEvent[], void> {
    const from = after === undefined ? undefined : positionOf(after);
    const until = AbortSignal.any([signal, this.#closing.signal]);
    if (until.aborted) return;
    const { deadline, liveness, buffer } = this.bounds;
    const saw = (position: LogPosition) => this.#saw(position);
    yield* new Subscription({ link: this.link, after: from, deadline, liveness, buffer, saw }).batches(limit, until);
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
    await this.link.close();
  }

  #mustBeOpen(): void {
    if (this.#closing.signal.aborted) throw new StoreUnavailableError('The store is closed.');
  }

  #saw(position: LogPosition): void {
    if (order(position, this.latest) > 0) this.latest = position;
  }

  #records(reading: Reading): Promise<readonly Recorded[] | 'not-found'> {
    return this.#ask((node) => collect(node, reading, this.bounds.deadline, this.#closing.signal), reading.stream);
  }

  /** A question to the leader, asked again while patience lasts, since asking changes nothing. */
  async #ask<T>(work: (node: Node) => Promise<T>, stream?: string): Promise<T> {
    try {
      return await this.link.persist(work, mayBeAskedAgain);
    } catch (error) {
      throw this.#asPort(error, { ...(stream !== undefined && { stream }) });
    }
  }

  #asPort(error: unknown, what: { readonly stream?: string; readonly append?: boolean }): unknown {
    return error instanceof CallFailedError ? portError(error.failure, { ...what, retryAfter: this.link.retryAfter }) : error;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#underWay >= this.bounds.inFlight) await new Promise<void>((turn) => this.#turns.push(turn));
    else this.#underWay++;
    try {
      return await work();
    } finally {
      const next = this.#turns.shift();
      if (next) next();
      else this.#underWay--;
    }
  }

  async #send(stream: string, expected: Revision, events: readonly Proposed[], same: string, doubt: boolean): Promise<Appended> {
    const before = this.latest;
    let answer: AppendAnswer;
    try {
      answer = await this.link.persist(
        (node) => node.append(stream, expected, events, this.bounds.deadline),
        (failure) => {
          if (failure.kind === 'timed-out') doubt = true;
          return passes(failure) || failure.kind === 'timed-out';
        },
      );
    } catch (error) {
      const asPort = this.#asPort(error, { stream, append: true });
      if (asPort instanceof OutcomeUnknownError) this.#doubt(same);
      throw asPort;
    }
    if ('elsewhere' in answer) throw new WrongExpectedRevisionError(stream, expected, answer.elsewhere);
    const { revision, position } = answer;
    if (revision !== expected + events.length)
      throw new HistoryBrokenError(
        `${stream} went from revision ${expected} to ${revision} by ${events.length} events: it was deleted before.`,
      );
    if (doubt || !position || order(position, before) <= 0) return this.#asStored(stream, expected, events);
    this.#saw(position);
    return { revision, position: nameOf(position) };
  }

  #doubt(append: string): void {
    if (this.#doubtful.size >= this.bounds.queue) this.#doubtful.clear();
    this.#doubtful.add(append);
  }

  /** The server says that these ids stand there: whether the events do is seen by reading them. */
  async #asStored(stream: string, expected: Revision, events: readonly Proposed[]): Promise<Appended> {
    try {
      const there = await this.read(stream, expected + 1, events.length);
      const last = there.at(-1);
      if (last && there.length === events.length && there.every((event, i) => isSame(event, events[i]!)))
        return { revision: last.revision, position: last.position };
      const actual = await this.#records({ stream, from: 'end', backwards: true, limit: 1 });
      throw new WrongExpectedRevisionError(stream, expected, actual === 'not-found' ? -1 : (actual[0]?.revision ?? -1));
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      throw new OutcomeUnknownError(`What is stored could not be compared: ${error.message}`);
    }
  }
}

const isSame = ({ id, type, data, metadata }: RecordedEvent, sent: Proposed): boolean => {
  const said = (bytes: Uint8Array): string => canonical(JSON.parse(Buffer.from(bytes).toString()));
  return id === sent.id && type === sent.type && canonical(data) === said(sent.data) && canonical(metadata) === said(sent.metadata);
};

/** @throws HistoryBrokenError when a revision is missing between those of a page */
const whole = (records: readonly Recorded[], fromStart: boolean): readonly RecordedEvent[] => {
  const revisions = new Revisions(fromStart);
  return records.map((record) => {
    revisions.pass(record);
    return record.recorded();
  });
};
