import { LRUCache } from 'lru-cache';
import { setImmediate as turn } from 'node:timers/promises';
import { History, Snapshot, type AnyAggregate, type RecordedEvent } from '../kernel/index.js';
import { split } from './audit/audit.js';
import { earlier } from './earlier.js';
import { SegmentedLru } from './segmented-lru.js';
import {
  HistoryBrokenError,
  isOfTheStore,
  localPage,
  StoreUnavailableError,
  type EventStore,
  type Revision,
} from '../store/event-store.js';

/** `local`: what this process has without asking, perhaps an old prefix. `leader`: all that was acknowledged before the call. */
export type Consistency = 'local' | 'leader';

/** The streams of a page of the log as they stand before each of its events. A stream that cannot be folded is undefined from then on. */
export interface Prepared {
  before(event: RecordedEvent): History | Snapshot | undefined;
  /** With the event. */
  advance(event: RecordedEvent, failed?: (error: unknown) => void): History | Snapshot | undefined;
}

export interface HistoryCacheOptions {
  readonly store: Pick<EventStore, 'genesis' | 'read' | 'readLocal' | 'currentRevision' | 'localRevision'>;
  readonly aggregates: readonly AnyAggregate[];
  /** Memory for events and for snapshots together, in bytes: beyond it the least recently used streams go. */
  readonly maxBytes?: number;
  /** Whether pages of the log are prepared with it: then snapshots get half of the memory. */
  readonly follows?: boolean;
}

/** Memory for the folded streams of one cache, in bytes: of what follows the log, and of a rebuild while it lasts. */
export const HISTORY_BYTES = 16 << 20;
/** Memory for the revisions that this process appended last: some 8,000 streams, far more than are appended before the replica has them. */
const APPENDED_BYTES = 1 << 20;
/** Events that are read at once, and folded without a pause. */
const PAGE = 500;
/** Earlier versions of one stream that are kept for those who read on. */
const EARLIER = 4;

interface Kept {
  /** As far as it was ever read. */
  readonly head: History;
  /** Versions before it that were asked for of late: one who reads on asks for the next revision. */
  readonly earlier: readonly History[];
}

/**
 * Folded streams, one cache a thread, bounded by bytes. Every load first reads what is new; the cache saves folding, not reading.
 * What it holds are immutable values: weighed again when they grow, never replaced by an older one, and kept alive by those who use
 * them. One load of a stream is under way at a time, and who comes meanwhile shares the next; a load that fails leaves nothing behind.
 */
export class HistoryCache {
  readonly #store: HistoryCacheOptions['store'];
  readonly #aggregates: ReadonlyMap<string, AnyAggregate>;
  readonly #kept: SegmentedLru<Kept>;
  /** Streams of a log that is followed, and what kept some from being folded. */
  readonly #followed: SegmentedLru<Snapshot | Error>;
  readonly #loads = new Map<string, { running: Promise<History>; next: Promise<History> | undefined }>();
  /** Stream → the reading up to a revision that is under way. */
  readonly #readings = new Map<string, Promise<History>>();
  /** Stream → what this process appended last, while what is local may lie behind it. */
  readonly #appended: LRUCache<string, Revision>;

  /** Memory that it may take, in bytes. */
  readonly maxBytes: number;

  constructor({ store, aggregates, maxBytes = HISTORY_BYTES, follows = true }: HistoryCacheOptions) {
    this.#store = store;
    this.maxBytes = maxBytes;
    this.#aggregates = new Map(aggregates.map((aggregate) => [aggregate.category, aggregate]));
    const half = Math.max(2, Math.floor(maxBytes / 2));
    const most = follows ? half : Math.max(2, maxBytes);
    // A stream larger than all of it is weighed as half: it stays while it is in use, and goes when others are.
    this.#kept = new SegmentedLru({ maxBytes: most, bytesOf: (kept) => Math.min(bytesOf(kept), most / 2) });
    this.#followed = new SegmentedLru({ maxBytes: half, bytesOf: (value) => Math.min(bytesOfFollowed(value), half / 2) });
    this.#appended = new LRUCache({ maxSize: APPENDED_BYTES, sizeCalculation: (_, stream) => stream.length + 100 });
  }

  /** The history of a stream, where nothing has to be read for it. */
  known(aggregate: AnyAggregate, id: string, consistency: Consistency = 'local'): History | undefined {
    const stream = `${aggregate.category}-${id}`;
    const current = this.#store.currentRevision?.(stream);
    if (current !== undefined) {
      const head = current === -1 ? this.empty(aggregate, id) : this.#kept.get(stream)?.head;
      if (head?.revision === current) return head;
    }
    const local = consistency === 'local' ? this.#store.localRevision?.(stream) : undefined;
    if (local === undefined) return undefined;
    const head = this.#kept.get(stream)?.head ?? this.empty(aggregate, id);
    return head.revision >= Math.max(local, this.#appended.get(stream) ?? -1) ? head : undefined;
  }

  /** The history of a stream. @throws UnsupportedSchemaVersionError, IllegalTransitionError, and what the store throws */
  load(aggregate: AnyAggregate, id: string, consistency: Consistency = 'local'): Promise<History> {
    const known = this.known(aggregate, id, consistency);
    if (known) return Promise.resolve(known);
    const stream = `${aggregate.category}-${id}`;
    const name = `${consistency} ${stream}`;
    const under = this.#loads.get(name);
    // What a load under way has read may be older than what was acknowledged before this call: who comes now shares the next one.
    if (under) return (under.next ??= under.running.then(noop, noop).then(() => this.#begin(name, aggregate, id, consistency)));
    return this.#begin(name, aggregate, id, consistency);
  }

  #begin(name: string, aggregate: AnyAggregate, id: string, consistency: Consistency): Promise<History> {
    const load = { running: this.#load(aggregate, id, consistency), next: undefined };
    this.#loads.set(name, load);
    const done = () => {
      if (!load.next) this.#loads.delete(name);
    };
    load.running.then(done, done);
    return load.running;
  }

  /** Whether anything of a stream is known here without a read. */
  holds(stream: string): boolean {
    return this.#kept.has(stream) || this.#appended.has(stream);
  }

  /** Notes an append of this process, with the history that it led to where that is known: reads of this process show it at once. */
  appended(stream: string, revision: Revision, history?: History): void {
    if (this.#store.readLocal) this.#appended.set(stream, revision);
    if (history) this.#keep(history);
  }

  /**
   * A stream as it was at a revision, from what is local; a revision beyond its end is an error.
   * @throws UnsupportedSchemaVersionError, IllegalTransitionError, and what the store throws
   */
  async at(stream: string, revision: Revision): Promise<History> {
    if (revision < 0) return this.emptyOf(stream);
    const kept = this.#kept.get(stream);
    const head = kept && kept.head.revision >= revision ? kept.head : await this.#readTo(stream, revision, kept?.head);
    return this.earlier(head, revision);
  }

  /** A history as it was at a revision, -1 before its first event: folded again from the nearest one that is kept, with pauses. */
  async earlier(head: History, revision: Revision): Promise<History> {
    if (revision >= head.revision) return head;
    const { stream } = head;
    const nearest = (this.#kept.get(stream)?.earlier ?? [])
      .filter((version) => version.revision <= revision)
      .reduce<History | undefined>((best, version) => (best && best.revision >= version.revision ? best : version), undefined);
    const version = await earlier(head, revision, nearest);
    const now = this.#kept.peek(stream);
    if (now && revision >= 0) {
      const others = now.earlier.filter((other) => other !== nearest && other.revision !== revision);
      this.#kept.set(stream, { head: now.head, earlier: [version, ...others].slice(0, EARLIER) });
    }
    return version;
  }

  /** Events of a stream from what is local, at most `limit` of them, without keeping anything. @throws what the store throws */
  read(stream: string, from: Revision, limit: number): Promise<readonly RecordedEvent[]> {
    return localPage(this.#store, stream, from, limit);
  }

  /** One event as it is stored. @throws what the store throws */
  async event(stream: string, revision: Revision): Promise<RecordedEvent> {
    const [kept] = this.#kept.peek(stream)?.head.recordedFrom(revision, revision) ?? [];
    if (kept) return kept;
    const [event] = await localPage(this.#store, stream, revision, 1);
    if (!event) throw new Error(`${stream} has no revision ${revision}.`);
    return event;
  }

  /**
   * Brings every stream of a page to where the page begins, so that the page itself can be folded without waiting: as a snapshot where
   * its events go on in order, whole where one is backdated or corrects another.
   * @throws what the store throws
   */
  async prepare(page: readonly RecordedEvent[]): Promise<Prepared> {
    const streams = new Map<string, History | Snapshot | Error>();
    for (const [stream, events] of Map.groupBy(page, (event) => event.stream)) streams.set(stream, await this.#before(stream, events));
    const now = ({ stream }: RecordedEvent) => {
      const value = streams.get(stream);
      return value instanceof Error ? undefined : value;
    };
    return {
      before: now,
      advance: (event, failed) => {
        const value = now(event);
        if (!value) return undefined;
        try {
          const next = value.extended([event]);
          streams.set(event.stream, next);
          this.#follow(next);
          return next;
        } catch (error) {
          failed?.(error);
          const why = error instanceof Error ? error : new Error(String(error));
          streams.set(event.stream, why);
          this.#kept.delete(event.stream);
          this.#followed.set(event.stream, why);
          return undefined;
        }
      },
    };
  }

  async #before(stream: string, events: readonly RecordedEvent[]): Promise<History | Snapshot | Error> {
    const { revision } = events[0]!;
    try {
      const followed = revision === 0 ? Snapshot.of(this.emptyOf(stream)) : this.#followed.get(stream);
      if (followed instanceof Error || (followed?.revision === revision - 1 && followed.canExtendWith(events))) return followed;
      return await this.at(stream, revision - 1);
    } catch (error) {
      if (isOfTheStore(error)) throw error; // no fault of the stream
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  /** The history of a stream without events. @throws Error when no aggregate has its category */
  emptyOf(stream: string): History {
    const [category, id] = split(stream);
    const aggregate = this.#aggregates.get(category);
    if (!aggregate) throw new Error(`No aggregate has the category ${category}.`);
    return this.empty(aggregate, id);
  }

  /** The history of a stream without events, in the ledger's time zone. */
  empty(aggregate: AnyAggregate, id: string): History {
    return History.of(aggregate, id, [], this.#store.genesis.timeZone);
  }

  async #load(aggregate: AnyAggregate, id: string, consistency: Consistency): Promise<History> {
    const stream = `${aggregate.category}-${id}`;
    let history = this.#kept.get(stream)?.head ?? this.empty(aggregate, id);
    try {
      if (consistency === 'local') history = await this.#extended(history, (from) => localPage(this.#store, stream, from, PAGE));
      if (consistency === 'leader' || history.revision < (this.#appended.get(stream) ?? -1))
        history = await this.#extended(history, (from) => this.#store.read(stream, from, PAGE));
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) this.#kept.delete(stream); // else nothing was read, and what is kept still holds
      throw error;
    }
    return this.#keep(history);
  }

  async #extended(history: History, read: (from: Revision) => Promise<readonly RecordedEvent[]>): Promise<History> {
    for (;;) {
      const page = await read(history.revision + 1);
      history = history.extended(page);
      if (page.length < PAGE) return history;
      await turn();
    }
  }

  /** One reading of a stream at a time: who comes meanwhile goes on from what it came to, and reads on their own what it could not. */
  async #readTo(stream: string, revision: Revision, from: History | undefined): Promise<History> {
    for (let under = this.#readings.get(stream); under; under = this.#readings.get(stream)) {
      const read = await under.catch(noop);
      if (read && read.revision >= revision) return read;
      if (read && read.revision > (from?.revision ?? -1)) from = read;
    }
    const reading = this.#readOn(stream, revision, from);
    this.#readings.set(stream, reading);
    try {
      return await reading;
    } finally {
      this.#readings.delete(stream);
    }
  }

  async #readOn(stream: string, revision: Revision, from: History | undefined): Promise<History> {
    let history = from ?? this.emptyOf(stream);
    while (history.revision < revision) {
      const page = await localPage(this.#store, stream, history.revision + 1, Math.min(PAGE, revision - history.revision));
      if (page.length === 0) throw new HistoryBrokenError(`${stream} ends at revision ${history.revision}, before ${revision}.`);
      history = history.extended(page);
      if (history.revision < revision) await turn();
    }
    return this.#keep(history);
  }

  /** The newest version of a stream: this one, or the one that came meanwhile. */
  #keep(history: History): History {
    const kept = this.#kept.get(history.stream);
    if (kept && kept.head.revision >= history.revision) return kept.head;
    this.#kept.set(history.stream, { head: history, earlier: kept?.earlier ?? [] });
    return history;
  }

  /** What a follower of the log comes to: whole while there is room, then as a snapshot. */
  #follow(next: History | Snapshot): void {
    if (next instanceof History) this.#keep(next);
    this.#followed.set(next.stream, next instanceof History ? Snapshot.of(next) : next);
  }
}

const noop = (): void => undefined;

/** An earlier version shares its events with the head. */
const bytesOf = ({ head, earlier }: Kept): number => 500 + head.bytes + earlier.reduce((sum, version) => sum + 500 + version.ownBytes, 0);

/** A state is part of what the events said: some 200 bytes of each, and more only where an event says much. */
const bytesOfFollowed = (value: Snapshot | Error): number => (value instanceof Error ? 500 : 600 + 220 * (value.revision + 1));
