import Database from 'better-sqlite3';
import { join } from 'node:path';
import type { RecordedEvent } from '../../kernel/index.js';
import { genesisIn, HistoryBrokenError, type Genesis, type Revision } from '../event-store.js';
import { leafOf, MerkleTree, type TreeState } from '../merkle-tree.js';
import { codeOf, lockFolder, makePrivateFile, openFile } from '../sqlite/folder.js';
import { Heads, COLUMNS, recordedOf, textsOf, type EventRow } from '../sqlite/rows.js';

/** The file name in the replica's folder. */
export const REPLICA_FILE = 'replica.db';
/** Events read between two turns of the event loop. */
const PAGE = 200;

type Compare = (a: string, b: string) => number;

/**
 * A replica of another store's log in one SQLite file: its events with their original positions, numbered 1, 2, 3 … by `sequence`.
 * It can be rebuilt from the log, so commits do not wait for the disk; events lost in a power cut are replicated again.
 */
export class ReplicaFile {
  readonly #db: Database.Database;
  readonly #release: () => void;
  readonly #insert: Database.Statement;
  readonly #put: Database.Statement<[key: string, value: string]>;
  readonly #ofLog: Database.Statement<[number, number], EventRow<string> & { readonly sequence: number }>;
  readonly #ofStream: Database.Statement<[string, number, number], EventRow<string>>;
  readonly #headOf: Database.Statement<[string], { revision: number }>;
  readonly #sequenceOf: Database.Statement<[string], { sequence: number }>;
  readonly #positionAt: Database.Statement<[number], { position: string }>;
  readonly #heads = new Heads((stream) => this.#headOf.get(stream)?.revision);
  #genesis: Genesis | undefined;
  #tree = new MerkleTree();
  #position: string | undefined;

  /** @throws FolderInUseError, UnsafeSqliteError, UnsupportedFormatError; HistoryBrokenError when the file is damaged */
  constructor(readonly dir: string) {
    this.#release = lockFolder(dir);
    makePrivateFile(join(dir, REPLICA_FILE));
    this.#db = new Database(join(dir, REPLICA_FILE));
    try {
      openFile(this.#db, 'NORMAL');
      this.#db.exec(`
        CREATE TABLE IF NOT EXISTS about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS events (sequence INTEGER PRIMARY KEY, position TEXT NOT NULL, ${COLUMNS}) STRICT;
        CREATE UNIQUE INDEX IF NOT EXISTS events_by_position ON events (position);
        CREATE UNIQUE INDEX IF NOT EXISTS events_by_stream ON events (stream, revision);
      `);
      this.#insert = this.#db.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
      this.#put = this.#db.prepare('INSERT OR REPLACE INTO about VALUES (?, ?)');
      this.#ofLog = this.#db.prepare('SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?');
      this.#ofStream = this.#db.prepare('SELECT * FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?');
      this.#headOf = this.#db.prepare('SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1');
      this.#sequenceOf = this.#db.prepare('SELECT sequence FROM events WHERE position = ?');
      this.#positionAt = this.#db.prepare('SELECT position FROM events WHERE sequence = ?');
      this.#resume();
    } catch (error) {
      this.#db.close();
      this.#release();
      throw /^SQLITE_(CORRUPT|NOTADB)/.test(codeOf(error)) ? this.broken(`the file is damaged (${(error as Error).message})`) : error;
    }
  }

  /** Genesis of the replicated ledger; undefined while the replica is new. */
  get genesis(): Genesis | undefined {
    return this.#genesis;
  }
  /** Number of replicated events. */
  get sequence(): number {
    return this.#tree.size;
  }
  /** Position of the last replicated event. */
  get position(): string | undefined {
    return this.#position;
  }
  /** Merkle root over all replicated events, in hexadecimal. */
  get root(): string {
    return this.#tree.root();
  }

  begin(genesis: Genesis): void {
    this.#put.run('genesis', JSON.stringify(genesis));
    this.#genesis = genesis;
  }

  /**
   * Appends the next events of the log, with their Merkle tree, in one transaction.
   * @throws HistoryBrokenError when an event cannot come next: a duplicate, out of order, or after a gap in its stream
   */
  append(events: readonly RecordedEvent[], compare: Compare): void {
    const tree = this.#tree.clone();
    let last = this.#position;
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const event of events) {
        const { position, stream, revision } = event;
        if (last !== undefined && compare(last, position) >= 0)
          throw this.broken(`${position} (${stream}, revision ${revision}) arrived after ${last}`);
        const head = this.#heads.of(stream);
        if (revision !== head + 1)
          throw this.broken(`${position} is revision ${revision} of ${stream}, whose last replicated revision is ${head}`);
        this.#insert.run(tree.size + 1, position, stream, revision, ...textsOf(event));
        tree.add(leafOf(event));
        this.#heads.moved(stream, revision);
        last = position;
      }
      this.#put.run('tree', JSON.stringify(tree.state()));
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      this.#heads.clear();
      throw error;
    }
    this.#tree = tree;
    this.#position = last;
  }

  /** Events after a sequence, at most `limit`. @throws HistoryBrokenError when one is missing */
  page(sequence: number, limit: number): readonly RecordedEvent[] {
    const rows = this.#ofLog.all(sequence, limit);
    const last = rows.at(-1);
    if (last && last.sequence !== sequence + rows.length) throw this.broken(`events are missing before ${last.position}`);
    return this.#read(rows);
  }
  ofStream(stream: string, from: Revision, limit: number): readonly RecordedEvent[] {
    if (from > this.#heads.of(stream)) return [];
    return this.#read(this.#ofStream.all(stream, from, limit));
  }

  /** Sequence of the event at a position; undefined when no replicated event has it. */
  sequenceOf(position: string): number | undefined {
    return this.#sequenceOf.get(position)?.sequence;
  }
  /** Number of replicated events at or before a position, whether or not an event has exactly this position. */
  sequenceUpTo(position: string, compare: Compare): number {
    let [low, high] = [0, this.sequence];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (compare(this.positionAt(middle)!, position) <= 0) low = middle;
      else high = middle - 1;
    }
    return low;
  }
  positionAt(sequence: number): string | undefined {
    return this.#positionAt.get(sequence)?.position;
  }

  /** Reads the whole file and recomputes the Merkle root. @throws HistoryBrokenError when it differs from the stored root */
  async verify(): Promise<{ readonly count: number; readonly root: string }> {
    const expected = this.#tree.clone();
    const tree = new MerkleTree();
    while (tree.size < expected.size) {
      const page = this.page(tree.size, Math.min(PAGE, expected.size - tree.size));
      for (const event of page) tree.add(leafOf(event));
      if (page.length === 0) throw this.broken(`only ${tree.size} of ${expected.size} events are present`);
      await new Promise((resolve) => setImmediate(resolve)); // let other work run
    }
    if (tree.root() !== expected.root())
      throw this.broken(`the root over its ${tree.size} events is ${tree.root()}, expected ${expected.root()}`);
    return { count: tree.size, root: tree.root() };
  }

  broken(why: string): HistoryBrokenError {
    return new HistoryBrokenError(
      `The replica in ${join(this.dir, REPLICA_FILE)} does not match the log: ${why}. Delete the file and it is rebuilt from the log.`,
    );
  }

  close(): void {
    this.#db.close();
    this.#release();
  }

  #resume(): void {
    const about = new Map(
      this.#db
        .prepare<[], { key: string; value: string }>('SELECT * FROM about')
        .all()
        .map((row) => [row.key, row.value]),
    );
    const [genesis, tree] = [about.get('genesis'), about.get('tree')];
    if (genesis !== undefined) this.#genesis = genesisIn(JSON.parse(genesis));
    if (tree !== undefined) this.#tree = MerkleTree.from(JSON.parse(tree) as TreeState);
    const last = this.#db.prepare<[], { sequence: number | null }>('SELECT max(sequence) AS sequence FROM events').get()!.sequence ?? 0;
    if (last !== this.sequence) throw this.broken(`its last event is number ${last}, expected number ${this.sequence}`);
    this.#position = this.positionAt(last);
  }

  #read(rows: readonly EventRow<string>[]): readonly RecordedEvent[] {
    try {
      return rows.map(recordedOf);
    } catch {
      throw this.broken(`an event between ${rows[0]!.position} and ${rows.at(-1)!.position} is not valid JSON`);
    }
  }
}
