import { createHash, createPublicKey } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonical, type RecordedEvent } from '../kernel/index.js';
import {
  attributesOf,
  BUNDLE_FILES,
  BUNDLE_FORMAT,
  lineOf,
  manifestBody,
  sourceOf,
  type BundleKind,
  type StreamPart,
} from '../proof/bundle.js';
import { genesisHash, originOf, signCheckpoint } from '../proof/checkpoint.js';
import { compareWithNote, rootOf } from '../proof/comparison.js';
import { EVIDENCE_FOLDER, isSha256 } from '../proof/evidence-folder.js';
import { signNote, verifierKey } from '../proof/note.js';
import { ProofFolder } from '../proof/proof-folder.js';
import { consistencyProof, inclusionProof, type LogTree } from '../store/merkle-proof.js';
import { leafHash, leafText, pagesOf } from '../store/merkle-tree.js';
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
/** Pieces of evidence whose hashes are remembered. */
const MAX_EVIDENCE = 100_000;

/** How far each stream goes into a part; undefined where all of the ledger does. */
type Chosen = ReadonlyMap<string, number>;

/** @throws NotBundledError, NoLedgerError, ProofFolderError; the signal's reason */
export const exportBundle = async (options: BundleOptions): Promise<Bundled> => {
  const { from, to } = options;
  if (existsSync(to) && readdirSync(to).length > 0) throw new NotBundledError(`${to} is not empty: name a new folder.`);
  if (!existsSync(join(from, LEDGER_FILE)))
    throw new NotBundledError(`${from} holds no ${LEDGER_FILE}. Of a ledger on KurrentDB, npm run migrate makes one.`);
  const snapshot = new LedgerSnapshot(join(from, LEDGER_FILE));
  try {
    mkdirSync(to, { recursive: true, mode: 0o700 });
    return await write(snapshot, options);
  } catch (error) {
    await rm(to, { recursive: true, force: true });
    throw error;
  } finally {
    snapshot.close();
  }
};

const write = async (snapshot: LedgerSnapshot, options: BundleOptions): Promise<Bundled> => {
  const { from, to, kind, of, proofKey, host, dossier } = options;
  const { genesis, tree } = snapshot;
  if (tree.size === 0) throw new NotBundledError('The ledger has no events.');
  const folder = new ProofFolder(from, proofKey);
  const key = folder.key();
  const last = folder.last();
  const older = folder.older();
  const agreement = last && compareWithNote(tree, genesisHash(genesis), last, older);
  if (tree.fault ?? (agreement && agreement.state !== 'agrees'))
    throw new NotBundledError(
      `This history is not the one that was signed, so no bundle is made of it. ${tree.fault ?? (agreement as { detail: string }).detail}`,
    );
  const origin = last?.origin ?? originOf(host, genesis, 1);
  const { size, root } = tree;
  const checkpoint = last?.size === size ? last : signCheckpoint({ origin, size, root, genesis: genesisHash(genesis) }, key);

  const chosen = kind === 'ledger' ? undefined : await choose(snapshot, options);
  const written = await writeEvents(snapshot, chosen, options);
  const files = copyEvidence(written.evidence, options);
  if (dossier !== undefined) {
    await writeFile(join(to, 'dossier.html'), dossier);
    files.push({ path: 'dossier.html', sha256: createHash('sha256').update(dossier).digest('hex') });
  }
  const put = (name: string, text: string) => writeFile(join(to, name), text);
  const about = { format: BUNDLE_FORMAT, kind, of, genesis, key: verifierKey(origin, createPublicKey(key)) };
  await put(BUNDLE_FILES.about, `${canonical(about)}\n`);
  await put(BUNDLE_FILES.checkpoint, checkpoint.note);
  const { events, sha256, streams } = written;
  await put(BUNDLE_FILES.manifest, signNote(manifestBody({ origin, kind, of, size, root, events, sha256, streams, files }), origin, key));
  const kept = older.filter(
    (note) => note.origin === origin && note.size >= 1 && note.size < size && rootOf(tree, note.size) === note.root,
  );
  const lines = kept.slice(-MAX_NOTES).map(({ note, size: then }) => canonical({ note, proof: hexes(consistencyProof(tree, then, size)) }));
  await put(BUNDLE_FILES.older, lines.map((line) => `${line}\n`).join(''));
  return { events, size, root, evidence: files.length };
};

const hexes = (hashes: readonly Buffer[]): string => hashes.map((hash) => hash.toString('hex')).join('');

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

const writeEvents = async (snapshot: LedgerSnapshot, chosen: Chosen | undefined, options: BundleOptions): Promise<Written> => {
  const { genesis, tree } = snapshot;
  const source = sourceOf(genesis);
  const file = await open(join(options.to, BUNDLE_FILES.events), 'wx', 0o600);
  const hash = createHash('sha256');
  const heads = new Map<string, { last: number; head: number }>();
  const evidence = new Set<string>();
  let [leaf, events] = [0, 0];
  try {
    for await (const page of pagesOf(snapshot)) {
      options.signal?.throwIfAborted();
      let text = '';
      for (const event of page) {
        const isChosen = chosen === undefined || reaches(chosen, heads, event);
        if (isChosen) {
          text += line(event, leaf, source, chosen && tree);
          events++;
          for (const { sha256 } of event.metadata.evidence ?? []) if (sha256 && evidence.size < MAX_EVIDENCE) evidence.add(sha256);
        }
        leaf++;
      }
      hash.update(text);
      await file.write(text);
      options.onProgress?.(leaf / tree.size);
    }
  } finally {
    await file.close();
  }
  const streams = [...heads].map(([stream, { last, head }]) => ({ stream, last, isHead: last === head }));
  return { events, sha256: hash.digest('hex'), streams: streams.sort((a, b) => (a.stream < b.stream ? -1 : 1)), evidence };
};

/** Whether an event is of the part; notes how far its stream goes. */
const reaches = (chosen: Chosen, heads: Map<string, { last: number; head: number }>, { stream, revision }: RecordedEvent): boolean => {
  const upTo = chosen.get(stream);
  if (upTo === undefined) return false;
  const isChosen = revision <= upTo;
  heads.set(stream, { last: isChosen ? revision : heads.get(stream)!.last, head: revision });
  return isChosen;
};

const line = (event: RecordedEvent, leaf: number, source: string, tree: LogTree | undefined): string => {
  const text = leafText(event);
  const inclusion = tree && hexes(inclusionProof(tree, leaf, tree.size));
  const place = { leafindex: leaf, leafhash: leafHash(text).toString('hex'), ...(inclusion !== undefined && { inclusion }) };
  return lineOf(text, attributesOf(event, source, place));
};

const copyEvidence = (hashes: ReadonlySet<string>, { from, to }: BundleOptions): { path: string; sha256: string }[] => {
  const found = [...hashes].filter((sha256) => isSha256(sha256) && existsSync(join(from, EVIDENCE_FOLDER, sha256))).sort();
  if (found.length > 0) mkdirSync(join(to, EVIDENCE_FOLDER), { mode: 0o700 });
  return found.map((sha256) => {
    copyFileSync(join(from, EVIDENCE_FOLDER, sha256), join(to, EVIDENCE_FOLDER, sha256));
    return { path: `${EVIDENCE_FOLDER}/${sha256}`, sha256 };
  });
};

/** The text of a dossier's file. @throws NotBundledError */
export const readDossier = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: Error) => {
    throw new NotBundledError(`The dossier cannot be read: ${cause.message}.`, { cause });
  });
