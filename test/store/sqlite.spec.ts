import { afterAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Heads, HEADS_BYTES } from '../../src/store/sqlite/rows.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { FolderInUseError, refuseUnsafe, UnsafeSqliteError } from '../../src/store/sqlite/folder.js';
import { eventStoreContract, facts, freshStream, newId, wholeLog } from './event-store.contract.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-store-'));
  folders.push(dir);
  return dir;
};
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

const open = (dir: string, timeZone = 'Europe/London') => SqliteStore.open({ dir, timeZone, now: () => '2026-03-04T05:06:07.089Z', newId });

eventStoreContract('the embedded store', async () => open(await folder()));

it('hands out the newest events at once, in their order', async () => {
  const store = await open(await folder());
  expect(await store.newest(3)).toEqual([]);
  const sent = facts(5);
  await store.append(freshStream(), -1, sent.slice(0, 2));
  await store.append(freshStream(), -1, sent.slice(2));
  expect((await store.newest(3)).map(({ id }) => id)).toEqual(sent.slice(2).map(({ id }) => id));
  expect(await store.newest(9)).toEqual(await wholeLog(store));
  await store.close();
});

it('keeps the revisions of the streams used last in so many bytes, however many there are', () => {
  let asked = 0;
  const heads = new Heads(() => (asked++, undefined));
  const name = (n: number) => `contract-${String(n).padStart(60, '0')}`;
  const most = 2 * Math.floor(HEADS_BYTES / name(0).length); // more than there is room for
  for (let n = 0; n < most; n++) heads.moved(name(n), n);
  expect([heads.of(name(most)), heads.of(name(most - 1)), asked]).toEqual([-1, most - 1, 1]);
  let kept = 0;
  for (let n = 0; n < most; n++) if (heads.known(name(n)) !== undefined) kept += name(n).length;
  expect(kept).toBeGreaterThan(HEADS_BYTES / 4);
  expect(kept).toBeLessThan(HEADS_BYTES);
});

describe('the embedded store', () => {
  it('writes ahead and waits for the disk', async () => {
    const store = await open(await folder());
    expect(store.settings).toEqual({ journalMode: 'wal', synchronous: 2 });
    await store.close();
  });

  it('has its folder for itself until it is closed', async () => {
    const dir = await folder();
    const store = await open(dir);
    await expect(open(dir)).rejects.toBeInstanceOf(FolderInUseError);
    await store.close();
    await (await open(dir)).close();
  });

  it('shares one commit among the appends that come together', async () => {
    const store = await open(await folder());
    const before = store.commits;
    await Promise.all(Array.from({ length: 200 }, () => store.append(freshStream(), -1, facts(1))));
    expect(store.commits - before).toBeLessThan(20);
    await store.close();
  });

  it('opened again, takes a stream that it has for no new one: of what comes together only that append is refused, or is the same', async () => {
    const dir = await folder();
    const first = await open(dir);
    const [one, other] = [freshStream(), freshStream()];
    const sent = facts(1);
    const stored = await first.append(one, -1, sent);
    await first.append(other, -1, facts(2));
    const [log, root] = [await wholeLog(first), first.tree.root];
    await first.close();
    const again = await open(dir);
    expect(again.tree.root).toBe(root);
    const [before, same, refused, behind] = await Promise.allSettled([
      again.append(freshStream(), -1, facts(1)),
      again.append(one, -1, sent),
      again.append(other, -1, facts(1)),
      again.append(freshStream(), -1, facts(2)),
    ]);
    expect(same).toMatchObject({ status: 'fulfilled', value: stored });
    expect(refused).toMatchObject({ status: 'rejected', reason: { expected: -1, actual: 1 } });
    expect([before, behind].map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
    expect((await wholeLog(again)).slice(0, 3)).toEqual(log);
    expect([await again.head(), again.size(), again.tree.size, again.commits]).toEqual(['7', 6, 6, 1]);
    expect(again.refusing).toBeUndefined();
    await again.close();
    const last = await open(dir);
    expect([last.tree.fault, last.size()]).toEqual([undefined, 6]);
    await last.close();
  });

  it('makes its index again where it was dropped: no revision is there twice', async () => {
    const dir = await folder();
    const first = await open(dir);
    const stream = freshStream();
    await first.append(stream, -1, facts(2));
    await first.close();
    const inFile = (sql: string) => {
      const db = new Database(join(dir, 'ledger.db'));
      db.exec(sql);
      db.close();
    };
    inFile('DROP INDEX events_by_stream');
    const again = await open(dir);
    await expect(again.append(stream, -1, facts(1))).rejects.toMatchObject({ expected: -1, actual: 1 });
    expect(again.size()).toBe(2);
    await again.close();
    inFile('DROP INDEX events_by_stream; INSERT INTO events SELECT 4, stream, revision, id, type, data, metadata FROM events WHERE position = 3'); // prettier-ignore
    await expect(open(dir)).rejects.toThrow(`${stream} has more than one event of revision 1`);
  });

  it('is the same ledger when it is opened again', async () => {
    const dir = await folder();
    const first = await open(dir);
    await first.append(freshStream(), -1, facts(3));
    const [genesis, log] = [first.genesis, await wholeLog(first)];
    await first.close();
    const again = await open(dir, 'Asia/Tokyo');
    expect(again.genesis).toEqual(genesis);
    expect(await wholeLog(again)).toEqual(log);
    await again.close();
  });

  it('may begin as a ledger that exists elsewhere, and then stays that one', async () => {
    const genesis = { ledgerId: newId(), formatVersion: 2, timeZone: 'Asia/Tokyo', createdAt: '2020-01-02T03:04:05.006Z' } as const;
    const dir = await folder();
    const first = await SqliteStore.open({ dir, timeZone: 'Europe/London', now: () => '', newId, genesis });
    expect(first.genesis).toEqual(genesis);
    expect(await wholeLog(first)).toEqual([]);
    first.adopted();
    await first.close();
    const again = await open(dir);
    expect(again.genesis).toEqual(genesis);
    await again.close();
    const other = await SqliteStore.open({
      dir,
      timeZone: 'Europe/London',
      now: () => '',
      newId,
      genesis: { ...genesis, ledgerId: newId() },
    });
    expect(other.genesis).toEqual(genesis);
    await other.close();
  });

  it('takes over what stands next in another store, of many streams in one commit', async () => {
    const [from, to] = [await open(await folder()), await open(await folder())];
    const [one, other] = [freshStream(), freshStream()];
    await from.append(one, -1, facts(2));
    await from.append(other, -1, facts(1));
    await from.append(one, 1, facts(2));
    const before = to.commits;
    const woken = to.follow(undefined, AbortSignal.timeout(2000))[Symbol.asyncIterator]().next();
    await to.adopt(await wholeLog(from));
    expect(to.commits - before).toBe(1);
    expect(await wholeLog(to)).toEqual(await wholeLog(from));
    expect((await woken).value).toHaveLength(5);
    expect((await to.append(one, 3, facts(1))).revision).toBe(4);
    await Promise.all([from.close(), to.close()]);
  });

  it('takes over nothing when one event does not follow what stands there', async () => {
    const [from, to] = [await open(await folder()), await open(await folder())];
    const stream = freshStream();
    await from.append(freshStream(), -1, facts(3));
    await from.append(stream, -1, facts(3));
    const log = await wholeLog(from);
    await expect(to.adopt(log.filter(({ stream: s, revision }) => s !== stream || revision !== 1))).rejects.toMatchObject({
      name: 'WrongExpectedRevisionError',
      stream,
      expected: 1,
      actual: 0,
    });
    expect(await wholeLog(to)).toEqual([]);
    await to.adopt(log);
    await expect(to.adopt(log)).rejects.toMatchObject({ name: 'WrongExpectedRevisionError', actual: 2 });
    expect(await wholeLog(to)).toEqual(log);
    await Promise.all([from.close(), to.close()]);
  });

  it('is not opened over a file that is no ledger, and leaves the folder free', async () => {
    const dir = await folder();
    const other = new Database(join(dir, 'ledger.db'));
    other.exec('CREATE TABLE events (something TEXT)');
    other.close();
    await expect(open(dir)).rejects.toThrow();
    await rm(join(dir, 'ledger.db'));
    await (await open(dir)).close();
  });

  it('refuses a SQLite that can lose what was acknowledged', () => {
    for (const version of ['3.7.0', '3.50.4', '3.51.2']) expect(() => refuseUnsafe(version)).toThrow(UnsafeSqliteError);
    expect(() => refuseUnsafe('3.51.3')).not.toThrow();
  });
});
