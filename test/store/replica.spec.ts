import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewEvent, RecordedEvent } from '../../src/kernel/index.js';
import { ReplicaStore, type ReplicaOptions } from '../../src/store/replica/replica-store.js';
import type { Broken, CaughtUp, ReplicatedStore } from '../../src/store/replica/replicated-store.js';
import { replicaLog } from '../../src/store/replica/replica-log.js';
import { ReplicaSource } from '../../src/store/replica/replica-source.js';
import { microBatches } from '../../src/store/replica/micro-batch.js';
import { FolderInUseError } from '../../src/store/sqlite/folder.js';
import {
  HistoryBrokenError,
  InvalidPositionError,
  StoreUnavailableError,
  StreamBrokenError,
  UNREADABLE,
  WrongExpectedRevisionError,
} from '../../src/store/event-store.js';
import { MemoryStore, memoryStore } from '../fakes/memory-store.js';
import { leafOf, MerkleTree } from '../../src/store/merkle-tree.js';
import { eventStoreContract, fact, facts, freshStream, metadata, wholeLog } from './event-store.contract.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-replica-'));
  folders.push(dir);
  return dir;
};
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

let opened: ReplicaStore[] = [];
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  opened = [];
});
const open = async (
  remote: ReplicatedStore | ReplicaOptions['connect'],
  dir: string,
  more: Partial<ReplicaOptions> = {},
): Promise<ReplicaStore> => {
  const connect = typeof remote === 'function' ? remote : async () => remote;
  const store = await ReplicaStore.open({
    dir,
    connect,
    uptime: () => performance.now(),
    chance: () => 0.5,
    retryMs: 10,
    patienceMs: 2000,
    ...more,
  });
  opened.push(store);
  return store;
};

const until = async (what: string, met: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; !(await met()); tries++) {
    if (tries > 400) throw new Error(`${what}: not within 4 s`);
    await sleep(10);
  }
};
const has = (store: ReplicaStore, count: number) => until(`${count} replicated events`, () => store.status().sequence === count);
const rootOf = (events: readonly RecordedEvent[]): string => {
  const tree = new MerkleTree();
  for (const event of events) tree.add(leafOf(event));
  return tree.root();
};

/** A client of a remote store: it can be disconnected, lag behind, and return forged events. */
class Remote implements ReplicatedStore {
  readonly kind = 'memory';
  away = false;
  closed = false;
  /** Number of batches that are still delivered. */
  batches = Infinity;
  delivered = 0;
  readonly followed: (string | undefined)[] = [];
  followers = 0;
  /** Streams that are not shown whole. */
  readonly broken = new Map<string, Broken>();
  #listeners: { bounded?: (stream: string) => void; caughtUp?: (mark: CaughtUp) => void } = {};
  #cut = new AbortController();

  constructor(
    readonly store: MemoryStore = memoryStore(),
    public show = (events: readonly RecordedEvent[]): readonly RecordedEvent[] => events,
  ) {}

  get genesis() {
    return this.store.genesis;
  }
  leave(): void {
    this.away = true;
    this.#cut.abort();
  }
  back(): void {
    this.away = false;
    this.#cut = new AbortController();
  }
  read = async (stream: string, from?: number, limit?: number) => {
    const broken = this.broken.get(stream);
    if (broken) throw new StreamBrokenError(stream, broken.why);
    return this.show(await this.#here().read(stream, from, limit));
  };
  brokenBy = async (stream: string) => (this.#here(), this.broken.get(stream));
  textsOf: NonNullable<ReplicatedStore['textsOf']> = () => undefined;
  onBounded = (listener: (stream: string) => void) => void (this.#listeners.bounded = listener);
  onCaughtUp = (listener: (mark: CaughtUp) => void) => void (this.#listeners.caughtUp = listener);
  /** An administrator hides or deletes events of a stream, or undoes it. */
  bound(stream: string, why?: string, isDeleted = false): void {
    if (why === undefined) this.broken.delete(stream);
    else this.broken.set(stream, { why, isDeleted });
    this.#listeners.bounded?.(stream);
  }
  /** The end of the log was looked at, so many milliseconds ago. */
  async look(ago = 0): Promise<void> {
    const at = performance.now() - ago;
    this.#listeners.caughtUp?.({ at, last: await this.store.head() });
  }
  append = async (stream: string, expected: number, events: readonly NewEvent[]) => this.#here().append(stream, expected, events);
  readAll = async (after?: string, limit?: number) => this.show(await this.#here().readAll(after, limit));
  head = async () => this.#here().head();
  compare = (a: string, b: string) => this.store.compare(a, b);
  async *follow(after: string | undefined, signal: AbortSignal) {
    this.followed.push(after);
    this.followers++;
    const { signal: cut } = this.#cut;
    try {
      for await (const batch of this.#here().follow(after, AbortSignal.any([signal, cut]))) {
        while (this.batches === 0 && !signal.aborted && !cut.aborted) await sleep(5);
        if (signal.aborted || cut.aborted) break;
        this.batches--;
        this.delivered++;
        yield this.show(batch);
      }
    } finally {
      this.followers--;
    }
    if (this.away) throw new StoreUnavailableError('The connection was cut.');
  }
  async close() {
    this.closed = true;
    this.#cut.abort();
  }
  #here(): MemoryStore {
    if (this.away) throw new StoreUnavailableError('Nobody answers.');
    return this.store;
  }
}

eventStoreContract('the replicated store', async () => open(memoryStore(), await folder()));

describe('micro-batches', () => {
  async function* each(batches: readonly (readonly number[])[], pauses: readonly number[] = [], error?: Error) {
    for (const [i, batch] of batches.entries()) {
      if (pauses.includes(i)) await sleep(30);
      yield batch;
    }
    if (error) throw error;
  }
  const all = async (source: AsyncIterable<readonly number[]>, most = 100) => {
    const seen: (readonly number[])[] = [];
    for await (const batch of microBatches(source, most, 10)) seen.push(batch);
    return seen;
  };

  it('combine batches that arrive together, in order', async () => {
    expect(await all(each([[1], [2, 3], [4], [5]], [2]))).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
    expect(await all(each([]))).toEqual([]);
  });

  it('collect for a pause after the previous batch', async () => {
    async function* slowly() {
      for (let n = 0; n < 10; n++) {
        yield [n];
        await sleep(5);
      }
    }
    const seen: (readonly number[])[] = [];
    for await (const batch of microBatches(slowly(), 100, 1000)) seen.push(batch);
    expect(seen).toEqual([[0], [1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });

  it('are yielded early when they are full', async () => {
    expect(await all(each([[1], [2], [3], [4, 5], [6]]), 2)).toEqual([[1, 2], [3, 4, 5], [6]]);
  });

  it('can be abandoned, even if the source fails later', async () => {
    const unhandled: unknown[] = [];
    const listen = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', listen);
    const failing: AsyncIterable<readonly number[]> & { asked: number } = {
      [Symbol.asyncIterator]: () => ({ next: async () => (failing.asked++ ? Promise.reject(new Error('cut')) : { value: [1] }) }),
      asked: 0,
    };
    for await (const _ of microBatches(failing, 1, 10)) break;
    await sleep(60);
    process.off('unhandledRejection', listen);
    expect(unhandled).toEqual([]);
  });

  it('end with the error of their source', async () => {
    await expect(all(each([[1], [2]], [], new Error('cut')))).rejects.toThrow('cut');
  });
});

describe('a replica of the log', () => {
  it('has the events, positions and genesis of its store', async () => {
    const store = memoryStore({ timeZone: 'Asia/Tokyo' });
    await store.append(freshStream(), -1, facts(30));
    const replica = await open(store, await folder());
    await store.append(freshStream('tower'), -1, facts(3));
    await has(replica, 33);
    expect(replica.genesis).toEqual(store.genesis);
    expect(await wholeLog(replica)).toEqual(await wholeLog(store));
    expect(await replica.head()).toBe(await store.head());
    for (const { position } of await wholeLog(store)) expect(await replica.readAll(position, 2)).toEqual(await store.readAll(position, 2));
  });

  it('knows its Merkle root and can recompute it from its file', async () => {
    const store = memoryStore();
    await store.append(freshStream(), -1, facts(500));
    const replica = await open(store, await folder());
    await has(replica, 500);
    const root = rootOf(await wholeLog(store));
    expect(replica.status().root).toBe(root);
    expect(await replica.verify()).toEqual({ count: 500, root });
    expect(await replica.verifyAgainst(store)).toMatchObject({ same: 500, roots: [root, root] });
  });

  it('locks its folder until it is closed', async () => {
    const dir = await folder();
    const store = memoryStore();
    const replica = await open(store, dir);
    await expect(open(memoryStore(), dir)).rejects.toBeInstanceOf(FolderInUseError);
    await replica.close();
    await open(memoryStore(), dir);
  });

  it('answers local reads from its own file, and fresh reads from the store', async () => {
    const remote = new Remote();
    const stream = freshStream();
    await remote.append(stream, -1, facts(2));
    const replica = await open(remote, await folder());
    await has(replica, 2);
    remote.batches = 0;
    await replica.append(stream, 1, facts(1));
    expect(await replica.readLocal(stream)).toHaveLength(2);
    expect(await replica.readLocal(stream, 1, 1)).toMatchObject([{ revision: 1 }]);
    expect(await replica.readLocal(freshStream())).toEqual([]);
    expect(await replica.read(stream)).toHaveLength(3);
    await expect(replica.append(stream, 1, facts(1))).rejects.toBeInstanceOf(WrongExpectedRevisionError);
    remote.batches = Infinity;
    await until('the replica', async () => (await replica.readLocal(stream)).length === 3);
  });

  it('knows the revision of a stream without its file once it has replicated or read it', async () => {
    const { dir, remote, stream, replica } = await replicated(3);
    expect(replica.localRevision(stream)).toBe(2);
    await replica.close();
    expect(replica.localRevision(stream)).toBeUndefined();
    const again = await open(new Remote(remote.store), dir);
    expect(again.localRevision(stream)).toBeUndefined();
    await again.readLocal(stream);
    expect(again.localRevision(stream)).toBe(2);
    await again.append(stream, 2, facts(1));
    await has(again, 4);
    expect(again.localRevision(stream)).toBe(3);
  });

  it('writes the texts of data and metadata as its store received them', async () => {
    const remote = new Remote();
    remote.textsOf = ({ data, metadata }) => [`  ${JSON.stringify(data)}`, `${JSON.stringify(metadata)} `];
    const dir = await folder();
    const stream = freshStream();
    await remote.append(stream, -1, facts(2));
    const replica = await open(remote, dir);
    await has(replica, 2);
    expect(await replica.readLocal(stream)).toEqual(await remote.store.read(stream));
    expect(replica.status().root).toBe(rootOf(await remote.readAll()));
    await replica.close();
    const db = new Database(join(dir, 'replica.db'));
    for (const { data, metadata } of db.prepare('SELECT data, metadata FROM events').all() as { data: string; metadata: string }[])
      expect([data.startsWith('  {'), metadata.endsWith('} ')]).toEqual([true, true]);
    db.close();
  });

  it('waits for this process’s own appends before it reports the end of the log', async () => {
    const remote = new Remote();
    const replica = await open(remote, await folder());
    remote.batches = 0;
    const { position } = await replica.append(freshStream(), -1, facts(2));
    const [head, log] = [replica.head(), replica.readAll()];
    setTimeout(() => (remote.batches = Infinity), 100);
    expect(await head).toBe(position);
    expect(await log).toHaveLength(2);
  });

  it('waits for its own appends only once and for a second when the store does not deliver them', async () => {
    const remote = new Remote();
    const replica = await open(remote, await folder());
    remote.batches = 0;
    await replica.append(freshStream(), -1, facts(2));
    const begun = performance.now();
    expect(await replica.head()).toBeUndefined();
    expect(performance.now() - begun).toBeGreaterThan(800);
    const again = performance.now();
    expect(await replica.readAll()).toEqual([]);
    expect(performance.now() - again).toBeLessThan(800);
  });

  it('resumes after a position that it has not replicated yet', async () => {
    const remote = new Remote();
    const stream = freshStream();
    await remote.append(stream, -1, facts(2));
    const replica = await open(remote, await folder());
    await has(replica, 2);
    remote.batches = 0;
    const { position } = await remote.append(stream, 1, facts(1));
    expect(await replica.readAll(position)).toEqual([]);
    const later = replica.follow(position, AbortSignal.timeout(3000))[Symbol.asyncIterator]().next();
    await remote.append(stream, 2, facts(1));
    remote.batches = Infinity;
    expect((await later).value).toMatchObject([{ stream, revision: 3 }]);
  });

  it('resumes after a position of the store that holds no event of the ledger', async () => {
    const store = memoryStore();
    await store.append(freshStream(), -1, facts(12));
    const replica = await open(store, await folder());
    await has(replica, 12);
    for (let at = 97; store.compare(String(at), (await store.head())!) <= 0; at += 97)
      expect(await replica.readAll(String(at))).toEqual(await store.readAll(String(at)));
    await expect(replica.readAll('98')).rejects.toBeInstanceOf(InvalidPositionError);
  });

  it('commits in batches when events arrive one by one', async () => {
    const remote = new Remote();
    const replica = await open(remote, await folder());
    const commits: number[] = [];
    const follower = (async () => {
      for await (const batch of replica.follow(undefined, AbortSignal.timeout(4000))) {
        commits.push(batch.length);
        if (commits.reduce((sum, n) => sum + n, 0) === 300) return;
      }
    })();
    const stream = freshStream();
    for (let n = 0; n < 300; n++) await remote.append(stream, n - 1, facts(1));
    await follower;
    expect(commits.length).toBeLessThan(remote.delivered / 2);
  });

  it('reports its position, and how long ago it had all of the log', async () => {
    const remote = new Remote();
    await remote.append(freshStream(), -1, facts(7));
    const replica = await open(remote, await folder());
    await has(replica, 7);
    const position = await remote.head();
    expect(replica.status()).toMatchObject({ sequence: 7, position, connected: true, age: undefined, broken: undefined });
    await remote.look(5000);
    expect(replica.status().age).toBeGreaterThan(4.9);
    await remote.look();
    expect(replica.status().age).toBeLessThan(4);
    remote.leave();
    await until('it is away', () => !replica.status().connected);
    expect(replica.status()).toMatchObject({ sequence: 7, position, age: expect.any(Number) });
  });

  it('has all of the log only once it holds the last event that was in it, however many are missing', async () => {
    const remote = new Remote();
    const stream = freshStream();
    const replica = await open(remote, await folder());
    remote.batches = 0;
    for (let n = 0; n < 6; n++) await remote.append(stream, n * 400 - 1, facts(400));
    await remote.look();
    expect(replica.status().age).toBeUndefined();
    remote.batches = 1;
    await until('a part of them', () => replica.status().sequence > 0);
    expect(replica.status().age).toBeUndefined();
    remote.batches = Infinity;
    await has(replica, 2400);
    expect(replica.status().age).toBeDefined();
  });
});

const replicated = async (count: number, more: Partial<ReplicaOptions> = {}) => {
  const [dir, remote, stream] = [await folder(), new Remote(), freshStream()];
  await remote.append(stream, -1, facts(count));
  const replica = await open(remote, dir, more);
  await has(replica, count);
  return { dir, remote, stream, replica, log: await remote.readAll() };
};

describe('a replica whose store is unavailable', () => {
  it('keeps answering reads; calls that need the store are refused', async () => {
    const { remote, stream, replica, log } = await replicated(5);
    remote.leave();
    expect(await wholeLog(replica)).toEqual(log);
    expect(await replica.readLocal(stream)).toEqual(log);
    expect(await replica.head()).toBe(log.at(-1)!.position);
    for await (const batch of replica.follow(log[1]!.position, AbortSignal.timeout(2000))) {
      expect(batch).toEqual(log.slice(2));
      break;
    }
    await expect(replica.append(stream, 4, facts(1))).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(replica.read(stream)).rejects.toBeInstanceOf(StoreUnavailableError);
  });

  it('does not wait for its own appends', async () => {
    const { remote, stream, replica } = await replicated(5);
    remote.batches = 0;
    await replica.append(stream, 4, facts(1));
    remote.leave();
    await sleep(20);
    const begun = performance.now();
    expect(await wholeLog(replica)).toHaveLength(5);
    expect(performance.now() - begun).toBeLessThan(800);
  });

  it('resumes without gap or repeat when the store is back, and logs each change once', async () => {
    const messages: string[] = [];
    const { remote, stream, replica } = await replicated(5, { log: (message) => messages.push(message) });
    const seen: RecordedEvent[] = [];
    const stop = new AbortController();
    const follower = (async () => {
      for await (const batch of replica.follow(undefined, stop.signal)) seen.push(...batch);
    })();
    for (let round = 1; round <= 3; round++) {
      remote.leave();
      await remote.store.append(stream, 3 + round, facts(1));
      await until('the message', () => messages.length > round * 2 - 2);
      await sleep(50); // it tries again and again
      expect(messages).toHaveLength(round * 2 - 1);
      remote.back();
      await has(replica, 5 + round);
      await until('the message', () => messages.length === round * 2);
    }
    remote.leave();
    await until('the message', () => messages.length === 7);
    remote.back();
    await until('it follows again', () => replica.status().connected || remote.followers > 0);
    await remote.look();
    await until('the message, though there is nothing new', () => messages.length === 8);
    expect(messages[0]).toContain('Replication has stopped');
    expect(messages[1]).toContain('Replication has resumed');
    await replica.append(stream, 7, facts(1));
    await until('the follower', () => seen.length === 9);
    stop.abort();
    await follower;
    expect(seen).toEqual(await remote.readAll());
  });

  it('opens without the store, answers reads at once, and resumes when the store is back', async () => {
    const { dir, remote, stream, replica: first, log } = await replicated(5);
    await first.close();
    await remote.append(stream, 4, facts(2));
    const messages: string[] = [];
    let attempts = 0;
    let away = true;
    const connect = async () => {
      attempts++;
      if (away) throw new StoreUnavailableError('No node answers.');
      return new Remote(remote.store);
    };
    const replica = await open(connect, dir, { log: (message) => messages.push(message) });
    expect(replica.genesis).toEqual(remote.genesis);
    expect(await wholeLog(replica)).toEqual(log);
    expect(await replica.readLocal(stream)).toEqual(log);
    expect(replica.compare(log[0]!.position, log[1]!.position)).toBeLessThan(0);
    await expect(replica.append(stream, 4, facts(1))).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(replica.read(stream)).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(replica.status()).toMatchObject({ sequence: 5, connected: false, age: undefined });
    // a position that the replica cannot place without the store
    const ahead = (await remote.readAll()).at(-2)!.position;
    expect(() => replica.compare(log[0]!.position, ahead)).toThrow(StoreUnavailableError);
    await expect(replica.readAll(ahead)).rejects.toBeInstanceOf(StoreUnavailableError);
    const wrong = replica.follow('nonsense', AbortSignal.timeout(4000))[Symbol.asyncIterator]().next();
    wrong.catch(() => undefined);
    const later = replica.follow(ahead, AbortSignal.timeout(4000))[Symbol.asyncIterator]().next();
    await until('more attempts', () => attempts > 3);
    expect(messages).toHaveLength(1);
    away = false;
    expect((await later).value).toMatchObject([{ revision: 6 }]);
    await expect(wrong).rejects.toBeInstanceOf(InvalidPositionError);
    expect((await replica.append(stream, 6, facts(1))).revision).toBe(7);
    await has(replica, 8);
    expect(messages).toHaveLength(2);
  });

  it('follows from an unknown position as soon as the store is back, even without new events', async () => {
    const { dir, remote, replica: first, log } = await replicated(5);
    await first.close();
    let come = (_: ReplicatedStore) => {};
    const replica = await open(() => new Promise((resolve) => (come = resolve)), dir, { patienceMs: 50 });
    const foreign = String(4 * 97);
    expect(log.some(({ position }) => position === foreign)).toBe(false);
    const rest = replica.follow(foreign, AbortSignal.timeout(2000))[Symbol.asyncIterator]().next();
    await sleep(20);
    come(new Remote(remote.store));
    expect((await rest).value).toEqual(await remote.readAll(foreign));
  });

  it('does not open without the store while it is new, and releases its folder', async () => {
    const dir = await folder();
    await expect(open(async () => Promise.reject(new StoreUnavailableError('No node answers.')), dir)).rejects.toThrow('No node answers.');
    await open(memoryStore(), dir);
  });

  it('stops waiting for a store that neither opens nor fails, and closes it if it opens too late', async () => {
    const { dir, replica: first, log } = await replicated(2);
    await first.close();
    let come = (_: ReplicatedStore) => {};
    const replica = await open(() => new Promise((resolve) => (come = resolve)), dir, { patienceMs: 50 });
    expect(await wholeLog(replica)).toEqual(log);
    await replica.close();
    const late = new Remote();
    come(late);
    await until('it is closed', () => late.closed);
  });
});

describe('a replica that is interrupted', () => {
  it('resumes from its last whole batch after a kill', async () => {
    const remote = new Remote();
    await remote.append(freshStream(), -1, facts(20));
    const [dir, killed] = [await folder(), await folder()];
    remote.batches = 2;
    const replica = await open(remote, dir);
    await has(replica, 14);
    await cp(dir, killed, { recursive: true }); // the files as a killed process leaves them
    const again = await open(new Remote(remote.store), killed);
    await has(again, 20);
    const log = await remote.readAll();
    expect(await wholeLog(again)).toEqual(log);
    expect(await again.verify()).toEqual({ count: 20, root: rootOf(log) });
  });

  it('fetches only what it lacks when it is opened again', async () => {
    const { dir, remote, replica: first } = await replicated(9);
    await first.close();
    const second = new Remote(remote.store);
    await open(second, dir);
    expect(second.followed).toEqual([await remote.head()]);
  });

  it('resumes when its disk has space again', async () => {
    const messages: string[] = [];
    const { dir, remote, stream, replica } = await replicated(3, { log: (message) => messages.push(message) });
    const disk = new Database(join(dir, 'replica.db'));
    disk.exec("CREATE TRIGGER full BEFORE INSERT ON events WHEN new.revision = 4 BEGIN SELECT raise(FAIL, 'disk full'); END");
    await remote.append(stream, 2, facts(3));
    await until('the message', () => messages.length === 1);
    await until('more attempts', () => remote.followed.length > 3); // one message
    expect(replica.status()).toMatchObject({ sequence: 3 });
    expect(messages).toHaveLength(1);
    disk.exec('DROP TRIGGER full');
    disk.close();
    await has(replica, 6);
    expect(messages).toHaveLength(2);
    expect(remote.followers).toBe(1);
    expect(await replica.verify()).toMatchObject({ root: rootOf(await remote.readAll()) });
  });
});

describe('a replica of a stream that the store no longer shows whole', () => {
  const sick = async (count = 3) => {
    const messages: string[] = [];
    const given = await replicated(count, { log: (message) => messages.push(message) });
    const faulted = () => given.replica.status().faulted.streams;
    return { ...given, messages, faulted };
  };

  it('contains it: reads go on from the replica, appends to this stream alone are refused', async () => {
    const { remote, stream, replica, log, messages, faulted } = await sick();
    remote.bound(stream, 'it is bounded by $maxCount');
    await until('it is noticed', () => faulted().length === 1);
    expect(faulted()).toEqual([{ stream, kind: 'broken', reason: 'it is bounded by $maxCount' }]);
    expect(await replica.read(stream)).toEqual(log);
    expect(await wholeLog(replica)).toEqual(log);
    await expect(replica.append(stream, 2, facts(1))).rejects.toMatchObject({ code: 'stream-broken', stream });
    expect((await replica.append(freshStream(), -1, facts(2))).revision).toBe(1);
    await has(replica, 5);
    expect(replica.status()).toMatchObject({ connected: true, broken: undefined, incomplete: undefined });
    expect(messages).toEqual([expect.stringContaining(`${stream} is incomplete on the server: it is bounded by $maxCount.`)]);
    expect(messages[0]).not.toMatch(/delete the file/i);
  });

  it('notices it by a read or an append too, before the store reports it', async () => {
    const { remote, stream, replica, log, faulted } = await sick();
    remote.broken.set(stream, { why: 'it was deleted', isDeleted: true });
    expect(await replica.read(stream)).toEqual(log);
    expect(faulted()).toMatchObject([{ stream, kind: 'broken' }]);
  });

  it('accepts appends again once the store shows every event of the replica, and logs it', async () => {
    const { remote, stream, replica, messages, faulted } = await sick();
    remote.bound(stream, 'it is bounded by $tb');
    await until('it is noticed', () => faulted().length === 1);
    remote.bound(stream);
    await until('it has recovered', () => faulted().length === 0);
    expect((await replica.append(stream, 2, facts(1))).revision).toBe(3);
    expect(messages[1]).toContain(`${stream} is whole on the server again`);
  });

  it('stays as it is while the store shows other events than the replica has', async () => {
    const { remote, stream, replica, faulted } = await sick();
    remote.bound(stream, 'it is bounded by $tb');
    await until('it is noticed', () => faulted().length === 1);
    remote.show = (events) => events.slice(0, 2);
    remote.bound(stream);
    await until('it is compared', () => faulted()[0]?.reason === 'revision 2 is missing');
    await expect(replica.append(stream, 2, facts(1))).rejects.toBeInstanceOf(StreamBrokenError);
  });

  it('is known to be so after a restart, also without the store', async () => {
    const { dir, remote, stream, replica: first, log, faulted } = await sick();
    remote.bound(stream, 'it was deleted', true);
    await until('it is noticed', () => faulted().length === 1);
    await first.close();
    const replica = await open(new Remote(remote.store), dir, { connect: () => new Promise(() => undefined), patienceMs: 50 });
    expect(replica.status().faulted).toMatchObject({ count: 1, streams: [{ stream, kind: 'broken' }] });
    expect(await replica.read(stream)).toEqual(log);
  });

  it('opens though the newest events of the log are in it', async () => {
    const { dir, remote, stream, replica: first } = await sick();
    await first.close();
    const again = new Remote(remote.store);
    again.broken.set(stream, { why: 'it begins at revision 2', isDeleted: false });
    const replica = await open(again, dir);
    await until('it follows', () => replica.status().connected);
    expect(replica.status()).toMatchObject({ broken: undefined, faulted: { count: 1 } });
  });

  it('waits before events that a gap in their stream precedes, and goes on once the store shows them', async () => {
    const { remote, stream, replica, messages } = await sick();
    remote.show = (events) => events.filter(({ revision }) => revision !== 3);
    await remote.append(stream, 2, facts(3));
    await until('it waits', () => replica.status().incomplete !== undefined);
    expect(replica.status()).toMatchObject({ sequence: 3, broken: undefined });
    expect(replica.status().incomplete).toContain(`${stream} is incomplete on the server: it goes from revision 2 to 4`);
    expect(await replica.readLocal(stream)).toHaveLength(3);
    expect(messages.filter((message) => message.startsWith('Replication waits'))).toHaveLength(1);
    remote.show = (events) => events;
    await has(replica, 6);
    expect(replica.status().incomplete).toBeUndefined();
  });

  it('is incomplete when only the deletion of a stream is left of it, and does not call itself complete before that is known', async () => {
    const { remote, replica } = await sick();
    const lost = freshStream();
    const { brokenBy } = remote;
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    remote.brokenBy = async (stream) => (await answered, brokenBy(stream));
    remote.bound(lost, 'it was deleted', true);
    await remote.look();
    expect(replica.status().age).toBeUndefined();
    answer();
    await until('it is noticed', () => replica.status().incomplete !== undefined);
    expect(replica.status().incomplete).toBe(`${lost} is not in the replica: it was deleted on the server.`);
  });
});

describe('a replica of a log that other programs write in', () => {
  it('has their events in its streams and none of them among its leaves, and lists the streams', async () => {
    const dir = await folder();
    const remote = new Remote();
    const [ours, theirs, later] = [freshStream(), freshStream(), `audit-${freshStream()}`];
    await remote.append(ours, -1, facts(2));
    await remote.append(theirs, -1, [fact({}, { type: 'Painted', metadata: { ...metadata, schemaVersion: UNREADABLE } })]);
    await remote.append(later, -1, facts(1));
    const replica = await open(remote, dir);
    await has(replica, 4);
    const log = await remote.readAll();
    const root = rootOf(log.filter(({ stream }) => stream !== theirs));
    expect(replica.status()).toMatchObject({ root, sequence: 4, broken: undefined, incomplete: undefined });
    expect(replica.status().faulted).toEqual({
      count: 2,
      streams: [
        { stream: theirs, kind: 'foreign', reason: 'another program wrote Painted in it at revision 0' },
        { stream: later, kind: 'unknown-category', reason: 'no aggregate of this program has its category' },
      ],
    });
    expect(await wholeLog(replica)).toEqual(log);
    expect(await replica.verify()).toEqual({ count: 3, root });
    await replica.close();
    const again = await open(remote, dir);
    expect(again.status()).toMatchObject({ root, sequence: 4 });
    expect(await again.verifyAgainst(remote)).toMatchObject({ same: 3 });
  });
});

describe('a replica that differs from the log', () => {
  const sql = (dir: string, text: string) => {
    const db = new Database(join(dir, 'replica.db'));
    expect(db.prepare(text).run().changes).toBe(1);
    db.close();
  };
  const forged = (position: string) => (events: readonly RecordedEvent[]) =>
    events.map((event) => (event.position === position ? { ...event, data: { n: 'forged' } } : event));
  const refused = async (opening: Promise<unknown>, ...names: string[]) => {
    const error = await opening.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(HistoryBrokenError);
    for (const name of names) expect((error as Error).message).toContain(name);
  };

  it('is refused when it belongs to another ledger', async () => {
    const { dir, replica } = await replicated(3);
    await replica.close();
    const other = memoryStore({ ledgerId: '019353d2-0000-7000-8000-0000000000bb' });
    await refused(open(other, dir), '019353d2-0000-7000-8000-0000000000aa', '019353d2-0000-7000-8000-0000000000bb');
    await refused(open(memoryStore({ timeZone: 'Asia/Tokyo' }), dir));
  });

  it('is refused unchanged when the store holds another event at one of the newest positions', async () => {
    const { dir, remote, replica, log } = await replicated(150);
    await replica.close();
    const { position } = log[60]!;
    for (let time = 0; time < 2; time++) await refused(open(new Remote(remote.store, forged(position)), dir), position, 'revision 60');
    expect((await open(new Remote(remote.store), dir)).status().sequence).toBe(150);
  });

  it('is refused when the store has lost replicated events', async () => {
    const { dir, replica, stream, log } = await replicated(8);
    await replica.close();
    const restored = memoryStore();
    await restored.append(stream, -1, log.slice(0, 5).map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))); // prettier-ignore
    await refused(open(new Remote(restored), dir), log[5]!.position, 'nothing');
  });

  it('is refused when the same events have other positions', async () => {
    const { dir, replica, stream, log } = await replicated(8);
    await replica.close();
    const moved = memoryStore();
    await moved.append(freshStream(), -1, facts(1));
    await moved.append(stream, -1, log.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }))); // prettier-ignore
    await refused(open(new Remote(moved, (events) => events.filter((event) => event.stream === stream)), dir), log[0]!.position);
  });

  it('is accepted when the store only lags for a moment', async () => {
    const { dir, remote, replica } = await replicated(8);
    await replica.close();
    const late = new Remote(remote.store, (events) => events.slice(0, 5));
    setTimeout(() => (late.show = (events) => events), 100);
    expect((await open(late, dir)).status().broken).toBeUndefined();
  });

  it('is refused when one of its newest events was changed in the file', async () => {
    const { dir, remote, replica, log } = await replicated(150);
    await replica.close();
    sql(dir, `UPDATE events SET data = '{"n":1}' WHERE sequence = 100`);
    await refused(open(new Remote(remote.store), dir), log[99]!.position);
  });

  it('is detected by its root when an older event was changed; comparing with the store names the event', async () => {
    const { dir, remote, replica, log } = await replicated(150);
    await replica.close();
    sql(dir, `UPDATE events SET data = '{"n":1}' WHERE sequence = 20`);
    const again = await open(new Remote(remote.store), dir);
    await refused(again.verify(), rootOf(log));
    await refused(again.verifyAgainst(remote), log[19]!.position);
  });

  it('is detected by a comparison when the store has changed an older event', async () => {
    const { remote, replica, log } = await replicated(150);
    expect(await replica.verify()).toMatchObject({ count: 150 });
    await refused(replica.verifyAgainst(new Remote(remote.store, forged(log[30]!.position))), log[30]!.position);
  });

  it('is detected when an event is missing', async () => {
    const { dir, remote, replica, log } = await replicated(150);
    await replica.close();
    sql(dir, 'DELETE FROM events WHERE sequence = 20');
    const again = await open(new Remote(remote.store), dir);
    await refused(again.verify(), 'missing');
    await refused(again.readAll(log[10]!.position), 'missing');
    await again.close();
    sql(dir, 'DELETE FROM events WHERE sequence = 150');
    await refused(open(new Remote(remote.store), dir), 'number 149', 'number 150');
  });

  describe.each([
    ['among the newest', 120, `metadata = '{"half'`],
    ['among older ones', 20, `data = '{"half'`],
    ['of which the metadata lack what every event has', 20, `metadata = '{}'`],
  ])('in one event %s that is damaged', (_, sequence, change) => {
    const damaged = async () => {
      const { dir, remote, stream, replica: first } = await replicated(150);
      const other = freshStream();
      await first.append(other, -1, facts(2));
      await has(first, 152);
      await first.close();
      sql(dir, `UPDATE events SET ${change} WHERE sequence = ${sequence}`);
      const messages: string[] = [];
      const again = new Remote(remote.store);
      const replica = await open(again, dir, { log: (message) => messages.push(message) });
      return { dir, remote: again, stream, other, replica, messages, log: await again.readAll() };
    };

    it('faults the stream of the event alone, and all else goes on', async () => {
      const { remote, stream, other, replica, messages, log } = await damaged();
      const events = await wholeLog(replica);
      const event = log[sequence - 1]!;
      expect(events.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
      expect(events.filter(({ metadata: { schemaVersion } }) => schemaVersion === UNREADABLE)).toMatchObject([{ id: event.id }]);
      expect(await replica.readLocal(other)).toEqual(await remote.read(other));
      const reason = `its event at revision ${event.revision} is damaged in the replica`;
      expect(replica.status()).toMatchObject({ broken: undefined, faulted: { count: 1, streams: [{ stream, kind: 'damaged', reason }] } });
      expect(messages).toEqual([`${stream} is faulted: ${reason}.`]);
      await remote.append(other, 1, facts(1));
      await has(replica, 153);
      expect(await replica.read(stream)).toEqual(log.slice(0, 150));
    });

    it('is passed by a follower on another connection to the file, which reads it as unreadable', async () => {
      const { dir, remote, other, replica, log } = await damaged();
      const file = replicaLog(join(dir, 'replica.db'), replica.genesis);
      replica.onCommit(() => file.notify());
      const over = new AbortController();
      const unreadable: string[] = [];
      let seen = 0;
      await remote.append(other, 1, facts(1));
      for await (const page of file.follow(undefined, over.signal, 50)) {
        for (const { id, metadata } of page) if (metadata.schemaVersion === UNREADABLE) unreadable.push(id);
        if ((seen += page.length) === log.length + 1) over.abort();
      }
      expect(unreadable).toEqual([log[sequence - 1]!.id]);
      file.close();
    });

    it('is named by a check of the whole replica, and by a comparison with the store', async () => {
      const { remote, replica, log } = await damaged();
      const { position } = log[sequence - 1]!;
      await refused(replica.verify(), `the event at ${position}, revision ${sequence - 1} of`, 'is damaged');
      await refused(replica.verifyAgainst(remote), `the event at ${position}`);
    });

    it('is not handed out as the source of a migration', async () => {
      const { dir, replica, log } = await damaged();
      await replica.close();
      const source = new ReplicaSource(dir);
      const before = await source.readAll(undefined, sequence - 1);
      expect(before).toEqual(log.slice(0, sequence - 1));
      await refused(source.readAll(before.at(-1)!.position), `the event at ${log[sequence - 1]!.position}`);
      await source.close();
    });

    it('is looked for again when the replica is opened', async () => {
      const { dir, remote, replica } = await damaged();
      await wholeLog(replica);
      await replica.close();
      const { data, metadata } = (await remote.store.readAll())[sequence - 1]!;
      const db = new Database(join(dir, 'replica.db'));
      db.prepare('UPDATE events SET data = ?, metadata = ? WHERE sequence = ?').run(
        JSON.stringify(data),
        JSON.stringify(metadata),
        sequence,
      );
      db.close();
      const again = await open(new Remote(remote.store), dir);
      await wholeLog(again);
      expect(again.status().faulted.count).toBe(0);
    });
  });

  it('is refused when its file is not a database, and releases its folder', async () => {
    const dir = await folder();
    await writeFile(join(dir, 'replica.db'), 'nonsense '.repeat(1000));
    await refused(open(new Remote(), dir), 'damaged');
    await rm(join(dir, 'replica.db'));
    await open(new Remote(), dir);
  });

  it('refuses every call once a stream begins that it has already, though it has not read it since it started', async () => {
    const { dir, remote, stream, replica } = await replicated(3);
    await replica.close();
    const back = new Remote(remote.store);
    const again = await open(back, dir);
    back.show = (events) => events.map((event) => ({ ...event, revision: 0 }));
    await back.append(stream, 2, facts(1));
    await until('it is broken', () => again.status().broken !== undefined);
    expect(again.status().broken).toContain(`is revision 0 of ${stream}, whose last replicated revision is 2`);
  });

  it.each<[string, (events: readonly RecordedEvent[], all: readonly RecordedEvent[]) => readonly RecordedEvent[], string]>([
    ['twice', (events, all) => [all[0]!, ...events], 'arrived after'],
    ['out of order', (events) => [...events.slice(0, 2), events[0]!], 'arrived after'],
    ['at an earlier position', (events, all) => events.map((event) => ({ ...event, position: all[0]!.position })), 'arrived after'],
    ['with a revision that its stream already has', (events) => events.map((event) => ({ ...event, revision: 2 })), 'is revision 2'],
  ])('refuses every call once an event arrives %s', async (_, show, why) => {
    const messages: string[] = [];
    const { dir, remote, stream, replica, log } = await replicated(3, { log: (message) => messages.push(message) });
    const waiting = replica.follow(log.at(-1)!.position, AbortSignal.timeout(4000))[Symbol.asyncIterator]().next();
    remote.show = (events) => show(events, log);
    await remote.append(stream, 2, facts(3));
    await refused(waiting, why);
    await refused(replica.readAll());
    await refused(replica.head());
    await refused(replica.readLocal(stream));
    await refused(replica.read(stream));
    await refused(replica.append(stream, 5, facts(1)));
    await refused(replica.follow(undefined, new AbortController().signal)[Symbol.asyncIterator]().next());
    expect(replica.status().broken).toContain(why);
    await sleep(50);
    expect(messages).toHaveLength(1);
    expect(remote.followers).toBe(0);
    await replica.close();
    const again = await open(new Remote(remote.store), dir); // nothing of the batch was stored
    await has(again, 6);
    expect(await again.verify()).toMatchObject({ root: rootOf(await remote.store.readAll()) });
  });
});
