import { randomUUIDv7 } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import { deadlines } from '../projections/deadlines.js';
import { exposure } from '../projections/exposure.js';
import { identifiers, referenceKey } from '../projections/identifiers.js';
import { ConfigError } from './config.js';
import { projections } from '../projections/index.js';
import { automations } from './domain/automations.js';
import { aggregates, commands } from './domain/index.js';
import { Automations } from './engine/automation/automations.js';
import { HistoryCache } from './engine/history-cache.js';
import { Projector, type ProjectionOptions } from './engine/read/projector.js';
import { ClockGuard, daysAhead, latestRecordedAt } from './engine/write/clock-guard.js';
import type { Holders, Members } from './engine/write/decide.js';
import { Engine } from './engine/write/engine.js';
import { CONFIG, LOG, REGISTRY, REPLICA, STORE, type Config, type EventStore, type Logger, type ReplicaStatus } from './http/ledger.js';
import { Refusals } from './http/refusals.js';
import { dayOf, SYSTEM } from './kernel/index.js';
import { Anchors, witnessesIn } from './proof/anchors.js';
import { Checkpoints } from './proof/checkpoints.js';
import { EvidenceFolder } from './proof/evidence-folder.js';
import { LogCheck } from './proof/log-check.js';
import { PROOF_FOLDER, ProofFolder, ProofFolderError } from './proof/proof-folder.js';
import { followOnThread } from './projector-worker.js';
import { AutomationRefusals } from './refusals/automation-refusals.js';
import { RefusalRecorder } from './refusals/refusal-recorder.js';
import { REPLICA_FILE } from './store/replica/replica-file.js';
import { AlteredHistoryError, StoreUnavailableError, type Genesis } from './store/event-store.js';
import type { LogTree } from './store/merkle-proof.js';
import { ReplicaStore } from './store/replica/replica-store.js';
import { codeOf, FolderError, isWithin } from './store/sqlite/folder.js';
import { SqliteReadModelFile } from './store/sqlite/read-model-file.js';
import { LEDGER_FILE, SqliteStore } from './store/sqlite/sqlite-store.js';

/** Many commands share a millisecond, and the text of an instant costs more than the instant. */
export const now = (): string => {
  const at = Date.now();
  if (at !== last.at) last = { at, text: new Date(at).toISOString() };
  return last.text;
};
let last = { at: NaN, text: '' };
const uptime = () => performance.now();
const newId = () => randomUUIDv7();
/** How often the clock is compared, also while no command comes. */
const CLOCK_MS = 5000;
/** Memory for folded streams of this thread, in bytes: writers and readers share them, so what a command appended needs no reading. */
const HISTORY_BYTES = 40 << 20;

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
        {
          provide: Checkpoints,
          inject: [STORE, LogCheck],
          useFactory: async (store: TreeStore, check: LogCheck) =>
            opened.adopt(await openCheckpoints(config, log, store, check), (checkpoints) => checkpoints.close()),
        },
        {
          provide: Anchors,
          inject: [Checkpoints],
          useFactory: (checkpoints: Checkpoints) => opened.adopt(anchor(config, log, checkpoints), (anchors) => anchors.close()),
        },
        {
          provide: EvidenceFolder,
          useValue: new EvidenceFolder(config.dataDir, { maxBytes: config.evidenceMb * 1e6, maxTotal: config.evidenceTotalMb * 1e6 }),
        },
        {
          provide: RefusalRecorder,
          inject: [STORE],
          useFactory: async (store: EventStore) => opened.adopt(await rememberRefusals(config, log, store), (refusals) => refusals.close()),
        },
        {
          provide: LogCheck,
          inject: [STORE],
          useFactory: (store: TreeStore) => opened.adopt(checkLog(config, log, store), (check) => check.close()),
        },
        { provide: REPLICA, useFactory: replicaStatus, inject: [STORE] },
        {
          provide: ClockGuard,
          inject: [STORE, Projector],
          useFactory: (store: EventStore, projector: Projector) => guardClock(config, log, opened, store, projector),
        },
        {
          provide: HistoryCache,
          inject: [STORE],
          useFactory: (store: EventStore) => new HistoryCache({ store, aggregates, maxBytes: HISTORY_BYTES, follows: false }),
        },
        {
          provide: Engine,
          inject: [STORE, ClockGuard, HistoryCache, Projector, Checkpoints],
          useFactory: (store: EventStore, clock: ClockGuard, histories: HistoryCache, projector: Projector, checkpoints: Checkpoints) =>
            new Engine(
              {
                store,
                histories,
                now: recordingClock(clock, () => checkpoints.fault),
                newId,
                members: membersIn(store, projector),
                holders: holdersIn(store, projector),
              },
              aggregates,
              config.queue,
            ),
        },
        {
          provide: Automations,
          inject: [STORE, Engine, ClockGuard, Projector, Checkpoints, RefusalRecorder],
          useFactory: (
            store: EventStore,
            engine: Engine,
            clock: ClockGuard,
            projector: Projector,
            checkpoints: Checkpoints,
            recorder: RefusalRecorder,
          ) =>
            config.automations
              ? opened.adopt(
                  automate(
                    log,
                    store,
                    engine,
                    projector,
                    recordingClock(clock, () => checkpoints.alteration),
                    recorder,
                  ),
                  (running) => running.close(),
                )
              : undefined,
        },
        {
          provide: Projector,
          inject: [STORE, HistoryCache],
          useFactory: async (store: EventStore, histories: HistoryCache) =>
            opened.adopt(await startProjector(config, log, store, histories), (projector) => projector.close()),
        },
      ],
      exports: [
        CONFIG,
        LOG,
        REGISTRY,
        STORE,
        REPLICA,
        Checkpoints,
        Anchors,
        EvidenceFolder,
        LogCheck,
        ClockGuard,
        Engine,
        Automations,
        Projector,
        RefusalRecorder,
      ],
    };
  }

  constructor(@Inject(OPENED) private readonly opened: Opened) {}

  /** Nest calls it when every request has its answer. */
  async onApplicationShutdown(): Promise<void> {
    await this.opened.disposeAsync();
  }
}

/** The log in the data folder; or on a KurrentDB, with a replica of it in the data folder. */
const openStore = async (config: Config, log: Logger): Promise<EventStore> => {
  try {
    return await openStoreOf(config, log);
  } catch (error) {
    if (error instanceof FolderError) throw new ConfigError(`DATA_DIR must be a folder: ${error.message}`, { cause: error });
    if (isOfFolder(error, config.dataDir)) throw new ConfigError(`DATA_DIR cannot be used: ${error.message}.`, { cause: error });
    if (codeOf(error) === 'invalid-connection')
      throw new ConfigError(`LEDGER_KURRENTDB_URL: ${(error as Error).message}`, { cause: error });
    throw error;
  }
};
/** Whether the system refused a file of a folder: another user's, or one on a disk that cannot be written. */
const isOfFolder = (error: unknown, folder: string): error is NodeJS.ErrnoException => {
  const { syscall, path } = error as NodeJS.ErrnoException;
  return syscall !== undefined && path !== undefined && isWithin(path, folder);
};
const openStoreOf = async (config: Config, log: Logger): Promise<EventStore> => {
  const { store, dataDir: dir, timeZone, kurrentdbUrl = '', kurrentdbAppends: appends, prefix, readySeconds } = config;
  const say = (message: string, error?: unknown) => log.warn(error === undefined ? {} : { err: error }, message);
  if (store === 'embedded') return SqliteStore.open({ dir, timeZone, now, newId, log: say });
  // imported only here: a ledger in the data folder does not load the client
  const { KurrentStore } = await import('./store/kurrentdb/kurrent-store.js');
  const liveness = Math.min(3000, (readySeconds * 1000) / 3);
  const connect = (ledger?: Genesis) =>
    KurrentStore.open({
      url: kurrentdbUrl,
      timeZone,
      appends,
      now,
      uptime,
      newId,
      log: say,
      ledger,
      liveness,
      ...(prefix !== undefined && { prefix }),
    });
  return ReplicaStore.open({ dir, connect, uptime, chance: Math.random, log: say });
};

/** The instant of now, while something may be recorded. @param broken why the history keeps anything from being recorded, if it does */
const recordingClock = (clock: ClockGuard, broken: () => string | undefined) => (): string => {
  const why = broken();
  if (why !== undefined) throw new AlteredHistoryError(`Nothing was recorded: ${why}`);
  return clock.now();
};

/** What is due is found in the deadlines, and issued beside the commands of others. */
const automate = (
  log: Logger,
  store: EventStore,
  engine: Engine,
  projector: Projector,
  clock: () => string,
  recorder: RefusalRecorder,
): Automations => {
  const refusals = new Refusals(recorder, engine, { aggregates, commands });
  const ofAutomations = new AutomationRefusals(recorder, now, SYSTEM);
  return new Automations({
    automations,
    engine,
    refused: (request, error) => refusals.ofAutomation(request, error, ofAutomations),
    deadlines: async (kind, cursor, overdueOn) => {
      const filters = { ...(overdueOn !== undefined && { overdueOn }) };
      const { rows, next } = await projector.rows(deadlines.name, { kind, cursor, filters });
      return { keys: rows.map(({ key }) => key), ...(next !== undefined && { next }) };
    },
    sequence: () => projector.sequence,
    caughtUp: () => knowsAll(store, projector, 'What is due'),
    hasAllBefore: (day) => !(store instanceof ReplicaStore) || hasAllBefore(day, store),
    now: () => {
      if (store.failure) throw store.failure;
      return clock();
    },
    timeZone: store.genesis.timeZone,
    log: (message, error) => (error === undefined ? log.warn(message) : log.error({ err: error }, message)),
  }).start();
};

/** Whether a replica has had all that was in the log at an instant of that day, or later. */
const hasAllBefore = (day: string, replica: ReplicaStore): boolean => {
  const { age } = replica.status();
  return (
    age !== undefined &&
    dayOf(
      Temporal.Instant.from(now())
        .subtract({ milliseconds: Math.round(age * 1000) })
        .toString(),
      replica.genesis.timeZone,
    ) >= day
  );
};

/** How long a decision waits for the projection that keeps sets, in milliseconds. */
const SET_MS = 5000;
/** Streams of a set at most: a larger one is never read, and what policy asks of it is not assessable. */
const MAX_SET = 2000;
const SET_PAGE = 200;

/**
 * The losses of a case, from the projection that lists them, once it has read all that was acknowledged. On one node decisions on a case
 * follow each other. Of two nodes each may decide without the other's: what a decision knew is recorded with it, and the row of the case
 * finds the approvals that its sum has outgrown.
 */
const membersIn =
  (store: EventStore, projector: Projector): Members =>
  async (set) => {
    await knowsAll(store, projector, `What belongs to ${set}`);
    const streams: string[] = [];
    const at = projector.sequence;
    for (let cursor: string | undefined, more = true; more;) {
      if (streams.length >= MAX_SET) return undefined;
      const page = await projector.ask(exposure.name, (rows) => rows.list(set, 'losses', at, cursor, SET_PAGE));
      for (const entry of page?.entries ?? []) streams.push(`loss-${(entry as { readonly loss: string }).loss}`);
      cursor = page?.next;
      more = cursor !== undefined;
    }
    return streams;
  };

/** The streams that have an external reference, from the projection that finds them, once it has read all that was acknowledged. */
const holdersIn =
  (store: EventStore, projector: Projector): Holders =>
  async (category, reference) => {
    await knowsAll(store, projector, `Who has ${reference.scheme} ${reference.id}`);
    const page = await projector.ask(identifiers.name, (rows) =>
      rows.list(referenceKey(category, reference), 'holders', projector.sequence, undefined, 2),
    );
    return (page?.entries ?? []).map((entry) => `${category}-${(entry as { readonly id: string }).id}`);
  };

/** @throws StoreUnavailableError when the projections are more than `SET_MS` behind */
const knowsAll = async (store: EventStore, projector: Projector, what: string): Promise<void> => {
  const head = await store.head();
  if (head !== undefined && !(await projector.reached(head, SET_MS)))
    throw new StoreUnavailableError(`${what} is not known yet: the projections are behind.`, 1000);
};

/** Every store that the server opens keeps the tree of its log. */
type TreeStore = EventStore & { readonly tree: LogTree };

const openCheckpoints = async (config: Config, log: Logger, store: TreeStore, check: LogCheck): Promise<Checkpoints> => {
  const folder = new ProofFolder(config.dataDir, config.proofKey);
  const { size } = store.tree;
  if (size > 0 && !folder.hasNotes)
    log.warn(
      `No checkpoint is kept in ${join(config.dataDir, PROOF_FOLDER)}: the first one is signed over the ${size} events that are there. ` +
        'Whether they were altered before, only a checkpoint that somebody else kept can say.',
    );
  try {
    return await Checkpoints.open({
      store,
      folder,
      host: config.proofHost,
      newEpoch: config.newEpoch ?? false,
      now,
      altered: () => check.fault,
      log: (message, error) => log.error(error === undefined ? {} : { err: error }, message),
    });
  } catch (error) {
    if (error instanceof ProofFolderError && config.proofKey !== undefined)
      throw new ConfigError(`LEDGER_PROOF_KEY: ${error.message}`, { cause: error });
    throw error;
  }
};

/** @throws ConfigError */
const anchor = (config: Config, log: Logger, checkpoints: Checkpoints): Anchors => {
  const { anchorDir: dir, anchorWebhook: webhook, witnesses: file, anchorSeconds } = config;
  if (dir !== undefined && existsSync(dir) && !statSync(dir).isDirectory())
    throw new ConfigError(`LEDGER_ANCHOR_DIR must be a folder: ${dir} is a file.`);
  try {
    return new Anchors(checkpoints, {
      ...(dir !== undefined && { dir }),
      ...(webhook !== undefined && { webhook }),
      ...(file !== undefined && { witnesses: witnessesIn(readFileSync(file, 'utf8')) }),
      everyMs: anchorSeconds * 1000,
      log: (message, error) => log.warn(error === undefined ? {} : { err: error }, message),
    });
  } catch (error) {
    throw new ConfigError(`LEDGER_WITNESSES: ${(error as Error).message}`, { cause: error });
  }
};

const checkLog = (config: Config, log: Logger, store: TreeStore): LogCheck =>
  new LogCheck({
    store,
    uptime,
    everyMs: config.checkHours * 3_600_000,
    log: (message, error) => log.error(error === undefined ? {} : { err: error }, message),
  });

const rememberRefusals = (
  { dataDir: dir, refusalsMb, refusalsDays }: Config,
  log: Logger,
  { genesis }: EventStore,
): Promise<RefusalRecorder> =>
  RefusalRecorder.open({
    dir,
    ledger: genesis.ledgerId,
    maxBytes: refusalsMb * 1e6,
    maxDays: refusalsDays,
    now,
    log: (message, error) => log.warn(error === undefined ? {} : { err: error }, message),
  });

const replicaStatus = (store: EventStore): ReplicaStatus | undefined => (store instanceof ReplicaStore ? () => store.status() : undefined);

/** After the first attempt to open the read model, whether or not it succeeded. */
const startProjector = async (config: Config, log: Logger, store: EventStore, histories: HistoryCache): Promise<Projector> => {
  const readModel = new SqliteReadModelFile(join(config.dataDir, 'read-model.db'));
  const follow = followerOf(config, store, readModel.file);
  const say = (message: string, error?: unknown) => (error === undefined ? log.warn(message) : log.error({ err: error }, message));
  const projector = Projector.start({ store, readModel, projections, aggregates, histories, now, ...(follow && { follow }), log: say });
  await projector.opened;
  return projector;
};

/** On a thread of its own where the program is built; elsewhere there is no file that could start as one, and the projector follows here. */
const followerOf = ({ store: kind, dataDir }: Config, store: EventStore, readModel: string): ProjectionOptions['follow'] => {
  if (extname(import.meta.filename) !== '.js') return undefined;
  const log = kind === 'embedded' ? ({ kind: 'sqlite', name: LEDGER_FILE } as const) : ({ kind: 'replica', name: REPLICA_FILE } as const);
  const file = join(dataDir, log.name);
  return followOnThread({ log: { kind: log.kind, file }, readModel, genesis: store.genesis }, (listener) => store.onCommit?.(listener));
};

/** What the operator should know of the clock when the ledger is opened, and the guard over it from then on. */
const guardClock = async (config: Config, log: Logger, opened: Opened, store: EventStore, projector: Projector): Promise<ClockGuard> => {
  const { timeZone } = store.genesis;
  if (config.timeZone !== timeZone)
    log.warn(`LEDGER_TIME_ZONE is ${config.timeZone}, but the days of this ledger are days in ${timeZone}: that never changes.`);

  // A replica may be behind its log in any case: there the node is not ready until the projections have caught up.
  const unread = await latestRecordedAt(store);
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
    uptime,
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
