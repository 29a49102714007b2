import { setTimeout as sleep } from 'node:timers/promises';
import { openUpdates, type Updates } from '../follower.js';
import { cpuBetween, cpuOf, totalOf, type Cpu } from '../process.js';
import { got, startServer, type Server } from '../server.js';
import { awardOn, recordWorld } from '../story.js';
import { attempt, report, threads, type Figure, type Run } from './report.js';

/** As many as a server lets follow unless it is set. */
const FOLLOWERS = 1000;
/** After the last follower has its message, what the server still writes for this award is waited for. */
const SETTLE_MS = 400;
const OPENED_AT_ONCE = 50;
/** Awards before those that are measured: followers stay for days. */
const WARM_UP = 12;

interface Round {
  readonly cpu: Cpu;
  /** From the request to the message of the last follower. */
  readonly lastMs: number;
}

const roundOf = async (server: Server, followers: number, arrivals: { count: number; last: number }): Promise<Round> => {
  arrivals.count = 0;
  const before = cpuOf(server.pid);
  const begun = performance.now();
  const { path, body } = awardOn(server, 'r');
  await got(server.post(path, body));
  while (arrivals.count < followers) await sleep(1);
  const lastMs = arrivals.last - begun;
  await sleep(SETTLE_MS);
  return { cpu: cpuBetween(before, cpuOf(server.pid)), lastMs };
};

/** One award at a time, with a thousand followers of the register. */
export const registerFollowers = async (run: Run): Promise<void> => {
  const followers = run.quick ? 100 : FOLLOWERS;
  const awards = run.quick ? 3 : 4 * run.rounds;
  const figuresOf: (Round[] | string)[] = [];
  for (const { dist } of run.builds) {
    const server = await startServer(await run.folder(), {}, { dist });
    await recordWorld(server);
    const arrivals = { count: 0, last: 0 };
    const open: Updates[] = [];
    const take = ({ event }: { readonly event: string | undefined }) => {
      if (event !== undefined) return;
      arrivals.count++;
      arrivals.last = performance.now();
    };
    const result = await attempt(run.patienceMs, async () => {
      for (let n = 0; n < followers; n += OPENED_AT_ONCE) {
        const some = Array.from({ length: Math.min(OPENED_AT_ONCE, followers - n) }, () =>
          openUpdates(server.url, { projection: 'contract-register', take }),
        );
        open.push(...(await Promise.all(some)));
      }
      await sleep(SETTLE_MS);
      const rounds: Round[] = [];
      for (let n = -WARM_UP; n < awards; n++) {
        const round = await roundOf(server, followers, arrivals);
        if (n >= 0) rounds.push(round); // the first ones warm up
      }
      return rounds;
    });
    figuresOf.push(result);
    for (const updates of open) updates.close();
    await server.kill();
  }
  const figures = (of: (round: Round) => number): Figure[] => figuresOf.map((all) => (typeof all === 'string' ? all : all.map(of)));
  report(`one award, ${followers} followers of the register`, run, [
    { what: 'server CPU, ms', figures: figures((r) => totalOf(r.cpu) / 1000), compare: true, required: '≤ 18' },
    { what: 'last follower notified, ms after the request', figures: figures((r) => r.lastMs), compare: true, required: '≤ 40' },
  ]);
  for (const [i, { name }] of run.builds.entries()) {
    const all = figuresOf[i]!;
    if (typeof all !== 'string') console.log(`${name}, µs an award by thread: ${threads(all.map((r) => r.cpu))}`);
  }
};
