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
  /** The folder of the copy. */
  readonly dir: string;
  /** Opens the store that is copied; asked again, later and later, until it succeeds. */
  connect(): Promise<EventStore>;
  /** Between 0 and 1: so that nodes that lost their store together do not come back together. */
  chance(): number;
  /** What whoever runs the server should know, once. */
  log?(message: string, error?: unknown): void;
  /** Before the second attempt to connect; the next ones wait up to 30 s. */
  readonly retryMs?: number;
  /** How long an opening waits for the store, and a store may take to show what it once had. */
  readonly patienceMs?: number;
}

export interface ReplicaStatus {
  /** How many events were copied. */
  readonly sequence: number;
  /** Of the last one. */
  readonly position: string | undefined;
  /** Over their leaves, in hexadecimal. */
  readonly root: string;
  readonly connected: boolean;
  /** Events of the store that are not copied yet, 1 000 for that many or more; undefined when the store cannot be asked. */
  readonly behind: number | undefined;
  /** Why the copy serves nobody any more. */
  readonly broken: string | undefined;
}

const BATCH = 500;
/** Between two commits, while events come one by one. */
const PAUSE_MS = 10;
const RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;
const PATIENCE_MS = 5000;
/** Events that are compared with the store's each time that it is connected. */
const LAST = 100;
/** How long a read waits for what this process has just appended. */
const OWN_MS = 1000;
/** How long a store may think when it is asked how it is. */
const ANSWER_MS = 1000;
const COUNTED = 1000;
/** How long a copy that is far behind is taken to be so: counting costs as much as copying. */
const FAR_MS = 1000;

/**
 * Another store with its whole log at hand: appends and `read` go to it, all else is answered by a copy on this machine, which follows
 * it and goes on answering while it is away. The copy is compared with the store whenever that is connected, and never mended: one that
 * is not the log answers nothing any more but HistoryBroken.
 */
export class ReplicaStore implements EventStore {
  /** Of the store that is replicated: its positions are kept as they are. */
  readonly kind = 'kurrentdb';
  readonly #file: ReplicaFile;
  readonly #options: ReplicaOptions;
  readonly #waiting = new Signal();
  readonly #onCommit: (() => void)[] = [];
  readonly #stop = new AbortController();
  #remote: EventStore | undefined;
  /** Of the last event that this process appended and the copy has not yet. */
  #own: string | undefined;
  #following = false;
  #isFar = false;
  #away = false;
  #broken: HistoryBrokenError | undefined;
  #fed: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(options: ReplicaOptions) {
    this.#options = options;
    this.#file = new ReplicaFile(options.dir);
  }

  /**
   * A copy that holds the ledger already needs no store to be opened; a new one does.
   * @throws FolderInUse, UnsafeSqlite; HistoryBroken when the copy is not what the store holds; of a new copy, what `connect` throws
   */
  static async open(options: ReplicaOptions): Promise<ReplicaStore> {
    const store = new ReplicaStore(options);
    try {
      await store.#begin();
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
    this.#mustStand();
    return this.#file.ofStream(stream, from, limit);
  }

  async append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    const leader = this.#leader();
    const appended = await leader.append(stream, expected, events);
    if (this.#own === undefined || leader.compare(this.#own, appended.position) < 0) this.#own = appended.position;
    return appended;
  }

  /** Where the copy ends before the page does, it first waits a moment for what this process appended. */
  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    const page = () => {
      this.#mustStand();
      const from = this.#behind(after);
      if (from === undefined && !this.#remote) throw new StoreUnavailableError(`The store is away, and the copy does not know ${after}.`);
      return from === undefined ? [] : this.#file.page(from, limit);
    };
    const first = page();
    return first.length < limit && (await this.#caughtUp()) ? page() : first;
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = BATCH): AsyncIterable<readonly RecordedEvent[]> {
    let from: number | undefined;
    while (!signal.aborted && !this.#stop.signal.aborted) {
      this.#mustStand();
      from ??= this.#behind(after);
      const page = from === undefined ? [] : this.#file.page(from, limit);
      if (page.length > 0) {
        yield page;
        from! += page.length;
      } else {
        const known = from;
        await this.#waiting.wait(signal, () => {
          if (this.#stop.signal.aborted || this.#broken) return true;
          return known === undefined ? this.#behind(after) !== undefined : this.#file.sequence > known;
        });
      }
    }
  }

  async head(): Promise<string | undefined> {
    this.#mustStand();
    if (await this.#caughtUp()) this.#mustStand();
    return this.#file.position;
  }

  onCommit(listener: () => void): void {
    this.#onCommit.push(listener);
  }

  /** While the store was not connected yet, only positions of the copy can be compared. @throws StoreUnavailable for others */
  compare(a: string, b: string): number {
    if (this.#remote) return this.#remote.compare(a, b);
    const [one, other] = [this.#file.sequenceOf(a), this.#file.sequenceOf(b)];
    if (one === undefined || other === undefined)
      throw new StoreUnavailableError('The store is away, and the copy does not know the position.');
    return one - other;
  }

  async status(): Promise<ReplicaStatus> {
    const { sequence, position, root } = this.#file;
    const behind = await this.#lag();
    return { sequence, position, root, connected: behind !== undefined, behind, broken: this.#broken?.message };
  }

  /** Reads the whole copy and makes its root anew. @throws HistoryBroken when it is not the root over what was copied */
  verify(): Promise<{ readonly count: number; readonly root: string }> {
    return this.#file.verify();
  }

  /** Reads a whole log beside the copy, as far as the copy goes. @throws HistoryBroken that names the first event which differs */
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
    this.#waiting.notifyAll();
    await this.#remote?.close();
    await this.#fed;
    this.#file.close();
  }

  async #begin(): Promise<void> {
    if (!this.#file.genesis) {
      this.#remote = await this.#options.connect();
      this.#file.begin(this.#remote.genesis);
    }
    const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#options.patienceMs ?? PATIENCE_MS)]);
    this.#fed = this.#feed();
    await this.#waiting.wait(patience, () => this.#following || this.#away || this.#broken !== undefined);
    this.#mustStand();
  }

  async #feed(): Promise<void> {
    const { retryMs = RETRY_MS, chance } = this.#options;
    const { signal } = this.#stop;
    for (let wait = retryMs; !signal.aborted; wait = Math.min(wait * 2, LONGEST_RETRY_MS)) {
      try {
        const remote = (this.#remote ??= await this.#connected());
        if (!remote) return;
        await this.#compareWith(remote);
        if ((await remote.head()) === this.#file.position) this.#isBack();
        this.#following = true;
        this.#waiting.notifyAll();
        await this.#copy(remote, () => (wait = retryMs));
        if (!signal.aborted) this.#isAway(new StoreUnavailableError('The store ended the subscription.'));
      } catch (error) {
        if (!signal.aborted) this.#isAway(error);
      }
      if (this.#broken) return;
      await sleep(wait * (0.5 + chance() / 2), undefined, { signal }).catch(() => undefined);
    }
  }

  async #copy(remote: EventStore, went: () => void): Promise<void> {
    const over = new AbortController();
    const log = remote.follow(this.#file.position, AbortSignal.any([this.#stop.signal, over.signal]), BATCH);
    try {
      for await (const batch of microBatches(log, BATCH, PAUSE_MS)) {
        this.#file.take(batch, (a, b) => remote.compare(a, b));
        went();
        this.#isBack();
        this.#waiting.notifyAll();
        for (const listener of this.#onCommit) listener();
        await new Promise((resolve) => setImmediate(resolve)); // commands and readers come first
      }
    } finally {
      over.abort();
    }
  }

  /** Undefined when this store is closed first; what is opened too late is closed again. */
  async #connected(): Promise<EventStore | undefined> {
    const { signal } = this.#stop;
    let stop = () => {};
    const faulted = new Promise<undefined>((resolve) => signal.addEventListener('abort', (stop = () => resolve(undefined))));
    const opening = this.#options.connect();
    try {
      return await Promise.race([opening, faulted]);
    } finally {
      signal.removeEventListener('abort', stop);
      if (signal.aborted) opening.then((late) => late.close()).catch(() => undefined);
    }
  }

  /** @throws HistoryBroken when the store has another ledger, or not what was copied last */
  async #compareWith(remote: EventStore): Promise<void> {
    if (canonical(remote.genesis) !== canonical(this.genesis))
      throw this.#file.broken(`it is one of the ledger ${this.genesis.ledgerId}, and the store holds ${remote.genesis.ledgerId}`);
    if (this.#file.sequence === 0) return;
    const before = Math.max(0, this.#file.sequence - LAST);
    const mine = this.#file.page(before, LAST);
    const after = this.#file.positionAt(before);
    const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout((this.#options.patienceMs ?? PATIENCE_MS) / 2)]);
    for (;;) {
      const theirs = await remote.readAll(after, LAST).catch((error: unknown) => {
        if (error instanceof InvalidPositionError) throw this.#file.broken(`the store has no position ${after}`);
        throw error;
      });
      const differs = mine.findIndex(
        (event, i) => !theirs[i] || event.position !== theirs[i].position || !leafOf(event).equals(leafOf(theirs[i])),
      );
      if (differs === -1) return;
      // one node of a cluster may not have yet what another one showed
      if (theirs[differs] || patience.aborted) throw this.#differs(mine[differs], theirs[differs]);
      await sleep(50);
    }
  }

  #differs(mine: RecordedEvent | undefined, theirs: RecordedEvent | undefined): HistoryBrokenError {
    const there = theirs ? `${theirs.type}, revision ${theirs.revision} of ${theirs.stream}, at ${theirs.position}` : 'nothing';
    return this.#file.broken(
      `it has ${mine?.type}, revision ${mine?.revision} of ${mine?.stream}, at ${mine?.position}, and the store ${there}`,
    );
  }

  /** Said once the copy goes on, not at each attempt. */
  #isBack(): void {
    if (this.#away) this.#options.log?.(`The log is copied again, up to ${this.#file.position ?? 'its start'}.`);
    this.#away = false;
  }

  #isAway(error: unknown): void {
    this.#following = false;
    if (error instanceof HistoryBrokenError) {
      this.#broken = error;
      this.#options.log?.(error.message, error);
    } else if (!this.#away) this.#options.log?.('The log is not copied further for now; what was copied is still read.', error);
    this.#away = true;
    this.#waiting.notifyAll();
  }

  /** @throws StoreUnavailable, HistoryBroken */
  #mustStand(): void {
    if (this.#closing) throw new StoreUnavailableError('The store is closed.');
    if (this.#broken) throw this.#broken;
  }

  #leader(): EventStore {
    this.#mustStand();
    if (!this.#remote) throw new StoreUnavailableError('The store is away.');
    return this.#remote;
  }

  /** The sequence behind which what stands after a position begins; undefined when the copy has not come there. @throws InvalidPosition */
  #behind(after: string | undefined): number | undefined {
    if (after === undefined) return 0;
    const sequence = this.#file.sequenceOf(after);
    if (sequence !== undefined || !this.#remote) return sequence;
    const remote = this.#remote;
    if (this.#file.position === undefined ? remote.compare(after, after) === 0 : remote.compare(after, this.#file.position) > 0)
      return undefined;
    return this.#file.sequenceUpTo(after, (a, b) => remote.compare(a, b));
  }

  /** Whether it had to wait for what this process appended. */
  async #caughtUp(): Promise<boolean> {
    const own = this.#own;
    if (own === undefined) return false;
    const there = () => this.#file.position !== undefined && this.#remote!.compare(this.#file.position, own) >= 0;
    const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(OWN_MS)]);
    while (!patience.aborted && this.#following && !there()) await this.#waiting.wait(patience, () => !this.#following || there());
    if (this.#own === own) this.#own = undefined; // it is there, or was waited for in vain once
    return true;
  }

  async #lag(): Promise<number | undefined> {
    const remote = this.#remote;
    if (!remote || this.#broken || this.#closing) return undefined;
    const answer = await inTime(remote.head());
    if (!answer) return undefined;
    const [head, position] = [answer.value, this.#file.position];
    if (head === undefined || (position !== undefined && remote.compare(head, position) <= 0)) return 0;
    if (this.#isFar) return COUNTED;
    const behind = (await inTime(remote.readAll(position, COUNTED)))?.value.length ?? COUNTED;
    this.#isFar = behind >= COUNTED;
    if (this.#isFar) setTimeout(() => (this.#isFar = false), FAR_MS).unref();
    return behind;
  }
}

/** Undefined when it fails or takes too long. */
const inTime = async <T>(asked: Promise<T>): Promise<{ readonly value: T } | undefined> => {
  const patience = new AbortController();
  const late = sleep(ANSWER_MS, undefined, { signal: patience.signal }).catch(() => undefined);
  const answer = await Promise.race([asked.then((value) => ({ value })).catch(() => undefined), late]);
  patience.abort();
  return answer;
};
