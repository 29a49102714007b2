import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { changeTokens, newToken, type Role } from '../../src/http/token-file.js';
import { RefusalRecorder } from '../../src/refusals/refusal-recorder.js';
import { accepted, award, closeRunning, recordWorld, startServer, stopServer, tempFolder, type Server } from '../http/server.js';
import { pageOf, rowWith, textOf } from './html.js';

afterAll(closeRunning);
const rows = (html: string): number => html.match(/<tr>/g)!.length - 1;

describe('the page of refusals', () => {
  let server: Server;
  const page = (query = '') => pageOf(server, `/app/refusals${query}`);
  const note = (more: object) => server.app.get(RefusalRecorder).note({ status: 409, code: 'contract/stage', actor: 'jane', ...more });

  beforeAll(async () => {
    server = await startServer();
    await recordWorld(server);
    await accepted(server.post('/contracts/ours/award-contract', award));
  }, 60_000);
  afterAll(() => stopServer(server));

  it('says so where nothing was refused, and is in the navigation', async () => {
    const { status, text, html } = await page();
    expect(status).toBe(200);
    expect(text).toContain('Nothing was refused that is remembered.');
    expect(html).toContain('<a href="/app/refusals" aria-current="page">Refusals</a>');
    expect(html).not.toContain('<table');
  });

  it('shows who tried what, when and why not, with links to the contract and to the rule', async () => {
    const { body } = await server.post('/contracts/ours/award-contract', award, { 'x-actor': 'ana', 'idempotency-key': 'import-7' });
    const { html } = await page();
    const row = rowWith(html, '/app/contracts/ours');
    expect(row).toContain('Award contract');
    expect(row).toContain('contract ours');
    expect(row).toContain(body.title);
    expect(row).toContain(body.detail);
    expect(row).toContain('contract/stage');
    expect(row).toContain('key import-7');
    expect(row).toContain('ana');
    expect(row).toMatch(/\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d/);
    expect(html).toContain('href="/app/refusals?rule=contract%2Fstage"');
    expect(html).toContain('href="/app/refusals?actor=ana"');
  });

  it('leads from an adopted rule to the decisions that it judged, and from each stream to its page', async () => {
    const streams: readonly (readonly [string, string])[] = [
      ['contract-c', '/app/contracts/c'],
      ['account-c-2', '/app/contracts/c-2'],
      ['supplier-s', '/app/suppliers/s'],
      ['loss-l', '/app/losses/l'],
      ['programme-p', '/app/boards/p'],
      ['tower-t', '/app/towers/t'],
      ['workforce-w', '/app/workforces/w'],
    ];
    for (const [stream] of streams) note({ stream, policies: ['scheme/approval'] });
    const { html } = await page('?policy=scheme');
    for (const [, path] of streams) expect(html).toContain(`<a href="${path}">`);
    expect(html).toContain('<a href="/app/decisions?rule=scheme%2Fapproval">');
    expect(rows(html)).toBe(streams.length);
  });

  it('holds its filters in its address, in its fields, and in both links to the API', async () => {
    note({ actor: 'otto', command: 'SignContract', stream: 'contract-ours', programme: 'met', detail: 'Signed already.' });
    const query = '?actor=otto&command=SignContract&rule=contract/stage&status=409&programme=met&stream=contract-ours&from=2026-01-01&to=';
    const { html, text } = await page(query);
    expect(rows(html)).toBe(1);
    expect(text).toContain('Signed already.');
    expect(html).toContain('<option value="SignContract" selected>');
    expect(html).toContain('<option value="contract/stage" selected>');
    expect(html).toContain('<option value="409" selected>');
    expect(html).toContain('name="from" type="date" value="2026-01-01"');
    const api = '/refusals?actor=otto&amp;command=SignContract&amp;rule=contract%2Fstage&amp;status=409&amp;programme=met&amp;stream=contract-ours&amp;from=2026-01-01'; // prettier-ignore
    expect(html).toContain(`<a href="${api}">JSON</a>`);
    expect(html).toContain(`<a href="${api}&amp;format=csv">CSV</a>`);
    expect((await server.get(api.replaceAll('&amp;', '&'))).body.refusals).toHaveLength(1);
    expect((await page('?actor=nobody')).text).toContain('No refusal that is remembered is as you ask.');
  });

  it.each(['command=Nonsense', 'rule=contract/nonsense', 'status=200', 'actor=A B', 'stream=X', 'from=soon', 'colour=red', 'cursor=x'])(
    'is a page with 400 for %s',
    async (query) => {
      const { status, html } = await page(`?${query}`);
      expect(status).toBe(400);
      expect(html).toContain('<h1>');
    },
  );

  it('shows what came from outside as text, long sentences folded, and how often', async () => {
    const injected = '<script>alert(1)</script><img src=x onerror=alert(2)>\u202e';
    for (let n = 0; n < 3; n++)
      note({ actor: 'eve', role: injected, detail: injected + 'd'.repeat(5000), pointer: `/${injected}`, idempotencyKey: injected, correlationId: injected, policies: [injected], stream: `contract-${injected}` }); // prettier-ignore
    const { html, text } = await page('?actor=eve');
    expect(html).not.toMatch(/<script>|<img/);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(text).toContain('All 500 characters');
    expect(text).toContain('3 times');
    expect(rows(html)).toBe(1);
  });

  it('says where a line stands for several that differ, and who they are of', async () => {
    note({ status: 401, code: 'not-authenticated', actor: undefined, address: '192.0.2.7', request: 'GET /events' });
    expect(rowWith((await page('?status=401')).html, 'GET /events')).toContain('192.0.2.7');
    for (let n = 0; n < 310; n++) note({ actor: 'loop', stream: `contract-${n}` });
    const { html } = await page('?actor=loop');
    expect(textOf(html)).toMatch(/10 times until [^;]+; they differ in what is not said here/);
    expect(rows(html)).toBe(50);
    const [, next] = /<a rel="next" href="([^"]+)"/.exec(html)!;
    const second = await pageOf(server, next!.replaceAll('&amp;', '&'));
    expect(second.status).toBe(200);
    expect(rows(second.html)).toBe(50);
    expect(second.html).toContain('First page');
    expect(second.html).not.toContain('10 times');
  });

  it('remembers a form that was sent and refused, and not one that was checked', async () => {
    const { html } = await pageOf(server, '/app/contracts/ours/sign-contract');
    const [, csrf] = /name="csrf" value="([^"]+)"/.exec(html)!;
    const send = (step: string) =>
      fetch(`${server.url}/app/suppliers/csc/register-supplier`, {
        method: 'POST',
        body: new URLSearchParams({ csrf: csrf!, key: 'form-key-1', step, '/title': 'CSC', '/form': 'company' }),
      });
    expect((await send('check')).status).toBe(422);
    expect((await page('?command=RegisterSupplier')).text).toContain('No refusal that is remembered');
    expect((await send('send')).status).toBe(422);
    expect(rowWith((await page('?command=RegisterSupplier')).html, '/app/suppliers/csc')).toContain('supplier/exists');
    const foreign = await fetch(`${server.url}/app/suppliers/csc/register-supplier`, { method: 'POST', body: new URLSearchParams({ csrf: 'x' }) }); // prettier-ignore
    expect(foreign.status).toBe(403);
    expect(rowWith((await page('?status=403')).html, '/app/suppliers/csc')).toContain('This form is not one of this session any more');
  });
});

describe('with tokens the page of refusals', () => {
  it('is for those whose roles may see it, is in their navigation alone, and shows wrong sign-ins', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'tokens.json');
    const tokenFor = async (person: string, ...roles: Role[]): Promise<string> => {
      const { token, entry } = newToken({ person, roles, createdAt: '2026-11-24T12:00:00.000Z' });
      await changeTokens(file, (tokens) => [...tokens, entry]);
      return token;
    };
    const tokens = { jane: await tokenFor('jane', 'contract-manager'), otto: await tokenFor('otto', 'auditor'), olga: await tokenFor('olga', 'operator'), both: await tokenFor('both', 'approver', 'auditor') }; // prettier-ignore
    const server = await startServer({ LEDGER_TOKENS: file });
    const signedIn = async (token: string) => {
      const form = await fetch(`${server.url}/app/sign-in`);
      const cookie = form.headers.getSetCookie()[0]!.split(';')[0]!;
      const [, csrf] = /name="csrf" value="([^"]+)"/.exec(await form.text())!;
      const answer = await fetch(`${server.url}/app/sign-in`, { method: 'POST', redirect: 'manual', headers: { cookie }, body: new URLSearchParams({ csrf: csrf!, token }) }); // prettier-ignore
      return { cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? cookie };
    };
    await signedIn(`tower_${'W'.repeat(43)}`);
    const seen: Record<string, readonly [number, boolean, boolean]> = {};
    for (const [person, token] of Object.entries(tokens)) {
      const headers = await signedIn(token);
      const home = await server.get('/app/decisions', headers);
      const { status, text } = await server.get('/app/refusals', headers);
      seen[person] = [status, home.text.includes('href="/app/refusals"'), text.includes('POST /app/sign-in')];
    }
    expect(seen).toEqual({ jane: [403, false, false], otto: [200, true, true], olga: [200, true, true], both: [200, true, true] });
    const { text } = await server.get('/app/refusals', await signedIn(tokens.otto));
    expect(textOf(text)).toContain('GET /app/refusals');
    expect(text).not.toMatch(/WWWW/);
    await stopServer(server);
    await rm(folder, { recursive: true, force: true });
  }, 30_000);
});
