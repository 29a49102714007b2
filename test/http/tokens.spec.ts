import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { appendFile, chmod, chown, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { configOf } from '../../src/config.js';
import { createApp } from '../../src/app.module.js';
import { FailedSignIns } from '../../src/http/failed-sign-ins.js';
import { importFile, InterruptedError } from '../../src/cli/importer.js';
import { recordStory } from '../../src/cli/story.js';
import { newToken, parseTokens, readTokens, ROLES, type Role } from '../../src/http/token-file.js';
import { tokenCommands } from '../../src/operate/token-commands.js';
import { award, closeRunning, startServer, stopServer, recordWorld, tempFolder, accepted, type Answer, type Server } from './server.js';

afterAll(closeRunning);

/** The command, as an operator types it. */
const tokens = async (file: string, ...words: string[]): Promise<{ readonly printed: string[]; readonly said: string[] }> => {
  const [printed, said]: [string[], string[]] = [[], []];
  const command = tokenCommands({ file, now: () => '2026-11-24T12:00:00.000Z', print: (l) => printed.push(l), say: (l) => said.push(l) });
  await command.parseAsync(words, { from: 'user' });
  return { printed, said };
};
const tokenOf = async (file: string, person: string, ...roles: Role[]): Promise<string> =>
  (await tokens(file, 'add', '--person', person, ...roles.flatMap((role) => ['--role', role]))).printed[0]!;
const idOf = async (file: string, person: string): Promise<string> => (await readTokens(file)).find((t) => t.person === person)!.id;
const problem = ({ status, headers, body }: Answer) => [status, headers.get('content-type'), body.type.split(':').at(-1)];
const PROBLEM = 'application/problem+json; charset=utf-8';
const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const until = async (holds: () => unknown): Promise<void> => {
  for (const end = Date.now() + 5000; !(await holds()); await sleep(20)) if (Date.now() > end) throw new Error('It never came.');
};

describe('the tokens command', () => {
  let dir: string;
  let file: string;
  beforeEach(async () => {
    dir = await tempFolder();
    file = join(dir, 'made', 'tokens.json');
  });

  it('prints the token once and alone, and keeps its hash for the owner of the file alone', async () => {
    const { printed, said } = await tokens(file, 'add', '--person', 'jane', '--role', 'contract-manager', '--role', 'auditor');
    expect(printed).toEqual([expect.stringMatching(/^tower_[A-Za-z0-9_-]{43}$/)]);
    expect(said.join()).not.toContain(printed[0]);
    expect(await readFile(file, 'utf8')).not.toContain(printed[0]!.slice(6));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readTokens(file)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{12}$/),
        person: 'jane',
        roles: ['contract-manager', 'auditor'],
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        createdAt: '2026-11-24T12:00:00.000Z',
      },
    ]);
  });

  it('never makes the same token twice', async () =>
    expect(await tokenOf(file, 'jane', 'auditor')).not.toBe(await tokenOf(file, 'jane', 'auditor')));

  it('lists who has tokens, and revokes one', async () => {
    const made = [await tokenOf(file, 'jane', 'contract-manager'), await tokenOf(file, 'otto', 'auditor', 'board')];
    const id = await idOf(file, 'otto');
    await tokens(file, 'revoke', id);
    const { printed } = await tokens(file, 'list');
    expect(printed).toEqual([
      expect.stringMatching(/^[0-9a-f]{12} {2}jane {2}contract-manager {2}2026-11-24T12:00:00.000Z {2}in force$/),
      `${id}  otto  auditor,board  2026-11-24T12:00:00.000Z  revoked 2026-11-24T12:00:00.000Z`,
    ]);
    for (const token of made) expect(printed.join()).not.toContain(token);
  });

  it.each([
    [['add', '--role', 'auditor'], /person/],
    [['add', '--person', 'jane'], /role/],
    [['add', '--person', 'jane', '--role', 'king'], /contract-manager, approver, integrator, auditor, board/],
    [['add', '--person', 'Jane Doe', '--role', 'auditor'], /person id/],
    [['add', '--person', 'system', '--role', 'auditor'], /cannot be called system: that is the ledger itself/],
    [['add', '--person', 'System', '--role', 'auditor'], /cannot be called system/],
    [['revoke', 'nobody'], /nobody/],
    [['list', '--file', '/nowhere/tokens.json'], /nowhere.*ENOENT/],
  ])('refuses %j and says why', async (words, why) => {
    const heard: string[] = [];
    const command = tokenCommands({ file, now: () => '', print: () => undefined, say: (line) => heard.push(line) });
    await command.parseAsync(words, { from: 'user' }).catch((error: Error) => heard.push(error.message));
    expect(heard.join()).toMatch(why);
  });

  it('leaves a file that it does not understand as it is', async () => {
    await mkdir(join(dir, 'made'));
    await writeFile(file, '{"tokens": [{"id": "x"}]}');
    await expect(tokens(file, 'add', '--person', 'jane', '--role', 'auditor')).rejects.toThrow(/wrong person in its entry 1/);
    expect(await readFile(file, 'utf8')).toBe('{"tokens": [{"id": "x"}]}');
    await writeFile(file, '{"tokens": []}');
    await tokenOf(file, 'jane', 'auditor');
  });

  it('leaves the file to its owner when another user changes it', async () => {
    await tokenOf(file, 'jane', 'auditor');
    if (process.getuid!() === 0) await chown(file, 1234, 1234);
    const { uid, gid } = await stat(file);
    await tokenOf(file, 'otto', 'auditor');
    const after = await stat(file);
    expect([after.uid, after.gid, after.mode & 0o777]).toEqual([uid, gid, 0o600]);
  });

  it('does not write while another does, so that neither is lost', async () => {
    const both = await Promise.allSettled(['jane', 'otto'].map((person) => tokenOf(file, person, 'auditor')));
    const made = both.filter(({ status }) => status === 'fulfilled').length;
    expect(await readTokens(file)).toHaveLength(made);
    await writeFile(`${file}.new`, '');
    await expect(tokenOf(file, 'mary', 'auditor')).rejects.toThrow(/another command writes/);
  });
});

describe('a file of tokens', () => {
  const entry = { id: 'a', person: 'jane', roles: ['auditor'], sha256: '0'.repeat(64), createdAt: '2026-11-24T12:00:00Z' };
  const parse = (...entries: unknown[]) => parseTokens(JSON.stringify({ tokens: entries }));

  it('is taken as it is written', () => expect(parse(entry, { ...entry, id: 'b', sha256: '1'.repeat(64) })).toHaveLength(2));

  it.each([
    ['not JSON', () => parseTokens('{')],
    ['no list', () => parseTokens('{"tokens": {}}')],
    ['nothing', () => parseTokens('null')],
    ['an entry that is none', () => parse(null)],
    ['a role that is not known', () => parse({ ...entry, roles: ['auditor', 'king'] })],
    ['a role of every object', () => parse({ ...entry, roles: ['constructor'] })],
    ['no role', () => parse({ ...entry, roles: [] })],
    ['half a hash', () => parse({ ...entry, sha256: '0'.repeat(32) })],
    ['a token for its hash', () => parse({ ...entry, sha256: `tower_${'a'.repeat(43)}` })],
    ['no day of making', () => parse({ ...entry, createdAt: undefined })],
    ['a word for a day of revoking', () => parse({ ...entry, revokedAt: 'yes' })],
    ['a misspelt revoking', () => parse({ ...entry, revoked: '2026-11-24T12:00:00Z' })],
    ['one id twice', () => parse(entry, { ...entry, sha256: '1'.repeat(64) })],
    ['one hash twice', () => parse(entry, { ...entry, id: 'b' })],
  ])('is refused whole with %s', (_, parsing) => expect(parsing).toThrow(expect.objectContaining({ name: 'BadTokenFileError' })));
});

describe('a server with tokens', () => {
  let dir: string;
  let file: string;
  let server: Server;
  const made = new Map<string, string>();
  const as = (person: string): Record<string, string> => bearer(made.get(person)!);
  const make = async (person: string, ...roles: Role[]): Promise<void> => void made.set(person, await tokenOf(file, person, ...roles));
  const annotate = (headers: Record<string, string>, query = '') =>
    server.post(`/contracts/ours/annotate${query}`, { note: 'Seen.' }, headers);

  beforeAll(async () => {
    dir = await tempFolder();
    file = join(dir, 'tokens.json');
    for (const role of Object.keys(ROLES) as Role[]) await make(role, role);
    await make('jane', 'auditor', 'board', 'approver', 'contract-manager');
    // every address of this machine, as it would be for others
    server = await startServer({ HOST: '0.0.0.0', LEDGER_TOKENS: file });
    const { post } = server;
    await recordWorld({ ...server, post: (path, body) => post(path, body, as('integrator')) });
    await accepted(post('/contracts/ours/award-contract', award, as('contract-manager')));
  });
  afterAll(() => stopServer(server));

  it('answers nothing of the ledger without one, and says what it takes', async () => {
    const { paths } = (await server.get('/openapi.json')).body;
    const addresses = Object.entries<object>(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method, path.replaceAll(/{\w+}/g, 'x')] as const),
    );
    expect(addresses.length).toBeGreaterThan(60);
    const answered: string[] = [];
    for (const [method, path] of [...addresses, ['get', '/nothing'], ['get', '/'], ['get', '/docs-json'], ['put', '/events']] as const) {
      const response = await fetch(server.url + path, { method });
      const text = await response.text();
      if (response.status !== 401) answered.push(path);
      else {
        expect(response.headers.get('www-authenticate')).toBe('Bearer realm="tower-ledger"');
        expect(JSON.parse(text).type).toBe('urn:tower-ledger:problem:not-authenticated');
      }
    }
    expect(answered.sort()).toEqual(['/', '/livez', '/openapi.json', '/proofs/checkpoint', '/proofs/key', '/readyz']);
  });

  it('stands behind TLS, and says so to a browser', async () => {
    for (const [path, headers] of [
      ['/events', {}],
      ['/docs', {}],
      ['/events', as('board')],
    ] as const)
      expect((await server.get(path, headers)).headers.get('strict-transport-security')).toBe('max-age=31536000');
  });

  it('is looked after and documented without one', async () => {
    for (const path of ['/livez', '/readyz', '/openapi.json', '/docs'])
      expect([path, (await server.get(path)).status]).toEqual([path, 200]);
    expect((await server.get('/metrics')).status).toBe(401);
    expect((await server.get('/metrics', as('board'))).status).toBe(200);
  });

  it.each([
    ['of another scheme', 'Basic amFuZTp4'],
    ['with nothing behind the scheme', 'Bearer'],
    ['of another form', 'Bearer 123'],
    ['that nobody made', `Bearer tower_${'A'.repeat(43)}`],
    ['with a hash for a token', 'hash'],
    ['twice', 'twice'],
    ['that is too long', `Bearer tower_${'A'.repeat(4000)}`],
  ])('refuses a header %s', async (_, header) => {
    const [first] = await readTokens(file);
    const authorization =
      header === 'hash' ? `Bearer ${first!.sha256}` : header === 'twice' ? `Bearer ${made.get('jane')} ${made.get('jane')}` : header;
    const answer = await server.get('/events', { authorization });
    expect(problem(answer)).toEqual([401, PROBLEM, 'not-authenticated']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="tower-ledger"/);
  });

  it('says when a token is not in force, and takes one in whatever case its scheme is written', async () => {
    const { headers } = await server.get('/events', bearer(`tower_${'A'.repeat(43)}`));
    expect(headers.get('www-authenticate')).toBe('Bearer realm="tower-ledger", error="invalid_token"');
    expect((await server.get('/events', { authorization: `bearer ${made.get('jane')}` })).status).toBe(200);
  });

  it('reads no body of a stranger', async () => {
    expect((await server.post('/contracts/ours/annotate', '{"note":')).status).toBe(401);
    expect((await server.post('/contracts/ours/annotate', 'x'.repeat(2_000_000))).status).toBe(401);
  });

  it.each(Object.entries(ROLES))('lets the role %s do %j, and no more', async (role, acts) => {
    for (const path of ['/contracts/ours', '/contracts/ours/history', '/projections/tower-board', '/events', '/metrics'])
      expect([path, (await server.get(path, as(role))).status]).toEqual([path, (acts as readonly string[]).includes('read') ? 200 : 403]);
    const answer = await annotate(as(role));
    if ((acts as readonly string[]).includes('command')) expect(answer.status).toBe(201);
    else {
      expect(problem(answer)).toEqual([403, PROBLEM, 'not-allowed']);
      expect(answer.body.detail).toBe(`${role} may not do this: it takes one of contract-manager, approver, integrator.`);
      expect(problem(await annotate(as(role), '?dryRun=true'))[0]).toBe(403);
    }
  });

  it('records whose token it was, with the role that allowed it', async () => {
    const { position, events } = await accepted(annotate(as('jane')));
    const { body } = await server.get(`/events/${events[0].id}?minPosition=${position}`, as('auditor'));
    expect(body.metadata.actor).toEqual({ id: 'jane', role: 'approver' });
  });

  it('takes no other word for who sends a command', async () => {
    const { status, body } = await annotate({ ...as('jane'), 'x-actor': 'otto' });
    expect([status, body.errors]).toEqual([400, [{ header: 'x-actor', detail: expect.stringContaining('token') }]]);
  });

  it('answers an address that is no route as such, to who may ask', async () => {
    expect((await server.get('/nothing', as('board'))).status).toBe(404);
    const { status, headers } = await server.post('/events', {}, as('board'));
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  it('answers whatever name it is called by', async () => {
    const { statusCode } = await server.app.inject({ url: '/events', headers: { host: 'ledger.example', ...as('jane') } });
    expect(statusCode).toBe(200);
  });

  it('describes in OpenAPI what takes a token', async () => {
    const { components, security, paths } = (await server.get('/openapi.json')).body;
    expect(components.securitySchemes.bearer).toEqual(expect.objectContaining({ type: 'http', scheme: 'bearer' }));
    expect(security).toEqual([{ bearer: [] }]);
    const open = Object.entries<any>(paths).filter(([, { get }]) => get?.security?.length === 0);
    expect(open.map(([path]) => path).sort()).toEqual(['/livez', '/openapi.json', '/proofs/checkpoint', '/proofs/key', '/readyz']);
    const { parameters, responses } = paths['/contracts/{id}/award-contract'].post;
    expect(parameters.map(({ name }: any) => name)).not.toContain('X-Actor');
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '403']));
    expect(Object.keys(paths['/livez'].get.responses)).not.toContain('401');
  });

  it('takes a new token, and a revoked one no more, within seconds and without a restart', async () => {
    await make('late', 'board');
    await until(async () => (await server.get('/events', as('late'))).status === 200);
    await tokens(file, 'revoke', await idOf(file, 'late'));
    await until(async () => (await server.get('/events', as('late'))).status !== 200);
    expect((await server.get('/events', as('jane'))).status).toBe(200);
  }, 15_000);

  it('ends the streams of a revoked token, and no others', async () => {
    await make('gone', 'board');
    await until(async () => (await server.get('/events', as('gone'))).status === 200);
    const follow = async (person: string) => {
      const { body, status } = await fetch(`${server.url}/projections/contract-register/updates`, { headers: as(person) });
      expect(status).toBe(200);
      const heard = { text: '', ended: false };
      void (async () => {
        for await (const chunk of body!) heard.text += Buffer.from(chunk).toString();
      })()
        .catch(() => undefined)
        .finally(() => (heard.ended = true));
      await until(() => heard.text.includes('event: hello'));
      return heard;
    };
    const [gone, jane] = [await follow('gone'), await follow('jane')];
    await tokens(file, 'revoke', await idOf(file, 'gone'));
    await until(() => gone.ended);
    await accepted(server.post('/contracts/after/award-contract', award, as('jane')));
    await until(() => jane.text.includes('contract:after'));
    expect([jane.ended, gone.text.includes('contract:after')]).toEqual([false, false]);
  }, 15_000);

  it('goes by what the file said before while it is broken or gone, and says so once', async () => {
    const good = await readFile(file, 'utf8');
    const errors = () => server.logged.filter((line) => line.includes('stays in force')).length;
    const before = errors();
    await appendFile(file, '}');
    await until(() => errors() > before);
    await sleep(2200);
    expect(errors()).toBe(before + 1);
    expect((await server.get('/events', as('jane'))).status).toBe(200);
    await rm(file);
    await until(() => errors() === before + 2);
    expect((await server.get('/events', as('jane'))).status).toBe(200);
    await writeFile(file, good);
    await make('again', 'board');
    await until(async () => (await server.get('/events', as('again'))).status === 200);
    expect(errors()).toBe(before + 2);
  }, 20_000);

  it('does not start with a file that it cannot use', async () => {
    const started = (LEDGER_TOKENS: string) => createApp(configOf({ PORT: '0', DATA_DIR: dir, LEDGER_TOKENS, LEDGER_LOG_LEVEL: 'silent' }));
    const broken = join(dir, 'broken.json');
    await writeFile(broken, '[]');
    await expect(started(broken)).rejects.toThrow(/LEDGER_TOKENS.*broken.json has no list of tokens/);
    await expect(started(join(dir, 'nowhere.json'))).rejects.toThrow(/LEDGER_TOKENS.*ENOENT.*npm run tokens/);
  });

  it('never lets anybody sign in as the ledger itself, and starts once such a token is revoked', async () => {
    const reserved = join(dir, 'reserved.json');
    const { entry } = newToken({ person: 'system', roles: ['approver'], createdAt: '2026-11-24T12:00:00.000Z' });
    await writeFile(reserved, JSON.stringify({ tokens: [entry] }), { mode: 0o600 });
    const folder = join(dir, 'reserved');
    const started = () =>
      createApp(
        configOf({ PORT: '0', DATA_DIR: folder, LEDGER_TOKENS: reserved, LEDGER_LOG_LEVEL: 'silent', LEDGER_AUTOMATIONS: 'false' }),
      );
    await expect(started()).rejects.toThrow(
      new RegExp(`the person of the token ${entry.id} cannot be called system.*npm run tokens -- revoke ${entry.id} ends it`),
    );
    await tokens(reserved, 'revoke', entry.id);
    await (await started()).close();
  }, 15_000);

  it('gives no token to anyone, neither in an answer nor in its log', async () => {
    const stranger = `tower_${'S'.repeat(43)}`;
    const texts: string[] = [];
    for (const headers of [as('jane'), as('board'), bearer(stranger)])
      for (const [path, body] of [
        ['/contracts/ours/annotate', '{'],
        ['/contracts/ours/annotate', { note: 5 }],
        ['/contracts/x y/annotate', {}],
        ['/nothing', {}],
        ['/contracts/ours/annotate?dryRun=perhaps', { note: 'x' }],
      ] as const) {
        const { text, headers: said } = await server.post(path, body, { ...headers, 'x-actor': 'x' });
        texts.push(text, JSON.stringify([...said]));
        texts.push((await server.get(`${path}?a=b`, headers)).text);
      }
    const all = [...texts, ...server.logged].join('\n');
    for (const token of [stranger, ...made.values()]) {
      expect(all).not.toContain(token);
      expect(all).not.toContain(token.slice(6, 30));
    }
  });
});

describe('a server that strangers try', () => {
  let server: Server;
  let dir: string;
  let file: string;
  let jane: string;
  const stranger = { authorization: `Bearer tower_${'S'.repeat(43)}` };
  const said = () => server.logged.map((line) => JSON.parse(line)).filter(({ msg }) => msg === 'A sign-in failed.');
  const tried = (from: string, headers: Record<string, string> = stranger) =>
    server.get('/events', { ...headers, 'x-forwarded-for': from });
  beforeEach(async () => {
    dir = await tempFolder();
    file = join(dir, 'tokens.json');
    jane = await tokenOf(file, 'jane', 'board');
  });
  afterEach(() => stopServer(server));

  it('answers the 21st failed sign-in of an address in a minute with 429 and when to come again, and a token in force at any time', async () => {
    server = await startServer({ LEDGER_TOKENS: file });
    for (let n = 0; n < 20; n++) expect((await server.get('/events', stranger)).status).toBe(401);
    const refused = await server.get('/events', stranger);
    expect(problem(refused)).toEqual([429, PROBLEM, 'too-many-failed-sign-ins']);
    const seconds = Number(refused.headers.get('retry-after'));
    expect([seconds > 0, seconds <= 60]).toEqual([true, true]);
    expect((await server.post('/contracts/x/annotate', {}, { authorization: 'Basic amFuZTp4' })).status).toBe(429);
    for (let n = 0; n < 30; n++) expect((await server.get('/events', bearer(jane))).status).toBe(200);
    expect((await server.get('/events')).status).toBe(401); // no token is no failed sign-in
    expect((await server.get('/events', stranger)).status).toBe(429);
  });

  it('never counts the requests of somebody who is signed in', async () => {
    server = await startServer({ LEDGER_TOKENS: file });
    for (let n = 0; n < 50; n++) expect((await server.get('/events', bearer(jane))).status).toBe(200);
    expect((await server.get('/events', stranger)).status).toBe(401);
  });

  it('takes the word of nobody about their address', async () => {
    server = await startServer({ LEDGER_TOKENS: file });
    for (let n = 0; n < 20; n++) expect((await tried(`192.0.2.${n}`)).status).toBe(401);
    expect((await tried('192.0.2.99')).status).toBe(429);
    expect(said()).toEqual([expect.objectContaining({ address: '127.0.0.1', failures: 1 })]);
  });

  it('counts the addresses that a trusted proxy names, and no name before it', async () => {
    server = await startServer({ LEDGER_TOKENS: file, LEDGER_TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.1' });
    for (let n = 0; n < 20; n++) expect((await tried(`198.51.100.${n}, 192.0.2.1, 10.0.0.1`)).status).toBe(401);
    expect((await tried('192.0.2.1')).status).toBe(429);
    expect((await tried('192.0.2.2')).status).toBe(401);
    expect(said().map(({ address }) => address)).toEqual(['192.0.2.1', '192.0.2.2']);
  });

  it('logs them with address and reason, and never what was sent', async () => {
    server = await startServer({ LEDGER_TOKENS: file, LEDGER_TRUSTED_PROXIES: '127.0.0.1' });
    await tried('192.0.2.1');
    await tried('192.0.2.2', { authorization: 'Basic amFuZTp4' });
    await tried('192.0.2.3', bearer(jane));
    expect(said().map(({ address, reason, failures }) => [address, reason, failures])).toEqual([
      ['192.0.2.1', 'not a token in force', 1],
      ['192.0.2.2', 'no bearer token', 1],
    ]);
    expect(server.logged.join()).not.toMatch(/SSSS|amFuZTp4/);
  });

  it('lets a token follow only so often at once, however many follow with others', async () => {
    const otto = await tokenOf(file, 'otto', 'board');
    server = await startServer({ LEDGER_TOKENS: file, LEDGER_SUBSCRIBERS_PER_TOKEN: '2' });
    const follow = async (token: string) => {
      const gone = new AbortController();
      const { status, headers, body } = await fetch(`${server.url}/projections/contract-register/updates`, {
        headers: bearer(token),
        signal: gone.signal,
      });
      return {
        status,
        retryAfter: headers.get('retry-after'),
        type: headers.get('content-type'),
        text: () => new Response(body).text(),
        leave: () => gone.abort(),
      };
    };
    const [first, second] = [await follow(jane), await follow(jane)];
    const refused = await follow(jane);
    expect([first.status, second.status, refused.status, refused.retryAfter, refused.type]).toEqual([200, 200, 429, '10', PROBLEM]);
    expect(JSON.parse(await refused.text()).type).toBe('urn:tower-ledger:problem:too-many-for-token');
    expect((await follow(otto)).status).toBe(200);
    expect((await server.get('/events', bearer(jane))).status).toBe(200);
    first.leave();
    await until(async () => (await follow(jane)).status === 200);
  });

  it('does not start where others may write its file of tokens, and believes none that became so', async () => {
    server = await startServer({ LEDGER_TOKENS: file });
    for (const mode of [0o622, 0o660, 0o602]) {
      const other = join(dir, `open-${mode}.json`);
      await tokenOf(other, 'mallory', 'approver');
      await chmod(other, mode);
      const started = createApp(configOf({ PORT: '0', DATA_DIR: join(dir, 'other'), LEDGER_TOKENS: other, LEDGER_LOG_LEVEL: 'silent' }));
      await expect(started).rejects.toThrow(
        new RegExp(`open-${mode}.json may be written by others than its owner \\(mode ${mode.toString(8)}\\): chmod go-w`),
      );
    }
    const mallory = await tokenOf(file, 'mallory', 'approver');
    await chmod(file, 0o666);
    await until(() => server.logged.some((line) => line.includes('may be written by others')));
    await chmod(file, 0o640);
    await until(async () => (await server.get('/events', bearer(mallory))).status === 200);
  }, 15_000);
});

describe('the log of failed sign-ins', () => {
  const lines: object[] = [];
  const write = (line: string): void => {
    const { level: _, msg: __, ...said } = JSON.parse(line);
    lines.push(said);
  };
  const failed = () => new FailedSignIns(pino({ base: null, timestamp: false }, { write }));
  beforeEach(() => {
    jest.useFakeTimers();
    lines.length = 0;
  });
  afterEach(() => void jest.useRealTimers());

  it('has one line for the first of an address, and one each ten seconds for those after it, with their number', () => {
    const signIns = failed();
    for (let n = 0; n < 7; n++) signIns.note('192.0.2.1', 'no bearer token');
    signIns.note('192.0.2.2', 'not a token in force');
    jest.advanceTimersByTime(10_000);
    signIns.note('192.0.2.1', 'not a token in force');
    signIns.note('192.0.2.2', 'not a token in force');
    jest.advanceTimersByTime(10_000);
    expect(lines).toEqual([
      { address: '192.0.2.1', reason: 'no bearer token', failures: 1 },
      { address: '192.0.2.2', reason: 'not a token in force', failures: 1 },
      { address: '192.0.2.1', reason: 'no bearer token', failures: 6 },
      { address: '192.0.2.2', reason: 'not a token in force', failures: 1 },
      { address: '192.0.2.1', reason: 'not a token in force', failures: 1 },
    ]);
    jest.advanceTimersByTime(60_000);
    expect(lines).toHaveLength(5);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('names a thousand addresses at most, and speaks of the others together', () => {
    const signIns = failed();
    for (let n = 0; n < 5000; n++) signIns.note(`2001:db8::${n}`, 'no bearer token');
    expect([lines.length, jest.getTimerCount()]).toEqual([1001, 1001]);
    jest.advanceTimersByTime(10_000);
    expect(lines.slice(1000)).toMatchObject([
      { address: 'other addresses', failures: 1 },
      { address: 'other addresses', failures: 3999 },
    ]);
  });
});

describe('who sends a file of commands', () => {
  it('sends it with a token; one that may not sends nothing, and another one goes on from there', async () => {
    const dir = await tempFolder();
    const tokenFile = join(dir, 'tokens.json');
    const [auditor, integrator] = [await tokenOf(tokenFile, 'otto', 'auditor'), await tokenOf(tokenFile, 'supplier-x', 'integrator')];
    const server = await startServer({ LEDGER_TOKENS: tokenFile });
    const file = join(dir, 'history.jsonl');
    const line = (id: string) =>
      JSON.stringify({ key: id, post: `/suppliers/${id}/register-supplier`, body: { title: id, form: 'company' } });
    await writeFile(file, `${line('one')}\n${line('two')}\n`);
    const run = (token: string) => importFile({ file, url: server.url, actor: 'nobody', token });
    await expect(run(auditor)).rejects.toThrow(/does not take the token.*403/);
    await expect(run(`tower_${'A'.repeat(43)}`)).rejects.toBeInstanceOf(InterruptedError);
    expect(await run(integrator)).toMatchObject({ lines: 2, accepted: 2, refused: 0 });
    const { body } = await server.get('/events?subject=supplier-one&minPosition=1', bearer(auditor));
    expect(body.events[0].metadata.actor).toEqual({ id: 'supplier-x', role: 'integrator' });
    await stopServer(server);
  });

  it('records the whole story with one', async () => {
    const dir = await tempFolder();
    const file = join(dir, 'tokens.json');
    const token = await tokenOf(file, 'demo', 'integrator', 'approver');
    const server = await startServer({ LEDGER_TOKENS: file });
    const pages = await recordStory(server.url, dir, () => undefined, token);
    expect(pages.at(-1)).toMatch(/PCD 813[\s\S]*by demo[\s\S]*the same decision/);
    await stopServer(server);
  }, 30_000);
});

describe('a server without tokens', () => {
  it('speaks of none', async () => {
    const server = await startServer();
    const { components, security, paths } = (await server.get('/openapi.json')).body;
    expect([components.securitySchemes, security]).toEqual([undefined, undefined]);
    expect(paths['/contracts/{id}/award-contract'].post.parameters.map(({ name }: any) => name)).toContain('X-Actor');
    await stopServer(server);
  });
});
