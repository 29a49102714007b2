import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { changeTokens, newToken, type Role } from '../../src/http/token-file.js';
import { closeRunning, startServer, stopServer, tempFolder, type Server } from '../http/server.js';
import { textOf } from './html.js';

let server: Server;
let folder: string;
let file: string;
const createdAt = '2026-11-24T12:00:00.000Z';
const tokenFor = async (person: string, ...roles: Role[]): Promise<string> => {
  const { token, entry } = newToken({ person, roles, createdAt });
  await changeTokens(file, (tokens) => [...tokens, entry]);
  return token;
};
const revoke = (person: string): Promise<void> =>
  changeTokens(file, (tokens) => tokens.map((t) => (t.person === person ? { ...t, revokedAt: createdAt } : t)));

/** A browser: it keeps its cookie, and shows where it was led. */
class Browser {
  cookie = '';
  async go(path: string, form?: Readonly<Record<string, string>>, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(server.url + path, {
      redirect: 'manual',
      headers: { accept: 'text/html', ...(this.cookie && { cookie: this.cookie }), ...headers },
      ...(form && { method: 'POST', body: new URLSearchParams(form) }),
    });
    const [set] = response.headers.getSetCookie();
    if (set !== undefined) this.cookie = set.split(';')[0]!;
    const html = await response.text();
    return { status: response.status, to: response.headers.get('location'), html, text: textOf(html), set };
  }
  async csrf(path = '/app/sign-in'): Promise<string> {
    return /name="csrf" value="([^"]+)"/.exec((await this.go(path)).html)![1]!;
  }
  async signIn(token: string, next = '/app') {
    return this.go('/app/sign-in', { csrf: await this.csrf(), token, next });
  }
}

let manager: string;
let member: string;
beforeAll(async () => {
  folder = await tempFolder();
  file = join(folder, 'tokens.json');
  manager = await tokenFor('jane', 'contract-manager');
  member = await tokenFor('bob', 'board');
  server = await startServer({ LEDGER_TOKENS: file, LEDGER_SESSION_KEY: 'ab'.repeat(32) });
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await rm(folder, { recursive: true, force: true });
  await closeRunning();
});

describe('signing in to the pages', () => {
  it('comes before every page, and leads on to the page that was asked for', async () => {
    const browser = new Browser();
    const { status, to } = await browser.go('/app/contracts/x?effectiveOn=2016');
    expect([status, to]).toEqual([303, '/app/sign-in?next=%2Fapp%2Fcontracts%2Fx%3FeffectiveOn%3D2016']);
    const form = await browser.go(to!);
    expect(form.text).toContain('not signed in');
    expect(form.html).not.toContain('class="nav"');
    const signedIn = await browser.signIn(manager, '/app/decisions');
    expect([signedIn.status, signedIn.to]).toEqual([303, '/app/decisions']);
    expect((await browser.go('/app/decisions')).text).toContain('jane, contract-manager');
  });

  it('keeps the token in a sealed cookie for the pages alone', async () => {
    const browser = new Browser();
    const { set } = await browser.signIn(manager);
    expect(set).toMatch(/; Path=\/app; HttpOnly; Secure; SameSite=Strict/);
    expect(set).not.toContain(manager);
    expect((await browser.go('/contracts/x')).status).toBe(401); // the API takes no cookie
  });

  it('is no failure of the server where what is sent is no form', async () => {
    const browser = new Browser();
    await browser.signIn(manager);
    const { cookie } = browser;
    const send = (path: string, init: RequestInit) => fetch(server.url + path, { method: 'POST', redirect: 'manual', ...init, headers: { cookie, ...init.headers } }); // prettier-ignore
    for (const path of ['/app/sign-in', '/app/sign-out', '/app/suppliers/x/register-supplier']) {
      const json = await send(path, { headers: { 'content-type': 'application/json' }, body: '{"title":"x"}' });
      const none = await send(path, {});
      expect([path, json.status, none.status]).toEqual([path, 415, 403]);
      expect(textOf(await json.text())).toContain('that of a form of these pages');
    }
    expect(server.logged).toEqual([]);
  });

  it('refuses an unknown token beside its field, and none', async () => {
    const browser = new Browser();
    const wrong = await browser.signIn(`tower_${'x'.repeat(43)}`);
    expect(wrong.status).toBe(401);
    expect(wrong.html).toContain('<a href="#token">This token is not known, or was revoked</a>');
    expect((await browser.signIn('')).text).toContain('Enter your token');
    expect((await browser.go('/app')).status).toBe(303);
  });

  it('leads nowhere but to a page', async () => {
    for (const next of ['https://evil.example/', '//evil.example', '/app\\..\\evil', '/apparently', 'javascript:alert(1)'])
      expect((await new Browser().signIn(manager, next)).to).toBe('/app');
  });

  it('asks again once the token is revoked', async () => {
    const browser = new Browser();
    const token = await tokenFor('eve', 'auditor');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await browser.signIn(token);
    expect((await browser.go('/app')).status).toBe(200);
    await revoke('eve');
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await browser.go('/app')).to).toBe('/app/sign-in?next=%2Fapp');
  });

  it('ends when its owner signs out', async () => {
    const browser = new Browser();
    await browser.signIn(member);
    const csrf = await browser.csrf('/app');
    expect((await browser.go('/app/sign-out', { csrf })).to).toBe('/app/sign-in');
    expect((await browser.go('/app')).status).toBe(303);
  });

  it('ends for every copy of its cookie, from the one at the sign-in to the last, and for no other session', async () => {
    const [browser, other, copy] = [new Browser(), new Browser(), new Browser()];
    await other.signIn(member);
    await browser.signIn(member);
    const copies = [browser.cookie];
    const csrf = await browser.csrf('/app');
    copies.push(browser.cookie);
    await browser.go('/app/sign-out', { csrf });
    for (copy.cookie of copies) expect((await copy.go('/app')).to).toBe('/app/sign-in?next=%2Fapp');
    expect((await other.go('/app')).status).toBe(200);
  });

  it('ends for what a page still follows, and not for what another session follows', async () => {
    const [browser, other] = [new Browser(), new Browser()];
    const follow = async (who: Browser) => {
      await who.signIn(member);
      const { body } = await fetch(`${server.url}/app/live/events`, { headers: { cookie: who.cookie } });
      const reader = body!.getReader();
      expect(new TextDecoder().decode((await reader.read()).value)).toContain('hello');
      return reader;
    };
    const [own, foreign] = [await follow(browser), await follow(other)];
    await browser.go('/app/sign-out', { csrf: await browser.csrf('/app') });
    expect((await own.read()).done).toBe(true);
    const late = Promise.race([foreign.read().then(() => 'ended', () => 'ended'), new Promise((over) => setTimeout(over, 300, 'open'))]); // prettier-ignore
    expect(await late).toBe('open');
    await foreign.cancel();
  });

  it('takes no form of another site', async () => {
    const browser = new Browser();
    await browser.signIn(member);
    const csrf = await browser.csrf('/app');
    for (const [form, headers] of [
      [{}, {}],
      [{ csrf: 'x'.repeat(csrf.length) }, {}],
      [{ csrf }, { origin: 'https://evil.example' }],
      [{ csrf }, { origin: 'null' }],
    ] as const) {
      const { status, text } = await browser.go('/app/sign-out', form, headers);
      expect(status).toBe(403);
      expect(text).toContain('open the page again');
    }
    expect((await browser.go('/app')).status).toBe(200);
  });
});

describe('a form for a page', () => {
  it('is nothing that the API takes', async () => {
    const response = await fetch(`${server.url}/contracts/x/sign-contract`, {
      method: 'POST',
      headers: { authorization: `Bearer ${manager}` },
      body: new URLSearchParams({ a: 'b' }),
    });
    expect(response.status).toBe(415);
  });
});
