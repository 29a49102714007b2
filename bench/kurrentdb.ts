import { EventStoreDBClient, jsonEvent, NO_STREAM, START, streamNameFilter } from '@eventstore/db-client';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { migrate } from '../src/operate/migration.js';
import { ReplicaStore } from '../src/store/replica/replica-store.js';
import { SqliteStore } from '../src/store/sqlite/sqlite-store.js';
import { CATEGORIES, StoreUnavailableError } from '../src/store/event-store.js';
import { KurrentStore } from '../src/store/kurrentdb/kurrent-store.js';
import { drive, median, percentile } from './load.js';
import { rebuild } from './rebuild.js';
import { caughtUp, got, startServer, type Server } from './server.js';
import { award, recordWorld } from './story.js';

const CONNECTIONS = 64;
const REPEATS = 3;

export interface KurrentBench {
  /** Of an empty server: the events of the measurement stay in it. */
  readonly url: string;
  readonly dir: string;
  readonly rounds: number;
  readonly roundMs: number;
}

/** With credentials the client appends by the unary call, as the ledger does; a server without users accepts any. */
const credentialsIn = (url: string) => {
  const { username, password } = new URL(url.replace(/^[a-z+]+:/, 'http:'));
  return username
    ? { username: decodeURIComponent(username), password: decodeURIComponent(password) }
    : { username: 'admin', password: '-' };
};
type Credentials = ReturnType<typeof credentialsIn>;

interface Stored {
  readonly type: string;
  readonly data: Record<string, unknown>;
  readonly metadata: Record<string, unknown>;
}

/** The client alone appends events like the ledger's, each to a new stream, 64 at once. */
const bareAppends = async (client: EventStoreDBClient, credentials: Credentials, like: Stored, ms: number): Promise<number> => {
  const end = performance.now() + ms;
  const begun = performance.now();
  let count = 0;
  const writer = async () => {
    while (performance.now() < end) {
      const event = jsonEvent({ id: randomUUID(), type: like.type, data: like.data, metadata: like.metadata });
      await client.appendToStream(`bench-${randomUUID()}`, event, { expectedRevision: NO_STREAM, credentials });
      count++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, writer));
  return (count / (performance.now() - begun)) * 1000;
};

const commands = async (server: Server, ms: number) => {
  const end = performance.now() + ms;
  const next = () => (performance.now() < end ? award() : undefined);
  const { count, begun, ended, latencies, last } = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
  await caughtUp(server, (JSON.parse(last) as { readonly position: string }).position);
  return { rate: (count / (ended - begun)) * 1000, whole: (count / (performance.now() - begun)) * 1000, p99: percentile(latencies, 99) };
};

/** Milliseconds until so many events of the ledger have arrived. */
const bareSubscription = (client: EventStoreDBClient, credentials: Credentials, events: number): Promise<number> => {
  const begun = performance.now();
  const filter = streamNameFilter({ prefixes: CATEGORIES.map((category) => `${category}-`), checkpointInterval: 1000 });
  const subscription = client.subscribeToAll({ fromPosition: START, filter, credentials });
  return new Promise((resolve, reject) => {
    let seen = 0;
    subscription.on('data', () => {
      if (++seen < events) return;
      resolve(performance.now() - begun);
      void subscription.unsubscribe();
    });
    subscription.on('error', (error: Error) => seen < events && reject(error));
  });
};

const replicated = async (url: string, dir: string, events: number): Promise<number> => {
  const begun = performance.now();
  const now = () => new Date().toISOString();
  const connect = () => KurrentStore.open({ url, timeZone: 'Europe/London', now, newId: randomUUID });
  const replica = await ReplicaStore.open({ dir, connect, uptime: () => performance.now(), chance: Math.random });
  const over = new AbortController();
  let seen = 0;
  for await (const page of replica.follow(undefined, over.signal)) if ((seen += page.length) >= events) over.abort();
  const ms = performance.now() - begun;
  await replica.close();
  return ms;
};

/** The replica alone, as on a node whose cluster is unreachable. */
const alone = (dir: string): Promise<ReplicaStore> =>
  ReplicaStore.open({
    dir,
    connect: () => Promise.reject(new StoreUnavailableError('Away.')),
    uptime: () => 0,
    chance: Math.random,
    patienceMs: 100,
  });

const perSecond = (events: number, ms: number) => ((events / ms) * 1000).toFixed(0);

/** Measures the ledger on a KurrentDB beside the client alone, in one run. */
export const onKurrentDB = async ({ url, dir, rounds, roundMs }: KurrentBench, say: (line: string) => void): Promise<void> => {
  const client = EventStoreDBClient.connectionString(url);
  const credentials = credentialsIn(url);
  const server = await startServer(join(dir, 'node'), { LEDGER_STORE: 'kurrentdb', LEDGER_KURRENTDB_URL: url });
  await recordWorld(server);
  await commands(server, Math.min(1000, roundMs));
  const { events } = await got<{ readonly events: readonly Stored[] }>(server.get('/events?type=ContractAwarded&limit=1'));
  const sent: { bare: number; http: Awaited<ReturnType<typeof commands>> }[] = [];
  for (let i = 0; i <= rounds; i++) {
    const bare = await bareAppends(client, credentials, events[0]!, roundMs);
    const http = await commands(server, roundMs);
    if (i > 0) sent.push({ bare, http }); // the first warms up
  }
  const of = (figure: (round: (typeof sent)[number]) => number) => median(sent.map(figure));
  say(
    `appends at ${CONNECTIONS} at once: the client alone ${of(({ bare }) => bare).toFixed(0)}/s; commands over HTTP ` +
      `${of(({ http }) => http.rate).toFixed(0)}/s (p99 ${of(({ http }) => http.p99).toFixed(0)} ms; ${of(({ http }) => http.whole).toFixed(0)}/s ` +
      `until every projection has read them); ratio ${of(({ bare, http }) => http.rate / bare).toFixed(2)}`,
  );
  const { sequence } = (await got<{ readonly replica: { readonly sequence: number } }>(server.get('/readyz'))).replica;
  await server.stop();

  const caught: { bare: number; replica: number }[] = [];
  for (let i = 0; i < REPEATS; i++)
    caught.push({
      bare: await bareSubscription(client, credentials, sequence),
      replica: await replicated(url, join(dir, `replica-${i}`), sequence),
    });
  const [bare, replica] = [median(caught.map((c) => c.bare)), median(caught.map((c) => c.replica))];
  say(
    `catching up ${sequence} events: a bare subscription ${perSecond(sequence, bare)}/s; the replica ${perSecond(sequence, replica)}/s; ` +
      `ratio ${median(caught.map((c) => c.bare / c.replica)).toFixed(2)}`,
  );
  await client.dispose();

  const from = await alone(join(dir, 'replica-0'));
  const now = () => '';
  const embedded = await SqliteStore.open({ dir: join(dir, 'embedded'), timeZone: 'UTC', genesis: from.genesis, now, newId: randomUUID });
  await migrate({ from, to: embedded });
  const rebuilt: { replica: number; embedded: number }[] = [];
  for (let i = 0; i < REPEATS; i++) rebuilt.push({ embedded: (await rebuild(embedded)).ms, replica: (await rebuild(from)).ms });
  say(
    `rebuild of all projections: the embedded store ${perSecond(sequence, median(rebuilt.map((r) => r.embedded)))} events/s; ` +
      `the replica ${perSecond(sequence, median(rebuilt.map((r) => r.replica)))} events/s; ratio ${median(rebuilt.map((r) => r.embedded / r.replica)).toFixed(2)}`,
  );
  await from.close();
  await embedded.close();
};
