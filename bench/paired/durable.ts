import { drive, percentile, type Post } from '../load.js';
import { cpuBetween, cpuOf, totalOf, type Cpu } from '../process.js';
import { caughtUp, startServer, type Server } from '../server.js';
import { awardOn, awardBody, recordWorld } from '../story.js';
import { attempt, report, threads, type Figure, type Run } from './report.js';

const CONNECTIONS = 64;
/** Rounds before those that count: after them the engine compiles hardly anything more. */
const WARM_UP = 3;

interface Round {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  /** Microseconds of the server for each request, by thread. */
  readonly cpu: Cpu;
}

let sent = 0;
const noOp = (): Post => ({ path: '/bench/no-op', body: awardBody(++sent), key: `award-${sent}` });

/** A round of awards on new contracts ends when every projection has read them; a round of no-ops with the last answer. */
const roundOf = async (server: Server, kind: 'durable' | 'no-op', ms: number): Promise<Round> => {
  const before = cpuOf(server.pid);
  const end = performance.now() + ms;
  const next = () => (performance.now() < end ? (kind === 'durable' ? awardOn(server) : noOp()) : undefined);
  const { count, begun, ended, last, latencies } = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
  let done = ended;
  if (kind === 'durable') {
    await caughtUp(server, (JSON.parse(last) as { readonly position: string }).position);
    done = performance.now();
  }
  const used = cpuBetween(before, cpuOf(server.pid));
  const cpu = Object.fromEntries(Object.entries(used).map(([name, micros]) => [name, micros / count]));
  return { rate: (count / (done - begun)) * 1000, p50: percentile(latencies, 50), p99: percentile(latencies, 99), cpu };
};

/** Durable commands over HTTP at 64 connections beside requests that do nothing, in turn on servers that live at the same time. */
export const durable = async (run: Run): Promise<void> => {
  const servers: Server[] = [];
  for (const { dist } of run.builds) {
    const server = await startServer(await run.folder(), { LEDGER_BENCH_ROUTES: 'true' }, { dist });
    await recordWorld(server);
    servers.push(server);
  }
  const rounds: { durable: Round; noOp: Round }[][] = servers.map(() => []);
  const failed: (string | undefined)[] = servers.map(() => undefined);
  for (let n = 1; n <= WARM_UP + run.rounds; n++)
    for (const [i, server] of servers.entries()) {
      if (failed[i] !== undefined) continue;
      const round = await attempt(run.patienceMs, async () => ({
        durable: await roundOf(server, 'durable', run.roundMs),
        noOp: await roundOf(server, 'no-op', run.roundMs),
      }));
      if (typeof round === 'string') failed[i] = round;
      else if (n > WARM_UP) rounds[i]!.push(round);
    }
  for (const server of servers) await server.kill();

  const figures = (of: (round: { durable: Round; noOp: Round }) => number): Figure[] => rounds.map((all, i) => failed[i] ?? all.map(of));
  report(`durable over HTTP, ${CONNECTIONS} connections`, run, [
    { what: 'commands/s, projections caught up', figures: figures((r) => r.durable.rate), digits: 0, compare: true, required: '÷ base ≥ 1.9 (2.5)' }, // prettier-ignore
    { what: 'server CPU, µs a command', figures: figures((r) => totalOf(r.durable.cpu)), compare: true, required: '÷ base ≤ 0.55 (0.4)' },
    { what: 'p50 ms', figures: figures((r) => r.durable.p50), digits: 2 },
    { what: 'p99 ms', figures: figures((r) => r.durable.p99), digits: 2 },
    { what: 'no-ops/s', figures: figures((r) => r.noOp.rate), digits: 0, compare: true },
    { what: 'server CPU, µs a no-op', figures: figures((r) => totalOf(r.noOp.cpu)), compare: true },
    { what: 'durable ÷ no-op', figures: figures((r) => r.durable.rate / r.noOp.rate), digits: 3, required: '≥ 0.15 (0.20)' },
    { what: 'CPU of a no-op ÷ of a command', figures: figures((r) => totalOf(r.noOp.cpu) / totalOf(r.durable.cpu)), digits: 3 },
  ]);
  for (const [i, { name }] of run.builds.entries())
    console.log(`${name}, µs a command by thread: ${threads(rounds[i]!.map((r) => r.durable.cpu))}`);
};
