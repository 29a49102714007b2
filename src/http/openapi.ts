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
import { IDENTIFIER, stageRefusalsOf, type AnyAggregate, type AnyCommand, type Json } from '../kernel/index.js';
import { commands } from '../domain/index.js';
import { bodyExample, bodySchema } from './body.js';
import { RESULTS, STATUSES } from './find-decisions.js';
import { isOpen, isStream } from './routes.js';
import {
  answerComponents,
  eventTypes,
  hoisted,
  MAX_DAYS,
  projectionAnswers,
  refTo,
  type FilterForm,
  type ProjectionAnswers,
  type Schema,
} from './schemas.js';

const aText = { type: 'string' } as const;

export const problem = (status: number, description: string) =>
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
      description: [
        `Adds ${command.events.join(', ')}.${takesApprover(command)}`,
        ...(refusals.length ? ['', 'Refused with:', '', ...refusals] : []),
      ].join('\n'),
    }),
    anId(category),
    ApiQuery({ name: 'dryRun', required: false, description: 'Decide, and leave nothing.', schema: { type: 'boolean' } }),
    ...REQUEST_HEADERS.map(([name, description]) => ApiHeader({ name, description, required: false, schema: { type: 'string' } })),
    ApiBody({ schema: refTo(bodyOf(command)), required: true }),
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
    problem(500, QUALIFIERS[500]!),
    problem(503, 'Nothing was stored, or the outcome is unknown: send it again with the same key after Retry-After.'),
  );
};

const takesApprover = ({ approves }: AnyCommand): string => {
  if (approves === true) return ' Takes the role approver.';
  return approves ? ' To correct a decider or an authority takes the role approver.' : '';
};

/** Bodies of commands by the name of their component. A route names its body: Nest's generator copies what it is given for each route. */
const bodies = new Map<string, AnyCommand>();
const bodyOf = (command: AnyCommand): string => {
  const name = `${command.name}Body`;
  bodies.set(name, command);
  return name;
};
/** The paths with each body in the place of its name, and an example. */
const withBodies = (paths: Paths): Paths => {
  const made = new Map<AnyCommand, object>();
  const contentOf = (name: string, command: AnyCommand): object => {
    const content = made.get(command) ?? {
      'application/json': { schema: { ...bodySchema(command), title: name }, examples: { valid: { value: bodyExample(command) } } },
    };
    made.set(command, content);
    return content;
  };
  const inOperation = (operation: Operation): Operation => {
    const { content } = (operation.requestBody ?? {}) as { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> };
    const name = String(content?.['application/json']?.schema?.['$ref']).split('/').at(-1)!;
    const command = bodies.get(name);
    return command
      ? ({ ...operation, requestBody: { ...operation.requestBody!, content: contentOf(name, command) } } as Operation)
      : operation;
  };
  return mapped(paths, (item) => mapped(item as Record<string, Operation>, inOperation) as PathItem);
};
const mapped = <Value>(of: Readonly<Record<string, Value>>, change: (value: Value) => Value): Record<string, Value> =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, change(value)]));

const whole = { type: 'integer' } as const;
const isTrue = { type: 'boolean' } as const;
export const oneOfThese = (values: readonly string[]): Schema => ({ type: 'string', enum: [...values] });
const FILTER_FORMS: Readonly<Record<Exclude<FilterForm, readonly string[]>, Schema>> = {
  flag: isTrue,
  day: { type: 'string', format: 'date' },
  days: { type: 'integer', minimum: 0, maximum: MAX_DAYS },
  decimal: { type: 'string', pattern: '^\\d{1,15}(\\.\\d{1,4})?$' },
  id: { type: 'string', pattern: IDENTIFIER },
  text: aText,
};
const anInstant = { type: 'string', format: 'date-time' } as const;
/** The forms of query parameters, by their name; every other one is a text. */
const PARAMETERS: Readonly<Record<string, Schema>> = {
  limit: { ...whole, minimum: 1, maximum: 500 },
  revision: { ...whole, minimum: 0 },
  related: isTrue,
  superseded: isTrue,
  totals: isTrue,
  from: anInstant,
  to: anInstant,
  type: oneOfThese(eventTypes),
  result: oneOfThese(RESULTS),
  status: oneOfThese(STATUSES),
  command: oneOfThese(commands.map(({ name }) => name)),
  backdated: isTrue,
};
/** Proofs are of sizes of the tree, where others ask from and to an instant. */
const parameterOf = (name: string, tag: string): Schema =>
  tag === 'proofs' && ['from', 'to', 'size'].includes(name) ? { ...whole, minimum: 1 } : (PARAMETERS[name] ?? aText);

export interface Read {
  readonly tag: string;
  readonly operationId: string;
  readonly summary: string;
  /** Path parameters but `id`s of aggregates: name → description. */
  readonly path?: Readonly<Record<string, string>>;
  readonly idOf?: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Forms of its query parameters, where they are others than those of the same name elsewhere. */
  readonly forms?: Readonly<Record<string, Schema>>;
  /** The component of what it answers with: one of src/http/answers.ts, of a state, or of a projection. Every answer in JSON has one. */
  readonly answer?: string | readonly string[];
  readonly type?: string;
  /** Media types of the same answer as text. */
  readonly texts?: readonly string[];
  readonly status?: readonly number[];
  /** What a status means here, where it is more than elsewhere. */
  readonly qualifiers?: Readonly<Record<number, string>>;
  /** Answered with 304 to a caller whose If-None-Match names the validator. */
  readonly validated?: boolean;
}
const QUALIFIERS: Readonly<Record<number, string>> = {
  400: 'A parameter is not known or not allowed.',
  404: 'Nothing is there.',
  406: 'The header Accept takes none of the forms that the answer has.',
  410: 'All of it has been withdrawn, or it is a duplicate of another one, which the answer links to.',
  422: 'The view of a day would be made of too many streams: name a programme.',
  500: 'Something went wrong on our side: the log has more under the id of the answer.',
  503: 'minPosition was not reached in 5 seconds, or the server is not ready.',
};

const answersTo = (answer: string | readonly string[]): Schema =>
  typeof answer === 'string' ? refTo(answer) : { anyOf: answer.map(refTo) };

export const describeRead = ({
  tag,
  operationId,
  summary,
  path = {},
  idOf,
  query = {},
  forms = {},
  answer,
  type = 'application/json',
  texts = [],
  status = [400, 404, 503],
  qualifiers = {},
  validated = false,
}: Read) =>
  applyDecorators(
    ApiTags(tag),
    ApiOperation({ operationId, summary }),
    ...(idOf ? [anId(idOf)] : []),
    ...Object.entries(path).map(([name, description]) => ApiParam({ name, description, schema: aText })),
    ...Object.entries(query).map(([name, description]) =>
      ApiQuery({ name, description, required: false, schema: forms[name] ?? parameterOf(name, tag) }),
    ),
    ApiResponse({
      status: 200,
      description: summary,
      ...(validated && { headers: validator }),
      content: {
        [type]: { schema: answer === undefined ? (type === 'application/json' ? {} : aText) : answersTo(answer) },
        ...Object.fromEntries(texts.map((text) => [text, { schema: aText }])),
      },
    }),
    ...(validated
      ? [
          ApiHeader({ name: 'If-None-Match', description: 'The ETag of an earlier answer.', required: false, schema: { type: 'string' } }),
          ApiResponse({ status: 304, description: 'Without query parameters: nothing was recorded since.', headers: validator }),
        ]
      : []),
    ...[...status, 500].map((s) => problem(s, qualifiers[s] ?? QUALIFIERS[s]!)),
  );

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
const described = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
/** With tokens: each operation that needs one says so, and nobody names the actor. */
const withTokens = (path: string, operation: Operation, tokens: boolean): Operation =>
  isOpen(path) || !tokens
    ? { ...operation, security: [] }
    : {
        ...operation,
        ...(isStream(path) && { security: [{ bearer: [] }, { ticket: [] }] }),
        ...(operation.parameters && {
          parameters: operation.parameters.filter((parameter) => !('name' in parameter && parameter.name === 'X-Actor')),
        }),
        responses: {
          ...operation.responses,
          401: described('No token came, or one that is not known or was revoked.'),
          403: described(
            'No role of the token may do this: approving, writing off, waiving a rule, and correcting a decider or an authority take an approver.',
          ),
          429: described('Too many sign-ins failed, or too many clients follow with this token: come again after Retry-After.'),
        },
      };

type Paths = OpenAPIObject['paths'];
type PathItem = Paths[string];
type Parameter = { readonly name: string; readonly in: string; readonly schema?: object; readonly description?: string };

/** The routes of all projections, and for each projection what stands in their place in the document. */
const OF_ANY = '/projections/{name}';
const expanded = (paths: Paths): Paths => {
  const own = Object.entries(paths).flatMap(([path, item]): (readonly [string, PathItem])[] =>
    path.startsWith(OF_ANY) ? [...projectionAnswers.values()].flatMap((of) => pathsOf(path, item, of)) : [[path, item]],
  );
  return Object.fromEntries(own);
};
const pathsOf = (path: string, { get }: PathItem, of: ProjectionAnswers): readonly (readonly [string, PathItem])[] => {
  const { name, title, question, lists, filters, formats, sorts, hasTotals } = of;
  const chosen = Object.entries(filters).map(([filter, values]) => ({
    name: filter,
    in: 'query',
    required: false,
    description: `Only rows with this ${filter}.`,
    schema: typeof values === 'object' ? oneOfThese(values) : FILTER_FORMS[values],
  }));
  const key = { type: 'string', pattern: `^(${of.kinds.join('|')}):.+$` } as const;
  const made = (operationId: string, summary: string, content: Record<string, object>, more: readonly Parameter[] = []): PathItem => ({
    get: {
      ...get!,
      operationId,
      summary,
      parameters: [
        ...((get!.parameters ?? []) as Parameter[])
          .filter((p) => p.in !== 'path' && !more.some((other) => other.name === p.name))
          .filter((p) => p.name !== 'format' || Object.keys(formats).length > 0)
          .filter((p) => p.name !== 'totals' || hasTotals)
          .filter((p) => p.name !== 'sort' || sorts.length > 0)
          .map((p) => (p.name === 'sort' ? { ...p, schema: oneOfThese(sorts) } : p)),
        ...more,
      ] as NonNullable<Operation['parameters']>,
      responses: { ...get!.responses, 200: { description: summary, content } },
    },
  });
  const inPath = (parameter: string, schema: object): Parameter => ({ name: parameter, in: 'path', required: true, schema }) as Parameter;
  const at = path.replace('{name}', name);
  const json = (component: string) => ({ 'application/json': { schema: refTo(component) } });
  switch (path.slice(OF_ANY.length)) {
    case '': {
      const forms = Object.keys(formats);
      const format = {
        name: 'format',
        in: 'query',
        required: false,
        description: 'Every row in a form beside JSON.',
        schema: { type: 'string', enum: forms },
      };
      const texts = Object.fromEntries(Object.values(formats).map((type) => [type, { schema: aText }]));
      return [[at, made(`list${title}Rows`, question, { ...json(of.page), ...texts }, [...chosen, ...(forms.length > 0 ? [format] : [])])]];
    }
    case '/{key}':
      return [[at, made(`get${title}Row`, `One row of ${name}.`, json(of.row), [inPath('key', key)])]];
    case '/{key}/contributions':
      return [[at, made(`open${title}Total`, `Why a total of a row of ${name} is as it is.`, json('OpenedTotal'), [inPath('key', key)])]];
    case '/{key}/{list}':
      return Object.entries(lists).map(([list, component]) => [
        at.replace('{list}', list),
        made(`list${title}${list[0]!.toUpperCase()}${list.slice(1)}`, `The ${list} of a row of ${name}, in pages.`, json(component), [
          inPath('key', key),
        ]),
      ]);
    case '/updates':
      return [
        [at, made(`follow${title}`, `Follows ${name}: Server-Sent Events.`, { 'text/event-stream': { itemSchema: updateOf(of) } }, chosen)],
      ];
    default:
      throw new TypeError(`The document does not say what ${path} answers with.`);
  }
};
/** One Server-Sent Event (OpenAPI 3.2, section 4.14): its `data` is JSON. */
const updateOf = ({ update }: ProjectionAnswers) => {
  const inJson = (component: string) => ({ type: 'string', contentMediaType: 'application/json', contentSchema: refTo(component) });
  return {
    type: 'object',
    required: ['data'],
    properties: {
      event: { enum: ['message', 'hello', 'position', 'reset', 'day', 'end'] },
      id: { type: 'string', description: 'Where to continue: as `after`, or in the header Last-Event-ID.' },
      retry: whole,
      data: { anyOf: [inJson(update), inJson('StandingMessage'), inJson('DayMessage'), inJson('EndMessage')] },
    },
  };
};

const describing = ({ description, summary }: Operation): string => description || summary!;
/** Each heading that an operation stands under. */
const tagsOf = (paths: Paths) =>
  [...new Set(Object.values(paths).flatMap((item) => Object.values(item as object).flatMap(({ tags = [] }: Operation) => tags)))]
    .sort()
    .map((name) => ({ name, description: HEADINGS[name] ?? `What can be asked of a ${name}, and its state and history.` }));
const HEADINGS: Readonly<Record<string, string>> = {
  proofs: 'That the history is the one that was signed.',
  log: 'The events as recorded.',
  decisions: 'Decisions: found, on one page each, and replayed.',
  refusals: 'What was refused to whom, and by which rule.',
  operations: 'Whether the server is up, and how it does.',
  projections: 'Rows that are kept up to date, and streams of their updates.',
};

/** OpenAPI 3.2 of every route, made when it is first asked for. */
export const documentOf = (app: INestApplication, version: string, tokens: boolean): object => {
  const about = new DocumentBuilder()
    .setTitle('Tower Ledger')
    .setDescription('An event-sourced ledger of public contracts. State is what the recorded events say.')
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .build();
  const made = SwaggerModule.createDocument(app, about, { autoTagControllers: false });
  const schemas: Record<string, Schema> = answerComponents();
  const paths = hoisted(expanded(withBodies(made.paths)) as unknown as Json, schemas) as unknown as Paths;
  const bearer = { type: 'http', scheme: 'bearer', description: 'A token that npm run tokens made.' };
  const ticket = { type: 'apiKey', in: 'query', name: 'ticket', description: 'A ticket of POST /stream-tickets, for one stream, once.' };
  const secured = Object.entries(paths).map(([path, operations]) => [
    path,
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        withTokens(path, { ...(operation as Operation), description: describing(operation as Operation) }, tokens),
      ]),
    ),
  ]);
  return {
    ...made,
    openapi: '3.2.0',
    ...(tokens && { security: [{ bearer: [] }] }),
    servers: [{ url: '/', description: 'The server that this comes from.' }],
    tags: tagsOf(paths),
    paths: Object.fromEntries(secured),
    components: { ...made.components, schemas, ...(tokens && { securitySchemes: { bearer, ticket } }) },
  };
};
