import type { KeyObject } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { RecordedEvent } from '../kernel/index.js';
import type { BundleKind } from '../proof/bundle.js';
import {
  bundleFiles,
  isSignedBy,
  NotBundledError,
  reachOf,
  type Bundled,
  type BundleSubject,
  type Chosen,
} from '../proof/bundle-writer.js';
import { genesisHash, originOf, signCheckpoint, type SignedCheckpoint } from '../proof/checkpoint.js';
import { compareWithNote } from '../proof/comparison.js';
import { EvidenceFolder } from '../proof/evidence-folder.js';
import { noteSigner } from '../proof/note.js';
import { ProofFolder } from '../proof/proof-folder.js';
import { pagesOf } from '../store/merkle-tree.js';
import { checkTree } from '../store/tree-check.js';
import { LedgerSnapshot } from '../store/sqlite/ledger-snapshot.js';
import { LEDGER_FILE } from '../store/sqlite/sqlite-store.js';

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
const write = async (snapshot: LedgerSnapshot, key: KeyObject, notes: Notes, options: BundleOptions): Promise<Bundled> => {
  const { from, to, kind, of, dossier, signal, onProgress } = options;
  const { genesis, tree } = snapshot;
  if (tree.size === 0 && tree.fault === undefined) throw new NotBundledError('The ledger has no events.');
  const signed = await signedPart(snapshot, key, notes, options);
  const chosen = kind === 'ledger' ? undefined : await choose(snapshot, options);
  const read = async function* (): AsyncGenerator<readonly RecordedEvent[]> {
    let next = 0;
    for await (const page of pagesOf(snapshot)) {
      signal?.throwIfAborted();
      yield page;
      onProgress?.(Math.min(1, (next += page.length) / tree.size));
    }
  };
  const evidence = new EvidenceFolder(from);
  const files = bundleFiles({ ...signed, kind, of, genesis, tree, chosen, dossier, evidence }, { pages: read() });
  for (;;) {
    const { done, value } = await files.next();
    if (done) return value;
    const file = join(to, value.path);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    await pipeline(value.content, createWriteStream(file, { flags: 'wx', mode: 0o600 }));
  }
};

/** The checkpoint that a bundle is made with, and who signs it. @throws NotBundledError */
const signedPart = async (
  snapshot: LedgerSnapshot,
  key: KeyObject,
  { last, older }: Notes,
  { altered, host, signal }: BundleOptions,
): Promise<Pick<BundleSubject, 'checkpoint' | 'older' | 'signer' | 'isAltered'>> => {
  const { genesis, tree } = snapshot;
  // Without --altered what is written is compared as it is read, and no manifest is made where it differs.
  const events = altered && { maxFaults: 1, ...(signal && { signal }) };
  const alteration = alterationOf(snapshot, last, older) ?? (events && (await checkTree(snapshot, tree, events)).faults[0]);
  if (alteration !== undefined && !altered)
    throw new NotBundledError(
      `This history is not the one that was signed, so no bundle is made of it. ${alteration} With --altered one is made as evidence, without a manifest.`,
    );
  if (alteration !== undefined && !last) throw new NotBundledError('No checkpoint is kept with which a bundle could be made.');
  const origin = last?.origin ?? originOf(host, genesis, 1);
  const signer = noteSigner(origin, key);
  const { size, root } = alteration === undefined ? tree : last!;
  const isLast = last?.size === size && (alteration !== undefined || isSignedBy(last, signer));
  const checkpoint = isLast ? last : signCheckpoint({ origin, size, root, genesis: genesisHash(genesis) }, key);
  return { checkpoint, older, signer, isAltered: alteration !== undefined };
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

/** Reads the log once, to know which streams belong to the part. */
const choose = async (snapshot: LedgerSnapshot, { kind, of, signal }: BundleOptions): Promise<Chosen> => {
  const chosen = new Map<string, number>();
  for await (const page of pagesOf(snapshot)) {
    signal?.throwIfAborted();
    for (const event of page) {
      const { stream, metadata } = event;
      if (kind === 'programme' && (metadata.about.programme === of || stream === `programme-${of}`)) chosen.set(stream, Infinity);
      if (kind === 'decision' && metadata.command.id === of) reachOf(chosen, event);
    }
  }
  if (chosen.size === 0) throw new NotBundledError(`Nothing is recorded of the ${kind} ${of}.`);
  return chosen;
};
