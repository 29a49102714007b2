import { Command } from 'commander';
import { migrate, NotMigratedError, type Progress } from './migration.js';
import { progressBar } from './progress.js';
import { BadPlaceError, nameOf, openLedger, openOrBegin, placeOf } from './stores.js';

const command = new Command('migrate')
  .description(
    'Copies a ledger to another store, in order and unchanged, and proves by its root that both hold the same. An interrupted run is resumed.',
  )
  .requiredOption(
    '--from <place>',
    'the ledger: embedded:DIR, kurrentdb:URL, kurrentdb:URL#PREFIX, replica:DIR or bundle:DIR (of a whole ledger); no server may use the folder meanwhile',
  )
  .requiredOption(
    '--to <place>',
    'the other store: embedded:DIR, kurrentdb:URL or kurrentdb:URL#PREFIX; empty, or with the beginning of this ledger',
  )
  .parse();
const options = command.opts<{ from: string; to: string }>();

const now = () => Date.now(); // eslint-disable-line no-restricted-syntax -- a rate for the person who watches
const bar = progressBar(process.stderr);
let [phase, begun, first] = ['', 0, 0];
const onProgress = ({ phase: next, events, part }: Progress): void => {
  if (next !== phase) [phase, begun, first] = [next, now(), events];
  const rate = Math.round(((events - first) * 1000) / Math.max(1, now() - begun));
  bar.show(phase, part, ` · ${events} events · ${rate}/s`);
};

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new NotMigratedError('Interrupted: the next run resumes here.')));

const run = async (): Promise<void> => {
  const [here, there] = [placeOf(options.from), placeOf(options.to)];
  if (nameOf(here) === nameOf(there)) throw new BadPlaceError('The source and the target are the same place.');
  const from = await openLedger(here);
  try {
    const to = await openOrBegin(there, from.genesis);
    try {
      const start = now();
      const { ledgerId, count, root, copied, more, left } = await migrate({ from, to, signal: stop.signal, onProgress });
      const seconds = (now() - start) / 1000;
      bar.end();
      process.stdout.write(
        `Ledger ${ledgerId} with its ${count} events is at ${nameOf(there)}: ` +
          `${copied} copied in ${seconds.toFixed(1)} s, ${Math.round(copied / seconds)}/s with the proof.\n` +
          `root ${root}, computed from each of the two stores\n` +
          (left ? `Left out: ${left.events} events that other programs wrote, in ${left.streams.join(', ')}.\n` : '') +
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
  bar.end();
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
