import type { RecordedEvent } from '../../kernel/index.js';
import { HistoryBrokenError } from '../event-store.js';
import { CallFailedError, failureOf, portError } from './errors.js';
import { BOUNDS, nameOf, order, recordedOf, STREAMS, type Recorded } from './events.js';
import type { ClusterConnection } from './cluster-connection.js';
import type { Node } from './node.js';
import type { LogPosition, Reading } from './protocol.js';
import { boundedBy, collect, mustBeWhole, Revisions } from './reading.js';

export interface SubscriptionOptions {
  readonly link: ClusterConnection;
  readonly after: LogPosition | undefined;
  /** Of a read beside the subscription; milliseconds. */
  readonly deadline: number;
  /** How long it may be silent before it is asked whether there is more; milliseconds. */
  readonly liveness: number;
  /** Events and bytes that wait for the reader at most. */
  readonly buffer: { readonly events: number; readonly bytes: number };
  saw(position: LogPosition): void;
}

/** With the rests between them these take about two seconds. */
const BEHIND = 6;

/**
 * Everything after a position, without gap or repeat, whatever happens to the connection: however the server's subscription ends, or falls
 * silent though there is more, the next one begins after the last record that came. A reader that is slow holds the server back.
 */
export class Subscription {
  readonly #options: SubscriptionOptions;
  readonly #stop = new AbortController();
  readonly #revisions: Revisions;
  #waiting: Recorded[] = [];
  #bytes = 0;
  /** The last event that came, and the last record that is known to be passed: an event or a checkpoint. */
  #last: LogPosition | undefined;
  #passed: LogPosition | undefined;
  /** Answers that came, for whoever watches that there are any. */
  #answers = 0;
  /** How often in a row the log ended before the last event. */
  #behind = 0;
  #error: unknown;
  #wake: () => void = () => undefined;
  #drained: () => void = () => undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
    this.#last = this.#passed = options.after;
    this.#revisions = new Revisions(options.after === undefined);
  }

  /** Batches of at most `limit`, until `signal` aborts. @throws HistoryBroken, InvalidPosition */
  async *batches(limit: number, signal: AbortSignal): AsyncGenerator<readonly RecordedEvent[], void> {
    const end = () => this.#end();
    signal.addEventListener('abort', end);
    void this.#run();
    try {
      while (!signal.aborted && !this.#stop.signal.aborted) {
        if (this.#waiting.length === 0) {
          if (this.#error) throw this.#error;
          await new Promise<void>((resolve) => (this.#wake = resolve));
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
    this.#wake();
    this.#drained();
  }

  get #isFull(): boolean {
    const { events, bytes } = this.#options.buffer;
    return this.#waiting.length >= events || this.#bytes >= bytes;
  }

  /** One subscription of the server after the other. */
  async #run(): Promise<void> {
    const { link } = this.#options;
    for (let tries = 0; !this.#stop.signal.aborted; tries++) {
      const before = this.#answers;
      try {
        await link.once((node) => this.#subscribe(node));
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        const fatal = fatalOf(error);
        if (fatal) {
          this.#error = fatal;
          return this.#wake();
        }
      }
      if (this.#answers > before) tries = 0;
      await link.rest(link.jitter(tries), this.#stop.signal);
    }
  }

  /** Until it ends in one way or another. @throws HistoryBroken, Failed */
  async #subscribe(node: Node): Promise<void> {
    await this.#mustReachBack(node);
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
        if (this.#answers++ === 0 || response.hasConfirmation()) this.#options.link.worked(node);
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
   * Whoever restores a server from an older backup leaves readers ahead of it: it would never tell them. A new leader may be behind for a
   * moment too; what lasts is told.
   * @throws HistoryBroken, Failed
   */
  async #mustReachBack(node: Node): Promise<void> {
    if (!this.#last) return;
    const last: Reading = { from: 'end', backwards: true, limit: 1, prefixes: STREAMS };
    const found = await collect(node, last, this.#options.deadline, this.#stop.signal);
    const head = found === 'not-found' ? undefined : found[0]?.position;
    if (head && order(head, this.#last) >= 0) {
      this.#behind = 0;
      return;
    }
    const message = `The log ends at ${head ? nameOf(head) : 'its beginning'}, before ${nameOf(this.#last)} that was read of it.`;
    throw ++this.#behind < BEHIND ? new CallFailedError({ kind: 'busy', message }) : new HistoryBrokenError(message);
  }

  async #take(node: Node, record: Recorded): Promise<void> {
    if (this.#passed && order(record.position, this.#passed) <= 0) return;
    const bounded = boundedBy(record);
    if (bounded !== undefined) await mustBeWhole(node, bounded, this.#options.deadline);
    else {
      this.#revisions.pass(record);
      this.#last = record.position;
      this.#options.saw(record.position);
      this.#waiting.push(record);
      this.#bytes += record.size;
      this.#wake();
    }
    this.#pass(record.position);
  }

  #pass(position: LogPosition): void {
    if (!this.#passed || order(position, this.#passed) > 0) this.#passed = position;
  }

  /**
   * Subscriptions have died without a word. When nothing comes for a while, the log is asked whether there is more: true once there is, or
   * the log does not answer either.
   */
  async #isSilent(over: AbortSignal): Promise<boolean> {
    const { link, liveness } = this.#options;
    for (let heard = this.#answers; ; heard = this.#answers) {
      await link.rest(liveness, over);
      if (over.aborted) return false;
      if (this.#isFull || this.#answers > heard) continue;
      const next = await this.#next(over).catch(() => 'no answer' as const);
      if (over.aborted) return false;
      if (next === 'no answer') return true;
      if (!next) continue;
      await link.rest(Math.min(liveness, 1000), over); // it may be on its way
      if (over.aborted) return false;
      if (this.#isFull || (this.#passed && order(this.#passed, next) >= 0)) continue;
      link.log(`A subscription of KurrentDB fell silent at ${this.#passed ? nameOf(this.#passed) : 'the start'}; subscribed again.`);
      return true;
    }
  }

  /** The first event of the ledger after all that came. @throws Failed */
  async #next(over: AbortSignal): Promise<LogPosition | undefined> {
    const from = this.#passed;
    const reading = { from: from ?? ('start' as const), limit: from ? 2 : 1, prefixes: STREAMS };
    const found = await this.#options.link.once((node) => collect(node, reading, this.#options.deadline, over));
    return found === 'not-found' ? undefined : found[0]?.position;
  }
}

/** What no further try would mend. */
const fatalOf = (error: unknown): Error | undefined => {
  if (error instanceof HistoryBrokenError) return error;
  if (!(error instanceof CallFailedError)) return error instanceof Error ? error : new Error(String(error));
  const { kind } = error.failure;
  return kind === 'invalid-position' || kind === 'deleted' ? portError(error.failure, { retryAfter: 0 }) : undefined;
};
