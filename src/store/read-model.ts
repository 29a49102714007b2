/** Where an event stands among the ledger's events in store order, from 1: the same on every store and after every rebuild. */
export type Ordinal = number;

/** The last ordinal that any version of a part holds to while it is the current one. */
export const NOW: Ordinal = Number.MAX_SAFE_INTEGER;

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

/** A part as it is kept: texts, so that what is compared is what is stored. */
export interface KeptPart {
  readonly key: string;
  readonly value: string;
  readonly row: boolean;
  readonly links: readonly string[];
  readonly sums: Readonly<Record<string, Readonly<Record<string, string>>>>;
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
 * What can be made again from the log: its index, and the parts of projections with the ordinals between which they held.
 * Synchronous, since it is always at hand; the same for every event store. A transaction is all or nothing.
 */
export interface ReadModel {
  /** Empties everything when it belongs to another ledger or another shape of read model. */
  claim(ledger: string): void;
  transaction(work: () => void): void;

  addEvent(event: IndexedEvent, tags: readonly string[]): void;
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

  /** What a stream adds to a build now. */
  partsOf(build: number, stream: string): readonly KeptPart[];
  closePart(build: number, stream: string, key: string, at: Ordinal): void;
  openPart(build: number, stream: string, part: KeptPart, at: Ordinal): void;
  openLink(build: number, stream: string, from: string, to: string, at: Ordinal): void;
  closeLink(build: number, stream: string, from: string, to: string, at: Ordinal): void;
  totalAt(build: number, key: string, ordinal: Ordinal): Readonly<Record<string, string>>;
  setTotal(build: number, key: string, measures: Readonly<Record<string, string>>, at: Ordinal): void;
  stop(build: number, stopped: StoppedStream): void;
  stopped(build: number): readonly StoppedStream[];

  partsAt(build: number, key: string, ordinal: Ordinal): readonly KeptPart[];
  linkingAt(build: number, key: string, ordinal: Ordinal): readonly KeptPart[];
  /** Keys that have a row at an ordinal, in order, after a key. */
  rowKeys(build: number, ordinal: Ordinal, after: string, limit: number): readonly string[];
  /** Keys of parts and totals that changed after an ordinal, in order of ordinal. */
  changes(build: number, after: Ordinal, upTo: Ordinal, limit: number): readonly { readonly ordinal: Ordinal; readonly key: string }[];

  /** Everything of a build as text, for comparing two builds byte by byte. */
  dump(build: number): string;
  close(): void;
}
