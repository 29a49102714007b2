import { describe, expect, it } from '@jest/globals';
import { endedBy, partsOfTower, towersBehind, towersServed } from '../../src/domain/tower/successors.js';

import type { StateOfOther } from '../../src/kernel/index.js';
import { tower, type Tower } from '../../src/domain/tower/index.js';

const planned: Tower = { ...tower.initial, stage: 'planned', title: 'T' };
const merged = (into: string, on = '2018'): Tower => ({ ...planned, stage: 'merged', merged: { into, on } });
const split = (into: NonNullable<Tower['split']>['into'], on = '2018'): Tower => ({ ...planned, stage: 'split', split: { into, on } });
const parts = [{ tower: 'cloud', contracts: ['c1', 'c2'] }, { tower: 'networks', contracts: ['c2'] }, { tower: 'archive', takes: 'Tapes' }]; // prettier-ignore
const towers: Record<string, Tower> = {
  hosting: split(parts),
  cloud: merged('platform', '2020'),
  networks: planned,
  platform: planned,
  ghost: { ...planned, stage: 'cancelled', cancelled: { why: 'Nobody needs it', on: '2018' } },
  one: merged('other'),
  other: merged('one'),
};
const served = (contract: string, of: readonly string[], day: string, role: 'tower' | 'outside' = 'tower') =>
  towersServed(contract, { towers: of, role }, day, (id) => towers[id]);

describe('the towers that go on with what a tower held', () => {
  it('are the parts of its split, or the one that it was merged into; none where it stands', () => {
    expect(partsOfTower(towers['hosting']!)).toBe(parts);
    expect(partsOfTower(towers['cloud']!)).toEqual([{ tower: 'platform' }]);
    expect(partsOfTower(planned)).toEqual([]);
  });

  it('go on from the day of its end, as far as that is certain', () => {
    expect(endedBy(towers['hosting'], '2017-12-31')).toBeUndefined();
    expect(endedBy(towers['hosting'], '2018-01-01')).toEqual({ how: 'split', on: '2018' });
    expect(endedBy(towers['cloud'], '2021')).toEqual({ how: 'merged into platform', on: '2020' });
    expect(endedBy(towers['ghost'], '2021')).toEqual({ how: 'cancelled', on: '2018' });
    expect(endedBy(undefined, '2021')).toBeUndefined();
  });
});

describe('the towers that a contract serves on a day', () => {
  it('are those that it names, then those that go on with it, one after the other', () => {
    expect(served('c2', ['hosting'], '2017-06-01')).toEqual(['hosting']);
    expect(served('c2', ['hosting'], '2019')).toEqual(['cloud', 'networks']);
    expect(served('c2', ['hosting'], '2021')).toEqual(['platform', 'networks']);
    expect(served('c1', ['hosting', 'platform'], '2021')).toEqual(['platform']);
  });

  it('are the tower itself where its split names another one for it, or it was given up', () => {
    expect(served('c9', ['hosting'], '2021')).toEqual(['hosting']);
    expect(served('c9', ['ghost'], '2021')).toEqual(['ghost']);
    expect(served('c9', ['never-planned'], '2021')).toEqual(['never-planned']);
  });

  it('are none where it stands outside the towers, or where they are said to go on in each other', () => {
    expect(served('c1', ['hosting'], '2021', 'outside')).toEqual([]);
    expect(served('c1', ['one'], '2021')).toEqual([]);
  });
});

it('a split looks at every tower that its contracts have come through, each once, also in a circle', () => {
  const contracts: Record<string, object> = { c1: { towers: ['hosting', 'ghost'] }, c2: { towers: ['one', 'hosting'] } };
  const behind = (into: readonly { readonly contracts?: readonly string[] }[]) =>
    towersBehind({ into }, ((category: string, id: string) => (category === 'tower' ? towers : contracts)[id]) as StateOfOther).map(({ category, id }) => `${category}-${id}`); // prettier-ignore
  expect(behind([{ contracts: ['c1'] }])).toEqual(['tower-hosting', 'tower-cloud', 'tower-platform', 'tower-ghost']);
  expect(behind([{}, { contracts: ['c2', 'c2'] }])).toEqual(['tower-one', 'tower-other', 'tower-hosting', 'tower-cloud', 'tower-platform', 'tower-networks']); // prettier-ignore
  expect(behind([{ contracts: ['never-recorded'] }])).toEqual([]);
});
