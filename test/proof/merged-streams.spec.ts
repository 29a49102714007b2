import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '../../src/kernel/index.js';
import { mergedStreams } from '../../src/proof/merged-streams.js';
import { memoryStore } from '../fakes/memory-store.js';
import { fact } from '../store/event-store.contract.js';

/** A log in which the events of some streams stand among one another, whose reads are counted. */
const logOf = async (streams: number, count: number) => {
  const store = memoryStore();
  const next = Array<number>(streams).fill(0);
  for (let n = 0; n < count; n++) {
    const s = (n * n + (n >> 3)) % streams;
    await store.append(`contract-${s}`, next[s]! - 1, [fact({ n })]);
    next[s]!++;
  }
  const limits: number[] = [];
  const read = (stream: string, from?: number, limit?: number) => (limits.push(limit!), store.read(stream, from, limit));
  return { store: { read, compare: (a: string, b: string) => store.compare(a, b) }, log: await store.readAll(), limits };
};
const merged = async (store: Parameters<typeof mergedStreams>[0], chosen: ReadonlyMap<string, number>) => {
  const pages: (readonly RecordedEvent[])[] = [];
  for await (const page of mergedStreams(store, chosen)) pages.push(page);
  return pages;
};

describe('the streams of a decision', () => {
  it('are read in the order of the log, each up to its revision and one event more', async () => {
    const { store, log } = await logOf(5, 250);
    const chosen = new Map([['contract-0', 3], ['contract-1', Infinity], ['contract-4', 0], ['contract-3', 1000], ['contract-none', 7]]); // prettier-ignore
    const pages = await merged(store, chosen);
    const expected = log.filter(({ stream, revision }) => revision <= (chosen.get(stream) ?? -2) + 1);
    expect(pages.flat()).toEqual(expected);
    expect(pages.map((page) => page.length)).toEqual([100, expected.length - 100]);
    expect(new Set(expected.map(({ stream }) => stream)).size).toBe(4);
  });

  it('are held a hundred events at once, or one of each', async () => {
    const { store, log, limits } = await logOf(7, 400);
    const chosen = new Map(log.map(({ stream }) => [stream, Infinity]));
    const pages = await merged(store, chosen);
    expect(pages.flat()).toEqual(log);
    expect(pages.map((page) => page.length)).toEqual([100, 100, 100, 100]);
    expect(new Set(limits)).toEqual(new Set([14]));
    const many = await logOf(150, 300);
    const all = new Map(many.log.map(({ stream }) => [stream, Infinity]));
    expect((await merged(many.store, all)).flat()).toEqual(many.log);
    expect(new Set(many.limits)).toEqual(new Set(all.size > 100 ? [1] : [Math.floor(100 / all.size)]));
  });

  it('are nothing where there are none', async () => {
    const { store, limits } = await logOf(2, 4);
    expect(await merged(store, new Map([['contract-none', 5]]))).toEqual([]);
    expect(await merged(store, new Map())).toEqual([]);
    expect(limits).toEqual([7]);
  });

  it('are read no further than they are asked for', async () => {
    const { store, limits } = await logOf(1, 300);
    expect((await merged(store, new Map([['contract-0', 98]]))).map((page) => page.length)).toEqual([100]);
    expect(limits).toEqual([100]);
  });
});
