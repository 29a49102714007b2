import type { RecordedEvent } from '../../src/kernel/index.js';
import type { Leaf, LogTree } from '../../src/store/merkle-proof.js';
import { leafOf, MerkleTree, type Hash } from '../../src/store/merkle-tree.js';
import { fact } from '../store/event-store.contract.js';

/** A tree as a store keeps it, in memory: tests alter what it holds. */
export class KeptTree implements LogTree {
  fault: string | undefined;
  /** Where it is given, the root that the store says it has. */
  claimed: string | undefined;
  readonly nodes = new Map<string, Hash>();
  readonly kept: Leaf[] = [];
  #tree = new MerkleTree();

  constructor(events: readonly RecordedEvent[] = []) {
    for (const event of events) this.add(event);
  }

  add(event: RecordedEvent): void {
    const hash = leafOf(event);
    this.nodes.set(`0 ${this.size}`, hash);
    this.#tree.add(hash, (level, index, node) => this.nodes.set(`${level} ${index}`, node));
    this.kept.push({ hash, position: event.position });
  }
  /** Another history, from the first event on. */
  become(events: readonly RecordedEvent[]): void {
    this.nodes.clear();
    this.kept.length = 0;
    this.#tree = new MerkleTree();
    for (const event of events) this.add(event);
  }

  get size(): number {
    return this.#tree.size;
  }
  get root(): string {
    return this.claimed ?? this.#tree.root();
  }
  node(level: number, index: number): Hash {
    const node = this.nodes.get(`${level} ${index}`);
    if (!node) throw new RangeError(`There is no node ${index} of level ${level}.`);
    return node;
  }
  leaves(from: number, limit: number): readonly Leaf[] {
    return this.kept.slice(from, from + limit);
  }
  leafAt(position: string): number | undefined {
    const leaf = this.kept.findIndex((one) => one.position === position);
    return leaf < 0 ? undefined : leaf;
  }
  positionOf(leaf: number): string | undefined {
    return this.kept[leaf]?.position;
  }
}

/** Events of a log, three in each stream; the first has position 1. @param note what is recorded in each */
export const eventsOf = (count: number, note = 'signed'): RecordedEvent[] =>
  Array.from({ length: count }, (_, n) => ({
    ...fact({ n, note }, { id: `019353d2-0000-7000-8000-${String(n).padStart(12, '0')}` }),
    stream: `contract-c${Math.floor(n / 3)}`,
    revision: n % 3,
    position: String(n + 1),
  }));

/** A log that is read in pages. */
export const logOf = (events: readonly RecordedEvent[]) => ({
  readAll: async (after?: string, limit = 1000): Promise<readonly RecordedEvent[]> => {
    const from = after === undefined ? 0 : events.findIndex(({ position }) => position === after) + 1;
    return events.slice(from, from + limit);
  },
});
