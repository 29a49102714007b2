import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { changeTokens, newToken, type Role } from '../../src/http/token-file.js';
import { RefusalFolder } from '../../src/refusals/refusal-folder.js';
import {
  accepted,
  award,
  closeRunning,
  partsOf,
  recordWorld,
  startServer,
  stopServer,
  tempFolder,
  type Answer,
  type Server,
} from './server.js';

let server: Server;
let file: string;
let folder: string;
const made: Record<string, string> = {};
const as = (person: string) => ({ authorization: `Bearer ${made[person]}` });
const make = async (person: string, ...roles: Role[]): Promise<void> => {
  const { token, entry } = newToken({ person, roles, createdAt: '2026-11-24T12:00:00.000Z' });
  await changeTokens(file, (tokens) => [...tokens, entry]);
  made[person] = token;
};
/** Refusals as the auditor reads them. */
const refusals = async (query = ''): Promise<any[]> => {
  const { status, body, text } = await server.get(`/refusals${query}`, as('otto'));
  if (status !== 200) throw new Error(text);
  return body.refusals;
};
const bad = ({ status, body }: Answer) => [status, body.errors?.[0]?.parameter];

beforeAll(async () => {
  folder = await tempFolder();
  file = join(folder, 'tokens.json');
  await make('jane', 'contract-manager');
  await make('ada', 'approver');
  await make('otto', 'auditor');
  await make('olga', 'operator');
  await make('bob', 'board');
  await make('cal', 'calendar');
  server = await startServer({ LEDGER_TOKENS: file });
  const { post } = server;
  const asJane = { ...server, post: (path: string, body: unknown) => post(path, body, as('jane')) };
  await recordWorld(asJane);
  await accepted(asJane.post('/contracts/ours/award-contract', award));
}, 60_000);
afterAll(async () => {
  await stopServer(server);
  await rm(folder, { recursive: true, force: true });
  await closeRunning();
});

describe('refusals over HTTP', () => {
  it('say who tried what, when, why not, and of which programme; of the body nothing is kept', async () => {
    const { body: problem } = await server.post(
      '/contracts/ours/award-contract',
      { ...award, title: 'A secret title', record: { reason: 'A secret reason' } },
      { ...as('jane'), 'idempotency-key': 'import-7', 'x-correlation-id': 'batch-1' },
    );
    const [first] = await refusals();
    expect(first).toEqual({
      id: expect.stringMatching(/^\d{16}$/),
      refusedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      times: 1,
      status: 409,
      code: problem.type.replace('urn:tower-ledger:problem:', ''),
      title: problem.title,
      detail: problem.detail,
      actor: 'jane',
      role: 'contract-manager',
      command: 'AwardContract',
      stream: 'contract-ours',
      programme: 'met',
      idempotencyKey: 'import-7',
      correlationId: 'batch-1',
    });
    const texts = await Promise.all((await readdir(join(server.dir, 'refusals'))).map((name) => readFile(join(server.dir, 'refusals', name), 'utf8'))); // prettier-ignore
    expect(texts.join('')).toContain('import-7');
    expect(texts.join('')).not.toMatch(/secret/);
  });

  it('name the field, the adopted rules that were not met, and the programme of a stream that is not there yet', async () => {
    const unknown = { ...award, suppliers: [{ supplier: 'nobody' }] };
    await server.post('/contracts/new/award-contract', unknown, as('jane'));
    expect((await refusals())[0]).toMatchObject({ code: 'ledger/unknown-reference', pointer: '/suppliers/0/supplier', programme: 'met', stream: 'contract-new' }); // prettier-ignore
    await server.post('/programmes/met/charter-programme', { title: 'Again', authority: 'MPS', baseCurrency: 'GBP' }, as('jane'));
    expect((await refusals())[0]).toMatchObject({ code: 'programme/exists', programme: 'met', stream: 'programme-met' });
    const scheme = {
      policy: 'scheme',
      title: 'Scheme',
      version: '1',
      inForceFrom: '2010',
      approvals: [{ stepOverOriginalAbove: 1, approver: 'Mayor' }],
    };
    await accepted(server.post('/programmes/met/adopt-policy', scheme, as('jane')));
    const change = { kind: 'value', to: { amount: '160000000.00', currency: 'GBP' } };
    const { status, body } = await server.post(
      '/contracts/ours/approve-change',
      { ...change, record: { decidedBy: { person: 'dm', office: 'Deputy Mayor' } } },
      as('ada'),
    );
    expect([status, body.type]).toEqual([409, 'urn:tower-ledger:problem:ledger/policy-not-met']);
    expect((await refusals('?policy=scheme'))[0]).toMatchObject({ code: 'ledger/policy-not-met', policies: ['scheme/approval'], command: 'ApproveChange' }); // prettier-ignore
    expect((await refusals('?policy=scheme/approval')).length).toBe(1);
    expect((await refusals('?policy=schem')).length).toBe(0);
  });

  it('are of stale revisions and of keys that were used, too', async () => {
    await server.post('/contracts/ours/annotate', { note: 'Seen.' }, { ...as('jane'), 'if-match': '"77"' });
    await accepted(server.post('/contracts/ours/annotate', { note: 'Seen.' }, { ...as('jane'), 'idempotency-key': 'twice' }));
    await server.post('/contracts/ours/annotate', { note: 'Other.' }, { ...as('jane'), 'idempotency-key': 'twice' });
    expect((await refusals('?stream=contract-ours&command=Annotate')).map(({ status, code, idempotencyKey }) => [status, code, idempotencyKey])).toEqual([
      [422, 'key-reused', 'twice'],
      [412, 'stale-revision', undefined],
    ]);
  }); // prettier-ignore

  it('are neither of dry runs, nor of malformed requests, nor of what is accepted or only read', async () => {
    const before = await refusals('?limit=500');
    const { post, get } = server;
    expect((await post('/contracts/ours/award-contract?dryRun=true', award, as('jane'))).status).toBe(409);
    expect((await post('/contracts/ours/annotate?dryRun=true', { note: 'x' }, as('bob'))).status).toBe(403);
    expect((await post('/contracts/ours/annotate', { note: 5 }, as('jane'))).status).toBe(400);
    expect((await post('/contracts/ours/annotate', '{', as('jane'))).status).toBe(400);
    expect((await get('/contracts/nobody', as('bob'))).status).toBe(404);
    expect((await post('/contracts/ours/annotate', { note: 'Seen.' }, { ...as('jane'), 'x-actor': 'eve' })).status).toBe(400);
    await accepted(post('/contracts/ours/annotate', { note: 'Seen again.' }, as('jane')));
    expect(await refusals('?limit=500')).toEqual(before);
  });

  it('by role name the person, all roles and what was tried, without what stood in the address', async () => {
    await server.post('/contracts/ours/annotate', { note: 'A secret note' }, as('bob'));
    await server.get('/contracts/ours?recordedAt=2026-01-01', as('cal'));
    await server.get('/refusals', as('bob'));
    await server.get(`/deadlines.ics?token=${made['jane']}`);
    const found = await refusals('?status=403');
    expect(found.map(({ actor, role, command, stream, request }) => [actor, role, command, stream, request])).toEqual([
      ['jane', 'contract-manager', undefined, undefined, 'GET /deadlines.ics'],
      ['bob', 'board', undefined, undefined, 'GET /refusals'],
      ['cal', 'calendar', undefined, 'contract-ours', 'GET /contracts/:id'],
      ['bob', 'board', 'Annotate', 'contract-ours', undefined],
    ]);
    expect(found[0]).toMatchObject({ code: 'not-allowed', title: 'The roles of this token may not do this.' });
  });

  it('without a token in force are counted by address, and no token is in a file', async () => {
    const token = `tower_${'S'.repeat(43)}`;
    for (let n = 0; n < 30; n++) await server.get('/contracts/secret-path', { authorization: `Bearer ${token}` });
    for (let n = 0; n < 30; n++) await server.post(`/contracts/c-${n}/annotate?secret=1`, { note: 'A secret note' });
    await server.get('/no/such/route');
    const found = (await refusals('?limit=500')).filter(({ status }) => status === 401 || status === 429);
    expect(found.map(({ status, request, times, address }) => [status, request, times, address])).toEqual([
      [401, 'GET no route', 1, '127.0.0.1'],
      [401, 'POST /contracts/:id/annotate', 30, '127.0.0.1'],
      [429, 'GET /contracts/:id', 10, '127.0.0.1'],
      [401, 'GET /contracts/:id', 20, '127.0.0.1'],
    ]);
    expect((await refusals('?rule=too-many-failed-sign-ins')).length).toBe(1);
    const texts = await Promise.all((await readdir(join(server.dir, 'refusals'))).map((name) => readFile(join(server.dir, 'refusals', name), 'utf8'))); // prettier-ignore
    expect(texts.join('')).not.toMatch(/SSSS|secret|tower_/);
    for (const known of Object.values(made)) expect(texts.join('')).not.toContain(known.slice(6));
  });

  it('are for auditors and operators', async () => {
    const statuses = await Promise.all(['otto', 'olga', 'jane', 'bob', 'cal'].map(async (person) => (await server.get('/refusals', as(person))).status));
    expect(statuses).toEqual([200, 200, 403, 403, 403]);
    expect((await server.get('/refusals')).status).toBe(401);
    expect((await server.post('/contracts/ours/annotate', { note: 'x' }, as('olga'))).status).toBe(403);
    expect((await server.get('/contracts/ours', as('olga'))).status).toBe(200);
  }); // prettier-ignore

  it('are found by each filter, and by several together', async () => {
    const everything = await refusals('?limit=500');
    const count = async (query: string) => (await refusals(`${query}&limit=500`)).length;
    const of = (holds: (refusal: any) => boolean) => everything.filter(holds).length;
    const today = new Date().toISOString().slice(0, 10);
    expect(await count('?actor=bob')).toBe(of(({ actor }) => actor === 'bob'));
    expect(await count('?command=AwardContract')).toBe(of(({ command }) => command === 'AwardContract'));
    expect(await count('?rule=ledger/unknown-reference')).toBe(1);
    expect(await count('?stream=contract-new')).toBe(1);
    expect(await count('?programme=met')).toBe(of(({ programme }) => programme === 'met'));
    expect(await count('?programme=met&status=412')).toBe(1);
    expect(await count('?actor=bob&command=AwardContract')).toBe(0);
    expect(await count(`?from=${today}`)).toBeGreaterThanOrEqual(everything.length);
    expect(await count(`?to=${everything.at(-1).refusedAt}`)).toBe(1);
    const inAnHour = new Date(Date.parse(everything[0].refusedAt) + 3_600_000).toISOString();
    expect(bad(await server.get(`/refusals?from=${inAnHour}`, as('otto')))).toEqual([400, 'from']);
    expect(await count('?to=2020-01-01')).toBe(0);
  });

  it.each([
    ['command', 'Approve'],
    ['rule', 'contract/nonsense'],
    ['status', '500'],
    ['status', '4e2'],
    ['actor', 'Jane Doe'],
    ['policy', 'Scheme'],
    ['stream', 'Contract X'],
    ['programme', 'Met!'],
    ['from', 'yesterday'],
    ['from', '2150-01-01'],
    ['to', '2026-02-30'],
    ['limit', '501'],
    ['limit', '0'],
    ['cursor', 'x'],
    ['cursor', 'MCB4'],
    ['format', 'xml'],
    ['totals', 'yes'],
    ['colour', 'red'],
  ])('answer 400 to %s=%s', async (name, value) =>
    expect(bad(await server.get(`/refusals?${name}=${encodeURIComponent(value)}`, as('otto')))).toEqual([400, name]),
  );

  it('answer 400 to a period that ends before it begins, and to pages of CSV', async () => {
    expect(bad(await server.get('/refusals?from=2026-02-01&to=2026-01-01', as('otto')))).toEqual([400, 'to']);
    for (const page of ['cursor=x', 'limit=5', 'totals=true'])
      expect(bad(await server.get(`/refusals?format=csv&${page}`, as('otto')))).toEqual([400, page.split('=')[0]]);
  });

  it('come in pages, newest first, none twice and none left out, while others come', async () => {
    const all = await refusals('?limit=500');
    const seen: any[] = [];
    for (let path = '?limit=3', next: string | undefined = ''; next !== undefined; path = `?limit=3&cursor=${next}`) {
      const { body } = await server.get(`/refusals${path}`, as('otto'));
      expect(body.refusals.length).toBeLessThanOrEqual(3);
      seen.push(...body.refusals);
      ({ next } = body);
      await server.post(`/contracts/late-${seen.length}/sign-contract`, {}, as('jane'));
    }
    expect(seen.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    expect(seen.map(({ id }) => id)).toEqual(
      seen
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
  });

  it('come with totals, with how long they are kept, and with whose they are', async () => {
    const { body } = await server.get('/refusals?totals=true&limit=1&status=403', as('otto'));
    expect(body).toMatchObject({ scope: 'ledger', keptDays: 400, keptMegabytes: 64, unremembered: 0 });
    const { totals } = body;
    expect(totals.complete).toBe(true);
    expect(totals.byStatus).toEqual({ 403: totals.refusals });
    expect(totals.byRule).toEqual({ 'not-allowed': totals.refusals });
    expect(totals.byCommand).toEqual({ Annotate: 2 });
    expect(totals.byActor.bob).toBeGreaterThanOrEqual(2);
    const strangers = (await server.get('/refusals?totals=true&status=401', as('otto'))).body.totals;
    expect(strangers.refusals).toBeGreaterThanOrEqual(51);
    expect(strangers.byActor).toEqual({});
  });

  it('come as CSV with every one of them', async () => {
    const all = await refusals('?limit=500');
    for (const answer of [await server.get('/refusals?format=csv', as('otto')), await server.get('/refusals', { ...as('otto'), accept: 'text/csv' })]) {
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      const lines = answer.text.trimEnd().split('\r\n');
      expect(lines[0]).toBe('refusal,refusedAt,until,times,grouped,status,rule,title,detail,pointer,policies,actor,role,address,command,stream,programme,request,idempotencyKey,correlationId,causationId');
      expect(lines.slice(1).map((line) => line.split(',')[0])).toEqual(all.map(({ id }) => id));
    }
  }); // prettier-ignore

  it('are in the metrics by status, with their bytes', async () => {
    const { text } = await server.get('/metrics', as('olga'));
    expect(text).toMatch(/^ledger_refusals\{status="409"\} \d+$/m);
    expect(text).toMatch(/^ledger_refusals\{status="401"\} \d+$/m);
    expect(text).toMatch(/^ledger_refusals_bytes [1-9]\d+$/m);
    expect(text).toMatch(/^ledger_refusals_unremembered 0$/m);
  });

  it('are of this node alone where the log is on a cluster', async () => {
    const { store } = partsOf(server);
    Object.defineProperty(store, 'kind', { value: 'kurrentdb', configurable: true, writable: true });
    expect((await server.get('/refusals', as('otto'))).body.scope).toBe('node');
    Object.defineProperty(store, 'kind', { value: 'sqlite', configurable: true, writable: true });
    expect((await server.get('/refusals', as('otto'))).body.scope).toBe('ledger');
  });

  it('say that they cannot be written', async () => {
    const full = jest.spyOn(RefusalFolder.prototype, 'append').mockRejectedValue(new Error('no space left'));
    expect((await server.post('/contracts/full/sign-contract', {}, as('jane'))).status).toBe(409);
    await accepted(server.post('/contracts/ours/annotate', { note: 'Room for this.' }, as('jane')));
    const { body } = await server.get('/refusals', as('otto'));
    expect([body.failing, body.refusals[0].stream]).toEqual(['no space left', 'contract-full']);
    expect(server.logged.filter((line) => line.includes('Refusals cannot be written for now'))).toHaveLength(1);
    full.mockRestore();
    expect((await server.get('/refusals', as('otto'))).body).not.toHaveProperty('failing');
  });
});

describe('refusals of a server without tokens', () => {
  it('are of whom the caller names, are read by everybody on this machine, and are there after a restart', async () => {
    const dir = await tempFolder();
    let local = await startServer({ DATA_DIR: dir });
    expect((await local.get('/refusals')).body.refusals).toEqual([]);
    await local.post('/contracts/x/sign-contract', {}, { 'x-actor': 'ana' });
    await local.close();
    local = await startServer({ DATA_DIR: dir });
    const { body } = await local.get('/refusals?actor=ana');
    expect(body.refusals).toEqual([expect.objectContaining({ actor: 'ana', command: 'SignContract', code: 'contract/unknown' })]);
    expect(body.refusals[0]).not.toHaveProperty('programme');
    await stopServer(local);
  }, 30_000);
});
