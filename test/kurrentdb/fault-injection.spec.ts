import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EventStoreDBClient, jsonEvent, type AppendToStreamOptions } from '@eventstore/db-client';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Caller, event, events, type Subscribed } from './caller.js';
import { Authority } from '../fakes/kurrentdb/certificate.js';
import { Log } from '../fakes/kurrentdb/log.js';
import { FakeServer, type FakeServerOptions } from '../fakes/kurrentdb/fake-server.js';

const credentials = { username: 'admin', password: 'changeit' };

let servers: FakeServer[] = [];
let callers: Caller[] = [];
let server: FakeServer;
let caller: Caller;

const another = async (options: FakeServerOptions = {}): Promise<FakeServer> => {
  const node = await new FakeServer(options).start();
  servers.push(node);
  return node;
};
const callerOf = (url: string, batches = false): Caller => {
  const made = new Caller(url, batches);
  callers.push(made);
  return made;
};

beforeEach(async () => {
  server = await another();
  caller = callerOf(server.url);
});
afterEach(async () => {
  await Promise.all(callers.map((made) => made.dispose()));
  await Promise.all(servers.map((node) => node.kill()));
  [servers, callers] = [[], []];
});

/** A subscription to the end of the log that has caught up. */
const subscribed = async (stream = 's'): Promise<Subscribed> => {
  const subscription = await caller.subscribe({ from: 'end', prefixes: [stream] });
  expect(await subscription.until('caught up', 0)).toEqual(['confirmed', 'caught up']);
  return subscription;
};
const append = (options: AppendToStreamOptions = {}) =>
  caller.client.appendToStream('s', jsonEvent({ type: 'T', data: {} }), { credentials, ...options });
const recorded = (stream = 's') => server.recorded(stream).map(({ revision }) => revision);

describe('a fake server that ends', () => {
  it.each(['stop', 'kill'] as const)('with %s keeps its data and its port', async (end) => {
    const { port } = server;
    const ids = events(2);
    await caller.append('s', ids, 'no_stream');
    await server[end]();
    expect(await caller.append('s', events(1), 1)).toBe('unavailable');
    await server.start();
    expect(server.port).toBe(port);
    expect(await caller.append('s', ids, 'no_stream')).toBe('at 1');
    expect(await caller.append('s', events(1), 1)).toBe('at 2');
  });

  it('with kill drops every connection at once', async () => {
    const subscription = await subscribed();
    await server.kill();
    expect(await subscription.until('ended')).toEqual(['14: Connection dropped', 'ended']);
  });

  it('with stop lets calls finish and ends subscriptions without a status', async () => {
    const subscription = await subscribed();
    server.latency = 30;
    const last = append();
    await server.received('append', 1);
    const stopped = server.stop(100);
    expect((await last).nextExpectedRevision).toBe(0n);
    await expect(append()).rejects.toMatchObject({ code: 14 });
    expect(await subscription.until('ended')).toEqual(['13: Received RST_STREAM with code 0 (Call ended without gRPC status)', 'ended']);
    await stopped;
    expect(recorded()).toEqual([0]);
  });
});

describe('an injected failure of a call', () => {
  it('occurs as often as requested, and nothing is stored', async () => {
    server.failNext('append', { code: 8, details: 'too much' }, { times: 2 });
    for (let n = 0; n < 2; n++) await expect(append()).rejects.toMatchObject({ code: 8, message: expect.stringContaining('too much') });
    expect(recorded()).toEqual([]);
    await append();
    expect(recorded()).toEqual([0]);
    expect(server.calls.append).toBe(3);
  });

  it('can carry trailers', async () => {
    server.failNext('readStream', {
      code: 5,
      metadata: { exception: 'not-leader', 'leader-endpoint-host': 'h', 'leader-endpoint-port': '7' },
    });
    await append();
    const read = (async () => {
      for await (const _ of caller.client.readStream('s'));
    })();
    await expect(read).rejects.toMatchObject({ type: 'not-leader', leader: { address: 'h', port: 7 } });
  });

  it('can come after some messages of the answer', async () => {
    await append();
    await append();
    server.failNext('readStream', { code: 13 }, { after: 1 });
    const messages = await caller.messages({ stream: 's', count: 9 });
    expect(messages.map((message) => typeof message)).toEqual(['object', 'string']);
    server.failNext('subscribe', { code: 2, details: 'at the third' }, { after: 2 });
    const subscription = await caller.subscribe({ prefixes: ['s'] });
    expect(await subscription.until('ended')).toEqual(['confirmed', 's@0', '2: at the third', 'ended']);
  });

  it.each(['readStream', 'readAll', 'subscribe', 'delete', 'tombstone', 'gossip', 'features', 'batchAppend'] as const)(
    'can be injected into %s',
    async (method) => {
      server.failNext(method, { code: 13, details: 'injected' });
      const calls: Record<typeof method, () => Promise<unknown>> = {
        readStream: () => caller.read({ stream: 's' }),
        readAll: () => caller.read({}),
        subscribe: async () => (await (await caller.subscribe({})).until('ended'))[0],
        delete: () => caller.delete('s'),
        tombstone: () => caller.tombstone('s'),
        gossip: () =>
          EventStoreDBClient.connectionString(`${server.url.replace('esdb:', 'esdb+discover:')}&maxDiscoverAttempts=1`)
            .readStream('s')
            .toArray()
            .catch((error: Error) => error.message),
        features: () => callerOf(server.url, true).append('s', events(1)),
        batchAppend: () => callerOf(server.url, true).append('s', events(1)),
      };
      expect(await calls[method]()).toMatch(/^13: (13 INTERNAL: )?injected$|^Failed to discover/);
      expect(server.calls[method]).toBe(1);
    },
  );

  it('can be a missing answer, with nothing stored', async () => {
    server.holdNext('append');
    await expect(append({ deadline: 50 })).rejects.toMatchObject({ type: 'deadline-exceeded' });
    server.holdNext('readStream', { after: 1 });
    await append();
    await append();
    const read = await caller.subscribe({ stream: 's', count: 9 });
    expect(await read.until('s@0')).toEqual(['s@0']);
    expect(await read.until('anything', 0, 60)).toEqual([]);
    read.cancel();
    expect(recorded()).toEqual([0, 1]);
  });

  it('can be a cut connection, with nothing stored', async () => {
    server.cutNext('append');
    await expect(append()).rejects.toMatchObject({ type: 'unavailable' });
    expect(recorded()).toEqual([]);
    await append();
    expect(recorded()).toEqual([0]);
  });
});

describe('a write that is stored without a success answer', () => {
  it.each([
    ['loses its connection', 'cut', 'unavailable'],
    ['gets no answer', 'hold', 'deadline-exceeded'],
    ['gets an error', { code: 10 } as const, 'timeout'],
  ] as const)('%s', async (_, fate, type) => {
    server.storeThenFail('append', fate);
    await expect(append({ deadline: fate === 'hold' ? 100 : 5_000 })).rejects.toMatchObject({ type });
    expect(recorded()).toEqual([0]);
  });

  it('can be a deletion, or an append in the shared batch call', async () => {
    await append();
    server.storeThenFail('delete', { code: 10 });
    expect(await caller.delete('s')).toBe('timeout');
    expect(await caller.read({ stream: 's' })).toEqual(['not found']);
    server.storeThenFail('tombstone', { code: 10 });
    expect(await caller.tombstone('s')).toBe('timeout');
    expect(await caller.tombstone('s')).toBe('stream-deleted');
    server.storeThenFail('batchAppend', { code: 14 });
    expect(await callerOf(server.url, true).append('t', events(1))).toBe('unavailable');
    expect(recorded('t')).toEqual([0]);
  });
});

describe('a fake cluster node', () => {
  it('that follows redirects calls that require the leader and serves others from the shared log', async () => {
    const follower = await another({ log: server.log });
    follower.leaderIs('127.0.0.1', server.port);
    const client = callerOf(follower.url);
    const elsewhere = { type: 'not-leader', leader: { address: '127.0.0.1', port: server.port } };
    const leading = { credentials, requiresLeader: true };
    await expect(client.client.appendToStream('s', event(), leading)).rejects.toMatchObject(elsewhere);
    expect((await client.client.appendToStream('s', event(), leading)).nextExpectedRevision).toBe(0n);
    expect([follower.calls.append, server.calls.append]).toEqual([1, 1]);
    expect(await callerOf(follower.url).append('s', events(1), 0)).toBe('at 1');
    expect(await callerOf(follower.url).read({ stream: 's' })).toEqual(['s@0', 's@1']);
    for (const options of [{ stream: 's' }, {}]) {
      expect(await callerOf(follower.url).read({ ...options, requiresLeader: true })).toBe('5: Leader info available');
    }
    const subscription = await callerOf(follower.url).subscribe({ requiresLeader: true });
    expect(await subscription.until('ended')).toEqual(['5: Leader info available', 'ended']);
    follower.leaderIs();
    expect(await callerOf(follower.url).read({ stream: 's', requiresLeader: true })).toEqual(['s@0', 's@1']);
  });

  it('names the leader in its gossip', async () => {
    const follower = await another({ log: server.log });
    follower.leaderIs('127.0.0.1', server.port);
    const client = callerOf(`esdb://127.0.0.1:${follower.port},127.0.0.1:1?tls=false`);
    await client.append('s', events(1));
    expect([follower.calls.append, server.calls.append]).toEqual([0, 1]);
  });

  it('that is electing a leader answers that it is not ready, and discovery does not choose it', async () => {
    server.isReady(false);
    expect(await caller.append('s', events(1))).toBe('unavailable');
    expect(await caller.read({ stream: 's' })).toBe('14: Server Is Not Ready');
    const client = callerOf(`${server.url.replace('esdb:', 'esdb+discover:')}&maxDiscoverAttempts=2&discoveryInterval=1`);
    expect(await client.append('s', events(1))).toBe('error: Failed to discover after 2 attempts.');
    server.isReady(true);
    expect(await caller.append('s', events(1))).toBe('at 0');
  });
});

describe('authentication', () => {
  let dir: string;
  let ca: string;
  const authority = new Authority();
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'tower-ledger-tls-'));
    ca = join(dir, 'ca.crt');
    await writeFile(ca, authority.certificate);
  });
  afterEach(() => rm(dir, { recursive: true }));
  const trusted = (url: string, user = '') => `${url.replace('esdb://', `esdb://${user}`)}&tlsCAFile=${encodeURIComponent(ca)}`;

  it('checks user and password, over TLS', async () => {
    const node = await another({ tls: authority.issue('node', ['localhost', '127.0.0.1']) });
    node.requireCredentials('admin', 's3cret');
    const outcomesFor = async (user: string) => {
      const client = callerOf(trusted(node.url, user)).client;
      const calls = [
        () => client.appendToStream('s', event(), user === '' ? {} : { credentials: credentialsOf(user) }),
        () => client.readStream('s').toArray(),
        () => client.deleteStream('s'),
      ];
      const answers: unknown[] = [];
      for (const call of calls) answers.push(await call().then(() => 'done', (error: any) => `${error.type} ${error.code}`)); // prettier-ignore
      return answers;
    };
    const credentialsOf = (user: string) => {
      const [username = '', password = ''] = user.slice(0, -1).split(':');
      return { username, password };
    };
    expect(await outcomesFor('admin:s3cret@')).toEqual(['done', 'done', 'done']);
    expect(await outcomesFor('admin:other@')).toEqual(Array(3).fill('access-denied 16'));
    expect(await outcomesFor('')).toEqual(['access-denied undefined', 'access-denied 7', 'access-denied 7']);
    expect(node.recorded('s')).toHaveLength(1);
  });

  it('fails for a client that trusts another authority', async () => {
    const node = await another({ tls: new Authority('somebody else').issue('node', ['localhost']) });
    await expect(callerOf(trusted(node.url)).append('s', events(1))).resolves.toMatch(/^(error|14|unavailable)/);
    expect(node.calls.features + node.calls.append).toBe(0);
  });

  it('can require a client certificate', async () => {
    const node = await another({ tls: { ...authority.issue('node', ['localhost']), clientsOf: authority.certificate } });
    const user = authority.issue('ledger');
    const [cert, key] = [join(dir, 'user.crt'), join(dir, 'user.key')];
    await Promise.all([writeFile(cert, user.certificate), writeFile(key, user.key)]);
    const files = `&userCertFile=${encodeURIComponent(cert)}&userKeyFile=${encodeURIComponent(key)}`;
    expect(await callerOf(`${trusted(node.url)}${files}`).append('s', events(1))).toBe('at 0');
    expect(await callerOf(trusted(node.url)).append('s', events(1))).not.toBe('at 1');
    expect(node.recorded('s')).toHaveLength(1);
  });
});

describe('subscriptions', () => {
  it('that are silenced stay open; new ones receive events', async () => {
    const subscription = await subscribed();
    server.silenceSubscriptions();
    await append();
    expect(await subscription.until('anything', 0, 60)).toEqual([]);
    const later = await caller.subscribe({ prefixes: ['s'] });
    expect(await later.until('s@0', 0)).toContain('s@0');
    expect(server.openSubscriptions).toBe(2);
    subscription.cancel();
    later.cancel();
    for (let n = 0; n < 100 && server.openSubscriptions > 0; n++) await sleep(5);
    expect(server.openSubscriptions).toBe(0);
  });

  it('can be dropped with or without an error', async () => {
    for (const [failure, messages] of [
      [undefined, ['ended']],
      [{ code: 1, details: 'dropped' } as const, ['1: dropped', 'ended']],
    ] as const) {
      const subscription = await subscribed();
      server.dropSubscriptions(failure);
      expect(await subscription.until('ended')).toEqual(messages);
      expect(server.openSubscriptions).toBe(0);
    }
  });

  it('with a slow reader fall behind and catch up without gap or repeat', async () => {
    const subscription = await subscribed();
    subscription.call.pause();
    for (let n = 0; n < 20; n++) {
      for (let written = 0; written < 20; written++) server.writeForeign('s', { type: 'T', data: Buffer.alloc(5_000) });
      await sleep(1);
    }
    subscription.call.resume();
    await subscription.until('s@399', 0).then((messages) => {
      expect(messages.filter((message) => message.startsWith('s@'))).toEqual(Array.from({ length: 400 }, (_, n) => `s@${n}`));
      expect(messages.filter((message) => message === 'caught up').length).toBeGreaterThan(0);
    });
    subscription.cancel();
  });
});

describe('the fake server', () => {
  it('counts calls and the appends in flight at once', async () => {
    server.latency = 30;
    const start = performance.now();
    await Promise.all([append(), append(), append()]);
    expect(performance.now() - start).toBeGreaterThan(29);
    await append();
    expect(server.appendsAtOnce).toBe(3);
    expect(server.calls).toMatchObject({ append: 4, readStream: 0, batchAppend: 0 });
    server.holdNext('append');
    await expect(append({ deadline: 60 })).rejects.toMatchObject({ type: 'deadline-exceeded' });
    await append();
    expect(server.appendsAtOnce).toBe(3);
  });

  it('does not execute a call that was cancelled before it was processed', async () => {
    await append();
    server.latency = 80;
    await expect(append({ deadline: 20 })).rejects.toMatchObject({ type: 'deadline-exceeded' });
    await expect(caller.client.deleteStream('s', { deadline: 20 })).rejects.toMatchObject({ type: 'deadline-exceeded' });
    await sleep(120);
    server.latency = 0;
    expect(await caller.read({ stream: 's' })).toEqual(['s@0']);
  });

  it('writes events of other programs and of the server itself', async () => {
    const from = await caller.appended('s');
    server.writeForeign('s', { type: 'B', data: Buffer.from([1, 255]), contentType: 'application/octet-stream' });
    server.systemWrite(2);
    expect(recorded()).toEqual([0, 1]);
    const [, binary] = await caller.client.readStream('s').toArray();
    expect(binary!.event).toMatchObject({ type: 'B', isJson: false, data: Uint8Array.from([1, 255]) });
    const stats = `$stats-127.0.0.1:${server.port}`;
    expect(await caller.read({ from })).toEqual(['s@0', 's@1', `${stats}@0`, `${stats}@1`]);
    expect(await caller.read({ from: 'end', backwards: true, count: 1 })).toEqual([`${stats}@1`]);
  });

  it('limits the size of an append and of an event', async () => {
    server.maxAppendSize = 2_000;
    server.maxEventSize = 1_500;
    const large = (size: number) => event({ text: 'x'.repeat(size) });
    const outcomeOf = (added: ReturnType<typeof large>[], batches: boolean) => callerOf(server.url, batches).append('s', added);
    expect(await outcomeOf([large(1_500)], false)).toMatch(
      /^3: Event with Id: .*, Size: \d+, exceeds Maximum Append Event Size of 1500\.$/,
    );
    for (const batches of [false, true]) {
      expect(await outcomeOf([large(1_000), large(1_000)], batches)).toBe('maximum-append-size-exceeded');
    }
    expect(recorded()).toEqual([]);
  });

  it('scavenges: hidden events disappear from $all too, except the last event of a stream that can still grow', async () => {
    const begin = await caller.appended('first');
    const kept = new Map<string, ReturnType<typeof events>>();
    for (const stream of ['deleted', 'ended', 'truncated', 'bounded']) {
      kept.set(stream, events(4));
      await caller.append(stream, kept.get(stream)!, 'no_stream');
    }
    await caller.learn(begin);
    const [first] = [...caller.places].find(([, name]) => name === 'deleted@0')!;
    server.deleteStream('deleted');
    server.tombstoneStream('ended');
    server.boundStream('truncated', { $tb: 2 });
    server.boundStream('bounded', { $maxCount: 1 });
    server.log.scavenge();
    const left = ['deleted@3', 'truncated@2', 'truncated@3', 'bounded@3'];
    expect((await caller.read({ from: first })).slice(0, 4)).toEqual(left);
    expect(await caller.read({ from: first, prefixes: ['ended'] })).toEqual(['ended@end']);
    expect(await caller.append('deleted', kept.get('deleted')!, 'no_stream')).toBe('at 3, nowhere');
    expect(await caller.append('truncated', kept.get('truncated')!.slice(0, 1), 'no_stream')).toBe('at 0, nowhere');
    expect(await caller.append('truncated', kept.get('truncated')!, 'no_stream')).toBe('at 3');
    expect(await caller.append('deleted', events(1), 'no_stream')).toBe('at 4');
    expect(await caller.read({ stream: 'deleted' })).toEqual(['deleted@4']);
  });

  it('can be given another log, like the restore of a backup', async () => {
    await append();
    server.log = new Log(Date.now);
    expect(await caller.read({ stream: 's' })).toEqual(['not found']);
    await append();
    expect(recorded()).toEqual([0]);
  });
});
