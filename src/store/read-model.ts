/** The number of an event among the ledger's events in store order, from 1: the same on every store and after every rebuild. */
export type Sequence = number;

/** `type`, `actor`, `correlation`, `programme`, `tower`, `contract`, `supplier`, each with its value. */
export type Tag = readonly [name: string, value: string];

/** One line of the log's index. */
export interface IndexedEvent {
  readonly sequence: Sequence;
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  /** The running maximum of `recordedAt` in store order. */
  readonly watermark: string;
}

/** Under which key a stream contributes. Its value is not stored, since it is a fold of the log. */
export interface ContributionPlace {
  readonly key: string;
  readonly stream: string;
  /** Whether the key has a row because of it. */
  readonly row: boolean;
  /** Keys that it references. */
  readonly links: readonly string[];
}
export interface StoredPlace extends ContributionPlace {
  /** The event from which on it holds. */
  readonly since: Sequence;
}

/** One projection at one version, made from the log up to a sequence. */
export interface ProjectionBuild {
  readonly id: number;
  readonly projection: string;
  readonly version: number;
  readonly cursor: Sequence;
  readonly serving: boolean;
}

export interface FaultedStream {
  readonly stream: string;
  readonly sequence: Sequence;
  readonly error: string;
}

/** Which events of the log are wanted; every tag must be on the event. */
export interface EventQuery {
  /** `type:…`, `actor:…`, `correlation:…`, `contract:…`, `tower:…`, `programme:…`, `supplier:…`. */
  readonly tags: readonly string[];
  readonly stream?: string | undefined;
  /** Record time, inclusive. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly after: Sequence;
  readonly upTo: Sequence;
  readonly limit: number;
}
export interface EventPage {
  readonly events: readonly IndexedEvent[];
  /** There is no further match up to here; below `upTo` there may be more behind it. */
  readonly scanned: Sequence;
}

export interface StreamPage {
  /** Each with its first event in the page, and its revision at `upTo`. */
  readonly streams: readonly { readonly stream: string; readonly sequence: Sequence; readonly revision: number }[];
  readonly scanned: Sequence;
}

/** How an event reads: now, or before it was corrected or withdrawn. */
export type Wording = 'current' | 'superseded';
/** Words that follow each other; with `begins` the last of them is only the beginning of one. Of letters, marks, digits and `-` alone. */
export interface WordGroup {
  readonly words: readonly string[];
  readonly begins: boolean;
}
/** Which events are found by words: all groups and all marks are of one event, in one wording. */
export interface WordQuery {
  readonly groups: readonly WordGroup[];
  readonly marks: readonly string[];
  readonly wording?: Wording | undefined;
  /** `next` of the page before. */
  readonly before?: number | undefined;
  readonly upTo: Sequence;
  readonly limit: number;
}
export interface FoundWords {
  readonly sequence: Sequence;
  readonly wording: Wording;
}
/** The newest first. `next`: there may be more behind it, whether or not this page found any; absent at the end. */
export interface WordPage {
  readonly found: readonly FoundWords[];
  readonly next?: number;
}

/** Rows that one call reads at most, whatever `limit` says. Longer lists are read in pages. */
export const MAX_PAGE = 1000;
/** Events that one call of `events` looks at, at most, beside those that it returns. */
export const MAX_SCANNED = 2000;

/** Events among which one call of `findWords` looks. */
export const WORDS_LOOKED_AT = 50_000;

/** Queries of a read model: no call reads more than MAX_PAGE rows or looks at more than MAX_SCANNED, and none waits for a lock. */
export interface ReadModelReader {
  lastEvent(): IndexedEvent | undefined;
  eventAt(sequence: Sequence): IndexedEvent | undefined;
  eventById(id: string): IndexedEvent | undefined;
  /** In store order. A page may end before `limit` and before `upTo`: the next one begins after `scanned`. */
  events(query: EventQuery): EventPage;
  /**
   * The streams of a page of events in (`after`, `upTo`], in the order in which their events stand there: all events, or those with a tag.
   * The next page begins after `scanned`. A page looks at MAX_PAGE events at most.
   */
  streams(query: { readonly tag?: string | undefined; readonly after: Sequence; readonly upTo: Sequence }): StreamPage;
  /** The revision of a stream at a sequence; -1 before its first event. */
  revisionAt(stream: string, sequence: Sequence): number;

  builds(): readonly ProjectionBuild[];
  /** Sequences of events in (`after`, `upTo`] that were marked with a name, and perhaps others: what they contribute decides. */
  marked(
    build: number,
    name: string,
    page: { readonly after?: Sequence; readonly upTo: Sequence; readonly limit: number; readonly newestFirst?: boolean },
  ): readonly Sequence[];
  /** The totals of a key at a sequence, by measure; zero measures are omitted. */
  sumAt(build: number, key: string, sequence: Sequence): Readonly<Record<string, bigint>>;
  /** In order of stream, after a stream. */
  faulted(build: number, page: { readonly after?: string; readonly limit: number }): readonly FaultedStream[];
  faultOf(build: number, stream: string): FaultedStream | undefined;

  /** The contributions under a key at a sequence, in the order in which their streams began, after a stream. */
  contributionsAt(
    build: number,
    key: string,
    sequence: Sequence,
    page?: { readonly after?: string; readonly limit: number },
  ): readonly StoredPlace[];
  /** The contributions that reference a key at a sequence, in order of `since` and key: the newest first unless `newestFirst` is false. */
  referencingAt(
    build: number,
    key: string,
    sequence: Sequence,
    page: { readonly after?: Pick<StoredPlace, 'since' | 'key'>; readonly limit: number; readonly newestFirst?: boolean },
  ): readonly StoredPlace[];
  /** Keys that have a row at a sequence, in order, after a key. The next page begins after `next`; it is absent where there is none. */
  rowKeys(build: number, sequence: Sequence, after: string, limit: number): { readonly keys: readonly string[]; readonly next?: string };

  /** Looks among WORDS_LOOKED_AT events at most. */
  findWords(query: WordQuery): WordPage;

  /** Every word with its places as text, for comparing indexes in tests: without a bound, as `dump`. */
  dumpWords(): string;
  /** Everything of a build as text, for comparing two builds byte by byte in tests: without a bound. */
  dump(build: number): string;
  close(): void;
}

/**
 * What can be derived from the log: its index, and for each projection which stream contributes under which key, from which sequence to
 * which, with the sums. It holds no values: those are folds of the log. The same for every event store; one thread writes it.
 */
export interface ReadModel extends ReadModelReader {
  /**
   * Commits all of `work` or nothing of it. With `hold` the transaction stays open and later ones join it: a crash or a failure rolls all
   * of it back, and any read commits it first.
   * @throws what the work throws
   */
  transaction(work: () => void, hold?: boolean): void;
  /** Commits what is held open. */
  commit(): void;

  /** @param tags that it is found by; one that names its own stream may be left out */
  addEvent(event: IndexedEvent, tags: readonly Tag[]): void;

  /** By which words an event is found, a blank between each two; of no words by none. */
  addWords(at: Sequence, wording: Wording, words: string): void;
  /** The same of an event that may have words already. */
  replaceWords(at: Sequence, wording: Wording, words: string): void;

  addBuild(projection: string, version: number, serving: boolean): ProjectionBuild;
  moveBuild(build: number, cursor: Sequence): void;
  /** From now on this build answers for its projection; the others are dropped. */
  activate(build: number): void;
  /** Drops a build. */
  dropBuild(build: number): void;
  /** Deletes some rows of builds that were dropped; whether there may be more. */
  retire(): boolean;

  /** From a sequence on a stream contributes under a key. */
  openContribution(build: number, contribution: ContributionPlace, at: Sequence): void;
  closeContribution(build: number, contribution: ContributionPlace, at: Sequence): void;
  /** Marks an event that contributes under a name, or references one, for good. */
  mark(build: number, name: string, at: Sequence): void;
  /** From a sequence on the totals of a key are these; the last call for a sequence stays. @param sums by measure, zero among them */
  setSum(build: number, key: string, sums: ReadonlyMap<string, bigint>, at: Sequence): void;
  /** The first fault of a stream stays. */
  fault(build: number, faulted: FaultedStream): void;
}

/** The file of a read model: one thread writes it, others read it, and it is made again from the log whenever it is of no use. */
export interface ReadModelFile {
  /** Makes the file, or makes it again where it belongs to another ledger, another kind of store or another version of its tables. */
  prepare(owner: string): void;
  /** The one connection that writes. */
  write(): ReadModel;
  /** A connection that only reads, and sees what was committed. @param onDamage called with each damage that it meets */
  read(onDamage: (error: ReadModelDamagedError) => void): ReadModelReader;
  /** Deletes the file. No connection may be open. */
  remove(): void;
  /**
   * Renames the file, so that somebody can look at it; only the last three are kept. No connection may be open.
   * @returns its new name; undefined when it is not there any more
   */
  setAside(): string | undefined;
  /** Calls `onGone` once, within seconds, when the open file is removed or replaced under its name. @returns what ends it */
  watch(onGone: (error: ReadModelDamagedError) => void): () => void;
}

/** The file of the read model holds what this program did not write: it has to be made again. */
export class ReadModelDamagedError extends Error {
  override readonly name = 'ReadModelDamagedError';
}

/** The read model cannot be read or written for now: it is locked, or its disk is full or fails. Nothing of it is lost for good. */
export class ReadModelUnavailableError extends Error {
  override readonly name = 'ReadModelUnavailableError';
}
