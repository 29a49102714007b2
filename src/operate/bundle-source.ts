import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedEvent } from '../kernel/index.js';
import { BUNDLE_FILES, type BundleAbout } from '../proof/bundle.js';
import {
  genesisIn,
  InvalidPositionError,
  StoreUnavailableError,
  type Appended,
  type EventStore,
  type Genesis,
} from '../store/event-store.js';

/** Bytes that are read at once. */
const CHUNK = 1 << 20;
/** Places in the file that are remembered: one in so many events. */
const EVERY = 500;

/**
 * The events of a whole ledger's bundle as a log that can be copied. Positions count the events from 1. What is read is not checked:
 * the bundle is verified before.
 */
export class BundleSource implements EventStore {
  readonly kind = 'sqlite';
  readonly genesis: Genesis;
  readonly #file: number;
  /** Where in the file the events 0, 500, 1000 … begin: 8 bytes for each. */
  readonly #offsets: number[] = [0];

  /** @throws Error when the folder holds no bundle of a whole ledger */
  constructor(dir: string) {
    const about = JSON.parse(readFileSync(join(dir, BUNDLE_FILES.about), 'utf8')) as Partial<BundleAbout>;
    const genesis = genesisIn(about.genesis);
    if (about.kind !== 'ledger' || !genesis)
      throw new Error(`${dir} holds a bundle of a ${about.kind}: only a whole ledger can be imported.`);
    this.genesis = genesis;
    this.#file = openSync(join(dir, BUNDLE_FILES.events), 'r');
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    const from = after === undefined ? 0 : numberOf(after);
    const events: RecordedEvent[] = [];
    const mark = Math.min(Math.floor(from / EVERY), this.#offsets.length - 1);
    let [n, offset] = [mark * EVERY, this.#offsets[mark]!];
    for (const { text, end } of this.#lines(offset)) {
      if (n >= from) events.push(eventIn(text, n));
      [n, offset] = [n + 1, end];
      if (n % EVERY === 0) this.#offsets[n / EVERY] ??= offset;
      if (events.length === limit) break;
    }
    return events;
  }

  async read(): Promise<readonly RecordedEvent[]> {
    throw new StoreUnavailableError('A bundle is read from its beginning to its end only.');
  }
  async append(): Promise<Appended> {
    throw new StoreUnavailableError('A bundle takes no appends.');
  }
  async *follow(after: string | undefined, signal: AbortSignal, limit = 500): AsyncGenerator<readonly RecordedEvent[], void> {
    for (let at = after; !signal.aborted;) {
      const page = await this.readAll(at, limit);
      if (page.length === 0) return;
      yield page;
      at = page.at(-1)!.position;
    }
  }

  async head(): Promise<string | undefined> {
    let last: string | undefined;
    for (;;) {
      const page = await this.readAll(last, EVERY);
      if (page.length === 0) return last;
      last = page.at(-1)!.position;
    }
  }

  compare(a: string, b: string): number {
    return numberOf(a) - numberOf(b);
  }

  async close(): Promise<void> {
    closeSync(this.#file);
  }

  *#lines(from: number): Generator<{ readonly text: string; readonly end: number }> {
    const chunk = Buffer.alloc(CHUNK);
    let [rest, at, end] = [Buffer.alloc(0), from, from];
    for (let size = readSync(this.#file, chunk, 0, CHUNK, at); size > 0; size = readSync(this.#file, chunk, 0, CHUNK, at)) {
      at += size;
      rest = Buffer.concat([rest, chunk.subarray(0, size)]);
      for (let newline = rest.indexOf(10); newline >= 0; newline = rest.indexOf(10)) {
        end += newline + 1;
        yield { text: rest.toString('utf8', 0, newline), end };
        rest = rest.subarray(newline + 1);
      }
    }
  }
}

const eventIn = (text: string, n: number): RecordedEvent => {
  const { data } = JSON.parse(text) as { readonly data: Omit<RecordedEvent, 'position'> };
  const { id, stream, revision, type, data: body, metadata } = data;
  return { id, stream, revision, type, data: body, metadata, position: String(n + 1) };
};

const numberOf = (position: string): number => {
  if (!/^(0|[1-9]\d{0,14})$/.test(position)) throw new InvalidPositionError(`${position.slice(0, 40)} is no position in a bundle.`);
  return Number(position);
};
