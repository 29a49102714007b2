import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendJson } from './answer.js';
import { COUNTED, LEDGER, lagOf, type Replica, type Ledger } from './ledger.js';
import { describeRead } from './openapi.js';
import { NotReadyError } from './problem.js';
import { queryOf } from './request.js';

@Controller()
export class OperationsController {
  constructor(@Inject(LEDGER) private readonly ledger: Ledger) {}

  /** The address of the server alone leads a person to its description; it is no operation of the API. */
  @Get()
  @ApiExcludeEndpoint()
  root(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    void reply.redirect('docs', 302);
  }

  @Get('livez')
  @describeRead({ tag: 'operations', operationId: 'livez', summary: 'The process answers.', status: [] })
  live(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    sendJson(reply, { alive: true });
  }

  @Get('readyz')
  @describeRead({
    tag: 'operations',
    operationId: 'readyz',
    summary: 'The store answers and the projections are close behind it.',
    status: [503],
  })
  async ready(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(request, []);
    const { projector, config, store: { failure } } = this.ledger; // prettier-ignore
    const replica = await this.ledger.replica?.();
    const read =
      replica && (replica.behind === undefined || replica.broken !== undefined)
        ? undefined
        : await lagOf(this.ledger).catch(() => undefined);
    const behind = read === undefined ? undefined : read + (replica?.behind ?? 0);
    const projections = projector.list().map(({ name, state, behind: rebuilding, faulted }) => ({
      name,
      state,
      lag: rebuilding + (behind ?? 0),
      faulted: faulted.length,
    }));
    const store = failure ? 'failed' : behind === undefined ? 'away' : 'answers';
    const late = projections.some(({ state, lag }) => state !== 'serving' || lag > config.readyLag || lag >= COUNTED);
    if (store !== 'answers' || late || projector.failed !== undefined)
      throw new NotReadyError({
        store,
        ...(failure && { reason: failure.message }),
        projections,
        ...(replica && { replica: shown(replica) }),
      });
    sendJson(reply, { ready: true, store, projections, ...(replica && { replica: shown(replica) }) });
  }

  @Get('openapi.json')
  @describeRead({ tag: 'operations', operationId: 'openapi', summary: 'This description.', status: [] })
  openapi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    sendJson(reply, this.ledger.document());
  }

  @Get('metrics')
  @describeRead({
    tag: 'operations',
    operationId: 'metrics',
    summary: 'Counts and durations for Prometheus.',
    type: 'text/plain',
    status: [],
  })
  async metrics(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    queryOf(request, []);
    reply.header('content-type', this.ledger.metrics.contentType).send(await this.ledger.metrics.text());
  }
}

const shown = ({ sequence, root, connected, behind, broken }: Replica) => ({
  sequence: sequence,
  root,
  connected,
  behind: behind ?? null,
  ...(broken !== undefined && { broken }),
});
