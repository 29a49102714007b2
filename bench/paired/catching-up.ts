import { setTimeout as sleep } from 'node:timers/promises';
import { openUpdates } from '../follower.js';
import { drive } from '../load.js';
import { cpuBetween, cpuOf, totalOf } from '../process.js';
import { caughtUp, startServer, type Server } from '../server.js';
import { awardOn, LIFE } from '../story.js';
import { CatchUp } from './catch-up.js';
import { fill, type Filled } from './fill.js';
import { attempt, report, type Figure, type Run } from './report.js';

const CONNECTIONS = 64;
const FOLLOWERS = 200;
const EVENTS = 50_000;
/** Followers resume so many messages before the end, and at the beginning of the log. */
const BEHIND = [20, 50, 90, 150, 300];
/** After the followers have gone, until the server has noticed. */
const SETTLE_MS = 500;

const commands = async (server: Server, ms: number) => {
  const end = performance.now() + ms;
  const before = cpuOf(server.pid);
  const next = () => (performance.now() < end ? awardOn(server, 'n') : undefined);
  const { count, begun, ended, last } = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
  const cpu = totalOf(cpuBetween(before, cpuOf(server.pid))) / count;
  return { rate: (count / (ended - begun)) * 1000, cpu, last: (JSON.parse(last) as { readonly position: string }).position };
};

interface Round {
  readonly alone: number;
  readonly aloneCpu: number;
  readonly beside: number;
  readonly besideCpu: number;
  readonly messages: number;
}

/** Commands beside 200 followers that catch up all the time, and alone. */
export const catchingUp = async (run: Run): Promise<void> => {
  const [followers, contracts] = run.quick ? [20, 500] : [FOLLOWERS, Math.ceil(EVENTS / LIFE)];
  const all: { readonly server: Server; readonly filled: Filled; readonly rounds: Round[]; failed?: string }[] = [];
  for (const build of run.builds) {
    const filled = await fill(build, await run.folder(), { contracts });
    const server = await startServer(filled.dir, {}, { dist: build.dist });
    await caughtUp(server);
    all.push({ server, filled, rounds: [] });
  }
  for (let n = 0; n <= run.rounds; n++)
    for (const one of all) {
      const { server, filled } = one;
      if (one.failed !== undefined) continue;
      const round = await attempt(run.patienceMs, async (): Promise<Round> => {
        const projection = 'contract-register';
        const ids: string[] = [];
        const live = await openUpdates(server.url, { projection, take: ({ id }) => void (id !== undefined && ids.push(id)) });
        const alone = await commands(server, run.roundMs);
        await caughtUp(server, alone.last);
        live.close();
        const begin = { projection, after: filled.beginning[projection]!, until: filled.events };
        const behind = BEHIND.flatMap((n) => ids.at(-n) ?? []).map((after) => ({ projection, after, until: Number(alone.last) }));
        const from = [begin, ...behind];
        const followed = await CatchUp.start({ url: server.url, from, followers });
        const beside = await commands(server, run.roundMs);
        const messages = await followed.stop();
        await caughtUp(server, beside.last);
        await sleep(SETTLE_MS);
        return { alone: alone.rate, aloneCpu: alone.cpu, beside: beside.rate, besideCpu: beside.cpu, messages };
      });
      if (typeof round === 'string') one.failed = round;
      else if (n > 0) one.rounds.push(round); // the first warms up
    }
  for (const { server } of all) await server.kill();

  const figures = (of: (round: Round) => number): Figure[] => all.map(({ failed, rounds }) => failed ?? rounds.map(of));
  report(`${followers} followers catching up, ${CONNECTIONS} connections`, run, [
    { what: 'commands/s alone', figures: figures((r) => r.alone), digits: 0, compare: true },
    { what: 'server CPU alone, µs a command', figures: figures((r) => r.aloneCpu), compare: true },
    { what: 'commands/s beside', figures: figures((r) => r.beside), digits: 0, compare: true },
    { what: 'server CPU beside, µs a command', figures: figures((r) => r.besideCpu), compare: true },
    { what: 'beside ÷ alone', figures: figures((r) => r.beside / r.alone), digits: 3, required: '≥ 0.8' },
    { what: 'messages in a round', figures: figures((r) => r.messages), digits: 0 },
  ]);
};
