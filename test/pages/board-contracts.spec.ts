import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { boardFrom } from '../../src/cli/reads.js';
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

it('a total opens into the parts that are shown, and says how many more there are', async () => {
  const { text } = await pageOf(server, '/app/boards/met?minPosition=' + position);
  // 22 of the networks and the one of them that serves hosting too, of which 21 are named
  expect(text).toMatch(/Its parts( Net \d+ £\d+)+ and 2 more Outside the towers/);
});

it('the board as text says how many contracts of a tower it does not name', async () => {
  const get = async <T>(path: string): Promise<T> => (await server.get(path)).body as T;
  const text = await boardFrom(get, 'Board', { programme: 'met', position });
  expect(text.match(/^ +and .*$/gm)).toEqual([`${' '.repeat(4)}and 2 more contracts`]);
});

it('a tower into which another one was merged leads to the contracts of both', async () => {
  for (const tower of ['print', 'paper'])
    await accepted(server.post(`/towers/${tower}/plan-tower`, { programme: 'met', title: `The ${tower}`, ...on('2010') }));
  for (let i = 1; i <= 22; i++)
    await accepted(
      server.post(`/contracts/print-${i}/award-contract`, {
        ...award,
        title: `P ${i}`,
        towers: [i < 4 ? 'print' : 'paper'],
        ...on('2014'),
      }),
    );
  const { position } = await accepted(server.post('/towers/print/merge-towers', { into: 'paper', ...on('2015') }));
  const { html } = await pageOf(server, '/app/boards/met?minPosition=' + position);
  expect(rowWith(html, 'href="/app/contracts?tower=paper"')).toContain('and 2 more contracts, also of The print');
  expect(rowWith(html, 'href="/app/contracts?tower=print"')).not.toBe('');
});

describe('a programme with more duties than a page reads', () => {
  beforeAll(async () => {
    await accepted(
      server.post('/programmes/big/charter-programme', { title: 'Big', authority: 'Board', baseCurrency: 'GBP', ...on('2010') }),
    );
    const desk = { ...award, programme: 'big', towers: undefined, value: gbp('100'), startsOn: '2015-01-01', endsOn: '2040-12-31' };
    const options = (noticeMonths: number) => Array.from({ length: 20 }, (_, n) => ({ option: `o-${n}`, months: 12, noticeMonths }));
    for (let i = 1; i <= 24; i++)
      await accepted(server.post(`/contracts/big-${i}/award-contract`, { ...desk, title: `Big ${i}`, options: options(0), ...on('2014') }));
    ({ position } = await accepted(
      server.post('/contracts/zz/award-contract', { ...desk, title: 'Last', options: options(60), endsOn: '2031-03-31', ...on('2014') }),
    ));
  }, 60_000);
  const at = (path: string) => pageOf(server, `${path}?effectiveOn=2026-01-05&minPosition=${position}`);

  it('has what is due next on its board, whatever else is due later, and says that a next date may be missing', async () => {
    const { text } = await at('/app/boards/big');
    expect(text).toMatch(/Due next 31 March 2026 Last day to exercise o-\d+ of Last, 12 months/);
    expect(text).toContain('There are more duties than this page reads: a next date may be missing. All deadlines');
  });

  it('has in its pack all that is due in the next six months', async () => {
    const { text } = await at('/app/programmes/big/pack');
    expect(text.match(/Last day to exercise o-\d+ of Last/g)).toHaveLength(20);
    expect(text).not.toContain('There are more duties than this pack holds');
  });

  it('is said to be so in its pack where even these are too many', async () => {
    const { text } = await pageOf(server, `/app/programmes/big/pack?effectiveOn=2041-01-05&minPosition=${position}`);
    expect(text).toContain('There are more duties than this pack holds: All deadlines');
  });
});
