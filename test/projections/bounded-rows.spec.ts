import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projections } from '../../projections/index.js';
import { aggregates } from '../../src/domain/index.js';
import { NEWEST, type History } from '../../src/kernel/index.js';
import { historyOf, type GivenEvent } from '../given.js';
import { InMemory } from './in-memory.js';

interface Golden {
  readonly streams: readonly { readonly aggregate: string; readonly id: string; readonly events: readonly GivenEvent[] }[];
}
const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, '../golden/events.json'), 'utf8'));
/** Every event that there is, in small legal streams. */
const histories = golden.streams.map(({ aggregate, id, events }) =>
  historyOf({ aggregate: aggregates.find(({ category }) => category === aggregate)!, id, events }),
);

/** Lists that one event states whole, by their names: their fields bound them, and nothing is ever added. */
const BOUNDED: ReadonlySet<string> = new Set(['towers', 'lots', 'options', 'breaks', 'references', 'members']);
const MANY = 25;
/** The lists of a state, each with 25 items. */
const filled = (state: object): object =>
  Object.fromEntries(
    Object.entries(state).map(([name, value]) => {
      const grows = Array.isArray(value) && value.length > 0 && !BOUNDED.has(name);
      return [name, grows ? Array.from({ length: MANY }, (_, i) => value[i % value.length] as unknown) : (value as unknown)];
    }),
  );
/** The same history with another state. */
const withState = (history: History, state: object): History =>
  new Proxy(history, {
    get(target, name) {
      if (name === 'state') return state;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });

/** Where a row holds a list that is too long. */
const tooLong = (value: unknown, at = ''): string[] => {
  if (value === null || typeof value !== 'object') return [];
  const own = Array.isArray(value) && value.length > NEWEST ? [`${at}: ${value.length}`] : [];
  return [...own, ...Object.entries(value).flatMap(([name, inner]) => tooLong(inner, Array.isArray(value) ? `${at}[]` : `${at}/${name}`))];
};

describe('a row carries the newest 20 of each list, however long the lists of the state are', () => {
  const events = histories.flatMap(({ recorded }) => recorded);
  it.each(projections.map(({ name }) => name))('in %s', (name) => {
    const rows = new InMemory(name, events, '2026-11-26', (history) => withState(history, filled(history.state as object)));
    const found = rows.keys().flatMap((key) => tooLong(rows.row(key)).map((where) => `${key.split(':')[0]} ${where}`));
    expect([...new Set(found)]).toEqual([]);
  });
});
