import { StoreUnavailableError, StreamBrokenError, type Revision } from '../event-store.js';
import { CallFailedError, DELETED, failureOf } from './errors.js';
import { order, recordedOf, TOMBSTONE, type Recorded } from './events.js';
import type { Node } from './node.js';
import type { LogPosition, Reading } from './protocol.js';
import type { StreamNames } from './stream-names.js';

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
 * All records of a read. A page of the log may be cut: when the deadline passes, or it holds enough bytes, the records received so far are
 * returned. So a short page says nothing about what follows it.
 * @throws CallFailedError, also when a page of the log is cut before its first record
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
  const isBefore = ({ position }: Recorded) => typeof from === 'object' && !backwards && !reading.inclusive && order(position, from) <= 0;
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

/** Milliseconds for a read that searches the whole log. A connection that is dead is noticed long before. */
export const LONG_READ = 600_000;

/**
 * The log from a position on up to its end, as a subscription: the records that the filter lets through, and the server's checkpoints, which
 * show how far it is. Needs no deadline for the whole, since something comes all the time.
 * @throws CallFailedError, also when nothing comes for `deadline` milliseconds
 */
export async function* scan(
  node: Node,
  { from, prefixes, byType }: Reading,
  deadline: number,
  signal?: AbortSignal,
): AsyncGenerator<Recorded | { readonly checkpoint: LogPosition }, void> {
  const responses = await node.responses({ from, ...(prefixes !== undefined && { prefixes }), ...(byType !== undefined && { byType }) });
  let isLate = false;
  const watch = setTimeout(() => {
    isLate = true;
    responses.cancel();
  }, deadline);
  const cancel = () => responses.cancel();
  signal?.addEventListener('abort', cancel);
  if (signal?.aborted) cancel();
  try {
    for await (const response of responses) {
      watch.refresh();
      const [record, checkpoint] = [recordedOf(response), response.getCheckpoint()];
      if (record) yield record;
      if (checkpoint)
        yield { checkpoint: { commit: BigInt(checkpoint.getCommitPosition()), prepare: BigInt(checkpoint.getPreparePosition()) } };
      if (response.hasCaughtUp()) return;
    }
    throw new CallFailedError({ kind: 'lost', message: 'The subscription ended.' });
  } catch (error) {
    if (signal?.aborted) throw new StoreUnavailableError('The store is closed.');
    throw new CallFailedError({ ...failureOf(error), isLate });
  } finally {
    clearTimeout(watch);
    signal?.removeEventListener('abort', cancel);
    cancel();
  }
}

/**
 * A page of the log like `collect`, however many records of other programs lie before its first one. It ends where the log ends.
 * @throws CallFailedError
 */
export const readOn = async (node: Node, reading: Reading, deadline: number, signal?: AbortSignal): Promise<readonly Recorded[]> => {
  const { limit = Number.POSITIVE_INFINITY, bytes: most = Number.POSITIVE_INFINITY } = reading;
  const found: Recorded[] = [];
  let bytes = 0;
  try {
    for await (const next of scan(node, reading, deadline, signal)) {
      if ('checkpoint' in next) continue;
      found.push(next);
      bytes += next.size;
      if (found.length >= limit || bytes >= most) break;
    }
  } catch (error) {
    if (found.length === 0) throw error;
  }
  return found;
};

/** The position of the last record in the server's log, of any application; undefined when there is none. @throws CallFailedError */
export const endOf = async (node: Node, deadline: number, signal?: AbortSignal): Promise<LogPosition | undefined> => {
  const found = await collect(node, { from: 'end', backwards: true, limit: 1 }, deadline, signal);
  return found === 'not-found' ? undefined : found[0]?.position;
};

/** Checks that no revision is missing in any stream of the log. Remembers at most `most` streams, the least recently seen are dropped. */
export class Revisions {
  readonly #seen = new Map<string, Revision>();

  constructor(
    /** Whether reading began at the start of the log, so that each stream must begin at revision 0. */
    readonly fromStart: boolean,
    readonly most = 200_000,
  ) {}

  /** @throws StreamBrokenError */
  pass(stream: string, { revision, type }: Recorded): void {
    if (type === TOMBSTONE) throw new StreamBrokenError(stream, DELETED);
    const before = this.#seen.get(stream) ?? (this.fromStart && !this.#isFull ? -1 : revision - 1);
    if (revision !== before + 1)
      throw new StreamBrokenError(stream, `it goes from revision ${before} to ${revision}, because it was deleted or truncated`);
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
  return bound === '$tb' && (bounds[bound] as number) >= 2 ** 53 ? DELETED : `it is bounded by ${bound}`;
};

/** Where the ledger's streams are, and how long a read of them may take, in milliseconds, or until when. */
export interface Places {
  readonly names: StreamNames;
  readonly deadline: number;
  readonly signal?: AbortSignal;
}

/** @throws StreamBrokenError when the stream's metadata hides or deletes events of it; CallFailedError */
export const mustBeUnbounded = async (node: Node, stream: string, { names, deadline, signal }: Places): Promise<void> => {
  const reading: Reading = { stream: `$$${names.onServer(stream)}`, from: 'end', backwards: true, limit: 1 };
  const found = await collect(node, reading, deadline, signal);
  const bound = found === 'not-found' ? undefined : boundOf(found[0]?.json());
  if (bound !== undefined) throw new StreamBrokenError(stream, bound);
};

/** Why a server no longer shows every event of a stream. */
export interface Broken {
  /** A clause with its subject, such as "it was deleted". */
  readonly why: string;
  readonly isDeleted: boolean;
}

/** Why the server does not show every event of a stream from its first on; undefined when it does. @throws CallFailedError */
export const brokenBy = async (node: Node, stream: string, places: Places): Promise<Broken | undefined> => {
  const because = (why: string): Broken => ({ why, isDeleted: why === DELETED });
  try {
    await mustBeUnbounded(node, stream, places);
    const found = await collect(node, { stream: places.names.onServer(stream), from: 'start', limit: 1 }, places.deadline, places.signal);
    if (found === 'not-found' || found.length === 0) return because('none of its events is left');
    return found[0]!.revision === 0 ? undefined : because(`it begins at revision ${found[0]!.revision}`);
  } catch (error) {
    if (error instanceof StreamBrokenError) return because(error.why);
    if (error instanceof CallFailedError && error.failure.kind === 'deleted') return because(DELETED);
    throw error;
  }
};
