import Database from 'better-sqlite3';
import { hash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { genesisIn, type Genesis } from '../event-store.js';
import { codeOf, makePrivateFile, openFile, UnsafeSqliteError } from './folder.js';
import { COLUMNS } from './rows.js';

/** The ledger's file in its folder. */
export const LEDGER_FILE = 'ledger.db';
/** A copy that is being made, by a backup or a restore: no program takes it for a ledger. */
export const PARTIAL_FILE = `${LEDGER_FILE}.partial`;
/** Beside a ledger's file while another ledger is copied into it event by event: no program takes such a beginning for the whole. */
const UNFINISHED = '.unfinished';
/** The stream of the first record. */
export const GENESIS = 'genesis';
/** What SQLite keeps beside a file. */
const SIDE_FILES = ['-wal', '-shm', '-journal'];

const TABLES = `CREATE TABLE events (position INTEGER PRIMARY KEY, ${COLUMNS}) STRICT;`;
/** Whatever program opens the file. A file from which they were dropped gets them again: appends rely on the index. */
const GUARDS = `
  CREATE UNIQUE INDEX IF NOT EXISTS events_by_stream ON events (stream, revision);
  CREATE TRIGGER IF NOT EXISTS events_are_never_changed BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'An event is never changed.'); END;
  CREATE TRIGGER IF NOT EXISTS events_are_never_deleted BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'An event is never deleted.'); END;
`;

/** There is no ledger to open where one is expected, or it cannot be read: the message says what the operator can do. */
export class NoLedgerError extends Error {
  override readonly name = 'NoLedgerError';
  readonly code = 'no-ledger';
}

/** What the last process wrote could not be made durable. */
export class CheckpointError extends Error {
  override readonly name = 'CheckpointError';
  readonly code = 'no-checkpoint';
}

export interface NewLedger {
  readonly genesis: Genesis;
  /** Of the first record. */
  readonly id: string;
}

export interface OpenLedger {
  readonly db: Database.Database;
  readonly genesis: Genesis;
  /** What must stay where it is as long as the ledger is open. */
  readonly files: readonly string[];
  /** Of these, the file itself: its WAL lies beside it. */
  readonly file: string;
}

/**
 * Opens the ledger of a locked folder for reading and writing, or makes one where nothing is left of another. All that it holds is durable
 * when this returns: after a failed fsync, records may have stayed in memory only, and the checkpoint writes them again.
 * @throws NoLedgerError, UnsupportedFormatError, CheckpointError, UnsafeSqliteError
 */
export const openLedgerFile = (dir: string, begin: () => NewLedger, isCopy = false): OpenLedger => {
  const name = join(dir, LEDGER_FILE);
  if (!isCopy) refuseUnfinished(name);
  removeFile(`${name}.new`); // from a creation that was interrupted: nothing was ever accepted into it
  if (!readdirSync(dir).includes(LEDGER_FILE)) {
    refuseRemains(dir);
    if (isCopy) markUnfinished(name);
    createLedgerFile(dir, begin());
  }
  if (!existsSync(name)) throw new NoLedgerError(`${name} is a link to a file that is not there: is everything mounted?`);
  const file = realpathSync(name); // SQLite keeps the WAL beside the file itself
  for (const path of [file, ...SIDE_FILES.map((suffix) => file + suffix)]) if (existsSync(path)) makePrivateFile(path);
  const db = new Database(file, { timeout: OPENING_MS });
  try {
    const genesis = readGenesis(db, file);
    openFile(db, 'FULL');
    if (db.pragma('journal_mode', { simple: true }) !== 'wal')
      throw new UnsafeSqliteError(`SQLite cannot write ahead (WAL) on the file system of ${file}.`);
    checkpoint(db, file);
    guard(db, file);
    db.pragma(`busy_timeout = ${BUSY_MS}`);
    return { db, genesis, files: [name, file, `${file}-wal`, `${file}-shm`], file };
  } catch (error) {
    db.close();
    throw error;
  }
};
/** How long the opening waits for other processes, such as a backup; and an append, once it is open. The thread is blocked meanwhile. */
const OPENING_MS = 10_000;
const BUSY_MS = 100;

/** The first record of a ledger's file. @throws NoLedgerError, UnsupportedFormatError */
export const readGenesis = (db: Database.Database, file: string): Genesis => {
  let genesis: Genesis | undefined;
  try {
    const first = db.prepare<[], { data: string }>(`SELECT data FROM events WHERE stream = '${GENESIS}' AND revision = 0`).get();
    genesis = first && genesisIn(JSON.parse(first.data));
  } catch (error) {
    if (/^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(error)))
      throw new NoLedgerError(`${file} is damaged, or no SQLite database (${(error as Error).message}). Restore a backup: npm run restore.`, { cause: error }); // prettier-ignore
    // No such table or column, or no JSON: it is no ledger. All else says nothing about the file.
    if (codeOf(error) !== 'SQLITE_ERROR' && !(error instanceof SyntaxError)) throw error;
  }
  if (genesis) return genesis;
  throw new NoLedgerError(
    `${file} holds no ledger: its first record is not there. A copy of ${LEDGER_FILE} alone misses what is in ${LEDGER_FILE}-wal. ` +
      `Restore a backup (npm run restore), or delete the file, and read-model.db beside it, if a new ledger is meant.`,
  );
};

/** @throws NoLedgerError where the index was dropped, and what was stored since does not allow it again */
const guard = (db: Database.Database, file: string): void => {
  try {
    db.exec(GUARDS);
  } catch (error) {
    if (codeOf(error) !== 'SQLITE_CONSTRAINT_UNIQUE') throw error;
    const { stream, revision } = db.prepare<[], { stream: string; revision: number }>('SELECT stream, revision FROM events GROUP BY stream, revision HAVING count(*) > 1').get()!; // prettier-ignore
    throw new NoLedgerError(`${file} is damaged: ${stream} has more than one event of revision ${revision}. Restore a backup: npm run restore.`, { cause: error }); // prettier-ignore
  }
};

const markOf = (file: string): string => (existsSync(file) ? realpathSync(file) : file) + UNFINISHED;
/** @throws NoLedgerError where the file holds the beginning of a ledger only */
export const refuseUnfinished = (file: string): void => {
  if (!existsSync(markOf(file))) return;
  throw new NoLedgerError(
    `${file} holds the beginning of a ledger only: a migration into it was interrupted. Run the same migration again, which goes on there, or delete the folder.`, // prettier-ignore
  );
};
/** Durably, before the first event is copied. */
export const markUnfinished = (file: string): void => {
  const mark = markOf(file);
  makePrivateFile(mark);
  sync(dirname(mark));
};
/** What was copied is the whole. */
export const markFinished = (file: string): void => rmSync(markOf(file), { force: true });

const refuseRemains = (dir: string): void => {
  const remains = [`${LEDGER_FILE}-wal`, PARTIAL_FILE, 'read-model.db'].filter((name) => existsSync(join(dir, name)));
  if (remains.length === 0) return;
  throw new NoLedgerError(
    `${dir} has no ${LEDGER_FILE}, but ${remains.join(' and ')}: a ledger was here. ` +
      `Restore a backup (npm run restore), or delete ${remains.join(' and ')} if a new ledger is meant.`,
  );
};

/** A number in the header of the file, which differs from that of another ledger's file. */
const markOfLedger = ({ ledgerId }: Genesis): number => Number.parseInt(hash('sha1', ledgerId).slice(0, 7), 16);

/** Makes a ledger beside its final name, so that a crash leaves a whole ledger or none. */
const createLedgerFile = (dir: string, { genesis, id }: NewLedger): void => {
  const file = join(dir, LEDGER_FILE);
  const made = `${file}.new`;
  makePrivateFile(made);
  const db = new Database(made);
  try {
    db.pragma('page_size = 8192'); // an event takes some 1.3 kB: less of a page is left over than of one of 4 kB
    openFile(db, 'FULL');
    db.exec(TABLES + GUARDS);
    db.prepare('INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, 0, ?, ?, ?, ?)').run(
      GENESIS,
      id,
      'LedgerOpened',
      JSON.stringify(genesis),
      '{}',
    );
    db.pragma(`user_version = ${markOfLedger(genesis)}`);
    checkpoint(db, made);
  } finally {
    db.close();
  }
  publishFile(made, file);
  try {
    sync(dirname(dir)); // the folder may be new as well
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error;
  }
};

/** Gives a complete file its final name, durably. */
export const publishFile = (made: string, file: string): void => {
  sync(made);
  renameSync(made, file);
  sync(dirname(file));
};

/** Removes a file with what SQLite keeps beside it, where they exist. */
export const removeFile = (file: string): void => {
  for (const suffix of ['', ...SIDE_FILES]) rmSync(file + suffix, { force: true });
};

const sync = (path: string): void => {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

/** Writes what the WAL holds into the file, and waits until that is on the disk. */
const checkpoint = (db: Database.Database, file: string): void => {
  const refuse = (reason: string, cause?: unknown): never => {
    throw new CheckpointError(`What ${file}-wal holds could not be written into ${file}: ${reason}. Nothing was accepted; start again when that has ended.`, { cause }); // prettier-ignore
  };
  let busy: boolean;
  try {
    busy = (db.pragma('wal_checkpoint(FULL)') as [{ busy: number }])[0].busy !== 0;
    // Cuts the WAL as well, unless another process reads from it.
    db.pragma('busy_timeout = 0');
    db.pragma('wal_checkpoint(TRUNCATE)');
  } catch (error) {
    return refuse((error as Error).message, error);
  }
  if (busy) refuse('another process, such as a backup, still reads an older state');
};
