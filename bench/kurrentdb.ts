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
import { report, threads } from './paired/report.js';
import { cpuBetween, cpuOf, cpuWithEnded, listenerOn, totalOf, type Cpu } from './process.js';
import { caughtUp, DIST, got, startServer, type Server } from './server.js';
import { award, recordWorld } from './story.js';
import { spread } from './table.js';

const CONNECTIONS = 64;
const REPEATS = 3;

export interface KurrentBench {
  /** Of an empty server: the events of the measurement stay in it. */
  readonly url: string;
  readonly dir: string;
  readonly rounds: number;
  readonly roundMs: number;
  /** Another build, measured in turn with this one on an empty server of its own. Without `dist` it is this build with unary appends. */
  readonly base?: { readonly dist?: string; readonly url: string };
}

/** With credentials the client appends by the unary call, without it batches; a server without users accepts any. */
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

/** Microseconds of CPU for each append or command. Of the database undefined when it runs on another machine. */
interface Cost {
  readonly cpu: Cpu;
  readonly database: number | undefined;
}

const portOf = (url: string): number => Number(/:(\d+)(?:[/?]|$)/.exec(url)?.[1] ?? 2113);

/** Measures what `work`, which returns how many pieces it did, costs a process and the database. */
const costOf = async <T extends { readonly count: number }>(url: string, pid: number, work: () => Promise<T>): Promise<T & Cost> => {
  const database = listenerOn(portOf(url));
  const read = () => [cpuOf(pid), database === undefined ? undefined : cpuWithEnded(database)] as const;
  const [before, databaseBefore] = read();
  const done = await work();
  const [after, databaseAfter] = read();
  return {
    ...done,
    cpu: Object.fromEntries(Object.entries(cpuBetween(before, after)).map(([name, micros]) => [name, micros / done.count])),
    database: databaseBefore === undefined ? undefined : (databaseAfter! - databaseBefore) / done.count,
  };
};

/** The client alone appends events like the ledger's, each to a new stream, 64 at once. */
const bareAppends = async (client: EventStoreDBClient, credentials: Credentials, like: Stored, ms: number) => {
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
  return { count, rate: (count / (performance.now() - begun)) * 1000 };
};

const commands = async (server: Server, ms: number) => {
  const end = performance.now() + ms;
  const next = () => (performance.now() < end ? award() : undefined);
  const { count, begun, ended, latencies, last } = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
  await caughtUp(server, (JSON.parse(last) as { readonly position: string }).position);
  const whole = (count / (performance.now() - begun)) * 1000;
  return { count, rate: (count / (ended - begun)) * 1000, whole, p99: percentile(latencies, 99) };
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
export const onKurrentDB = async ({ url, dir, rounds, roundMs, base }: KurrentBench, say: (line: string) => void): Promise<void> => {
  const client = EventStoreDBClient.connectionString(url);
  const credentials = credentialsIn(url);
  const unary = { name: 'unary', dist: DIST, env: { LEDGER_KURRENTDB_APPENDS: 'unary' } };
  const builds: { readonly name: string; readonly dist: string; readonly url: string; readonly env?: Record<string, string> }[] = [
    ...(base ? [{ ...unary, ...(base.dist !== undefined && { name: 'base', dist: base.dist, env: {} }), url: base.url }] : []),
    { name: 'this build', dist: DIST, url },
  ];
  const servers: Server[] = [];
  for (const { name, dist, url: of, env } of builds) {
    const server = await startServer(join(dir, name), { LEDGER_STORE: 'kurrentdb', LEDGER_KURRENTDB_URL: of, ...env }, { dist });
    servers.push(server);
    await recordWorld(server);
    await commands(server, Math.min(1000, roundMs));
  }
  const server = servers.at(-1)!;
  const { events } = await got<{ readonly events: readonly Stored[] }>(server.get('/events?type=ContractAwarded&limit=1'));
  const bares: Awaited<ReturnType<typeof bareAlone>>[] = [];
  const bareAlone = () => costOf(url, process.pid, () => bareAppends(client, credentials, events[0]!, roundMs));
  const sent: Awaited<ReturnType<typeof commandsTo>>[][] = builds.map(() => []);
  const commandsTo = (n: number) => costOf(builds[n]!.url, servers[n]!.pid, () => commands(servers[n]!, roundMs));
  for (let i = 0; i <= rounds; i++) {
    const bare = await bareAlone();
    if (i > 0) bares.push(bare); // the first warms up
    for (const [n] of builds.entries()) {
      const round = await commandsTo(n);
      if (i > 0) sent[n]!.push(round);
    }
  }
  say(
    `The client alone, ${CONNECTIONS} appends at once, each a call of its own: ${spread(
      bares.map(({ rate }) => rate),
      0,
    )}/s; ` +
      `CPU of the client ${spread(bares.map(({ cpu }) => totalOf(cpu)))} µs an append, ` +
      `of the database ${spread(bares.flatMap(({ database }) => database ?? []))} µs.`,
  );
  type Sent = (typeof sent)[number][number];
  const figures = (of: (round: Sent, bare: (typeof bares)[number]) => number) =>
    sent.map((all) => all.map((round, i) => of(round, bares[i]!)));
  report(`commands over HTTP, ${CONNECTIONS} connections`, { builds }, [
    { what: 'commands/s', figures: figures(({ rate }) => rate), digits: 0, compare: true },
    { what: 'commands/s until every projection has read them', figures: figures(({ whole }) => whole), digits: 0, compare: true },
    { what: 'p99 ms', figures: figures(({ p99 }) => p99), digits: 0 },
    { what: 'commands/s ÷ appends/s of the client alone', figures: figures(({ rate }, bare) => rate / bare.rate), digits: 2, required: '≥ 0.5 (0.6)' }, // prettier-ignore
    { what: 'CPU of the node, µs a command', figures: figures(({ cpu }) => totalOf(cpu)), compare: true },
    { what: 'CPU of the node ÷ of the client alone', figures: figures(({ cpu }, bare) => totalOf(cpu) / totalOf(bare.cpu)), digits: 2, required: '≤ 2.2' }, // prettier-ignore
    { what: 'CPU of the database, µs a command', figures: figures(({ database = Number.NaN }) => database), compare: true },
  ]);
  for (const [n, { name }] of builds.entries())
    say(`${name}, CPU of the node by thread, µs a command: ${threads(sent[n]!.map(({ cpu }) => cpu))}`);
  const { sequence } = (await got<{ readonly replica: { readonly sequence: number } }>(server.get('/readyz'))).replica;
  for (const one of servers) await one.stop();

  const caught: { bare: number; replica: number }[] = [];
  for (let i = 0; i < REPEATS; i++)
    caught.push({
      bare: await bareSubscription(client, credentials, sequence),
      replica: await replicated(url, join(dir, `replica-${i}`), sequence),
    });
  const [bare, replica] = [median(caught.map((c) => c.bare)), median(caught.map((c) => c.replica))];
  say(
    `catching up ${sequence} events: a bare subscription ${perSecond(sequence, bare)}/s; the replica ${perSecond(sequence, replica)}/s; ` +
      `ratio ${median(caught.map((c) => c.bare / c.replica)).toFixed(2)} (required: 1.2)`,
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
      `the replica ${perSecond(sequence, median(rebuilt.map((r) => r.replica)))} events/s; ratio ${median(rebuilt.map((r) => r.embedded / r.replica)).toFixed(2)} (required: 0.95)`,
  );
  await from.close();
  await embedded.close();
};
