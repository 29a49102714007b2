import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/** Work that is done without a pause, and the least that others do in two turns of a loop that is in use, in milliseconds. */
const SLICE_MS = 5;
const IN_USE_MS = 0.3;
/** How often it is looked whether the loop is still in use, in milliseconds, and the share of that time from which it is. */
const LOOK_MS = 10;
const IN_USE = 0.05;

const { eventLoopUtilization } = performance;

/**
 * Keeps work that nobody waits for by the millisecond from being felt by commands and probes: it takes a slice of the event loop at a time,
 * and while others use the loop, at most a share of it. On a loop that is otherwise idle it goes on after two turns.
 */
export class Budget {
  #begun = eventLoopUtilization();
  #slice = this.#begun;

  /** @param share of the time while others use the loop, above 0 and at most 1 */
  constructor(private readonly share: number) {}

  /** Before a piece of work. */
  begin(): void {
    this.#begun = this.#slice = eventLoopUtilization();
  }
  /** Milliseconds since the piece of work began, pauses included. */
  get spent(): number {
    return elapsed(eventLoopUtilization(this.#begun));
  }

  /** To be called every millisecond or so of work: pauses when the slice is used up. */
  readonly breathe = async (): Promise<void> => {
    const worked = elapsed(eventLoopUtilization(this.#slice));
    if (worked < SLICE_MS) return;
    let last = eventLoopUtilization();
    await turn();
    await turn();
    let others = eventLoopUtilization(last);
    if (others.active > IN_USE_MS)
      for (let rest = worked * (1 / this.share - 1) - elapsed(others); rest > 0; rest -= elapsed(others)) {
        last = eventLoopUtilization();
        await sleep(Math.min(rest, LOOK_MS));
        others = eventLoopUtilization(last);
        if (others.utilization < IN_USE) break;
      }
    this.#slice = eventLoopUtilization();
  };
}

const elapsed = ({ active, idle }: { readonly active: number; readonly idle: number }): number => active + idle;
