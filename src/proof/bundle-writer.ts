import { createHash } from 'node:crypto';
import { canonical, type RecordedEvent } from '../kernel/index.js';
import type { Genesis } from '../store/event-store.js';
import { consistencyProof, inclusionProof, isConsistent, type Leaf, type LogTree } from '../store/merkle-proof.js';
import { isForeign, leafHash, leafText, type Hash } from '../store/merkle-tree.js';
import type { ArchivedFile } from './bundle-archive.js';
import {
  attributesOf,
  BUNDLE_FILES,
  BUNDLE_FORMAT,
  lineOf,
  manifestBody,
  MAX_NOTES,
  MAX_TEXT,
  sourceOf,
  type BundleKind,
  type Manifest,
  type StreamPart,
} from './bundle.js';
import type { SignedCheckpoint } from './checkpoint.js';
import { EVIDENCE_FOLDER, type EvidenceFolder } from './evidence-folder.js';
import { parseNote, parseVerifierKey, signedBy, type NoteSigner } from './note.js';
import { proofText } from './proof-text.js';

/** The bundle cannot be made: the message says why. */
export class NotBundledError extends Error {
  override readonly name = 'NotBundledError';
}

/** How far each stream goes into a part: its last revision, or Infinity for all of it. */
export type Chosen = ReadonlyMap<string, number>;

/** What a bundle is made of, as it is at one moment. */
export interface BundleSubject {
  readonly kind: BundleKind;
  /** The programme, or the id of the decision; `-` for a whole ledger. */
  readonly of: string;
  readonly genesis: Genesis;
  readonly tree: LogTree;
  /** Of a part, its streams; undefined where the whole ledger is. */
  readonly chosen?: Chosen | undefined;
  /** Over all leaves that the bundle may speak of. */
  readonly checkpoint: SignedCheckpoint;
  /** Notes of the same origin that may go with it. */
  readonly older: readonly SignedCheckpoint[];
  readonly signer: NoteSigner;
  readonly evidence: Pick<EvidenceFolder, 'list' | 'read'>;
  /** HTML of a dossier that goes with it. */
  readonly dossier?: string | undefined;
  /** The history is not the one that was signed: all of the log goes with it as evidence, without a manifest. */
  readonly isAltered?: boolean | undefined;
}

/** Events in the order of the log. */
export interface EventPages {
  /** Of a part, all of its streams may be enough, and of each one event more where it goes on. */
  readonly pages: AsyncIterable<readonly RecordedEvent[]>;
  /** Whether the pages leave events of the log out. */
  readonly isSparse?: boolean;
}

export interface Bundled {
  readonly events: number;
  readonly size: number;
  readonly root: string;
  readonly evidence: number;
}

/** Of evidence that the ledger keeps and the events of the bundle refer to. */
const MAX_EVIDENCE = 100_000;
/** Events of which lines are made before other work may get its turn: some milliseconds, where each has a proof. */
const BREATH = 8;

/** A programme's or a decision's own streams, as their events are read: a decision has its stream and what was known, up to then. */
export const reachOf = (chosen: Map<string, number>, { stream, revision, metadata }: RecordedEvent): void => {
  const reach = (stream: string, revision: number): void => {
    if (revision >= 0) chosen.set(stream, Math.max(revision, chosen.get(stream) ?? -1));
  };
  reach(stream, revision);
  for (const known of metadata.known) reach(known.stream, known.revision);
};

/**
 * The files of a bundle, one after another, as docs/proof-format.md says: each content is taken whole before the next file is asked for.
 * No more than one page of events is held.
 * @param breathe awaited between some events and the next ones
 * @returns what is in the bundle
 * @throws NotBundledError
 */
export async function* bundleFiles(
  subject: BundleSubject,
  log: EventPages,
  breathe?: () => Promise<void>,
): AsyncGenerator<ArchivedFile, Bundled, undefined> {
  const { kind, of, genesis, checkpoint, signer, evidence, dossier } = subject;
  const { origin, size, root } = checkpoint;
  const files: { readonly path: string; readonly sha256: string }[] = [];
  const whole = (path: string, text: string): ArchivedFile => {
    files.push({ path, sha256: createHash('sha256').update(text).digest('hex') });
    return { path, content: once(text) };
  };
  yield whole(BUNDLE_FILES.about, `${canonical({ format: BUNDLE_FORMAT, kind, of, genesis, key: signer.key })}\n`);
  yield whole(BUNDLE_FILES.checkpoint, checkpoint.note);
  yield whole(BUNDLE_FILES.older, olderLines(subject));
  const lines = new EventLines(subject, new Set(await evidence.list()));
  yield { path: BUNDLE_FILES.events, content: lines.of(log, breathe) };
  const { events, sha256, streams, found } = lines.ended;
  for (const hash of [...found].sort()) {
    const path = `${EVIDENCE_FOLDER}/${hash}`;
    files.push({ path, sha256: hash });
    yield { path, content: evidence.read(hash) as AsyncIterable<Buffer> };
  }
  if (dossier !== undefined) yield whole('dossier.html', dossier);
  if (!subject.isAltered)
    yield {
      path: BUNDLE_FILES.manifest,
      content: once(manifestOf({ origin, kind, of, size, root, sha256, streams, files }, events, signer)),
    };
  return { events, size, root, evidence: found.size };
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}

const manifestOf = (manifest: Manifest, events: number, signer: NoteSigner): string => {
  const body = manifestBody(manifest, events);
  if (Buffer.byteLength(body) > MAX_TEXT) throw new NotBundledError('This part has too many streams or pieces of evidence for one bundle.');
  return signer.sign(body);
};

/** Older notes that the signer's key signed, each with the proof that leads from it to the checkpoint. */
const olderLines = ({ older, checkpoint, signer, tree }: BundleSubject): string => {
  const { origin, size } = checkpoint;
  return older
    .filter((note) => note.origin === origin && note.size >= 1 && note.size < size && isSignedBy(note, signer))
    .slice(-MAX_NOTES)
    .map((note) => `${canonical({ note: note.note, proof: proofOf(note, checkpoint, tree) })}\n`)
    .join('');
};
/** Whether a note has a signature by the signer's key. */
export const isSignedBy = ({ note }: SignedCheckpoint, { key }: NoteSigner): boolean =>
  signedBy(parseNote(note), parseVerifierKey(key)) !== undefined;

/** The hashes that lead from an older note to the checkpoint, in hexadecimal; none where the tree that is kept now has none that do. */
const proofOf = (older: SignedCheckpoint, { size, root }: SignedCheckpoint, tree: LogTree): string =>
  hashesOr(() => {
    const proof = consistencyProof(tree, older.size, size);
    return isConsistent(older.size, size, proof, Buffer.from(older.root, 'hex'), Buffer.from(root, 'hex')) ? proof : [];
  });
const hashesOr = (made: () => readonly Hash[]): string => {
  try {
    return proofText(made());
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
};

interface Ended {
  readonly events: number;
  readonly sha256: string;
  readonly streams: readonly StreamPart[];
  /** Kept evidence that the events refer to. */
  readonly found: ReadonlySet<string>;
}

/** The lines of events of a bundle as they go out, and what the manifest says of them. */
class EventLines {
  readonly #hash = createHash('sha256');
  readonly #heads = new Map<string, { last: number; head: number }>();
  readonly #found = new Set<string>();
  readonly #source: string;
  #events = 0;
  /** Leaves that were passed, where no event was left out. */
  #next = 0;
  #ended = false;

  constructor(
    private readonly subject: BundleSubject,
    private readonly kept: ReadonlySet<string>,
  ) {
    this.#source = sourceOf(subject.genesis);
  }

  async *of({ pages, isSparse = false }: EventPages, breathe?: () => Promise<void>): AsyncGenerator<string, void, undefined> {
    const { isAltered, checkpoint } = this.subject;
    for await (const page of pages) {
      let text = '';
      let n = 0;
      for (const [event, place] of this.#placed(page, isSparse)) {
        if (++n % BREATH === 0) await breathe?.();
        text += this.#line(event, place);
      }
      if (this.#found.size > MAX_EVIDENCE) throw new NotBundledError(`A bundle has ${MAX_EVIDENCE} pieces of evidence at most.`);
      this.#hash.update(text);
      if (text !== '') yield text;
      if (!isAltered && this.#next >= checkpoint.size) break; // what is recorded meanwhile is not under the checkpoint
    }
    if (!isAltered && !isSparse && this.#next < checkpoint.size) refuse(`Events from ${this.#next} on are missing`);
    this.#ended = true;
  }

  get ended(): Ended {
    if (!this.#ended) throw new TypeError('The events were not taken to their end.');
    const streams = [...this.#heads].map(([stream, { last, head }]) => ({ stream, last, isHead: last === head }));
    return {
      events: this.#events,
      sha256: this.#hash.digest('hex'),
      streams: streams.sort((a, b) => (a.stream < b.stream ? -1 : 1)),
      found: this.#found,
    };
  }

  /** The events of a page that the bundle may speak of, each with its leaf. */
  *#placed(events: readonly RecordedEvent[], isSparse: boolean): Generator<readonly [RecordedEvent, Place]> {
    const { tree, checkpoint, isAltered } = this.subject;
    const first = this.#next;
    const leaves = isSparse ? [] : tree.leaves(first, events.length);
    for (const event of events) {
      const place = placeIn(tree, event, this.#next, leaves[this.#next - first]);
      if (place.hash === undefined && isForeign(event) && !isAltered) continue; // another program wrote it: it is no leaf
      if (!isAltered && !isSparse && place.leafindex > this.#next) refuse(`Events are missing before the one at ${nameOf(event)}`);
      if (!isSparse) this.#next++;
      if (isAltered || place.leafindex < checkpoint.size) yield [event, place];
    }
  }

  #line(event: RecordedEvent, { leafindex, hash }: Place): string {
    const { chosen, tree, checkpoint, isAltered } = this.subject;
    if (chosen && !this.#reaches(chosen, event)) return '';
    this.#events++;
    for (const { sha256 } of event.metadata.evidence ?? []) if (sha256 !== undefined && this.kept.has(sha256)) this.#found.add(sha256);
    const leaf = leafText(event);
    const made = leafHash(leaf);
    if (!isAltered && !hash?.equals(made)) refuse(`The event at ${nameOf(event)} is not the one that was stored`);
    const leafhash = (hash ?? made).toString('hex');
    const inclusion = chosen && { inclusion: hashesOr(() => inclusionProof(tree, leafindex, checkpoint.size)) };
    return lineOf(leaf, attributesOf(event, this.#source, { leafindex, leafhash, ...inclusion }));
  }

  /** Whether an event is of the part; notes how far its stream goes. */
  #reaches(chosen: Chosen, { stream, revision }: RecordedEvent): boolean {
    const upTo = chosen.get(stream);
    if (upTo === undefined) return false;
    const next = (this.#heads.get(stream)?.head ?? -1) + 1;
    if (!this.subject.isAltered && revision !== next) refuse(`Revision ${next} of ${stream} is missing`);
    const isChosen = revision <= upTo;
    this.#heads.set(stream, { last: isChosen ? revision : this.#heads.get(stream)!.last, head: revision });
    return isChosen;
  }
}

/** A manifest says that the history is the one that was signed before. @throws NotBundledError */
const refuse = (finding: string): never => {
  throw new NotBundledError(`This history is not the one that was signed, so no bundle is made of it. ${finding}.`);
};
const nameOf = ({ position, stream, revision }: RecordedEvent): string => `position ${position} (${stream}, revision ${revision})`;

interface Place {
  readonly leafindex: number;
  /** As it was kept when the event was stored; of an event that has none, undefined. */
  readonly hash: Hash | undefined;
}
/** @param expected the number of the leaf that the event is where none was removed before it, and that leaf */
const placeIn = (tree: LogTree, { position }: RecordedEvent, expected: number, leaf: Leaf | undefined): Place => {
  if (leaf?.position === position) return { leafindex: expected, hash: leaf.hash };
  const found = tree.leafAt(position);
  return { leafindex: found ?? Math.max(expected, tree.size), hash: found === undefined ? undefined : tree.leaves(found, 1)[0]?.hash };
};
