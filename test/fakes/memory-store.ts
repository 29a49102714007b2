import { canonical, type NewEvent, type RecordedEvent } from '../../src/kernel/index.js';
import {
  InvalidPositionError,
  OutcomeUnknownError,
  StoreUnavailableError,
  WrongExpectedRevisionError,
  type Appended,
  type EventStore,
  type Genesis,
  type Revision,
} from '../../src/store/event-store.js';
import { Signal } from '../../src/store/signal.js';

/** How the next append fails: stored without an answer, lost without an answer, or refused because the store is unavailable. */
export type Fault = 'unknown-stored' | 'unknown-lost' | 'unavailable';

/**
 * An in-memory store for tests, as awkward as the port allows: positions are sparse and do not sort as texts, foreign events lie between
 * the ledger's, answers are asynchronous, and outcomes can be made unknown.
 */
export class MemoryStore implements EventStore {
  readonly kind = 'memory';
  readonly genesis: Genesis;
  /** Consumed one by one by the next appends. */
  readonly faults: Fault[] = [];
  readonly #log: (RecordedEvent | 'foreign')[] = [];
  readonly #streams = new Map<string, RecordedEvent[]>();
  readonly #waiting = new Signal();
  readonly #accepted = new Set<Promise<Appended>>();
  #closed = false;

  constructor(genesis: Partial<Genesis> = {}) {
    this.genesis = { ledgerId: '019353d2-0000-7000-8000-0000000000aa', formatVersion: 2, timeZone: 'Europe/London', createdAt: '2026-01-01T00:00:00.000Z', ...genesis }; // prettier-ignore
  }

  async read(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    await this.#later();
    return structuredClone((this.#streams.get(stream) ?? []).slice(from, from + limit));
  }

  async append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended> {
    if (events.length === 0) throw new TypeError('An append needs at least one event.');
    if (this.#closed) throw new StoreUnavailableError('The store is closed.');
    const answer = this.#answer(stream, expected, JSON.parse(JSON.stringify(events)));
    this.#accepted.add(answer);
    try {
      return await answer;
    } finally {
      this.#accepted.delete(answer);
    }
  }

  async #answer(stream: string, expected: Revision, own: readonly NewEvent[]): Promise<Appended> {
    await nextTurn();
    const fault = this.faults.shift();
    if (fault === 'unavailable') throw new StoreUnavailableError('The store is away.');
    if (fault === 'unknown-lost') throw new OutcomeUnknownError('No answer came.');
    const appended = this.#append(stream, expected, own);
    if (fault === 'unknown-stored') throw new OutcomeUnknownError('No answer came.');
    await nextTurn();
    return appended;
  }

  #append(stream: string, expected: Revision, events: readonly NewEvent[]): Appended {
    const past = this.#streams.get(stream) ?? [];
    if (past.length - 1 !== expected) {
      const there = past.slice(expected + 1, expected + 1 + events.length);
      if (there.length !== events.length || !there.every((event, i) => canonicalOf(event) === canonicalOf(events[i]!)))
        throw new WrongExpectedRevisionError(stream, expected, past.length - 1);
      return { revision: there.at(-1)!.revision, position: there.at(-1)!.position };
    }
    this.#streams.set(stream, past);
    for (const event of events) {
      if (this.#log.length % 3 === 0) this.#log.push('foreign');
      const recorded = { ...event, stream, revision: past.length, position: positionOf(this.#log.length) };
      past.push(recorded);
      this.#log.push(recorded);
    }
    this.#waiting.notifyAll();
    return { revision: past.length - 1, position: past.at(-1)!.position };
  }

  async readAll(after?: string, limit = 1000): Promise<readonly RecordedEvent[]> {
    const from = after === undefined ? 0 : indexAfter(after);
    await this.#later();
    const page: RecordedEvent[] = [];
    for (let i = from; i < this.#log.length && page.length < limit; i++) {
      const event = this.#log[i]!;
      if (event !== 'foreign') page.push(structuredClone(event));
    }
    return page;
  }

  async *follow(after: string | undefined, signal: AbortSignal, limit = 7): AsyncIterable<readonly RecordedEvent[]> {
    let at = after;
    while (!signal.aborted && !this.#closed) {
      const page = await this.readAll(at, limit);
      if (page.length > 0) {
        yield page;
        at = page.at(-1)!.position;
      } else await this.#moreOr(signal, at);
    }
  }

  async newest(limit: number): Promise<readonly RecordedEvent[]> {
    await this.#later();
    return structuredClone(this.#log.filter((event) => event !== 'foreign').slice(-limit));
  }

  async head(): Promise<string | undefined> {
    await this.#later();
    return this.#log.findLast((event) => event !== 'foreign')?.position;
  }

  compare(a: string, b: string): number {
    return indexAfter(a) - indexAfter(b);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#waiting.notifyAll();
    await Promise.allSettled(this.#accepted);
  }

  async #later(): Promise<void> {
    if (this.#closed) throw new StoreUnavailableError('The store is closed.');
    await nextTurn();
  }

  #moreOr(signal: AbortSignal, at: string | undefined): Promise<void> {
    const from = at === undefined ? 0 : indexAfter(at);
    return this.#waiting.wait(signal, () => this.#closed || this.#log.length > from);
  }
}

const canonicalOf = ({ id, type, data, metadata }: NewEvent): string => canonical({ id, type, data, metadata });
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

export const memoryStore = (genesis?: Partial<Genesis>): MemoryStore => new MemoryStore(genesis);

// 97, 194 … 970, 1067: as texts, longer positions sort before shorter ones.
const STEP = 97;
const positionOf = (index: number): string => String((index + 1) * STEP);
const indexAfter = (position: string): number => {
  const number = /^\d{1,15}$/.test(position) ? Number(position) : Number.NaN;
  if (!(number % STEP === 0)) throw new InvalidPositionError(`${JSON.stringify(position.slice(0, 40))} is not a position of this store.`);
  return number / STEP;
};
