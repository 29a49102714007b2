import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Connection, drive, startControl } from '../load.js';
import { Probe } from '../probe.js';
import { cpuBetween, cpuOf, totalOf } from '../process.js';
import { caughtUp, startServer, type Server } from '../server.js';
import { awardOn, changeOf, recordWorld } from '../story.js';
import { spread, table } from '../table.js';
import { attempt, report, type Figure, type Run } from './report.js';

const TOWERS = 40;
/** Contracts of the board that is compared with its JSON, of one that is paged, and of a whole ledger. */
const BOARD = 40;
const PAGED = 1000;
const MANY = 5000;
const PAGE = '/app/boards/p';
const JSON_ = '/projections/tower-board?programme=p';
/** Requests of one figure, and of one page while its event loop is watched. */
const REQUESTS = 100;
const WATCHED = 5;

/** Pages that everything asks for; those of one subject come on top. */
const PAGES = ['/app', PAGE, '/app/programmes/p/pack', '/app/programmes/p', '/app/contracts', '/app/contracts?sort=ceiling', '/app/decisions', '/app/decisions?year=2016', '/app/decisions?person=p-1', '/app/suppliers', '/app/suppliers/s-1', '/app/people', '/app/losses', '/app/deadlines?programme=p', '/app/changes?programme=p&from=2015-01-01&until=2020-12-31', '/app/search?q=contract', '/app/live', '/app/health', '/app/proof', `${PAGE}?effectiveOn=2016-12-31`, '/app/contracts?effectiveOn=2016-12-31', '/app/towers/t-1']; // prettier-ignore

interface World {
  readonly server: Server;
  readonly contracts: readonly string[];
}
const worldOf = async (run: Run, dist: string, contracts: number): Promise<World> => {
  const server = await startServer(await run.folder(), {}, { dist });
  const posts = Array.from({ length: contracts }, () => awardOn(server, 'page', TOWERS));
  if (contracts > 0) {
    await recordWorld(server, TOWERS);
    const next = posts.values();
    const { last } = await drive({ url: server.url, connections: 16, status: 201, next: () => next.next().value });
    await caughtUp(server, (JSON.parse(last) as { readonly position: string }).position);
  }
  return { server, contracts: posts.map(({ path }) => path.split('/')[2]!) };
};

/** CPU of the server for each request, in µs. */
const cpuOfRequests = async ({ server }: World, path: string, n: number): Promise<number> => {
  const connection = await Connection.open(server.url);
  const before = cpuOf(server.pid);
  for (let i = 0; i < n; i++) {
    const { status, body } = await connection.get(path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.slice(0, 60)}`);
  }
  connection.close();
  return totalOf(cpuBetween(before, cpuOf(server.pid))) / n;
};
let pounds = 160_000_000;
/** CPU of one request after every row was changed, in µs: nothing of the answer is kept from the one before. */
const cpuAfterChange = async (world: World, path: string): Promise<number> => {
  const posts = world.contracts.map((contract) => changeOf(contract, ++pounds)).values();
  const { last } = await drive({ url: world.server.url, connections: 4, status: 201, next: () => posts.next().value });
  await caughtUp(world.server, (JSON.parse(last) as { readonly position: string }).position);
  return cpuOfRequests(world, path, 1);
};

/** The board of 40 contracts beside its JSON: the same rows, read the same way. */
const board = async (run: Run): Promise<void> => {
  const worlds = await Promise.all(run.builds.map(({ dist }) => worldOf(run, dist, BOARD)));
  interface Round {
    readonly page: number;
    readonly json: number;
    readonly freshPage: number;
    readonly freshJson: number;
  }
  const rounds: Round[][] = worlds.map(() => []);
  const failed: (string | undefined)[] = worlds.map(() => undefined);
  const n = run.quick ? 20 : REQUESTS;
  for (let round = 0; round <= run.rounds; round++)
    for (const [i, world] of worlds.entries()) {
      if (failed[i] !== undefined) continue;
      const one = await attempt(run.patienceMs, async () => ({
        page: await cpuOfRequests(world, PAGE, n),
        json: await cpuOfRequests(world, JSON_, n),
        freshPage: await cpuAfterChange(world, PAGE),
        freshJson: await cpuAfterChange(world, JSON_),
      }));
      if (typeof one === 'string') failed[i] = one;
      else if (round > 0) rounds[i]!.push(one); // the first warms up
    }
  const sizes = await Promise.all(worlds.map(async ({ server }) => gzipSync((await server.get(PAGE)).text).length / 1000));
  for (const { server } of worlds) await server.kill();

  const figures = (of: (round: Round) => number): Figure[] => rounds.map((all, i) => failed[i] ?? all.map(of));
  report(`the board of ${BOARD} contracts as a page`, run, [
    { what: 'server CPU, µs a page', figures: figures((r) => r.page), digits: 0, compare: true },
    { what: 'server CPU, µs its JSON', figures: figures((r) => r.json), digits: 0, compare: true },
    { what: 'page ÷ JSON', figures: figures((r) => r.page / r.json), digits: 2, required: '≤ 2' },
    { what: 'µs a page after every row was changed', figures: figures((r) => r.freshPage), digits: 0, compare: true },
    { what: 'µs its JSON then', figures: figures((r) => r.freshJson), digits: 0, compare: true },
    { what: 'kB of HTML, gzipped', figures: sizes.map((size) => [size]), digits: 1, required: '≤ 60' },
  ]);
};

/** How long each page keeps a server from its other clients, beyond what an idle process shows at the same time. */
const loops = async (run: Run): Promise<void> => {
  const control = await startControl();
  const rows = [['event-loop delay at most, ms', ...run.builds.flatMap(({ name }) => [name, 'idle control', 'beyond it', 'kB gzipped']), 'required']]; // prettier-ignore
  for (const contracts of [0, 1, PAGED, run.quick ? 2000 : MANY])
    for (const { cells, path } of await pagesOf(run, contracts, control.url))
      rows.push([`${contracts} contracts: ${path}`, ...cells, '≤ 20 beyond, ≤ 60 kB']);
  control.stop();
  console.log(`\n${table(rows)}`);
};
const pagesOf = async (run: Run, contracts: number, control: string) => {
  const found = new Map<string, string[]>();
  for (const { dist } of run.builds) {
    const world = await worldOf(run, dist, contracts);
    const { server } = world;
    const own = world.contracts.length === 0 ? [] : [`/app/contracts/${world.contracts[0]}`, `/app/contracts/${world.contracts[0]}/approve-change`]; // prettier-ignore
    const probe = await Probe.start([server.url, control]);
    await sleep(200);
    for (const path of [...PAGES, ...own]) {
      await server.get(path); // the first compiles
      await probe.take();
      const delays: { own: number; idle: number }[] = [];
      let size = 0;
      for (let n = 0; n < WATCHED; n++) {
        const { text } = await server.get(path);
        size = gzipSync(text).length / 1000;
        const [ofServer, ofControl] = await probe.take();
        delays.push({ own: ofServer!.max, idle: ofControl!.max });
      }
      const cells = [delays.map(({ own }) => own), delays.map(({ idle }) => idle), delays.map(({ own, idle }) => own - idle), [size]];
      found.set(path, [...(found.get(path) ?? []), ...cells.map((figures) => spread(figures, 1))]);
    }
    await probe.stop();
    await server.kill();
  }
  return [...found].map(([path, cells]) => ({ path, cells }));
};

export const pages = async (run: Run): Promise<void> => {
  await board(run);
  await loops(run);
};
