import Database from 'better-sqlite3';
import type { RecordedEvent } from '../../kernel/index.js';
import type { Genesis } from '../event-store.js';
import type { LogTree } from '../merkle-proof.js';
import { leafOf } from '../merkle-tree.js';
import { GENESIS, readGenesis, refuseUnfinished } from './ledger-file.js';
import { LeafTable } from './leaf-table.js';
import { readableOf, type EventRow } from './rows.js';
import { prepared } from './statements.js';

/**
 * A ledger's file as it is at one moment, log and tree, over a connection that only reads: a server may go on writing. The WAL of the ledger
 * cannot be cut until it is closed.
 */
export class LedgerSnapshot {
  readonly genesis: Genesis;
  readonly tree: LogTree;
  readonly #db: Database.Database;
  readonly #page: Database.Statement<[number, number], EventRow<number>>;

  /** @throws NoLedgerError, UnsupportedFormatError */
  constructor(file: string) {
    refuseUnfinished(file);
    this.#db = new Database(file, { readonly: true, timeout: BUSY_MS });
    try {
      this.#db.exec('BEGIN');
      this.genesis = readGenesis(this.#db, file);
      this.#page = prepared(this.#db, `SELECT * FROM events WHERE position > ? AND stream <> '${GENESIS}' ORDER BY position LIMIT ?`);
      const last = this.#db.prepare<[], { last: number }>('SELECT max(position) AS last FROM events').get()!.last;
      this.tree = new LeafTable(this.#db, {
        count: () => last - 1,
        page: (event, limit) => this.#page.all(event, limit).map((row) => ({ event: row.position, leaf: leafOf(readableOf(row)) })),
        eventAt: Number,
        positionOf: String,
      });
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    return this.#page.all(Number(after ?? 0), limit).map(readableOf);
  }

  close(): void {
    this.#db.close();
  }
}
const BUSY_MS = 10_000;
