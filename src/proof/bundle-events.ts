import { setImmediate as others } from 'node:timers/promises';
import { isIncluded } from '../store/merkle-proof.js';
import { MerkleTree } from '../store/merkle-tree.js';
import type { BundleKind, Manifest } from './bundle.js';
import { entryIn, linesOf, type Entry } from './bundle-lines.js';
import type { Checkpoint } from './checkpoint.js';
import { EMPTY_ROOT } from './comparison.js';
import { bytesOf, hashesIn } from './proof-text.js';

/** What the events of a bundle are checked against. */
export interface Expected {
  readonly kind: BundleKind;
  /** Of every envelope. */
  readonly source: string;
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
  /** Signed notes over the first events, in the order in which they are named. */
  readonly notes: readonly Checkpoint[];
  readonly manifest: Manifest | undefined;
}
export type Fault = (code: string, about: string | number) => void;

/** Lines between two turns of the event loop. */
const PAUSE = 500;
/** Malformed lines that are remembered until an entry follows: no more of them are named. */
const MAX_QUEUED = 100;

/** Checks the lines of a bundle one by one: steps 8 to 12 of docs/proof-format.md. @returns the number of valid events */
export const checkEvents = async (file: AsyncIterable<Buffer>, expected: Expected, fault: Fault): Promise<number> => {
  const isPart = expected.kind !== 'ledger';
  const check = isPart ? new PartCheck(expected, fault) : new WholeCheck(expected, fault);
  let line = 0;
  for await (const bytes of linesOf(file)) {
    if (++line % PAUSE === 0) await others();
    const entry = bytes && entryIn(bytes, expected.source, isPart);
    if (entry) check.entry(entry);
    else check.malformed(line);
  }
  check.end();
  return check.valid;
};

const nameOf = ({ leafindex, stream, revision }: Entry): string => `event ${leafindex} (${stream}, revision ${revision})`;
const faultOf = ({ leafhash, hash, isEnvelope }: Entry): string | undefined => {
  if (leafhash !== hash.toString('hex')) return 'event-altered';
  return isEnvelope ? undefined : 'envelope-altered';
};

/** The events of a whole ledger, whose order and number the tree proves. */
class WholeCheck {
  valid = 0;
  readonly #tree = new MerkleTree();
  /** Over the first events, by the sizes of the notes. */
  readonly #roots: Map<number, string>;
  #next = 0;
  #isSound = true;
  /** An entry that seems to follow removed ones. Where the entry behind it has a smaller number, it is itself in the wrong place. */
  #waiting: Entry | undefined;
  readonly #queued: number[] = [];

  constructor(
    private readonly expected: Expected,
    private readonly fault: Fault,
  ) {
    this.#roots = new Map(expected.notes.map(({ size }) => [size, EMPTY_ROOT]));
  }

  entry(entry: Entry): void {
    this.#settle(entry.leafindex);
    if (entry.leafindex > this.#next && entry.leafindex < this.expected.size) this.#waiting = entry;
    else this.#check(entry, entry.leafindex === this.#next);
  }

  malformed(line: number): void {
    this.#isSound = false;
    if (!this.#waiting) this.fault('line-malformed', `line ${line}`);
    else if (this.#queued.length < MAX_QUEUED) this.#queued.push(line);
  }

  end(): void {
    this.#settle(Infinity);
    const { size } = this.expected;
    if (this.#next < size) this.#wrong('events-missing', `events ${this.#next} to ${size - 1}`);
    if (this.#isSound) this.#compare();
  }

  #settle(following: number): void {
    const waiting = this.#waiting;
    if (!waiting) return;
    this.#waiting = undefined;
    this.#check(waiting, waiting.leafindex < following);
    for (const line of this.#queued.splice(0)) this.fault('line-malformed', `line ${line}`);
  }

  #check(entry: Entry, isInPlace: boolean): void {
    const { leafindex, hash } = entry;
    if (isInPlace && leafindex > this.#next) this.#wrong('events-missing', `events ${this.#next} to ${leafindex - 1}`);
    if (isInPlace) this.#next = leafindex + 1;
    let code = faultOf(entry);
    if (leafindex >= this.expected.size) code ??= 'checkpoint-exceeded';
    if (!isInPlace) code ??= 'order-altered';
    if (code === undefined) this.valid++;
    else this.#wrong(code, nameOf(entry));
    if (!this.#isSound) return;
    this.#tree.add(hash);
    if (this.#roots.has(this.#tree.size)) this.#roots.set(this.#tree.size, this.#tree.root());
  }

  /** Every line holds by itself: where the root is another, what was forged is between two notes. */
  #compare(): void {
    const { size, root, notes } = this.expected;
    const under = notes.filter((note) => note.size <= size);
    const agrees = (note: Checkpoint): boolean => this.#roots.get(note.size) === note.root;
    const differing = under.filter((note) => !agrees(note));
    const until = Math.min(...differing.map((note) => note.size), this.#tree.root() === root ? Infinity : size);
    if (until === Infinity) return;
    const from = Math.max(0, ...under.filter((note) => note.size < until && agrees(note)).map((note) => note.size));
    this.fault('root-differs', `events ${from} to ${until - 1}`);
    for (const note of differing) this.fault('history-rewritten', note.size);
  }

  #wrong(code: string, about: string): void {
    this.#isSound = false;
    this.fault(code, about);
  }
}

/** The events of some streams, each of which proves its place by itself. */
class PartCheck {
  valid = 0;
  #next = 0;
  /** The last valid revision of each stream, in the order of the first. */
  readonly #heads = new Map<string, number>();

  constructor(
    private readonly expected: Expected,
    private readonly fault: Fault,
  ) {}

  entry(entry: Entry): void {
    const { leafindex, stream, revision } = entry;
    const code = faultOf(entry) ?? this.#placeFaultOf(entry);
    if (code !== undefined) return this.fault(code, nameOf(entry));
    this.valid++;
    this.#next = leafindex + 1;
    const following = this.#following(stream);
    if (revision !== following) this.#incomplete(stream, following);
    this.#heads.set(stream, revision);
  }

  malformed(line: number): void {
    this.fault('line-malformed', `line ${line}`);
  }

  end(): void {
    const { manifest } = this.expected;
    if (!manifest) return;
    const last = new Map(manifest.streams.map((part) => [part.stream, part.last]));
    for (const [stream, revision] of last) if (this.#following(stream) <= revision) this.#incomplete(stream, this.#following(stream));
    for (const [stream, head] of this.#heads)
      if (head > (last.get(stream) ?? -1)) this.fault('stream-unlisted', `${stream}, revision ${head}`);
  }

  #placeFaultOf({ hash, leafindex, inclusion }: Entry): string | undefined {
    const { size, root } = this.expected;
    const proof = hashesIn(inclusion);
    if (!proof || !isIncluded(hash, leafindex, size, proof, bytesOf(root))) return 'proof-invalid';
    return leafindex < this.#next ? 'order-altered' : undefined;
  }

  #following(stream: string): number {
    return (this.#heads.get(stream) ?? -1) + 1;
  }
  #incomplete(stream: string, following: number): void {
    this.fault('stream-incomplete', `${stream}, revision ${following}`);
  }
}
