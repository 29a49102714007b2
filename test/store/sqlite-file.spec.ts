import { afterEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { chmod, copyFile, lstat, readdir, readFile, rename, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreUnavailableError } from '../../src/store/event-store.js';
import { copyLedger } from '../../src/store/sqlite/ledger-copy.js';
import { LEDGER_FILE } from '../../src/store/sqlite/sqlite-store.js';
import { watchFiles } from '../../src/store/sqlite/watch.js';
import { facts, freshStream, newId, wholeLog } from './event-store.contract.js';
import { newFolders, openStores } from './folders.js';

const newFolder = newFolders();
afterEach(() => void jest.restoreAllMocks());
const open = openStores(); // closed once the mocks are gone

const ledgerOf = (dir: string): string => join(dir, LEDGER_FILE);
/** A ledger with a few events, closed. */
const closedLedger = async (): Promise<string> => {
  const dir = await newFolder();
  const store = await open(dir);
  await store.append(freshStream(), -1, facts(3));
  await store.close();
  return dir;
};
const edit = (dir: string, ...statements: string[]): void => {
  const db = new Database(ledgerOf(dir));
  for (const statement of statements) db.exec(statement);
  db.close();
};
const modesIn = async (dir: string): Promise<Record<string, string>> => {
  const modes: Record<string, string> = {};
  for (const name of ['', ...(await readdir(dir))]) modes[name] = ((await stat(join(dir, name))).mode & 0o777).toString(8);
  return modes;
};

describe('a new ledger', () => {
  it('is in its file before anything is accepted: a copy of the file taken then is the same ledger', async () => {
    const [dir, other] = [await newFolder(), await newFolder()];
    const { genesis } = await open(dir);
    await copyFile(ledgerOf(dir), ledgerOf(other));
    expect((await open(other)).genesis).toEqual(genesis);
  });

  it('is made again when its creation was interrupted', async () => {
    const dir = await newFolder();
    for (const name of ['ledger.db.new', 'ledger.db.new-wal', 'ledger.db.new-shm']) await writeFile(join(dir, name), 'half a ledger');
    const store = await open(dir);
    await store.append(freshStream(), -1, facts(1));
    expect((await readdir(dir)).filter((name) => name.includes('.new'))).toEqual([]);
  });

  it('belongs to its owner alone, whatever the umask and the modes before', async () => {
    const before = process.umask(0);
    try {
      const dir = await newFolder();
      const inside = join(dir, 'new', 'data');
      const store = await open(inside);
      await store.append(freshStream(), -1, facts(1));
      const all = {
        '': '700',
        'ledger.db': '600',
        'ledger.db-shm': '600',
        'ledger.db-wal': '600',
        'ledger.lock': '600',
        'ledger.lock-journal': '600',
      };
      expect(await modesIn(inside)).toEqual(all);
      await store.close();
      for (const [path, mode] of [[inside, 0o755], [ledgerOf(inside), 0o644], [join(inside, 'ledger.lock'), 0o666]] as const) await chmod(path, mode); // prettier-ignore
      await open(inside);
      expect(await modesIn(inside)).toEqual(all);
    } finally {
      process.umask(before);
    }
  });
});

describe('a file that is no ledger', () => {
  it.each<[string, (dir: string) => Promise<void> | void, RegExp]>([
    ['empty', (dir) => writeFile(ledgerOf(dir), ''), /holds no ledger: its first record is not there/],
    [
      'the first page of a database in use',
      (dir) => edit(dir, 'PRAGMA journal_mode = WAL'),
      /holds no ledger: its first record is not there/,
    ],
    ['another database', (dir) => edit(dir, 'CREATE TABLE events (something TEXT)'), /holds no ledger: its first record is not there/],
    ['no database', (dir) => writeFile(ledgerOf(dir), 'x'.repeat(5000)), /is damaged, or no SQLite database/],
  ])('is refused with what can be done, and left as it is: %s', async (_, make, message) => {
    const dir = await newFolder();
    await make(dir);
    const before = await readFile(ledgerOf(dir));
    await expect(open(dir)).rejects.toThrow(message);
    await expect(open(dir)).rejects.toThrow(/npm run restore/);
    await expect(open(dir)).rejects.toMatchObject({ code: 'no-ledger' });
    expect(await readFile(ledgerOf(dir))).toEqual(before);
  });

  it('is refused when its first record is gone', async () => {
    const dir = await closedLedger();
    edit(dir, 'DROP TRIGGER events_are_never_deleted', `DELETE FROM events WHERE stream = 'genesis'`);
    await expect(open(dir)).rejects.toThrow(/its first record is not there/);
  });

  it('is not replaced by a new one when ledger.db is a link to a place that is not mounted', async () => {
    const dir = await newFolder();
    await symlink(join(dir, 'mount', LEDGER_FILE), ledgerOf(dir));
    await expect(open(dir)).rejects.toThrow(/is a link to a file that is not there/);
    expect((await lstat(ledgerOf(dir))).isSymbolicLink()).toBe(true);
  });

  it('leaves the folder free', async () => {
    const dir = await newFolder();
    await writeFile(ledgerOf(dir), '');
    await expect(open(dir)).rejects.toMatchObject({ code: 'no-ledger' });
    await rm(ledgerOf(dir));
    await open(dir);
  });
});

describe('a folder without ledger.db', () => {
  it.each([[['read-model.db']], [['ledger.db-wal']], [['ledger.db-wal', 'ledger.db.partial', 'read-model.db']]])(
    'but with %j was that of a ledger: no other one is begun in it',
    async (names) => {
      const dir = await newFolder();
      for (const name of names) await writeFile(join(dir, name), 'something');
      await expect(open(dir)).rejects.toThrow(`${dir} has no ledger.db, but ${names.join(' and ')}: a ledger was here.`);
      expect((await readdir(dir)).sort()).toEqual([...names, 'ledger.lock'].sort());
      for (const name of names) await rm(join(dir, name));
      await open(dir);
    },
  );
});

describe('a ledger of another format', () => {
  it.each([
    [1, 'it was written before the first release, and no program converts it. Begin a new ledger in another place.'],
    [3, 'a newer program wrote it. Start that one, or a later one.'],
  ])('is refused: %d', async (formatVersion, advice) => {
    const dir = await closedLedger();
    const data = { ledgerId: newId(), formatVersion, timeZone: 'Europe/London', createdAt: '2026-01-01T00:00:00.000Z' };
    edit(dir, 'DROP TRIGGER events_are_never_changed', `UPDATE events SET data = '${JSON.stringify(data)}' WHERE stream = 'genesis'`);
    await expect(open(dir)).rejects.toThrow(`The ledger has format ${formatVersion}; this program reads format 2: ${advice}`);
  });
});

describe('what is recorded', () => {
  it.each([
    ['changed', `UPDATE events SET data = '{"n":7}'`],
    ['deleted', `DELETE FROM events WHERE revision = 1`],
  ])('is never %s, by whatever program', async (verb, statement) => {
    const dir = await closedLedger();
    expect(() => edit(dir, statement)).toThrow(`An event is never ${verb}.`);
    const log = await wholeLog(await open(dir));
    expect(log.map(({ data }) => data)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
  });
});

describe('a ledger whose file is elsewhere', () => {
  it('is opened through the link, and watched where it is', async () => {
    const [elsewhere, dir] = [await closedLedger(), await newFolder()];
    await symlink(ledgerOf(elsewhere), ledgerOf(dir));
    const store = await open(dir);
    expect(await wholeLog(store)).toHaveLength(3);
    const failed = new Promise<Error>((resolve) => store.onFailure(resolve));
    await rm(join(elsewhere, 'ledger.db-wal'));
    expect((await failed).message).toContain('ledger.db-wal was removed');
  });
});

describe('opening', () => {
  /** The folder of a server that was killed: its events are in the WAL. */
  const killed = async (): Promise<string> => {
    const [dir, copy] = [await newFolder(), await newFolder()];
    const store = await open(dir);
    await store.append(freshStream(), -1, facts(3));
    for (const name of ['ledger.db', 'ledger.db-wal']) await copyFile(join(dir, name), join(copy, name));
    return copy;
  };

  it('writes everything that the WAL holds into the file before it hands out anything', async () => {
    const dir = await killed();
    expect((await stat(join(dir, 'ledger.db-wal'))).size).toBeGreaterThan(0);
    const store = await open(dir);
    expect((await stat(join(dir, 'ledger.db-wal'))).size).toBe(0);
    expect(await wholeLog(store)).toHaveLength(3);
  });

  it('puts back what keeps the events as they are', async () => {
    const dir = await closedLedger();
    edit(dir, 'DROP TRIGGER events_are_never_changed', 'DROP TRIGGER events_are_never_deleted');
    await (await open(dir)).close();
    expect(() => edit(dir, 'DELETE FROM events')).toThrow('An event is never deleted.');
    expect(() => edit(dir, 'UPDATE events SET revision = 7')).toThrow('An event is never changed.');
  });

  it('is refused where SQLite cannot write ahead', async () => {
    const dir = await closedLedger();
    const pragma = Database.prototype.pragma;
    jest.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, options) {
      return source === 'journal_mode' ? 'delete' : pragma.call(this, source, options);
    });
    await expect(open(dir)).rejects.toThrow(/SQLite cannot write ahead \(WAL\) on the file system of/);
  });

  it.each<[string, () => unknown]>([
    ['it is busy', () => [{ busy: 1 }]],
    ['the disk fails', () => { throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC'); }], // prettier-ignore
  ])('is refused when that is not possible: %s', async (_, result) => {
    const dir = await killed();
    const pragma = Database.prototype.pragma;
    jest.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, options) {
      return source === 'wal_checkpoint(FULL)' ? result() : pragma.call(this, source, options);
    });
    await expect(open(dir)).rejects.toMatchObject({
      code: 'no-checkpoint',
      message: expect.stringContaining('ledger.db-wal holds could not be written into'),
    });
    jest.restoreAllMocks();
    expect(await wholeLog(await open(dir))).toHaveLength(3);
  });

  it('is not hindered by a reader of the newest state', async () => {
    const dir = await killed();
    const reader = new Database(ledgerOf(dir), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM events').get();
    await open(dir);
    reader.close();
  });
});

describe('a ledger whose files are taken away while it is open', () => {
  it.each<[string, (dir: string) => Promise<void>]>([
    ['ledger.db is removed', (dir) => rm(ledgerOf(dir))],
    [
      'ledger.db is replaced by a copy',
      async (dir) => {
        await copyFile(ledgerOf(dir), join(dir, 'copy'));
        await rename(join(dir, 'copy'), ledgerOf(dir));
      },
    ],
    ['ledger.db is cut', (dir) => truncate(ledgerOf(dir), 4096)],
    [
      'a smaller file is written over ledger.db',
      async (dir) => writeFile(ledgerOf(dir), (await readFile(ledgerOf(dir))).subarray(0, 8192)),
    ],
    [
      'a backup of it, as large, is written over ledger.db',
      async (dir) => {
        const to = await newFolder();
        await copyLedger({ from: dir, to });
        await writeFile(ledgerOf(dir), Buffer.concat([await readFile(ledgerOf(to)), Buffer.alloc(8192)]));
      },
    ],
    [
      'the file of another ledger, as large, is written over ledger.db',
      async (dir) => writeFile(ledgerOf(dir), Buffer.concat([await readFile(ledgerOf(await closedLedger())), Buffer.alloc(8192)])),
    ],
    ['ledger.db-wal is emptied', (dir) => truncate(join(dir, 'ledger.db-wal'))],
    ['ledger.db-wal is removed', (dir) => rm(join(dir, 'ledger.db-wal'))],
    ['the lock is removed', (dir) => rm(join(dir, 'ledger.lock'))],
    ['the folder is moved', (dir) => rename(dir, `${dir}-moved`)],
  ])('notices it, and accepts nothing more: %s', async (_, take) => {
    // prettier-ignore
    const dir = await newFolder();
    const store = await open(dir);
    await store.append(freshStream(), -1, facts(1));
    const failed = new Promise<Error>((resolve) => store.onFailure(resolve));
    await take(dir);
    const failure = await failed;
    expect(failure.message).toMatch(/ledger\.(db|db-wal|lock) was (removed or replaced|cut or written over) while it was open/);
    expect(store.failure).toBe(failure);
    await expect(store.append(freshStream(), -1, facts(1))).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await wholeLog(store)).toHaveLength(1);
    await store.close();
    await rm(`${dir}-moved`, { recursive: true, force: true });
  });

  it('notices a WAL that was emptied, also where more was written to it before anybody looked', async () => {
    const dir = await newFolder();
    const store = await open(dir);
    await store.append(freshStream(), -1, facts(100));
    const failed = new Promise<Error>((resolve) => store.onFailure(resolve));
    await truncate(join(dir, 'ledger.db-wal'));
    await store.append(freshStream(), -1, facts(100)).catch(() => undefined);
    expect((await failed).message).toContain('ledger.db-wal was cut or written over while it was open');
    await store.close();
  });

  it('takes no harm from another program that writes the WAL into the file and cuts it', async () => {
    const dir = await newFolder();
    const store = await open(dir);
    await store.append(freshStream(), -1, facts(3));
    await sleep(2500); // the WAL has been looked at
    const other = new Database(ledgerOf(dir));
    expect(other.pragma('wal_checkpoint(TRUNCATE)')).toMatchObject([{ busy: 0 }]);
    other.close();
    await sleep(2500);
    expect(store.failure).toBeUndefined();
    await store.append(freshStream(), -1, facts(3));
    expect(await wholeLog(store)).toHaveLength(6);
    await store.close();
  });

  it('says nothing once it is no longer watched, also when a look is under way', async () => {
    const file = join(await newFolder(), 'watched');
    await writeFile(file, '');
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    const gone: Error[] = [];
    const end = watchFiles([file], (error) => gone.push(error));
    await rm(file);
    jest.advanceTimersByTime(2000);
    end();
    jest.useRealTimers();
    await sleep(300);
    expect(gone).toEqual([]);
  });
});
