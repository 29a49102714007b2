import { extname } from 'node:path';
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads';
import { DONE, FAILED, Statements, type Failure, type Message, type Step, type StatementsThread, type Value } from './statements.js';

/** A file of a read model: one transaction at a time, in which statements run in the order given. */
export interface Sql {
  /** Goes on in what is held. @throws what has failed of what ran before */
  begin(): void;
  /** Leaves the transaction open: the next one goes on in it. Flushed, what was run so far is done meanwhile. */
  hold(how?: { readonly flush: boolean }): void;
  commit(): void;
  /** Then all that was committed before can be recalled. */
  rollback(): void;
  readonly held: boolean;
  run(sql: string, ...values: readonly Value[]): void;
  /** @param sql up to VALUES */
  insert(sql: string, rows: readonly (readonly Value[])[]): void;
  /** Sees all that was run; nothing may be held. */
  all(sql: string, ...values: readonly Value[]): unknown[];
  /** Sees what was committed, and perhaps more; never waits for what runs elsewhere. */
  recall(sql: string, ...values: readonly Value[]): unknown[];
  /** Until all that was committed can be recalled. */
  settle(): void;
  close(): void;
}

/** Where who asks can wait: in memory, and wherever little is written. */
export class HereSql implements Sql {
  held = false;
  constructor(private readonly statements: Statements) {}

  begin(): void {
    if (!this.held) this.run('BEGIN');
    this.held = false;
  }
  hold(): void {
    this.held = true;
  }
  commit(): void {
    this.run('COMMIT');
  }
  rollback(): void {
    this.statements.rollback();
    this.held = false;
  }
  run(sql: string, ...values: readonly Value[]): void {
    this.statements.run([sql, values]);
  }
  insert(sql: string, rows: readonly (readonly Value[])[]): void {
    if (rows.length > 0) this.statements.run(inserting(sql, rows));
  }
  all(sql: string, ...values: readonly Value[]): unknown[] {
    return this.statements.all(sql, values);
  }
  recall(sql: string, ...values: readonly Value[]): unknown[] {
    return this.statements.all(sql, values);
  }
  settle(): void {}
  close(): void {
    this.statements.db.close();
  }
}

/** Messages that may be under way: who writes faster waits. */
const UNDER_WAY = 6;
const PATIENCE_MS = 60_000;

/**
 * Writes on a thread of its own, so that whoever follows the log goes on meanwhile; reads here, once that thread has committed.
 * What fails there is told, and to whoever comes next; nothing is written any more, for what follows would stand on a gap.
 */
export class ThreadSql implements Sql {
  #transaction: 'none' | 'inside' | 'held' = 'none';
  #steps: Step[] = [];
  #sent = 0;
  #broken: Error | undefined;
  #closed = false;
  readonly #state = new Int32Array(new SharedArrayBuffer(8));
  readonly #port: MessagePort;

  /**
   * @param here the same file, open on this thread
   * @param failed told once, when no transaction is under way
   */
  constructor(
    private readonly here: Statements,
    file: string,
    private readonly failed: (error: Error) => void,
  ) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const statements: StatementsThread = { file, port: port2, state: this.#state };
    const thread = new Worker(new URL(`./statements${extname(import.meta.filename)}`, import.meta.url), { workerData: { statements }, transferList: [port2] }); // prettier-ignore
    thread.on('message', (failure: Failure) => this.#fail(errorOf(failure)));
    thread.on('error', (error) => this.#fail(error as Error));
    thread.unref();
    port1.unref();
  }

  get held(): boolean {
    return this.#transaction === 'held';
  }
  begin(): void {
    this.#check();
    if (this.#transaction === 'inside') throw new Error('A transaction is under way.');
    if (this.#transaction === 'none') this.#steps.push(['BEGIN', []]);
    this.#transaction = 'inside';
  }
  hold({ flush } = { flush: false }): void {
    if (flush) this.#send();
    this.#transaction = 'held';
  }
  commit(): void {
    this.#steps.push(['COMMIT', []]);
    this.#transaction = 'none';
    this.#send();
  }
  rollback(): void {
    this.#steps = [];
    this.#transaction = 'none';
    try {
      this.#send({ undo: true });
      this.settle();
    } catch {
      // told at the next begin
    }
  }
  run(sql: string, ...values: readonly Value[]): void {
    this.#steps.push([sql, values]);
    if (this.#transaction === 'none') this.#send();
  }
  insert(sql: string, rows: readonly (readonly Value[])[]): void {
    if (rows.length > 0) this.#steps.push(inserting(sql, rows));
  }
  all(sql: string, ...values: readonly Value[]): unknown[] {
    if (this.#transaction === 'inside') {
      this.#send({ question: [sql, values] });
      this.#wait(0);
      return receiveMessageOnPort(this.#port)!.message as unknown[];
    }
    if (!this.#broken) this.settle();
    return this.recall(sql, ...values);
  }
  recall(sql: string, ...values: readonly Value[]): unknown[] {
    return this.here.all(sql, values);
  }
  settle(): void {
    this.#wait(0);
  }
  close(): void {
    const told = this.#broken;
    try {
      this.#send({ close: true });
      this.settle();
    } catch (error) {
      if (error !== told) throw error;
    } finally {
      this.#closed = true;
      this.#broken ??= new Error('The read model is closed.');
      this.#port.close();
      this.here.db.close();
    }
  }

  #send(more: Omit<Message, 'steps'> = {}): void {
    const message: Message = { steps: this.#steps, ...more };
    this.#port.postMessage(message);
    this.#steps = [];
    this.#sent++;
    this.#wait(UNDER_WAY);
  }

  /** Until so few messages are under way. */
  #wait(underWay: number): void {
    this.#check();
    for (let done = this.#done; ((this.#sent - done) | 0) > underWay; done = this.#done)
      // both go round
      if (Atomics.wait(this.#state, DONE, done, PATIENCE_MS) === 'timed-out') {
        Atomics.store(this.#state, FAILED, 1); // should it come back, it is too late
        this.#fail(new Error('The thread that writes the read model does not answer.'));
        break;
      }
    this.#check();
  }
  get #done(): number {
    return Atomics.load(this.#state, DONE);
  }
  /** @throws what has failed */
  #check(): void {
    if (!this.#broken && Atomics.load(this.#state, FAILED) === 1) this.#fail(errorOf(receiveMessageOnPort(this.#port)!.message as Failure));
    if (this.#broken) throw this.#broken;
  }
  #fail(error: Error): void {
    if (this.#broken) return;
    this.#broken = error;
    queueMicrotask(() => this.#closed || this.failed(error));
  }
}

const errorOf = ({ message, code }: Failure): Error => Object.assign(new Error(message), { code });
const inserting = (sql: string, rows: readonly (readonly Value[])[]): Step => {
  const values: Value[] = [];
  for (const row of rows) values.push(...row);
  return [sql, values, rows[0]!.length];
};
