import { describe, expect, it } from '@jest/globals';
import {
  certainlyBelow,
  check,
  contains,
  excess,
  headcount,
  headcountOf,
  isExact,
  isNone,
  mayBeSame,
  minus,
  noLessThan,
  plus,
  quantity,
  rangeOf,
  showChange,
  showHeadcount,
  showRange,
  smaller,
  sumOf,
  tally,
  type Qualifier,
} from '../../src/kernel/index.js';

const of = (count: number | string, qualifier?: Qualifier, unit: 'people' | 'fte' = 'people') => rangeOf(qualifier ? { count, qualifier } : count, unit); // prettier-ignore

describe('a figure stands for an interval', () => {
  it.each([
    [800, 'about', { least: 750, most: 850 }],
    [120, 'about', { least: 115, most: 125 }],
    [113, 'about', { least: 112, most: 114 }],
    [0, 'about', { least: 0, most: 1 }],
    [400, 'over', { least: 401 }],
    [400, 'at-least', { least: 400 }],
    [400, 'under', { least: 0, most: 399 }],
    [400, 'at-most', { least: 0, most: 400 }],
    [400, 'exact', { least: 400, most: 400 }],
  ] as const)('%i %s', (count, qualifier, range) => expect(of(count, qualifier)).toEqual(range));

  it.each([
    ['7.5', 'about', { least: 7.45, most: 7.55 }],
    ['700', 'about', { least: 650, most: 750 }],
    ['7.5', 'over', { least: 7.5 }],
    ['7.5', 'under', { least: 0, most: 7.5 }],
  ] as const)('%s %s full-time equivalents', (count, qualifier, range) => expect(of(count, qualifier, 'fte')).toEqual(range));
});

describe('sums and differences', () => {
  it('are exact to four digits', () => {
    expect(minus(of('742.6', undefined, 'fte'), of('7.5', undefined, 'fte'))).toEqual({ least: 735.1, most: 735.1 });
    expect(plus(of('0.1', undefined, 'fte'), of('0.2', undefined, 'fte'))).toEqual({ least: 0.3, most: 0.3 });
  });

  it('are as open as their parts', () => {
    expect(minus(of(500), of(400, 'over'))).toEqual({ most: 99 });
    expect(minus(of(400, 'over'), of(412))).toEqual({ least: -11 });
    expect(excess(of(400, 'over'), of(412))).toEqual({ least: 0 });
    expect(smaller(of(400, 'over'), of(412))).toEqual({ least: 401, most: 412 });
    expect(smaller(of(412), of(400, 'over'))).toEqual({ least: 401, most: 412 });
  });

  it('are of several, each end by itself', () => {
    expect([sumOf([]), sumOf([of(5), of(2)]), sumOf([of(5), of(3, 'over'), of(2)])]).toEqual([{ least: 0, most: 0 }, { least: 7, most: 7 }, { least: 11 }]); // prettier-ignore
    expect(smaller({ least: 0, most: 9 }, { least: 2, most: 3 })).toEqual({ least: 0, most: 3 });
    expect([excess(of(9), of(4)), excess(of(4), of(9))]).toEqual([
      { least: 5, most: 5 },
      { least: 0, most: 0 },
    ]);
    expect([noLessThan({}, 3), noLessThan({ least: 5, most: 9 }, 3), noLessThan({ least: 1, most: 2 }, 3)]).toEqual([{ least: 3 }, { least: 5, most: 9 }, { least: 3, most: 3 }]); // prettier-ignore
  });

  it('are none, or exact, only where both ends say so', () => {
    const some = [of(0), of(1), { least: 0 }, { most: 0 }, of(5, 'at-most'), {}];
    expect([some.map(isNone), some.map(isExact)]).toEqual([
      [true, false, false, false, false, false],
      [true, true, false, false, false, false],
    ]);
  });

  it('that are open at an end lie within nothing that is bounded there, and are never certainly below', () => {
    const bounded = { least: 1, most: 9 };
    expect([{ least: 2, most: 12 }, { least: 2 }, { most: 5 }, {}, { least: 2, most: 5 }].map((one) => contains(bounded, one))).toEqual([false, false, false, false, true]); // prettier-ignore
    expect([certainlyBelow({}, of(5)), certainlyBelow({ most: 4 }, {}), certainlyBelow({}, {})]).toEqual([false, false, false]);
  });

  it('are compared where that is certain', () => {
    expect([certainlyBelow(of(5), of(6)), certainlyBelow(of(5), of(5)), certainlyBelow(of(5, 'over'), of(9))]).toEqual([true, false, false]); // prettier-ignore
    expect([mayBeSame(of(800, 'about'), of(750)), mayBeSame(of(800, 'about'), of(749))]).toEqual([true, false]);
    expect([contains({}, of(5)), contains(of(5, 'over'), of(5)), contains(of(5, 'under'), of(5, 'over')), contains(of(5), of(5))]).toEqual([true, false, false, true]); // prettier-ignore
  });
});

describe('as people read it', () => {
  it.each([
    [of(105), '105 people'],
    [of(800, 'about'), 'about 800 people (750 to 850)'],
    [of(50, 'under'), '0 to 49 people'],
    [of(400, 'over'), '401 or more people'],
    [{ least: 0 }, '0 or more people, unknown'],
  ])('%j holds %s', (range, text) => expect(showRange(range, 'people')).toBe(text));

  it.each([
    [{ least: -25, most: -25 }, '−25'],
    [{ least: 43, most: 43 }, '+43'],
    [{ least: 0, most: 0 }, '0'],
    [{ least: -450, most: -350 }, '−450 to −350'],
    [{ most: -401 }, '−401 or less'],
    [{ least: 401 }, '+401 or more'],
    [{}, 'unknown'],
  ])('%j changes by %s', (range, text) => expect(showChange(range)).toBe(text));

  it('as a figure with its qualifier, if anything is known', () => {
    expect(headcountOf(of(800, 'about'), 'people')).toEqual({ count: 800, qualifier: 'about', unit: 'people' });
    expect(headcountOf(of(400, 'over'), 'posts')).toEqual({ count: 401, qualifier: 'at-least', unit: 'posts' });
    expect(headcountOf(of(50, 'at-most'), 'posts')).toEqual({ count: 50, qualifier: 'at-most', unit: 'posts' });
    expect(headcountOf(of('735.1', undefined, 'fte'), 'fte')).toEqual({ count: '735.1', unit: 'fte' });
    expect(headcountOf({ least: 1, most: 2 }, 'fte')).toEqual({ count: '1.5', qualifier: 'about', unit: 'fte' });
    expect(headcountOf({ least: 0 }, 'people')).toBeUndefined();
  });

  it('with its qualifier', () => {
    expect(showHeadcount({ count: 400, qualifier: 'over', unit: 'posts' })).toBe('over 400 posts');
    expect(showHeadcount({ count: 113, unit: 'people' })).toBe('113 people');
  });
});

describe('an input', () => {
  const problems = (value: unknown) => check({ h: headcount(), q: quantity(), t: tally() }, value).map(({ pointer, detail }) => `${pointer} ${detail}`); // prettier-ignore
  const people = { count: 1, unit: 'people' };

  it('has whole numbers, or a decimal text of full-time equivalents', () => {
    expect(problems({ h: { count: '742.6', unit: 'fte' }, q: '7.5', t: 3 })).toEqual([]);
    expect(problems({ h: people, q: { count: 400, qualifier: 'over' }, t: '0.25' })).toEqual([]);
    expect(problems({ h: { count: '742', unit: 'posts' }, q: 1, t: 1 })).toEqual(['/h/count must be a whole number: only full-time equivalents have a decimal text']); // prettier-ignore
    expect(problems({ h: people, q: 0.5, t: '1.00001' })).toEqual([
      '/q must be a whole number, or a decimal text such as "7.5" of full-time equivalents',
      '/t must be a whole number, or a decimal text such as "7.5" of full-time equivalents',
    ]);
  });

  it('has somebody where the field asks for it', () => {
    const problemsOf = (q: unknown) => check({ q: quantity('How many', { min: 1 }) }, { q }).map(({ pointer, detail }) => `${pointer} ${detail}`); // prettier-ignore
    expect([problemsOf(0), problemsOf('0.0'), problemsOf({ count: 0, qualifier: 'about' })]).toEqual([['/q must be above zero'], ['/q must be above zero'], ['/q/count must be above zero']]); // prettier-ignore
    expect([problemsOf(1), problemsOf('0.5'), problemsOf({ count: 1 })]).toEqual([[], [], []]);
  });

  it('is never fewer than none', () => {
    expect(problems({ h: { count: 0, qualifier: 'under', unit: 'people' }, q: { count: '0.0', qualifier: 'under' }, t: 0 })).toEqual([
      '/h/count must not be under none',
      '/q/count must not be under none',
    ]);
    expect(problems({ h: people, q: -1, t: 1_000_000_001 })).toHaveLength(2);
  });
});
