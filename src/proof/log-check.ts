import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStore } from '../store/event-store.js';
import type { LogTree } from '../store/merkle-proof.js';
import { checkTree } from '../store/tree-check.js';

export interface LogCheckOptions {
  readonly store: Pick<EventStore, 'readAll'> & { readonly tree: LogTree };
  /** Milliseconds of a clock that is never set back. */
  uptime(): number;
  /** Between the end of one check and the beginning of the next. */
  readonly everyMs: number;
  log(message: string, error?: unknown): void;
}

/** The last whole check. */
export interface LastCheck {
  readonly events: number;
  /** When it ended, on the clock of `uptime`. */
  readonly endedAt: number;
  readonly faults: readonly string[];
}

/** Of the time that a check takes, the part in which it works: the rest belongs to commands and reads. */
const SHARE = 0.1;
/** After a check that could not read the log. */
const RETRY_MS = 60_000;

/** Checks the whole log against its tree, again and again, in the background. */
export class LogCheck {
  readonly #options: LogCheckOptions;
  readonly #stop = new AbortController();
  #last: LastCheck | undefined;
  #running: Promise<void>;

  constructor(options: LogCheckOptions) {
    this.#options = options;
    this.#running = this.#run().catch(() => undefined);
  }

  /** The last check that ended; undefined before the first has. */
  get last(): LastCheck | undefined {
    return this.#last;
  }
  /** What it found; undefined when it found nothing. */
  get fault(): string | undefined {
    return this.#last?.faults[0];
  }
  /** Seconds since it ended. */
  get age(): number | undefined {
    return this.#last && (this.#options.uptime() - this.#last.endedAt) / 1000;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const isDone = await this.#check();
      await sleep(isDone ? this.#options.everyMs : RETRY_MS, undefined, { signal, ref: false });
    }
  }

  async #check(): Promise<boolean> {
    const { store, uptime, log } = this.#options;
    const { signal } = this.#stop;
    let begun = uptime();
    const pause = async () => {
      await sleep((uptime() - begun) * (1 / SHARE - 1), undefined, { signal, ref: false });
      begun = uptime();
    };
    try {
      await pause();
      const { checked, faults } = await checkTree(store, store.tree, { signal, pause });
      if (faults.length > 0 && this.#last?.faults.join() !== faults.join()) for (const fault of faults) log(fault);
      this.#last = { events: checked, endedAt: uptime(), faults };
      return true;
    } catch (error) {
      if (!signal.aborted) log('The log could not be checked against its tree.', error);
      return false;
    }
  }
}
