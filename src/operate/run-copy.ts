import type { Command } from 'commander';
import { NotCopiedError } from '../store/sqlite/ledger-copy.js';
import type { CopyTerminal } from './backup-commands.js';
import { progressBar } from './progress.js';

/** Runs backup or restore for a person: progress and errors on stderr, the result on stdout, exit code 1 when there is no copy. */
export const runCopy = async (command: (terminal: CopyTerminal) => Command): Promise<void> => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stop.abort(new NotCopiedError('Interrupted: there is no copy.')));
  const bar = progressBar(process.stderr);
  try {
    await command({
      env: process.env,
      signal: stop.signal,
      print(text) {
        bar.end();
        process.stdout.write(`${text}\n`);
      },
      onProgress: ({ phase, part }) => bar.show(phase, part),
    }).parseAsync();
  } catch (error) {
    bar.end();
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
};
