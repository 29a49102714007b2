import type { RecordedEvent } from '../kernel/index.js';
import { localPage, type EventStore } from '../store/event-store.js';

/** Events that are held at most: a share of them for each stream, one at least. */
const HELD = 100;

/**
 * The events of some streams in the order of the log, each stream up to a revision and one event more, in pages of 100 at most.
 * @param chosen the last revision of each stream: they are few, since each next event is looked for in all of them
 */
export async function* mergedStreams(
  store: Pick<EventStore, 'read' | 'readLocal' | 'compare'>,
  chosen: ReadonlyMap<string, number>,
): AsyncGenerator<readonly RecordedEvent[], void, undefined> {
  const share = Math.max(1, Math.floor(HELD / chosen.size));
  const all = [...chosen].map(([stream, upTo]) => new StreamReader(store, stream, upTo + 2, share));
  let open: StreamReader[] = [];
  for (const reader of all) if (await reader.fill()) open.push(reader);
  let page: RecordedEvent[] = [];
  while (open.length > 0) {
    const first = open.reduce((a, b) => (store.compare(b.event.position, a.event.position) < 0 ? b : a));
    page.push(first.event);
    first.take();
    if (!first.isFilled && !(await first.fill())) open = open.filter((reader) => reader !== first);
    if (page.length < HELD) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}

/** One stream in pages. */
class StreamReader {
  #page: readonly RecordedEvent[] = [];
  #at = 0;
  #next = 0;

  /** @param until the revision before which it ends */
  constructor(
    private readonly store: Pick<EventStore, 'read' | 'readLocal'>,
    private readonly stream: string,
    private readonly until: number,
    private readonly share: number,
  ) {}

  get event(): RecordedEvent {
    return this.#page[this.#at]!;
  }
  get isFilled(): boolean {
    return this.#at < this.#page.length;
  }
  take(): void {
    this.#at++;
  }
  /** @returns whether there is an event */
  async fill(): Promise<boolean> {
    const limit = Math.min(this.share, this.until - this.#next);
    this.#page = limit > 0 ? await localPage(this.store, this.stream, this.#next, limit) : [];
    this.#next += this.#page.length;
    this.#at = 0;
    return this.isFilled;
  }
}
