import { Command } from 'commander';
import { migrate, NotMigratedError, type Progress } from './migration.js';
import { BadPlaceError, nameOf, openLedger, openOrBegin, placeOf } from './stores.js';

const command = new Command('migrate')
  .description(
    'Copies a ledger to another store, in order and unchanged, and proves by its root that both hold the same. Run again, it goes on.',
  )
  .requiredOption('--from <place>', 'where it is: embedded:DIR or kurrentdb:URL; no server may use a folder meanwhile')
  .requiredOption('--to <place>', 'where it is to be: a store that is empty, or holds the beginning of this ledger')
  .parse();
const told = command.opts<{ from: string; to: string }>();

const now = () => Date.now(); // eslint-disable-line no-restricted-syntax -- a rate for who watches
let [phase, begun, first, shown] = ['', 0, 0, 0];
const bar = (progress: Progress): void => {
  if (progress.phase !== phase) {
    if (phase && process.stdout.isTTY) process.stdout.write('\n');
    [phase, begun, first] = [progress.phase, now(), progress.events];
  }
  if (!process.stdout.isTTY || (now() - shown < 200 && progress.part < 1)) return;
  shown = now();
  const filled = '█'.repeat(Math.round(progress.part * 30)).padEnd(30, '░');
  const rate = Math.round(((progress.events - first) * 1000) / Math.max(1, shown - begun));
  process.stdout.write(`\r${phase.padEnd(9)} ${filled} ${Math.floor(progress.part * 100)} % · ${progress.events} events · ${rate}/s `);
};

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new NotMigratedError('Interrupted: run it again, and it goes on from here.')));

const run = async (): Promise<void> => {
  const [here, there] = [placeOf(told.from), placeOf(told.to)];
  if (nameOf(here) === nameOf(there)) throw new BadPlaceError('The ledger is there already.');
  const from = await openLedger(here);
  try {
    const to = await openOrBegin(there, from.genesis);
    try {
      const start = now();
      const { ledgerId, count, root, copied, more } = await migrate({ from, to, signal: stop.signal, onProgress: bar });
      const seconds = (now() - start) / 1000;
      process.stdout.write(
        `${process.stdout.isTTY ? '\n' : ''}Ledger ${ledgerId} with its ${count} events is at ${nameOf(there)}: ` +
          `${copied} copied in ${seconds.toFixed(1)} s, ${Math.round(copied / seconds)}/s with the proof.\n` +
          `root ${root}, made anew from each of the two stores\n` +
          (more ? 'The source has recorded more since: run it again for that.\n' : ''),
      );
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
};

try {
  await run();
} catch (error) {
  process.stderr.write(`${process.stdout.isTTY && phase ? '\n' : ''}${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
