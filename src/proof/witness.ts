import type { KeyObject } from 'node:crypto';
import { isConsistent } from '../store/merkle-proof.js';
import { openCheckpoint, type SignedCheckpoint } from './checkpoint.js';
import { cosign, InvalidNoteError, parseNote, type VerifierKey } from './note.js';

/** What a witness has seen of a ledger last. */
export interface Seen {
  readonly size: number;
  /** In hexadecimal. */
  readonly root: string;
}

export interface WitnessOptions {
  /** The name that it signs under. */
  readonly name: string;
  readonly key: KeyObject;
  /** The keys of the ledgers that it knows: the name of each is an origin. */
  readonly ledgers: readonly VerifierKey[];
  seen(origin: string): Seen | undefined;
  /** Durable when it resolves: nothing is signed before. */
  keep(origin: string, seen: Seen): Promise<void>;
  /** Seconds since 1970. */
  now(): number;
}

export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: string;
  readonly body: string;
}

/** Of one request, in characters. */
export const MAX_REQUEST = 100_000;
const MAX_HASHES = 63;

/**
 * A witness by C2SP tlog-witness: it signs a checkpoint once it is shown that the one that it signed before is its beginning. So a ledger that
 * rewrites its history, or shows different ones to different people, gets no more signatures.
 */
export class Witness {
  readonly #options: WitnessOptions;
  /** One request after another. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: WitnessOptions) {
    this.#options = options;
  }

  /** The answer to the body of a POST to `/add-checkpoint`. */
  add(request: string): Promise<WitnessAnswer> {
    const answer = this.#turn.then(() => this.#add(request));
    this.#turn = answer.catch(() => undefined);
    return answer;
  }

  async #add(request: string): Promise<WitnessAnswer> {
    const { ledgers, seen, keep, name, key, now } = this.#options;
    const asked = requestIn(request);
    if (!asked) return text(400, 'This is no request to add a checkpoint.');
    const { old, proof, note } = asked;
    const origin = note.slice(0, note.indexOf('\n'));
    const keys = ledgers.filter((known) => known.name === origin);
    if (keys.length === 0) return text(404, 'The origin is not known here.');
    let checkpoint: SignedCheckpoint;
    try {
      checkpoint = openCheckpoint(note, () => keys);
    } catch (error) {
      if (error instanceof InvalidNoteError) return text(403, error.message);
      throw error;
    }
    const { size, root } = checkpoint;
    if (old > size) return text(400, 'The old size is above that of the checkpoint.');
    const last = seen(origin) ?? { size: 0, root: '' };
    if (old !== last.size) return { status: 409, type: 'text/x.tlog.size', body: `${last.size}\n` };
    if (old === size && old > 0 && root !== last.root) return { status: 409, type: 'text/x.tlog.size', body: `${last.size}\n` };
    const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
    const holds = old === 0 ? proof.length === 0 : isConsistent(old, size, proof, bytes(last.root), bytes(root));
    if (!holds) return text(422, 'The proof does not lead from the checkpoint that was signed last to this one.');
    await keep(origin, { size, root });
    return text(200, cosign(parseNote(note).body, name, key, now()));
  }
}

const text = (status: WitnessAnswer['status'], body: string): WitnessAnswer => ({
  status,
  type: 'text/plain; charset=utf-8',
  body: body.endsWith('\n') ? body : `${body}\n`,
});

/** `old <size>`, the hashes of the proof, an empty line, the note. */
const requestIn = (request: string): { readonly old: number; readonly proof: readonly Buffer[]; readonly note: string } | undefined => {
  const [, old, lines = '', note] = /^old (0|[1-9]\d{0,14})\n((?:[A-Za-z\d+/]{43}=\n)*)\n([^]+)$/.exec(request) ?? [];
  const proof = lines === '' ? [] : lines.slice(0, -1).split('\n');
  if (old === undefined || note === undefined || proof.length > MAX_HASHES) return undefined;
  return { old: Number(old), proof: proof.map((line) => Buffer.from(line, 'base64')), note };
};

/** The body of a request to a witness. */
export const witnessRequest = (old: number, proof: readonly Buffer[], note: string): string =>
  `old ${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${note}`;
