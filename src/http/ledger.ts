import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { Engine } from '../engine/write/engine.js';
import type { Projector } from '../engine/read/projector.js';
import type { AnyCommand, AnyAggregate, History } from '../kernel/index.js';
import type { EventStore } from '../store/event-store.js';
import type { Metrics } from './metrics.js';
import type { Routes } from './routes.js';
import type { Subscribers } from './subscribers.js';

/** How the copy of a log that is elsewhere stands to it. */
export interface Replica {
  /** Events copied. */
  readonly sequence: number;
  /** Over their leaves, in hexadecimal. */
  readonly root: string;
  readonly connected: boolean;
  /** Events that are not copied yet; undefined when the store cannot be asked. */
  readonly behind: number | undefined;
  /** Why it serves nobody any more. */
  readonly broken: string | undefined;
}

/** Everything that the routes are joined to, put together in app.module.ts. */
export interface Ledger {
  readonly config: Config;
  readonly log: Logger;
  readonly store: EventStore;
  /** Where the log is kept elsewhere. */
  readonly replica?: () => Promise<Replica>;
  readonly engine: Engine;
  readonly projector: Projector;
  readonly aggregates: readonly AnyAggregate[];
  readonly commands: readonly AnyCommand[];
  readonly metrics: Metrics;
  readonly routes: Routes;
  readonly subscribers: Subscribers;
  /** Of this program: the same stream may be shown otherwise by another. */
  readonly version: string;
  /** The OpenAPI document, once the application stands. */
  document(): object;
}
export const LEDGER = Symbol('Ledger');

export const loadFrom =
  ({ engine, aggregates }: Pick<Ledger, 'engine' | 'aggregates'>) =>
  (category: string, id: string): Promise<History> =>
    engine.history(
      aggregates.find((s) => s.category === category)!,
      id,
    );

/** Events that are counted at most: a lag of so many may be more. */
export const COUNTED = 1000;

/** Events that were recorded and not read by the projections yet; 1 000 stands for that many or more. */
export const lagOf = async ({ store, projector }: Pick<Ledger, 'store' | 'projector'>): Promise<number> => {
  const [head, read] = [await store.head(), projector.position];
  if (head === undefined || (read !== undefined && store.compare(read, head) >= 0)) return 0;
  return (await store.readAll(read, COUNTED)).length;
};
