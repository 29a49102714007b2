import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import {
  createServer,
  constants,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchAppend, MAX_BATCHED_BYTES } from '../../src/store/kurrentdb/batch-append.js';
import { connectionOf, type Connection } from '../../src/store/kurrentdb/connection.js';
import { CallFailedError, type Failure } from '../../src/store/kurrentdb/errors.js';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import type { Proposed } from '../../src/store/kurrentdb/protocol.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';
import { batchFailure, batchMessage } from '../fakes/kurrentdb/messages.js';
import { Proxy } from '../fakes/kurrentdb/proxy.js';
import { fact, freshStream, newId } from '../store/event-store.contract.js';

const DEADLINE = 2_000;

/** A server of the one request, which answers only when a test makes it. */
class Endpoint {
  readonly #server: Http2Server = createServer();
  readonly #sessions = new Set<ServerHttp2Session>();
  /** What arrived, as chunks and as messages. */
  readonly chunks: Buffer[] = [];
  readonly requests: streams.BatchAppendReq[] = [];
  headers: IncomingHttpHeaders = {};
  stream: ServerHttp2Stream | undefined;
  #rest = Buffer.alloc(0);

  async start(answers = true): Promise<this> {
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.on('close', () => this.#sessions.delete(session));
    });
    this.#server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
      [this.stream, this.headers, this.#rest] = [stream, headers, Buffer.alloc(0)];
      stream.on('error', () => undefined);
      stream.on('data', (chunk: Buffer) => this.#read(chunk));
      if (answers) stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get sessions(): number {
    return this.#sessions.size;
  }

  async received(count: number): Promise<void> {
    while (this.requests.length < count) await sleep(2);
  }

  /** The answer that accepts a request. */
  success(request: streams.BatchAppendReq, position = 7): Buffer {
    return framed(batchMessage(idOf(request), 's', -1, { ok: true, revision: 0, position }));
  }
  answer(bytes: Buffer): void {
    this.stream!.write(bytes);
  }
  end(trailers: Record<string, string>): void {
    this.stream!.on('wantTrailers', () => this.stream!.sendTrailers(trailers));
    this.stream!.end();
  }
  goAway(): void {
    for (const session of this.#sessions) session.goaway(constants.NGHTTP2_NO_ERROR);
  }
  async stop(): Promise<void> {
    for (const session of this.#sessions) session.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #read(chunk: Buffer): void {
    this.chunks.push(chunk);
    let rest = Buffer.concat([this.#rest, chunk]);
    while (rest.length >= 5 && rest.length >= 5 + rest.readUInt32BE(1)) {
      const end = 5 + rest.readUInt32BE(1);
      this.requests.push(streams.BatchAppendReq.deserializeBinary(rest.subarray(5, end)));
      rest = rest.subarray(end);
    }
    this.#rest = rest;
  }
}

const idOf = (request: streams.BatchAppendReq): string => request.getCorrelationId()!.getString();
const framed = (message: { serializeBinary(): Uint8Array }): Buffer => {
  const bytes = message.serializeBinary();
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
};
const events = (text = ''): Proposed[] => [
  { id: newId(), type: 'Happened', data: Buffer.from(JSON.stringify({ text })), metadata: Buffer.from('{}') },
];
const failureOf = (append: Promise<unknown>): Promise<Failure> =>
  append.then(
    () => Promise.reject(new Error('It was answered.')),
    (error: unknown) => {
      if (error instanceof CallFailedError) return error.failure;
      throw error;
    },
  );

let server: Endpoint;
let made: BatchAppend[] = [];
const others: Server[] = [];
beforeEach(async () => {
  server = await new Endpoint().start();
});
afterEach(async () => {
  for (const batch of made) batch.close();
  made = [];
  for (const other of others.splice(0)) other.close();
  await server.stop();
});
const open = (more: Partial<Connection> = {}, port = server.port): BatchAppend => {
  const batch = new BatchAppend({ address: '127.0.0.1', port }, { ...connectionOf('esdb://127.0.0.1?tls=false'), ...more });
  made.push(batch);
  return batch;
};
const append = (batch: BatchAppend, deadline = DEADLINE) => batch.append('s', -1, events(), deadline);

describe('appends on one request', () => {
  it('leave in one write for each turn of the event loop', async () => {
    const batch = open();
    const first = append(batch);
    await server.received(1);
    server.answer(server.success(server.requests[0]!));
    await first;
    server.chunks.length = 0;
    const appends: Promise<unknown>[] = [];
    for (let n = 0; n < 20; n++) {
      appends.push(append(batch));
      await Promise.resolve();
    }
    await server.received(21);
    expect(server.chunks).toHaveLength(1);
    const last = append(batch);
    await server.received(22);
    expect(server.chunks).toHaveLength(2);
    for (const request of server.requests.slice(1)) server.answer(server.success(request));
    await Promise.all([...appends, last]);
    expect(server.sessions).toBe(1);
  });

  it('carry the stream, the expected revision, and the events as they are stored', async () => {
    const batch = open();
    const [one, two] = [events('one'), [...events('two'), ...events('three')]];
    const appends = [batch.append('contract-é', -1, one, DEADLINE), batch.append('s', 41, two, DEADLINE)];
    await server.received(2);
    const [first, second] = server.requests as [streams.BatchAppendReq, streams.BatchAppendReq];
    expect(Buffer.from(first.getOptions()!.getStreamIdentifier()!.getStreamName_asU8()).toString()).toBe('contract-é');
    expect(first.getOptions()!.hasNoStream()).toBe(true);
    expect(second.getOptions()!.getStreamPosition()).toBe('41');
    expect(second.getOptions()!.hasDeadline()).toBe(false); // the server would compare it with its own clock
    expect([first.getIsFinal(), second.getIsFinal()]).toEqual([true, true]);
    const proposed = second.getProposedMessagesList().map((message) => ({
      id: message.getId()!.getString(),
      type: message.getMetadataMap().get('type'),
      contentType: message.getMetadataMap().get('content-type'),
      data: Buffer.from(message.getData_asU8()).toString(),
      metadata: Buffer.from(message.getCustomMetadata_asU8()).toString(),
    }));
    expect(proposed).toEqual(
      two.map(({ id }, n) => ({
        id,
        type: 'Happened',
        contentType: 'application/json',
        data: n === 0 ? '{"text":"two"}' : '{"text":"three"}',
        metadata: '{}',
      })),
    );
    expect(server.headers).toMatchObject({ 'requires-leader': 'true', te: 'trailers', 'content-type': 'application/grpc' });
    for (const request of server.requests) server.answer(server.success(request));
    await Promise.all(appends);
  });

  it('send no credentials over a connection that is not encrypted', async () => {
    const batch = open({ credentials: { username: 'admin', password: 's3cret' }, connectionName: 'node-1' });
    void append(batch).catch(() => undefined);
    await server.received(1);
    expect(server.headers['authorization']).toBeUndefined();
    expect(server.headers['connection-name']).toBe('node-1');
  });

  it('are matched with their answers in any order, however the answers are cut on the way', async () => {
    const batch = open();
    const appends = [append(batch), append(batch), append(batch)];
    await server.received(3);
    const answers = Buffer.concat(server.requests.map((request, n) => server.success(request, n + 1)).reverse());
    for (let at = 0; at < answers.length; at += 7) {
      server.answer(answers.subarray(at, at + 7));
      await sleep(1);
    }
    const positions = (await Promise.all(appends)).map((answer) => 'position' in answer && answer.position?.commit);
    expect(positions).toEqual([1n, 2n, 3n]);
  });

  const named = (type: string, exception: string, more: Record<string, string> = {}) =>
    [type, (id: string) => batchFailure(id, 's', { code: 3, metadata: { exception, ...more } })!] as const;
  const status = (code: number, details: string) => (id: string) => batchFailure(id, 's', { code, details })!;
  it.each([
    ['deleted', (id: string) => batchMessage(id, 's', 0, { ok: false, reason: 'stream-deleted' })],
    named('refused', 'access-denied'),
    named('too-large', 'maximum-append-size-exceeded', { 'maximum-append-size': '9' }),
    named('too-large', 'maximum-append-event-size-exceeded'),
    ['timed-out', status(10, 'Operation timed out')],
    ['not-ready', status(14, 'Server Is Not Ready')],
    ['not-ready', status(2, 'No leader info available in response')],
    ['busy', status(14, 'Server Is Too Busy')],
  ] as const)('that are refused as %s fail alone', async (kind, answer) => {
    const batch = open();
    const [refused, accepted] = [append(batch), append(batch)];
    await server.received(2);
    server.answer(framed(answer(idOf(server.requests[0]!))));
    server.answer(server.success(server.requests[1]!));
    expect(await failureOf(refused)).toMatchObject({ kind });
    expect(await failureOf(refused)).not.toHaveProperty('mayBeStored');
    expect(await accepted).toMatchObject({ revision: 0 });
    expect(batch.isClosed).toBe(false);
  });

  it('at a wrong revision are answered with the actual one', async () => {
    const batch = open();
    const appends = [append(batch), append(batch)];
    await server.received(2);
    for (const [n, request] of server.requests.entries())
      server.answer(
        framed(batchMessage(idOf(request), 's', 3, { ok: false, reason: 'wrong-expected-version', current: n === 0 ? 4 : -1 })),
      );
    expect(await Promise.all(appends)).toEqual([{ conflictAt: 4 }, { conflictAt: -1 }]);
  });

  it('that are answered with an error of an unknown kind have an unknown outcome', async () => {
    const batch = open();
    const one = append(batch);
    await server.received(1);
    const answer = batchFailure(idOf(server.requests[0]!), 's', { code: 14, details: 'Server Is Not Ready' })!;
    answer.getError()!.setMessage('Unknown');
    server.answer(framed(answer));
    expect(await failureOf(one)).toMatchObject({ kind: 'lost' });
  });

  it('without an answer fail after their deadline, and a late answer changes nothing', async () => {
    const batch = open();
    const [late, other] = [append(batch, 60), append(batch)];
    await server.received(2);
    expect(await failureOf(late)).toMatchObject({ kind: 'lost' });
    for (const request of server.requests) server.answer(server.success(request));
    expect(await other).toMatchObject({ revision: 0 });
    expect(batch.isClosed).toBe(false);
  });

  it('finish after it is closed; then the connection ends', async () => {
    const batch = open();
    const one = append(batch);
    await server.received(1);
    batch.close();
    expect(batch.isClosed).toBe(true);
    expect(await failureOf(append(batch))).toMatchObject({ kind: 'not-ready' });
    expect(server.sessions).toBe(1);
    server.answer(server.success(server.requests[0]!));
    expect(await one).toMatchObject({ revision: 0 });
    while (server.sessions > 0) await sleep(2);
    expect(server.requests).toHaveLength(1);
  });
});

describe('the end of the request', () => {
  const NOT_LEADER = {
    'grpc-status': '5',
    'grpc-message': 'Leader info available',
    exception: 'not-leader',
    'leader-endpoint-host': 'db-2',
    'leader-endpoint-port': '2113',
  };

  it('by a node that has ceased to be the leader names the new one, and leaves every outcome unknown', async () => {
    const batch = open();
    const appends = [append(batch), append(batch)];
    await server.received(2);
    server.end(NOT_LEADER);
    for (const one of appends)
      expect(await failureOf(one)).toMatchObject({ kind: 'not-leader', leader: { address: 'db-2', port: 2113 }, mayBeStored: true });
  });

  it('by refused credentials means that nothing was done', async () => {
    const batch = open();
    const one = append(batch);
    await server.received(1);
    server.end({ 'grpc-status': '16', 'grpc-message': 'Unauthenticated' });
    const failure = await failureOf(one);
    expect(failure.kind).toBe('refused');
    expect(failure).not.toHaveProperty('mayBeStored');
  });

  it.each([
    ['without a status', () => server.stream!.close(constants.NGHTTP2_NO_ERROR), 'lost', 'open'],
    ['with a reset', () => server.stream!.close(constants.NGHTTP2_INTERNAL_ERROR), 'lost', 'open'],
    ['unread', () => server.stream!.close(constants.NGHTTP2_REFUSED_STREAM), 'not-ready', 'open'],
    ['with the status OK', () => server.end({ 'grpc-status': '0' }), 'lost', 'open'],
    ['with its connection', () => server.stream!.session!.destroy(), 'lost', 'closed'],
    ['after a compressed answer', () => server.answer(Buffer.from([1, 0, 0, 0, 1, 0])), 'lost', 'closed'],
    ['after the prefix of a huge answer', () => server.answer(Buffer.from([0, 127, 0, 0, 0])), 'lost', 'closed'],
  ])(
    '%s fails every append without an answer, and the next append opens another if the connection lives',
    async (_, end, kind, connection) => {
      const batch = open();
      const appends = [append(batch), append(batch)];
      await server.received(2);
      end();
      for (const one of appends) expect(await failureOf(one)).toMatchObject({ kind });
      expect(batch.isClosed).toBe(connection === 'closed');
      const next = append(batch);
      if (connection === 'closed') return expect(await failureOf(next)).toMatchObject({ kind: 'not-ready' });
      await server.received(3);
      server.answer(server.success(server.requests[2]!));
      expect(await next).toMatchObject({ revision: 0 });
      expect(server.sessions).toBe(1);
    },
  );

  it.each([
    [401, 'refused'],
    [403, 'refused'],
    [404, 'invalid'],
    [503, 'lost'],
  ])('with the HTTP status %d of a proxy is %s', async (http, kind) => {
    await server.stop();
    server = await new Endpoint().start(false);
    const one = append(open());
    await server.received(1);
    server.stream!.respond({ ':status': http, 'content-type': 'text/html' });
    server.stream!.end('<html>a page</html>');
    expect(await failureOf(one)).toMatchObject({ kind, message: expect.stringContaining(String(http)) });
  });

  it('is announced by a server that shuts down: what it has finishes, and nothing new is sent', async () => {
    const batch = open();
    const one = append(batch);
    await server.received(1);
    server.goAway();
    while (!batch.isClosed) await sleep(2);
    server.answer(server.success(server.requests[0]!));
    expect(await one).toMatchObject({ revision: 0 });
  });

  it('comes when the connection answers no ping, long before a deadline', async () => {
    const proxy = await new Proxy({ port: server.port }).start();
    const batch = open({ keepAliveInterval: 40, keepAliveTimeout: 60 }, proxy.port);
    const slow = append(batch, 60_000);
    await server.received(1);
    await sleep(150); // a server that answers pings may take its time with an append
    server.answer(server.success(server.requests[0]!));
    expect(await slow).toMatchObject({ revision: 0 });
    proxy.hold();
    expect(await failureOf(append(batch, 60_000))).toMatchObject({ kind: 'lost' });
    expect(batch.isClosed).toBe(true);
    await proxy.close();
  });
});

describe('without a connection', () => {
  it('appends are never sent, where nothing listens', async () => {
    const { port } = server;
    await server.stop();
    const batch = open({}, port);
    const appends = [append(batch), append(batch)];
    const refused = { kind: 'not-ready', message: expect.stringContaining('ECONNREFUSED') };
    expect(await failureOf(batch.connected(DEADLINE))).toMatchObject(refused);
    for (const one of appends) expect(await failureOf(one)).toMatchObject(refused);
    server = await new Endpoint().start();
  });

  it('appends are never sent, where the server does not shake hands before the deadline', async () => {
    const silent = createTcpServer((socket) => socket.on('error', () => undefined)).listen(0, '127.0.0.1');
    others.push(silent);
    await once(silent, 'listening');
    const batch = open({ tls: true }, (silent.address() as AddressInfo).port);
    expect(await failureOf(append(batch, 80))).toMatchObject({ kind: 'not-ready' });
    expect(batch.isClosed).toBe(true);
    const other = open({ tls: true }, (silent.address() as AddressInfo).port);
    expect(await failureOf(other.connected(80))).toMatchObject({
      kind: 'not-ready',
      message: expect.stringContaining('before the deadline'),
    });
    expect(other.isClosed).toBe(true);
  });
});

describe('a store', () => {
  it('sends a large append by a call of its own, beside the small ones', async () => {
    const fake = await new FakeServer().start();
    const store = await KurrentStore.open({ url: fake.url, timeZone: 'UTC', now: () => new Date().toISOString(), newId });
    const before = { ...fake.calls };
    const large = freshStream();
    await Promise.all([
      store.append(large, -1, [fact({ text: 'x'.repeat(MAX_BATCHED_BYTES) })]),
      store.append(freshStream(), -1, [fact({ text: 'x' })]),
    ]);
    expect(fake.calls).toEqual({ ...before, append: before.append + 1, batchAppend: before.batchAppend + 1 });
    expect(await store.read(large)).toHaveLength(1);
    await store.close();
    await fake.kill();
  });
});
