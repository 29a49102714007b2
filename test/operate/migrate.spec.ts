import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { migrate, NotMigratedError, type Progress } from '../../src/operate/migration.js';
import { BadPlaceError, nameOf, openLedger, openOrBegin, placeOf, type Place } from '../../src/operate/stores.js';
import { copyLedger } from '../../src/store/sqlite/ledger-copy.js';
import { LedgerSnapshot } from '../../src/store/sqlite/ledger-snapshot.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { FolderInUseError } from '../../src/store/sqlite/folder.js';
import { StoreFailedError, StoreUnavailableError, UNREADABLE, type EventStore, type Genesis } from '../../src/store/event-store.js';
import { KurrentStore, type KurrentOptions } from '../../src/store/kurrentdb/kurrent-store.js';
import { ReplicaSource } from '../../src/store/replica/replica-source.js';
import { ReplicaStore } from '../../src/store/replica/replica-store.js';
import { MemoryStore, memoryStore } from '../fakes/memory-store.js';
import { leafOf, MerkleTree } from '../../src/store/merkle-tree.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';
import { fact, facts, freshStream, metadata, newId, wholeLog } from '../store/event-store.contract.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-migrate-'));
  folders.push(dir);
  return dir;
};
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

let opened: EventStore[] = [];
afterEach(async () => {
  await Promise.all(opened.map((store) => store.close()));
  opened = [];
});
const keep = <S extends EventStore>(store: S): S => {
  opened.push(store);
  return store;
};
const embedded = async (like?: EventStore, dir?: string) =>
  keep(
    await SqliteStore.open({
      dir: dir ?? (await folder()),
      timeZone: 'Europe/London',
      now: () => '2026-03-04T05:06:07.089Z',
      newId,
      ...(like && { genesis: like.genesis }),
    }),
  );
const memory = (like?: EventStore) => keep(memoryStore(like?.genesis));

/** Three streams whose events alternate, alone and together. */
const fill = async <S extends EventStore>(store: S, rounds = 20): Promise<S> => {
  const streams = [freshStream(), freshStream('tower'), freshStream('loss')];
  const heads = streams.map(() => -1);
  for (let n = 0; n < rounds; n++) {
    const events = facts(1 + (n % 4));
    heads[n % 3] = (await store.append(streams[n % 3]!, heads[n % 3]!, events)).revision;
  }
  return store;
};
const contents = (log: readonly RecordedEvent[]) => log.map(({ position: _, ...event }) => event);
const rootOf = (log: readonly RecordedEvent[]): string => {
  const tree = new MerkleTree();
  for (const event of log) tree.add(leafOf(event));
  return tree.root();
};

/** Answers for a store, but for what a test puts in its way. */
const lookup = <S extends EventStore>(store: S, own: Partial<EventStore>): EventStore =>
  new Proxy(store as EventStore, {
    get: (target, key) => {
      const value = Object.hasOwn(own, key) ? own[key as keyof EventStore] : Reflect.get(target, key, target);
      return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
    },
  });

describe('a migrated ledger', () => {
  const ways: [string, () => Promise<EventStore>, (like: EventStore) => Promise<EventStore>][] = [
    ['embedded to embedded', () => embedded(), (like) => embedded(like)],
    ['embedded to one that takes appends only', () => embedded(), async (like) => memory(like)],
    ['one that gives pages only to embedded', async () => memory(), (like) => embedded(like)],
  ];

  it.each(ways)('is the same in everything but its positions: %s', async (_, open, openLike) => {
    const from = await fill(await open());
    const to = await openLike(from);
    const log = await wholeLog(from);
    expect(await migrate({ from, to })).toEqual({
      ledgerId: from.genesis.ledgerId,
      count: log.length,
      root: rootOf(log),
      copied: log.length,
      more: false,
    });
    expect(to.genesis).toEqual(from.genesis);
    expect(contents(await wholeLog(to))).toEqual(contents(log));
    expect(await wholeLog(from)).toEqual(log);
  });

  it.each(ways)('is not copied twice: %s', async (_, open, openLike) => {
    const from = await fill(await open());
    const to = await openLike(from);
    const first = await migrate({ from, to });
    const log = await wholeLog(to);
    expect(await migrate({ from, to })).toEqual({ ...first, copied: 0 });
    expect(await wholeLog(to)).toEqual(log);
  });

  it('leaves out what other programs wrote in its streams, and names these streams', async () => {
    const from = await fill(memory(), 5);
    const own = await wholeLog(from);
    const stream = freshStream();
    const foreign = { metadata: { ...metadata, schemaVersion: UNREADABLE } };
    await from.append(stream, -1, [fact(null, foreign), fact(null, foreign)]);
    await fill(from, 2);
    const to = await embedded(from);
    const { root, count, left } = await migrate({ from, to });
    expect(left).toEqual({ events: 2, streams: [stream] });
    const log = await wholeLog(to);
    expect([count, root]).toEqual([log.length, rootOf(log)]);
    expect(contents(log).slice(0, own.length)).toEqual(contents(own));
    expect(log.filter((event) => event.stream === stream)).toEqual([]);
  });

  /** Damages one event in a file of a ledger. */
  const damage = (file: string, position: string): void => {
    const db = new Database(file);
    db.exec('DROP TRIGGER IF EXISTS events_are_never_changed');
    expect(db.prepare(`UPDATE events SET data = '{"half' WHERE position = ?`).run(position).changes).toBe(1);
    db.close();
  };

  it('ends before an event that is damaged in its file, and names it, even where it is the last of its stream', async () => {
    const dir = await folder();
    const first = await embedded(undefined, dir);
    await fill(first, 5);
    const stream = freshStream();
    const { position } = await first.append(stream, -1, facts(1));
    await fill(first, 2);
    await first.close();
    damage(join(dir, 'ledger.db'), position);
    const from = await embedded(undefined, dir);
    for (const to of [memory(from), await embedded(from)]) {
      const migrated = migrate({ from, to });
      await expect(migrated).rejects.toBeInstanceOf(NotMigratedError);
      await expect(migrated).rejects.toThrow(`revision 0 of ${stream}, at ${position}, which is damaged and cannot be copied unchanged`);
      expect((await wholeLog(to)).map((event) => event.stream)).not.toContain(stream);
    }
  });

  it('ends before an event that is damaged in a replica, instead of leaving it out as another program’s', async () => {
    const dir = await folder();
    const leader = await fill(memory(), 5);
    const replica = await ReplicaStore.open({ dir, connect: async () => leader, uptime: () => 0, chance: () => 1 });
    const { position } = await replica.append(freshStream(), -1, facts(1));
    expect(await replica.head()).toBe(position);
    await replica.close();
    damage(join(dir, 'replica.db'), position);
    const from = keep(new ReplicaSource(dir));
    const to = memory(from);
    await expect(migrate({ from, to })).rejects.toThrow(`the event at ${position}`);
    expect(await wholeLog(to)).toEqual([]); // they are read in pages
  });

  it('comes back with the root that it left with', async () => {
    const from = await fill(await embedded());
    const there = memory(from);
    const back = await embedded(from);
    const { root } = await migrate({ from, to: there });
    expect((await migrate({ from: there, to: back })).root).toBe(root);
    expect(await wholeLog(back)).toEqual(await wholeLog(from));
  });

  it('may have no events', async () => {
    const from = await embedded();
    const to = memory(from);
    expect(await migrate({ from, to })).toMatchObject({ count: 0, copied: 0, root: new MerkleTree().root() });
  });

  it('takes appends as large as a server does, one after the other in the order of the log', async () => {
    const from = memory();
    const stream = freshStream();
    await from.append(stream, -1, facts(700));
    for (let n = 700; n < 720; n++) await from.append(stream, n - 1, [fact({ text: 'x'.repeat(100_000) })]);
    const to = memory(from);
    const sizes: [events: number, characters: number][] = [];
    let underWay = 0;
    const server = lookup(to, {
      append: async (...args) => {
        sizes.push([args[2].length, JSON.stringify(args[2]).length]);
        expect(++underWay).toBe(1);
        const answer = await to.append(...args);
        underWay--;
        return answer;
      },
    });
    expect(await migrate({ from, to: server })).toMatchObject({ count: 720 });
    expect(Math.max(...sizes.map(([events]) => events))).toBe(500);
    expect(Math.max(...sizes.map(([, characters]) => characters))).toBeLessThan(1024 * 1024);
    expect(sizes.length).toBeLessThan(15);
  });

  it('reports its progress: what both hold is compared, the rest copied, all of it proved', async () => {
    const from = await fill(memory(), 100);
    const to = memory(from);
    const seen: Progress[] = [];
    const { count } = await migrate({ from, to, onProgress: (progress) => seen.push(progress) });
    expect([...new Set(seen.map(({ phase }) => phase))]).toEqual(['comparing', 'copying', 'proving']);
    for (const phase of ['copying', 'proving'])
      expect(seen.filter((p) => p.phase === phase).at(-1)).toEqual({ phase, events: count, part: 1 });
  });
});

describe('a migration that is ended', () => {
  it('goes on where it was when it is run again', async () => {
    const from = await fill(await embedded(), 60);
    const to = memory(from);
    for (let rounds = 0; rounds < 3; rounds++) {
      const stop = new AbortController();
      let appends = 0;
      const slow = lookup(to, {
        append: async (...args) => {
          const answer = await to.append(...args);
          if (++appends === 10) stop.abort(new Error('stopped by the operator'));
          return answer;
        },
      });
      await expect(migrate({ from, to: slow, signal: stop.signal })).rejects.toThrow('stopped by the operator');
    }
    const there = (await wholeLog(to)).length;
    const log = await wholeLog(from);
    expect(there).toBeGreaterThan(30);
    expect(there).toBeLessThan(log.length);
    expect(await migrate({ from, to })).toMatchObject({ count: log.length, copied: log.length - there, root: rootOf(log) });
    expect(contents(await wholeLog(to))).toEqual(contents(log));
  });

  it('by a kill leaves an embedded target from which it goes on, and which opens for nothing else until it is whole', async () => {
    const from = memory();
    const stream = freshStream();
    for (let n = 0; n < 5; n++) await from.append(stream, n * 500 - 1, facts(500));
    const [dir, killed] = [await folder(), await folder()];
    const first = await embedded(from, dir);
    let pages = 0;
    const cut = Object.assign(Object.create(first) as SqliteStore, {
      adopt: async (events: readonly RecordedEvent[]) => {
        if (pages++ === 1) {
          await cp(dir, killed, { recursive: true }); // the files as a killed process leaves them
          throw new Error('killed');
        }
        await first.adopt(events);
      },
      readAll: first.readAll.bind(first),
      adopting: () => first.adopting(),
      genesis: first.genesis,
    });
    await expect(migrate({ from, to: cut })).rejects.toThrow('killed');
    const asServer = () => SqliteStore.open({ dir: killed, timeZone: 'Europe/London', now: () => '', newId });
    await expect(asServer()).rejects.toThrow('holds the beginning of a ledger only');
    await expect(copyLedger({ from: killed, to: await folder() })).rejects.toThrow('holds the beginning of a ledger only');
    expect(() => new LedgerSnapshot(join(killed, 'ledger.db'))).toThrow('holds the beginning of a ledger only');
    const to = await embedded(from, killed);
    expect(await migrate({ from, to })).toMatchObject({ count: 2500, copied: 1500 });
    await to.close();
    expect(keep(await asServer()).size()).toBe(2500);
  });

  it('not by a store that is away for a while or does not answer', async () => {
    const from = await fill(memory());
    const to = memory(from);
    to.faults.push('unavailable', 'unknown-stored', 'unknown-lost', 'unavailable');
    let reads = 0;
    const shaky = lookup(from, {
      readAll: async (after, limit) => {
        if (reads++ % 2 === 0) to.faults.push('unavailable');
        return from.readAll(after, limit);
      },
    });
    const { count, root } = await migrate({ from: shaky, to });
    const log = await wholeLog(from);
    expect([count, root]).toEqual([log.length, rootOf(log)]);
    expect(contents(await wholeLog(to))).toEqual(contents(log));
  });

  it('by a store that stays away longer than it waits, or has failed for good', async () => {
    const from = await fill(memory());
    const to = memory(from);
    to.faults.push(...Array.from({ length: 100 }, () => 'unavailable' as const));
    await expect(migrate({ from, to, patienceMs: 100 })).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    const failed = lookup(to, { failure: new StoreFailedError('The disk is gone.') });
    await expect(migrate({ from, to: failed })).rejects.toMatchObject({ name: 'StoreUnavailableError' });
    const away = lookup(from, { readAll: async () => Promise.reject(new TypeError('a mistake, not an absence')) });
    await expect(migrate({ from: away, to })).rejects.toThrow('a mistake');
  });

  it('by the operator while a store is away, and says so', async () => {
    const from = await fill(memory());
    const to = memory(from);
    to.faults.push(...Array.from({ length: 100 }, () => 'unavailable' as const));
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error('stopped by the operator')), 100);
    await expect(migrate({ from, to, signal: stop.signal })).rejects.toThrow('stopped by the operator');
  });

  it('takes what was there when it began, and says that there is more', async () => {
    const from = memory();
    await from.append(freshStream(), -1, facts(20));
    const to = memory(from);
    const busy = lookup(from, {
      readAll: async (after, limit) => {
        await from.append(freshStream(), -1, facts(2));
        return from.readAll(after, limit);
      },
    });
    expect(await migrate({ from: busy, to })).toMatchObject({ count: 20, more: true });
    const log = await wholeLog(from);
    expect(log.length).toBeGreaterThan(22);
    expect(contents(await wholeLog(to))).toEqual(contents(log).slice(0, 20));
    expect(await migrate({ from, to })).toMatchObject({ count: log.length, copied: log.length - 20, more: false });
  });

  it('with the first difference asks no store again, so that the command ends once both are closed', async () => {
    const from = await fill(memory());
    const to = memory(from);
    await to.append(freshStream(), -1, facts(1));
    let reads = 0;
    const closed = lookup(to, {
      readAll: async (after, limit) => {
        if (reads++ > 0) throw new StoreUnavailableError('The store is closed.');
        return to.readAll(after, limit);
      },
    });
    await expect(migrate({ from, to: closed })).rejects.toBeInstanceOf(NotMigratedError);
    const before = reads;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(reads).toBe(before);
  });
});

describe('a ledger is not migrated', () => {
  const refused = async (from: EventStore, to: EventStore, ...names: string[]) => {
    const before = await wholeLog(to);
    const error = await migrate({ from, to }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NotMigratedError);
    for (const name of names) expect((error as Error).message).toContain(name);
    return { before, after: await wholeLog(to) };
  };

  it('into a store with another one', async () => {
    const from = await fill(memory());
    const other = memoryStore({ ledgerId: newId() });
    const { before, after } = await refused(from, other, from.genesis.ledgerId, other.genesis.ledgerId);
    expect(after).toEqual(before);
    await refused(from, memoryStore({ timeZone: 'Asia/Tokyo' }));
  });

  it('into a store that has events which it has not', async () => {
    const from = await fill(memory());
    const to = memory(from);
    await migrate({ from, to });
    const stream = freshStream();
    const { position } = await to.append(stream, -1, facts(1));
    const { before, after } = await refused(from, to, stream, position, 'nothing more');
    expect(after).toEqual(before);
  });

  it('into a store with another event where one of its own belongs, which is named', async () => {
    const from = await fill(memory());
    const log = await wholeLog(from);
    const to = memory(from);
    for (const [i, { id, type, data, metadata, stream, revision }] of log.slice(0, 12).entries())
      await to.append(stream, revision - 1, [{ id, type, data: i === 10 ? { n: 'forged' } : data, metadata }]);
    const { before, after } = await refused(from, to, log[10]!.stream, `revision ${log[10]!.revision}`, log[10]!.position);
    expect(after).toEqual(before);
  });

  it('into a store to which somebody else writes meanwhile', async () => {
    const from = await fill(memory(), 10);
    const to = memory(from);
    let appends = 0;
    const shared = lookup(to, {
      append: async (...args) => {
        if (++appends === 5) await to.append(args[0], args[1], facts(1));
        return to.append(...args);
      },
    });
    await refused(from, shared, 'Another program writes to the target');
  });

  it('silently into a store that keeps something else than it was given, or more, or less', async () => {
    const from = await fill(memory(), 10);
    const log = await wholeLog(from);
    const keeps = async (change: (events: readonly RecordedEvent[]) => readonly RecordedEvent[]) => {
      const to = memory(from);
      return lookup(to, { readAll: async (after, limit) => change(await to.readAll(after, limit)) });
    };
    await refused(from, await keeps((events) => events.map((e) => (e.id === log[7]!.id ? { ...e, type: 'Forged' } : e))), '7 events only');
    await refused(from, await keeps((events) => events.filter((e) => e.id !== log.at(-1)!.id)), `${log.length - 1} events only`);
    const to = memory(from);
    const shared = lookup(to, {
      append: async (...args) => {
        const answer = await to.append(...args);
        if (args[0] === log.at(-1)!.stream && answer.revision === log.at(-1)!.revision) await to.append(freshStream(), -1, facts(1));
        return answer;
      },
    });
    await refused(from, shared, `${log.length} events only`);
  });

  it('with an event after one that another program wrote in its stream', async () => {
    const from = await fill(memory(), 5);
    const stream = freshStream();
    await from.append(stream, -1, [fact(null, { metadata: { ...metadata, schemaVersion: UNREADABLE } })]);
    const { position } = await from.append(stream, 0, facts(1));
    await refused(from, await embedded(from), stream, position);
  });
});

describe('a ledger on KurrentDB, on the wire,', () => {
  let server: FakeServer;
  let there: Place;
  beforeEach(async () => {
    server = await new FakeServer().start();
    there = { kind: 'kurrentdb', url: server.url };
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
    await server.kill();
  });

  it('comes there and back with the same root and the same events', async () => {
    const from = await fill(await embedded());
    server.systemWrite(3);
    const log = await wholeLog(from);
    const kurrent = keep(await openOrBegin(there, from.genesis));
    expect(await migrate({ from, to: kurrent })).toMatchObject({ count: log.length, copied: log.length, root: rootOf(log) });
    server.writeForeign('person-1', { type: 'PersonNamed', data: Buffer.from('{}') });
    expect(kurrent.genesis).toEqual(from.genesis);
    expect(contents(await wholeLog(kurrent))).toEqual(contents(log));
    expect(await migrate({ from, to: kurrent })).toMatchObject({ copied: 0 });
    const again = keep(await openLedger(there));
    const back = await embedded(again);
    expect(await migrate({ from: again, to: back })).toMatchObject({ copied: log.length, root: rootOf(log) });
    expect(await wholeLog(back)).toEqual(log);
  });

  it('goes from one prefix to another on the same server, and comes back with the same root', async () => {
    const at = (prefix: string): Place => ({ kind: 'kurrentdb', url: server.url, prefix });
    const from = await fill(await embedded());
    const log = await wholeLog(from);
    const met = keep(await openOrBegin(at('met.'), from.genesis));
    await migrate({ from, to: met });
    const gmp = keep(await openOrBegin(at('gmp.'), { ...from.genesis, ledgerId: newId() }));
    await fill(gmp, 3);
    const east = keep(await openOrBegin(at('met.east.'), from.genesis));
    expect(await migrate({ from: met, to: east })).toMatchObject({ count: log.length, root: rootOf(log) });
    const back = await embedded(from);
    expect(await migrate({ from: east, to: back })).toMatchObject({ count: log.length, root: rootOf(log) });
    expect(contents(await wholeLog(met))).toEqual(contents(log));
    expect(server.recorded('met.genesis').map(({ type }) => type)).toEqual(['LedgerOpened', 'MigrationBegun', 'MigrationCompleted']);
    expect(server.recorded(`met.east.${log[0]!.stream}`).length).toBeGreaterThan(0);
    expect(server.recorded(log[0]!.stream)).toEqual([]);
  });

  it('is copied from the replica of a node when the server has lost a stream', async () => {
    const dir = await folder();
    const connect = async () => openOrBegin(there, memory().genesis) as Promise<KurrentStore>;
    const replica = await ReplicaStore.open({ dir, connect, uptime: () => 0, chance: () => 1 });
    await fill(replica);
    await replica.head();
    const { root, sequence } = replica.status();
    const [lost] = await wholeLog(replica);
    server.tombstoneStream(lost!.stream);
    server.log.scavenge();
    await replica.close();
    const place: Place = { kind: 'replica', dir };
    const from = keep(await openLedger(place));
    await expect(openLedger(place)).rejects.toBeInstanceOf(FolderInUseError);
    const to = keep(await openOrBegin({ kind: 'kurrentdb', url: server.url, prefix: 'met.' }, from.genesis));
    expect(await migrate({ from, to })).toMatchObject({ count: sequence, copied: sequence, root });
    expect(contents(await wholeLog(to))).toEqual(contents(await wholeLog(from)));
    await expect(openOrBegin(place, from.genesis)).rejects.toThrow('can only be copied from');
    await expect(openLedger({ kind: 'replica', dir: await folder() })).rejects.toThrow('There is no ledger at replica:');
  });

  it('is moved on when the server went away in the middle and came back', async () => {
    const from = await fill(await embedded(), 40);
    const to = keep(await openOrBegin(there, from.genesis));
    let gone: Promise<unknown> | undefined;
    const onProgress = ({ phase }: Progress) => {
      if (phase === 'copying') gone ??= server.kill().then(() => server.start());
    };
    const source = lookup(from, { readAll: (after, limit = 10) => from.readAll(after, Math.min(limit, 10)) });
    const log = await wholeLog(from);
    expect(await migrate({ from: source, to, onProgress })).toMatchObject({ count: log.length, root: rootOf(log) });
    expect(gone).toBeDefined();
    expect(contents(await wholeLog(to))).toEqual(contents(log));
  });

  it('opens for nothing but the migration as long as the server holds a part of it', async () => {
    const from = await fill(await embedded(), 40);
    const stop = new AbortController();
    const part = keep(await openOrBegin(there, from.genesis));
    const onProgress = ({ phase }: Progress) => {
      if (phase === 'copying') stop.abort(new Error('killed'));
    };
    const source = lookup(from, { readAll: (after, limit = 10) => from.readAll(after, Math.min(limit, 10)) });
    await expect(migrate({ from: source, to: part, signal: stop.signal, onProgress })).rejects.toThrow('killed');
    expect((await wholeLog(part)).length).toBeGreaterThan(0);
    const asServer = (more: Partial<KurrentOptions> = {}) =>
      KurrentStore.open({ url: server.url, timeZone: 'UTC', now: () => '', newId, patience: 50, ...more });
    const refused = `holds the beginning of the ledger ${from.genesis.ledgerId} only`;
    await expect(openLedger(there)).rejects.toThrow(refused);
    await expect(asServer()).rejects.toThrow(refused);
    await expect(asServer({ ledger: from.genesis })).rejects.toThrow(refused);
    await migrate({ from, to: keep(await openOrBegin(there, from.genesis)) });
    expect(contents(await wholeLog(keep(await asServer())))).toEqual(contents(await wholeLog(from)));
    expect(keep(await asServer({ ledger: from.genesis })).genesis).toEqual(from.genesis);
  });

  it('opens while nothing of it is missing, and for nothing else again when a migration brings what was recorded since', async () => {
    const from = await fill(await embedded());
    const options = { url: server.url, timeZone: 'UTC', now: () => '', newId, notice: 0 };
    const to = keep(await KurrentStore.open({ ...options, genesis: from.genesis }));
    await expect(openLedger(there)).rejects.toThrow('holds the beginning of the ledger');
    await migrate({ from, to });
    const whole = server.recorded('genesis').length;
    await migrate({ from, to });
    expect(server.recorded('genesis')).toHaveLength(whole);
    keep(await openLedger(there));
    await from.append(freshStream(), -1, facts(3));
    await Promise.all([to.adopting(), to.adopting()]);
    expect(server.recorded('genesis')).toHaveLength(whole + 1);
    await expect(openLedger(there)).rejects.toThrow('holds the beginning of the ledger');
    await migrate({ from, to });
    await from.append(freshStream(), -1, facts(3));
    const marks: string[] = [];
    const onProgress = ({ phase }: Progress) => {
      if (phase !== 'copying' || marks.length > 0) return;
      marks.push(server.recorded('genesis').at(-1)!.type);
      server.storeThenFail('append', 'cut'); // of the last mark
    };
    await migrate({ from, to, onProgress });
    expect(marks[0]).toBe('MigrationBegun');
    expect(contents(await wholeLog(keep(await openLedger(there))))).toEqual(contents(await wholeLog(from)));
    expect(server.recorded('genesis').at(-1)!.type).toBe('MigrationCompleted');
  });

  it('opens once the last of two migrations into it is complete: the one before it may have left it in the middle', async () => {
    const from = await fill(await embedded());
    const options = { url: server.url, timeZone: 'UTC', now: () => '', newId, notice: 0 };
    const [first, second, third] = await Promise.all(
      [0, 1, 2].map(() => KurrentStore.open({ ...options, genesis: from.genesis }).then(keep)),
    );
    await migrate({ from, to: second! });
    await fill(from);
    const [next] = await from.readAll((await wholeLog(from))[(await wholeLog(second!)).length - 1]!.position, 1);
    const adopting = async () => {
      await first!.adopting();
      await first!.append(next!.stream, next!.revision - 1, [next!]);
      return third!.adopting();
    };
    await expect(migrate({ from, to: lookup(third!, { adopting } as object) })).rejects.toThrow(
      `Another migration into the target has copied ${next!.type}, revision ${next!.revision} of ${next!.stream}`,
    );
    expect(await first!.adopted()).toBe(false);
    await first!.adopting();
    await second!.adopting();
    expect(await first!.adopted()).toBe(false);
    await expect(openLedger(there)).rejects.toThrow('holds the beginning of the ledger');
    const adopted = () => first!.adopting().then(() => third!.adopted());
    await expect(migrate({ from, to: lookup(third!, { adopted } as object) })).rejects.toThrow(
      'Another migration into the target has begun meanwhile',
    );
    await expect(openLedger(there)).rejects.toThrow('holds the beginning of the ledger');
    expect(await migrate({ from, to: third! })).toMatchObject({ copied: 0 }); // and what was begun ends
    keep(await openLedger(there));
    expect(await second!.adopted()).toBe(true);
  });

  it('is not opened by a run that has nothing to copy while another migration copies into it', async () => {
    const from = await fill(await embedded());
    const options = { url: server.url, timeZone: 'UTC', now: () => '', newId, notice: 0 };
    const [first, second] = await Promise.all([0, 1].map(() => KurrentStore.open({ ...options, genesis: from.genesis }).then(keep)));
    await migrate({ from, to: first! });
    const head = await from.head();
    const before = lookup(from, { head: async () => head });
    await fill(from);
    const isOpen = async () => {
      const is = await first!.isOpen();
      await second!.adopting();
      return is;
    };
    await expect(migrate({ from: before, to: lookup(first!, { isOpen } as object) })).rejects.toThrow(
      'Another migration into the target has begun meanwhile',
    );
    const [next] = await from.readAll(head, 1);
    const adopting = async () => {
      const wasOpen = await first!.adopting();
      await second!.append(next!.stream, next!.revision - 1, [next!]);
      return wasOpen;
    };
    await expect(migrate({ from: before, to: lookup(first!, { adopting } as object) })).rejects.toThrow(
      `Another migration into the target has copied ${next!.type}, revision ${next!.revision} of ${next!.stream}`,
    );
    expect(await second!.adopted()).toBe(false);
    await expect(openLedger(there)).rejects.toThrow('holds the beginning of the ledger');
  });

  describe('that a server runs on', () => {
    let from: EventStore;
    let to: KurrentStore;
    let node: KurrentStore;
    /** The events that the server has followed. */
    let seen: RecordedEvent[];
    let following: Promise<void>;
    const append = (): Promise<string> =>
      node.append(freshStream(), -1, facts(1)).then(
        () => 'stored',
        ({ name }: Error) => name,
      );
    const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
      for (const end = Date.now() + 5000; !(await holds()) && Date.now() < end;) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await holds()).toBe(true);
    };
    beforeEach(async () => {
      const options = { url: server.url, timeZone: 'UTC', now: () => '', newId, patience: 50 };
      from = await fill(await embedded());
      to = keep(await KurrentStore.open({ ...options, genesis: from.genesis, notice: 500 }));
      await migrate({ from, to });
      node = keep(await KurrentStore.open({ ...options, ledger: from.genesis, uptime: () => 0, liveness: 100, deadline: 1500 }));
      const stop = new AbortController();
      seen = [];
      following = (async () => {
        for await (const page of node.follow(undefined, stop.signal)) seen.push(...page);
      })();
      const size = (await wholeLog(from)).length;
      await until(() => seen.length === size);
      await fill(from);
    });
    afterEach(async () => {
      await node.close();
      await following;
    });

    it('closes to it while a migration brings what was recorded since, and opens to it again', async () => {
      const answers: string[] = [];
      const adopting = async () => {
        const wasOpen = await to.adopting();
        answers.push(await append());
        return wasOpen;
      };
      const { count } = await migrate({ from, to: lookup(to, { adopting } as object) });
      expect(answers).toEqual(['StoreUnavailableError']);
      expect(contents(await wholeLog(to))).toEqual(contents(await wholeLog(from)));
      await until(() => seen.length === count);
      await until(async () => (await append()) === 'stored');
    });

    const faults: [string, () => void][] = [
      ['answers that it is busy', () => server.failNext('readStream', { code: 8, details: 'Server Is Too Busy' })],
      ['does not answer in time', () => server.holdNext('readStream')],
    ];
    it.each(faults)('closes to it also where the server %s when it is asked what has begun', async (_, fail) => {
      fail();
      server.writeForeign('genesis', { type: 'MigrationBegun', data: Buffer.from('{}') });
      server.systemWrite();
      await until(async () => (await append()) === 'StoreUnavailableError');
      server.writeForeign('genesis', { type: 'MigrationCompleted', data: Buffer.from('{}') });
      await until(async () => (await append()) === 'stored');
    });

    it('closes to it also where its replication waits at a stream that the server does not show whole', async () => {
      const dir = await folder();
      const connect = async (ledger: Genesis | undefined) =>
        KurrentStore.open({ url: server.url, timeZone: 'UTC', now: () => '', newId, patience: 50, ledger });
      const begin = () => ReplicaStore.open({ dir, connect, uptime: () => 0, chance: () => 1, retryMs: 50 });
      const before = await begin();
      await until(() => before.status().sequence === seen.length);
      await before.close();
      const lost = freshStream();
      await node.append(lost, -1, facts(3));
      server.boundStream(lost, { $tb: 2 });
      server.log.scavenge();
      const replica = keep(await begin());
      await until(() => replica.status().incomplete !== undefined);
      const record = () => replica.append(freshStream(), -1, facts(1)).then(() => 'stored', ({ name }: Error) => name); // prettier-ignore
      expect(await record()).toBe('stored');
      server.writeForeign('genesis', { type: 'MigrationBegun', data: Buffer.from('{}') });
      await until(async () => (await record()) === 'StoreUnavailableError');
    });

    it('is known to have been open to it where the answer about the first mark was lost', async () => {
      server.log.watch(({ type }) => {
        if (type === 'MigrationBegun') server.isReady(false);
      });
      await expect(to.adopting()).rejects.toBeInstanceOf(StoreUnavailableError);
      server.isReady(true);
      await until(() => to.head().then(() => to.connected, () => false)); // prettier-ignore
      const since = Date.now();
      expect(await to.adopting()).toBe(true);
      expect(Date.now() - since).toBeGreaterThan(450); // the server may hear so only now
    });

    it('stays open to it, and is not written to, where it has recorded something before the migration begins to copy', async () => {
      const size = (await wholeLog(to)).length;
      const adopting = async () => {
        expect(await append()).toBe('stored');
        return to.adopting();
      };
      const migrated = migrate({ from, to: lookup(to, { adopting } as object) });
      await expect(migrated).rejects.toThrow(/^A server that runs on the target has recorded .*: stop it first\.$/);
      expect(await wholeLog(to)).toHaveLength(size + 1);
      await until(async () => (await append()) === 'stored');
      keep(await openLedger(there));
    });
  });

  it('that is not there is not copied, and none is begun in its place', async () => {
    await expect(openLedger(there)).rejects.toThrow(`There is no ledger at kurrentdb:${server.url}`);
    expect(server.recorded('genesis')).toEqual([]);
  });

  it('is not overwritten by another one', async () => {
    const first = memory();
    await (await openOrBegin(there, first.genesis)).close();
    await expect(openOrBegin(there, { ...first.genesis, ledgerId: newId() })).rejects.toThrow(first.genesis.ledgerId);
  });
});

describe('where a ledger is', () => {
  it('is a folder or a connection string', () => {
    expect(placeOf('embedded:/data/ledger')).toEqual({ kind: 'embedded', dir: '/data/ledger' });
    expect(placeOf('embedded:data')).toEqual({ kind: 'embedded', dir: join(process.cwd(), 'data') });
    expect(placeOf('kurrentdb:esdb://127.0.0.1:2113?tls=false')).toEqual({ kind: 'kurrentdb', url: 'esdb://127.0.0.1:2113?tls=false' });
    expect(placeOf('kurrentdb:esdb://h:2113?tls=false#met')).toEqual({ kind: 'kurrentdb', url: 'esdb://h:2113?tls=false', prefix: 'met.' });
    expect(nameOf(placeOf('kurrentdb:esdb://a:b@h#met.east'))).toBe('kurrentdb:esdb://h#met.east');
    expect(placeOf('replica:/data/node')).toEqual({ kind: 'replica', dir: '/data/node' });
    for (const wrong of [
      '',
      'embedded:',
      'kurrentdb:esdb://h#',
      'kurrentdb:esdb://h#a-b',
      'kurrentdb',
      '/data',
      'sqlite:/data',
      'embedded',
    ])
      expect(() => placeOf(wrong)).toThrow(BadPlaceError);
  });

  it('is printed without its password', () => {
    const printed = nameOf(placeOf('kurrentdb:esdb://admin:ch@ng:eit@a.example:2113,b.example:2113?tls=true'));
    expect(printed).toBe('kurrentdb:esdb://a.example:2113,b.example:2113?tls=true');
  });

  it('must have one to copy, and is not made into one', async () => {
    const dir = join(await folder(), 'nowhere');
    await expect(openLedger({ kind: 'embedded', dir })).rejects.toThrow(`There is no ledger at embedded:${dir}.`);
    expect(await readdir(join(dir, '..'))).toEqual([]);
  });

  it('may be empty for the copy, which begins with the same first record; one in use is left alone', async () => {
    const place: Place = { kind: 'embedded', dir: join(await folder(), 'new') };
    const { genesis } = new MemoryStore({ timeZone: 'Asia/Tokyo' });
    const first = await openOrBegin(place, genesis);
    expect(first.genesis).toEqual(genesis);
    await expect(openLedger(place)).rejects.toBeInstanceOf(FolderInUseError);
    await first.close();
    await expect(openLedger(place)).rejects.toThrow('holds the beginning of a ledger only');
    const to = await openOrBegin(place, genesis);
    await migrate({ from: memoryStore(genesis), to });
    await to.close();
    const again = keep(await openLedger(place));
    expect(again.genesis).toEqual(genesis);
  });
});
