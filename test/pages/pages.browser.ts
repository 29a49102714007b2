import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { closeRunning, startServer, stopServer, tempFolder, type Server } from '../http/server.js';
import { DESKTOP, faultsOf, openBrowser, openPage } from './browser.js';
import { recordStory } from './html.js';
import { smaller } from './png.js';

/** Where pictures of the pages are kept; a folder of its own, removed at the end, unless it is given. */
const { PAGES_SHOTS } = process.env;
/** Pages that are looked at at the same time. */
const TABS = 2;
/** Bytes of a picture that has something on it: a blank one of the smallest size has less than half of that. */
const NOT_BLANK = 8000;
const PHONE = { width: 390, height: 780 };
const SHEET = { width: 794, height: 1123 };

let server: Server;
let locked: Server;
let browser: Browser;
let shots: string;
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
  refusals: '/app/refusals',
  health: '/app/health',
  proof: '/app/proof',
  form: '/app/contracts/met-siam-atos/approve-change',
  plan: '/app/contracts/-/award-contract',
  nothing: '/app/nothing',
};
/** Pages that a form leads to. */
const award = async (page: Page, supplier: string): Promise<void> => {
  await page.goto(`${server.url}/app/contracts/-/award-contract?programme=met&towers=hosting`);
  for (const [name, value] of Object.entries({
    '#id': 'met-print',
    '/title': 'Printing',
    '/value/amount': '£2m',
    '/suppliers/0/supplier': supplier,
    '/record/effectiveOn': '2016-02',
  }))
    // prettier-ignore
    await page.locator(`[name="${name}"]`).fill(value);
  await page.locator('.govuk-button').press('Enter');
  await page.locator('main h1').waitFor();
};
const views: Record<string, (page: Page) => Promise<unknown>> = {
  refusal: (page) => award(page, 'nobody-knows-it'),
  check: (page) => award(page, 'csc'),
  'sign-in': (page) => page.goto(`${locked.url}/app/sign-in`),
};
const open = (page: Page, name: string) => page.goto(server.url + paths[name]!);

beforeAll(async () => {
  server = await startServer();
  await recordStory(server);
  const folder = await tempFolder();
  const tokens = join(folder, 'tokens.json');
  await writeFile(tokens, '{"tokens":[]}', { mode: 0o600 });
  locked = await startServer({ DATA_DIR: folder, LEDGER_TOKENS: tokens });
  const { body } = await server.get('/decisions?reference=PCD-813');
  paths['decision'] = `/app/decisions/${body.decisions[0].decision}`;
  for (const name of Object.keys(paths)) views[name] = (page) => open(page, name);
  browser = await openBrowser();
  shots = PAGES_SHOTS ?? (await mkdtemp(join(tmpdir(), 'tower-ledger-pictures-')));
  await mkdir(shots, { recursive: true });
}, 120_000);
afterAll(async () => {
  await browser?.close();
  for (const one of [server, locked]) if (one) await stopServer(one);
  await closeRunning();
  if (PAGES_SHOTS === undefined) await rm(shots, { recursive: true, force: true });
});

/** Keeps a picture of what is on the screen, or of the first sheet. @returns what is wrong with it */
const picture = async (page: Page, name: string): Promise<readonly string[]> => {
  const png = await page.screenshot();
  await writeFile(join(shots, `${name}.png`), PAGES_SHOTS === undefined ? png : smaller(png));
  return png.length < NOT_BLANK ? [`${name}: the picture is blank`] : [];
};
/** A page as it is, in the dark, on a phone, on the smallest one, and on paper. @returns what is wrong with it */
const lookAt = async (page: Page, name: string): Promise<readonly string[]> => {
  await views[name]!(page);
  const found = [...(await faultsOf(page, name)), ...(await picture(page, name))];
  await page.emulateMedia({ colorScheme: 'dark' });
  found.push(...(await faultsOf(page, `${name} in the dark`, 'color-contrast')), ...(await picture(page, `${name}-dark`)));
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE);
  found.push(...(await picture(page, `${name}-phone`)));
  await page.setViewportSize({ width: 320, height: 640 });
  const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
  if (width > 320) found.push(`${name}: ${width} wide on 320`);
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize(SHEET);
  found.push(...(await picture(page, `${name}-print`)));
  const cut = Number(
    await page.evaluate('Math.max(0, ...[...document.querySelectorAll("table")].map((table) => table.getBoundingClientRect().right))'),
  );
  if (cut > SHEET.width) found.push(`${name}: a table is cut on paper, ${cut} wide`);
  await page.emulateMedia({ media: 'screen' });
  await page.setViewportSize(DESKTOP);
  return found;
};

describe('in a browser', () => {
  it('no page has anything that axe finds in either scheme, none is wider than the smallest phone, no table than a sheet, and none is blank', async () => {
    const names = Object.keys(views).values();
    const found: string[] = [];
    const tab = async () => {
      const page = await openPage(browser);
      for (const name of names) found.push(...(await lookAt(page, name)));
      await page.context().close();
    };
    await Promise.all(Array.from({ length: TABS }, tab));
    expect(found).toEqual([]);
  });

  it('a slider moves between the days on which something happened', async () => {
    const page = await openPage(browser);
    await open(page, 'contract');
    await page.locator('input[type=range]').press('Home');
    await page.waitForURL(/effectiveOn=\d{4}-\d\d-\d\d/);
    expect(await page.locator('.now').textContent()).toMatch(/^On .*, as it is known now$/);
  });

  it('the first key leads past the head of the page', async () => {
    const page = await openPage(browser);
    await open(page, 'board');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('location.hash')).toBe('#main');
  });

  it('works without script', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const page = await plain.newPage();
    await open(page, 'board');
    await page.getByRole('link', { name: 'Service integration (SIAM)' }).last().click();
    await page.locator('[name="effectiveOn"]').fill('2016-12-31');
    await page.getByRole('button', { name: 'Show' }).click();
    expect(await page.locator('.pairs').first().textContent()).toContain('Ceiling now£96m');
    await plain.close();
  });
});
