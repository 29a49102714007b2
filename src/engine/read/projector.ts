import { createHash } from 'node:crypto';
import type { AnyAggregate, Projection, RecordedEvent } from '../../kernel/index.js';
import type { EventStore } from '../../store/event-store.js';
import type { ProjectionBuild, EventQuery, IndexedEvent, Sequence, ReadModel, FaultedStream, Tag } from '../../store/read-model.js';
import { Signal } from '../../store/signal.js';
import { split } from '../audit/audit.js';
import { ProjectionWriter } from './projection-writer.js';
import { Histories, type Prepared } from './histories.js';
import { Readers } from './readers.js';
import { Rows, type Row, type RowValue, type Update } from './rows.js';

export interface ProjectionOptions {
  readonly store: EventStore;
  readonly readModel: ReadModel;
  readonly projections: readonly Projection[];
  readonly aggregates: readonly AnyAggregate[];
  /** Says once what went wrong with a stream or a projection. */
  log?(message: string, error?: unknown): void;
  /** Streams, and events of histories for those who read, that are kept at hand. */
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
  readonly faulted: readonly FaultedStream[];
}

/** The projection is being made anew and cannot answer yet. */
export class RebuildingError extends Error {
  override readonly name = 'RebuildingError';
  constructor(
    readonly projection: string,
    readonly done: number,
    readonly of: number,
  ) {
    super(`${projection} is being rebuilt: ${done} of ${of} events.`);
  }
}

/** Events that are read from the log at once, that are taken without a pause, and that share one commit at the most. */
const PAGE = 1000;
const BATCH = 250;
const MAX_UNCOMMITTED = 20_000;
const COMMIT_MS = 250;
/** Builds in which a question is asked at most. */
const MAX_ASKED = 5;

interface Serving {
  readonly projection: Projection;
  readonly generation: string;
  writer: ProjectionWriter | undefined;
  rows: Rows | undefined;
  catchingUp: ProjectionWriter | undefined;
}

/**
 * Follows the store and keeps every projection's parts: one event after the other, in store order, a transaction for each batch with
 * the cursor in it. What is kept is a function of the log alone, so a rebuild at the same version gives the same bytes.
 */
export class Projector {
  readonly #o: ProjectionOptions;
  readonly #subjects: ReadonlyMap<string, AnyAggregate>;
  readonly #serving = new Map<string, Serving>();
  readonly #stop = new AbortController();
  readonly #waiting = new Signal();
  readonly #histories: Histories;
  readonly #readers: Readers;
  #last: IndexedEvent | undefined;
  #loop: Promise<void> = Promise.resolve();
  #rebuilds: Promise<void> = Promise.resolve();
  #failed: unknown;
  #closed = false;
  #committing: NodeJS.Timeout | undefined;

  private constructor(options: ProjectionOptions) {
    this.#o = options;
    this.#subjects = new Map(options.aggregates.map((s) => [s.category, s]));
    this.#histories = new Histories(options.store, this.#subjects, options.keep ?? 4000);
    this.#readers = new Readers(options.store, this.#subjects, options.keep ?? 4000);
  }

  static start(options: ProjectionOptions): Projector {
    const projector = new Projector(options);
    projector.#start();
    return projector;
  }

  #start(): void {
    const { readModel, projections, store } = this.#o;
    readModel.onFailure((error) => {
      this.#stop.abort();
      this.#fail(error);
    });
    readModel.bind(`${store.genesis.ledgerId} ${store.kind}`); // positions are the store's own
    this.#last = readModel.lastEvent();
    const builds = readModel.builds();
    for (const projection of projections) {
      const serving: Serving = {
        projection,
        generation: this.#generation(projection),
        writer: undefined,
        rows: undefined,
        catchingUp: undefined,
      };
      this.#serving.set(projection.name, serving);
      const current = builds.find((b) => b.projection === projection.name && b.version === projection.version && b.serving);
      if (current && current.cursor === this.sequence) {
        this.#serve(serving, current);
        if (readModel.faulted(current.id).length > 0) void this.#remake(serving); // what could not be folded is tried again
      } else if (this.sequence === 0) this.#serve(serving, current ?? readModel.addBuild(projection.name, projection.version, true));
      else void this.#remake(serving);
    }
    this.#loop = this.#follow().catch((error: unknown) => this.#fail(error));
    void this.#sweep();
  }

  /** The last event that every serving projection has read. */
  get sequence(): Sequence {
    return this.#last?.sequence ?? 0;
  }
  get position(): string | undefined {
    return this.#last?.position;
  }
  get failed(): unknown {
    return this.#failed;
  }

  list(): readonly ProjectionStatus[] {
    return [...this.#serving.values()].map(({ projection, generation, writer, catchingUp }) => ({
      name: projection.name,
      version: projection.version,
      question: projection.question,
      generation,
      state: writer ? 'serving' : 'rebuilding',
      position: writer ? (this.position ?? null) : null,
      behind: writer ? 0 : this.sequence - (catchingUp?.cursor ?? 0),
      faulted: writer
        ? [
            ...this.#o.readModel.faulted(writer.build.id),
            ...[...writer.renderErrors].map(([stream, error]) => ({ stream, sequence: this.sequence, error })),
          ]
        : [],
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
  async rows(
    name: string,
    options: { at?: Sequence; cursor?: string; limit?: number; filters?: Record<string, string> } = {},
  ): Promise<{ rows: Row[]; next?: string }> {
    const { at = this.sequence, cursor = '', limit = 100, filters = {} } = options;
    return this.ask(name, (rows) => rows.page(at, cursor, limit, filters));
  }
  /** @throws Rebuilding */
  async row(name: string, key: string, at: Sequence = this.sequence): Promise<RowValue | undefined> {
    return this.ask(name, (rows) => rows.row(key, at));
  }
  /** @throws Rebuilding */
  async updates(name: string, after: Sequence, limit?: number): Promise<{ readonly updates: readonly Update[]; readonly upTo: Sequence }> {
    if (after >= this.sequence) return { updates: [], upTo: this.sequence };
    return this.ask(name, (rows) => rows.updates(after, this.sequence, limit));
  }

  events(query: Omit<EventQuery, 'upTo'> & { upTo?: Sequence }): readonly IndexedEvent[] {
    return this.#o.readModel.events({ upTo: this.sequence, ...query });
  }
  eventById(id: string): IndexedEvent | undefined {
    return this.#o.readModel.eventById(id);
  }
  eventAt(sequence: Sequence): IndexedEvent | undefined {
    return this.#o.readModel.eventAt(sequence);
  }
  revisionAt(stream: string, sequence: Sequence): number {
    return this.#o.readModel.revisionAt(stream, sequence);
  }

  /** The sequence of an event's position; undefined when no event stands there. @throws InvalidPosition */
  sequenceAt(position: string): Sequence | undefined {
    const { store, readModel } = this.#o;
    const sequence = this.#longest((event) => store.compare(event.position, position) <= 0);
    return sequence > 0 && readModel.eventAt(sequence)!.position === position ? sequence : undefined;
  }

  /** The longest prefix of the log with log time up to an instant; final once an event of a later log time is known. */
  asOf(instant: string): { readonly sequence: Sequence; readonly final: boolean } {
    const sequence = this.#longest((event) => event.watermark <= instant);
    return { sequence: sequence, final: sequence < this.sequence };
  }

  #longest(within: (event: IndexedEvent) => boolean): Sequence {
    let [low, high] = [0, this.sequence];
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
    await this.#waiting.wait(AbortSignal.timeout(timeoutMs), () => this.#closed || there());
    return there();
  }

  /** Waits until the log has been read beyond a sequence, or the signal aborts. @throws TooManyWaitersError, and once it is closed */
  beyond(sequence: Sequence, signal: AbortSignal): Promise<void> {
    return this.#waiting.wait(signal, () => {
      if (this.#closed) throw new Error('The projector is closed.'); // an answer would send a loop of readers round without end
      return this.sequence > sequence;
    });
  }

  /** Until all that is in the store now has been read and no rebuild is under way. */
  async idle(): Promise<void> {
    const head = await this.#o.store.head();
    while (head !== undefined && !this.#stop.signal.aborted && !(await this.reached(head, 1000))) if (this.#failed) throw this.#failed;
    await this.#rebuilds;
    if (this.#failed) throw this.#failed;
  }

  /** Makes a projection again from the log beside the build that serves, then swaps them. @throws what keeps it from being made */
  rebuild(name: string): Promise<void> {
    return this.#remake(this.#serving.get(name)!);
  }

  dump(name: string): string {
    return this.#o.readModel.dump(this.#serving.get(name)!.writer!.build.id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop.abort();
    this.#waiting.notifyAll();
    await Promise.allSettled([this.#loop, this.#rebuilds]);
    clearTimeout(this.#committing);
    this.#o.readModel.close();
  }

  /**
   * Asks again when another build took over meanwhile, since the earlier one may be deleted while it is read.
   * @throws RebuildingError, also when builds follow each other faster than the question is answered
   */
  async ask<T>(name: string, question: (rows: Rows) => Promise<T>): Promise<T> {
    for (let attempt = 0; attempt < MAX_ASKED; attempt++) {
      const rows = this.#rows(name);
      const [answer] = await Promise.allSettled([question(rows)]);
      if (rows !== this.#serving.get(name)!.rows) continue;
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    }
    throw new RebuildingError(name, this.sequence, this.sequence);
  }

  #rows(name: string): Rows {
    const { rows, catchingUp } = this.#serving.get(name)!;
    if (!rows) throw new RebuildingError(name, catchingUp?.cursor ?? 0, this.sequence);
    return rows;
  }

  #generation({ name, version }: Projection): string {
    return createHash('sha256')
      .update(`${this.#o.store.genesis.ledgerId}\n${this.#o.store.kind}\n${name}\n${version}`)
      .digest('hex')
      .slice(0, 12);
  }

  #serve(serving: Serving, build: ProjectionBuild): void {
    const { readModel } = this.#o;
    serving.writer = new ProjectionWriter(readModel, serving.projection, build, (m, e) => this.#o.log?.(m, e));
    serving.rows = new Rows(readModel, serving.projection, serving.writer, this.#readers);
    serving.catchingUp = undefined;
  }

  /** One commit for what comes within a moment, unless somebody reads it: what is lost with the process is read from the log again. */
  #commitSoon(more: boolean): void {
    if (more) this.#committing = void clearTimeout(this.#committing);
    this.#committing ??= setTimeout(() => {
      this.#committing = undefined;
      try {
        this.#o.readModel.commit();
      } catch (error) {
        this.#stop.abort();
        this.#fail(error);
      }
    }, COMMIT_MS);
  }

  /** What is kept is still read, and nothing is added to it: who waits for more waits. */
  #fail(error: unknown): void {
    try {
      this.#last = this.#o.readModel.lastEvent(); // what was held may be gone
    } catch {
      // it cannot be read either: whoever asks is told
    }
    this.#waiting.notifyAll();
    if (this.#failed !== undefined) return;
    this.#failed = error;
    this.#o.log?.('Projections stopped following the log.', error);
  }

  #feeds(): readonly ProjectionWriter[] {
    return [...this.#serving.values()].flatMap(({ writer }) => writer ?? []);
  }

  async #follow(): Promise<void> {
    const { store, readModel } = this.#o;
    let held = 0;
    try {
      for await (const page of store.follow(this.position, this.#stop.signal, PAGE)) {
        const streams = await this.#histories.prepare(page);
        for (let from = 0; from < page.length; from += BATCH) {
          const events = page.slice(from, from + BATCH);
          held = this.#committing ? held + events.length : events.length;
          this.#read(events, streams, held < MAX_UNCOMMITTED);
          if (held >= MAX_UNCOMMITTED) held = 0;
          this.#commitSoon(page.length === PAGE);
          await new Promise((resolve) => setImmediate(resolve)); // commands and readers come first
          if (this.#stop.signal.aborted) return;
        }
      }
    } finally {
      readModel.commit();
    }
  }

  #read(events: readonly RecordedEvent[], streams: Prepared, hold: boolean): void {
    const { readModel, log } = this.#o;
    const writers = new Feeds(this.#feeds());
    let last = this.#last;
    readModel.transaction(() => {
      for (const event of events) {
        last = indexed(event, last);
        readModel.addEvent(last, tagsOf(event));
        writers.take(event, streams, last.sequence, (error) => log?.(`${event.stream} stopped at revision ${event.revision}.`, error));
      }
      for (const writer of writers.all) readModel.moveBuild(writer.build.id, last!.sequence);
    }, hold);
    this.#last = last;
    for (const feed of writers.all) feed.cursor = last!.sequence;
    this.#waiting.notifyAll();
  }

  #remake(serving: Serving): Promise<void> {
    const run = this.#rebuilds.then(() => this.#catchUp(serving));
    this.#rebuilds = run.catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#o.log?.(`${serving.projection.name} could not be rebuilt.`, error);
    });
    return run;
  }

  async #catchUp(serving: Serving): Promise<void> {
    const { store, readModel, keep = 4000 } = this.#o;
    const { name, version } = serving.projection;
    readModel.commit(); // what fails here takes nothing along of what follows the log
    const build = readModel.addBuild(name, version, false);
    const writer = new ProjectionWriter(readModel, serving.projection, build, (m, e) => this.#o.log?.(m, e));
    serving.catchingUp = writer;
    const writers = new Feeds([writer]);
    const histories = new Histories(store, this.#subjects, keep);
    let position: string | undefined;
    while (writer.cursor < this.sequence) {
      const page = (await store.readAll(position, PAGE)).slice(0, this.sequence - writer.cursor);
      if (page.length === 0) throw new Error(`The log ends at ${position ?? 'its start'}, before event ${writer.cursor + 1} of ${this.sequence}.`); // prettier-ignore
      const streams = await histories.prepare(page);
      for (let from = 0; from < page.length; from += BATCH) {
        if (this.#stop.signal.aborted) throw new Error('The projector was closed.');
        readModel.commit();
        readModel.transaction(() => {
          for (const event of page.slice(from, from + BATCH)) writers.take(event, streams, ++writer.cursor);
          readModel.moveBuild(build.id, writer.cursor);
        });
        await new Promise((resolve) => setImmediate(resolve));
      }
      position = page.at(-1)!.position;
    }
    // nothing waits between the last comparison and the swap, so no event can come between
    readModel.commit();
    readModel.transaction(() => readModel.activate(build.id));
    this.#serve(serving, { ...build, cursor: writer.cursor, serving: true });
    void this.#sweep();
  }

  async #sweep(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#stop.signal.aborted) return;
      let more = false;
      try {
        this.#o.readModel.commit();
        this.#o.readModel.transaction(() => (more = this.#o.readModel.retire()));
      } catch (error) {
        this.#o.log?.('What earlier builds left behind could not be swept away.', error);
      }
      if (!more) return;
    }
  }
}

/** Feeds by the category of the streams that they read. */
class Feeds {
  readonly #of = new Map<string, readonly ProjectionWriter[]>();
  constructor(readonly all: readonly ProjectionWriter[]) {}

  take(event: RecordedEvent, streams: Prepared, sequence: Sequence, failed?: (error: unknown) => void): void {
    const before = streams.before(event);
    const category = before?.aggregate.category ?? split(event.stream)[0];
    let writers = this.#of.get(category);
    if (!writers) this.#of.set(category, (writers = this.all.filter((writer) => writer.reads(category))));
    for (const feed of writers) feed.expect(event, category, before);
    const history = streams.advance(event, failed);
    for (const feed of writers) feed.take(event, category, history, sequence);
  }
}

const indexed = ({ position, stream, revision, id, metadata }: RecordedEvent, before: IndexedEvent | undefined): IndexedEvent => {
  const watermark = before && before.watermark > metadata.recordedAt ? before.watermark : metadata.recordedAt;
  return { sequence: (before?.sequence ?? 0) + 1, position, stream, revision, id, watermark };
};

const tagsOf = ({ type, metadata }: RecordedEvent): Tag[] => {
  const { programme, tower = [], contract = [], supplier = [] } = metadata.about;
  const { $correlationId, command } = metadata;
  const tags: Tag[] = [
    ['type', type],
    ['actor', metadata.actor.id],
  ];
  if ($correlationId !== command.id) tags.push(['correlation', $correlationId]);
  if (programme) tags.push(['programme', programme]);
  for (const id of tower) tags.push(['tower', id]);
  for (const id of contract) tags.push(['contract', id]);
  for (const id of supplier) tags.push(['supplier', id]);
  return tags;
};
