import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import Database from 'better-sqlite3';
import { open as openHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { contract } from '../../src/domain/contract/index.js';
import { History, type NewEvent } from '../../src/kernel/index.js';
import { OutcomeUnknownError, StoreFailedError, StoreUnavailableError, UNREADABLE } from '../../src/store/event-store.js';
import { LEDGER_FILE, type SqliteStore } from '../../src/store/sqlite/sqlite-store.js';
import { injectFaults } from '../fakes/sqlite-faults.js';
import { fact, facts, freshStream, metadata, newId, wholeLog } from './event-store.contract.js';
import { newFolders, openStore } from './folders.js';

const newFolder = newFolders();
let dir: string;
let store: SqliteStore;
beforeEach(async () => {
  dir = await newFolder();
  store = await openStore(dir);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await store.close();
});
const reopen = async (): Promise<void> => {
  await store.close();
  store = await openStore(dir);
};

const count = async (): Promise<number> => (await wholeLog(store)).length;
const outcome = (append: Promise<unknown>): Promise<unknown> =>
  append.then(
    () => 'stored',
    (error: unknown) => error,
  );
/** The event of a command that was decided once more: other ids, the same command. */
const decidedAgain = (event: NewEvent): NewEvent => ({ ...event, id: newId() });
const ofCommand = (): NewEvent => fact({}, { metadata: { ...metadata, command: { ...metadata.command, id: newId() } } });

describe('a COMMIT that fails', () => {
  it.each([
    ['and is found after a restart', true],
    ['and is not found after a restart', false],
  ])('on I/O leaves the outcome of its appends unknown, however often they are sent again, %s', async (_, done) => {
    const [stream, other] = [freshStream(), freshStream()];
    await store.append(freshStream(), -1, facts(2));
    const [mine, theirs] = [[ofCommand()], [ofCommand(), ofCommand()]];
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_IOERR_FSYNC', done });
    const outcomes = await Promise.all([outcome(store.append(stream, -1, mine)), outcome(store.append(other, -1, theirs))]);
    expect(outcomes).toEqual([expect.any(OutcomeUnknownError), expect.any(OutcomeUnknownError)]);
    for (const again of [mine, theirs.slice(1), [decidedAgain(mine[0]!)]])
      expect(await outcome(store.append(stream, -1, again))).toBeInstanceOf(OutcomeUnknownError);
    expect(await outcome(store.append(stream, -1, [ofCommand()]))).toBeInstanceOf(StoreUnavailableError);
    await reopen();
    expect(await count()).toBe(done ? 5 : 2);
    expect(await store.append(stream, -1, mine)).toMatchObject({ revision: 0 });
    expect(await store.read(stream)).toHaveLength(1);
  });

  it('on I/O refuses whatever waits, which was never written', async () => {
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_IOERR_FSYNC' });
    const outcomes = await Promise.all(Array.from({ length: 1300 }, () => outcome(store.append(freshStream(), -1, [ofCommand()]))));
    const unknown = outcomes.findIndex((error) => !(error instanceof OutcomeUnknownError));
    expect(unknown).toBeGreaterThan(0);
    expect(unknown).toBeLessThanOrEqual(512);
    for (const error of outcomes.slice(unknown)) expect(error).toMatchObject({ message: expect.stringMatching(/^Nothing was stored: /) });
    for (const error of outcomes.slice(unknown)) expect(error).toBeInstanceOf(StoreUnavailableError);
    await reopen();
    expect(await count()).toBe(0);
  });

  it('on I/O reaches every listener once, with its cause', async () => {
    const heard: Error[] = [];
    store.onFailure((failure) => heard.push(failure));
    expect(store.failure).toBeUndefined();
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_IOERR_FSYNC' });
    const error = await outcome(store.append(freshStream(), -1, facts(1)));
    await outcome(store.append(freshStream(), -1, facts(1)));
    store.onFailure((failure) => heard.push(failure));
    expect(heard).toEqual([store.failure, store.failure]);
    expect(store.failure).toBeInstanceOf(StoreFailedError);
    expect(store.failure).toMatchObject({ message: expect.stringContaining('accepts nothing until it is opened again: injected'), cause: { code: 'SQLITE_IOERR_FSYNC' } }); // prettier-ignore
    expect(error).toMatchObject({ cause: { code: 'SQLITE_IOERR_FSYNC' } });
  });

  it('on I/O leaves what was stored before for reading', async () => {
    const stream = freshStream();
    const { position } = await store.append(stream, -1, facts(3));
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_IOERR_FSYNC' });
    await outcome(store.append(stream, 2, facts(1)));
    expect(await store.read(stream)).toHaveLength(3);
    expect(await store.head()).toBe(position);
    expect(await count()).toBe(3);
  });

  it('on I/O while events of another store are taken over leaves that unknown as well', async () => {
    const other = await openStore(await newFolder());
    await other.append(freshStream(), -1, facts(3));
    const events = await wholeLog(other);
    await other.close();
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_IOERR_FSYNC' });
    for (let n = 0; n < 2; n++) expect(await outcome(store.adopt(events))).toBeInstanceOf(OutcomeUnknownError);
    await store.close();
    store = await openStore(dir, { genesis: store.genesis });
    await store.adopt(events);
    expect(await count()).toBe(3);
  });

  it.each(['SQLITE_FULL', 'SQLITE_BUSY'])('with %s has stored nothing, and the next one may succeed', async (code) => {
    const stream = freshStream();
    const events = facts(2);
    injectFaults({ sql: 'COMMIT', code });
    expect(await outcome(store.append(stream, -1, events))).toBeInstanceOf(StoreUnavailableError);
    expect(store.failure).toBeUndefined();
    expect(await store.read(stream)).toEqual([]);
    expect(await store.append(stream, -1, events)).toMatchObject({ revision: 1 });
    expect(await count()).toBe(2);
  });

  it('for lack of memory leaves its outcome unknown, since its frames may be in the file, and the next one may succeed', async () => {
    const stream = freshStream();
    const events = facts(2);
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_NOMEM' });
    expect(await outcome(store.append(stream, -1, events))).toBeInstanceOf(OutcomeUnknownError);
    expect(store.failure).toBeUndefined();
    expect(await store.append(stream, -1, events)).toMatchObject({ revision: 1 });
    expect(await count()).toBe(2);
  });
});

describe('a transaction that fails before its COMMIT', () => {
  it.each(['SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_NOMEM', 'SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_TOOBIG'])(
    'with %s has stored nothing, and the next one may succeed',
    async (code) => {
      injectFaults({ sql: 'BEGIN IMMEDIATE', code });
      expect(await outcome(store.append(freshStream(), -1, facts(1)))).toBeInstanceOf(StoreUnavailableError);
      expect(store.failure).toBeUndefined();
      await store.append(freshStream(), -1, facts(1));
    },
  );

  it.each(['SQLITE_IOERR_WRITE', 'SQLITE_CORRUPT', 'SQLITE_NOTADB', 'SQLITE_READONLY_DBMOVED'])(
    'with %s has stored nothing, and refuses everything from then on',
    async (code) => {
      const events = facts(1);
      injectFaults({ sql: 'BEGIN IMMEDIATE', code });
      for (const again of [events, events, facts(1)])
        expect(await outcome(store.append(freshStream(), -1, again))).toBeInstanceOf(StoreUnavailableError);
      expect(store.failure).toMatchObject({ cause: { code } });
    },
  );

  it('because the disk is full recovers when it is not: what was refused then is stored once', async () => {
    const connections: Database.Database[] = [];
    const exec = Database.prototype.exec;
    jest.spyOn(Database.prototype, 'exec').mockImplementation(function (this: Database.Database, sql) {
      connections.push(this);
      return exec.call(this, sql);
    });
    const [stream, big] = [freshStream(), [fact({ text: 'x'.repeat(100_000) })]];
    await store.append(stream, -1, facts(1));
    const connection = connections[0]!;
    connection.pragma(`max_page_count = ${connection.pragma('page_count', { simple: true })}`);
    expect(await outcome(store.append(stream, 0, big))).toMatchObject({ name: 'StoreUnavailableError', cause: { code: 'SQLITE_FULL' } });
    expect(store.failure).toBeUndefined();
    connection.pragma('max_page_count = 1000000');
    expect(await store.append(stream, 0, big)).toMatchObject({ revision: 1 });
    await reopen();
    expect(await store.read(stream)).toHaveLength(2);
  });
});

describe('another program that writes into the file', () => {
  it('takes the next position: nothing is stored from then on, and the file is refused when it is opened again', async () => {
    const stream = freshStream();
    await store.append(stream, -1, facts(1));
    const other = new Database(join(dir, LEDGER_FILE));
    other.exec(
      `INSERT INTO events (stream, revision, id, type, data, metadata) VALUES ('contract-theirs', 0, 'x', 'ContractAwarded', '{}', '{}')`,
    );
    other.close();
    expect(await outcome(store.append(stream, 0, facts(1)))).toBeInstanceOf(StoreUnavailableError);
    expect(store.failure).toMatchObject({ cause: { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' } });
    await reopen();
    expect(store.tree.fault).toBe('The log has 2 events, but the Merkle tree that is kept with it has 1 leaves.');
    expect(await outcome(store.append(stream, 0, facts(1)))).toBeInstanceOf(StoreUnavailableError);
    expect(await count()).toBe(2);
  });
});

describe('a disk that is full for a while', () => {
  it('is named in the log when it begins, once a minute while appends are refused, and when one is stored again', async () => {
    await store.close();
    const said: string[] = [];
    store = await openStore(dir, { log: (message, error) => said.push(error instanceof Error ? `${message} ${error.message}` : message) });
    const full = (times: number) => injectFaults(...Array.from({ length: times }, () => ({ sql: 'COMMIT', code: 'SQLITE_FULL' }) as const));
    const append = () => outcome(store.append(freshStream(), -1, facts(1)));
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick'] });
    try {
      full(5);
      expect(store.refusing).toBeUndefined();
      await append();
      await append();
      expect(store.refusing).toMatchObject({ code: 'SQLITE_FULL' });
      expect(said.splice(0)).toEqual(['The ledger cannot be written for now: commands are refused until it can. injected SQLITE_FULL']);
      jest.advanceTimersByTime(180_000);
      expect(said.splice(0)).toEqual(['The ledger still cannot be written: 2 appends were refused so far. injected SQLITE_FULL']);
      await append();
      jest.advanceTimersByTime(60_000);
      expect(said.splice(0)).toEqual(['The ledger still cannot be written: 3 appends were refused so far. injected SQLITE_FULL']);
      await append();
      await append();
      expect(await append()).toBe('stored');
      expect(store.refusing).toBeUndefined();
      jest.advanceTimersByTime(180_000);
      expect(said.splice(0)).toEqual(['The ledger is written again; 5 appends were refused meanwhile.']);
      full(1);
      await append();
      await store.close();
      jest.advanceTimersByTime(180_000);
      expect(said).toHaveLength(1);
    } finally {
      jest.useRealTimers();
    }
  });
});

describe('a ROLLBACK that fails', () => {
  it('refuses everything from then on, also reading: this connection would see what is not stored', async () => {
    const stream = freshStream();
    injectFaults({ sql: 'COMMIT', code: 'SQLITE_FULL' }, { sql: 'ROLLBACK', code: 'SQLITE_IOERR' });
    expect(await outcome(store.append(stream, -1, facts(2)))).toBeInstanceOf(StoreUnavailableError);
    expect(store.failure).toMatchObject({ cause: { code: 'SQLITE_IOERR' } });
    expect(await outcome(store.append(stream, -1, facts(1)))).toBeInstanceOf(StoreUnavailableError);
    for (const read of [store.read(stream), store.readAll(), store.head()])
      await expect(read).rejects.toBeInstanceOf(StoreUnavailableError);
    await reopen();
    expect(await store.read(stream)).toEqual([]);
  });
});

describe('a file that is damaged', () => {
  it('is noticed by the read that meets it, and nothing more is accepted', async () => {
    for (let n = 0; n < 20; n++) await store.append(freshStream(), -1, [fact({ text: 'x'.repeat(50_000) })]);
    await store.close();
    const file = await openHandle(join(dir, LEDGER_FILE), 'r+');
    for (let page = 60; page < 70; page++) await file.write(Buffer.alloc(4096, 0xff), 0, 4096, page * 4096);
    await file.close();
    store = await openStore(dir);
    expect(await outcome(wholeLog(store))).toMatchObject({ name: 'StoreUnavailableError', cause: { code: expect.stringMatching(/^SQLITE_CORRUPT/) } }); // prettier-ignore
    expect(store.failure).toBeInstanceOf(StoreFailedError);
    expect(await outcome(store.append(freshStream(), -1, facts(1)))).toBeInstanceOf(StoreUnavailableError);
  });

  it('in the text of one event is handed out as unreadable, named by position and stream, and hinders no other stream', async () => {
    const [stream, other, events] = [freshStream(), freshStream(), facts(3)];
    await store.append(other, -1, facts(1));
    await store.append(stream, -1, events);
    await store.close();
    const db = new Database(join(dir, LEDGER_FILE));
    db.exec('DROP TRIGGER events_are_never_changed');
    db.prepare(`UPDATE events SET data = '{"n":' WHERE stream = ? AND revision = 1`).run(stream);
    db.close();
    store = await openStore(dir);
    const [first, damaged, third] = await store.read(stream);
    expect([first!.id, first!.data, third!.id, third!.data]).toEqual([events[0]!.id, events[0]!.data, events[2]!.id, events[2]!.data]);
    const { recordedAt } = metadata;
    expect(damaged).toMatchObject({ id: events[1]!.id, position: '4', revision: 1, type: events[1]!.type, data: null, metadata: { schemaVersion: UNREADABLE, recordedAt } }); // prettier-ignore
    expect((await wholeLog(store)).slice(1)).toEqual([first, damaged, third]);
    expect(() => History.of(contract, 'c', [damaged!], 'UTC')).toThrow(`The event at position 4, revision 1 of ${stream}, cannot be read: it is damaged`); // prettier-ignore
    expect(store.failure).toBeUndefined();
    expect(await store.append(other, 0, facts(1))).toMatchObject({ revision: 1 });
    for (const again of [events, facts(1)])
      expect(await outcome(store.append(stream, -1, again))).toMatchObject({ name: 'WrongExpectedRevisionError', actual: 2 });
  });
});
