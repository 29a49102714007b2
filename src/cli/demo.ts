import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { recordStory } from './story.js';

const {
  exit,
  url: existing,
  token,
} = new Command('demo')
  .description(
    "Records the Metropolitan Police's contracts on a server of its own, and shows the result. DATA_DIR names a folder that keeps them; without it, a fresh one is removed at the end.",
  )
  .option('--exit', 'stop when done instead of serving until Ctrl-C')
  .option('--url <url>', 'record them on this server instead, permanently')
  .addOption(new Option('--token <token>', 'token for that server; safer in the environment').env('LEDGER_TOKEN'))
  .parse()
  .opts<{ exit?: boolean; url?: string; token?: string }>();
delete process.env['LEDGER_TOKEN']; // the server would refuse it as an unknown setting

/** Starts a server on a folder. */
const serve = async (dataDir: string) => {
  const port = process.env['PORT'] ?? (exit ? '0' : '3000');
  const server = spawn(process.execPath, [join(import.meta.dirname, '../main.js')], {
    env: { ...process.env, PORT: port, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve) => server.on('exit', (code) => resolve(code ?? 1)));
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    server.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const ready = /ready at (\S+)/.exec(output);
      if (ready) resolve(ready[1]!);
    });
    void ended.then((code) => reject(new Error(`The server exited with code ${code} before it was ready.`)));
  });
  return { url, ended, stop: () => server.kill('SIGTERM') };
};

const show = async (url: string, folder: string): Promise<void> => {
  const progress = (part: number) => {
    if (process.stdout.isTTY || part === 1) process.stdout.write(`\r${Math.floor(part * 100)} % of the story recorded`);
  };
  console.log(`\n\n${(await recordStory(url, folder, progress, token)).join('\n')}`);
};

/** For the import's report, and for the ledger unless DATA_DIR names a folder for that. */
const folder = await mkdtemp(join(tmpdir(), 'tower-ledger-demo-'));
try {
  if (existing !== undefined) await show(existing.replace(/\/$/, ''), folder);
  else {
    const { DATA_DIR } = process.env;
    const { url, ended, stop } = await serve(DATA_DIR ?? join(folder, 'ledger'));
    try {
      if (!exit) console.log(`The pages: ${url}/app (the story is being recorded)`);
      await show(url, folder);
      if (!exit) {
        console.log(`A walk in five steps: ${url}/app/walk`);
        if (DATA_DIR !== undefined) console.log(`The ledger is kept in ${DATA_DIR}: another start shows the same.`);
        console.log(`Serving at ${url}/app (API: ${url}/docs) until Ctrl-C.`);
        process.once('SIGINT', stop);
        process.once('SIGTERM', stop);
        await ended;
      }
    } finally {
      stop();
      process.exitCode = await ended;
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
