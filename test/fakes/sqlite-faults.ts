import { jest } from '@jest/globals';
import Database from 'better-sqlite3';

const exec = Database.prototype.exec;

export interface Fault {
  /** The text of the statement that fails. */
  readonly sql: 'BEGIN IMMEDIATE' | 'COMMIT' | 'ROLLBACK';
  /** SQLite's error code. */
  readonly code: string;
  /** Whether the statement takes effect before it fails, like a COMMIT whose frames are in the file when the fsync fails. */
  readonly done?: boolean;
}

/** Makes these statements fail, each once and in this order, on every connection of the test file. `jest.restoreAllMocks` ends it. */
export const injectFaults = (...faults: Fault[]): void => {
  jest.spyOn(Database.prototype, 'exec').mockImplementation(function (this: Database.Database, sql: string) {
    if (sql !== faults[0]?.sql) return exec.call(this, sql);
    const { code, done } = faults.shift()!;
    if (done) exec.call(this, sql);
    throw new Database.SqliteError(`injected ${code}`, code);
  });
};
