import type { FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { Projector } from '../engine/read/projector.js';
import type { Engine } from '../engine/write/engine.js';
import type { AnyAggregate, AnyCommand, History } from '../kernel/index.js';
import type { RefusalStatus } from '../refusals/refusal.js';
import type { EventStore } from '../store/event-store.js';

/**
 * What src/ledger.module.ts provides to the other modules. A class is its own token (`Engine`, `Projector`); what has only a type has a
 * symbol here, and its type beside it: `@Inject(STORE) readonly store: EventStore`.
 */
export const CONFIG = Symbol('Config');
export const LOG = Symbol('Logger');
export const STORE = Symbol('EventStore');
export const REGISTRY = Symbol('Registry');
/** `ReplicaStatus | undefined`: there is one only where the log is kept elsewhere. */
export const REPLICA = Symbol('Replica');

/** `NoteRefused`: takes note of a request that was refused before it reached a command. */
export const REFUSED = Symbol('Refused');

export type { Config, EventStore, Logger };

/** A request that was refused to somebody without a token in force, or whose role may not. */
export interface RefusedRequest {
  readonly status: RefusalStatus;
  readonly code: string;
  readonly detail: string;
  /** Whose token it came with, where that may not. */
  readonly token?: { readonly person: string; readonly roles: readonly string[] };
  /** The place in the body that asks for another role. */
  readonly pointer?: string;
}
export type NoteRefused = (request: FastifyRequest, refused: RefusedRequest) => void;

/** Every aggregate and command of the ledger: routes, checks and the OpenAPI document are made from them. */
export interface Registry {
  readonly aggregates: readonly AnyAggregate[];
  readonly commands: readonly AnyCommand[];
}

/** How far the local replica of a remote log is. */
export interface Replica {
  /** Events in the replica. */
  readonly sequence: number;
  /** Of the Merkle tree over its events, in hexadecimal. */
  readonly root: string;
  readonly connected: boolean;
  /** Seconds since the replica was known to have all that was in the log; undefined when it never was. */
  readonly age: number | undefined;
  /** Streams that the store shows no more, that other programs wrote in, of an unknown category, or damaged in the replica; the first 20 of them. */
  readonly faulted: {
    readonly count: number;
    readonly streams: readonly { readonly stream: string; readonly kind: string; readonly reason: string }[];
  };
  /** The stream that could not be copied whole, and why; nothing after it is copied while this is so. */
  readonly incomplete: string | undefined;
  /** Why it answers no more. */
  readonly broken: string | undefined;
}
export type ReplicaStatus = () => Replica;

/** The log, and the projections of it. Every controller that reads has both, and passes itself. */
export interface ReadSide {
  readonly store: EventStore;
  readonly projector: Projector;
}

/** Loads any stream, whatever its category. */
export const loadFrom =
  (engine: Engine, { aggregates }: Registry) =>
  (category: string, id: string): Promise<History> =>
    engine.history(
      aggregates.find((aggregate) => aggregate.category === category)!,
      id,
    );

/** Events that are counted at most: a lag of so many may be more. */
export const MAX_COUNTED = 1000;

/** Events that are recorded and not in the projections yet; where the store does not know its size, 1,000 means that many or more. */
export const lagOf = async ({ store, projector }: ReadSide): Promise<number> => {
  const [head, read] = [await store.head(), projector.position];
  if (head === undefined || (read !== undefined && store.compare(read, head) >= 0)) return 0;
  const size = store.size?.();
  return size === undefined ? (await store.readAll(read, MAX_COUNTED)).length : Math.max(0, size - projector.sequence);
};
