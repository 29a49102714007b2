import { setTimeout as sleep } from 'node:timers/promises';
import type { NewEvent, RecordedEvent } from '../../kernel/index.js';
import {
  HistoryBrokenError,
  StoreUnavailableError,
  StreamBrokenError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import type { LogTree } from '../merkle-proof.js';
import type { Likeness, Log } from '../merkle-tree.js';
import { Signal } from '../signal.js';
import { compareNewest, compareWhole } from './comparison.js';
import { FaultedStreams } from './faulted-streams.js';
import { Freshness } from './freshness.js';
import { microBatches } from './micro-batch.js';
import { ReplicaFile, type FaultedStream } from './replica-file.js';
import type { ReplicatedStore } from './replicated-store.js';

export interface ReplicaOptions {
  /** Folder of the replica. */
  readonly dir: string;
  /** Opens the store to replicate, which must hold `ledger` if one is given. Called again with growing backoff until it succeeds. */
  connect(ledger: Genesis | undefined): Promise<ReplicatedStore>;
  /** Milliseconds of a clock that is never set back, the same one as the store's. */
  uptime(): number;
  /** Between 0 and 1. Jitter, so that nodes that lost the store at the same time do not reconnect at the same time. */
  chance(): number;
  /** Messages for the operator, each once. */
  log?(message: string, error?: unknown): void;
  /** Backoff before the second attempt to connect; it doubles, up to 30 s. */
  readonly retryMs?: number;
  /** How long `open` waits for the store, and how long the store may lag behind what is already replicated. */
  readonly patienceMs?: number;
}

export interface ReplicaStatus {
  /** Number of replicated events. */
  readonly sequence: number;
  /** Position of the last one. */
  readonly position: string | undefined;
  /** Merkle root over those of the ledger, in hexadecimal. */
  readonly root: string;
  readonly connected: boolean;
  /** Seconds since the replica was known to have all that was in the log; undefined when it never was. */
  readonly age: number | undefined;
  /** Streams that the store shows no more, that other programs wrote in, of an unknown category, or damaged in the replica: the first 20. */
  readonly faulted: { readonly count: number; readonly streams: readonly FaultedStream[] };
  /** The stream that could not be copied whole, and why; nothing after it is copied while this is so. */
  readonly incomplete: string | undefined;
  /** Why the replica refuses every read and append. */
  readonly broken: string | undefined;
}

const BATCH = 500;
/** Minimum pause between two commits while events arrive one by one. */
const PAUSE_MS = 10;
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const PATIENCE_MS = 5000;
/** How long a read waits for this process's own last append to be replicated. */
const OWN_APPEND_MS = 1000;
/** Between two attempts while a stream cannot be copied. */
const LONGEST_BLOCKED_MS = 5000;
/**
 * A store with a local replica of its whole log. Appends and `read` go to the store, the leader. Everything else is answered by the
 * replica on this machine, also while the store is away. The replica is compared with the store on every connection and never repaired:
 * one that differs from the log answers every call with HistoryBrokenError. A stream that the store no longer shows whole is contained: it
 * is read from the replica, appends to it are refused, and it is looked at again until the store shows every event of the replica.
 */
export class ReplicaStore implements EventStore {
  /** The kind of the replicated store: the replica keeps its positions unchanged. */
  readonly kind = 'kurrentdb';
  readonly #file: ReplicaFile;
  readonly #options: ReplicaOptions;
  readonly #changed = new Signal();
  readonly #onCommit: (() => void)[] = [];
  readonly #stop = new AbortController();
  #remote: ReplicatedStore | undefined;
  /** Position of this process's last append that may not be replicated yet. */
  #ownAppend: string | undefined;
  #following = false;
  #away = false;
  #broken: HistoryBrokenError | undefined;
  #blocked: StreamBrokenError | undefined;
  readonly #freshness = new Freshness();
  readonly #faulted: FaultedStreams;
  #replicating: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: ReplicaOptions) {
    this.#options = options;
    const log = (message: string, error?: unknown) => options.log?.(message, error);
    this.#file = new ReplicaFile(options.dir, ({ stream, reason }) => log(`${stream} is faulted: ${reason}.`));
    this.#faulted = new FaultedStreams({
      file: this.#file,
      signal: this.#stop.signal,
      remote: () => this.#remote,
      log,
      onRound: () => this.#markCaughtUp(),
    });
  }

  /**
   * An existing replica opens without the store; a new one needs it.
   * @throws FolderInUseError, UnsafeSqliteError; HistoryBrokenError when the replica differs from the store; for a new replica, what
   *   `connect` throws
   */
  static async open(options: ReplicaOptions): Promise<ReplicaStore> {
    const store = new ReplicaStore(options);
    try {
      await store.#file.tree.fill();
      await store.#start();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get genesis(): Genesis {
    return this.#file.genesis!;
  }

  async read(stream: string, from?: Revision, limit?: number): Promise<readonly RecordedEvent[]> {
    if (this.#file.faultOf(stream, 'broken') !== undefined) return this.readLocal(stream, from, limit);
    try {
      return await this.#leader().read(stream, from, limit);
    } catch (error) {
      if (!(error instanceof StreamBrokenError) || this.#file.headOf(stream) === -1) throw error;
      this.#faulted.setBroken(stream, error.why);
      return this.readLocal(stream, from, limit);
    }
  }

  async readLocal(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.#mustBeUsable();
    return this.#file.ofStream(stream, from, limit);
  }

  localRevision(stream: string): Revision | undefined {
    return this.#broken || this.#closing ? undefined : this.#file.knownHeadOf(stream);
  }

  async append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    const leader = this.#leader();
    const broken = this.#file.faultOf(stream, 'broken');
    if (broken !== undefined) throw new StreamBrokenError(stream, broken);
    const appended = await leader.append(stream, expected, events).catch((error: unknown) => {
      if (error instanceof StreamBrokenError) this.#faulted.setBroken(stream, error.why);
      throw error;
    });
    if (this.#ownAppend === undefined || leader.compare(this.#ownAppend, appended.position) < 0) this.#ownAppend = appended.position;
    return appended;
  }

  /** When the replica ends before the page is full, it waits up to a second for this process's own last append. */
  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    const page = () => {
      this.#mustBeUsable();
      const from = this.#sequenceAt(after);
      if (from === undefined && !this.#remote)
        throw new StoreUnavailableError(`The store is away and the replica does not know the position ${after}.`);
      return from === undefined ? [] : this.#file.page(from, limit);
    };
    const first = page();
    return first.length < limit && (await this.#awaitOwnAppend()) ? page() : first;
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = BATCH): AsyncIterable<readonly RecordedEvent[]> {
    let from: number | undefined;
    while (!signal.aborted && !this.#stop.signal.aborted) {
      this.#mustBeUsable();
      from ??= this.#sequenceAt(after);
      const page = from === undefined ? [] : this.#file.page(from, limit);
      if (page.length > 0) {
        yield page;
        from! += page.length;
      } else {
        const known = from;
        await this.#changed.wait(signal, () => {
          if (this.#stop.signal.aborted || this.#broken) return true;
          return known === undefined ? this.#sequenceAt(after) !== undefined : this.#file.sequence > known;
        });
      }
    }
  }

  async head(): Promise<string | undefined> {
    this.#mustBeUsable();
    if (await this.#awaitOwnAppend()) this.#mustBeUsable();
    return this.#file.position;
  }

  /** Of the replica: what it lacks is its own lag. */
  size(): number {
    this.#mustBeUsable();
    return this.#file.sequence;
  }

  get tree(): LogTree {
    return this.#file.tree;
  }

  onCommit(listener: () => void): void {
    this.#onCommit.push(listener);
  }

  /** Until the store has connected once, only replicated positions can be compared. @throws StoreUnavailableError for others */
  compare(a: string, b: string): number {
    if (this.#remote) return this.#remote.compare(a, b);
    const [one, other] = [this.#file.sequenceOf(a), this.#file.sequenceOf(b)];
    if (one === undefined || other === undefined)
      throw new StoreUnavailableError('The store is away and the replica does not know the position.');
    return one - other;
  }

  status(): ReplicaStatus {
    const { sequence, position, root } = this.#file;
    return {
      sequence,
      position,
      root,
      connected: this.#following && !this.#away && this.#remote?.connected !== false,
      age: this.#freshness.at === undefined ? undefined : (this.#options.uptime() - this.#freshness.at) / 1000,
      faulted: this.#faulted.status(),
      incomplete: this.#incomplete(),
      broken: this.#broken?.message,
    };
  }

  /** A stream was lost before it could be copied: either its later events show the gap, or only its deletion is left. */
  #incomplete(): string | undefined {
    if (this.#blocked) return this.#blocked.message;
    const lost = this.#file.emptyFault('broken');
    return lost ? `${lost.stream} is not in the replica: ${lost.reason} on the server.` : undefined;
  }

  /** Reads the whole replica and recomputes its Merkle root. @throws HistoryBrokenError when it differs from the stored root */
  verify(): Promise<{ readonly count: number; readonly root: string }> {
    return this.#file.verify();
  }

  /** Compares the whole replica with a log, event by event. @throws HistoryBrokenError that names the first event that differs */
  async verifyAgainst(log: Log, signal?: AbortSignal): Promise<Likeness> {
    return compareWhole(this.#file, log, signal);
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    this.#changed.notifyAll();
    await this.#remote?.close();
    await this.#replicating;
    await this.#faulted.ended();
    this.#file.close();
  }

  async #start(): Promise<void> {
    if (!this.#file.genesis) {
      this.#adopt(await this.#options.connect(undefined));
      this.#file.begin(this.#remote!.genesis);
    }
    const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#options.patienceMs ?? PATIENCE_MS)]);
    this.#replicating = this.#keepReplicating();
    await this.#changed.wait(patience, () => this.#following || this.#away || this.#broken !== undefined);
    this.#mustBeUsable();
  }

  async #keepReplicating(): Promise<void> {
    const { retryMs = RETRY_MS, chance } = this.#options;
    const { signal } = this.#stop;
    for (let wait = retryMs; !signal.aborted; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      try {
        const remote = this.#remote ?? (await this.#connect());
        if (!remote) return;
        this.#adopt(remote);
        const within = AbortSignal.timeout((this.#options.patienceMs ?? PATIENCE_MS) / 2);
        await compareNewest(this.#file, remote, {
          patience: AbortSignal.any([signal, within]),
          onBroken: (stream, why) => this.#faulted.setBroken(stream, why),
        });
        this.#following = true;
        this.#faulted.recheck();
        this.#changed.notifyAll();
        await this.#replicate(remote, () => (wait = retryMs));
        if (!signal.aborted) this.#logAway(new StoreUnavailableError('The store ended the subscription.'));
      } catch (error) {
        if (!signal.aborted) this.#logAway(error);
      }
      if (this.#broken) return;
      const pause = this.#blocked ? Math.min(wait, LONGEST_BLOCKED_MS) : wait;
      await sleep(pause * (0.5 + chance() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  async #replicate(remote: ReplicatedStore, progressed: () => void): Promise<void> {
    const over = new AbortController();
    const compare = (a: string, b: string) => remote.compare(a, b);
    const texts = (event: RecordedEvent) => remote.textsOf?.(event);
    const log = remote.follow(this.#file.position, AbortSignal.any([this.#stop.signal, over.signal]), BATCH);
    try {
      for await (const batch of microBatches(log, BATCH, PAUSE_MS)) {
        this.#file.append(batch, compare, texts);
        progressed();
        this.#blocked = undefined;
        this.#logBack();
        this.#markCaughtUp();
        this.#changed.notifyAll();
        for (const listener of this.#onCommit) listener();
        await new Promise((resolve) => setImmediate(resolve)); // let commands and readers run
      }
    } finally {
      over.abort();
    }
  }

  /** Undefined when this store is closed first; a store that opens after that is closed at once. */
  async #connect(): Promise<ReplicatedStore | undefined> {
    const { signal } = this.#stop;
    let stop = () => {};
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', (stop = () => resolve(undefined))));
    const opening = this.#options.connect(this.genesis);
    try {
      return await Promise.race([opening, stopped]);
    } finally {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) opening.then((late) => late.close()).catch(() => undefined);
    }
  }

  #adopt(remote: ReplicatedStore): void {
    if (this.#remote === remote) return;
    this.#remote = remote;
    remote.onBounded?.((stream) => this.#faulted.suspect(stream));
    remote.onCaughtUp?.((mark) => {
      this.#freshness.note(mark);
      this.#markCaughtUp();
    });
  }

  #markCaughtUp(): void {
    if (this.#file.emptyFault('suspect')) return; // it may be a stream that is lost
    const { position } = this.#file;
    if (this.#freshness.advance((last) => position !== undefined && this.#remote!.compare(position, last) >= 0)) this.#logBack();
  }

  /** Logs once when replication works again, not on each attempt. */
  #logBack(): void {
    if (this.#away) this.#options.log?.(`Replication has resumed at ${this.#file.position ?? 'the start of the log'}.`);
    this.#away = false;
  }

  #logAway(error: unknown): void {
    this.#following = false;
    if (error instanceof StreamBrokenError) {
      if (this.#blocked?.message !== error.message)
        this.#options.log?.(`Replication waits: ${error.message} Nothing after it is copied until the server shows all of it.`);
      this.#blocked = error;
    } else if (error instanceof HistoryBrokenError) {
      this.#broken = error;
      this.#options.log?.(error.message, error);
    } else if (!this.#away) this.#options.log?.('Replication has stopped for now; reads are served from the replica.', error);
    this.#away = true;
    this.#changed.notifyAll();
  }

  /** @throws StoreUnavailableError when closed, HistoryBrokenError when the replica is broken */
  #mustBeUsable(): void {
    if (this.#closing) throw new StoreUnavailableError('The store is closed.');
    if (this.#broken) throw this.#broken;
  }

  #leader(): EventStore {
    this.#mustBeUsable();
    if (!this.#remote) throw new StoreUnavailableError('The store is away.');
    return this.#remote;
  }

  /** Number of replicated events at or before a position; undefined when the replica has not reached it. @throws InvalidPositionError */
  #sequenceAt(after: string | undefined): number | undefined {
    if (after === undefined) return 0;
    const sequence = this.#file.sequenceOf(after);
    if (sequence !== undefined || !this.#remote) return sequence;
    const remote = this.#remote;
    if (this.#file.position === undefined ? remote.compare(after, after) === 0 : remote.compare(after, this.#file.position) > 0)
      return undefined;
    return this.#file.sequenceUpTo(after, (a, b) => remote.compare(a, b));
  }

  /** Waits for this process's own last append. @returns whether there was one to wait for */
  async #awaitOwnAppend(): Promise<boolean> {
    const own = this.#ownAppend;
    if (own === undefined) return false;
    const isReplicated = () => this.#file.position !== undefined && this.#remote!.compare(this.#file.position, own) >= 0;
    const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(OWN_APPEND_MS)]);
    while (!patience.aborted && this.#following && !isReplicated())
      await this.#changed.wait(patience, () => !this.#following || isReplicated());
    if (this.#ownAppend === own) this.#ownAppend = undefined; // replicated, or waited for once in vain
    return true;
  }
}
