import { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { boardFollower } from './paired/board-follower.js';
import type { Build } from './paired/builds.js';
import { catchingUp } from './paired/catching-up.js';
import { durable } from './paired/durable.js';
import { loop, million, stopLongLogs } from './paired/long-log.js';
import { pages } from './paired/pages.js';
import { rebuild } from './paired/rebuild.js';
import { registerFollowers } from './paired/register-followers.js';
import type { Run } from './paired/report.js';
import { store } from './paired/store.js';
import { DIST } from './server.js';
import { LIFE } from './story.js';

const measurements: { readonly [name: string]: (run: Run) => Promise<void> } = {
  durable,
  store,
  rebuild,
  board: boardFollower,
  register: registerFollowers,
  catchup: catchingUp,
  million,
  loop,
  pages,
};
const names = Object.keys(measurements).join(', ');

const options = new Command('paired')
  .description('Measures this build beside another, in turn and on the same machine at the same time. Every rate is printed with its CPU.')
  .option('--base <dist>', 'the dist folder of the other build; without it this build is measured alone')
  .option('--only <names>', `some of ${names}, by commas`)
  .option('--quick', 'a small run: does everything work?')
  .option('--rounds <n>', 'rounds of each build', '5')
  .option('--seconds <n>', 'seconds of a round', '3')
  .option('--events <n>', 'the length of the long log', '1000000')
  .option('--patience <seconds>', 'how long one measurement of one build may take', '120')
  .option('--dir <folder>', 'where the ledgers are made', tmpdir())
  .parse()
  .opts<{ base?: string; only?: string; quick?: boolean; rounds: string; seconds: string; events: string; patience: string; dir: string }>(); // prettier-ignore

const quick = options.quick === true;
const builds: Build[] = [
  ...(options.base === undefined ? [] : [{ name: 'base', dist: resolve(options.base) }]),
  { name: 'this build', dist: DIST },
];
const folders: string[] = [];
const run: Run = {
  builds,
  quick,
  rounds: quick ? 2 : Number(options.rounds),
  roundMs: quick ? 500 : Number(options.seconds) * 1000,
  patienceMs: (quick ? 30 : Number(options.patience)) * 1000,
  contracts: quick ? 700 : Math.ceil(Number(options.events) / LIFE),
  folder: async () => {
    const folder = await mkdtemp(join(options.dir, 'tower-ledger-paired-'));
    folders.push(folder);
    return folder;
  },
};

const chosen = options.only?.split(',') ?? Object.keys(measurements);
const unknown = chosen.find((name) => !(name in measurements));
if (unknown !== undefined) {
  console.error(`--only takes some of ${names}; there is no ${unknown}.`);
  process.exit(2);
}
console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, folders in ${options.dir}; ` +
    `the load and each server are a process each; medians of ${run.rounds} rounds of ${run.roundMs} ms, with the least and the most`,
);
try {
  for (const name of chosen) await measurements[name]!(run);
} finally {
  await stopLongLogs();
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
}
process.exit(0);
