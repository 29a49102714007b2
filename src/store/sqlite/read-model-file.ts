import Database from 'better-sqlite3';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ReadModelDamagedError, type ReadModel, type ReadModelFile, type ReadModelReader } from '../read-model.js';
import { makePrivateFile } from './folder.js';
import { ReadModelQueries, readModelError } from './read-model-queries.js';
import { SHAPE, TABLES } from './read-model-tables.js';
import { SqliteReadModel } from './sqlite-read-model.js';
import { Statements } from './statements.js';
import { watchFiles } from './watch.js';

/** Pages of the WAL that are copied into the file at once, 48 MB: the same pages change again and again, and are copied once. */
const WAL_PAGES = 12_000;

/** Damaged files that are kept. */
const KEPT = 3;

/**
 * A SQLite file of its own beside the log. No connection waits for a lock. A commit does not wait for the disk, since what a power cut
 * takes is read from the log again.
 */
export class SqliteReadModelFile implements ReadModelFile {
  constructor(readonly file: string) {}

  /** @throws ReadModelDamagedError, ReadModelUnavailableError */
  prepare(owner: string): void {
    const mine = `${SHAPE} ${owner}`;
    if (existsSync(this.file)) {
      if (this.#ownerIn() === mine) return;
      this.remove();
    }
    this.#opened((db) => {
      db.exec('BEGIN IMMEDIATE');
      db.exec(TABLES);
      db.prepare(`INSERT INTO about VALUES ('owner', ?)`).run(mine);
      db.exec('COMMIT');
      db.close();
    });
  }

  write(): ReadModel {
    return this.#opened((db) => new SqliteReadModel(new Statements(db)));
  }

  read(onDamage: (error: ReadModelDamagedError) => void): ReadModelReader {
    return this.#opened((db) => new ReadModelQueries(new Statements(db), onDamage), true);
  }

  remove(): void {
    for (const suffix of ['', '-wal', '-shm']) rmSync(this.file + suffix, { force: true });
  }

  setAside(): string | undefined {
    if (!existsSync(this.file)) return void this.remove();
    const name = `${basename(this.file)}.damaged-`;
    const folder = dirname(this.file);
    const numbers = readdirSync(folder)
      .filter((other) => other.startsWith(name) && /^\d+$/.test(other.slice(name.length)))
      .map((other) => Number(other.slice(name.length)))
      .sort((a, b) => a - b);
    const aside = join(folder, `${name}${(numbers.at(-1) ?? 0) + 1}`);
    renameSync(this.file, aside);
    this.remove();
    for (const number of numbers.slice(0, Math.max(0, numbers.length + 1 - KEPT)))
      rmSync(join(folder, `${name}${number}`), { force: true });
    return aside;
  }

  watch(onGone: (error: ReadModelDamagedError) => void): () => void {
    return watchFiles([this.file], ({ message, cause }) => onGone(new ReadModelDamagedError(message, { cause })));
  }

  /** Undefined when the file is sound and holds no read model. */
  #ownerIn(): string | undefined {
    return this.#opened((db) => {
      try {
        const about = db.prepare(`SELECT count(*) AS n FROM sqlite_schema WHERE name = 'about'`).get() as { n: number };
        if (about.n === 0) return undefined;
        const owner = db.prepare(`SELECT value FROM about WHERE key IN ('owner', 'ledger')`).get() as { value: string } | undefined;
        return owner?.value;
      } finally {
        db.close();
      }
    });
  }

  #opened<T>(use: (db: Database.Database) => T, readonly = false): T {
    let db: Database.Database | undefined;
    try {
      if (!readonly) makePrivateFile(this.file); // SQLite makes its WAL with the same mode
      db = new Database(this.file, { readonly, timeout: 0 });
      if (!readonly) db.pragma('journal_mode = WAL');
      db.pragma('synchronous = NORMAL');
      db.pragma('cache_size = -16000');
      db.pragma(`wal_autocheckpoint = ${WAL_PAGES}`);
      return use(db);
    } catch (error) {
      db?.close();
      throw readModelError(error);
    }
  }
}
