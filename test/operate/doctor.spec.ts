import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose, type Finding } from '../../src/operate/diagnosis.js';
import { SqliteStore, LEDGER_FILE } from '../../src/store/sqlite/sqlite-store.js';
import { ReplicaStore } from '../../src/store/replica/replica-store.js';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { InvalidConnectionError } from '../../src/store/kurrentdb/connection.js';
import { StandIn } from '../fakes/kurrentdb/fake-server.js';
import { facts, freshStream, newId } from '../store/event-store.contract.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-doctor-'));
  folders.push(dir);
  return dir;
};
afterEach(() => Promise.all(folders.splice(0).map((dir) => rm(dir, { recursive: true, force: true }))));

const findings = async (env: Readonly<Record<string, string>>): Promise<Finding[]> => {
  const found: Finding[] = [];
  for await (const finding of diagnose(env)) found.push(finding);
  return found;
};
const open = (dir: string) => SqliteStore.open({ dir, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId });

describe('the doctor', () => {
  it('opens a folder and reads its whole history', async () => {
    const dir = await folder();
    const store = await open(dir);
    const { ledgerId } = store.genesis;
    for (let n = 0; n < 3; n++) await store.append(freshStream(), -1, facts(2));
    await store.close();
    expect(await findings({ DATA_DIR: dir })).toEqual([
      { step: 'folder', ok: true, detail: dir },
      { step: 'open', ok: true, detail: `ledger ${ledgerId}, used by no other process` },
      { step: 'history', ok: true, detail: '6 events in 3 streams, none missing' },
    ]);
  });

  it('makes no ledger where there is none', async () => {
    const dir = await folder();
    expect(await findings({ DATA_DIR: dir })).toEqual([{ step: 'folder', ok: false, detail: `${dir} holds no ledger` }]);
    expect(await readdir(dir)).toEqual([]);
  });

  it('says when another process has the folder', async () => {
    const dir = await folder();
    const store = await open(dir);
    expect((await findings({ DATA_DIR: dir })).at(-1)).toEqual({ step: 'open', ok: false, detail: `${dir} is in use by another process.` });
    await store.close();
  });

  it('names a stream of which events are missing', async () => {
    const dir = await folder();
    const store = await open(dir);
    const stream = freshStream();
    await store.append(stream, -1, facts(5));
    await store.close();
    const db = new Database(join(dir, LEDGER_FILE));
    db.prepare('DELETE FROM events WHERE stream = ? AND revision = 2').run(stream);
    db.close();
    expect((await findings({ DATA_DIR: dir })).at(-1)).toEqual({
      step: 'history',
      ok: false,
      detail: `${stream} has no event before revision 3`,
    });
  });

  it('looks at the server that the environment names, unless it says that the ledger is in the folder', async () => {
    const server = await new StandIn().start();
    const env = { KURRENTDB_URL: server.url, DATA_DIR: await folder() };
    for (const found of [await findings(env), await findings({ ...env, LEDGER_STORE: 'kurrentdb' })]) {
      expect(found.map(({ step }) => step)).toContain('ledger streams');
      expect(found.filter(({ ok }) => !ok)).toEqual([]);
    }
    expect((await findings({ ...env, LEDGER_STORE: 'embedded' }))[0]).toMatchObject({ step: 'folder' });
    await server.kill();
  });

  it('does not understand a server without a connection string', () => {
    expect(() => diagnose({ LEDGER_STORE: 'kurrentdb' })).toThrow(InvalidConnectionError);
  });

  it('compares a copy of the log, event by event, with the server', async () => {
    const server = await new StandIn().start();
    const dir = await folder();
    const { url } = server;
    const connect = () => KurrentStore.open({ url, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId });
    const copy = await ReplicaStore.open({ dir, connect, chance: () => 1 });
    for (let n = 0; n < 3; n++) await copy.append(freshStream(), -1, facts(2));
    await copy.head();
    const { root } = await copy.status();
    await copy.close();
    const last = async () => (await findings({ KURRENTDB_URL: url, DATA_DIR: dir })).at(-1);
    expect(await last()).toEqual({ step: 'copy', ok: true, detail: `6 events, each as the server has it; root ${root}` });
    const file = new Database(join(dir, 'replica.db'));
    file.exec(`UPDATE events SET data = '{"n":7}' WHERE rowid = (SELECT max(rowid) FROM events)`);
    file.close();
    expect(await last()).toEqual({ step: 'copy', ok: false, detail: expect.stringContaining('copy') });
    await server.stop();
  }, 60_000);
});
