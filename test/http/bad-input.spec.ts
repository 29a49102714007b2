import { request } from 'node:http';
import { createConnection } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { commands, aggregates } from '../../src/domain/index.js';
import { bodyExample, bodyFields } from '../../src/http/body.js';
import { placesOf } from '../../src/http/routes.js';
import { wrongFor } from '../wrong-values.js';
import { award, partsOf, pathOf, startServer, stopServer, recordWorld, accepted, type Answer, type Server } from './server.js';

let server: Server;
let head: string | undefined;
const position = () => partsOf(server).store.head();

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  await accepted(server.post('/contracts/there/award-contract', award, { 'idempotency-key': 'taken' }));
  head = await position();
});
afterAll(() => stopServer(server));

const isProblem = ({ status, headers, body, text }: Answer, expected: number, type: string, at?: string): void => {
  expect([status, text.slice(0, 300)]).toEqual([expected, expect.stringContaining(`urn:tower-ledger:problem:${type}"`)]);
  expect(headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  expect(body).toEqual(expect.objectContaining({ type: `urn:tower-ledger:problem:${type}`, status, title: expect.any(String) }));
  if (at === undefined) return;
  const places = body.errors.map(({ pointer, parameter, header }: any) => pointer ?? parameter ?? header);
  expect(places).toContain(at);
  for (const { detail } of body.errors) expect(detail).toEqual(expect.any(String));
};

const levels = (n: number) => '['.repeat(n) + ']'.repeat(n);
const big = (bytes: number) => JSON.stringify({ ...award, title: 'x'.repeat(bytes) });
/** The award with more fields behind it, as they are written. */
const twice = (more: string): string => `${JSON.stringify(award).slice(0, -1)},${more}}`;
const of = (more: object): object => ({ ...award, ...more });
const record = (more: object): object => ({ ...award, record: more });
const tomorrow = new Date(Date.now() + 49 * 3600_000).toISOString().slice(0, 10);
const money = (amount: unknown, currency = 'GBP') => of({ value: { amount, currency } });

/** What is sent to AwardContract, what comes back, and where the answer points. */
const bodies: readonly (readonly [what: string, body: unknown, status: number, type: string, at?: string])[] = [
  ['a wrong field', of({ title: 5 }), 400, 'bad-body', '/title'],
  ['a missing field', of({ value: undefined }), 400, 'bad-body', '/value'],
  ['an unknown field', of({ nosuch: 1 }), 400, 'bad-body', '/nosuch'],
  ['an unknown field that every object has', of({ hasOwnProperty: 1 }), 400, 'bad-body', '/hasOwnProperty'],
  ['an unknown field in an object', of({ value: { amount: '1', currency: 'GBP', vat: 1 } }), 400, 'bad-body', '/value/vat'],
  ['an unknown field in record', record({ nosuch: 1 }), 400, 'bad-body', '/record/nosuch'],
  ['an over-long field', of({ title: 'x'.repeat(201) }), 400, 'bad-body', '/title'],
  ['an empty field', of({ title: '' }), 400, 'bad-body', '/title'],
  ['null for what may be absent', of({ startsOn: null }), 400, 'bad-body', '/startsOn'],
  ['null for record', of({ record: null }), 400, 'bad-body', '/record'],
  ['no body', '', 400, 'bad-body', ''],
  ['null', 'null', 400, 'bad-body', ''],
  ['a list', '[]', 400, 'bad-body', ''],
  ['a text', '"x"', 400, 'bad-body', ''],
  ['a number', '1', 400, 'bad-body', ''],
  ['JSON that is broken', '{"title":', 400, 'bad-body', ''],
  ['JSON with a comma too many', '{"a":1,}', 400, 'bad-body', ''],
  ['JSON with NaN', '{"a":NaN}', 400, 'bad-body', ''],
  ['two documents', '{}{}', 400, 'bad-body', ''],
  ['two byte order marks', '\ufeff\ufeff{}', 400, 'bad-body', ''],
  ['a byte order mark alone', '\ufeff', 400, 'bad-body', ''],
  ['a byte order mark inside', '{"title":\ufeff"x"}', 400, 'bad-body', ''],
  ['a name twice', twice('"title":"Another"'), 400, 'bad-body', '/title'],
  ['a name twice, once in disguise', twice('"t\\u0069tle":"Another"'), 400, 'bad-body', '/title'],
  ['a name twice with the same value', twice('"title":"Hosting by CSC"'), 400, 'bad-body', '/title'],
  [
    'a name twice deep inside',
    twice('"record":{"evidence":[{"title":"x"},{"title":"y","uri":"urn:x","title":"z"}]}'),
    400,
    'bad-body',
    '/record/evidence/1/title',
  ],
  [
    'a name twice in what comes first',
    `{"value":{"amount":"1","amount":"155000000.00","currency":"GBP"},${JSON.stringify({ ...award, value: undefined }).slice(1)}`,
    400,
    'bad-body',
    '/value/amount',
  ],
  ['a name twice that is not known', twice('"x":1,"x":2'), 400, 'bad-body', '/x'],
  ['33 levels', levels(33), 400, 'bad-body', ''],
  ['200 000 levels', levels(200_000), 400, 'bad-body', ''],
  ['200 000 levels that never end', '{"a":'.repeat(200_000), 400, 'bad-body', ''],
  ['200 000 levels inside a field', `{"title":${levels(200_000)}}`, 400, 'bad-body', ''],
  ['a little too much', big(1024 * 1024), 413, 'body-too-large', ''],
  ['10 MB', big(10 * 1024 * 1024), 413, 'body-too-large', ''],
  ['__proto__', '{"__proto__":{"title":"x"}}', 400, 'bad-body', '/__proto__'],
  ['__proto__ in disguise', '{"\\u005f_proto__":{"title":"x"}}', 400, 'bad-body', '/__proto__'],
  ['__proto__ deep inside', '{"value":{"stated":[{"__proto__":1}]}}', 400, 'bad-body', '/value/stated/0/__proto__'],
  ['constructor', '{"constructor":{"prototype":{"x":1}}}', 400, 'bad-body', '/constructor'],
  ['prototype', '{"prototype":1}', 400, 'bad-body', '/prototype'],
  ['half a character', '{"title":"\\ud800"}', 400, 'bad-body', '/title'],
  ['half a character in a name', '{"\\ud800":1}', 400, 'bad-body'],
  ['a number beyond numbers', '{"termMonths":1e999}', 400, 'bad-body', '/termMonths'],
  ['a negative zero', '{"termMonths":-0}', 400, 'bad-body', '/termMonths'],
  ['NUL in a text', of({ title: 'a\u0000b' }), 400, 'bad-body', '/title'],
  ['a C1 control in a text', of({ title: 'a\u0085b' }), 400, 'bad-body', '/title'],
  ['a text that nobody can see', of({ title: '\u200b\u3164\u2800' }), 400, 'bad-body', '/title'],
  ['a text that turns round', of({ title: 'paid \u202e001' }), 400, 'bad-body', '/title'],
  ['201 characters that take two units each', of({ title: '🏗'.repeat(201) }), 400, 'bad-body', '/title'],
  ...['Contract', 'é', 'a b', '..', 'a/b', '$all', '-a', 'a\u0000', 'x'.repeat(65), ''].map(
    (id) =>
      [
        `supplier ${JSON.stringify(id.slice(0, 12))}`,
        of({ suppliers: [{ supplier: id }] }),
        400,
        'bad-body',
        '/suppliers/0/supplier',
      ] as const,
  ),
  ...['1e9', '-0', '0.001', '1,000', '01', '+1', '', ' 1', 'NaN', '9'.repeat(40)].map(
    (amount) => [`an amount of ${JSON.stringify(amount.slice(0, 12))}`, money(amount), 400, 'bad-body'] as const,
  ),
  ['an amount that is a number', money(155), 400, 'bad-body', '/value/amount'],
  ['an unknown currency', money('1', 'XXQ'), 400, 'bad-body'],
  ['yen with a fraction', money('1.5', 'JPY'), 400, 'bad-body'],
  ...[
    '2016-02-30',
    '2016-13',
    '2015-02-29',
    '20160229',
    '2016-2-1',
    'soon',
    '',
    '[2016-03-01..2016-02-01]',
    '[..]',
    '2016-02-29T10:00:00Z',
  ].map((date) => [`a date of ${JSON.stringify(date)}`, of({ startsOn: date }), 400, 'bad-body', '/startsOn'] as const),
  ['an effectiveOn that is no date', record({ effectiveOn: '2016-02-30' }), 400, 'bad-body', '/record/effectiveOn'],
  ['an effectiveOn after today', record({ effectiveOn: tomorrow }), 409, 'ledger/effective-after-today', '/record/effectiveOn'],
  ['a decider by name', record({ decidedBy: { person: 'Jane Doe' } }), 400, 'bad-body', '/record/decidedBy/person'],
  ['a script as address', record({ evidence: [{ uri: 'javascript:alert(1)' }] }), 400, 'bad-body', '/record/evidence/0/uri'],
  ['21 sources', record({ evidence: Array(21).fill({ title: 'x' }) }), 400, 'bad-body', '/record/evidence'],
  ['an unknown supplier', of({ suppliers: [{ supplier: 'nobody' }] }), 409, 'ledger/unknown-reference', '/suppliers/0/supplier'],
  ['an unknown tower', of({ towers: ['nowhere'] }), 409, 'ledger/unknown-reference', '/towers/0'],
  ['an end before the start', of({ startsOn: '2020-01-01', endsOn: '2019-01-01' }), 409, 'contract/ends-before-start', '/endsOn'],
];

describe('a body', () => {
  afterAll(async () => expect(await position()).toBe(head));

  it.each(bodies)('with %s is refused', async (...[, body, status, type, at]) => {
    isProblem(await server.post('/contracts/new/award-contract', body), status, type, at);
  });

  it('of every command is refused in every field that is wrong', async () => {
    for (const command of commands)
      for (const aggregate of placesOf(command, aggregates).slice(0, 1)) {
        const path = pathOf(command, 'new', aggregate.category);
        const valid = bodyExample(command);
        for (const [name, field] of Object.entries(bodyFields(command)))
          for (const wrong of wrongFor(field)) {
            const { statusCode, body } = await server.app.inject({
              method: 'POST',
              url: path,
              headers: { 'content-type': 'application/json' },
              payload: JSON.stringify({ ...valid, [name]: wrong }),
            });
            expect([command.name, name, wrong, statusCode, body]).toEqual([
              command.name,
              name,
              wrong,
              400,
              expect.stringContaining(`"pointer":"/${name}`),
            ]);
          }
      }
  });

  it('says everything that is wrong at once', async () => {
    const { body } = await server.post('/contracts/new/award-contract', {
      title: '',
      supplier: 'É',
      value: { amount: '1e9', currency: 'GBP' },
      x: 1,
    });
    const pointers = body.errors.map(({ pointer }: any) => pointer);
    expect(pointers).toEqual(expect.arrayContaining(['/title', '/supplier', '/value/amount', '/x']));
  });

  it('may hold the same name in several objects, 200 characters of any size, and one byte order mark in front', async () => {
    const evidence = [{ title: 'one' }, { title: 'title":' }, { title: 'title' }];
    const sent = JSON.stringify(of({ title: '🏗'.repeat(200), record: { evidence } }));
    for (const body of [sent, `\ufeff${sent}`])
      expect((await server.post('/contracts/new/award-contract?dryRun=true', body)).status).toBe(200);
  });

  it('of 649 kB of unknown names is answered with fifty of them and the number of the rest', async () => {
    const names = Array.from({ length: 60_000 }, (_, n) => `"${n}":1`).join(',');
    const long = Array.from({ length: 6 }, (_, n) => `"${n}${'~/'.repeat(20_000)}":1`).join(',');
    for (const [body, more] of [
      [`{${names}}`, 60_000 + 2 - 50],
      [`{${long},${names}}`, 60_006 + 2 - 50],
    ] as const) {
      const answer = await server.post('/contracts/new/award-contract', body);
      isProblem(answer, 400, 'bad-body');
      expect(answer.body.errors).toHaveLength(51);
      expect(answer.body.errors.at(-1).detail).toBe(`${more} more faults are not listed`);
      expect(answer.text.length).toBeLessThan(16_384);
    }
  });

  it('may use the forbidden names as words', async () => {
    const { status } = await server.post(
      '/contracts/new/award-contract?dryRun=true',
      of({ title: 'prototype of a constructor, __proto__' }),
    );
    expect(status).toBe(200);
  });
});

const CONTRACT = '/contracts/there/award-contract';
/** Requests that are wrong outside their body. */
const headers: readonly (readonly [what: string, headers: Record<string, string>, status: number, type: string, at?: string])[] = [
  ['a stale If-Match', { 'if-match': '"7"' }, 412, 'stale-revision'],
  ['an If-Match of a stream that is there', { 'if-match': '"-1"' }, 412, 'stale-revision'],
  ['an If-Match without quotes', { 'if-match': '0' }, 400, 'bad-header', 'if-match'],
  ['a weak If-Match', { 'if-match': 'W/"0"' }, 412, 'stale-revision'],
  ['an If-Match of two that both are stale', { 'if-match': '"1", W/"0"' }, 412, 'stale-revision'],
  ['an If-Match of two without a comma', { 'if-match': '"0" "1"' }, 400, 'bad-header', 'if-match'],
  ['an If-Match of anything and more', { 'if-match': '*, "0"' }, 400, 'bad-header', 'if-match'],
  ['an If-Match of the tag of another server', { 'if-match': '"zero"' }, 412, 'stale-revision'],
  ['an If-Match of a tag with a blank in it', { 'if-match': '"0 "' }, 400, 'bad-header', 'if-match'],
  ['an If-Match of tags that are no revision', { 'if-match': '"00", "-2", "1e0", "@0", "-0", ""' }, 412, 'stale-revision'],
  ['an If-Match of two, of which one is not closed', { 'if-match': '"0", "zero' }, 400, 'bad-header', 'if-match'],
  ['an If-None-Match of anything', { 'if-none-match': '*' }, 412, 'stale-revision'],
  ['an If-None-Match of a revision', { 'if-none-match': '"7"' }, 400, 'bad-header', 'if-none-match'],
  ['the same key with another body', { 'idempotency-key': 'taken' }, 422, 'key-reused'],
  ['an empty key', { 'idempotency-key': '' }, 400, 'bad-header', 'idempotency-key'],
  ['a key that is too long', { 'idempotency-key': 'x'.repeat(256) }, 400, 'bad-header', 'idempotency-key'],
  ['a key that is not ASCII', { 'idempotency-key': 'caf\u00e9' }, 400, 'bad-header', 'idempotency-key'],
  ['an actor with a blank', { 'x-actor': 'jane doe' }, 400, 'bad-header', 'x-actor'],
  ['an actor that is the ledger itself', { 'x-actor': 'system' }, 400, 'bad-header', 'x-actor'],
  ['an actor that reads like the ledger itself', { 'x-actor': 'SYSTEM' }, 400, 'bad-header', 'x-actor'],
  ['an actor that is too long', { 'x-actor': 'x'.repeat(129) }, 400, 'bad-header', 'x-actor'],
  ['a correlation with a blank', { 'x-correlation-id': 'a b' }, 400, 'bad-header', 'x-correlation-id'],
  ['another media type', { 'content-type': 'text/plain' }, 415, 'media-type'],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415, 'media-type'],
  ['another JSON', { 'content-type': 'application/problem+json' }, 415, 'media-type'],
  ['a body in gzip', { 'content-encoding': 'gzip' }, 415, 'content-encoding', 'content-encoding'],
  ['a body encoded twice', { 'content-encoding': 'identity, br' }, 415, 'content-encoding', 'content-encoding'],
  ['JSON in UTF-16', { 'content-type': 'application/json; charset=utf-16' }, 415, 'media-type', 'content-type'],
];

/** The path as it is sent, byte for byte: fetch would tidy it. */
const raw = (method: string, path: string, body: string | Buffer = JSON.stringify(award)): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    request({ hostname, port, method, path, headers: method === 'GET' ? {} : headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: new Headers(response.headers as Record<string, string>),
          text,
          body: /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(text) : undefined,
        }),
      );
    })
      .on('error', reject)
      .end(method === 'GET' ? undefined : body);
  });

/** What comes back when these characters go over a connection. */
const sent = (text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const socket = createConnection(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket
      .on('data', (chunk) => (answer += chunk))
      .on('error', reject)
      .on('close', () => resolve(answer));
  });

const ids = [
  'Contract',
  '%C3%A9',
  '%E2%82%AC',
  'a%00b',
  '..',
  '%2e%2e',
  '%2e%2e%2fx',
  '$all',
  'a%20b',
  '-a',
  'x'.repeat(65),
  'x'.repeat(5000),
  '%22',
  '__proto__',
  'constructor',
];
const ID = ids.filter((id) => id !== 'constructor'); // an id like any other
const queries: readonly (readonly [path: string, status: number, type: string, at?: string])[] = [
  ['/contracts/there?nosuch=1', 400, 'bad-parameter', 'nosuch'],
  ['/contracts/there?__proto__=1', 400, 'bad-parameter', '__proto__'],
  ['/contracts/there?revision=x', 400, 'bad-parameter', 'revision'],
  ['/contracts/there?revision=1.5', 400, 'bad-parameter', 'revision'],
  ['/contracts/there?revision=-1', 400, 'bad-parameter', 'revision'],
  ['/contracts/there?revision=0&revision=1', 400, 'bad-parameter', 'revision'],
  ['/contracts/there?revision=', 400, 'bad-parameter', 'revision'],
  ['/contracts/there?revision=99', 404, 'not-found'],
  ['/contracts/there?recordedAt=yesterday', 400, 'bad-parameter', 'recordedAt'],
  ['/contracts/there?recordedAt=2016-02-30T00:00:00Z', 400, 'bad-parameter', 'recordedAt'],
  ['/contracts/there?recordedAt=2016-02-30', 400, 'bad-parameter', 'recordedAt'],
  ['/contracts/there?recordedAt=2016-02', 400, 'bad-parameter', 'recordedAt'],
  ['/contracts/there?recordedAt=2016-02-29', 404, 'not-found'],
  ['/contracts/there?recordedAt=2150-01-01', 400, 'bad-parameter', 'recordedAt'],
  ['/contracts/there?recordedAt=2150-01-01T00:00:00Z', 400, 'bad-parameter', 'recordedAt'],
  ['/contracts/there?effectiveOn=2016-02-30T10:00:00Z', 400, 'bad-parameter', 'effectiveOn'],
  ['/projections/money?effectiveOn=unknown', 400, 'bad-parameter', 'effectiveOn'],
  ['/projections/money?effectiveOn=%5B2016..%5D', 400, 'bad-parameter', 'effectiveOn'],
  ['/projections/losses-statement/programme:met?programme=met', 400, 'bad-parameter', 'programme'],
  ['/projections/money/contract:there?programme=met', 400, 'bad-parameter', 'programme'],
  ['/contracts/there?recordedAt=2016-02-29T00:00:00Z', 404, 'not-found'],
  ['/contracts/there?effectiveOn=2016-02-30', 400, 'bad-parameter', 'effectiveOn'],
  ['/contracts/there?effectiveOn=unknown', 400, 'bad-parameter', 'effectiveOn'],
  ['/contracts/there?position=x', 400, 'bad-position'],
  ['/contracts/there?position=-1', 400, 'bad-position'],
  ['/contracts/there?position=999999', 400, 'bad-position', 'position'],
  ['/contracts/there?position=3&recordedAt=2026-11-01T00:00:00Z', 400, 'bad-parameter', 'position'],
  ['/contracts/there?minPosition=x', 400, 'bad-position'],
  ['/contracts/nowhere', 404, 'not-found'],
  ['/contracts/nowhere/history', 404, 'not-found'],
  ['/contracts/there/history?related=yes', 400, 'bad-parameter', 'related'],
  ['/projections?nosuch=1', 400, 'bad-parameter', 'nosuch'],
  ['/projections/nosuch', 404, 'not-found'],
  ['/projections/nosuch/key', 404, 'not-found'],
  ['/projections/nosuch/updates', 404, 'not-found'],
  ['/projections/__proto__', 404, 'not-found'],
  ['/projections/tower-board/tower:nowhere', 404, 'not-found'],
  ['/projections/tower-board/%00', 404, 'not-found'],
  ['/projections/tower-board?limit=0', 400, 'bad-parameter', 'limit'],
  ['/projections/tower-board?limit=501', 400, 'bad-parameter', 'limit'],
  ['/projections/tower-board?limit=1e2', 400, 'bad-parameter', 'limit'],
  ['/projections/tower-board?cursor=%21', 400, 'bad-parameter', 'cursor'],
  ['/projections/tower-board?cursor=OTk5OTk5IGE', 400, 'bad-parameter', 'cursor'],
  ['/projections/tower-board?nofilter=1', 400, 'bad-parameter', 'nofilter'],
  ['/projections/tower-board/updates?after=x', 400, 'bad-parameter', 'after'],
  ['/projections/tower-board/updates?from=x', 400, 'bad-parameter', 'from'],
  ['/events?subject=contract', 400, 'bad-parameter', 'subject'],
  ['/events?subject=person-x', 400, 'bad-parameter', 'subject'],
  ['/events?subject=contract:%C3%A9', 400, 'bad-parameter', 'subject'],
  ['/events?from=x', 400, 'bad-parameter', 'from'],
  ['/events?cursor=x', 400, 'bad-parameter', 'cursor'],
  ['/events/x', 400, 'bad-parameter', 'id'],
  ['/events/01a20c2f-4d4f-7aef-9223-dff2a95f8832', 404, 'not-found'],
  ['/decisions?reference=-', 400, 'bad-parameter', 'reference'],
  ['/decisions?result=good', 400, 'bad-parameter', 'result'],
  ['/decisions?status=gone', 400, 'bad-parameter', 'status'],
  ['/decisions?command=NoSuch', 400, 'bad-parameter', 'command'],
  ['/decisions?programme=A%20B', 400, 'bad-parameter', 'programme'],
  ['/decisions?effectiveFrom=2016', 400, 'bad-parameter', 'effectiveFrom'],
  ['/decisions?recordedFrom=2016-13-01', 400, 'bad-parameter', 'recordedFrom'],
  ['/decisions?recordedFrom=2016-02-02&recordedUntil=2016-02-01', 400, 'bad-parameter', 'recordedUntil'],
  ['/decisions?backdated=perhaps', 400, 'bad-parameter', 'backdated'],
  ['/decisions?totals=yes', 400, 'bad-parameter', 'totals'],
  ['/decisions?format=pdf', 400, 'bad-parameter', 'format'],
  ['/decisions?format=csv&limit=3', 400, 'bad-parameter', 'limit'],
  ['/decisions?cursor=OTk5OTk5IDk5OTk5OQ', 400, 'bad-parameter', 'cursor'],
  ['/decisions?person=Jane%20Doe', 400, 'bad-parameter', 'person'],
  ['/decisions?person=jane&cursor=x', 400, 'bad-parameter', 'cursor'],
  ['/decisions/x', 400, 'bad-parameter', 'id'],
  ['/decisions/01a20c2f-4d4f-7aef-9223-dff2a95f8832', 404, 'not-found'],
  ['/decisions/01a20c2f-4d4f-7aef-9223-dff2a95f8832/replay', 404, 'not-found'],
  ['/livez?x=1', 400, 'bad-parameter', 'x'],
  ['/nosuch', 404, 'not-found'],
  ['/%ZZ', 400, 'bad-request'],
  ['/contracts/%FF', 400, 'bad-request'],
];

describe('a pointer into a fact', () => {
  afterAll(async () => expect(await position()).toBe(head));
  let event: string;
  beforeAll(async () => {
    event = (await server.get('/events?subject=contract-there&minPosition=1')).body.events[0].id;
  });

  it.each([
    '/constructor',
    '/toString',
    '/value/constructor',
    '/value/toString',
    '/towers/length',
    '/towers/-',
    '/towers/00',
    '/towers/1',
    '/evidence/7/title',
    '/evidence/0/title',
    '/evidence/-',
    '/value~1amount',
    '/~0title',
  ])('%s names nothing that is there: no correction, no claim', async (pointer) => {
    const correction = await server.post('/contracts/there/correct-fact', { event, changes: [{ pointer, value: 'x' }], because: 'error' });
    isProblem(correction, 409, 'ledger/unknown-field', '/changes/0/pointer');
    const claim = await server.post('/contracts/there/annotate', { note: 'Another source', event, claim: { pointer, value: 'x' } });
    isProblem(claim, 409, 'ledger/unknown-field', '/claim/pointer');
  });

  it('/__proto__ names nothing either', async () =>
    isProblem(
      await server.post('/contracts/there/correct-fact', { event, changes: [{ pointer: '/__proto__', value: 'x' }], because: 'error' }),
      409,
      'ledger/unknown-field',
      '/changes/0/pointer',
    ));
});

describe('a request', () => {
  afterAll(async () => expect(await position()).toBe(head));

  it.each(headers)('with %s is refused', async (...[, sent, status, type, at]) => {
    isProblem(await server.post(CONTRACT, { ...award, title: 'Another' }, sent), status, type, at);
  });

  it('is refused with a sentence that begins with the place', async () => {
    for (const [path, detail] of [
      ['/contracts/there?position=999999', `position is beyond the end of the log, ${head}.`],
      ['/decisions?status=gone', 'status must be one of stands, corrected, withdrawn.'],
    ] as const)
      expect((await server.get(path)).body.detail).toBe(detail);
  });

  it('says who is stale where the stream is', async () => {
    expect((await server.post(CONTRACT, award, { 'if-match': '"7"' })).body).toEqual(expect.objectContaining({ revision: 0 }));
  });

  it('that a proxy has weakened hears so', async () => {
    const { body } = await server.post(CONTRACT, award, { 'if-match': 'W/"0", W/"0@0.1.0"' });
    expect(body).toEqual(
      expect.objectContaining({ status: 412, revision: 0, detail: expect.stringMatching(/A weak tag never matches: a proxy/) }),
    );
  });

  it.each([
    ['the revision', { 'if-match': '"0"' }],
    ['the tag of a read', { 'if-match': '"0@0.1.0"' }],
    ['the tag of a read of another version', { 'if-match': '"0@9.9.9"' }],
    ['a list that holds it', { 'if-match': 'W/"0", "7" ,"0"' }],
    ['a list that holds it among tags of other servers', { 'if-match': '"a-b_c", "33a64df551425fcc55e4d42a148795d9f25f89d4", "0"' }],
    ['whatever is there', { 'if-match': '*' }],
    ['a body as it is', { 'content-encoding': 'identity' }],
  ])('that asks for %s is decided', async (_, sent) => {
    isProblem(await server.post(CONTRACT, { ...award, title: 'Another' }, sent), 409, 'contract/stage');
  });

  it('asks with * whether the aggregate is there, or is new', async () => {
    const nowhere = '/contracts/nowhere/award-contract?dryRun=true';
    const missing = await server.post(nowhere, award, { 'if-match': '*' });
    isProblem(missing, 412, 'stale-revision');
    expect(missing.body.detail).toBe('contract-nowhere has no events yet.');
    for (const sent of [{ 'if-none-match': '*' }, { 'if-match': '"-1"' }, { 'if-match': '"3", "-1"', 'if-none-match': '*' }])
      expect((await server.post(nowhere, award, sent as Record<string, string>)).status).toBe(200);
  });

  it('with a key that was answered is answered again, whatever it asks of the stream', async () => {
    const { status, headers } = await server.post(CONTRACT, award, { 'idempotency-key': 'taken', 'if-none-match': '*' });
    expect([status, headers.get('idempotency-replayed')]).toEqual([201, 'true']);
  });

  it.each(['GET /livez', 'GET /', 'POST /contracts/there/award-contract', 'GET /nosuch'])(
    'that names two hosts is refused: %s',
    async (line) => {
      const [head, body] = (await sent(`${line} HTTP/1.1\r\nHost: localhost\r\nhOST: localhost\r\nConnection: close\r\n\r\n`)).split(
        '\r\n\r\n',
      );
      expect(head).toMatch(/^HTTP\/1.1 400 /);
      expect(JSON.parse(body!)).toEqual(
        expect.objectContaining({
          type: 'urn:tower-ledger:problem:bad-header',
          errors: [{ header: 'host', detail: 'must be given once' }],
        }),
      );
    },
  );

  it.each(ID)('with the id %s is refused', async (id) => {
    for (const [method, path] of [
      ['POST', `/contracts/${id}/award-contract`],
      ['GET', `/contracts/${id}`],
      ['GET', `/contracts/${id}/history`],
    ] as const)
      isProblem(await raw(method, path), 400, 'bad-parameter', 'id');
  });

  it.each(queries)('GET %s is answered with %i', async (...[path, status, type, at]) => {
    isProblem(await raw('GET', path), status, type, at);
  });

  it('with a query that is not known is refused', async () => {
    isProblem(await server.post(`${CONTRACT}?nosuch=1`, award), 400, 'bad-parameter', 'nosuch');
    isProblem(await server.post(`${CONTRACT}?dryRun=yes`, award), 400, 'bad-parameter', 'dryRun');
  });

  it('whose bytes are not UTF-8 is refused', async () => {
    isProblem(await raw('POST', CONTRACT, Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 400, 'bad-body', '');
  });

  it('with another method hears which there are', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await raw(method, CONTRACT);
      isProblem(answer, 405, 'method-not-allowed');
      expect(answer.headers.get('allow')).toBe('POST');
    }
    isProblem(await raw('POST', '/contracts/there'), 405, 'method-not-allowed');
    isProblem(await raw('POST', '/contracts/there/no-such-command'), 404, 'not-found');
  });

  it('never made the server answer 500', () => expect(server.logged.filter((line) => line.includes('unexpected'))).toEqual([]));
});
