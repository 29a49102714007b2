import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { drive, median, percentile, type Post } from './load.js';
import { caughtUp, type Server } from './server.js';
import { lives } from './story.js';

const CONNECTIONS = 64;
const each = (count: number, make: (n: number) => Post) => {
  let n = 0;
  return () => (n < count ? make(n++) : undefined);
};
const post = (path: string, body: object): Post => ({ path, body: JSON.stringify(body), key: path });
const pool = (employer: string) => ({ employer, function: 'it', unit: 'people' });
const gross = { amount: '110529.32', currency: 'GBP' };

/** Commands of other subjects beside an award, each on a stream of its own that holds what it needs. */
export const commandsBesideAward = async (server: Server, rounds: number, perRound: number): Promise<string[][]> => {
  const send = async (next: () => Post | undefined) => {
    const driven = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
    await caughtUp(server, (JSON.parse(driven.last) as { readonly position: string }).position);
    return driven;
  };
  const kinds: { readonly [name: string]: { before?(id: string): Post[]; at(id: string): Post } } = {
    AwardContract: {
      at: (id) => post(`/contracts/${id}/award-contract`, { programme: 'p', title: id, towers: ['t-1'], supplier: 's-1', value: gross }),
    },
    WriteOff: {
      before: (id) => [post(`/losses/${id}/raise-loss`, { programme: 'p', title: id, bearer: 'authority', category: 'other', gross })],
      at: (id) => post(`/losses/${id}/write-off`, { amount: gross }),
    },
    TransferStaff: {
      before: (id) => [
        post(`/programmes/${id}/charter-programme`, { title: id, authority: 'Authority', baseCurrency: 'GBP' }),
        post(`/workforces/${id}/record-baseline`, { programme: id, employer: 'authority', function: 'it', headcount: { count: 800, unit: 'people' } }), // prettier-ignore
      ],
      at: (id) =>
        post(`/workforces/${id}/transfer-staff`, { transfer: 't', from: pool('authority'), to: pool('s'), inScope: 113, moved: 113 }),
    },
  };
  const rates: Record<string, { rate: number; p50: number }[]> = {};
  for (let round = 0; round <= rounds; round++)
    for (const [name, { before, at }] of Object.entries(kinds)) {
      const id = (n: number) => `r${round}-${name.toLowerCase()}-${n}`;
      if (before) for (let step = 0; step < before('').length; step++) await send(each(perRound, (n) => before(id(n))[step]!));
      const { count, begun, ended, latencies } = await send(each(perRound, (n) => at(id(n))));
      if (round > 0) (rates[name] ??= []).push({ rate: (count / (ended - begun)) * 1000, p50: percentile(latencies, 50) });
    }
  const of = (name: string) => median(rates[name]!.map(({ rate }) => rate));
  return [
    ['command', 'answered/s', 'p50 ms', '÷ AwardContract'],
    ...Object.keys(kinds).map((name) => [
      name,
      of(name).toFixed(0),
      median(rates[name]!.map(({ p50 }) => p50)).toFixed(2),
      (of(name) / of('AwardContract')).toFixed(2),
    ]),
  ];
};

const IMPORT = join(import.meta.dirname, '../src/cli/import.js');
const TICKS = 100; // a second of /proc/…/stat, on every Linux
/** What a process has used so far: CPU seconds of all its threads, and the most memory it ever held, in MB; of one that ended, nothing. */
const usageOf = async (pid: number): Promise<{ readonly cpu: number; readonly peak: number } | undefined> => {
  const [status, stat] = await Promise.all(['status', 'stat'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')));
  const peak = /^VmHWM:\s+(\d+)/m.exec(status!)?.[1];
  if (peak === undefined) return undefined;
  const [user, system] = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ').slice(11, 13); // prettier-ignore
  return { cpu: (Number(user) + Number(system)) / TICKS, peak: (Number(peak) * 1024) / 1e6 };
};

interface Told {
  readonly lines: number;
  /** Seconds to the last answer, and until every projection has read what was told. */
  readonly answered: number;
  readonly read: number;
  readonly clientCpu: number;
  readonly serverCpu: number;
}
const together = (a: Told, b: Told): Told => ({
  lines: a.lines + b.lines,
  answered: a.answered + b.answered,
  read: a.read + b.read,
  clientCpu: a.clientCpu + b.clientCpu,
  serverCpu: a.serverCpu + b.serverCpu,
});

/**
 * The same lives of contracts told by the import, from a file, and by the load generator, half before and half after it: so the growth of
 * the ledger and what else the machine does meet both.
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

  const measured = async (count: number, work: () => Promise<{ readonly cpu: number; readonly position?: string }>): Promise<Told> => {
    const [before, begun] = [await usageOf(server.pid), performance.now()];
    const { cpu, position } = await work();
    const answered = (performance.now() - begun) / 1000;
    await caughtUp(server, position);
    const read = (performance.now() - begun) / 1000;
    return { lines: count, answered, read, clientCpu: cpu, serverCpu: (await usageOf(server.pid))!.cpu - before!.cpu };
  };
  const half = Math.min(Math.ceil(lines / 2), 50_000);
  const load = (name: string) =>
    measured(half, async () => {
      const [begun, next] = [process.cpuUsage(), lives(half, name)];
      const { last } = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next });
      const { user, system } = process.cpuUsage(begun);
      return { cpu: (user + system) / 1e6, position: (JSON.parse(last) as { readonly position: string }).position };
    });
  let most = { cpu: 0, peak: 0 };
  const imported = () =>
    measured(lines, async () => {
      const arguments_ = [IMPORT, file, '--url', server.url, '--actor', 'bench'];
      const child = spawn(process.execPath, arguments_, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
      const watch = setInterval(() => void usageOf(child.pid!).then((used) => (most = used ?? most)), 50);
      const [code] = (await once(child, 'exit')) as [number];
      clearInterval(watch);
      if (code !== 0) throw new Error(`The import ended with ${code}: ${said}`);
      return { cpu: most.cpu };
    });

  await load('warm');
  const loaded = await load('before');
  const sent = await imported();
  const generator = together(loaded, await load('after'));
  const row = (name: string, { lines, answered, read, clientCpu, serverCpu }: Told) => [
    name,
    String(lines),
    (lines / answered).toFixed(0),
    (lines / read).toFixed(0),
    ((clientCpu / lines) * 10_000).toFixed(2),
    ((serverCpu / lines) * 10_000).toFixed(2),
  ];
  const cpu = ({ lines, clientCpu, serverCpu }: Told) => (clientCpu + serverCpu) / lines;
  const ratio = (of: 'answered' | 'read') => (sent.lines / sent[of] / (generator.lines / generator[of])).toFixed(2);
  return {
    rows: [
      ['told by', 'lines', 'answered/s', 'until projected/s', 'client CPU s per 10 000', 'server CPU s per 10 000'],
      row('load generator', generator),
      row('import', sent),
      ['import ÷ load', '', ratio('answered'), ratio('read'), '', ''],
    ],
    summary:
      `The load generator told half before the import and half after it; the start of the import's process is counted.\n` +
      `By the CPU time of client and server together, which other work on the machine disturbs less, ` +
      `the ratio is ${(cpu(generator) / cpu(sent)).toFixed(2)}.\n` +
      `At most ${most.peak.toFixed(0)} MB in the import, ${(await usageOf(server.pid))!.peak.toFixed(0)} MB in the server.`,
  };
};
