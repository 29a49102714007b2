import { describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { Kept } from '../../src/engine/read/rows/kept.js';
import { InvalidCursorError } from '../../src/engine/read/read-errors.js';
import { addShown, breather, evaluated, FetchingLookup, listOf, ownPage, pageOf, passes, rowOf, withFault, type RowSource } from '../../src/engine/read/rows/rendering.js'; // prettier-ignore
import { cursorOfPlace, placeOfCursor, placeOfOrigin } from '../../src/engine/read/rows/view.js';
import type { History, Lookup, OwnList, Projection } from '../../src/kernel/index.js';

/** Keeps nothing: what it needs is fetched. */
class Fetching extends FetchingLookup<string, string> {
  readonly day = '2016-02-29';
  get = () => undefined;
  newest = () => [];
  measures = () => ({});
  of(...names: readonly string[]): readonly string[] {
    return this.need(names, (name) => [name, this.found.get(name)]);
  }
}

describe('what looks things up', () => {
  it('is evaluated again when all that it missed was fetched, each once', async () => {
    const lookup = new Fetching();
    const fetched: string[] = [];
    let evaluations = 0;
    const question = () => (evaluations++, [...lookup.of('a', 'b', 'a'), ...lookup.of('b', 'c')].join(' '));
    const answer = await evaluated(lookup, question, async (name, id) => (fetched.push(`${id}=${name}`), name.toUpperCase()));
    expect([answer, fetched, evaluations]).toEqual(['A B A B C', ['a=a', 'b=b', 'c=c'], 3]);
    expect(lookup.missing.size).toBe(0);
  });

  it('fails with the error of its own, or of what was fetched', async () => {
    const broken = () => {
      throw new Error('Out of ink.');
    };
    await expect(evaluated(new Fetching(), broken, async () => '')).rejects.toThrow('Out of ink.');
    const lookup = new Fetching();
    await expect(evaluated(lookup, () => lookup.of('a'), async () => broken())).rejects.toThrow('Out of ink.'); // prettier-ignore
  });
});

describe('a pause', () => {
  it('is made after so much work, and not before', async () => {
    let turns = 0;
    const count = async (work: () => Promise<unknown>): Promise<number> => {
      turns = 0;
      let done = false;
      const counting = (async () => {
        for (; !done; turns++) await turn();
      })();
      await work();
      done = true;
      const had = turns;
      await counting;
      return had;
    };
    const breathe = breather(4);
    expect(await count(async () => [await breathe(), await breathe(), await breathe()])).toBe(0);
    expect(await count(() => breathe())).toBeGreaterThan(0);
    expect(await count(() => breathe(3))).toBe(0);
    expect(await count(() => breathe(2))).toBeGreaterThan(0);
    expect(await count(() => breathe(3))).toBe(0);
  });
});

const projection = {
  rows: { contract: (id: string, { day }: Lookup) => (id === 'none' ? undefined : { id, day }) },
  lists: { contract: { notes: 'the notes' } },
  filters: {
    stage: ({ stage }: any) => stage,
    towers: ({ towers }: any) => towers,
    late: (_: unknown, { value, key, lookup }: any) => value === 'true' && key === 'contract:a' && lookup.day === '2016',
  },
} as unknown as Projection;

describe('a row', () => {
  it('is made of the id behind the kind of its key, where the projection has such rows and shows something', () => {
    const lookup = { day: '2016' } as Lookup;
    expect(rowOf(projection, 'contract:met:euc', lookup)).toEqual({ id: 'met:euc', day: '2016' });
    expect([rowOf(projection, 'contract:none', lookup), rowOf(projection, 'tower:a', lookup)]).toEqual([undefined, undefined]);
  });

  it('answers to the filters all of which it passes', () => {
    const lookup = { day: '2016' } as Lookup;
    const is = (filters: Record<string, string>, row: object = {}, key = 'contract:a') => passes(projection, { key, row: row as any }, lookup, filters); // prettier-ignore
    expect([is({}), is({ stage: 'live' }, { stage: 'live' }), is({ stage: 'live' }, { stage: 'signed' }), is({ stage: 'live' })]).toEqual([true, true, false, false]); // prettier-ignore
    expect([is({ towers: 'b' }, { towers: ['a', 'b'] }), is({ towers: 'c' }, { towers: ['a', 'b'] }), is({ towers: 'c' }, { towers: [] })]).toEqual([true, false, false]); // prettier-ignore
    expect([is({ late: 'true' }), is({ late: 'false' }), is({ late: 'true' }, {}, 'contract:b')]).toEqual([true, false, false]);
    expect(is({ stage: 'live', towers: 'b' }, { stage: 'live', towers: ['a'] })).toBe(false);
  });

  it('has the lists of its kind by their names, and no other', () => {
    expect([listOf(projection, 'contract:a', 'notes'), listOf(projection, 'contract:a', 'constructor'), listOf(projection, 'tower:a', 'notes')]).toEqual(['the notes', undefined, undefined]); // prettier-ignore
    expect(listOf({ ...projection, lists: undefined } as any, 'contract:a', 'notes')).toBeUndefined();
  });

  it('of a stream that can be folded no more says since when, and why', () => {
    const source = {
      readModel: { eventAt: (at: number) => ({ position: `p${at}`, id: `e${at}` }), faultOf: (_: number, stream: string) => (stream === 'contract-a' ? { error: 'Out of ink.' } : undefined) }, // prettier-ignore
      writer: { build: { id: 3 } },
    } as unknown as RowSource;
    expect(withFault(source, { id: 'a' }, 'contract-a', 7)).toEqual({ id: 'a', faulted: { stream: 'contract-a', position: 'p7', event: 'e7', error: 'Out of ink.' } }); // prettier-ignore
    expect(withFault(source, {}, 'contract-b', 8)).toEqual({ faulted: { stream: 'contract-b', position: 'p8', event: 'e8', error: null } });
  });

  it('leaves out what cannot be shown, and says why', () => {
    const into: Record<string, unknown> = { a: 1 };
    const why: unknown[] = [];
    addShown(into, () => ({ b: 2 }), (error) => why.push(error)); // prettier-ignore
    addShown(into, () => { throw new Error('Out of ink.'); }, (error) => why.push(error)); // prettier-ignore
    expect([into, why]).toEqual([{ a: 1, b: 2 }, [new Error('Out of ink.')]]);
  });
});

describe('a page of what a stream lists', () => {
  const history = { id: 'euc' } as History;
  const list: OwnList<number, string> = { category: 'contract', items: () => [1, 2, 3, 4, 5], entry: (item, { id }, day) => `${id} ${item} on ${day}` }; // prettier-ignore
  const page = (cursor: string | undefined, limit: number) => ownPage(list, history, '2016', cursor, limit);

  it('has the newest first, and goes on where the page before ended', () => {
    expect(page(undefined, 2)).toEqual({ entries: ['euc 5 on 2016', 'euc 4 on 2016'], next: '3' });
    expect(page('3', 2)).toEqual({ entries: ['euc 3 on 2016', 'euc 2 on 2016'], next: '1' });
    expect(page('1', 2)).toEqual({ entries: ['euc 1 on 2016'] });
    expect([page('3', 3), page('0', 2), page('5', 5).entries.length]).toEqual([{ entries: ['euc 3 on 2016', 'euc 2 on 2016', 'euc 1 on 2016'] }, { entries: [] }, 5]); // prettier-ignore
  });

  it.each(['-1', '6', '1.5', 'x', '', ' 1', '1 ', '1e0'])('knows no cursor "%s"', (cursor) =>
    expect(() => page(cursor, 2)).toThrow(InvalidCursorError),
  );
});

describe('a page of rows', () => {
  const keys = ['a', 'b', 'c', 'd', 'e'];
  const page = (more: { after?: string; limit?: number; most?: number }, text = 10, without: readonly string[] = []) =>
    pageOf(keys, { after: '', limit: 100, most: 100, ...more }, async (key) => (without.includes(key) ? undefined : { row: { key, row: {} }, text })); // prettier-ignore
  const shown = async (...asked: Parameters<typeof page>) => {
    const { rows, next } = await page(...asked);
    return [rows.map(({ key }) => key).join(''), next];
  };

  it('has so many rows, and goes on behind the last key that was looked at', async () => {
    expect(await shown({})).toEqual(['abcde', undefined]);
    expect(await shown({ limit: 2 })).toEqual(['ab', 'b']);
    expect(await shown({ limit: 5 })).toEqual(['abcde', undefined]);
    expect(await shown({ limit: 2 }, 10, ['b', 'c'])).toEqual(['ad', 'd']);
    expect(await shown({ limit: 1, after: 'x' }, 10, keys)).toEqual(['', undefined]);
  });

  it('looks at so many keys', async () => {
    expect(await shown({ most: 3 }, 10, ['b'])).toEqual(['ac', 'c']);
    expect(await shown({ most: 2 }, 10, ['a', 'b'])).toEqual(['', 'b']);
    expect(await shown({ most: 5 })).toEqual(['abcde', undefined]);
    expect(await shown({ most: 0, after: 'x' })).toEqual(['', 'x']);
  });

  it('ends early where its text is long', async () => {
    expect(await shown({}, 300 << 10)).toEqual(['ab', 'b']);
    expect(await shown({}, 256 << 10)).toEqual(['ab', 'b']);
    expect(await shown({}, (256 << 10) - 1)).toEqual(['abc', 'c']);
    expect(await shown({}, 600 << 10, ['b'])).toEqual(['a', 'a']);
  });
});

describe('a place in a list', () => {
  it('is a cursor, and is read from one', () => {
    const place = { rank: 2, since: 813, key: 'contract:met euc\n>' };
    expect(cursorOfPlace(place)).toBe('2 813 contract:met euc\n>');
    expect(placeOfCursor(cursorOfPlace(place), 3)).toEqual(place);
    expect(placeOfOrigin({ rank: 1, since: 3, key: undefined } as any)).toEqual({ rank: 1, since: 3, key: '-' });
    expect(placeOfOrigin({ rank: 1, since: 3, key: 'a', stream: 'b' } as any)).toEqual({ rank: 1, since: 3, key: 'a' });
  });

  it.each(['', '2', '2 813', '2 813 ', '3 813 a', 'x 813 a', '22 813 a', '2 -1 a', `2 ${'9'.repeat(16)} a`, ' 2 813 a', '2 813a'])(
    'is no cursor such as "%s"',
    (cursor) => expect(() => placeOfCursor(cursor, 3)).toThrow(InvalidCursorError),
  );
});

describe('what is kept of rendered rows', () => {
  it('is found by name by those who kept it alone, until it is deleted', () => {
    const [own, other] = [new Kept(), new Kept()];
    own.set('row', { n: 1 }, 10);
    expect([own.get('row'), other.get('row'), own.get('other')]).toEqual([{ n: 1 }, undefined, undefined]);
    own.delete('other');
    expect(own.get('row')).toEqual({ n: 1 });
    own.delete('row');
    expect(own.get('row')).toBeUndefined();
  });

  it('is 18 MB of all builds together: what was used least goes', () => {
    const [own, other] = [new Kept(), new Kept()];
    own.set('old', { n: 1 }, 6 << 20);
    own.set('used', { n: 2 }, 6 << 20);
    other.set('third', { n: 3 }, 6 << 20);
    expect(own.get('used')).toEqual({ n: 2 });
    expect(own.get('old')).toEqual({ n: 1 });
    other.set('one more', { n: 4 }, 1);
    expect([own.get('old'), own.get('used'), other.get('third')]).toEqual([{ n: 1 }, { n: 2 }, undefined]);
    own.set('too large', { n: 5 }, (18 << 20) + 1);
    expect(own.get('too large')).toBeUndefined();
  });
});
