import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { projections } from '../../projections/index.js';
import { migrate } from '../../src/operate/migration.js';
import { SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { accepted, award, partsOf, startServer, stopServer, tempFolder, type Server } from './server.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const record = (effectiveOn: string, more: object = {}) => ({ record: { effectiveOn, ...more } });
const paper = { decidedBy: { person: 'dm', office: 'Deputy Mayor' }, authority: { reference: 'PCD 1' } };

let server: Server;
/** The last position of what was recorded before the views were asked for, and its instant. */
let then: { readonly position: string; readonly recordedAt: string };
let views: readonly string[];
let asked: ReadonlyMap<string, string>;
const sent = (path: string, body: object): Promise<any> => accepted(server.post(path, body));

/** Every view of the past by its address: the text of the answer. */
const askAll = async (): Promise<ReadonlyMap<string, string>> => {
  const head = (await partsOf(server).store.head())!;
  const texts = new Map<string, string>();
  for (const view of views) {
    const { status, text } = await server.get(`${view}&minPosition=${head}`);
    expect([view, status]).toEqual([view, 200]);
    texts.set(view, text);
  }
  return texts;
};
const isAsItWas = async (): Promise<void> => {
  const now = await askAll();
  for (const [view, text] of asked) expect([view, now.get(view)]).toEqual([view, text]);
};

/** The reads that take a recorded time, as the document has them; what adds up to a total is asked by its field, above. */
const readsTakingTime = async (): Promise<readonly string[]> => {
  const { paths } = (await server.get('/openapi.json')).body as { paths: Record<string, { get?: { parameters?: { name: string }[] } }> };
  return Object.entries(paths)
    .filter(([path, { get }]) => get?.parameters?.some(({ name }) => name === 'recordedAt') && !path.endsWith('/contributions'))
    .map(([path]) => path);
};
/** For each read of a row or of a list: the first row that has it, if there is one. */
const ofRows = async (point: string): Promise<readonly string[]> => {
  const views: string[] = [];
  for (const path of await readsTakingTime()) {
    const [, list] = /^(\/projections\/[^/]+)\/\{key\}/.exec(path) ?? [];
    const { rows = [] } = list === undefined ? {} : (await server.get(`${list}?limit=20&${point}`)).body;
    const own = rows.map(({ key }: { readonly key: string }) => `${path.replace('{key}', encodeURIComponent(key))}?${point}`);
    for (const view of own) {
      if ((await server.get(view)).status !== 200) continue;
      views.push(view);
      break;
    }
  }
  return views;
};

beforeAll(async () => {
  server = await startServer();
  await sent('/programmes/met/charter-programme', { title: 'M', authority: 'MPS', baseCurrency: 'GBP', ...record('2014') });
  await sent('/towers/hosting/plan-tower', { programme: 'met', title: 'Hosting', ...record('2014') });
  for (const id of ['csc', 'atos']) await sent(`/suppliers/${id}/register-supplier`, { title: id, form: 'company', ...record('2014') });
  await sent('/programmes/met/adopt-policy', { policy: 'scheme', title: 'S', version: '1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }] }); // prettier-ignore
  await sent('/contracts/hosting/award-contract', { ...award, ...record('2015-11-01', paper) });
  await sent('/contracts/hosting/sign-contract', record('2015'));
  const change = await sent('/contracts/hosting/approve-change', { kind: 'value', to: gbp('170000000'), ...record('[2016-03..2016-10]', paper) }); // prettier-ignore
  await sent('/contracts/hosting/correct-fact', { event: change.events[0].id, changes: [{ pointer: '/to/amount', value: '171000000' }], because: 'error', record: paper }); // prettier-ignore
  await sent('/losses/late/raise-loss', { programme: 'met', title: 'Late', bearer: 'authority', category: 'fruitless-payment', gross: { ...gbp('100'), qualifier: 'about' }, ...record('2016-05') }); // prettier-ignore
  await sent('/losses/late/write-off', { amount: gbp('50'), ...record('2016-06-01', paper) });
  await sent('/workforces/met/record-baseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 800, unit: 'people' }, ...record('2015') }); // prettier-ignore
  await sent('/workforces/met/plan-transfer', { programme: 'met', plan: 'p', from: { employer: 'authority', function: 'it', unit: 'people' }, to: { employer: 'csc', function: 'it', unit: 'people' }, inScope: { count: 300, unit: 'people' }, ...record('2015-06') }); // prettier-ignore
  then = await sent('/contracts/hosting/annotate', { event: change.events[0].id, note: 'The press says 180.', claim: { pointer: '/to', value: gbp('180000000') }, record: { evidence: [{ title: 'Press' }] } }); // prettier-ignore
  await new Promise((resolve) => setTimeout(resolve, 5));
  await sent('/suppliers/later/register-supplier', { title: 'Later', form: 'company' }); // from here on the views are final
  const points = [`recordedAt=${then.recordedAt}`, `position=${then.position}`];
  const both = [...points, ...points.map((point) => `${point}&effectiveOn=2016-08-01`)];
  views = [
    ...both.flatMap((point) => ['/contracts/hosting', '/losses/late', '/programmes/met'].map((path) => `${path}?${point}`)),
    ...points.flatMap((point) => [
      `/contracts/hosting/history?${point}`,
      `/contracts/hosting/history?field=/ceiling/amount&${point}`,
      `/losses/late/history?${point}`,
      `/events?limit=500&${point}`,
      `/projections/tower-board/tower:hosting/contracts?${point}`,
      `/projections/tower-board/programme:met/contributions?field=/totals/towers&${point}`,
      `/projections/decisions/reference:PCD1?${point}`,
      `/projections/contract-register?format=csv&${point}`,
      `/projections/losses-statement?format=text&${point}`,
    ]),
    ...both.flatMap((point) =>
      projections
        .filter(({ name }) => name !== 'decisions' || !point.includes('effectiveOn'))
        .map(({ name }) => `/projections/${name}?limit=500&${point}`),
    ),
    ...['/towers/hosting', '/suppliers/csc', '/workforces/met'].map((path) => `${path}?${points[0]}`),
    ...['/programmes/met', '/towers/hosting', '/suppliers/csc', '/workforces/met'].map((path) => `${path}/history?${points[0]}`),
    ...(await ofRows(points[0]!)),
  ];
  asked = await askAll();
}, 60_000);
afterAll(() => stopServer(server));

/** Projections of which the recorded world fills rows. */
const FULL = /(tower-board|contract-register|money|exposure|programme|workforce|losses-statement|transfer-register|deadlines)\?/;

describe('what was known at an earlier time is byte for byte the same', () => {
  it('and is final, and says something', () => {
    expect(asked.size).toBeGreaterThan(60);
    for (const [view, text] of asked) {
      if (/format=/.test(view)) continue;
      const least = /^\/projections\/[^/?]+\/[^?]+/.test(view) ? 50 : 250; // a list may have one entry
      if (!/^\/projections\/[a-z-]+\?/.test(view) || FULL.test(view)) expect([view, text.length > least]).toEqual([view, true]);
      if (/recordedAt/.test(view) && JSON.parse(text).asOf) expect([view, JSON.parse(text).asOf.final]).toEqual([view, true]);
    }
  });

  it('in every read that takes a recorded time', async () => {
    const taking = (await readsTakingTime()).filter((path) => !/\{key\}|\/accounts/.test(path));
    const shown = [...asked.keys()].map((view) => view.split('?')[0]!);
    const unseen = taking.filter((path) => !shown.some((view) => new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, '[^/]+')}$`).test(view))); // prettier-ignore
    expect(taking.length).toBeGreaterThan(10);
    expect(unseen).toEqual([]);
    expect(shown.filter((view) => /^\/projections\/[^/]+\/[^/]+/.test(view)).length).toBeGreaterThan(40);
  });

  it('after later events, backdated events, corrections, withdrawals, a duplicate, and what was taken back', async () => {
    const of = async (path: string, type: string) => (await server.get(`/events?subject=${path}&type=${type}&limit=1`)).body.events[0].id;
    await sent('/contracts/hosting/start-service', record('2016-01-01'));
    await sent('/contracts/hosting/record-delay', { milestone: 'Go-live', to: '2017', ...record('unknown') });
    const signed = await of('contract-hosting', 'ContractSigned');
    await sent('/contracts/hosting/correct-fact', { event: signed, changes: [{ pointer: '/effectiveOn', value: '2015-11-20' }], because: 'refined' }); // prettier-ignore
    const change = await of('contract-hosting', 'ChangeApproved');
    await sent('/contracts/hosting/withdraw-fact', { event: change, ...{ record: paper } });
    await sent('/contracts/hosting/reinstate-fact', { event: change, ...{ record: paper } });
    await sent('/contracts/twin/award-contract', { ...award, ...record('2015') });
    await sent('/contracts/twin/mark-duplicate', { of: 'hosting' });
    await sent('/losses/late/record-recovery', { amount: gbp('10'), ...record('2016-07') });
    await sent('/programmes/met/correct-fact', { event: await of('programme-met', 'PolicyAdopted'), changes: [{ pointer: '/approvals/0/stepOverOriginalAbove', value: 5 }], because: 'error' }); // prettier-ignore
    await sent('/suppliers/csc/correct-fact', { event: await of('supplier-csc', 'SupplierRegistered'), changes: [{ pointer: '/title', value: 'DXC' }], because: 'error' }); // prettier-ignore
    await sent('/workforces/met/record-leavers', { employer: 'authority', function: 'it', unit: 'people', count: 5, ...record('2016') });
    await isAsItWas();
    expect((await server.get('/contracts/hosting')).body.state.stage).toBe('live');
  });

  it('after a rebuild of every projection', async () => {
    for (const { name } of projections) await partsOf(server).projector.rebuild(name);
    await isAsItWas();
  });

  it('after a restart, with its read model and without', async () => {
    const { dir } = server;
    await server.close();
    server = await startServer({ DATA_DIR: dir });
    await isAsItWas();
    await server.close();
    for (const end of ['', '-wal', '-shm']) await rm(join(dir, `read-model.db${end}`), { force: true });
    server = await startServer({ DATA_DIR: dir });
    await isAsItWas();
  }, 30_000);

  it('after the log was imported again into a new folder', async () => {
    const from = server;
    await from.close();
    const dir = await tempFolder();
    const open = async (folder: string, like?: SqliteStore) =>
      SqliteStore.open({ dir: folder, timeZone: 'Europe/London', now: () => new Date().toISOString(), newId: () => crypto.randomUUID(), ...(like && { genesis: like.genesis }) }); // prettier-ignore
    const source = await open(from.dir);
    const target = await open(dir, source);
    await migrate({ from: source, to: target });
    await source.close();
    await target.close();
    await rm(from.dir, { recursive: true, force: true });
    server = await startServer({ DATA_DIR: dir });
    await isAsItWas();
  }, 30_000);
});
