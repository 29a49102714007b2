import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { accepted, award, closeRunning, recordWorld, startServer, stopServer, type Server } from '../http/server.js';
import { pageOf, rowWith } from './html.js';

let server: Server;
let position: string;
const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const on = (effectiveOn: string) => ({ record: { effectiveOn } });

beforeAll(async () => {
  server = await startServer();
  await recordWorld(server);
  await accepted(server.post('/towers/networks/plan-tower', { programme: 'met', title: 'Networks', ...on('2010') }));
  // 22 contracts of one tower, of which one serves another one too; all are past their end but one
  for (let i = 1; i <= 22; i++)
    await accepted(
      server.post(`/contracts/net-${i}/award-contract`, {
        ...award,
        title: `Net ${i}`,
        towers: i === 21 ? ['networks', 'hosting'] : ['networks'],
        value: gbp('100'),
        startsOn: '2015-01-01',
        endsOn: i === 1 ? '2030-12-31' : '2018-12-31',
        ...on('2014-12-01'),
      }),
    );
  await accepted(server.post('/contracts/net-2/approve-change', { kind: 'value', to: gbp('150'), ...on('2016-06-01') }));
  ({ position } = await accepted(server.post('/contracts/net-22/cancel-contract', { why: 'No more', ...on('2016-06-02') })));
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await closeRunning();
});

describe('a tower with more contracts than its row has', () => {
  it('is compared with all of them: none is new or gone for being beyond the newest 20', async () => {
    const { html, text } = await pageOf(server, '/app/changes?programme=met&from=2016-01-01&until=2016-12-31&minPosition=' + position);
    expect(text).toContain('2 contracts differ.');
    expect(rowWith(html, 'Net 2<')).toContain('Ceiling: was £100 → £150');
    expect(text).not.toMatch(/not there any more/);
  });

  it('counts each contract that is past its end, once', async () => {
    const { body } = await server.get('/projections/contract-register?programme=met&pastEnd=true&minPosition=' + position);
    expect((await pageOf(server, '/app/boards/met')).text).toContain(`Past their end ${body.rows.length} contracts`);
    expect((await pageOf(server, '/app/programmes/met/pack')).text).toContain(`Past their end ${body.rows.length} contracts`);
  });
});
