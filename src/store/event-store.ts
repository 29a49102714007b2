import type { NewEvent, RecordedEvent } from '../kernel/index.js';

/** The first record of a ledger: what never changes about it. Lives in a stream of its own that no reader of the port sees. */
export interface Genesis {
  readonly ledgerId: string;
  readonly formatVersion: 1;
  /** IANA name: decides which day "today" is. */
  readonly timeZone: string;
  readonly createdAt: string;
}

/** The revision a stream is at; -1 when it has no events. */
export type Revision = number;

export interface Appended {
  /** Of the last event of the append. */
  readonly revision: Revision;
  readonly position: string;
}

/**
 * The only door to history: one ledger's streams, `<category>-<id>` in the seven categories. What others keep in the same store
 * (system events, streams of another category) is never handed out, though it leaves gaps between positions.
 * Every implementation passes the whole of test/store/event-store.contract.ts.
 */
export interface EventStore {
  /** Whose positions these are: part of a projection's generation and of a read model's owner, so it never changes. */
  readonly kind: 'sqlite' | 'kurrentdb' | 'memory';
  readonly genesis: Genesis;

  /**
   * A page of a stream in order of revision, read from the leader: events with revision ≥ `from`, at most `limit` (1 000 unless told).
   * Fewer than `limit` means that the stream ended there. Each event is the caller's own copy.
   */
  read(stream: string, from?: Revision, limit?: number): Promise<readonly RecordedEvent[]>;

  /**
   * As `read`, but from what this process has at hand without asking the leader: a prefix of the stream, perhaps an old one. Good enough
   * for views and for acceptances, since the append checks them; a refusal needs `read`. Absent where `read` costs no more.
   */
  readLocal?(stream: string, from?: Revision, limit?: number): Promise<readonly RecordedEvent[]>;

  /**
   * All of the events or none, durable before it answers. `expected` is the revision the stream must be at (-1: no events).
   * Sent again with the same events at the same expected revision it answers as the first time.
   * @throws WrongExpectedRevision when the stream is elsewhere and these events are not what stands there
   * @throws OutcomeUnknown when the events may or may not have been stored: only the same call may be sent again
   * @throws StoreUnavailable when nothing was stored and a later call may succeed
   */
  append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended>;

  /** A page of the whole log in store order, strictly after a position (from the start when absent). An empty page: nothing more yet. */
  readAll(after?: string, limit?: number): Promise<readonly RecordedEvent[]>;

  /**
   * Everything strictly after a position in store order, then everything to come, in non-empty batches of at most `limit`,
   * without gap or repeat, until `signal` aborts (it then ends without an error).
   */
  follow(after: string | undefined, signal: AbortSignal, limit?: number): AsyncIterable<readonly RecordedEvent[]>;

  /** The position of the last event in the log; undefined when it has none. */
  head(): Promise<string | undefined>;

  /** Below 0 when `a` stands before `b`. @throws InvalidPosition when either is not a position of this store */
  compare(a: string, b: string): number;

  /** Calls `listener` after each commit that another connection to the same file can see. Absent where no file on this machine has the log. */
  onCommit?(listener: () => void): void;

  /** Stops followers, finishes appends already accepted, releases files and connections. */
  close(): Promise<void>;
}

/** What following the log takes: every store has it, and so has a connection of another thread to its file. */
export type LogReader = Pick<EventStore, 'read' | 'readLocal' | 'readAll' | 'follow'>;

/** A page of a stream from what this process holds locally. */
export const localPage = (
  store: Pick<LogReader, 'read' | 'readLocal'>,
  stream: string,
  from?: Revision,
  limit?: number,
): Promise<readonly RecordedEvent[]> => (store.readLocal ? store.readLocal(stream, from, limit) : store.read(stream, from, limit));

/** The store's seven categories of streams. */
export const CATEGORIES = ['programme', 'tower', 'contract', 'account', 'workforce', 'loss', 'supplier'] as const;

export class WrongExpectedRevisionError extends Error {
  override readonly name = 'WrongExpectedRevisionError';

  constructor(
    readonly stream: string,
    readonly expected: Revision,
    readonly actual: Revision,
  ) {
    super(`${stream} is at revision ${actual}, not ${expected}.`);
  }
}

export class OutcomeUnknownError extends Error {
  override readonly name = 'OutcomeUnknownError';
}

export class StoreUnavailableError extends Error {
  override readonly name = 'StoreUnavailableError';

  constructor(
    message: string,
    /** In milliseconds; absent when waiting alone does not help. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

/** Events that were once recorded are gone or changed: a stream that was deleted or truncated, a copy that is not what it was made of. */
export class HistoryBrokenError extends Error {
  override readonly name = 'HistoryBrokenError';
  readonly code = 'history-broken';
}

/** The schema version of an event that others wrote and this program cannot read: newer than any, so no reader skips it. */
export const UNREADABLE = Number.MAX_SAFE_INTEGER;

/** More than the store takes in one append: nothing was stored, and the same would never be. */
export class AppendTooLargeError extends Error {
  override readonly name = 'AppendTooLargeError';
}

export class InvalidPositionError extends Error {
  override readonly name: string = 'InvalidPositionError';
}

/** A position that another kind of store would give: the ledger has moved since it was handed out. */
export class PositionOfAnotherStoreError extends InvalidPositionError {
  override readonly name = 'PositionOfAnotherStoreError';
}
