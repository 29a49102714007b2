import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { projections } from '../projections/index.js';
import { aggregates, commands } from './domain/index.js';
import { Projector } from './engine/read/projector.js';
import { ClockGuard, daysAhead, latestRecordedAt } from './engine/write/clock-guard.js';
import { Engine } from './engine/write/engine.js';
import { CONFIG, LOG, REGISTRY, REPLICA, STORE, type Config, type EventStore, type Logger, type ReplicaStatus } from './http/ledger.js';
import { ReplicaStore } from './store/replica/replica-store.js';
import { SqliteReadModel } from './store/sqlite/sqlite-read-model.js';
import { SqliteStore } from './store/sqlite/sqlite-store.js';

const now = () => new Date().toISOString();
const newId = () => randomUUIDv7();
/** How often the clock is compared, also while no command comes. */
const CLOCK_MS = 5000;

/** What is opened for a ledger, to be closed in the opposite order: the projector before the store that it follows. */
export type Opened = AsyncDisposableStack;
const OPENED = Symbol('Opened');

/** The ledger itself: the store, what decides on it and what follows it. The only place that chooses adapters. */
@Module({})
export class LedgerModule implements OnApplicationShutdown {
  static of(config: Config, log: Logger, opened: Opened): DynamicModule {
    return {
      module: LedgerModule,
      global: true,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: LOG, useValue: log },
        { provide: REGISTRY, useValue: { aggregates, commands } },
        { provide: OPENED, useValue: opened },
        { provide: STORE, useFactory: async () => opened.adopt(await openStore(config, log), (store) => store.close()) },
        { provide: REPLICA, useFactory: replicaStatus, inject: [STORE] },
        {
          provide: ClockGuard,
          inject: [STORE, Projector],
          useFactory: (store: EventStore, projector: Projector) => guardClock(config, log, opened, store, projector),
        },
        {
          provide: Engine,
          inject: [STORE, ClockGuard],
          useFactory: (store: EventStore, clock: ClockGuard) =>
            new Engine({ store, now: () => clock.now(), newId }, aggregates, config.queue),
        },
        {
          provide: Projector,
          inject: [STORE],
          useFactory: (store: EventStore) => opened.adopt(startProjector(config, log, store), (projector) => projector.close()),
        },
      ],
      exports: [CONFIG, LOG, REGISTRY, STORE, REPLICA, ClockGuard, Engine, Projector],
    };
  }

  constructor(@Inject(OPENED) private readonly opened: Opened) {}

  /** Nest calls it when every request has its answer. */
  async onApplicationShutdown(): Promise<void> {
    await this.opened.disposeAsync();
  }
}

/** The log in the data folder; or on a KurrentDB, with a replica of it in the data folder. */
const openStore = async ({ store, dataDir: dir, timeZone, kurrentdbUrl = '' }: Config, log: Logger): Promise<EventStore> => {
  if (store === 'embedded') return SqliteStore.open({ dir, timeZone, now, newId });
  const say = (message: string, error?: unknown) => log.warn(error === undefined ? {} : { err: error }, message);
  // imported only here: a ledger in the data folder does not load the client
  const { KurrentStore } = await import('./store/kurrentdb/kurrent-store.js');
  const connect = () => KurrentStore.open({ url: kurrentdbUrl, timeZone, now, newId, log: say });
  return ReplicaStore.open({ dir, connect, chance: Math.random, log: say });
};

const replicaStatus = (store: EventStore): ReplicaStatus | undefined => (store instanceof ReplicaStore ? () => store.status() : undefined);

/** Owns the read model from here on. */
const startProjector = ({ dataDir }: Config, log: Logger, store: EventStore): Projector => {
  const readModel = new SqliteReadModel(join(dataDir, 'read-model.db'), { thread: true });
  try {
    return Projector.start({ store, readModel, projections, aggregates, log: (message, error) => log.error({ err: error }, message) });
  } catch (error) {
    readModel.close();
    throw error;
  }
};

/** What the operator should know of the clock when the ledger is opened, and the guard over it from then on. */
const guardClock = async (config: Config, log: Logger, opened: Opened, store: EventStore, projector: Projector): Promise<ClockGuard> => {
  const { timeZone } = store.genesis;
  if (config.timeZone !== timeZone)
    log.warn(`LEDGER_TIME_ZONE is ${config.timeZone}, but the days of this ledger are days in ${timeZone}: that never changes.`);

  // A replica may be behind its log in any case: there the node is not ready until the projections have caught up.
  const unread = store.readLocal ? undefined : await latestRecordedAt(store, projector.position);
  const watermark = () => {
    const read = projector.watermark;
    return read === undefined || (unread !== undefined && unread > read) ? unread : read;
  };
  const days = daysAhead(now(), watermark());
  if (days !== undefined)
    log.warn(
      `The clock is ${days} days ahead of the last record (${watermark()}). If the ledger is not that old, set the clock right first.`,
    );

  const clock = new ClockGuard({
    now,
    uptime: () => performance.now(),
    watermark,
    acceptedWatermark: config.acceptWatermark,
    onRefused: (message, state) => {
      const advice = ` If the clock is right and the record is wrong, LEDGER_ACCEPT_WATERMARK=${watermark()} accepts the clock.`;
      log.error(`${message}${state === 'behind' ? advice : ''}`);
    },
    onAccepted: (message) => log.warn(message),
  });
  const timer = setInterval(() => clock.state(), CLOCK_MS).unref();
  opened.defer(() => clearInterval(timer));
  return clock;
};
