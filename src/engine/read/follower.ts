import type { AnyAggregate, Projection, RecordedEvent } from '../../kernel/index.js';
import type { LogReader } from '../../store/event-store.js';
import type { IndexedEvent, ProjectionBuild, ReadModel, Sequence, Tag } from '../../store/read-model.js';
import { HISTORY_BYTES, HistoryCache, type Prepared } from '../history-cache.js';
import { ProjectionWriter, Writers } from './projection-writer.js';
import { indexWords } from './search-index.js';

export { HISTORY_BYTES };

export interface FollowerOptions {
  readonly log: LogReader;
  /** The follower closes it. */
  readonly readModel: ReadModel;
  readonly projections: readonly Projection[];
  readonly aggregates: readonly AnyAggregate[];
  /** Memory for folded streams, in bytes: so much for what follows the log, and as much for a rebuild. */
  readonly historyBytes: number;
  readonly listener: FollowerListener;
}

export interface FollowerListener {
  report(report: FollowerReport): void;
  log(message: string, error?: unknown): void;
}

/** What is committed: plain data, since it may come from another thread. */
export interface FollowerReport {
  readonly sequence: Sequence;
  readonly position: string | undefined;
  /** The latest `recordedAt` in the log up to there. */
  readonly watermark: string | undefined;
  readonly builds: readonly BuildReport[];
}
export interface BuildReport {
  readonly projection: string;
  /** The build that serves; undefined until the first one is complete. */
  readonly build: number | undefined;
  /** How far a build that is being made has come; undefined when there is none. */
  readonly catchingUp: Sequence | undefined;
  /** Streams of the build that serves which cannot be folded any more. */
  readonly faulted: number;
}

/** A follower at work, on this thread or on another one. */
export interface RunningFollower {
  /** Somebody waits: what is read is committed within a few milliseconds. */
  flush(): void;
  /** Nobody reads the builds any more that others have replaced. */
  retire(): void;
  /** Makes a projection again from the log beside the build that serves, then swaps them. @throws what keeps it from being made */
  rebuild(projection: string): Promise<void>;
  /** Rejects with what ended it, unless it was closed. */
  readonly ended: Promise<void>;
  /** Commits what is read and closes the read model. */
  close(): Promise<void>;
}

/** Events that are read from the log at once, that are folded without a pause, and that share one commit at the most. */
const PAGE = 1000;
const BATCH = 250;
const MAX_UNCOMMITTED = 20_000;
/** How long events wait for others that share their commit: when nobody waits, when somebody does, and when somebody does during a catch-up. */
const COMMIT_MS = 250;
const FLUSH_MS = 5;
const FLUSH_CATCHING_UP_MS = 200;

interface Serving {
  readonly projection: Projection;
  writer: ProjectionWriter | undefined;
  catchingUp: ProjectionWriter | undefined;
}

const breathe = () => new Promise((resolve) => setImmediate(resolve));

/**
 * Follows the log and writes the contributions of every projection: one event after the other, in store order, with the cursor in the
 * same transaction. What is written is a function of the log alone, so a rebuild at the same version gives the same bytes. Commits are
 * batched for 250 ms; a crash loses what is not committed harmlessly, since it is read from the log again. Whatever goes wrong with the log or the
 * read model ends it; a stream that cannot be folded does not.
 */
export class Follower implements RunningFollower {
  readonly #o: FollowerOptions;
  readonly #serving = new Map<string, Serving>();
  readonly #stop = new AbortController();
  readonly #histories: HistoryCache;
  /** Of the builds that serve. */
  #writers: Writers | undefined;
  /** The last event that was read, and the last one that is committed. */
  #last: IndexedEvent | undefined;
  #committed: IndexedEvent | undefined;
  #rebuilds: Promise<void> = Promise.resolve();
  /** What is to be rebuilt, and has not been begun. */
  readonly #queued = new Set<Serving>();
  #retiring = false;
  /** Whether nobody reads builds that others have replaced. */
  #released = false;
  #commitTimer: NodeJS.Timeout | undefined;
  #flushWanted = false;
  #catchingUp = false;
  #failed = false;
  #end!: (error: unknown) => void;
  readonly ended: Promise<void>;
  readonly #loop: Promise<void>;
  #closing: Promise<void> | undefined;

  /** @throws what the read model throws; the caller then closes it */
  constructor(options: FollowerOptions) {
    this.#o = options;
    this.#histories = this.#newHistories();
    this.ended = new Promise((resolve, reject) => (this.#end = (error) => (error === undefined ? resolve() : reject(error))));
    this.ended.catch(() => undefined);
    this.#begin();
    this.#loop = this.#follow().catch((error: unknown) => this.#fail(error));
  }

  #begin(): void {
    const { readModel, projections } = this.#o;
    readModel.transaction(() => undefined); // that it can be written shows now
    this.#last = this.#committed = readModel.lastEvent();
    const sequence = this.#last?.sequence ?? 0;
    const builds = readModel.builds();
    const rebuilt: Serving[] = [];
    for (const projection of projections) {
      const { name, version } = projection;
      const serving: Serving = { projection, writer: undefined, catchingUp: undefined };
      this.#serving.set(name, serving);
      const current = builds.find((build) => build.projection === name && build.version === version && build.serving);
      if (current && current.cursor === sequence) {
        this.#serve(serving, current);
        if (readModel.faulted(current.id, { limit: 1 }).length > 0) rebuilt.push(serving); // this program may know what they hold
      } else if (sequence === 0) this.#serve(serving, current ?? readModel.addBuild(name, version, true));
      else rebuilt.push(serving);
    }
    for (const serving of rebuilt) void this.#rebuild(serving);
    this.#report();
  }

  #newHistories(): HistoryCache {
    const { log: store, aggregates, historyBytes: maxBytes } = this.#o;
    return new HistoryCache({ store, aggregates, maxBytes });
  }

  flush(): void {
    if (this.#flushWanted) return;
    this.#flushWanted = true;
    if (this.#commitTimer) this.#commitSoon();
  }

  rebuild(projection: string): Promise<void> {
    const rebuilt = this.#rebuild(this.#serving.get(projection)!);
    this.#report();
    return rebuilt;
  }

  retire(): void {
    this.#released = true;
    this.#beginRetiring();
  }
  #beginRetiring(): void {
    if (this.#retiring || !this.#released) return;
    this.#retiring = true;
    this.#retire()
      .catch((error: unknown) => this.#fail(error))
      .finally(() => (this.#retiring = false));
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }
  async #close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled([this.#loop, this.#rebuilds]);
    while (this.#retiring) await breathe();
    clearTimeout(this.#commitTimer);
    try {
      this.#o.readModel.close();
    } finally {
      this.#end(undefined);
    }
  }

  #fail(error: unknown): void {
    this.#failed = true;
    this.#stop.abort();
    clearTimeout(this.#commitTimer);
    this.#end(error);
  }

  #serve(serving: Serving, build: ProjectionBuild): void {
    serving.writer = this.#writerOf(serving, build);
    serving.catchingUp = undefined;
    this.#writers = undefined;
  }
  #writerOf({ projection }: Serving, build: ProjectionBuild): ProjectionWriter {
    return new ProjectionWriter(this.#o.readModel, projection, build, (message, error) => this.#o.listener.log(message, error));
  }

  #report(): void {
    const builds = [...this.#serving.values()].map((serving) => ({
      projection: serving.projection.name,
      build: serving.writer?.build.id,
      catchingUp: serving.catchingUp?.cursor ?? (this.#queued.has(serving) ? 0 : undefined),
      faulted: serving.writer?.faulted.size ?? 0,
    }));
    const { sequence = 0, position, watermark } = this.#committed ?? {};
    this.#o.listener.report({ sequence, position, watermark, builds });
  }

  #commit(): void {
    clearTimeout(this.#commitTimer);
    this.#commitTimer = undefined;
    if (this.#failed) return; // what is read from now on is reported by the next follower
    this.#o.readModel.commit();
    if (this.#committed === this.#last) return;
    this.#committed = this.#last;
    this.#flushWanted = false;
    this.#report();
  }

  #commitSoon(): void {
    clearTimeout(this.#commitTimer);
    const ms = this.#flushWanted ? (this.#catchingUp ? FLUSH_CATCHING_UP_MS : FLUSH_MS) : COMMIT_MS;
    this.#commitTimer = setTimeout(() => {
      try {
        this.#commit();
      } catch (error) {
        this.#fail(error);
      }
    }, ms);
  }

  async #follow(): Promise<void> {
    const { log } = this.#o;
    let uncommitted = 0;
    for await (const page of log.follow(this.#last?.position, this.#stop.signal, PAGE)) {
      this.#catchingUp = page.length === PAGE;
      const streams = await this.#histories.prepare(page);
      for (let from = 0; from < page.length; from += BATCH) {
        if (this.#stop.signal.aborted) break;
        const events = page.slice(from, from + BATCH);
        uncommitted = (this.#commitTimer ? uncommitted : 0) + events.length;
        this.#read(events, streams);
        if (uncommitted >= MAX_UNCOMMITTED) this.#commit();
        else if (!this.#commitTimer || (this.#catchingUp && !this.#flushWanted)) this.#commitSoon();
        await breathe(); // messages and rebuilds come first
      }
      if (this.#stop.signal.aborted) break;
    }
    this.#commit();
  }

  #read(events: readonly RecordedEvent[], streams: Prepared): void {
    const { readModel, listener } = this.#o;
    const writers = (this.#writers ??= new Writers([...this.#serving.values()].flatMap(({ writer }) => writer ?? [])));
    let last = this.#last;
    readModel.transaction(() => {
      for (const event of events) {
        last = indexed(event, last);
        readModel.addEvent(last, tagsOf(event));
        const failed = (error: unknown) =>
          listener.log(`${event.stream} cannot be folded from revision ${event.revision} (${event.position}) on.`, error);
        indexWords(readModel, event, last.sequence, writers.take(event, streams, last.sequence, failed));
      }
      for (const { build } of writers.all) readModel.moveBuild(build.id, last!.sequence);
    }, true);
    this.#last = last;
    for (const writer of writers.all) writer.cursor = last!.sequence;
  }

  #rebuild(serving: Serving): Promise<void> {
    this.#queued.add(serving);
    const run = this.#rebuilds.then(() => this.#catchUp(serving));
    this.#rebuilds = run.catch((error: unknown) => {
      if (this.#stop.signal.aborted) return;
      this.#o.listener.log(`${serving.projection.name} could not be rebuilt.`, error);
      if (!serving.writer) return this.#fail(error); // a later attempt may succeed
      this.#report();
    });
    return run;
  }

  async #catchUp(serving: Serving): Promise<void> {
    const { log, readModel } = this.#o;
    const { name, version } = serving.projection;
    this.#queued.delete(serving);
    this.#commit(); // a failure here rolls back nothing of what follows the log
    const build = readModel.addBuild(name, version, false);
    const writer = this.#writerOf(serving, build);
    serving.catchingUp = writer;
    this.#report();
    try {
      const writers = new Writers([writer]);
      const histories = this.#newHistories();
      let position: string | undefined;
      const target = () => this.#last?.sequence ?? 0;
      while (writer.cursor < target()) {
        const page = (await log.readAll(position, PAGE)).slice(0, target() - writer.cursor);
        if (page.length === 0)
          throw new Error(`The log ends at ${position ?? 'its start'}, before event ${writer.cursor + 1} of ${target()}.`);
        const streams = await histories.prepare(page);
        for (let from = 0; from < page.length; from += BATCH) {
          if (this.#stop.signal.aborted) throw new Error('The projector was closed.');
          this.#commit();
          readModel.transaction(() => {
            for (const event of page.slice(from, from + BATCH)) writers.take(event, streams, ++writer.cursor);
            readModel.moveBuild(build.id, writer.cursor);
          });
          await breathe();
        }
        position = page.at(-1)!.position;
        this.#report();
      }
      // Nothing waits between the last comparison and the swap, so no event can come between.
      this.#commit();
      readModel.transaction(() => readModel.activate(build.id));
      this.#released = false; // until the readers have the report
    } catch (error) {
      serving.catchingUp = undefined;
      if (!this.#stop.signal.aborted) {
        this.#commit();
        readModel.transaction(() => readModel.dropBuild(build.id));
        this.#beginRetiring();
      }
      throw error;
    }
    this.#serve(serving, { ...build, cursor: writer.cursor, serving: true });
    this.#report();
  }

  async #retire(): Promise<void> {
    for (let more = true; more;) {
      await breathe();
      if (this.#stop.signal.aborted || !this.#released) return;
      this.#commit();
      this.#o.readModel.transaction(() => (more = this.#o.readModel.retire()));
    }
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
