import { Command, Option } from 'commander';
import { boardFrom, getFrom } from './reads.js';

const { programme, on, recordedAt, url, token } = new Command('board')
  .description('Prints the tower board of a programme, as it stood on any day and as it was known at any time.')
  .requiredOption('--programme <id>', 'the programme')
  .option('--on <day>', 'as of this day; today unless set')
  .option('--recorded-at <time>', 'as recorded at this instant, or at the end of this day; now unless set')
  .option('--url <url>', 'the server', 'http://127.0.0.1:3000')
  .addOption(new Option('--token <token>', 'token for that server; safer in the environment').env('LEDGER_TOKEN'))
  .parse()
  .opts<{ programme: string; on?: string; recordedAt?: string; url: string; token?: string }>();

const title = [on === undefined ? 'Today' : `On ${on}`, recordedAt === undefined ? 'as it is known now' : `as it was known at ${recordedAt}`].join(', '); // prettier-ignore
try {
  console.log(await boardFrom(getFrom(url.replace(/\/$/, ''), token), title, { programme, on, recordedAt }));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
