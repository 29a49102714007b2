import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { drive } from './load.js';
import { cpuOf, memoryOf, totalOf } from './process.js';
import { caughtUp, type Server } from './server.js';
import { lives } from './story.js';

const CONNECTIONS = 64;
const IMPORT = join(import.meta.dirname, '../src/cli/import.js');
/** CPU seconds of all threads of a process. A thread that has ended is not counted. */
const cpuSeconds = (pid: number): number => totalOf(cpuOf(pid)) / 1e6;

const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);

interface Sent {
  readonly lines: number;
  /** Seconds to the last answer, and until every projection has read what was sent. */
  readonly answered: number;
  readonly read: number;
  readonly clientCpu: number;
  readonly serverCpu: number;
}
const together = (a: Sent, b: Sent): Sent => ({
  lines: a.lines + b.lines,
  answered: a.answered + b.answered,
  read: a.read + b.read,
  clientCpu: a.clientCpu + b.clientCpu,
  serverCpu: a.serverCpu + b.serverCpu,
});

/**
 * The import sends whole lives of contracts from a file; the load generator sends the same, half before the import and half after it, so
 * that the growth of the ledger and other work on the machine affect both.
 */
export const importBesideLoad = async (server: Server, dir: string, lines: number): Promise<{ rows: string[][]; summary: string }> => {
  const file = join(dir, 'lives.jsonl');
  const out = createWriteStream(file);
  const line = lives(lines, 'i');
  for (let n = 0; n < lines; n++) {
    const { path, body, key } = line(n % CONNECTIONS)!;
    if (!out.write(`${JSON.stringify({ key: `${key}-${n}`, post: path, body: JSON.parse(body) })}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');

  const measured = async (count: number, work: () => Promise<{ readonly cpu: number; readonly position?: string }>): Promise<Sent> => {
    const [before, begun] = [cpuSeconds(server.pid), performance.now()];
    const { cpu, position } = await work();
    const answered = (performance.now() - begun) / 1000;
    await caughtUp(server, position);
    const read = (performance.now() - begun) / 1000;
    return { lines: count, answered, read, clientCpu: cpu, serverCpu: cpuSeconds(server.pid) - before };
  };
  const half = Math.min(Math.ceil(lines / 2), 50_000);
  const load = (name: string) =>
    measured(half, async () => {
      const [begun, next] = [process.cpuUsage(), lives(half, name)];
      const { last } = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
      const { user, system } = process.cpuUsage(begun);
      return { cpu: (user + system) / 1e6, position: (JSON.parse(last) as { readonly position: string }).position };
    });
  const most = { cpu: 0, peak: 0 };
  const imported = () =>
    measured(lines, async () => {
      const arguments_ = [IMPORT, file, '--url', server.url, '--actor', 'bench'];
      const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
      const watch = setInterval(() => {
        most.cpu = Math.max(most.cpu, cpuSeconds(child.pid!));
        most.peak = Math.max(most.peak, memoryOf(child.pid!)?.peak ?? 0);
      }, 50);
      const [code] = (await once(child, 'exit')) as [number];
      clearInterval(watch);
      if (code !== 0) throw new Error(`The import ended with ${code}: ${output}`);
      return { cpu: most.cpu };
    });

  await load('warm');
  const loaded = await load('before');
  const sent = await imported();
  const generator = together(loaded, await load('after'));
  const row = (name: string, { lines, answered, read, clientCpu, serverCpu }: Sent) => [
    name,
    String(lines),
    (lines / answered).toFixed(0),
    (lines / read).toFixed(0),
    ((clientCpu / lines) * 10_000).toFixed(2),
    ((serverCpu / lines) * 10_000).toFixed(2),
  ];
  const cpu = ({ lines, clientCpu, serverCpu }: Sent) => (clientCpu + serverCpu) / lines;
  const ratio = (of: 'answered' | 'read') => (sent.lines / sent[of] / (generator.lines / generator[of])).toFixed(2);
  return {
    rows: [
      ['sent by', 'lines', 'answered/s', 'until projected/s', 'client CPU s per 10 000', 'server CPU s per 10 000'],
      row('load generator', generator),
      row('import', sent),
      ['import ÷ load', '', ratio('answered'), ratio('read'), '', ''],
    ],
    summary:
      `The load generator sends half before the import and half after it; the start of the import's process is counted.\n` +
      `By the CPU time of client and server together, which other work on the machine affects less, ` +
      `the ratio is ${(cpu(generator) / cpu(sent)).toFixed(2)}.\n` +
      `At most ${megabytes(most.peak)} MB in the import, ${megabytes(memoryOf(server.pid)!.peak)} MB in the server.`,
  };
};
