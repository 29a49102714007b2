import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { tellStory } from './story.js';

const {
  exit,
  url: elsewhere,
  token,
} = new Command('demo')
  .description("Tells the Metropolitan Police's contracts to a server on a fresh folder, and shows what came of it.")
  .option('--exit', 'stop when done instead of keeping to serve')
  .option('--url <url>', 'tell them to this server instead, where they stay')
  .addOption(new Option('--token <token>', 'for that server; safer in the environment').env('LEDGER_TOKEN'))
  .parse()
  .opts<{ exit?: boolean; url?: string; token?: string }>();
delete process.env['LEDGER_TOKEN']; // no setting of a server

/** A server of its own, on a folder that is gone with it. */
const serve = async (dataDir: string) => {
  const port = process.env['PORT'] ?? (exit ? '0' : '3000');
  const server = spawn(process.execPath, [join(import.meta.dirname, '../main.js')], {
    env: { ...process.env, PORT: port, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve) => server.on('exit', (code) => resolve(code ?? 1)));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const ready = /ready at (\S+)/.exec(said);
      if (ready) resolve(ready[1]!);
    });
    void ended.then((code) => reject(new Error(`The server ended with ${code} before it was ready.`)));
  });
  return { url, ended, stop: () => server.kill('SIGTERM') };
};

const show = async (url: string, folder: string): Promise<void> => {
  const said = (part: number) => {
    if (process.stdout.isTTY || part === 1) process.stdout.write(`\r${Math.floor(part * 100)} % of the story told`);
  };
  console.log(`\n\n${(await tellStory(url, folder, said, token)).join('\n')}`);
};

const dataDir = await mkdtemp(join(tmpdir(), 'tower-ledger-demo-'));
try {
  if (elsewhere !== undefined) await show(elsewhere.replace(/\/$/, ''), dataDir);
  else {
    const { url, ended, stop } = await serve(dataDir);
    try {
      await show(url, dataDir);
      if (!exit) {
        console.log(`Serving at ${url} (API: ${url}/docs) until Ctrl-C.`);
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
  await rm(dataDir, { recursive: true, force: true });
}
