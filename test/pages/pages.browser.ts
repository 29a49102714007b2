import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { closeRunning, startServer, stopServer, type Server } from '../http/server.js';
import { recordStory } from './html.js';
import { smaller } from './png.js';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));

/** Where pictures of the pages go; none are taken without it. */
const { PAGES_SHOTS } = process.env;
/** Pages that are also looked at on a phone, in the dark and on paper. */
const CLOSELY = ['board', 'contract', 'decision', 'check', 'pack'];

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
  proof: '/app/proof',
  refusals: '/app/refusals',
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

/** A picture of what is on the screen, or of the first sheet. */
const picture = async (name: string): Promise<void> => {
  if (PAGES_SHOTS === undefined) return;
  await mkdir(PAGES_SHOTS, { recursive: true });
  await writeFile(join(PAGES_SHOTS, `${name}.png`), smaller(await page.screenshot()));
};
const DESKTOP = { width: 1280, height: 860 };
const lookAt = async (name: string): Promise<void> => {
  await picture(name);
  if (!CLOSELY.includes(name)) return;
  await page.emulateMedia({ colorScheme: 'dark' });
  await picture(`${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 780 });
  await picture(`${name}-phone`);
  await page.emulateMedia({ media: 'print' });
  await page.setViewportSize({ width: 794, height: 1123 });
  await picture(`${name}-print`);
  await page.emulateMedia({ media: 'screen' });
  await page.setViewportSize(DESKTOP);
};
/** What axe finds wrong on the page as it is. */
const faults = async (name: string, ...rules: readonly string[]): Promise<readonly string[]> => {
  const axe = new AxeBuilder({ page })
    .setLegacyMode(true)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
  if (rules.length > 0) axe.withRules([...rules]);
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]!.html.slice(0, 160)}`);
};

describe('in a browser', () => {
  it('no page has anything that axe finds, and none is wider than the smallest phone', async () => {
    const found: string[] = [];
    await page.setViewportSize(DESKTOP);
    for (const name of Object.keys(paths)) {
      await open(name);
      found.push(...(await faults(name)));
      await lookAt(name);
      await page.setViewportSize({ width: 320, height: 640 });
      const width = Number(await page.evaluate('document.documentElement.scrollWidth'));
      if (width > 320) found.push(`${name}: ${width} wide on 320`);
      await page.setViewportSize(DESKTOP);
    }
    await page.emulateMedia({ colorScheme: 'dark' });
    for (const name of ['board', 'contract', 'form', 'losses', 'changes']) {
      await open(name);
      found.push(...(await faults(`${name}, dark`, 'color-contrast')));
    }
    await page.emulateMedia({ colorScheme: 'light' });
    expect(found).toEqual([]);
  });

  it('a contract manager awards by keyboard, sees a refusal beside its field, and corrects a typo', async () => {
    await page.goto(`${server.url}/app/contracts/-/award-contract?programme=met`);
    const fill = async (name: string, value: string) => page.locator(`[name="${name}"]`).fill(value);
    await fill('#id', 'met-typo');
    await fill('/title', 'Netwroks');
    await fill('/value/amount', '£2m');
    await page.locator('[name="/suppliers/0/supplier"]').fill('nobody-knows-it');
    await page.locator('.govuk-button').press('Enter');
    expect(await page.locator('.govuk-error-summary').textContent()).toContain('nobody-knows-it');
    expect(await page.evaluate('document.activeElement.className')).toContain('govuk-error-summary');
    expect(await page.locator('[name="/suppliers/0/supplier"]').getAttribute('aria-invalid')).toBe('true');
    await picture('refusal');
    await fill('/suppliers/0/supplier', 'csc');
    await page.locator('.govuk-button').press('Enter');
    expect(await page.locator('h1').textContent()).toBe('Check your answers: Award contract');
    expect(await faults('check')).toEqual([]);
    await lookAt('check');
    await page.getByRole('button', { name: 'Record it' }).press('Enter');
    expect(await page.locator('h1').textContent()).toContain('Award contract');
    await page.goto(`${server.url}/app/contracts/met-typo?minPosition=${await head()}`);
    await page.locator('summary', { hasText: 'Details' }).first().press('Enter');
    await page.getByRole('link', { name: 'Correct', exact: true }).press('Enter');
    await fill('/changes/0/pointer', '/title');
    await fill('/changes/0/value', 'Networks');
    await page.locator('[name="/because"]').selectOption('error');
    await fill('/record/reason', 'A slip of the pen');
    await page.locator('.govuk-button').press('Enter');
    await page.getByRole('button', { name: 'Record it' }).press('Enter');
    await page.goto(`${server.url}/app/contracts/met-typo?minPosition=${await head()}`);
    expect(await page.locator('h1').textContent()).toBe('Networks');
  });

  it('an auditor finds PCD 813, reads how it was replayed, and gets its proof', async () => {
    await page.goto(`${server.url}/app/search`);
    await page.locator('#q').fill('pcd813');
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: 'pcd813' }).press('Enter');
    await page.locator('tbody a').first().press('Enter');
    expect(await page.locator('.banner.good').textContent()).toContain('the same decision');
    const proof = await page.getByRole('link', { name: 'proof that it is in the ledger' }).getAttribute('href');
    const { status, body } = await server.get(proof!);
    expect([status, body.proof.length > 0]).toEqual([200, true]);
  });

  it('a board member moves between days with the date fields and with the slider', async () => {
    await open('board');
    await page.locator('[name="effectiveOn"]').fill('2016-12-31');
    await page.getByRole('button', { name: 'Show' }).press('Enter');
    await page.waitForURL(/effectiveOn=2016-12-31$/); // the field that was left empty is not in the address
    expect(await page.locator('.now').textContent()).toBe('On 31 December 2016, as it is known now');
    await open('contract');
    await page.locator('input[type=range]').press('Home');
    await page.waitForURL(/effectiveOn=\d{4}-\d\d-\d\d/);
  });

  it('the first key leads past the head of the page', async () => {
    await open('board');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the page');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('location.hash')).toBe('#main');
  });

  it('a live page shows what another one recorded', async () => {
    await open('live');
    await page.locator('#live-state', { hasText: 'Live:' }).waitFor();
    await server.post('/towers/telephony/plan-tower', { programme: 'met', title: 'Telephony' });
    await page.locator('#live > li', { hasText: 'tower telephony' }).waitFor();
  });

  it('works without script', async () => {
    const plain = await browser.newContext({ javaScriptEnabled: false });
    const silent = await plain.newPage();
    await silent.goto(`${server.url}/app/boards/met`);
    await silent.getByRole('link', { name: 'Service integration (SIAM)' }).last().click();
    await silent.locator('[name="effectiveOn"]').fill('2016-12-31');
    await silent.getByRole('button', { name: 'Show' }).click();
    expect(await silent.locator('.pairs').first().textContent()).toContain('Ceiling now£96m');
    await plain.close();
  });
});
const head = async (): Promise<string> => (await server.get('/events?limit=500')).body.events.at(-1).position;
