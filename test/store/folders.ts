import { afterAll, afterEach } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore, type SqliteStoreOptions } from '../../src/store/sqlite/sqlite-store.js';
import { newId } from './event-store.contract.js';

/** Empty folders that are removed when the tests of a file have ended. */
export const newFolders = (): (() => Promise<string>) => {
  const folders: string[] = [];
  afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));
  return async () => {
    folders.push(await mkdtemp(join(tmpdir(), 'tower-ledger-store-')));
    return folders.at(-1)!;
  };
};

/** The ledger of a folder, or a new one. */
export const openStore = (dir: string, more: Partial<SqliteStoreOptions> = {}): Promise<SqliteStore> =>
  SqliteStore.open({ dir, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId, ...more });

/** As `openStore`, closed after each test. */
export const openStores = (): typeof openStore => {
  const opened: SqliteStore[] = [];
  afterEach(async () => void (await Promise.all(opened.splice(0).map((store) => store.close()))));
  return async (dir, more) => {
    opened.push(await openStore(dir, more));
    return opened.at(-1)!;
  };
};
