import { afterEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Recent } from '../../src/store/sqlite/read-model-tables.js';
import { SqliteReadModelFile } from '../../src/store/sqlite/read-model-file.js';
import {
  MAX_SCANNED,
  ReadModelDamagedError,
  ReadModelUnavailableError,
  type ContributionPlace,
  type EventQuery,
  type IndexedEvent,
  type ReadModel,
  type ReadModelReader,
  type Tag,
} from '../../src/store/read-model.js';

const folders: string[] = [];
const models = new Set<ReadModelReader>();
const newFile = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'tower-ledger-read-model-')));
  return join(folders.at(-1)!, 'read-model.db');
};
const open = (file = newFile(), owner = 'ours'): ReadModel => {
  const place = new SqliteReadModelFile(file);
  place.prepare(owner);
  const model = place.write();
  models.add(model);
  return model;
};
const readerOf = (file: string, onDamage = (_: Error): void => undefined): ReadModelReader => {
  const reader = new SqliteReadModelFile(file).read(onDamage);
  models.add(reader);
  return reader;
};
const close = (model: ReadModelReader): void => void (models.delete(model) && model.close());
const closeAll = (): void => {
  [...models].forEach(close);
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
};
afterEach(closeAll);

const always = (property: fc.IPropertyWithHooks<any>, numRuns: number): void =>
  fc.assert(property.afterEach(closeAll), { numRuns, interruptAfterTimeLimit: 8000 });
const PATIENCE = 30_000;

const FOREVER = Number.MAX_SAFE_INTEGER - 1;
const hour = (n: number): string => `2016-01-04T${String(n).padStart(6, '0')}`;
const event = (sequence: number, more: Partial<IndexedEvent> = {}): IndexedEvent => ({
  sequence,
  position: `p${sequence}`,
  stream: 'contract-euc',
  revision: sequence - 1,
  id: `id-${sequence}`,
  watermark: hour(sequence),
  ...more,
});
const whole: EventQuery = { tags: [], after: 0, upTo: FOREVER, limit: 100_000 };
/** Every match, page by page. */
const allEvents = (model: ReadModelReader, query: EventQuery): readonly IndexedEvent[] => {
  const found: IndexedEvent[] = [];
  for (let { after } = query; ;) {
    const { events, scanned } = model.events({ ...query, after, limit: query.limit - found.length });
    found.push(...events);
    if (found.length >= query.limit || scanned >= query.upTo) return found;
    expect(scanned).toBeGreaterThan(after);
    after = scanned;
  }
};
const sequences = (model: ReadModelReader, query: Partial<EventQuery> = {}): number[] =>
  allEvents(model, { ...whole, ...query }).map(({ sequence }) => sequence);

/** As it is written, of how it is asked for. */
const tag = (text: string): Tag => {
  const [name, value] = text.split(':') as [string, string];
  return [name, value];
};

interface Tagged {
  readonly event: IndexedEvent;
  readonly tags: readonly string[];
}
/** What an index is for, without one. */
const sought = (log: readonly Tagged[], { tags, stream, from, until, after, upTo, limit }: EventQuery): readonly IndexedEvent[] =>
  log
    .filter(({ tags: own, event: { stream } }) => tags.every((tag) => own.includes(tag) || tag.replace(':', '-') === stream))
    .map((one) => one.event)
    .filter((one) => one.sequence > after && one.sequence <= upTo && (stream === undefined || one.stream === stream))
    .filter(({ watermark }) => (from === undefined || watermark >= from) && (until === undefined || watermark <= until))
    .slice(0, limit);

const streams = ['contract-a', 'contract-b', 'programme-met'];
/** From one that is on every event to one that hardly any has. */
const rarity = { 'type:All': 0, 'actor:ana': 40, 'tower:euc': 70, 'contract:b': 80, 'supplier:csc': 95 } as const;
const tagNames = Object.keys(rarity) as (keyof typeof rarity)[];

describe('names that are kept', () => {
  it('are those used last, in so many bytes', () => {
    const recent = new Recent(100_000);
    const name = (n: number) => `contract:${String(n).padStart(91, '0')}`; // 100 characters, and as much for its place
    for (let n = 0; n < 5000; n++) {
      recent.set(name(n), n);
      expect(recent.get(name(0))).toBe(0); // in use all the time
    }
    const kept = Array.from({ length: 5000 }, (_, n) => n).filter((n) => recent.get(name(n)) === n);
    expect(kept.length).toBeLessThanOrEqual(500);
    expect(kept.length).toBeGreaterThan(200);
    expect(kept).toContain(4999);
    recent.clear();
    expect(recent.get(name(4999))).toBeUndefined();
  });
});

describe('a read model', () => {
  describe('the index of the log', () => {
    const recorded = fc.record({
      // what lies between two sequences is written in as few bytes as it takes: one, two, three
      step: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constantFrom(127, 128, 129, 16_383, 16_384, 3_000_000) }), // prettier-ignore
      stream: fc.constantFrom(...streams),
      chances: fc.tuple(...tagNames.map(() => fc.nat(99))),
      later: fc.nat(2),
    });
    const transactions = fc.array(
      fc.record({
        events: fc.array(recorded, { maxLength: 12, size: 'max' }),
        hold: fc.boolean(),
        /** After so many events something is read, so that the rest is written apart. */
        read: fc.nat(12),
      }),
      { minLength: 1, maxLength: 70, size: 'max' },
    );
    const query = fc.record({
      tags: fc.subarray([...tagNames, 'contract:a', 'tower:nobody'], { maxLength: 3 }),
      stream: fc.option(fc.constantFrom(...streams, 'contract-nobody'), { nil: undefined, freq: 3 }),
      from: fc.option(fc.nat(100), { nil: undefined }),
      until: fc.option(fc.nat(100), { nil: undefined }),
      after: fc.nat(100),
      upTo: fc.nat(130),
      limit: fc.oneof(fc.nat(5), fc.constant(1000)),
    });

    it(
      'answers what going through the whole log answers, however its events were written',
      () =>
        always(
          fc.property(transactions, fc.array(query, { minLength: 20, maxLength: 20 }), (written, queries) => {
            const model = open();
            const log: Tagged[] = [];
            let [sequence, time] = [0, 0];
            for (const { events, hold, read } of written)
              model.transaction(() => {
                for (const [i, { step, stream, chances, later }] of events.entries()) {
                  [sequence, time] = [sequence + step, time + later];
                  const revision = log.filter((one) => one.event.stream === stream).length;
                  log.push({
                    event: event(sequence, { stream, revision, watermark: hour(time) }),
                    tags: tagNames.filter((name, n) => chances[n]! >= rarity[name]),
                  });
                  model.addEvent(log.at(-1)!.event, log.at(-1)!.tags.map(tag));
                  if (i === read) expect(model.lastEvent()).toEqual(log.at(-1)!.event);
                }
              }, hold);

            // in hundredths of the log, so that a query lands anywhere in it
            const sequenceAt = (n: number) => (n > 100 ? FOREVER : (log[Math.ceil((n * log.length) / 100) - 1]?.event.sequence ?? 0));
            const timeAt = (n: number | undefined) => (n === undefined ? undefined : hour(Math.round((n * time) / 100)));
            for (const q of queries) {
              const asked = { ...q, from: timeAt(q.from), until: timeAt(q.until), after: sequenceAt(q.after), upTo: sequenceAt(q.upTo) };
              expect(allEvents(model, asked)).toEqual(sought(log, asked));
            }
            for (const name of tagNames) {
              const asked = { ...whole, tags: [name] };
              expect(allEvents(model, asked)).toEqual(sought(log, asked));
            }
            const reached = new Map(streams.map((stream) => [stream, -1]));
            for (const { event } of log) {
              expect([model.eventAt(event.sequence), model.eventById(event.id)]).toEqual([event, event]);
              expect(model.revisionAt(event.stream, event.sequence - 1)).toBe(reached.get(event.stream));
              reached.set(event.stream, event.revision);
              expect(streams.map((stream) => model.revisionAt(stream, event.sequence))).toEqual([...reached.values()]);
            }
          }),
          40,
        ),
      PATIENCE,
    );

    it('finds a tag that hardly any event has beside one that every event has, over many transactions', () => {
      const model = open();
      for (let n = 0; n < 300; n++)
        model.transaction(() => {
          for (let i = 1; i <= 10; i++)
            model.addEvent(event(n * 10 + i), [tag('type:All'), ...(n % 100 === 7 && i === 3 ? [tag('tower:rare')] : [])]);
        });
      expect(sequences(model, { tags: ['type:All'] })).toHaveLength(3000);
      expect(sequences(model, { tags: ['type:All'], after: 2994 })).toEqual([2995, 2996, 2997, 2998, 2999, 3000]);
      for (const tags of [['type:All', 'tower:rare'], ['tower:rare', 'type:All'], ['tower:rare']])
        // prettier-ignore
        expect(sequences(model, { tags })).toEqual([73, 1073, 2073]);
      expect(sequences(model, { tags: ['type:All', 'tower:rare'], after: 73, limit: 1 })).toEqual([1073]);
    });

    it('has an event once that was tagged twice with the same', () => {
      const model = open();
      model.transaction(() => model.addEvent(event(1), [tag('contract:euc'), tag('contract:euc')]));
      expect(sequences(model, { tags: ['contract:euc', 'contract:euc'] })).toEqual([1]);
    });

    it('has nothing before the first event', () => {
      const model = open();
      expect([model.lastEvent(), model.eventAt(1), model.eventById('id-1'), model.revisionAt('contract-euc', 1)]).toEqual([
        undefined,
        undefined,
        undefined,
        -1,
      ]);
      expect(sequences(model)).toEqual([]);
    });
  });

  describe('a transaction', () => {
    const inFile = (file: string): number => {
      const db = new Database(file, { readonly: true });
      const { n } = db.prepare('SELECT count(*) AS n FROM events').get() as { n: number };
      db.close();
      return n;
    };
    const add = (model: ReadModel, ...added: readonly number[]) => added.forEach((n) => model.addEvent(event(n), [tag('type:All')]));
    const fail = (): never => {
      throw new Error('The disk is full.');
    };

    it('held open is in the file once it is ended', () => {
      const file = newFile();
      const model = open(file);
      model.transaction(() => add(model, 1, 2), true);
      model.transaction(() => add(model, 3), true);
      expect(inFile(file)).toBe(0);
      model.commit();
      expect([sequences(model), inFile(file)]).toEqual([[1, 2, 3], 3]);
      model.commit(); // nothing is held any more
      expect(sequences(model)).toEqual([1, 2, 3]);
    });

    it('held open is committed by any read, and by the next transaction that is not held', () => {
      const file = newFile();
      const model = open(file);
      model.transaction(() => add(model, 1), true);
      expect([sequences(model), sequences(model, { tags: ['type:All'] }), inFile(file)]).toEqual([[1], [1], 1]);
      model.transaction(() => add(model, 2), true);
      model.transaction(() => add(model, 3));
      expect([model.lastEvent()!.sequence, inFile(file)]).toEqual([3, 3]);
    });

    it('reads what it has written itself, and ends nothing by that', () => {
      const file = newFile();
      const model = open(file);
      model.transaction(() => add(model, 1), true);
      model.transaction(() => {
        add(model, 2);
        expect([sequences(model), sequences(model, { tags: ['type:All'] }), inFile(file)]).toEqual([[1, 2], [1, 2], 0]);
      }, true);
      expect(inFile(file)).toBe(0);
    });

    it('is ended when the read model is closed', () => {
      const file = newFile();
      const model = open(file);
      model.transaction(() => add(model, 1), true);
      close(model);
      expect(sequences(open(file))).toEqual([1]);
    });

    it('held open is lost with the process as if it had not begun', () => {
      const file = newFile();
      const model = open(file);
      model.transaction(() => add(model, 1));
      expect(model.lastEvent()!.sequence).toBe(1);
      model.transaction(() => add(model, 2, 3), true);
      model.transaction(() => expect(model.lastEvent()!.sequence).toBe(3), true);
      const left = newFile(); // what a process that is killed now leaves behind
      for (const suffix of ['', '-wal']) cpSync(file + suffix, left + suffix);
      const after = open(left);
      expect([sequences(after), sequences(after, { tags: ['type:All'] })]).toEqual([[1], [1]]);
    });

    it.each([1, 6000])('that fails takes all along that is held: %d events', (many) => {
      const model = open();
      const build = model.addBuild('board', 1, true);
      model.transaction(() => add(model, 1));
      const before = model.dump(build.id);
      const place = { key: 'tower:euc', stream: 'tower-new', row: true, links: ['programme:met'] };
      const work = () => {
        for (let n = 2; n <= many + 1; n++) model.addEvent(event(n, { stream: 'tower-new', revision: n - 2 }), [tag('tower:euc')]);
        model.openContribution(build.id, place, 2);
        model.mark(build.id, '=tower:euc', 2);
        model.setSum(build.id, 'programme:met', new Map([['towers', 1n]]), 2);
        model.fault(build.id, { stream: 'tower-new', sequence: 2, error: 'Out of ink.' });
        model.moveBuild(build.id, 2);
      };
      model.transaction(work, true);
      model.transaction(() => expect(model.contributionsAt(build.id, 'tower:euc', 2)).toMatchObject([place]), true);
      expect(() => model.transaction(() => (add(model, many + 2), fail()), true)).toThrow('The disk is full.');

      expect([sequences(model), sequences(model, { tags: ['tower:euc'] }), model.revisionAt('tower-new', FOREVER)]).toEqual([[1], [], -1]);
      expect([model.dump(build.id), model.faulted(build.id, { limit: 10 }), model.builds()]).toEqual([before, [], [build]]);
      expect(model.sumAt(build.id, 'programme:met', FOREVER)).toEqual({});

      model.transaction(work); // the same again, by the same names
      expect(sequences(model, { tags: ['tower:euc'] })).toHaveLength(many);
      expect([model.contributionsAt(build.id, 'tower:euc', 2), model.marked(build.id, '=tower:euc', { upTo: 2, limit: 9 })]).toEqual([[{ ...place, since: 2 }], [2]]); // prettier-ignore
    });

    it('inside another one is refused, and the outer one goes on', () => {
      const model = open();
      model.transaction(() => {
        add(model, 1);
        expect(() => model.transaction(() => add(model, 2))).toThrow('A transaction is open already.');
        add(model, 2);
      });
      expect(sequences(model)).toEqual([1, 2]);
    });

    it('held open that cannot be written when it is ended takes all along, and nothing of the next one', () => {
      const model = open();
      model.transaction(() => add(model, 1));
      model.transaction(() => add(model, 2, 2), true); // one sequence twice
      expect(() => model.commit()).toThrow(ReadModelDamagedError);
      expect(sequences(model)).toEqual([1]);
      model.transaction(() => add(model, 2));
      expect(sequences(model)).toEqual([1, 2]);
    });

    it('shows the totals of a key at any event, also those that it has not written yet', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      const towers = (n: bigint) => new Map([['towers', n], ['gone', 0n]]); // prettier-ignore
      model.transaction(() => model.setSum(id, 'programme:met', towers(1n), 1));
      model.transaction(() => {
        expect(model.sumAt(id, 'programme:met', 2)).toEqual({ towers: 1n });
        model.setSum(id, 'programme:met', towers(2n), 2);
        expect([1, 2, 3].map((at) => model.sumAt(id, 'programme:met', at))).toEqual([{ towers: 1n }, { towers: 2n }, { towers: 2n }]);
        expect(model.sumAt(id, 'programme:other', 2)).toEqual({});
      });
      expect([1, 2].map((at) => model.sumAt(id, 'programme:met', at))).toEqual([{ towers: 1n }, { towers: 2n }]);
    });

    it('that fails takes nothing along of what was ended before', () => {
      const model = open();
      model.transaction(() => add(model, 1), true);
      model.commit();
      expect(() => model.transaction(() => (add(model, 2), fail()))).toThrow('The disk is full.');
      model.transaction(() => add(model, 2));
      expect([sequences(model), sequences(model, { tags: ['type:All'] })]).toEqual([[1, 2], [1, 2]]); // prettier-ignore
    });
  });

  describe('contributions', () => {
    interface Version extends ContributionPlace {
      readonly since: number;
      until: number;
    }
    // among them keys that are the names of streams, which are stored in another way
    const keys = ['a', 'a b', 'b c', ...streams.map((stream) => stream.replace('-', ':'))];
    const change = fc.record({
      stream: fc.constantFrom(...streams),
      key: fc.constantFrom(...keys),
      row: fc.boolean(),
      links: fc.subarray(keys, { maxLength: 3 }),
      /** Closed for good rather than replaced. */
      gone: fc.nat(3).map((n) => n === 0),
      total: fc.option(fc.record({ key: fc.constantFrom(...keys), n: fc.nat(9) }), { nil: undefined }),
      /** What comes before the next change: nothing, a look, a new transaction, one that is held. */
      then: fc.constantFrom('on', 'on', 'on', 'read', 'commit', 'hold'),
    });
    type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

    /** Each change at a sequence of its own, in the transactions given; the build, and what must be in it. */
    const made = (changes: readonly Change[], model: ReadModel, build: number) => {
      const versions: Version[] = [];
      const totals: { key: string; n: number; at: number }[] = [];
      let at = 0;
      const one = ({ stream, key, row, links, gone, total }: Change) => {
        const current = versions.find((v) => v.stream === stream && v.key === key && v.until === Infinity);
        at++;
        if (current) {
          model.closeContribution(build, current, at);
          current.until = at;
        }
        if (!gone) {
          model.openContribution(build, { key, stream, row, links }, at);
          versions.push({ key, stream, row, links, since: at, until: Infinity });
        }
        if (!total) return;
        model.setSum(build, total.key, new Map([['n', 0n]]), at); // as when a part counts down what another counts up
        model.setSum(build, total.key, new Map([['n', BigInt(total.n)]]), at);
        totals.push({ ...total, at });
      };
      for (let from = 0; from < changes.length;) {
        const to = changes.findIndex(({ then }, i) => i >= from && (then === 'commit' || then === 'hold'));
        const some = changes.slice(from, to === -1 ? undefined : to + 1);
        model.transaction(
          () => {
            for (const c of some) {
              one(c);
              if (c.then === 'read') model.contributionsAt(build, c.key, at);
            }
          },
          some.at(-1)!.then === 'hold',
        );
        from += some.length;
      }
      return { versions, totals, last: at };
    };
    const place = ({ key, stream, row, links, since }: Version) => ({ key, stream, row, links, since });
    const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

    it(
      'are known at every sequence: under a key, referencing one, the keys of rows, the sums',
      () =>
        always(
          fc.property(fc.array(change, { minLength: 1, maxLength: 40, size: 'max' }), (changes) => {
            const model = open();
            const [other, build] = [model.addBuild('board', 1, true), model.addBuild('board', 2, false)];
            made(changes.slice(0, 5), model, other.id);
            const { versions, totals, last } = made(changes, model, build.id);
            const begun = (stream: string) => Math.min(...versions.filter((v) => v.stream === stream).map(({ since }) => since));
            for (let at = 0; at <= last + 1; at++) {
              const there = versions
                .filter(({ since, until }) => since <= at && at < until)
                .sort((a, b) => compare(a.key, b.key) || compare(a.stream, b.stream));
              const rows = [...new Set(there.filter(({ row }) => row).map(({ key }) => key))];
              expect(model.rowKeys(build.id, at, '', 100)).toEqual({ keys: rows });
              const paged: string[] = [];
              for (let next: string | undefined = 'a'; next !== undefined;) {
                const page = model.rowKeys(build.id, at, next, 2);
                paged.push(...page.keys);
                next = page.next;
              }
              expect(paged).toEqual(rows.filter((key) => key > 'a'));
              for (const key of keys) {
                const under = there.filter((v) => v.key === key).sort((a, b) => begun(a.stream) - begun(b.stream));
                expect(model.contributionsAt(build.id, key, at)).toEqual(under.map(place));
                if (under.length > 1)
                  expect(model.contributionsAt(build.id, key, at, { after: under[0]!.stream, limit: 1 })).toEqual([place(under[1]!)]);
                const linked = there.filter((v) => v.links.includes(key)).sort((a, b) => a.since - b.since).map(place); // prettier-ignore
                expect(model.referencingAt(build.id, key, at, { limit: 100, newestFirst: false })).toEqual(linked);
                expect(model.referencingAt(build.id, key, at, { limit: 100 })).toEqual(linked.toReversed());
                for (const [i, after] of linked.entries()) {
                  expect(model.referencingAt(build.id, key, at, { after, limit: 2 })).toEqual(linked.slice(0, i).toReversed().slice(0, 2));
                  expect(model.referencingAt(build.id, key, at, { after, limit: 2, newestFirst: false })).toEqual(
                    linked.slice(i + 1, i + 3),
                  );
                }
                const total = totals.findLast((t) => t.key === key && t.at <= at);
                expect(model.sumAt(build.id, key, at)).toEqual(total?.n ? { n: BigInt(total.n) } : {});
              }
            }
          }),
          60,
        ),
      PATIENCE,
    );

    it(
      'are the same, to the byte, however the work is divided into transactions',
      () =>
        always(
          fc.property(fc.array(change, { minLength: 1, maxLength: 40, size: 'max' }), (changes) => {
            const dumps = [
              changes,
              changes.map((c) => ({ ...c, then: 'on' as const })),
              changes.map((c) => ({ ...c, then: 'commit' as const })),
            ].map((cut) => {
              const model = open();
              const build = model.addBuild('board', 1, true);
              made(cut, model, build.id);
              return model.dump(build.id);
            });
            expect(new Set(dumps).size).toBe(1);
          }),
          60,
        ),
      PATIENCE,
    );

    it('of one event that reference one key are in the order of their keys, whichever of them is the own key of the stream', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      const keys = ['account:a', 'contract:a', 'loss:a'];
      model.transaction(() => {
        for (const key of keys.toReversed()) model.openContribution(id, { key, stream: 'contract-a', row: true, links: ['tower:euc'] }, 1);
      });
      for (const newestFirst of [true, false]) {
        const paged = [];
        let after: { since: number; key: string } | undefined;
        for (let page; (page = model.referencingAt(id, 'tower:euc', 1, { ...(after && { after }), limit: 1, newestFirst })).length > 0;)
          paged.push((after = page[0]!).key);
        expect(paged).toEqual(newestFirst ? keys.toReversed() : keys);
      }
      expect(model.rowKeys(id, 1, '', 10)).toEqual({ keys });
      expect(keys.map((key) => model.contributionsAt(id, key, 1).map((place) => place.key))).toEqual(keys.map((key) => [key]));
    });

    it('of events are marked in their order, once each, for one build', () => {
      const model = open();
      const [build, other] = [model.addBuild('decisions', 1, true).id, model.addBuild('decisions', 2, false).id];
      model.transaction(() => [5, 2, 5, 9].forEach((at) => model.mark(build, '>person:p-1', at)));
      model.transaction(() => model.mark(build, '>person:p-1', 9));
      model.transaction(() => model.mark(other, '>person:p-1', 3));
      model.transaction(() => model.mark(build, '=person:p-1', 4));
      const marked = (page: { after?: number; upTo?: number; limit?: number; newestFirst?: boolean }) =>
        model.marked(build, '>person:p-1', { upTo: 9, limit: 9, ...page });
      expect([8, 9, 1].map((upTo) => marked({ upTo }))).toEqual([[2, 5], [2, 5, 9], []]);
      expect([marked({ after: 2 }), marked({ limit: 2 }), marked({ limit: 2, newestFirst: true }), marked({ upTo: 8, newestFirst: true })]).toEqual([[5, 9], [2, 5], [9, 5], [5, 2]]); // prettier-ignore
      expect(model.marked(other, '>person:p-1', { upTo: 9, limit: 9 })).toEqual([3]);
    });

    it('add up to totals that are known after each of many changes, also where a measure is new', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      const sumsAt = (n: number) => ({ contracts: BigInt(n), ...(n > 100 && { 'ceiling.GBP': BigInt(-n) }) });
      for (const [from, to] of [
        [1, 150],
        [151, 300],
      ] as const)
        // prettier-ignore
        model.transaction(() => {
          for (let n = from; n <= to; n++) model.setSum(id, 'programme:met', new Map(Object.entries(sumsAt(n))), n);
        });
      expect(Array.from({ length: 301 }, (_, n) => model.sumAt(id, 'programme:met', n))).toEqual([
        {},
        ...Array.from({ length: 300 }, (_, n) => sumsAt(n + 1)),
      ]);
      expect(model.sumAt(id, 'programme:met', FOREVER)).toEqual(sumsAt(300));
    });

    it('keep the first fault of a stream', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      model.fault(id, { stream: 'tower-z', sequence: 3, error: 'Out of ink.' });
      model.fault(id, { stream: 'tower-a', sequence: 5, error: 'Out of paper.' });
      model.fault(id, { stream: 'tower-z', sequence: 7, error: 'Still out of ink.' });
      const [a, z] = [
        { stream: 'tower-a', sequence: 5, error: 'Out of paper.' },
        { stream: 'tower-z', sequence: 3, error: 'Out of ink.' },
      ];
      expect([model.faulted(id, { limit: 1 }), model.faulted(id, { after: 'tower-a', limit: 9 })]).toEqual([[a], [z]]);
      expect([model.faultOf(id, 'tower-z'), model.faultOf(id, 'tower-b')]).toEqual([z, undefined]);
    });
  });

  describe('a build', () => {
    const fill = (model: ReadModel, build: number, many: number) =>
      model.transaction(() => {
        for (let n = 1; n <= many; n++) {
          model.openContribution(build, { key: `contract:${n}`, stream: 'contract-euc', row: true, links: [`tower:${n}`] }, n);
          model.mark(build, `=contract:${n}`, n);
          model.setSum(build, `tower:${n}`, new Map([['contracts', 1n]]), n);
        }
        model.fault(build, { stream: 'contract-euc', sequence: many + 1, error: 'Out of ink.' });
        model.moveBuild(build, many + 1);
      });

    it('takes the place of the others of its projection, and of no other projection', () => {
      const model = open();
      const [old, , board, next] = [
        model.addBuild('register', 1, true),
        model.addBuild('register', 2, false),
        model.addBuild('board', 1, true),
        model.addBuild('register', 3, false),
      ];
      model.transaction(() => model.activate(next.id));
      expect(model.builds()).toEqual([board, { ...next, serving: true }]);
      expect(model.addBuild('register', 4, false).id).toBeGreaterThan(Math.max(old.id, next.id)); // never an id that was in use
    });

    it('that is gone is swept away a bit at a time, and nothing else with it', () => {
      const model = open();
      const ids = [
        model.addBuild('board', 1, true).id,
        model.addBuild('register', 1, true).id,
        model.addBuild('register', 2, false).id,
      ] as const;
      ids.forEach((id, i) => fill(model, id, [10, 2500, 20][i]!));
      const kept = [model.dump(ids[0]), model.dump(ids[2])];
      const empty = model.dump(999);
      model.transaction(() => model.activate(ids[2]));
      expect(model.dump(ids[1])).not.toBe(empty);
      let swept = 0;
      for (let more = true; more; swept++) model.transaction(() => void (more = model.retire()));
      expect([model.dump(ids[1]), model.faulted(ids[1], { limit: 9 })]).toEqual([empty, []]);
      expect([model.dump(ids[0]), model.dump(ids[2])]).toEqual(kept);
      expect([model.faulted(ids[0], { limit: 9 }), model.faulted(ids[2], { limit: 9 })]).toMatchObject([
        [{ sequence: 11 }],
        [{ sequence: 21 }],
      ]);
      expect(swept).toBeGreaterThan(10); // no transaction of it keeps the others waiting
    });

    it('that is dropped before it serves leaves the one that serves as it is', () => {
      const model = open();
      const [serving, next] = [model.addBuild('board', 1, true), model.addBuild('board', 2, false)];
      model.transaction(() => model.mark(next.id, '=tower:euc', 1));
      model.transaction(() => model.dropBuild(next.id));
      expect(model.builds()).toEqual([serving]);
      let swept = 0;
      while (model.retire()) swept++;
      expect([swept, model.marked(next.id, '=tower:euc', { upTo: 1, limit: 1 })]).toEqual([1, []]);
    });

    it('has nothing to sweep while nothing is gone', () => {
      const model = open();
      fill(model, model.addBuild('board', 1, true).id, 3);
      expect(model.retire()).toBe(false);
    });
  });

  describe('the file', () => {
    const fill = (model: ReadModel): number => {
      const { id } = model.addBuild('board', 1, true);
      model.transaction(() => {
        model.addEvent(event(1, { stream: 'tower-euc' }), [tag('tower:euc')]);
        model.openContribution(id, { key: 'tower:euc', stream: 'tower-euc', row: true, links: ['programme:met'] }, 1);
        model.setSum(id, 'programme:met', new Map([['towers', 1n]]), 1);
        model.mark(id, '=tower:euc', 1);
        model.moveBuild(id, 1);
      });
      return id;
    };
    /** Whether it can be used from the beginning. */
    const works = (model: ReadModel): void => {
      expect([model.lastEvent(), model.builds(), sequences(model, { tags: ['tower:euc'] })]).toEqual([undefined, [], []]);
      const build = fill(model);
      expect([sequences(model, { tags: ['tower:euc'] }), model.rowKeys(build, 1, '', 10)]).toEqual([[1], { keys: ['tower:euc'] }]);
    };

    it('holds when it is opened again what was written, and goes on from there', () => {
      const file = newFile();
      const first = open(file);
      const build = fill(first);
      const [dump, builds] = [first.dump(build), first.builds()];
      close(first);
      const again = open(file);
      expect([again.dump(build), again.builds(), again.lastEvent()]).toEqual([dump, builds, event(1, { stream: 'tower-euc' })]);
      again.transaction(() => {
        again.addEvent(event(2, { stream: 'tower-euc', revision: 1 }), [tag('tower:euc')]);
        again.closeContribution(build, again.contributionsAt(build, 'tower:euc', 1)[0]!, 2);
      });
      expect([sequences(again, { tags: ['tower:euc'] }), again.revisionAt('tower-euc', 2)]).toEqual([[1, 2], 1]);
      expect([again.rowKeys(build, 1, '', 10).keys, again.rowKeys(build, 2, '', 10).keys]).toEqual([['tower:euc'], []]);
      expect([1, 2].map((at) => again.referencingAt(build, 'programme:met', at, { limit: 9 }).length)).toEqual([1, 0]);
    });

    it('belongs to its owner alone, with the files beside it, whatever the umask', () => {
      const before = process.umask(0);
      try {
        const file = newFile();
        fill(open(file));
        const modes = readdirSync(join(file, '..')).map((name) => [name, (statSync(join(file, '..', name)).mode & 0o777).toString(8)]);
        expect(Object.fromEntries(modes)).toEqual({ 'read-model.db': '600', 'read-model.db-shm': '600', 'read-model.db-wal': '600' });
      } finally {
        process.umask(before);
      }
    });

    it('is made again for another ledger', () => {
      const file = newFile();
      const first = open(file);
      fill(first);
      close(first);
      works(open(file, 'another'));
    });

    it('is made again when an earlier program gave it other tables', () => {
      const file = newFile();
      const db = new Database(file);
      db.exec(`CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO about VALUES ('ledger', '1 ours');
      CREATE TABLE tags (tag INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (tag, sequence)) STRICT, WITHOUT ROWID;
      CREATE TABLE parts (build INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, since INTEGER NOT NULL, value TEXT NOT NULL) STRICT`);
      db.close();
      works(open(file));
    });

    it('that is no database is damaged, and is there to be looked at once it is set aside', () => {
      const file = newFile();
      const text = 'Not a database, though it is as long as one that is not very long would be.'.repeat(100);
      writeFileSync(file, text);
      expect(() => open(file)).toThrow(ReadModelDamagedError);
      const aside = new SqliteReadModelFile(file).setAside()!;
      expect([aside, readFileSync(aside, 'utf8')]).toEqual([`${file}.damaged-1`, text]);
      works(open(file));
    });

    it('that holds nothing is made again', () => {
      const file = newFile();
      const db = new Database(file);
      db.exec('CREATE TABLE another (one TEXT)');
      db.close();
      works(open(file));
    });

    it('that is not there cannot be set aside, and nothing of it is left', () => {
      const file = newFile();
      writeFileSync(`${file}-wal`, 'left behind');
      expect(new SqliteReadModelFile(file).setAside()).toBeUndefined();
      expect(readdirSync(join(file, '..'))).toEqual([]);
    });

    it('that is taken away while it is open is damaged: a watcher learns it within seconds', async () => {
      const file = newFile();
      open(file);
      const gone = new Promise<Error>((resolve) => new SqliteReadModelFile(file).watch(resolve));
      rmSync(file);
      const damage = await gone;
      expect(damage).toBeInstanceOf(ReadModelDamagedError);
      expect(damage.message).toBe('read-model.db was removed or replaced while it was open.');
      expect(damage.cause).toMatchObject({ code: 'ENOENT' });
    });

    it('is set aside three times at most, the oldest is deleted, and nothing of it is left under its name', () => {
      const file = newFile();
      for (let n = 1; n <= 5; n++) {
        close(open(file));
        writeFileSync(`${file}-wal`, '');
        expect(new SqliteReadModelFile(file).setAside()).toBe(`${file}.damaged-${n}`);
      }
      expect(readdirSync(join(file, '..')).sort()).toEqual([3, 4, 5].map((n) => `read-model.db.damaged-${n}`));
      expect(existsSync(file)).toBe(false);
    });
  });

  describe('a second connection', () => {
    it('sees what is committed, and nothing else', () => {
      const file = newFile();
      const model = open(file);
      const reader = readerOf(file);
      model.transaction(() => model.addEvent(event(1), [tag('type:All')]));
      expect(sequences(reader, { tags: ['type:All'] })).toEqual([1]);
      model.transaction(() => model.addEvent(event(2, { stream: 'contract-new', revision: 0 }), [tag('type:All')]), true);
      expect([sequences(reader, { tags: ['type:All'] }), reader.revisionAt('contract-new', 2)]).toEqual([[1], -1]);
      model.commit();
      expect([sequences(reader, { tags: ['type:All'] }), reader.revisionAt('contract-new', 2)]).toEqual([[1, 2], 0]);
    });

    it('waits for no lock: what writes says at once that it cannot, and what reads goes on', () => {
      const file = newFile();
      const model = open(file);
      model.transaction(() => model.addEvent(event(1), []));
      const reader = readerOf(file);
      const other = new Database(file);
      other.exec('BEGIN IMMEDIATE');
      const begun = performance.now();
      expect(() => model.transaction(() => model.addEvent(event(2), []))).toThrow(ReadModelUnavailableError);
      expect(performance.now() - begun).toBeLessThan(1000); // SQLite waits five seconds unless its timeout is set
      expect(sequences(reader)).toEqual([1]);
      other.exec('ROLLBACK');
      other.close();
      model.transaction(() => model.addEvent(event(2), []));
      expect(sequences(reader)).toEqual([1, 2]);
    });

    it('names damage that shows only when it reads, and calls who must know', () => {
      const file = newFile();
      const model = open(file);
      const build = model.addBuild('board', 1, true).id;
      model.transaction(() => {
        model.setSum(build, 'programme:met', new Map([['towers', 1n]]), 1);
        model.openContribution(build, { key: 'tower:euc', stream: 'tower-euc', row: true, links: ['programme:met'] }, 1);
      });
      const damages: Error[] = [];
      const reader = readerOf(file, (damage) => damages.push(damage));
      expect(reader.sumAt(build, 'programme:met', 1)).toEqual({ towers: 1n });
      const db = new Database(file);
      db.exec(`UPDATE totals SET steps = '0 one'`);
      expect(() => reader.sumAt(build, 'programme:met', 1)).toThrow(ReadModelDamagedError);
      db.exec(`UPDATE totals SET steps = '0 1 2'`);
      expect(() => reader.sumAt(build, 'programme:met', 1)).toThrow(ReadModelDamagedError);
      db.exec(`UPDATE contributions SET links = '["programme'`);
      db.exec('DROP TABLE marks');
      db.close();
      expect(() => reader.contributionsAt(build, 'tower:euc', 1)).toThrow(ReadModelDamagedError);
      expect(() => reader.marked(build, '=tower:euc', { upTo: 1, limit: 1 })).toThrow(ReadModelDamagedError);
      expect(damages).toHaveLength(4);
    });
  });

  describe('a page', () => {
    it('of events looks at so many at most, and says how far it came', () => {
      const model = open();
      for (let n = 0; n < 5; n++)
        model.transaction(() => {
          for (let i = n * 1000 + 1; i <= n * 1000 + 1000; i++)
            model.addEvent(event(i), [tag('type:All'), ...(i % 2 ? [tag('actor:odd')] : []), ...(i > 4500 ? [tag('tower:late')] : [])]);
        });
      const asked = { ...whole, tags: ['type:All', 'actor:odd'], stream: 'contract-euc', upTo: 5000 };
      expect(model.events({ ...asked, tags: ['tower:late', 'actor:odd'], limit: 10 }).events).toHaveLength(10);
      const all = sequences(model, asked);
      expect(all).toHaveLength(2500);
      const other = sequences(model, { ...asked, tags: ['type:All'], stream: 'contract-nobody' });
      expect(other).toEqual([]);
      model.transaction(() => model.addEvent(event(5001, { stream: 'contract-other', revision: 0 }), [tag('type:All')]));
      const { events, scanned } = model.events({ ...whole, tags: ['type:All'], stream: 'contract-other', upTo: 5001 });
      expect([events, scanned]).toEqual([[], MAX_SCANNED]);
      expect(sequences(model, { tags: ['type:All'], stream: 'contract-other' })).toEqual([5001]);
    });

    it('of any kind has a bound of its own', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      model.transaction(() => {
        for (let n = 1; n <= 1500; n++) {
          model.addEvent(event(n, { stream: `contract-${n}`, revision: 0 }), []);
          model.openContribution(id, { key: 'tower:euc', stream: `contract-${n}`, row: true, links: ['programme:met'] }, n);
          model.openContribution(id, { key: `contract:${n}`, stream: `contract-${n}`, row: n % 4 !== 0, links: [] }, n);
          model.mark(id, '=tower:euc', n);
          model.fault(id, { stream: `contract-${n}`, sequence: n, error: 'Out of ink.' });
        }
      });
      const limit = 5000;
      expect([
        model.events({ ...whole, limit }).events.length,
        model.contributionsAt(id, 'tower:euc', 2000, { limit }).length,
        model.contributionsAt(id, 'tower:euc', 2000).length,
        model.referencingAt(id, 'programme:met', 2000, { limit }).length,
        model.marked(id, '=tower:euc', { upTo: 2000, limit }).length,
        model.faulted(id, { limit }).length,
      ]).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
      const { keys, next } = model.rowKeys(id, 2000, '', limit);
      expect([keys.length, next]).toEqual([1000, expect.any(String)]);
    });

    it('of keys looks at none that never had a row', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      model.transaction(() => {
        for (let n = 1; n <= 100; n++)
          model.openContribution(id, { key: `contract:${n}`, stream: `contract-${n}`, row: false, links: [] }, n);
        model.openContribution(id, { key: 'tower:euc', stream: 'tower-euc', row: true, links: [] }, 101);
      });
      expect(model.rowKeys(id, 101, '', 10)).toEqual({ keys: ['tower:euc'] });
    });

    it('of keys goes on behind keys whose rows are gone', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      const place = (n: number) => ({ key: `contract:${String(n).padStart(3, '0')}`, stream: `contract-${n}`, row: true, links: [] });
      model.transaction(() => {
        for (let n = 1; n <= 100; n++) model.openContribution(id, place(n), n);
        for (let n = 1; n < 100; n++) model.closeContribution(id, place(n), 101);
      });
      const found: string[] = [];
      for (let next: string | undefined = ''; next !== undefined;) {
        const page = model.rowKeys(id, 101, next, 10);
        found.push(...page.keys);
        next = page.next;
      }
      expect(found).toEqual(['contract:100']);
      expect(model.rowKeys(id, 100, '', 10).keys).toHaveLength(10);
    });
  });
});
