import { randomUUID } from 'node:crypto';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { RefusedError, streamDeleted } from './failures.js';
import { before, at, type Log, type Position, type Recorded } from './log.js';
import { caughtUpMessage, checkpointMessage, confirmationMessage, eventMessage } from './messages.js';

/** Events in a page of a catching-up subscription, and maximum that wait for a live one; the server's values. */
const PAGE = 32;

export interface Filter {
  readonly allows: (record: Recorded) => boolean;
  /** Events scanned in one page. */
  readonly window: number | undefined;
  /** Windows from one checkpoint to the next. */
  readonly interval: number;
}

type Live = { readonly number: number } & ({ readonly event: Recorded } | { readonly checkpoint: Position });

/** New events of the log, numbered. When the reader is slow the oldest are dropped, which leaves a gap in the numbers. */
class LiveEvents {
  readonly #waiting: Live[] = [];
  #number = 0;
  #seen = 0;
  #wake = () => {};

  constructor(
    log: Log,
    signal: AbortSignal,
    allows: (record: Recorded) => boolean,
    readonly interval: number | undefined,
  ) {
    const stop = log.watch((record) => {
      if (allows(record)) this.#put({ event: record });
      if (this.interval !== undefined && ++this.#seen >= this.interval) {
        this.#seen = 0;
        this.#put({ checkpoint: at(record.position) });
      }
    });
    signal.addEventListener('abort', () => {
      stop();
      this.#wake();
    });
  }

  async next(signal: AbortSignal): Promise<Live | undefined> {
    while (this.#waiting.length === 0) {
      if (signal.aborted) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#waiting.shift();
  }

  #put(what: { event: Recorded } | { checkpoint: Position }): void {
    this.#waiting.push({ number: ++this.#number, ...what });
    if (this.#waiting.length > PAGE) this.#waiting.shift();
    this.#wake();
  }
}

const NOWHERE: Position = { commit: -1, prepare: -1 };

/**
 * The messages of a subscription to $all after a position, in the server's order: confirmation, events in pages, checkpoints, caught up,
 * live events. It returns to pages whenever it falls behind.
 */
export async function* subscriptionToAll(
  log: Log,
  from: Position | 'start' | 'end',
  filter: Filter | undefined,
  signal: AbortSignal,
): AsyncGenerator<streams.ReadResp> {
  const allows = filter?.allows ?? (() => true);
  const window = filter?.window ?? (filter ? PAGE : Infinity);
  const interval = filter && window * filter.interval;
  const live = new LiveEvents(log, signal, (record) => record.stream !== '$epoch-information' && allows(record), interval);
  const confirmed = at(log.last);
  yield confirmationMessage(randomUUID());

  let reached = from === 'start' ? NOWHERE : from === 'end' ? confirmed : from;
  let lastCheckpoint = NOWHERE;
  let number = 0;
  let behind = before(reached, confirmed);
  const checkpoint = function* (position: Position) {
    if (!before(lastCheckpoint, position)) return;
    lastCheckpoint = position;
    yield checkpointMessage(position);
  };

  while (!signal.aborted) {
    for (let next = reached.commit < 0 ? at(0) : reached, counted = 0; behind;) {
      const start = next;
      const page = log.readAll(start, PAGE, window, allows);
      for (const event of page.events) {
        if (!before(reached, at(event.position))) continue;
        yield eventMessage(event);
        reached = at(event.position);
      }
      if (filter && before(reached, start) && before(start, page.next)) reached = start;
      counted += page.considered;
      next = page.next;
      if (interval !== undefined && (page.end || counted >= interval)) {
        counted %= interval;
        if (page.end && before(reached, at(0)) && before(at(0), next)) reached = at(0);
        yield* checkpoint(reached);
      }
      if (page.end) behind = false;
    }
    yield caughtUpMessage();
    for (let item; !behind && (item = await live.next(signal));) {
      const inOrder = item.number === number + 1;
      number = item.number;
      if ('event' in item ? !before(reached, at(item.event.position)) : before(item.checkpoint, reached)) continue;
      if (!inOrder) {
        if (filter) yield* checkpoint(reached);
        behind = true;
      } else if ('event' in item) {
        yield eventMessage(item.event);
        reached = at(item.event.position);
      } else {
        yield* checkpoint(item.checkpoint);
        reached = item.checkpoint;
      }
    }
  }
}

/** Like `subscriptionToAll`, for one stream after a revision; ends with an error when the stream gets a tombstone. */
export async function* subscriptionToStream(
  log: Log,
  stream: string,
  from: number | 'start' | 'end',
  signal: AbortSignal,
): AsyncGenerator<streams.ReadResp> {
  const live = new LiveEvents(log, signal, (record) => record.stream === stream, undefined);
  if (log.read(stream, 'forwards', 'start', 0) === 'deleted') throw new RefusedError(streamDeleted(stream));
  const confirmed = log.recorded(stream).at(-1)?.revision ?? -1;
  yield confirmationMessage(randomUUID());

  let reached = from === 'start' ? -1 : from === 'end' ? confirmed : from;
  let number = 0;
  let behind = reached < confirmed;
  while (!signal.aborted) {
    while (behind) {
      const page = log.read(stream, 'forwards', reached + 1, PAGE);
      if (page === 'deleted') throw new RefusedError(streamDeleted(stream));
      const events = page === 'not-found' ? [] : page;
      for (const event of events) {
        yield eventMessage(event);
        reached = event.revision;
      }
      behind = events.length === PAGE;
    }
    yield caughtUpMessage();
    for (let item; !behind && (item = await live.next(signal));) {
      const inOrder = item.number === number + 1;
      number = item.number;
      if (!('event' in item) || item.event.revision <= reached) continue;
      if (!inOrder) behind = true;
      else {
        yield eventMessage(item.event);
        reached = item.event.revision;
        if (item.event.type === '$streamDeleted') throw new RefusedError(streamDeleted(stream));
      }
    }
  }
}
