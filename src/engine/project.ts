import { createHash } from 'node:crypto';
import { canonical, History, type AnySubject, type Parts, type Projection, type StoredEvent } from '../kernel/index.js';
import type { EventStore } from '../store/event-store.js';
import type { Build, EventQuery, IndexedEvent, KeptPart, Ordinal, ReadModel, StoppedStream } from '../store/read-model.js';
import { Waiting } from '../store/waiting.js';
import { split } from './audit.js';
import { Rows, type Row, type Update } from './rows.js';

export interface ProjectionOptions {
  readonly store: EventStore;
  readonly readModel: ReadModel;
  readonly projections: readonly Projection[];
  readonly subjects: readonly AnySubject[];
  /** Says once what went wrong with a stream or a projection. */
  log?(message: string, error?: unknown): void;
  /** Events of histories that are kept at hand. */
  readonly keep?: number;
}

export interface ProjectionStatus {
  readonly name: string;
  readonly version: number;
  readonly question: string;
  readonly generation: string;
  readonly state: 'serving' | 'rebuilding';
  readonly position: string | null;
  /** Events of the log's index that it has not read yet. */
  readonly behind: number;
  readonly stopped: readonly StoppedStream[];
}

/** The projection is being made anew and cannot answer yet. */
export class Rebuilding extends Error {
  override readonly name = 'Rebuilding';
  constructor(
    readonly projection: string,
    readonly done: number,
    readonly of: number,
  ) {
    super(`${projection} is being rebuilt: ${done} of ${of} events.`);
  }
}

const BATCH = 200;

interface Serving {
  readonly projection: Projection;
  readonly generation: string;
  feed: Feed | undefined;
  rows: Rows | undefined;
  catchingUp: Feed | undefined;
}

/**
 * Follows the store and keeps every projection's parts: one event after the other, in store order, a transaction for each batch with
 * the cursor in it. What is kept is a function of the log alone, so a rebuild at the same version gives the same bytes.
 */
export class Projector {
  readonly #o: ProjectionOptions;
  readonly #subjects: ReadonlyMap<string, AnySubject>;
  readonly #serving = new Map<string, Serving>();
  readonly #stop = new AbortController();
  readonly #waiting = new Waiting();
  readonly #histories: Histories;
  #last: IndexedEvent | undefined;
  #loop: Promise<void> = Promise.resolve();
  #rebuilds: Promise<void> = Promise.resolve();
  #failed: unknown;

  private constructor(options: ProjectionOptions) {
    this.#o = options;
    this.#subjects = new Map(options.subjects.map((s) => [s.category, s]));
    this.#histories = new Histories(options.store, this.#subjects, options.keep ?? 2000);
  }

  static start(options: ProjectionOptions): Projector {
    const projector = new Projector(options);
    projector.#start();
    return projector;
  }

  #start(): void {
    const { readModel, projections, store } = this.#o;
    readModel.claim(store.genesis.ledgerId);
    this.#last = readModel.lastEvent();
    const builds = readModel.builds();
    for (const projection of projections) {
      const serving: Serving = {
        projection,
        generation: this.#generation(projection),
        feed: undefined,
        rows: undefined,
        catchingUp: undefined,
      };
      this.#serving.set(projection.name, serving);
      const current = builds.find((b) => b.projection === projection.name && b.version === projection.version && b.serving);
      if (current && current.cursor === this.ordinal) {
        this.#serve(serving, current);
        if (readModel.stopped(current.id).length > 0) this.#remake(serving); // what could not be folded is tried again
      } else if (this.ordinal === 0) this.#serve(serving, current ?? readModel.addBuild(projection.name, projection.version, true));
      else this.#remake(serving);
    }
    this.#loop = this.#follow().catch((error: unknown) => {
      this.#failed = error;
      this.#o.log?.('Projections stopped following the log.', error);
    });
    void this.#sweep();
  }

  /** The last event that every serving projection has read. */
  get ordinal(): Ordinal {
    return this.#last?.ordinal ?? 0;
  }
  get position(): string | undefined {
    return this.#last?.position;
  }
  get failed(): unknown {
    return this.#failed;
  }

  list(): readonly ProjectionStatus[] {
    return [...this.#serving.values()].map(({ projection, generation, feed, catchingUp }) => ({
      name: projection.name,
      version: projection.version,
      question: projection.question,
      generation,
      state: feed ? 'serving' : 'rebuilding',
      position: feed ? (this.position ?? null) : null,
      behind: feed ? 0 : this.ordinal - (catchingUp?.cursor ?? 0),
      stopped: feed ? this.#o.readModel.stopped(feed.build.id) : [],
    }));
  }

  has(name: string): boolean {
    return this.#serving.has(name);
  }
  projection(name: string): Projection {
    return this.#serving.get(name)!.projection;
  }
  /** Changes with the ledger and the version declared in the projection's file: positions of one generation mean the same rows. */
  generation(name: string): string {
    return this.#serving.get(name)!.generation;
  }

  /** @throws Rebuilding */
  rows(
    name: string,
    options: { at?: Ordinal; cursor?: string; limit?: number; filters?: Record<string, string> } = {},
  ): { rows: Row[]; next?: string } {
    const { at = this.ordinal, cursor = '', limit = 100, filters = {} } = options;
    return this.#rows(name).page(at, cursor, limit, filters);
  }
  /** @throws Rebuilding */
  row(name: string, key: string, at: Ordinal = this.ordinal): any {
    return this.#rows(name).row(key, at);
  }
  /** @throws Rebuilding */
  updates(name: string, after: Ordinal, limit?: number): { readonly updates: readonly Update[]; readonly upTo: Ordinal } {
    return after >= this.ordinal ? { updates: [], upTo: this.ordinal } : this.#rows(name).updates(after, this.ordinal, limit);
  }

  events(query: Omit<EventQuery, 'upTo'> & { upTo?: Ordinal }): readonly IndexedEvent[] {
    return this.#o.readModel.events({ upTo: this.ordinal, ...query });
  }
  eventById(id: string): IndexedEvent | undefined {
    return this.#o.readModel.eventById(id);
  }
  eventAt(ordinal: Ordinal): IndexedEvent | undefined {
    return this.#o.readModel.eventAt(ordinal);
  }
  revisionAt(stream: string, ordinal: Ordinal): number {
    return this.#o.readModel.revisionAt(stream, ordinal);
  }

  /** The ordinal of an event's position; undefined when no event stands there. @throws InvalidPosition */
  ordinalAt(position: string): Ordinal | undefined {
    const { store, readModel } = this.#o;
    const ordinal = this.#longest((event) => store.compare(event.position, position) <= 0);
    return ordinal > 0 && readModel.eventAt(ordinal)!.position === position ? ordinal : undefined;
  }

  /** The longest prefix of the log with log time up to an instant; final once an event of a later log time is known. */
  asOf(instant: string): { readonly ordinal: Ordinal; readonly final: boolean } {
    const ordinal = this.#longest((event) => event.logTime <= instant);
    return { ordinal, final: ordinal < this.ordinal };
  }

  #longest(within: (event: IndexedEvent) => boolean): Ordinal {
    let [low, high] = [0, this.ordinal];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (within(this.#o.readModel.eventAt(middle)!)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Whether every projection has read a position, waiting so long for it. @throws InvalidPosition */
  async reached(position: string, timeoutMs: number): Promise<boolean> {
    const { store } = this.#o;
    const there = () => this.position !== undefined && store.compare(this.position, position) >= 0;
    store.compare(position, position);
    const signal = AbortSignal.timeout(timeoutMs);
    while (!there() && !signal.aborted && !this.#stop.signal.aborted) await this.beyond(this.ordinal, signal);
    return there();
  }

  /** Waits until the log has been read beyond an ordinal, or the signal aborts. */
  beyond(ordinal: Ordinal, signal: AbortSignal): Promise<void> {
    return this.#waiting.orWoken(signal, () => this.#stop.signal.aborted || this.ordinal > ordinal);
  }

  /** Until all that is in the store now has been read and no rebuild is under way. */
  async idle(): Promise<void> {
    const head = await this.#o.store.head();
    while (head !== undefined && !this.#stop.signal.aborted && !(await this.reached(head, 1000))) if (this.#failed) throw this.#failed;
    await this.#rebuilds;
  }

  /** Makes a projection anew from the log beside the parts that serve, then swaps them. */
  rebuild(name: string): Promise<void> {
    this.#remake(this.#serving.get(name)!);
    return this.#rebuilds;
  }

  dump(name: string): string {
    return this.#o.readModel.dump(this.#serving.get(name)!.feed!.build.id);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#waiting.wake();
    await Promise.allSettled([this.#loop, this.#rebuilds]);
    this.#o.readModel.close();
  }

  #rows(name: string): Rows {
    const { rows, catchingUp } = this.#serving.get(name)!;
    if (!rows) throw new Rebuilding(name, catchingUp?.cursor ?? 0, this.ordinal);
    return rows;
  }

  #generation({ name, version }: Projection): string {
    return createHash('sha256')
      .update(`${this.#o.store.genesis.ledgerId}\n${this.#o.store.constructor.name}\n${name}\n${version}`)
      .digest('hex')
      .slice(0, 12);
  }

  #serve(serving: Serving, build: Build): void {
    const { readModel } = this.#o;
    serving.feed = new Feed(readModel, serving.projection, build, (m, e) => this.#o.log?.(m, e));
    serving.rows = new Rows(readModel, serving.projection, build);
    serving.catchingUp = undefined;
  }

  async #follow(): Promise<void> {
    const { store, readModel } = this.#o;
    for await (const page of store.follow(this.position, this.#stop.signal, BATCH)) {
      const streams = await this.#histories.prepare(page);
      let last = this.#last;
      readModel.transaction(() => {
        for (const event of page) {
          last = indexed(event, last);
          readModel.addEvent(last, tagsOf(event));
          const history = streams.advance(event, (error) => this.#o.log?.(`${event.stream} stopped at revision ${event.revision}.`, error));
          for (const { feed } of this.#serving.values()) feed?.take(event, history, last.ordinal);
        }
        for (const { feed } of this.#serving.values()) if (feed) readModel.moveBuild(feed.build.id, last!.ordinal);
      });
      this.#last = last;
      for (const { feed } of this.#serving.values()) if (feed) feed.cursor = last!.ordinal;
      this.#waiting.wake();
      await new Promise((resolve) => setImmediate(resolve)); // commands and readers come first
      if (this.#stop.signal.aborted) return;
    }
  }

  #remake(serving: Serving): void {
    const run = this.#rebuilds.then(() => this.#catchUp(serving));
    this.#rebuilds = run.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#o.log?.(`${serving.projection.name} could not be rebuilt.`, error);
    });
  }

  async #catchUp(serving: Serving): Promise<void> {
    const { store, readModel, keep = 2000 } = this.#o;
    const { name, version } = serving.projection;
    const build = readModel.addBuild(name, version, false);
    const feed = new Feed(readModel, serving.projection, build, (m, e) => this.#o.log?.(m, e));
    serving.catchingUp = feed;
    const histories = new Histories(store, this.#subjects, keep);
    let position: string | undefined;
    while (feed.cursor < this.ordinal) {
      if (this.#stop.signal.aborted) return;
      const page = (await store.readAll(position, BATCH)).slice(0, this.ordinal - feed.cursor);
      const streams = await histories.prepare(page);
      readModel.transaction(() => {
        for (const event of page) feed.take(event, streams.advance(event), ++feed.cursor);
        readModel.moveBuild(build.id, feed.cursor);
      });
      position = page.at(-1)!.position;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // nothing waits between the last comparison and the swap, so no event can come between
    readModel.transaction(() => readModel.serve(build.id));
    this.#serve(serving, { ...build, cursor: feed.cursor, serving: true });
    void this.#sweep();
  }

  async #sweep(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#stop.signal.aborted) return;
      let more = false;
      this.#o.readModel.transaction(() => (more = this.#o.readModel.sweep()));
      if (!more) return;
    }
  }
}

const indexed = ({ position, stream, revision, id, metadata }: StoredEvent, before: IndexedEvent | undefined): IndexedEvent => {
  const logTime = before && before.logTime > metadata.recordedAt ? before.logTime : metadata.recordedAt;
  return { ordinal: (before?.ordinal ?? 0) + 1, position, stream, revision, id, logTime };
};

const tagsOf = ({ type, metadata }: StoredEvent): string[] => {
  const { programme, tower = [], contract = [], supplier = [] } = metadata.about;
  const { $correlationId, command } = metadata;
  return [
    `type:${type}`,
    `actor:${metadata.actor.id}`,
    ...($correlationId === command.id ? [] : [`correlation:${$correlationId}`]),
    ...(programme ? [`programme:${programme}`] : []),
    ...tower.map((id) => `tower:${id}`),
    ...contract.map((id) => `contract:${id}`),
    ...supplier.map((id) => `supplier:${id}`),
  ];
};

/** Histories by stream as they stood at the event being read; the least recently used go first. */
class Histories {
  readonly #kept = new Map<string, History | Error>();
  #events = 0;

  constructor(
    private readonly store: EventStore,
    private readonly subjects: ReadonlyMap<string, AnySubject>,
    private readonly most: number,
  ) {}

  /** Brings every stream of a page to where the page begins, so that the page itself can be read without waiting. */
  async prepare(
    page: readonly StoredEvent[],
  ): Promise<{ advance(event: StoredEvent, failed?: (error: unknown) => void): History | undefined }> {
    const first = new Map<string, StoredEvent>();
    for (const event of page) if (!first.has(event.stream)) first.set(event.stream, event);
    for (const [stream, { revision }] of first) {
      const kept = this.#kept.get(stream);
      if (kept instanceof Error || (kept && kept.revision === revision - 1)) this.#kept.delete(stream);
      this.#put(stream, kept instanceof Error || (kept && kept.revision === revision - 1) ? kept : await this.#upTo(stream, revision));
    }
    this.#forget(first);
    return { advance: (event, failed) => this.#advance(event, failed) };
  }

  async #upTo(stream: string, revision: number): Promise<History | Error> {
    const [category, id] = split(stream);
    const subject = this.subjects.get(category);
    if (!subject) return new Error(`Nothing here knows the category ${category}.`);
    const history = new History(subject, id);
    try {
      while (history.revision < revision - 1)
        history.addAll(await this.store.read(stream, history.revision + 1, Math.min(1000, revision - 1 - history.revision)));
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

/** Keeps one build's parts, links and totals true for the last event it took. */
class Feed {
  cursor: Ordinal;
  readonly #current = new Map<string, Map<string, KeptPart>>();
  readonly #totals = new Map<string, Map<string, bigint>>();
  readonly #stopped: Set<string>;

  constructor(
    private readonly readModel: ReadModel,
    private readonly projection: Projection,
    readonly build: Build,
    private readonly log: (message: string, error: unknown) => void,
  ) {
    this.cursor = build.cursor;
    this.#stopped = new Set(readModel.stopped(build.id).map(({ stream }) => stream));
  }

  /** @param history undefined when the stream cannot be folded any more */
  take(event: StoredEvent, history: History | undefined, ordinal: Ordinal): void {
    const { stream } = event;
    const byEvent = this.projection.byEvent?.(event);
    if (byEvent) for (const [key, part] of Object.entries(kept(byEvent))) this.#open(stream, part, key, ordinal);
    const contributions = this.projection.from.filter(({ category }) => stream.startsWith(`${category}-`));
    if (contributions.length === 0 || this.#stopped.has(stream)) return;
    let parts: { readonly [key: string]: KeptPart };
    try {
      if (!history) throw new Error(`${event.type} at revision ${event.revision} cannot be folded.`);
      parts = Object.assign({}, ...contributions.map((c) => kept(c.contribute(history))));
    } catch (error) {
      this.#stop(stream, ordinal, error);
      return;
    }
    this.#replace(stream, parts, ordinal, event.revision === 0); // what the read model throws is no fault of the stream
  }

  #replace(stream: string, parts: { readonly [key: string]: KeptPart }, at: Ordinal, fresh: boolean): void {
    const current = this.#partsOf(stream, fresh);
    for (const [key, before] of current) {
      const after = parts[key];
      if (after && same(before, after)) continue;
      this.readModel.closePart(this.build.id, stream, key, at);
      for (const link of before.links) if (!after?.links.includes(link)) this.readModel.closeLink(this.build.id, stream, key, link, at);
      if (!after) {
        this.#count(before.sums, {}, at);
        current.delete(key);
      }
    }
    for (const [key, after] of Object.entries(parts)) {
      const before = current.get(key);
      if (before && same(before, after)) continue;
      this.#open(stream, after, key, at, before);
      current.set(key, after);
    }
  }

  #open(stream: string, part: KeptPart, key: string, at: Ordinal, before?: KeptPart): void {
    this.readModel.openPart(this.build.id, stream, part, at);
    for (const link of part.links) if (!before?.links.includes(link)) this.readModel.openLink(this.build.id, stream, key, link, at);
    this.#count(before?.sums ?? {}, part.sums, at);
  }

  #stop(stream: string, ordinal: Ordinal, error: unknown): void {
    const why = error instanceof Error ? error.message : String(error);
    this.log(`${this.projection.name}: ${stream} stopped.`, error);
    this.#stopped.add(stream);
    this.readModel.stop(this.build.id, { stream, ordinal, error: why });
    const keys = new Set([...this.#partsOf(stream).values()].flatMap(({ sums }) => Object.keys(sums)));
    for (const key of keys) this.#count({}, { [key]: { stopped: '1' } }, ordinal);
  }

  /** Takes the old sums away and adds the new: what is left of nothing is nothing. */
  #count(before: KeptPart['sums'], after: KeptPart['sums'], at: Ordinal): void {
    if (before === after) return;
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      if (canonical(before[key]) === canonical(after[key])) continue;
      const total = this.#totalOf(key);
      for (const [measure, n] of Object.entries(before[key] ?? {})) total.set(measure, (total.get(measure) ?? 0n) - BigInt(n));
      for (const [measure, n] of Object.entries(after[key] ?? {})) total.set(measure, (total.get(measure) ?? 0n) + BigInt(n));
      for (const [measure, n] of total) if (n === 0n) total.delete(measure);
      this.readModel.setTotal(this.build.id, key, Object.fromEntries([...total].map(([m, n]) => [m, String(n)]).sort()), at);
    }
  }

  #partsOf(stream: string, fresh = false): Map<string, KeptPart> {
    let parts = this.#current.get(stream);
    if (!parts) {
      if (this.#current.size > 500) this.#current.clear();
      parts = new Map(fresh ? [] : this.readModel.partsOf(this.build.id, stream).map((part) => [part.key, part]));
      this.#current.set(stream, parts);
    }
    return parts;
  }

  #totalOf(key: string): Map<string, bigint> {
    let total = this.#totals.get(key);
    if (!total) {
      if (this.#totals.size > 1000) this.#totals.clear();
      const stored = this.readModel.totalAt(this.build.id, key, Number.MAX_SAFE_INTEGER - 1);
      total = new Map(Object.entries(stored).map(([measure, n]) => [measure, BigInt(n)]));
      this.#totals.set(key, total);
    }
    return total;
  }
}

const kept = (parts: Parts): { readonly [key: string]: KeptPart } =>
  Object.fromEntries(
    Object.entries(parts).map(([key, { value, row = false, links = [], sums = {} }]) => [
      key,
      {
        key,
        value: JSON.stringify(value),
        row,
        links: [...new Set(links)],
        sums: Object.fromEntries(
          Object.entries(sums).map(([total, measures]) => [
            total,
            Object.fromEntries(Object.entries(measures).map(([m, n]) => [m, String(n)])),
          ]),
        ),
      },
    ]),
  );

const same = (a: KeptPart, b: KeptPart): boolean =>
  a.value === b.value && a.row === b.row && canonical(a.links) === canonical(b.links) && canonical(a.sums) === canonical(b.sums);
