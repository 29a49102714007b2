import { Command, Option } from 'commander';
import { userInfo } from 'node:os';
import { importFile, InterruptedError, NotJsonLinesError } from './importer.js';

const command = new Command('import')
  .description('Sends a file of commands to a server, one JSON object {"key", "post", "body"} per line. Re-running it is a no-op.')
  .argument('<file>', 'JSON Lines')
  .option('--url <url>', 'the server', 'http://127.0.0.1:3000')
  .option('--actor <id>', 'the sender, for a server without tokens', userInfo().username)
  .addOption(new Option('--token <token>', 'token of the sender; safer in the environment').env('LEDGER_TOKEN').conflicts('actor'))
  .option('--connections <n>', 'lines in flight at the same time', '64')
  .option('--report <file>', 'outcome of each line (default: <file>.report.jsonl)')
  .option('--dry-run', 'record nothing, only report what would be refused')
  .option('--again', 'start at the first line, even if an earlier run was interrupted')
  .parse();
const [file] = command.args as [string];
const { url, actor, token, connections, report, dryRun, again } = command.opts<{
  url: string;
  actor: string;
  token?: string;
  connections: string;
  report?: string;
  dryRun?: true;
  again?: true;
}>();

const begun = Date.now(); // eslint-disable-line no-restricted-syntax -- a rate for the progress bar
let shown = 0;
const bar = (lines: number, bytes: number, of: number): void => {
  const now = Date.now(); // eslint-disable-line no-restricted-syntax -- a rate for the progress bar
  if (!process.stdout.isTTY || (now - shown < 200 && bytes < of)) return;
  shown = now;
  const part = of === 0 ? 1 : bytes / of;
  const rate = Math.round((lines * 1000) / Math.max(1, now - begun));
  process.stdout.write(`\r${'█'.repeat(Math.round(part * 30)).padEnd(30, '░')} ${Math.floor(part * 100)} % · ${lines} lines · ${rate}/s `);
};

try {
  const counts = await importFile({
    file,
    url: url.replace(/\/$/, ''),
    actor,
    connections: Math.max(1, Number(connections) || 64),
    progress: ({ lines, bytes, of }) => bar(lines, bytes, of),
    ...(token && { token }),
    ...(report && { report }),
    ...(dryRun && { dryRun }),
    ...(again && { again }),
  });
  const { lines, ...outcomes } = counts;
  const sent = Object.entries(outcomes).flatMap(([outcome, n]) => (n > 0 ? [`${n} ${outcome}`] : []));
  console.log(
    `${process.stdout.isTTY ? '\n' : ''}${lines} lines: ${sent.join(', ') || 'nothing'}; details in ${report ?? `${file}.report.jsonl`}`,
  );
  process.exitCode = counts.refused + counts.broken + counts.failed > 0 ? 1 : 0;
} catch (error) {
  const { code } = error as { readonly code?: string };
  const plain = error instanceof InterruptedError || error instanceof NotJsonLinesError || /^E[A-Z]+$/.test(code ?? ''); // for example a missing file: the message is enough, without a stack
  console.error(plain ? (error as Error).message : error);
  process.exitCode = 2;
}
