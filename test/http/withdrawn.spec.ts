import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { accepted, award, startServer, stopServer, recordWorld, type Server } from './server.js';

let server: Server;
const get = (path: string) => server.get(path);
const sent = (path: string, body: object, headers = {}) => accepted(server.post(path, body, headers));

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
});
afterAll(() => stopServer(server));

/** A contract, and a moment at which it stood. */
const awarded = async (id: string, more: object = {}) => {
  const { events, position } = await sent(`/contracts/${id}/award-contract`, { ...award, ...more });
  await sleep(5);
  const before = new Date().toISOString();
  await sleep(5);
  return { event: events[0].id as string, position, before };
};

describe('a contract that was withdrawn', () => {
  it('is gone now, and there for a recordedAt before', async () => {
    const { event, before, position } = await awarded('typo');
    const { position: after, revision } = await sent('/contracts/typo/withdraw-fact', { event });
    const gone = await get(`/contracts/typo?minPosition=${after}`);
    expect([gone.status, gone.body.type]).toEqual([410, 'urn:tower-ledger:problem:withdrawn']);
    expect(gone.body.detail).toContain('contract typo has been withdrawn');
    expect((await get('/contracts/typo?effectiveOn=2030')).status).toBe(410);
    expect((await get(`/contracts/typo?revision=${revision}`)).status).toBe(410);
    for (const past of [`recordedAt=${before}`, `position=${position}`, 'revision=0'])
      expect([past, (await get(`/contracts/typo?${past}`)).body.state?.stage]).toEqual([past, 'awarded']);
  });

  it('keeps its history', async () => {
    const { status, body } = await get('/contracts/typo/history');
    expect(status).toBe(200);
    expect([body.entries, body.withdrawn.map(({ type }: any) => type)]).toEqual([[], ['ContractAwarded']]);
  });

  it('was never there where nothing was recorded', async () => expect((await get('/contracts/never')).status).toBe(404));

  it('has no row any more', async () => {
    const { status } = await get('/projections/contract-register/contract:typo');
    expect(status).toBe(404);
  });

  it('is opened again by a new first event', async () => {
    await awarded('typo', { title: 'Recorded again' });
    const { status, body } = await get('/contracts/typo');
    expect([status, body.state.title]).toEqual([200, 'Recorded again']);
  });

  it('is named by nobody as long as something of it is left', async () => {
    const { event } = await awarded('partly');
    const { events } = await sent('/contracts/partly/sign-contract', {});
    expect(await sent('/contracts/partly/withdraw-fact', { event: events[0].id })).not.toHaveProperty('namedBy');
    expect(await sent('/contracts/partly/withdraw-fact', { event })).toMatchObject({ namedBy: { streams: [], more: false } });
  });
});

describe('a withdrawal of what others name', () => {
  it('lists them in the receipt, in a dry run and however often it is asked', async () => {
    const { events } = await sent('/suppliers/wrong/register-supplier', { title: 'Wrong', form: 'company' });
    await awarded('one', { suppliers: [{ supplier: 'wrong' }] });
    await awarded('two', { suppliers: [{ supplier: 'wrong' }] });
    const withdrawal = { event: events[0].id };
    const namedBy = { streams: ['contract-one', 'contract-two'], more: false };
    const position = (await sent('/contracts/one/annotate', { note: 'Seen' })).position;
    await get(`/projections?minPosition=${position}`);
    const dry = await server.post('/suppliers/wrong/withdraw-fact?dryRun=true', withdrawal);
    expect(dry.body).toMatchObject({ outcome: 'dry-run', namedBy });
    const key = { 'idempotency-key': 'withdraw-wrong' };
    const first = await server.post('/suppliers/wrong/withdraw-fact', withdrawal, key);
    expect([first.status, first.body.namedBy]).toEqual([201, namedBy]);
    await awarded('three', { suppliers: [{ supplier: 'csc' }], title: 'Of another supplier' });
    const again = await server.post('/suppliers/wrong/withdraw-fact', withdrawal, key);
    expect([again.text, again.headers.get('idempotency-replayed')]).toEqual([first.text, 'true']);
  });

  it('leaves rows that show its id, not a blank', async () => {
    const { position } = await sent('/contracts/one/annotate', { note: 'Seen again' });
    const { body } = await get(`/projections/contract-register/contract:one?minPosition=${position}`);
    expect(body.row).toMatchObject({ suppliers: [{ supplier: 'wrong', name: 'wrong' }], supplierName: 'wrong' });
  });

  it('is refused to new facts that would name it', async () => {
    const { status, body } = await server.post('/contracts/late/award-contract', { ...award, suppliers: [{ supplier: 'wrong' }] });
    expect([status, body.type]).toEqual([409, 'urn:tower-ledger:problem:ledger/unknown-reference']);
    expect(body.errors).toEqual([
      { pointer: '/suppliers/0/supplier', detail: 'All that was recorded of supplier wrong has been withdrawn.' },
    ]);
  });
});

describe('a duplicate', () => {
  const total = async (position: string) =>
    (await get(`/projections/tower-board/tower:hosting?minPosition=${position}`)).body.row.counts.contracts as number;

  it('names the one that is kept, links to it, and leaves totals', async () => {
    await awarded('kept');
    const { before, position } = await awarded('twin');
    const contracts = await total(position);
    const { position: marked } = await sent('/contracts/twin/mark-duplicate', { of: 'kept' });
    expect(await total(marked)).toBe(contracts - 1);
    const { status, headers, body } = await get('/contracts/twin');
    expect([status, body.type]).toEqual([410, 'urn:tower-ledger:problem:duplicate']);
    expect([body.duplicateOf, headers.get('link')]).toEqual([
      { id: 'kept', href: '/contracts/kept' },
      '</contracts/kept>; rel="canonical"',
    ]);
    expect((await get(`/contracts/twin?recordedAt=${before}`)).status).toBe(200);
    expect((await get('/contracts/kept')).status).toBe(200);
  });

  it('is taken back by reinstating what was recorded', async () => {
    const { body } = await get('/contracts/twin/history');
    const { position } = await sent('/contracts/twin/reinstate-fact', { event: body.withdrawn[0].event });
    expect((await get(`/contracts/twin?minPosition=${position}`)).body.state.stage).toBe('awarded');
  });
});
