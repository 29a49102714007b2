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

/**
 * The streams of a log as they stood at the event being read, each only as far as its next events need it: its state, or, where one of them
 * is told late or corrects another, all that was recorded. The least recently used go first.
 */
export class Histories {
  readonly #kept = new Map<string, History | Error>();
  /** Those that are whole for the page being read. */
  #whole: History[] = [];

  /** @param most streams */
  constructor(
    private readonly store: EventStore,
    private readonly subjects: ReadonlyMap<string, AnySubject>,
    private readonly most: number,
  ) {}

  /** Brings every stream of a page to where the page begins, so that the page itself can be read without waiting. */
  async prepare(page: readonly StoredEvent[]): Promise<Prepared> {
    for (const history of this.#whole) history.lighten();
    this.#whole = [];
    for (const [stream, events] of Map.groupBy(page, ({ stream }) => stream)) {
      const kept = this.#kept.get(stream);
      this.#kept.delete(stream);
      this.#kept.set(stream, kept instanceof Error ? kept : await this.#before(stream, events, kept));
    }
    for (const [stream] of this.#kept) {
      if (this.#kept.size <= this.most + page.length) break;
      this.#kept.delete(stream);
    }
    return { before: ({ stream }) => this.#now(stream), advance: (event, failed) => this.#advance(event, failed) };
  }

  async #before(stream: string, events: readonly StoredEvent[], kept: History | undefined): Promise<History | Error> {
    const [{ revision }] = events as readonly [StoredEvent];
    if (kept?.revision === revision - 1 && kept.goesOn(events)) return kept;
    const history = await this.#upTo(stream, revision);
    if (history instanceof Error) return history;
    if (history.goesOn(events)) history.lighten();
    else this.#whole.push(history);
    return history;
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
      return history;
    } catch (error) {
      failed?.(error);
      this.#kept.set(event.stream, error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }
}
