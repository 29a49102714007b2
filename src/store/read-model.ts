/** Where an event stands among the ledger's events in store order, from 1: the same on every store and after every rebuild. */
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

/** Where a part stands: its value is not kept, for the log says it. */
export interface ContributionPlace {
  readonly key: string;
  readonly stream: string;
  /** Whether a row stands under its key. */
  readonly row: boolean;
  readonly links: readonly string[];
}

/** A place as the list of a target has it. */
export interface LinkedPlace extends ContributionPlace {
  /** Since when it stands as it stands. */
  readonly since: Sequence;
}
export interface LinkedPage {
  /** The last place of the page before. */
  readonly after?: Pick<LinkedPlace, 'since' | 'key'>;
  readonly limit: number;
}

/** One projection at one version, made from the log up to an sequence. */
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

/** What a question about the log may ask for; every tag must be on the event. */
export interface EventQuery {
  /** `type:…`, `actor:…`, `correlation:…`, `contract:…`, `tower:…`, `programme:…`, `supplier:…`. */
  readonly tags: readonly string[];
  readonly stream?: string | undefined;
  /** Log time, inclusive. */
  readonly from?: string | undefined;
  readonly until?: string | undefined;
  readonly after: Sequence;
  readonly upTo: Sequence;
  readonly limit: number;
}

/**
 * What can be made again from the log: its index, and for each projection which stream adds to which key, from which sequence to which,
 * with the totals. No values: those are folds of the log.
 * Synchronous, since it is always at hand; the same for every event store.
 */
export interface ReadModel {
  /** Empties everything when it belongs to another ledger, another store's positions, or another shape of read model. */
  bind(ledger: string): void;
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
  eventAt(sequence: Sequence): IndexedEvent | undefined;
  eventById(id: string): IndexedEvent | undefined;
  events(query: EventQuery): readonly IndexedEvent[];
  /** The revision that a stream had reached at an sequence; -1 before its first event. */
  revisionAt(stream: string, sequence: Sequence): number;

  builds(): readonly ProjectionBuild[];
  addBuild(projection: string, version: number, serving: boolean): ProjectionBuild;
  moveBuild(build: number, cursor: Sequence): void;
  /** From now on this build answers for its projection; the others go. */
  activate(build: number): void;
  /** Deletes some of what builds that are gone left behind; whether there may be more. */
  retire(): boolean;

  /** From an sequence on a stream's part stands under a key, as a row or not, with links to these keys. */
  openContribution(build: number, contribution: ContributionPlace, at: Sequence): void;
  closeContribution(build: number, contribution: ContributionPlace, at: Sequence): void;
  /** That an event adds a part under a name, or one that links to it, for ever. */
  mark(build: number, name: string, at: Sequence): void;
  /** Events up to a sequence that were marked with a name, newest first, and perhaps others: what they contribute decides. */
  marked(build: number, name: string, upTo: Sequence, limit: number): readonly Sequence[];
  sumAt(build: number, key: string, sequence: Sequence): Readonly<Record<string, string>>;
  /** @param measures a JSON object of texts, its keys in order */
  setSum(build: number, key: string, measures: string, at: Sequence): void;
  fault(build: number, faulted: FaultedStream): void;
  faulted(build: number): readonly FaultedStream[];

  /** The parts under a key at an sequence, in order of stream. */
  contributionsAt(build: number, key: string, sequence: Sequence): readonly ContributionPlace[];
  /** The contributions that link to a target at a sequence: the newest first, those of one sequence by falling key. */
  referencingAt(build: number, target: string, sequence: Sequence, page: LinkedPage): readonly LinkedPlace[];
  /** Keys that have a row at an sequence, in order, after a key. */
  rowKeys(build: number, sequence: Sequence, after: string, limit: number): readonly string[];

  /** Everything of a build as text, for comparing two builds byte by byte. */
  dump(build: number): string;
  close(): void;
}
