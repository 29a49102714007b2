import { applyDecorators, type INestApplication } from '@nestjs/common';
import {
  ApiBody,
  ApiHeader,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiTags,
  DocumentBuilder,
  SwaggerModule,
  type OpenAPIObject,
} from '@nestjs/swagger';
import { IDENTIFIER, stageRefusalsOf, type AnyCommand, type AnyAggregate, type Json } from '../kernel/index.js';
import { bodyExample, bodySchema } from './body.js';
import { isOpen } from './routes.js';

type Schema = { readonly [key: string]: Json };
const anObject = { type: 'object' } as const;
const aText = { type: 'string' } as const;

const components: Readonly<Record<string, Schema>> = {
  Problem: {
    type: 'object',
    description: 'RFC 9457',
    required: ['type', 'title', 'status'],
    properties: {
      type: { type: 'string', format: 'uri', example: 'urn:tower-ledger:problem:contract/stage' },
      title: aText,
      status: { type: 'integer' },
      detail: aText,
      instance: { type: 'string', format: 'uri' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['detail'],
          properties: {
            pointer: { type: 'string', description: 'JSON Pointer into the body' },
            parameter: { type: 'string', description: 'of the path or the query' },
            header: aText,
            detail: aText,
          },
        },
      },
    },
  },
  Receipt: {
    type: 'object',
    required: ['outcome', 'command', 'stream', 'revision', 'events', 'assessed', 'known'],
    properties: {
      decision: { type: 'string', format: 'uuid' },
      outcome: { enum: ['accepted', 'already-so', 'dry-run'] },
      command: aText,
      stream: aText,
      revision: { type: 'integer', minimum: -1 },
      position: aText,
      recordedAt: { type: 'string', format: 'date-time' },
      effectiveOn: aText,
      events: {
        type: 'array',
        items: {
          type: 'object',
          required: ['type', 'data'],
          properties: {
            id: { type: 'string', format: 'uuid' },
            type: aText,
            revision: { type: 'integer' },
            data: anObject,
            leaf: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'The leaf in the Merkle tree of the log.' },
            proof: { type: 'string', description: 'The address of the proof that the event is in the ledger.' },
          },
        },
      },
      assessed: { type: 'array', items: anObject },
      known: { type: 'array', items: { type: 'object', properties: { stream: aText, revision: { type: 'integer' } } } },
      namedBy: {
        type: 'object',
        description: 'Where all that was recorded of it is withdrawn: the streams of others that name it.',
        required: ['streams', 'more'],
        properties: { streams: { type: 'array', items: aText }, more: { type: 'boolean' } },
      },
    },
  },
};

const problem = (status: number, description: string) =>
  ApiResponse({ status, description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } });
const etag = { ETag: { description: 'The revision, in quotes.', schema: { type: 'string', example: '"3"' } } };
const validator = {
  ETag: { description: 'The revision and the version of the server.', schema: { type: 'string', example: '"3@0.1.0"' } },
};
const receipt = (status: number, description: string, headers: Readonly<Record<string, object>> = {}) =>
  ApiResponse({
    status,
    description,
    headers: { ...etag, ...headers },
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Receipt' } } },
  });
const anId = (category: string) =>
  ApiParam({ name: 'id', description: `The ${category}, in the user's own words.`, schema: { type: 'string', pattern: IDENTIFIER } });
const REQUEST_HEADERS: readonly (readonly [name: string, description: string])[] = [
  ['Idempotency-Key', '1 to 255 printable characters: the same key, body and actor add nothing twice.'],
  [
    'If-Match',
    'Revisions in quotes, one of which the stream is at; "-1" for one without events, * for one with any. A weak tag never matches.',
  ],
  ['If-None-Match', '* for an aggregate of which nothing is recorded yet.'],
  ['X-Actor', "Who sends the command: a person id. The operating system's user when absent."],
  ['X-Correlation-Id', 'Joins decisions that belong together.'],
];

export const describeCommand = (command: AnyCommand, { category }: AnyAggregate): MethodDecorator => {
  const stages = command.aggregate ? stageRefusalsOf(command.aggregate, command.events) : {};
  const refusals = Object.entries({ ...stages, ...command.refusals }).map(([code, sentence]) => `- \`${code}\`: ${sentence}`);
  return applyDecorators(
    ApiTags(category),
    ApiOperation({
      operationId: command.aggregate ? command.name : `${command.name}Of${category[0]!.toUpperCase()}${category.slice(1)}`,
      summary: command.summary,
      description: [`Adds ${command.events.join(', ')}.`, ...(refusals.length ? ['', 'Refused with:', '', ...refusals] : [])].join('\n'),
    }),
    anId(category),
    ApiQuery({ name: 'dryRun', required: false, description: 'Decide, and leave nothing.', schema: { type: 'boolean' } }),
    ...REQUEST_HEADERS.map(([name, description]) => ApiHeader({ name, description, required: false, schema: { type: 'string' } })),
    ApiBody({ schema: bodySchema(command) as object, required: true, examples: { valid: { value: bodyExample(command) } } }),
    receipt(201, 'Accepted and stored; a repeated key is answered in the same words.', {
      Location: { description: 'The decision.', schema: { type: 'string' } },
      'Idempotency-Replayed': { description: '`true` when this key was answered before.', schema: { type: 'string' } },
    }),
    receipt(200, 'A dry run, or already so: nothing was stored.'),
    problem(400, 'Malformed: a pointer and a detail for each field.'),
    problem(409, 'Refused by a rule; an unknown aggregate or reference.'),
    problem(412, 'The stream is not as If-Match or If-None-Match asks.'),
    problem(413, 'The body is too large.'),
    problem(415, 'The body is not JSON, or is encoded.'),
    problem(422, 'The idempotency key was used for another command, body or actor.'),
    problem(503, 'Nothing was stored, or the outcome is unknown: send it again with the same key after Retry-After.'),
  );
};

export interface Read {
  readonly tag: string;
  readonly operationId: string;
  readonly summary: string;
  /** Path parameters but `id`s of aggregates: name → description. */
  readonly path?: Readonly<Record<string, string>>;
  readonly idOf?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly type?: string;
  readonly status?: readonly number[];
  /** Of the answer. */
  readonly schema?: Schema;
  /** Answered with 304 to a caller whose If-None-Match names the validator. */
  readonly validated?: boolean;
}
const QUALIFIERS: Readonly<Record<number, string>> = {
  400: 'A parameter is not known or not allowed.',
  404: 'Nothing is there.',
  410: 'All of it has been withdrawn, or it is a duplicate of another one, which the answer links to.',
  503: 'minPosition was not reached in 5 seconds, or the server is not ready.',
};

export const describeRead = ({
  tag,
  operationId,
  summary,
  path = {},
  idOf,
  query = {},
  type = 'application/json',
  status = [400, 404, 503],
  validated = false,
  schema = anObject,
}: Read) =>
  applyDecorators(
    ApiTags(tag),
    ApiOperation({ operationId, summary }),
    ...(idOf ? [anId(idOf)] : []),
    ...Object.entries(path).map(([name, description]) => ApiParam({ name, description, schema: { type: 'string' } })),
    ...Object.entries(query).map(([name, description]) => ApiQuery({ name, description, required: false, schema: { type: 'string' } })),
    ApiResponse({
      status: 200,
      description: summary,
      ...(validated && { headers: validator }),
      content: { [type]: { schema: (type === 'application/json' ? schema : aText) as object } },
    }),
    ...(validated
      ? [
          ApiHeader({ name: 'If-None-Match', description: 'The ETag of an earlier answer.', required: false, schema: { type: 'string' } }),
          ApiResponse({ status: 304, description: 'Without query parameters: nothing was recorded since.', headers: validator }),
        ]
      : []),
    ...status.map((s) => problem(s, QUALIFIERS[s]!)),
  );

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
const described = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
/** With tokens: each operation that needs one says so, and nobody names the actor. */
const withTokens = (path: string, operation: Operation): Operation =>
  isOpen(path)
    ? { ...operation, security: [] }
    : {
        ...operation,
        ...(operation.parameters && {
          parameters: operation.parameters.filter((parameter) => !('name' in parameter && parameter.name === 'X-Actor')),
        }),
        responses: {
          ...operation.responses,
          401: described('No token came, or one that is not known or was revoked.'),
          403: described('No role of the token may do this.'),
          429: described('Too many sign-ins failed, or too many clients follow with this token: come again after Retry-After.'),
        },
      };

/** OpenAPI 3.1 of every route, made when it is first asked for. */
export const documentOf = (app: INestApplication, version: string, tokens: boolean): object => {
  const about = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Tower Ledger')
    .setDescription('An event-sourced ledger of public contracts. State is what the recorded events say.')
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .build();
  const document = SwaggerModule.createDocument(app, about, { autoTagControllers: false });
  const schemas = { ...document.components?.schemas, ...components };
  if (!tokens) return { ...document, components: { ...document.components, schemas } };
  const bearer = { type: 'http', scheme: 'bearer', description: 'A token that npm run tokens made.' };
  const paths = Object.entries(document.paths).map(([path, operations]) => [
    path,
    Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, withTokens(path, operation as Operation)])),
  ]);
  return {
    ...document,
    security: [{ bearer: [] }],
    paths: Object.fromEntries(paths),
    components: { ...document.components, schemas, securitySchemes: { bearer } },
  };
};
