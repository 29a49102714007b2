import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiResponse, ApiTags } from '@nestjs/swagger';
import { commands } from '../domain/index.js';
import { schemaOf } from '../kernel/index.js';
import { MIN_POSITION } from './as-of.js';
import { replayFields } from './replay-body.js';
import { refTo } from './schemas.js';

const problem = (status: number, description: string) =>
  ApiResponse({ status, description, content: { 'application/problem+json': { schema: refTo('Problem') } } });
const summary = 'Decisions taken again from what was known, also under another policy: a line of JSON for each, then a summary.';

/** `POST /replays`: a query, though it has a body. Its answer is JSON Lines (OpenAPI 3.2: `itemSchema`). */
export const describeReplays = () =>
  applyDecorators(
    ApiTags('decisions'),
    ApiOperation({
      operationId: 'replayDecisions',
      summary,
      description: `${summary} It records nothing, and readers may ask. Closing the request cancels it.`,
    }),
    ApiQuery({ name: 'minPosition', description: MIN_POSITION.minPosition, required: false, schema: { type: 'string' } }),
    ApiBody({
      required: true,
      schema: { ...schemaOf(replayFields({ commands })), title: 'ReplaysBody' } as object,
      examples: { valid: { value: { programme: 'met' } } },
    }),
    ApiResponse({
      status: 200,
      description: summary,
      content: { 'application/jsonl': { itemSchema: { anyOf: [refTo('ReplayLine'), refTo('ReplayEnd')] } } as object },
    }),
    problem(400, 'A pointer and a detail for each field that is wrong.'),
    problem(404, 'There is no such decision.'),
    problem(413, 'The body is too large.'),
    problem(415, 'The body is not JSON, or is encoded.'),
    problem(500, 'Something went wrong on our side: the log has more under the id of the answer.'),
    problem(503, 'Two replays are under way, as many as may; or the server is not ready.'),
  );
