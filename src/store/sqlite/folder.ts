import Database from 'better-sqlite3';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Another process keeps its ledger in this folder. */
export class FolderInUseError extends Error {
  override readonly name = 'FolderInUseError';
  readonly code = 'folder-in-use';
  constructor(readonly folder: string) {
    super(`${folder} is in use by another process.`);
  }
}

/** The ledger in this folder was written in a format that this program does not know. */
export class UnsupportedFormatError extends Error {
  override readonly name = 'UnsupportedFormatError';
  readonly code = 'unsupported-format';
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

/** Holds a folder until released; a killed process leaves it free. @throws FolderInUse */
export const lockFolder = (folder: string): (() => void) => {
  mkdirSync(folder, { recursive: true });
  const lock = new Database(join(folder, 'ledger.lock'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (codeOf(error).startsWith('SQLITE_BUSY')) throw new FolderInUseError(folder);
    throw error;
  }
  return () => lock.close();
};

/** Writes ahead. FULL waits for the disk at each commit; NORMAL may lose the last ones to a power cut, never the file. @throws UnsafeSqlite */
export const openFile = (db: Database.Database, synchronous: 'FULL' | 'NORMAL'): void => {
  refuseUnsafe(db.prepare<[], { v: string }>('SELECT sqlite_version() AS v').get()!.v);
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${synchronous}`);
  db.pragma('wal_autocheckpoint = 4000');
  db.pragma('cache_size = -8000');
};

export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
