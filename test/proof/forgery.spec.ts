import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { cp, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportBundle } from '../../src/operate/bundle-export.js';
import { diagnose } from '../../src/operate/diagnosis.js';
import { NotBundledError } from '../../src/proof/bundle-writer.js';
import { Checkpoints } from '../../src/proof/checkpoints.js';
import { LogCheck } from '../../src/proof/log-check.js';
import { ProofFolder } from '../../src/proof/proof-folder.js';
import { leafOf } from '../../src/store/merkle-tree.js';
import { LEDGER_FILE, SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { fact, newId } from '../store/event-store.contract.js';
import { endPython, faultsOf, verifiers } from './verifiers.js';

const folders: string[] = [];
const folder = async (): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'tower-ledger-forgery-'));
  folders.push(dir);
  return dir;
};
afterAll(endPython);
afterAll(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

const now = () => '2026-03-04T05:06:07.089Z';
const open = (dir: string) => SqliteStore.open({ dir, timeZone: 'Europe/London', now, newId });
const noted = (store: SqliteStore, dir: string, newEpoch = false) =>
  Checkpoints.open({ store, folder: new ProofFolder(dir), host: 'example.org', now, newEpoch, log: () => undefined });

/** Leaves of the ledger: more than 256, so that a node is kept above them. Notes are kept over 100, 200 and all of them. */
const SIZE = 300;
/** The event that is forged: leaf 150, at position 152, since the first record has position 1. Its stream has three events. */
const LEAF = 150;
const POSITION = LEAF + 2;
const nameOf = (leaf: number): string => `contract-c${Math.floor(leaf / 3)}, revision ${leaf % 3}`;

let honest: string;
let notes: readonly string[];
let tables: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
beforeAll(async () => {
  honest = await folder();
  const store = await open(honest);
  const kept: string[] = [];
  for (let n = 0; n < SIZE; n += 100) {
    const appends = Array.from({ length: 34 }, (_, i) => i + Math.floor(n / 3));
    for (const i of appends) {
      const [from, until] = [Math.max(3 * i, n), Math.min(3 * i + 3, n + 100)];
      if (from >= until) continue;
      const events = Array.from({ length: until - from }, (_, e) => fact({ n: from + e }));
      await store.append(`contract-c${i}`, (from % 3) - 1, events);
    }
    const checkpoints = await noted(store, honest);
    kept.push((await checkpoints.current())!.note);
    await checkpoints.close();
  }
  await store.close();
  notes = kept;
  const db = new Database(join(honest, LEDGER_FILE), { readonly: true });
  const names = db.prepare<[], { name: string }>(`SELECT name FROM sqlite_master WHERE type = 'table'`).all();
  tables = Object.fromEntries(names.map(({ name }) => [name, db.pragma(`table_info(${name})`) as { name: string; type: string }[]]));
  db.close();
}, 60_000);

const forged = async (...statements: readonly string[]): Promise<string> => {
  const dir = await folder();
  await cp(honest, dir, { recursive: true });
  const db = new Database(join(dir, LEDGER_FILE));
  db.function('flipped', flipped as (value: unknown) => unknown);
  db.exec('DROP TRIGGER events_are_never_changed; DROP TRIGGER events_are_never_deleted');
  for (const statement of statements) db.exec(statement);
  db.close();
  return dir;
};
/** The value with its last letter or digit changed, its first byte, or one more. */
const flipped = (value: string | number | Buffer): string | number | Buffer => {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return value.replace(/[a-z\d](?=[^a-z\d]*$)/, (last) => (last === '7' ? '8' : '7'));
  const bytes = Buffer.from(value);
  bytes[0]! ^= 1;
  return bytes;
};

/** What the server finds, at its start or by the check in the background: while it is undefined the server is ready. */
const foundAtStart = async (dir: string): Promise<string | undefined> => {
  const store = await open(dir);
  const checkpoints = await noted(store, dir);
  let fault = checkpoints.fault;
  if (fault === undefined) {
    let uptime = 0;
    const check = new LogCheck({ store, uptime: () => uptime++ / 1000, everyMs: 1e9, log: () => undefined });
    while (!check.last) await new Promise((resolve) => setTimeout(resolve, 1));
    fault = check.fault;
    await check.close();
  }
  await checkpoints.close();
  await store.close();
  return fault;
};
const foundByDoctor = async (dir: string): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const { ok, detail } of diagnose({ DATA_DIR: dir })) if (!ok) found.push(detail);
  return found;
};
/** What an outsider finds in the bundle that the forged ledger gives, with the note that somebody kept. */
const foundInBundle = async (dir: string, note = notes.at(-1)!): Promise<readonly string[]> => {
  const to = join(await folder(), 'bundle');
  const options = { from: dir, to, kind: 'ledger', of: '-', host: 'example.org' } as const;
  await exportBundle(options).catch((error: Error) => {
    if (!(error instanceof NotBundledError)) throw error;
    return exportBundle({ ...options, altered: true });
  });
  return faultsOf(to, { note });
};
const found = async (dir: string) => {
  const [atStart, byDoctor, inBundle] = [await foundAtStart(dir), await foundByDoctor(dir), await foundInBundle(dir)];
  return { atStart, byDoctor, inBundle };
};

describe('the ledger that nobody forged', () => {
  it(`is as it was signed, for the server, the doctor and ${verifiers}`, async () => {
    expect(await found(honest)).toEqual({ atStart: undefined, byDoctor: [], inBundle: [] });
    expect(Object.keys(tables).sort()).toEqual(['events', 'leaves', 'nodes']);
  });
});

describe('one byte that SQL changes', () => {
  const where: Readonly<Record<string, string>> = {
    events: `position = ${POSITION}`,
    leaves: `n = ${LEAF}`,
    nodes: 'level = 8 AND n = 0',
  };
  /** Other values that a column takes, where one more or another last letter is taken. */
  const other: Readonly<Record<string, string>> = {
    'events.position': `${SIZE + 90}`,
    'events.stream': `replace(stream, '-c', '-d')`,
    'events.revision': 'revision + 7',
    'leaves.n': `n + ${SIZE}`,
  };
  const [missing, exceeded] = [`events-missing events ${LEAF} to ${LEAF}`, `checkpoint-exceeded event ${SIZE} (${nameOf(LEAF)})`];
  const inBundles: Readonly<Record<string, readonly string[]>> = {
    'events.position': [missing, exceeded],
    'events.stream': [`event-altered event ${LEAF} (contract-d50, revision 0)`],
    'events.revision': [`event-altered event ${LEAF} (contract-c50, revision 7)`],
    events: [`event-altered event ${LEAF} (${nameOf(LEAF)})`],
    'leaves.hash': [`event-altered event ${LEAF} (${nameOf(LEAF)})`],
    // The events are those that were signed: a bundle without the ledger's signature says no more than that.
    nodes: [],
  };

  it(`in any column of any table is found by the server, the doctor and ${verifiers}`, async () => {
    for (const [table, columns] of Object.entries(tables))
      for (const { name } of columns) {
        const column = `${table}.${name}`;
        const dir = await forged(`UPDATE ${table} SET ${name} = ${other[column] ?? `flipped(${name})`} WHERE ${where[table]}`);
        const { atStart, byDoctor, inBundle } = await found(dir);
        expect([column, atStart, byDoctor[0]]).toEqual([column, expect.any(String), expect.any(String)]);
        if (table === 'events' && name !== 'position')
          expect([column, atStart]).toEqual([column, expect.stringContaining(`position ${POSITION} (`)]);
        for (const fault of inBundles[column] ?? inBundles[table] ?? [])
          expect([column, inBundle]).toEqual([column, expect.arrayContaining([`FAULT ${fault}`])]);
        expect([column, inBundle.length > 0]).toEqual([column, true]);
        if (table === 'nodes') expect([column, inBundle.filter((line) => /event/.test(line))]).toEqual([column, []]);
      }
  }, 60_000);
});

describe('a ledger in which one event was changed', () => {
  it('signs no bundle, and with --altered gives one without a manifest', async () => {
    const dir = await forged(`UPDATE events SET data = '{"n":7}' WHERE position = ${POSITION}`);
    const of = (part: string) => ({ from: dir, to: join(dir, part), host: 'example.org' });
    const whole = { ...of('whole'), kind: 'ledger', of: '-' } as const;
    await expect(exportBundle(whole)).rejects.toThrow(
      `The event at position ${POSITION} (${nameOf(LEAF)}) is not the one that was stored.`,
    );
    expect(await readdir(dir)).not.toContain('whole');
    await exportBundle({ ...whole, altered: true });
    expect(await readdir(whole.to)).not.toContain('manifest');
    expect(await faultsOf(whole.to)).toEqual(['FAULT file-missing manifest', `FAULT event-altered event ${LEAF} (${nameOf(LEAF)})`]);
  });
});

describe('what is forged', () => {
  const swap = [
    [POSITION, 900],
    [POSITION + 1, POSITION],
    [900, POSITION + 1],
  ].map(([from, to]) => `UPDATE events SET position = ${to} WHERE position = ${from}`);
  const last = SIZE + 1;
  const everything = `DELETE FROM leaves; DELETE FROM nodes`;
  const change = `UPDATE events SET data = '{"n":7}' WHERE position = ${POSITION}`;
  const altered = (leaf: number, name = nameOf(leaf)) => `FAULT event-altered event ${leaf} (${name})`;
  const fewer = (count: number) => `The log has ${count} events, but the Merkle tree that is kept with it has ${SIZE} leaves.`;
  const range = 'agrees with the note over 100 events, and not with the one over 200, so what was changed is among events 100 to 199';
  it.each<[string, readonly string[], string, readonly string[]]>([
    [
      'an event that is deleted',
      [`DELETE FROM events WHERE position = ${POSITION}`],
      `Event ${LEAF} is missing before the event at position ${POSITION + 1}`,
      [`FAULT events-missing events ${LEAF} to ${LEAF}`],
    ],
    [
      'a stream that is deleted',
      [`DELETE FROM events WHERE stream = 'contract-c50'`],
      `Events ${LEAF} to ${LEAF + 2} are missing before the event at position ${POSITION + 3}`,
      [`FAULT events-missing events ${LEAF} to ${LEAF + 2}`],
    ],
    [
      'two positions that are swapped',
      swap,
      `The event at position ${POSITION} (`,
      [altered(LEAF, nameOf(LEAF + 1)), altered(LEAF + 1, nameOf(LEAF))],
    ],
    [
      'a tail that is cut',
      [`DELETE FROM events WHERE position > ${last - 10}`],
      fewer(SIZE - 10),
      [`FAULT events-missing events ${SIZE - 10} to ${SIZE - 1}`],
    ],
    [
      'a tail that is cut with its tree',
      [`DELETE FROM events WHERE position > ${last - 10}`, `DELETE FROM leaves WHERE n >= ${SIZE - 10}`],
      `The ledger has ${SIZE - 10} events, but the last note was signed over ${SIZE}; up to event 200 it agrees with an older note`,
      [`FAULT events-missing events ${SIZE - 10} to ${SIZE - 1}`],
    ],
    [
      'an event together with the tree',
      [change, everything],
      range,
      ['FAULT root-differs events 100 to 199', 'FAULT history-rewritten 200', `FAULT history-rewritten ${SIZE}`],
    ],
    [
      'an event that is put in',
      [`INSERT INTO events SELECT ${last + 1}, 'contract-x', 0, id, type, data, metadata FROM events WHERE position = ${last}`],
      fewer(SIZE + 1),
      [`FAULT checkpoint-exceeded event ${SIZE} (contract-x, revision 0)`],
    ],
    [
      'the first record',
      [`UPDATE events SET data = json_set(data, '$.timeZone', 'Europe/Berlin') WHERE position = 1`],
      'The first record of the ledger is not the one that the last note was signed with.',
      ['FAULT genesis-altered'],
    ],
  ])(`is found: %s, by the server, the doctor and ${verifiers}`, async (_, statements, reason, faults) => {
    const { atStart, byDoctor, inBundle } = await found(await forged(...statements));
    expect(atStart).toContain(reason);
    expect(byDoctor.length).toBeGreaterThan(0);
    for (const fault of faults) expect(inBundle).toContainEqual(expect.stringContaining(fault));
  });

  it(`by SQL and signed again is found by a note that somebody kept, and narrowed by it, by ${verifiers}`, async () => {
    const dir = await forged(change, everything);
    for (const name of ['checkpoint', 'older-checkpoints']) await rm(join(dir, 'proof', name));
    expect(await foundAtStart(dir)).toBeUndefined();
    expect(await foundInBundle(dir, notes[0])).toEqual([]);
    expect(await foundInBundle(dir, notes[1])).toEqual(['FAULT root-differs events 0 to 199', 'FAULT history-rewritten 200']);
  });

  it('by SQL and signed again is found by an older note that was left', async () => {
    const dir = await forged(change, everything);
    await rm(join(dir, 'proof', 'checkpoint'));
    const older = join(dir, 'proof', 'older-checkpoints');
    await rename(older, `${older}.away`);
    await foundAtStart(dir);
    await rename(`${older}.away`, older);
    expect(await foundAtStart(dir)).toContain(range);
    expect((await foundByDoctor(dir))[0]).toContain(range);
  });
});

describe('a file that is rolled back', () => {
  it('is taken for one with a removed tail until the operator says that it is a backup, and then begins an epoch of its own', async () => {
    const dir = await forged();
    const store = await open(dir);
    const more = await noted(store, dir);
    await store.append('contract-new', -1, [fact()]);
    const after = (await more.current())!.note;
    await more.close();
    await store.close();
    await cp(join(honest, LEDGER_FILE), join(dir, LEDGER_FILE));
    expect(await foundAtStart(dir)).toContain(`The ledger has ${SIZE} events, but the last note was signed over ${SIZE + 1}`);
    expect((await foundByDoctor(dir))[0]).toContain('If one was restored, start the server once with --new-epoch.');
    expect(await foundInBundle(dir, after)).toEqual(expect.arrayContaining([`FAULT events-missing events ${SIZE} to ${SIZE}`]));

    const again = await open(dir);
    const begun = await noted(again, dir, true);
    expect([begun.fault, begun.origin.endsWith('/2')]).toEqual([undefined, true]);
    await begun.close();
    await again.close();
    expect(await foundAtStart(dir)).toBeUndefined();
    expect(await foundByDoctor(dir)).toEqual([]);
    expect(await foundInBundle(dir, after)).toEqual([expect.stringMatching(/^FAULT origin-differs example.org\/.*\/1$/)]);
    expect(new ProofFolder(dir).epochs()).toEqual([expect.objectContaining({ epoch: 2, size: SIZE, last: after })]);
  });
});

describe('the hash of an event', () => {
  it('is that of what is stored, whatever wrote the file', async () => {
    const store = await open(await forged());
    const [event] = await store.readAll(String(POSITION - 1), 1);
    expect(store.tree.leaves(LEAF, 1)[0]!.hash).toEqual(leafOf(event!));
    await store.close();
  });
});
