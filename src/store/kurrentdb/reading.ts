import { HistoryBrokenError, StoreUnavailableError, type Revision } from '../event-store.js';
import { CallFailedError, failureOf } from './errors.js';
import { BOUNDS, order, recordedOf, TOMBSTONE, type Recorded } from './events.js';
import type { Node } from './node.js';
import type { Reading } from './protocol.js';

/** The records of a read, one by one. @throws CallFailedError; StoreUnavailableError when the signal aborts */
export async function* records(
  node: Node,
  reading: Reading,
  deadline: number,
  signal?: AbortSignal,
): AsyncGenerator<Recorded, 'not-found' | undefined> {
  const responses = await node.responses(reading, deadline);
  const cancel = () => responses.cancel();
  signal?.addEventListener('abort', cancel);
  if (signal?.aborted) cancel();
  try {
    for await (const response of responses) {
      if (response.hasStreamNotFound()) return 'not-found';
      const record = recordedOf(response);
      if (record) yield record;
    }
    return undefined;
  } catch (error) {
    if (signal?.aborted) throw new StoreUnavailableError('The store is closed.');
    throw new CallFailedError(failureOf(error));
  } finally {
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}

/**
 * All records of a read. A page of the log may be shorter: when the deadline passes, the records received so far are returned.
 * @throws CallFailedError
 */
export const collect = async (
  node: Node,
  reading: Reading,
  deadline: number,
  signal?: AbortSignal,
): Promise<readonly Recorded[] | 'not-found'> => {
  const found: Recorded[] = [];
  const mayBePartial = reading.stream === undefined;
  const { from, backwards, bytes: most = Number.POSITIVE_INFINITY } = reading;
  // The server includes the record at the position; the caller wants what comes after it.
  const isBefore = ({ position }: Recorded) => typeof from === 'object' && !backwards && order(position, from) <= 0;
  const all = records(node, reading, deadline, signal);
  try {
    for (let bytes = 0; bytes < most;) {
      const next = await all.next();
      if (next.done) return next.value ?? found;
      if (isBefore(next.value)) continue;
      found.push(next.value);
      bytes += next.value.size;
    }
  } catch (error) {
    if (!mayBePartial || found.length === 0) throw error;
  }
  await all.return(undefined);
  return found;
};

/** Checks that no revision is missing in any stream of the log. Remembers at most `most` streams, the least recently seen are dropped. */
export class Revisions {
  readonly #seen = new Map<string, Revision>();

  constructor(
    /** Whether reading began at the start of the log, so that each stream must begin at revision 0. */
    readonly fromStart: boolean,
    readonly most = 200_000,
  ) {}

  /** @throws HistoryBrokenError */
  pass({ stream, revision, type }: Recorded): void {
    if (type === TOMBSTONE) throw new HistoryBrokenError(`${stream} was deleted on the server: its events are lost.`);
    const before = this.#seen.get(stream) ?? (this.fromStart && !this.#isFull ? -1 : revision - 1);
    if (revision !== before + 1)
      throw new HistoryBrokenError(`${stream} goes from revision ${before} to ${revision}: it was deleted or truncated on the server.`);
    this.#seen.delete(stream);
    this.#seen.set(stream, revision);
    if (this.#seen.size > this.most) this.#seen.delete(this.#seen.keys().next().value!);
  }

  get #isFull(): boolean {
    return this.#seen.size >= this.most;
  }
}

/** The setting in a stream's metadata that hides or deletes events; undefined when there is none. */
export const boundOf = (json: unknown): string | undefined => {
  if (typeof json !== 'object' || json === null) return undefined;
  const bounds = json as { readonly [key: string]: unknown };
  const bound = ['$tb', '$maxCount', '$maxAge'].find((key) => typeof bounds[key] === 'number' && (key !== '$tb' || bounds[key] > 0));
  if (bound === undefined) return undefined;
  return bound === '$tb' && (bounds[bound] as number) >= 2 ** 53 ? 'it was deleted' : `it is bounded by ${bound}`;
};

/** The ledger stream whose metadata this record sets; undefined for any other record. */
export const boundedBy = ({ stream }: Recorded): string | undefined =>
  BOUNDS.some((prefix) => stream.startsWith(prefix)) ? stream.slice(2) : undefined;

/** @throws HistoryBrokenError when the stream's metadata hides or deletes events of it; CallFailedError */
export const mustBeWhole = async (node: Node, stream: string, deadline: number): Promise<void> => {
  const found = await collect(node, { stream: `$$${stream}`, from: 'end', backwards: true, limit: 1 }, deadline);
  const bound = found === 'not-found' ? undefined : boundOf(found[0]?.json());
  if (bound !== undefined) throw new HistoryBrokenError(`${stream} is incomplete: ${bound} on the server.`);
};
