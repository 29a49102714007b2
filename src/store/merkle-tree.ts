import { hash } from 'node:crypto';
import { canonical, canonicalFrom, UNREADABLE, type RecordedEvent } from '../kernel/index.js';

/** A SHA-256, 32 bytes. */
export type Hash = Buffer;

/** As a text first: a Buffer that `hash` makes has memory of its own, which takes longer than a short hash itself. */
const sha256 = (data: string | Buffer): Hash => Buffer.from(hash('sha256', data, 'latin1'), 'latin1');

/** RFC 6962, 2.1: a leaf's hash has the prefix 0 and an inner node's the prefix 1, so neither can be mistaken for the other. */
export const leafHash = (data: string): Hash => sha256(`\0${data}`);

const EMPTY = hash('sha256', '', 'hex');
const both = Buffer.alloc(65, 1);
/** The hash of an inner node. */
export const nodeHash = (left: Hash, right: Hash): Hash => {
  left.copy(both, 1);
  right.copy(both, 33);
  return sha256(both);
};

type Placed = Omit<RecordedEvent, 'position'> & Partial<Pick<RecordedEvent, 'position'>>;

/**
 * What a leaf is made of: the canonical JSON of an event as stored, before upcasting. It omits the position, so it is the same on every
 * store. @param data, metadata their canonical JSON, where it is known
 */
export const leafText = (event: Placed, data = canonical(event.data), metadata = canonical(event.metadata)): string => {
  const { id, stream, revision, type } = event;
  return `{"data":${data},"id":${JSON.stringify(id)},"metadata":${metadata},"revision":${revision},"stream":${JSON.stringify(stream)},"type":${JSON.stringify(type)},"v":1}`;
};
export const leafOf = (event: Placed): Hash => leafHash(leafText(event));
/** @param data, metadata what `JSON.stringify` makes of them */
export const leafOfTexts = (event: Placed, data: string, metadata: string): Hash =>
  leafHash(leafText(event, canonicalFrom(event.data, data), canonicalFrom(event.metadata, metadata)));

/** What a tree needs to continue: its size, and the roots of its perfect subtrees, the largest first, in hexadecimal. */
export interface TreeState {
  readonly size: number;
  readonly frontier: string;
}

/** The append-only Merkle tree of RFC 6962. It keeps at most one hash for each binary digit of its size. */
export class MerkleTree {
  #size = 0;
  readonly #frontier: Hash[] = [];

  /** @throws RangeError when the state is not a valid TreeState */
  static from({ size, frontier }: TreeState): MerkleTree {
    const tree = new MerkleTree();
    const hashes = Number.isSafeInteger(size) && size >= 0 ? onesOf(size) : NaN;
    if (frontier.length !== hashes * 64 || !/^[\da-f]*$/.test(frontier)) throw new RangeError('This is not a valid Merkle tree state.');
    tree.#size = size;
    for (let at = 0; at < frontier.length; at += 64) tree.#frontier.push(Buffer.from(frontier.slice(at, at + 64), 'hex'));
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  /** @param onNode called with each perfect subtree that this leaf completes, the smallest first */
  add(leaf: Hash, onNode?: (level: number, index: number, node: Hash) => void): void {
    let node = leaf;
    let level = 0;
    for (let rest = this.#size; rest % 2 === 1; rest = Math.floor(rest / 2)) {
      node = nodeHash(this.#frontier.pop()!, node);
      onNode?.(++level, Math.floor(rest / 2), node);
    }
    this.#frontier.push(node);
    this.#size++;
  }

  /** The root hash, in hexadecimal. */
  root(): string {
    if (this.#size === 0) return EMPTY;
    return this.#frontier.reduceRight((right, left) => nodeHash(left, right)).toString('hex');
  }

  state(): TreeState {
    return { size: this.#size, frontier: this.#frontier.map((node) => node.toString('hex')).join('') };
  }

  clone(): MerkleTree {
    const tree = new MerkleTree();
    tree.#size = this.#size;
    tree.#frontier.push(...this.#frontier);
    return tree;
  }
}

const onesOf = (n: number): number => (n === 0 ? 0 : (n % 2) + onesOf(Math.floor(n / 2)));

/** What a comparison needs of a store. */
export interface Log {
  readAll(after?: string, limit?: number): Promise<readonly RecordedEvent[]>;
}

/** The log in pages of `limit` events; the next page is read while the current one is processed. */
export async function* pagesOf(log: Log, after?: string, limit = 500): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  let next = log.readAll(after, limit);
  for (let page = await next; page.length > 0; page = await next) {
    next = log.readAll(page.at(-1)!.position, limit);
    next.catch(() => undefined); // a consumer that stops early never awaits it
    yield page;
    await new Promise((resolve) => setImmediate(resolve)); // let other work run
  }
}

/** How far two logs are equal, and the events where they diverge. */
export interface Likeness {
  /** Number of events from the start that have equal leaves. */
  readonly same: number;
  /** Merkle root over those events, computed from each log. */
  readonly roots: readonly [string, string];
  /** Position of the last of them in each log. */
  readonly positions: readonly [string | undefined, string | undefined];
  /** The first differing event of each log; undefined where a log has ended. */
  readonly next: readonly [RecordedEvent | undefined, RecordedEvent | undefined];
}

export interface Comparing {
  /** Maximum number of events to compare. */
  readonly count?: number;
  readonly signal?: AbortSignal;
  onProgress?(events: number): void;
}

/** Whether another program wrote an event: it is no leaf. */
export const isForeign = ({ metadata }: RecordedEvent): boolean => metadata.schemaVersion === UNREADABLE;

/** The next page with events of the ledger, without those of other programs; empty where the log ends. */
const nextOwn = async (pages: AsyncGenerator<readonly RecordedEvent[], void, undefined>): Promise<readonly RecordedEvent[]> => {
  for (;;) {
    const { value } = await pages.next();
    const own = value?.filter((event) => !isForeign(event)) ?? [];
    if (!value || own.length > 0) return own;
  }
};

/**
 * Reads two logs side by side until they diverge; positions may differ, and events of other programs are left out.
 * @throws the abort reason of `signal`
 */
export const compareLogs = async (a: Log, b: Log, { count = Infinity, signal, onProgress }: Comparing = {}): Promise<Likeness> => {
  const logs = [pagesOf(a), pagesOf(b)] as const;
  const trees = [new MerkleTree(), new MerkleTree()] as const;
  const positions: [string | undefined, string | undefined] = [undefined, undefined];
  let pages: [readonly RecordedEvent[], readonly RecordedEvent[]] = [[], []];
  const found = (next: Likeness['next']): Likeness => ({ same: trees[0].size, roots: [trees[0].root(), trees[1].root()], positions, next });
  try {
    for (;;) {
      signal?.throwIfAborted();
      const [one, other] = await Promise.all(pages.map(async (page, i) => (page.length > 0 ? page : nextOwn(logs[i]!))));
      const run = Math.min(one!.length, other!.length, count - trees[0].size);
      for (let i = 0; i < run; i++) {
        const leaves = [leafOf(one![i]!), leafOf(other![i]!)] as const;
        if (!leaves[0].equals(leaves[1])) return found([one![i], other![i]]);
        for (const side of [0, 1] as const) trees[side].add(leaves[side]);
        positions[0] = one![i]!.position;
        positions[1] = other![i]!.position;
      }
      onProgress?.(trees[0].size);
      if (run === 0 || trees[0].size === count) return found(trees[0].size === count ? [undefined, undefined] : [one![0], other![0]]);
      pages = [one!.slice(run), other!.slice(run)];
    }
  } finally {
    for (const log of logs) void log.return();
  }
};
