import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { request } from 'node:http';
import { createApp } from '../../src/app.module.js';
import { configOf } from '../../src/config.js';
import { LEDGER, type Ledger } from '../../src/http/ledger.js';
import { award, closeRunning, startServer, stopServer, tellWorld, tempFolder, told, type Server } from './server.js';

afterAll(closeRunning);

describe('the server', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer();
    await tellWorld(server);
  });
  afterAll(() => stopServer(server));

  it('lives', async () => expect((await server.get('/livez')).body).toEqual({ alive: true }));

  it('is ready when its projections are close behind the log', async () => {
    const { body } = await server.get('/readyz');
    expect(body).toEqual(expect.objectContaining({ ready: true, store: 'answers' }));
    expect(body.projections.map(({ state }: any) => state)).toEqual(body.projections.map(() => 'serving'));
  });

  it('is not ready while a projection is rebuilt or the store is away, and still lives', async () => {
    const { projector, store } = server.app.get<Ledger>(LEDGER);
    const list = projector.list.bind(projector);
    projector.list = () => list().map((status) => ({ ...status, state: 'rebuilding' as const }));
    expect((await server.get('/readyz')).body).toEqual(
      expect.objectContaining({ status: 503, type: 'urn:tower-ledger:problem:not-ready' }),
    );
    projector.list = list;
    const head = store.head.bind(store);
    store.head = () => Promise.reject(new Error('away'));
    expect((await server.get('/readyz')).body).toEqual(expect.objectContaining({ status: 503, store: 'away' }));
    expect((await server.get('/livez')).status).toBe(200);
    store.head = head;
    expect((await server.get('/readyz')).status).toBe(200);
  });

  it('counts commands by name and outcome, requests, the queue, the lag, the log', async () => {
    await told(server.post('/contracts/counted/award-contract', award));
    await server.post('/contracts/counted/award-contract', award);
    await server.post('/contracts/counted/annotate', { note: 'x' }, { 'if-match': '"9"' });
    const { status, text, headers } = await server.get('/metrics');
    expect([status, headers.get('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    for (const line of [
      /^ledger_commands_total\{command="AwardContract",outcome="accepted"\} 1$/m,
      /^ledger_commands_total\{command="AwardContract",outcome="refused"\} 1$/m,
      /^ledger_commands_total\{command="Annotate",outcome="stale"\} 1$/m,
      /^ledger_http_request_duration_seconds_count\{method="POST",route="\/contracts\/:id\/award-contract",status="201"\} 1$/m,
      /^ledger_commands_under_way 0$/m,
      /^ledger_subscribers 0$/m,
      /^ledger_log_head \d+$/m,
      /^ledger_projection_lag_events\{projection="tower-board"\} \d+$/m,
      /^process_resident_memory_bytes \d+/m,
      /^nodejs_eventloop_lag_seconds /m,
    ])
      expect(text).toMatch(line);
  });

  it('shows nothing of what nobody expected, and logs it once under the id it answers with', async () => {
    const { projector } = server.app.get<Ledger>(LEDGER);
    const row = projector.row.bind(projector);
    projector.row = () => Promise.reject(new TypeError('secret internals'));
    const { status, body, text } = await server.get('/projections/tower-board/tower:hosting');
    projector.row = row;
    expect([status, body.type]).toEqual([500, 'urn:tower-ledger:problem:internal']);
    expect(text).not.toMatch(/secret|at |\.ts/);
    const logged = server.logged.filter((line) => line.includes('secret internals'));
    expect(logged).toHaveLength(1);
    expect(JSON.parse(logged[0]!).id).toBe(body.instance.replace('urn:uuid:', ''));
  });

  it('says when a store is away that nothing was stored, and when the outcome is unknown that it is', async () => {
    const { store } = server.app.get<Ledger>(LEDGER);
    const { OutcomeUnknownError: OutcomeUnknownError, StoreUnavailableError: StoreUnavailableError } =
      await import('../../src/store/event-store.js');
    const append = store.append.bind(store);
    for (const [error, type] of [
      [new StoreUnavailableError('disk /dev/sda1 is full'), 'store-unavailable'],
      [new OutcomeUnknownError('socket 10.0.0.7 hung up'), 'outcome-unknown'],
    ] as const) {
      store.append = () => Promise.reject(error);
      const { status, headers, body, text } = await server.post('/suppliers/away/register-supplier', { title: 'X', form: 'company' });
      expect([status, body.type]).toEqual([503, `urn:tower-ledger:problem:${type}`]);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(text).not.toMatch(/sda1|10\.0/);
    }
    store.append = append;
  }, 10_000);

  it('hides no route that only measures', async () => expect((await server.post('/bench/no-op', {})).status).toBe(404));

  it('answers a request that is not HTTP', async () => {
    const { createConnection } = await import('node:net');
    const { hostname, port } = new URL(server.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = createConnection(Number(port), hostname, () => socket.write('NOT HTTP\r\n\r\n'));
      let text = '';
      socket
        .on('data', (chunk) => (text += chunk))
        .on('error', reject)
        .on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nContent-Type: application\/problem\+json\r\n/);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toEqual(expect.objectContaining({ status: 400 }));
  });

  it('answers no page that gave its own name to this machine', async () => {
    const by = (host: string) => server.app.inject({ url: '/livez', headers: { host } }).then(({ statusCode }) => statusCode);
    for (const host of ['localhost:3000', 'LOCALHOST', '127.0.0.1:3000', '[::1]:3000']) expect([host, await by(host)]).toEqual([host, 200]);
    for (const host of ['evil.example', 'evil.example:3000', '127.0.0.1.evil.example', 'localhost.evil', '10.0.0.1'])
      expect([host, await by(host)]).toEqual([host, 421]);
  });
});

describe('a data folder', () => {
  it('that another server uses is refused, and free again when that one closed', async () => {
    const first = await startServer();
    // jest runs each file in a realm of its own, so that the driver's error may not be seen for what it is
    await expect(createApp(configOf({ PORT: '0', DATA_DIR: first.dir, LEDGER_LOG_LEVEL: 'silent' }))).rejects.toThrow(/in use|locked/);
    await first.close();
    await stopServer(await startServer({ DATA_DIR: first.dir }));
  });

  it('is let go when the port is taken', async () => {
    const first = await startServer();
    const dir = await tempFolder();
    const PORT = new URL(first.url).port;
    await expect(createApp(configOf({ PORT, DATA_DIR: dir, LEDGER_LOG_LEVEL: 'silent' }))).rejects.toThrow(/EADDRINUSE/);
    await stopServer(await startServer({ DATA_DIR: dir }));
    await stopServer(first);
  });
});

describe('closing', () => {
  it('finishes what was accepted, and everything that was answered is there afterwards', async () => {
    const server = await startServer();
    await tellWorld(server);
    const sent = Array.from({ length: 50 }, (_, i) => server.post(`/contracts/c${i}/award-contract`, award).catch(() => undefined));
    await Promise.race(sent);
    await server.close();
    const accepted = (await Promise.all(sent)).filter((answer) => answer?.status === 201);
    expect(accepted.length).toBeGreaterThan(0);
    const again = await startServer({ DATA_DIR: server.dir });
    for (const answer of accepted) expect((await again.get(`/${answer!.body.stream.replace('-', 's/')}`)).status).toBe(200);
    await stopServer(again);
  });

  it('does not wait for who keeps a connection open or a body unfinished', async () => {
    const server = await startServer();
    const idle = await fetch(`${server.url}/livez`);
    await idle.text();
    const { hostname, port } = new URL(server.url);
    const stalled = request({
      hostname,
      port,
      method: 'POST',
      path: '/contracts/x/award-contract',
      headers: { 'content-type': 'application/json', 'content-length': 100 },
    });
    stalled.on('error', () => undefined).write('{');
    const started = Date.now();
    await stopServer(server);
    expect(Date.now() - started).toBeLessThan(9500);
  }, 12_000);

  it('ends subscribers and answers nobody new', async () => {
    const server = await startServer();
    const stream = await fetch(`${server.url}/projections/tower-board/updates`);
    const reading = stream.text();
    await stopServer(server);
    expect(await reading).toContain('event: hello');
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
  });
});

describe('the routes that only measure', () => {
  it('are there when they are asked for', async () => {
    const server = await startServer({ LEDGER_BENCH_ROUTES: 'true' });
    expect((await server.post('/bench/no-op', {})).text).toBe('{}');
    expect((await server.post('/bench/validated', award)).text).toBe('{}');
    expect((await server.post('/bench/validated', { ...award, title: 5 })).status).toBe(400);
    await stopServer(server);
  });
});
