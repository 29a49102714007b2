import { Inject, Module } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import type { FastifyInstance } from 'fastify';
import { Automations } from '../engine/automation/automations.js';
import { Projector } from '../engine/read/projector.js';
import { Anchors } from '../proof/anchors.js';
import { Checkpoints } from '../proof/checkpoints.js';
import { LogCheck } from '../proof/log-check.js';
import { ClockGuard } from '../engine/write/clock-guard.js';
import { Engine } from '../engine/write/engine.js';
import { ApiDocument } from './api-document.js';
import {
  lagOf,
  REFUSED,
  REGISTRY,
  REPLICA,
  STORE,
  type EventStore,
  type NoteRefused,
  type Registry,
  type ReplicaStatus,
} from './ledger.js';
import { Metrics } from './metrics.js';
import { OperationsController } from './operations.controller.js';
import { ProblemFilter } from './problem.js';
import { QueriesModule } from './queries.module.js';
import { RefusalRecorder } from '../refusals/refusal-recorder.js';
import { Refusals } from './refusals.js';
import { Routes } from './routes.js';
import { Subscribers } from './subscribers.js';

const metrics = (
  engine: Engine,
  clock: ClockGuard,
  projector: Projector,
  store: EventStore,
  subscribers: Subscribers,
  checkpoints: Checkpoints,
  check: LogCheck,
  anchors: Anchors,
  refusals: RefusalRecorder,
  { httpAdapter }: HttpAdapterHost,
  automations?: Automations,
  replica?: ReplicaStatus,
) =>
  new Metrics({
    underWay: () => engine.inFlight,
    isClockTrusted: () => clock.state() === 'trusted',
    isRefusing: () => (store.failure ?? store.refusing) !== undefined,
    subscribers: () => subscribers.size,
    connections: (httpAdapter.getInstance() as FastifyInstance).connections,
    head: () => projector.sequence,
    proof: {
      isAltered: () => checkpoints.alteration !== undefined,
      anchored: () => anchors.anchored,
      signed: () => checkpoints.latest?.size ?? 0,
      checked: () => check.last?.events ?? 0,
      checkAge: () => check.age ?? NaN,
    },
    refusals,
    ...(automations && { automations }),
    ...(replica && { replica }),
    lag: async () => {
      const behind = await lagOf({ store, projector });
      return Object.fromEntries(projector.list().map(({ name, behind: rebuilding }) => [name, behind + rebuilding]));
    },
  });

/** What an operator asks for: health, metrics, the OpenAPI document; and the one filter that turns errors into problems. */
@Module({
  imports: [QueriesModule],
  providers: [
    {
      provide: Metrics,
      useFactory: metrics,
      inject: [
        Engine,
        ClockGuard,
        Projector,
        STORE,
        Subscribers,
        Checkpoints,
        LogCheck,
        Anchors,
        RefusalRecorder,
        HttpAdapterHost,
        Automations,
        REPLICA,
      ],
    },
    {
      provide: Refusals,
      inject: [RefusalRecorder, Engine, REGISTRY],
      useFactory: (recorder: RefusalRecorder, engine: Engine, registry: Registry) => new Refusals(recorder, engine, registry),
    },
    {
      provide: REFUSED,
      inject: [Refusals],
      useFactory:
        (refusals: Refusals): NoteRefused =>
        (...refused) =>
          refusals.ofRequest(...refused),
    },
    { provide: APP_FILTER, useClass: ProblemFilter },
    ApiDocument,
    Routes,
  ],
  controllers: [OperationsController],
  exports: [ApiDocument, Metrics, Refusals, REFUSED],
})
export class OperationsModule {
  /** Modules are made before the first route is: both see every route. */
  constructor(
    @Inject(HttpAdapterHost) { httpAdapter }: HttpAdapterHost,
    @Inject(Routes) routes: Routes,
    @Inject(Metrics) metrics: Metrics,
  ) {
    const fastify: FastifyInstance = httpAdapter.getInstance();
    routes.watch(fastify);
    metrics.watch(fastify);
  }
}
