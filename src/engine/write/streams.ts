import { History, type AnyAggregate, type RecordedEvent } from '../../kernel/index.js';
import { localPage, type EventStore, type Revision } from '../../store/event-store.js';

const PAGE = 1000;
/** Appends that are remembered; what is at hand has long come beyond older ones. */
const APPENDED = 10_000;

/**
 * Histories by stream, brought up before they are used to what is at hand, or to the leader: what is kept saves folding, never reading.
 * What this process appended is always in them. A history that could not be read by these rules is dropped, so that the next reader
 * meets the same error.
 */
export class Streams {
  readonly #kept = new Map<string, History>();
  /** Stream → the revision of what this process appended last, while what is at hand may lie behind it. */
  readonly #appended = new Map<string, Revision>();
  #events = 0;

  constructor(
    private readonly store: EventStore,
    private readonly most = 4000,
  ) {}

  /** Told of each append: views of this process show it at once. */
  appended(stream: string, revision: Revision): void {
    if (!this.store.readLocal) return;
    this.#appended.delete(stream);
    this.#appended.set(stream, revision);
    if (this.#appended.size > APPENDED) this.#appended.delete(this.#appended.keys().next().value!);
  }

  /** @throws NewerShape, Illegal, and what the store throws */
  async load(aggregate: AnyAggregate, id: string, from: 'near' | 'leader' = 'near'): Promise<History> {
    const stream = `${aggregate.category}-${id}`;
    const history = this.#kept.get(stream) ?? new History(aggregate, id);
    try {
      if (from === 'near') await this.#add(stream, history, (next) => localPage(this.store, stream, next, PAGE));
      if (from === 'leader' || history.revision < (this.#appended.get(stream) ?? -1))
        await this.#add(stream, history, (next) => this.store.read(stream, next, PAGE));
    } catch (error) {
      this.#drop(stream);
      throw error;
    }
    this.#keep(stream, history);
    return history;
  }

  async #add(stream: string, history: History, read: (next: Revision) => Promise<readonly RecordedEvent[]>): Promise<void> {
    for (;;) {
      const page = await read(history.revision + 1);
      const before = history.revision;
      history.addAll(page.filter(({ revision }) => revision > before)); // another load may have added them meanwhile
      this.#events += this.#kept.get(stream) === history ? history.revision - before : 0;
      if (page.length < PAGE) return;
    }
  }

  #keep(stream: string, history: History): void {
    const other = this.#kept.get(stream);
    if (other && other !== history && other.revision > history.revision) return;
    this.#drop(stream);
    this.#kept.set(stream, history);
    this.#events += weightOf(history);
    if (this.#events <= this.most) return;
    // many at once: to look for the oldest costs as much as was dropped before
    for (const [oldest] of this.#kept) {
      if (this.#events <= this.most * 0.75 || oldest === stream) break;
      this.#drop(oldest);
    }
  }

  #drop(stream: string): void {
    const history = this.#kept.get(stream);
    if (!history) return;
    this.#kept.delete(stream);
    this.#events -= weightOf(history);
  }
}

/** Its events, and what a history without any holds itself: any id can be asked for. */
const weightOf = (history: History): number => history.revision + 2;
