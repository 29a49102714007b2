import { describe, expect, it } from '@jest/globals';
import { aggregates } from '../../src/domain/index.js';
import { Histories } from '../../src/engine/read/histories.js';
import { Readers } from '../../src/engine/read/readers.js';
import { contract } from '../../src/domain/contract/index.js';
import { History, type RecordedEvent } from '../../src/kernel/index.js';
import { MemoryStore } from '../fakes/memory-store.js';
import { tellWorld, World } from '../random-history.js';
import { tellAgain } from './rows-after.js';

class Counting extends MemoryStore {
  reads = 0;
  override read(...asked: Parameters<MemoryStore['read']>): Promise<readonly RecordedEvent[]> {
    this.reads++;
    return super.read(...asked);
  }
}
const byCategory = new Map(aggregates.map((aggregate) => [aggregate.category, aggregate]));
const award = { programme: 'met', title: 'EUC', towers: ['euc'], supplier: 'csc', value: { amount: '155000000.00', currency: 'GBP' } };

/** A log of so many contracts, each with an award and so many notes, told in turns. */
const context = async (
  contracts: number,
  notes: number,
): Promise<{ readonly store: Counting; readonly events: readonly RecordedEvent[] }> => {
  const world = new World();
  await tellWorld(world);
  for (let n = 0; n < contracts; n++) await world.tell(`contract-c${n}`, 'AwardContract', award);
  for (let i = 0; i < notes; i++) for (let n = 0; n < contracts; n++) await world.tell(`contract-c${n}`, 'Annotate', { note: `Note ${i}` });
  const store = new Counting();
  const events = await world.events();
  await tellAgain(store, events);
  return { store, events };
};

describe('histories of those who follow the log', () => {
  const follow = async (store: Counting, events: readonly RecordedEvent[], most: number): Promise<void> => {
    const histories = new Histories(store, byCategory, most);
    for (let from = 0; from < events.length; from += 3) {
      const page = events.slice(from, from + 3);
      const streams = await histories.prepare(page);
      for (const event of page) {
        expect(streams.before(event)?.revision).toBe(event.revision - 1);
        expect(streams.advance(event)?.revision).toBe(event.revision);
      }
    }
  };

  it('are read from the store only once while all their events find room', async () => {
    const { store, events } = await context(20, 5);
    await follow(store, events, events.length);
    expect(store.reads).toBe(0); // each began with its first event
  });

  it('that find no room are read again', async () => {
    const { store, events } = await context(20, 5);
    await follow(store, events, 10);
    expect(store.reads).toBeGreaterThan(50);
  });
});

describe('histories of those who read', () => {
  const ends = (store: Counting, most: number) => {
    const readers = new Readers(store, byCategory, most);
    return (id: string, revision: number) => readers.at(`contract-${id}`, revision, (h) => [h.revision, JSON.stringify(h.state)]);
  };

  it('are at any revision, forwards and backwards, what a history up to there is', async () => {
    const { store } = await context(1, 5);
    const recorded = await store.read('contract-c0');
    const at = ends(store, 100);
    for (const revision of [0, 1, 5, 3, 4, 2, 5, 0])
      expect(await at('c0', revision)).toEqual([
        revision,
        JSON.stringify(History.of(contract, 'c0', recorded.slice(0, revision + 1)).state),
      ]);
  });

  it('are at hand while there is room, however many ask at once', async () => {
    const { store } = await context(3, 5);
    const at = ends(store, 100);
    await Promise.all(['c0', 'c1', 'c2', 'c0', 'c1', 'c2'].flatMap((id) => [at(id, 2), at(id, 5)]));
    store.reads = 0;
    for (const id of ['c0', 'c1', 'c2']) for (const revision of [5, 2, 3]) expect((await at(id, revision))[0]).toBe(revision);
    expect(store.reads).toBe(0);
  });

  it('are forgotten, the least recently used first, though they grew a little at a time', async () => {
    const { store } = await context(10, 5);
    const at = ends(store, 20);
    for (let n = 0; n < 10; n++) for (let revision = 0; revision <= 5; revision++) await at(`c${n}`, revision);
    store.reads = 0;
    await at('c9', 5);
    await at('c8', 5);
    expect(store.reads).toBe(0);
    await at('c0', 5);
    expect(store.reads).toBe(1);
  });

  it('do not go beyond what was recorded', async () => {
    const { store } = await context(1, 1);
    await expect(ends(store, 20)('c0', 7)).rejects.toThrow('contract-c0 ends before revision 7.');
    expect((await ends(store, 20)('c0', 1))[0]).toBe(1);
  });
});
