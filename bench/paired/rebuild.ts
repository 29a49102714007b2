import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { LIFE } from '../story.js';
import { UnfinishedError } from '../patience.js';
import type { Build } from './builds.js';
import { fill } from './fill.js';
import type { Rebuilt } from './rebuild-process.js';
import { attempt, report, type Figure, type Run } from './report.js';

const EVENTS = 200_000;
const REPEATS = 3;
const PROCESS = join(import.meta.dirname, 'rebuild-process.js');

/** A build's own `bench/rebuild.js` in a process of its own: nothing of one build is warm or in memory for the next. */
const rebuildOf = async ({ dist }: Build, dir: string, ms: number): Promise<Rebuilt> => {
  const child = spawn(process.execPath, [PROCESS, dist, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearTimeout(timer);
  if (signal === 'SIGKILL') throw new UnfinishedError(`did not finish in ${Math.round(ms / 1000)} s`);
  if (code !== 0) throw new Error(`the rebuild ended with ${code ?? signal}`);
  return JSON.parse(output.trim().split('\n').at(-1)!) as Rebuilt;
};

/** All projections rebuilt from a log of whole lives, beside two scans of it that parse every event. */
export const rebuild = async (run: Run): Promise<void> => {
  const contracts = Math.ceil((run.quick ? 5000 : EVENTS) / LIFE);
  const dirs: string[] = [];
  for (const build of run.builds) dirs.push((await fill(build, await run.folder(), { contracts })).dir);
  const all: (Rebuilt[] | string)[] = run.builds.map(() => []);
  for (let n = 0; n < (run.quick ? 1 : REPEATS); n++)
    for (const [i, build] of run.builds.entries()) {
      const rounds = all[i]!;
      if (typeof rounds === 'string') continue;
      const one = await attempt(2 * run.patienceMs, () => rebuildOf(build, dirs[i]!, run.patienceMs));
      if (typeof one === 'string') all[i] = one;
      else rounds.push(one);
    }
  const figures = (of: (one: Rebuilt) => number): Figure[] => all.map((rounds) => (typeof rounds === 'string' ? rounds : rounds.map(of)));
  report(`rebuild of all projections, ${contracts * LIFE} events`, run, [
    { what: 'rebuild ÷ scan and parse', figures: figures((r) => r.ratio), digits: 3, compare: true, required: '≥ 0.18' },
    { what: 'CPU of rebuild and two scans, µs an event', figures: figures((r) => r.cpu / r.events), compare: true },
  ]);
};
