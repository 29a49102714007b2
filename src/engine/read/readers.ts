import { History, type AnyAggregate, type RecordedEvent } from '../../kernel/index.js';
import { localPage, type EventStore } from '../../store/event-store.js';
import { split } from '../audit/audit.js';

interface Kept {
  /** At the highest revision that was asked for: it holds the events. It only grows. */
  readonly head: History;
  /** At an earlier revision, the one asked for last: a reader that reads on asks for the next one. */
  earlier: History | undefined;
  /** Events that count towards the bound. */
  counted: number;
}

/** Histories at any revision for readers, from the local log. Bounded by events; the least recently used go first. */
export class Readers {
  readonly #kept = new Map<string, Kept>();
  /** One load a stream at a time: a second one continues where the first ends, and never replaces what it made. */
  readonly #loading = new Map<string, Promise<Kept>>();
  #events = 0;

  constructor(
    private readonly store: EventStore,
    private readonly aggregates: ReadonlyMap<string, AnyAggregate>,
    private readonly most: number,
  ) {}

  /**
   * Takes what it needs of a stream at a revision. `take` must not keep the history: it moves on to the next reader's revision.
   * @throws UnsupportedSchemaVersionError, IllegalTransitionError, and what the store throws
   */
  async at<T>(stream: string, revision: number, take: (history: History) => T): Promise<T> {
    const kept = this.#kept.get(stream);
    // A load hands its own result over: what others load meanwhile cannot take it away again.
    return take(this.#historyAt(kept && kept.head.revision >= revision ? kept : await this.#load(stream, revision), stream, revision));
  }

  /** One event as it is stored. @throws what the store throws */
  async event(stream: string, revision: number): Promise<RecordedEvent> {
    const kept = this.#kept.get(stream)?.head.recorded[revision];
    if (kept) return kept;
    const [event] = await localPage(this.store, stream, revision, 1);
    if (!event) throw new Error(`${stream} has no revision ${revision}.`);
    return event;
  }

  #historyAt(kept: Kept, stream: string, revision: number): History {
    if (this.#kept.get(stream) === kept) {
      this.#kept.delete(stream);
      this.#kept.set(stream, kept);
    }
    const { head, earlier } = kept;
    if (head.revision === revision) return head;
    if (!earlier || earlier.revision > revision) kept.earlier = head.atRevision(revision);
    else earlier.addAll(head.recorded.slice(earlier.revision + 1, revision + 1));
    return kept.earlier!;
  }

  #load(stream: string, revision: number): Promise<Kept> {
    const before = this.#loading.get(stream);
    const load = (before ?? Promise.resolve()).catch(() => undefined).then(() => this.#extend(stream, revision));
    this.#loading.set(stream, load);
    const ended = () => void (this.#loading.get(stream) === load && this.#loading.delete(stream));
    load.then(ended, ended);
    return load;
  }

  async #extend(stream: string, revision: number): Promise<Kept> {
    const [category, id] = split(stream);
    const kept = this.#kept.get(stream) ?? { head: new History(this.aggregates.get(category)!, id), earlier: undefined, counted: 0 };
    const { head } = kept;
    try {
      while (head.revision < revision) {
        const page = await localPage(this.store, stream, head.revision + 1, Math.min(PAGE, revision - head.revision));
        if (page.length === 0) throw new Error(`${stream} ends before revision ${revision}.`);
        head.addAll(page);
      }
    } catch (error) {
      this.#drop(stream);
      throw error;
    }
    this.#drop(stream); // counted again, now that it has grown
    this.#kept.set(stream, kept);
    kept.counted = head.revision + 1;
    this.#events += kept.counted;
    for (const [oldest] of this.#kept) {
      if (this.#events <= this.most || oldest === stream) break;
      this.#drop(oldest);
    }
    return kept;
  }

  #drop(stream: string): void {
    const kept = this.#kept.get(stream);
    if (!kept) return;
    this.#kept.delete(stream);
    this.#events -= kept.counted;
  }
}

/** Events that are read at once. */
const PAGE = 1000;
