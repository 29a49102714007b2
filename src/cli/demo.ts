import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { boardOf, dossierOf, type Dossier, type Replay, type Row } from './show.js';

/** A line of the scenario: a command with its stable key, or a mark between two parts of the story. */
type Line =
  { readonly key: string; readonly post: string; readonly body: { event?: string } } | { readonly mark: string; readonly title: string };

const { exit } = new Command('demo')
  .description("Tells the Metropolitan Police's contracts to a server on a fresh folder, and shows what came of it.")
  .option('--exit', 'stop when done instead of keeping to serve')
  .parse()
  .opts<{ exit?: boolean }>();

const scenario = async (): Promise<readonly Line[]> => {
  const text = await readFile(join(import.meta.dirname, 'met-police.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
};

/** A server of its own, on a folder that is gone with it. */
const serve = async (dataDir: string) => {
  const port = process.env['PORT'] ?? (exit ? '0' : '3000');
  const server = spawn(process.execPath, [join(import.meta.dirname, '../main.js')], {
    env: { ...process.env, PORT: port, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number>((resolve) => server.on('exit', (code) => resolve(code ?? 1)));
  const url = await new Promise<string>((resolve, reject) => {
    let said = '';
    server.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const ready = /ready at (\S+)/.exec(said);
      if (ready) resolve(ready[1]!);
    });
    void ended.then((code) => reject(new Error(`The server ended with ${code} before it was ready.`)));
  });
  return { url, ended, stop: () => server.kill('SIGTERM') };
};

const get = async <T>(url: string): Promise<T> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return (await response.json()) as T;
};

/** Sends the story command by command. @returns where the log stood at each mark, and at the end */
const tell = async (url: string, lines: readonly Line[]) => {
  const events = new Map<string, string>();
  const marks: { readonly title: string; readonly position: string }[] = [];
  let position = '';
  let told = 0;
  const all = lines.filter((line) => 'key' in line).length;
  for (const line of lines) {
    if ('mark' in line) {
      marks.push({ title: line.title, position });
      continue;
    }
    const body = line.body.event ? { ...line.body, event: events.get(line.body.event.slice(1)) } : line.body;
    const response = await fetch(url + line.post, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': line.key, 'x-actor': 'contract-manager' },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { readonly position: string; readonly events: readonly { readonly id: string }[] };
    if (response.status !== 201) throw new Error(`${line.key}: ${response.status} ${JSON.stringify(answer)}`);
    events.set(line.key, answer.events[0]!.id);
    position = answer.position;
    told++;
    if (process.stdout.isTTY) process.stdout.write(`\r${told} of ${all} commands told`);
    else if (told === all) process.stdout.write(`${told} of ${all} commands told`);
  }
  process.stdout.write('\n\n');
  return { marks, position };
};

const board = async (url: string, title: string, position: string): Promise<string> => {
  const rows: Row[] = [];
  for (let cursor: string | undefined, more = true; more;) {
    const page = await get<{ rows: readonly Row[]; next?: string | null }>(
      `${url}/projections/tower-board?programme=met&position=${position}&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
    );
    rows.push(...page.rows);
    cursor = page.next ?? undefined;
    more = cursor !== undefined;
  }
  return boardOf(title, position, rows);
};

const audited = async (url: string): Promise<string> => {
  const { decisions } = await get<{ decisions: readonly { decision: string; stream: string }[] }>(`${url}/decisions?reference=PCD-813`);
  const { decision } = decisions.find(({ stream }) => stream === 'contract-met-dcms-keysource')!;
  return dossierOf(
    await get<Dossier>(`${url}/decisions/${decision}`),
    await get<Replay>(`${url}/decisions/${decision}/replay`),
    decisions.length,
  );
};

const dataDir = await mkdtemp(join(tmpdir(), 'tower-ledger-demo-'));
try {
  const { url, ended, stop } = await serve(dataDir);
  try {
    const { marks, position } = await tell(url, await scenario());
    for (const mark of marks) console.log(await board(url, mark.title, mark.position));
    console.log(await board(url, 'As it is known now', position));
    console.log(await audited(url));
    if (!exit) {
      console.log(`Serving at ${url} (API: ${url}/docs) until Ctrl-C.`);
      process.once('SIGINT', stop);
      process.once('SIGTERM', stop);
      await ended;
    }
  } finally {
    stop();
    process.exitCode = await ended;
  }
} finally {
  await rm(dataDir, { recursive: true, force: true });
}
