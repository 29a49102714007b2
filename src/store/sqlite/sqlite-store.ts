import Database from 'better-sqlite3';
import { join } from 'node:path';
import { canonical, type NewEvent, type RecordedEvent } from '../../kernel/index.js';
import {
  InvalidPositionError,
  OutcomeUnknownError,
  PositionOfAnotherStoreError,
  StoreUnavailableError,
  WrongExpectedRevisionError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import { Signal } from '../signal.js';
import { codeOf, lockFolder, UnsupportedFormatError, openFile } from './folder.js';
import { Heads, COLUMNS, recordedOf, textsOf, type EventRow } from './rows.js';

/** Where a folder has its ledger. */
export const LEDGER_FILE = 'ledger.db';
const FORMAT = 1;
export const GENESIS = 'genesis';
/** Appends that share one commit at most: bounds the time that others wait for it. */
const BATCH = 512;

export interface SqliteStoreOptions {
  readonly dir: string;
  /** For a new ledger; an existing one keeps its own. */
  readonly timeZone: string;
  /** What a new ledger begins with, when it is to be one that already exists elsewhere. */
  readonly genesis?: Genesis;
  now(): string;
  newId(): string;
}

interface Pending {
  readonly stream: string;
  readonly expected: Revision;
  /** As they were when the call came: what the caller does with the events afterwards changes nothing. */
  readonly rows: readonly ReturnType<typeof textsOf>[];
  resolve(appended: Appended): void;
  reject(error: Error): void;
}

/**
 * One SQLite file, one writer. Appends that arrive together are committed together, each checked on its own, and answered only after
 * the commit is on disk (WAL, synchronous=FULL). A commit that fails on I/O leaves its outcome unknown: the store then refuses every
 * further append until it is opened anew, since what the operating system still holds in memory may not be on the disk.
 */
export class SqliteStore implements EventStore {
  readonly kind = 'sqlite';
  readonly genesis: Genesis;
  /** How many commits were made, for metrics. */
  commits = 0;
  readonly #db: Database.Database;
  readonly #release: () => void;
  readonly #insert: Database.Statement;
  readonly #ofStream: Database.Statement<[string, number, number], EventRow<number>>;
  readonly #ofLog: Database.Statement<[number, number], EventRow<number>>;
  readonly #headOf: Database.Statement<[string], { revision: number }>;
  readonly #last: Database.Statement<[], { position: number | null }>;
  readonly #heads = new Heads((stream) => this.#headOf.get(stream)?.revision);
  #pending: Pending[] = [];
  #scheduled = false;
  #broken: Error | undefined;
  #closed = false;
  readonly #waiting = new Signal();
  readonly #onCommit: (() => void)[] = [];

  private constructor(options: SqliteStoreOptions) {
    const { dir } = options;
    this.#release = lockFolder(dir);
    this.#db = new Database(join(dir, LEDGER_FILE));
    try {
      openFile(this.#db, 'FULL');
      this.#db.exec(`
        CREATE TABLE IF NOT EXISTS events (position INTEGER PRIMARY KEY, ${COLUMNS}) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS events_by_stream ON events (stream, revision);
      `);
      this.#insert = this.#db.prepare('INSERT INTO events (stream, revision, id, type, data, metadata) VALUES (?, ?, ?, ?, ?, ?)');
      this.#ofStream = this.#db.prepare('SELECT * FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?');
      this.#ofLog = this.#db.prepare(`SELECT * FROM events WHERE position > ? AND stream <> '${GENESIS}' ORDER BY position LIMIT ?`);
      this.#headOf = this.#db.prepare('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1');
      this.#last = this.#db.prepare('SELECT max(position) AS position FROM events');
      this.genesis = this.#open(options);
    } catch (error) {
      this.#db.close();
      this.#release();
      throw error;
    }
  }

  /** @throws FolderInUse, NewerFormat, UnsafeSqlite */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    return new SqliteStore(options);
  }

  /** What the writer's connection runs with, read back from it. */
  get settings(): { readonly journalMode: string; readonly synchronous: number } {
    const read = (name: string) => this.#db.pragma(name, { simple: true });
    return { journalMode: read('journal_mode') as string, synchronous: read('synchronous') as number };
  }

  async read(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.#mustBeOpen();
    if (from > this.#heads.of(stream)) return [];
    return this.#ofStream.all(stream, from, limit).map(recordedOf);
  }

  append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    if (events.length === 0) return Promise.reject(new TypeError('An append needs at least one event.'));
    if (this.#closed || this.#broken) return Promise.reject(new StoreUnavailableError(this.#broken?.message ?? 'The store is closed.'));
    return new Promise((resolve, reject) => {
      this.#pending.push({ stream, expected, rows: events.map(textsOf), resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  /**
   * Takes over the events that stand next in another store, of many streams and in its order: all of them or none, in one commit.
   * @throws WrongExpectedRevision when one does not follow what stands here
   */
  async adopt(events: readonly RecordedEvent[]): Promise<void> {
    while (this.#pending.length > 0) this.#flush();
    if (this.#closed || this.#broken) throw new StoreUnavailableError(this.#broken?.message ?? 'The store is closed.');
    const rows = events.map((event) => [event.stream, event.revision, textsOf(event)] as const);
    const heads = new Map<string, Revision>();
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const [stream, revision, texts] of rows) {
        const actual = heads.get(stream) ?? this.#heads.of(stream);
        if (actual !== revision - 1) throw new WrongExpectedRevisionError(stream, revision - 1, actual);
        this.#insert.run(stream, revision, ...texts);
        heads.set(stream, revision);
      }
      this.#db.exec('COMMIT');
    } catch (error) {
      throw this.#undo(error);
    }
    this.#committed(heads, []);
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.#mustBeOpen();
    return this.#ofLog.all(after === undefined ? 0 : numberOf(after), limit).map(recordedOf);
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = 500): AsyncIterable<readonly RecordedEvent[]> {
    let at = after;
    if (at !== undefined) numberOf(at);
    while (!signal.aborted && !this.#closed) {
      const page = await this.readAll(at, limit);
      if (page.length > 0) {
        yield page;
        at = page.at(-1)!.position;
      } else await this.#moreOr(signal, at);
    }
  }

  async head(): Promise<string | undefined> {
    this.#mustBeOpen();
    const position = this.#last.get()!.position;
    return position === null || position <= 1 ? undefined : String(position);
  }

  onCommit(listener: () => void): void {
    this.#onCommit.push(listener);
  }

  compare(a: string, b: string): number {
    return numberOf(a) - numberOf(b);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    while (this.#pending.length > 0) this.#flush();
    this.#closed = true;
    this.#waiting.notifyAll();
    if (!this.#broken) this.#db.pragma('wal_checkpoint(TRUNCATE)');
    this.#db.close();
    this.#release();
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('The store is closed.');
  }

  #open({ genesis, timeZone, now, newId }: SqliteStoreOptions): Genesis {
    const [first] = this.#ofStream.all(GENESIS, 0, 1);
    if (first) {
      const genesis = JSON.parse(first.data) as Genesis;
      if (genesis.formatVersion > FORMAT)
        throw new UnsupportedFormatError(`This ledger has format ${genesis.formatVersion}; this program knows ${FORMAT}.`);
      return genesis;
    }
    const fresh = genesis ?? { ledgerId: newId(), formatVersion: FORMAT, timeZone, createdAt: now() };
    this.#insert.run(GENESIS, 0, newId(), 'LedgerOpened', JSON.stringify(fresh), '{}');
    return fresh;
  }

  #flush(): void {
    const batch = this.#pending.splice(0, BATCH);
    this.#scheduled = this.#pending.length > 0;
    if (this.#scheduled) setImmediate(() => this.#flush());
    if (batch.length === 0) return;
    const answers: (() => void)[] = [];
    const heads = new Map<string, Revision>();
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const pending of batch) answers.push(this.#write(pending, heads));
      this.#db.exec('COMMIT');
    } catch (error) {
      const failed = this.#undo(error);
      for (const { reject } of batch) reject(failed);
      return;
    }
    this.#committed(heads, answers);
  }

  #committed(heads: ReadonlyMap<string, Revision>, answers: readonly (() => void)[]): void {
    this.commits++;
    for (const [stream, revision] of heads) this.#heads.moved(stream, revision);
    for (const answer of answers) answer();
    this.#waiting.notifyAll();
    for (const listener of this.#onCommit) listener();
  }

  #write({ stream, expected, rows, resolve, reject }: Pending, heads: Map<string, Revision>): () => void {
    const actual = heads.get(stream) ?? this.#heads.of(stream);
    if (actual !== expected) {
      const there = this.#alreadyThere(stream, expected, rows);
      return () => (there ? resolve(there) : reject(new WrongExpectedRevisionError(stream, expected, actual)));
    }
    let position: number | bigint = 0;
    rows.forEach((row, i) => {
      position = this.#insert.run(stream, expected + 1 + i, ...row).lastInsertRowid;
    });
    const appended = { revision: expected + rows.length, position: String(position) };
    heads.set(stream, appended.revision);
    return () => resolve(appended);
  }

  /** The same append sent again: the same events stand right after the expected revision. */
  #alreadyThere(stream: string, expected: Revision, rows: Pending['rows']): Appended | undefined {
    const there = this.#ofStream.all(stream, expected + 1, rows.length);
    if (there.length !== rows.length || !there.every((row, i) => isSame(row, rows[i]!))) return undefined;
    const last = there.at(-1)!;
    return { revision: last.revision, position: String(last.position) };
  }

  /** Rolls back; says what the callers are to be told. */
  #undo(cause: unknown): Error {
    try {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
    } catch {
      // the connection is not used for writing again
    }
    this.#heads.clear();
    if (cause instanceof WrongExpectedRevisionError) return cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    if (/^SQLITE_(FULL|CONSTRAINT|TOOBIG|NOMEM|BUSY)/.test(codeOf(cause)))
      return new StoreUnavailableError(`Nothing was stored: ${message}`);
    this.#broken = new Error(`The last commit failed (${message}); open the ledger anew.`);
    return new OutcomeUnknownError(message);
  }

  #moreOr(signal: AbortSignal, at: string | undefined): Promise<void> {
    const from = at === undefined ? 1 : numberOf(at);
    return this.#waiting.wait(signal, () => this.#closed || (this.#last.get()!.position ?? 0) > from);
  }
}

const isSame = (there: EventRow<number>, [id, type, ...sent]: Pending['rows'][number]): boolean =>
  there.id === id &&
  there.type === type &&
  [there.data, there.metadata].every((text, i) => text === sent[i] || canonical(JSON.parse(text)) === canonical(JSON.parse(sent[i]!)));

const numberOf = (position: string): number => {
  if (!/^(0|[1-9]\d{0,14})$/.test(position))
    throw new (/^k\d{1,20}(\.\d{1,20})?$/.test(position) ? PositionOfAnotherStoreError : InvalidPositionError)(
      `${JSON.stringify(position.slice(0, 40))} is not a position of this ledger.`,
    );
  return Number(position);
};
