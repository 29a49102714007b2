import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { projections } from '../../projections/index.js';
import { commands, aggregates } from '../../src/domain/index.js';
import { bodyFields, bodySchema } from '../../src/http/body.js';
import { placesOf } from '../../src/http/routes.js';
import { rowSchemas } from '../../src/http/schemas.generated.js';
import { check } from '../../src/kernel/index.js';
import { pathOf, startServer, stopServer, type Server } from './server.js';

let server: Server;
let document: any;
const operations = () =>
  Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, operation]) => ({ path, method, ...operation })),
  );

beforeAll(async () => {
  server = await startServer();
  document = (await server.get('/openapi.json')).body;
  shared = ajv().addSchema({ $id: 'document', components: document.components });
});
afterAll(() => stopServer(server));

const ajv = () => new Ajv2020({ strict: false, validateFormats: false });
/** One for all, so that each component is compiled once. */
let shared: Ajv2020;
const validatorOf = (schema: object) =>
  shared.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/')) as object);

describe('the OpenAPI document', () => {
  it('is 3.2 and says what it describes', () => {
    expect(document.openapi).toBe('3.2.0');
    expect(document.info).toEqual(expect.objectContaining({ title: 'Tower Ledger', version: '0.1.0' }));
  });

  it('has an operation of its own for every command, under every aggregate it may be asked of', () => {
    for (const command of commands)
      for (const { category } of placesOf(command, aggregates)) {
        const operation = document.paths[pathOf(command, '{id}', category)]?.post;
        expect([command.name, operation?.summary]).toEqual([command.name, command.summary]);
        if (command.aggregate) expect(operation.operationId).toBe(command.name);
        for (const code of Object.keys(command.refusals)) expect(operation.description).toContain(code);
      }
    const ids = operations().map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('shows the schema of every command whole, with an example that passes it and the kernel', () => {
    for (const command of commands) {
      const { schema, examples } =
        document.paths[pathOf(command, '{id}').replace(/^\/contracts/, `/${pathOf(command, '{id}').split('/')[1]}`)].post.requestBody
          .content['application/json'];
      const { properties, required } = document.components.schemas[schema.$ref.split('/').at(-1)];
      expect([Object.keys(properties).sort(), required]).toEqual([
        Object.keys(bodyFields(command)).sort(),
        (bodySchema(command) as any).required,
      ]);
      expect(properties.record.$ref).toBe('#/components/schemas/Provenance');
      const validate = validatorOf(schema);
      expect([command.name, validate(examples.valid.value), validate.errors]).toEqual([command.name, true, null]);
      expect([command.name, check(bodyFields(command), examples.valid.value)]).toEqual([command.name, []]);
    }
  });

  it('stands under one heading each: its aggregate, or what it reads', () => {
    for (const { path, tags } of operations()) expect([path, tags]).toEqual([path, [expect.stringMatching(/^[a-z]+$/)]]);
  });

  it('types every answer in JSON: each is a component that names its properties', () => {
    const untyped = operations()
      .flatMap(({ path, responses }) =>
        Object.entries<any>(responses).flatMap(([status, { content = {} }]) =>
          Object.entries<any>(content).map(([media, { schema, itemSchema }]) => ({ path, status, media, schema, itemSchema })),
        ),
      )
      .filter(({ media, schema, itemSchema }) => {
        if (media === 'text/event-stream') return !itemSchema?.properties?.data;
        if (!media.includes('json')) return schema.type !== 'string';
        const named = [schema ?? itemSchema].flatMap((one) => one.anyOf ?? [one]);
        return named.some(({ $ref = '' }) => !document.components.schemas[$ref.split('/').at(-1)]?.properties);
      })
      .map(({ path, status, media }) => `${path} ${status} ${media}`);
    expect(untyped).toEqual(['/openapi.json 200 application/json']);
  });

  it('has no object without a shape in what it answers with, but where any JSON may stand', () => {
    const bare: string[] = [];
    const walk = (schema: any, at: string): void => {
      if (Array.isArray(schema)) schema.forEach((inner, i) => walk(inner, `${at}/${i}`));
      else if (typeof schema === 'object' && schema !== null) {
        if (schema.type === 'object' && !schema.properties && schema.additionalProperties === undefined) bare.push(at);
        for (const [key, inner] of Object.entries(schema)) walk(inner, `${at}/${key}`);
      }
    };
    walk(document.components.schemas, '');
    expect(bare).toEqual([]);
  });

  it('is as the types of the states, the rows and the answers are: npm run schemas was not forgotten', async () => {
    const script = join(import.meta.dirname, '../schemas/generate.ts');
    await promisify(execFile)(process.execPath, [script, '--check']);
  }, 120_000);

  it('knows every kind of row and every list of each projection', () => {
    for (const { name, rows, lists = {} } of projections) {
      const known = rowSchemas[name] ?? {};
      if (!known['*']) expect([name, Object.keys(known).sort()]).toEqual([name, Object.keys(rows).sort()]);
      for (const [kind, of] of Object.entries(lists))
        expect([name, kind, Object.keys((known[kind] ?? known['*'])!.lists).sort()]).toEqual([name, kind, Object.keys(of).sort()]);
    }
  });

  it('refers to nothing that is not there', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, ref]) => ref!);
    expect(refs.length).toBeGreaterThan(0);
    for (const ref of new Set(refs)) expect(ref.split('/').reduce((here: any, step) => here?.[step], document)).toBeDefined();
  });

  it('names every path parameter, in the spelling of the path', () => {
    for (const { path, parameters = [] } of operations()) {
      const named = parameters.filter((p: any) => p.in === 'path').map((p: any) => p.name);
      expect([path, named.toSorted()]).toEqual([path, [...path.matchAll(/{(\w+)}/g)].map(([, name]) => name).toSorted()]);
    }
  });

  it('describes the answers: receipts, and problems as problem+json', () => {
    for (const { method, path, responses } of operations()) {
      if (method !== 'post' || ['/replays', '/stream-tickets'].includes(path)) continue;
      for (const status of ['400', '409', '412', '413', '415', '422', '503'])
        expect(responses[status].content).toHaveProperty('application/problem+json');
      expect(responses['201'].headers).toEqual(expect.objectContaining({ ETag: expect.anything(), Location: expect.anything() }));
    }
    const { schemas } = document.components;
    for (const name of Object.keys(schemas)) shared.getSchema(`document#/components/schemas/${name}`);
  });

  it('describes the tags that a read answers with and takes, and those that a command takes', () => {
    for (const path of ['/contracts/{id}', '/contracts/{id}/history']) {
      const { parameters, responses } = document.paths[path].get;
      expect(parameters).toContainEqual(expect.objectContaining({ in: 'header', name: 'If-None-Match', required: false }));
      for (const status of ['200', '304']) expect(responses[status].headers).toHaveProperty('ETag');
      expect(responses['304']).not.toHaveProperty('content');
    }
    const sent = document.paths['/contracts/{id}/award-contract'].post.parameters.map(({ name }: any) => name);
    expect(sent).toEqual(expect.arrayContaining(['If-Match', 'If-None-Match']));
  });

  it('describes what is sent: the receipt and the problem of a real command pass their schemas', async () => {
    const { schemas } = document.components;
    const sent = await server.post('/suppliers/csc/register-supplier', { title: 'CSC', form: 'company' });
    const refused = await server.post('/suppliers/csc/register-supplier', { title: 5 });
    for (const [schema, { body }] of [
      ['Receipt', sent],
      ['Problem', refused],
    ] as const) {
      const validate = validatorOf(schemas[schema]);
      expect([validate(body), validate.errors]).toEqual([true, null]);
    }
  });

  it('is shown to people without anything from elsewhere', async () => {
    const { status, headers, text } = await server.get('/docs');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(text).not.toMatch(/(src|href)="(https?:)?\/\//);
    for (const [, src] of text.matchAll(/(?:src|href)="([^"]+)"/g))
      expect([src, (await server.get(`/${src!.replace(/^\.\//, '')}`)).status]).toEqual([src, 200]);
  });

  it('has every route that is there, and no other', () => {
    const described = operations().map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    for (const path of [
      '/contracts/{id}',
      '/contracts/{id}/history',
      '/projections',
      ...projections.flatMap(({ name, lists = {} }) => [
        `/projections/${name}`,
        `/projections/${name}/{key}`,
        `/projections/${name}/updates`,
        ...Object.values(lists).flatMap((of) => Object.keys(of).map((list) => `/projections/${name}/{key}/${list}`)),
      ]),
      '/events',
      '/events/{id}',
      '/decisions',
      '/decisions/{id}',
      '/decisions/{id}/replay',
      '/livez',
      '/readyz',
      '/metrics',
    ])
      expect(described).toContain(`GET ${path}`);
    expect(described.filter((operation) => /^\w+ \/bench(\/|$)/.test(operation))).toEqual([]);
  });
});
