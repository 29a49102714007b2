import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LEDGER, type Ledger } from './ledger.js';
import { describeRead } from './openapi.js';
import { queryOf } from './request.js';

@Controller()
export class OperationsController {
  constructor(@Inject(LEDGER) private readonly ledger: Ledger) {}

  @Get('livez')
  @describeRead({ tag: 'operations', operationId: 'livez', summary: 'The process answers.', status: [] })
  live(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    reply.send({ alive: true });
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
