import { isDeepStrictEqual } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { openUpdates, type Message } from '../follower.js';
import { drive, percentile } from '../load.js';
import { cpuBetween, cpuOf, totalOf } from '../process.js';
import { caughtUp, got, startServer, type Server } from '../server.js';
import { awardOn, changeOf, recordWorld } from '../story.js';
import type { Build } from './builds.js';
import { attempt, report, type Figure, type Run } from './report.js';

const CONNECTIONS = 16;
const TOWERS = 40;
const CONTRACTS = 500;
/** Of a round, with a follower and without. */
const TURNS = 4;

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

/** A new server with the towers and their contracts, warmed up by commands beside a follower. */
const newWorld = async (run: Run, { dist }: Build): Promise<{ readonly server: Server; readonly world: World }> => {
  const server = await startServer(await run.folder(), {}, { dist });
  await recordWorld(server, TOWERS);
  const posts = Array.from({ length: run.quick ? 50 : CONTRACTS }, () => awardOn(server, 'b', TOWERS));
  const next = posts.values();
  await drive({ url: server.url, connections: CONNECTIONS, status: 201, next: () => next.next().value });
  const world = { contracts: posts.map(({ path }) => path.split('/')[2]!), pounds: 0 };
  const follower = await followBoard(server);
  await caughtUp(server, (await change(server, world, run.quick ? 100 : 2000)).last);
  follower.close();
  return { server, world };
};

const mean = (figures: readonly number[]): number => figures.reduce((sum, figure) => sum + figure, 0) / figures.length;

/** In turn on two servers that live at the same time, so that with a follower and without the histories and the disk are alike. */
const roundOf = async (run: Run, build: Build): Promise<Round> => {
  const [quiet, followed] = [await newWorld(run, build), await newWorld(run, build)];
  try {
    const alone: Awaited<ReturnType<typeof change>>[] = [];
    const beside: Awaited<ReturnType<typeof change>>[] = [];
    const follower = await followBoard(followed.server);
    const lasts: number[] = [];
    for (let turn = 0; turn < TURNS; turn++) {
      alone.push(await change(quiet.server, quiet.world, run.roundMs / TURNS));
      const one = await change(followed.server, followed.world, run.roundMs / TURNS);
      beside.push(one);
      const last = one.answers.reduce((a, b) => (b.position > a.position ? b : a));
      await follower.reached(last.position);
      lasts.push(Math.max(0, follower.arrivals.find(({ position }) => position >= last.position)!.at - last.at));
    }
    follower.close();
    const delays = delaysOf(
      beside.flatMap(({ answers }) => answers),
      follower.arrivals,
    );
    return {
      alone: mean(alone.map(({ rate }) => rate)),
      aloneCpu: mean(alone.map(({ cpu }) => cpu)),
      followed: mean(beside.map(({ rate }) => rate)),
      followedCpu: mean(beside.map(({ cpu }) => cpu)),
      p99: percentile(delays, 99),
      last: Math.max(...lasts),
      equal: await sameAsGet(followed.server, follower.rows),
    };
  } finally {
    await quiet.server.kill();
    await followed.server.kill();
  }
};

/** Commands on 500 contracts of 40 towers, with one follower of the board beside them and without. */
export const boardFollower = async (run: Run): Promise<void> => {
  const contracts = run.quick ? 50 : CONTRACTS;
  const all: { readonly build: Build; readonly rounds: Round[]; failed?: string }[] = run.builds.map((build) => ({ build, rounds: [] }));
  for (let n = 0; n < run.rounds; n++)
    for (const one of all) {
      if (one.failed !== undefined) continue;
      const round = await attempt(2 * run.patienceMs, () => roundOf(run, one.build));
      if (typeof round === 'string') one.failed = round;
      else one.rounds.push(round);
    }

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
