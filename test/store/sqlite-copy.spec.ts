import { afterEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { copyFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { leafOf, MerkleTree } from '../../src/store/merkle-tree.js';
import { copyLedger, NotCopiedError, type CopyOptions, type CopyProgress } from '../../src/store/sqlite/ledger-copy.js';
import { LEDGER_FILE, type SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { fact, facts, freshStream, wholeLog } from './event-store.contract.js';
import { newFolders, openStore, openStores } from './folders.js';

const newFolder = newFolders();
afterEach(() => void jest.restoreAllMocks());
const open = openStores(); // closed once the mocks are gone

/** A ledger of some hundred pages, open. */
const ledger = async (dir: string): Promise<SqliteStore> => {
  const store = await open(dir);
  for (let n = 0; n < 60; n++) await store.append(freshStream(), -1, [fact({ text: 'x'.repeat(10_000) }), ...facts(4)]);
  return store;
};
const rootOf = async (store: SqliteStore, count: number): Promise<string> => {
  const tree = new MerkleTree();
  for (const event of (await wholeLog(store)).slice(0, count)) tree.add(leafOf(event));
  return tree.root();
};
const namesIn = async (dir: string): Promise<string[]> => (await readdir(dir)).filter((name) => name.startsWith('ledger.db')).sort();

describe('a backup', () => {
  it('is made while a server records on and on: it is the ledger as it was at one moment', async () => {
    const [dir, target] = [await newFolder(), join(await newFolder(), 'new', 'backup')];
    const store = await ledger(dir);
    const before = (await wholeLog(store)).length;
    let [recording, recorded] = [true, 0];
    const writer = (async () => {
      for (; recording; recorded++) await store.append(freshStream(), -1, facts(1));
    })();
    const phases: CopyProgress[] = [];
    const copied = await copyLedger({ from: dir, to: target, pages: 5, onProgress: (progress) => phases.push(progress) });
    recording = false;
    await writer;
    expect(recorded).toBeGreaterThan(20);
    expect(copied.ledgerId).toBe(store.genesis.ledgerId);
    expect(copied.count).toBeGreaterThanOrEqual(before);
    expect(copied.count).toBeLessThan(before + recorded);
    expect(copied.root).toBe(await rootOf(store, copied.count));
    expect([...new Set(phases.map(({ phase }) => phase))]).toEqual(['copying', 'checking', 'comparing']);
    expect(phases.every(({ part }) => part >= 0 && part <= 1)).toBe(true);
    const copy = await open(target);
    expect(await wholeLog(copy)).toEqual((await wholeLog(store)).slice(0, copied.count));
  }, 60_000);

  it('is one file, which its owner alone may read, and which may be copied on', async () => {
    const [dir, target, other] = [await newFolder(), join(await newFolder(), 'backup'), await newFolder()];
    const store = await ledger(dir);
    const { count } = await copyLedger({ from: dir, to: target });
    expect(await namesIn(target)).toEqual([LEDGER_FILE]);
    expect([(await stat(target)).mode & 0o777, (await stat(join(target, LEDGER_FILE))).mode & 0o777]).toEqual([0o700, 0o600]);
    const file = new Database(join(target, LEDGER_FILE), { readonly: true });
    expect(file.pragma('journal_mode', { simple: true })).toBe('delete'); // so that reading it makes no file beside it
    file.close();
    await copyFile(join(target, LEDGER_FILE), join(other, LEDGER_FILE));
    expect(await wholeLog(await open(other))).toEqual((await wholeLog(store)).slice(0, count));
  });

  it('holds what a killed server left in the WAL, and a copy of ledger.db alone does not', async () => {
    const [dir, killed, target, naive] = [await newFolder(), await newFolder(), await newFolder(), await newFolder()];
    const store = await open(dir);
    await store.append(freshStream(), -1, facts(9));
    for (const name of [LEDGER_FILE, `${LEDGER_FILE}-wal`]) await copyFile(join(dir, name), join(killed, name));
    expect((await copyLedger({ from: killed, to: target })).count).toBe(9);
    await copyFile(join(dir, LEDGER_FILE), join(naive, LEDGER_FILE));
    expect(await wholeLog(await open(naive))).toEqual([]);
  });

  it('of an empty ledger is an empty ledger', async () => {
    const [dir, target] = [await newFolder(), await newFolder()];
    const { genesis } = await open(dir);
    expect(await copyLedger({ from: dir, to: target })).toMatchObject({ count: 0, ledgerId: genesis.ledgerId });
    expect((await open(target)).genesis).toEqual(genesis);
  });

  it('that was interrupted leaves no ledger, and is made by the next run', async () => {
    const [dir, target] = [await newFolder(), await newFolder()];
    await ledger(dir);
    for (const phase of ['copying', 'checking', 'comparing']) {
      const stop = new AbortController();
      const onProgress = (progress: CopyProgress) => progress.phase === phase && stop.abort(new NotCopiedError(`stopped while ${phase}`));
      await expect(copyLedger({ from: dir, to: target, pages: 5, signal: stop.signal, onProgress })).rejects.toThrow(
        `stopped while ${phase}`,
      );
      expect(await namesIn(target)).toEqual([]);
    }
    await writeFile(join(target, 'ledger.db.partial'), 'of a run that was killed');
    await expect(openStore(target)).rejects.toThrow(/has no ledger\.db, but ledger\.db\.partial/);
    await copyLedger({ from: dir, to: target });
    expect(await namesIn(target)).toEqual([LEDGER_FILE]);
  });

  it.each<[string, (copy: Database.Database) => void, RegExp]>([
    [
      'another text',
      (copy) => copy.exec(`DROP TRIGGER events_are_never_changed; UPDATE events SET data = '{"n":7}' WHERE position = 9`),
      /is not the ledger, and was removed: they are alike for 7 events only/,
    ],
    [
      'an event less',
      (copy) => copy.exec('DROP TRIGGER events_are_never_deleted; DELETE FROM events WHERE position = (SELECT max(position) FROM events)'),
      /is not the ledger, and was removed/,
    ],
    [
      'a text that is no JSON',
      (copy) => copy.exec(`DROP TRIGGER events_are_never_changed; UPDATE events SET data = '{' WHERE position = 9`),
      /is damaged, and was removed: The event at position 9 \(contract-\S+, revision 2\) has data that is not JSON/,
    ],
    [
      'another first record',
      (copy) =>
        copy.exec(`DROP TRIGGER events_are_never_changed; UPDATE events SET data = json_set(data, '$.timeZone', 'UTC') WHERE position = 1`),
      /one of another ledger/,
    ],
  ])('that has %s is found out and removed', async (_, change, message) => {
    // prettier-ignore
    const [dir, target] = [await newFolder(), await newFolder()];
    await ledger(dir);
    const backup = Database.prototype.backup;
    jest.spyOn(Database.prototype, 'backup').mockImplementation(async function (this: Database.Database, file, options) {
      const result = await backup.call(this, file, options);
      const copy = new Database(file);
      change(copy);
      copy.close();
      return result;
    });
    await expect(copyLedger({ from: dir, to: target })).rejects.toThrow(message);
    expect(await namesIn(target)).toEqual([]);
  });

  it('is refused without a ledger, and over another one', async () => {
    const [dir, empty, target] = [await newFolder(), await newFolder(), await newFolder()];
    await ledger(dir);
    const copying = (more: Partial<CopyOptions>) => copyLedger({ from: dir, to: target, ...more });
    await expect(copying({ from: empty })).rejects.toThrow(`${empty} holds no ledger.db: there is nothing to copy.`);
    await writeFile(join(empty, LEDGER_FILE), '');
    await expect(copying({ from: empty })).rejects.toThrow(/holds no ledger: its first record is not there/);
    expect(await readdir(target)).toEqual([]);
    await expect(copying({ to: dir })).rejects.toThrow(`${dir} holds a ledger already.`);
    await copying({});
    const before = await stat(join(target, LEDGER_FILE));
    await expect(copying({})).rejects.toThrow(`${target} holds a ledger already. Name another folder: no copy is ever overwritten.`);
    expect((await stat(join(target, LEDGER_FILE))).ino).toBe(before.ino);
  });

  it('is refused where another one is being made', async () => {
    const [dir, target] = [await newFolder(), await newFolder()];
    await ledger(dir);
    const first = copyLedger({ from: dir, to: target, pages: 5 });
    await expect(copyLedger({ from: dir, to: target })).rejects.toThrow(`${target} is in use by another process.`);
    await first;
  });
});

describe('a restored ledger', () => {
  it('is the ledger of the backup, and records on from there', async () => {
    const [dir, backup] = [await newFolder(), await newFolder()];
    const store = await ledger(dir);
    const { count } = await copyLedger({ from: dir, to: backup });
    const stream = freshStream();
    for (let n = 0; n < 10; n++) await store.append(stream, n - 1, facts(1));
    const { genesis } = store;
    const log = await wholeLog(store);
    await store.close();
    await rm(dir, { recursive: true });
    expect(await copyLedger({ from: backup, to: dir, intoEmpty: true })).toMatchObject({ ledgerId: genesis.ledgerId, count });
    const restored = await open(dir);
    expect(restored.genesis).toEqual(genesis);
    expect(await wholeLog(restored)).toEqual(log.slice(0, -10));
    expect(await restored.append(stream, -1, facts(1))).toMatchObject({ revision: 0 });
  });

  it('is never put beside anything else', async () => {
    const [dir, target] = [await newFolder(), await newFolder()];
    await ledger(dir);
    await writeFile(join(target, 'read-model.db'), '');
    await expect(copyLedger({ from: dir, to: target, intoEmpty: true })).rejects.toThrow(`${target} is not empty: it holds read-model.db.`);
    expect(await readdir(target)).toEqual(['read-model.db']);
  });
});
