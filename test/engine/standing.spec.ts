import { describe, expect, it } from '@jest/globals';
import {
  faultedIn,
  keyOfTarget,
  keyOfTotal,
  kindOf,
  linksIn,
  sameStanding,
  sameSums,
  targetsOf,
} from '../../src/engine/read/projection-writer.js';
import { ranked, through, type Contribution, type Measures } from '../../src/kernel/index.js';

const at = (more: Partial<Contribution>): Contribution => ({ key: 'contract:a', ...more });

describe('whether a total has to be counted again', () => {
  it.each<[Measures | undefined, Measures, boolean]>([
    [{}, {}, true],
    [{ n: 1n, m: 2n }, { m: 2n, n: 1n }, true],
    [{ n: 1n }, { n: 2n }, false],
    [{ n: 1n }, { m: 1n }, false],
    [{ n: 1n }, { n: 1n, m: 1n }, false],
    [{ n: 1n, m: 1n }, { n: 1n }, false],
    [{}, { n: 1n }, false],
    [{ n: 1n }, {}, false],
    [undefined, {}, false],
    [undefined, { n: 1n }, false],
  ])('%p beside %p', (before, after, alike) => {
    expect(sameSums(before, after)).toBe(alike);
  });
});

describe('whether a row has to be looked at again', () => {
  const sums = { 'tower:x': { n: 1n }, 'programme:met': { n: 1n } };
  it.each<[string, Partial<Contribution>, Partial<Contribution>, boolean]>([
    ['it has neither a row nor links', {}, {}, true],
    ['it says that it has no row', {}, { row: false, links: [] }, true],
    ['it gets a row', {}, { row: true }, false],
    ['the links are the same', { links: ['tower:x', 'tower:y'] }, { links: ['tower:x', 'tower:y'] }, true],
    ['one link is another', { links: ['tower:x', 'tower:y'] }, { links: ['tower:x', 'tower:z'] }, false],
    ['the links have another order', { links: ['tower:x', 'tower:y'] }, { links: ['tower:y', 'tower:x'] }, false],
    ['a link is gone', { links: ['tower:x', 'tower:y'] }, { links: ['tower:x'] }, false],
    ['a link has come', { links: ['tower:x'] }, { links: ['tower:x', 'tower:y'] }, false],
    ['it adds the same', { sums }, { sums: { ...sums } }, true],
    ['it adds nothing more', {}, { sums: { 'tower:x': {} } }, true],
    ['it adds nothing any more', { sums: { 'tower:x': {} } }, {}, true],
    ['it begins to add', {}, { sums }, false],
    ['it adds no more', { sums }, {}, false],
    ['it adds otherwise to one of its totals', { sums }, { sums: { ...sums, 'programme:met': { n: 2n } } }, false],
    ['it adds the same and gets a row', { sums }, { sums, row: true }, false],
  ])('%s', (_, before, after, alike) => {
    expect(sameStanding(at(before), at(after))).toBe(alike);
  });
});

describe('where a stream that can be folded no more is counted', () => {
  it.each<[string, readonly Contribution[], string | undefined, readonly string[]]>([
    ['in the rows whose totals it had a share in, once each', [at({ sums: { 'tower:x': {}, 'programme:p#outside': {} } }), at({ sums: { 'programme:p#all': {} } })], 'q', ['tower:x', 'programme:p']], // prettier-ignore
    ['in its programme where it had none', [at({}), at({ sums: {} })], 'q', ['programme:q']],
    ['nowhere without a programme', [at({})], undefined, []],
  ])('%s', (_, contributions, programme, keys) => {
    expect([...faultedIn(contributions, programme)]).toEqual(keys);
  });
});

it('rows are named by what is stored of links and totals', () => {
  expect(['contract0>tower:x', 'contract3>tower:a>b'].map(keyOfTarget)).toEqual(['tower:x', 'tower:a>b']);
  expect(['tower:x', 'programme:p#outside', 'programme:p#a#b'].map(keyOfTotal)).toEqual(['tower:x', 'programme:p', 'programme:p']);
});

describe('where a contribution is found', () => {
  it('is in each list that it links to, of its own kind and in its rank, once', () => {
    const links = ['tower:x', ranked(2, 'tower:x'), 'supplier:csc', 'tower:x', ranked(0, 'tower:y')];
    expect(targetsOf(at({ links }))).toEqual(['contract0>tower:x', 'contract2>tower:x', 'contract0>supplier:csc', 'contract0>tower:y']);
    expect([targetsOf(at({})), targetsOf(at({ links: [] }))]).toEqual([[], []]);
  });

  it('is behind what it links through, whatever its kind', () => {
    const links = [through('contract:desks'), 'tower:x'];
    expect(targetsOf({ key: 'loss:a', links })).toEqual(['^>contract:desks', 'loss0>tower:x']);
  });

  it('is with the rows that it links to, each once, and not with what it links through', () => {
    expect(linksIn(['contract0>tower:x', 'contract2>tower:x', '^>contract:desks', 'contract0>supplier:csc'])).toEqual(['tower:x', 'supplier:csc']); // prettier-ignore
  });

  it('is by the kind of its key, up to the first colon', () =>
    expect(['contract:a', 'loss:a:b'].map(kindOf)).toEqual(['contract', 'loss']));
});
