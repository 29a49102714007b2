import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, startControl } from '../load.js';
import { within } from '../patience.js';
import { Probe } from '../probe.js';
import { memoryOf } from '../process.js';
import { caughtUp, got, startServer, type Server } from '../server.js';
import { awardBody, LIFE, TOWERS } from '../story.js';
import { fixed, spread, table } from '../table.js';
import type { Build } from './builds.js';
import { CatchUp } from './catch-up.js';
import { fill, type Filled } from './fill.js';
import { attempt, report, type Figure, type Run } from './report.js';

/** Changes of one contract whose history is read, and dependants of a fact that is withdrawn. */
const CHANGES = 5000;
const DEPENDANTS = 1000;
const REPEATS = 5;
const FOLLOWERS = 40;
/** How long followers catch up, and how much of a rebuild is watched at most, in ms. */
const WATCHED_MS = 20_000;
const READ_MODEL_WITHIN_MS = 900_000;
const SUPPLIER_ROW = '/projections/exposure/supplier:s-0';
const READS = {
  'a page of /decisions?person=': '/decisions?person=p-1',
  'the board': '/projections/tower-board',
  "a supplier's row": SUPPLIER_ROW,
};

/** A build's long log, filled once for all that is measured on it, and the server on it. */
class LongLog {
  #server: Server | undefined;

  private constructor(
    readonly build: Build,
    readonly filled: Filled,
  ) {}

  static readonly #made = new Map<string, LongLog>();

  static async of(build: Build, run: Run): Promise<LongLog> {
    const made = LongLog.#made.get(build.name);
    if (made) return made;
    const [changes, dependants] = run.quick ? [100, 50] : [CHANGES, DEPENDANTS];
    const begun = performance.now();
    const longContracts = [changes, ...Array.from({ length: REPEATS }, () => dependants)];
    const filled = await fill(build, await run.folder(), { contracts: run.contracts, longContracts });
    const filledMs = performance.now() - begun;
    const log = new LongLog(build, filled);
    await log.server();
    const [filledIn, ready] = [filledMs, performance.now() - begun - filledMs].map((ms) => `${fixed(ms / 1000)} s`);
    console.log(`\n${build.name}: ${filled.events} events filled in ${filledIn}, read by every projection in ${ready}`);
    LongLog.#made.set(build.name, log);
    return log;
  }

  /** The server, ready, and with every projection caught up. It is started again when the last one was killed. */
  async server(): Promise<Server> {
    this.#server ??= await startServer(this.filled.dir, {}, { dist: this.build.dist, readyWithinMs: READ_MODEL_WITHIN_MS });
    await within(READ_MODEL_WITHIN_MS, caughtUp(this.#server));
    return this.#server;
  }

  /** A server on a folder without a read model: it makes a new one while it listens. */
  async rebuilding(): Promise<Server> {
    await this.#server?.stop();
    for (const suffix of ['', '-wal', '-shm']) await rm(join(this.filled.dir, `read-model.db${suffix}`), { force: true });
    this.#server = await startServer(this.filled.dir, {}, { dist: this.build.dist, readyWithinMs: 'listening' });
    return this.#server;
  }

  async kill(): Promise<void> {
    await this.#server?.kill();
    this.#server = undefined;
  }

  static async killAll(): Promise<void> {
    for (const log of LongLog.#made.values()) await log.kill();
  }
}

interface Read {
  readonly ms: number;
  readonly bytes: number;
}
let late = 0;
/** After another award to the same tower and supplier, decided by the same person: what was answered before is out of date. */
const readFresh = async (server: Server, path: string): Promise<Read> => {
  late++;
  const posted = server.post(`/contracts/late-${late}/award-contract`, awardBody(TOWERS * late));
  const { position } = await got<{ readonly position: string }>(posted);
  await caughtUp(server, position);
  return readOnce(server, path);
};
const readOnce = async (server: Server, path: string): Promise<Read> => {
  const begun = performance.now();
  const { status, text } = await server.get(path);
  if (status !== 200) throw new Error(`${status} ${text.slice(0, 100)}`);
  return { ms: performance.now() - begun, bytes: Buffer.byteLength(text) };
};

/** Reads of one page or row at the end of a long log. */
export const million = async (run: Run): Promise<void> => {
  const lines: { what: string; figures: Figure[]; bytes: Figure[] }[] = [];
  const logs: LongLog[] = [];
  for (const build of run.builds) logs.push(await LongLog.of(build, run));
  for (const [what, path] of Object.entries(READS)) {
    const line = { what, figures: [] as Figure[], bytes: [] as Figure[] };
    for (const log of logs) {
      const reads: Read[] = [];
      const failed = await attempt(run.patienceMs, async () => {
        const server = await log.server();
        for (let n = 0; n < REPEATS; n++) reads.push(await readFresh(server, path));
      });
      if (typeof failed === 'string') await log.kill(); // it may still be at work on the last read
      const figure = <T>(values: T): T | string => (reads.length > 0 || typeof failed !== 'string' ? values : failed);
      line.figures.push(figure(reads.map(({ ms }) => ms)));
      line.bytes.push(figure(reads.map(({ bytes }) => bytes / 1000)));
    }
    lines.push(line);
  }
  const memory: Figure[] = [];
  for (const log of logs) memory.push([(memoryOf((await log.server()).pid)?.rss ?? NaN) / 1e6]);
  const required: Record<string, string> = { 'a page of /decisions?person=': '≤ 20 ms', 'the board': '≤ 100 ms', "a supplier's row": '≤ 100 ms' }; // prettier-ignore
  report(`${run.contracts * LIFE} events, ${run.contracts} contracts`, run, [
    ...lines.flatMap(({ what, figures, bytes }) => [
      { what: `${what}, ms`, figures, required: required[what]! },
      { what: `${what}, kB`, figures: bytes, digits: 0, ...(what === 'the board' && { required: '≤ 1000 kB' }) },
    ]),
    { what: 'RSS of the server after that, MB', figures: memory, digits: 0, required: '≤ 768' },
  ]);
};

/** All pages of a history; a build without pages answers with everything at once. */
const readHistory = async (server: Server): Promise<void> => {
  let cursor: string | undefined;
  do {
    const query: string = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const page = await got<{ readonly next?: string }>(server.get(`/contracts/many-0/history${query}`));
    cursor = page.next;
  } while (cursor !== undefined);
};

/** Followers that resume before the first contract, half of the register and half of the board, for so long. */
const catchUp = async (server: Server, { beginning, events }: Filled, ms: number): Promise<void> => {
  const from = Object.entries(beginning).map(([projection, after]) => ({ projection, after, until: events }));
  const followers = await CatchUp.start({ url: server.url, from, followers: FOLLOWERS });
  await sleep(ms);
  await followers.stop();
};

/** Takes back the award of a contract with everything that follows it. */
const withdraw = async (server: Server, contract: string): Promise<void> => {
  const { events } = await got<{ readonly events: readonly { readonly id: string }[] }>(
    server.get(`/events?subject=contract-${contract}&limit=1`),
  );
  const body = JSON.stringify({ event: events[0]!.id, withDependants: true });
  await got(server.post(`/contracts/${contract}/withdraw-fact`, body));
};

interface Disturbance {
  readonly what: string;
  /** Runs while the probe is watching; how many times is said by `n`. */
  work(log: LongLog, server: Server, n: number): Promise<void>;
  readonly repeats: number;
}

/** Until the read model is there, or for so long. */
const rebuildFor = async (server: Server, ms: number): Promise<void> => {
  const end = performance.now() + ms;
  const connection = await Connection.open(server.url);
  while (performance.now() < end && (await connection.get('/readyz')).status !== 200) await sleep(100);
  connection.close();
};

/**
 * How long the event loop of a server is away from its other clients, by a probe of /livez, beyond what the same probe sees at the same
 * time of an idle process.
 */
export const loop = async (run: Run): Promise<void> => {
  const watched = run.quick ? 2000 : WATCHED_MS;
  const disturbances: readonly Disturbance[] = [
    ...Object.entries(READS).map(([what, path]) => ({
      what,
      repeats: REPEATS,
      work: async (_: LongLog, server: Server) => void (await readFresh(server, path)),
    })),
    { what: `a history of ${run.quick ? 100 : CHANGES} changes`, repeats: 2, work: (_, server) => readHistory(server) },
    { what: `${FOLLOWERS} followers catching up`, repeats: 1, work: (log, server) => catchUp(server, log.filled, watched) },
    { what: 'a rebuild', repeats: 1, work: (_, server) => rebuildFor(server, watched) },
    {
      what: `a withdrawal with ${run.quick ? 50 : DEPENDANTS} dependants`,
      repeats: REPEATS,
      work: (_, server, n) => withdraw(server, `many-${n + 1}`),
    },
  ];
  const control = await startControl();
  const rows = [['event-loop delay at most, ms', ...run.builds.flatMap(({ name }) => [name, 'idle control', 'beyond it']), 'required']];
  for (const { what, repeats, work } of disturbances) {
    const cells: string[] = [];
    for (const build of run.builds) {
      const log = await LongLog.of(build, run);
      const server = what === 'a rebuild' ? await log.rebuilding() : await log.server();
      const probe = await Probe.start([server.url, control.url]);
      await sleep(200);
      await probe.take();
      const [own, idle, beyond]: [number[], number[], number[]] = [[], [], []];
      let failed: string | void = undefined;
      for (let n = 0; n < repeats && failed === undefined; n++) {
        const result = await attempt(run.patienceMs, () => work(log, server, n));
        if (typeof result === 'string') failed = result;
        const [ofServer, ofControl] = await probe.take();
        own.push(ofServer!.max);
        idle.push(ofControl!.max);
        beyond.push(ofServer!.max - ofControl!.max);
      }
      await probe.stop();
      if (failed !== undefined) await log.kill();
      cells.push(`${spread(own, 0)}${failed === undefined ? '' : ` ${failed}`}`, spread(idle, 0), spread(beyond, 0));
    }
    rows.push([what, ...cells, '≤ 50']);
  }
  control.stop();
  console.log(`\n${table(rows)}`);
};

export const stopLongLogs = (): Promise<void> => LongLog.killAll();
