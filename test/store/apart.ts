import type { NewEvent, RecordedEvent } from '../../src/kernel/index.js';
import { localPage, type EventStore, type Genesis, type Revision } from '../../src/store/event-store.js';

/**
 * A separate, empty ledger inside a shared store: its streams get a suffix, and all other events are skipped. So a test that needs an
 * empty ledger can run again and again on one server.
 */
export class Apart implements EventStore {
  readonly readLocal?: NonNullable<EventStore['readLocal']>;
  /** Position of the last event appended here. */
  #last: string | undefined;

  private constructor(
    private readonly store: EventStore,
    private readonly suffix: string,
    /** The head of the shared log when this ledger began. */
    private readonly begin: string | undefined,
  ) {
    if (store.readLocal) this.readLocal = async (stream, from, limit) => this.#own(await localPage(store, stream + suffix, from, limit));
  }

  static async in(store: EventStore, name: string): Promise<Apart> {
    return new Apart(store, `-${name}`, await store.head());
  }

  get kind() {
    return this.store.kind;
  }
  get genesis(): Genesis {
    return this.store.genesis;
  }

  async read(stream: string, from?: Revision, limit?: number): Promise<readonly RecordedEvent[]> {
    return this.#own(await this.store.read(stream + this.suffix, from, limit));
  }

  async append(stream: string, expected: Revision, events: readonly NewEvent[]) {
    const appended = await this.store.append(stream + this.suffix, expected, events);
    if (this.#last === undefined || this.compare(this.#last, appended.position) < 0) this.#last = appended.position;
    return appended;
  }

  async readAll(after = this.begin, limit = 1000): Promise<readonly RecordedEvent[]> {
    const own: RecordedEvent[] = [];
    for (let at = after; own.length < limit;) {
      const page = await this.store.readAll(at, limit);
      if (page.length === 0) break;
      own.push(...this.#own(page));
      at = page.at(-1)!.position;
    }
    return own.slice(0, limit);
  }

  async *follow(after = this.begin, signal: AbortSignal, limit?: number): AsyncIterable<readonly RecordedEvent[]> {
    for await (const batch of this.store.follow(after, signal, limit)) {
      const own = this.#own(batch);
      if (own.length > 0) yield own;
    }
  }

  async head(): Promise<string | undefined> {
    await this.store.head(); // makes a replica catch up
    return this.#last;
  }

  compare(a: string, b: string): number {
    return this.store.compare(a, b);
  }

  close(): Promise<void> {
    return this.store.close();
  }

  #own(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
    return events.flatMap((event) =>
      event.stream.endsWith(this.suffix) ? [{ ...event, stream: event.stream.slice(0, -this.suffix.length) }] : [],
    );
  }
}
