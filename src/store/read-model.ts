/** Where an event stands among the ledger's events in store order, from 1: the same on every store and after every rebuild. */
export type Ordinal = number;

/** `type`, `actor`, `correlation`, `programme`, `tower`, `contract`, `supplier`, each with its value. */
export type Tag = readonly [name: string, value: string];

/** One line of the log's index. */
export interface IndexedEvent {
  readonly ordinal: Ordinal;
  readonly position: string;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  /** The running maximum of `recordedAt` in store order. */
  readonly logTime: string;
}

/** Where a part stands: its value is not kept, for the log says it. */
export interface Place {
  readonly key: string;
  readonly stream: string;
  /** Whether a row stands under its key. */
  readonly row: boolean;
  readonly links: readonly string[];
}

/** One projection at one version, made from the log up to an ordinal. */
export interface Build {
  readonly id: number;
  readonly projection: string;
  readonly version: number;
  readonly cursor: Ordinal;
  readonly serving: boolean;
}

export interface StoppedStream {
  readonly stream: string;
  readonly ordinal: Ordinal;
  readonly error: string;
}

/** What a question about the log may ask for; every tag must be on the event. */
export interface EventQuery {
  /** `type:…`, `actor:…`, `correlation:…`, `contract:…`, `tower:…`, `programme:…`, `supplier:…`. */
  readonly tags: readonly string[];
  readonly stream?: string | undefined;
  /** Log time, inclusive. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly after: Ordinal;
  readonly upTo: Ordinal;
  readonly limit: number;
}

/**
 * What can be made again from the log: its index, and for each projection which stream adds to which key, from which ordinal to which,
 * with the totals. No values: those are folds of the log.
 * Synchronous, since it is always at hand; the same for every event store.
 */
export interface ReadModel {
  /** Empties everything when it belongs to another ledger, another store's positions, or another shape of read model. */
  claim(ledger: string): void;
  /**
   * All of the work or none. Held open, it may be lost with the process as if it had not begun, and the next one goes on in it; what fails
   * takes all that is held along. Whoever reads ends what is held.
   * @throws what the work throws, or what has failed of what ended before
   */
  transaction(work: () => void, hold?: boolean): void;
  /** Ends what is held open. Whether that comes to pass may be told later. */
  commit(): void;
  /** Told when what had ended, or was held, did not come to pass: whoever wrote it writes no more. */
  onFailure(listener: (error: Error) => void): void;

  /** @param tags each tag with what stands behind its colon */
  addEvent(event: IndexedEvent, tags: readonly Tag[]): void;
  lastEvent(): IndexedEvent | undefined;
  eventAt(ordinal: Ordinal): IndexedEvent | undefined;
  eventById(id: string): IndexedEvent | undefined;
  events(query: EventQuery): readonly IndexedEvent[];
  /** The revision that a stream had reached at an ordinal; -1 before its first event. */
  revisionAt(stream: string, ordinal: Ordinal): number;

  builds(): readonly Build[];
  addBuild(projection: string, version: number, serving: boolean): Build;
  moveBuild(build: number, cursor: Ordinal): void;
  /** From now on this build answers for its projection; the others go. */
  serve(build: number): void;
  /** Deletes some of what builds that are gone left behind; whether there may be more. */
  sweep(): boolean;

  /** From an ordinal on a stream's part stands under a key, as a row or not, with links to these keys. */
  openPart(build: number, part: Place, at: Ordinal): void;
  closePart(build: number, part: Place, at: Ordinal): void;
  /** That an event adds a part under a name, or one that links to it, for ever. */
  mark(build: number, name: string, at: Ordinal): void;
  /** Events up to an ordinal that were marked with a name, in order, and perhaps others: what they add tells. */
  marked(build: number, name: string, upTo: Ordinal): readonly Ordinal[];
  totalAt(build: number, key: string, ordinal: Ordinal): Readonly<Record<string, string>>;
  /** @param measures a JSON object of texts, its keys in order */
  setTotal(build: number, key: string, measures: string, at: Ordinal): void;
  stop(build: number, stopped: StoppedStream): void;
  stopped(build: number): readonly StoppedStream[];

  /** The parts under a key at an ordinal, in order of stream. */
  partsAt(build: number, key: string, ordinal: Ordinal): readonly Place[];
  /** The parts that link to a key at an ordinal, in order of key and stream. */
  linkingAt(build: number, key: string, ordinal: Ordinal): readonly Place[];
  /** Keys that have a row at an ordinal, in order, after a key. */
  rowKeys(build: number, ordinal: Ordinal, after: string, limit: number): readonly string[];

  /** Everything of a build as text, for comparing two builds byte by byte. */
  dump(build: number): string;
  close(): void;
}
