import type { EventStore } from '../../store/event-store.js';

/** The two clocks of a machine. */
export interface Clocks {
  /** The wall clock: the instant of now, in UTC with milliseconds. */
  now(): string;
  /** The monotonic clock: milliseconds since some moment in the past. It never jumps, and it may stand still while the machine sleeps. */
  uptime(): number;
}

export interface ClockGuardOptions extends Clocks {
  /** The record-time watermark: the latest `recordedAt` in the log; undefined while the log is empty. */
  watermark(): string | undefined;
  /** The watermark that the operator has found to be wrong: a clock behind exactly this one is accepted. */
  readonly acceptedWatermark?: string | undefined;
  /** Called once when commands begin to be refused. */
  onRefused(message: string, state: 'behind' | 'jumped'): void;
  /** Called once when commands are accepted again. */
  onAccepted(message: string): void;
}

export type ClockState = 'trusted' | 'behind' | 'jumped';

/** The wall clock cannot be trusted: nothing is recorded by it. */
export class ClockError extends Error {
  override readonly name = 'ClockError';
  constructor(
    message: string,
    /** In milliseconds. */
    readonly retryAfter: number,
  ) {
    super(message);
  }
}

const MAX_BEHIND_MS = 60_000;
const MAX_JUMP_MS = 24 * 3600_000;
/** How long both clocks must agree before a wall clock is trusted again. */
const AGREEMENT_MS = 60_000;
/** How far the clocks may drift apart from one look to the next and still agree: time synchronisation corrects by small steps. */
const TOLERANCE_MS = 1000;
const MAX_RETRY_MS = 3600_000;

/**
 * Keeps instants out of the log that others could not be ordered by: an event recorded by a clock that is two years ahead would hide what is
 * recorded after it from every as-of read of those two years. A wall clock is refused when it is more than a minute behind the watermark,
 * or when it moved by more than a day against the monotonic clock. It is trusted again once it has been ahead of the watermark and in step
 * with the monotonic clock for a minute: after a suspended machine wakes up, the jump was right.
 */
export class ClockGuard {
  /** Wall clock minus monotonic clock, when they last agreed. */
  #offset: number;
  /** While the clock is refused: why, and from when on (monotonic) it is ahead of the watermark at this offset. */
  #refused: { readonly state: 'behind' | 'jumped'; readonly offset: number; readonly since: number } | undefined;

  constructor(private readonly options: ClockGuardOptions) {
    this.#offset = Date.parse(options.now()) - options.uptime();
    this.state();
  }

  /** The instant of now, to be recorded. @throws ClockError */
  now(): string {
    const now = this.options.now();
    const refused = this.#look(now);
    if (!refused) return now;
    throw new ClockError(this.#why(now, refused.state), Math.min(AGREEMENT_MS - refused.agreed, MAX_RETRY_MS));
  }

  /** @throws ClockError */
  check(): void {
    this.now();
  }

  state(): ClockState {
    return this.#look(this.options.now())?.state ?? 'trusted';
  }

  /** Why the clock is refused, and for how long it has agreed: below 0 while it is behind. */
  #look(now: string): { readonly state: 'behind' | 'jumped'; readonly agreed: number } | undefined {
    const [wall, uptime] = [Date.parse(now), this.options.uptime()];
    const offset = wall - uptime;
    const behind = this.#behind(wall);
    const since = uptime + Math.max(0, behind);
    const isWrong = behind > MAX_BEHIND_MS ? 'behind' : Math.abs(offset - this.#offset) > MAX_JUMP_MS ? 'jumped' : undefined;
    if (!this.#refused) {
      if (!isWrong) {
        this.#offset = offset;
        return undefined;
      }
      this.#refused = { state: isWrong, offset, since };
      this.options.onRefused(`${this.#why(now, isWrong)} Commands are refused.`, isWrong);
    } else if (behind > 0 || Math.abs(offset - this.#refused.offset) > TOLERANCE_MS)
      this.#refused = { state: isWrong ?? this.#refused.state, offset, since };
    const { state } = this.#refused;
    const agreed = uptime - this.#refused.since;
    if (agreed >= AGREEMENT_MS) {
      this.#refused = undefined;
      this.#offset = offset;
      this.options.onAccepted(`The clock says ${now} and has been in step for a minute. Commands are accepted again.`);
      return undefined;
    }
    return { state, agreed };
  }

  /** Milliseconds behind the watermark; 0 or less when it is not, or when the operator accepts that it is. */
  #behind(wall: number): number {
    const watermark = this.options.watermark();
    if (watermark === undefined || watermark === this.options.acceptedWatermark) return 0;
    return Date.parse(watermark) - wall;
  }

  #why(now: string, state: 'behind' | 'jumped'): string {
    return state === 'behind'
      ? `The clock says ${now}, but something was recorded at ${this.options.watermark()} already.`
      : `The clock jumped to ${now}, by more than a day.`;
  }
}

/** How many whole days the clock is ahead of the watermark, where that is more than 30: an old ledger, or a wrong clock. */
export const daysAhead = (now: string, watermark: string | undefined): number | undefined => {
  if (watermark === undefined) return undefined;
  const days = Math.floor((Date.parse(now) - Date.parse(watermark)) / MAX_JUMP_MS);
  return days > 30 ? days : undefined;
};

/** Events at the end of the log that are looked at for the watermark when the ledger is opened. */
const NEWEST_EVENTS = 1000;

/**
 * The latest `recordedAt` at the end of the log, since the projections may not have read so far when the ledger is opened. What is before
 * the end was recorded at most a minute later than that, or the operator accepted the clock that came after it: the projections find it.
 */
export const latestRecordedAt = async (store: EventStore): Promise<string | undefined> => {
  let latest: string | undefined;
  for (const { metadata } of (await store.newest?.(NEWEST_EVENTS)) ?? [])
    if (latest === undefined || metadata.recordedAt > latest) latest = metadata.recordedAt;
  return latest;
};
