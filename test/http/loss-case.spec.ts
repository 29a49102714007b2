import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import { accepted, closeRunning, partsOf, startServer, recordWorld, type Server } from './server.js';

let server: Server;
beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  const writeOffs = [{ grossAbove: gbp('500000'), approver: 'Deputy Mayor' }, { approver: 'Director' }];
  const scheme = { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs, specialPayments: writeOffs };
  await accepted(server.post('/programmes/met/adopt-policy', scheme));
});
afterEach(() => void jest.restoreAllMocks());
afterAll(closeRunning);

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const loss = { programme: 'met', title: 'Fraud', bearer: 'authority', category: 'cash', gross: { unknown: true } };
const record = { decidedBy: { person: 'p-1', office: 'Director' } };
const raise = (id: string, more: object) => accepted(server.post(`/losses/${id}/raise-loss`, { ...loss, ...more }));
const writeOff = (id: string, amount: string) => server.post(`/losses/${id}/write-off`, { amount: gbp(amount), record });

it('the losses of one case are one matter as soon as a write-off is acknowledged', async () => {
  for (const id of ['a', 'b', 'c']) await raise(id, { case: 'fraud-7' });
  const tried = await Promise.all(['a', 'b', 'c'].map((id) => writeOff(id, '490000')));
  expect(tried.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
  for (const { body } of tried.filter(({ status }) => status === 409))
    expect(body).toMatchObject({ detail: expect.stringContaining('the case fraud-7 comes to £980,000') });
  const { position } = tried.find(({ status }) => status === 201)!.body;
  const { body } = await server.get(`/projections/exposure/${encodeURIComponent('case:met/fraud-7')}?minPosition=${position}`);
  expect(body.row).toMatchObject({ kind: 'case', counts: { losses: 3 }, losses: { authority: { losses: 3 } } });
});

it('so are special payments, of which a case may have no loss', async () => {
  for (const id of ['p', 'q']) await raise(id, { case: 'claim-1', kind: 'special-payment', category: 'compensation' });
  const approve = (id: string) => server.post(`/losses/${id}/approve-special-payment`, { amount: gbp('490000'), record });
  expect([(await approve('p')).status, (await approve('q')).status]).toEqual([201, 409]);
});

it('a decision on a case is answered 503 with Retry-After while the projection is behind, and one of no case is taken', async () => {
  await raise('d', { case: 'fraud-8' });
  await raise('e', {});
  const reached = jest.spyOn(partsOf(server).projector, 'reached').mockResolvedValue(false);
  const { status, headers, body } = await writeOff('d', '1');
  expect([status, headers.get('retry-after'), body.detail]).toEqual([503, '1', 'Nothing was stored: send the command again later.']);
  expect((await writeOff('e', '1')).status).toBe(201);
  reached.mockRestore();
  expect((await writeOff('d', '1')).status).toBe(201);
});
