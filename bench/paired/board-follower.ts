import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { openUpdates, type Message } from '../follower.js';
import { drive, percentile } from '../load.js';
import { cpuBetween, cpuOf, totalOf } from '../process.js';
import { caughtUp, got, startServer, type Server } from '../server.js';
import { award, changeOf, recordWorld } from '../story.js';
import { attempt, report, type Figure, type Run } from './report.js';

const CONNECTIONS = 16;
const TOWERS = 40;
const CONTRACTS = 500;

/** Positions of the embedded store are whole numbers. */
interface Answered {
  readonly position: number;
  readonly at: number;
}
interface World {
  readonly contracts: readonly string[];
  pounds: number;
}

/** Changes of value on contracts in turn: each changes a row of the board. */
const change = async (server: Server, world: World, ms: number) => {
  const end = performance.now() + ms;
  const before = cpuOf(server.pid);
  const answers: Answered[] = [];
  const { count, begun, ended, last } = await drive({
    url: server.url,
    connections: CONNECTIONS,
    status: 201,
    next: () => {
      if (performance.now() >= end) return undefined;
      world.pounds++;
      return changeOf(world.contracts[world.pounds % world.contracts.length]!, 160_000_000 + world.pounds);
    },
    answered: ({ body }) => answers.push({ position: Number((JSON.parse(body) as { position: string }).position), at: performance.now() }),
  });
  const cpu = totalOf(cpuBetween(before, cpuOf(server.pid))) / count;
  return { rate: (count / (ended - begun)) * 1000, cpu, answers, last: (JSON.parse(last) as { readonly position: string }).position };
};

/** A follower that keeps every row that an update carries. */
const followBoard = async (server: Server) => {
  const rows = new Map<string, unknown>();
  const arrivals: Answered[] = [];
  let reset = false;
  const take = ({ event, data }: Message): void => {
    if (event === 'reset') reset = true;
    if (event !== undefined) return;
    const { position, changes } = JSON.parse(data) as { position: string; changes: Record<string, unknown> };
    for (const [key, row] of Object.entries(changes)) rows.set(key, row);
    arrivals.push({ position: Number(position), at: performance.now() });
  };
  const updates = await openUpdates(server.url, { projection: 'tower-board', take });
  /** Waits for the update of a position. @throws when there was a reset */
  const reached = async (position: number): Promise<void> => {
    while ((arrivals.at(-1)?.position ?? 0) < position) {
      if (reset) throw new Error('The follower got a reset.');
      await sleep(1);
    }
  };
  return { rows, arrivals, reached, close: () => updates.close() };
};

/** For each answer, how long after it the first update of its position or a later one came, in ascending order. */
const delaysOf = (answers: readonly Answered[], arrivals: readonly Answered[]): number[] => {
  const sorted = answers.toSorted((a, b) => a.position - b.position);
  const delays: number[] = [];
  let next = 0;
  for (const { position, at } of sorted) {
    while (next < arrivals.length && arrivals[next]!.position < position) next++;
    if (next < arrivals.length) delays.push(Math.max(0, arrivals[next]!.at - at));
  }
  return delays.sort((a, b) => a - b);
};

const sameAsGet = async (server: Server, rows: ReadonlyMap<string, unknown>): Promise<boolean> => {
  for (const [key, row] of rows) {
    const stored = await got<{ readonly row: unknown }>(server.get(`/projections/tower-board/${encodeURIComponent(key)}`));
    if (!isDeepStrictEqual(row, stored.row)) return false;
  }
  return rows.size > 0;
};

interface Round {
  readonly alone: number;
  readonly aloneCpu: number;
  readonly followed: number;
  readonly followedCpu: number;
  /** Milliseconds from the answer to the update: of all commands, and of the last. */
  readonly p99: number;
  readonly last: number;
  readonly equal: boolean;
}

const roundOf = async (server: Server, world: World, ms: number): Promise<Round> => {
  const alone = await change(server, world, ms);
  await caughtUp(server, alone.last);
  const follower = await followBoard(server);
  try {
    const followed = await change(server, world, ms);
    const last = followed.answers.reduce((a, b) => (b.position > a.position ? b : a));
    await follower.reached(last.position);
    const delays = delaysOf(followed.answers, follower.arrivals);
    const equal = await sameAsGet(server, follower.rows);
    const lastDelay = Math.max(0, follower.arrivals.find(({ position }) => position >= last.position)!.at - last.at);
    return {
      alone: alone.rate,
      aloneCpu: alone.cpu,
      followed: followed.rate,
      followedCpu: followed.cpu,
      p99: percentile(delays, 99),
      last: lastDelay,
      equal,
    };
  } finally {
    follower.close();
  }
};

/** Commands on 500 contracts of 40 towers, with one follower of the board beside them and without. */
export const boardFollower = async (run: Run): Promise<void> => {
  const contracts = run.quick ? 50 : CONTRACTS;
  const all: { readonly server: Server; readonly world: World; readonly rounds: Round[]; failed?: string }[] = [];
  for (const { dist } of run.builds) {
    const server = await startServer(await run.folder(), {}, { dist });
    await recordWorld(server, TOWERS);
    const posts = Array.from({ length: contracts }, () => award('b', TOWERS));
    const next = posts.values();
    await drive({ url: server.url, connections: CONNECTIONS, status: 201, next: () => next.next().value });
    all.push({ server, world: { contracts: posts.map(({ path }) => path.split('/')[2]!), pounds: 0 }, rounds: [] });
  }
  for (let n = 0; n <= run.rounds; n++)
    for (const one of all) {
      if (one.failed !== undefined) continue;
      const round = await attempt(run.patienceMs, () => roundOf(one.server, one.world, run.roundMs));
      if (typeof round === 'string') one.failed = round;
      else if (n > 0) one.rounds.push(round); // the first warms up
    }
  for (const { server } of all) await server.kill();

  const figures = (of: (round: Round) => number): Figure[] => all.map(({ failed, rounds }) => failed ?? rounds.map(of));
  report(`one follower of the board, ${CONNECTIONS} connections, ${TOWERS} towers, ${contracts} contracts`, run, [
    { what: 'commands/s without', figures: figures((r) => r.alone), digits: 0, compare: true },
    { what: 'server CPU without, µs a command', figures: figures((r) => r.aloneCpu), compare: true },
    { what: 'commands/s with', figures: figures((r) => r.followed), digits: 0, compare: true },
    { what: 'server CPU with, µs a command', figures: figures((r) => r.followedCpu), compare: true },
    { what: 'with ÷ without', figures: figures((r) => r.followed / r.alone), digits: 3, required: '≥ 0.8' },
    { what: 'update after the answer, p99 ms', figures: figures((r) => r.p99), digits: 0, required: '≤ 500' },
    { what: 'update of the last command, ms', figures: figures((r) => r.last), digits: 0, required: '≤ 500' },
    { what: 'final rows equal to GET (1: yes)', figures: figures((r) => Number(r.equal)), digits: 0, required: 'yes' },
  ]);
};
