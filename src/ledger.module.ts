import { randomUUIDv7 } from 'node:crypto';
import { join } from 'node:path';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { projections } from '../projections/index.js';
import { aggregates, commands } from './domain/index.js';
import { Projector } from './engine/read/projector.js';
import { Engine } from './engine/write/engine.js';
import { CONFIG, LOG, REGISTRY, REPLICA, STORE, type Config, type EventStore, type Logger, type ReplicaStatus } from './http/ledger.js';
import { ReplicaStore } from './store/replica/replica-store.js';
import { SqliteReadModel } from './store/sqlite/sqlite-read-model.js';
import { SqliteStore } from './store/sqlite/sqlite-store.js';

const now = () => new Date().toISOString();
const newId = () => randomUUIDv7();

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
          provide: Engine,
          useFactory: (store: EventStore) => new Engine({ store, now, newId }, aggregates, config.queue),
          inject: [STORE],
        },
        {
          provide: Projector,
          inject: [STORE],
          useFactory: (store: EventStore) => opened.adopt(startProjector(config, log, store), (projector) => projector.close()),
        },
      ],
      exports: [CONFIG, LOG, REGISTRY, STORE, REPLICA, Engine, Projector],
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
