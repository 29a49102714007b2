import { createHash } from 'node:crypto';
import { dayOf, type Projection, type RecordedEvent } from '../../kernel/index.js';
import {
  MAX_PAGE,
  ReadModelDamagedError,
  type EventQuery,
  type FaultedStream,
  type IndexedEvent,
  type ReadModelReader,
  type Sequence,
} from '../../store/read-model.js';
import { Signal } from '../../store/signal.js';
import { HISTORY_BYTES, HistoryCache } from '../history-cache.js';
import { Build } from './served-build.js';
import { FollowerSupervisor, type SupervisorOptions } from './follower-supervisor.js';
import type { FollowerReport } from './follower.js';
import type { Row, RowValue } from './rows/rendering.js';
import { Rows } from './rows/rows.js';
import { RowsOnDay } from './rows/rows-on-day.js';
import type { Update } from './rows/updates.js';
import { searchPage, type SearchPage, type SearchQuestion } from './search.js';

export interface ProjectionOptions extends SupervisorOptions {
  /** Folded streams that this thread shares, for readers; of their own unless given. */
  readonly histories?: HistoryCache;
  /** The time, as `2026-11-24T09:30:00.000Z`: rows may look at the day. */
  readonly now: () => string;
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
  /** Streams that cannot be folded or rendered, 1 000 of each at most. */
  readonly faulted: readonly FaultedStream[];
  /** What keeps all projections from following the log, until they do again. */
  readonly error?: string;
}

/** The projection is being made and cannot answer yet. */
export class RebuildingError extends Error {
  override readonly name = 'RebuildingError';
  constructor(
    readonly projection: string,
    readonly done: number,
    readonly of?: number,
  ) {
    super(`${projection} is being rebuilt: ${done}${of === undefined ? '' : ` of ${of}`} events.`);
  }
}

/** Memory for the folded streams that views of a day are made of, in bytes. */
const DAY_HISTORY_BYTES = 8 << 20;
/** Builds in which a question is asked at most. */
const MAX_ASKED = 5;

interface Serving {
  readonly projection: Projection;
  readonly generation: string;
  build: Build | undefined;
  rows: Rows | undefined;
  onDay: RowsOnDay | undefined;
  catchingUp: Sequence | undefined;
}

/**
 * Answers for the projections. A follower writes them, here or on a thread of its own; this reads them over a connection of its own, and
 * sees what the follower has reported as committed. No call waits for the follower but those that say so.
 */
export class Projector {
  readonly #o: ProjectionOptions;
  readonly #serving: ReadonlyMap<string, Serving>;
  readonly #stop = new AbortController();
  readonly #waiting = new Signal();
  readonly #histories: HistoryCache;
  /** Apart, since a view of a day reads every stream once. */
  readonly #dayHistories: HistoryCache;
  readonly #supervisor: FollowerSupervisor;
  #reported: FollowerReport | undefined;
  /** The head of the log when its first read model was begun: nothing is answered before it is reached. */
  #firstUntil: string | undefined;
  #isEndingWaits = false;

  private constructor(options: ProjectionOptions) {
    this.#o = options;
    this.#histories = options.histories ?? new HistoryCache({ ...options, maxBytes: options.historyBytes ?? HISTORY_BYTES });
    this.#dayHistories = new HistoryCache({ ...options, maxBytes: DAY_HISTORY_BYTES, follows: false });
    this.#serving = new Map(
      options.projections.map((projection) => [
        projection.name,
        {
          projection,
          generation: this.#generation(projection),
          build: undefined,
          rows: undefined,
          onDay: undefined,
          catchingUp: undefined,
        },
      ]),
    );
    this.#supervisor = new FollowerSupervisor(options, {
      sequence: () => this.sequence,
      begins: (head) => void (this.#firstUntil = head),
      take: (report, reader) => this.#take(report, reader),
      changed: () => {
        this.#waiting.notifyAll();
        this.#hurry();
      },
      lost: () => this.#lost(),
    });
  }

  /** Begins to open the read model and to follow the log; `opened` resolves after the first attempt, whether or not it succeeded. */
  static start(options: ProjectionOptions): Projector {
    return new Projector(options);
  }

  /** Resolves after the first attempt to follow, whether or not it succeeded. */
  get opened(): Promise<void> {
    return this.#supervisor.opened;
  }
  /** The last event that every serving projection has read, of those that are committed. */
  get sequence(): Sequence {
    return this.#reported?.sequence ?? 0;
  }
  get position(): string | undefined {
    return this.#reported?.position;
  }
  /** The latest `recordedAt` in the log up to here. */
  get watermark(): string | undefined {
    return this.#reported?.watermark;
  }
  /** The day in the ledger's time zone. */
  get today(): string {
    return dayOf(this.#o.now(), this.#o.store.genesis.timeZone);
  }
  /** The time, in UTC with milliseconds. */
  get now(): string {
    return this.#o.now();
  }
  /** What keeps the projections from following the log; undefined while they do. */
  get failed(): unknown {
    return this.#supervisor.failed;
  }

  list(): readonly ProjectionStatus[] {
    const error = this.failed === undefined ? {} : { error: messageOf(this.failed) };
    return [...this.#serving.values()].map(({ projection, generation, build, rows, catchingUp }) => {
      const serves = rows !== undefined && this.#firstUntil === undefined;
      return {
        name: projection.name,
        version: projection.version,
        question: projection.question,
        generation,
        state: serves ? 'serving' : 'rebuilding',
        position: serves ? (this.position ?? null) : null,
        behind: rows ? 0 : this.sequence - (catchingUp ?? 0),
        faulted: [...(build?.faults() ?? []), ...(build?.renderErrors(this.sequence) ?? [])],
        ...error,
      };
    });
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

  /** @throws RebuildingError */
  async rows(
    name: string,
    options: { at?: Sequence; cursor?: string; limit?: number; filters?: Record<string, string>; kind?: string } = {},
  ): Promise<{ rows: Row[]; next?: string }> {
    const { at = this.sequence, cursor = '', limit = 100, filters = {}, kind } = options;
    return this.ask(name, (rows) => rows.page(at, cursor, limit, filters, kind));
  }
  /** @throws RebuildingError */
  async row(name: string, key: string, at: Sequence = this.sequence): Promise<RowValue | undefined> {
    return this.ask(name, (rows) => rows.row(key, at));
  }
  /** @throws RebuildingError */
  async updates(name: string, after: Sequence, limit?: number): Promise<{ readonly updates: readonly Update[]; readonly upTo: Sequence }> {
    if (after >= this.sequence) return { updates: [], upTo: after };
    return this.ask(name, (rows) => rows.updates(after, this.sequence, limit));
  }

  /** At most `limit` events in store order, in steps with a pause between them. @throws RebuildingError */
  async events(query: Omit<EventQuery, 'upTo'> & { readonly upTo?: Sequence }): Promise<readonly IndexedEvent[]> {
    const { upTo = this.sequence, limit } = query;
    const found: IndexedEvent[] = [];
    for (let { after } = query; ;) {
      const page = this.#readModel.events({ ...query, upTo, after, limit: Math.min(MAX_PAGE, limit - found.length) });
      found.push(...page.events);
      if (found.length >= limit || page.scanned >= upTo) return found;
      after = page.scanned;
      await new Promise((resolve) => setImmediate(resolve)); // others come first
    }
  }
  /** @throws RebuildingError */
  eventById(id: string): IndexedEvent | undefined {
    const found = this.#readModel.eventById(id);
    return found && found.sequence <= this.sequence ? found : undefined;
  }
  /** With its id. @throws RebuildingError */
  eventAt(sequence: Sequence): IndexedEvent | undefined {
    return sequence > this.sequence ? undefined : this.#readModel.eventAt(sequence);
  }
  /** As recorded, from what is local. @throws what the store throws */
  event({ stream, revision }: Pick<IndexedEvent, 'stream' | 'revision'>): Promise<RecordedEvent> {
    return this.#histories.event(stream, revision);
  }
  /** @throws RebuildingError */
  revisionAt(stream: string, sequence: Sequence): number {
    return this.#readModel.revisionAt(stream, sequence);
  }

  /** Events that have words. @throws RebuildingError, NoSearchWordsError */
  async search(question: SearchQuestion): Promise<SearchPage> {
    if (this.#firstUntil !== undefined) throw new RebuildingError('The search', this.sequence);
    return searchPage({ readModel: this.#readModel, histories: this.#histories, sequence: this.sequence }, question);
  }

  /** The sequence of an event's position; undefined when no event has it. @throws InvalidPositionError, RebuildingError */
  sequenceAt(position: string): Sequence | undefined {
    const { store } = this.#o;
    const sequence = this.#longest((event) => store.compare(event.position, position) <= 0);
    return sequence > 0 && this.#indexed(sequence).position === position ? sequence : undefined;
  }

  /** The longest prefix of the log recorded up to an instant; final once an event that was recorded later is known. @throws RebuildingError */
  asOf(instant: string): { readonly sequence: Sequence; readonly final: boolean } {
    const sequence = this.#longest((event) => event.watermark <= instant);
    return { sequence, final: sequence < this.sequence };
  }

  #longest(within: (event: IndexedEvent) => boolean): Sequence {
    let [low, high] = [0, this.sequence];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (within(this.#indexed(middle))) low = middle;
      else high = middle - 1;
    }
    return low;
  }
  #indexed(sequence: Sequence): IndexedEvent {
    const event = this.#readModel.eventAt(sequence);
    if (event) return event;
    const damage = new ReadModelDamagedError(`The read model is damaged: event ${sequence} of ${this.sequence} is missing.`);
    this.#supervisor.isDamaged(damage);
    throw damage;
  }

  /** Nobody waits for a position from now on: who does is answered as things stand. */
  endWaits(): void {
    this.#isEndingWaits = true;
    this.#waiting.notifyAll();
  }
  get isEndingWaits(): boolean {
    return this.#isEndingWaits;
  }

  /** Whether every projection has read a position, after waiting so long for it. @throws InvalidPositionError, TooManyWaitersError */
  async reached(position: string, timeoutMs: number): Promise<boolean> {
    const { store } = this.#o;
    const there = () => this.position !== undefined && store.compare(this.position, position) >= 0;
    store.compare(position, position);
    await this.#wait(AbortSignal.timeout(timeoutMs), () => this.#isEndingWaits || this.#stop.signal.aborted || there());
    return there();
  }

  /** Waits until the log has been read beyond a sequence, or the signal aborts. @throws TooManyWaitersError, and once it is closed */
  beyond(sequence: Sequence, signal: AbortSignal): Promise<void> {
    return this.#wait(signal, () => {
      if (this.#stop.signal.aborted) throw new Error('The projector is closed.'); // an answer would send a loop of readers round without end
      return this.sequence > sequence && this.#firstUntil === undefined;
    });
  }

  #wait(signal: AbortSignal, holds: () => boolean): Promise<void> {
    const waiting = this.#waiting.wait(signal, holds);
    this.#hurry();
    return waiting;
  }

  /** What is not committed yet, while somebody waits for it. */
  #hurry(): void {
    if (this.#waiting.size > 0) this.#supervisor.follower?.flush();
  }

  /** Until all that is in the store now has been read and no rebuild is under way. @throws what keeps the projections from following */
  async idle(): Promise<void> {
    await this.opened;
    const { store } = this.#o;
    const head = await store.head();
    const done = () =>
      (head === undefined || (this.position !== undefined && store.compare(this.position, head) >= 0)) &&
      [...this.#serving.values()].every(({ rows, catchingUp }) => rows !== undefined && catchingUp === undefined);
    await this.#wait(this.#stop.signal, () => this.failed !== undefined || done());
    if (this.failed !== undefined) throw this.failed;
  }

  /** Makes a projection again from the log beside the build that serves, then swaps them. @throws what keeps it from being made */
  async rebuild(name: string): Promise<void> {
    const { follower, failed } = this.#supervisor;
    if (!follower) throw failed ?? new RebuildingError(name, 0);
    return follower.rebuild(name);
  }

  /** For comparing builds in tests. */
  dump(name: string): string {
    return this.#readModel.dump(this.#serving.get(name)!.build!.build.id);
  }
  /** For comparing indexes in tests. */
  dumpWords(): string {
    return this.#readModel.dumpWords();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#waiting.notifyAll();
    await this.#supervisor.close();
  }

  /** @throws RebuildingError */
  get #readModel(): ReadModelReader {
    const { reader } = this.#supervisor;
    if (!reader) throw new RebuildingError('The read model', 0);
    return reader;
  }

  /**
   * Asks again when another build took over meanwhile, since the earlier one may be deleted while it is read.
   * @throws RebuildingError, also when builds follow each other faster than the question is answered
   */
  async ask<T>(name: string, question: (rows: Rows, onDay: RowsOnDay) => Promise<T>): Promise<T> {
    for (let attempt = 0; attempt < MAX_ASKED; attempt++) {
      const rows = this.#rows(name);
      const [answer] = await Promise.allSettled([question(rows, this.#serving.get(name)!.onDay!)]);
      if (rows !== this.#serving.get(name)!.rows) continue;
      if (answer.status === 'rejected') throw answer.reason;
      return answer.value;
    }
    throw new RebuildingError(name, this.sequence, this.sequence);
  }

  #rows(name: string): Rows {
    const { rows, catchingUp } = this.#serving.get(name)!;
    if (this.#firstUntil !== undefined) throw new RebuildingError(name, this.sequence);
    if (!rows) throw new RebuildingError(name, catchingUp ?? 0, this.sequence);
    return rows;
  }

  #generation({ name, version }: Projection): string {
    return createHash('sha256')
      .update(`${this.#o.store.genesis.ledgerId}\n${this.#o.store.kind}\n${name}\n${version}`)
      .digest('hex')
      .slice(0, 12);
  }

  /** @returns whether a build took over from one that was read */
  #take(report: FollowerReport, reader: ReadModelReader): boolean {
    this.#reported = report;
    let swapped = false;
    for (const { projection: name, build, catchingUp, faulted } of report.builds) {
      const serving = this.#serving.get(name)!;
      serving.catchingUp = catchingUp;
      if (build !== serving.build?.build.id) {
        swapped ||= serving.build !== undefined;
        serving.build = build === undefined ? undefined : new Build(reader, serving.projection, build, this.#o.log);
        serving.rows = serving.build && new Rows(reader, serving.projection, serving.build, this.#histories, () => this.today);
        serving.onDay = serving.build && new RowsOnDay(reader, serving.projection, serving.build, this.#dayHistories);
      }
      if (serving.build) serving.build.faultCount = faulted;
    }
    const until = this.#firstUntil;
    if (until !== undefined && report.position !== undefined && this.#o.store.compare(report.position, until) >= 0)
      this.#firstUntil = undefined;
    return swapped;
  }
  #lost(): void {
    this.#reported = undefined;
    for (const serving of this.#serving.values()) serving.build = serving.rows = serving.onDay = serving.catchingUp = undefined;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
