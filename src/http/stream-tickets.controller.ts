import { Controller, Inject, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Projector } from '../engine/read/projector.js';
import { check, exampleOf, schemaOf, text, type Fields } from '../kernel/index.js';
import { sendJson } from './answer.js';
import type { StreamTicket } from './answers.js';
import { problem } from './openapi.js';
import { BadRequestError } from './problem.js';
import { queryOf, signedInAs, tokenOf } from './request.js';
import { refTo } from './schemas.js';
import { TICKET_SECONDS } from './stream-tickets.js';

const fields: Fields = {
  path: text('The path of the stream, without a query', { max: 200, example: '/projections/contract-register/updates' }),
};
const summary = 'A ticket for one stream, which a browser puts in its address: an EventSource can send no token.';

/** `POST /stream-tickets`: it records nothing, and readers may ask. */
@Controller('stream-tickets')
export class StreamTicketsController {
  constructor(@Inject(Projector) private readonly projector: Projector) {}

  @Post()
  @ApiTags('projections')
  @ApiOperation({
    operationId: 'makeStreamTicket',
    summary,
    description: `${summary} It is good once, for ${TICKET_SECONDS} seconds, at this path, whatever the filters, and in the role of the token that it was made with.`,
  })
  @ApiBody({ required: true, schema: { ...schemaOf(fields), title: 'StreamTicketBody' } as object, examples: { valid: { value: exampleOf(fields) } } }) // prettier-ignore
  @ApiResponse({ status: 201, description: 'The ticket.', content: { 'application/json': { schema: refTo('StreamTicket') } } })
  @problem(400, 'A pointer and a detail for each field that is wrong.')
  @problem(413, 'The body is too large.')
  @problem(415, 'The body is not JSON, or is encoded.')
  @problem(500, 'Something went wrong on our side: the log has more under the id of the answer.')
  @problem(503, 'The server is not ready.')
  make(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    queryOf(request, []);
    const problems = check(fields, request.body);
    if (problems.length > 0) throw new BadRequestError(problems, 'bad-body');
    const { path } = request.body as { readonly path: string };
    const [, name] = /^\/projections\/([a-z-]+)\/updates$/.exec(path) ?? [];
    if (name === undefined || !this.projector.has(name))
      throw new BadRequestError([{ pointer: '/path', detail: 'must be the path of a stream, such as /projections/contract-register/updates' }], 'bad-body'); // prettier-ignore
    const { ticket, expires } = request.server.streamTickets.issue({ path, token: tokenOf(request), role: signedInAs(request)?.role });
    const expiresAt = Temporal.Instant.fromEpochMilliseconds(expires).toString({ smallestUnit: 'millisecond' });
    reply.code(201).header('cache-control', 'no-store');
    sendJson(reply, { ticket, path, expiresAt } satisfies StreamTicket);
  }
}
