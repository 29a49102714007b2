import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createApp } from '../../src/app.module.js';
import { configOf } from '../../src/config.js';
import { HISTORY_BYTES, HistoryCache } from '../../src/engine/history-cache.js';
import type { Projector } from '../../src/engine/read/projector.js';
import { lagOf } from '../../src/http/ledger.js';
import type { RecordedEvent } from '../../src/kernel/index.js';
import type { EventStore } from '../../src/store/event-store.js';
import { award, closeRunning, partsOf, startServer, stopServer, recordWorld, tempFolder, accepted, type Server } from './server.js';

afterAll(closeRunning);

describe('the server', () => {
  let server: Server;
  beforeAll(async () => {
    server = await startServer();
    await recordWorld(server);
  });
  afterAll(() => stopServer(server));

  it('is alive', async () => expect((await server.get('/livez')).body).toEqual({ alive: true }));

  it('leads from its bare address to the docs', async () => {
    const answer = await fetch(`${server.url}/`, { redirect: 'manual' });
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'docs']);
    const followed = await fetch(`${server.url}/`);
    expect([followed.url, followed.status]).toEqual([`${server.url}/docs`, 200]);
    expect((await server.get('/openapi.json')).body.paths).not.toHaveProperty('/');
    expect((await server.post('/', {})).body).toEqual(expect.objectContaining({ status: 405 }));
  });

  it('keeps as much in memory as docs/operate.md says, and that adds up', async () => {
    const page = await readFile(join(import.meta.dirname, '../../docs/operate.md'), 'utf8');
    const [, all, parts] = /^Caches are bounded by bytes, (\d+) MB together: ([^.]+)\./m.exec(page)!;
    const [commands, following, written, ...others] = [...parts!.matchAll(/(\d+) MB/g)].map(([, megabytes]) => Number(megabytes)) as [number, number, number]; // prettier-ignore
    expect(commands + 2 * following + 2 * written + others.reduce((sum, one) => sum + one, 0)).toBe(Number(all));
    expect(server.app.get(HistoryCache).maxBytes).toBe(commands << 20);
    expect(HISTORY_BYTES).toBe(following << 20);
  });

  it('knows how far its projections are behind by two numbers, and reads at most 1,000 events where the store knows none', async () => {
    const lag = (behind: Partial<EventStore>) => {
      const store = { head: async () => '9000', compare: (a: string, b: string) => Number(a) - Number(b), ...behind } as EventStore;
      return lagOf({ store, projector: { position: '10', sequence: 10 } as Projector });
    };
    const readAll: EventStore['readAll'] = async (_, limit = 0) =>
      Array.from({ length: Math.min(limit, 8990) }, () => ({}) as RecordedEvent);
    expect(await lag({ size: () => 9000, readAll: () => Promise.reject(new Error('Nothing is read.')) })).toBe(8990);
    expect(await lag({ readAll })).toBe(1000);
    expect(await lag({ head: async () => '10', size: () => 10 })).toBe(0);
  });

  it('is ready when its projections are close behind the log', async () => {
    const { body } = await server.get('/readyz');
    expect(body).toEqual(expect.objectContaining({ ready: true, store: 'answers' }));
    expect(body.projections.map(({ state }: any) => state)).toEqual(body.projections.map(() => 'serving'));
  });

  it('is not ready while a projection is rebuilt or the store is away, and still lives', async () => {
    const { projector, store } = partsOf(server);
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
    await accepted(server.post('/contracts/counted/award-contract', award));
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

  it('shows nothing of an unexpected error, and logs it once under the id that it answers with', async () => {
    const { projector } = partsOf(server);
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
    const { store } = partsOf(server);
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

  it('has no benchmark routes unless they are switched on', async () => expect((await server.post('/bench/no-op', {})).status).toBe(404));

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

  it.each([
    ['JSON', '/livez'],
    ['a problem', '/nosuch'],
    ['an address that cannot be read', '/%ZZ'],
    ['a refused host', '/livez', 'evil.example'],
    ['a metric', '/metrics'],
  ])('lets a browser do nothing with %s', async (_, path, host = 'localhost') => {
    const { headers } = await server.app.inject({ url: path, headers: { host } });
    expect(headers).toEqual(
      expect.objectContaining({
        'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      }),
    );
    expect(headers).not.toHaveProperty('strict-transport-security'); // there is no TLS in front of a server without tokens
  });

  it('lets a browser show the docs with what comes from this server alone', async () => {
    for (const path of ['/docs', '/docs/swagger-ui-init.js', '/docs/swagger-ui.css']) {
      const { headers } = await server.get(path);
      expect([headers.get('x-frame-options'), headers.get('cross-origin-opener-policy')]).toEqual(['DENY', 'same-origin']);
      const policy = headers.get('content-security-policy')!.split(';');
      expect(policy).toEqual(expect.arrayContaining(["default-src 'none'", "script-src 'self'", "connect-src 'self'"]));
      expect(policy.filter((directive) => /https?:|\*|unsafe-eval|script-src.*unsafe/.test(directive))).toEqual([]);
    }
  });

  it('says the same of an event stream, which goes on', async () => {
    const gone = new AbortController();
    const { headers, body } = await fetch(`${server.url}/projections/tower-board/updates`, { signal: gone.signal });
    expect([headers.get('content-type'), headers.get('x-content-type-options')]).toEqual(['text/event-stream; charset=utf-8', 'nosniff']);
    let heard = '';
    for await (const chunk of body!) if ((heard += Buffer.from(chunk).toString()).includes('event: hello')) break;
    gone.abort();
    expect(heard).toContain('event: hello');
  });

  it('answers no web page that points its own domain at this machine', async () => {
    const by = (host: string) => server.app.inject({ url: '/livez', headers: { host } }).then(({ statusCode }) => statusCode);
    for (const host of ['localhost:3000', 'LOCALHOST', '127.0.0.1:3000', '[::1]:3000']) expect([host, await by(host)]).toEqual([host, 200]);
    for (const host of ['evil.example', 'evil.example:3000', '127.0.0.1.evil.example', 'localhost.evil', '10.0.0.1'])
      expect([host, await by(host)]).toEqual([host, 421]);
  });
});

describe('a data folder', () => {
  it('that is a file, or lies in one, is refused with a sentence that names the setting', async () => {
    const dir = await tempFolder();
    const file = join(dir, 'file');
    await writeFile(file, '');
    for (const DATA_DIR of [file, join(file, 'data')])
      await expect(createApp(configOf({ PORT: '0', DATA_DIR, LEDGER_LOG_LEVEL: 'silent' }))).rejects.toThrow(
        `DATA_DIR must be a folder: ${DATA_DIR}, or what it should lie in, is a file.`,
      );
    await rm(dir, { recursive: true });
  });

  it('that another server uses is refused, and is free again after that server closed', async () => {
    const first = await startServer();
    // jest runs each file in its own realm, so the driver's error may not be an instance of the class that this file knows
    await expect(createApp(configOf({ PORT: '0', DATA_DIR: first.dir, LEDGER_LOG_LEVEL: 'silent' }))).rejects.toThrow(/in use|locked/);
    await first.close();
    await stopServer(await startServer({ DATA_DIR: first.dir }));
  });

  it('is released when the port is taken', async () => {
    const first = await startServer();
    const dir = await tempFolder();
    const PORT = new URL(first.url).port;
    await expect(createApp(configOf({ PORT, DATA_DIR: dir, LEDGER_LOG_LEVEL: 'silent' }))).rejects.toThrow(/EADDRINUSE/);
    await stopServer(await startServer({ DATA_DIR: dir }));
    await stopServer(first);
  });
});

/** A connection on which several requests may be under way. */
const connected = async (server: Server) => {
  const { createConnection } = await import('node:net');
  const { hostname, port } = new URL(server.url);
  const socket = createConnection(Number(port), hostname);
  let heard = '';
  const ended = new Promise<string>((resolve) => socket.on('data', (chunk) => (heard += chunk)).on('close', () => resolve(heard)));
  socket.on('error', () => undefined);
  const heardSoFar = async (what: RegExp): Promise<void> => {
    while (!what.test(heard)) await new Promise((go) => setTimeout(go, 5));
  };
  return { send: (text: string) => void socket.write(text), ended, heardSoFar };
};

describe('a request that comes too slowly', () => {
  let server: Server;
  beforeAll(async () => (server = await startServer({}, { requestMs: 300 })));
  afterAll(() => stopServer(server));

  it.each([
    [
      'body',
      'POST /contracts/x/award-contract HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
    [
      'chunks',
      'POST /contracts/x/award-contract HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n',
    ],
    ['headers', 'GET /livez HTTP/1.1\r\nHost: loc'],
  ])(
    'with its %s is cut, and hears why',
    async (_, begun) => {
      const { send, ended } = await connected(server);
      send(begun);
      const [head, body] = (await ended).split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nContent-Type: application\/problem\+json\r\n/);
      expect(head).toMatch(/x-content-type-options: nosniff/);
      expect(JSON.parse(body!)).toEqual({
        type: 'urn:tower-ledger:problem:too-slow',
        title: 'The request did not come whole in time.',
        status: 408,
      });
    },
    2000,
  );

  it('says nothing of an answer that goes on', async () => {
    const { send, heardSoFar, ended } = await connected(server);
    send('GET /projections/tower-board/updates HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    await heardSoFar(/event: hello/);
    await Promise.race([ended, new Promise((go) => setTimeout(go, 900))]);
    await recordWorld(server);
    await heardSoFar(/tower:hosting/);
  });
});

describe('closing', () => {
  it('answers a request that comes over an open connection with a problem that says when to come again', async () => {
    const server = await startServer();
    const { projector } = partsOf(server);
    const row = projector.row.bind(projector);
    let begun = () => undefined as void;
    let release = () => undefined as void;
    const asked = new Promise<void>((go) => (begun = go));
    const held = new Promise<void>((go) => (release = go));
    projector.row = async (...path) => {
      begun();
      await held;
      return row(...path);
    };
    const { send, ended } = await connected(server);
    send('GET /projections/tower-board/tower:hosting HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await asked;
    const closed = stopServer(server);
    while (server.app.getHttpServer().listening) await new Promise((go) => setTimeout(go, 5));
    const arrived = new Promise((go) => server.app.getHttpServer().once('request', go));
    send('GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await arrived;
    release();
    const [first, second] = (await ended).split(/(?<=\})(?=HTTP)/);
    await closed;
    expect(first).toMatch(/^HTTP\/1\.1 404 /);
    const [head, body] = second!.split('\r\n\r\n');
    expect(head).toMatch(/^HTTP\/1\.1 503 /);
    expect(head).toMatch(/^retry-after: 1\r?$/im);
    expect(head).toMatch(/^content-type: application\/problem\+json/im);
    expect(head).toMatch(/^connection: close\r?$/im);
    expect(JSON.parse(body!)).toEqual(expect.objectContaining({ type: 'urn:tower-ledger:problem:shutting-down', status: 503 }));
  });

  it('finishes open requests, and everything that was accepted is there afterwards', async () => {
    const server = await startServer();
    await recordWorld(server);
    const sent = Array.from({ length: 50 }, (_, i) => server.post(`/contracts/c${i}/award-contract`, award).catch(() => undefined));
    await Promise.race(sent);
    await server.close();
    const accepted = (await Promise.all(sent)).filter((answer) => answer?.status === 201);
    expect(accepted.length).toBeGreaterThan(0);
    const again = await startServer({ DATA_DIR: server.dir });
    for (const answer of accepted) expect((await again.get(`/${answer!.body.stream.replace('-', 's/')}`)).status).toBe(200);
    await stopServer(again);
  });

  it('ends streams, finishes open commands, then closes the projector, and last the store', async () => {
    const server = await startServer();
    const { store, projector, subscribers } = partsOf(server);
    const order: string[] = [];
    const streamsEnded = new Promise<void>((ended) => {
      const close = subscribers.close.bind(subscribers);
      subscribers.close = () => {
        order.push('streams');
        close();
        ended();
      };
    });
    const appending = new Promise<void>((begun) => {
      const append = store.append.bind(store);
      store.append = async (...events) => {
        begun();
        await streamsEnded;
        const appended = await append(...events);
        order.push('append');
        return appended;
      };
    });
    for (const [name, part] of Object.entries({ projector, store })) {
      const close = part.close.bind(part);
      part.close = () => {
        order.push(name);
        return close();
      };
    }
    const sent = server.post('/suppliers/open/register-supplier', { title: 'Open', form: 'company' });
    await appending;
    await stopServer(server);
    expect([(await sent).status, order]).toEqual([201, ['streams', 'append', 'projector', 'store']]);
  });

  it('answers at once who has not sent a whole request, who waits for a position, and what an idle connection is', async () => {
    const server = await startServer({ LEDGER_CLOSING_SECONDS: '600' });
    await recordWorld(server);
    const { projector } = partsOf(server);
    const idle = await fetch(`${server.url}/livez`);
    await idle.text();
    const waits = new Promise<void>((begun) => {
      const reached = projector.reached.bind(projector);
      projector.reached = (...asked) => {
        const answer = reached(...asked);
        begun();
        return answer;
      };
    });
    const waiting = server.get('/projections/tower-board?minPosition=999999');
    await waits;
    const begun = await Promise.all(
      [
        'POST /contracts/x/award-contract HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{',
        'GET /livez HTTP/1.1\r\nHost: loc',
        '',
      ].map(async (text) => {
        const connection = await connected(server);
        connection.send(text);
        return connection;
      }),
    );
    const connections = () =>
      new Promise<number>((resolve) => server.app.getHttpServer().getConnections((_: unknown, n: number) => resolve(n)));
    while ((await connections()) < 5) await new Promise((go) => setTimeout(go, 5));
    await new Promise((go) => setTimeout(go, 100)); // what was sent has come
    await stopServer(server);
    const shuttingDown = { type: 'urn:tower-ledger:problem:shutting-down', status: 503 };
    const { status, headers, body } = await waiting;
    expect([status, headers.get('retry-after'), body]).toEqual([503, '1', expect.objectContaining(shuttingDown)]);
    const [unfinished, halfAHead, silent] = await Promise.all(begun.map(({ ended }) => ended));
    for (const answer of [unfinished!, halfAHead!]) {
      const [head, sent] = answer.split('\r\n\r\n');
      expect(head).toMatch(/^HTTP\/1\.1 503 /);
      expect(head).toMatch(/^retry-after: 1\r?$/im);
      expect(head).toMatch(/^content-type: application\/problem\+json/im);
      expect(JSON.parse(sent!)).toEqual(expect.objectContaining(shuttingDown));
    }
    expect(silent).toBe('');
  }, 20_000);

  it('cuts off accepted requests that take longer than they may', async () => {
    const server = await startServer({ LEDGER_CLOSING_SECONDS: '0' });
    const { store } = partsOf(server);
    const append = store.append.bind(store);
    let release = () => undefined as void;
    const appending = new Promise<void>((begun) => {
      store.append = async (...events) => {
        begun();
        await new Promise<void>((go) => (release = go));
        return append(...events);
      };
    });
    const sent = server.post('/suppliers/open/register-supplier', { title: 'Open', form: 'company' });
    const cut = expect(sent).rejects.toThrow();
    await appending;
    const closed = stopServer(server);
    await cut;
    release();
    await closed;
  });

  it('ends the streams of updates and takes no new connection', async () => {
    const server = await startServer();
    const stream = await fetch(`${server.url}/projections/tower-board/updates`);
    const reading = stream.text();
    await stopServer(server);
    expect(await reading).toContain('event: hello');
    await expect(fetch(`${server.url}/livez`)).rejects.toThrow();
  });
});

describe('the benchmark routes', () => {
  it('are there when they are switched on', async () => {
    const server = await startServer({ LEDGER_BENCH_ROUTES: 'true' });
    expect((await server.post('/bench/no-op', {})).text).toBe('{}');
    expect((await server.post('/bench/validated', award)).text).toBe('{}');
    expect((await server.post('/bench/validated', { ...award, title: 5 })).status).toBe(400);
    await stopServer(server);
  });
});
