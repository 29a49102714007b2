import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { open, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonical, type RecordedEvent } from '../kernel/index.js';
import {
  attributesOf,
  BUNDLE_FILES,
  BUNDLE_FORMAT,
  lineOf,
  manifestBody,
  MAX_TEXT,
  sourceOf,
  type BundleKind,
  type StreamPart,
} from '../proof/bundle.js';
import { genesisHash, originOf, signCheckpoint, type SignedCheckpoint } from '../proof/checkpoint.js';
import { compareWithNote } from '../proof/comparison.js';
import { EVIDENCE_FOLDER, isSha256 } from '../proof/evidence-folder.js';
import { parseNote, parseVerifierKey, signedBy, signNote, verifierKey } from '../proof/note.js';
import { proofText } from '../proof/proof-text.js';
import { ProofFolder } from '../proof/proof-folder.js';
import { consistencyProof, inclusionProof, isConsistent, type Leaf, type LogTree } from '../store/merkle-proof.js';
import { leafHash, leafText, pagesOf, type Hash } from '../store/merkle-tree.js';
import { LedgerSnapshot } from '../store/sqlite/ledger-snapshot.js';
import { LEDGER_FILE } from '../store/sqlite/sqlite-store.js';

/** The bundle cannot be made: the message says why. */
export class NotBundledError extends Error {
  override readonly name = 'NotBundledError';
}

export interface BundleOptions {
  /** The data folder. A server may be writing to its ledger. */
  readonly from: string;
  /** A folder that is made. */
  readonly to: string;
  readonly kind: BundleKind;
  /** The programme, or the id of the decision; `-` for a whole ledger. */
  readonly of: string;
  readonly proofKey?: string;
  readonly host: string;
  /** HTML of a dossier that goes with it. */
  readonly dossier?: string;
  /** Also of a history that is not the one that was signed: with the last checkpoint as it was kept, and without a manifest. */
  readonly altered?: boolean;
  readonly signal?: AbortSignal;
  onProgress?(part: number): void;
}

export interface Bundled {
  readonly events: number;
  readonly size: number;
  readonly root: string;
  readonly evidence: number;
}

/** Older notes that go with a bundle. */
const MAX_NOTES = 64;
/** Of evidence that the ledger keeps and the events of the bundle refer to. */
const MAX_EVIDENCE = 100_000;

/** How far each stream goes into a part; undefined where all of the ledger does. */
type Chosen = ReadonlyMap<string, number>;

/** @throws NotBundledError, NoLedgerError, ProofFolderError; the signal's reason */
export const exportBundle = async (options: BundleOptions): Promise<Bundled> => {
  const { from, to } = options;
  if (existsSync(to) && readdirSync(to).length > 0) throw new NotBundledError(`${to} is not empty: name a new folder.`);
  if (!existsSync(join(from, LEDGER_FILE)))
    throw new NotBundledError(`${from} holds no ${LEDGER_FILE}. Of a ledger on KurrentDB, npm run migrate makes one.`);
  // The notes before the log, since a server may sign what it records meanwhile.
  const folder = new ProofFolder(from, options.proofKey);
  const notes = { last: folder.last(), older: folder.older() };
  const snapshot = new LedgerSnapshot(join(from, LEDGER_FILE));
  try {
    mkdirSync(to, { recursive: true, mode: 0o700 });
    return await write(snapshot, folder.key(), notes, options);
  } catch (error) {
    await rm(to, { recursive: true, force: true });
    throw error;
  } finally {
    snapshot.close();
  }
};

interface Notes {
  readonly last: SignedCheckpoint | undefined;
  readonly older: readonly SignedCheckpoint[];
}
const write = async (snapshot: LedgerSnapshot, key: KeyObject, { last, older }: Notes, options: BundleOptions): Promise<Bundled> => {
  const { to, kind, of, host, dossier } = options;
  const { genesis, tree } = snapshot;
  if (tree.size === 0 && tree.fault === undefined) throw new NotBundledError('The ledger has no events.');
  const alteration = alterationOf(snapshot, last, older);
  if (alteration !== undefined && !options.altered)
    throw new NotBundledError(
      `This history is not the one that was signed, so no bundle is made of it. ${alteration} With --altered one is made as evidence, without a manifest.`,
    );
  if (alteration !== undefined && !last) throw new NotBundledError('No checkpoint is kept with which a bundle could be made.');
  const origin = last?.origin ?? originOf(host, genesis, 1);
  const { size, root } = alteration === undefined ? tree : last!;
  const about = { format: BUNDLE_FORMAT, kind, of, genesis, key: verifierKey(origin, createPublicKey(key)) };
  const isOwn = ({ note }: SignedCheckpoint) => signedBy(parseNote(note), parseVerifierKey(about.key)) !== undefined;
  const isLast = last?.size === size && (alteration !== undefined || isOwn(last));
  const checkpoint = isLast ? last : signCheckpoint({ origin, size, root, genesis: genesisHash(genesis) }, key);
  const kept = older.filter((note) => note.origin === origin && note.size >= 1 && note.size < size && isOwn(note)).slice(-MAX_NOTES);

  const chosen = kind === 'ledger' ? undefined : await choose(snapshot, options);
  const { events, sha256, streams, evidence } = await writeEvents(snapshot, chosen, size, options);
  const files: HashedFile[] = [];
  const put = async (path: string, text: string): Promise<void> => {
    await writeFile(join(to, path), text);
    files.push({ path, sha256: createHash('sha256').update(text).digest('hex') });
  };
  await put(BUNDLE_FILES.about, `${canonical(about)}\n`);
  await put(BUNDLE_FILES.checkpoint, checkpoint.note);
  await put(BUNDLE_FILES.older, kept.map((note) => `${canonical({ note: note.note, proof: proofOf(note, checkpoint, tree) })}\n`).join(''));
  files.push(...copyEvidence(evidence, options));
  if (dossier !== undefined) await put('dossier.html', dossier);
  if (alteration === undefined) {
    const body = manifestBody({ origin, kind, of, size, root, sha256, streams, files }, events);
    if (Buffer.byteLength(body) > MAX_TEXT)
      throw new NotBundledError('This part has too many streams or pieces of evidence for one bundle.');
    await writeFile(join(to, BUNDLE_FILES.manifest), signNote(body, origin, key));
  }
  return { events, size, root, evidence: evidence.size };
};

/** Why the ledger is not the one that was signed, as far as its tree and its notes show; undefined when it is. */
const alterationOf = (
  { genesis, tree }: LedgerSnapshot,
  last: SignedCheckpoint | undefined,
  older: readonly SignedCheckpoint[],
): string | undefined => {
  if (tree.fault !== undefined || !last) return tree.fault;
  const agreement = compareWithNote(tree, genesisHash(genesis), last, older);
  return agreement.state === 'agrees' ? undefined : agreement.detail;
};

/** The hashes that lead from an older note to the checkpoint, in hexadecimal; none where the tree that is kept now has none that do. */
const proofOf = (older: SignedCheckpoint, { size, root }: SignedCheckpoint, tree: LogTree): string => {
  try {
    const proof = consistencyProof(tree, older.size, size);
    const holds = isConsistent(older.size, size, proof, Buffer.from(older.root, 'hex'), Buffer.from(root, 'hex'));
    return holds ? proofText(proof) : '';
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
};

/** Reads the log once, to know which streams belong to the part. */
const choose = async (snapshot: LedgerSnapshot, { kind, of, signal }: BundleOptions): Promise<Chosen> => {
  const chosen = new Map<string, number>();
  const reach = (stream: string, revision: number) => void chosen.set(stream, Math.max(revision, chosen.get(stream) ?? -1));
  for await (const page of pagesOf(snapshot)) {
    signal?.throwIfAborted();
    for (const { stream, revision, metadata } of page) {
      if (kind === 'programme' && (metadata.about.programme === of || stream === `programme-${of}`)) reach(stream, Infinity);
      if (kind !== 'decision' || metadata.command.id !== of) continue;
      reach(stream, revision);
      for (const known of metadata.known) reach(known.stream, known.revision);
    }
  }
  if (chosen.size === 0) throw new NotBundledError(`Nothing is recorded of the ${kind} ${of}.`);
  return chosen;
};

interface Written {
  readonly events: number;
  readonly sha256: string;
  readonly streams: readonly StreamPart[];
  readonly evidence: ReadonlySet<string>;
}

const writeEvents = async (
  snapshot: LedgerSnapshot,
  chosen: Chosen | undefined,
  size: number,
  options: BundleOptions,
): Promise<Written> => {
  const { genesis, tree } = snapshot;
  const source = sourceOf(genesis);
  const kept = new Set((await namesIn(join(options.from, EVIDENCE_FOLDER))).filter(isSha256));
  const file = await open(join(options.to, BUNDLE_FILES.events), 'wx', 0o600);
  const hash = createHash('sha256');
  const heads = new Map<string, { last: number; head: number }>();
  const evidence = new Set<string>();
  let [next, events] = [0, 0];
  try {
    for await (const page of pagesOf(snapshot)) {
      options.signal?.throwIfAborted();
      const leaves = tree.leaves(next, page.length);
      let text = '';
      for (const [i, event] of page.entries()) {
        const place = placeIn(tree, event, next + i, leaves[i]);
        if (chosen !== undefined && !reaches(chosen, heads, event)) continue;
        text += line(event, place, source, chosen && { tree, size });
        events++;
        for (const { sha256 } of event.metadata.evidence ?? []) if (sha256 !== undefined && kept.has(sha256)) evidence.add(sha256);
      }
      if (evidence.size > MAX_EVIDENCE) throw new NotBundledError(`A bundle has ${MAX_EVIDENCE} pieces of evidence at most.`);
      next += page.length;
      hash.update(text);
      await file.write(text);
      options.onProgress?.(Math.min(1, next / tree.size));
    }
  } finally {
    await file.close();
  }
  const streams = [...heads].map(([stream, { last, head }]) => ({ stream, last, isHead: last === head }));
  return { events, sha256: hash.digest('hex'), streams: streams.sort((a, b) => (a.stream < b.stream ? -1 : 1)), evidence };
};

interface Place {
  readonly leafindex: number;
  /** As it was kept when the event was stored; of an event that has none, undefined. */
  readonly hash: Hash | undefined;
}
/** @param expected the leaf that the event is where none was removed before it */
const placeIn = (tree: LogTree, { position }: RecordedEvent, expected: number, leaf: Leaf | undefined): Place => {
  if (leaf?.position === position) return { leafindex: expected, hash: leaf.hash };
  const found = tree.leafAt(position);
  return { leafindex: found ?? Math.max(expected, tree.size), hash: found === undefined ? undefined : tree.leaves(found, 1)[0]?.hash };
};

const namesIn = (dir: string): Promise<readonly string[]> => (existsSync(dir) ? readdir(dir) : Promise.resolve([]));

/** Whether an event is of the part; notes how far its stream goes. */
const reaches = (chosen: Chosen, heads: Map<string, { last: number; head: number }>, { stream, revision }: RecordedEvent): boolean => {
  const upTo = chosen.get(stream);
  if (upTo === undefined) return false;
  const isChosen = revision <= upTo;
  heads.set(stream, { last: isChosen ? revision : heads.get(stream)!.last, head: revision });
  return isChosen;
};

interface Under {
  readonly tree: LogTree;
  /** Leaves under the checkpoint. */
  readonly size: number;
}
const line = (event: RecordedEvent, { leafindex, hash }: Place, source: string, part: Under | undefined): string => {
  const text = leafText(event);
  const inclusion = part && inclusionIn(part, leafindex);
  const leafhash = (hash ?? leafHash(text)).toString('hex');
  return lineOf(text, attributesOf(event, source, { leafindex, leafhash, ...(inclusion !== undefined && { inclusion }) }));
};

/** The hashes that lead to the root; none where the tree that is kept now has lost some, or is smaller. */
const inclusionIn = ({ tree, size }: Under, leaf: number): string => {
  try {
    return proofText(inclusionProof(tree, leaf, size));
  } catch (error) {
    if (error instanceof RangeError) return '';
    throw error;
  }
};

interface HashedFile {
  readonly path: string;
  readonly sha256: string;
}
const copyEvidence = (hashes: ReadonlySet<string>, { from, to }: BundleOptions): readonly HashedFile[] => {
  if (hashes.size > 0) mkdirSync(join(to, EVIDENCE_FOLDER), { mode: 0o700 });
  return [...hashes].sort().map((sha256) => {
    copyFileSync(join(from, EVIDENCE_FOLDER, sha256), join(to, EVIDENCE_FOLDER, sha256));
    return { path: `${EVIDENCE_FOLDER}/${sha256}`, sha256 };
  });
};
