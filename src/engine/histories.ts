import { History, type AnySubject, type StoredEvent } from '../kernel/index.js';
import { nearPage, type EventStore } from '../store/event-store.js';
import { split } from './audit.js';

/** The streams of a page, at hand. Each is undefined once it cannot be folded any more. */
export interface Prepared {
  /** As it stands before an event. */
  before(event: StoredEvent): History | undefined;
  /** With the event. */
  advance(event: StoredEvent, failed?: (error: unknown) => void): History | undefined;
}

/** Histories by stream as they stood at the event being read; the least recently used go first. */
export class Histories {
  readonly #kept = new Map<string, History | Error>();
  #events = 0;

  constructor(
    private readonly store: EventStore,
    private readonly subjects: ReadonlyMap<string, AnySubject>,
    private readonly most: number,
  ) {}

  /** Brings every stream of a page to where the page begins, so that the page itself can be read without waiting. */
  async prepare(page: readonly StoredEvent[]): Promise<Prepared> {
    const first = new Map<string, StoredEvent>();
    for (const event of page) if (!first.has(event.stream)) first.set(event.stream, event);
    for (const [stream, { revision }] of first) {
      const kept = this.#kept.get(stream);
      if (kept && this.#kept.delete(stream) && !(kept instanceof Error)) this.#events -= kept.revision + 1; // counted again where it is put
      this.#put(stream, kept instanceof Error || (kept && kept.revision === revision - 1) ? kept : await this.#upTo(stream, revision));
    }
    this.#forget(first);
    return { before: ({ stream }) => this.#now(stream), advance: (event, failed) => this.#advance(event, failed) };
  }

  #now(stream: string): History | undefined {
    const history = this.#kept.get(stream);
    return history instanceof Error ? undefined : history;
  }

  async #upTo(stream: string, revision: number): Promise<History | Error> {
    const [category, id] = split(stream);
    const subject = this.subjects.get(category);
    if (!subject) return new Error(`Nothing here knows the category ${category}.`);
    const history = new History(subject, id);
    try {
      while (history.revision < revision - 1)
        history.addAll(await nearPage(this.store, stream, history.revision + 1, Math.min(1000, revision - 1 - history.revision)));
      return history;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #advance(event: StoredEvent, failed?: (error: unknown) => void): History | undefined {
    const history = this.#kept.get(event.stream);
    if (!history || history instanceof Error) return undefined;
    try {
      history.add(event);
      this.#events++;
      return history;
    } catch (error) {
      failed?.(error);
      this.#events -= history.revision + 1;
      this.#kept.set(event.stream, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  #put(stream: string, history: History | Error): void {
    const before = this.#kept.get(stream);
    if (before === undefined && !(history instanceof Error)) this.#events += history.revision + 1;
    this.#kept.set(stream, history);
  }

  #forget(inUse: ReadonlyMap<string, unknown>): void {
    for (const [stream, history] of this.#kept) {
      if (this.#events <= this.most && this.#kept.size <= this.most) return;
      if (inUse.has(stream)) continue;
      this.#kept.delete(stream);
      if (!(history instanceof Error)) this.#events -= history.revision + 1;
    }
  }
}
