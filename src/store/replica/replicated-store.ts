import type { RecordedEvent } from '../../kernel/index.js';
import type { EventStore } from '../event-store.js';

/** What a replica asks of its store beyond the port: a server that others use and administer too. */
export interface ReplicatedStore extends EventStore {
  /** Whether it answers, as far as is known. */
  readonly connected?: boolean;
  /** Why the store no longer shows every event of a stream; undefined while it does. */
  brokenBy?(stream: string): Promise<Broken | undefined>;
  /** The JSON texts of data and metadata, where the store still has them of an event that it handed to a follower. */
  textsOf?(event: RecordedEvent): readonly [data: string, metadata: string] | undefined;
  /** Calls `listener` with each stream whose events may have been hidden or deleted, while the log is followed. */
  onBounded?(listener: (stream: string) => void): void;
  /** Calls `listener` each time that a follower is known to have received all that was in the log at an instant. */
  onCaughtUp?(listener: (mark: CaughtUp) => void): void;
}
export interface Broken {
  /** A clause with its subject, such as "it was deleted". */
  readonly why: string;
  readonly isDeleted: boolean;
}
export interface CaughtUp {
  /** By `uptime`, before the end of the log was asked for. */
  readonly at: number;
  /** The last event of the ledger up to there; undefined when there is none. */
  readonly last: string | undefined;
}
