import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { contract } from '../../src/domain/contract/index.js';
import { aggregates } from '../../src/domain/index.js';
import { earlier } from '../../src/engine/earlier.js';
import { HistoryCache, type HistoryCacheOptions } from '../../src/engine/history-cache.js';
import { History, Snapshot, type AnyAggregate, type RecordedEvent } from '../../src/kernel/index.js';
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
  /** Reads that begin meanwhile are answered once it is resolved. */
  held: PromiseWithResolvers<void> | undefined;
  override async read(...request: Parameters<MemoryStore['read']>): Promise<readonly RecordedEvent[]> {
    this.reads++;
    this.mostInFlight = Math.max(this.mostInFlight, ++this.inFlight);
    const { held } = this;
    try {
      if (this.fails) throw this.fails;
      const events = await super.read(...request);
      this.handed += events.length;
      await held?.promise;
      if (this.waitMs > 0) await new Promise((resume) => setTimeout(resume, this.waitMs));
      return events;
    } finally {
      this.inFlight--;
    }
  }
}
/** A node's view of a log that is elsewhere: of each stream it holds the events up to a revision. */
class Replica extends Watched {
  local = -1;
  localReads = 0;
  async readLocal(stream: string, from = 0, limit = 1000): Promise<readonly RecordedEvent[]> {
    this.localReads++;
    return MemoryStore.prototype.read.call(this, stream, from, Math.max(0, Math.min(limit, this.local + 1 - from)));
  }
  localRevision(): number | undefined {
    return this.local;
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
const logOf = async <Store extends Watched = Watched>(contracts: number, notes: number, store = new Watched() as Store) => {
  const world = new World();
  await recordWorld(world);
  for (let n = 0; n < contracts; n++) await world.record(`contract-c${n}`, 'AwardContract', award);
  for (let i = 0; i < notes; i++)
    for (let n = 0; n < contracts; n++) await world.record(`contract-c${n}`, 'Annotate', { note: `Note ${i}` });
  const events = await world.events();
  await appendAll(store, events);
  return { store, events };
};
const cacheOf = (store: MemoryStore, maxBytes = MANY) => new HistoryCache({ store, aggregates, maxBytes });
/** How often other work goes on before it is done. */
const turnsOf = async (work: () => Promise<unknown>): Promise<number> => {
  let turns = 0;
  const count = (): void => void (turns++, (timer = setImmediate(count)));
  let timer = setImmediate(count);
  await work();
  clearImmediate(timer);
  return turns;
};
/** The revision that comes without waiting for a store. */
const atOnce = (history: Promise<History>): Promise<number | string> =>
  Promise.race([history.then(({ revision }) => revision), turn('It waits.')]);
/** A note as it would follow an event of its stream. */
const noteBehind = ({ stream, metadata }: RecordedEvent, revision: number): RecordedEvent => ({
  id: `019353d2-0000-7000-8000-9${String(revision).padStart(11, '0')}`,
  type: 'FactAnnotated',
  data: { note: 'A note.' },
  stream,
  revision,
  position: String(revision),
  metadata: { ...metadata, schemaVersion: 1, command: { id: `note-${revision}`, name: 'Annotate' } },
});
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

  it('gives a stream larger than all of the memory no more than half of it, beside those that go on', async () => {
    const { store } = await logOf(2, 2);
    for (let revision = 2; revision < 150; revision++) await note(store, 'contract-c0', revision);
    const events = await store.readAll(undefined, 5000);
    const small = events.filter(({ stream }) => stream === 'contract-c1');
    const large = events.filter(({ stream }) => stream === 'contract-c0');
    const cache = cacheOf(store, 40_000);
    store.reads = 0;
    for (const page of [small.slice(0, 1), small.slice(1, 2), large.slice(0, 1), large.slice(1), small.slice(2)]) {
      const prepared = await cache.prepare(page);
      for (const event of page) expect(prepared.advance(event)?.revision).toBe(event.revision);
    }
    expect(store.reads).toBe(0);
  });

  it('takes no memory for the events of streams that begin in order', async () => {
    const { store, events } = await logOf(3, 2);
    const cache = cacheOf(store);
    const prepared = await cache.prepare(events);
    for (const event of events) prepared.advance(event);
    expect(events.filter(({ stream }) => cache.holds(stream))).toEqual([]);
  });

  it('leaves out a stream from the first event that cannot follow, and names that one alone', async () => {
    const { store, events } = await logOf(2, 4);
    const own = events.filter(({ stream }) => stream === 'contract-c0');
    const wrong = own.map((event) => (event.revision === 2 ? { ...own[0]!, revision: 2 } : event));
    const other = events.filter(({ stream }) => stream === 'contract-c1');
    const cache = cacheOf(store);
    cache.appended('contract-c0', 1, await cache.at('contract-c0', 1));
    const prepared = await cache.prepare([...wrong.slice(0, 4), ...other]);
    const failures: string[] = [];
    const after = wrong.slice(0, 4).map((event) => prepared.advance(event, (error) => failures.push(String(error)))?.revision);
    expect(after).toEqual([0, 1, undefined, undefined]);
    expect(failures).toEqual([expect.stringContaining('The contract is awarded: ContractAwarded follows')]);
    expect([prepared.before(own[3]!), prepared.advance(other[0]!)?.revision]).toEqual([undefined, 0]);
    expect(cache.holds('contract-c0')).toBe(false);
    store.reads = 0;
    const next = await cache.prepare(own.slice(4));
    expect([next.before(own[4]!), next.advance(own[4]!), store.reads]).toEqual([undefined, undefined, 0]); // without reading it again
    const unnamed = await cacheOf(store).prepare(wrong);
    expect(wrong.map((event) => unnamed.advance(event)?.revision)).toEqual([0, 1, undefined, undefined, undefined]);
  });

  it('leaves out a stream whose earlier events cannot be folded, and goes on with the others', async () => {
    const { store, events } = await logOf(2, 3);
    const page = events.filter(({ stream, revision }) => stream.startsWith('contract-') && revision >= 2);
    const read = store.read.bind(store);
    store.read = async (stream, from, limit) => {
      const recorded = await read(stream, from, limit);
      return stream === 'contract-c0'
        ? recorded.map((event) => ({ ...event, metadata: { ...event.metadata, schemaVersion: 99 } }))
        : recorded;
    };
    const prepared = await cacheOf(store).prepare(page);
    expect(page.map((event) => prepared.advance(event)?.revision)).toEqual(
      page.map(({ stream, revision }) => (stream === 'contract-c0' ? undefined : revision)),
    );
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
    store.reads = 0;
    expect((await cache.at('contract-c0', correction.revision)).state.title).toBe('End users');
    expect(store.reads).toBe(0); // what was read whole is there for those who ask
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
    expect(await turnsOf(() => cache.earlier(head, 1600))).toBe(3); // after each 500 events
    const version = await cache.earlier(head, 1600);
    expect([version.revision, version.recorded.length]).toEqual([1600, 1601]);
    expect((await cache.earlier(head, -1)).revision).toBe(-1);
    for (const revision of [1700, 1701]) expect([await cache.earlier(head, revision), await earlier(head, revision)]).toEqual([head, head]);
    expect(await earlier(head, 1700)).toBe(head); // not folded again
    expect(await turnsOf(() => earlier(head, 499))).toBe(0);
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
    const held = async (follows?: boolean): Promise<number> => {
      const cache = new HistoryCache({ store, aggregates, maxBytes: 200_000, ...(follows !== undefined && { follows }) });
      for (let round = 0; round < 2; round++) for (let n = 0; n < 40; n++) await cache.at(`contract-c${n}`, 3);
      return Array.from({ length: 40 }, (_, n) => cache.holds(`contract-c${n}`)).filter(Boolean).length;
    };
    const [half, all] = [await held(true), await held(false)];
    expect(half).toBeGreaterThan(0);
    expect(await held()).toBe(half);
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

  it('takes no more memory than there is, with all of its versions', async () => {
    const { store } = await logOf(40, 5);
    const maxBytes = 150_000;
    const cache = new HistoryCache({ store, aggregates, maxBytes, follows: false });
    const weights = new Map<string, number>();
    for (let n = 0; n < 40; n++) {
      const stream = `contract-c${n}`;
      const head = await cache.at(stream, 5);
      const versions = [];
      for (const revision of [4, 3, 2, 1]) versions.push(await cache.at(stream, revision));
      weights.set(stream, head.bytes + versions.reduce((sum, version) => sum + version.ownBytes, 0));
    }
    const held = [...weights].filter(([stream]) => cache.holds(stream)).reduce((sum, [, bytes]) => sum + bytes, 0);
    expect(held).toBeGreaterThan(maxBytes / 2);
    expect(held).toBeLessThanOrEqual(maxBytes);
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

describe('readers of one stream', () => {
  it('wait for no reading that they do not need', async () => {
    const { store } = await logOf(1, 3);
    const cache = cacheOf(store);
    await cache.at('contract-c0', 3);
    await note(store, 'contract-c0', 3);
    store.held = Promise.withResolvers();
    const newest = cache.at('contract-c0', 4);
    for (const revision of [3, 2, -1]) expect(await atOnce(cache.at('contract-c0', revision))).toBe(revision);
    expect(await atOnce(newest)).toBe('It waits.');
    store.held.resolve();
    expect((await newest).revision).toBe(4);
  });

  it('are answered by a reading that goes as far as they ask, though others read on', async () => {
    const { store } = await logOf(1, 5);
    const cache = cacheOf(store);
    const first = (store.held = Promise.withResolvers());
    const early = cache.at('contract-c0', 1);
    const second = (store.held = Promise.withResolvers());
    const [further, same] = [cache.at('contract-c0', 5), cache.at('contract-c0', 1)];
    expect(await atOnce(cache.at('contract-c0', -1))).toBe(-1); // before its first event nothing is to be read
    first.resolve();
    expect((await early).revision).toBe(1);
    expect([await atOnce(same), await atOnce(further)]).toEqual([1, 'It waits.']);
    second.resolve();
    expect((await further).revision).toBe(5);
  });

  it('go on from what is kept when the reading before theirs fails', async () => {
    const { store } = await logOf(1, 3);
    const cache = cacheOf(store);
    await cache.at('contract-c0', 3);
    for (const revision of [3, 4]) await note(store, 'contract-c0', revision);
    store.handed = 0;
    const [beyond, last] = await Promise.allSettled([cache.at('contract-c0', 99), cache.at('contract-c0', 5)]);
    expect([beyond.status, last.status, store.handed]).toEqual(['rejected', 'fulfilled', 4]); // revisions 4 and 5 for each
  });

  it('go on from the newest version that they know, though another stream took its place meanwhile', async () => {
    const { store } = await logOf(2, 5);
    const [newest, other] = [await cacheOf(store).at('contract-c0', 3), await cacheOf(store).at('contract-c1', 3)];
    const cache = cacheOf(store, 10);
    store.handed = 0;
    store.held = Promise.withResolvers();
    const early = cache.at('contract-c0', 1);
    cache.appended('contract-c0', 3, newest);
    const late = cache.at('contract-c0', 5);
    cache.appended('contract-c1', 3, other);
    expect(cache.holds('contract-c0')).toBe(false);
    store.held.resolve();
    expect([(await early).revision, (await late).revision, store.handed]).toEqual([1, 5, 4]); // 0 and 1, 4 and 5
  });

  it('read no further than they ask, at most 500 events at once, and let other work go on between', async () => {
    const [recorded] = (await logOf(1, 0)).events.slice(-1);
    const events = Array.from({ length: 1800 }, (_, revision) => (revision === 0 ? recorded! : noteBehind(recorded!, revision)));
    const limits: (number | undefined)[] = [];
    const store: HistoryCacheOptions['store'] = {
      genesis: new MemoryStore().genesis,
      read: async (_, from = 0, limit = 1000) => (limits.push(limit), events.slice(from, from + limit)),
    };
    const cache = new HistoryCache({ store, aggregates });
    expect([await turnsOf(() => cache.at('contract-c0', 2)), await turnsOf(() => cache.at('contract-c0', 1699))]).toEqual([0, 3]);
    expect(limits).toEqual([3, 500, 500, 500, 197]);
  });
});

describe('earlier versions of a stream', () => {
  /** A stream of 60 facts, and how many of them are folded to answer for each revision, one after another. */
  const folding = async (maxBytes = MANY) => {
    const world = new World();
    await recordWorld(world);
    await world.record('contract-c0', 'AwardContract', award);
    for (let n = 1; n < 60; n++) await world.record('contract-c0', 'RecordDelay', { milestone: `Go-live ${n}`, to: 'unknown' });
    let folded = 0;
    const counting = Object.entries<any>(contract.events).map(([type, event]) => {
      const evolve = (...request: unknown[]): unknown => (folded++, event.evolve(...request));
      return [type, { ...event, evolve }];
    });
    const counted = { ...contract, events: Object.fromEntries(counting) } as AnyAggregate;
    const store = world.store;
    const cache = new HistoryCache({ store, aggregates: [counted], maxBytes });
    const head = await cache.load(counted, 'c0');
    const foldsFor = async (...revisions: readonly number[]): Promise<readonly number[]> => {
      const folds: number[] = [];
      for (const revision of revisions) {
        folded = 0;
        expect((await cache.earlier(head, revision)).revision).toBe(Math.min(revision, 59));
        folds.push(folded);
      }
      return folds;
    };
    return { cache, head, foldsFor };
  };

  it('are folded from the nearest one before that is kept, wherever it was asked for', async () => {
    const { foldsFor } = await folding();
    expect(await foldsFor(40, 20, 10, 50, 55, 25, 25, 26)).toEqual([41, 21, 11, 10, 5, 5, 0, 1]);
    expect(await foldsFor(0, 0)).toEqual([1, 0]);
  });

  it('are the last four that were asked for; the head and the empty one take the place of none', async () => {
    const { foldsFor } = await folding();
    await foldsFor(40, 30, 20, 10);
    expect(await foldsFor(59, 99, -1, 41)).toEqual([0, 0, 0, 1]);
    await foldsFor(5, 4, 3);
    expect(await foldsFor(42)).toEqual([1]);
    await foldsFor(9, 8, 7, 6);
    expect(await foldsFor(43)).toEqual([34]);
  });

  it('take one place for a reader who goes on, and one for many who ask for the same', async () => {
    const { cache, head, foldsFor } = await folding();
    await foldsFor(40);
    expect(await foldsFor(1, 2, 3, 4, 5, 6, 41)).toEqual([2, 1, 1, 1, 1, 1, 1]);
    await Promise.all([20, 20, 20, 20].map((revision) => cache.earlier(head, revision)));
    expect(await foldsFor(42)).toEqual([1]);
  });

  it('are folded for a stream that found no room too, and then not kept', async () => {
    const { head, foldsFor } = await folding();
    const { store } = await logOf(1, 0);
    const cache = cacheOf(store);
    expect([(await cache.earlier(head, 30)).revision, cache.holds('contract-c0')]).toEqual([30, false]);
    expect(await foldsFor(30)).toEqual([31]);
  });
});

describe('one event', () => {
  it('is what was recorded, read where it is not kept', async () => {
    const { store, events } = await logOf(1, 3);
    const own = events.filter(({ stream }) => stream === 'contract-c0');
    const cache = cacheOf(store);
    expect([await cache.event('contract-c0', 2), store.handed]).toEqual([own[2], 1]);
    await cache.load(contract, 'c0');
    store.reads = 0;
    expect([await cache.event('contract-c0', 2), store.reads]).toEqual([own[2], 0]);
    expect([await cache.read('contract-c0', 1, 2), cache.holds('contract-c1')]).toEqual([own.slice(1, 3), false]);
  });

  it('that was never recorded is an error that names the stream and the revision', async () => {
    const { store } = await logOf(1, 1);
    const cache = cacheOf(store);
    await expect(cache.event('contract-c0', 7)).rejects.toThrow('contract-c0 has no revision 7.');
    await cache.load(contract, 'c0');
    await expect(cache.event('contract-c0', 7)).rejects.toThrow('contract-c0 has no revision 7.');
    expect(() => cache.emptyOf('paper-c0')).toThrow('No aggregate has the category paper.');
  });
});

describe('a replica of a log that is elsewhere', () => {
  const replicaOf = async (local: number) => {
    const { store } = await logOf(1, 3, new Replica());
    store.local = local;
    store.reads = 0;
    return { store, cache: cacheOf(store) };
  };

  it.each([-1, 0, 2, 3])(
    'answers a local load with what it holds, up to revision %i, and asks the leader only where that is asked for',
    async (local) => {
      const { store, cache } = await replicaOf(local);
      expect([(await cache.load(contract, 'c0')).revision, store.reads]).toEqual([local, 0]);
      expect([(await cache.load(contract, 'c0', 'leader')).revision, store.reads]).toEqual([3, 1]);
    },
  );

  it('asks the leader for what this process appended, until the replica has it', async () => {
    const { store, cache } = await replicaOf(1);
    cache.appended('contract-c0', 3);
    expect([cache.holds('contract-c0'), cache.holds('contract-c1')]).toEqual([true, false]);
    expect([(await cache.load(contract, 'c0')).revision, store.reads]).toEqual([3, 1]);
    const later = await replicaOf(3);
    later.cache.appended('contract-c0', 3);
    expect([(await later.cache.load(contract, 'c0')).revision, later.store.reads]).toEqual([3, 0]);
  });

  it('knows a stream without a read as long as nothing newer is local, and nothing newer was appended here', async () => {
    const { store, cache } = await replicaOf(-1);
    expect(cache.known(contract, 'c0')?.revision).toBe(-1);
    store.local = 1;
    expect(cache.known(contract, 'c0')).toBeUndefined();
    const loaded = await cache.load(contract, 'c0');
    store.localReads = 0;
    expect([cache.known(contract, 'c0'), await cache.load(contract, 'c0')]).toEqual([loaded, loaded]);
    expect([store.localReads, store.reads, cache.known(contract, 'c0', 'leader')]).toEqual([0, 0, undefined]);
    cache.appended('contract-c0', 2);
    expect(cache.known(contract, 'c0')).toBeUndefined();
    cache.appended('contract-c0', 3, await cacheOf(store).load(contract, 'c0', 'leader'));
    expect(cache.known(contract, 'c0')?.revision).toBe(3); // newer than what is local
  });
});

describe('a process that alone writes the log', () => {
  it('knows a stream without a read, for readers and for commands, as long as it has all of it', async () => {
    const { store } = await logOf(1, 3);
    const heads = new Map([['contract-c0', 3]]);
    const cache = cacheOf(Object.assign(store, { currentRevision: (stream: string) => heads.get(stream) ?? -1 }));
    expect([cache.known(contract, 'c0'), cache.known(contract, 'new', 'leader')?.revision]).toEqual([undefined, -1]);
    const loaded = await cache.load(contract, 'c0');
    store.reads = 0;
    expect([cache.known(contract, 'c0'), cache.known(contract, 'c0', 'leader'), await cache.load(contract, 'c0', 'leader')]).toEqual([
      loaded,
      loaded,
      loaded,
    ]);
    expect(store.reads).toBe(0);
    await note(store, 'contract-c0', 3);
    heads.set('contract-c0', 4);
    expect([cache.known(contract, 'c0'), (await cache.load(contract, 'c0')).revision]).toEqual([undefined, 4]);
  });

  it('remembers no revision of what it appended: its reads are never behind', async () => {
    const { store } = await logOf(1, 3);
    const cache = cacheOf(store);
    cache.appended('contract-c0', 3);
    expect(cache.holds('contract-c0')).toBe(false);
  });
});

describe('loads of one stream', () => {
  it('begin at once when none is under way, and wait for the next where it is shared already', async () => {
    const { store } = await logOf(1, 3);
    const cache = cacheOf(store);
    for (let reads = 1; reads <= 3; reads++) {
      const load = cache.load(contract, 'c0', 'leader');
      expect(store.reads).toBe(reads);
      await load;
    }
    store.reads = store.mostInFlight = 0;
    const first = cache.load(contract, 'c0', 'leader');
    const third = first.then(() => cache.load(contract, 'c0', 'leader'));
    const second = cache.load(contract, 'c0', 'leader');
    await Promise.all([first, second, third]);
    expect([store.reads, store.mostInFlight]).toEqual([2, 1]);
  });

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
    cache.appended('contract-c0', 3, await cacheOf(store).load(contract, 'c0')); // alike: those who hold the first one share it
    store.handed = 0;
    expect(await cache.load(contract, 'c0', 'leader')).toBe(newest);
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
