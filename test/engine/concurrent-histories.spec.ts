import { describe, expect, it } from '@jest/globals';
import { aggregates } from '../../src/domain/index.js';
import { HistoryCache } from '../../src/engine/history-cache.js';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { MemoryStore } from '../fakes/memory-store.js';
import { recordWorld, World } from '../random-history.js';
import { appendAll } from './rows-after.js';

const cacheOf = (store: AtOnce, maxBytes = 1_000_000) => new HistoryCache({ store, aggregates, maxBytes });
const award = {
  programme: 'met',
  title: 'EUC',
  towers: ['euc'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '1.00', currency: 'GBP' },
};

/** Answers without waiting, as a file does; a page may come back empty. */
class AtOnce extends MemoryStore {
  empty = false;
  pages = 0;
  events: readonly RecordedEvent[] = [];
  override async read(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.pages++;
    if (this.empty) return [];
    return this.events.filter((event) => event.stream === stream).slice(from, from + limit);
  }
}
const stored = async (): Promise<AtOnce> => {
  const world = new World();
  await recordWorld(world);
  for (const id of ['euc', 'other']) {
    await world.record(`contract-${id}`, 'AwardContract', award);
    await world.record(`contract-${id}`, 'SignContract', {});
    await world.record(`contract-${id}`, 'Annotate', { note: 'A note.' });
  }
  const store = new AtOnce();
  store.events = await world.events();
  await appendAll(store, store.events);
  return store;
};
const revisions = (histories: HistoryCache, ...wanted: readonly (readonly [stream: string, revision: number])[]) =>
  Promise.all(wanted.map(async ([stream, revision]) => (await histories.at(stream, revision)).revision));

describe('histories for readers', () => {
  it('are each at the revision asked for, however many readers load one stream together', async () => {
    for (const wanted of [
      [2, 0],
      [0, 2],
      [1, 2, 0, 2, 1],
    ]) {
      const readers = cacheOf(await stored());
      expect(await revisions(readers, ...wanted.map((n) => ['contract-euc', n] as const))).toEqual(wanted);
    }
  });

  it('are each at the revision asked for when only one stream fits', async () => {
    const readers = cacheOf(await stored(), 1);
    const wanted = [2, 1, 2, 0, 1].flatMap((n) => [['contract-euc', n] as const, ['contract-other', 2 - n] as const]);
    expect(await revisions(readers, ...wanted)).toEqual(wanted.map(([, n]) => n));
  });

  it('leave nothing behind of a load that failed, and name the stream and the revision where a page is empty', async () => {
    const store = await stored();
    const readers = cacheOf(store);
    store.empty = true;
    await expect(revisions(readers, ['contract-euc', 2], ['contract-euc', 1])).rejects.toThrow('contract-euc ends at revision -1, before');
    store.empty = false;
    expect(await revisions(readers, ['contract-euc', 2], ['contract-euc', 1])).toEqual([2, 1]);
  });
});

describe('histories for the projector', () => {
  it('end with an error that names stream and revision where a page is empty, and the stream is not at fault', async () => {
    const store = await stored();
    const histories = cacheOf(store);
    const page = store.events.filter(({ stream, revision }) => stream === 'contract-euc' && revision === 2);
    store.empty = true;
    await expect(histories.prepare(page)).rejects.toThrow('contract-euc ends at revision -1, before 1.');
    store.empty = false;
    expect((await histories.prepare(page)).before(page[0]!)).toMatchObject({ revision: 1 });
  });
});
