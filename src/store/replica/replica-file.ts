import Database from 'better-sqlite3';
import { join } from 'node:path';
import type { RecordedEvent } from '../../kernel/index.js';
import { CATEGORIES, genesisIn, HistoryBrokenError, StreamBrokenError, type Genesis, type Revision } from '../event-store.js';
import { isForeign, leafOf, MerkleTree, type TreeState } from '../merkle-tree.js';
import { codeOf, lockFolder, makePrivateFile, openFile } from '../sqlite/folder.js';
import { LeafTable, type NumberedLeaf } from '../sqlite/leaf-table.js';
import { Heads, COLUMNS, readableOf, type EventRow } from '../sqlite/rows.js';
import { prepared } from '../sqlite/statements.js';

/** The file name in the replica's folder. */
export const REPLICA_FILE = 'replica.db';
/** Events read between two turns of the event loop. */
const PAGE = 200;

type Compare = (a: string, b: string) => number;
type TextsOf = (event: RecordedEvent) => readonly [data: string, metadata: string] | undefined;

/**
 * Why a stream is faulted: the store no longer shows all of it; or it may not (its events are to be compared); or another program wrote
 * in it; or its category is none of this program's; or the replica holds an event of it that cannot be read.
 */
export type FaultKind = 'broken' | 'suspect' | 'foreign' | 'unknown-category' | 'damaged';
export interface FaultedStream {
  readonly stream: string;
  readonly kind: FaultKind;
  /** A clause with its subject, such as "it was deleted". */
  readonly reason: string;
}

/**
 * A replica of another store's log in one SQLite file: its events with their original positions, numbered 1, 2, 3 … by `sequence`.
 * Commits do not wait for the disk; events lost in a power cut are replicated again. Events that other programs wrote are numbered, since
 * streams must be read as they are, but they are no leaves of the Merkle tree. An event that is damaged is handed out as unreadable, and
 * faults its stream alone.
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
  readonly #faultOf: Database.Statement<[stream: string, kind: FaultKind], { readonly reason: string }>;
  readonly #fault: Database.Statement<[stream: string, kind: FaultKind, reason: string]>;
  readonly #clearFault: Database.Statement<[stream: string, kind: FaultKind]>;
  readonly #faults: Database.Statement<[kind: FaultKind, after: string, limit: number], FaultedStream>;
  readonly #emptyFault: Database.Statement<[kind: FaultKind], FaultedStream>;
  readonly #faultCounts: Database.Statement<[], { readonly kind: FaultKind; readonly count: number }>;
  readonly #leaves: LeafTable;
  readonly #heads = new Heads((stream) => this.#headOf.get(stream)?.revision);
  #genesis: Genesis | undefined;
  #tree = new MerkleTree();
  #sequence = 0;
  #faultCount: Readonly<Partial<Record<FaultKind, number>>> = {};
  #position: string | undefined;

  /** @throws FolderInUseError, UnsafeSqliteError, UnsupportedFormatError; HistoryBrokenError when the file is damaged */
  constructor(
    readonly dir: string,
    /** Called with each stream that is found to be foreign, of an unknown category, or damaged. */
    private readonly onFault: (fault: FaultedStream) => void = () => undefined,
  ) {
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
        CREATE TABLE IF NOT EXISTS faulted (
          kind TEXT NOT NULL, stream TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (kind, stream)
        ) STRICT, WITHOUT ROWID;
      `);
      this.#insert = prepared(this.#db, 'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
      this.#put = prepared(this.#db, 'INSERT OR REPLACE INTO about VALUES (?, ?)');
      this.#ofLog = prepared(this.#db, 'SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?');
      this.#ofStream = prepared(this.#db, 'SELECT * FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?');
      this.#headOf = prepared(this.#db, 'SELECT revision FROM events WHERE stream = ? ORDER BY revision DESC LIMIT 1');
      this.#sequenceOf = prepared(this.#db, 'SELECT sequence FROM events WHERE position = ?');
      this.#positionAt = prepared(this.#db, 'SELECT position FROM events WHERE sequence = ?');
      this.#faultOf = prepared(this.#db, 'SELECT reason FROM faulted WHERE stream = ? AND kind = ?');
      this.#fault = prepared(this.#db, 'INSERT OR REPLACE INTO faulted (stream, kind, reason) VALUES (?, ?, ?)');
      this.#clearFault = prepared(this.#db, 'DELETE FROM faulted WHERE stream = ? AND kind = ?');
      this.#faults = prepared(this.#db, 'SELECT * FROM faulted WHERE kind = ? AND stream > ? ORDER BY stream LIMIT ?');
      this.#faultCounts = prepared(this.#db, 'SELECT kind, count(*) AS count FROM faulted GROUP BY kind');
      this.#emptyFault = prepared(
        this.#db,
        `
        SELECT * FROM faulted WHERE kind = ? AND NOT EXISTS (SELECT 1 FROM events WHERE events.stream = faulted.stream) LIMIT 1
      `,
      );
      this.#db.exec("DELETE FROM faulted WHERE kind = 'damaged'"); // found again where it is read
      this.#countFaults();
      this.#resume();
      this.#leaves = new LeafTable(this.#db, {
        count: () => this.leaves,
        page: (sequence, limit) =>
          this.#ofLog.all(sequence, limit).map((row) => {
            const event = readableOf(row);
            return { event: row.sequence, leaf: isForeign(event) ? undefined : leafOf(event) };
          }),
        eventAt: (position) => this.sequenceOf(position),
        positionOf: (sequence) => this.positionAt(sequence),
      });
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
    return this.#sequence;
  }
  /** Position of the last replicated event. */
  get position(): string | undefined {
    return this.#position;
  }
  /** Number of leaves of the Merkle tree: of the events without those that other programs wrote. */
  get leaves(): number {
    return this.#tree.size;
  }
  /** Merkle root over them, in hexadecimal. */
  get root(): string {
    return this.#tree.root();
  }

  /** The same tree, with its leaves. */
  get tree(): LeafTable {
    return this.#leaves;
  }

  begin(genesis: Genesis): void {
    this.#put.run('genesis', JSON.stringify(genesis));
    this.#genesis = genesis;
  }

  /**
   * Appends the next events of the log, with their Merkle tree, in one transaction.
   * @param texts the JSON texts of an event's data and metadata, where they are known
   * @throws StreamBrokenError when events of its stream are missing before one, HistoryBrokenError when one cannot come next for another
   *   reason: a duplicate, or out of order
   */
  append(events: readonly RecordedEvent[], compare: Compare, texts: TextsOf = () => undefined): void {
    const tree = this.#tree.clone();
    let [last, sequence] = [this.#position, this.#sequence];
    const leaves: NumberedLeaf[] = [];
    const faulted: FaultedStream[] = [];
    const fault = (stream: string, kind: FaultKind, reason: string) => {
      if (this.#isNewFault(stream, kind, reason)) faulted.push({ stream, kind, reason });
    };
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const event of events) {
        const { position, stream, revision } = event;
        if (last !== undefined && compare(last, position) >= 0)
          throw this.broken(`${position} (${stream}, revision ${revision}) arrived after ${last}`);
        // what begins a stream is not looked for: the index refuses it where the stream has begun
        const head = revision === 0 ? (this.#heads.known(stream) ?? -1) : this.#heads.of(stream);
        if (revision > head + 1)
          throw new StreamBrokenError(stream, `it goes from revision ${head} to ${revision}, because it was deleted or truncated`);
        if (revision !== head + 1) throw this.#isTaken(event);
        const [data = JSON.stringify(event.data), metadata = JSON.stringify(event.metadata)] = texts(event) ?? [];
        this.#insert.run(++sequence, position, stream, revision, event.id, event.type, data, metadata);
        if (isForeign(event)) fault(stream, 'foreign', `another program wrote ${event.type} in it at revision ${revision}`);
        else leaves.push({ event: sequence, leaf: leafOf(event) });
        if (revision === 0 && !isKnown(stream)) fault(stream, 'unknown-category', 'no aggregate of this program has its category');
        this.#heads.moved(stream, revision);
        last = position;
      }
      this.#leaves.add(tree, leaves);
      this.#put.run('tree', JSON.stringify({ ...tree.state(), sequence }));
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK');
      this.#heads.clear();
      this.#countFaults();
      throw codeOf(error) === 'SQLITE_CONSTRAINT_UNIQUE' ? this.#isTaken(events[sequence - this.#sequence - 1]!) : error;
    }
    this.#tree = tree;
    this.#leaves.committed(tree);
    this.#sequence = sequence;
    this.#position = last;
    for (const found of faulted) this.onFault(found);
  }

  #isTaken({ position, revision, stream }: RecordedEvent): HistoryBrokenError {
    const head = this.#heads.of(stream);
    return this.broken(`${position} is revision ${revision} of ${stream}, whose last replicated revision is ${head}`);
  }

  /** Events after a sequence, at most `limit`. @throws HistoryBrokenError when one is missing */
  page(sequence: number, limit: number): readonly RecordedEvent[] {
    const rows = this.#ofLog.all(sequence, limit);
    const last = rows.at(-1);
    if (last && last.sequence !== sequence + rows.length) throw this.broken(`events are missing before ${last.position}`);
    return rows.map((row) => this.#read(row));
  }
  /** As `page`. @throws HistoryBrokenError also when one is damaged */
  soundPage(sequence: number, limit: number): readonly RecordedEvent[] {
    const events = this.page(sequence, limit);
    const damaged = events.find((event) => this.#isDamaged(event));
    if (damaged) throw this.broken(`the event at ${damaged.position}, revision ${damaged.revision} of ${damaged.stream}, is damaged`);
    return events;
  }
  ofStream(stream: string, from: Revision, limit: number): readonly RecordedEvent[] {
    if (from > this.#heads.of(stream)) return [];
    return this.#ofStream.all(stream, from, limit).map((row) => this.#read(row));
  }

  /** The last replicated revision of a stream; -1 when there is none. */
  headOf(stream: string): Revision {
    return this.#heads.of(stream);
  }

  /** As `headOf`, without asking the disk: undefined when it is not known. */
  knownHeadOf(stream: string): Revision | undefined {
    return this.#heads.known(stream);
  }

  /** Why a stream is faulted in this way; undefined when it is not. */
  faultOf(stream: string, kind: FaultKind): string | undefined {
    return this.countOf(kind) === 0 ? undefined : this.#faultOf.get(stream, kind)?.reason;
  }
  #isNewFault(stream: string, kind: FaultKind, reason: string): boolean {
    if (this.faultOf(stream, kind) !== undefined) return false;
    this.setFault(stream, kind, reason);
    return true;
  }
  setFault(stream: string, kind: FaultKind, reason: string): void {
    this.#fault.run(stream, kind, reason);
    this.#countFaults();
  }
  clearFault(stream: string, kind: FaultKind): void {
    this.#clearFault.run(stream, kind);
    this.#countFaults();
  }
  /** A page of the streams that are faulted in this way, by name. */
  faults(kind: FaultKind, after: string, limit: number): readonly FaultedStream[] {
    return this.#faults.all(kind, after, limit);
  }
  /** A stream that is faulted in this way, and of which the replica has no event. */
  emptyFault(kind: FaultKind): FaultedStream | undefined {
    return this.countOf(kind) === 0 ? undefined : this.#emptyFault.get(kind);
  }
  countOf(kind: FaultKind): number {
    return this.#faultCount[kind] ?? 0;
  }
  #countFaults(): void {
    this.#faultCount = Object.fromEntries(this.#faultCounts.all().map(({ kind, count }) => [kind, count]));
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
    const last = this.#sequence;
    for (let sequence = 0; sequence < last;) {
      const page = this.soundPage(sequence, Math.min(PAGE, last - sequence));
      for (const event of page) if (!isForeign(event)) tree.add(leafOf(event));
      if (page.length === 0) throw this.broken(`only ${sequence} of ${last} events are present`);
      sequence += page.length;
      await new Promise((resolve) => setImmediate(resolve)); // let other work run
    }
    if (tree.root() !== expected.root())
      throw this.broken(`the root over its ${tree.size} leaves is ${tree.root()}, expected ${expected.root()}`);
    return { count: tree.size, root: tree.root() };
  }

  broken(why: string): HistoryBrokenError {
    return new HistoryBrokenError(
      `The replica in ${join(this.dir, REPLICA_FILE)} does not match the log: ${why}. Keep the file: it may hold what the log has lost. ` +
        'A node with an empty DATA_DIR copies the log again; npm run migrate -- --from replica:DIR copies a replica to another place.',
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
    const expected = tree === undefined ? 0 : ((JSON.parse(tree) as Partial<{ sequence: number }>).sequence ?? this.leaves);
    const last = this.#db.prepare<[], { sequence: number | null }>('SELECT max(sequence) AS sequence FROM events').get()!.sequence ?? 0;
    if (last !== expected) throw this.broken(`its last event is number ${last}, expected number ${expected}`);
    this.#sequence = last;
    this.#position = this.positionAt(last);
  }

  #read(row: EventRow<string>): RecordedEvent {
    const event = readableOf(row);
    if (this.#isDamaged(event)) {
      const { stream, revision } = event;
      const reason = `its event at revision ${revision} is damaged in the replica`;
      if (this.#isNewFault(stream, 'damaged', reason)) this.onFault({ stream, kind: 'damaged', reason });
    }
    return event;
  }

  /** What another program wrote faulted its stream when it was replicated. */
  #isDamaged(event: RecordedEvent): boolean {
    return isForeign(event) && this.faultOf(event.stream, 'foreign') === undefined;
  }
}

const isKnown = (stream: string): boolean => CATEGORIES.some((category) => stream.startsWith(`${category}-`));
