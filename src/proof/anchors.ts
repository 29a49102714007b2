import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consistencyProof, type LogTree } from '../store/merkle-proof.js';
import type { SignedCheckpoint } from './checkpoint.js';
import type { Checkpoints } from './checkpoints.js';
import { COSIGNATURE, InvalidNoteError, lineBy, parseVerifierKey, withLines, type VerifierKey } from './note.js';
import { witnessRequest } from './witness.js';

/** Where checkpoints go, so that somebody else keeps them. */
export interface AnchorsOptions {
  /** A folder outside the ledger's: each note becomes a file. */
  readonly dir?: string;
  /** An address that each note is posted to. */
  readonly webhook?: string;
  readonly witnesses?: readonly WitnessAddress[];
  /** At most one note goes out in so many milliseconds. */
  readonly everyMs: number;
  log(message: string, error?: unknown): void;
}

export interface WitnessAddress {
  /** Of its `/add-checkpoint`, without that. */
  readonly url: string;
  readonly key: VerifierKey;
}

/** Of the 64 signatures of a note, two may be the ledger's own, where its key was replaced. */
const MAX_WITNESSES = 62;

/** One witness a line: its address, a blank, and its public key. @throws InvalidNoteError */
export const witnessesIn = (text: string): readonly WitnessAddress[] => {
  const witnesses = text.split('\n').flatMap((line) => {
    if (line.trim() === '' || line.startsWith('#')) return [];
    const [url = '', key = '', ...more] = line.trim().split(/\s+/);
    if (!URL.canParse(url) || more.length > 0)
      throw new InvalidNoteError(`A witness is an address and a key, not ${JSON.stringify(line.slice(0, 80))}.`);
    const parsed = parseVerifierKey(key);
    if (parsed.type !== COSIGNATURE) throw new InvalidNoteError(`The key of ${parsed.name} is none of a witness.`);
    return [{ url: url.replace(/\/$/, ''), key: parsed }];
  });
  if (witnesses.length === 0) throw new InvalidNoteError('The file names no witness.');
  if (witnesses.length > MAX_WITNESSES) throw new InvalidNoteError(`A checkpoint has room for ${MAX_WITNESSES} witnesses.`);
  return witnesses;
};

/** How long an outsider may take to answer. */
const PATIENCE_MS = 10_000;
/** Of an answer, in bytes. */
const MAX_ANSWER = 100_000;

/** Sends the newest checkpoint to outsiders, and adds the signatures of witnesses to it. One that is away is asked again with the next. */
export class Anchors {
  readonly #options: AnchorsOptions;
  readonly #checkpoints: Checkpoints;
  /** What each witness has signed last, as far as it is known. */
  readonly #sizes = new Map<string, number>();
  readonly #failing = new Set<string>();
  readonly #stop = new AbortController();
  #anchored = 0;
  #next: SignedCheckpoint | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> = Promise.resolve();

  constructor(checkpoints: Checkpoints, options: AnchorsOptions) {
    this.#options = options;
    this.#checkpoints = checkpoints;
    if (options.dir === undefined && options.webhook === undefined && !options.witnesses?.length) return;
    checkpoints.onSigned((checkpoint) => this.#schedule(checkpoint));
    if (checkpoints.latest) this.#schedule(checkpoints.latest, 0);
  }

  /** Events under the newest checkpoint that every outsider has taken. */
  get anchored(): number {
    return this.#anchored;
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#stop.abort();
    await this.#sending;
  }

  #schedule(checkpoint: SignedCheckpoint, inMs = this.#options.everyMs): void {
    this.#next = checkpoint;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#sending = this.#sending.then(() => this.#send());
    }, inMs).unref();
  }

  async #send(): Promise<void> {
    const checkpoint = this.#next;
    this.#next = undefined;
    if (!checkpoint || checkpoint.size === 0) return;
    const { dir, webhook, witnesses = [] } = this.#options;
    const signed = await Promise.all(witnesses.map((witness) => this.#attempt(witness.url, () => this.#ask(witness, checkpoint))));
    const lines = signed.filter((line) => line !== undefined);
    if (lines.length > 0) await this.#attempt('the folder of notes', () => this.#checkpoints.cosigned(checkpoint, lines));
    const note = withLines(checkpoint.note, lines);
    const outlets = [
      dir && ([dir, () => drop(dir, checkpoint, note)] as const),
      webhook && ([webhook, () => this.#post(webhook, note)] as const),
    ];
    let isTaken = lines.length === witnesses.length;
    for (const outlet of outlets) if (outlet && !(await this.#attempt(...outlet))) isTaken = false;
    if (isTaken) this.#anchored = checkpoint.size;
  }

  /** Undefined where it failed, which is logged when it begins and when it ends. */
  async #attempt<T>(where: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      const done = await work();
      if (this.#failing.delete(where)) this.#options.log(`Checkpoints reach ${where} again.`);
      return done;
    } catch (error) {
      if (!this.#failing.has(where) && !this.#stop.signal.aborted) this.#options.log(`A checkpoint did not reach ${where}.`, error);
      this.#failing.add(where);
      return undefined;
    }
  }

  async #ask({ url, key }: WitnessAddress, { size, note }: SignedCheckpoint): Promise<string> {
    const { tree } = this.#checkpoints;
    for (let attempt = 0; attempt < 2; attempt++) {
      const old = this.#sizes.get(url) ?? 0;
      const proof = proofBetween(tree, old, size);
      if (!proof) throw new Error(`The witness has signed ${old} events, and the ledger has ${size}.`);
      const { status, body } = await this.#exchange(`${url}/add-checkpoint`, witnessRequest(old, proof, note));
      if (status === 409 && /^\d{1,15}\n$/.test(body) && attempt === 0) {
        this.#sizes.set(url, Number(body));
        continue;
      }
      if (status !== 200) throw new Error(`The witness answered ${status}: ${body.slice(0, 200).trim()}`);
      const line = lineBy(note, body, key);
      if (line === undefined) throw new Error('The witness answered without a valid signature by its key.');
      this.#sizes.set(url, size);
      return line;
    }
    throw new Error('The witness has signed another size meanwhile.');
  }

  async #post(url: string, note: string): Promise<true> {
    const { status } = await this.#exchange(url, note);
    if (status >= 300) throw new Error(`The webhook answered ${status}.`);
    return true;
  }

  async #exchange(url: string, body: string): Promise<{ readonly status: number; readonly body: string }> {
    const signal = AbortSignal.any([this.#stop.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const answer = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      redirect: 'error',
      signal,
    });
    return { status: answer.status, body: await textOf(answer) };
  }
}

/** What an outsider answers is read no further than it may be long. */
const textOf = async ({ body }: Response): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new Error('The answer is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const proofBetween = (tree: LogTree, old: number, size: number): readonly Buffer[] | undefined => {
  if (old > size) return undefined;
  return old === 0 || old === size ? [] : consistencyProof(tree, old, size);
};

const drop = async (dir: string, { origin, size }: SignedCheckpoint, note: string): Promise<true> => {
  await mkdir(dir, { recursive: true });
  const file = join(dir, `${origin.replaceAll('/', '_')}_${size}`);
  await writeFile(`${file}.new`, note, { flush: true });
  await rename(`${file}.new`, file);
  return true;
};
