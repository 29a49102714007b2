import { Controller, Get, Inject, Put, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { EvidenceDiffersError, EvidenceFolder, EvidenceTooLargeError, isSha256 } from '../proof/evidence-folder.js';
import { HistoryBrokenError } from '../store/event-store.js';
import { EVIDENCE } from './json-body.js';
import { describeRead, problem } from './openapi.js';
import { badParameter, BadRequestError, NotFoundError } from './problem.js';
import { queryOf } from './request.js';

const BYTES = 'application/octet-stream';

/** Evidence that decisions refer to by its hash, kept beside the ledger: it is no part of the log. */
@Controller()
export class EvidenceController {
  constructor(@Inject(EvidenceFolder) private readonly evidence: EvidenceFolder) {}

  @Put(EVIDENCE)
  @ApiTags('evidence')
  @ApiOperation({ operationId: 'putEvidence', summary: 'Keep a piece of evidence under its SHA-256.' })
  @ApiParam({ name: 'sha256', description: 'Of the bytes, in hexadecimal.', schema: { type: 'string', pattern: '^[0-9a-f]{64}$' } })
  @ApiBody({ required: true, schema: { type: 'string', format: 'binary' } })
  @ApiResponse({ status: 201, description: 'It is kept.' })
  @ApiResponse({ status: 204, description: 'It was kept before.' })
  @problem(400, 'The bytes have another hash.')
  @problem(413, 'The piece, or all evidence together, is too large.')
  @problem(415, 'The body is not application/octet-stream, or is encoded.')
  async put(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const sha256 = sha256Of(request);
    try {
      const isNew = await this.evidence.put(sha256, request.body as AsyncIterable<Buffer>);
      void reply.code(isNew ? 201 : 204).send();
    } catch (error) {
      if (error instanceof EvidenceDiffersError) throw new BadRequestError([{ pointer: '', detail: error.message }], 'bad-body');
      if (error instanceof EvidenceTooLargeError)
        throw new BadRequestError([{ pointer: '', detail: error.message }], 'body-too-large', 413);
      throw error;
    }
  }

  @Get(EVIDENCE)
  @describeRead({
    tag: 'evidence',
    operationId: 'getEvidence',
    summary: 'A piece of evidence, once its bytes have the hash of their address.',
    path: { sha256: 'Of the bytes, in hexadecimal.' },
    type: BYTES,
    status: [400, 404],
  })
  async get(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const sha256 = sha256Of(request);
    const size = await this.evidence.check(sha256).catch((error: unknown) => {
      throw error instanceof EvidenceDiffersError ? new HistoryBrokenError(error.message, { cause: error }) : error;
    });
    if (size === undefined) throw new NotFoundError(`No evidence ${sha256} is kept.`);
    const headers = { 'content-type': BYTES, 'content-length': size, 'content-disposition': `attachment; filename="${sha256}"` };
    void reply.headers(headers).send(this.evidence.read(sha256));
  }
}

const sha256Of = (request: FastifyRequest): string => {
  queryOf(request, []);
  const { sha256 } = request.params as { readonly sha256: string };
  if (!isSha256(sha256)) throw badParameter('sha256', 'must be a SHA-256 in hexadecimal, 64 digits in lower case');
  return sha256;
};
