import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { examineLedger, type Examined } from '../../src/store/sqlite/examination.js';
import { FolderError, isWithin, LOCK_FILE, lockFolder, refuseUnsafe, UnsafeSqliteError } from '../../src/store/sqlite/folder.js';
import { copyLedger, type CopyProgress } from '../../src/store/sqlite/ledger-copy.js';
import { LEDGER_FILE } from '../../src/store/sqlite/sqlite-store.js';
import { facts, freshStream } from './event-store.contract.js';
import { newFolders, openStores } from './folders.js';

const newFolder = newFolders();
const open = openStores();

describe('a folder for a ledger', () => {
  it('cannot be a file, nor lie in one', async () => {
    const file = join(await newFolder(), 'a-file');
    await writeFile(file, '');
    for (const folder of [file, join(file, 'data')]) {
      expect(() => lockFolder(folder)).toThrow(FolderError);
      expect(() => lockFolder(folder)).toThrow(`${folder}, or what it should lie in, is a file.`);
    }
    await expect(open(file)).rejects.toMatchObject({ code: 'no-folder', cause: { code: 'EEXIST' } });
  });

  it('that cannot be made says why', async () => {
    const folder = join(await newFolder(), 'x'.repeat(300));
    expect(() => lockFolder(folder)).toThrow(FolderError);
    expect(() => lockFolder(folder)).toThrow(/ENAMETOOLONG/);
    expect(() => lockFolder('/proc/nobody/ledger')).toThrow(FolderError); // nothing can be made there
  });

  it('whose lock is no database is not held', async () => {
    const folder = await newFolder();
    await writeFile(join(folder, LOCK_FILE), 'not a database '.repeat(100));
    for (let n = 0; n < 2; n++) expect(() => lockFolder(folder)).toThrow(expect.objectContaining({ code: 'SQLITE_NOTADB' }));
    await writeFile(join(folder, LOCK_FILE), '');
    lockFolder(folder)();
  });

  it('is made with those above it, and held until it is released', async () => {
    const folder = join(await newFolder(), 'above', 'data');
    const release = lockFolder(folder);
    expect(() => lockFolder(folder)).toThrow(`${folder} is in use by another process.`);
    release();
    lockFolder(folder)();
  });
});

it.each([
  ['3.51', true],
  ['3.52', false],
  ['4', false],
  ['', true],
])('SQLite %j can lose records: %s', (version, unsafe) => {
  if (unsafe) expect(() => refuseUnsafe(version)).toThrow(UnsafeSqliteError);
  else expect(() => refuseUnsafe(version)).not.toThrow();
});

describe('the examination of a ledger', () => {
  const examined = async (db: Database.Database, between: (found: Examined) => void = () => undefined): Promise<Examined[]> => {
    const all: Examined[] = [];
    for await (const found of examineLedger(db)) {
      all.push(found);
      between(found);
    }
    return all;
  };

  it('ends with a finding at a file without events', async () => {
    expect(await examined(new Database(':memory:'))).toEqual([
      { part: 'file', ok: true, detail: 'SQLite finds every page sound' },
      { part: 'events', ok: false, detail: 'no such table: events' },
    ]);
  });

  it('says after which event a file cannot be read any more', async () => {
    const dir = await newFolder();
    const store = await open(dir);
    const stream = freshStream();
    await store.append(stream, -1, facts(250));
    await store.close();
    await store.close();
    const [db, other] = [new Database(join(dir, LEDGER_FILE)), new Database(join(dir, LEDGER_FILE))];
    const examining = examined(db);
    await new Promise(setImmediate); // the first page of events was read
    other.exec('DROP TABLE events');
    expect((await examining).at(-1)).toEqual({
      part: 'events',
      ok: false,
      detail: `What follows position 200 (${stream}, revision 198) cannot be read: no such table: events`,
    });
    for (const one of [db, other]) one.close();
  });
});

it('a ledger without events can be copied: all of it is compared', async () => {
  const [dir, to] = [await newFolder(), join(await newFolder(), 'copy')];
  await open(dir);
  await mkdir(to);
  const phases: CopyProgress[] = [];
  expect(await copyLedger({ from: dir, to, onProgress: (progress) => phases.push(progress) })).toMatchObject({ count: 0 });
  expect([...new Set(phases.map(({ phase }) => phase))].slice(0, 2)).toEqual(['copying', 'checking']);
});

it.each([
  ['data', true],
  ['data/ledger.db', true],
  ['./data/../data/proof/key.pem', true],
  ['data2/ledger.db', false],
  ['data/../other', false],
  ['.', false],
  ['data/..old', true],
])('finds whether %s lies in the folder data: %s', (path, lies) => {
  expect([isWithin(path, 'data'), isWithin(resolve(path), 'data/'), isWithin(path, resolve('data'))]).toEqual([lies, lies, lies]);
});
