import { CommanderError } from 'commander';
import { join } from 'node:path';
import { tokenCommands } from './token-commands.js';

const { LEDGER_TOKENS, DATA_DIR = './data' } = process.env;

try {
  await tokenCommands({
    file: LEDGER_TOKENS ?? join(DATA_DIR, 'tokens.json'),
    now: () => new Date().toISOString(), // eslint-disable-line no-restricted-syntax -- when somebody made or revoked one
    print: (line) => process.stdout.write(`${line}\n`),
    say: (line) => process.stderr.write(`${line}\n`),
  }).parseAsync();
} catch (error) {
  // commander has written what is wrong with the arguments
  if (!(error instanceof CommanderError)) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
