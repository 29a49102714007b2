import { Command, Option } from 'commander';
import { userInfo } from 'node:os';
import { importFile, InterruptedError, NotJsonLinesError } from './importer.js';

const command = new Command('import')
  .description(
    'Sends a file of commands to a server: a JSON text each line, {"key", "post", "body"}. What was recorded before is not recorded twice.',
  )
  .argument('<file>', 'JSON Lines')
  .option('--url <url>', 'the server', 'http://127.0.0.1:3000')
  .option('--actor <id>', 'who sends them, to a server without tokens', userInfo().username)
  .addOption(new Option('--token <token>', 'whose they are; safer in the environment').env('LEDGER_TOKEN').conflicts('actor'))
  .option('--connections <n>', 'lines under way at the same time', '64')
  .option('--report <file>', 'what became of each line; beside the file when absent')
  .option('--dry-run', 'record nothing: only say what would be refused')
  .option('--again', 'from the first line, whatever an earlier run did')
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

const begun = Date.now(); // eslint-disable-line no-restricted-syntax -- a rate for who watches
let shown = 0;
const bar = (lines: number, bytes: number, of: number): void => {
  const now = Date.now(); // eslint-disable-line no-restricted-syntax -- a rate for who watches
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
    `${process.stdout.isTTY ? '\n' : ''}${lines} lines: ${sent.join(', ') || 'nothing'}; each in ${report ?? `${file}.report.jsonl`}`,
  );
  process.exitCode = counts.refused + counts.broken + counts.failed > 0 ? 1 : 0;
} catch (error) {
  const { code } = error as { readonly code?: string };
  const plain = error instanceof InterruptedError || error instanceof NotJsonLinesError || /^E[A-Z]+$/.test(code ?? ''); // a file that is not there is nobody's bug
  console.error(plain ? (error as Error).message : error);
  process.exitCode = 2;
}
