import type { History } from '../kernel/index.js';
import type { ReadSide } from './ledger.js';
import { BadRequestError, badParameter, NotCaughtUpError, ShuttingDownError } from './problem.js';
import { instantOf, type Query } from './request.js';

const WAIT_MS = 5000;

/** The query parameters of every read: read your own writes. */
export const MIN_POSITION = { minPosition: 'Wait until this position was read, at most 5 seconds: read your own writes.' };
/** The query parameters of a read at another point of the recorded clock. */
export const POINT = {
  recordedAt: 'As it was recorded at this instant.',
  position: 'As it was recorded up to exactly this position.',
  ...MIN_POSITION,
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
  const recordedAt = instantOf(query, 'recordedAt');
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
  if (sequence === undefined)
    throw new BadRequestError([{ parameter: 'position', detail: 'must be the position of an event of this ledger' }], 'bad-position');
  return { sequence: sequence, asOf: { position, final: true } };
};

/** A history as it was known at a point. */
export const atPoint = ({ projector }: ReadSide, history: History, { sequence }: Point): History =>
  sequence === undefined ? history : history.atRevision(projector.revisionAt(history.stream, sequence));
