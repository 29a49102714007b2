import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { closeRunning, startServer, stopServer, type Server } from '../http/server.js';
import { WALK } from '../../src/pages/walk.js';
import { placeText } from '../../src/pages/words.js';
import { pageOf, recordStory, rowWith } from './html.js';

let server: Server;
const page = (path: string) => pageOf(server, path);

beforeAll(async () => {
  server = await startServer();
  await recordStory(server);
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await closeRunning();
});

/** The counts of a page: the parameter that each adds to the address or takes away. */
const facetsIn = (html: string) => {
  const [nav = ''] = /<nav class="facets.*?<\/nav>/s.exec(html) ?? [];
  return [...nav.matchAll(/<b>.*?<\/ul>/gs)].flatMap(([facet]) =>
    [...facet.matchAll(/<a href="([^"]*)">(.*?)<\/a>(?: <span class="num quiet">([\d,]+)<\/span>)?/gs)].map(([, href, label, count]) => {
      const path = href!.replaceAll('&amp;', '&');
      return { path, label, count: Number(count?.replace(',', '')), name: NAMES[/<b>(.*?)</.exec(facet)![1]!] };
    }),
  );
};
const NAMES: Readonly<Record<string, string>> = { What: 'command', About: 'about', 'Year of the act': 'year', Rules: 'result', Kind: 'kind', Stage: 'stage', 'Recorded about': 'about' }; // prettier-ignore

describe('the board of a programme', () => {
  it('is where a browser gets from the address of the server; a program still gets to the description', async () => {
    const browser = await server.get('/', { accept: 'text/html,application/xhtml+xml' });
    expect(browser.status).toBe(200);
    expect(browser.text).toContain('<title>Programmes – Tower Ledger</title>');
    const program = await fetch(server.url, { redirect: 'manual', headers: { accept: '*/*' } });
    expect(program.headers.get('location')).toBe('docs');
  });

  it('says of every tower its stage, supplier, ceiling, growth, end and last decision, as people write them', async () => {
    const { html, status } = await page('/app/boards/met');
    expect(status).toBe(200);
    const row = rowWith(html, '/app/contracts/met-dcms-keysource');
    expect(row).toContain('Data centre Live');
    expect(row).toContain('Keysource');
    expect(row).toContain('£6.807m → £15.2m');
    expect(row).toContain('+123.3 % over the original');
    expect(row).toContain('3 years');
    expect(row).toContain('ended 31 August 2020');
    expect(row).toContain('past its end');
    expect(row).toContain('between March 2020 and October 2020, PCD 813');
  });

  it('has the totals of its groups, and names what they add up', async () => {
    const { text } = await page('/app/boards/met');
    expect(text).toContain('6 towers, 7 contracts about £593.28m, 1 unknown');
    expect(text).toContain('Outside the towers, 3 contracts at least £216m, 2 unknown');
    expect(text).toContain('Its parts Application managed service £128.99m');
    expect(text).toContain('NHS');
    expect(text).toContain('In no total of this programme.');
  });

  it('of another day shows that day, says so, and its links keep the day', async () => {
    const { text, html } = await page('/app/boards/met?effectiveOn=2016-12-31');
    expect(text).toContain('On 31 December 2016, as it is known now');
    const row = rowWith(html, '/app/contracts/met-siam-atos');
    expect(row).toContain('£96m');
    expect(row).not.toContain('£176.8m');
    expect(html).toContain('/app/contracts/met-siam-atos?effectiveOn=2016-12-31');
    expect(html).toContain('/projections/tower-board?programme=met&amp;effectiveOn=2016-12-31');
  });

  it('leaves out fields of the form for time that were left empty, and refuses other unknown parameters', async () => {
    expect((await page('/app/boards/met?effectiveOn=&recordedAt=')).status).toBe(200);
    const { status, text } = await page('/app/boards/met?colour=red');
    expect(status).toBe(400);
    expect(text).toContain('colour is not known here');
    expect((await page('/app/boards/met?effectiveOn=someday')).status).toBe(400);
  });
});

describe('the guided walk of the demo', () => {
  it('leads by links from the board of 2016 over today and the second uplift to its reasons and the proof', async () => {
    const said: string[] = [];
    let path = '/app/walk';
    for (let n = 1; n <= 5; n++) {
      const { status, html, text } = await page(path);
      expect([path, status]).toEqual([path, 200]);
      said.push(/<h1>(.*?)<\/h1>/.exec(html)![1]!.replaceAll(/<[^>]*>/g, ''));
      expect(text).toContain(`${n} of 5 · `);
      path = (/<a rel="next" href="(\/app[^"]*walk=\d)"/.exec(html)?.[1] ?? '/app').replaceAll('&amp;', '&');
    }
    expect(said).toEqual([
      'Total Technology',
      'Total Technology',
      'Service integration (SIAM)',
      'Approve change, PCD 813',
      'Proof that the history was not rewritten',
    ]);
    expect(path).toBe('/app');
  });

  it('is silent on every other page', async () => {
    for (const path of ['/app/contracts?walk=1', '/app/boards/met?walk=6', '/app/boards/met?walk=x'])
      expect((await page(path)).html).not.toContain('Guided walk');
  });
});

describe('the page of a contract', () => {
  it('has its terms, its ceiling in steps with the three figures of each, and what happened', async () => {
    const { text, html } = await page('/app/contracts/met-dcms-keysource');
    expect(text).toContain('Original value £6.807m');
    expect(text).toContain('Ceiling now £15.2m');
    const last = rowWith(html, 'PCD 813');
    expect(last).toContain('73.3 % by the paper 73.5 %');
    expect(last).toContain('48.9 % by the paper 49.0 %');
    expect(last).toContain('123.3 %');
    expect(/<svg class="chart"[^>]* aria-label="([^"]*)"/.exec(html)?.[1]).toBe('The ceiling in 5 steps; the table below has the figures');
    expect(text).toContain('Change approved');
    expect(html.match(/<data class="money"[^>]*>£15.2m<\/data>/g)?.[0]).toBe(
      '<data class="money" value="15200000.00 GBP" title="15,200,000.00 GBP">£15.2m</data>',
    );
  });

  it('marks the facts behind the day that is looked at', async () => {
    const now = await page('/app/contracts/met-dcms-keysource');
    expect(now.text).not.toContain('after the day looked at');
    expect((await page('/app/contracts/met-dcms-keysource?effectiveOn=2018-01-01')).text).toContain('after the day looked at');
  });

  it('names its programme and its towers by their titles, and offers first what may come next', async () => {
    const { html, text } = await page('/app/contracts/met-siam-atos');
    expect(text).toContain('Board of Total Technology');
    expect(text).toContain('Role Tower of Service integration');
    const [next, others] = html.slice(html.indexOf('>Record</h2>')).split('of other stages, for what is recorded late');
    for (const command of ['approve-change', 'terminate-contract']) expect(next).toContain(`met-siam-atos/${command}"`);
    for (const command of ['plan-contract', 'award-contract']) {
      expect(next).not.toContain(`met-siam-atos/${command}"`);
      expect(others).toContain(`met-siam-atos/${command}"`);
    }
    expect(others!.split('About what is recorded')[1]).toContain('met-siam-atos/correct-fact"');
  });

  it('that is not there is a page that says so', async () => {
    const { status, text, headers } = await page('/app/contracts/nobody');
    expect(status).toBe(404);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).toContain('No contract nobody is recorded.');
    expect((await page('/app/no/such/page')).text).toContain('There is no such page.');
  });
});

describe('decisions', () => {
  it('are found by their paper, however it is written', async () => {
    for (const reference of ['PCD+813', 'pcd-813', 'PCD813']) {
      const { html } = await page(`/app/decisions?reference=${reference}`);
      expect(html.match(/<a href="\/app\/decisions\/[0-9a-f-]{36}"/g)).toHaveLength(2);
    }
    expect((await page('/app/decisions?reference=PCD+1')).text).toContain('No decision is recorded under this.');
  });

  it('newest first without a question, in pages', async () => {
    const first = await page('/app/decisions');
    const ids = (html: string) => [...html.matchAll(/href="\/app\/decisions\/([0-9a-f-]{36})"/g)].map(([, id]) => id);
    expect(ids(first.html)).toHaveLength(50);
    const next = /href="(\/app\/decisions\?cursor=[^"]+)"/.exec(first.html)![1]!;
    const second = await page(next);
    expect(ids(second.html).length).toBeGreaterThan(40);
    expect(ids(second.html).filter((id) => ids(first.html).includes(id))).toEqual([]);
  });

  it('are counted by what they have, and each count leads to just as many', async () => {
    const facets = facetsIn((await page('/app/decisions')).html);
    expect(facets.map(({ name }) => name)).toEqual(expect.arrayContaining(['command', 'about', 'year', 'result']));
    for (const { path, count, label } of facets.filter(({ count }) => count <= 20)) {
      const { html } = await page(path);
      expect([label, html.match(/<th scope="row">/g)?.length]).toEqual([label, count]);
    }
    const both = facetsIn((await page('/app/decisions?about=contract&command=ApproveChange')).html);
    expect(new Set(both.map(({ name }) => name))).toEqual(new Set(['about', 'command', 'year', 'result'])); // a chosen one can be taken away
    expect((await page('/app/decisions?about=rocket')).text).toContain('No decision among these is as you ask.');
  });

  it('have a dossier: who decided, on what authority, what was known, which rules held, and a replay', async () => {
    const { html } = await page('/app/decisions?reference=PCD+813');
    const [, path] = /href="(\/app\/decisions\/[0-9a-f-]{36})"/.exec(html)!;
    const { text } = await page(path!);
    expect(text).toContain('Decided by Deputy Mayor for Policing and Crime dmpc');
    expect(text).toContain('Authority PCD 813');
    expect(text).toContain('Day of the act between March 2020 and October 2020');
    expect(text).toContain('Met scheme-of-consent/approval');
    expect(text).toContain('Programme met its first 14 events');
    expect(text).toContain('Download the bundle of this decision');
    expect(text).toContain('Taken again from what was known then: the same decision.');
  });
});

describe('a search', () => {
  it('counts its hits by kind, stage and what they are about, and each count leads to just as many', async () => {
    const { html, text } = await page('/app/search?q=service');
    const facets = facetsIn(html);
    expect(new Set(facets.map(({ name }) => name))).toEqual(new Set(['kind', 'stage', 'about']));
    expect(text).toMatch(new RegExp(`${facets.filter(({ name }) => name === 'kind').reduce((sum, { count }) => sum + count, 0)} hits`));
    for (const { path, count, label } of facets) expect([label, /role="status">([\d,]+) hit/.exec((await page(path)).html)?.[1]]).toEqual([label, String(count)]); // prettier-ignore
  });
});

describe('every link', () => {
  it('of a board, a contract and a decision, and at the head of each page, leads to a page', async () => {
    const linksOf = async (path: string) => [...(await page(path)).html.matchAll(/href="(\/app[^"#]*)"/g)].map(([, href]) => href!.replaceAll('&amp;', '&')); // prettier-ignore
    const found = new Set<string>();
    for (const path of [
      '/app/boards/met',
      '/app/boards/example',
      '/app/contracts/met-siam-atos?effectiveOn=2018-01-01',
      WALK[3]!.path,
      '/app/programmes/met',
      '/app/refusals',
    ])
      // prettier-ignore
      for (const link of await linksOf(path)) if (!link.includes('/assets/')) found.add(link);
    const broken: string[] = [];
    for (const link of found) {
      const { status } = await page(link);
      if (status !== 200) broken.push(`${status} ${link}`);
    }
    expect(found.size).toBeGreaterThan(80);
    expect(broken).toEqual([]);
  });
});

describe('the foot of a page', () => {
  const clocks = `effectiveOn=2016-12-31&recordedAt=${new Date().toISOString().slice(0, 10)}`;
  it.each([
    [`/app?${clocks}`, `/projections/programme?${clocks}`],
    [`/app/contracts/met-siam-atos?${clocks}`, `/contracts/met-siam-atos?${clocks}`],
    [
      '/app/decisions?command=ApproveChange&year=2018',
      '/decisions?command=ApproveChange&effectiveFrom=2018-01-01&effectiveUntil=2018-12-31',
    ],
    ['/app/decisions?person=nobody&result=met', '/decisions?person=nobody&result=met'],
    ['/app/decisions?recordedAt=2020-01-01', '/decisions?recordedUntil=2020-01-01'],
    ['/app/search?q=service&about=contract', '/search?q=service&category=contract'],
  ])('%s leads to the API with the same question', async (path, api) => {
    const { html } = await page(path);
    expect(/The same from the API: <a href="([^"]*)"/.exec(html)?.[1]).toBe(api.replaceAll('&', '&amp;'));
    expect((await server.get(api)).status).toBe(200);
  });
});

describe('every page', () => {
  it.each(['/app', '/app/boards/met', '/app/contracts/met-siam-atos', '/app/decisions', '/app/nothing'])(
    '%s takes nothing from elsewhere, runs no script of its own text, and has one heading',
    async (path) => {
      const { html, headers } = await page(path);
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("form-action 'self'");
      expect(headers.get('referrer-policy')).toBe('same-origin'); // else a browser sends forms with the origin null
      expect(html).not.toMatch(/ style=|<style|<script(?! type="module" src="\/app\/assets\/)| on[a-z]+="/);
      expect([...html.matchAll(/(?:src|href)="(https?:)?\/\//g)].filter(([, scheme]) => scheme === undefined)).toEqual([]);
      expect(html.match(/<h1[ >]/g)).toHaveLength(1);
      expect(html).toContain('<html lang="en-GB">');
    },
  );
});

/** At the end: it records what the other pages do not expect. */
describe('the page of a contract with an account', () => {
  it('has its account by financial year and nature, with what was lost in exchange', async () => {
    const usd = (amount: string) => ({ amount, currency: 'USD' });
    const exchange = (rate: string) => ({ currency: 'GBP', rate });
    const on = (effectiveOn: string) => ({ record: { effectiveOn } });
    let position = '';
    const send = async (command: string, body: object) => {
      const { status, body: receipt } = await server.post(`/accounts/met-euc-csc/${command}`, body);
      expect(status).toBe(201);
      ({ position } = receipt as { position: string });
    };
    await send('open-account', { programme: 'met', contract: 'met-euc-csc', ...on('2016-04-01') });
    await send('expect-spend', { year: 2016, nature: 'revenue', amount: { amount: '90.00', currency: 'GBP' }, ...on('2016-04-01') });
    await send('commit-funds', {
      commitment: 'o',
      amount: usd('100.00'),
      nature: 'revenue',
      exchange: exchange('0.7'),
      ...on('2016-04-02'),
    });
    await send('record-invoice', { invoice: 'i', amount: usd('100.00'), commitment: 'o', ...on('2016-05-01') });
    await send('record-payment', { payment: 'p', amount: usd('100.00'), invoices: ['i'], exchange: exchange('0.8'), ...on('2016-06-01') });
    const { html } = await page(`/app/contracts/met-euc-csc?minPosition=${position}`);
    for (const year of ['2016/17', '2016/17 revenue'])
      expect(rowWith(html, `>${year}<`).trim()).toBe(`${year} £90 US$100 US$100 US$100 £10`);
    expect(rowWith(html, '>In all<')).toContain('US$100 US$100 US$100 £10');
    expect((await page('/app/contracts/met-siam-atos')).html).not.toContain('The account by financial year');
  });
});

it.each([
  ['/term/months', 'Term, months'],
  ['/evidence/0/uri', 'Evidence 1, address'],
  ['/items/11', 'Items 12'],
  ['/2016', '2016'],
  ['', 'All of it'],
])('the place %s in what was recorded is named as people say it', (pointer, text) => expect(placeText(pointer)).toBe(text));
