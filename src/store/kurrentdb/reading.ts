import { HistoryBrokenError, StoreUnavailableError, type Revision } from '../event-store.js';
import { CallFailedError, failureOf } from './errors.js';
import { BOUNDS, order, recordedOf, TOMBSTONE, type Recorded } from './events.js';
import type { Node } from './node.js';
import type { Reading } from './protocol.js';

/** What a read finds, one by one. @throws Failed; StoreUnavailable when the signal aborts */
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
 * What a read finds, whole; of the log, at least its beginning: a page that takes too long to find its end is handed out as far as it came.
 * @throws Failed
 */
export const collect = async (
  node: Node,
  reading: Reading,
  deadline: number,
  signal?: AbortSignal,
): Promise<readonly Recorded[] | 'not-found'> => {
  const found: Recorded[] = [];
  const partly = reading.stream === undefined;
  const { from, backwards, bytes: most = Number.POSITIVE_INFINITY } = reading;
  // A read from a position begins with what stands there; it is to begin after it.
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
    if (!partly || found.length === 0) throw error;
  }
  await all.return(undefined);
  return found;
};

/** Revisions of streams as they are seen pass by: none may be missing. The oldest are forgotten when there are very many. */
export class Revisions {
  readonly #seen = new Map<string, Revision>();

  constructor(
    /** Whether the first event of each stream must be seen. */
    readonly fromStart: boolean,
    readonly most = 200_000,
  ) {}

  /** @throws HistoryBroken */
  pass({ stream, revision, type }: Recorded): void {
    if (type === TOMBSTONE) throw new HistoryBrokenError(`${stream} was deleted on the server: what was recorded in it is gone.`);
    const before = this.#seen.get(stream) ?? (this.fromStart && !this.#forgets ? -1 : revision - 1);
    if (revision !== before + 1)
      throw new HistoryBrokenError(`${stream} goes from revision ${before} to ${revision}: it was deleted or truncated on the server.`);
    this.#seen.delete(stream);
    this.#seen.set(stream, revision);
    if (this.#seen.size > this.most) this.#seen.delete(this.#seen.keys().next().value!);
  }

  get #forgets(): boolean {
    return this.#seen.size >= this.most;
  }
}

/** What the server keeps beside a stream, and what of it would take events away. */
export const boundOf = (json: unknown): string | undefined => {
  if (typeof json !== 'object' || json === null) return undefined;
  const bounds = json as { readonly [key: string]: unknown };
  const bound = ['$tb', '$maxCount', '$maxAge'].find((key) => typeof bounds[key] === 'number' && (key !== '$tb' || bounds[key] > 0));
  if (bound === undefined) return undefined;
  return bound === '$tb' && (bounds[bound] as number) >= 2 ** 53 ? 'it was deleted' : `it is bounded by ${bound}`;
};

/** The ledger's stream that a record bounds; undefined for any other record. */
export const boundedBy = ({ stream }: Recorded): string | undefined =>
  BOUNDS.some((prefix) => stream.startsWith(prefix)) ? stream.slice(2) : undefined;

/** @throws HistoryBroken when what the server keeps beside a stream takes events of it away; Failed */
export const mustBeWhole = async (node: Node, stream: string, deadline: number): Promise<void> => {
  const found = await collect(node, { stream: `$$${stream}`, from: 'end', backwards: true, limit: 1 }, deadline);
  const bound = found === 'not-found' ? undefined : boundOf(found[0]?.json());
  if (bound !== undefined) throw new HistoryBrokenError(`${stream} is not whole: ${bound} on the server.`);
};
