import type { RecordedEvent } from '../kernel/index.js';
import type { LogTree } from './merkle-proof.js';
import { isForeign, leafOf, MerkleTree, type Hash, type Log } from './merkle-tree.js';

export interface TreeCheck {
  /** Events whose hash is the kept one. */
  readonly checked: number;
  /** Root over the leaves of all events, computed from the events; in hexadecimal. */
  readonly root: string;
  /** Sentences, each naming an event or a range; none when the log is as it was when it was stored. */
  readonly faults: readonly string[];
}

export interface CheckOptions {
  /** The check ends after so many faults. */
  readonly maxFaults?: number;
  readonly signal?: AbortSignal;
  /** Called after each page with the number of events read so far, and waited for. */
  readonly pause?: (read: number) => Promise<void>;
}

/** Events that are read and hashed without a pause. */
const PAGE = 200;
const MAX_FAULTS = 20;
/** Nodes of each eighth level are compared: one for 256 events, and those above. A tree makes the others of these when it is asked. */
const NODE_LEVELS = 8;

/**
 * Reads the log as far as its tree reached when the check began, hashes every event again and compares the hash with the kept one; then
 * compares the root over the events with the root that follows from the kept nodes.
 * @throws the abort reason of `signal`; what the log throws
 */
export const checkTree = async (log: Log, tree: LogTree, options: CheckOptions = {}): Promise<TreeCheck> => {
  const { maxFaults = MAX_FAULTS, signal, pause = () => new Promise<void>((resolve) => setImmediate(resolve)) } = options;
  const { size, root } = tree;
  const faults: string[] = tree.fault === undefined ? [] : [tree.fault];
  const computed = new MerkleTree();
  let [checked, next, first] = [0, 0, 0];
  let kept: ReturnType<LogTree['leaves']> = [];
  let after: string | undefined;
  const check = (event: RecordedEvent): void => {
    if (next - first >= kept.length) [kept, first] = [tree.leaves(next, PAGE), next];
    if (kept[next - first]?.position !== event.position) {
      const leaf = tree.leafAt(event.position);
      // In a replica, what another program wrote is no leaf.
      if (leaf === undefined) {
        if (!isForeign(event)) faults.push(`The event at ${nameOf(event)} has no hash in the tree: it was put in later.`);
        return;
      }
      if (leaf > next) faults.push(`${missing(next, leaf - 1)} before the event at ${nameOf(event)}.`);
      [kept, first, next] = [tree.leaves(leaf, PAGE), leaf, leaf];
    }
    const leaf = leafOf(event);
    if (kept[next - first]!.hash.equals(leaf)) checked++;
    else faults.push(`The event at ${nameOf(event)} is not the one that was stored: its hash differs.`);
    computed.add(leaf, checkNode);
    next++;
  };
  /** As long as every event is as it was, what is kept above the events must be as well: proofs are made of it. */
  const checkNode = (level: number, index: number, node: Hash): void => {
    if (level % NODE_LEVELS !== 0 || faults.length > 0) return;
    const [from, until] = [index * 2 ** level, (index + 1) * 2 ** level - 1];
    if (!nodeIn(tree, level, index)?.equals(node))
      faults.push(`The hash that is kept over events ${from} to ${until} is not that of these events.`);
  };
  while (next < size && faults.length < maxFaults) {
    signal?.throwIfAborted();
    const page = await log.readAll(after, PAGE);
    if (page.length === 0) {
      faults.push(`${missing(next, size - 1)} at the end of the log.`);
      break;
    }
    for (const event of page) if (next < size && faults.length < maxFaults) check(event);
    after = page.at(-1)!.position;
    await pause(next);
  }
  if (faults.length === 0 && computed.root() !== root)
    faults.push(`Every event has the hash that was kept, but the root over them is ${computed.root()}, and the kept one is ${root}.`);
  return { checked, root: computed.root(), faults };
};

/** Undefined where the tree has lost it. */
const nodeIn = (tree: LogTree, level: number, index: number): Hash | undefined => {
  try {
    return tree.node(level, index);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
};

/** Leaves are counted from 0. */
const missing = (from: number, to: number): string => (from === to ? `Event ${from} is missing` : `Events ${from} to ${to} are missing`);
const nameOf = ({ position, stream, revision }: RecordedEvent): string => `position ${position} (${stream}, revision ${revision})`;
