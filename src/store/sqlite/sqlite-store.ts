import Database from 'better-sqlite3';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { NewEvent, RecordedEvent } from '../../kernel/index.js';
import {
  FORMAT_VERSION,
  InvalidPositionError,
  OutcomeUnknownError,
  PositionOfAnotherStoreError,
  StoreFailedError,
  StoreUnavailableError,
  WrongExpectedRevisionError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../event-store.js';
import { Signal } from '../signal.js';
import { codeOf, lockFolder, LOCK_FILE } from './folder.js';
import { GENESIS, LEDGER_FILE, markFinished, markUnfinished, openLedgerFile, type NewLedger } from './ledger-file.js';
import { Heads, readableOf, textsOf, type EventRow } from './rows.js';
import { examineLedger, type Examined } from './examination.js';
import { AppendOutage, type Say } from './append-outage.js';
import { databaseOf, walOf, watchFiles, type Whole } from './watch.js';
import { LeafTable } from './leaf-table.js';
import { leafOf } from '../merkle-tree.js';
import { Draft, idsOf, isSame, waitingOf, type Waiting } from './draft.js';
import { examineTree } from './tree-examination.js';
import { prepared, Statements } from './statements.js';

export { LEDGER_FILE };

/** Appends that share one commit at most: bounds the time that others wait for it. */
const BATCH = 512;

export interface SqliteStoreOptions {
  readonly dir: string;
  /** For a new ledger; an existing one keeps its own. */
  readonly timeZone: string;
  /** What a new ledger begins with, when it is to be one that already exists elsewhere: without it, it opens only once it is all adopted. */
  readonly genesis?: Genesis;
  now(): string;
  newId(): string;
  /** Hears that appends are refused for a while, and that they are stored again. */
  readonly log?: Say;
}

interface Pending {
  readonly stream: string;
  readonly expected: Revision;
  readonly events: readonly Waiting[];
  resolve(appended: Appended): void;
  reject(error: Error): void;
}
/** What a transaction stored, and what is said of it to those who asked. */
interface Stored {
  readonly draft: Draft;
  readonly answers: readonly (() => void)[];
}

/**
 * After these SQLite has rolled back, or can, and the next transaction may succeed. Not after a position that is taken: then another
 * program writes into the file.
 */
const RECOVERABLE = /^SQLITE_(FULL|BUSY|NOMEM|CONSTRAINT(?!_PRIMARYKEY)|TOOBIG)/;
/** A COMMIT that ends with one of these has not written its last frame: nothing of it is found after a crash. */
const NOT_COMMITTED = /^SQLITE_(FULL|BUSY)/;
/** What lasts for a while, whatever is appended. */
const PASSING = /^SQLITE_(FULL|BUSY|NOMEM)/;

/**
 * One SQLite file, one writer. Appends that arrive together are committed together, each checked on its own, and answered only after
 * the commit is on disk (WAL, synchronous=FULL). The store fails for good when a COMMIT fails with anything but a full disk, a lock or
 * lack of memory, when any access meets an I/O error or corruption, and when one of its files is removed or replaced: what the operating
 * system holds in memory may then not be on the disk. It accepts nothing from then on, and reads go on as far as they can.
 */
export class SqliteStore implements EventStore {
  readonly kind = 'sqlite';
  readonly genesis: Genesis;
  /** How many commits were made, for metrics. */
  commits = 0;
  readonly #db: Database.Database;
  readonly #file: string;
  /** Closed after the database: before, that would release its locks. */
  readonly #descriptor: number;
  readonly #release: () => void;
  readonly #unwatch: () => void;
  readonly #statements: Statements;
  readonly #ofStream: Database.Statement<[string, number, number], EventRow<number>>;
  readonly #ofLog: Database.Statement<[number, number], EventRow<number>>;
  readonly #ofEnd: Database.Statement<[number], EventRow<number>>;
  readonly #headOf: Database.Statement<[string], { revision: number }>;
  readonly #last: Database.Statement<[], { position: number | null }>;
  readonly #leaves: LeafTable;
  readonly #heads = new Heads((stream) => this.#headOf.get(stream)?.revision);
  #pending: Pending[] = [];
  #scheduled = false;
  #failure: StoreFailedError | undefined;
  readonly #listeners: ((failure: StoreFailedError) => void)[] = [];
  /** Of the last COMMIT without a known outcome: ids of its events and commands, those of BATCH appends at most. */
  readonly #doubtful = new Set<string>();
  readonly #outage: AppendOutage;
  #closed = false;
  readonly #waiting = new Signal();
  readonly #onCommit: (() => void)[] = [];

  private constructor(options: SqliteStoreOptions) {
    const { dir } = options;
    this.#outage = new AppendOutage(options.log);
    this.#release = lockFolder(dir);
    let db: Database.Database | undefined;
    try {
      const { genesis, files, file } = ({ db } = openLedgerFile(dir, () => newLedger(options), options.genesis !== undefined));
      this.#db = db;
      this.#file = file;
      this.genesis = genesis;
      this.#statements = new Statements(db);
      this.#ofStream = prepared(db, 'SELECT * FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?');
      this.#ofLog = prepared(db, `SELECT * FROM events WHERE position > ? AND stream <> '${GENESIS}' ORDER BY position LIMIT ?`);
      this.#ofEnd = prepared(db, `SELECT * FROM events WHERE stream <> '${GENESIS}' ORDER BY position DESC LIMIT ?`);
      this.#headOf = prepared(db, 'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1');
      this.#last = prepared(db, 'SELECT max(position) AS position FROM events');
      this.#leaves = new LeafTable(db, {
        count: () => (this.#last.get()?.position ?? 1) - 1,
        page: (event, limit) => this.#ofLog.all(event, limit).map((row) => ({ event: row.position, leaf: leafOf(readableOf(row)) })),
        eventAt: numberOf,
        positionOf: String,
      });
      const wal = `${file}-wal`;
      const whole = new Map<string, Whole>([
        [file, databaseOf((this.#descriptor = openSync(file, 'r')))],
        [wal, walOf(wal, () => this.#isReadFrom(file))],
      ]);
      this.#unwatch = watchFiles([...files, join(dir, LOCK_FILE)], (error) => this.#fail(error), whole);
    } catch (error) {
      db?.close();
      this.#release();
      throw error;
    }
  }

  /** Whether another connection finds the last event that was committed here. */
  #isReadFrom(file: string): boolean {
    const { size } = this.#leaves;
    try {
      const db = new Database(file, { readonly: true, timeout: 0 });
      try {
        const { last } = db.prepare<[], { last: number | null }>('SELECT max(position) AS last FROM events').get()!;
        return (last ?? 0) > size;
      } finally {
        db.close();
      }
    } catch (error) {
      return !/^SQLITE_(NOTADB|CORRUPT|IOERR)/.test(codeOf(error)); // all else says nothing about the file
    }
  }

  /** @throws FolderInUseError, NoLedgerError, UnsupportedFormatError, CheckpointError, UnsafeSqliteError */
  static async open(options: SqliteStoreOptions): Promise<SqliteStore> {
    const store = new SqliteStore(options);
    try {
      await store.#leaves.fill();
      return store;
    } catch (error) {
      await store.close();
      throw error;
    }
  }

  get tree(): LeafTable {
    return this.#leaves;
  }

  get failure(): StoreFailedError | undefined {
    return this.#failure;
  }
  get refusing(): Error | undefined {
    return this.#outage.cause;
  }
  onFailure(listener: (failure: StoreFailedError) => void): void {
    if (this.#failure) listener(this.#failure);
    else this.#listeners.push(listener);
  }

  /** What the writer's connection runs with, read back from it. */
  get settings(): { readonly journalMode: string; readonly synchronous: number } {
    const read = (name: string) => this.#db.pragma(name, { simple: true });
    return { journalMode: read('journal_mode') as string, synchronous: read('synchronous') as number };
  }

  async read(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    return this.#reading(() => (from > this.#heads.of(stream) ? [] : this.#ofStream.all(stream, from, limit).map(readableOf)));
  }

  currentRevision(stream: string): Revision | undefined {
    return this.failure || this.#closed ? undefined : this.#heads.known(stream);
  }

  append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    if (events.length === 0) return Promise.reject(new TypeError('An append needs at least one event.'));
    const waiting = waitingOf(stream, expected, events);
    const refusal = this.#closedOrFailed(waiting);
    if (refusal) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      this.#pending.push({ stream, expected, events: waiting, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  /**
   * Stores the events that come next in another store, of many streams and in its order: all of them or none, in one commit.
   * @throws WrongExpectedRevisionError when one does not follow what this store holds; else as `append`
   */
  async adopt(events: readonly RecordedEvent[]): Promise<void> {
    while (this.#pending.length > 0) this.#flush();
    const waiting = events.map((event) => ({ row: textsOf(event), leaf: leafOf(event) }));
    const refusal = this.#closedOrFailed(waiting);
    if (refusal) throw refusal;
    const draft = this.#draft();
    try {
      this.#transaction(draft, () => {
        for (const [i, { stream, revision }] of events.entries()) {
          const actual = draft.revisionOf(stream);
          if (actual !== revision - 1) throw new WrongExpectedRevisionError(stream, revision - 1, actual);
          draft.place(stream, revision, waiting[i]!);
        }
      });
    } catch (error) {
      throw error instanceof WrongExpectedRevisionError ? error : this.#refusal(waiting, error);
    }
    this.#committed({ draft, answers: [] });
  }

  /** From now on the ledger opens to be copied into alone, until `adopted`: durably, before this returns. */
  adopting(): void {
    markUnfinished(this.#file);
  }
  /** All that the other store holds was adopted. */
  adopted(): void {
    markFinished(this.#file);
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    const from = after === undefined ? 0 : numberOf(after);
    return this.#reading(() => this.#ofLog.all(from, limit).map(readableOf));
  }

  async newest(limit: number): Promise<readonly RecordedEvent[]> {
    return this.#reading(() => this.#ofEnd.all(limit).map(readableOf).reverse());
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

  /** Positions are row ids: 1 is the genesis record, and nothing is ever deleted. */
  size(): number {
    return (this.#reading(() => this.#last.get()!).position ?? 1) - 1;
  }

  async head(): Promise<string | undefined> {
    const { position } = this.#reading(() => this.#last.get()!);
    return position === null || position <= 1 ? undefined : String(position);
  }

  onCommit(listener: () => void): void {
    this.#onCommit.push(listener);
  }

  compare(a: string, b: string): number {
    return numberOf(a) - numberOf(b);
  }

  /** Looks through the whole file, part by part, and names what is wrong with it. */
  async *examine(): AsyncGenerator<Examined, void, undefined> {
    let isSound = true;
    for await (const found of examineLedger(this.#db)) {
      isSound &&= found.ok;
      yield found;
    }
    if (isSound) yield* examineTree(this, this.#leaves);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    while (this.#pending.length > 0) this.#flush();
    this.#closed = true;
    this.#unwatch();
    this.#outage.end();
    this.#waiting.notifyAll();
    try {
      if (!this.#failure) this.#db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      this.#db.close();
      closeSync(this.#descriptor);
      this.#release();
    }
  }

  #flush(): void {
    const batch = this.#pending.splice(0, BATCH);
    this.#scheduled = this.#pending.length > 0;
    if (this.#scheduled) setImmediate(() => this.#flush());
    if (batch.length === 0) return;
    let stored: Stored;
    try {
      stored = this.#stored(batch);
    } catch (error) {
      if (error instanceof Error && PASSING.test(codeOf(error))) this.#outage.refused(error, batch.length);
      for (const { events, reject } of batch) reject(this.#refusal(events, error));
      return;
    }
    this.#committed(stored);
  }

  /** A stream that an append begins is taken for new: where it is not, the index refuses the batch, and the file is asked of each. */
  #stored(batch: readonly Pending[], asked = false): Stored {
    const answers: (() => void)[] = [];
    const draft = this.#draft();
    let assumed = false;
    try {
      this.#transaction(draft, () => {
        for (const pending of batch) {
          const { stream, expected } = pending;
          if (!asked && expected === -1 && !draft.heads.has(stream) && this.#heads.known(stream) === undefined) {
            assumed = true;
            draft.heads.set(stream, -1);
          }
          answers.push(this.#decide(pending, draft));
        }
      });
    } catch (error) {
      if (!assumed || codeOf(error) !== 'SQLITE_CONSTRAINT_UNIQUE') throw error;
      return this.#stored(batch, true);
    }
    return { draft, answers };
  }

  #draft(): Draft {
    return new Draft(this.#leaves, this.#statements, (stream) => this.#heads.before(stream));
  }

  #committed({ draft: { tree, heads }, answers }: Stored): void {
    this.commits++;
    this.#leaves.committed(tree);
    this.#doubtful.clear(); // the WAL of a commit in doubt is overwritten
    this.#outage.stored();
    for (const [stream, revision] of heads) this.#heads.moved(stream, revision);
    for (const answer of answers) answer();
    this.#waiting.notifyAll();
    for (const listener of this.#onCommit) listener();
  }

  #decide({ stream, expected, events, resolve, reject }: Pending, draft: Draft): () => void {
    const actual = draft.revisionOf(stream);
    if (actual !== expected) {
      draft.write(); // the same append may stand before it in this batch
      const stored = this.#storedBefore(stream, expected, events);
      return () => (stored ? resolve(stored) : reject(new WrongExpectedRevisionError(stream, expected, actual)));
    }
    let revision = expected;
    let position = 0;
    for (const event of events) position = draft.place(stream, ++revision, event);
    return () => resolve({ revision, position: String(position), leaves: events.map(({ leaf }) => leaf) });
  }

  /** The answer to the same append when it was stored: the same events follow the expected revision. */
  #storedBefore(stream: string, expected: Revision, sent: readonly Waiting[]): Appended | undefined {
    const stored = this.#ofStream.all(stream, expected + 1, sent.length);
    if (stored.length !== sent.length || !stored.every((row, i) => isSame(row, sent[i]!.row))) return undefined;
    const last = stored.at(-1)!;
    return { revision: last.revision, position: String(last.position), leaves: sent.map(({ leaf }) => leaf) };
  }

  /**
   * Commits all that `work` places in the draft, or nothing of it.
   * @throws what made it fail: after that `#refusal` says what an append is answered
   */
  #transaction(draft: Draft, work: () => void): void {
    let committing = false;
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      work();
      draft.write();
      committing = true;
      this.#db.exec('COMMIT');
    } catch (error) {
      const code = codeOf(error);
      // Until the COMMIT no frame in the WAL ends a transaction, so nothing of it is found after a crash.
      if (committing && !NOT_COMMITTED.test(code)) for (const id of idsOf(draft.events)) this.#doubtful.add(id);
      if ((committing || code.startsWith('SQLITE_')) && !RECOVERABLE.test(code)) this.#fail(error);
      try {
        if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      } catch (failure) {
        this.#fail(failure);
      }
      throw error;
    }
  }

  #closedOrFailed(events: readonly Waiting[]): Error | undefined {
    const { fault } = this.#leaves;
    if (!this.#closed && !this.#failure && fault === undefined) return undefined;
    return this.#refusal(events, this.#failure ?? new Error(this.#closed || fault === undefined ? 'The store is closed.' : fault));
  }

  /** What an append is answered that was not carried out. */
  #refusal(events: readonly Waiting[], cause: unknown): Error {
    const reason = messageOf(cause);
    if (this.#doubtful.size > 0 && idsOf(events).some((id) => this.#doubtful.has(id)))
      return new OutcomeUnknownError(`The events may or may not be stored: ${reason}`, { cause });
    return new StoreUnavailableError(`Nothing was stored: ${reason}`, undefined, { cause });
  }

  /** Accepts nothing from now on: what waits was never written, and is refused. */
  #fail(cause: unknown): void {
    if (this.#failure) return;
    this.#outage.end();
    this.#failure = new StoreFailedError(`The store failed and accepts nothing until it is opened again: ${messageOf(cause)}`, { cause });
    this.#unwatch();
    for (const { events, reject } of this.#pending.splice(0)) reject(this.#refusal(events, this.#failure));
    for (const listener of this.#listeners.splice(0)) listener(this.#failure);
  }

  /** @throws StoreUnavailableError when the store is closed, or SQLite cannot read */
  #reading<T>(read: () => T): T {
    if (this.#closed) throw new StoreUnavailableError('The store is closed.');
    // After a ROLLBACK that failed, this connection would see what was never committed.
    if (this.#db.inTransaction) throw new StoreUnavailableError(this.#failure?.message ?? 'A transaction was not ended.');
    try {
      return read();
    } catch (error) {
      if (!codeOf(error).startsWith('SQLITE_')) throw error;
      if (!RECOVERABLE.test(codeOf(error))) this.#fail(error);
      throw new StoreUnavailableError(`The ledger cannot be read: ${messageOf(error)}`, undefined, { cause: error });
    }
  }

  #moreOr(signal: AbortSignal, at: string | undefined): Promise<void> {
    const from = at === undefined ? 1 : numberOf(at);
    return this.#waiting.wait(signal, () => this.#closed || (this.#reading(() => this.#last.get()!).position ?? 0) > from);
  }
}

const newLedger = ({ genesis, timeZone, now, newId }: SqliteStoreOptions): NewLedger => ({
  genesis: genesis ?? { ledgerId: newId(), formatVersion: FORMAT_VERSION, timeZone, createdAt: now() },
  id: newId(),
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const numberOf = (position: string): number => {
  if (!/^(0|[1-9]\d{0,14})$/.test(position))
    throw new (/^k\d{1,20}(\.\d{1,20})?$/.test(position) ? PositionOfAnotherStoreError : InvalidPositionError)(
      `${JSON.stringify(position.slice(0, 40))} is not a position of this ledger.`,
    );
  return Number(position);
};
