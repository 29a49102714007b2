import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { StreamTickets, TICKET_SECONDS } from '../../src/http/stream-tickets.js';
import type { Role } from '../../src/http/token-file.js';
import { tokenCommands } from '../../src/operate/token-commands.js';
import { accepted, award, closeRunning, recordWorld, startServer, stopServer, tempFolder, type Server } from './server.js';

const APP = 'https://board.example.org';
const STREAM = '/projections/contract-register/updates';
let dir: string;
let server: Server;
let alone: Server;
let manager: Record<string, string>;
let auditor: Record<string, string>;

const tokenOf = async (...roles: Role[]): Promise<Record<string, string>> => {
  const printed: string[] = [];
  const command = tokenCommands({
    file: join(dir, 'tokens.json'),
    now: () => '2026-11-24T12:00:00.000Z',
    print: (line) => printed.push(line),
    say: () => undefined,
  });
  await command.parseAsync(['add', '--person', 'jane', ...roles.flatMap((role) => ['--role', role])], { from: 'user' });
  return { authorization: `Bearer ${printed[0]}` };
};

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** As it was sent; of a stream, its first part. */
  readonly body: Buffer;
}
/** As a browser asks, which says what it takes; a stream is left after its first part. */
const ask = (of: Server, method: string, path: string, headers: Readonly<Record<string, string>> = {}, body?: string) =>
  new Promise<Head>((resolve, reject) => {
    const { hostname, port } = new URL(of.url);
    const sent = request({ hostname, port, method, path, headers: { 'accept-encoding': 'gzip, br', ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      const done = () => {
        resolve({ status: response.statusCode!, headers: response.headers as Head['headers'], body: Buffer.concat(chunks) });
        response.destroy();
      };
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if (response.headers['content-type']?.startsWith('text/event-stream')) done();
      });
      response.on('end', done).on('error', reject);
    });
    sent.on('error', reject).end(body);
  });
const json = (headers: Readonly<Record<string, string>>) => ({ ...headers, 'content-type': 'application/json' });

beforeAll(async () => {
  dir = await tempFolder();
  manager = await tokenOf('contract-manager');
  auditor = await tokenOf('auditor');
  server = await startServer({
    LEDGER_TOKENS: join(dir, 'tokens.json'),
    LEDGER_ALLOWED_ORIGINS: `${APP}, http://localhost:5173`,
    LEDGER_LOG_LEVEL: 'trace',
  });
  const withToken: Server = { ...server, post: (path, body, headers = {}) => server.post(path, body, { ...headers, ...manager }) };
  await recordWorld(withToken);
  const { position } = await accepted(withToken.post('/contracts/there/award-contract', award));
  await server.get(`/projections?minPosition=${position}`, manager);
  alone = await startServer();
});
afterAll(async () => {
  await stopServer(server);
  await stopServer(alone);
  await rm(dir, { recursive: true, force: true });
});
afterAll(closeRunning);

describe('a page of an origin that is allowed', () => {
  const preflight = (origin: string, path = '/contracts/x/award-contract') =>
    ask(server, 'OPTIONS', path, {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type,idempotency-key,if-match',
    });

  it('may send commands with their headers, and reads the headers of the answer', async () => {
    const asked = await preflight(APP);
    expect([asked.status, asked.headers['access-control-allow-origin'], asked.headers['access-control-allow-credentials']]).toEqual([
      204,
      APP,
      undefined,
    ]);
    expect(asked.headers['access-control-allow-methods']).toContain('POST');
    for (const header of ['Authorization', 'Idempotency-Key', 'If-Match', 'If-None-Match', 'Last-Event-ID'])
      expect(asked.headers['access-control-allow-headers']).toContain(header);
    const refused = await ask(server, 'POST', '/contracts/there/award-contract', json({ origin: APP, ...manager }), JSON.stringify(award));
    const unsigned = await ask(server, 'GET', '/contracts/there', { origin: APP });
    const read = await ask(server, 'GET', '/decisions', { origin: 'http://localhost:5173', ...manager });
    expect([refused.status, unsigned.status, read.status]).toEqual([409, 401, 200]);
    expect([refused, unsigned, read].map(({ headers }) => headers['access-control-allow-origin'])).toEqual([
      APP,
      APP,
      'http://localhost:5173',
    ]);
    for (const header of ['ETag', 'Location', 'Retry-After', 'Idempotency-Replayed', 'WWW-Authenticate'])
      expect(read.headers['access-control-expose-headers']).toContain(header);
    expect(read.headers['vary']).toMatch(/Origin.*Accept/);
  });

  it('may follow a stream', async () => {
    const { status, headers } = await ask(server, 'GET', STREAM, { origin: APP, ...manager });
    expect([status, headers['access-control-allow-origin']]).toEqual([200, APP]);
  });

  it.each(['https://board.example.org.evil.example', 'http://board.example.org', 'https://board.example.org:8443', 'null'])(
    'is not one of %s',
    async (origin) => {
      const asked = await preflight(origin);
      expect(asked.status).toBeGreaterThanOrEqual(400);
      const read = await ask(server, 'GET', '/decisions', { origin, ...manager });
      for (const { headers } of [asked, read]) expect(headers['access-control-allow-origin']).toBeUndefined();
      expect(read.status).toBe(200);
    },
  );

  it('sees nothing of the pages of this server', async () => {
    const { headers } = await ask(server, 'GET', '/app/sign-in', { origin: APP });
    expect(headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is allowed by nobody unless the setting names it', async () => {
    const { status } = await ask(alone, 'OPTIONS', '/decisions', { origin: APP, 'access-control-request-method': 'GET' });
    const { headers } = await ask(alone, 'GET', '/decisions', { origin: APP });
    expect([status, headers['access-control-allow-origin'], headers['vary']]).toEqual([405, undefined, 'Accept']);
  });
});

describe('a ticket for a stream', () => {
  const ticketFor = async (path: string, headers: Record<string, string> = auditor) => {
    const { status, body } = await server.post('/stream-tickets', { path }, headers);
    expect([status, body.path]).toEqual([201, path]);
    return body.ticket as string;
  };
  const open = async (path: string, headers: Record<string, string> = {}) => {
    const { status, body } = await ask(server, 'GET', path, headers);
    return [status, status === 200 ? /^event: .*$/m.exec(body.toString())?.[0] : JSON.parse(body.toString()).type.split(':').at(-1)];
  };

  it('opens its stream once, with any filter, for a reader too', async () => {
    const ticket = await ticketFor(STREAM);
    expect(await open(`${STREAM}?programme=met&ticket=${ticket}`)).toEqual([200, 'event: hello']);
    expect(await open(`${STREAM}?programme=met&ticket=${ticket}`)).toEqual([401, 'not-authenticated']);
    expect(await open(STREAM)).toEqual([401, 'not-authenticated']);
  });

  it('is good for no other stream, no other route and not beside a token', async () => {
    const ticket = await ticketFor(STREAM);
    expect(await open(`/projections/decisions/updates?ticket=${ticket}`)).toEqual([401, 'not-authenticated']);
    expect(await open(`/projections/contract-register?ticket=${ticket}`)).toEqual([401, 'not-authenticated']);
    expect(await open(`${STREAM}?ticket=${ticket}`, manager)).toEqual([400, 'bad-parameter']);
    expect(await open(`${STREAM}?ticket=${ticket}`)).toEqual([200, 'event: hello']);
  });

  it('is made for a stream that is there, by somebody who may read', async () => {
    for (const path of ['/contracts/there', '/projections/nosuch/updates', `${STREAM}?programme=met`, `https://x${STREAM}`, 5])
      expect((await server.post('/stream-tickets', { path }, auditor)).body.errors).toEqual([
        { pointer: '/path', detail: expect.any(String) },
      ]);
    expect((await server.post('/stream-tickets', { path: STREAM })).status).toBe(401);
    expect((await server.post('/stream-tickets', { path: STREAM }, await tokenOf('calendar').then(taken))).status).toBe(403);
  });
  /** The server looks at its file of tokens every second; until then each attempt is a failed sign-in, and these are limited. */
  const taken = async (headers: Record<string, string>) => {
    while ((await server.get('/livez/../decisions', headers)).status === 401) await new Promise((resolve) => setTimeout(resolve, 400));
    return headers;
  };

  it('is never logged', async () => {
    const ticket = await ticketFor(STREAM);
    for (let i = 0; i < 3; i++) await ask(server, 'GET', `${STREAM}?ticket=${ticket}`);
    const all = server.logged.join('');
    expect(all).not.toContain(ticket.slice(0, 40));
    expect(all).not.toContain(ticket.split('.')[1]!.slice(0, 20));
  });

  it('is not needed where there are no tokens, and judged all the same', async () => {
    const { body } = await alone.post('/stream-tickets', { path: STREAM });
    const opened = await ask(alone, 'GET', `${STREAM}?ticket=${body.ticket}`);
    const again = await alone.get(`${STREAM}?ticket=${body.ticket}`);
    expect([opened.status, again.status, again.body.errors[0].parameter]).toEqual([200, 400, 'ticket']);
  });

  describe('by its key and its time', () => {
    const KEY = '0123456789abcdef'.repeat(4);
    let at = 1_000_000;
    const node = () => new StreamTickets(KEY, () => at);
    const grant = { path: STREAM, token: 'a', role: 'auditor' };

    it('expires', () => {
      const [one, other] = [node(), node()];
      const { ticket, expires } = one.issue(grant);
      expect(expires).toBe(at + TICKET_SECONDS * 1000);
      at += TICKET_SECONDS * 1000 - 1;
      expect(one.take(ticket, STREAM)).toEqual(grant);
      at += 1;
      expect(other.take(ticket, STREAM)).toBeUndefined();
    });

    it('is good at every node with the same key, once at each, and at no other', () => {
      const nodes = [node(), node()];
      const { ticket } = nodes[0]!.issue(grant);
      expect(nodes.map((each) => each.take(ticket, STREAM))).toEqual([grant, grant]);
      expect(nodes.map((each) => each.take(ticket, STREAM))).toEqual([undefined, undefined]);
      for (const key of [undefined, undefined, KEY.replace('0', '1')])
        expect(new StreamTickets(key, () => at).take(ticket, STREAM)).toBeUndefined();
    });

    it('is not one that somebody changed, or made', () => {
      const { ticket } = node().issue(grant);
      const [content, signature] = ticket.split('.') as [string, string];
      const forged = Buffer.from(JSON.stringify({ ...grant, role: 'contract-manager', expires: at + 1000, nonce: 'x' })).toString(
        'base64url',
      );
      for (const wrong of [
        `${forged}.${signature}`,
        `${content}.`,
        content,
        `${ticket}.`,
        `${content}.${'A'.repeat(43)}`,
        '',
        'x'.repeat(5000),
      ])
        expect([wrong, node().take(wrong, STREAM)]).toEqual([wrong, undefined]);
    });

    it('is remembered until it expires: no more than 10,000 are taken in that time', () => {
      const one = node();
      for (let i = 0; i < 10_000; i++) expect(one.take(one.issue(grant).ticket, STREAM)).toBeDefined();
      expect(one.take(one.issue(grant).ticket, STREAM)).toBeUndefined();
      at += TICKET_SECONDS * 1000;
      expect(one.take(one.issue(grant).ticket, STREAM)).toEqual(grant);
    });
  });
});

describe('an answer', () => {
  const unpacked = ({ body }: Head) => JSON.parse(gunzipSync(body).toString()) as { readonly openapi?: string; readonly rows?: object[] };

  it('in JSON of what is read is compressed for those who take gzip', async () => {
    const document = await ask(server, 'GET', '/openapi.json');
    expect([document.status, document.headers['content-encoding'], unpacked(document).openapi]).toEqual([200, 'gzip', '3.2.0']);
    expect(document.headers['vary']).toMatch(/accept-encoding/i);
    const plain = await ask(server, 'GET', '/openapi.json', { 'accept-encoding': 'identity' });
    expect([plain.headers['content-encoding'], plain.body.length > 5 * document.body.length]).toEqual([undefined, true]);
    const rows = await ask(server, 'GET', '/projections/contract-register', manager);
    expect([rows.headers['content-encoding'], unpacked(rows).rows]).toEqual(['gzip', [expect.objectContaining({ key: 'contract:there' })]]);
  });

  it('that is a stream, small, of a command, or named by an ETag is sent as it is', async () => {
    const after = `${STREAM}?after=start`;
    const stream = await ask(server, 'GET', after, manager);
    expect([stream.headers['content-encoding'], stream.body.toString()]).toEqual([undefined, expect.stringMatching(/^retry: 2000\n\n/)]);
    const small = await ask(server, 'GET', '/events?type=StaffLeft', manager);
    const note = JSON.stringify({ note: 'n'.repeat(1500) });
    const command = await ask(server, 'POST', '/contracts/there/annotate?dryRun=true', json(manager), note);
    const state = await ask(server, 'GET', '/contracts/there/history', manager);
    for (const [of, status] of [
      [small, 200],
      [command, 200],
      [state, 200],
    ] as const)
      // prettier-ignore
      expect([of.status, of.headers['content-encoding'], typeof JSON.parse(of.body.toString())]).toEqual([status, undefined, 'object']);
    for (const { body } of [command, state]) expect(body.length).toBeGreaterThan(1024);
    expect(state.headers['etag']).toBeDefined();
  });
});
