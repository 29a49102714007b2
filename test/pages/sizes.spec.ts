import { afterAll, afterEach, describe, expect, it } from '@jest/globals';
import { gzipSync } from 'node:zlib';
import { commands } from '../../src/domain/index.js';
import { Engine } from '../../src/engine/write/engine.js';
import { accepted, closeRunning, partsOf, recordWorld, startServer, stopServer, type Server } from '../http/server.js';
import { pageOf, rowWith } from './html.js';

let server: Server;
afterEach(() => stopServer(server));
afterAll(closeRunning);
/** A page, once the projections have read all that was recorded. */
const page = async (path: string) => {
  const { store, projector } = partsOf(server);
  const head = await store.head();
  if (head !== undefined) expect(await projector.reached(head, 20_000)).toBe(true);
  return pageOf(server, path);
};

describe('pages of a ledger', () => {
  it('without any record say so, and lead to the first command', async () => {
    server = await startServer();
    const home = await page('/app');
    expect(home.text).toContain('Nothing is recorded yet. Charter a programme');
    expect(home.text).toContain('Nothing is recorded yet. Proof'); // no position of a log without events
    for (const [path, text] of [
      ['/app/contracts', 'No contract is recorded yet.'],
      ['/app/decisions', 'No decision is recorded yet.'],
      ['/app/suppliers', 'No supplier is registered.'],
      ['/app/losses', 'No loss is recorded.'],
      ['/app/deadlines', 'Nothing is due.'],
      ['/app/people', 'No pool is recorded.'],
      ['/app/live', 'Nothing is recorded yet.'],
      ['/app/search?q=nothing', 'Nothing was found.'],
      ['/app/changes', 'Name a programme'],
      ['/app/health', 'every projection follows it'],
      ['/app/proof', 'The newest signed checkpoint'],
    ] as const) {
      const { status, text: shown } = await page(path);
      expect([path, status]).toEqual([path, 200]);
      expect(shown).toContain(text);
    }
    await accepted(server.post('/programmes/met/charter-programme', { title: 'New', authority: 'MPS', baseCurrency: 'GBP' }));
    expect((await page('/app/boards/met')).text).toContain('No tower and no contract is recorded yet. Plan a tower');
  });

  it('keep apart what is zero, unknown, not disclosed and withheld', async () => {
    server = await startServer();
    await recordWorld(server);
    const values = {
      zero: { amount: '0', currency: 'GBP' },
      unknown: { unknown: true },
      undisclosed: { undisclosed: true },
      withheld: { withheld: { until: '2030', why: 'a dispute' } },
    };
    for (const [id, value] of Object.entries(values))
      await accepted(server.post(`/contracts/${id}/award-contract`, { programme: 'met', title: `Contract ${id}`, suppliers: [{ supplier: 'csc' }], value })); // prettier-ignore
    const { html } = await page('/app/contracts');
    const shown = (id: string) => /<(?:data|span) class="(money|missing [a-z]+)"[^>]*>([^<]*)</.exec(html.slice(html.indexOf(`/app/contracts/${id}"`)))!.slice(1); // prettier-ignore
    expect(shown('zero')).toEqual(['money', '£0']);
    expect(shown('unknown')).toEqual(['missing unknown', 'unknown']);
    expect(shown('undisclosed')).toEqual(['missing undisclosed', 'not disclosed']);
    expect(shown('withheld')).toEqual(['missing withheld', 'withheld until 2030 (a dispute)']);
  });

  it('show texts of the ledger as texts: markup, other scripts, addresses of other schemes and very long ones', async () => {
    server = await startServer();
    await recordWorld(server);
    const markup = `<script>alert(1)</script><img src=x onerror=alert(2)> "quoted" & 'more'`;
    const arabic = 'عقد الاستضافة';
    await accepted(
      server.post('/contracts/hostile/award-contract', {
        programme: 'met',
        title: markup,
        suppliers: [{ supplier: 'csc' }],
        value: { undisclosed: true },
        description: 'x'.repeat(2000),
        record: { reason: arabic.repeat(60), authority: { reference: `"><svg onload=alert(3)>` }, evidence: [{ uri: 'file:alert(4)', title: markup }, { uri: 'https://example.org/"onmouseover="x' }] }, // prettier-ignore
      }),
    );
    const { body } = await server.get('/contracts/hostile/history');
    const decision = `/app/decisions/${body.entries[0].decision}`;
    for (const path of [
      '/app/contracts',
      '/app/contracts/hostile',
      '/app/boards/met',
      decision,
      '/app/decisions',
      '/app/live',
      '/app/search?q=quoted',
      `/app/search?q=${encodeURIComponent(markup)}`,
      `/app/decisions?reference=${encodeURIComponent('"><svg onload=alert(3)>')}`,
      '/app/programmes/met/pack',
    ]) {
      // prettier-ignore
      const { html, status, text } = await page(path);
      expect([path, status]).toEqual([path, 200]);
      expect(html).not.toMatch(/<script>|<img|<svg onload|href="file:| onmouseover="/);
      if (path === '/app/contracts') expect(text).toContain('<script>alert(1)</script>');
    }
    const { html, text } = await page('/app/contracts/hostile');
    expect(html).toContain('<bdi>&lt;script>');
    expect(text).toContain('All 2,000 characters');
    expect(html).toContain(`<bdi>${arabic}`.slice(0, 9));
  });

  it('with 5,000 contracts come in pages, in any order, and small', async () => {
    server = await startServer();
    await recordWorld(server);
    const engine = server.app.get(Engine);
    const command = commands.find(({ name }) => name === 'AwardContract')!;
    const contracts = Array.from({ length: 5000 }, (_, i) => i);
    for (let from = 0; from < contracts.length; from += 250)
      await Promise.all(
        contracts.slice(from, from + 250).map((i) =>
          engine.handle({
            command,
            aggregate: command.aggregate!,
            id: `contract-${String(i).padStart(4, '0')}`,
            actor: { id: 'test' },
            body: { programme: 'met', title: `Contract ${i}`, towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: { amount: String(1000 + i), currency: 'GBP' }, record: { effectiveOn: String(2015 + (i % 2)) } }, // prettier-ignore
          }),
        ),
      );
    const first = await page('/app/contracts');
    expect(first.text).toContain('50 contracts on this page');
    const next = /href="(\/app\/contracts\?cursor=[^"]+)"/.exec(first.html)![1]!;
    const second = await page(next.replaceAll('&amp;', '&'));
    expect(rowWith(second.html, '/app/contracts/contract-0050')).toContain('Contract 50');
    const sorted = await page('/app/contracts?sort=ceiling');
    expect(sorted.text).toContain('There are more than 1,000 contracts: choose some of them');
    expect(sorted.text).toContain('1 to 50 of 1000');
    const board = await page('/app/boards/met');
    expect(rowWith(board.html, 'href="/app/contracts?tower=hosting"')).toContain('and 4,980 more contracts');
    expect(board.text).toContain('5,000 contracts');
    const decisions = await page('/app/decisions');
    expect(decisions.text).toContain('2015 250 2016 250 Counted among the newest 500 decisions.');
    expect(decisions.text).toContain('50 decisions on this page');
    const search = await page('/app/search?q=contract');
    expect(search.text).toContain('Counted among the first 100 of each kind.');
    for (const { html } of [first, board, decisions, search]) expect(gzipSync(html).length).toBeLessThan(60_000);
  }, 60_000);
});
