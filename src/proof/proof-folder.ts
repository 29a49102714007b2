import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { openCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { keyOf, parseVerifierKey, rawOf, verifierKey, type VerifierKey } from './note.js';

/** The folder of keys and notes, beside the ledger in its data folder. */
export const PROOF_FOLDER = 'proof';
const KEY_FILE = 'key.pem';
/** Public keys that signed before, one a line, in base64. */
const FORMER_FILE = 'former-keys';
const LAST_FILE = 'checkpoint';
const OLDER_FILE = 'older-checkpoints';
const EPOCHS_FILE = 'epochs.jsonl';

/** Older notes that are kept; when there are more, every second of the older half is removed. */
const MAX_OLDER = 256;

/** The key or a note that proofs need cannot be read: the message says what the operator can do. */
export class ProofFolderError extends Error {
  override readonly name = 'ProofFolderError';
  readonly code = 'no-proof-folder';
}

/** A new beginning of the notes: from `size` events on the ledger goes another way than the notes of the epoch before. */
export interface Epoch {
  readonly epoch: number;
  readonly begunAt: string;
  /** Events that the ledger had when the epoch began, and the root over them, in hexadecimal. */
  readonly size: number;
  readonly root: string;
  /** Of the largest note before that the ledger agrees with. */
  readonly agreesUpTo: number;
  /** The last note of the epoch before, with its signatures. */
  readonly last: string;
}

/** A file that a restart compares the ledger with, and that is not there as it was left. */
export interface Missed {
  readonly file: string;
  readonly state: 'gone' | 'replaced';
}
export const sentenceOf = ({ file, state }: Missed): string =>
  `${file} was ${state === 'gone' ? 'removed' : 'replaced'} while the ledger was open: put it back as it was.`;

/** Errors of reading that say nothing about the file: the process has no descriptor left. */
const OF_THE_PROCESS: ReadonlySet<string | undefined> = new Set(['EMFILE', 'ENFILE']);

const missedIn = async (file: string, isLeft: (text: string) => boolean): Promise<Missed | undefined> => {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== 'string') return OF_THE_PROCESS.has(text.code) ? undefined : { file, state: 'gone' };
  return isLeft(text) ? undefined : { file, state: 'replaced' };
};

const isSame = (key: KeyObject, pem: string): boolean => {
  try {
    return createPrivateKey(pem).equals(key);
  } catch {
    return false;
  }
};

/** Keys and notes of one ledger on one node. They are few: notes are read and written whole. */
export class ProofFolder {
  readonly #dir: string;
  readonly #keyFile: string;

  /** @param keyFile where the key is kept that all nodes share, if it is not the folder's own */
  constructor(dataDir: string, keyFile?: string) {
    this.#dir = join(dataDir, PROOF_FOLDER);
    this.#keyFile = keyFile ?? join(this.#dir, KEY_FILE);
  }

  get hasKey(): boolean {
    return existsSync(this.#keyFile);
  }

  /** Whether any note is kept. */
  get hasNotes(): boolean {
    return [LAST_FILE, OLDER_FILE].some((name) => existsSync(join(this.#dir, name)));
  }

  /** Of the key and the last note, which a ledger that has signed needs, the first that is not there as it was left; undefined where both are. */
  async missed(key: KeyObject, note: string): Promise<Missed | undefined> {
    return (
      (await missedIn(this.#keyFile, (text) => isSame(key, text))) ?? (await missedIn(join(this.#dir, LAST_FILE), (text) => text === note))
    );
  }

  /** The key that signs, mode 0600. @throws ProofFolderError when there is none, or others may read it */
  key(): KeyObject {
    if (!this.hasKey) throw new ProofFolderError(`${this.#keyFile} does not exist.`);
    if ((statSync(this.#keyFile).mode & 0o077) !== 0)
      throw new ProofFolderError(`Others than its owner may use ${this.#keyFile}. Take that from them (chmod 600), and replace the key.`);
    const pem = this.#pem();
    try {
      const key = createPrivateKey(pem);
      if (key.asymmetricKeyType !== 'ed25519') throw new TypeError(`it is a key for ${key.asymmetricKeyType}`);
      return key;
    } catch (cause) {
      throw new ProofFolderError(`${this.#keyFile} holds no Ed25519 key in PEM: ${(cause as Error).message}.`, { cause });
    }
  }
  #pem(): Buffer {
    try {
      return readFileSync(this.#keyFile);
    } catch (cause) {
      throw new ProofFolderError(`${this.#keyFile} cannot be read: ${(cause as Error).message}.`, { cause });
    }
  }
  /** As `key`; makes one where there is none, and the folder of the notes where the key lies elsewhere. */
  keyOrNew(): KeyObject {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    if (!this.hasKey) this.#writeKey();
    return this.key();
  }
  /** The next note is signed by a new key; signatures by the former one stay valid wherever the key is used. @returns both public keys */
  rotate(): { readonly former: KeyObject; readonly now: KeyObject } {
    const former = createPublicKey(this.key());
    for (const file of this.#formerFiles) writeDurably(file, `${textIn(file) ?? ''}${rawOf(former).toString('base64')}\n`);
    this.#writeKey();
    return { former, now: createPublicKey(this.key()) };
  }
  #writeKey(): void {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeDurably(this.#keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  }

  /** Beside a key that other nodes use too, they find what it was before. */
  get #formerFiles(): readonly string[] {
    const own = join(this.#dir, FORMER_FILE);
    return resolve(dirname(this.#keyFile)) === resolve(this.#dir) ? [own] : [own, `${this.#keyFile}.former`];
  }

  /** The keys that may have signed a note of an origin: today's, and former ones. */
  verifiers(origin: string): readonly VerifierKey[] {
    const lines = this.#formerFiles.flatMap((file) => (textIn(file) ?? '').split('\n'));
    const former = new Set(lines.filter((line) => line !== ''));
    const keys = [...(this.hasKey ? [createPublicKey(this.key())] : []), ...[...former].map((line) => keyOf(Buffer.from(line, 'base64')))];
    return keys.map((key) => parseVerifierKey(verifierKey(origin, key)));
  }

  /** The last note; undefined when there is none. @throws InvalidNoteError when no known key signed it */
  last(): SignedCheckpoint | undefined {
    const text = this.#read(LAST_FILE);
    return text === undefined ? undefined : openCheckpoint(text, (origin) => this.verifiers(origin));
  }
  /** Older notes, the oldest first. One that no known key signed is left out. */
  older(): readonly SignedCheckpoint[] {
    return notesIn(this.#read(OLDER_FILE) ?? '').flatMap((text) => {
      try {
        return [openCheckpoint(text, (origin) => this.verifiers(origin))];
      } catch {
        return [];
      }
    });
  }
  epochs(): readonly Epoch[] {
    const text = this.#read(EPOCHS_FILE) ?? '';
    return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Epoch]));
  }

  /** On the disk when it resolves. A power cut may bring back the note before, which the ledger agrees with as well. */
  async keep(note: string): Promise<void> {
    const file = join(this.#dir, LAST_FILE);
    await writeFile(`${file}.new`, note, { mode: 0o600, flush: true });
    await rename(`${file}.new`, file);
  }
  /** The last note is kept among the older ones as well: once, with the signatures that it has now. */
  keepOlder(note: string): void {
    const before = notesIn(this.#read(OLDER_FILE) ?? '');
    const notes = [...(before.length > 0 && signedPart(before.at(-1)!) === signedPart(note) ? before.slice(0, -1) : before), note];
    const half = Math.floor(notes.length / 2);
    const file = join(this.#dir, OLDER_FILE);
    const kept = notes.length > MAX_OLDER ? notes.filter((_, i) => i >= half || i % 2 === 0) : notes;
    writeFileSync(`${file}.new`, kept.join(SEPARATOR), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  begin(epoch: Epoch): void {
    this.#write(EPOCHS_FILE, `${this.#read(EPOCHS_FILE) ?? ''}${JSON.stringify(epoch)}\n`);
  }

  #read(name: string): string | undefined {
    return textIn(join(this.#dir, name));
  }
  #write(name: string, text: string): void {
    writeDurably(join(this.#dir, name), text);
  }
}

const signedPart = (note: string): string => note.slice(0, note.lastIndexOf('\n\n'));

/** A signed note holds one empty line, before its signatures, and never two. */
const SEPARATOR = '\n\n';
const notesIn = (text: string): string[] => {
  const parts = text === '' ? [] : text.split(/\n\n\n/);
  return parts.map((part, i) => (i === parts.length - 1 ? part : `${part}\n`));
};

const textIn = (file: string): string | undefined => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

/** Beside its name first, so that a crash leaves the old text or the new one. Mode 0600, its folder 0700. */
const writeDurably = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const made = `${file}.new`;
  const descriptor = openSync(made, 'w', 0o600);
  try {
    chmodSync(made, 0o600);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(made, file);
};
