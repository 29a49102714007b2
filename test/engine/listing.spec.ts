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
const passing = (rows: readonly object[]) => async function* (): AsyncGenerator<Passing> { for (const [i, row] of rows.entries()) yield { key: `thing:${i}`, row }; }; // prettier-ignore
const many = (passes: number, others: number) =>
  async function* (): AsyncGenerator<Passing> {
    for (let i = 0; i < passes + others; i++) yield { key: `thing:${i}`, row: i < passes ? { size: 1n } : undefined };
  };
const question = { filters: {} };

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
    const rows = () => (made++, passing([{ size: 1n }, { size: 2n }])());
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
    expect((await listings.of('a', question, many(MAX_LISTED, 10))).rows).toHaveLength(MAX_LISTED);
    await expect(listings.of('b', question, many(MAX_LISTED + 1, 0))).rejects.toBeInstanceOf(ListTooLargeError);
    await expect(listings.of('c', question, many(1, MAX_LOOKED_AT))).rejects.toBeInstanceOf(ListTooLargeError);
    expect((await listings.of('c', question, many(1, 1))).rows).toHaveLength(1);
  });

  it('goes on behind a key, and knows no other', () => {
    const listing = { rows: ['a', 'b', 'c'].map((key) => ({ key, by: undefined })), totals: undefined };
    expect([keysAfter(listing, ''), keysAfter(listing, 'b'), keysAfter(listing, 'c')]).toEqual([['a', 'b', 'c'], ['c'], []]);
    expect(() => keysAfter(listing, 'd')).toThrow(InvalidCursorError);
  });
});
