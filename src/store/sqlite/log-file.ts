import Database from 'better-sqlite3';
import type { RecordedEvent } from '../../kernel/index.js';
import { StoreUnavailableError, type Genesis, type LogReader, type Revision } from '../event-store.js';
import { Signal } from '../signal.js';
import { readableOf, type EventRow } from './rows.js';
import { GENESIS } from './ledger-file.js';
import { prepared } from './statements.js';

/** How the events of a file are read. Each has a place in the order of the log, from 1, which need not be its position. */
export interface LogQueries {
  /** Values: place, limit. */
  readonly behind: string;
  /** Values: stream, lowest revision, limit. */
  readonly ofStream: string;
  /** Values: position. One row `{ place }`, or none where the file does not have the event. */
  readonly placeOf: string;
}

/**
 * Reads a log over a connection of its own, on another thread than the one that writes it. It sees what is committed, and looks for more
 * when it is notified.
 */
export class LogFile implements LogReader {
  readonly #db: Database.Database;
  readonly #behind: Database.Statement<[number, number], EventRow<number | string>>;
  readonly #ofStream: Database.Statement<[string, number, number], EventRow<number | string>>;
  readonly #placeOf: Database.Statement<[string], { readonly place: number }>;
  readonly #waiting = new Signal();
  #notified = 0;

  constructor(
    file: string,
    readonly genesis: Genesis,
    queries: LogQueries,
  ) {
    this.#db = new Database(file, { readonly: true, timeout: 0 });
    this.#db.pragma('cache_size = -8000');
    this.#behind = prepared(this.#db, queries.behind);
    this.#ofStream = prepared(this.#db, queries.ofStream);
    this.#placeOf = prepared(this.#db, queries.placeOf);
  }

  /** The log has more events. */
  notify(): void {
    this.#notified++;
    this.#waiting.notifyAll();
  }

  async read(stream: string, from: Revision = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    return this.#reading(() => this.#ofStream.all(stream, from, limit));
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    return this.#reading(() => {
      const place = after === undefined ? 0 : this.#placeOf.get(after)?.place;
      return place === undefined ? [] : this.#behind.all(place, limit);
    });
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = 1000): AsyncIterable<readonly RecordedEvent[]> {
    for (let at = after; !signal.aborted;) {
      const notified = this.#notified; // what is committed after this look is notified after it
      const page = await this.readAll(at, limit);
      if (page.length > 0) {
        yield page;
        at = page.at(-1)!.position;
      } else await this.#waiting.wait(signal, () => this.#notified > notified);
    }
  }

  close(): void {
    this.#db.close();
  }

  /** @throws StoreUnavailableError */
  #reading(read: () => readonly EventRow<number | string>[]): readonly RecordedEvent[] {
    let rows: readonly EventRow<number | string>[];
    try {
      rows = read();
    } catch (error) {
      throw new StoreUnavailableError(`The log cannot be read: ${(error as Error).message}`, undefined, { cause: error });
    }
    return rows.map(readableOf);
  }
}

/** The log of a SqliteStore. */
export const ledgerFile = (file: string, genesis: Genesis): LogFile =>
  new LogFile(file, genesis, {
    behind: `SELECT * FROM events WHERE position > ? AND stream <> '${GENESIS}' ORDER BY position LIMIT ?`,
    ofStream: 'SELECT * FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?',
    placeOf: 'SELECT position AS place FROM events WHERE position = CAST(? AS INTEGER)',
  });
