import Database from 'better-sqlite3';
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';

/** Another process keeps its ledger in this folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
  readonly code = 'folder-in-use';
  constructor(readonly folder: string) {
    super(`${folder} is in use by another process.`);
  }
}

/** A folder cannot be made or used. */
export class FolderError extends Error {
  override readonly name = 'FolderError';
  readonly code = 'no-folder';
}

/** This SQLite can lose acknowledged records. */
export class UnsafeSqliteError extends Error {
  override readonly name = 'UnsafeSqliteError';
  readonly code = 'unsafe-sqlite';
}

/**
 * Refuses a SQLite with the WAL-reset bug, 3.7.0 to 3.51.2: a checkpoint that races a writer can corrupt the file.
 * Source: https://sqlite.org/wal.html
 */
export const refuseUnsafe = (version: string): void => {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const number = major * 1_000_000 + minor * 1000 + patch;
  if (number < 3_051_003) throw new UnsafeSqliteError(`SQLite ${version} has the WAL-reset bug; 3.51.3 or newer is needed.`);
};

/** Whether a path is a folder or lies in it: `data2` does not lie in `data`. */
export const isWithin = (path: string, folder: string): boolean => {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

export const LOCK_FILE = 'ledger.lock';

/** Holds a folder until released; a killed process leaves it free. @throws FolderInUseError, FolderError */
export const lockFolder = (folder: string): (() => void) => {
  makePrivateFolder(folder);
  const file = join(folder, LOCK_FILE);
  makePrivateFile(file);
  const lock = new Database(file, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) throw new FolderInUseError(folder);
    throw error;
  }
  return () => lock.close();
};

/** Makes a folder, mode 0700, with those above it; takes from one that exists what others may do there. */
const makePrivateFolder = (folder: string): void => {
  try {
    makeFolders(folder);
  } catch (cause) {
    const isFile = /^(EEXIST|ENOTDIR)$/.test(codeOf(cause));
    throw new FolderError(isFile ? `${folder}, or what it should lie in, is a file.` : (cause as Error).message, { cause });
  }
  try {
    tighten(folder, 0o700);
  } catch (error) {
    // A mounted volume may belong to another user. What matters more, the files, is private all the same.
    if (codeOf(error) !== 'EPERM') throw error;
  }
};

/** Not by `recursive`: below /proc, where nothing can be made, that never ends. */
const makeFolders = (folder: string): void => {
  const above = dirname(folder);
  if (above !== folder && !existsSync(above)) makeFolders(above);
  try {
    mkdirSync(folder, 0o700);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST' || !statSync(folder).isDirectory()) throw error;
  }
};

/** Makes an empty file, mode 0600, where there is none; takes from one that exists what others may do with it. */
export const makePrivateFile = (file: string): void => {
  closeSync(openSync(file, 'a', 0o600));
  tighten(file, 0o600);
};

const tighten = (path: string, mode: number): void => {
  if ((statSync(path).mode & 0o777 & ~mode) !== 0) chmodSync(path, mode);
};

/** Writes ahead. FULL waits for the disk at each commit; NORMAL may lose the last ones to a power cut, never the file. @throws UnsafeSqliteError */
export const openFile = (db: Database.Database, synchronous: 'FULL' | 'NORMAL'): void => {
  refuseUnsafe(db.prepare<[], { v: string }>('SELECT sqlite_version() AS v').get()!.v);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma('wal_autocheckpoint = 4000');
  db.pragma('cache_size = -8000');
};

export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
