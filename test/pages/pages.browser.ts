import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { closeRunning, startServer, stopServer, type Server } from '../http/server.js';
import { recordStory } from './html.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));

let server: Server;
let browser: Browser;
let context: BrowserContext;
let page: Page;
const paths: Record<string, string> = {
  home: '/app',
  board: '/app/boards/met',
  'board-2016': '/app/boards/met?effectiveOn=2016-12-31',
  contract: '/app/contracts/met-siam-atos',
  contracts: '/app/contracts?programme=met&sort=ceiling',
  decisions: '/app/decisions?reference=PCD+813',
  suppliers: '/app/suppliers',
  supplier: '/app/suppliers/csc',
  people: '/app/people?programme=example',
  losses: '/app/losses?programme=met',
  loss: '/app/losses/commandpoint',
  deadlines: '/app/deadlines?programme=met',
  changes: '/app/changes?programme=met&from=2016-12-31&until=2020-12-31',
  search: '/app/search?q=atos',
  live: '/app/live',
  pack: '/app/programmes/met/pack?effectiveOn=2016-12-31',
  programme: '/app/programmes/met',
  tower: '/app/towers/hosting',
  health: '/app/health',
  form: '/app/contracts/met-siam-atos/approve-change',
  plan: '/app/contracts/-/award-contract',
  nothing: '/app/nothing',
};

beforeAll(async () => {
  if (CHROMIUM === undefined) throw new Error('There is no Chromium: apt-get install chromium.');
  server = await startServer();
  await recordStory(server);
  const { body } = await server.get('/decisions?reference=PCD-813');
  paths['decision'] = `/app/decisions/${body.decisions[0].decision}`;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox'] });
  context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 } });
  page = await context.newPage();
}, 120_000);
afterAll(async () => {
  await browser?.close();
  if (server) await stopServer(server);
  await closeRunning();
});
const open = (name: string) => page.goto(server.url + paths[name]!);

describe('in a browser', () => {
  it('no page has anything that axe finds, in either colour scheme, and none is wider than a phone', async () => {
    const found: string[] = [];
    for (const name of Object.keys(paths)) {
      await page.emulateMedia({ colorScheme: 'light' });
      await page.setViewportSize({ width: 1280, height: 900 });
      await open(name);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        const axe = new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
        if (colorScheme === 'dark') axe.withRules(['color-contrast']);
        const { violations } = await axe.analyze();
        for (const { id, nodes } of violations) found.push(`${name} ${colorScheme}: ${id} ${nodes[0]!.html.slice(0, 120)}`);
      }
      await page.setViewportSize({ width: 320, height: 640 });
      const width = await page.evaluate('document.documentElement.scrollWidth');
      if (Number(width) > 320) found.push(`${name}: ${width} wide on 320`);
    }
    expect(found).toEqual([]);
  }, 120_000);
});
