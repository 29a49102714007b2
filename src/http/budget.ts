import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';

/** Work that is done without a pause, and the least that others do in two turns of a loop that is in use, in milliseconds. */
const SLICE_MS = 10;
const IN_USE_MS = 0.3;
/** How often it is looked whether the loop is still in use, in milliseconds, and the share of that time from which it is. */
const LOOK_MS = 10;
const IN_USE = 0.05;
/** The longest rest between two pieces of work, in milliseconds: a message waits no longer for others. */
const MAX_REST_MS = 180;

const { eventLoopUtilization } = performance;

/**
 * Keeps work that nobody waits for by the millisecond from being felt by commands and probes. Within a piece of work it takes a slice of
 * the event loop at a time, and while others use the loop, at most one share of it; together, pieces take at most another share, which is
 * smaller: a piece is done soon, and the next one comes later. On a loop that is otherwise idle it goes on after two turns.
 */
export class Budget {
  #begun = eventLoopUtilization();
  #slice = this.#begun;
  /** Milliseconds of this piece of work until its last pause. */
  #worked = 0;

  /**
   * @param share of the time while others use the loop, above 0 and at most 1
   * @param within the share within a piece of work
   */
  constructor(
    private readonly share: number,
    private readonly within = share,
  ) {}

  /** Before a piece of work. */
  begin(): void {
    this.#begun = this.#slice = eventLoopUtilization();
    this.#worked = 0;
  }
  /** Milliseconds since the piece of work began, pauses included. */
  get spent(): number {
    return elapsed(eventLoopUtilization(this.#begun));
  }

  /** To be called every millisecond or so of work: pauses when the slice is used up. */
  readonly breathe = async (): Promise<void> => {
    const worked = elapsed(eventLoopUtilization(this.#slice));
    if (worked < SLICE_MS) return;
    this.#worked += worked;
    await pause(worked * (1 / this.within - 1));
    this.#slice = eventLoopUtilization();
  };

  /** After a piece of work: until its share of the time is over. @returns whether others use the loop */
  async rest(): Promise<boolean> {
    this.#worked += elapsed(eventLoopUtilization(this.#slice));
    return pause(Math.min(this.#worked / this.share - this.spent, MAX_REST_MS));
  }
}

/** A turn of the loop or two, and so many milliseconds for others while they use it. @returns whether they do */
const pause = async (ms: number): Promise<boolean> => {
  let last = eventLoopUtilization();
  await turn();
  if (ms > 0 && eventLoopUtilization(last).active >= ms) return true;
  await turn();
  let others = eventLoopUtilization(last);
  if (others.active <= IN_USE_MS) return false;
  for (let rest = ms - elapsed(others); rest > 0; rest -= elapsed(others)) {
    last = eventLoopUtilization();
    await sleep(Math.min(rest, LOOK_MS));
    others = eventLoopUtilization(last);
    if (others.utilization < IN_USE) return false;
  }
  return true;
};

const elapsed = ({ active, idle }: { readonly active: number; readonly idle: number }): number => active + idle;
