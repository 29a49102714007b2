import { Inject, Module, type BeforeApplicationShutdown } from '@nestjs/common';
import { aggregates } from '../domain/index.js';
import { Projector } from '../engine/read/projector.js';
import { Engine } from '../engine/write/engine.js';
import { Checkpoints } from '../proof/checkpoints.js';
import { EvidenceFolder } from '../proof/evidence-folder.js';
import { aggregateController } from './aggregate.controller.js';
import { Bundles } from './bundles.js';
import { ContributionsController } from './contributions.controller.js';
import { DecisionsController } from './decisions.controller.js';
import { DeadlinesController } from './deadlines.controller.js';
import { CONFIG, LOG, REGISTRY, STORE, type Config, type EventStore, type Logger, type Registry } from './ledger.js';
import { LogController } from './log.controller.js';
import { ProjectionsController } from './projections.controller.js';
import { EvidenceController } from './evidence.controller.js';
import { ProofsController } from './proofs.controller.js';
import { RefusalFinder } from './find-refusals.js';
import { RefusalsController } from './refusals.controller.js';
import { RefusalRecorder } from '../refusals/refusal-recorder.js';
import { ReplaysController } from './replays.controller.js';
import { SearchController } from './search.controller.js';
import { StreamTicketsController } from './stream-tickets.controller.js';
import { Subscribers } from './subscribers.js';

/** Everything that is read: states and histories, the log, the projections and the clients that follow them. */
@Module({
  providers: [
    {
      provide: RefusalFinder,
      inject: [RefusalRecorder],
      useFactory: (recorder: RefusalRecorder) => new RefusalFinder(recorder),
    },
    {
      provide: Bundles,
      inject: [STORE, Projector, Engine, REGISTRY, Checkpoints, EvidenceFolder],
      useFactory: (
        store: EventStore,
        projector: Projector,
        engine: Engine,
        registry: Registry,
        checkpoints: Checkpoints,
        evidence: EvidenceFolder,
      ) => new Bundles({ store, projector, engine, registry, checkpoints, evidence }),
    },
    {
      provide: Subscribers,
      inject: [CONFIG, LOG, STORE, Projector],
      useFactory: ({ subscribers: most }: Config, log: Logger, store: EventStore, projector: Projector) =>
        new Subscribers({ projector, store, log, most }),
    },
  ],
  controllers: [
    ...aggregates.map(aggregateController),
    ContributionsController,
    ProjectionsController,
    StreamTicketsController,
    LogController,
    DecisionsController,
    ReplaysController,
    DeadlinesController,
    SearchController,
    EvidenceController,
    ProofsController,
    RefusalsController,
  ],
  exports: [Bundles, RefusalFinder, Subscribers],
})
export class QueriesModule implements BeforeApplicationShutdown {
  constructor(
    @Inject(Subscribers) private readonly subscribers: Subscribers,
    @Inject(Projector) private readonly projector: Projector,
  ) {}

  /** A stream of updates never ends by itself, and a wait for a position may last: they end here, before the server waits for open requests. */
  beforeApplicationShutdown(): void {
    this.subscribers.close();
    this.projector.endWaits();
  }
}
