import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { MIN_POSITION } from './as-of.js';

const problem = (status: number, description: string) =>
  ApiResponse({ status, description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } });
const summary = 'Decisions taken again from what was known, also under another policy: a line of JSON for each, then a summary.';

/** `POST /replays`: a query, though it has a body. */
export const describeReplays = () =>
  applyDecorators(
    ApiTags('decisions'),
    ApiOperation({
      operationId: 'replayDecisions',
      summary,
      description: 'Records nothing; readers may ask. Closing the request cancels it.',
    }),
    ApiQuery({ name: 'minPosition', description: MIN_POSITION.minPosition, required: false, schema: { type: 'string' } }),
    ApiBody({
      required: true,
      schema: {
        type: 'object',
        properties: {
          decision: { type: 'string', format: 'uuid' },
          programme: { type: 'string' },
          recordedFrom: { type: 'string' },
          recordedUntil: { type: 'string' },
          policy: { type: 'object' },
        },
      },
    }),
    ApiResponse({ status: 200, description: summary, content: { 'application/jsonl': { schema: { type: 'string' } } } }),
    problem(400, 'A pointer and a detail for each field that is wrong.'),
    problem(404, 'There is no such decision.'),
    problem(413, 'The body is too large.'),
    problem(415, 'The body is not JSON, or is encoded.'),
    problem(503, 'Two replays are under way, as many as may; or the server is not ready.'),
  );
