import type { RecordedEvent } from '../../kernel/index.js';
import { HistoryBrokenError } from '../event-store.js';
import { CallFailedError, failureOf, portError } from './errors.js';
import { nameOf, order, recordedOf, TOMBSTONE, type Recorded } from './events.js';
import type { ClusterConnection } from './cluster-connection.js';
import { isBegun } from './genesis.js';
import type { Node } from './node.js';
import type { LogPosition } from './protocol.js';
import { collect, endOf, Revisions } from './reading.js';
import type { StreamNames } from './stream-names.js';

/** A follower of the log has received everything that was in it at an instant. */
export interface CaughtUp {
  /** By `uptime`, before the end of the log was asked for. */
  readonly at: number;
  /** The last event of the ledger up to there; undefined when there is none. */
  readonly last: string | undefined;
}

export interface SubscriptionOptions {
  readonly connection: ClusterConnection;
  readonly names: StreamNames;
  readonly after: LogPosition | undefined;
  /** Milliseconds. For the reads that accompany the subscription. */
  readonly deadline: number;
  /** Milliseconds between two looks at the end of the log. */
  readonly liveness: number;
  /** Maximum number of events and bytes that wait for the reader. */
  readonly buffer: { readonly events: number; readonly bytes: number };
  /** Called with the position of each event that arrives. */
  onPosition(position: LogPosition): void;
  /** Called with each stream that was deleted, or whose metadata changed: some of its events may be hidden or lost. */
  onBounded?(stream: string): void;
  onCaughtUp?(mark: CaughtUp): void;
  /**
   * Called before each subscription, which may not come as far as the mark of a migration, and where there is one: it may be under way still.
   * @throws CallFailedError when the node is not to be used until it ends
   */
  onMigration?(node: Node): Promise<void>;
  /** Milliseconds of a clock that is never set back. Without it nobody learns when a follower has caught up. */
  uptime?(): number;
}

interface Waiting {
  readonly stream: string;
  readonly record: Recorded;
}

/** Attempts in which the log may end before the last event read; with their backoff about two seconds. */
const MAX_BEHIND = 6;
/** Milliseconds that a record may take from the server's log to the subscription. */
const UNDER_WAY = 1000;
/** Milliseconds. For a read of one record at an end of the log. */
const END_DEADLINE = 5000;

/**
 * Every event after a position, without gap or repeat, across connection failures. When the server's subscription ends, or falls silent
 * although the log has more, the next one begins after the last record received. A slow reader applies back-pressure to the server.
 * A stream that is deleted or truncated is reported, and followed on while none of its events is missing.
 */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #stop = new AbortController();
  readonly #revisions: Revisions;
  #waiting: Waiting[] = [];
  #bytes = 0;
  /** The last event received, and the last record passed: an event or a checkpoint. */
  #last: LogPosition | undefined;
  #passed: LogPosition | undefined;
  /** Number of responses received; the liveness check compares it. */
  #responses = 0;
  /** Whether the server says that the subscription has reached the end of the log. */
  #isLive = false;
  #becameLive: () => void = () => undefined;
  /** Consecutive attempts in which the log ended before the last event read. */
  #behind = 0;
  #error: unknown;
  #notify: () => void = () => undefined;
  #drained: () => void = () => undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#last = this.#passed = options.after;
    this.#revisions = new Revisions(options.after === undefined);
  }

  /** Batches of at most `limit` events, until `signal` aborts. @throws HistoryBrokenError, InvalidPositionError */
  async *batches(limit: number, signal: AbortSignal): AsyncGenerator<readonly RecordedEvent[], void> {
    const end = () => this.#end();
    signal.addEventListener('abort', end);
    void this.#run();
    try {
      while (!signal.aborted && !this.#stop.signal.aborted) {
        if (this.#waiting.length === 0) {
          if (this.#error) throw this.#error;
          await new Promise<void>((resolve) => (this.#notify = resolve));
          continue;
        }
        const batch = this.#waiting.splice(0, limit);
        for (const { record } of batch) this.#bytes -= record.size;
        if (!this.#isFull) this.#drained();
        yield batch.map(({ stream, record }) => record.recorded(stream, true));
      }
    } finally {
      signal.removeEventListener('abort', end);
      this.#end();
    }
  }

  #end(): void {
    this.#stop.abort();
    this.#notify();
    this.#drained();
  }

  get #isFull(): boolean {
    const { events, bytes } = this.#options.buffer;
    return this.#waiting.length >= events || this.#bytes >= bytes;
  }

  /** Subscribes, and again whenever a subscription ends. */
  async #run(): Promise<void> {
    const { connection } = this.#options;
    for (let tries = 0; !this.#stop.signal.aborted; tries++) {
      const before = this.#responses;
      try {
        await connection.attempt((node) => this.#subscribe(node));
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const fatal = fatalOf(error);
        if (fatal) {
          this.#error = fatal;
          return this.#notify();
        }
      }
      if (this.#responses > before) tries = 0;
      await connection.backoff(connection.jitter(tries), this.#stop.signal);
    }
  }

  /** Runs one subscription of the server until it ends. @throws HistoryBrokenError, CallFailedError */
  async #subscribe(node: Node): Promise<void> {
    await this.#options.onMigration?.(node);
    await this.#mustReachLast(node);
    const { names } = this.#options;
    const responses = await node.responses({ from: this.#passed ?? 'start', prefixes: names.followed });
    this.#isLive = false;
    const over = new AbortController();
    const stop = () => responses.cancel();
    this.#stop.signal.addEventListener('abort', stop);
    let silent = false;
    void this.#isSilent(over.signal).then((is) => {
      silent = is;
      if (is) stop();
    });
    try {
      for await (const response of responses) {
        if (this.#responses++ === 0 || response.hasConfirmation()) this.#options.connection.succeeded(node);
        if (response.hasCaughtUp() || response.hasFellBehind()) this.#isLive = response.hasCaughtUp();
        if (this.#isLive) this.#becameLive();
        const checkpoint = response.getCheckpoint();
        if (checkpoint) this.#pass({ commit: BigInt(checkpoint.getCommitPosition()), prepare: BigInt(checkpoint.getPreparePosition()) });
        const record = recordedOf(response);
        if (record && isBegun(record, names)) await this.#options.onMigration?.(node); // not passed before it was answered
        if (record) this.#take(record);
        if (this.#isFull && !this.#stop.signal.aborted) await new Promise<void>((resolve) => (this.#drained = resolve));
        if (this.#stop.signal.aborted) return;
      }
      throw new CallFailedError({ kind: 'lost', message: 'The subscription ended.' });
    } catch (error) {
      if (silent || this.#stop.signal.aborted) return;
      throw error instanceof HistoryBrokenError || error instanceof CallFailedError ? error : new CallFailedError(failureOf(error));
    } finally {
      over.abort();
      this.#stop.signal.removeEventListener('abort', stop);
      responses.cancel();
    }
  }

  /**
   * A server restored from an older backup is behind its readers and would send them nothing, without an error. A new leader may be behind
   * for a moment too, so only a log that stays behind is reported as broken.
   * @throws HistoryBrokenError, CallFailedError
   */
  async #mustReachLast(node: Node): Promise<void> {
    if (!this.#last) return;
    const head = await endOf(node, this.#endDeadline, this.#stop.signal);
    if (head && order(head, this.#last) >= 0) {
      this.#behind = 0;
      return;
    }
    const message = `The log ends at ${head ? nameOf(head) : 'its beginning'}, before ${nameOf(this.#last)}, which was already read.`;
    throw ++this.#behind < MAX_BEHIND ? new CallFailedError({ kind: 'busy', message }) : new HistoryBrokenError(message);
  }

  /** @throws StreamBrokenError */
  #take(record: Recorded): void {
    const { names, onBounded, onPosition } = this.#options;
    const { name, type, position } = record;
    if (this.#reaches(position)) return;
    const stream = names.ofLedger(name);
    const bounded = type === TOMBSTONE ? stream : names.boundedBy(name);
    if (bounded !== undefined) onBounded?.(bounded);
    else if (stream !== undefined) {
      this.#revisions.pass(stream, record);
      this.#last = position;
      onPosition(position);
      this.#waiting.push({ stream, record });
      this.#bytes += record.size;
      this.#notify();
    }
    this.#pass(position);
  }

  #reaches(position: LogPosition): boolean {
    return this.#passed !== undefined && order(this.#passed, position) >= 0;
  }

  get #endDeadline(): number {
    return Math.min(this.#options.deadline, END_DEADLINE);
  }

  #pass(position: LogPosition): void {
    if (!this.#passed || order(position, this.#passed) > 0) this.#passed = position;
  }

  /**
   * A subscription can die without an error, and says nothing while only other programs write. So the end of the log is looked at again and
   * again. Resolves to true when the log has more than the subscription delivers, or does not answer, and to false when `over` aborts.
   */
  async #isSilent(over: AbortSignal): Promise<boolean> {
    const { connection, liveness, onCaughtUp, uptime } = this.#options;
    const live = new Promise<void>((resolve) => (this.#becameLive = resolve));
    await Promise.race([connection.backoff(liveness, over), live]);
    for (let seen = this.#responses; !over.aborted; await connection.backoff(liveness, over)) {
      const isCatchingUp = !this.#isLive && this.#responses > seen;
      seen = this.#responses;
      if (this.#isFull || isCatchingUp) continue;
      const at = uptime?.();
      try {
        const end = await connection.attempt((node) => endOf(node, this.#endDeadline, over));
        if (end) await this.#comesTo(end, over, this.#isLive ? 0 : UNDER_WAY);
        if (end && !this.#reaches(end)) {
          const next = await this.#next(over);
          if (!next) this.#pass(end);
          else if (!(await this.#comesTo(next, over, Math.min(liveness, UNDER_WAY)))) {
            if (over.aborted) return false;
            if (this.#isFull) continue;
            connection.log(`A KurrentDB subscription fell silent at ${this.#passed ? nameOf(this.#passed) : 'the start'}; resubscribed.`);
            return true;
          }
        }
        const hasAll = !end || (await this.#comesTo(end, over, UNDER_WAY));
        if (hasAll && at !== undefined) onCaughtUp?.({ at, last: this.#last && nameOf(this.#last) });
      } catch {
        return !over.aborted;
      }
    }
    return false;
  }

  /** Waits so many milliseconds for a record to arrive, or for the reader to make room. @returns whether everything up to there was received */
  async #comesTo(position: LogPosition, over: AbortSignal, ms: number): Promise<boolean> {
    for (let waited = 0; waited < ms && !this.#reaches(position) && !this.#isFull && !over.aborted; waited += 20)
      await this.#options.connection.backoff(20, over);
    return this.#reaches(position);
  }

  /** The position of the ledger's first record after the last one passed; undefined when the log ends without one. @throws CallFailedError */
  async #next(over: AbortSignal): Promise<LogPosition | undefined> {
    const { connection, names, deadline } = this.#options;
    const from = this.#passed;
    const reading = { from: from ?? ('start' as const), limit: from ? 2 : 1, prefixes: names.followed };
    const found = await connection.attempt((node) => collect(node, reading, deadline, over));
    return found === 'not-found' ? undefined : found[0]?.position;
  }
}

/** The error that no retry can cure; undefined when a retry may help. */
const fatalOf = (error: unknown): Error | undefined => {
  if (error instanceof HistoryBrokenError) return error;
  if (!(error instanceof CallFailedError)) return error instanceof Error ? error : new Error(String(error));
  const { kind } = error.failure;
  return kind === 'invalid-position' || kind === 'deleted' ? portError(error.failure, { retryAfter: 0 }) : undefined;
};
