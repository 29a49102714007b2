import { setTimeout as sleep } from 'node:timers/promises';
import { canonical, type NewEvent, type RecordedEvent } from '../../kernel/index.js';
import {
  HistoryBrokenError,
  InvalidPositionError,
  StoreUnavailableError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import { compareLogs, leafOf, type Likeness, type Log } from '../merkle-tree.js';
import { Signal } from '../signal.js';
import { ReplicaFile } from './replica-file.js';
import { microBatches } from './micro-batch.js';

export interface ReplicaOptions {
  /** Folder of the replica. */
  readonly dir: string;
  /** Opens the store to replicate. Called again with growing backoff until it succeeds. */
  connect(): Promise<EventStore>;
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
  /** Merkle root over them, in hexadecimal. */
  readonly root: string;
  readonly connected: boolean;
  /** Events of the store not yet replicated, counted up to 1,000; undefined when the store does not answer. */
  readonly behind: number | undefined;
  /** Why the replica refuses every read and append. */
  readonly broken: string | undefined;
}

const BATCH = 500;
/** Minimum pause between two commits while events arrive one by one. */
const PAUSE_MS = 10;
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const PATIENCE_MS = 5000;
/** The newest replicated events, which are compared with the store on every connection. */
const COMPARED = 100;
/** How long a read waits for this process's own last append to be replicated. */
const OWN_APPEND_MS = 1000;
/** How long `status` waits for the store. */
const STATUS_MS = 1000;
/** Lag is counted up to this many events. */
const MAX_COUNTED = 1000;
/** How long a large lag is reported without counting again: counting costs as much as replicating. */
const FAR_MS = 1000;

/**
 * A store with a local replica of its whole log. Appends and `read` go to the store, the leader. Everything else is answered by the
 * replica on this machine, also while the store is away. The replica is compared with the store on every connection and never repaired:
 * one that differs from the log answers every call with HistoryBrokenError.
 */
export class ReplicaStore implements EventStore {
  /** The kind of the replicated store: the replica keeps its positions unchanged. */
  readonly kind = 'kurrentdb';
  readonly #file: ReplicaFile;
  readonly #options: ReplicaOptions;
  readonly #changed = new Signal();
  readonly #onCommit: (() => void)[] = [];
  readonly #stop = new AbortController();
  #remote: EventStore | undefined;
  /** Position of this process's last append that may not be replicated yet. */
  #ownAppend: string | undefined;
  #following = false;
  #isFar = false;
  #away = false;
  #broken: HistoryBrokenError | undefined;
  #replicating: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#file = new ReplicaFile(options.dir);
  }

  /**
   * An existing replica opens without the store; a new one needs it.
   * @throws FolderInUseError, UnsafeSqliteError; HistoryBrokenError when the replica differs from the store; for a new replica, what
   *   `connect` throws
   */
  static async open(options: ReplicaOptions): Promise<ReplicaStore> {
    const store = new ReplicaStore(options);
    try {
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
    return this.#leader().read(stream, from, limit);
  }

  async readLocal(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.#mustBeUsable();
    return this.#file.ofStream(stream, from, limit);
  }

  async append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    const leader = this.#leader();
    const appended = await leader.append(stream, expected, events);
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

  async status(): Promise<ReplicaStatus> {
    const { sequence, position, root } = this.#file;
    const behind = await this.#lag();
    return { sequence, position, root, connected: behind !== undefined, behind, broken: this.#broken?.message };
  }

  /** Reads the whole replica and recomputes its Merkle root. @throws HistoryBrokenError when it differs from the stored root */
  verify(): Promise<{ readonly count: number; readonly root: string }> {
    return this.#file.verify();
  }

  /** Compares the whole replica with a log, event by event. @throws HistoryBrokenError that names the first event that differs */
  async verifyAgainst(log: Log, signal?: AbortSignal): Promise<Likeness> {
    const count = this.#file.sequence;
    const mine: Log = { readAll: async (after, limit) => this.#file.page(after === undefined ? 0 : this.#file.sequenceOf(after)!, limit!) };
    const likeness = await compareLogs(mine, log, { count, ...(signal && { signal }) });
    if (likeness.same < count) throw this.#differs(likeness.next[0], likeness.next[1]);
    return likeness;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#stop.abort();
    this.#changed.notifyAll();
    await this.#remote?.close();
    await this.#replicating;
    this.#file.close();
  }

  async #start(): Promise<void> {
    if (!this.#file.genesis) {
      this.#remote = await this.#options.connect();
      this.#file.begin(this.#remote.genesis);
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
        const remote = (this.#remote ??= await this.#connect());
        if (!remote) return;
        await this.#compareWith(remote);
        if ((await remote.head()) === this.#file.position) this.#logBack();
        this.#following = true;
        this.#changed.notifyAll();
        await this.#replicate(remote, () => (wait = retryMs));
        if (!signal.aborted) this.#logAway(new StoreUnavailableError('The store ended the subscription.'));
      } catch (error) {
        if (!signal.aborted) this.#logAway(error);
      }
      if (this.#broken) return;
      await sleep(wait * (0.5 + chance() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  async #replicate(remote: EventStore, progressed: () => void): Promise<void> {
    const over = new AbortController();
    const log = remote.follow(this.#file.position, AbortSignal.any([this.#stop.signal, over.signal]), BATCH);
    try {
      for await (const batch of microBatches(log, BATCH, PAUSE_MS)) {
        this.#file.append(batch, (a, b) => remote.compare(a, b));
        progressed();
        this.#logBack();
        this.#changed.notifyAll();
        for (const listener of this.#onCommit) listener();
        await new Promise((resolve) => setImmediate(resolve)); // let commands and readers run
      }
    } finally {
      over.abort();
    }
  }

  /** Undefined when this store is closed first; a store that opens after that is closed at once. */
  async #connect(): Promise<EventStore | undefined> {
    const { signal } = this.#stop;
    let stop = () => {};
    const stopped = new Promise<undefined>((resolve) => signal.addEventListener('abort', (stop = () => resolve(undefined))));
    const opening = this.#options.connect();
    try {
      return await Promise.race([opening, stopped]);
    } finally {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) opening.then((late) => late.close()).catch(() => undefined);
    }
  }

  /** @throws HistoryBrokenError when the store holds another ledger or differs in the newest replicated events */
  async #compareWith(remote: EventStore): Promise<void> {
    if (canonical(remote.genesis) !== canonical(this.genesis))
      throw this.#file.broken(`it replicates the ledger ${this.genesis.ledgerId}, but the store holds ${remote.genesis.ledgerId}`);
    if (this.#file.sequence === 0) return;
    const before = Math.max(0, this.#file.sequence - COMPARED);
    const mine = this.#file.page(before, COMPARED);
    const after = this.#file.positionAt(before);
    const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout((this.#options.patienceMs ?? PATIENCE_MS) / 2)]);
    for (;;) {
      const theirs = await remote.readAll(after, COMPARED).catch((error: unknown) => {
        if (error instanceof InvalidPositionError) throw this.#file.broken(`the store has no position ${after}`);
        throw error;
      });
      const differs = mine.findIndex(
        (event, i) => !theirs[i] || event.position !== theirs[i].position || !leafOf(event).equals(leafOf(theirs[i])),
      );
      if (differs === -1) return;
      // a node of a cluster may lag behind the one that was replicated from
      if (theirs[differs] || patience.aborted) throw this.#differs(mine[differs], theirs[differs]);
      await sleep(50);
    }
  }

  #differs(mine: RecordedEvent | undefined, theirs: RecordedEvent | undefined): HistoryBrokenError {
    const there = theirs ? `${theirs.type}, revision ${theirs.revision} of ${theirs.stream}, at ${theirs.position}` : 'nothing';
    return this.#file.broken(
      `it has ${mine?.type}, revision ${mine?.revision} of ${mine?.stream}, at ${mine?.position}, but the store has ${there}`,
    );
  }

  /** Logs once when replication works again, not on each attempt. */
  #logBack(): void {
    if (this.#away) this.#options.log?.(`Replication has resumed at ${this.#file.position ?? 'the start of the log'}.`);
    this.#away = false;
  }

  #logAway(error: unknown): void {
    this.#following = false;
    if (error instanceof HistoryBrokenError) {
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

  async #lag(): Promise<number | undefined> {
    const remote = this.#remote;
    if (!remote || this.#broken || this.#closing) return undefined;
    const answer = await inTime(remote.head());
    if (!answer) return undefined;
    const [head, position] = [answer.value, this.#file.position];
    if (head === undefined || (position !== undefined && remote.compare(head, position) <= 0)) return 0;
    if (this.#isFar) return MAX_COUNTED;
    const behind = (await inTime(remote.readAll(position, MAX_COUNTED)))?.value.length ?? MAX_COUNTED;
    this.#isFar = behind >= MAX_COUNTED;
    if (this.#isFar) setTimeout(() => (this.#isFar = false), FAR_MS).unref();
    return behind;
  }
}

/** Undefined when the promise fails or takes longer than STATUS_MS. */
const inTime = async <T>(promise: Promise<T>): Promise<{ readonly value: T } | undefined> => {
  const patience = new AbortController();
  const late = sleep(STATUS_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  const answer = await Promise.race([promise.then((value) => ({ value })).catch(() => undefined), late]);
  patience.abort();
  return answer;
};
