import { History, type AnySubject } from '../kernel/index.js';
import type { EventStore } from '../store/event-store.js';

const PAGE = 1000;

/**
 * Histories by stream, always brought up to the leader before they are used: what is kept saves folding, never reading.
 * A history that could not be read by these rules is dropped, so that the next reader meets the same error.
 */
export class Streams {
  readonly #kept = new Map<string, History>();
  #events = 0;

  constructor(
    private readonly store: EventStore,
    private readonly most = 4000,
  ) {}

  /** @throws NewerShape, Illegal, and what the store throws */
  async load(subject: AnySubject, id: string): Promise<History> {
    const stream = `${subject.category}-${id}`;
    const history = this.#kept.get(stream) ?? new History(subject, id);
    try {
      for (;;) {
        const page = await this.store.read(stream, history.revision + 1, PAGE);
        const before = history.revision;
        history.addAll(page.filter(({ revision }) => revision > before)); // another load may have added them meanwhile
        this.#events += this.#kept.get(stream) === history ? history.revision - before : 0;
        if (page.length < PAGE) break;
      }
    } catch (error) {
      this.#drop(stream);
      throw error;
    }
    this.#keep(stream, history);
    return history;
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
