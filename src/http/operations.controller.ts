import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Projector } from '../engine/read/projector.js';
import { Checkpoints } from '../proof/checkpoints.js';
import { sentenceOf } from '../proof/proof-folder.js';
import { ClockGuard } from '../engine/write/clock-guard.js';
import { sendJson, varyBy } from './answer.js';
import { ApiDocument } from './api-document.js';
import { CONFIG, lagOf, MAX_COUNTED, REPLICA, STORE, type Config, type EventStore, type Replica, type ReplicaStatus } from './ledger.js';
import { Metrics } from './metrics.js';
import { describeRead } from './openapi.js';
import { NotReadyError } from './problem.js';
import { queryOf } from './request.js';

@Controller()
export class OperationsController {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    @Inject(STORE) readonly store: EventStore,
    @Inject(REPLICA) private readonly replica: ReplicaStatus | undefined,
    @Inject(Projector) readonly projector: Projector,
    @Inject(ClockGuard) private readonly clockGuard: ClockGuard,
    @Inject(Checkpoints) private readonly checkpoints: Checkpoints,
    @Inject(Metrics) private readonly counted: Metrics,
    @Inject(ApiDocument) private readonly document: ApiDocument,
  ) {}

  /** The address of the server alone leads a browser to the pages, and everybody else to the description; it is no operation of the API. */
  @Get()
  @ApiExcludeEndpoint()
  root(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    varyBy(reply, 'accept');
    void reply.redirect(/\btext\/html\b/i.test(request.headers.accept ?? '') ? 'app' : 'docs', 302);
  }

  @Get('livez')
  @describeRead({ tag: 'operations', operationId: 'livez', summary: 'The process answers.', answer: 'Alive', status: [400] })
  live(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    sendJson(reply, { alive: true });
  }

  @Get('readyz')
  @describeRead({
    tag: 'operations',
    operationId: 'readyz',
    summary: 'The store answers and has the history that was signed, the clock is trusted, and the projections are close behind the log.',
    answer: 'Ready',
    status: [400, 503],
  })
  async ready(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(request, []);
    const { projector, config, store: { failure, refusing } } = this; // prettier-ignore
    const replica = this.replica?.();
    const behind = replica?.broken === undefined ? await lagOf(this).catch(() => undefined) : undefined;
    const projections = projector.list().map(({ name, state, behind: rebuilding, faulted }) => ({
      name,
      state,
      lag: rebuilding + (behind ?? 0),
      faulted: faulted.length,
    }));
    const store = failure ? 'failed' : behind === undefined ? 'away' : replica ? storeOf(replica, config.readySeconds) : 'answers';
    const most = this.store.size ? config.readyLag : Math.min(config.readyLag, MAX_COUNTED - 1);
    const late = projections.some(({ state, lag }) => state !== 'serving' || lag > most);
    const clock = this.clockGuard.state();
    const altered = this.checkpoints.alteration;
    const { missed } = this.checkpoints;
    const parts = {
      store,
      ...(refusing && { refusing: refusing.message }),
      proof: altered === undefined ? (missed?.state ?? 'agrees') : 'altered',
      clock,
      projections,
      ...(replica && { replica: shown(replica) }),
    };
    const reason = failure?.message ?? altered ?? (missed && sentenceOf(missed));
    if (store !== 'answers' || clock !== 'trusted' || late || projector.failed !== undefined || reason !== undefined)
      throw new NotReadyError({ ...parts, ...(reason !== undefined && { reason }) });
    // It still is ready: reads go on, and the next command shows whether there is room again.
    sendJson(reply, { ready: true, ...parts });
  }

  @Get('openapi.json')
  @describeRead({ tag: 'operations', operationId: 'openapi', summary: 'This description.', status: [400] })
  openapi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    void reply.header('content-type', 'application/json; charset=utf-8').send(this.document.text());
  }

  @Get('metrics')
  @describeRead({
    tag: 'operations',
    operationId: 'metrics',
    summary: 'Counts and durations for Prometheus.',
    type: 'text/plain',
    status: [400],
  })
  async metrics(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(request, []);
    reply.header('content-type', this.counted.contentType).send(await this.counted.text());
  }
}

/** Whether the replica had all of the log not longer ago than allowed. */
const storeOf = ({ connected, age, incomplete }: Replica, seconds: number): 'answers' | 'incomplete' | 'behind' | 'away' => {
  if (incomplete !== undefined) return 'incomplete';
  if (age !== undefined && age <= seconds) return 'answers';
  return connected ? 'behind' : 'away';
};

const shown = ({ sequence, root, connected, age, faulted, incomplete, broken }: Replica) => ({
  sequence,
  root,
  connected,
  ageSeconds: age === undefined ? null : Math.round(age * 10) / 10,
  ...(faulted.count > 0 && { faulted }),
  ...(incomplete !== undefined && { incomplete }),
  ...(broken !== undefined && { broken }),
});
