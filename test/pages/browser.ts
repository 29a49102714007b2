import { AxeBuilder } from '@axe-core/playwright';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
export const DESKTOP = { width: 1280, height: 860 };

/** Debian's Chromium. @throws where there is none: a browser test never passes without a browser */
export const openBrowser = async (): Promise<Browser> => {
  if (CHROMIUM === undefined) throw new Error('There is no Chromium: apt-get install chromium.');
  return chromium.launch({ executablePath: CHROMIUM, args: ['--headless', '--no-sandbox'] });
};
/** Milliseconds that a page may take on a busy machine. */
const PATIENCE = 120_000;
export const openPage = async (browser: Browser): Promise<Page> => {
  const context = await browser.newContext({ locale: 'en-GB', viewport: DESKTOP });
  context.setDefaultTimeout(PATIENCE);
  return context.newPage();
};

/** What axe finds wrong on the page as it is. */
export const faultsOf = async (page: Page, name: string, ...rules: readonly string[]): Promise<readonly string[]> => {
  const axe = new AxeBuilder({ page })
    .setLegacyMode(true)
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']);
  if (rules.length > 0) axe.withRules([...rules]);
  const { violations } = await axe.analyze();
  return violations.map(({ id, nodes }) => `${name}: ${id} ${nodes[0]!.html.slice(0, 160)}`);
};

/** What a screen reader calls the element that has the focus: its label, or its text. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    const at = document.activeElement;
    const name = at.ariaLabel ?? at.labels?.[0]?.textContent ?? at.textContent;
    return name.replaceAll(/\\s+/g, ' ').trim();
  })()`);
/** Keys that a walk presses at most before it gives up. */
const MOST_KEYS = 400;
/** Moves the focus by Tab alone until it is at what is called so. @throws where nothing of the page is */
export const tabTo = async (page: Page, name: string | RegExp): Promise<void> => {
  for (let n = 0; n < MOST_KEYS; n++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (typeof name === 'string' ? at === name : name.test(at)) return;
  }
  throw new Error(`By Tab, nothing called ${String(name)} is reached on ${page.url()}.`);
};
/** Follows a link, or presses a button, by keyboard, and waits for the page that it leads to. */
export const go = async (page: Page, name: string | RegExp, key: 'Enter' | 'Space' = 'Enter'): Promise<void> => {
  await tabTo(page, name);
  await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)]);
};
/** Writes into a field, over what it holds. */
export const write = async (page: Page, name: string | RegExp, text: string): Promise<void> => {
  await tabTo(page, name);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(text);
};
/** Writes a day into a date field, in the order that the language of this browser has; the day is after the 12th of its month. */
export const writeDay = async (page: Page, name: string, day: string): Promise<void> => {
  const [year = '', month = '', date = ''] = day.split('-');
  await tabTo(page, name);
  for (const order of [
    [date, month, year],
    [month, date, year],
  ]) {
    await page.keyboard.type(order.join(''));
    if ((await page.evaluate('document.activeElement.value')) === day) return;
    for (let part = 1; part < order.length; part++) await page.keyboard.press('Shift+Tab'); // back to its first part
  }
  throw new Error(`The field ${name} does not take ${day}.`);
};
export const headingOf = async (page: Page): Promise<string> => (await page.locator('h1').textContent())!;
