import { jest } from '@jest/globals';
import Database from 'better-sqlite3';

const exec = Database.prototype.exec;

export interface Fault {
  /** The text of the statement that fails. */
  readonly sql: 'BEGIN IMMEDIATE' | 'COMMIT' | 'ROLLBACK';
  /** As SQLite gives it. */
  readonly code: string;
  /** Whether the statement has its effect all the same, as a COMMIT whose frames are in the file when the fsync fails. */
  readonly done?: boolean;
}

/** In every connection of this test file, the statements of these faults fail, each once and in this order. `jest.restoreAllMocks` ends it. */
export const injectFaults = (...faults: Fault[]): void => {
  jest.spyOn(Database.prototype, 'exec').mockImplementation(function (this: Database.Database, sql: string) {
    if (sql !== faults[0]?.sql) return exec.call(this, sql);
    const { code, done } = faults.shift()!;
    if (done) exec.call(this, sql);
    throw new Database.SqliteError(`injected ${code}`, code);
  });
};
