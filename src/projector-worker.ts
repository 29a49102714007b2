import { Worker } from 'node:worker_threads';
import type { FollowerListener, FollowerReport, RunningFollower } from './engine/read/follower.js';
import type { Genesis } from './store/event-store.js';
import { ReadModelDamagedError, ReadModelUnavailableError } from './store/read-model.js';

export interface ThreadOptions {
  /** The file that holds the log. */
  readonly log: { readonly kind: 'sqlite' | 'replica'; readonly file: string };
  /** The file of the read model. */
  readonly readModel: string;
  readonly genesis: Genesis;
}

export type ToThread = 'more' | 'flush' | 'retire' | 'close' | { readonly rebuild: string; readonly id: number };
export interface ThreadError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: string | undefined;
}
export type FromThread =
  | { readonly report: FollowerReport }
  | { readonly log: string; readonly error?: ThreadError }
  | { readonly rebuilt: number; readonly error?: ThreadError }
  | { readonly ended: ThreadError }
  | { readonly closed: true; readonly error?: ThreadError };

/** The least time between two messages that say that there is more to read: while somebody waits for it, and while nobody does. */
const MORE_MS = { awaited: 5, unawaited: 40 };
/** How long the thread may take to commit and to end; then it is stopped where it is. */
const CLOSE_MS = 10_000;

/**
 * A follower on a thread of its own, over messages alone: neither thread waits for the other.
 * @param onCommit registers what is called after each commit to the log
 */
export const followOnThread = (
  options: ThreadOptions,
  onCommit: (listener: () => void) => void,
): ((listener: FollowerListener) => RunningFollower) => {
  let current: ThreadFollower | undefined;
  onCommit(() => current?.more());
  return (listener) => (current = new ThreadFollower(options, listener));
};

class ThreadFollower implements RunningFollower {
  readonly ended: Promise<void>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #rebuilds = new Map<number, { resolve(): void; reject(error: Error): void }>();
  #end!: (error?: Error) => void;
  #lastId = 0;
  #closed: { readonly error?: Error } | undefined;
  #closing: Promise<void> | undefined;
  #pause: NodeJS.Timeout | undefined;
  #again = false;
  #awaited = false;

  constructor(
    options: ThreadOptions,
    private readonly listener: FollowerListener,
  ) {
    this.ended = new Promise((resolve, reject) => (this.#end = (error) => (error ? reject(error) : resolve())));
    this.ended.catch(() => undefined);
    this.#worker = new Worker(new URL('./projector-thread.js', import.meta.url), { workerData: options });
    this.#worker.on('message', (message: FromThread) => this.#take(message));
    this.#worker.on('error', (error) => this.#fail(revived(error as ThreadError)));
    this.#exited = new Promise((resolve) =>
      this.#worker.on('exit', (code) => {
        this.#fail(new Error(`The thread of the projections ended with code ${code}.`));
        resolve();
      }),
    );
  }

  /** At once after a pause, else at most once every few milliseconds. */
  more(): void {
    if (this.#pause) {
      this.#again = true;
      return;
    }
    this.#again = false;
    this.#pause = setTimeout(
      () => {
        this.#pause = undefined;
        if (this.#again) this.more();
      },
      MORE_MS[this.#awaited ? 'awaited' : 'unawaited'],
    );
    this.#post('more');
  }
  flush(): void {
    if (!this.#awaited) {
      this.#awaited = true;
      clearTimeout(this.#pause);
      this.#pause = undefined;
      if (this.#again) this.more();
    }
    this.#post('flush');
  }
  retire(): void {
    this.#post('retire');
  }
  rebuild(projection: string): Promise<void> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#rebuilds.set(id, { resolve, reject });
      this.#post({ rebuild: projection, id });
    });
  }
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#post('close');
    const late = setTimeout(() => void this.#worker.terminate(), CLOSE_MS);
    await this.#exited;
    clearTimeout(late);
    clearTimeout(this.#pause);
    this.#again = false;
    if (this.#closed?.error) throw this.#closed.error;
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message); // one that has ended takes no notice
  }
  #take(message: FromThread): void {
    if ('report' in message) {
      this.#awaited = false; // who still waits says so
      this.listener.report(message.report);
    } else if ('log' in message) this.listener.log(message.log, message.error && revived(message.error));
    else if ('ended' in message) this.#fail(revived(message.ended));
    else if ('closed' in message) {
      this.#closed = message.error ? { error: revived(message.error) } : {};
      this.#end();
    } else {
      const rebuild = this.#rebuilds.get(message.rebuilt);
      this.#rebuilds.delete(message.rebuilt);
      if (message.error) rebuild?.reject(revived(message.error));
      else rebuild?.resolve();
    }
  }
  #fail(error: Error): void {
    for (const { reject } of this.#rebuilds.values()) reject(error);
    this.#rebuilds.clear();
    this.#end(error);
  }
}

/** The errors that the projector tells apart keep their class across the threads. */
const revived = ({ name, message, stack, code }: ThreadError): Error => {
  const kinds = [ReadModelDamagedError, ReadModelUnavailableError];
  const Kind = kinds.find((kind) => kind.name === name) ?? Error;
  return Object.assign(new Kind(message), stack !== undefined && { stack }, code !== undefined && { code });
};
