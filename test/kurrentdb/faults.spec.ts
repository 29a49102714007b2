import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewEvent, RecordedEvent } from '../../src/kernel/index.js';
import {
  HistoryBrokenError,
  OutcomeUnknownError,
  StoreUnavailableError,
  WrongExpectedRevisionError,
  type Appended,
} from '../../src/store/event-store.js';
import { connectionOf } from '../../src/store/kurrentdb/connection.js';
import { KurrentStore, type KurrentOptions } from '../../src/store/kurrentdb/kurrent-store.js';
import { ClusterConnection } from '../../src/store/kurrentdb/cluster-connection.js';
import { StreamNames } from '../../src/store/kurrentdb/stream-names.js';
import { Subscription } from '../../src/store/kurrentdb/subscription.js';
import { fact, facts, freshStream, newId, wholeLog } from '../store/event-store.contract.js';
import { appendBy, transport } from './transport.js';
import { Proxy } from '../fakes/kurrentdb/proxy.js';
import { FakeServer, type FakeServerOptions } from '../fakes/kurrentdb/fake-server.js';

const STATUS = { cancelled: 1, unknown: 2, deadline: 4, exhausted: 8, aborted: 10, internal: 13, unavailable: 14 } as const;

/** How the fake server names the appends of these stores. */
const APPEND = appendBy();

let servers: FakeServer[] = [];
let stores: KurrentStore[] = [];
let proxies: Proxy[] = [];
let logged: string[] = [];
let server: FakeServer;
const unhandled: unknown[] = [];
const note = (error: unknown) => unhandled.push(error);

beforeEach(async () => {
  process.on('unhandledRejection', note);
  logged = [];
  server = await another();
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.close()));
  await Promise.all(servers.map((node) => node.kill().catch(() => undefined)));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  [stores, servers, proxies] = [[], [], []];
  process.off('unhandledRejection', note);
  expect(unhandled.splice(0)).toEqual([]);
});

const another = async (options: FakeServerOptions = {}): Promise<FakeServer> => {
  const node = await new FakeServer(options).start();
  servers.push(node);
  return node;
};

const behindProxy = async (): Promise<{ proxy: Proxy; url: string }> => {
  const proxy = await new Proxy({ port: server.port }).start();
  proxies.push(proxy);
  return { proxy, url: `esdb://127.0.0.1:${proxy.port}?tls=false` };
};

/** Opens a store with deadlines about ten times shorter than in production. */
const open = async (more: Partial<KurrentOptions> = {}): Promise<KurrentStore> => {
  const store = await KurrentStore.open({
    url: server.url,
    timeZone: 'Europe/London',
    now: () => new Date().toISOString(),
    newId,
    uptime: () => performance.now(),
    log: (message) => logged.push(message),
    deadline: 2_000,
    patience: 400,
    liveness: 100,
    appends: transport.appends,
    ...more,
  });
  stores.push(store);
  return store;
};

/** Appends like the engine: repeats the same call while its outcome is unknown or the store is unavailable. */
const insist = async (store: KurrentStore, stream: string, expected: number, events: readonly NewEvent[]): Promise<Appended> => {
  for (;;) {
    try {
      return await store.append(stream, expected, events);
    } catch (error) {
      const passes = error instanceof OutcomeUnknownError || error instanceof StoreUnavailableError;
      if (!passes || !stores.includes(store)) throw error;
      await sleep(20);
    }
  }
};

interface Work {
  readonly acknowledged: ReadonlyMap<string, readonly string[]>;
  readonly followed: readonly RecordedEvent[];
}

/** Runs writers, each on its own stream, and a follower from the start while `trouble` injects faults, until all is written and seen. */
const underTrouble = async (
  store: KurrentStore,
  trouble: (done: () => number) => Promise<void>,
  { writers = 8, appends = 15, together = 2 } = {},
): Promise<Work> => {
  const acknowledged = new Map<string, string[]>();
  let done = 0;
  const stop = new AbortController();
  const followed: RecordedEvent[] = [];
  const follower = (async () => {
    for await (const batch of store.follow(undefined, stop.signal)) {
      followed.push(...batch);
      if (followed.length >= writers * appends * together) return;
    }
  })();
  const write = async () => {
    const stream = freshStream();
    const ids: string[] = [];
    acknowledged.set(stream, ids);
    for (let n = 0; n < appends; n++) {
      const events = facts(together);
      const { revision } = await insist(store, stream, n * together - 1, events);
      expect(revision).toBe((n + 1) * together - 1);
      ids.push(...events.map(({ id }) => id));
      done++;
      await sleep(2);
    }
  };
  await Promise.all([...Array.from({ length: writers }, write), trouble(() => done)]);
  await Promise.race([follower, sleep(10_000, undefined, { ref: false })]);
  stop.abort();
  await follower;
  return { acknowledged, followed };
};

const reached = async (what: () => boolean, ms = 5_000): Promise<void> => {
  for (let waited = 0; !what() && waited < ms; waited += 5) await sleep(5);
};

/** Expects that no acknowledged event is lost or stored twice, and that the follower saw all of them in order. */
const expectWhole = async ({ acknowledged, followed }: Work): Promise<void> => {
  const store = await open({ url: server.url, deadline: 10_000, log: () => undefined });
  for (const [stream, ids] of acknowledged) {
    expect((await store.read(stream)).map(({ id }) => id)).toEqual(ids);
    expect(server.recorded(stream).map(({ id }) => id)).toEqual(ids);
  }
  const log = await wholeLog(store);
  expect(followed.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
  expect(followed).toEqual(log);
};

/** One event per append. */
const ALONE = { together: 1 } as const;

/** Writes the first events of a stream of one log to a server of its own. */
const copyInto = (node: FakeServer, log: FakeServer['log'], stream: string, count = Infinity): void => {
  for (const { id, type, data, metadata } of log.recorded(stream).slice(0, count))
    node.writeForeign(stream, { id, type, data: Buffer.from(data), metadata: Buffer.from(metadata) });
};

const outages = () => logged.filter((message) => message.includes('does not answer'));
const recoveries = () => logged.filter((message) => message.includes('answering again'));

describe('the server', () => {
  it('can be killed three times during appends: no event is lost or stored twice, and a follower misses none', async () => {
    const store = await open();
    const work = await underTrouble(
      store,
      async (done) => {
        for (const at of [20, 50, 80]) {
          await reached(() => done() >= at);
          await server.kill();
          await sleep(80);
          await server.start();
        }
      },
      ALONE,
    );
    await expectWhole(work);
    expect(outages()).toHaveLength(3);
    expect(recoveries()).toHaveLength(3);
  }, 20_000);

  it('can be restarted: one message reports the outage, one its end', async () => {
    const store = await open();
    const work = await underTrouble(store, async (done) => {
      await reached(() => done() >= 30);
      await server.stop();
      await sleep(600);
      await server.start();
    });
    await expectWhole(work);
    expect(outages()).toHaveLength(1);
    expect(recoveries()).toHaveLength(1);
    expect(recoveries()[0]).toMatch(/after \d\.\d s/);
  }, 20_000);

  it('that stays down makes appends and reads fail fast, with a time to retry, until it is back', async () => {
    const store = await open({ patience: 1_000 });
    await server.kill();
    await Promise.allSettled(Array.from({ length: 50 }, () => store.append(freshStream(), -1, facts(1))));
    await sleep(1_000);
    const begun = performance.now();
    const attempts = await Promise.allSettled(Array.from({ length: 200 }, () => store.append(freshStream(), -1, facts(1))));
    expect(performance.now() - begun).toBeLessThan(900);
    for (const attempt of attempts) {
      expect(attempt).toMatchObject({ status: 'rejected', reason: { name: 'StoreUnavailableError', retryAfter: expect.any(Number) } });
    }
    await expect(store.read(freshStream())).rejects.toBeInstanceOf(StoreUnavailableError);
    await expect(store.head()).rejects.toBeInstanceOf(StoreUnavailableError);
    await server.start();
    await insist(store, freshStream(), -1, facts(1));
    expect(outages()).toHaveLength(1);
    expect(recoveries()).toHaveLength(1);
  });

  it('that stays down is not flooded: reconnection backs off', async () => {
    const store = await open();
    await store.append(freshStream(), -1, facts(1));
    await server.kill();
    let connections = 0;
    const listener = createServer((socket) => {
      connections++;
      socket.resetAndDestroy();
    }).listen(server.port, '127.0.0.1');
    const stop = new AbortController();
    const follower = (async () => {
      for await (const batch of store.follow(undefined, stop.signal)) void batch;
    })();
    for (let n = 0; n < 100; n++) {
      void store.append(freshStream(), -1, facts(1)).catch(() => undefined);
      await sleep(15);
    }
    expect(connections).toBeGreaterThan(2);
    expect(connections).toBeLessThan(25);
    expect(outages()).toHaveLength(1);
    stop.abort();
    await follower;
    listener.close();
  });

  it('with every member down does not end the process, with 200 calls in flight', async () => {
    const other = await another();
    server.leaderIs('127.0.0.1', other.port);
    const store = await open({ url: `esdb://127.0.0.1:${server.port},127.0.0.1:${other.port}?tls=false`, patience: 200 });
    other.latency = 30;
    const before = Array.from({ length: 100 }, () => store.append(freshStream(), -1, facts(1)));
    await sleep(40);
    await Promise.all([server.kill(), other.kill()]);
    const after = Array.from({ length: 100 }, () => store.append(freshStream(), -1, facts(1)));
    for (const outcome of await Promise.allSettled([...before, ...after])) {
      if (outcome.status === 'rejected') expect(['OutcomeUnknownError', 'StoreUnavailableError']).toContain((outcome.reason as Error).name);
    }
    other.latency = 0;
    await Promise.all([server.start(), other.start()]);
    await insist(store, freshStream(), -1, facts(1));
  });

  it('restored from an older backup is detected by a follower that had read further', async () => {
    const store = await open();
    const stream = freshStream();
    await store.append(stream, -1, facts(2));
    const early = server.log;
    await store.append(stream, 1, facts(5));
    const follow = store.follow(undefined, new AbortController().signal);
    for (let seen = 0; seen < 7;) seen += (await follow.next()).value!.length;
    const { port } = server;
    await server.kill();
    const older = await another({ port });
    copyInto(older, early, 'genesis');
    copyInto(older, early, stream, 2);
    await expect(follow.next()).rejects.toThrow(/The log ends at k\d+, before k\d+, which was already read/);
  }, 20_000);
});

describe('a log', () => {
  it('that is behind its reader only for a moment, as after a change of leader, is followed without an error', async () => {
    const store = await open();
    const stream = freshStream();
    await store.append(stream, -1, facts(3));
    const follow = store.follow(undefined, AbortSignal.timeout(4_000), 1);
    for (let n = 0; n < 3; n++) expect((await follow.next()).value).toMatchObject([{ revision: n }]);
    const { log } = server;
    const late = await another();
    copyInto(late, log, 'genesis');
    server.log = late.log;
    server.dropSubscriptions({ code: STATUS.unavailable });
    await server.received('readAll', server.calls.readAll + 2);
    server.log = log;
    await store.append(stream, 2, facts(1));
    expect((await follow.next()).value).toMatchObject([{ revision: 3 }]);
    await follow.return(undefined);
  });
});

describe('a connection', () => {
  it('cut between request and answer leaves an unknown outcome, which the same append resolves', async () => {
    const store = await open();
    for (const fate of [
      'cut',
      { code: STATUS.internal, details: 'RST_STREAM' },
      { code: STATUS.unknown },
      { code: STATUS.cancelled },
    ] as const) {
      const stream = freshStream();
      const events = facts(3);
      server.storeThenFail(APPEND, fate);
      await expect(store.append(stream, -1, events)).rejects.toBeInstanceOf(OutcomeUnknownError);
      expect(server.recorded(stream)).toHaveLength(3);
      const answer = await insist(store, stream, -1, events);
      expect(answer).toEqual({ revision: 2, position: (await store.read(stream)).at(-1)!.position });
      expect(server.recorded(stream)).toHaveLength(3);
    }
  });

  it('cut before the answer does not let different events with the same ids pass as stored', async () => {
    const store = await open();
    const stream = freshStream();
    const [event] = facts(1) as [NewEvent];
    server.storeThenFail(APPEND, 'cut');
    await expect(store.append(stream, -1, [event])).rejects.toBeInstanceOf(OutcomeUnknownError);
    await expect(insist(store, stream, -1, [{ ...event, data: { forged: true } }])).rejects.toBeInstanceOf(WrongExpectedRevisionError);
    expect((await insist(store, stream, -1, [event])).revision).toBe(0);
  });

  it('that breaks in the middle of a read does not shorten the result', async () => {
    const store = await open();
    const stream = freshStream();
    await store.append(stream, -1, facts(30));
    for (const failure of [{ code: STATUS.internal }, { code: STATUS.unavailable }, { code: STATUS.cancelled }]) {
      server.failNext('readStream', failure, { after: 7 });
      expect(await store.read(stream)).toHaveLength(30);
      server.failNext('readAll', failure, { after: 7 });
      expect((await wholeLog(store)).filter((event) => event.stream === stream)).toHaveLength(30);
    }
    server.cutNext('readStream', { after: 3 });
    expect(await store.read(stream)).toHaveLength(30);
  });

  it('cut with the request leaves an unknown outcome, and the same append stores the events', async () => {
    const store = await open();
    const stream = freshStream();
    const events = facts(2);
    server.cutNext(APPEND);
    await expect(store.append(stream, -1, events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(server.recorded(stream)).toEqual([]);
    expect((await insist(store, stream, -1, events)).revision).toBe(1);
  });

  it('cut again and again during appends neither loses nor duplicates an event', async () => {
    const store = await open();
    const work = await underTrouble(
      store,
      async (done) => {
        for (let at = 5; at < 110; at += 8) {
          await reached(() => done() >= at);
          if (at % 2 === 0) server.cutNext(APPEND);
          else server.storeThenFail(APPEND, 'cut');
        }
      },
      ALONE,
    );
    await expectWhole(work);
    expect(outages().length).toBe(recoveries().length);
  }, 20_000);

  it('without an answer is replaced after the deadline', async () => {
    const store = await open({ deadline: 150 });
    const stream = freshStream();
    const events = facts(1);
    server.storeThenFail(APPEND, 'hold');
    const begun = performance.now();
    await expect(store.append(stream, -1, events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(performance.now() - begun).toBeGreaterThan(100);
    expect(performance.now() - begun).toBeLessThan(1_000);
    await insist(store, stream, -1, events);
    expect(server.recorded(stream)).toHaveLength(1);
    server.holdNext('readStream');
    server.holdNext('readAll');
    expect(await store.read(stream)).toHaveLength(1);
    expect(await store.head()).toBeDefined();
  });

  it.each<[string, (proxy: Proxy) => void | Promise<void>]>([
    ['is reset', (proxy) => proxy.reset()],
    ['is ended by the other side', (proxy) => proxy.cut()],
    [
      'is refused for a while',
      async (proxy) => {
        proxy.refuse();
        proxy.reset();
        await sleep(300);
        await proxy.accept();
      },
    ],
    ['loses the answers in transit and is cut', (proxy) => proxy.dropAnswers(20)],
    ['works in one direction only: requests get through, answers vanish', (proxy) => proxy.dropAnswers()],
    [
      'is half open: nothing gets through, then everything, late',
      async (proxy) => {
        proxy.hold();
        await sleep(700);
        proxy.resume();
      },
    ],
  ])(
    'that %s during appends neither loses nor duplicates an event, and a follower misses none',
    async (_, hurt) => {
      const { proxy, url } = await behindProxy();
      const store = await open({ url, deadline: 500 });
      const work = await underTrouble(
        store,
        async (done) => {
          for (const at of [15, 45, 75]) {
            await reached(() => done() >= at);
            await hurt(proxy);
          }
        },
        ALONE,
      );
      await expectWhole(work);
      expect(outages().length).toBeGreaterThan(0);
      expect(recoveries().length).toBe(outages().length);
    },
    20_000,
  );

  it('that is half open is not reused, even while another client of this process still holds it', async () => {
    const { proxy, url } = await behindProxy();
    const [store, other] = await Promise.all([open({ url, deadline: 300 }), open({ url })]);
    for (const one of [store, other]) await one.append(freshStream(), -1, facts(1));
    proxy.dropAnswers();
    const stream = freshStream();
    const events = facts(1);
    await expect(store.append(stream, -1, events)).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect((await store.append(stream, -1, events)).revision).toBe(0);
    expect(server.recorded(stream)).toHaveLength(1);
  });

  it.each(['read', 'brokenBy'] as const)('that is closed while the server holds the answer to %s waits for it no longer', async (call) => {
    const store = await open();
    const stream = freshStream();
    await store.append(stream, -1, facts(1));
    const calls = server.calls.readStream;
    server.holdNext('readStream');
    const asked = store[call](stream).then(
      () => undefined,
      (error: unknown) => error,
    );
    await server.received('readStream', calls + 1);
    await store.close();
    expect(String(await asked)).toContain('The store is closed.');
  });

  it('that has been closed sends nothing, and every call on it reports so', async () => {
    const connection = new ClusterConnection({ connection: connectionOf(server.url), patience: 400, now: () => '', log: () => undefined });
    const node = await connection.node();
    await node.append(freshStream(), -1, [], 1_000);
    await node.close();
    const before = { ...server.calls };
    const left = { failure: { kind: 'not-ready' } };
    await expect(node.append(freshStream(), -1, [], 1_000)).rejects.toMatchObject(left);
    await expect(node.responses({ from: 'start' })).rejects.toMatchObject(left);
    await expect(node.members(1_000)).rejects.toMatchObject(left);
    expect(server.calls).toEqual(before);
    await connection.close();
  });

  it('slower than the deadline makes outcomes unknown, not wrong', async () => {
    const { proxy, url } = await behindProxy();
    const store = await open({ url, deadline: 400 });
    const appends = Array.from({ length: 20 }, () => [freshStream(), facts(1)] as const);
    proxy.delay(1200);
    const outcomes = await Promise.allSettled(appends.map(([stream, events]) => store.append(stream, -1, events)));
    for (const outcome of outcomes) {
      expect(outcome.status).toBe('rejected');
      const { reason } = outcome as PromiseRejectedResult;
      expect(reason instanceof OutcomeUnknownError || reason instanceof StoreUnavailableError).toBe(true);
    }
    await sleep(1600);
    proxy.resume();
    for (const [stream, events] of appends) {
      await insist(store, stream, -1, events);
      expect(server.recorded(stream).map(({ id }) => id)).toEqual([events[0]!.id]);
    }
    expect(outages()).toHaveLength(1);
    expect(recoveries()).toHaveLength(1);
  });
});

describe('the leader', () => {
  it('can change during appends: they go to the new leader, and a follower misses no event', async () => {
    const store = await open();
    const next = await another({ log: server.log });
    const work = await underTrouble(store, async (done) => {
      await reached(() => done() >= 30);
      server.leaderIs('127.0.0.1', next.port);
      await reached(() => done() >= 70);
      next.leaderIs('127.0.0.1', server.port);
      server.leaderIs();
    });
    await expectWhole(work);
    expect(next.calls[APPEND]).toBeGreaterThan(0);
    expect(logged).toEqual([
      `KurrentDB has a new leader: 127.0.0.1:${next.port}.`,
      `KurrentDB has a new leader: 127.0.0.1:${server.port}.`,
    ]);
  }, 20_000);

  it('gets the very append that a follower redirected', async () => {
    const store = await open();
    const next = await another({ log: server.log });
    server.leaderIs('127.0.0.1', next.port);
    expect((await store.append(freshStream(), -1, facts(1))).revision).toBe(0);
    expect(next.calls[APPEND]).toBe(1);
  });

  it('is being elected: appends wait briefly, then are refused with nothing stored', async () => {
    const store = await open();
    const electing = { code: STATUS.unknown, details: 'No leader info available in response' };
    server.failNext(APPEND, electing, { times: 2 });
    await store.append(freshStream(), -1, facts(1));
    const stream = freshStream();
    server.isReady(false);
    await expect(store.append(stream, -1, facts(1))).rejects.toBeInstanceOf(StoreUnavailableError);
    server.isReady(true);
    expect(server.recorded(stream)).toEqual([]);
  });

  it('timed out waiting for its followers: the append is repeated and the stored events compared', async () => {
    const store = await open();
    const stream = freshStream();
    const events = facts(2);
    server.storeThenFail(APPEND, { code: STATUS.aborted, details: 'Operation timed out: Commit phase timeout.' });
    const before = server.calls.readStream;
    expect((await store.append(stream, -1, events)).revision).toBe(1);
    expect(server.calls.readStream).toBe(before + 1);
    expect(server.recorded(stream)).toHaveLength(2);
  });
});

describe('an overloaded server', () => {
  it.each([
    ['RESOURCE_EXHAUSTED', { code: STATUS.exhausted, details: 'Too many requests' }],
    ['too busy', { code: STATUS.unavailable, details: 'Server Is Too Busy' }],
  ])('that answers %s is retried with backoff, then the append fails with nothing stored', async (_, busy) => {
    const store = await open();
    server.failNext(APPEND, busy, { times: 3 });
    await store.append(freshStream(), -1, facts(1));
    const before = server.calls[APPEND];
    server.failNext(APPEND, busy, { times: 500 });
    const stream = freshStream();
    const refused = store.append(stream, -1, facts(1));
    // A status ends the shared request, and with it appends whose outcome nobody knows.
    const ended = transport.appends === 'batch' && busy.code === STATUS.exhausted;
    await expect(refused).rejects.toMatchObject(
      ended ? { name: 'OutcomeUnknownError' } : { name: 'StoreUnavailableError', retryAfter: expect.any(Number) },
    );
    expect(server.recorded(stream)).toEqual([]);
    expect(server.calls[APPEND] - before).toBeGreaterThan(2);
    expect(server.calls[APPEND] - before).toBeLessThan(60);
    expect(outages()).toEqual([]);
  });
});

describe('a subscription', () => {
  it.each<[string, (node: FakeServer) => void]>([
    ['without an error', (node) => node.dropSubscriptions()],
    ['with UNAVAILABLE', (node) => node.dropSubscriptions({ code: STATUS.unavailable, details: 'Server Is Not Ready' })],
    ['with CANCELLED', (node) => node.dropSubscriptions({ code: STATUS.cancelled })],
    ['with INTERNAL', (node) => node.dropSubscriptions({ code: STATUS.internal, details: 'Received RST_STREAM with code 2' })],
    ['with UNKNOWN', (node) => node.dropSubscriptions({ code: STATUS.unknown, details: 'Exception was thrown by handler.' })],
    ['with ABORTED', (node) => node.dropSubscriptions({ code: STATUS.aborted, details: 'Operation timed out' })],
    ['with RESOURCE_EXHAUSTED', (node) => node.dropSubscriptions({ code: STATUS.exhausted })],
  ])(
    'that is dropped %s resumes after the last event received',
    async (_, drop) => {
      const store = await open();
      const work = await underTrouble(store, async (done) => {
        for (const at of [10, 40, 70, 100]) {
          await reached(() => done() >= at && server.openSubscriptions > 0);
          drop(server);
        }
      });
      await expectWhole(work);
      expect(server.calls.subscribe).toBeGreaterThanOrEqual(3);
      expect(outages().length).toBe(recoveries().length);
    },
    20_000,
  );

  it('that falls silent although the log has more is replaced, and one message reports it', async () => {
    const store = await open();
    const work = await underTrouble(store, async (done) => {
      await reached(() => done() >= 40);
      server.silenceSubscriptions();
    });
    await expectWhole(work);
    expect(logged).toEqual([expect.stringMatching(/^A KurrentDB subscription fell silent at k\d+; resubscribed\.$/)]);
  }, 20_000);

  it('that never begins is replaced too', async () => {
    const store = await open();
    await store.append(freshStream(), -1, facts(3));
    server.holdNext('subscribe');
    const seen: RecordedEvent[] = [];
    for await (const batch of store.follow(undefined, AbortSignal.timeout(4_000))) if (seen.push(...batch) === 3) break;
    expect(seen).toHaveLength(3);
    expect(logged).toEqual([expect.stringContaining('fell silent at the start')]);
  });

  it('that is quiet because nothing happens is kept', async () => {
    const store = await open({ liveness: 30 });
    await store.append(freshStream(), -1, facts(1));
    const stop = new AbortController();
    const seen: RecordedEvent[] = [];
    const follower = (async () => {
      for await (const batch of store.follow(undefined, stop.signal)) seen.push(...batch);
    })();
    for (let n = 0; n < 15; n++) {
      server.systemWrite(5);
      await sleep(20);
    }
    expect(server.calls.subscribe).toBe(1);
    expect(server.calls.readAll).toBeGreaterThan(3);
    expect(seen).toHaveLength(1);
    expect(logged).toEqual([]);
    stop.abort();
    await follower;
  });

  it('that is dropped resumes after the last checkpoint, past the events of other programs', async () => {
    const store = await open();
    await store.append(freshStream(), -1, facts(1));
    server.systemWrite(3_000);
    const stop = new AbortController();
    const seen: RecordedEvent[] = [];
    const follower = (async () => {
      for await (const batch of store.follow(undefined, stop.signal)) seen.push(...batch);
    })();
    await reached(() => server.openSubscriptions === 1 && seen.length === 1);
    await sleep(50);
    server.dropSubscriptions({ code: STATUS.internal });
    await reached(() => server.calls.subscribe === 2);
    await store.append(freshStream(), -1, facts(1));
    await reached(() => seen.length === 2);
    expect(seen).toHaveLength(2);
    stop.abort();
    await follower;
  });

  it('with a slow reader buffers a bounded number of events and bytes, and holds the server back', async () => {
    const store = await open();
    for (let n = 0; n < 60; n++) await store.append(freshStream(), -1, [fact({ text: 'x'.repeat(20_000) }), ...facts(9)]);
    for (const buffer of [
      { events: 50, bytes: 1e9 },
      { events: 1e9, bytes: 200_000 },
    ]) {
      let taken = 0;
      const connection = new ClusterConnection({
        connection: connectionOf(server.url),
        patience: 400,
        now: () => '',
        log: () => undefined,
      });
      const onPosition = () => taken++;
      const subscription = new Subscription({
        connection,
        names: new StreamNames(),
        after: undefined,
        deadline: 2_000,
        liveness: 50,
        buffer,
        onPosition,
      });
      const batches = subscription.batches(10, new AbortController().signal);
      const first = await batches.next();
      await sleep(300);
      expect(taken).toBeLessThanOrEqual(120);
      let seen = first.value!.length;
      while (seen < 600) seen += (await batches.next()).value!.length;
      expect(taken).toBe(600);
      await batches.return();
      await connection.close();
    }
  });
});

describe('lost history', () => {
  const follower = (store: KurrentStore, after?: string) => {
    const seen: RecordedEvent[] = [];
    const run = async () => {
      for await (const batch of store.follow(after, new AbortController().signal)) seen.push(...batch);
    };
    const ended = run();
    ended.catch(() => undefined);
    return { seen, ended };
  };

  it.each<[string, (stream: string) => void]>([
    ['deleted', (stream) => server.deleteStream(stream)],
    ['deleted permanently', (stream) => server.tombstoneStream(stream)],
    ['truncated', (stream) => server.boundStream(stream, { $tb: 2 })],
    ['truncated to its end', (stream) => server.boundStream(stream, { $tb: 5 })],
    ['bounded to fewer events than it has', (stream) => server.boundStream(stream, { $maxCount: 3 })],
  ])('is detected when a stream is %s: by its readers, and at once by a follower, which goes on', async (_, lose) => {
    const store = await open();
    const suspects: string[] = [];
    store.onBounded((stream) => suspects.push(stream));
    const [stream, other] = [freshStream(), freshStream()];
    await store.append(stream, -1, facts(5));
    await store.append(other, -1, facts(1));
    expect(await store.brokenBy(stream)).toBeUndefined();
    const live = follower(store);
    await reached(() => live.seen.length === 6);
    lose(stream);
    await expect(store.read(stream)).rejects.toMatchObject({ code: 'stream-broken', stream });
    await reached(() => suspects.length > 0);
    expect(suspects).toEqual([stream]);
    expect(await store.brokenBy(stream)).toMatchObject({ why: expect.any(String) });
    await store.append(other, 0, facts(1));
    await reached(() => live.seen.length === 7);
    expect(live.seen.at(-1)).toMatchObject({ stream: other, revision: 1 });
    const late = follower(store);
    await reached(() => late.seen.length === 7); // until a scavenge, the log itself still has every event
    expect(late.seen).toEqual(live.seen);
    expect(await store.brokenBy(other)).toBeUndefined();
  });

  it('is detected after a scavenge, by a follower and by a reader of the log', async () => {
    const store = await open();
    const stream = freshStream();
    await store.append(stream, -1, facts(5));
    server.boundStream(stream, { $tb: 3 });
    server.log.scavenge();
    server.boundStream(stream, {});
    await expect(follower(store).ended).rejects.toThrow(`${stream} is incomplete on the server: it goes from revision -1 to 3`);
    await expect(store.readAll()).rejects.toThrow(`${stream} is incomplete on the server: it goes from revision -1 to 3`);
  });

  it('is detected when a stream was deleted and written again, by appends and reads', async () => {
    const store = await open();
    const stream = freshStream();
    await store.append(stream, -1, facts(3));
    server.deleteStream(stream);
    await expect(store.append(stream, -1, facts(2))).rejects.toBeInstanceOf(HistoryBrokenError);
    await expect(store.read(stream)).rejects.toThrow(`${stream} is incomplete on the server: it begins at revision 3`);
    expect(await store.brokenBy(stream)).toMatchObject({ why: expect.any(String) });
  });

  it('is detected by an append to a stream that was deleted permanently', async () => {
    const store = await open();
    const stream = freshStream();
    await store.append(stream, -1, facts(1));
    server.tombstoneStream(stream);
    await expect(store.append(stream, 0, facts(1))).rejects.toBeInstanceOf(HistoryBrokenError);
    await expect(store.readAll()).rejects.toThrow(stream);
  });

  it('is not reported for a limit that was removed again, or for a limit on a stream of another program', async () => {
    const store = await open();
    const [stream, other] = [freshStream(), `person-${newId()}`];
    await store.append(stream, -1, facts(3));
    server.boundStream(stream, { $tb: 2 });
    server.boundStream(stream, {});
    server.boundStream(other, { $maxCount: 1 });
    const { seen, ended } = follower(store);
    await store.append(stream, 2, facts(1));
    await reached(() => seen.length === 4);
    expect(seen).toHaveLength(4);
    await store.close();
    await ended;
  });
});

describe('another server behind the same address', () => {
  it.each([
    ['without a ledger', () => undefined],
    ['with another ledger', (node: FakeServer) => KurrentStore.open({ url: node.url, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId }).then((store) => store.close())], // prettier-ignore
  ] as const)(
    '%s gets no append, and one message says so; the ledger goes on when its own server is back',
    async (_, begin) => {
      const store = await open();
      const stream = freshStream();
      await store.append(stream, -1, facts(1));
      const { port } = server;
      await server.kill();
      await expect(store.append(freshStream(), -1, facts(1))).rejects.toThrow(); // away first, then another one
      const stranger = await another({ port });
      await begin(stranger);
      const before = { ...stranger.calls };
      for (let n = 0; n < 6; n++) {
        const error = await store.append(freshStream(), -1, facts(1)).catch((reason: unknown) => reason);
        expect(error).toBeInstanceOf(StoreUnavailableError);
        await sleep(100);
      }
      await expect(store.append(freshStream(), -1, facts(1))).rejects.toThrow(/holds (no|the) ledger/);
      expect(stranger.calls).toMatchObject({ append: before.append, batchAppend: before.batchAppend });
      expect(logged.filter((message) => message.includes('is refused'))).toEqual([expect.stringMatching(/holds (no|the) ledger .*not /)]);
      expect(logged.filter((message) => message.includes('does not answer'))).toHaveLength(1);
      await stranger.kill();
      await server.start();
      await insist(store, stream, 0, facts(1));
      expect(server.recorded(stream)).toHaveLength(2);
    },
    20_000,
  );

  it('gets no append over a connection that the client made again by itself', async () => {
    const { proxy, url } = await behindProxy();
    const store = await open({ url });
    await store.append(freshStream(), -1, facts(1));
    const stranger = await another();
    proxy.target = { port: stranger.port };
    proxy.reset();
    await sleep(100); // no call is in flight that would fail
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => store.append(freshStream(), -1, facts(1))));
    for (const outcome of outcomes) expect(outcome.status).toBe('rejected');
    expect(stranger.calls).toMatchObject({ append: 0, batchAppend: 0 });
  });

  it('gets no append although it took over the address before the first one', async () => {
    const { proxy, url } = await behindProxy();
    const store = await open({ url });
    const stranger = await another();
    proxy.target = { port: stranger.port };
    const stream = freshStream();
    await store.append(stream, -1, facts(1));
    expect(server.recorded(stream)).toHaveLength(1);
    expect(stranger.calls).toMatchObject({ append: 0, batchAppend: 0 });
  });

  it('gets no genesis from a node that holds a ledger', async () => {
    const { genesis: ledger, ...first } = await open();
    void first;
    const empty = await another();
    await expect(open({ url: empty.url, ledger })).rejects.toThrow(`holds no ledger in genesis, not ${ledger.ledgerId}`);
    expect(empty.recorded('genesis')).toEqual([]);
    expect((await open({ ledger })).genesis).toEqual(ledger);
  });
});

describe('the events of other programs', () => {
  const FOREIGN = 4_000;

  it('do not keep a follower from knowing that it has all of the log', async () => {
    const store = await open();
    await store.append(freshStream(), -1, facts(1));
    const marks: (string | undefined)[] = [];
    store.onCaughtUp(({ last }) => marks.push(last));
    const stop = new AbortController();
    const run = (async () => {
      for await (const batch of store.follow(undefined, stop.signal)) void batch;
    })();
    await reached(() => marks.length > 0);
    const head = await store.head();
    expect(marks[0]).toBe(head);
    for (const more of [30, FOREIGN]) {
      server.systemWrite(more); // of thirty the server says nothing to a subscription
      server.writeForeign('person-1', { type: 'PersonNamed', data: Buffer.from('{}') });
      const count = marks.length;
      await reached(() => marks.length > count + 1);
      expect(marks.length).toBeGreaterThan(count + 1);
      expect(marks.at(-1)).toBe(head);
    }
    expect(server.calls.subscribe).toBe(1);
    stop.abort();
    await run;
  });

  it('are searched through however long it takes: a read that is cut is not the end of the log', async () => {
    const store = await open({ deadline: 500, patience: 5_000 });
    await store.append(freshStream(), -1, facts(1));
    const { position } = (await store.readAll())[0]!;
    server.systemWrite(FOREIGN);
    const later = await store.append(freshStream(), -1, facts(2));
    server.systemWrite(FOREIGN);
    server.holdNext('readAll', { times: 1 });
    expect(await store.head()).toBe(later.position);
    server.holdNext('readAll', { times: 99 });
    expect(await store.readAll(position)).toHaveLength(2);
    expect(await store.readAll(later.position)).toEqual([]);
  });
});
