import { describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { aggregates } from '../../src/domain/index.js';
import { HistoryCache } from '../../src/engine/history-cache.js';
import { History, Snapshot, type RecordedEvent } from '../../src/kernel/index.js';
import { StoreUnavailableError } from '../../src/store/event-store.js';
import { MemoryStore } from '../fakes/memory-store.js';
import { recordWorld, World } from '../random-history.js';
import { appendAll } from './rows-after.js';

/** Counts its reads, and may answer them late or not at all. */
class Watched extends MemoryStore {
  reads = 0;
  /** Events that were handed out. */
  handed = 0;
  inFlight = 0;
  mostInFlight = 0;
  waitMs = 0;
  fails: Error | false = false;
  override async read(...request: Parameters<MemoryStore['read']>): Promise<readonly RecordedEvent[]> {
    this.reads++;
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    try {
      if (this.fails) throw this.fails;
      const events = await super.read(...request);
      this.handed += events.length;
      if (this.waitMs > 0) await new Promise((resume) => setTimeout(resume, this.waitMs));
      return events;
    } finally {
      this.inFlight--;
    }
  }
}
const MANY = 10_000_000;
const award = {
  programme: 'met',
  title: 'EUC',
  towers: ['euc'],
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '155000000.00', currency: 'GBP' },
};

/** A log of so many contracts, each with an award and so many notes, recorded in turns. */
const logOf = async (contracts: number, notes: number): Promise<{ readonly store: Watched; readonly events: readonly RecordedEvent[] }> => {
  const world = new World();
  await recordWorld(world);
  for (let n = 0; n < contracts; n++) await world.record(`contract-c${n}`, 'AwardContract', award);
  for (let i = 0; i < notes; i++)
    for (let n = 0; n < contracts; n++) await world.record(`contract-c${n}`, 'Annotate', { note: `Note ${i}` });
  const store = new Watched();
  const events = await world.events();
  await appendAll(store, events);
  return { store, events };
};
const cacheOf = (store: MemoryStore, maxBytes = MANY) => new HistoryCache({ store, aggregates, maxBytes });
const note = async (store: MemoryStore, stream: string, revision: number): Promise<void> => {
  const [event] = await MemoryStore.prototype.read.call(store, stream, revision, 1);
  const { stream: _, revision: __, position: ___, ...rest } = event!;
  await store.append(stream, revision, [
    {
      ...rest,
      id: `${rest.id.slice(0, -6)}${String(100_000 + revision)}`,
      metadata: { ...rest.metadata, command: { id: `note-${revision}`, name: 'Annotate' } },
    },
  ]);
};

describe('following the log', () => {
  const follow = async (store: Watched, events: readonly RecordedEvent[], maxBytes: number, page = 3): Promise<void> => {
    const cache = cacheOf(store, maxBytes);
    for (let from = 0; from < events.length; from += page) {
      const some = events.slice(from, from + page);
      const prepared = await cache.prepare(some);
      for (const event of some) {
        expect(prepared.before(event)?.revision).toBe(event.revision - 1);
        expect(prepared.advance(event)?.revision).toBe(event.revision);
      }
    }
  };

  it('reads nothing again while all streams find room', async () => {
    const { store, events } = await logOf(20, 5);
    await follow(store, events, MANY);
    expect(store.reads).toBe(0);
  });

  it('goes on in order from a snapshot when the events found no room', async () => {
    const { store, events } = await logOf(20, 5);
    await follow(store, events, 120_000);
    expect(store.reads).toBe(0);
  });

  it('reads a stream again that found no room at all, and comes to the same', async () => {
    const { store, events } = await logOf(20, 5);
    await follow(store, events, 4000);
    expect(store.reads).toBeGreaterThan(50);
  });

  it('takes more memory for a stream the more was recorded in it', async () => {
    const { store } = await logOf(3, 2);
    for (const id of ['c1', 'c2']) for (let revision = 2; revision < 300; revision++) await note(store, `contract-${id}`, revision);
    await note(store, 'contract-c0', 2);
    const events = await store.readAll(undefined, 5000);
    const readFor = async (maxBytes: number): Promise<number> => {
      const cache = cacheOf(store, maxBytes);
      for (const page of [events.slice(0, 10), events.slice(10, -1)]) {
        const prepared = await cache.prepare(page);
        for (const event of page) prepared.advance(event);
      }
      store.reads = 0;
      await cache.prepare(events.slice(-1));
      return store.reads;
    };
    expect([await readFor(MANY), await readFor(120_000)]).toEqual([0, 1]);
  });

  it('needs the whole history for a correction, and reads it', async () => {
    const { store, events } = await logOf(1, 3);
    const prepared = await cacheOf(store, 10).prepare(events.slice(0, -1));
    for (const event of events.slice(0, -1)) prepared.advance(event);
    const [awarded] = events.filter(({ type }) => type === 'ContractAwarded');
    const correction = {
      ...events.at(-1)!,
      type: 'FactCorrected',
      data: { event: awarded!.id, changes: [{ pointer: '/title', value: 'End users' }], because: 'error' },
    };
    const cache = cacheOf(store);
    const late = await cache.prepare([correction]);
    expect(late.before(correction)).toBeInstanceOf(History);
    expect(late.advance(correction)?.state.title).toBe('End users');
    expect(Snapshot.of(await cache.at('contract-c0', 1)).canExtendWith([correction])).toBe(false);
  });
});

describe('a history at a revision', () => {
  const text = async (cache: HistoryCache, id: string, revision: number) => {
    const history = await cache.at(`contract-${id}`, revision);
    return [history.revision, JSON.stringify(history.state), history.recorded.length, history.entries.length];
  };

  it('is what a history up to there is, forwards and backwards', async () => {
    const { store } = await logOf(1, 5);
    const recorded = await store.read('contract-c0');
    const cache = cacheOf(store);
    for (const revision of [0, 1, 5, 3, 4, 2, 5, 0]) {
      const expected = History.of(contract, 'c0', recorded.slice(0, revision + 1));
      expect(await text(cache, 'c0', revision)).toEqual([revision, JSON.stringify(expected.state), revision + 1, expected.entries.length]);
    }
  });

  it('lets other work go on while an earlier one is folded', async () => {
    const { store } = await logOf(1, 1);
    for (let revision = 1; revision < 1700; revision++) await note(store, 'contract-c0', revision);
    const cache = cacheOf(store);
    const head = await cache.load(contract, 'c0');
    let turns = 0;
    const count = (): void => void (turns++, (timer = setImmediate(count)));
    let timer = setImmediate(count);
    const earlier = await cache.earlier(head, 1600);
    clearImmediate(timer);
    expect([earlier.revision, earlier.recorded.length, turns >= 3]).toEqual([1600, 1601, true]);
    expect([await cache.earlier(head, 1700), (await cache.earlier(head, -1)).revision]).toEqual([head, -1]);
  });

  it('is answered to many who ask at once for other revisions of one stream', async () => {
    const { store } = await logOf(1, 40);
    store.waitMs = 1;
    const cache = cacheOf(store);
    const revisions = Array.from({ length: 60 }, (_, i) => (i * 7) % 41);
    const answers = await Promise.all(revisions.map((revision) => cache.at('contract-c0', revision)));
    expect(answers.map(({ revision }) => revision)).toEqual(revisions);
  });

  it('needs no reading while there is room, however many ask', async () => {
    const { store } = await logOf(3, 5);
    const cache = cacheOf(store);
    await Promise.all(['c0', 'c1', 'c2', 'c0', 'c1', 'c2'].flatMap((id) => [cache.at(`contract-${id}`, 2), cache.at(`contract-${id}`, 5)]));
    store.reads = 0;
    for (const id of ['c0', 'c1', 'c2']) for (const revision of [5, 2, 3]) expect((await text(cache, id, revision))[0]).toBe(revision);
    expect(store.reads).toBe(0);
  });

  it('does not change for those who hold it, whatever is appended and asked meanwhile', async () => {
    const { store } = await logOf(1, 2);
    const cache = cacheOf(store);
    const held = await cache.load(contract, 'c0', 'leader');
    const seen = JSON.stringify([held.revision, held.recorded, held.entries, held.state]);
    for (let revision = 2; revision < 30; revision++) await note(store, 'contract-c0', revision);
    const grown = await cache.load(contract, 'c0', 'leader');
    expect(grown.revision).toBe(30);
    await cache.at('contract-c0', 7);
    expect(JSON.stringify([held.revision, held.recorded, held.entries, held.state])).toBe(seen);
    expect(held.decision(grown.recorded[9]!.metadata.command.id)).toEqual([]);
  });

  it('never goes beyond what was recorded', async () => {
    const { store } = await logOf(1, 1);
    await expect(cacheOf(store).at('contract-c0', 7)).rejects.toThrow('contract-c0 ends at revision 1, before 7.');
    expect((await cacheOf(store).at('contract-c0', 1)).revision).toBe(1);
  });

  it('of a stream that nobody used of late is read again, the least recently used first', async () => {
    const { store } = await logOf(10, 5);
    const one = (await cacheOf(store).at('contract-c0', 5)).bytes;
    const cache = cacheOf(store, one * 8); // half of it for histories
    for (let n = 0; n < 10; n++) for (let revision = 0; revision <= 5; revision++) await cache.at(`contract-c${n}`, revision);
    store.reads = 0;
    await cache.at('contract-c9', 5);
    expect(store.reads).toBe(0);
    await cache.at('contract-c0', 5);
    expect(store.reads).toBe(1);
  });

  it('has all of the memory where no log is followed, else half of it', async () => {
    const { store } = await logOf(40, 3);
    const held = async (follows: boolean): Promise<number> => {
      const cache = new HistoryCache({ store, aggregates, maxBytes: 300_000, follows });
      for (let round = 0; round < 2; round++) for (let n = 0; n < 40; n++) await cache.at(`contract-c${n}`, 3);
      return Array.from({ length: 40 }, (_, n) => cache.holds(`contract-c${n}`)).filter(Boolean).length;
    };
    const [half, all] = [await held(true), await held(false)];
    expect(half).toBeGreaterThan(0);
    expect(all).toBeGreaterThan(1.6 * half);
    expect(all).toBeLessThan(40);
  });

  it('larger than the whole cache stays while it is in use', async () => {
    const { store } = await logOf(1, 30);
    const cache = cacheOf(store, 1000);
    await cache.load(contract, 'c0', 'leader');
    for (let revision = 30; revision < 40; revision++) {
      await note(store, 'contract-c0', revision);
      store.handed = 0;
      const history = await cache.load(contract, 'c0', 'leader');
      expect([history.revision, store.handed]).toEqual([revision + 1, 1]); // only what is new
      expect(history.bytes).toBeGreaterThan(1000);
    }
  });

  it('larger than the whole cache stays beside those in use, however many come once', async () => {
    const { store } = await logOf(30, 2);
    for (let revision = 2; revision < 80; revision++) await note(store, 'contract-c0', revision);
    const large = await cacheOf(store).load(contract, 'c0');
    const cache = new HistoryCache({ store, aggregates, maxBytes: 0.9 * large.bytes, follows: false });
    const used = ['c0', 'c1', 'c2', 'c3', 'c4'];
    for (let n = 5; n < 30; n++) {
      await cache.load(contract, `c${n}`);
      for (const id of used) await cache.load(contract, id);
    }
    store.handed = 0;
    for (const id of used) await cache.load(contract, id);
    expect(store.handed).toBe(0);
  });

  it('that is kept at several revisions takes the memory of all of them', async () => {
    const world = new World();
    await recordWorld(world);
    for (const id of ['small', 'c0', 'c1']) await world.record(`contract-${id}`, 'AwardContract', award);
    for (const id of ['c0', 'c1'])
      for (let n = 0; n < 100; n++) await world.record(`contract-${id}`, 'RecordDelay', { milestone: `Go-live ${n}`, to: 'unknown' });
    const store = new Watched();
    await appendAll(store, await world.events());
    const { bytes } = await cacheOf(store).load(contract, 'c0');
    const isThere = async (revisions: readonly number[]): Promise<boolean> => {
      const cache = new HistoryCache({ store, aggregates, maxBytes: 3 * bytes, follows: false });
      for (let used = 0; used < 2; used++) await cache.load(contract, 'small');
      for (const id of ['c0', 'c1']) for (const revision of revisions) await cache.at(`contract-${id}`, revision);
      return cache.holds('contract-small');
    };
    expect([await isThere([100]), await isThere([100, 99, 98, 97, 96])]).toEqual([true, false]);
  });

  it('is read once, however many ask at once for a stream that nobody has used', async () => {
    const { store } = await logOf(1, 40);
    store.waitMs = 1;
    for (const most of [MANY, 10]) {
      store.handed = store.mostInFlight = 0;
      const cache = cacheOf(store, most);
      const revisions = Array.from({ length: 60 }, (_, i) => (most === MANY ? (i * 7) % 41 : 40));
      const answers = await Promise.all(revisions.map((revision) => cache.at('contract-c0', revision)));
      expect(answers.map(({ revision }) => revision)).toEqual(revisions);
      expect([store.handed, store.mostInFlight]).toEqual([41, 1]);
    }
  });

  it('is read again by those who waited for a reading that failed', async () => {
    const { store } = await logOf(1, 5);
    store.waitMs = 1;
    const cache = cacheOf(store);
    const outcomes = await Promise.allSettled([99, 5, 3, 98, 4].map((revision) => cache.at('contract-c0', revision)));
    expect(outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value.revision : String(outcome.reason)))).toEqual([
      expect.stringContaining('contract-c0 ends at revision 5, before 99.'),
      5,
      3,
      expect.stringContaining('contract-c0 ends at revision 5, before 98.'),
      4,
    ]);
  });
});

describe('loads of one stream', () => {
  it('are under way one at a time, and who comes meanwhile shares the next', async () => {
    const { store } = await logOf(1, 3);
    store.waitMs = 5;
    const cache = cacheOf(store);
    const all = await Promise.all(Array.from({ length: 50 }, () => cache.load(contract, 'c0', 'leader')));
    expect(new Set(all.map(({ revision }) => revision))).toEqual(new Set([3]));
    expect([store.mostInFlight, store.reads]).toEqual([1, 2]);
  });

  it('that come after an append see it, though a load was under way before', async () => {
    const { store } = await logOf(1, 3);
    store.waitMs = 5;
    const cache = cacheOf(store);
    const early = cache.load(contract, 'c0', 'leader');
    await note(store, 'contract-c0', 3); // acknowledged while the first load is under way
    expect((await cache.load(contract, 'c0', 'leader')).revision).toBe(4);
    await early;
  });

  it('that end late never take the place of what came meanwhile', async () => {
    const { store } = await logOf(1, 3);
    const newest = await cacheOf(store).load(contract, 'c0');
    const cache = cacheOf(store);
    store.waitMs = 5;
    const late = cache.at('contract-c0', 1);
    cache.appended('contract-c0', 3, newest);
    expect((await late).revision).toBe(1);
    store.handed = 0;
    expect((await cache.load(contract, 'c0', 'leader')).revision).toBe(3);
    expect(store.handed).toBe(0);
  });

  it('that fail leave nothing behind', async () => {
    const { store } = await logOf(1, 3);
    const cache = cacheOf(store);
    await cache.load(contract, 'c0', 'leader');
    store.fails = new Error('The disk is gone.');
    const failed = await Promise.allSettled([cache.load(contract, 'c0', 'leader'), cache.load(contract, 'c0', 'leader')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    store.fails = false;
    store.handed = 0;
    expect((await cache.load(contract, 'c0', 'leader')).revision).toBe(3);
    expect(store.handed).toBe(4);
  });

  it('that fail because the store is away keep what was read before: nobody reads and folds it again for each attempt', async () => {
    const { store } = await logOf(1, 3);
    const cache = cacheOf(store);
    await cache.load(contract, 'c0', 'leader');
    store.fails = new StoreUnavailableError('The store is away.');
    for (let n = 0; n < 2; n++) await expect(cache.load(contract, 'c0', 'leader')).rejects.toThrow('The store is away.');
    store.fails = false;
    store.handed = 0;
    expect((await cache.load(contract, 'c0', 'leader')).revision).toBe(3);
    expect(store.handed).toBe(0);
  });
});
