import { Command } from 'commander';
import { createPublicKey } from 'node:crypto';
import { signCheckpoint } from '../proof/checkpoint.js';
import { verifierKey } from '../proof/note.js';
import { ProofFolder } from '../proof/proof-folder.js';

new Command('rotate-key')
  .description(
    'Makes a new key for the checkpoints of DATA_DIR (or of LEDGER_PROOF_KEY), and signs the last checkpoint with both, so that everybody who has the ' +
      'former key can trust the new one. Stop the server first. Notes that the former key signed stay valid here.',
  )
  .parse();
try {
  const { DATA_DIR = './data', LEDGER_PROOF_KEY } = process.env;
  const folder = new ProofFolder(DATA_DIR, LEDGER_PROOF_KEY);
  const last = folder.last();
  const { now } = folder.rotate();
  if (last) {
    const signature = signCheckpoint(last, folder.key()).note.split('\n\n').at(-1)!;
    await folder.keep(last.note + signature);
    folder.keepOlder(last.note + signature);
  }
  process.stdout.write(`The new key${last ? `: ${verifierKey(last.origin, createPublicKey(now))}` : ' is made.'}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
