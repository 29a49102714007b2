import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { accepted, award, closeRunning, recordWorld, startServer, stopServer, type Server } from './server.js';

let server: Server;
const gbp = (amount: number) => ({ amount: String(amount), currency: 'GBP' });
const CHANGES = 500;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  await accepted(server.post('/contracts/long/award-contract', { ...award, value: gbp(100) }));
  for (let i = 1; i <= CHANGES; i++) await accepted(server.post('/contracts/long/approve-change', { kind: 'value', to: gbp(100 + i) }));
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await closeRunning();
});
const changesIn = (body: any): string[] => body.state.changes.map(({ to }: any) => to.amount);

it('a contract with few changes has all of them in its state', async () => {
  const { body } = await server.get('/contracts/long?revision=30');
  expect(changesIn(body)).toHaveLength(30);
  expect(body).not.toHaveProperty('counts');
});

it('one with many has the newest 20 there, and how many there are: its answer does not grow with them', async () => {
  const { body, text } = await server.get('/contracts/long');
  expect([changesIn(body).length, changesIn(body)[0], changesIn(body).at(-1)]).toEqual([20, '581', '600']);
  expect(body).toMatchObject({ counts: { '/state/changes': CHANGES }, state: { ceiling: gbp(600) } });
  expect(text.length).toBeLessThan(10_000);
  const past = await server.get('/contracts/long?revision=480');
  expect([changesIn(past.body).at(-1), past.body.counts]).toEqual(['580', { '/state/changes': 480 }]);
});

it('has all of them where they are asked for, and in the pages of the register', async () => {
  const { body } = await server.get('/contracts/long?lists=all');
  expect([changesIn(body).length, body.counts]).toEqual([CHANGES, undefined]);
  let listed = 0;
  for (let next: string | undefined = ''; next !== undefined;) {
    const page = await server.get(`/projections/contract-register/contract:long/changes?limit=100&minPosition=${body.position}${next}`);
    listed += page.body.entries.length;
    next = page.body.next && `&cursor=${encodeURIComponent(page.body.next)}`;
  }
  expect(listed).toBe(CHANGES);
  const { status, body: problem } = await server.get('/contracts/long?lists=some');
  expect([status, problem.errors[0].parameter]).toEqual([400, 'lists']);
});

it('has its notes bounded as well', async () => {
  for (let i = 1; i <= 21; i++) await accepted(server.post('/contracts/long/annotate', { note: `Note ${i}` }));
  const { body } = await server.get('/contracts/long');
  expect([body.notes.length, body.notes.at(-1).note, body.counts]).toEqual([20, 'Note 21', { '/notes': 21, '/state/changes': CHANGES }]);
}, 30_000);
