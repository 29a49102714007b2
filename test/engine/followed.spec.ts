import { afterEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { projections } from '../../projections/index.js';
import { textOfChanges, type Changes, type Followed } from '../../src/engine/read/rows/updates.js';
import { canonical, type RecordedEvent } from '../../src/kernel/index.js';
import { memoryStore } from '../fakes/memory-store.js';
import { playCommands } from '../random-commands.js';
import { moves, play } from '../random-history.js';
import { appendAll, closeRows, Rows } from './rows-after.js';

afterEach(closeRows);
const PATIENCE = 60_000;
const breathe = async () => undefined;
const names = projections.map(({ name }) => name);
const filtersOf: Readonly<Record<string, readonly Readonly<Record<string, string>>[]>> = {
  'contract-register': [{ stage: 'awarded' }, { stage: 'live', tower: 'hosting' }],
};

const ledgerOf = async (events: readonly RecordedEvent[]): Promise<Rows> => {
  const store = memoryStore();
  await appendAll(store, events);
  return new Rows(store, projections, undefined, { now: () => '2020-03-01T12:00:00.000Z' }).read(); // one day, however long a test takes
};
const rowsAt = async (rows: Rows, name: string, at: number, filters: Readonly<Record<string, string>> = {}) => {
  const { rows: page } = await rows.projector.rows(name, { at, limit: 10_000, filters });
  return new Map(page.map(({ key, row }) => [key, canonical(row as any)]));
};
const followed = (rows: Rows, name: string, after: number, head: number, most: number, enough?: (bytes: number) => boolean) =>
  rows.projector.ask(name, (of) => of.follow(after, head, most, breathe, enough)) as Promise<Followed>;

/** What these changes make of rows; each must be one. */
const apply = (rows: Map<string, string>, changes: Changes, isExact: boolean): void => {
  expect(textOfChanges(changes)).toBe(JSON.stringify(changes));
  for (const [key, row] of Object.entries(changes)) {
    const text = row === null ? undefined : canonical(row as any);
    if (isExact) expect([key, rows.get(key)]).not.toEqual([key, text]);
    if (text === undefined) rows.delete(key);
    else rows.set(key, text);
  }
};

describe('a follower of a projection', () => {
  const everyHistory = (holds: (rows: Rows, events: readonly RecordedEvent[], any: number) => Promise<void>, numRuns: number) =>
    fc.assert(
      fc
        .asyncProperty(fc.oneof(moves().map((tried) => () => play(tried)), fc.gen().map((any) => () => playCommands(any))), fc.nat(10_000), async (played, any) => {
          const events = await (await played()).events();
          await holds(await ledgerOf(events), events, any);
        })
        .afterEach(closeRows),
      { numRuns, endOnFailure: true },
    ); // prettier-ignore

  it(
    'that takes what it hears has the rows of where it came to, from wherever and in whatever steps',
    () =>
      everyHistory(async (rows, events, any) => {
        const head = events.length;
        for (const [i, name] of names.entries()) {
          if ((i + any) % 4 > 0) continue;
          let after = any % (head + 1);
          const own = await rowsAt(rows, name, after);
          for (let round = 0; after < head; round++) {
            const to = Math.min(head, after + 1 + ((any + round) % 5));
            const enough = round % 3 === 2 ? (bytes: number) => bytes > 0 : undefined;
            const { upTo, updates, latest } = await followed(rows, name, after, to, round % 4 === 1 ? 1 : 100, enough);
            expect(upTo).toBeGreaterThan(after);
            if (!enough) expect(upTo).toBe(to);
            for (const { sequence, changes, event, position, stream } of updates) {
              expect([event, position, stream]).toEqual([events[sequence - 1]!.id, events[sequence - 1]!.position, events[sequence - 1]!.stream]); // prettier-ignore
              expect(sequence > after && sequence <= upTo).toBe(true);
              apply(own, changes, true);
            }
            if (latest) apply(own, latest.changes!, false);
            expect([name, upTo, new Map([...own].sort())]).toEqual([name, upTo, new Map([...(await rowsAt(rows, name, upTo))].sort())]);
            after = upTo;
          }
        }
      }, 4),
    PATIENCE,
  );

  it(
    'of the rows that pass hears of them alone, and of each that passes no more',
    () =>
      everyHistory(async (rows, events, any) => {
        for (const name of [names[any % names.length]!, 'contract-register']) {
          const from = any % 2 === 0 ? 0 : any % events.length;
          const heard: (readonly [from: number, to: number, Changes])[] = [];
          const { updates, latest, upTo } = await followed(rows, name, from, events.length, any % 3 === 0 ? 1 : 1000);
          for (const { sequence, changes } of updates) heard.push([sequence - 1, sequence, changes]);
          if (latest) heard.push([from, upTo, latest.changes!]);
          for (const [before, to, changes] of heard.slice(-6)) {
            for (const filters of [{}, ...(filtersOf[name] ?? [])]) {
              const [was, is] = [await rowsAt(rows, name, before, filters), await rowsAt(rows, name, to, filters)];
              const expected = Object.entries(changes).flatMap(([key, row]): [string, unknown][] => (is.has(key) ? [[key, row]] : was.has(key) ? [[key, null]] : [])); // prettier-ignore
              const chosen = await rows.projector.ask(name, (of) => of.chosen(changes, { filters }, breathe));
              expect(chosen ? Object.entries(chosen) : []).toEqual(expected);
              if (chosen) expect(textOfChanges(chosen)).toBe(JSON.stringify(chosen));
            }
            for (const key of [...Object.keys(changes).slice(0, 2), 'contract:none']) {
              const chosen = await rows.projector.ask(name, (of) => of.chosen(changes, { key, filters: {} }, breathe));
              expect(chosen).toEqual(key in changes ? { [key]: changes[key] } : undefined);
              const of = await rows.projector.ask(name, (one) => one.changeOf(key, before, to, breathe));
              const [was, is] = [await rows.row(name, key, before), await rows.row(name, key, to)];
              expect(of).toEqual(canonical(was ?? null) === canonical(is ?? null) ? undefined : { [key]: is ?? null });
              if (of) expect(textOfChanges(of)).toBe(JSON.stringify(of));
            }
          }
        }
      }, 4),
    PATIENCE,
  );
});
