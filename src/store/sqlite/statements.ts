import Database from 'better-sqlite3';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';

export type Value = string | number | null;
/** A statement and what it is given; with a width, an insert of rows that lie end to end in `values`. */
export type Step = readonly [sql: string, values: readonly Value[], width?: number];

/** Rows of one statement: that costs far less than a statement for each. */
const MANY = 40;

/** A file, and the statements prepared on it. */
export class Statements {
  readonly db: Database.Database;
  readonly #prepared = new Map<string, Database.Statement<unknown[]>>();
  readonly #inserts = new Map<string, { readonly one: string; readonly many: string }>();

  constructor(file: string) {
    this.db = new Database(file);
    try {
      this.db.pragma('journal_mode = WAL');
      this.db.pragma('synchronous = NORMAL'); // what is lost is made again from the log
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
export interface Failure {
  readonly message: string;
  readonly code: string | undefined;
}
export const [DONE, FAILED] = [0, 1] as const;

/** This file is the thread as well: it imports nothing of the project, and has no syntax that only a compiler could take away. */
const serve = ({ file, port, state }: StatementsThread): void => {
  let statements: Statements | undefined;
  const fail = (error: unknown): void => {
    const { message, code } = error as NodeJS.ErrnoException;
    const failure: Failure = { message, code };
    port.postMessage(failure); // for who waits
    parentPort!.postMessage(failure); // for who does not
    Atomics.store(state, FAILED, 1);
    try {
      statements?.rollback();
    } catch {
      // nothing more is run on it
    }
  };
  const take = ({ steps, undo, question, close }: Message): void => {
    if (undo) statements?.rollback();
    for (const step of steps) statements!.run(step);
    if (question) port.postMessage(statements!.all(...question));
    if (close) statements?.db.close();
  };
  try {
    statements = new Statements(file);
  } catch (error) {
    fail(error);
  }
  port.on('message', (message: Message) => {
    try {
      if (state[FAILED] === 0) take(message);
      else if (message.close) statements?.db.close();
    } catch (error) {
      fail(error);
    } finally {
      Atomics.add(state, DONE, 1);
      Atomics.notify(state, DONE);
      if (message.close) port.close();
    }
  });
};

const { statements } = (workerData ?? {}) as { readonly statements?: StatementsThread };
if (statements) serve(statements);
