import { setTimeout as sleep } from 'node:timers/promises';
import { canonical, type NewEvent, type RecordedEvent } from '../../kernel/index.js';
import {
  HistoryBrokenError,
  StoreUnavailableError,
  StreamBrokenError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import { compareLogs, leafOf, type Likeness, type Log } from '../merkle-tree.js';
import { Signal } from '../signal.js';
import { ReplicaFile, type FaultedStream } from './replica-file.js';
import { microBatches } from './micro-batch.js';

/** What a replica asks of its store beyond the port: a server that others use and administer too. */
export interface ReplicatedStore extends EventStore {
  /** Whether it answers, as far as is known. */
  readonly connected?: boolean;
  /** Why the store no longer shows every event of a stream; undefined while it does. */
  brokenBy?(stream: string): Promise<Broken | undefined>;
  /** The JSON texts of data and metadata, where the store still has them of an event that it handed to a follower. */
  textsOf?(event: RecordedEvent): readonly [data: string, metadata: string] | undefined;
  /** Calls `listener` with each stream whose events may have been hidden or deleted, while the log is followed. */
  onBounded?(listener: (stream: string) => void): void;
  /** Calls `listener` each time that a follower is known to have received all that was in the log at an instant. */
  onCaughtUp?(listener: (mark: CaughtUp) => void): void;
}
export interface Broken {
  /** A clause with its subject, such as "it was deleted". */
  readonly why: string;
  readonly isDeleted: boolean;
}
export interface CaughtUp {
  /** By `uptime`, before the end of the log was asked for. */
  readonly at: number;
  /** The last event of the ledger up to there; undefined when there is none. */
  readonly last: string | undefined;
}

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
  /** Streams that the store shows no more, that other programs wrote in, or of an unknown category: the first 20 by name. */
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
/** The newest replicated events, which are compared with the store on every connection. */
const COMPARED = 100;
/** How long a read waits for this process's own last append to be replicated. */
const OWN_APPEND_MS = 1000;
/** Between two attempts while a stream cannot be copied. */
const LONGEST_BLOCKED_MS = 5000;
/** Between two looks at streams that the store did not show whole. */
const RECHECK_MS = 3000;
/** Streams that are looked at in one round, and events of them that are compared at once. */
const RECHECKED = 50;
const COMPARED_PAGE = 500;
/** Reads under way at once while the newest events are compared. */
const COMPARED_AT_ONCE = 8;
/** Instants at which the log's end is known, and the replica has not reached it yet. */
const MAX_MARKS = 16;
/** Faulted streams in a status, and the kinds of them. */
const SHOWN = 20;
const FAULTS = ['broken', 'foreign', 'unknown-category'] as const;

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
  #marks: readonly CaughtUp[] = [];
  #caughtUpAt: number | undefined;
  #rechecking: Promise<void> = Promise.resolve();
  #isRechecking = false;
  /** Ends the pause between two rounds. */
  #again = new AbortController();
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
    if (this.#file.faultOf(stream, 'broken') !== undefined) return this.readLocal(stream, from, limit);
    try {
      return await this.#leader().read(stream, from, limit);
    } catch (error) {
      if (!(error instanceof StreamBrokenError) || this.#file.headOf(stream) === -1) throw error;
      this.#setBroken(stream, error.why);
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
      if (error instanceof StreamBrokenError) this.#setBroken(stream, error.why);
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
      age: this.#caughtUpAt === undefined ? undefined : (this.#options.uptime() - this.#caughtUpAt) / 1000,
      faulted: this.#faulted(),
      incomplete: this.#incomplete(),
      broken: this.#broken?.message,
    };
  }

  #faulted(): ReplicaStatus['faulted'] {
    const count = FAULTS.reduce((sum, kind) => sum + this.#file.countOf(kind), 0);
    return { count, streams: count === 0 ? [] : FAULTS.flatMap((kind) => this.#file.faults(kind, '', SHOWN)).slice(0, SHOWN) };
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
    const mine: Log = { readAll: async (after, limit) => this.#file.page(after === undefined ? 0 : this.#file.sequenceOf(after)!, limit!) };
    const likeness = await compareLogs(mine, log, { count: this.#file.leaves, ...(signal && { signal }) });
    if (likeness.same < this.#file.leaves) throw this.#differs(likeness.next[0], likeness.next[1]);
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
    await this.#rechecking;
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
        await this.#compareWith(remote);
        this.#following = true;
        this.#recheck();
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
        const faulted = this.#file.append(batch, compare, texts);
        for (const { stream, reason } of faulted) this.#options.log?.(`${stream} is faulted: ${reason}.`);
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

  /** @throws HistoryBrokenError when the store holds another ledger or differs in the newest replicated events */
  async #compareWith(remote: EventStore): Promise<void> {
    if (canonical(remote.genesis) !== canonical(this.genesis))
      throw this.#file.broken(`it replicates the ledger ${this.genesis.ledgerId}, but the store holds ${remote.genesis.ledgerId}`);
    const newest = this.#file.page(Math.max(0, this.#file.sequence - COMPARED), COMPARED);
    const streams = [...Map.groupBy(newest, (event) => event.stream)];
    const patience = AbortSignal.any([this.#stop.signal, AbortSignal.timeout((this.#options.patienceMs ?? PATIENCE_MS) / 2)]);
    for (let at = 0; at < streams.length; at += COMPARED_AT_ONCE)
      await Promise.all(
        streams.slice(at, at + COMPARED_AT_ONCE).map(([stream, mine]) => this.#compareStream(remote, stream, mine, patience)),
      );
  }

  /** Compares events of one stream with the store's: by stream and revision, so that nothing that others wrote is searched through. */
  async #compareStream(remote: ReplicatedStore, stream: string, mine: readonly RecordedEvent[], patience: AbortSignal): Promise<void> {
    for (;;) {
      if (this.#file.faultOf(stream, 'broken') !== undefined) return;
      let theirs: readonly RecordedEvent[];
      try {
        theirs = await remote.read(stream, mine[0]!.revision, mine.length);
      } catch (error) {
        if (error instanceof StreamBrokenError) return this.#setBroken(stream, error.why);
        throw error;
      }
      const differs = firstDifference(mine, theirs);
      if (differs === -1) return;
      const broken = await remote.brokenBy?.(stream);
      if (broken) return this.#setBroken(stream, broken.why);
      // a node of a cluster may lag behind the one that was replicated from
      if (theirs[differs] || patience.aborted) throw this.#differs(mine[differs], theirs[differs]);
      await sleep(50);
    }
  }

  #adopt(remote: ReplicatedStore): void {
    if (this.#remote === remote) return;
    this.#remote = remote;
    remote.onBounded?.((stream) => {
      this.#file.setFault(stream, 'suspect', 'its metadata changed, or it was deleted');
      this.#recheck();
    });
    remote.onCaughtUp?.((mark) => {
      this.#marks = [...this.#marks.slice(-MAX_MARKS), mark];
      this.#markCaughtUp();
    });
  }

  /** Notes the latest instant whose end of the log the replica has reached. */
  #markCaughtUp(): void {
    const { position } = this.#file;
    const isReached = ({ last }: CaughtUp) => last === undefined || (position !== undefined && this.#remote!.compare(position, last) >= 0);
    const reached = this.#marks.findLastIndex(isReached);
    if (reached === -1 || this.#file.emptyFault('suspect')) return; // it may be a stream that is lost
    this.#caughtUpAt = this.#marks[reached]!.at;
    this.#marks = this.#marks.slice(reached + 1);
    this.#logBack();
  }

  #setBroken(stream: string, why: string): void {
    if (this.#closing) return;
    const known = this.#file.faultOf(stream, 'broken');
    if (known !== why) this.#file.setFault(stream, 'broken', why);
    if (known === undefined) {
      const held = this.#file.headOf(stream) + 1;
      this.#options.log?.(
        `${stream} is incomplete on the server: ${why}. The replica has its ${held} events; commands on it are refused until the server shows all of ` +
          'them again. If they are lost there, npm run migrate -- --from replica:DIR copies the ledger to another prefix or server.',
      );
    }
    if (!this.#isRechecking) this.#recheck();
  }

  /** Looks at the streams that the store may not show whole, until it shows all of them. */
  #recheck(): void {
    this.#again.abort();
    if (this.#isRechecking || this.#stop.signal.aborted) return;
    this.#isRechecking = true;
    this.#rechecking = (async () => {
      const { signal } = this.#stop;
      while (!signal.aborted && this.#file.countOf('broken') + this.#file.countOf('suspect') > 0) {
        for (const kind of ['suspect', 'broken'] as const)
          for (let after = ''; ;) {
            const page = this.#file.faults(kind, after, RECHECKED);
            for (const { stream } of page) if (!signal.aborted) await this.#recheckStream(stream);
            if (page.length < RECHECKED || signal.aborted) break;
            after = page.at(-1)!.stream;
          }
        this.#markCaughtUp();
        this.#again = new AbortController();
        const until = AbortSignal.any([signal, this.#again.signal]);
        await sleep(RECHECK_MS, undefined, { signal: until }).catch(() => undefined);
      }
    })()
      .catch((error: unknown) => this.#options.log?.('Faulted streams could not be looked at again.', error))
      .finally(() => (this.#isRechecking = false));
  }

  async #recheckStream(stream: string): Promise<void> {
    const remote = this.#remote;
    if (!remote?.brokenBy) return;
    let broken: string | undefined;
    try {
      broken = await this.#brokenBy(remote, stream);
    } catch (error) {
      if (error instanceof StreamBrokenError) broken = error.why;
      else return; // the store is away: the stream stays as it is
    }
    if (this.#stop.signal.aborted) return;
    this.#file.clearFault(stream, 'suspect');
    if (broken !== undefined) return this.#setBroken(stream, broken);
    if (this.#file.faultOf(stream, 'broken') === undefined) return;
    this.#file.clearFault(stream, 'broken');
    this.#options.log?.(`${stream} is whole on the server again; commands on it are accepted.`);
  }

  /** Compares a stream with the store's, event by event, once nothing hides events of it. */
  async #brokenBy(remote: ReplicatedStore, stream: string): Promise<string | undefined> {
    const head = this.#file.headOf(stream);
    const broken = await remote.brokenBy!(stream);
    if (broken) return broken.isDeleted || head >= 0 ? broken.why : undefined;
    for (let from = 0; from <= head; from += COMPARED_PAGE) {
      const mine = this.#file.ofStream(stream, from, COMPARED_PAGE);
      const theirs = await remote.read(stream, from, mine.length);
      const differs = firstDifference(mine, theirs);
      if (differs !== -1) return `revision ${from + differs} is ${theirs[differs] ? 'another event' : 'missing'}`;
    }
    return undefined;
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

/** The index of the first event that the store has not, or has differently; -1 when there is none. */
const firstDifference = (mine: readonly RecordedEvent[], theirs: readonly RecordedEvent[]): number =>
  mine.findIndex((event, i) => !theirs[i] || event.position !== theirs[i].position || !leafOf(event).equals(leafOf(theirs[i])));
