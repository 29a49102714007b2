import type Database from 'better-sqlite3';
import { setImmediate as others } from 'node:timers/promises';
import type { Leaf, LogTree } from '../merkle-proof.js';
import { MerkleTree, nodeHash, type Hash } from '../merkle-tree.js';
import { prepared, Statements } from './statements.js';

/** Nodes of every eighth level are kept: any other is computed from 128 kept hashes at most. */
const KEPT_LEVELS = 8;
/** Events that are hashed between two turns of the event loop. */
const PAGE = 500;

/** The leaf of an event, with the event's number. */
export interface NumberedLeaf {
  readonly event: number;
  readonly leaf: Hash;
}

/** What the table needs to know of the log in the same file. An event's number is the key of its row, which grows with the log. */
export interface LeafSource {
  /** Events in the log that should have a leaf. */
  count(): number;
  /** Events behind a number that have leaves, `limit` at most. An empty page: there are no more. */
  page(event: number, limit: number): readonly (NumberedLeaf | { readonly event: number; readonly leaf: undefined })[];
  /** The number of the event at a position; undefined where the log has none. */
  eventAt(position: string): number | undefined;
  /** The position of the event with a number; undefined where the log has none. */
  positionOf(event: number): string | undefined;
}

/**
 * The Merkle tree of a log, in the log's own file: the hash of every leaf, and the perfect subtrees of 2^8, 2^16 … leaves. An event and its
 * leaf are stored in one transaction.
 */
export class LeafTable implements LogTree {
  readonly #statements: Statements;
  readonly #page: Database.Statement<[from: number, until: number], { readonly event: number; readonly hash: Hash }>;
  readonly #nodes: Database.Statement<[level: number, from: number, until: number], { readonly hash: Hash }>;
  readonly #eventOf: Database.Statement<[n: number], { readonly event: number }>;
  #tree = new MerkleTree();
  #fault: string | undefined;
  #hasLost = false;

  constructor(
    private readonly db: Database.Database,
    private readonly source: LeafSource,
  ) {
    db.exec(TABLES);
    this.#statements = new Statements(db);
    this.#page = prepared(db, 'SELECT event, hash FROM leaves WHERE n >= ? AND n < ? ORDER BY n');
    this.#nodes = prepared(db, 'SELECT hash FROM nodes WHERE level = ? AND n >= ? AND n < ? ORDER BY n');
    this.#eventOf = prepared(db, 'SELECT event FROM leaves WHERE n = ?');
    this.#resume();
  }

  /** Makes the leaves of a log that has none yet, all of them or none: once, for a file that an earlier program wrote. */
  async fill(): Promise<void> {
    if (this.size > 0 || this.#hasLost || this.source.count() === 0) return;
    const tree = new MerkleTree();
    this.db.exec('BEGIN IMMEDIATE');
    for (let after = 0; ;) {
      const page = this.source.page(after, PAGE);
      if (page.length === 0) break;
      this.add(
        tree,
        page.filter((row): row is NumberedLeaf => row.leaf !== undefined),
      );
      after = page.at(-1)!.event;
      await others();
    }
    this.db.exec('COMMIT');
    this.#tree = tree;
    this.#compareSizes();
  }

  get size(): number {
    return this.#tree.size;
  }
  get root(): string {
    return this.#tree.root();
  }
  get fault(): string | undefined {
    return this.#fault;
  }

  /** A copy of the tree, to which a transaction adds its leaves. */
  draft(): MerkleTree {
    return this.#tree.clone();
  }
  /** Within the transaction that stores the events. */
  add(draft: MerkleTree, leaves: readonly NumberedLeaf[]): void {
    const from = draft.size;
    const nodes: [level: number, n: number, hash: Hash][] = [];
    for (const { leaf } of leaves)
      draft.add(leaf, (level, index, node) => {
        if (level % KEPT_LEVELS === 0) nodes.push([level, index, node]);
      });
    this.#statements.insert('leaves', leaves.map(({ event, leaf }, i) => [from + i, event, leaf])); // prettier-ignore
    this.#statements.insert('nodes', nodes);
  }
  /** The transaction is committed. */
  committed(draft: MerkleTree): void {
    this.#tree = draft;
  }

  leaves(from: number, limit: number): readonly Leaf[] {
    return this.#page.all(from, from + limit).map(({ hash, event }) => ({ hash, position: this.source.positionOf(event) }));
  }

  node(level: number, index: number): Hash {
    const kept = level - (level % KEPT_LEVELS);
    const width = 2 ** (level - kept);
    const row = index * width;
    let hashes = (kept === 0 ? this.#page.all(row, row + width) : this.#nodes.all(kept, row, row + width)).map(({ hash }) => hash);
    if (hashes.length !== width) throw new RangeError(`The tree has no node ${index} on level ${level}.`);
    while (hashes.length > 1) hashes = Array.from({ length: hashes.length / 2 }, (_, i) => nodeHash(hashes[2 * i]!, hashes[2 * i + 1]!));
    return hashes[0]!;
  }

  leafAt(position: string): number | undefined {
    const event = this.source.eventAt(position);
    if (event === undefined) return undefined;
    // Numbers of events grow by one from leaf to leaf, or by more where an event without a leaf lies between.
    let [low, high] = [0, this.size - 1];
    while (low <= high) {
      const middle = Math.floor((low + high) / 2);
      const found = this.#eventOf.get(middle)?.event;
      if (found === undefined) return undefined;
      if (found === event) return middle;
      if (found < event) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
  positionOf(leaf: number): string | undefined {
    const event = this.#eventOf.get(leaf)?.event;
    return event === undefined ? undefined : this.source.positionOf(event);
  }

  /** The tree's state follows from some hundreds of kept hashes: the log is not read. */
  #resume(): void {
    const size = this.db.prepare<[], { n: number | null }>('SELECT max(n) + 1 AS n FROM leaves').get()!.n ?? 0;
    let frontier = '';
    try {
      for (let [level, from] = [Math.floor(Math.log2(size)), 0]; level >= 0; level--)
        if (Math.floor(size / 2 ** level) % 2 === 1) {
          frontier += this.node(level, from / 2 ** level).toString('hex');
          from += 2 ** level;
        }
      this.#tree = MerkleTree.from({ size, frontier });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#hasLost = true;
      this.#fault = 'The Merkle tree that is kept with the log has lost some of its hashes.';
      return;
    }
    this.#compareSizes();
  }
  #compareSizes(): void {
    const [{ size }, count] = [this, this.source.count()];
    this.#fault = undefined;
    if (count !== size) this.#fault = `The log has ${count} events, but the Merkle tree that is kept with it has ${size} leaves.`;
  }
}

const TABLES = `
  CREATE TABLE IF NOT EXISTS leaves (n INTEGER PRIMARY KEY, event INTEGER NOT NULL, hash BLOB NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS nodes (level INTEGER NOT NULL, n INTEGER NOT NULL, hash BLOB NOT NULL, PRIMARY KEY (level, n)) STRICT, WITHOUT ROWID;
`;
