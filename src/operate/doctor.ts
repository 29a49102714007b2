import { Command } from 'commander';
import { diagnose, wordsOf } from './diagnosis.js';
import { progressBar } from './progress.js';

new Command('doctor')
  .description(
    'Examines the store of the ledger, step by step: LEDGER_KURRENTDB_URL, or the folder DATA_DIR (LEDGER_STORE says which). A folder is ' +
      'examined whole while no server uses it, in about a minute for a million events and two seconds for a gigabyte of evidence; to a KurrentDB the doctor writes, in a stream that is not part of the ledger. ' +
      'Exit code 1 when a step fails.',
  )
  .parse();

const bar = progressBar(process.stderr);
try {
  for await (const { step, ok, detail } of diagnose(process.env, (part) => bar.show('the log', part))) {
    bar.end();
    process.stdout.write(`${ok ? '✓' : '✗'} ${step.padEnd(14)} ${detail}\n`);
    if (!ok) process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`${wordsOf(error)}\n`);
  process.exitCode = 1;
}
