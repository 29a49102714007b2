import { afterAll, afterEach, beforeAll, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { closeSync, cpSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build, removeBuilt, startBuilt, type Started } from '../built.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';
import { award, tempFolder } from './server.js';

// The built program, as a process: it follows the log on a thread of its own. Each test starts it, some three times.
jest.setTimeout(60_000);
let program: string;
let dir: string;
let server: Started | undefined;

beforeAll(async () => {
  program = await build();
}, 60_000);
beforeAll(async () => {
  dir = await tempFolder();
});
afterEach(() => stop());
afterAll(async () => {
  await removeBuilt(program);
  await rm(dir, { recursive: true, force: true });
});

const start = async (...flags: string[]): Promise<void> => {
  server = await startBuilt(program, { DATA_DIR: dir, LOG_LEVEL: 'warn' }, ...flags);
};
/** A module that ends the threads of a process on SIGUSR2. */
const killer = (): string => {
  const file = join(program, 'killer.mjs');
  writeFileSync(
    file,
    `import { Worker } from 'node:worker_threads';
     const threads = new Set();
     const { on } = Worker.prototype;
     Worker.prototype.on = function (...args) { threads.add(this); return on.apply(this, args); };
     process.on('SIGUSR2', () => threads.forEach((thread) => thread.terminate()));`,
  );
  return file;
};
const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
  server?.process.kill(signal);
  await server?.ended;
  server = undefined;
};
const get = async (path: string) => {
  const response = await fetch(server!.url + path);
  return { status: response.status, body: (await response.json()) as any };
};
const send = async (path: string, body: unknown): Promise<string> => {
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await fetch(server!.url + path, sent);
  const answer = (await response.json()) as { readonly position: string };
  expect([response.status, answer]).toEqual([201, expect.anything()]);
  return answer.position;
};
const recordWorld = async (): Promise<void> => {
  await send('/programmes/met/charter-programme', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' });
  await send('/towers/hosting/plan-tower', { programme: 'met', title: 'Hosting' });
  await send('/suppliers/csc/register-supplier', { title: 'CSC', form: 'company' });
};
const awardAt = (id: string, amount: string) => send(`/contracts/${id}/award-contract`, { ...award, value: { amount, currency: 'GBP' } });
const ceilings = async (minPosition: string): Promise<readonly string[]> => {
  const { status, body } = await get(`/projections/contract-register?minPosition=${minPosition}`);
  expect([status, body]).toEqual([200, expect.anything()]);
  return body.rows.map(({ ceiling }: { ceiling: { amount: string } }) => ceiling.amount);
};
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 15_000; !(await holds()); await sleep(20)) if (Date.now() > end) throw new Error(server!.stderr());
};

it('reads what was recorded, after a stop and after a kill as well', async () => {
  await start();
  await recordWorld();
  expect(await ceilings(await awardAt('c1', '1000.00'))).toEqual(['1000.00']);
  await stop();
  await start();
  expect(await ceilings(await awardAt('c2', '1000.00'))).toEqual(['1000.00', '1000.00']);
  const last = await awardAt('c3', '1000.00');
  await stop('SIGKILL');
  await start();
  expect(await ceilings(last)).toEqual(['1000.00', '1000.00', '1000.00']);
  expect((await get('/readyz')).status).toBe(200);
  expect(server!.stderr()).toBe('');
});

it('shows what the log says after an earlier ledger was put back', async () => {
  const kept = join(dir, 'kept.db');
  cpSync(join(dir, 'ledger.db'), kept);
  await start();
  for (let n = 4; n < 10; n++) await awardAt(`c${n}`, '1000.00');
  expect(await ceilings(await awardAt('c10', '1000.00'))).toHaveLength(10);
  await stop();
  cpSync(kept, join(dir, 'ledger.db'));
  for (const suffix of ['-wal', '-shm']) rmSync(join(dir, `ledger.db${suffix}`), { force: true });
  rmSync(kept);
  await start();
  expect((await get('/readyz')).status).toBe(503); // until somebody says that it is a backup
  const noticed = server!.stderr();
  await stop();
  await start('--', '--new-epoch');
  const last = await awardAt('c4', '1.00');
  expect(await ceilings(last)).toEqual(['1000.00', '1000.00', '1000.00', '1.00']);
  expect((await get(`/events?minPosition=${last}&limit=500`)).body.events.at(-1)).toMatchObject({ position: last, stream: 'contract-c4' });
  expect(noticed + server!.stderr()).toContain('The read model was made from another log');
});

it('answers and records while another process holds the read model, and follows again afterwards', async () => {
  await start();
  const before = await ceilings('1');
  const other = new Database(join(dir, 'read-model.db'));
  other.exec('BEGIN IMMEDIATE');
  const last = await awardAt('c11', '11.00');
  await until(async () => (await get('/readyz')).status === 503);
  for (let n = 0; n < 20; n++) expect((await get('/livez')).status).toBe(200);
  const { rows } = (await get('/projections/contract-register')).body;
  expect(rows).toHaveLength(before.length);
  expect((await get('/projections')).body.projections[0].error).toContain('database is locked');
  other.exec('ROLLBACK');
  other.close();
  await until(async () => (await get('/readyz')).status === 200);
  expect(await ceilings(last)).toHaveLength(before.length + 1);
});

it('starts the thread again when it dies', async () => {
  await start('--import', killer());
  const before = await ceilings('1');
  server!.process.kill('SIGUSR2');
  await until(async () => server!.stderr().includes('The thread of the projections ended with code 1.'));
  expect(await ceilings(await awardAt('c13', '13.00'))).toHaveLength(before.length + 1);
  await until(async () => (await get('/readyz')).status === 200);
});

it('sets a read model aside whose pages are overwritten, says which, and makes it again while commands go on', async () => {
  expect(readdirSync(dir).filter((name) => /^read-model\.db-/.test(name))).toEqual([]); // all of it is in the file
  const file = join(dir, 'read-model.db');
  const descriptor = openSync(file, 'r+');
  const noise = Buffer.alloc(6 * 4096, 0xa5);
  expect(statSync(file).size).toBeGreaterThan(8 * 4096);
  writeSync(descriptor, noise, 0, noise.length, 2 * 4096);
  closeSync(descriptor);
  await start();
  const last = await awardAt('c12', '12.00');
  await until(async () => (await get('/readyz')).status === 200);
  expect(await ceilings(last)).toEqual(['1000.00', '11.00', '12.00', '13.00', '1000.00', '1000.00', '1.00']); // in order of key
  const aside = readdirSync(dir).filter((name) => name.includes('damaged'));
  expect(aside).toEqual(['read-model.db.damaged-1']);
  expect(server!.stderr().split('\n').filter((line) => line.includes(join(dir, aside[0]!)))).toHaveLength(1); // prettier-ignore
});

it('follows the replica of a log that is elsewhere, with the same rows, after a stop and after its end as well', async () => {
  const cluster = await new FakeServer().start();
  const node = await tempFolder();
  const begin = async () => {
    const env = { DATA_DIR: node, LOG_LEVEL: 'warn', LEDGER_STORE: 'kurrentdb', LEDGER_KURRENTDB_URL: cluster.url };
    server = await startBuilt(program, env, '--import', killer());
  };
  const rows = async () => {
    const shown: Record<string, unknown> = {};
    for (const { name } of (await get('/projections')).body.projections as readonly { name: string }[]) {
      const { status, body } = await get(`/projections/${name}?limit=500`);
      expect([status, body]).toEqual([200, expect.anything()]);
      shown[name] = body.rows;
    }
    return shown;
  };
  try {
    await begin();
    await recordWorld();
    await awardAt('c1', '1000.00');
    expect(await ceilings(await awardAt('c2', '2000.00'))).toEqual(['1000.00', '2000.00']);
    await stop();
    await begin();
    expect(await ceilings(await awardAt('c3', '3000.00'))).toEqual(['1000.00', '2000.00', '3000.00']);
    server!.process.kill('SIGUSR2'); // only where a thread follows is there one that ends
    await until(async () => server!.stderr().includes('The thread of the projections ended with code 1.'));
    const last = await awardAt('c4', '4000.00');
    expect(await ceilings(last)).toEqual(['1000.00', '2000.00', '3000.00', '4000.00']);
    const followed = await rows();
    await stop();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${node}/read-model.db${suffix}`, { force: true });
    await begin();
    await until(async () => (await get('/readyz')).status === 200);
    expect(await ceilings(last)).toHaveLength(4);
    expect(await rows()).toEqual(followed);
  } finally {
    await stop();
    await cluster.stop();
    await rm(node, { recursive: true, force: true });
  }
}, 60_000);
