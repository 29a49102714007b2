import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { boardFrom, getFrom } from '../../src/cli/reads.js';
import { accepted, award, startServer, stopServer, type Server } from '../http/server.js';

let server: Server;
const early = { record: { effectiveOn: '2014' } };
const board = (question: { on?: string; recordedAt?: string }) =>
  boardFrom(getFrom(server.url, undefined), 'The board', { programme: 'met', ...question });

beforeAll(async () => {
  server = await startServer();
  const { post } = server;
  await accepted(post('/programmes/met/charter-programme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP', ...early }));
  await accepted(
    post('/programmes/met/publish-strategy', { strategy: 's1', title: 'The strategy', version: '1', reviewDue: '2099-06-30', ...early }),
  );
  await accepted(post('/towers/hosting/plan-tower', { programme: 'met', title: 'Hosting', ...early }));
  await accepted(post('/suppliers/csc/register-supplier', { title: 'CSC', form: 'company', ...early }));
  await accepted(post('/contracts/hosting/award-contract', { ...award, record: { effectiveOn: '2015-11-01' } }));
  const to = { amount: '200000000.00', currency: 'GBP' };
  await accepted(post('/contracts/hosting/approve-change', { kind: 'value', to, record: { effectiveOn: 'unknown' } }));
  await accepted(post('/contracts/hosting/sign-contract', { record: { effectiveOn: '2017-05-01' } }));
  const { position } = await accepted(post('/contracts/gone/award-contract', { ...award, towers: [], record: { effectiveOn: '2016' } }));
  await server.get(`/projections?minPosition=${position}`);
});
afterAll(() => stopServer(server));

describe('the board as text', () => {
  it('is that of today, and names nothing as uncertain', async () => {
    const text = await board({});
    expect(text).toMatch(/Hosting +transitioning +hosting · CSC +£155m → £200m/);
    expect(text).not.toMatch(/undated|perhaps/);
  });

  it('says that the review of a strategy is overdue from the day after, whenever the last event was', async () => {
    const get = getFrom(server.url, undefined);
    const asked = (today: string) =>
      boardFrom(async <T>(path: string) => (path === '/projections' ? ({ today } as T) : get<T>(path)), 'Today', { programme: 'met' });
    expect(await asked('2099-06-30')).toMatch(/review due 2099-06-30\n/);
    expect(await asked('2099-07-01')).toMatch(/review due 2099-06-30, overdue\n/);
    const { today } = await get<{ today: string }>('/projections');
    expect(today).toBe(Temporal.Now.plainDateISO('Europe/London').toString());
  });

  it('of a day names what may be later, and the figures without it', async () => {
    const text = await board({ on: '2016-06-30' });
    expect(text).toMatch(/Hosting +awarded +hosting · CSC +£155m → £200m/);
    expect(text).toContain('    £155m without 1 undated change\n');
    expect(text).toContain('    perhaps later: 1 undated change (ChangeApproved)\n');
    expect(text).toContain('    not there without 1 fact of 2016\n');
    expect(text).toContain('  total of the towers: £200m; £155m without 2 facts of uncertain days\n');
    expect(text).toContain('  total outside: £155m; nothing without 2 facts of uncertain days\n');
  });

  it('of a day before the first contract has none, and before the programme says so', async () => {
    expect(await board({ on: '2015-10-31' })).toMatch(/Hosting +planned +– +–\n {2}total of the towers: nothing\n/);
    expect(await board({ on: '2013-12-31' })).toContain('The programme had not begun.');
  });

  it('of a time at which nothing was recorded yet cannot be made, and says why', async () => {
    await expect(board({ recordedAt: '2150-01-01' })).rejects.toThrow(/is in the future/);
  });
});
