import { createPublicKey, hash, sign, verify, type KeyObject } from 'node:crypto';

/** Of C2SP signed-note: a plain signature by Ed25519, and one of a witness with its time. */
export const ED25519 = 1;
export const COSIGNATURE = 4;

/** A public key by which signatures of a note are checked. */
export interface VerifierKey {
  readonly name: string;
  readonly type: number;
  /** 4 bytes, in hexadecimal: name, type and key in short. */
  readonly id: string;
  readonly key: KeyObject;
}

export interface NoteSignature {
  readonly name: string;
  /** 4 bytes, in hexadecimal. */
  readonly id: string;
  readonly bytes: Buffer;
}

export interface SignedNote {
  /** With its last line's end: what is signed. */
  readonly body: string;
  readonly signatures: readonly NoteSignature[];
}

/** A text is no signed note, no key, or no checkpoint: the message says why. */
export class InvalidNoteError extends Error {
  override readonly name = 'InvalidNoteError';
}

/** The 32 bytes of an Ed25519 public key. */
export const rawOf = (key: KeyObject): Buffer => Buffer.from(key.export({ format: 'jwk' }).x!, 'base64url');
export const keyOf = (raw: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });

const idOf = (name: string, type: number, raw: Buffer): string =>
  hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), raw]), 'hex').slice(0, 8);

/** A public key as one line of text: `<name>+<id>+<base64 of type and key>`. */
export const verifierKey = (name: string, key: KeyObject, type = ED25519): string => {
  const raw = rawOf(key);
  return `${name}+${idOf(name, type, raw)}+${Buffer.concat([Buffer.from([type]), raw]).toString('base64')}`;
};

export const isName = (name: string): boolean => /^[!-*,-~]{1,255}$/.test(name);

/** @throws InvalidNoteError */
export const parseVerifierKey = (text: string): VerifierKey => {
  const [, name = '', id, encoded = ''] = /^([!-*,-~]{1,255})\+([\da-f]{8})\+([A-Za-z\d+/]+=*)$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  const type = bytes[0];
  if (bytes.length !== 33 || bytes.toString('base64') !== encoded || (type !== ED25519 && type !== COSIGNATURE))
    throw new InvalidNoteError('A key is a line <name>+<id>+<base64> of an Ed25519 key.');
  if (idOf(name, type, bytes.subarray(1)) !== id)
    throw new InvalidNoteError(`The id of the key of ${name} is not that of its name and bytes.`);
  return { name, type, id, key: keyOf(bytes.subarray(1)) };
};

/** The same key under another name: a ledger signs the notes of each epoch under the epoch's own. */
export const renamed = ({ type, key }: VerifierKey, name: string): VerifierKey => ({ name, type, id: idOf(name, type, rawOf(key)), key });

const LINE = /^\u2014 ([^ ]+) ([A-Za-z\d+/]+=*)$/;
/** Of a note that is read, in characters. */
const MAX_NOTE = 16 << 20;
const MAX_SIGNATURES = 64;

/** @throws InvalidNoteError */
export const parseNote = (text: string): SignedNote => {
  const end = text.lastIndexOf('\n\n');
  if (end < 0 || !text.endsWith('\n') || text.length > MAX_NOTE || !text.isWellFormed())
    throw new InvalidNoteError('This is no signed note.');
  const lines = text.slice(end + 2, -1).split('\n');
  if (lines.length > MAX_SIGNATURES) throw new InvalidNoteError(`A note has ${MAX_SIGNATURES} signatures at most.`);
  const signatures = lines.map((line) => {
    const [, name = '', encoded = ''] = LINE.exec(line) ?? [];
    const bytes = Buffer.from(encoded, 'base64');
    if (bytes.length < 5 || bytes.toString('base64') !== encoded) throw new InvalidNoteError('A signature line of the note is malformed.');
    return { name, id: bytes.subarray(0, 4).toString('hex'), bytes: bytes.subarray(4) };
  });
  return { body: text.slice(0, end + 1), signatures };
};

/** Signs notes under one name. */
export interface NoteSigner {
  /** The public key by which its notes are checked, as one line. */
  readonly key: string;
  /** A note with one signature. @param body text that ends with a newline */
  sign(body: string): string;
}
export const noteSigner = (name: string, key: KeyObject): NoteSigner => ({
  key: verifierKey(name, createPublicKey(key)),
  sign: (body) => signNote(body, name, key),
});

const line = (name: string, id: string, bytes: Buffer): string =>
  `\u2014 ${name} ${Buffer.concat([Buffer.from(id, 'hex'), bytes]).toString('base64')}\n`;

/** A note with one signature. @param body text that ends with a newline */
export const signNote = (body: string, name: string, key: KeyObject): string => {
  if (!body.endsWith('\n') || !isName(name)) throw new InvalidNoteError('This text cannot be signed under this name.');
  return `${body}\n${line(name, idOf(name, ED25519, rawOf(createPublicKey(key))), sign(null, Buffer.from(body), key))}`;
};

/** What a witness signs: C2SP tlog-cosignature. @param seconds since 1970 */
const cosigned = (body: string, seconds: number | bigint): Buffer => Buffer.from(`cosignature/v1\ntime ${seconds}\n${body}`);

/** The line that a witness adds to a note. */
export const cosign = (body: string, name: string, key: KeyObject, seconds: number): string => {
  const time = Buffer.alloc(8);
  time.writeBigUInt64BE(BigInt(seconds));
  const id = idOf(name, COSIGNATURE, rawOf(createPublicKey(key)));
  return line(name, id, Buffer.concat([time, sign(null, cosigned(body, seconds), key)]));
};

/** Whether a note has a valid signature by a key; of a witness, the time in seconds at which it signed. */
export const signedBy = ({ body, signatures }: SignedNote, key: VerifierKey): true | number | undefined => {
  for (const signature of signatures) {
    const found = signatureOf(body, signature, key);
    if (found !== undefined) return found;
  }
  return undefined;
};

const signatureOf = (body: string, { bytes, ...found }: NoteSignature, { name, id, type, key }: VerifierKey): true | number | undefined => {
  if (found.name !== name || found.id !== id) return undefined;
  if (type === ED25519) return bytes.length === 64 && verify(null, Buffer.from(body), key, bytes) ? true : undefined;
  if (type !== COSIGNATURE || bytes.length !== 72) return undefined;
  const seconds = bytes.readBigUInt64BE();
  return verify(null, cosigned(body, seconds), key, bytes.subarray(8)) ? Number(seconds) : undefined;
};

/**
 * Of lines that somebody sent for a note, the signature by a key, and nothing else that is in them; undefined where there is none that is valid.
 * @throws InvalidNoteError when they are no lines of signatures
 */
export const lineBy = (note: string, lines: string, key: VerifierKey): string | undefined => {
  const { body } = parseNote(note);
  const { signatures } = parseNote(`${body}\n${lines}`);
  const found = signatures.find((signature) => signatureOf(body, signature, key) !== undefined);
  return found && line(found.name, found.id, found.bytes);
};

/** A note with lines that were signed since; each takes the place of one by the same key. @throws InvalidNoteError when there are too many */
export const withLines = (note: string, lines: readonly string[]): string => {
  const { body, signatures } = parseNote(note);
  const added = lines.flatMap((text) => parseNote(`${body}\n${text}`).signatures);
  const kept = signatures.filter(({ name, id }) => !added.some((other) => other.name === name && other.id === id));
  if (kept.length + added.length > MAX_SIGNATURES) throw new InvalidNoteError(`A note has ${MAX_SIGNATURES} signatures at most.`);
  return `${body}\n${[...kept, ...added].map(({ name, id, bytes }) => line(name, id, bytes)).join('')}`;
};
