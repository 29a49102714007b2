import { Inject, Module, type BeforeApplicationShutdown, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { HttpAdapterHost, NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { pino, type Logger } from 'pino';
import { ConfigError, type Config } from './config.js';
import { commands } from './domain/index.js';
import { ApiDocument } from './http/api-document.js';
import { benchController } from './http/bench.controller.js';
import { CommandsModule } from './http/commands.module.js';
import { adapterFor, type Limits } from './http/fastify.js';
import { CONFIG, STORE, type EventStore } from './http/ledger.js';
import { OperationsModule } from './http/operations.module.js';
import { QueriesModule } from './http/queries.module.js';
import { PagesModule } from './pages/pages.module.js';
import { LedgerModule, now, type Opened } from './ledger.module.js';

/**
 * The five modules. To close, Nest calls `beforeApplicationShutdown` (streams of updates and waits for a position end),
 * stops listening, lets accepted requests finish, and calls `onApplicationShutdown` (the projector and the store close).
 */
@Module({ imports: [CommandsModule, QueriesModule, OperationsModule, PagesModule] })
export class AppModule implements BeforeApplicationShutdown, OnApplicationShutdown {
  static of(config: Config, log: Logger, opened: Opened): DynamicModule {
    return {
      module: AppModule,
      imports: [LedgerModule.of(config, log, opened)],
      controllers: config.benchRoutes ? [benchController(commands.find(({ name }) => name === 'AwardContract')!)] : [],
    };
  }

  #patience: NodeJS.Timeout | undefined;
  constructor(
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  beforeApplicationShutdown(): void {
    const close = () => this.host.httpAdapter.getHttpServer().closeAllConnections();
    this.#patience = setTimeout(close, this.config.closingSeconds * 1000);
  }
  onApplicationShutdown(): void {
    clearTimeout(this.#patience);
  }
}

export interface App {
  readonly app: NestFastifyApplication;
  readonly url: string;
  /** Resolved when the store accepts nothing more until it is opened again. */
  readonly failed: Promise<Error>;
  /** Finishes the requests that were accepted, then closes everything. */
  close(): Promise<void>;
}

/** The whole server on a data folder. @throws FolderInUseError and whatever keeps the store from opening */
export const createApp = async (
  config: Config,
  log: Logger = pino({ level: config.logLevel }, pino.destination(2)),
  limits: Limits = {},
): Promise<App> => {
  const opened = new AsyncDisposableStack();
  try {
    const adapter = await adapterFor(config, { log, commands, now }, limits);
    const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(config, log, opened), adapter, {
      bodyParser: false, // http/json-body.ts is the only parser
      abortOnError: false,
      logger: false,
    });
    app.get(ApiDocument).describe(app);
    await app.listen(config.port, config.host).catch((error: unknown) => refuseAddress(config, error));
    const failed = new Promise<Error>((resolve) => app.get<EventStore>(STORE).onFailure?.(resolve));
    void failed.then((error) => log.error({ err: error }, error.message));
    return { app, url: await app.getUrl(), failed, close: () => app.close() };
  } catch (error) {
    await opened.disposeAsync().catch((reason: unknown) => log.error({ err: reason }, 'Closing after a failed start failed too.'));
    throw error;
  }
};

/** @throws ConfigError that names the setting to blame, or the error itself */
const refuseAddress = ({ host, port }: Config, error: unknown): never => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (['EADDRINUSE', 'EACCES'].includes(code)) throw new ConfigError(`PORT ${port} cannot be used: ${message}.`, { cause: error });
  if (['ENOTFOUND', 'EAI_AGAIN', 'EADDRNOTAVAIL'].includes(code))
    throw new ConfigError(`HOST must be an address of this machine, not ${JSON.stringify(host)}: ${message}.`, { cause: error });
  throw error;
};
