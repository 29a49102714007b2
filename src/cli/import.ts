import { Command, Option } from 'commander';
import { userInfo } from 'node:os';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { NotCsvError } from '../csv.js';
import { isDay } from '../kernel/index.js';
import { importFile, InterruptedError, NotJsonLinesError } from './importer.js';
import { askMapping, MappingError, mappingOf, type Ask } from './import-mapping.js';
import { importRegister, type RegisterReport } from './import-register.js';
import { headerOf } from './register-rows.js';

const command = new Command('import')
  .description(
    'Sends a file of commands to a server, one JSON object {"key", "post", "body"} per line; or a register of contracts as CSV, a row each. Re-running it is a no-op.',
  )
  .argument('<file>', 'JSON Lines, or CSV')
  .option('--mapping <file>', 'how the columns of a CSV file are read; asked for and kept beside it when there is none')
  .option('--programme <id>', 'the programme of the contracts of a CSV file, instead of that of the mapping')
  .option('--on <day>', 'the day that a CSV file is of, YYYY-MM-DD (default: today, in the time zone of the ledger)')
  .option('--no-ask', 'report what is to be asked of a CSV file, and ask nothing')
  .option('--url <url>', 'the server', 'http://127.0.0.1:3000')
  .option('--actor <id>', 'the sender, for a server without tokens', userInfo().username)
  .addOption(new Option('--token <token>', 'token of the sender; safer in the environment').env('LEDGER_TOKEN').conflicts('actor'))
  .option('--connections <n>', 'lines in flight at the same time', '64')
  .option('--report <file>', 'outcome of each line (default: <file>.report.jsonl)')
  .option('--dry-run', 'record nothing, only report what would be refused')
  .option('--again', 'start at the first line, even if an earlier run was interrupted')
  .parse();
const [file] = command.args as [string];
const { url, actor, token, connections, report, dryRun, again, mapping, programme, on, ask } = command.opts<{
  mapping?: string;
  programme?: string;
  on?: string;
  ask: boolean;
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

const sender = { url: url.replace(/\/$/, ''), actor, ...(token && { token }), ...(dryRun && { dryRun }) };

/** Commands, a line each. */
const sendLines = async (): Promise<boolean> => {
  const counts = await importFile({
    file,
    ...sender,
    connections: Math.max(1, Number(connections) || 64),
    progress: ({ lines, bytes, of }) => bar(lines, bytes, of),
    ...(report && { report }),
    ...(again && { again }),
  });
  const { lines, ...outcomes } = counts;
  const sent = Object.entries(outcomes).flatMap(([outcome, n]) => (n > 0 ? [`${n} ${outcome}`] : []));
  console.log(
    `${process.stdout.isTTY ? '\n' : ''}${lines} lines: ${sent.join(', ') || 'nothing'}; details in ${report ?? `${file}.report.jsonl`}`,
  );
  return counts.refused + counts.broken + counts.failed === 0;
};

/** Asks at the terminal; an answer is one of the choices, by its name or its number. */
const asking = (): { readonly ask: Ask; close(): void } => {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  const ask: Ask = async (question, choices, proposed) => {
    const offered = choices ? `\n${choices.map((choice, i) => `  ${i + 1} ${choice}`).join('\n')}\n` : ' ';
    for (;;) {
      const said = (await lines.question(`${question}${offered}${proposed === undefined ? '' : `[${proposed}] `}> `)).trim() || proposed;
      const chosen = choices && said !== undefined ? (choices[Number(said) - 1] ?? said) : said;
      if (chosen !== undefined && (!choices || choices.includes(chosen))) return chosen;
    }
  };
  return { ask, close: () => lines.close() };
};

/** The mapping that is named, by its file or as one that ships with the import; else one that is asked for, and kept. */
const mappingFor = async (ask: Ask | undefined): Promise<unknown> => {
  if (mapping !== undefined) {
    const shipped = join(import.meta.dirname, `${mapping}.json`);
    const at = !existsSync(mapping) && /^[a-z-]+$/.test(mapping) && existsSync(shipped) ? shipped : mapping;
    try {
      return JSON.parse(await readFile(at, 'utf8')) as unknown;
    } catch (error) {
      throw error instanceof SyntaxError ? new MappingError(`${at} is not JSON: ${error.message}`) : error;
    }
  }
  if (!ask) throw new MappingError('Name a file with --mapping: there is nobody to ask for the columns.');
  const asked = await askMapping(await headerOf(file), ask);
  const kept = `${file}.mapping.json`;
  await writeFile(kept, `${JSON.stringify(asked, null, 2)}\n`);
  console.log(`The mapping is kept in ${kept}.`);
  return asked;
};

const sendRegister = async (): Promise<boolean> => {
  if (on !== undefined && !isDay(on)) throw new MappingError('--on must be a day such as 2026-04-01.');
  const terminal = ask && process.stdin.isTTY ? asking() : undefined;
  try {
    const read = mappingOf(await mappingFor(terminal?.ask), { programme });
    const to = report ?? `${file}.report.jsonl`;
    const done = await importRegister({ file, mapping: read, ...sender, report: to, ...(on && { on }), ...(terminal && { ask: terminal.ask }) }); // prettier-ignore
    for (const line of summaryOf(done, to)) console.log(line);
    return done.outcomes.refused + done.outcomes.broken === 0;
  } finally {
    terminal?.close();
  }
};
/** What a person reads of it: the sums, and the rows that somebody has to look at, 20 of each kind. */
const summaryOf = ({ rows, suppliers, outcomes, reports, unknownColumns }: RegisterReport, to: string): readonly string[] => {
  const sums = Object.entries(outcomes).flatMap(([outcome, n]) => (n > 0 ? [`${n} ${outcome}`] : []));
  const lines = [`${dryRun ? 'Dry run: ' : ''}${rows} rows: ${sums.join(', ') || 'nothing'}; ${suppliers} ${suppliers === 1 ? 'supplier' : 'suppliers'} ${dryRun ? 'to register' : 'registered'}; details in ${to}`]; // prettier-ignore
  if (unknownColumns.length > 0) lines.push(`Columns that the mapping does not name: ${unknownColumns.join(', ')}`);
  for (const outcome of ['broken', 'refused', 'asked', 'vanished'] as const) {
    const some = reports.filter((one) => one.outcome === outcome);
    for (const { line, key, column, was, is, why } of some.slice(0, 20))
      lines.push([`  ${outcome}`, line === undefined ? '' : ` line ${line}`, ` ${key}`, column ? `, ${column}` : '', is === undefined ? '' : `: ${was ?? 'nothing'} → ${is}`, why ? `: ${why}` : ''].join('')); // prettier-ignore
    if (some.length > 20) lines.push(`  … and ${some.length - 20} more ${outcome}`);
  }
  return lines;
};

try {
  const isRegister = mapping !== undefined || extname(file).toLowerCase() === '.csv';
  process.exitCode = (await (isRegister ? sendRegister() : sendLines())) ? 0 : 1;
} catch (error) {
  const { code } = error as { readonly code?: string };
  const plain =
    [InterruptedError, NotJsonLinesError, NotCsvError, MappingError].some((kind) => error instanceof kind) || /^E[A-Z]+$/.test(code ?? ''); // prettier-ignore -- for example a missing file: the message is enough, without a stack
  console.error(plain ? (error as Error).message : error);
  process.exitCode = 2;
}
