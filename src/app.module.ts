import { randomUUIDv7 } from 'node:crypto';
import { Module, type DynamicModule } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CqrsModule } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { pino, type Logger } from 'pino';
import type { Config } from './config.js';
import { projections } from '../projections/index.js';
import { commands, aggregates } from './domain/index.js';
import { Engine } from './engine/write/engine.js';
import { Projector } from './engine/read/projector.js';
import { benchController } from './http/bench.controller.js';
import { commandController, onTheBus } from './http/command.js';
import { adapterFor, type Limits } from './http/fastify.js';
import { LEDGER, lagOf, type Ledger } from './http/ledger.js';
import { LogController } from './http/log.controller.js';
import { Metrics } from './http/metrics.js';
import { documentOf } from './http/openapi.js';
import { OperationsController } from './http/operations.controller.js';
import { ProblemFilter } from './http/problem.js';
import { ProjectionsController } from './http/projections.controller.js';
import { placesOf, Routes } from './http/routes.js';
import { aggregateController } from './http/aggregate.controller.js';
import { Subscribers } from './http/subscribers.js';
import { followOnThread } from './projector-worker.js';
import { SqliteReadModelFile } from './store/sqlite/read-model-file.js';
import { REPLICA_FILE } from './store/replica/replica-file.js';
import { ReplicaStore } from './store/replica/replica-store.js';
import { LEDGER_FILE, SqliteStore } from './store/sqlite/sqlite-store.js';
import type { EventStore } from './store/event-store.js';

@Module({})
export class AppModule {
  static of(ledger: Ledger): DynamicModule {
    const told = commands.map((command) => ({ command, onBus: onTheBus(command) }));
    return {
      module: AppModule,
      imports: [CqrsModule.forRoot()],
      providers: [{ provide: LEDGER, useValue: ledger }, ...told.map(({ onBus }) => onBus.handler)],
      controllers: [
        ...told.flatMap(({ command, onBus }) =>
          placesOf(command, aggregates).map((aggregate) => commandController(command, aggregate, onBus)),
        ),
        ...aggregates.map(aggregateController),
        ProjectionsController,
        LogController,
        OperationsController,
        ...(ledger.config.benchRoutes ? [benchController(commands.find(({ name }) => name === 'AwardContract')!)] : []),
      ],
    };
  }
}

export interface App {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** Resolved when the store accepts nothing more until it is opened again. */
  readonly failed: Promise<Error>;
  /** Finishes what was accepted, then lets go of everything. */
  close(): Promise<void>;
}

const now = () => new Date().toISOString();
const newId = () => randomUUIDv7();
/** Of this package, wherever it was built to. */
const VERSION = (() => {
  for (const up of ['..', '../..'])
    try {
      const { name, version } = JSON.parse(readFileSync(join(import.meta.dirname, up, 'package.json'), 'utf8'));
      if (name === 'tower-ledger') return String(version);
    } catch {
      // not there: one level up
    }
  return '0.0.0';
})();
/** How long open requests may take to end once the server is closing. */
const CLOSING_MS = 5000;

/** The whole server on a data folder. @throws FolderInUse and what else keeps the store from opening */
export const createApp = async (
  config: Config,
  log: Logger = pino({ level: config.logLevel }, pino.destination(2)),
  limits: Limits = {},
): Promise<App> => {
  const store = await openStore(config, log);
  let projector: Projector | undefined;
  try {
    const readModel = new SqliteReadModelFile(join(config.dataDir, 'read-model.db'));
    projector = Projector.start({
      store,
      readModel,
      ...onThread(config, store, readModel),
      projections,
      aggregates: aggregates,
      log: (message, error) => log.error({ err: error }, message),
    });
    await projector.opened;
    const { app, subscribers } = await serve(config, log, store, projector, limits);
    const close = async () => {
      const patience = setTimeout(() => app.getHttpServer().closeAllConnections(), CLOSING_MS);
      subscribers.close();
      await app.close();
      clearTimeout(patience);
      try {
        await projector!.close();
      } finally {
        await store.close();
      }
    };
    const failed = new Promise<Error>((resolve) => store.onFailure?.(resolve));
    void failed.then((error) => log.error({ err: error }, error.message));
    return { app, url: await app.getUrl(), failed, close };
  } catch (error) {
    const quietly = (reason: unknown) => log.error({ err: reason }, 'The read model could not be closed.');
    await projector?.close().catch(quietly);
    await store.close();
    throw error;
  }
};

/** The log in the data folder; or on a KurrentDB, with a copy of it in the data folder. */
const openStore = async ({ store, dataDir: dir, timeZone, kurrentdbUrl = '' }: Config, log: Logger): Promise<EventStore> => {
  if (store === 'embedded') return SqliteStore.open({ dir, timeZone, now, newId });
  const say = (message: string, error?: unknown) => log.warn(error === undefined ? {} : { err: error }, message);
  // whoever keeps the log here does not carry the client around
  const { KurrentStore } = await import('./store/kurrentdb/kurrent-store.js');
  const connect = () => KurrentStore.open({ url: kurrentdbUrl, timeZone, now, newId, log: say });
  return ReplicaStore.open({ dir, connect, chance: Math.random, log: say });
};

/** The built program follows the log on a thread of its own; where the program is not built there is nothing that could start as one. */
const onThread = ({ store: kind, dataDir }: Config, store: EventStore, readModel: SqliteReadModelFile) => {
  if (extname(import.meta.filename) !== '.js' || !store.onCommit) return {};
  const log = kind === 'embedded' ? { kind: 'sqlite', file: join(dataDir, LEDGER_FILE) } as const : { kind: 'replica', file: join(dataDir, REPLICA_FILE) } as const; // prettier-ignore
  return { follow: followOnThread({ log, readModel: readModel.file }, (listener) => store.onCommit!(listener)) };
};

const serve = async (config: Config, log: Logger, store: EventStore, projector: Projector, limits: Limits) => {
  const replica = store instanceof ReplicaStore ? { replica: () => store.status() } : {};
  const engine = new Engine({ store, now, newId }, aggregates, config.queue);
  const subscribers = new Subscribers({ projector, store, log, most: config.subscribers });
  const metrics = new Metrics({
    underWay: () => engine.inFlight,
    subscribers: () => subscribers.size,
    head: () => projector.sequence,
    ...replica,
    lag: async () => {
      const behind = await lagOf({ store, projector });
      return Object.fromEntries(projector.list().map(({ name, behind: rebuilding }) => [name, behind + rebuilding]));
    },
  });
  const routes = new Routes();
  let document: object | undefined;
  const ledger: Ledger = {
    config,
    log,
    store,
    ...replica,
    engine,
    projector,
    aggregates: aggregates,
    commands,
    metrics,
    routes,
    subscribers,
    version: VERSION,
    document: () => (document ??= documentOf(app, VERSION, config.tokens !== undefined)),
  };
  const adapter = await adapterFor(ledger, config, limits);
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(ledger), adapter, {
    bodyParser: false,
    abortOnError: false,
    logger: false,
  });
  app.useGlobalFilters(new ProblemFilter(ledger));
  SwaggerModule.setup('docs', app, () => ledger.document() as OpenAPIObject, {
    raw: false,
    customSiteTitle: 'Tower Ledger',
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: { docExpansion: 'none', filter: true, tagsSorter: 'alpha' },
  });
  await app.listen(config.port, config.host);
  return { app, subscribers };
};
