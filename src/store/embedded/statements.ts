import Database from 'better-sqlite3';
import { workerData, type MessagePort } from 'node:worker_threads';

export type Value = string | number | null;
/** A statement and what it is given; with a width, an insert of rows that lie end to end in `values`. */
export type Step = readonly [sql: string, values: readonly Value[], width?: number];

/** Rows of one statement: that costs far less than a statement for each. */
const MANY = 40;

/** Every statement is prepared once. */
export class Statements {
  readonly db: Database.Database;
  readonly #prepared = new Map<string, Database.Statement<unknown[]>>();
  readonly #inserts = new Map<string, { readonly one: string; readonly many: string }>();

  /** @param file what is in it can be made again: a commit need not be on the disk when it returns */
  constructor(file: string) {
    this.db = new Database(file);
    try {
      this.db.pragma('journal_mode = WAL');
      this.db.pragma('synchronous = NORMAL');
      this.db.pragma('cache_size = -16000');
      this.db.pragma('wal_autocheckpoint = 4000');
    } catch (error) {
      this.db.close();
      throw error;
    }
  }

  all(sql: string, values: readonly Value[]): unknown[] {
    return this.#statement(sql).all(values);
  }

  run([sql, values, width]: Step): void {
    if (width === undefined) this.#statement(sql).run(values);
    else this.#insert(sql, values, width);
  }

  rollback(): void {
    if (this.db.inTransaction) this.db.exec('ROLLBACK');
  }

  #insert(sql: string, values: readonly Value[], width: number): void {
    let texts = this.#inserts.get(sql);
    if (!texts) {
      const row = `(${Array<string>(width).fill('?').join(', ')})`;
      const of = (rows: number) => `${sql} VALUES ${Array<string>(rows).fill(row).join(', ')}`;
      this.#inserts.set(sql, (texts = { one: of(1), many: of(MANY) }));
    }
    let from = 0;
    for (; from + MANY * width <= values.length; from += MANY * width)
      this.#statement(texts.many).run(values.slice(from, from + MANY * width));
    for (; from < values.length; from += width) this.#statement(texts.one).run(values.slice(from, from + width));
  }

  #statement(sql: string): Database.Statement<unknown[]> {
    let statement = this.#prepared.get(sql);
    if (!statement) this.#prepared.set(sql, (statement = this.db.prepare(sql)));
    return statement;
  }
}

/** What a thread of statements is started with. */
export interface StatementsThread {
  readonly file: string;
  readonly port: MessagePort;
  /** How many messages are done, and whether one failed: then nothing is run any more. */
  readonly state: Int32Array;
}
export interface Message {
  readonly steps: readonly Step[];
  /** Whether the transaction so far is undone, before the steps. */
  readonly undo?: boolean;
  /** Answered after the steps. */
  readonly question?: readonly [sql: string, values: readonly Value[]];
  readonly close?: boolean;
}
export const [DONE, FAILED] = [0, 1] as const;

const serve = ({ file, port, state }: StatementsThread): void => {
  let statements: Statements | undefined;
  const trying = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      port.postMessage(error);
      Atomics.store(state, FAILED, 1); // whoever sees it finds the error waiting
      statements?.rollback();
    }
  };
  const take = ({ steps, undo, question }: Message): void => {
    if (undo) statements!.rollback();
    for (const step of steps) statements!.run(step);
    if (question) port.postMessage(statements!.all(...question));
  };
  trying(() => (statements = new Statements(file)));
  port.on('message', (message: Message) => {
    if (state[FAILED] === 0) trying(() => take(message));
    if (message.close) {
      statements?.db.close();
      port.close();
    }
    Atomics.add(state, DONE, 1);
    Atomics.notify(state, DONE);
  });
};

const { statements } = (workerData ?? {}) as { readonly statements?: StatementsThread };
if (statements) serve(statements);
