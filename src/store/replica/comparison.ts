import { setTimeout as sleep } from 'node:timers/promises';
import { canonical, type RecordedEvent } from '../../kernel/index.js';
import { StreamBrokenError, type HistoryBrokenError } from '../event-store.js';
import { compareLogs, isForeign, leafOf, type Likeness, type Log } from '../merkle-tree.js';
import type { ReplicaFile } from './replica-file.js';
import type { ReplicatedStore } from './replicated-store.js';

/** The newest replicated events, which are compared with the store on every connection. */
const COMPARED = 100;
/** Events of a stream that are compared at once. */
const PAGE = 500;
/** Reads under way at once while the newest events are compared. */
const AT_ONCE = 8;

export interface Comparing {
  /** While it lasts, a store that lags behind the replica is asked again. */
  readonly patience: AbortSignal;
  /** Called with a stream that the store does not show whole. */
  onBroken(stream: string, why: string): void;
}

/**
 * Compares the ledger and the newest replicated events with the store's.
 * @throws HistoryBrokenError when the store holds another ledger or other events; and what the store throws
 */
export const compareNewest = async (file: ReplicaFile, remote: ReplicatedStore, comparing: Comparing): Promise<void> => {
  const genesis = file.genesis!;
  if (canonical(remote.genesis) !== canonical(genesis))
    throw file.broken(`it replicates the ledger ${genesis.ledgerId}, but the store holds ${remote.genesis.ledgerId}`);
  const newest = file.page(Math.max(0, file.sequence - COMPARED), COMPARED);
  const streams = [...Map.groupBy(newest, (event) => event.stream)];
  for (let at = 0; at < streams.length; at += AT_ONCE)
    await Promise.all(streams.slice(at, at + AT_ONCE).map(([stream, mine]) => compareStream(file, remote, stream, mine, comparing)));
};

/** By stream and revision, so that nothing that others wrote is searched through. */
const compareStream = async (
  file: ReplicaFile,
  remote: ReplicatedStore,
  stream: string,
  mine: readonly RecordedEvent[],
  { patience, onBroken }: Comparing,
): Promise<void> => {
  for (;;) {
    if (file.faultOf(stream, 'broken') !== undefined) return;
    let theirs: readonly RecordedEvent[];
    try {
      theirs = await remote.read(stream, mine[0]!.revision, mine.length);
    } catch (error) {
      if (error instanceof StreamBrokenError) return onBroken(stream, error.why);
      throw error;
    }
    const differs = firstDifference(mine, theirs);
    if (differs === -1) return;
    const broken = await remote.brokenBy?.(stream);
    if (broken) return onBroken(stream, broken.why);
    // a node of a cluster may lag behind the one that was replicated from
    if (theirs[differs] || patience.aborted) throw differing(file, mine[differs], theirs[differs]);
    await sleep(50);
  }
};

/** Why the store does not show every event of a stream that the replica has; undefined when it does. @throws what the store throws */
export const whyBroken = async (file: ReplicaFile, remote: ReplicatedStore, stream: string): Promise<string | undefined> => {
  const head = file.headOf(stream);
  const broken = await remote.brokenBy?.(stream);
  if (broken) return broken.isDeleted || head >= 0 ? broken.why : undefined;
  for (let from = 0; from <= head; from += PAGE) {
    const mine = file.ofStream(stream, from, PAGE);
    const theirs = await remote.read(stream, from, mine.length);
    const differs = firstDifference(mine, theirs);
    if (differs !== -1) return `revision ${from + differs} is ${theirs[differs] ? 'another event' : 'missing'}`;
  }
  return undefined;
};

/** Compares the whole replica with a log, event by event. @throws HistoryBrokenError that names the first event that differs */
export const compareWhole = async (file: ReplicaFile, log: Log, signal?: AbortSignal): Promise<Likeness> => {
  const mine: Log = { readAll: async (after, limit) => file.soundPage(after === undefined ? 0 : file.sequenceOf(after)!, limit!) };
  const likeness = await compareLogs(mine, log, { count: file.leaves, ...(signal && { signal }) });
  if (likeness.same < file.leaves) throw differing(file, likeness.next[0], likeness.next[1]);
  return likeness;
};

const differing = (file: ReplicaFile, mine: RecordedEvent | undefined, theirs: RecordedEvent | undefined): HistoryBrokenError => {
  const there = theirs ? `${theirs.type}, revision ${theirs.revision} of ${theirs.stream}, at ${theirs.position}` : 'nothing';
  return file.broken(
    `it has ${mine?.type}, revision ${mine?.revision} of ${mine?.stream}, at ${mine?.position}, but the store has ${there}`,
  );
};

/** The index of the first event that the store has not, or has differently; -1 when there is none. */
const firstDifference = (mine: readonly RecordedEvent[], theirs: readonly RecordedEvent[]): number =>
  mine.findIndex((event, i) => !theirs[i] || !isSame(event, theirs[i]));

/** What is damaged in the replica faults its stream there, and is no other history. */
const isSame = (mine: RecordedEvent, theirs: RecordedEvent): boolean =>
  mine.position === theirs.position && ((isForeign(mine) && !isForeign(theirs)) || leafOf(mine).equals(leafOf(theirs)));
