import { History, type AnyAggregate, type RecordedEvent } from '../../kernel/index.js';
import { localPage, type EventStore } from '../../store/event-store.js';
import { split } from '../audit/audit.js';

interface Kept {
  /** As far as it was ever asked for: it holds the events. */
  readonly head: History;
  /** An earlier revision that was asked for last: who reads on asks for the next one. */
  earlier: History | undefined;
}

/** Histories at any revision for those who read, from the log near at hand; the least recently used are forgotten first. */
export class Readers {
  readonly #kept = new Map<string, Kept>();
  #events = 0;

  constructor(
    private readonly store: EventStore,
    private readonly aggregates: ReadonlyMap<string, AnyAggregate>,
    private readonly most: number,
  ) {}

  /**
   * Takes what it needs of a stream at a revision, at once: the history is lent, and moves on to the next reader's revision.
   * @throws NewerShape, Illegal, and what the store throws
   */
  async at<T>(stream: string, revision: number, take: (history: History) => T): Promise<T> {
    for (;;) {
      const history = this.#at(stream, revision);
      if (history) return take(history);
      await this.#load(stream, revision);
    }
  }

  /** One event as it is stored. @throws what the store throws */
  async event(stream: string, revision: number): Promise<RecordedEvent> {
    const kept = this.#kept.get(stream)?.head.recorded[revision];
    if (kept) return kept;
    const [event] = await localPage(this.store, stream, revision, 1);
    if (!event) throw new Error(`${stream} has no revision ${revision}.`);
    return event;
  }

  #at(stream: string, revision: number): History | undefined {
    const kept = this.#kept.get(stream);
    if (!kept || kept.head.revision < revision) return undefined;
    this.#kept.delete(stream);
    this.#kept.set(stream, kept);
    const { head, earlier } = kept;
    if (head.revision === revision) return head;
    if (!earlier || earlier.revision > revision) kept.earlier = head.atRevision(revision);
    else earlier.addAll(head.recorded.slice(earlier.revision + 1, revision + 1));
    return kept.earlier;
  }

  async #load(stream: string, revision: number): Promise<void> {
    const [category, id] = split(stream);
    const head = this.#kept.get(stream)?.head ?? new History(this.aggregates.get(category)!, id);
    this.#drop(stream); // counted again once it has grown
    try {
      while (head.revision < revision) {
        const page = await localPage(this.store, stream, head.revision + 1, Math.min(1000, revision - head.revision));
        if (page.length === 0) throw new Error(`${stream} ends before revision ${revision}.`);
        head.addAll(page.filter((event) => event.revision > head.revision)); // another load may have added them meanwhile
      }
    } catch (error) {
      this.#drop(stream);
      throw error;
    }
    this.#drop(stream);
    this.#kept.set(stream, { head, earlier: undefined });
    this.#events += head.revision + 1;
    for (const [oldest] of this.#kept) {
      if (this.#events <= this.most || oldest === stream) break;
      this.#drop(oldest);
    }
  }

  #drop(stream: string): void {
    const kept = this.#kept.get(stream);
    if (!kept) return;
    this.#kept.delete(stream);
    this.#events -= kept.head.revision + 1;
  }
}
