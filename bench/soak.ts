import { Command } from 'commander';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openUpdates } from './follower.js';
import { median, percentile } from './load.js';
import { UnfinishedError, within } from './patience.js';
import { Probe, type Delays } from './probe.js';
import { memoryOf } from './process.js';
import { caughtUp, got, randomOf, startServer, type Answer, type Server } from './server.js';
import { award, lives, recordWorld } from './story.js';
import { fixed, table } from './table.js';

const options = new Command('soak')
  .description(
    'Followers that come and go, readers of the past and writers, for as long as it is set. Fails when a request gets no answer.',
  )
  .option('--minutes <n>', 'how long it takes', '20')
  .option('--followers <n>', 'followers at the same time', '200')
  .option('--readers <n>', 'readers at the same time', '8')
  .option('--writers <n>', 'writers at the same time', '16')
  .option('--rate <n>', 'commands a second of all writers', '200')
  .option('--seed <n>', 'repeats the choices of an earlier run', String(Date.now() % 1_000_000))
  .option('--dir <folder>', 'where the ledger is made', tmpdir())
  .parse()
  .opts<{ minutes: string; followers: string; readers: string; writers: string; rate: string; seed: string; dir: string }>();
const [minutes, followers, readers, writers, rate, seed] = [
  options.minutes,
  options.followers,
  options.readers,
  options.writers,
  options.rate,
  options.seed,
].map(Number) as [number, number, number, number, number, number];

/** A request without an answer for so long has none. */
const ANSWERED_WITHIN_MS = 30_000;
const LIVEZ_P99_MS = 100;
const GROWTH = 1.1;
const QUARTERS = 4;
/** Ids of messages, positions and contracts that are remembered to choose from. */
const REMEMBERED = 5000;
const PROJECTIONS = ['tower-board', 'contract-register', 'decisions', 'money', 'exposure', 'programme'];

const random = randomOf(seed);
const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
const remember = <T>(list: T[], value: T): void => {
  if (list.length < REMEMBERED) list.push(value);
  else list[Math.floor(random() * REMEMBERED)] = value;
};

const positions: string[] = [];
const instants: string[] = [];
const contracts: string[] = [];
const ids = new Map<string, string[]>(PROJECTIONS.map((name) => [name, []]));
let lastPosition = '1';

let over = false;
const failures: string[] = [];
const fail = (sentence: string): void => {
  failures.push(sentence);
  if (failures.length <= 20) console.error(sentence);
};
const answers = new Map<string, { count: number; ms: number[] }>();
const note = (what: string, status: number, ms: number): void => {
  const key = `${what} ${status}`;
  const noted = answers.get(key) ?? { count: 0, ms: [] };
  answers.set(key, noted);
  noted.count++;
  remember(noted.ms, ms);
};

/** A request that must be answered, with one of these statuses. 503 with Retry-After is an answer. */
const answered = async (what: string, path: string, work: Promise<Answer>, expected: readonly number[]): Promise<Answer | undefined> => {
  const begun = performance.now();
  try {
    const answer = await within(ANSWERED_WITHIN_MS, work);
    note(what, answer.status, performance.now() - begun);
    const later = answer.status === 503 && answer.headers['retry-after'] !== undefined;
    if (!expected.includes(answer.status) && !later) fail(`${path}: ${answer.status} ${answer.text.slice(0, 200)}`);
    return answer;
  } catch (error) {
    if (!over) fail(`${path}: ${error instanceof UnfinishedError ? 'no answer' : String(error)}`);
    return undefined;
  }
};

const writer = async (server: Server, n: number): Promise<void> => {
  const next = lives(Number.MAX_SAFE_INTEGER, `s${n}`);
  while (!over) {
    const begun = performance.now();
    const { path, body } = next(0)!;
    const answer = await answered('command', path, server.post(path, body), [201]);
    if (answer?.status === 201) {
      const { position, recordedAt } = JSON.parse(answer.text) as { readonly position: string; readonly recordedAt: string };
      lastPosition = position;
      remember(positions, position);
      remember(instants, recordedAt);
      remember(contracts, path.split('/')[2]!);
    }
    await sleep(Math.max(0, (writers / rate) * 1000 - (performance.now() - begun)));
  }
};

/** A point in the past, as a query. */
const point = (): string => {
  const kind = random();
  if (kind < 0.4) return `position=${pick(positions)}`;
  if (kind < 0.8) return `recordedAt=${encodeURIComponent(pick(instants) ?? '')}`;
  return `minPosition=${lastPosition}`;
};
const reads: readonly (() => string)[] = [
  () => `/contracts/${pick(contracts)}?${point()}`,
  () => `/contracts/${pick(contracts)}/history`,
  () => `/contracts/${pick(contracts)}?effectiveOn=${2014 + Math.floor(random() * 8)}-06-30`,
  () => `/projections/contract-register?limit=50&${point()}`,
  () => `/projections/contract-register/contract:${pick(contracts)}?${point()}`,
  () => `/projections/tower-board/tower:t-${Math.floor(random() * 64)}?${point()}`,
  () => `/projections/exposure/supplier:s-${Math.floor(random() * 32)}?${point()}`,
  () => `/projections/money?limit=20&${point()}`,
  () => '/decisions?person=p-1&limit=50',
  () => `/decisions?reference=PCD-${1 + Math.floor(random() * 100)}`,
  () => `/events?limit=100&cursor=${Math.floor(random() * Number(lastPosition))}`,
  () => '/projections',
];
/** A contract may not have been recorded yet at an older point. */
const STATUSES = [200, 404];

/** Reads pages to their end, or five of them. */
const reader = async (server: Server): Promise<void> => {
  while (!over) {
    let path: string | undefined = pick(reads)!();
    for (let page = 0; path !== undefined && page < 5 && !over; page++) {
      const what = path.split('?')[0]!.split('/').slice(1, 3).join('/').replace(/contracts\/.*/, 'contracts'); // prettier-ignore
      const answer: Answer | undefined = await answered(what, path, server.get(path), STATUSES);
      const next: string | undefined = answer?.status === 200 && answer.text.includes('"next"') ? (JSON.parse(answer.text) as { next?: string }).next : undefined; // prettier-ignore
      path = next === undefined ? undefined : `${path.replace(/[?&]cursor=[^&]*/, '')}${path.replace(/[?&]cursor=[^&]*/, '').includes('?') ? '&' : '?'}cursor=${encodeURIComponent(next)}`; // prettier-ignore
    }
    await sleep(10 + random() * 40);
  }
};

/** Two requests on one connection without waiting: the first for a point that may not be read yet, the second for an older one. */
const pipelined = async (url: string): Promise<void> => {
  const { hostname, port, host } = new URL(url);
  while (!over) {
    const [later, earlier] = [lastPosition, pick(positions) ?? lastPosition];
    const row = `/projections/contract-register/contract:${pick(contracts)}`;
    const socket = connect({ host: hostname, port: Number(port) });
    const begun = performance.now();
    const both = new Promise<void>((resolve, reject) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if ((text.match(/HTTP\/1\.1 \d{3}/g) ?? []).length === 2) resolve();
      });
      socket.on('error', reject);
    });
    socket.write([later, earlier].map((position) => `GET ${row}?position=${position} HTTP/1.1\r\nhost: ${host}\r\n\r\n`).join(''));
    try {
      await within(ANSWERED_WITHIN_MS, both);
      note('pipelined pair', 200, performance.now() - begun);
    } catch (error) {
      if (!over) fail(`a pipelined pair on ${row}: ${error instanceof UnfinishedError ? 'no answer' : String(error)}`);
    }
    socket.destroy();
    await sleep(50);
  }
};

/** Follows a projection for a while, from now or from where some other follower was, and sometimes does not read. */
const follower = async (url: string): Promise<void> => {
  while (!over) {
    const projection = pick(PROJECTIONS)!;
    const known = ids.get(projection)!;
    const after = random() < 0.5 ? pick(known) : undefined;
    const begun = performance.now();
    try {
      const open = openUpdates(url, { projection, after, take: ({ id }) => id !== undefined && remember(known, id) });
      const updates = await within(ANSWERED_WITHIN_MS, open);
      note('updates', 200, performance.now() - begun);
      if (random() < 0.1) updates.pause();
      await sleep(500 + random() * 10_000);
      updates.close();
    } catch (error) {
      const busy = String(error).includes('503'); // a projection that is being made, or too many followers
      if (busy) note('updates', 503, performance.now() - begun);
      else if (!over) fail(`updates of ${projection}: ${error instanceof UnfinishedError ? 'no answer' : String(error)}`);
      await sleep(100);
    }
  }
};

interface Quarter {
  readonly rss: readonly number[];
  readonly livez: Delays;
}
const quarterOf = async (server: Server, probe: Probe, ms: number): Promise<Quarter> => {
  const rss: number[] = [];
  for (const end = performance.now() + ms; performance.now() < end; await sleep(Math.min(1000, ms / 10))) {
    const memory = memoryOf(server.pid);
    if (memory === undefined) throw new Error('The server has ended.');
    rss.push(memory.rss / 1e6);
  }
  const [livez] = await probe.take();
  return { rss, livez: livez! };
};

const dir = await mkdtemp(join(options.dir, 'tower-ledger-soak-'));
const server = await startServer(dir);
console.log(`seed ${seed}: ${minutes} minutes, ${followers} followers, ${readers} readers, ${writers} writers at ${rate} commands/s`);
await recordWorld(server);
for (let n = 0; n < 20; n++) {
  const { path, body } = award('s');
  const { position, recordedAt } = await got<{ position: string; recordedAt: string }>(server.post(path, body));
  remember(positions, position);
  remember(instants, recordedAt);
  remember(contracts, path.split('/')[2]!);
}
const probe = await Probe.start([server.url]);
const work = [
  ...Array.from({ length: writers }, (_, n) => writer(server, n)),
  ...Array.from({ length: readers }, () => reader(server)),
  ...Array.from({ length: followers }, () => follower(server.url)),
  pipelined(server.url),
];
const quarters: Quarter[] = [];
try {
  for (let n = 0; n < QUARTERS; n++) {
    quarters.push(await quarterOf(server, probe, (minutes * 60_000) / QUARTERS));
    const { rss, livez } = quarters.at(-1)!;
    console.log(`quarter ${n + 1}: RSS ${fixed(median(rss), 0)} MB (${fixed(Math.min(...rss), 0)}–${fixed(Math.max(...rss), 0)}), /livez p99 ${fixed(livez.p99)} ms, at most ${fixed(livez.max)} ms`); // prettier-ignore
  }
} catch (error) {
  fail(String(error));
}
over = true;
await within(ANSWERED_WITHIN_MS + 15_000, Promise.all(work)).catch((error: unknown) => fail(`The clients ${(error as Error).message}.`));
await probe.stop();

const rows = [...answers].sort(([a], [b]) => (a < b ? -1 : 1)).map(([what, { count, ms }]) => {
  const sorted = ms.toSorted((a, b) => a - b);
  return [what, String(count), fixed(percentile(sorted, 50)), fixed(percentile(sorted, 99)), fixed(sorted.at(-1) ?? NaN)];
}); // prettier-ignore
console.log(`\n${table([['request, status', 'answers', 'p50 ms', 'p99', 'at most'], ...rows])}`);

const p99 = Math.max(...quarters.map(({ livez }) => livez.p99));
if (!(p99 < LIVEZ_P99_MS)) fail(`/livez p99 is ${fixed(p99)} ms in one quarter, not under ${LIVEZ_P99_MS}.`);
const growth = median(quarters[3]?.rss ?? []) / median(quarters[1]?.rss ?? []);
if (!(growth <= GROWTH)) fail(`RSS of the last quarter is ${fixed(growth, 2)} × that of the second, not at most ${GROWTH}.`);
await within(60_000, caughtUp(server)).catch(() => fail('The projections did not catch up in 60 s.'));
const stopped = await within(30_000, server.stop()).catch(() => undefined);
if (stopped?.code !== 0) fail(`SIGTERM: the server ended with ${stopped?.code ?? stopped?.signal ?? 'nothing in 30 s'}, not 0.`);
console.log(`\nevents ${lastPosition}; RSS of the last quarter ÷ the second ${fixed(growth, 3)}; /livez p99 ${fixed(p99)} ms; failures ${failures.length}`); // prettier-ignore
await rm(dir, { recursive: true, force: true });
process.exit(failures.length === 0 ? 0 : 1);
