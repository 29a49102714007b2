import type { RecordedEvent } from '../../kernel/index.js';
import { HistoryBrokenError } from '../event-store.js';
import { CallFailedError, failureOf, portError } from './errors.js';
import { BOUNDS, nameOf, order, recordedOf, STREAMS, type Recorded } from './events.js';
import type { ClusterConnection } from './cluster-connection.js';
import type { Node } from './node.js';
import type { LogPosition, Reading } from './protocol.js';
import { boundedBy, collect, mustBeWhole, Revisions } from './reading.js';

export interface SubscriptionOptions {
  readonly connection: ClusterConnection;
  readonly after: LogPosition | undefined;
  /** Milliseconds. For the reads that accompany the subscription. */
  readonly deadline: number;
  /** Milliseconds of silence after which the log is asked whether it has more. */
  readonly liveness: number;
  /** Maximum number of events and bytes that wait for the reader. */
  readonly buffer: { readonly events: number; readonly bytes: number };
  /** Called with the position of each event that arrives. */
  onPosition(position: LogPosition): void;
}

/** Attempts in which the log may end before the last event read; with their backoff about two seconds. */
const MAX_BEHIND = 6;

/**
 * Every event after a position, without gap or repeat, across connection failures. When the server's subscription ends, or falls silent
 * although the log has more, the next one begins after the last record received. A slow reader applies back-pressure to the server.
 */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #stop = new AbortController();
  readonly #revisions: Revisions;
  #waiting: Recorded[] = [];
  #bytes = 0;
  /** The last event received, and the last record passed: an event or a checkpoint. */
  #last: LogPosition | undefined;
  #passed: LogPosition | undefined;
  /** Number of responses received; the liveness check compares it. */
  #responses = 0;
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
        for (const { size } of batch) this.#bytes -= size;
        if (!this.#isFull) this.#drained();
        yield batch.map((record) => record.recorded());
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
    await this.#mustReachLast(node);
    const responses = await node.responses({ from: this.#passed ?? 'start', prefixes: [...STREAMS, ...BOUNDS] });
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
        const checkpoint = response.getCheckpoint();
        if (checkpoint) this.#pass({ commit: BigInt(checkpoint.getCommitPosition()), prepare: BigInt(checkpoint.getPreparePosition()) });
        const record = recordedOf(response);
        if (record) await this.#take(node, record);
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
    const last: Reading = { from: 'end', backwards: true, limit: 1, prefixes: STREAMS };
    const found = await collect(node, last, this.#options.deadline, this.#stop.signal);
    const head = found === 'not-found' ? undefined : found[0]?.position;
    if (head && order(head, this.#last) >= 0) {
      this.#behind = 0;
      return;
    }
    const message = `The log ends at ${head ? nameOf(head) : 'its beginning'}, before ${nameOf(this.#last)}, which was already read.`;
    throw ++this.#behind < MAX_BEHIND ? new CallFailedError({ kind: 'busy', message }) : new HistoryBrokenError(message);
  }

  async #take(node: Node, record: Recorded): Promise<void> {
    if (this.#passed && order(record.position, this.#passed) <= 0) return;
    const bounded = boundedBy(record);
    if (bounded !== undefined) await mustBeWhole(node, bounded, this.#options.deadline);
    else {
      this.#revisions.pass(record);
      this.#last = record.position;
      this.#options.onPosition(record.position);
      this.#waiting.push(record);
      this.#bytes += record.size;
      this.#notify();
    }
    this.#pass(record.position);
  }

  #pass(position: LogPosition): void {
    if (!this.#passed || order(position, this.#passed) > 0) this.#passed = position;
  }

  /**
   * A subscription can die without an error. After a time of silence the log is asked whether it has more. Resolves to true when it has
   * more or does not answer, and to false when `over` aborts.
   */
  async #isSilent(over: AbortSignal): Promise<boolean> {
    const { connection, liveness } = this.#options;
    for (let seen = this.#responses; ; seen = this.#responses) {
      await connection.backoff(liveness, over);
      if (over.aborted) return false;
      if (this.#isFull || this.#responses > seen) continue;
      const next = await this.#next(over).catch(() => 'no answer' as const);
      if (over.aborted) return false;
      if (next === 'no answer') return true;
      if (!next) continue;
      await connection.backoff(Math.min(liveness, 1000), over); // the event may be on its way
      if (over.aborted) return false;
      if (this.#isFull || (this.#passed && order(this.#passed, next) >= 0)) continue;
      connection.log(`A KurrentDB subscription fell silent at ${this.#passed ? nameOf(this.#passed) : 'the start'}; resubscribed.`);
      return true;
    }
  }

  /** The position of the ledger's first event after the last record passed. @throws CallFailedError */
  async #next(over: AbortSignal): Promise<LogPosition | undefined> {
    const from = this.#passed;
    const reading = { from: from ?? ('start' as const), limit: from ? 2 : 1, prefixes: STREAMS };
    const found = await this.#options.connection.attempt((node) => collect(node, reading, this.#options.deadline, over));
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
