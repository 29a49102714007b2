import { History, type AnyAggregate, type RecordedEvent } from '../../kernel/index.js';
import { localPage, type EventStore } from '../../store/event-store.js';
import { split } from '../audit/audit.js';

/** The streams of a page, at hand. Each is undefined once it cannot be folded any more. */
export interface Prepared {
  /** As it stands before an event. */
  before(event: RecordedEvent): History | undefined;
  /** With the event. */
  advance(event: RecordedEvent, failed?: (error: unknown) => void): History | undefined;
}

/**
 * The streams of a log as they stood at the event being read: those used of late whole, more of them by their state alone, which is enough
 * until one of their events is told late or corrects another. The least recently used go first.
 */
export class Histories {
  readonly #kept = new Map<string, History | Error>();
  /** Those with all that was recorded of them. */
  readonly #whole = new Set<History>();

  /** @param most streams; and half as many events of whole ones */
  constructor(
    private readonly store: EventStore,
    private readonly aggregates: ReadonlyMap<string, AnyAggregate>,
    private readonly most: number,
  ) {}

  /** Brings every stream of a page to where the page begins, so that the page itself can be read without waiting. */
  async prepare(page: readonly RecordedEvent[]): Promise<Prepared> {
    for (const [stream, events] of Map.groupBy(page, ({ stream }) => stream)) {
      const kept = this.#kept.get(stream);
      this.#kept.delete(stream);
      const history = kept instanceof Error ? kept : await this.#before(stream, events, kept);
      this.#kept.set(stream, history);
      if (history instanceof Error || !history.isWhole) continue;
      this.#whole.delete(history);
      this.#whole.add(history);
    }
    this.#forget(page.length);
    return { before: ({ stream }) => this.#now(stream), advance: (event, failed) => this.#advance(event, failed) };
  }

  async #before(stream: string, events: readonly RecordedEvent[], kept: History | undefined): Promise<History | Error> {
    const [{ revision }] = events as readonly [RecordedEvent];
    if (kept?.revision === revision - 1 && kept.canExtendWith(events)) return kept;
    if (kept) this.#whole.delete(kept);
    return this.#upTo(stream, revision);
  }

  /** Nothing of the page itself: it is what was used last. */
  #forget(page: number): void {
    let events = 0;
    for (const history of this.#whole) events += history.revision + 1;
    let others = this.#whole.size - page;
    for (const history of this.#whole) {
      if (events <= this.most / 2 || others-- <= 0) break;
      events -= history.revision + 1;
      this.#whole.delete(history);
      history.lighten();
    }
    others = this.#kept.size - page;
    for (const [stream, history] of this.#kept) {
      if (this.#kept.size <= this.most || others-- <= 0) break;
      this.#kept.delete(stream);
      if (!(history instanceof Error)) this.#whole.delete(history);
    }
  }

  #now(stream: string): History | undefined {
    const history = this.#kept.get(stream);
    return history instanceof Error ? undefined : history;
  }

  async #upTo(stream: string, revision: number): Promise<History | Error> {
    const [category, id] = split(stream);
    const aggregate = this.aggregates.get(category);
    if (!aggregate) return new Error(`Nothing here knows the category ${category}.`);
    const history = new History(aggregate, id);
    try {
      while (history.revision < revision - 1) {
        const page = await this.#page(stream, history.revision + 1, Math.min(1000, revision - 1 - history.revision));
        history.addAll(page);
      }
      return history;
    } catch (error) {
      if (error instanceof UnreadableError) throw error.cause;
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** @throws UnreadableError: that the log cannot be read is no fault of the stream */
  async #page(stream: string, from: number, limit: number): Promise<readonly RecordedEvent[]> {
    try {
      const page = await localPage(this.store, stream, from, limit);
      if (page.length === 0) throw new Error(`${stream} ends before revision ${from}.`);
      return page;
    } catch (error) {
      throw new UnreadableError('The log cannot be read.', { cause: error });
    }
  }

  #advance(event: RecordedEvent, failed?: (error: unknown) => void): History | undefined {
    const history = this.#kept.get(event.stream);
    if (!history || history instanceof Error) return undefined;
    try {
      history.add(event);
      return history;
    } catch (error) {
      failed?.(error);
      this.#whole.delete(history);
      this.#kept.set(event.stream, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }
}

class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}
