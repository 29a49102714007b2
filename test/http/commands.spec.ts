import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import { commands } from '../../src/domain/index.js';
import { award, closeRunning, partsOf, startServer, stopServer, recordWorld, accepted, type Server } from './server.js';

let server: Server;
const head = () => partsOf(server).store.head();
const post = (id: string, body: object = award, headers: Record<string, string> = {}) =>
  server.post(`/contracts/${id}/award-contract`, body, headers);

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
});
afterAll(() => stopServer(server));
afterAll(closeRunning);

describe('a command', () => {
  it('is answered with its receipt, its revision and the address of its decision', async () => {
    const { status, headers, body } = await post('receipt', award, { 'x-actor': 'jane', 'x-correlation-id': 'case-7' });
    expect(status).toBe(201);
    expect(body).toEqual({
      decision: expect.any(String),
      outcome: 'accepted',
      command: 'AwardContract',
      stream: 'contract-receipt',
      revision: 0,
      position: await head(),
      recordedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      effectiveOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      events: [
        {
          id: expect.any(String),
          type: 'ContractAwarded',
          revision: 0,
          data: award,
          leaf: expect.stringMatching(/^[\da-f]{64}$/),
          proof: `/proofs/inclusion/${body.events[0].id}`,
        },
      ],
      assessed: [],
      known: expect.arrayContaining([{ stream: 'supplier-csc', revision: 0 }]),
    });
    expect(headers.get('etag')).toBe('"0"');
    expect(headers.get('location')).toBe(`/decisions/${body.decision}`);
    const [event] = (await server.get(`/events?correlation=case-7&minPosition=${body.position}`)).body.events;
    expect(event.metadata).toEqual(
      expect.objectContaining({
        actor: { id: 'jane' },
        $correlationId: 'case-7',
        command: { id: body.decision, name: 'AwardContract', record: null },
      }),
    );
  });

  it('without an actor is recorded under the user who runs the server', async () => {
    const { position } = await accepted(post('operator'));
    const { body } = await server.get(`/events?subject=contract-operator&minPosition=${position}`);
    expect(body.events[0].metadata.actor.id).toBe(userInfo().username.replaceAll(/[^A-Za-z0-9._@-]/g, '-'));
  });

  it('sent again with its key gets the original response, byte for byte, and adds nothing', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await post('again', award, key);
    const before = await head();
    const second = await post('again', { ...award }, key);
    expect([first.status, second.status, second.text]).toEqual([201, 201, first.text]);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
    expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([null, 'true']);
    expect(await head()).toBe(before);
  });

  it('sent again with its key is recognised before If-Match is compared, whatever the order of its fields', async () => {
    const key = { 'idempotency-key': 'ordered', 'if-match': '"-1"' };
    await accepted(post('ordered', award, key));
    const { status } = await post('ordered', Object.fromEntries(Object.entries(award).reverse()), key);
    expect(status).toBe(201);
  });

  it('may use a key that another stream used', async () => {
    await accepted(post('key-a', award, { 'idempotency-key': 'mine' }));
    await accepted(post('key-b', award, { 'idempotency-key': 'mine' }));
  });

  it.each([
    ['another body', { ...award, title: 'Other' }, {}],
    ['another actor', award, { 'x-actor': 'someone-else' }],
  ])('with the key of another is refused: %s', async (what, body, headers) => {
    const id = `reused-${what.replaceAll(' ', '-')}`;
    await accepted(post(id, award, { 'idempotency-key': 'k', 'x-actor': 'jane' }));
    expect((await post(id, body, { 'idempotency-key': 'k', 'x-actor': 'jane', ...headers })).status).toBe(422);
  });

  it('with the key of another command is refused', async () => {
    await accepted(post('other-command', award, { 'idempotency-key': 'k' }));
    const { status, body } = await server.post('/contracts/other-command/sign-contract', {}, { 'idempotency-key': 'k' });
    expect([status, body.type]).toEqual([422, 'urn:tower-ledger:problem:key-reused']);
  });

  it('in a dry run is decided and leaves nothing, not even its key', async () => {
    const before = await head();
    const key = { 'idempotency-key': 'dry' };
    const dry = await server.post('/contracts/dry/award-contract?dryRun=true', award, key);
    expect(dry.status).toBe(200);
    expect(dry.body).toEqual(
      expect.objectContaining({ outcome: 'dry-run', revision: -1, events: [{ type: 'ContractAwarded', data: award }] }),
    );
    expect(dry.body).not.toHaveProperty('decision');
    expect(await head()).toBe(before);
    expect((await server.get('/contracts/dry')).status).toBe(404);
    expect((await post('dry', { ...award, title: 'Another' }, key)).status).toBe(201);
  });

  it('that changes nothing is answered with 200', async () => {
    const { events } = await accepted(post('so'));
    const correct = { event: events[0].id, changes: [{ pointer: '/title', value: award.title }], because: 'error' };
    const before = await head();
    const { status, body } = await server.post('/contracts/so/correct-fact', correct);
    expect([status, body.outcome, body.revision, body.events]).toEqual([200, 'already-so', 0, []]);
    expect(await head()).toBe(before);
  });

  it('of the ledger itself has a route under every aggregate', async () => {
    for (const path of ['/programmes/met', '/towers/hosting', '/suppliers/csc'])
      await accepted(server.post(`${path}/annotate`, { note: 'Seen by the auditor.' }));
  });

  it('refused by a rule says by which', async () => {
    await accepted(post('twice'));
    const { status, body } = await post('twice');
    expect([status, body.type]).toEqual([409, 'urn:tower-ledger:problem:contract/stage']);
    const unknown = await server.post('/contracts/nobody/sign-contract', {});
    expect([unknown.status, unknown.body.type]).toEqual([409, 'urn:tower-ledger:problem:contract/unknown']);
  });

  it('refused because a later event depends on the fact names that event', async () => {
    const { events } = await accepted(post('late', award));
    const signed = await accepted(server.post('/contracts/late/sign-contract', {}));
    const { status, body } = await server.post('/contracts/late/withdraw-fact', { event: events[0].id });
    expect([status, body.type, body.event, body.eventType]).toEqual([
      409,
      'urn:tower-ledger:problem:ledger/breaks-later-event',
      signed.events[0].id,
      'ContractSigned',
    ]);
  });

  it('sent by many at once with one key is stored once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => post('race', award, { 'idempotency-key': 'race' })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await server.get('/contracts/race')).body.revision).toBe(0);
  });

  it('sent by many at once at the same revision is accepted once', async () => {
    await accepted(post('duel'));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) => server.post('/contracts/duel/annotate', { note: `Note ${i}` }, { 'if-match': '"0"' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(9).fill(412)]);
  });
});

it('Nest knows each command by a handler and controllers that are named after it', () => {
  const names = [...server.app.get(ModulesContainer).values()].flatMap(({ providers, controllers }) =>
    [...providers.values(), ...controllers.values()].map(({ name }) => String(name)),
  );
  for (const { name } of commands) expect(names).toEqual(expect.arrayContaining([`${name}Handler`, `${name}Controller`]));
});

describe('the queue', () => {
  it('answers a command beyond its limit with 503 and Retry-After', async () => {
    const small = await startServer({ LEDGER_QUEUE: '1' });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => small.post(`/suppliers/s${i}/register-supplier`, { title: 'X', form: 'company' })),
    );
    const busy = answers.filter(({ status }) => status === 503);
    expect(answers.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    for (const { body, headers } of busy) {
      expect(body.type).toBe('urn:tower-ledger:problem:queue-full');
      expect(headers.get('retry-after')).toBe('1');
    }
    await stopServer(small);
  });
});
