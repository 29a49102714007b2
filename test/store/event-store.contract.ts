import { afterEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Json, Metadata, NewEvent, RecordedEvent } from '../../src/kernel/index.js';
import {
  CATEGORIES,
  InvalidPositionError,
  StoreUnavailableError,
  WrongExpectedRevisionError,
  type Appended,
  type EventStore,
} from '../../src/store/event-store.js';

/** A UUID of version 7 in form; its order does not matter to a store. */
export const newId = (): string => {
  const id = randomUUID();
  return `${id.slice(0, 14)}7${id.slice(15)}`;
};

/** A stream that nobody wrote to before, also in a store that other tests share. */
export const freshStream = (category: (typeof CATEGORIES)[number] = 'contract'): string => `${category}-${newId()}`;

export const metadata: Metadata = {
  schemaVersion: 1,
  recordedAt: '2026-03-04T05:06:07.089Z',
  effectiveOn: '2026-03-04',
  about: { contract: ['c-1'] },
  command: { id: '019353d2-0000-7000-8000-000000000001', name: 'award-contract', body: { amount: '12.50' } },
  actor: { id: 'person-1' },
  $correlationId: '019353d2-0000-7000-8000-000000000001',
  $causationId: '019353d2-0000-7000-8000-000000000001',
  known: [{ stream: 'supplier-s-1', revision: -1 }],
};

export const fact = (data: unknown = { note: 'signed' }, more: Partial<NewEvent> = {}): NewEvent => ({
  id: newId(),
  type: 'ContractAwarded',
  data,
  metadata,
  ...more,
});

export const facts = (count: number): NewEvent[] => Array.from({ length: count }, (_, n) => fact({ n }));

/** What was sent, as it is expected back. */
const idsOf = (events: readonly { readonly id: string }[]): string[] => events.map(({ id }) => id);

/** Fails by name, rather than by the time limit of the whole test. */
const within = async <T>(what: string, promise: Promise<T>, ms = 5_000): Promise<T> => {
  const timer = new AbortController();
  const late = sleep(ms, undefined, { signal: timer.signal }).then(() => Promise.reject(new Error(`${what}: nothing within ${ms} ms`)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    late.catch(() => undefined);
    timer.abort();
  }
};

/** Every event of the log after a position, page by page. */
export const wholeLog = async (store: EventStore, after?: string, limit = 1000): Promise<RecordedEvent[]> => {
  const all: RecordedEvent[] = [];
  for (let at = after; ; at = all.at(-1)!.position) {
    const page = await store.readAll(at, limit);
    expect(page.length).toBeLessThanOrEqual(limit);
    if (page.length === 0) return all;
    all.push(...page);
  }
};

/** Follows until `count` events came, then stops by itself. */
const followed = (store: EventStore, after: string | undefined, count: number, limit?: number, pauseMs = 0): Promise<RecordedEvent[]> => {
  const stop = new AbortController();
  const run = async () => {
    const seen: RecordedEvent[] = [];
    for await (const batch of store.follow(after, stop.signal, limit)) {
      expect(batch.length).toBeGreaterThan(0);
      if (limit !== undefined) expect(batch.length).toBeLessThanOrEqual(limit);
      seen.push(...batch);
      if (seen.length >= count) stop.abort();
      else if (pauseMs > 0) await sleep(pauseMs);
    }
    return seen;
  };
  return within('the follower', run(), 20_000).finally(() => stop.abort());
};

const settled = async (attempts: readonly Promise<Appended>[]) => {
  const outcomes = await Promise.allSettled(attempts);
  return {
    won: outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])),
    lost: outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : [])),
  };
};

/**
 * What every store must do, whole. `open` gives a store whose log may already hold what earlier tests wrote: each test has streams of
 * its own and looks only after the head that it found.
 */
export const eventStoreContract = (name: string, open: () => Promise<EventStore>): void => {
  describe(`${name} keeps the contract of an event store`, () => {
    let opened: EventStore[] = [];
    const start = async (): Promise<EventStore> => {
      const store = await open();
      opened.push(store);
      return store;
    };
    afterEach(async () => {
      const stores = opened;
      opened = [];
      await Promise.all(stores.map((store) => store.close()));
    });

    describe('a stream', () => {
      it('without events reads as an empty page', async () => {
        const store = await start();
        expect(await store.read(freshStream())).toEqual([]);
      });

      it('numbers its events from 0 in the order in which they were appended', async () => {
        const store = await start();
        const stream = freshStream();
        const [a, b, c] = facts(3) as [NewEvent, NewEvent, NewEvent];
        expect((await store.append(stream, -1, [a])).revision).toBe(0);
        expect((await store.append(stream, 0, [b, c])).revision).toBe(2);
        const read = await store.read(stream);
        expect(idsOf(read)).toEqual(idsOf([a, b, c]));
        expect(read.map(({ revision }) => revision)).toEqual([0, 1, 2]);
      });

      it('hands out its name, type, data and metadata with every event', async () => {
        const store = await start();
        const stream = freshStream('tower');
        const event = fact({ height: '12.5' }, { type: 'TowerRegistered' });
        const { position } = await store.append(stream, -1, [event]);
        expect(await store.read(stream)).toEqual([{ ...event, stream, revision: 0, position }]);
      });

      it('is read from any revision on', async () => {
        const store = await start();
        const stream = freshStream();
        const events = facts(10);
        await store.append(stream, -1, events);
        expect(idsOf(await store.read(stream, 7))).toEqual(idsOf(events.slice(7)));
        expect(await store.read(stream, 10)).toEqual([]);
        expect(await store.read(stream, 1_000)).toEqual([]);
      });

      it('is read in pages that meet without gap or repeat, the last one shorter', async () => {
        const store = await start();
        const stream = freshStream();
        const events = facts(25);
        await store.append(stream, -1, events);
        const pages: (readonly RecordedEvent[])[] = [];
        for (let from = 0; ; from += 10) {
          pages.push(await store.read(stream, from, 10));
          if (pages.at(-1)!.length < 10) break;
        }
        expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
        expect(idsOf(pages.flat())).toEqual(idsOf(events));
      });

      it('is read 1000 events at a time by default', async () => {
        const store = await start();
        const stream = freshStream();
        for (let n = 0; n < 3; n++) await store.append(stream, n * 400 - 1, facts(400));
        expect(await store.read(stream)).toHaveLength(1000);
        expect(await store.read(stream, 1000)).toHaveLength(200);
      });

      it('does not mix with one whose name begins alike', async () => {
        const store = await start();
        const short = freshStream();
        const long = `${short}-b`;
        const [a, b] = facts(2) as [NewEvent, NewEvent];
        await store.append(long, -1, [b]);
        expect(await store.read(short)).toEqual([]);
        await store.append(short, -1, [a]);
        expect(idsOf(await store.read(short))).toEqual([a.id]);
        expect(idsOf(await store.read(long))).toEqual([b.id]);
      });

      it('shows an append as soon as it was answered', async () => {
        const store = await start();
        const stream = freshStream();
        for (let n = 0; n < 20; n++) {
          const { position } = await store.append(stream, n - 1, [fact({ n })]);
          expect((await store.read(stream, n))[0]?.data).toEqual({ n });
          expect(await store.head()).toBe(position);
        }
      });

      it('counts its events, where it knows their number, one more for each that is appended', async () => {
        const store = await start();
        const before = store.size?.();
        await store.append(freshStream(), -1, [fact(), fact(), fact()]);
        await store.head(); // a replica has by then what this process appended
        expect(store.size?.()).toBe(before === undefined ? undefined : before + 3);
      });

      it('knows the revision of a stream, where it knows it without asking, as a read would say', async () => {
        const store = await start();
        const stream = freshStream();
        const known = async () => {
          const read = (await store.read(stream)).at(-1)?.revision ?? -1;
          expect([undefined, read]).toContain(store.currentRevision?.(stream));
          const local = (await store.readLocal?.(stream))?.at(-1)?.revision ?? -1;
          expect([undefined, local]).toContain(store.localRevision?.(stream));
          return read;
        };
        expect(await known()).toBe(-1);
        for (let n = 0; n < 3; n++) {
          await store.append(stream, n - 1, [fact({ n })]);
          expect(await known()).toBe(n);
        }
        await store.append(stream, 7, [fact()]).catch(() => undefined);
        expect(await known()).toBe(2);
      });
    });

    describe('an append', () => {
      it('is refused when the stream has moved on, and says where it is', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, facts(3));
        const late = store.append(stream, 0, facts(1));
        await expect(late).rejects.toBeInstanceOf(WrongExpectedRevisionError);
        await expect(late).rejects.toMatchObject({ stream, expected: 0, actual: 2 });
        expect(await store.read(stream)).toHaveLength(3);
      });

      it('is refused when the stream is not yet there', async () => {
        const store = await start();
        const stream = freshStream();
        await expect(store.append(stream, 4, facts(1))).rejects.toMatchObject({
          name: 'WrongExpectedRevisionError',
          expected: 4,
          actual: -1,
        });
        expect(await store.read(stream)).toEqual([]);
      });

      it('that expects an empty stream is refused by one with events', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, facts(1));
        await expect(store.append(stream, -1, facts(1))).rejects.toMatchObject({
          name: 'WrongExpectedRevisionError',
          expected: -1,
          actual: 0,
        });
      });

      it('wins alone among 100 that expect the same revision', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, facts(1));
        const racers = facts(100);
        const { won, lost } = await settled(racers.map((event) => store.append(stream, 0, [event])));
        expect(won).toHaveLength(1);
        expect(lost).toHaveLength(99);
        for (const error of lost) expect(error).toBeInstanceOf(WrongExpectedRevisionError);
        expect(await store.read(stream)).toHaveLength(2);
      });

      it('wins alone among 100 that would be the first', async () => {
        const store = await start();
        const stream = freshStream();
        const { won, lost } = await settled(facts(100).map((event) => store.append(stream, -1, [event, fact()])));
        expect(won.map(({ revision }) => revision)).toEqual([1]);
        expect(lost).toHaveLength(99);
        expect(await store.read(stream)).toHaveLength(2);
      });

      it('to one stream does not hinder another', async () => {
        const store = await start();
        const streams = Array.from({ length: 50 }, () => freshStream());
        const { lost } = await settled(streams.map((stream) => store.append(stream, -1, facts(2))));
        expect(lost).toEqual([]);
        for (const stream of streams) expect(await store.read(stream)).toHaveLength(2);
      });

      it('stores all of its events or none', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, facts(1));
        const before = await store.head();
        await expect(store.append(stream, 5, facts(20))).rejects.toBeInstanceOf(WrongExpectedRevisionError);
        expect(await store.head()).toBe(before);
        await store.append(stream, 0, facts(20));
        expect(await store.read(stream)).toHaveLength(21);
      });

      it('of several events stands together, also among others at the same time', async () => {
        const store = await start();
        const before = await store.head();
        const streams = Array.from({ length: 20 }, () => freshStream());
        await Promise.all(streams.map((stream) => store.append(stream, -1, facts(5))));
        const order = (await wholeLog(store, before)).map(({ stream }) => stream);
        expect(order).toHaveLength(100);
        for (const stream of streams) expect(order.lastIndexOf(stream) - order.indexOf(stream)).toBe(4);
      });

      it('of no events is a mistake of the caller', async () => {
        const store = await start();
        const stream = freshStream();
        await expect(store.append(stream, -1, [])).rejects.toBeInstanceOf(TypeError);
        expect(await store.read(stream)).toEqual([]);
      });

      it('may hold 500 events', async () => {
        const store = await start();
        const stream = freshStream();
        const events = facts(500);
        expect((await store.append(stream, -1, events)).revision).toBe(499);
        expect(idsOf(await store.read(stream))).toEqual(idsOf(events));
      });

      it('may hold an event of 1 MB', async () => {
        const store = await start();
        const stream = freshStream();
        const text = 'abcdefghij'.repeat(100_000);
        await store.append(stream, -1, [fact({ text })]);
        expect((await store.read(stream))[0]?.data).toEqual({ text });
      });
    });

    describe('an append sent again', () => {
      it('answers as the first time and stores nothing', async () => {
        const store = await start();
        const stream = freshStream();
        const events = facts(3);
        const first = await store.append(stream, -1, events);
        expect(await store.append(stream, -1, events)).toEqual(first);
        expect(await store.read(stream)).toHaveLength(3);
        expect(await store.head()).toBe(first.position);
      });

      it('answers as the first time after more was appended', async () => {
        const store = await start();
        const stream = freshStream();
        const [first, second] = [facts(2), facts(3)];
        await store.append(stream, -1, facts(1));
        const answer = await store.append(stream, 0, first);
        await store.append(stream, 2, second);
        await store.append(freshStream(), -1, facts(1));
        expect(await store.append(stream, 0, first)).toEqual(answer);
        expect(await store.read(stream)).toHaveLength(6);
      });

      it('answers alike however often it is sent at the same time', async () => {
        const store = await start();
        const stream = freshStream();
        const events = facts(4);
        const answers = await Promise.all(Array.from({ length: 20 }, () => store.append(stream, -1, events)));
        for (const answer of answers) expect(answer).toEqual(answers[0]);
        expect(idsOf(await store.read(stream))).toEqual(idsOf(events));
      });

      it('is refused when only a part of it stands there', async () => {
        const store = await start();
        const stream = freshStream();
        const [a, b, c] = facts(3) as [NewEvent, NewEvent, NewEvent];
        await store.append(stream, -1, [a, b]);
        await expect(store.append(stream, -1, [a, b, c])).rejects.toBeInstanceOf(WrongExpectedRevisionError);
        await expect(store.append(stream, 0, [b, c])).rejects.toBeInstanceOf(WrongExpectedRevisionError);
        await expect(store.append(stream, -1, [c, b])).rejects.toBeInstanceOf(WrongExpectedRevisionError);
        await expect(store.append(stream, -1, [a, c])).rejects.toBeInstanceOf(WrongExpectedRevisionError);
        expect(idsOf(await store.read(stream))).toEqual(idsOf([a, b]));
      });

      it('is refused when its events stand there in another order', async () => {
        const store = await start();
        const stream = freshStream();
        const [a, b] = facts(2) as [NewEvent, NewEvent];
        await store.append(stream, -1, [a, b]);
        await expect(store.append(stream, -1, [b, a])).rejects.toBeInstanceOf(WrongExpectedRevisionError);
      });

      it('at the later revision is another append, and stored again', async () => {
        const store = await start();
        const stream = freshStream();
        const events = facts(2);
        const first = await store.append(stream, -1, events);
        const second = await store.append(stream, 1, events);
        expect(second.revision).toBe(3);
        expect(store.compare(first.position, second.position)).toBeLessThan(0);
        expect(idsOf(await store.read(stream))).toEqual(idsOf([...events, ...events]));
        expect(await store.append(stream, -1, events)).toEqual(first);
      });

      it('to another stream is another append', async () => {
        const store = await start();
        const [one, other] = [freshStream(), freshStream()];
        const events = facts(1);
        await store.append(one, -1, events);
        expect((await store.append(other, -1, events)).revision).toBe(0);
        expect(idsOf(await store.read(other))).toEqual(idsOf(events));
      });
    });

    describe('history', () => {
      it('is not changed by changes to the copies that were handed out', async () => {
        const store = await start();
        const stream = freshStream();
        const before = await store.head();
        await store.append(stream, -1, [fact({ parts: [{ amount: '1.00' }] })]);
        const [mine] = (await store.read(stream)) as [RecordedEvent & { type: string }];
        mine.data.parts[0].amount = '9.99';
        mine.data.parts.push('more');
        mine.type = 'Forged';
        Object.assign(mine.metadata.actor, { id: 'forged' });
        const [also] = (await store.readAll(before)) as [RecordedEvent];
        also.data.parts = [];
        for (const [event] of [await store.read(stream), await store.readAll(before)]) {
          expect(event).toMatchObject({
            type: 'ContractAwarded',
            data: { parts: [{ amount: '1.00' }] },
            metadata: { actor: { id: 'person-1' } },
          });
        }
      });

      it('is not changed by changes to the events after they were appended', async () => {
        const store = await start();
        const stream = freshStream();
        const event = fact({ amount: '1.00' }) as NewEvent & { data: { amount: string } };
        await store.append(stream, -1, [event]);
        event.data.amount = '9.99';
        expect((await store.read(stream))[0]?.data).toEqual({ amount: '1.00' });
      });

      it('holds what was sent, even if the caller changes it before the answer comes', async () => {
        const store = await start();
        const stream = freshStream();
        const event = fact({ amount: '1.00' }) as { -readonly [Key in keyof NewEvent]: NewEvent[Key] };
        const { id } = event;
        const sent = [event];
        const answer = store.append(stream, -1, sent);
        event.data.amount = '9.99';
        event.type = 'Forged';
        event.id = newId();
        event.metadata = { ...metadata, actor: { id: 'forged' } };
        sent.push(fact());
        expect((await answer).revision).toBe(0);
        expect(await store.read(stream)).toMatchObject([{ id, type: 'ContractAwarded', data: { amount: '1.00' }, metadata }]);
      });

      it('gives each reader a copy of its own', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, [fact()]);
        const [[one], [other]] = (await Promise.all([store.read(stream), store.read(stream)])) as [[RecordedEvent], [RecordedEvent]];
        expect(one).toEqual(other);
        expect(one.data).not.toBe(other.data);
        expect(one.metadata).not.toBe(other.metadata);
      });

      it.each<[string, Json]>([
        ['letters of every script', { text: 'Łódź – Ελλάδα – 東京 – 🏗️ – \u0000\u001f\u2028"\\/' }],
        ['half of a surrogate pair', { text: 'a\ud800b', '\udc00': 'key' }],
        ['empty objects, lists and texts', { object: {}, list: [], text: '', nested: [{}, [], [[]]] }],
        ['nulls, booleans and numbers', { a: null, b: [null, false, true], c: [0, -1, 0.1, 1e21, 5e-324, Number.MAX_SAFE_INTEGER] }],
        ['a text, not an object', 'just a text'],
        ['a null, not an object', null],
        [
          'keys that look like numbers or methods',
          { 1: 'one', '01': 'zero one', toString: 'text', constructor: null, $type: 'x', '': 'empty' },
        ],
      ])('round trips %s', async (_, data) => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, [fact(data, { metadata: { ...metadata, command: { ...metadata.command, body: data } } })]);
        const [event] = await store.read(stream);
        expect(event?.data).toStrictEqual(data);
        expect(event?.metadata.command.body).toStrictEqual(data);
      });

      it('round trips what is 100 levels deep', async () => {
        const store = await start();
        const stream = freshStream();
        let data: unknown = 'bottom';
        for (let level = 0; level < 50; level++) data = { level, inner: [data] };
        await store.append(stream, -1, [fact(data)]);
        expect((await store.read(stream))[0]?.data).toEqual(data);
      });

      it('round trips a key named __proto__ as a key like any other', async () => {
        const store = await start();
        const stream = freshStream();
        const text = '{"__proto__":{"admin":true},"a":{"__proto__":1}}';
        await store.append(stream, -1, [fact(JSON.parse(text))]);
        const [event] = (await store.read(stream)) as [RecordedEvent];
        expect(JSON.stringify(event.data)).toBe(text);
        expect(event.data.admin).toBeUndefined();
        expect(Object.keys(event.data)).toEqual(['__proto__', 'a']);
      });

      it('does not keep a field that was left undefined', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, [fact({ kept: 1, undefined: undefined })]);
        expect(Object.keys((await store.read(stream))[0]!.data)).toEqual(['kept']);
      });
    });

    describe('the whole log', () => {
      it('stands in one order, which grows inside one append and from one append to the next', async () => {
        const store = await start();
        const before = await store.head();
        const [one, other] = [freshStream(), freshStream('supplier')];
        const sent = [facts(5), facts(3), facts(4)] as const;
        await store.append(one, -1, sent[0]);
        await store.append(other, -1, sent[1]);
        await store.append(one, 4, sent[2]);
        const log = await wholeLog(store, before);
        expect(idsOf(log)).toEqual(idsOf(sent.flat()));
        for (let i = 1; i < log.length; i++) expect(store.compare(log[i - 1]!.position, log[i]!.position)).toBeLessThan(0);
      });

      it('has the last event of an append at the position that the append answered', async () => {
        const store = await start();
        const before = await store.head();
        for (let n = 0; n < 12; n++) {
          const { position } = await store.append(freshStream(), -1, facts(n + 1));
          expect((await wholeLog(store, before)).at(-1)!.position).toBe(position);
          expect(await store.head()).toBe(position);
        }
      });

      it('hands out the same events at the same positions as the streams do', async () => {
        const store = await start();
        const before = await store.head();
        const stream = freshStream();
        await store.append(stream, -1, facts(3));
        await store.append(stream, 2, facts(2));
        expect(await store.readAll(before)).toEqual(await store.read(stream));
      });

      it.each([1, 2, 3, 7, 100])('is read in pages of %d without gap or repeat', async (limit) => {
        const store = await start();
        const before = await store.head();
        const sent: string[] = [];
        for (let n = 0; n < 8; n++) {
          const events = facts(1 + (n % 4));
          sent.push(...idsOf(events));
          await store.append(freshStream(), -1, events);
        }
        expect(idsOf(await wholeLog(store, before, limit))).toEqual(sent);
      });

      it('begins before its first event when no position is given', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, facts(1));
        const [first] = await store.readAll(undefined, 1);
        expect(first).toBeDefined();
        const rest = await wholeLog(store, first!.position);
        expect([first, ...rest]).toEqual(await wholeLog(store));
        expect([first, ...rest].at(-1)?.stream).toBe(stream);
      });

      it('is at its end after the head', async () => {
        const store = await start();
        await store.append(freshStream(), -1, facts(3));
        expect(await store.readAll(await store.head())).toEqual([]);
      });

      it('has events of the seven categories only: what else the store keeps is never handed out', async () => {
        const store = await start();
        for (const category of CATEGORIES) await store.append(freshStream(category), -1, facts(1));
        const categories = new Set((await wholeLog(store)).map(({ stream }) => stream.slice(0, stream.indexOf('-'))));
        expect([...categories].sort()).toEqual([...CATEGORIES].sort());
      });

      it('has a head only if it has events', async () => {
        const store = await start();
        const [first] = await store.readAll(undefined, 1);
        expect((await store.head()) === undefined).toBe(first === undefined);
      });
    });

    describe('positions', () => {
      it('are compared by the store: equal, before or after', async () => {
        const store = await start();
        const stream = freshStream();
        const a = (await store.append(stream, -1, facts(1))).position;
        const b = (await store.append(stream, 0, facts(1))).position;
        expect(store.compare(a, b)).toBeLessThan(0);
        expect(store.compare(b, a)).toBeGreaterThan(0);
        expect(store.compare(a, a)).toBe(0);
      });

      it.each(['', 'nonsense', '-1', '1.5', ' 1', '0x10', '1e3', '٣', 'x'.repeat(10_000)])(
        'that are none are refused: %j',
        async (wrong) => {
          const store = await start();
          const { position } = await store.append(freshStream(), -1, facts(1));
          expect(() => store.compare(wrong, position)).toThrow(InvalidPositionError);
          expect(() => store.compare(position, wrong)).toThrow(InvalidPositionError);
          await expect(store.readAll(wrong)).rejects.toBeInstanceOf(InvalidPositionError);
          await expect(followed(store, wrong, 1)).rejects.toBeInstanceOf(InvalidPositionError);
        },
      );
    });

    describe('a follower', () => {
      it('from the start gets all that is there, then all that comes', async () => {
        const store = await start();
        const stream = freshStream();
        await store.append(stream, -1, facts(5));
        const there = await wholeLog(store);
        const seen = followed(store, undefined, there.length + 4);
        await sleep(20);
        await store.append(stream, 4, facts(1));
        await sleep(20);
        await store.append(stream, 5, facts(3));
        expect(await seen).toEqual(await wholeLog(store));
      });

      it('from a position gets only what stands after it', async () => {
        const store = await start();
        const stream = freshStream();
        const { position } = await store.append(stream, -1, facts(2));
        const later = facts(3);
        await store.append(stream, 1, later);
        expect(idsOf(await followed(store, position, 3))).toEqual(idsOf(later));
      });

      it('from the middle of an append gets the rest of that append', async () => {
        const store = await start();
        const stream = freshStream();
        const before = await store.head();
        const events = facts(6);
        await store.append(stream, -1, events);
        const third = (await store.readAll(before, 3)).at(-1)!.position;
        expect(idsOf(await followed(store, third, 3))).toEqual(idsOf(events.slice(3)));
      });

      it('from the head waits for what comes', async () => {
        const store = await start();
        await store.append(freshStream(), -1, facts(2));
        const seen = followed(store, await store.head(), 1);
        await sleep(50);
        const [event] = facts(1) as [NewEvent];
        await store.append(freshStream(), -1, [event]);
        expect(idsOf(await seen)).toEqual([event.id]);
      });

      it('waits without keeping others from their work', async () => {
        const store = await start();
        const stop = new AbortController();
        const waiting = [undefined, await store.head()].map(async (after) => {
          for await (const batch of store.follow(after, stop.signal)) void batch;
        });
        await sleep(20);
        await within('an append beside waiting followers', store.append(freshStream(), -1, facts(1)));
        stop.abort();
        await within('the end of the followers', Promise.all(waiting));
      });

      it('misses and repeats nothing while many append at the same time', async () => {
        const store = await start();
        const before = await store.head();
        const seen = followed(store, before, 300, 7);
        await Promise.all(
          Array.from({ length: 20 }, async () => {
            const stream = freshStream();
            for (let n = 0; n < 5; n++) await store.append(stream, n * 3 - 1, facts(3));
          }),
        );
        expect(idsOf(await seen)).toEqual(idsOf(await wholeLog(store, before)));
      });

      it('that is slow misses and repeats nothing', async () => {
        const store = await start();
        const before = await store.head();
        const stream = freshStream();
        const seen = followed(store, before, 60, 5, 5);
        for (let n = 0; n < 30; n++) await store.append(stream, n * 2 - 1, facts(2));
        expect(idsOf(await seen)).toEqual(idsOf(await store.read(stream)));
      });

      it('sees the same as every other, each at its own pace', async () => {
        const store = await start();
        const before = await store.head();
        const stream = freshStream();
        const all = [1, 2, 3, 10, undefined].map((limit, n) => followed(store, before, 40, limit, n));
        for (let n = 0; n < 20; n++) await store.append(stream, n * 2 - 1, facts(2));
        const ids = idsOf(await store.read(stream));
        for (const seen of await Promise.all(all)) expect(idsOf(seen)).toEqual(ids);
      });

      it('gets copies of its own', async () => {
        const store = await start();
        const before = await store.head();
        const stream = freshStream();
        await store.append(stream, -1, [fact({ amount: '1.00' })]);
        const [event] = await followed(store, before, 1);
        event!.data.amount = '9.99';
        expect((await followed(store, before, 1))[0]!.data).toEqual({ amount: '1.00' });
        expect((await store.read(stream))[0]!.data).toEqual({ amount: '1.00' });
      });

      it('ends promptly and without an error when it is aborted while it waits', async () => {
        const store = await start();
        const stop = new AbortController();
        const head = await store.head();
        const run = (async () => {
          for await (const batch of store.follow(head, stop.signal)) void batch;
          return 'ended';
        })();
        await sleep(50);
        stop.abort();
        expect(await within('the end', run, 2_000)).toBe('ended');
      });

      it('ends promptly and without an error when it is aborted while it reads', async () => {
        const store = await start();
        const before = await store.head();
        await store.append(freshStream(), -1, facts(200));
        const stop = new AbortController();
        let batches = 0;
        const run = (async () => {
          for await (const batch of store.follow(before, stop.signal, 1)) if ((batches += batch.length) === 3) stop.abort();
        })();
        await within('the end', run, 2_000);
        expect(batches).toBe(3);
      });

      it('that is aborted before it begins gets nothing', async () => {
        const store = await start();
        await store.append(freshStream(), -1, facts(1));
        const seen: unknown[] = [];
        for await (const batch of store.follow(undefined, AbortSignal.abort())) seen.push(batch);
        expect(seen).toEqual([]);
      });

      it('that walks away leaves the others and the store alone', async () => {
        const store = await start();
        const before = await store.head();
        const other = followed(store, before, 2);
        await store.append(freshStream(), -1, facts(1));
        for await (const batch of store.follow(before, new AbortController().signal)) {
          expect(batch).toHaveLength(1);
          break;
        }
        await store.append(freshStream(), -1, facts(1));
        expect(await other).toHaveLength(2);
      });
    });

    describe('the ledger', () => {
      it('is the same one whatever happens to it', async () => {
        const store = await start();
        const before = { ...store.genesis };
        expect(before).toEqual({
          ledgerId: expect.stringMatching(/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/),
          formatVersion: 2,
          timeZone: expect.any(String),
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        });
        await store.append(freshStream(), -1, facts(3));
        await store.append(freshStream(), 9, facts(1)).catch(() => undefined);
        expect(store.genesis).toEqual(before);
      });
    });

    describe('a store that works', () => {
      it('has not failed, also after it refused an append, and says so to nobody', async () => {
        const store = await start();
        const failures: unknown[] = [];
        store.onFailure?.((failure) => failures.push(failure));
        await store.append(freshStream(), -1, facts(1));
        await store.append(freshStream(), 9, facts(1)).catch(() => undefined);
        await store.readAll('nonsense').catch(() => undefined);
        await store.close();
        expect(store.failure).toBeUndefined();
        expect(failures).toEqual([]);
      });
    });

    describe('a store that is closed', () => {
      it('is unavailable for reading and for writing', async () => {
        const store = await start();
        const stream = freshStream();
        const { position } = await store.append(stream, -1, facts(1));
        await store.close();
        await expect(store.read(stream)).rejects.toBeInstanceOf(StoreUnavailableError);
        await expect(store.append(stream, 0, facts(1))).rejects.toBeInstanceOf(StoreUnavailableError);
        await expect(store.readAll()).rejects.toBeInstanceOf(StoreUnavailableError);
        await expect(store.readAll(position)).rejects.toBeInstanceOf(StoreUnavailableError);
        await expect(store.head()).rejects.toBeInstanceOf(StoreUnavailableError);
      });

      it('has finished the appends that it had accepted', async () => {
        const store = await start();
        const attempts = Array.from({ length: 30 }, () => store.append(freshStream(), -1, facts(2)));
        const answers = settled(attempts);
        await store.close();
        const { won, lost } = await within('the answers', answers);
        expect(lost).toEqual([]);
        expect(won.map(({ revision }) => revision)).toEqual(Array.from({ length: 30 }, () => 1));
      });

      it('has ended its followers without an error', async () => {
        const store = await start();
        const head = await store.head();
        const run = (async () => {
          for await (const batch of store.follow(head, new AbortController().signal)) void batch;
          return 'ended';
        })();
        await sleep(20);
        await store.close();
        expect(await within('the end', run, 2_000)).toBe('ended');
      });

      it('may be closed again', async () => {
        const store = await start();
        await Promise.all([store.close(), store.close()]);
        await store.close();
      });
    });
  });
};
