import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { join } from 'node:path';
import { drive, median, percentile, type Post } from './load.js';
import { caughtUp, got, type Server } from './server.js';
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
const rss = async (pid: number): Promise<number> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000;
};

/** The same lives of contracts told by the load generator and by the import, from a file. */
export const importBesideLoad = async (server: Server, dir: string, lines: number): Promise<string> => {
  const direct = lives(Math.min(lines, 20_000), 'd');
  const driven = await drive({ url: server.url, connections: CONNECTIONS, status: 201, next: direct });
  await caughtUp(server, (JSON.parse(driven.last) as { readonly position: string }).position);
  const rate = (driven.count / (driven.ended - driven.begun)) * 1000;

  const file = join(dir, 'lives.jsonl');
  const out = createWriteStream(file);
  const next = lives(lines, 'i');
  for (let n = 0; n < lines; n++) {
    const { path, body, key } = next(n % 512)!;
    if (!out.write(`${JSON.stringify({ key: `${key}-${n}`, post: path, body: JSON.parse(body) })}\n`)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');

  const begun = performance.now();
  const child = spawn(process.execPath, [IMPORT, file, '--url', server.url, '--actor', 'bench'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  let most = 0;
  const watch = setInterval(() => void rss(child.pid!).then((mb) => (most = Math.max(most, mb))), 200);
  const [code] = (await once(child, 'exit')) as [number];
  clearInterval(watch);
  const seconds = (performance.now() - begun) / 1000;
  if (code !== 0) throw new Error(`The import ended with ${code}: ${said}`);
  await got(server.get('/projections'));
  const peak = `${most.toFixed(0)} MB at most in the import`;
  return `import of ${lines} lines: ${(lines / seconds).toFixed(0)}/s, start of the process included; the load generator ${rate.toFixed(0)}/s; ratio ${(lines / seconds / rate).toFixed(2)}; ${peak}`;
};
