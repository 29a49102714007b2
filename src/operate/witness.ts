import { Command } from 'commander';
import { readFileSync } from 'node:fs';
import { startWitness } from './witness-server.js';

const command = new Command('witness')
  .description(
    'Signs the checkpoints of ledgers, each only after the proof that it continues the one before (C2SP tlog-witness). Run it on a machine ' +
      'that belongs to somebody else than the ledger.',
  )
  .requiredOption('--name <name>', 'the name that it signs under, such as witness.example.org/w1')
  .requiredOption('--ledgers <file>', 'public keys of ledgers, one a line, as GET /proofs/key answers them')
  .option('--dir <dir>', 'where its key and what it has seen are kept', './witness')
  .option('--host <host>', 'an address to listen on', '127.0.0.1')
  .option('--port <port>', 'a port to listen on', '3300')
  .parse();
const { name, ledgers, dir, host, port } = command.opts<Record<'name' | 'ledgers' | 'dir' | 'host' | 'port', string>>();
try {
  const now = () => Date.now(); // eslint-disable-line no-restricted-syntax -- where an operator's command joins its parts
  const witness = await startWitness({ dir, name, ledgers: readFileSync(ledgers, 'utf8'), host, port: Number(port), now });
  process.stdout.write(`The witness listens at ${witness.url}. For LEDGER_WITNESSES:\n${witness.url} ${witness.key}\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void witness.close().then(() => process.exit(0)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
