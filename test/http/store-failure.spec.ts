import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, removeBuilt, startBuilt, type Started } from '../built.js';
import { injectFaults } from '../fakes/sqlite-faults.js';
import { ReadModelUnavailableError } from '../../src/store/read-model.js';
import { LEDGER_FILE } from '../../src/store/sqlite/sqlite-store.js';
import { SqliteReadModel } from '../../src/store/sqlite/sqlite-read-model.js';
import { accepted, award, closeRunning, startServer, stopServer, recordWorld, tempFolder } from './server.js';

afterEach(() => void jest.restoreAllMocks());
afterAll(closeRunning);

describe('a server whose ledger cannot be written any more', () => {
  it('answers that the outcome is unknown to the commands under way, and stores nothing more', async () => {
    const server = await startServer();
    await recordWorld(server);
    const send = (id: string, key: string) => server.post(`/contracts/${id}/award-contract`, award, { 'idempotency-key': key });
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_IOERR_FSYNC' });
    const first = await send('c1', 'k1');
    expect([first.status, first.body.type]).toEqual([503, 'urn:tower-ledger:problem:outcome-unknown']);
    // The same command, with its key: it may be stored, so that nobody may hear that it is not.
    const again = await send('c1', 'k1');
    expect([again.status, again.body.type]).toEqual([503, 'urn:tower-ledger:problem:outcome-unknown']);
    const other = await send('c2', 'k2');
    expect([other.status, other.body.type]).toEqual([503, 'urn:tower-ledger:problem:store-unavailable']);
    const ready = await server.get('/readyz');
    expect([ready.status, ready.body.store]).toEqual([503, 'failed']);
    expect(ready.body.reason).toMatch(/accepts nothing until it is opened again: injected SQLITE_IOERR_FSYNC/);
    expect(await server.failed).toMatchObject({ name: 'StoreFailedError' });
    expect(server.logged.filter((line) => line.includes('accepts nothing until it is opened again'))).toHaveLength(1);
    expect((await server.get('/livez')).status).toBe(200);
    await server.close();

    const restarted = await startServer({ DATA_DIR: server.dir });
    const retry = (id: string, key: string) => restarted.post(`/contracts/${id}/award-contract`, award, { 'idempotency-key': key });
    expect((await retry('c1', 'k1')).body).toMatchObject({ outcome: 'accepted', revision: 0 });
    expect((await retry('c2', 'k2')).body).toMatchObject({ outcome: 'accepted', revision: 0 });
    await stopServer(restarted);
  });
});

describe('a server whose disk is full for a while', () => {
  it('refuses commands, goes on reading, says so in its log, its metrics and /readyz, and takes commands when there is room', async () => {
    const server = await startServer();
    await recordWorld(server);
    const refuses = async () => /^ledger_store_refuses (\d)$/m.exec((await server.get('/metrics')).text)?.[1];
    expect(await refuses()).toBe('0');
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_FULL' }, { sql: 'COMMIT', code: 'SQLITE_FULL' });
    for (const id of ['c1', 'c2'])
      expect((await server.post(`/contracts/${id}/award-contract`, award)).body.type).toBe('urn:tower-ledger:problem:store-unavailable');
    expect(await refuses()).toBe('1');
    expect((await server.get('/readyz')).body).toMatchObject({ ready: true, store: 'answers', refusing: 'injected SQLITE_FULL' });
    expect((await server.get('/suppliers/csc')).status).toBe(200);
    expect((await server.post('/contracts/c1/award-contract', award)).status).toBe(201);
    expect(await refuses()).toBe('0');
    expect((await server.get('/readyz')).body).not.toHaveProperty('refusing');
    const said = server.logged.map((line) => (JSON.parse(line) as { msg: string }).msg).filter((line) => line.includes('The ledger'));
    expect(said).toEqual([
      'The ledger cannot be written for now: commands are refused until it can.',
      'The ledger is written again; 2 appends were refused meanwhile.',
    ]);
    await stopServer(server);
  });
});

describe('a server whose read model has no room', () => {
  it('takes commands, says that the projections lag, and follows again when there is room', async () => {
    const server = await startServer({ LEDGER_READY_LAG: '0' });
    await recordWorld(server);
    const said = () => server.logged.map((line) => (JSON.parse(line) as { msg: string }).msg);
    const ready = async (status: number, lines: number) => {
      for (const end = Date.now() + 5000; ; await new Promise((resolve) => setTimeout(resolve, 20))) {
        const answer = await server.get('/readyz');
        if (answer.status === status && said().length === lines) return answer.body;
        if (Date.now() > end) throw new Error(answer.text);
      }
    };
    await ready(200, 0);
    const commit = jest.spyOn(SqliteReadModel.prototype, 'commit').mockImplementation(() => {
      throw new ReadModelUnavailableError('The read model is not available: database or disk is full.');
    });
    const { position } = await accepted(server.post('/contracts/c1/award-contract', award));
    expect((await ready(503, 1)).projections).toContainEqual({ name: 'money', state: 'serving', lag: 1, faulted: 0 });
    expect((await server.get('/metrics')).text).toMatch(/^ledger_projection_lag_events\{projection="money"\} 1$/m);
    expect((await server.get('/projections/contract-register')).body.rows).toEqual([]); // as it was
    expect((await server.get('/contracts/c1')).body.state.stage).toBe('awarded');
    commit.mockRestore();
    await ready(200, 2);
    expect((await server.get(`/projections/contract-register/contract:c1?minPosition=${position}`)).body.row.stage).toBe('awarded');
    expect(said()).toEqual(['Projections do not follow the log for now; they try again.', 'Projections follow the log again.']);
    await stopServer(server);
  }, 20_000);
});

describe('a server whose ledger has an event that is damaged', () => {
  it('starts without a read model, names the event, and goes on with every other stream', async () => {
    const first = await startServer();
    await recordWorld(first);
    for (const id of ['c1', 'c2']) await accepted(first.post(`/contracts/${id}/award-contract`, award));
    const { position } = await accepted(first.post('/contracts/c1/sign-contract', {}));
    await accepted(first.post('/contracts/c1/annotate', { note: 'Seen.' }));
    await first.close();
    const db = new Database(join(first.dir, LEDGER_FILE));
    db.exec('DROP TRIGGER events_are_never_changed');
    db.prepare('UPDATE events SET metadata = substr(metadata, 9) WHERE position = ?').run(Number(position));
    db.close();
    for (const end of ['', '-wal', '-shm']) await rm(join(first.dir, `read-model.db${end}`), { force: true });

    const server = await startServer({ DATA_DIR: first.dir });
    const named = `The event at position ${position}, revision 1 of contract-c1, cannot be read`;
    const last = (await accepted(server.post('/contracts/c2/sign-contract', {}))).position;
    const { rows } = (await server.get(`/projections/contract-register?minPosition=${last}`)).body;
    expect(rows).toMatchObject([
      { key: 'contract:c1', stage: 'awarded' },
      { key: 'contract:c2', stage: 'signed' },
    ]);
    const { projections } = (await server.get('/projections')).body;
    for (const { faulted } of projections.filter(({ name }: { name: string }) => ['money', 'contract-register'].includes(name)))
      expect(faulted).toMatchObject([{ stream: 'contract-c1', error: 'ContractSigned at revision 1 cannot be folded.' }]);
    expect(server.logged.join()).toContain(`contract-c1 cannot be folded from revision 1 (${position}) on.`);
    for (const answer of [await server.get('/contracts/c1'), await server.post('/contracts/c1/start-service', {})])
      expect([answer.status, answer.body]).toEqual([500, expect.objectContaining({ type: 'urn:tower-ledger:problem:history-broken', detail: expect.stringContaining(named) })]); // prettier-ignore
    const { events } = (await server.get('/events?subject=contract-c1')).body;
    expect(events.map(({ type, data }: { type: string; data: unknown }) => [type, data === null])).toEqual([['ContractAwarded', false], ['ContractSigned', true], ['FactAnnotated', false]]); // prettier-ignore
    expect((await server.get(`/projections/decisions?limit=500`)).body.rows).toHaveLength(8);
    await stopServer(server);
  }, 20_000);
});

describe('the built server', () => {
  let built: string;
  beforeAll(async () => {
    built = await build();
  }, 60_000);
  afterAll(() => removeBuilt(built));
  const supplier = (started: Started, id: string): Promise<Response> =>
    fetch(`${started.url}/suppliers/${id}/register-supplier`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ title: 'CSC', form: 'company' }),
    });

  it('logs one line and ends with 74 when its ledger fails, and answers what was under way', async () => {
    const dir = await tempFolder();
    const faults = join(built, 'fail-commits.mjs');
    await writeFile(
      faults,
      `import Database from 'better-sqlite3';
       import { existsSync } from 'node:fs';
       const exec = Database.prototype.exec;
       Database.prototype.exec = function (sql) {
         if (sql === 'COMMIT' && existsSync(${JSON.stringify(join(dir, 'fail'))})) throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC');
         return exec.call(this, sql);
       };`,
    );
    const started = await startBuilt(built, { DATA_DIR: dir }, '--import', faults);
    expect((await supplier(started, 'csc')).status).toBe(201);
    await mkdir(join(dir, 'fail'));
    const answer = await supplier(started, 'atos');
    expect([answer.status, ((await answer.json()) as { type: string }).type]).toEqual([503, 'urn:tower-ledger:problem:outcome-unknown']);
    expect(await started.ended).toEqual({ code: 74, signal: null });
    expect(started.stderr().match(/accepts nothing until it is opened again: disk I\/O error"/g)).toHaveLength(1);
    await rm(dir, { recursive: true });
  }, 60_000);

  it('ends with 74 when its folder is taken away, and does not start on one without the ledger', async () => {
    const [dir, moved] = [await tempFolder(), await tempFolder()];
    const started = await startBuilt(built, { DATA_DIR: dir });
    expect((await supplier(started, 'csc')).status).toBe(201);
    await rename(dir, join(moved, 'data'));
    expect(await started.ended).toEqual({ code: 74, signal: null });
    await mkdir(dir);
    await writeFile(join(dir, 'read-model.db'), '');
    await expect(startBuilt(built, { DATA_DIR: dir })).rejects.toThrow(
      /Ended with 1: .*has no ledger\.db, but read-model\.db: a ledger was here\./,
    );
    const again = await startBuilt(built, { DATA_DIR: join(moved, 'data') });
    expect((await fetch(`${again.url}/suppliers/csc`)).status).toBe(200);
    again.process.kill('SIGTERM');
    expect(await again.ended).toEqual({ code: 0, signal: null });
    for (const folder of [dir, moved]) await rm(folder, { recursive: true });
  }, 60_000);
});
