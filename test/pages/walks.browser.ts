import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build, removeBuilt, startBuilt } from '../built.js';
import { go, headingOf, openBrowser, openPage, tabTo, write, writeDay } from './browser.js';

let program: string;
let folder: string;
/** The demo, and after its restart a server alone. */
let server: { readonly url: string; readonly process: ChildProcess };
let browser: Browser;
let page: Page;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tower-ledger-walks-'));
  program = await build();
  await copyFile(join(import.meta.dirname, '../../src/cli/met-police.jsonl'), join(program, 'src/cli/met-police.jsonl'));
  server = await startDemo();
  browser = await openBrowser();
  page = await openPage(browser);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await stop();
  await removeBuilt(program);
  await rm(folder, { recursive: true, force: true });
});
/** The demo, once it has recorded its story. */
const startDemo = async (): Promise<typeof server> => {
  const demo = spawn(process.execPath, [join(program, 'src/cli/demo.js')], {
    env: { ...process.env, NODE_OPTIONS: '', PORT: '0', DATA_DIR: join(folder, 'data') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const chunk of demo.stdout) {
    printed += String(chunk);
    if (printed.includes('Serving at')) break;
  }
  const [first, url] = /^The pages: (\S+)\/app /.exec(printed) ?? [];
  if (first === undefined || !printed.includes(`A walk in five steps: ${url}/app/walk\n`)) throw new Error(`The demo printed ${printed}`);
  return { url: url!, process: demo };
};
const stop = async (): Promise<void> => {
  if (server?.process.exitCode !== null) return;
  server.process.kill('SIGTERM');
  await once(server.process, 'exit');
};
const open = (path: string) => page.goto(server.url + path);
const post = (path: string, body: object) =>
  fetch(server.url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** Only Tab, Enter, Space and the keys that write are pressed: a mouse is not needed for anything. */
describe('by keyboard alone', () => {
  it('a contract manager plans a tower, awards and signs a contract, sees a refusal beside its field, and corrects a typo', async () => {
    await open('/app/boards/met');
    await go(page, 'Record something about the programme');
    await go(page, 'Plan a tower');
    await write(page, 'Identifier of the tower', 'print');
    await write(page, /^Title/, 'Printing');
    await go(page, 'Check your answers');
    expect(await headingOf(page)).toBe('Check your answers: Plan tower');
    await go(page, 'Record it', 'Space');
    expect(await headingOf(page)).toBe('Plan tower');
    await go(page, 'Tower print');
    expect(await headingOf(page)).toBe('Tower Printing');

    await go(page, 'Award a contract');
    await write(page, 'Identifier of the contract', 'met-print');
    await write(page, /^Title/, 'Printign');
    await write(page, /^Supplier/, 'nobody-knows-it');
    await write(page, 'Amount', '£2m');
    await go(page, 'Check your answers');
    await page.locator('.govuk-error-summary:focus').waitFor();
    await tabTo(page, 'No supplier nobody-knows-it is recorded.');
    await page.keyboard.press('Enter');
    const field = page.locator('[name="/suppliers/0/supplier"]:focus');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    const said = (await field.getAttribute('aria-describedby'))!.split(' ').at(-1)!;
    expect(await page.locator(`[id="${said}"]`).textContent()).toBe('Error: No supplier nobody-knows-it is recorded.');
    expect(await page.locator('[name="/towers"]').inputValue()).toBe('print');
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.type('csc');
    await write(page, /^Effective on/, '2016-02');
    await go(page, 'Check your answers');
    await go(page, 'Record it');
    expect(await headingOf(page)).toContain('Award contract');

    await go(page, 'Contract met-print');
    expect(await headingOf(page)).toBe('Printign');
    await go(page, 'Sign contract');
    await write(page, /^Effective on/, '2016-03-01');
    await go(page, 'Check your answers');
    await go(page, 'Record it');
    await go(page, 'Contract met-print');
    expect(await page.locator('main .tag').first().textContent()).toBe('Signed');

    await tabTo(page, 'Details');
    await page.keyboard.press('Enter');
    await go(page, 'Correct');
    await write(page, /^Pointer/, '/title');
    await write(page, /^Value/, 'Printing');
    await tabTo(page, /^Because/);
    await page.keyboard.type('Error');
    await write(page, /^Reason/, 'A slip of the pen');
    await go(page, 'Check your answers');
    await go(page, 'Record it');
    await go(page, 'Contract met-print');
    expect(await headingOf(page)).toBe('Printing');
  });

  it('an auditor finds PCD 813, sees it replayed, prints it, and takes its bundle away, which two verifiers accept', async () => {
    await open('/app');
    await go(page, 'Search');
    await write(page, 'A title, a supplier, a paper, an identifier', 'pcd813');
    await go(page, 'Search', 'Space');
    await go(page, 'pcd813');
    expect(await headingOf(page)).toBe('Decisions on pcd813');
    await go(page, 'Approve change');
    expect(await page.locator('.banner.good').textContent()).toContain('the same decision');

    const paper = await page.pdf({ format: 'A4' });
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-');
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('nav').first().isVisible()).toBe(false);
    expect(await page.locator('main').textContent()).toContain('PCD 813');
    await page.emulateMedia({ media: 'screen' });

    for (const name of ['the key', 'a checkpoint', 'Download the bundle of this decision']) {
      await tabTo(page, name);
      const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
      expect(await download.failure()).toBeNull();
      await download.saveAs(join(folder, download.suggestedFilename()));
    }
    const commands = (await page.locator('[aria-label="Commands"]').textContent())!.trim().split('\n');
    const [verified, again] = commands.map((command) => command.split(' ')) as [string[], string[]];
    const run = (command: string, args: readonly string[]) =>
      spawnSync(command, args, { cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'] } });
    const npm = ([, , script, , ...args]: string[]) => run(process.execPath, [join(program, `src/operate/${script}.js`), ...args]);
    const python = ([command, script, ...args]: string[]) => run(command!, [join(import.meta.dirname, '../..', script!), ...args]);
    const checks = [npm(verified), python(again)];
    for (const { status, stdout } of checks) expect([status, stdout]).toEqual([0, expect.stringMatching(/^\d\d events are valid/)]);
    expect(checks[0]!.stdout).toBe(checks[1]!.stdout);

    const bundle = join(folder, verified[4]!);
    const bytes = await readFile(bundle);
    bytes.write('3', bytes.indexOf('15200000') + 2);
    await writeFile(bundle, bytes);
    for (const { status, stdout } of [npm(verified), python(again)])
      expect([status, stdout]).toEqual([1, expect.stringContaining('FAULT')]);
  });

  it('who sees the ledger for the first time is led through five pages of the demo', async () => {
    await open('/app/walk');
    const seen = [await page.locator('.walk strong').textContent()];
    for (let n = 2; n <= 5; n++) {
      await go(page, /^Next: /);
      seen.push(await page.locator('.walk strong').textContent());
    }
    expect(seen.map((text) => text!.slice(0, 6))).toEqual(['1 of 5', '2 of 5', '3 of 5', '4 of 5', '5 of 5']);
    await go(page, 'End of the walk');
    expect(await headingOf(page)).toBe('Programmes');
  });

  it('a board member compares the end of 2016 with today', async () => {
    const row = () => page.locator('tr', { hasText: 'Service integration (SIAM)' }).first().textContent();
    await open('/app/boards/met');
    await writeDay(page, 'Effective day', '2016-12-31');
    await go(page, 'Show');
    expect(page.url()).toMatch(/effectiveOn=2016-12-31$/);
    expect(await page.locator('.now').textContent()).toBe('On 31 December 2016, as it is known now');
    expect(await row()).toMatch(/£96m(?!.*£176\.8m)/);
    await go(page, 'Back to now');
    expect(await row()).toMatch(/£96m → £176\.8m.*past its end/);
    await go(page, 'What changed');
    await writeDay(page, 'From', '2016-12-31');
    await go(page, 'Compare');
    expect(await row()).toMatch(/£96m.*£176\.8m/);
    await go(page, 'Service integration (SIAM)');
    expect(await headingOf(page)).toBe('Service integration (SIAM)');
  });
});

describe('a live page', () => {
  it('shows a command that another one sent, and goes on by itself after the server restarted', async () => {
    const other = (tower: string) => post(`/towers/${tower}/plan-tower`, { programme: 'met', title: tower });
    const shown = (tower: string) => page.locator('#live > li', { hasText: `tower ${tower}` }).waitFor();
    const state = (text: string) => page.locator('#live-state', { hasText: text }).waitFor();
    await open('/app/live');
    await state('Live:');
    await page.evaluate('window.isTheSamePage = true');
    await other('telephony');
    await shown('telephony');

    const { port } = new URL(server.url);
    await stop();
    await state('The connection is lost');
    // a proxy answers instead of the server while that is away, and a browser gives up on such an answer
    let asked = 0;
    const proxy = createServer((request, response) => {
      if (request.url === '/app/live/events') asked++;
      response.writeHead(503).end();
    }).listen(Number(port), '127.0.0.1');
    while (asked < 1) await new Promise((resolve) => setTimeout(resolve, 50));
    await new Promise((resolve) => {
      proxy.close(resolve);
      proxy.closeAllConnections();
    });
    server = await startBuilt(program, { DATA_DIR: join(folder, 'data'), PORT: port });
    await state('Live:');
    await other('radio');
    await shown('radio');
    expect(await page.evaluate('window.isTheSamePage')).toBe(true);
  });
});
