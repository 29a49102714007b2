import { hash, type KeyObject } from 'node:crypto';
import { canonical } from '../kernel/index.js';
import type { Genesis } from '../store/event-store.js';
import { MerkleTree } from '../store/merkle-tree.js';
import { InvalidNoteError, parseNote, signedBy, signNote, type SignedNote, type VerifierKey } from './note.js';

/** What a checkpoint says: C2SP tlog-checkpoint, with one line more for the first record, which is no leaf. */
export interface Checkpoint {
  /** `<host>/<ledger id>/<epoch>` */
  readonly origin: string;
  /** Number of leaves. */
  readonly size: number;
  /** Root over them, in hexadecimal. */
  readonly root: string;
  /** SHA-256 of the canonical JSON of the ledger's first record, in hexadecimal. */
  readonly genesis: string;
}

export interface SignedCheckpoint extends Checkpoint {
  readonly note: string;
}

export const genesisHash = (genesis: Genesis): string => hash('sha256', canonical(genesis), 'hex');

export const originOf = (host: string, { ledgerId }: Genesis, epoch: number): string => `${host}/${ledgerId}/${epoch}`;

export const checkpointBody = ({ origin, size, root, genesis }: Checkpoint): string =>
  `${origin}\n${size}\n${Buffer.from(root, 'hex').toString('base64')}\ngenesis ${genesis}\n`;

const EMPTY = Buffer.from(new MerkleTree().root(), 'hex');

/** Of `<host>/<ledger id>/<epoch>`; it is the name of a key as well. */
const MAX_ORIGIN = 255;
const FORM = /^([!-*,-.0-~]+\/[!-*,-.0-~]+\/[1-9]\d{0,14})\n(0|[1-9]\d{0,14})\n([A-Za-z\d+/]{43}=)\ngenesis ([\da-f]{64})\n$/;

/** @throws InvalidNoteError */
export const parseCheckpoint = (body: string): Checkpoint => {
  const [, origin, size, encoded = '', genesis] = FORM.exec(body) ?? [];
  const root = Buffer.from(encoded, 'base64');
  if (
    origin === undefined ||
    genesis === undefined ||
    origin.length > MAX_ORIGIN ||
    root.toString('base64') !== encoded ||
    (size === '0' && !root.equals(EMPTY))
  )
    throw new InvalidNoteError('This is no checkpoint of a ledger.');
  return { origin, size: Number(size), root: root.toString('hex'), genesis };
};

export const signCheckpoint = (checkpoint: Checkpoint, key: KeyObject): SignedCheckpoint => ({
  ...checkpoint,
  note: signNote(checkpointBody(checkpoint), checkpoint.origin, key),
});

/** A signed checkpoint whose signature by one of the keys is valid. @throws InvalidNoteError */
export const openCheckpoint = (
  text: string,
  keys: (origin: string) => readonly VerifierKey[],
): SignedCheckpoint & { readonly parsed: SignedNote } => {
  const parsed = parseNote(text);
  const checkpoint = parseCheckpoint(parsed.body);
  if (!keys(checkpoint.origin).some((key) => signedBy(parsed, key) !== undefined))
    throw new InvalidNoteError(`The note over ${checkpoint.size} events has no valid signature by a known key of ${checkpoint.origin}.`);
  return { ...checkpoint, note: text, parsed };
};
