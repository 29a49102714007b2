import type { AnyAggregate, Projection } from '../../kernel/index.js';
import { localPage, type EventStore } from '../../store/event-store.js';
import {
  ReadModelDamagedError,
  type IndexedEvent,
  type ReadModelFile,
  type ReadModelReader,
  type Sequence,
} from '../../store/read-model.js';
import { Follower, HISTORY_BYTES, type FollowerListener, type FollowerReport, type RunningFollower } from './follower.js';

/** Says once what is wrong with a stream, a projection or the read model. */
export type Log = (message: string, error?: unknown) => void;

export interface SupervisorOptions {
  readonly store: EventStore;
  readonly readModel: ReadModelFile;
  readonly projections: readonly Projection[];
  readonly aggregates: readonly AnyAggregate[];
  /** Starts what follows the log and writes the read model; on this thread, unless given. */
  readonly follow?: (listener: FollowerListener) => RunningFollower;
  readonly log?: Log;
  /** Memory for folded streams, in bytes, for the follower, and for readers where they share none; 32 MB each unless set. */
  readonly historyBytes?: number;
  /** Before the second attempt to follow; the next ones wait up to 30 s. */
  readonly retryMs?: number;
}

/** Who reads what the follower writes. */
export interface Supervised {
  /** The last event of which it has heard that it is committed. */
  sequence(): Sequence;
  /** The first read model of the log is begun, which has this head. */
  begins(head: string | undefined): void;
  /** So much is committed. @returns whether a build took over from one that was read */
  take(report: FollowerReport, reader: ReadModelReader): boolean;
  /** Something is to be seen, or the follower failed. */
  changed(): void;
  /** The read model is set aside: nothing of it is there any more. */
  lost(): void;
}

const RETRY_MS = 100;
const LONGEST_RETRY_MS = 30_000;

/**
 * Keeps one follower at work, over a read model that was made from this log. A follower that ends is started again, later and later; a read
 * model that is damaged, or was made from another log, is made again.
 */
export class FollowerSupervisor {
  /** Resolves after the first attempt to follow, whether or not it succeeded. */
  readonly opened: Promise<void>;
  #open!: () => void;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;
  #reader: ReadModelReader | undefined;
  /** Ends the watch over the file that is read. */
  #unwatch = (): void => undefined;
  #follower: RunningFollower | undefined;
  #hasReported = false;
  #failed: unknown;
  #said = '';
  #retireBuilds = true;
  #damaged: ReadModelDamagedError | undefined;
  /** Ends the wait between two attempts. */
  #retry = new AbortController();

  constructor(
    private readonly o: SupervisorOptions,
    private readonly supervised: Supervised,
  ) {
    this.opened = new Promise((resolve) => (this.#open = resolve));
    this.#run = this.#supervise();
  }

  /** The read model, open for reading; undefined until it is known to be of this log, and while it is damaged. */
  get reader(): ReadModelReader | undefined {
    return this.#reader;
  }
  /** What keeps the follower from following the log; undefined while it does. */
  get failed(): unknown {
    return this.#failed;
  }
  get isStopped(): boolean {
    return this.#stop.signal.aborted;
  }
  /** The one that is at work. */
  get follower(): RunningFollower | undefined {
    return this.#follower;
  }

  /** Nothing is read any more; the file is set aside once the follower has ended. */
  readonly isDamaged = (damage: ReadModelDamagedError): void => {
    if (this.#damaged || this.isStopped) return;
    this.#damaged = damage;
    this.#retry.abort();
    void this.#follower?.close().catch(() => undefined);
  };

  async close(): Promise<void> {
    this.#stop.abort();
    this.#retry.abort();
    this.#closeReader(); // first, so that the connection that writes is the last one and empties the WAL
    try {
      await this.#follower?.close();
    } finally {
      await this.#run;
      this.#closeReader();
    }
  }
  #closeReader(): void {
    this.#unwatch();
    this.#reader?.close();
    this.#reader = undefined;
  }

  async #supervise(): Promise<void> {
    const { retryMs = RETRY_MS } = this.o;
    for (let wait = retryMs; !this.isStopped; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      const before = this.supervised.sequence();
      try {
        this.#retry = new AbortController();
        await this.#followOnce();
        if (!this.isStopped) throw new Error('The follower ended.');
      } catch (error) {
        if (this.isStopped) break;
        this.#fails(this.#damaged ?? error);
      }
      this.#open();
      if (this.supervised.sequence() > before) wait = retryMs;
      await elapsed(wait, this.#retry.signal);
    }
    this.#open();
  }

  async #followOnce(): Promise<void> {
    const { store, readModel, projections, aggregates, historyBytes = HISTORY_BYTES } = this.o;
    if (this.#damaged) this.#setAside(this.#damaged);
    try {
      if (!this.#reader) await this.#openReader();
      if (this.isStopped) return;
      const listener: FollowerListener = {
        report: (report) => this.#take(report),
        log: (message, error) => this.o.log?.(message, error),
      };
      const here = () => {
        const model = readModel.write();
        try {
          return new Follower({ log: store, readModel: model, projections, aggregates, historyBytes, listener });
        } catch (error) {
          model.close();
          throw error;
        }
      };
      this.#retireBuilds = true;
      this.#follower = this.o.follow ? this.o.follow(listener) : here();
      this.#retire();
    } catch (error) {
      if (error instanceof ReadModelDamagedError) this.#damaged = error;
      throw error;
    }
    const { ended } = this.#follower;
    try {
      await ended;
    } catch (error) {
      if (error instanceof ReadModelDamagedError) this.#damaged ??= error;
      throw error;
    } finally {
      const follower = this.#follower;
      this.#follower = undefined;
      await follower.close().catch(() => undefined); // what ended it is known
    }
  }

  /** Opens the read model for reading, once it is known to be of this log. */
  async #openReader(): Promise<void> {
    const { store, readModel } = this.o;
    const owner = `${store.genesis.ledgerId} ${store.kind}`; // positions are the store's own
    readModel.prepare(owner);
    let reader = readModel.read(this.isDamaged);
    try {
      const last = reader.lastEvent();
      if (last && !(await this.#isRecorded(last))) {
        reader.close();
        this.o.log?.(`The read model was made from another log: its last event, ${last.id} at ${last.position}, is not in the ledger. It is made again.`); // prettier-ignore
        readModel.remove();
        readModel.prepare(owner);
        reader = readModel.read(this.isDamaged);
      }
      if (!reader.lastEvent()) this.supervised.begins(await store.head());
      this.#unwatch = readModel.watch(this.isDamaged);
    } catch (error) {
      reader.close();
      throw error;
    }
    this.#reader = reader;
  }

  /** A replica that has not come so far is asked no further than its leader. */
  async #isRecorded({ stream, revision, id, position }: IndexedEvent): Promise<boolean> {
    const { store } = this.o;
    const [event = undefined] = await localPage(store, stream, revision, 1);
    const [found = event] = event || !store.readLocal ? [] : await store.read(stream, revision, 1);
    return found !== undefined && found.id === id && found.position === position;
  }

  #take(report: FollowerReport): void {
    if (!this.#reader) return; // it is closed, or the follower of a read model that is set aside has not ended yet
    if (this.#said !== '' && report.sequence > this.supervised.sequence()) {
      this.#said = '';
      this.o.log?.('Projections follow the log again.');
    }
    this.#failed = undefined;
    this.#hasReported = true;
    const swapped = this.supervised.take(report, this.#reader);
    this.#retireBuilds ||= swapped;
    this.#retire();
    this.#open();
    this.supervised.changed();
  }

  /** Nobody here reads the builds that the last report does not name. */
  #retire(): void {
    if (!this.#retireBuilds || !this.#follower || !this.#hasReported) return;
    this.#retireBuilds = false;
    this.#follower.retire();
  }

  /** The same failure is logged once until there is progress. */
  #fails(error: unknown): void {
    const said = `${this.supervised.sequence()} ${error instanceof Error ? error.message : String(error)}`;
    if (said !== this.#said && !this.#damaged) this.o.log?.('Projections do not follow the log for now; they try again.', error);
    this.#said = said;
    this.#failed = error;
    this.supervised.changed();
  }

  #setAside(damage: ReadModelDamagedError): void {
    this.#closeReader();
    this.#hasReported = false;
    this.supervised.lost();
    const aside = this.o.readModel.setAside();
    this.#damaged = undefined;
    this.o.log?.(`The read model is ${aside === undefined ? '' : `set aside as ${aside} and `}made again. ${damage.message}`, damage);
  }
}

const elapsed = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
