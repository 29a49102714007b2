import { setTimeout as sleep } from 'node:timers/promises';
import { canonical, type RecordedEvent } from '../kernel/index.js';
import { OutcomeUnknownError, StoreUnavailableError, WrongExpectedRevisionError, type EventStore } from '../store/event-store.js';
import { compareLogs, isForeign, pagesOf, type Log } from '../store/merkle-tree.js';

/**
 * A store that hears that it will hold a part of a ledger, and until it hears that it has all, opens for this alone; and that may store
 * the events that come next in the other one, of many streams and in its order: all of them or none.
 */
type Target = EventStore & {
  /** @returns whether it was open to servers until this was first said */
  adopting?(): void | Promise<boolean>;
  /** Whether it is open to servers: not where a migration into it is under way, or was interrupted. */
  isOpen?(): Promise<boolean>;
  adopt?(events: readonly RecordedEvent[]): Promise<void>;
  /** @returns whether it is open to servers: not where another migration into it has begun since */
  adopted?(): void | Promise<boolean>;
};

export interface Progress {
  /** First what both hold already is compared, then the rest is copied, then both are read again for the proof. */
  readonly phase: 'comparing' | 'copying' | 'proving';
  /** Events of the ledger up to here. */
  readonly events: number;
  /** Of the phase, between 0 and 1: an estimate. */
  readonly part: number;
}

export interface MigrationOptions {
  readonly from: EventStore;
  readonly to: Target;
  readonly signal?: AbortSignal;
  onProgress?(progress: Progress): void;
  /** How long a store may be away. */
  readonly patienceMs?: number;
}

export interface Migrated {
  readonly ledgerId: string;
  /** Events that both stores hold, and the root over their leaves, computed from each store; in hexadecimal. */
  readonly count: number;
  readonly root: string;
  /** Of those, copied by this run. */
  readonly copied: number;
  /** Whether the source has recorded more since the run began: that is not in the target. */
  readonly more: boolean;
  /** Events that other programs wrote in the ledger's streams, and some of these streams: they are not part of the ledger. */
  readonly left?: { readonly events: number; readonly streams: readonly string[] };
}

/** The target cannot become a copy of the source, or is not one. */
export class NotMigratedError extends Error {
  override readonly name = 'NotMigratedError';
}

const PAGE = 1000;
/** Of one append: a server takes 1 MiB. */
const MOST_EVENTS = 500;
const MOST_CHARACTERS = 250_000;
const PATIENCE_MS = 60_000;
/** Streams with events of other programs that are remembered. */
const MAX_LEFT = 10_000;
const SHOWN = 20;

/**
 * Copies a ledger, in store order and with everything that its events hold, into a store that is empty or holds its beginning: a run that
 * was interrupted is resumed by the next. In the end both stores are read whole, and the roots over their events compared.
 * @throws NotMigratedError when the stores hold different ledgers, or an event is only in the target, differs, or cannot be copied
 */
export const migrate = async (options: MigrationOptions): Promise<Migrated> => {
  const over = new AbortController();
  const { signal } = options;
  try {
    return await copied({ ...options, signal: signal ? AbortSignal.any([signal, over.signal]) : over.signal });
  } finally {
    over.abort(); // a page that was asked for ahead is not waited for any more
  }
};

const copied = async (options: MigrationOptions & { readonly signal: AbortSignal }): Promise<Migrated> => {
  const { from, to, signal, onProgress } = options;
  const again = <T>(ask: () => Promise<T>): Promise<T> => insist(ask, options);
  if (canonical(from.genesis) !== canonical(to.genesis))
    throw new NotMigratedError(`The source holds ledger ${from.genesis.ledgerId}, the target ${to.genesis.ledgerId}.`);
  const head = await again(() => from.head());
  const source: Log = { readAll: (after, limit) => again(() => upTo(from, head, after, limit)) };
  const target: Log = { readAll: (after, limit) => again(() => to.readAll(after, limit)) };
  const report = (phase: Progress['phase'], part: (events: number) => number) => (events: number) =>
    onProgress?.({ phase, events, part: part(events) });

  const there = await compareLogs(source, target, { signal, onProgress: report('comparing', () => 0) });
  const [ours, theirs] = there.next;
  if (theirs) throw new NotMigratedError(`The target has ${place(theirs)}, where the source has ${ours ? place(ours) : 'nothing more'}.`);
  let count = there.same;
  const foreign = { events: 0, streams: new Set<string>() };
  const whole = digits(head);
  for await (const page of pagesOf(source, there.positions[0], PAGE)) {
    signal.throwIfAborted();
    const own = ownOf(from.kind, page, foreign);
    if (own.length > 0 && count === there.same) await close(options, target, there.positions[1]);
    if (own.length > 0) await carry(own, options);
    count += own.length;
    report('copying', () => digits(page.at(-1)!.position) / whole)(count);
  }
  // What another one began ends with this run, unless it is under way still.
  if (count === there.same && (await again(async () => to.isOpen?.())) === false) await close(options, target, there.positions[1]);
  const proof = await compareLogs(source, target, { signal, onProgress: report('proving', (events) => events / Math.max(1, count)) });
  const [left, right] = [...proof.roots];
  const next = proof.next.find((event) => event !== undefined);
  if (next || left !== right || proof.same !== count)
    throw new NotMigratedError(`The stores are the same for ${proof.same} events only${next ? `, up to ${place(next)}` : ''}.`);
  if ((await again(async () => to.adopted?.())) === false)
    throw new NotMigratedError('Another migration into the target has begun meanwhile: run this again once that has ended.');
  return {
    ledgerId: from.genesis.ledgerId,
    count,
    root: left!,
    copied: count - there.same,
    more: (await again(() => from.head())) !== head,
    ...(foreign.events > 0 && { left: { events: foreign.events, streams: [...foreign.streams].slice(0, SHOWN) } }),
  };
};

/**
 * Closes the target to its servers, which may have recorded something since it was compared, up to `last`.
 * @throws NotMigratedError when they have; the target is as open as before then
 */
const close = async (options: MigrationOptions, target: Log, last: string | undefined): Promise<void> => {
  const { to } = options;
  const wasOpen = await insist(async () => to.adopting?.(), options);
  for await (const page of pagesOf(target, last, PAGE)) {
    const own = page.find((event) => !isForeign(event));
    if (!own) continue;
    if (wasOpen === false)
      throw new NotMigratedError(`Another migration into the target has copied ${place(own)}: run this again once that has ended.`);
    await insist(async () => to.adopted?.(), options);
    throw new NotMigratedError(`A server that runs on the target has recorded ${place(own)}: stop it first.`);
  }
};

/** A page of the log up to `head`: nothing that was recorded later. */
const upTo = async (store: EventStore, head: string | undefined, after?: string, limit?: number): Promise<readonly RecordedEvent[]> => {
  if (head === undefined) return [];
  const page = await store.readAll(after, limit);
  const later = page.findIndex(({ position }) => store.compare(position, head) > 0);
  return later === -1 ? page : page.slice(0, later);
};

/**
 * A page without the events that other programs wrote.
 * @throws NotMigratedError when one of the ledger's comes after such an event in its stream, where it cannot keep its revision
 */
const ownOf = (
  kind: EventStore['kind'],
  page: readonly RecordedEvent[],
  left: { events: number; readonly streams: Set<string> },
): readonly RecordedEvent[] =>
  page.filter((event) => {
    if (isForeign(event)) {
      // No other program writes to a ledger's own file: there, such an event is damaged.
      if (kind === 'sqlite') throw new NotMigratedError(`The source has ${place(event)}, which is damaged and cannot be copied unchanged.`);
      left.events++;
      if (left.streams.size < MAX_LEFT) left.streams.add(event.stream);
      return false;
    }
    if (left.streams.has(event.stream))
      throw new NotMigratedError(
        `The source has ${place(event)}, after an event that another program wrote in its stream: it cannot be copied unchanged.`,
      );
    return true;
  });

/** Neighbours are stored together where that keeps their order: in one commit, or in one append to their stream. */
const carry = async (page: readonly RecordedEvent[], options: MigrationOptions): Promise<void> => {
  const { to, signal } = options;
  if (to.adopt) return to.adopt(page);
  for (const events of runsOf(page)) {
    signal?.throwIfAborted();
    const { stream, revision } = events[0]!;
    const own = events.map(({ id, type, data, metadata }) => ({ id, type, data, metadata }));
    try {
      await insist(() => to.append(stream, revision - 1, own), options);
    } catch (error) {
      if (error instanceof WrongExpectedRevisionError) throw new NotMigratedError(`Another program writes to the target: ${error.message}`);
      throw error;
    }
  }
};

/** Neighbours of one stream, bounded by what a server takes in one append. */
const runsOf = (page: readonly RecordedEvent[]): RecordedEvent[][] => {
  const runs: RecordedEvent[][] = [];
  let characters = 0;
  for (const event of page) {
    const run = runs.at(-1);
    const size = JSON.stringify([event.data, event.metadata]).length;
    if (run && run[0]!.stream === event.stream && run.length < MOST_EVENTS && characters + size < MOST_CHARACTERS) {
      run.push(event);
      characters += size;
    } else {
      runs.push([event]);
      characters = size;
    }
  }
  return runs;
};

/** Retries the same call while a store is away or does not answer, unless one has failed for good. */
const insist = async <T>(ask: () => Promise<T>, { from, to, signal, patienceMs = PATIENCE_MS }: MigrationOptions): Promise<T> => {
  const patience = AbortSignal.timeout(patienceMs);
  for (let wait = 50; ; wait = Math.min(wait * 2, 2000)) {
    try {
      return await ask();
    } catch (error) {
      const passes = error instanceof StoreUnavailableError || error instanceof OutcomeUnknownError;
      if (!passes || patience.aborted || from.failure || to.failure) throw error;
      await sleep(wait, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
    }
  }
};

const place = ({ type, revision, stream, position }: RecordedEvent): string => `${type}, revision ${revision} of ${stream}, at ${position}`;

/** The number in a position grows with the log on every store: enough to estimate progress, and for nothing else. */
const digits = (position: string | undefined): number => Number(/\d+/.exec(position ?? '')?.[0] ?? 1);
