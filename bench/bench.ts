import { Command } from 'commander';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { commands } from '../src/domain/index.js';
import { auditBesideReading } from './audit.js';
import { commandsBesideAward } from './command-kinds.js';
import { daysBesideScan } from './days.js';
import { everyCommandBesideAward, shortestExamples } from './every-command.js';
import { importBesideLoad } from './import.js';
import { ledgerOfExamples } from './ledger-of-examples.js';
import { ceiling, Connection, drive, median, percentile, type Post } from './load.js';
import { openUpdates } from './follower.js';
import { onKurrentDB } from './kurrentdb.js';
import { rebuildAgainstScan } from './rebuild.js';
import { caughtUp, startServer, type Server } from './server.js';
import { award, awardBody, lives, recordWorld } from './story.js';
import { fixed, table } from './table.js';

const options = new Command('bench')
  .description('Measures durable commands beside no-ops, the delay of updates, and the needs of a long log.')
  .option('--quick', 'a small run: does everything work?')
  .option('--events <n>', 'the length of the long log, or several')
  .option('--lines <n>', 'how many lines are imported')
  .option('--only <part>', 'rates, updates, log, days, audit, commands or import')
  .option('--commands <names>', 'which commands are measured beside an award, such as ReviseLoss,DiscloseValue; all when absent')
  .option('--store <store>', 'embedded, or kurrentdb: the empty server that LEDGER_KURRENTDB_URL names', 'embedded')
  .option('--base <dist>', 'on a KurrentDB: the dist folder of another build, measured in turn with this one')
  .option('--base-url <url>', 'an empty KurrentDB of its own for the other build; without --base for this build with unary appends')
  .option('--dir <folder>', 'where the ledgers are made', tmpdir())
  .parse()
  .opts<{
    quick?: boolean;
    events?: string;
    lines?: string;
    only?: string;
    commands?: string;
    store: string;
    base?: string;
    baseUrl?: string;
    dir: string;
  }>();
/** A first read model of some hundred thousand events. */
const READ_MODEL_WITHIN_MS = 900_000;
const GOLDEN = 'test/golden/events.json';
const quick = options.quick === true;
const EVENTS = (options.events ?? (quick ? '2000,5000' : '200000,1000000')).split(',').map(Number);
const [ROUNDS, ROUND_MS, UPDATES, STARTS] = quick ? [2, 500, 50, 1] : [6, 3000, 300, 3];

const withFolder = async (work: (dir: string) => Promise<void>): Promise<void> => {
  const dir = await mkdtemp(join(options.dir, 'tower-ledger-bench-'));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

const kinds = ['durable', 'validated', 'unvalidated'] as const;
type Kind = (typeof kinds)[number];
interface Round {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Until the last answer only. */
  readonly answered: number;
}

const noOp = (path: string) => {
  let n = 0;
  return (): Post => ({ path, body: awardBody(++n), key: `award-${n}` });
};
const requests: { readonly [K in Kind]: () => Post } = {
  durable: () => award(),
  validated: noOp('/bench/validated'),
  unvalidated: noOp('/bench/no-op'),
};

const round = async (server: Server, kind: Kind, connections: number): Promise<Round> => {
  const end = performance.now() + ROUND_MS;
  const next = () => (performance.now() < end ? requests[kind]() : undefined);
  const driven = await drive({ url: server.url, connections, status: 201, next });
  let { ended } = driven;
  if (kind === 'durable') {
    await caughtUp(server, (JSON.parse(driven.last) as { readonly position: string }).position);
    ended = performance.now();
  }
  const { count, begun, latencies } = driven;
  return {
    rate: (count / (ended - begun)) * 1000,
    answered: (count / (driven.ended - begun)) * 1000,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
  };
};

/** The three kinds alternate, so that other work on the machine affects all of them; the first round only warms up. */
const rates = async (server: Server): Promise<void> => {
  const rows = [['connections', 'kind', 'requests/s', 'until answered', 'p50 ms', 'p99 ms', 'durable ÷ this']];
  for (const connections of [1, 16, 64]) {
    const all: Record<Kind, Round>[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      const measured: Partial<Record<Kind, Round>> = {};
      for (const kind of kinds) measured[kind] = await round(server, kind, connections);
      if (i > 0) all.push(measured as Record<Kind, Round>);
    }
    for (const kind of kinds)
      rows.push([
        String(connections),
        kind,
        fixed(median(all.map((r) => r[kind].rate)), 0),
        fixed(median(all.map((r) => r[kind].answered)), 0),
        fixed(median(all.map((r) => r[kind].p50)), 2),
        fixed(median(all.map((r) => r[kind].p99)), 2),
        kind === 'durable' ? '' : fixed(median(all.map((r) => r.durable.rate / r[kind].rate)), 3),
      ]);
  }
  console.log(`\n${table(rows)}`);
  console.log(`The generator alone, at 64 connections, on a server that only answers: ${fixed(await ceiling(ROUND_MS), 0)} requests/s.`);
  console.log(
    `Medians of ${ROUNDS - 1} rounds of ${ROUND_MS} ms; a durable round ends when every projection has read it. ` +
      'Durable is an award on a new contract; the others get the same body and headers.',
  );
};

/** Follows a projection: `next` resolves with the next update of a decision and the time at which it came. */
const follow = async (server: Server, projection: string) => {
  let take: ((data: string) => void) | undefined;
  const updates = await openUpdates(server.url, { projection, take: ({ event, data }) => event === undefined && take?.(data) });
  const next = () =>
    new Promise<{ readonly at: number; readonly message: string }>(
      (resolve) => (take = (message) => resolve({ at: performance.now(), message })),
    );
  return { next, close: updates.close };
};

const updatesOf = async (server: Server, projection: string): Promise<string[]> => {
  const { next, close } = await follow(server, projection);
  const connection = await Connection.open(server.url);
  const fromAnswer: number[] = [];
  const fromRequest: number[] = [];
  for (let i = -20; i < UPDATES; i++) {
    const update = next();
    const begun = performance.now();
    const { status, body, ms } = await connection.post(award());
    if (status !== 201) throw new Error(`${status} ${body}`);
    const { at, message } = await update;
    const { decision } = JSON.parse(body) as { readonly decision: string };
    if (!message.includes(decision)) throw new Error(`Not the update of ${decision}: ${message}`);
    if (i < 0) continue; // warming up
    fromAnswer.push(at - begun - ms);
    fromRequest.push(at - begun);
  }
  close();
  connection.close();
  return [fromAnswer, fromRequest].reduce(
    (cells, times) => {
      const sorted = times.toSorted((a, b) => a - b);
      return [...cells, fixed(percentile(sorted, 50), 2), fixed(percentile(sorted, 99), 2)];
    },
    [projection],
  );
};

const updates = async (server: Server): Promise<void> => {
  const rows = [['updates of', 'after the 201: p50 ms', 'p99', 'after the request: p50 ms', 'p99']];
  for (const projection of ['contract-register', 'tower-board']) rows.push(await updatesOf(server, projection));
  console.log(`\n${table(rows)}`);
  console.log(`${UPDATES} awards, one at a time. Below zero the update came before the answer.`);
};

const rssOf = async (server: Server): Promise<string> => {
  const { text } = await server.get('/metrics');
  return `${fixed(Number(/^process_resident_memory_bytes (\S+)/m.exec(text)?.[1]) / 1e6, 0)} MB`;
};

/** The log is filled by commands over HTTP, as in use. */
const longLog = async (dir: string, events: number): Promise<number> => {
  const server = await startServer(dir);
  await recordWorld(server);
  console.log(`\nRSS of an empty ledger: ${await rssOf(server)}`);
  const { begun, ended, last } = await drive({ url: server.url, connections: 64, status: 201, next: lives(events) });
  console.log(`RSS at the last answer: ${await rssOf(server)}`);
  await caughtUp(server, (JSON.parse(last) as { readonly position: string }).position);
  const seconds = (performance.now() - begun) / 1000;
  const bytes = async (name: string) => fixed((await stat(join(dir, name))).size / 1e6, 0);
  console.log(`RSS after ${events} events: ${await rssOf(server)}`);
  await server.stop();
  console.log(
    `${events} events through HTTP at 64 connections: ${fixed((ended - begun) / 1000)} s to the last answer, ${fixed(seconds)} s to the last ` +
      `projection (${fixed(events / seconds, 0)}/s); ledger.db ${await bytes('ledger.db')} MB, read-model.db ${await bytes('read-model.db')} MB`,
  );
  for (let i = 1; i <= STARTS; i++) {
    const again = await startServer(dir);
    const rss = await rssOf(again);
    await sleep(2000);
    console.log(`start ${i}: ready after ${fixed(again.readyMs, 0)} ms, RSS ${rss}, two seconds later ${await rssOf(again)}`);
    await again.stop();
  }
  const { ratio, summary } = await rebuildAgainstScan(dir);
  console.log(summary);
  return ratio;
};

const withServer = (work: (server: Server) => Promise<void>) =>
  withFolder(async (dir) => {
    const server = await startServer(dir, { LEDGER_BENCH_ROUTES: 'true' });
    await recordWorld(server);
    await work(server);
    await server.stop();
  });
const parts: { readonly [name: string]: () => Promise<void> } = {
  rates: () => withServer(rates),
  updates: () => withServer(updates),
  log: async () => {
    const ratios: string[] = [];
    for (const events of EVENTS) await withFolder(async (dir) => void ratios.push(`${fixed(await longLog(dir, events), 3)} at ${events}`));
    console.log(`rebuild ÷ scan: ${ratios.join(', ')}`);
  },
  days: () => withFolder(async (dir) => console.log(`\n${await daysBesideScan(dir, quick ? 200 : 4900, ROUNDS - 1)}`)),
  audit: async () => {
    for (const events of EVENTS) await withFolder(async (dir) => console.log(`\n${await auditBesideReading(dir, events, quick ? 2 : 10)}`));
  },
  commands: async () => {
    const names = options.commands?.split(',');
    const wanted = commands.filter(({ name }) => !names || names.includes(name));
    const { text, over } = await everyCommandBesideAward(GOLDEN, [10, 1000], quick ? 5 : 31, wanted);
    console.log(`\n${text}`);
    await withFolder(async (dir) => {
      const { examples, missing } = await shortestExamples(GOLDEN, wanted);
      const [rounds, perRound] = quick ? [1, 10] : [3, 100];
      const posts = await ledgerOfExamples(dir, examples.map(({ example }) => example), 1 + (rounds + 1) * perRound); // prettier-ignore
      const server = await startServer(dir, {}, { readyWithinMs: READ_MODEL_WITHIN_MS });
      await caughtUp(server);
      const kinds = examples.map((one, i) => ({ ...one, posts: posts[i]! }));
      const { rows, wholeAward, refused } = await commandsBesideAward(server, kinds, rounds, perRound);
      await server.stop();
      console.log(`\n${table(rows)}\nWithout an accepted example: ${[...missing, ...refused].join('; ') || 'none'}.\n${over(wholeAward)}`);
    });
  },
  import: () =>
    withFolder(async (dir) =>
      withServer(async (server) => {
        const { rows, summary } = await importBesideLoad(server, dir, Number(options.lines ?? Math.min(EVENTS[0]!, 100_000)));
        console.log(`\n${table(rows)}\n${summary}`);
      }),
    ),
};

const kurrentdb = () =>
  withFolder((dir) => {
    const { LEDGER_KURRENTDB_URL: url } = process.env;
    if (!url) throw new Error('LEDGER_KURRENTDB_URL names the server.');
    const { base: dist, baseUrl } = options;
    if (dist !== undefined && baseUrl === undefined) throw new Error('--base needs --base-url.');
    const base = baseUrl !== undefined && { url: baseUrl, ...(dist !== undefined && { dist: resolve(dist) }) };
    return onKurrentDB({ url, dir, rounds: ROUNDS - 1, roundMs: ROUND_MS, ...(base && { base }) }, (line) => console.log(`\n${line}`));
  });

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, store ${options.store === 'kurrentdb' ? 'KurrentDB' : 'embedded (SQLite, WAL, synchronous=FULL)'}, ` +
    `folders in ${options.dir}; load and server are a process each`,
);
const chosen = options.store === 'kurrentdb' ? [kurrentdb] : options.only === undefined ? Object.values(parts) : [parts[options.only]];
for (const part of chosen) {
  if (!part) throw new Error(`--only takes ${Object.keys(parts).join(', ')}`);
  await part();
}
