import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiExcludeEndpoint } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendJson } from './answer.js';
import { LEDGER, lagOf, type Copy, type Ledger } from './ledger.js';
import { describeRead } from './openapi.js';
import { NotReady } from './problem.js';
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
    const { projector, config } = this.ledger;
    const copy = await this.ledger.copy?.();
    const read =
      copy && (copy.behind === undefined || copy.broken !== undefined) ? undefined : await lagOf(this.ledger).catch(() => undefined);
    const behind = read === undefined ? undefined : read + (copy?.behind ?? 0);
    const projections = projector.list().map(({ name, state, behind: rebuilding, stopped }) => ({
      name,
      state,
      lag: rebuilding + (behind ?? 0),
      stopped: stopped.length,
    }));
    const store = behind === undefined ? 'away' : 'answers';
    const late = projections.some(({ state, lag }) => state !== 'serving' || lag > config.readyLag);
    if (store === 'away' || late || projector.failed !== undefined)
      throw new NotReady({ store, projections, ...(copy && { copy: shown(copy) }) });
    sendJson(reply, { ready: true, store, projections, ...(copy && { copy: shown(copy) }) });
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

const shown = ({ ordinal, root, connected, behind, broken }: Copy) => ({
  ordinal,
  root,
  connected,
  behind: behind ?? null,
  ...(broken !== undefined && { broken }),
});
