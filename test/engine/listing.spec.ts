import { describe, expect, it } from '@jest/globals';
import { keysAfter, Listings, MAX_LISTED, MAX_LOOKED_AT, type Passing } from '../../src/engine/read/rows/listing.js';
import { InvalidCursorError, ListTooLargeError } from '../../src/engine/read/read-errors.js';

const projection = {
  name: 'things',
  sorts: { size: (row: any) => row.size, name: (row: any) => row.name },
  totals: {
    part: ({ size }: any) => size,
    total: (sizes: readonly bigint[]) => ({ sum: String(sizes.reduce((a, b) => a + (b ?? 0n), 0n)) }),
  },
};
/** A view of so many keys. */
const viewOf = (keys: number, passing: () => AsyncGenerator<Passing>) => ({ count: (most: number) => Math.min(keys, most), passing });
const passing = (rows: readonly object[]) => viewOf(rows.length, async function* () { for (const [i, row] of rows.entries()) yield { key: `thing:${i}`, row }; }); // prettier-ignore
const many = (passes: number, others: number) =>
  viewOf(passes + others, async function* () {
    for (let i = 0; i < passes + others; i++) yield { key: `thing:${i}`, row: i < passes ? { size: 1n } : undefined };
  });
const question = { filters: {} };
const filtered = { filters: { size: '1' } };

describe('a listing', () => {
  it('has numbers by their size and texts by their characters; equal rows stay in order of key, and those without come last', async () => {
    const rows = [{ size: 10n }, { size: 9n, name: 'b' }, { name: 'a' }, { size: 9n, name: 'b' }];
    const order = async (sort: string) => (await new Listings(projection).of('v', { ...question, sort }, passing(rows))).rows.map(({ key }) => key.at(-1)).join(''); // prettier-ignore
    expect([await order('size'), await order('-size'), await order('name'), await order('-name')]).toEqual([
      '1302',
      '0132',
      '2130',
      '1320',
    ]);
  });

  it('adds up what passes, and is made once for those who ask for the same', async () => {
    const listings = new Listings(projection);
    let made = 0;
    const view = passing([{ size: 1n }, { size: 2n }]);
    const rows = { ...view, passing: () => (made++, view.passing()) };
    const asked = [listings.of('v', question, rows), listings.of('v', question, rows)];
    expect((await Promise.all(asked)).map(({ totals }) => totals)).toEqual([{ sum: '3' }, { sum: '3' }]);
    await listings.of('v', question, rows);
    expect(made).toBe(1);
    await listings.of('w', question, rows);
    await new Listings(projection).of('v', question, rows);
    expect(made).toBe(3);
  });

  it('is refused beyond its bounds, and made again after a failure', async () => {
    const listings = new Listings(projection);
    expect((await listings.of('a', filtered, many(MAX_LISTED, 10))).rows).toHaveLength(MAX_LISTED);
    await expect(listings.of('a2', filtered, many(MAX_LISTED + 1, 0))).rejects.toBeInstanceOf(ListTooLargeError);
    await expect(listings.of('b', question, many(MAX_LISTED + 1, 0))).rejects.toBeInstanceOf(ListTooLargeError);
    await expect(listings.of('c', question, many(1, MAX_LOOKED_AT))).rejects.toBeInstanceOf(ListTooLargeError);
    expect((await listings.of('c', question, many(1, 1))).rows).toHaveLength(1);
  });

  it.each([
    ['all rows, where there are more than it has', {}, MAX_LISTED + 1],
    ['rows that are chosen from more than are looked at', { size: '1' }, MAX_LOOKED_AT + 1],
  ])('of %s is refused before any row is made', async (_, filters, keys) => {
    let made = 0;
    const view = viewOf(keys, async function* () {
      for (; made < keys; made++) yield { key: `thing:${made}`, row: {} };
    });
    await expect(new Listings(projection).of('v', { filters }, view)).rejects.toBeInstanceOf(ListTooLargeError);
    expect(made).toBe(0);
  });

  it('goes on behind a key, and knows no other', () => {
    const listing = { rows: ['a', 'b', 'c'].map((key) => ({ key, by: undefined })), totals: undefined };
    expect([keysAfter(listing, ''), keysAfter(listing, 'b'), keysAfter(listing, 'c')]).toEqual([['a', 'b', 'c'], ['c'], []]);
    expect(() => keysAfter(listing, 'd')).toThrow(InvalidCursorError);
  });
});

describe('a listing that is asked for again', () => {
  const rows = [{ size: 2n }, { size: 1n }];
  it('is another one for other filters, another column or another direction, and the same in whatever order filters are named', async () => {
    const listings = new Listings(projection);
    let made = 0;
    const ask = (question: { readonly filters: Readonly<Record<string, string>>; readonly sort?: string }) =>
      listings.of('v', question, { ...passing(rows), passing: () => (made++, passing(rows).passing()) });
    const questions = [
      { filters: {} },
      { filters: { a: '1' } },
      { filters: { a: '2' } },
      { filters: { b: '1' } },
      { filters: {}, sort: 'size' },
      { filters: {}, sort: '-size' },
      { filters: { a: '1', b: '2' } },
    ];
    for (const question of questions) await ask(question);
    expect(made).toBe(questions.length);
    for (const question of [...questions, { filters: { b: '2', a: '1' } }]) await ask(question);
    expect(made).toBe(questions.length);
  });

  it('has no order of its own, and no totals where the projection has none', async () => {
    const of = (projection: ConstructorParameters<typeof Listings>[0]) => new Listings(projection).of('v', question, passing(rows));
    expect(await of({ name: 'things' })).toEqual({ rows: [{ key: 'thing:0', by: undefined }, { key: 'thing:1', by: undefined }], totals: undefined }); // prettier-ignore
    expect((await of(projection)).totals).toEqual({ sum: '3' });
  });

  it('says in its refusal what to do', async () => {
    const listings = new Listings(projection);
    await expect(listings.of('d', question, many(MAX_LISTED + 1, 0))).rejects.toThrow('More than 5000 rows of things pass: choose fewer to sort them or to add them up.'); // prettier-ignore
    await expect(listings.of('e', question, many(1, MAX_LOOKED_AT))).rejects.toThrow('things has more than 20000 rows: they are neither sorted nor added up.'); // prettier-ignore
    expect((await listings.of('f', filtered, many(1, MAX_LOOKED_AT - 1))).rows).toHaveLength(1);
  });

  it('is kept in 4 MB of all listings together: those used last', async () => {
    const listings = new Listings(projection);
    let made = 0;
    const long = 'x'.repeat(100_000);
    const rows = passing([{ name: long }, { name: long }]);
    const ask = (view: string) => listings.of(view, { filters: {}, sort: 'name' }, { ...rows, passing: () => (made++, rows.passing()) });
    for (let i = 0; i < 8; i++) await ask(`long ${i}`); // each takes 400 kB of texts
    for (let i = 0; i < 8; i++) await ask(`long ${i}`);
    expect(made).toBe(8);
    for (let i = 8; i < 24; i++) await ask(`long ${i}`);
    await ask('long 23');
    expect(made).toBe(24);
    await ask('long 0');
    expect(made).toBe(25);
  });
});
