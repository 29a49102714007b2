import { UNREADABLE, type Json, type Metadata, type NewEvent, type RecordedEvent } from '../kernel/index.js';
import type { LogTree } from './merkle-proof.js';
import type { Hash } from './merkle-tree.js';

export { UNREADABLE };

/** The format of what this program stores, and the only one that it reads. */
export const FORMAT_VERSION = 2;

/** The first record of a ledger: what never changes about it. It is kept in a stream of its own that the port never hands out. */
export interface Genesis {
  readonly ledgerId: string;
  readonly formatVersion: typeof FORMAT_VERSION;
  /** IANA name: decides which day "today" is. */
  readonly timeZone: string;
  readonly createdAt: string;
}

/** The ledger was written in a format that this program does not read. */
export class UnsupportedFormatError extends Error {
  override readonly name = 'UnsupportedFormatError';
  readonly code = 'unsupported-format';

  constructor(readonly formatVersion: number) {
    const advice =
      formatVersion < FORMAT_VERSION
        ? 'it was written before the first release, and no program converts it. Begin a new ledger in another place.'
        : 'a newer program wrote it. Start that one, or a later one.';
    super(`The ledger has format ${formatVersion}; this program reads format ${FORMAT_VERSION}: ${advice}`);
  }
}

/**
 * What the first record of a ledger holds; undefined when the data is that of no first record.
 * @throws UnsupportedFormatError
 */
export const genesisIn = (data: unknown): Genesis | undefined => {
  const { ledgerId, formatVersion, timeZone } = (data ?? {}) as Readonly<Record<keyof Genesis, unknown>>;
  if (typeof ledgerId !== 'string' || typeof timeZone !== 'string' || typeof formatVersion !== 'number') return undefined;
  if (formatVersion !== FORMAT_VERSION) throw new UnsupportedFormatError(formatVersion);
  return data as Genesis;
};

/** The revision a stream is at; -1 when it has no events. */
export type Revision = number;

export interface Appended {
  /** Of the last event of the append. */
  readonly revision: Revision;
  readonly position: string;
  /** The leaf of each event in the Merkle tree of the log, where the store has computed them. */
  readonly leaves?: readonly Hash[];
}

/**
 * The port through which all history is read and written: one ledger's streams, `<category>-<id>` in the seven categories. What other
 * programs keep in the same store (system events, streams of another category) is never handed out, though it leaves gaps between
 * positions. Every adapter passes the whole of test/store/event-store.contract.ts.
 */
export interface EventStore {
  /** Whose positions these are: part of a projection's generation and of a read model's owner, so it never changes. */
  readonly kind: 'sqlite' | 'kurrentdb' | 'memory';
  readonly genesis: Genesis;

  /**
   * A page of a stream in order of revision, read from the leader: events with revision ≥ `from`, at most `limit` (default 1 000).
   * Fewer than `limit` means that the stream ended there. Each event is the caller's own copy. What is stored in the place of an event
   * and is none has the schema version UNREADABLE: it keeps its stream from being folded, and nothing else.
   */
  read(stream: string, from?: Revision, limit?: number): Promise<readonly RecordedEvent[]>;

  /**
   * As `read`, but from what this process holds locally: a prefix of the stream, perhaps an old one. It suffices for views and for
   * acceptances, since the append checks them; a refusal needs `read`. Absent where `read` costs no more.
   */
  readLocal?(stream: string, from?: Revision, limit?: number): Promise<readonly RecordedEvent[]>;

  /**
   * The revision that a stream is at now, -1 without events: answered only where this process alone writes the log and knows it without
   * asking the disk; else undefined.
   */
  currentRevision?(stream: string): Revision | undefined;

  /**
   * The revision up to which `readLocal` has a stream, -1 without events: answered only where this process knows it without asking the
   * disk; else undefined. Absent where `readLocal` is.
   */
  localRevision?(stream: string): Revision | undefined;

  /**
   * All of the events or none, durable before it answers. `expected` is the revision the stream must be at (-1: no events).
   * The same events sent again at the same expected revision get the original answer.
   * @throws WrongExpectedRevisionError when the stream is at another revision and does not hold these events behind `expected`
   * @throws OutcomeUnknownError when the events may or may not have been stored: only the same call may be sent again
   * @throws StoreUnavailableError when this call stored nothing, and a later one may succeed
   */
  append(stream: string, expected: Revision, events: readonly NewEvent[]): Promise<Appended>;

  /** A page of the whole log in store order, strictly after a position (from the start when absent). An empty page: nothing more yet. */
  readAll(after?: string, limit?: number): Promise<readonly RecordedEvent[]>;

  /**
   * Everything strictly after a position in store order, then everything to come, in non-empty batches of at most `limit`,
   * without gap or repeat, until `signal` aborts (it then ends without an error).
   */
  follow(after: string | undefined, signal: AbortSignal, limit?: number): AsyncIterable<readonly RecordedEvent[]>;

  /** How many events the log has, where that is known without counting them: lag is a subtraction. @throws StoreUnavailableError */
  size?(): number;

  /** The last events of the log in store order, at most `limit`. Absent where only the log's beginning can be reached at once. */
  newest?(limit: number): Promise<readonly RecordedEvent[]>;

  /** The position of the last event in the log; undefined when it has none. */
  head(): Promise<string | undefined>;

  /** Below 0 when `a` is before `b`. @throws InvalidPositionError when either is not a position of this store */
  compare(a: string, b: string): number;

  /**
   * Why the store accepts nothing more until it is opened again; undefined while it works. From then on an append throws OutcomeUnknownError
   * where its events or its command may have been stored before, else StoreUnavailableError. Absent where a store recovers by itself.
   */
  readonly failure?: StoreFailedError | undefined;

  /** Why the last append was refused, where a later one may succeed: a full disk, a lock. Undefined once one is stored. */
  readonly refusing?: Error | undefined;

  /** Calls `listener` once with the failure: when it happens, or at once when it has happened already. */
  onFailure?(listener: (failure: StoreFailedError) => void): void;

  /** Calls `listener` after each commit that another connection to the same file can see. Absent where no file on this machine has the log. */
  onCommit?(listener: () => void): void;

  /** The Merkle tree over what this process holds of the log. Absent where no file on this machine has the log. */
  readonly tree?: LogTree;

  /** Stops followers, finishes appends already accepted, releases files and connections. */
  close(): Promise<void>;
}

/** What following the log takes: every store has it, and so has a connection of another thread to its file. */
export type LogReader = Pick<EventStore, 'genesis' | 'read' | 'readLocal' | 'readAll' | 'follow'>;

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
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The store has stopped for good, since it can no longer promise that what it accepts is kept: only opening it again helps. */
export class StoreFailedError extends Error {
  override readonly name = 'StoreFailedError';
}

/** Recorded events are gone or changed: a stream was deleted or truncated, or a replica differs from the log that it was made of. */
export class HistoryBrokenError extends Error {
  override readonly name: string = 'HistoryBrokenError';
  readonly code: string = 'history-broken';
}

/** A check has found that the history is not the one that was signed, and the operator knows: what is refused since says it to its caller alone. */
export class AlteredHistoryError extends HistoryBrokenError {}

/** The store no longer shows every event of one stream. Other streams are not affected. */
export class StreamBrokenError extends HistoryBrokenError {
  override readonly name = 'StreamBrokenError';
  override readonly code = 'stream-broken';

  /** @param why a clause with its subject, such as "it was deleted" */
  constructor(
    readonly stream: string,
    readonly why: string,
  ) {
    super(`${stream} is incomplete on the server: ${why}.`);
  }
}

/**
 * Metadata for what is stored in the place of an event and is none, since it is damaged or another program wrote it: complete, so that
 * readers do not fail, with a schema version that none of them skips.
 */
export const unreadableMetadata = (id: string, recordedAt: string): Metadata => ({
  schemaVersion: UNREADABLE,
  recordedAt,
  effectiveOn: 'unknown',
  about: {},
  command: { id, name: 'unknown' },
  actor: { id: 'unknown' },
  $correlationId: id,
  $causationId: id,
  known: [],
});

/** Whether a value has what every reader of metadata relies on. */
export const isMetadata = (value: unknown): value is Metadata => {
  const m = value as Partial<Record<keyof Metadata, Json>> | null | undefined;
  const get = (field: Json | undefined, key: string): unknown => (field as { readonly [key: string]: Json } | null | undefined)?.[key];
  return (
    typeof m === 'object' &&
    m !== null &&
    Number.isSafeInteger(m.schemaVersion) &&
    [m.recordedAt, m.effectiveOn, m.$correlationId, m.$causationId].every(isText) &&
    [get(m.command, 'id'), get(m.command, 'name'), get(m.actor, 'id')].every(isText) &&
    typeof m.about === 'object' &&
    m.about !== null &&
    Array.isArray(m.known)
  );
};
const isText = (value: unknown): boolean => typeof value === 'string';

/** Whether an error says something about the store, and not about what was read from it. */
export const isOfTheStore = (error: unknown): boolean =>
  error instanceof StoreUnavailableError || error instanceof StoreFailedError || error instanceof HistoryBrokenError;

/** More than the store takes in one append: nothing was stored, and a retry cannot succeed. */
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
