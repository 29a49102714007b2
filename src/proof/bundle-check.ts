import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as others } from 'node:timers/promises';
import { canonical, type RecordedEvent } from '../kernel/index.js';
import { isConsistent, isIncluded } from '../store/merkle-proof.js';
import { leafHash, MerkleTree, type Hash } from '../store/merkle-tree.js';
import { attributesOf, BUNDLE_FILES, BUNDLE_FORMAT, lineOf, parseManifest, sourceOf, type BundleAbout, type Manifest } from './bundle.js';
import { genesisHash, openCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { parseNote, parseVerifierKey, signedBy, type VerifierKey } from './note.js';

/** What does not hold, as docs/proof-format.md lists it: a code, and what it is about. */
export interface BundleFault {
  readonly code: string;
  readonly about: string;
}

export interface BundleCheck {
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
  readonly note?: string;
}

/** Faults that are named at most. */
export const MAX_FAULTS = 100;
/** Lines between two turns of the event loop. */
const PAUSE = 500;

/** Checks a bundle by itself, and against a key and a note from elsewhere. Never throws for what a bundle holds. */
export const checkBundle = async (dir: string, options: BundleCheckOptions = {}): Promise<BundleCheck> => new Check(dir).run(options);

class Check {
  readonly #faults: BundleFault[] = [];
  #valid = 0;

  constructor(private readonly dir: string) {}

  async run({ key, note }: BundleCheckOptions): Promise<BundleCheck> {
    const about = this.#about();
    if (!about) return this.#result(undefined);
    const own = this.#key(about.key);
    const given = key === undefined || !own ? own : this.#key(key);
    if (!own || !given) return this.#result(undefined);
    if (given.id !== own.id || given.name !== own.name) this.#fault('key-differs', own.name);
    const checkpoint = this.#checkpoint(BUNDLE_FILES.checkpoint, this.#text(BUNDLE_FILES.checkpoint), given);
    if (!checkpoint) return this.#result(undefined);
    if (genesisHash(about.genesis) !== checkpoint.genesis) this.#fault('genesis-altered', checkpoint.origin);
    const manifest = this.#manifest(given, about, checkpoint);
    const older = this.#older(given, checkpoint);
    await this.#events(about, checkpoint, manifest, [...older, ...(note === undefined ? [] : this.#kept(note, given, checkpoint, older))]);
    for (const { path, sha256 } of manifest?.files ?? []) await this.#file(path, sha256);
    return this.#result(checkpoint);
  }

  #fault(code: string, about: string | number): void {
    if (this.#faults.length < MAX_FAULTS) this.#faults.push({ code, about: String(about) });
  }
  #result(checkpoint: SignedCheckpoint | undefined): BundleCheck {
    return { faults: this.#faults, valid: this.#valid, size: checkpoint?.size, root: checkpoint?.root };
  }

  #text(name: string): string | undefined {
    const file = join(this.dir, name);
    if (!existsSync(file) || !statSync(file).isFile()) return void this.#fault('file-missing', name);
    return readFileSync(file, 'utf8');
  }

  #about(): BundleAbout | undefined {
    const text = this.#text(BUNDLE_FILES.about);
    if (text === undefined) return undefined;
    const about = parsed(text) as Partial<BundleAbout> | undefined;
    if (about && `${canonical(about)}\n` === text && about.format === BUNDLE_FORMAT && typeof about.key === 'string' && about.genesis)
      return about as BundleAbout;
    return void this.#fault('file-malformed', BUNDLE_FILES.about);
  }

  #key(text: string): VerifierKey | undefined {
    try {
      return parseVerifierKey(text);
    } catch {
      return void this.#fault('key-malformed', text.slice(0, 80).trim());
    }
  }

  #checkpoint(name: string, text: string | undefined, key: VerifierKey): SignedCheckpoint | undefined {
    try {
      const checkpoint = text === undefined ? undefined : openCheckpoint(text, () => [key]);
      if (checkpoint && checkpoint.origin === key.name) return checkpoint;
      if (checkpoint) this.#fault('note-invalid', name);
      return undefined;
    } catch {
      return void this.#fault('note-invalid', name);
    }
  }

  #manifest(key: VerifierKey, about: BundleAbout, { origin, size, root }: SignedCheckpoint): Manifest | undefined {
    const text = this.#text(BUNDLE_FILES.manifest);
    if (text === undefined) return undefined;
    try {
      const note = parseNote(text);
      const manifest = signedBy(note, key) === true ? parseManifest(note.body) : undefined;
      const isOfBundle = manifest && manifest.origin === origin && manifest.size === size && manifest.root === root;
      if (isOfBundle && manifest.kind === about.kind && manifest.of === about.of) return manifest;
    } catch {
      // named below
    }
    return void this.#fault('note-invalid', BUNDLE_FILES.manifest);
  }

  /** Each older note, once its signature and its proof hold. */
  #older(key: VerifierKey, checkpoint: SignedCheckpoint): SignedCheckpoint[] {
    const text = this.#text(BUNDLE_FILES.older) ?? '';
    if (text !== '' && !text.endsWith('\n')) this.#fault('file-malformed', BUNDLE_FILES.older);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.flatMap((line) => {
      const { note, proof, ...more } = (parsed(line) ?? {}) as { readonly note?: unknown; readonly proof?: unknown };
      if (typeof note !== 'string' || typeof proof !== 'string' || Object.keys(more).length > 0 || canonical({ note, proof }) !== line) {
        this.#fault('file-malformed', BUNDLE_FILES.older);
        return [];
      }
      const older = this.#checkpoint(BUNDLE_FILES.older, note, key);
      if (!older) return [];
      const hashes = hashesIn(proof);
      if (hashes && isConsistent(older.size, checkpoint.size, hashes, bytes(older.root), bytes(checkpoint.root))) return [older];
      this.#fault('consistency-invalid', older.size);
      return [];
    });
  }

  /** A note that somebody kept: later than the bundle, of another ledger, or one that the bundle must agree with. */
  #kept(text: string, key: VerifierKey, checkpoint: SignedCheckpoint, older: readonly SignedCheckpoint[]): SignedCheckpoint[] {
    const note = this.#checkpoint('the kept note', text, key);
    if (!note) return [];
    if (note.size > checkpoint.size) this.#fault('rolled-back', note.size);
    else if (note.genesis !== checkpoint.genesis) this.#fault('genesis-altered', note.origin);
    else if (note.size === checkpoint.size && note.root !== checkpoint.root) this.#fault('history-rewritten', note.size);
    else if (older.some(({ size, root }) => size === note.size && root !== note.root)) this.#fault('history-rewritten', note.size);
    return [note];
  }

  async #events(
    about: BundleAbout,
    checkpoint: SignedCheckpoint,
    manifest: Manifest | undefined,
    notes: readonly SignedCheckpoint[],
  ): Promise<void> {
    const file = join(this.dir, BUNDLE_FILES.events);
    if (!existsSync(file)) return this.#fault('file-missing', BUNDLE_FILES.events);
    const isWhole = about.kind === 'ledger';
    const source = sourceOf(about.genesis);
    const root = bytes(checkpoint.root);
    const tree = new MerkleTree();
    const roots = new Map(notes.map(({ size }) => [size, '']));
    const heads = new Map<string, number>();
    let [line, next, isSound] = [0, 0, true];
    for await (const text of linesOf(file)) {
      if (++line % PAUSE === 0) await others();
      const found = lineIn(text, source);
      if (typeof found === 'string') {
        isSound = false;
        this.#fault(found, `line ${line}`);
        continue;
      }
      const { event, place, hash } = found;
      const leaf = hash.toString('hex');
      let isValid = true;
      const wrong = (code: string) => {
        this.#fault(code, `event ${place.leafindex} (${event.stream}, revision ${event.revision})`);
        isSound = isValid = false;
      };
      if (place.leafhash !== leaf) wrong('event-altered');
      else if (!found.isEnvelope) wrong('envelope-altered');
      else if (place.leafindex < next) wrong('order-altered');
      else if (isWhole && place.leafindex > next) {
        this.#fault('events-missing', `events ${next} to ${place.leafindex - 1}`);
        isSound = false;
      } else if (!isWhole) {
        const proof = hashesIn(place.inclusion);
        if (!proof || !isIncluded(hash, place.leafindex, checkpoint.size, proof, root)) wrong('proof-invalid');
      }
      if (isWhole && isSound) {
        tree.add(hash);
        if (roots.has(tree.size)) roots.set(tree.size, tree.root());
      }
      if (place.leafindex >= next) next = place.leafindex + 1;
      if (!isValid) continue;
      this.#valid++;
      if (!isWhole) {
        const head = heads.get(event.stream) ?? -1;
        if (event.revision !== head + 1) this.#fault('stream-incomplete', `${event.stream}, revision ${head + 1}`);
        heads.set(event.stream, event.revision);
      }
    }
    if (isWhole && next < checkpoint.size) this.#fault('events-missing', `events ${next} to ${checkpoint.size - 1}`);
    else if (isWhole && isSound && (tree.size !== checkpoint.size || tree.root() !== checkpoint.root)) this.#range(roots, notes, tree.size);
    if (isWhole && isSound)
      for (const { size, root: then } of notes) if (size <= tree.size && roots.get(size) !== then) this.#fault('history-rewritten', size);
    if (!isWhole) this.#streams(manifest, heads);
    if (manifest && (await hashOf(file)) !== manifest.sha256) this.#fault('file-altered', BUNDLE_FILES.events);
  }

  /** Every line holds by itself, and the root is another: the range that the older notes leave. */
  #range(roots: ReadonlyMap<number, string>, notes: readonly SignedCheckpoint[], size: number): void {
    const sorted = notes.toSorted((a, b) => a.size - b.size);
    const agreed = sorted.findLast((note) => roots.get(note.size) === note.root)?.size ?? 0;
    const until = sorted.find((note) => note.size > agreed && roots.get(note.size) !== note.root)?.size ?? size;
    this.#fault('root-differs', `events ${agreed} to ${until - 1}`);
  }

  #streams(manifest: Manifest | undefined, heads: ReadonlyMap<string, number>): void {
    const said = new Map(manifest?.streams.map(({ stream, last }) => [stream, last]));
    for (const [stream, last] of said) {
      const head = heads.get(stream) ?? -1;
      if (head < last) this.#fault('stream-incomplete', `${stream}, revision ${head + 1}`);
    }
    if (!manifest) return;
    for (const [stream, head] of heads) if (head > (said.get(stream) ?? -1)) this.#fault('stream-unlisted', `${stream}, revision ${head}`);
  }

  async #file(path: string, sha256: string): Promise<void> {
    const file = join(this.dir, path);
    if (path.includes('..') || !existsSync(file)) this.#fault('file-missing', path);
    else if ((await hashOf(file)) !== sha256) this.#fault('file-altered', path);
  }
}

const bytes = (hex: string): Hash => Buffer.from(hex, 'hex');
const hashesIn = (hex: unknown): Hash[] | undefined =>
  typeof hex === 'string' && /^([\da-f]{64})*$/.test(hex)
    ? Array.from({ length: hex.length / 64 }, (_, i) => bytes(hex.slice(64 * i, 64 * i + 64)))
    : undefined;

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
};

interface Line {
  readonly event: Omit<RecordedEvent, 'position'>;
  readonly place: { readonly leafindex: number; readonly leafhash: string; readonly inclusion?: string };
  /** Over the event in the line. */
  readonly hash: Hash;
  /** Whether what stands beside the event is what belongs there. */
  readonly isEnvelope: boolean;
}

/** What one line holds, or the code of what is wrong with it. */
const lineIn = (text: string, source: string): Line | string => {
  const value = parsed(text) as { readonly data?: Record<string, unknown>; readonly [name: string]: unknown } | null | undefined;
  const data = value?.data as (Omit<RecordedEvent, 'position'> & { readonly v: unknown }) | undefined;
  const { leafindex, leafhash, inclusion } = value ?? {};
  const isEvent = typeof data === 'object' && data !== null && typeof data.stream === 'string' && Number.isSafeInteger(data.revision);
  if (!isEvent || !Number.isSafeInteger(leafindex) || typeof leafhash !== 'string' || !(Number(leafindex) >= 0)) return 'line-malformed';
  const leaf = canonical(data);
  const place = { leafindex: leafindex as number, leafhash, ...(typeof inclusion === 'string' && { inclusion }) };
  const { data: _, ...attributes } = value!;
  if (!text.startsWith(`{"data":${leaf},`) || `{"data":${leaf},${canonical(attributes).slice(1)}` !== text) return 'line-malformed';
  const expected = lineOf(leaf, attributesOf({ ...data, metadata: data.metadata ?? {} }, source, place));
  return { event: data, place, hash: leafHash(leaf), isEnvelope: expected === `${text}\n` };
};

/** A line of an event is some kilobytes; a longer one than this is taken for malformed. */
const MAX_LINE = 64 << 20;

/** The lines of a file, without their ends. What stands behind the last end is a line as well, marked as one that is malformed. */
async function* linesOf(file: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
    const lines = (rest + (chunk as string)).split('\n');
    rest = lines.pop()!;
    if (rest.length > MAX_LINE) break;
    yield* lines;
  }
  if (rest !== '') yield `${rest}\n`;
}

const hashOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
};
