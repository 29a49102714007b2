import type { CaughtUp } from './replicated-store.js';

/** Instants at which the log's end is known, and the replica has not reached it yet. */
const MAX_MARKS = 16;

/** When the replica last was known to have all that was in the log. */
export class Freshness {
  #marks: readonly CaughtUp[] = [];
  #at: number | undefined;

  /** Of the latest instant whose end of the log the replica has reached, by `uptime`; undefined when there is none. */
  get at(): number | undefined {
    return this.#at;
  }

  note(mark: CaughtUp): void {
    this.#marks = [...this.#marks.slice(-MAX_MARKS), mark];
  }

  /** @param isReached whether the replica has an event, and all before it @returns whether an instant was reached */
  advance(isReached: (last: string) => boolean): boolean {
    const reached = this.#marks.findLastIndex(({ last }) => last === undefined || isReached(last));
    if (reached === -1) return false;
    this.#at = this.#marks[reached]!.at;
    this.#marks = this.#marks.slice(reached + 1);
    return true;
  }
}
