import { bounds, dayOf, isDay, whyNotADate, type History } from '../kernel/index.js';
import type { Engine } from '../engine/write/engine.js';
import type { ReadSide } from './ledger.js';
import { BadRequestError, badParameter, NotCaughtUpError, ShuttingDownError } from './problem.js';
import { instantOf, type Query } from './request.js';

const WAIT_MS = 5000;

/** The query parameters of every read: read your own writes. */
export const MIN_POSITION = { minPosition: 'Wait until this position was read, at most 5 seconds: read your own writes.' };
/** The query parameters of a read at another point of the recorded clock. */
export const POINT = {
  recordedAt: 'As it was recorded at this instant, or at the end of this day in the time zone of the ledger. It cannot be in the future.',
  position: 'As it was recorded up to exactly this position.',
  ...MIN_POSITION,
};

/** The query parameters of a read as of a day. */
export const ON_DAY = {
  effectiveOn:
    'As it stood on this day: the acts of that day and before, as far as their days are known. Facts that may lie on the other side of it are named. A day to come shows what is planned today. Together with recordedAt: what was believed then about this day.',
};

/** A prefix of the log: what an answer is true for. */
export interface Point {
  /** Undefined: as recorded now. */
  readonly sequence: number | undefined;
  readonly asOf: { readonly position: string | null; readonly recordedAt?: string; readonly final: boolean };
}

/** @throws NotCaughtUpError, ShuttingDownError, InvalidPositionError */
export const caughtUp = async ({ store, projector }: ReadSide, { minPosition }: Query): Promise<void> => {
  if (minPosition === undefined) return;
  const { position } = projector;
  if (position !== undefined && store.compare(position, minPosition) >= 0) return;
  if (await projector.reached(minPosition, WAIT_MS)) return;
  if (projector.isEndingWaits) throw new ShuttingDownError('The server is closing.');
  throw new NotCaughtUpError(`Position ${minPosition} was not reached in 5 seconds.`);
};

/** @throws BadRequestError, and as `caughtUp` */
export const pointOf = async (readSide: ReadSide, query: Query): Promise<Point> => {
  const { store, projector } = readSide;
  const recordedAt = recordedAtOf(readSide, query);
  if (recordedAt !== undefined && query['position'] !== undefined) throw badParameter('position', 'cannot be combined with recordedAt');
  if (recordedAt !== undefined) {
    const { sequence, final } = projector.asOf(recordedAt);
    return { sequence, asOf: { position: projector.eventAt(sequence)?.position ?? null, recordedAt, final } };
  }
  if (query['position'] === undefined) return { sequence: undefined, asOf: { position: projector.position ?? null, final: false } };
  const { position } = query;
  const head = await store.head();
  // where the log is elsewhere, another node may have shown what this one has not read yet
  if (store.readLocal || (head !== undefined && store.compare(position, head) <= 0)) await caughtUp(readSide, { minPosition: position });
  const sequence = projector.sequenceAt(position);
  if (sequence === undefined) {
    const isBeyond = head === undefined || store.compare(position, head) > 0;
    const detail = isBeyond
      ? `is beyond the end of the log, ${head ?? 'which is empty'}`
      : 'must be the position of an event of this ledger';
    throw new BadRequestError([{ parameter: 'position', detail }], 'bad-position');
  }
  return { sequence: sequence, asOf: { position, final: true } };
};

/** Behind a sentence about what is not there: when the ledger began, where the read is of a time before that. */
export const beforeAll = ({ projector }: Pick<ReadSide, 'projector'>, { sequence }: Point): string => {
  const first = sequence === 0 ? projector.eventAt(1) : undefined;
  return first ? ` The first event of the ledger was recorded at ${first.watermark}.` : '';
};

/** Nothing is recorded from an instant on that has not come. @throws BadRequestError */
export const refuseFuture = ({ projector }: Pick<ReadSide, 'projector'>, name: string, instant: string | undefined): void => {
  const latest = latestOf(projector);
  if (instant !== undefined && instant > latest) throw badParameter(name, `is in the future: it is ${projector.now}`);
};
/** The clock that stamped an event may be ahead of this one. */
const latestOf = ({ now, watermark }: ReadSide['projector']): string => (watermark !== undefined && watermark > now ? watermark : now);

/** An instant that is not in the future, or the last millisecond of a day that has begun. @throws BadRequestError */
const recordedAtOf = ({ store, projector }: ReadSide, query: Query): string | undefined => {
  const { recordedAt: asked } = query;
  if (asked === undefined) return undefined;
  const { timeZone } = store.genesis;
  const { now } = projector;
  const latest = latestOf(projector);
  if (!isDay(asked)) {
    const instant = instantOf(query, 'recordedAt')!;
    if (instant > latest) throw badParameter('recordedAt', `is in the future: it is ${now}`);
    return instant;
  }
  if (asked > dayOf(latest, timeZone)) throw badParameter('recordedAt', `is in the future: today is ${dayOf(now, timeZone)}`);
  const next = Temporal.PlainDate.from(asked).add({ days: 1 }).toZonedDateTime(timeZone);
  return next.subtract({ milliseconds: 1 }).toInstant().toString({ smallestUnit: 'millisecond' });
};

/**
 * The day of a read in valid time, as it was asked for: a date of which the last possible day is known, or the day of an instant in the time
 * zone of the ledger; undefined when none was.
 * @throws BadRequestError
 */
export const effectiveOnOf = ({ store }: Pick<ReadSide, 'store'>, query: Query): string | undefined => {
  const { effectiveOn } = query;
  if (effectiveOn === undefined) return undefined;
  if (effectiveOn.includes('T')) return dayOf(instantOf(query, 'effectiveOn')!, store.genesis.timeZone);
  const why = whyNotADate(effectiveOn);
  if (why !== undefined || effectiveOn === 'unknown') throw badParameter('effectiveOn', why ?? 'must be a date');
  return effectiveOn;
};
/** The last possible day of it. @throws BadRequestError where there is none */
export const lastDayOf = (effectiveOn: string): string => {
  const { latest } = bounds(effectiveOn);
  if (!isDay(latest)) throw badParameter('effectiveOn', 'must have a last day');
  return latest;
};

/** A history as it was known at a point. */
export const atPoint = async (
  { projector, engine }: Pick<ReadSide, 'projector'> & { readonly engine: Engine },
  history: History,
  { sequence }: Point,
): Promise<History> => (sequence === undefined ? history : engine.historyAt(history, projector.revisionAt(history.stream, sequence)));
