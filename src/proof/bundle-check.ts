import type { Genesis } from '../store/event-store.js';
import { isConsistent } from '../store/merkle-proof.js';
import {
  BUNDLE_FILES,
  BUNDLE_FORMAT,
  KINDS,
  MAX_NOTES,
  MAX_TEXT,
  parseManifest,
  sourceOf,
  type BundleAbout,
  type Manifest,
} from './bundle.js';
import { InvalidArchiveError } from './bundle-archive.js';
import { openBundle, type BundleFolder } from './bundle-folder.js';
import { checkEvents, type Expected } from './bundle-events.js';
import { hashOf } from './bundle-lines.js';
import { isObject, parseCanonical, textIn } from './canonical-text.js';
import { genesisHash, openCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { COSIGNATURE, ED25519, parseNote, parseVerifierKey, renamed, signedBy, type VerifierKey } from './note.js';
import { bytesOf, hashesIn } from './proof-text.js';

/** What does not hold, as docs/proof-format.md lists it: a code, and what it is about. */
export interface BundleFault {
  readonly code: string;
  readonly about: string;
}

export interface BundleCheck {
  /** Each once, the first `MAX_FAULTS` of them. */
  readonly faults: readonly BundleFault[];
  /** Events whose line, hash and proof hold. */
  readonly valid: number;
  readonly size: number | undefined;
  readonly root: string | undefined;
}

export interface BundleCheckOptions {
  /** A public key from another place than the bundle: without one, only the bundle's own is used. */
  readonly key?: string;
  /** A signed note that somebody kept. */
  readonly note?: Buffer;
  /** The public key of a witness that must have signed the checkpoint. */
  readonly witness?: string;
}

/** Faults that are named at most. */
export const MAX_FAULTS = 100;

/** Checks a bundle by itself, and against keys and a note from elsewhere. Never throws for what a bundle holds. @param at its folder, or its archive */
export const checkBundle = async (at: string, options: BundleCheckOptions = {}): Promise<BundleCheck> => {
  let folder: BundleFolder;
  try {
    folder = await openBundle(at);
  } catch (error) {
    if (!(error instanceof InvalidArchiveError)) throw error;
    return { faults: [{ code: 'archive-malformed', about: 'the bundle' }], valid: 0, size: undefined, root: undefined };
  }
  const check = new Check(folder);
  await check.run(options);
  const { faults, valid, size, root } = check;
  return { faults, valid, size, root };
};

/** A checkpoint whose origin is the name of the key that signed it. */
const checkpointIn = (text: string, key: VerifierKey): SignedCheckpoint | undefined => {
  try {
    const checkpoint = openCheckpoint(text, () => [key]);
    return checkpoint.origin === key.name ? checkpoint : undefined;
  } catch {
    return undefined;
  }
};

/** Steps 1 to 7 and 13 of docs/proof-format.md. */
class Check implements BundleCheck {
  readonly #faults = new Map<string, BundleFault>();
  valid = 0;
  size: number | undefined;
  root: string | undefined;

  constructor(private readonly folder: BundleFolder) {}

  get faults(): readonly BundleFault[] {
    return [...this.#faults.values()];
  }

  async run({ key, note, witness }: BundleCheckOptions): Promise<void> {
    const about = await this.#about();
    const own = about && this.#key(about.key, ED25519, BUNDLE_FILES.about);
    const given = key === undefined ? own : own && this.#key(trimmed(key), ED25519, 'the given key');
    if (!about || !own || !given) return;
    const seer = witness === undefined ? undefined : this.#key(trimmed(witness), COSIGNATURE, 'the witness key');
    if (witness !== undefined && !seer) return;
    if (given.id !== own.id || given.name !== own.name) this.#fault('key-differs', own.name);
    const text = await this.#text(BUNDLE_FILES.checkpoint);
    const checkpoint = checkpointIn(text ?? '', given);
    if (!checkpoint) return text === undefined ? undefined : this.#fault('note-invalid', BUNDLE_FILES.checkpoint);
    if (seer && signedBy(parseNote(checkpoint.note), seer) === undefined) this.#fault('cosignature-missing', seer.name);
    if (genesisHash(about.genesis) !== checkpoint.genesis) this.#fault('genesis-altered', checkpoint.origin);
    const manifest = await this.#manifest(given, checkpoint);
    const { kind, size, root } = manifest ?? { ...checkpoint, kind: about.kind };
    if (size !== checkpoint.size || root !== checkpoint.root) this.#fault('checkpoint-differs', checkpoint.size);
    [this.size, this.root] = [size, root];
    const older = await this.#older(given, size, root);
    const kept =
      note === undefined ? [] : this.#kept(note.length > MAX_TEXT ? '' : (textIn(note) ?? ''), given, { ...checkpoint, size, root }, older);
    await this.#events({
      kind,
      source: sourceOf({ ledgerId: checkpoint.origin.split('/').at(-2) ?? '' }),
      size,
      root,
      notes: [...older, ...kept],
      manifest,
    });
    for (const { path, sha256 } of manifest?.files ?? []) await this.#file(path, sha256);
  }

  #fault(code: string, about: string | number): void {
    const printed = String(about).replace(UNPRINTED, '?');
    const line = `${code} ${about}`;
    if (!this.#faults.has(line) && this.#faults.size < MAX_FAULTS) this.#faults.set(line, { code, about: printed });
  }

  /** Undefined where the file is missing, which is named; empty where it is no text, which is nothing that a caller takes. */
  async #text(name: string): Promise<string | undefined> {
    const size = this.folder.sizeOf(name);
    if (size === undefined) return void this.#fault('file-missing', name);
    return size > MAX_TEXT ? '' : (textIn(await this.folder.bytesOf(name)) ?? '');
  }

  async #about(): Promise<BundleAbout | undefined> {
    const text = await this.#text(BUNDLE_FILES.about);
    const about = text?.endsWith('\n') ? parseCanonical(text.slice(0, -1)) : undefined;
    if (text === undefined || isAbout(about)) return about as BundleAbout | undefined;
    return void this.#fault('file-malformed', BUNDLE_FILES.about);
  }

  #key(text: unknown, type: number, where: string): VerifierKey | undefined {
    try {
      const key = typeof text === 'string' ? parseVerifierKey(text) : undefined;
      if (key?.type === type) return key;
    } catch {
      // named below
    }
    return void this.#fault('key-malformed', where);
  }

  async #manifest(key: VerifierKey, { origin }: SignedCheckpoint): Promise<Manifest | undefined> {
    const text = await this.#text(BUNDLE_FILES.manifest);
    if (text === undefined) return undefined;
    try {
      const note = parseNote(text);
      const manifest = note.signatures.length === 1 && signedBy(note, key) !== undefined ? parseManifest(note.body) : undefined;
      if (manifest?.origin === origin) return manifest;
    } catch {
      // named below
    }
    return void this.#fault('note-invalid', BUNDLE_FILES.manifest);
  }

  async #older(key: VerifierKey, size: number, root: string): Promise<readonly SignedCheckpoint[]> {
    const text = await this.#text(BUNDLE_FILES.older);
    if (text === undefined) return [];
    if (text === '' && this.folder.sizeOf(BUNDLE_FILES.older)! > 0) this.#fault('file-malformed', BUNDLE_FILES.older);
    const lines = text.split(/(?<=\n)/);
    const notes = lines.slice(0, MAX_NOTES).flatMap((line) => this.#olderNote(line, key, size, root));
    if (lines.length > MAX_NOTES) this.#fault('file-malformed', BUNDLE_FILES.older);
    return notes;
  }
  #olderNote(line: string, key: VerifierKey, size: number, root: string): readonly SignedCheckpoint[] {
    if (line === '') return [];
    const value = line.endsWith('\n') ? parseCanonical(line.slice(0, -1)) : undefined;
    if (!isOlder(value)) return this.#none('file-malformed', BUNDLE_FILES.older);
    const note = checkpointIn(value.note, key);
    if (!note) return this.#none('note-invalid', BUNDLE_FILES.older);
    const proof = hashesIn(value.proof);
    if (!proof || !isConsistent(note.size, size, proof, bytesOf(note.root), bytesOf(root))) this.#fault('consistency-invalid', note.size);
    return [note];
  }

  #none(code: string, about: string): readonly [] {
    this.#fault(code, about);
    return [];
  }

  /** A note that somebody kept: later than the bundle, of another ledger or epoch, or one that the bundle must agree with. */
  #kept(text: string, key: VerifierKey, checkpoint: SignedCheckpoint, older: readonly SignedCheckpoint[]): readonly SignedCheckpoint[] {
    const note = checkpointIn(text, key);
    if (!note) {
      const origin = text.slice(0, text.indexOf('\n'));
      const isOfAnother = checkpointIn(text, renamed(key, origin)) !== undefined;
      return isOfAnother ? this.#none('origin-differs', origin) : this.#none('note-invalid', 'the kept note');
    }
    if (note.size > checkpoint.size) this.#fault('rolled-back', note.size);
    else if (note.genesis !== checkpoint.genesis) this.#fault('genesis-altered', note.origin);
    else if ([checkpoint, ...older].some(({ size, root }) => size === note.size && root !== note.root))
      this.#fault('history-rewritten', note.size);
    return [note];
  }

  async #events(expected: Expected): Promise<void> {
    if (this.folder.sizeOf(BUNDLE_FILES.events) === undefined) return this.#fault('file-missing', BUNDLE_FILES.events);
    this.valid = await checkEvents(this.folder.read(BUNDLE_FILES.events), expected, (code, about) => this.#fault(code, about));
    if (expected.manifest) await this.#file(BUNDLE_FILES.events, expected.manifest.sha256);
  }

  async #file(path: string, sha256: string): Promise<void> {
    if (this.folder.sizeOf(path) === undefined) this.#fault('file-missing', path);
    else if ((await hashOf(this.folder.read(path))) !== sha256) this.#fault('file-altered', path);
  }
}

/** What is not printed as it is: a terminal might take it for more than text. */
const UNPRINTED = /[^\x20-\x7e]/gu;
const trimmed = (key: string): string => key.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');

/** A line of older notes. */
const isOlder = (value: unknown): value is { readonly note: string; readonly proof: string } =>
  isObject(value) && Object.keys(value).length === 2 && typeof value['note'] === 'string' && typeof value['proof'] === 'string';

/** Its key is looked at later. */
const isAbout = (value: unknown): value is BundleAbout =>
  isObject(value) &&
  Object.keys(value).join() === 'format,genesis,key,kind,of' &&
  value['format'] === BUNDLE_FORMAT &&
  (KINDS as readonly unknown[]).includes(value['kind']) &&
  typeof value['of'] === 'string' &&
  isObject(value['genesis']) &&
  typeof (value['genesis'] as Partial<Genesis>).ledgerId === 'string';
