import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Caller, event, events } from './caller.js';

export interface Running {
  readonly url: string;
  stop?(): Promise<void>;
}

const fresh = (): string => `s${randomUUID().slice(0, 13)}`;

/**
 * The behaviour of a KurrentDB server that the ledger relies on, tested on the fake server and on a real one alike. No other program may
 * write to the server meanwhile, because that moves windows and checkpoints.
 */
export const serverBehaviour = (name: string, begin: () => Promise<Running>): void => {
  describe(name, () => {
    let running: Running;
    let caller: Caller;
    let batching: Caller;
    beforeAll(async () => {
      running = await begin();
      caller = new Caller(running.url);
      batching = new Caller(running.url, true);
    });
    afterAll(async () => {
      await Promise.all([caller.dispose(), batching.dispose()]);
      await running.stop?.();
    });

    describe.each(['by its own call', 'by the shared batch call'])('an append %s', (way) => {
      const by = () => (way === 'by its own call' ? caller : batching);

      it('answers with the last revision and the position of that event', async () => {
        const stream = fresh();
        expect(await by().append(stream, events(3), 'no_stream')).toBe('at 2');
        const messages = await caller.messages({ stream, count: 9 });
        const last = messages.at(-1);
        if (typeof last !== 'object') throw new Error(last);
        const { commitPosition, preparePosition } = last.getEvent()!.getEvent()!.toObject();
        expect(by().places.get(Number(commitPosition))).toBe(`${stream}@2`);
        expect(preparePosition).toBe(commitPosition);
      });

      it('is refused when the stream is at another revision, which the answer names', async () => {
        const stream = fresh();
        expect(await by().append(stream, events(1), 0)).toBe('wrong: at no_stream');
        expect(await by().append(stream, events(1), 'stream_exists')).toBe('wrong: at no_stream');
        await by().append(stream, events(2), 'no_stream');
        expect(await by().append(stream, events(1), 'no_stream')).toBe('wrong: at 1');
        expect(await by().append(stream, events(1), 0)).toBe('wrong: at 1');
        expect(await by().append(stream, events(1), 7)).toBe('wrong: at 1');
        expect(await by().append(stream, events(1), 'stream_exists')).toBe('at 2');
        expect(await caller.read({ stream })).toHaveLength(3);
      });

      it('sent again is recognised by its ids at the expected revision, even with other data', async () => {
        const stream = fresh();
        const [a, b] = [event({ a: 1 }), event({ b: 1 })];
        await by().append(stream, [a, b], 'no_stream');
        const other = [event({ forged: true }, a.id), event({}, b.id, 'Else')];
        for (const again of [[a, b], other]) expect(await by().append(stream, again, 'no_stream')).toBe('at 1');
        expect(await by().append(stream, [a], 'no_stream')).toBe('at 0');
        expect(await by().append(stream, [b], 0)).toBe('at 1');
        expect(await by().append(stream, [a, b], 'any')).toBe('at 1');
        expect(await caller.read({ stream })).toEqual([`${stream}@0`, `${stream}@1`]);
      });

      it('is refused when only part of it is stored', async () => {
        const stream = fresh();
        const [a, b] = [event(), event()];
        await by().append(stream, [a, b], 'no_stream');
        expect(await by().append(stream, [a, event()], 'no_stream')).toBe('wrong: at 1');
        expect(await by().append(stream, [a, b, event()], 'no_stream')).toBe('wrong: at 1');
        expect(await by().append(stream, [a, event()], 'any')).toBe('wrong: at 1');
        expect(await by().append(stream, [b, a], 'no_stream')).toBe('wrong: at 1');
      });

      it('with ids from earlier in the stream is stored again at a later revision', async () => {
        const stream = fresh();
        const [a, b] = [event(), event()];
        await by().append(stream, [a, b], 'no_stream');
        expect(await by().append(stream, [a], 1)).toBe('at 2');
        expect(await by().append(stream, [a], 'any')).toBe('at 0');
        expect(await by().append(fresh(), [a], 'any')).toBe('at 0');
      });

      it('of no events writes nothing', async () => {
        const stream = fresh();
        expect(await by().append(stream, [], 'no_stream')).toBe('at 0');
        expect(await by().append(stream, events(2), 'no_stream')).toBe('at 1');
        expect(await by().append(stream, [], 0)).toBe('wrong: at 1');
        expect(await by().append(stream, [], 'any')).toBe('at 1');
        expect(await caller.read({ stream })).toHaveLength(2);
      });

      it('to a deleted stream continues its revisions; a retry of an old append is recognised, but without a position', async () => {
        const stream = fresh();
        const before = events(2);
        await by().append(stream, before, 'no_stream');
        await caller.delete(stream);
        expect(await by().append(stream, events(1), 'stream_exists')).toBe('stream-deleted');
        expect(await by().append(stream, events(1), 0)).toBe('wrong: at 1');
        expect(await by().append(stream, before, 'no_stream')).toBe('at 1, nowhere');
        expect(await by().append(stream, events(1), 'no_stream')).toBe('at 2');
        expect(await caller.read({ stream })).toEqual([`${stream}@2`]);
        expect(await caller.read({ stream: `$$${stream}` })).toEqual([`$$${stream}@1`]);
      });

      it('to a permanently deleted stream is refused', async () => {
        const stream = fresh();
        await by().append(stream, events(2), 'no_stream');
        await caller.tombstone(stream);
        for (const expected of ['any', 'no_stream', 1] as const) {
          expect(await by().append(stream, events(1), expected)).toBe('stream-deleted');
        }
      });
    });

    it('refuses an append with an id that is no UUID, without a type, or without a stream', async () => {
      const refused = '2: Exception was thrown by handler.';
      expect(await caller.append(fresh(), [event({}, 'e-1')])).toBe(refused);
      expect(await caller.append(fresh(), [event({}, randomUUID(), '')])).toBe(refused);
      expect(await caller.append('', events(1))).toBe(refused);
    });

    describe('deleting', () => {
      it('needs an existing stream at the expected revision', async () => {
        const stream = fresh();
        expect(await caller.delete(stream)).toBe('wrong: at -1');
        await caller.append(stream, events(2));
        expect(await caller.delete(stream, 7)).toBe('wrong: at 1');
        expect(await caller.tombstone(stream, 7)).toBe('wrong: at 1');
        expect(await caller.delete(stream, 1)).toBe('deleted object');
        expect(await caller.delete(stream)).toBe('deleted object');
        expect(await caller.read({ stream })).toEqual(['not found']);
      });

      it('permanently works once, also for a stream that never existed', async () => {
        for (const stream of [fresh(), fresh()]) {
          expect(await caller.tombstone(stream)).toBe('tombstoned object');
          expect(await caller.tombstone(stream)).toBe('stream-deleted');
          expect(await caller.delete(stream)).toBe('stream-deleted');
          expect(await caller.read({ stream })).toBe(`9: Event stream '${stream}' is deleted.`);
          expect(await caller.bound(stream, { maxCount: 1 })).toBe('stream-deleted');
          expect(await caller.read({ stream: `$$${stream}` })).toBe(`9: Event stream '$$${stream}' is deleted.`);
        }
      });

      it('permanently leaves existing metadata writable but not readable', async () => {
        const stream = fresh();
        await caller.append(stream, events(1));
        await caller.bound(stream, { maxCount: 5 });
        await caller.tombstone(stream);
        expect(await caller.bound(stream, { maxCount: 6 })).toBe('at 1');
        expect(await caller.read({ stream: `$$${stream}` })).toBe(`9: Event stream '$$${stream}' is deleted.`);
      });

      it('leaves the events in $all, together with the records that delete them', async () => {
        const [stream, other] = [fresh(), fresh()];
        const from = await caller.appended(stream);
        await caller.appended(other);
        await caller.delete(stream);
        await caller.append(stream, events(1));
        await caller.tombstone(other);
        const all = [`${stream}@0`, `${other}@0`, `$$${stream}@0`, `${stream}@1`, `$$${stream}@1`, `${other}@end`];
        expect(await caller.read({ from })).toEqual(all);
      });
    });

    describe('a stream', () => {
      it('is read from any revision, forwards and backwards, up to a count', async () => {
        const stream = fresh();
        await caller.append(stream, events(5));
        const at = (...revisions: number[]) => revisions.map((revision) => `${stream}@${revision}`);
        expect(await caller.read({ stream, from: 3 })).toEqual(at(3, 4));
        expect(await caller.read({ stream, from: 1, count: 2 })).toEqual(at(1, 2));
        expect(await caller.read({ stream, from: 5 })).toEqual([]);
        expect(await caller.read({ stream, from: 99 })).toEqual([]);
        expect(await caller.read({ stream, from: 'end', backwards: true, count: 2 })).toEqual(at(4, 3));
        expect(await caller.read({ stream, from: 1, backwards: true })).toEqual(at(1, 0));
        expect(await caller.read({ stream, from: 99, backwards: true, count: 1 })).toEqual(at(4));
        expect(await caller.read({ stream, from: 'start', backwards: true })).toEqual(at(0));
        expect(await caller.read({ stream, requiresLeader: true, count: 1 })).toEqual(at(0));
      });

      it('that does not exist is not found; a count of zero and reading forwards from the end are errors', async () => {
        const stream = fresh();
        expect(await caller.read({ stream })).toEqual(['not found']);
        expect(await caller.read({ stream: '$all' })).toEqual(['not found']);
        await caller.append(stream, events(1));
        expect(await caller.read({ stream, count: 0 })).toBe('2: Unexpected ReadStreamResult: Error');
        expect(await caller.read({ stream, from: 'end' })).toBe('2: Unexpected ReadStreamResult: Error');
      });

      it('hides what its metadata truncate', async () => {
        const stream = fresh();
        await caller.append(stream, events(4));
        await caller.bound(stream, { truncateBefore: 2 });
        expect(await caller.read({ stream })).toEqual([`${stream}@2`, `${stream}@3`]);
        expect(await caller.read({ stream, count: 1 })).toEqual([`${stream}@2`]);
        expect(await caller.read({ stream, from: 1, backwards: true })).toEqual([]);
        await caller.bound(stream, { maxCount: 1 });
        expect(await caller.read({ stream })).toEqual([`${stream}@3`]);
        await caller.bound(stream, { truncateBefore: 4 });
        expect(await caller.read({ stream })).toEqual([]);
        expect(await caller.append(stream, events(1), 'stream_exists')).toBe('at 4');
        expect(await caller.read({ stream })).toEqual([`${stream}@4`]);
        expect(await caller.read({ stream: `$$${stream}` })).toEqual([`$$${stream}@2`]);
      });

      it('keeps bytes exactly as written, with the time of writing', async () => {
        const stream = fresh();
        const data = Buffer.from([0, 255, 128, 10]);
        const id = randomUUID();
        const binary = {
          id,
          type: 'Binary',
          contentType: 'application/octet-stream',
          data,
          metadata: Uint8Array.from(Buffer.from('so it goes')),
        } as const;
        await caller.client.appendToStream(stream, [binary, event({ n: 1 })]);
        const [first, second] = await caller.messages({ stream, count: 2 });
        if (typeof first !== 'object' || typeof second !== 'object') throw new Error('no events');
        const written = first.getEvent()!.getEvent()!;
        expect(Buffer.from(written.getData_asU8())).toEqual(data);
        expect(Buffer.from(written.getCustomMetadata_asU8()).toString()).toBe('so it goes');
        expect(written.getId()!.getString()).toBe(id);
        expect([...written.getMetadataMap().getEntryList()].map(([key]: [string, string]) => key).sort()).toEqual([
          'content-type',
          'created',
          'type',
        ]);
        expect(written.getMetadataMap().get('content-type')).toBe('application/octet-stream');
        expect(Number(written.getMetadataMap().get('created'))).toBeGreaterThan(1.7e16);
        expect(second.getEvent()!.getEvent()!.getMetadataMap().get('content-type')).toBe('application/json');
      });
    });

    describe('$all', () => {
      it('has growing positions, one for each event, in the order of writing', async () => {
        const stream = fresh();
        await caller.append(stream, events(3));
        await caller.append(`${stream}b`, events(1));
        await caller.append(stream, events(1));
        const messages = await caller.messages({ prefixes: [stream], count: 9 });
        const places = messages.map((message) => Number((message as any).getEvent().getEvent().getCommitPosition()));
        expect(new Set(places).size).toBe(5);
        expect(places).toEqual([...places].sort((a, b) => a - b));
        expect(messages.map((message) => Number((message as any).getEvent().getCommitPosition()))).toEqual(places);
      });

      it('is read forwards from a position and backwards before it', async () => {
        const stream = fresh();
        const places = [];
        for (let n = 0; n < 5; n++) places.push(await caller.appended(stream));
        const at = (...revisions: number[]) => revisions.map((revision) => `${stream}@${revision}`);
        const [p0, p1, p2, , p4] = places as [number, number, number, number, number];
        for (const filter of [{}, { prefixes: [stream] }]) {
          const read = (from: number | { commit: number; prepare: number }, backwards = false) =>
            caller.read({ from, backwards, count: 2, ...filter });
          expect(await read(p1)).toEqual(at(1, 2));
          expect(await read({ commit: p1, prepare: 0 })).toEqual(at(1, 2));
          expect(await read({ commit: p1, prepare: p0 })).toEqual(at(1, 2));
          expect(await read(p4)).toEqual(at(4));
          expect(await read(p2, true)).toEqual(at(1, 0));
          // With prepare position 0 the previous record, which ends at this commit position, is not before it.
          expect(await read({ commit: p4, prepare: 0 }, true)).toEqual(at(2, 1));
          expect(await caller.read({ from: 'end', backwards: true, count: 2, ...filter })).toEqual(at(4, 3));
          expect(await caller.read({ from: 'end', ...filter })).toEqual([]);
          expect(await caller.read({ from: 'start', backwards: true, ...filter })).toEqual([]);
          expect(await read(p4 + 100_000)).toEqual([]);
        }
      });

      it('refuses a position between events, with prepare after commit, or beyond the end when reading backwards', async () => {
        const stream = fresh();
        const place = await caller.appended(stream);
        await caller.appended(stream);
        for (const [filter, words] of [
          [{}, 'ReadAllResult'],
          [{ prefixes: [stream] }, 'FilteredReadAllResult'],
        ] as const) {
          expect(await caller.read({ from: place + 3, ...filter })).toBe(`2: Unexpected ${words}: InvalidPosition`);
          expect(await caller.read({ from: place + 3, backwards: true, ...filter })).toBe(`2: Unexpected ${words}: InvalidPosition`);
          expect(await caller.read({ from: { commit: place, prepare: place + 3 }, ...filter })).toBe('2: Exception was thrown by handler.');
          expect(await caller.read({ from: place + 1_000_000, backwards: true, ...filter })).toBe(`2: Unexpected ${words}: Error`);
        }
      });

      it('is filtered by stream or type, by prefixes or a pattern', async () => {
        const key = fresh();
        const from = await caller.appended(`a-${key}`);
        await caller.append(`b-${key}`, [event({}, randomUUID(), `X${key}`)]);
        await caller.append(`c-${key}`, [event({}, randomUUID(), `Y${key}`)]);
        const read = (filter: object) => caller.read({ from, ...filter });
        expect(await read({ prefixes: [`a-${key}`, `c-${key}`] })).toEqual([`a-${key}@0`, `c-${key}@0`]);
        expect(await read({ regex: `^[bc]-${key}$` })).toEqual([`b-${key}@0`, `c-${key}@0`]);
        expect(await read({ by: 'type', prefixes: [`X${key}`] })).toEqual([`b-${key}@0`]);
        expect(await read({ by: 'type', regex: `${key}$` })).toEqual([`b-${key}@0`, `c-${key}@0`]);
        expect(await read({ prefixes: [`d-${key}`] })).toEqual([]);
        expect(await read({ regex: '(' })).toBe('2: Exception was thrown by handler.');
      });

      it('hides the records of elections, which can be read as a stream', async () => {
        expect(await caller.read({ prefixes: ['$epoch-information'] })).toEqual([]);
        expect(await caller.read({ stream: '$epoch-information', count: 1 })).toEqual(['$epoch-information@0']);
      });
    });

    describe('a subscription to $all', () => {
      it('at the head is caught up at once and then sends a checkpoint every window', async () => {
        const [ours, others] = [fresh(), fresh()];
        const from = await caller.appended(others);
        const subscribed = await caller.subscribe({ from, prefixes: [ours], window: 10 });
        expect(await subscribed.until('caught up')).toEqual(['confirmed', 'caught up']);
        for (let n = 1; n <= 25; n++) await caller.appended(others);
        expect(await subscribed.until(`checkpoint at ${others}@20`)).toEqual([`checkpoint at ${others}@10`, `checkpoint at ${others}@20`]);
        await caller.appended(ours, 3);
        expect(await subscribed.until(`${ours}@2`)).toEqual([`${ours}@0`, `${ours}@1`, `${ours}@2`]);
        for (let n = 26; n <= 29; n++) await caller.appended(others);
        expect(await subscribed.until(`checkpoint at ${others}@27`)).toEqual([`checkpoint at ${others}@27`]);
        subscribed.cancel();
      });

      it('that catches up sends a checkpoint after each page of a window and at the end', async () => {
        const [ours, others] = [fresh(), fresh()];
        const from = await caller.appended(others);
        for (let n = 1; n <= 25; n++) await caller.appended(others);
        for (let n = 0; n < 3; n++) await caller.appended(ours);
        for (let n = 26; n <= 33; n++) await caller.appended(others);
        const trace = async (options: { window?: number; interval?: number }) => {
          const subscribed = await caller.subscribe({ from, prefixes: [ours], ...options });
          const received = await subscribed.until('caught up');
          subscribed.cancel();
          return received;
        };
        const three = [`${ours}@0`, `${ours}@1`, `${ours}@2`];
        expect(await trace({ window: 10 })).toEqual([
          'confirmed',
          `checkpoint at ${others}@0`,
          `checkpoint before ${others}@10`,
          ...three,
          `checkpoint at ${ours}@2`,
          `checkpoint before ${others}@27`,
          'caught up',
        ]);
        expect(await trace({ window: 10, interval: 2 })).toEqual([
          'confirmed',
          `checkpoint before ${others}@10`,
          ...three,
          `checkpoint before ${others}@27`,
          'caught up',
        ]);
        expect(await trace({})).toEqual(['confirmed', ...three, `checkpoint at ${ours}@2`, `checkpoint before ${others}@29`, 'caught up']);
      });

      it('resumes after a position, also in the middle of an append', async () => {
        const stream = fresh();
        await caller.append(stream, events(4));
        const messages = await caller.messages({ stream, count: 4 });
        const from = Number((messages[1] as any).getEvent().getEvent().getCommitPosition());
        for (const [place, first] of [
          [from, 2],
          [{ commit: from, prepare: 0 }, 1],
        ] as const) {
          const subscribed = await caller.subscribe({ from: place, prefixes: [stream], window: 100 });
          const received = (await subscribed.until('caught up')).filter((message) => message.includes('@') && !/checkpoint/.test(message));
          expect(received).toEqual([1, 2, 3].filter((n) => n >= first).map((n) => `${stream}@${n}`));
          subscribed.cancel();
        }
      });

      it('from the end sends only new events', async () => {
        const stream = fresh();
        await caller.appended(stream, 3);
        const subscribed = await caller.subscribe({ from: 'end', prefixes: [stream] });
        expect(await subscribed.until('caught up')).toEqual(['confirmed', 'caught up']);
        await caller.appended(stream, 2);
        expect(await subscribed.until(`${stream}@4`)).toEqual([`${stream}@3`, `${stream}@4`]);
        subscribed.cancel();
      });

      it('from beyond the end never sends anything', async () => {
        const stream = fresh();
        const from = (await caller.appended(stream)) + 1_000_000;
        const subscribed = await caller.subscribe({ from, prefixes: [stream] });
        expect(await subscribed.until('caught up')).toEqual(['confirmed', 'caught up']);
        await caller.appended(stream, 2);
        expect(await subscribed.until('anything', 0, 300)).toEqual([]);
        subscribed.cancel();
      });

      it('ends with an error at a position between events', async () => {
        const stream = fresh();
        const from = (await caller.appended(stream)) + 3;
        await caller.appended(stream);
        for (const filter of [{}, { prefixes: [stream] }]) {
          const subscribed = await caller.subscribe({ from, ...filter });
          expect(await subscribed.until('ended')).toEqual(['confirmed', '3: Trying to read from an invalid position.', 'ended']);
        }
      });

      it('without a filter sends every event and no checkpoint', async () => {
        const stream = fresh();
        const from = await caller.appended(stream);
        for (let n = 1; n <= 40; n++) await caller.appended(stream);
        await caller.bound(stream, { maxCount: 100 });
        const subscribed = await caller.subscribe({ from });
        expect(await subscribed.until('caught up')).toEqual([
          'confirmed',
          ...Array.from({ length: 40 }, (_, n) => `${stream}@${n + 1}`),
          `$$${stream}@0`,
          'caught up',
        ]);
        await caller.tombstone(stream);
        expect(await subscribed.until(`${stream}@end`)).toEqual([`${stream}@end`]);
        subscribed.cancel();
      });
    });

    describe('a subscription to a stream', () => {
      it('sends the events after a revision, then new ones, until the stream is deleted permanently', async () => {
        const stream = fresh();
        await caller.append(stream, events(3));
        const subscribed = await caller.subscribe({ stream, from: 0 });
        expect(await subscribed.until('caught up')).toEqual(['confirmed', `${stream}@1`, `${stream}@2`, 'caught up']);
        await caller.append(stream, events(2));
        expect(await subscribed.until(`${stream}@4`)).toEqual([`${stream}@3`, `${stream}@4`]);
        await caller.delete(stream);
        await caller.append(stream, events(1));
        expect(await subscribed.until(`${stream}@5`)).toEqual([`${stream}@5`]);
        await caller.tombstone(stream);
        const deleted = `9: Event stream '${stream}' is deleted.`;
        expect(await subscribed.until('ended')).toEqual([`${stream}@end`, deleted, 'ended']);
        expect(await (await caller.subscribe({ stream })).until('ended')).toEqual([deleted, 'ended']);
      });

      it('can begin before the stream exists', async () => {
        const stream = fresh();
        const subscribed = await caller.subscribe({ stream });
        expect(await subscribed.until('caught up')).toEqual(['confirmed', 'caught up']);
        await caller.append(stream, events(2));
        expect(await subscribed.until(`${stream}@1`)).toEqual([`${stream}@0`, `${stream}@1`]);
        subscribed.cancel();
      });
    });

    it('announces its version and that it supports batch appends', async () => {
      const capabilities = await (caller.client as any).capabilities;
      expect(capabilities.serverVersion).toMatch(/^26\.1\./);
      expect(batching.places.size).toBeGreaterThan(0);
    });
  });
};
