import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { closeSync, copyFileSync, openSync, readdirSync, renameSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { projections } from '../../projections/index.js';
import { aggregates } from '../../src/domain/index.js';
import type { FollowerListener } from '../../src/engine/read/follower.js';
import { HISTORY_BYTES } from '../../src/engine/history-cache.js';
import { Follower } from '../../src/engine/read/follower.js';
import { RebuildingError } from '../../src/engine/read/projector.js';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { memoryStore, MemoryStore } from '../fakes/memory-store.js';
import { recordWorld, World } from '../random-history.js';
import { closeRows, newFolder, readModelIn, Rows, appendAll } from './rows-after.js';

afterEach(closeRows);

const award = (amount: string) => ({
  programme: 'met',
  title: 'EUC',
  towers: ['euc'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount, currency: 'GBP' },
});
/** A log with contracts at a value, whose events have ids of their own. */
const logOf = async (contracts: number, amount = '1000.00'): Promise<readonly RecordedEvent[]> => {
  const world = new World();
  await recordWorld(world);
  for (let n = 0; n < contracts; n++) await world.record(`contract-c${n}`, 'AwardContract', award(amount));
  const events = await world.events();
  return events.map((event, n) => ({ ...event, id: `${amount}-${n}` }));
};
const storeOf = async (events: readonly RecordedEvent[]): Promise<MemoryStore> => {
  const store = memoryStore({ ledgerId: 'ours' });
  await appendAll(store, events);
  return store;
};
const until = async (holds: () => boolean): Promise<void> => {
  for (const end = Date.now() + 5000; !holds(); await new Promise((resolve) => setTimeout(resolve, 5)))
    if (Date.now() > end) throw new Error('It never came.');
};

describe('the log is the authority', () => {
  const ANOTHER = /^The read model was made from another log: its last event, .* is not in the ledger\. It is made again\.$/;
  const start = async (then: readonly RecordedEvent[], now: readonly RecordedEvent[]) => {
    const before = await new Rows(await storeOf(then)).read();
    const folder = before.folder;
    await before.projector.close();
    return { rows: await new Rows(await storeOf(now), projections, folder).read(), whole: await new Rows(await storeOf(now)).read() };
  };

  it('a read model of a longer log is made again, and shows what the log says', async () => {
    const { rows, whole } = await start(await logOf(10), await logOf(2));
    expect(await rows.texts()).toEqual(await whole.texts());
    expect([rows.projector.sequence, rows.logged.length, rows.logged[0]]).toEqual([7, 1, expect.stringMatching(ANOTHER)]);
  });

  it('a read model whose last event is another one at its position is made again, though the log is as long or longer', async () => {
    for (const contracts of [3, 6]) {
      const { rows, whole } = await start(await logOf(3), await logOf(contracts, '1.00'));
      expect(await rows.texts()).toEqual(await whole.texts());
      expect((await rows.row('contract-register', 'contract:c2')).ceiling).toEqual({ amount: '1.00', currency: 'GBP' });
      expect(rows.logged).toEqual([expect.stringMatching(ANOTHER)]);
    }
  });

  it('a read model of a beginning of the log is kept', async () => {
    const { rows, whole } = await start(await logOf(3), await logOf(6));
    expect(await rows.texts()).toEqual(await whole.texts());
    expect(rows.logged).toEqual([]);
  });

  it('an event that a replica does not have yet is looked up in its leader', async () => {
    class Replica extends MemoryStore {
      has = 0;
      async readLocal(...asked: Parameters<MemoryStore['read']>): Promise<readonly RecordedEvent[]> {
        return (await this.read(...asked)).slice(0, this.has);
      }
    }
    const replica = new Replica({ ledgerId: 'ours' });
    await appendAll(replica, await logOf(2));
    replica.has = 1000;
    const before = await new Rows(replica).read();
    await before.projector.close();
    replica.has = 0;
    const rows = new Rows(replica, projections, before.folder);
    await rows.projector.opened;
    expect([rows.projector.sequence, rows.logged]).toEqual([7, []]);
  });
});

describe('the first read model', () => {
  it('answers nothing until it has come to where the log was when it was begun', async () => {
    const store = await storeOf(await logOf(3));
    const follow = store.follow.bind(store);
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    store.follow = async function* (...asked) {
      for await (const page of follow(asked[0], asked[1], 3)) {
        yield page;
        await gate;
      }
    };
    const rows = new Rows(store);
    await until(() => rows.projector.sequence === 3);
    expect(rows.projector.list().map(({ state }) => state)).toEqual(projections.map(() => 'rebuilding'));
    await expect(rows.all('tower-board')).rejects.toThrow(RebuildingError);
    await expect(rows.row('tower-board', 'programme:met')).rejects.toThrow('tower-board is being rebuilt: 3 events.');
    go();
    await rows.read();
    expect(rows.projector.list().map(({ state }) => state)).toEqual(projections.map(() => 'serving'));
    expect(await rows.all('contract-register')).toHaveLength(3);
  });

  it('of an empty log answers at once', async () => {
    const rows = new Rows(memoryStore());
    await rows.projector.opened;
    expect(await rows.all('contract-register')).toEqual([]);
  });
});

describe('a damaged read model', () => {
  const damagedFiles = (folder: string) =>
    readdirSync(folder)
      .filter((name) => name.includes('damaged'))
      .sort();
  /** Pages 3 to 8 of the file are overwritten. */
  const overwrite = (folder: string): void => {
    const file = join(folder, 'read-model.db');
    const checkpoint = new Database(file);
    checkpoint.pragma('wal_checkpoint(TRUNCATE)');
    checkpoint.close();
    const descriptor = openSync(file, 'r+');
    const noise = Buffer.alloc(6 * 4096, 0xa5);
    writeSync(descriptor, noise, 0, noise.length, 2 * 4096);
    closeSync(descriptor);
  };

  it.each<[string, (folder: string) => void]>([
    ['some pages are overwritten', overwrite],
    ['it is no database any more', (folder) => writeFileSync(join(folder, 'read-model.db'), 'x'.repeat(5000))],
  ])('is set aside when it is opened, is named once, and is made again: %s', async (_, damage) => {
    const store = await storeOf(await logOf(20));
    const before = await new Rows(store).read();
    const texts = await before.texts();
    const { folder } = before;
    await before.projector.close();
    damage(folder);
    const rows = new Rows(store, projections, folder, { retryMs: 5 });
    await until(() => damagedFiles(folder).length === 1);
    await until(() => rows.projector.failed === undefined);
    await rows.read();
    expect(await rows.texts()).toEqual(texts);
    expect(damagedFiles(folder)).toEqual(['read-model.db.damaged-1']);
    expect(rows.logged.filter((message) => message.includes(join(folder, 'read-model.db.damaged-1')))).toHaveLength(1);
  });

  it('is set aside when the damage shows only later, and answers are refused until it is made again', async () => {
    const store = await storeOf(await logOf(20));
    const rows = await new Rows(store, projections, undefined, { retryMs: 5 }).read();
    const texts = await rows.texts();
    const { folder } = rows;
    const db = new Database(join(folder, 'read-model.db'));
    db.exec(`UPDATE contributions SET links = '["supplier'`);
    db.close();
    // A row that nobody has asked for yet.
    await expect(rows.all('exposure', 5)).rejects.toThrow('The read model is damaged');
    await until(() => damagedFiles(folder).length === 1 && rows.projector.failed === undefined);
    await rows.read();
    expect(await rows.texts()).toEqual(texts);
    expect(statSync(join(folder, 'read-model.db')).size).toBeGreaterThan(0);
  });

  it('keeps nobody from recording, and is followed from where it was set aside', async () => {
    const events = await logOf(20);
    const store = await storeOf(events.slice(0, -1));
    const rows = await new Rows(store, projections, undefined, { retryMs: 5 }).read();
    const { sequence } = rows.projector;
    const following = rows.projector.beyond(sequence, AbortSignal.timeout(5000));
    const db = new Database(join(rows.folder, 'read-model.db'));
    db.exec('DROP TABLE totals');
    db.close();
    await appendAll(store, events.slice(-1));
    await following; // a follower of the projection waits through it
    expect(rows.projector.sequence).toBe(sequence + 1);
    expect(await rows.updates('contract-register', sequence)).toHaveLength(1);
    expect(damagedFiles(rows.folder)).toHaveLength(1);
  });
});

describe('the file of a read model that is taken away while it is open', () => {
  it.each<[string, boolean, (file: string) => void]>([
    ['removed', false, (file) => rmSync(file)],
    [
      'replaced by an earlier copy of it',
      true,
      (file) => {
        copyFileSync(file, `${file}.copy`);
        renameSync(`${file}.copy`, file);
      },
    ],
  ])('is noticed within seconds and made again: %s', async (_, isThere, take) => {
    // prettier-ignore
    const events = await logOf(20);
    const store = await storeOf(events.slice(0, -2));
    const rows = await new Rows(store, projections, undefined, { retryMs: 5 }).read();
    const file = join(rows.folder, 'read-model.db');
    take(file);
    await appendAll(store, events.slice(-2, -1));
    await until(() => rows.logged.length > 0 && rows.projector.failed === undefined);
    await appendAll(store, events.slice(-1));
    await rows.read();
    expect(await rows.texts()).toEqual(await (await new Rows(await storeOf(events)).read()).texts());
    const aside = isThere ? `set aside as ${file}.damaged-1 and ` : '';
    expect(rows.logged).toContain(`The read model is ${aside}made again. read-model.db was removed or replaced while it was open.`);
    expect(rows.logged.filter((line) => line.includes('made again'))).toHaveLength(1);
    await rows.projector.close(); // what was read is in the file under its name
    const again = await new Rows(store, projections, rows.folder).read();
    expect(again.logged).toEqual([]);
    expect(again.projector.sequence).toBe(events.length);
  });
});

describe('a follower that ends', () => {
  it('is started again, whatever ended it, and nothing is lost or doubled', async () => {
    const events = await logOf(6);
    const store = await storeOf(events.slice(0, 5));
    const folder = newFolder();
    const readModel = readModelIn(folder);
    const listeners: FollowerListener[] = [];
    let end = (_: Error): void => undefined;
    const follow = (listener: FollowerListener) => {
      listeners.push(listener);
      const follower = new Follower({ log: store, readModel: readModel.write(), projections, aggregates, historyBytes: HISTORY_BYTES, listener }); // prettier-ignore
      const ended = Promise.race([follower.ended, new Promise<void>((_, reject) => (end = reject))]);
      return {
        ended,
        flush: () => follower.flush(),
        retire: () => follower.retire(),
        rebuild: (name: string) => follower.rebuild(name),
        close: () => follower.close(),
      };
    };
    const rows = await new Rows(store, projections, folder, { readModel, follow, retryMs: 5 }).read();
    for (const event of events.slice(5)) {
      end(new Error('The thread of the projections ended with code 137.'));
      await appendAll(store, [event]);
      await until(() => rows.projector.sequence > events.indexOf(event));
    }
    expect([listeners.length, rows.projector.failed]).toEqual([events.length - 4, undefined]);
    await rows.read();
    expect(await rows.texts()).toEqual(await (await new Rows(await storeOf(events)).read()).texts());
    expect(rows.logged).toContain('Projections do not follow the log for now; they try again.');
  });
});
