import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { createHash } from 'node:crypto';
import { appendFile, mkdir, mkdtemp, open as openFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diagnose, type Finding } from '../../src/operate/diagnosis.js';
import { RefusalRecorder } from '../../src/refusals/refusal-recorder.js';
import { SqliteStore, LEDGER_FILE } from '../../src/store/sqlite/sqlite-store.js';
import { ReplicaStore } from '../../src/store/replica/replica-store.js';
import { KurrentStore } from '../../src/store/kurrentdb/kurrent-store.js';
import { InvalidConnectionError } from '../../src/store/kurrentdb/connection.js';
import { FakeServer } from '../fakes/kurrentdb/fake-server.js';
import { fact, facts, freshStream, metadata, newId } from '../store/event-store.contract.js';

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
  it('opens a folder and examines its file, every event and every stream', async () => {
    const dir = await folder();
    const store = await open(dir);
    const { ledgerId } = store.genesis;
    for (let n = 0; n < 3; n++) await store.append(freshStream(), -1, facts(2));
    await store.close();
    expect(await findings({ DATA_DIR: dir })).toEqual([
      { step: 'folder', ok: true, detail: dir },
      { step: 'open', ok: true, detail: `ledger ${ledgerId}, used by no other process` },
      { step: 'file', ok: true, detail: 'SQLite finds every page sound' },
      { step: 'events', ok: true, detail: '6 events, the data and metadata of each are JSON' },
      { step: 'streams', ok: true, detail: '3 streams, no revision missing' },
      { step: 'tree', ok: true, detail: expect.stringMatching(/^6 events, each as it was when it was stored; root [\da-f]{64}$/) },
      { step: 'note', ok: true, detail: 'none is kept in this folder: the next start of the server signs the first' },
      { step: 'evidence', ok: true, detail: '0 pieces, 0.0 MB, each with the hash of its name' },
    ]);
  });

  it('counts the refusals that are remembered beside the ledger, names what is wrong with their files, and changes nothing', async () => {
    const dir = await folder();
    const store = await open(dir);
    const { ledgerId: ledger } = store.genesis;
    await store.append(freshStream(), -1, facts(1));
    await store.close();
    const log = () => undefined;
    const recorder = await RefusalRecorder.open({ dir, ledger, maxBytes: 1e6, maxDays: 1, now: () => '2026-03-04T05:06:07.089Z', log });
    for (const stream of ['contract-a', 'contract-b', 'contract-b']) recorder.note({ status: 409, code: 'contract/stage', stream });
    await recorder.close();
    const refusalsOf = async () => (await findings({ DATA_DIR: dir })).filter(({ step }) => step === 'refusals');
    const whole = '3 remembered in 3 lines since 2026-03-04T05:06:07.089Z, 0.0 MB';
    expect(await refusalsOf()).toEqual([{ step: 'refusals', ok: true, detail: whole }]);
    const refusals = join(dir, 'refusals');
    const [file] = await readdir(refusals);
    await appendFile(join(refusals, file!), 'x\n');
    await writeFile(join(refusals, 'people-0000000000000001.jsonl'), '{"format":"tower-ledger-refusals-1","ledger":"other"}\n');
    const [found] = await refusalsOf();
    expect(found!.ok).toBe(true);
    expect(found!.detail).toBe(`${whole}; 1 lines cannot be read; ${join(refusals, 'people-0000000000000001.jsonl')} is left out: it is of another ledger.`);
    expect(await readdir(refusals)).toHaveLength(2);
  }); // prettier-ignore

  it('compares every piece of evidence with its hash, and the pieces with what events name', async () => {
    const dir = await folder();
    const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
    const [paper, other, gone] = ['a paper', 'another paper', 'a paper that is not kept'].map(hashOf) as [string, string, string];
    const naming = (...hashes: string[]) =>
      fact(
        {},
        {
          metadata: {
            ...metadata,
            evidence: hashes.map((sha256) => ({ uri: 'https://example.org', title: 'A', sha256, confidence: 'primary' as const })),
          },
        },
      );
    const store = await open(dir);
    await store.append(freshStream(), -1, [naming(paper, gone), naming(gone)]);
    await store.close();
    await mkdir(join(dir, 'evidence'));
    for (const [name, text] of [[paper, 'a paper'], [other, 'another paper'], ['x.partial', 'a p']]) await writeFile(join(dir, 'evidence', name!), text!); // prettier-ignore
    const last = async () => (await findings({ DATA_DIR: dir })).at(-1);
    expect(await last()).toEqual({
      step: 'evidence',
      ok: true,
      detail:
        `2 pieces, 0.0 MB, each with the hash of its name; 2 times events name one that is not kept here (${gone}); ` +
        `1 that no event names (${other}); 1 other files (x.partial)`,
    });
    await writeFile(join(dir, 'evidence', paper), 'A paper');
    expect(await last()).toEqual({ step: 'evidence', ok: false, detail: `evidence/${paper} is not what was sent: its hash differs` });
  });

  it('finds nothing wrong with a long ledger', async () => {
    const dir = await folder();
    const store = await open(dir);
    for (let n = 0; n < 5; n++) await store.append(freshStream(), -1, facts(100 * n + 1));
    await store.close();
    const found = await findings({ DATA_DIR: dir });
    expect(found.filter(({ ok }) => !ok)).toEqual([]);
    expect(found.map(({ detail }) => detail)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^1005 events,/),
        expect.stringMatching(/^5 streams,/),
        expect.stringMatching(/^1005 events, each/),
      ]),
    );
  });

  it('makes no ledger where there is none', async () => {
    const dir = await folder();
    expect(await findings({ DATA_DIR: dir })).toEqual([{ step: 'folder', ok: false, detail: `${dir} holds no ledger` }]);
    expect(await readdir(dir)).toEqual([]);
  });

  it('says when another process has the folder, and what can be examined instead', async () => {
    const dir = await folder();
    const store = await open(dir);
    expect((await findings({ DATA_DIR: dir })).at(-1)).toEqual({
      step: 'open',
      ok: false,
      detail: `${dir} is in use by another process. Stop it, or make a backup and examine that: DATA_DIR=BACKUP npm run doctor.`,
    });
    await store.close();
  });

  it('says that a file is no ledger', async () => {
    const dir = await folder();
    await writeFile(join(dir, LEDGER_FILE), '');
    expect((await findings({ DATA_DIR: dir })).at(-1)).toMatchObject({
      step: 'open',
      ok: false,
      detail: expect.stringContaining('holds no ledger'),
    });
  });

  describe('names position and stream of what is wrong:', () => {
    const stream = freshStream();
    /** Positions 2 to 6 are revisions 0 to 4 of the stream. */
    const damaged = async (...statements: string[]): Promise<Finding[]> => {
      const dir = await folder();
      const store = await open(dir);
      await store.append(stream, -1, facts(5));
      await store.close();
      const db = new Database(join(dir, LEDGER_FILE));
      db.exec('DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted');
      for (const statement of statements) db.exec(statement);
      db.close();
      return (await findings({ DATA_DIR: dir })).filter(({ ok }) => !ok);
    };
    const wrong = (step: string, ...details: string[]) => details.map((detail) => ({ step, ok: false, detail }));

    it('an event is missing', async () =>
      expect(await damaged('DELETE FROM events WHERE position IN (4, 5)')).toEqual(
        wrong('streams', `The event at position 6 (${stream}, revision 4) follows revision 1`),
      ));
    it('the first events are missing', async () =>
      expect(await damaged('DELETE FROM events WHERE position IN (2, 3)')).toEqual(
        wrong('streams', `The event at position 4 (${stream}, revision 2) follows no event of its stream`),
      ));
    it('the last event of a stream is missing, as the positions show', async () => {
      const other = freshStream();
      const data = `SELECT 7, '${other}', 0, 'an id', type, data, metadata FROM events WHERE position = 6`;
      expect(
        await damaged(
          `INSERT INTO events (position, stream, revision, id, type, data, metadata) ${data}`,
          'DELETE FROM events WHERE position = 6',
        ),
      ).toEqual(wrong('streams', `Position 6 is missing before the event at position 7 (${other}, revision 0)`));
    });
    it('an event is in the wrong place', async () =>
      expect(await damaged('UPDATE events SET position = 9 WHERE position = 4')).toEqual(
        wrong('streams', `The event at position 5 (${stream}, revision 3) is before the one that it follows, at 9`),
      ));
    it('what was recorded is no JSON, each of it', async () =>
      expect(
        await damaged(`UPDATE events SET data = '{"n":' WHERE position = 3`, `UPDATE events SET metadata = '' WHERE position = 5`),
      ).toEqual(
        wrong(
          'events',
          `The event at position 3 (${stream}, revision 1) has data that is not JSON`,
          `The event at position 5 (${stream}, revision 3) has metadata that is not JSON`,
        ),
      ));
  });

  const forged = async (statement: string): Promise<readonly string[]> => {
    const dir = await folder();
    const store = await open(dir);
    for (let n = 0; n < 3; n++) await store.append(`contract-c${n}`, -1, facts(2));
    await store.close();
    const db = new Database(join(dir, LEDGER_FILE));
    db.exec(`DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted; ${statement}`);
    db.close();
    return (await findings({ DATA_DIR: dir })).filter(({ ok }) => !ok).map(({ detail }) => detail);
  };
  const at = (position: number, stream: string, revision: number) => `The event at position ${position} (${stream}, revision ${revision})`;
  const swap = [
    [4, 90],
    [3, 4],
    [90, 3],
  ].map(([from, to]) => `UPDATE events SET position = ${to} WHERE position = ${from}`);
  it.each([
    ['a stream', `UPDATE events SET stream = 'contract-c9' WHERE stream = 'contract-c1'`, `${at(4, 'contract-c9', 0)} is not the one`],
    ['an id', `UPDATE events SET id = substr(id, 2) || 'x' WHERE position = 5`, `${at(5, 'contract-c1', 1)} is not the one`],
    ['a type', `UPDATE events SET type = 'B' || substr(type, 2) WHERE position = 5`, `${at(5, 'contract-c1', 1)} is not the one`],
    ['data', `UPDATE events SET data = '{"n":7}' WHERE position = 5`, `${at(5, 'contract-c1', 1)} is not the one`],
    [
      'metadata',
      `UPDATE events SET metadata = json_set(metadata, '$.actor.id', 'eve') WHERE position = 2`,
      `${at(2, 'contract-c0', 0)} is not`,
    ],
    ['two positions', swap.join(';'), `${at(3, 'contract-c1', 0)} is not the one`],
    [
      'the last event',
      'DELETE FROM events WHERE position = 7',
      'The log has 5 events, but the Merkle tree that is kept with it has 6 leaves.',
    ],
    ['a stream that is removed', `DELETE FROM events WHERE stream = 'contract-c2'`, 'The log has 4 events, but the Merkle tree'],
    [
      'an event that is put in',
      `INSERT INTO events SELECT 8, 'contract-c9', 0, id, type, data, metadata FROM events WHERE position = 7`,
      'The log has 7 events',
    ],
    [
      'an event and its leaf',
      `UPDATE events SET data = '{"n":7}' WHERE position = 5; UPDATE leaves SET hash = randomblob(32) WHERE n = 3`,
      `${at(5, 'contract-c1', 1)} is not`,
    ],
    ['a leaf', `DELETE FROM leaves WHERE n = 2`, 'The Merkle tree that is kept with the log has lost some of its hashes.'],
  ])('finds that %s was forged', async (_, statement, detail) => expect((await forged(statement))[0]).toContain(detail));

  it('names no more than twenty faults of a kind', async () => {
    const dir = await folder();
    const store = await open(dir);
    await store.append(freshStream(), -1, facts(50));
    await store.close();
    const db = new Database(join(dir, LEDGER_FILE));
    db.exec(`DROP TRIGGER events_are_never_changed; UPDATE events SET data = '' WHERE position > 1`);
    db.close();
    expect((await findings({ DATA_DIR: dir })).filter(({ ok }) => !ok)).toHaveLength(20);
  });

  it('says which pages SQLite finds damaged', async () => {
    const dir = await folder();
    const store = await open(dir);
    for (let n = 0; n < 20; n++) await store.append(freshStream(), -1, [fact({ text: 'x'.repeat(50_000) })]);
    await store.close();
    const file = await openFile(join(dir, LEDGER_FILE), 'r+');
    await file.write(Buffer.alloc(4096, 0xff), 0, 4096, 60 * 4096);
    await file.close();
    expect((await findings({ DATA_DIR: dir })).at(-1)).toMatchObject({
      step: 'file',
      ok: false,
      detail: expect.stringMatching(/^SQLite finds: /),
    });
  });

  it('looks at the server that the environment names, unless it says that the ledger is in the folder', async () => {
    const server = await new FakeServer().start();
    const env = { LEDGER_KURRENTDB_URL: server.url, DATA_DIR: await folder() };
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
    const server = await new FakeServer().start();
    const dir = await folder();
    const { url } = server;
    const connect = () => KurrentStore.open({ url, timeZone: 'Europe/London', now: () => '2026-03-04T05:06:07.089Z', newId });
    const copy = await ReplicaStore.open({ dir, connect, uptime: () => 0, chance: () => 1 });
    for (let n = 0; n < 3; n++) await copy.append(freshStream(), -1, facts(2));
    await copy.head();
    const { root } = await copy.status();
    await copy.close();
    const last = async () => (await findings({ LEDGER_KURRENTDB_URL: url, DATA_DIR: dir })).findLast(({ step }) => step === 'copy');
    expect(await last()).toEqual({ step: 'copy', ok: true, detail: `6 events, each as the server has it; root ${root}` });
    const file = new Database(join(dir, 'replica.db'));
    file.exec(`UPDATE events SET data = '{"n":7}' WHERE rowid = (SELECT max(rowid) FROM events)`);
    file.close();
    expect(await last()).toEqual({ step: 'copy', ok: false, detail: expect.stringContaining('does not match the log') });
    await server.stop();
  }, 60_000);
});
