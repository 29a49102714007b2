import { describe, expect, it } from '@jest/globals';
import { RefusalFinder } from '../../src/http/find-refusals.js';
import type { Refusal } from '../../src/refusals/refusal.js';

const NOON = Date.parse('2026-03-04T12:00:00.000Z');
/** Refusals of one second each, the newest at noon, in parts of 100. */
const finder = (count: number, more: (n: number) => Partial<Refusal> = () => ({})) => {
  let read = 0;
  const newestFirst = async function* (before = Infinity) {
    for (let from = 0; from < count; from += 100) {
      const rows = Array.from({ length: Math.min(100, count - from) }, (_, i): Refusal => {
        const at = NOON - (from + i) * 1000;
        return { id: String(at * 1000), refusedAt: count > 20_000 ? '2026-03-04T12:00:00.000Z' : new Date(at).toISOString(), times: 1, status: 409, code: 'contract/stage', ...more(from + i) };
      });
      read += rows.length;
      yield { rows: rows.filter(({ id }) => Number(id) < before), damaged: 0 };
    }
  };
  return { finder: new RefusalFinder({ newestFirst, unremembered: 0, failure: undefined, isOn: true }), read: () => read };
}; // prettier-ignore

describe('finding refusals', () => {
  it('looks at 20,000 lines for a page, and says where to go on', async () => {
    const { finder: wide, read } = finder(25_000, (n) => (n === 24_000 ? { actor: 'jane' } : {}));
    const first = await wide.page({ actor: 'jane' }, undefined, 100);
    expect(first.refusals).toEqual([]);
    expect(read()).toBe(20_100);
    const second = await wide.page({ actor: 'jane' }, Number(first.next), 100);
    expect([second.refusals.length, second.next]).toEqual([1, undefined]);
  });

  it('ends a page at about 512 KB', async () => {
    const { refusals, next } = await finder(2000, () => ({ detail: 'd'.repeat(500) })).finder.page({}, undefined, 2000);
    expect(refusals.length).toBeGreaterThan(400);
    expect(refusals.length).toBeLessThan(600);
    expect(next).toBe(refusals.at(-1)!.id);
  });

  it('has no next page where the last one is full', async () => {
    const { finder: few } = finder(3);
    expect((await few.page({}, undefined, 3)).next).toBeUndefined();
    expect((await few.page({}, undefined, 2)).next).toBeDefined();
  });

  it('reads no further back than the period reaches, and finds a line that counts on into it', async () => {
    const { finder: long, read } = finder(10_000, (n) => (n === 130 ? { times: 9, until: '2026-03-04T11:58:00.500Z' } : {}));
    const wanted = { from: '2026-03-04T11:58:00.000Z' };
    expect((await long.page(wanted, undefined, 500)).refusals.map(({ times }) => times)).toEqual([...Array.from({ length: 121 }, () => 1), 9]); // prettier-ignore
    expect((await long.totals(wanted)).refusals).toBe(130);
    const all = [];
    for await (const part of long.every(wanted)) all.push(...part);
    expect(all).toHaveLength(122);
    expect(read()).toBeLessThan(1000);
  });

  it('adds up 100,000 lines at most, and says when there are more', async () => {
    const { finder: long } = finder(100_100, (n) => ({ actor: `p${n % 200}`, status: n % 2 ? 409 : 412, times: 2 }));
    const totals = await long.totals({});
    expect(totals).toMatchObject({ refusals: 200_000, byStatus: { 409: 100_000, 412: 100_000 }, complete: false });
    expect(Object.keys(totals.byActor)).toHaveLength(100);
    expect((await finder(1000).finder.totals({})).complete).toBe(true);
  });
});
