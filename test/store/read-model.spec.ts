import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteReadModel } from '../../src/store/sqlite/sqlite-read-model.js';
import { ThreadSql } from '../../src/store/sqlite/sql.js';
import { Statements } from '../../src/store/sqlite/statements.js';
import type { EventQuery, IndexedEvent, ContributionPlace, Tag } from '../../src/store/read-model.js';

const folders: string[] = [];
const models = new Set<SqliteReadModel>();
const newFile = (): string => {
  folders.push(mkdtempSync(join(tmpdir(), 'tower-ledger-read-model-')));
  return join(folders.at(-1)!, 'read-model.db');
};
let thread = false;
const open = (file = thread ? newFile() : ':memory:', ledger = 'ours'): SqliteReadModel => {
  const model = new SqliteReadModel(file, { thread });
  models.add(model);
  model.bind(ledger);
  return model;
};
const close = (model: SqliteReadModel): void => void (models.delete(model) && model.close());
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
const sequences = (model: SqliteReadModel, query: Partial<EventQuery> = {}): number[] =>
  model.events({ ...whole, ...query }).map(({ sequence }) => sequence);

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
    .filter((one) => tags.every((tag) => one.tags.includes(tag)))
    .map((one) => one.event)
    .filter((one) => one.sequence > after && one.sequence <= upTo && (stream === undefined || one.stream === stream))
    .filter(({ watermark }) => (from === undefined || watermark >= from) && (until === undefined || watermark <= until))
    .slice(0, limit);

const streams = ['contract-a', 'contract-b', 'programme-met'];
/** From one that is on every event to one that hardly any has. */
const rarity = { 'type:All': 0, 'actor:ana': 40, 'tower:euc': 70, 'supplier:csc': 95 } as const;
const tagNames = Object.keys(rarity) as (keyof typeof rarity)[];

describe.each([
  ['here', false],
  ['on a thread of its own', true],
])('written %s', (_, apart) => {
  beforeAll(() => void (thread = apart));

  describe('the index of the log', () => {
    const told = fc.record({
      // what lies between two sequences is written in as few bytes as it takes: one, two, three
      step: fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.constantFrom(127, 128, 129, 16_383, 16_384, 3_000_000) }), // prettier-ignore
      stream: fc.constantFrom(...streams),
      chances: fc.tuple(...tagNames.map(() => fc.nat(99))),
      later: fc.nat(2),
    });
    const transactions = fc.array(
      fc.record({
        events: fc.array(told, { maxLength: 12, size: 'max' }),
        hold: fc.boolean(),
        /** After so many events something is read, so that the rest is written apart. */
        read: fc.nat(12),
      }),
      { minLength: 1, maxLength: 70, size: 'max' },
    );
    const query = fc.record({
      tags: fc.subarray([...tagNames, 'tower:nobody'], { maxLength: 3 }),
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
          fc.property(transactions, fc.array(query, { minLength: 20, maxLength: 20 }), (told, queries) => {
            const model = open();
            const log: Tagged[] = [];
            let [sequence, time] = [0, 0];
            for (const { events, hold, read } of told)
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
              expect(model.events(asked)).toEqual(sought(log, asked));
            }
            for (const name of tagNames) {
              const asked = { ...whole, tags: [name] };
              expect(model.events(asked)).toEqual(sought(log, asked));
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
    const add = (model: SqliteReadModel, ...added: readonly number[]) => added.forEach((n) => model.addEvent(event(n), [tag('type:All')]));
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

    it('held open is ended by whoever reads, and by the next that is not held', () => {
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
        model.setSum(build.id, 'programme:met', JSON.stringify({ towers: '1' }), 2);
        model.fault(build.id, { stream: 'tower-new', sequence: 2, error: 'Out of ink.' });
        model.moveBuild(build.id, 2);
      };
      model.transaction(work, true);
      model.transaction(() => expect(model.contributionsAt(build.id, 'tower:euc', 2)).toEqual([place]), true);
      expect(() => model.transaction(() => (add(model, many + 2), fail()), true)).toThrow('The disk is full.');

      expect([sequences(model), sequences(model, { tags: ['tower:euc'] }), model.revisionAt('tower-new', FOREVER)]).toEqual([[1], [], -1]);
      expect([model.dump(build.id), model.faulted(build.id), model.builds()]).toEqual([before, [], [build]]);
      expect(model.sumAt(build.id, 'programme:met', FOREVER)).toEqual({});

      model.transaction(work); // the same again, by the same names
      expect(sequences(model, { tags: ['tower:euc'] })).toHaveLength(many);
      expect([model.contributionsAt(build.id, 'tower:euc', 2), model.marked(build.id, '=tower:euc', 2, 9)]).toEqual([[place], [2]]);
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

  describe('where parts stand', () => {
    interface Version extends ContributionPlace {
      readonly since: number;
      until: number;
    }
    const keys = ['a', 'b', 'a b', 'b c', 'c'];
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

    /** Each change at an sequence of its own, in transactions as they are told; the build, and what must be in it. */
    const made = (changes: readonly Change[], model: SqliteReadModel, build: number) => {
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
        model.setSum(build, total.key, JSON.stringify({ n: '0' }), at); // as when a part counts down what another counts up
        model.setSum(build, total.key, JSON.stringify({ n: String(total.n) }), at);
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
    const place = ({ key, stream, row, links }: Version): ContributionPlace => ({ key, stream, row, links });
    const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

    it(
      'is told of every sequence: under a key, linking to one, the keys of rows, the totals',
      () =>
        always(
          fc.property(fc.array(change, { minLength: 1, maxLength: 40, size: 'max' }), (changes) => {
            const model = open();
            const [other, build] = [model.addBuild('board', 1, true), model.addBuild('board', 2, false)];
            made(changes.slice(0, 5), model, other.id);
            const { versions, totals, last } = made(changes, model, build.id);
            for (let at = 0; at <= last + 1; at++) {
              const there = versions
                .filter(({ since, until }) => since <= at && at < until)
                .sort((a, b) => compare(a.key, b.key) || compare(a.stream, b.stream));
              const rows = [...new Set(there.filter(({ row }) => row).map(({ key }) => key))];
              expect(model.rowKeys(build.id, at, '', 100)).toEqual(rows);
              expect(model.rowKeys(build.id, at, 'a b', 2)).toEqual(rows.filter((key) => key > 'a b').slice(0, 2));
              for (const key of keys) {
                expect(model.contributionsAt(build.id, key, at)).toEqual(there.filter((v) => v.key === key).map(place));
                const linking = there
                  .filter((v) => v.links.includes(key))
                  .sort((a, b) => b.since - a.since)
                  .map((v) => ({ ...place(v), since: v.since }));
                expect(model.referencingAt(build.id, key, at, { limit: 100 })).toEqual(linking);
                for (const [i, after] of linking.entries())
                  expect(model.referencingAt(build.id, key, at, { after, limit: 2 })).toEqual(linking.slice(i + 1, i + 3));
                const total = totals.findLast((t) => t.key === key && t.at <= at);
                expect(model.sumAt(build.id, key, at)).toEqual(total ? { n: String(total.n) } : {});
              }
            }
          }),
          60,
        ),
      PATIENCE,
    );

    it(
      'is the same, to the byte, however the work was cut into transactions',
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

    it('is marked by events in their order, once each, for one build', () => {
      const model = open();
      const [build, other] = [model.addBuild('decisions', 1, true).id, model.addBuild('decisions', 2, false).id];
      model.transaction(() => [5, 2, 5, 9].forEach((at) => model.mark(build, '>person:p-1', at)));
      model.transaction(() => model.mark(build, '>person:p-1', 9));
      model.transaction(() => model.mark(other, '>person:p-1', 3));
      model.transaction(() => model.mark(build, '=person:p-1', 4));
      expect([8, 9, 1].map((upTo) => model.marked(build, '>person:p-1', upTo, 9))).toEqual([[5, 2], [9, 5, 2], []]); // prettier-ignore
      expect(model.marked(other, '>person:p-1', 9, 9)).toEqual([3]);
    });

    it('is not forgotten of a stream that stopped, nor told twice', () => {
      const model = open();
      const { id } = model.addBuild('board', 1, true);
      model.fault(id, { stream: 'tower-z', sequence: 3, error: 'Out of ink.' });
      model.fault(id, { stream: 'tower-a', sequence: 5, error: 'Out of paper.' });
      model.fault(id, { stream: 'tower-z', sequence: 7, error: 'Still out of ink.' });
      expect(model.faulted(id)).toEqual([
        { stream: 'tower-a', sequence: 5, error: 'Out of paper.' },
        { stream: 'tower-z', sequence: 3, error: 'Out of ink.' },
      ]);
    });
  });

  describe('a build', () => {
    const fill = (model: SqliteReadModel, build: number, many: number) =>
      model.transaction(() => {
        for (let n = 1; n <= many; n++) {
          model.openContribution(build, { key: `contract:${n}`, stream: 'contract-euc', row: true, links: [`tower:${n}`] }, n);
          model.mark(build, `=contract:${n}`, n);
          model.setSum(build, `tower:${n}`, JSON.stringify({ contracts: '1' }), n);
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
      expect([model.dump(ids[1]), model.faulted(ids[1])]).toEqual([empty, []]);
      expect([model.dump(ids[0]), model.dump(ids[2])]).toEqual(kept);
      expect([model.faulted(ids[0]), model.faulted(ids[2])]).toMatchObject([[{ sequence: 11 }], [{ sequence: 21 }]]);
      expect(swept).toBeGreaterThan(10); // no transaction of it keeps the others waiting
    });

    it('has nothing to sweep while nothing is gone', () => {
      const model = open();
      fill(model, model.addBuild('board', 1, true).id, 3);
      expect(model.retire()).toBe(false);
    });
  });

  describe('the file', () => {
    const fill = (model: SqliteReadModel): number => {
      const { id } = model.addBuild('board', 1, true);
      model.transaction(() => {
        model.addEvent(event(1, { stream: 'tower-euc' }), [tag('tower:euc')]);
        model.openContribution(id, { key: 'tower:euc', stream: 'tower-euc', row: true, links: ['programme:met'] }, 1);
        model.setSum(id, 'programme:met', JSON.stringify({ towers: '1' }), 1);
        model.mark(id, '=tower:euc', 1);
        model.moveBuild(id, 1);
      });
      return id;
    };
    /** Whether it can be used from the beginning. */
    const works = (model: SqliteReadModel): void => {
      expect([model.lastEvent(), model.builds(), sequences(model, { tags: ['tower:euc'] })]).toEqual([undefined, [], []]);
      const build = fill(model);
      expect([sequences(model, { tags: ['tower:euc'] }), model.rowKeys(build, 1, '', 10)]).toEqual([[1], ['tower:euc']]);
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
      expect([again.rowKeys(build, 1, '', 10), again.rowKeys(build, 2, '', 10)]).toEqual([['tower:euc'], []]);
      expect([
        again.referencingAt(build, 'programme:met', 1, { limit: 9 }).length,
        again.referencingAt(build, 'programme:met', 2, { limit: 9 }),
      ]).toEqual([1, []]);
    });

    it('is emptied for another ledger', () => {
      const file = newFile();
      const first = open(file);
      fill(first);
      first.bind('another');
      works(first);
      close(first);
      works(open(file, 'a third'));
    });

    it('is made anew when it is no read model', () => {
      const file = newFile();
      writeFileSync(file, 'Not a database, though it is as long as one that is not very long would be.'.repeat(100));
      works(open(file));
    });

    it('is made anew when an earlier program gave it other tables', () => {
      const file = newFile();
      const db = new Database(file);
      db.exec(`CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
      INSERT INTO about VALUES ('ledger', '1 ours');
      CREATE TABLE tags (tag INTEGER NOT NULL, sequence INTEGER NOT NULL, PRIMARY KEY (tag, sequence)) STRICT, WITHOUT ROWID;
      CREATE TABLE parts (build INTEGER NOT NULL, key TEXT NOT NULL, stream INTEGER NOT NULL, since INTEGER NOT NULL, value TEXT NOT NULL) STRICT`);
      db.close();
      works(open(file));
    });
  });
});

describe('a thread that writes', () => {
  const add = (model: SqliteReadModel, n: number) => model.transaction(() => model.addEvent(event(n), [tag('type:All')]));

  it('that fails says so at the next transaction, and nothing is written any more', () => {
    const file = newFile();
    const model = new SqliteReadModel(file, { thread: true });
    model.bind('ours');
    add(model, 1);
    expect(model.lastEvent()).toEqual(event(1));
    const db = new Database(file);
    db.exec('ALTER TABLE tags RENAME TO gone');
    add(model, 2); // what goes on elsewhere has not failed yet
    expect(() => model.lastEvent()).toThrow('no such table: tags');
    db.exec('ALTER TABLE gone RENAME TO tags');
    db.close();
    for (let n = 0; n < 2; n++) expect(() => add(model, 3)).toThrow('no such table: tags');
    expect(() => model.commit()).not.toThrow();
    expect([model.lastEvent(), sequences(model)]).toEqual([event(1), [1]]); // what was ended before can be read
    model.close();
    expect(sequences(open(file))).toEqual([1]);
  });

  it('that fails says so to who listens, though nobody comes, with the code of the failure', async () => {
    const file = newFile();
    const model = new SqliteReadModel(file, { thread: true });
    models.add(model);
    model.bind('ours');
    const failed = new Promise<Error>((resolve) => model.onFailure(resolve));
    add(model, 1);
    expect(model.lastEvent()).toEqual(event(1));
    const db = new Database(file);
    db.exec("CREATE TRIGGER full BEFORE INSERT ON tags BEGIN SELECT RAISE(ABORT, 'The disk is full.'); END");
    db.close();
    model.transaction(() => model.addEvent(event(2), [tag('type:All')]), true);
    model.commit();
    expect(await failed).toMatchObject({ message: 'The disk is full.', code: 'SQLITE_CONSTRAINT_TRIGGER' });
    expect([model.lastEvent(), sequences(model)]).toEqual([event(1), [1]]);
  });

  it('takes nothing more once it is closed', () => {
    const model = new SqliteReadModel(newFile(), { thread: true });
    model.bind('ours');
    model.close();
    model.close();
    expect(() => add(model, 1)).toThrow('The read model is closed.');
  });

  it('that has failed unheard of says so when it is closed', () => {
    const file = newFile();
    const model = new SqliteReadModel(file, { thread: true });
    model.bind('ours');
    expect(model.lastEvent()).toBeUndefined();
    const db = new Database(file);
    db.exec('ALTER TABLE tags RENAME TO gone');
    db.close();
    add(model, 1);
    expect(() => model.close()).toThrow('no such table: tags');
  });

  it('that cannot open the file fails like that too', async () => {
    const file = newFile();
    const failures: string[] = [];
    const sql = new ThreadSql(new Statements(file), join(file, 'not-a-folder'), (error) => failures.push(error.message));
    sql.run('CREATE TABLE t (a)');
    expect(() => sql.settle()).toThrow('unable to open database file');
    expect(() => sql.begin()).toThrow('unable to open database file');
    expect(failures).toEqual([]); // not while somebody is at work
    await Promise.resolve();
    expect(failures).toEqual(['unable to open database file']);
    sql.close();
  });

  it('knows after a transaction that failed by which names it has written before, though it may still be at it', () => {
    const file = newFile();
    const model = new SqliteReadModel(file, { thread: true });
    models.add(model);
    model.bind('ours');
    const of = (revision: number) => () => {
      for (let n = 1; n <= 5000; n++)
        model.addEvent(event(revision * 5000 + n, { id: `${revision}-${n}`, stream: `contract-${n}`, revision }), [tag('type:All')]);
    };
    model.transaction(of(0));
    expect(() => model.transaction(() => JSON.parse('{'))).toThrow(SyntaxError);
    model.transaction(of(1));
    expect(sequences(model, { stream: 'contract-4000' })).toEqual([4000, 9000]);
    model.bind('another');
    model.transaction(of(0));
    expect(sequences(model, { stream: 'contract-4000' })).toEqual([4000]);
  });

  it('keeps who is faster waiting, and loses nothing', () => {
    const file = newFile();
    const model = new SqliteReadModel(file, { thread: true });
    models.add(model);
    model.bind('ours');
    for (let n = 1; n <= 25_000; n += 50)
      model.transaction(() => {
        // a name of its own for each, so that more are new than are kept
        for (let i = n; i < n + 50; i++) model.addEvent(event(i, { stream: `contract-${i}`, revision: 0 }), [tag(`contract:${i}`)]);
      });
    for (const n of [1, 12_345, 25_000]) {
      expect(model.revisionAt(`contract-${n}`, FOREVER)).toBe(0);
      expect(sequences(model, { tags: [`contract:${n}`] })).toEqual([n]);
    }
    model.transaction(() => model.addEvent(event(25_001, { stream: 'contract-1', revision: 1 }), [tag('contract:1')]));
    expect(sequences(model, { tags: ['contract:1'], stream: 'contract-1' })).toEqual([1, 25_001]);
  });
});
