import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { join } from 'node:path';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { StoreUnavailableError, UNREADABLE } from '../../src/store/event-store.js';
import { REPLICA_FILE } from '../../src/store/replica/replica-file.js';
import { replicaLog } from '../../src/store/replica/replica-log.js';
import { ReplicaStore } from '../../src/store/replica/replica-store.js';
import { ledgerFile, type LogFile } from '../../src/store/sqlite/log-file.js';
import { LEDGER_FILE } from '../../src/store/sqlite/sqlite-store.js';
import { MemoryStore, memoryStore } from '../fakes/memory-store.js';
import { facts, freshStream } from './event-store.contract.js';
import { newFolders, openStore } from './folders.js';

const newFolder = newFolders();
let closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

/** A store that writes, and its log over a connection of its own. */
interface Beside {
  readonly store: Pick<MemoryStore, 'append' | 'readAll' | 'head'>;
  readonly log: LogFile;
  readonly file: string;
}
const ledger = async (): Promise<Beside> => {
  const dir = await newFolder();
  const store = await openStore(dir);
  const file = join(dir, LEDGER_FILE);
  const log = ledgerFile(file, store.genesis);
  closing.push(
    () => store.close(),
    () => log.close(),
  );
  return { store, log, file };
};
const replica = async (): Promise<Beside> => {
  const dir = await newFolder();
  const remote = memoryStore();
  const connect = async () =>
    Object.assign(remote, { brokenBy: async () => undefined, onBounded: () => undefined, onCaughtUp: () => undefined });
  const store = await ReplicaStore.open({ dir, connect, uptime: () => performance.now(), chance: () => 0.5 });
  const file = join(dir, REPLICA_FILE);
  const log = replicaLog(file, store.genesis);
  closing.push(
    () => store.close(),
    () => log.close(),
  );
  return { store, log, file };
};
const damage = (file: string, statement: string): void => {
  const db = new Database(file);
  db.exec(statement);
  db.close();
};

describe.each([
  ['a ledger', ledger],
  ['a replica', replica],
] as const)('the log in the file of %s, read beside the store that writes it', (_, begin) => {
  it('is what was committed, in order, page by page', async () => {
    const { store, log } = await begin();
    expect([await log.readAll(), await log.read('contract-none')]).toEqual([[], []]);
    for (let n = 0; n < 3; n++) await store.append(freshStream(), -1, facts(2));
    await store.head(); // a replica has by then what was appended
    const whole = await store.readAll();
    expect(await log.readAll()).toEqual(whole);
    const paged: RecordedEvent[] = [];
    for (let at: string | undefined, more = true; more; at = paged.at(-1)!.position) {
      const page = await log.readAll(at, 4);
      expect(page.length).toBeLessThanOrEqual(4);
      paged.push(...page);
      more = page.length === 4;
    }
    expect(paged).toEqual(whole);
    expect(await log.readAll('k1234567')).toEqual([]);
    expect(await log.readAll('9999999')).toEqual([]);
  });

  it('has each stream from a revision on, so many events at most', async () => {
    const { store, log } = await begin();
    const [stream, other] = [freshStream(), freshStream()];
    await store.append(stream, -1, facts(5));
    await store.append(other, -1, facts(1));
    await store.head();
    const revisions = async (...args: [from?: number, limit?: number]) => (await log.read(stream, ...args)).map(({ revision }) => revision);
    expect([await revisions(), await revisions(3), await revisions(1, 2), await revisions(5)]).toEqual([[0, 1, 2, 3, 4], [3, 4], [1, 2], []]); // prettier-ignore
  });

  it('is followed: what is committed comes once its reader is notified, and nothing after it has gone', async () => {
    const { store, log } = await begin();
    await store.append(freshStream(), -1, facts(3));
    const { position } = await store.append(freshStream(), -1, facts(2));
    await store.head();
    const gone = new AbortController();
    const seen: RecordedEvent[] = [];
    const following = (async () => {
      for await (const page of log.follow(undefined, gone.signal, 2)) seen.push(...page);
    })();
    while (seen.length < 5) await new Promise(setImmediate);
    expect(seen.at(-1)!.position).toBe(position);
    await store.append(freshStream(), -1, facts(1));
    await store.head();
    log.notify();
    while (seen.length < 6) await new Promise(setImmediate);
    expect(seen).toEqual(await store.readAll());
    gone.abort();
    await following;
    log.notify();
    expect(seen).toHaveLength(6);
  });

  it('cannot be read once it is closed, and says so', async () => {
    const { log } = await begin();
    log.close();
    await expect(log.readAll()).rejects.toThrow(StoreUnavailableError);
    await expect(log.read('contract-any')).rejects.toThrow(/^The log cannot be read: /);
  });
});

it.each([
  ['a ledger', ledger, `DROP TRIGGER events_are_never_changed; UPDATE events SET data = '{"n":' WHERE revision = 1`],
  ['a replica', replica, `UPDATE events SET metadata = 'x' WHERE revision = 1`],
])('an event of %s that is not JSON is handed out as unreadable', async (_, begin, sql) => {
  const { store, log, file } = await begin();
  const stream = freshStream();
  await store.append(stream, -1, facts(2));
  await store.head();
  damage(file, sql);
  const [first, second] = await log.read(stream);
  expect([first!.metadata.schemaVersion, second!.metadata.schemaVersion]).toEqual([1, UNREADABLE]);
  expect(second).toMatchObject({ revision: 1, data: null });
  expect(await log.readAll()).toEqual([first, second]);
});
