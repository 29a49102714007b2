import type { Logger } from 'pino';
import type { Config } from '../config.js';
import type { Engine } from '../engine/handle.js';
import type { AnyCommand, AnySubject } from '../kernel/index.js';
import type { EventStore } from '../store/event-store.js';
import type { Metrics } from './metrics.js';
import type { Routes } from './routes.js';

/** Everything that the routes are joined to, put together in app.module.ts. */
export interface Ledger {
  readonly config: Config;
  readonly log: Logger;
  readonly store: EventStore;
  readonly engine: Engine;
  readonly subjects: readonly AnySubject[];
  readonly commands: readonly AnyCommand[];
  readonly metrics: Metrics;
  readonly routes: Routes;
}
export const LEDGER = Symbol('Ledger');
