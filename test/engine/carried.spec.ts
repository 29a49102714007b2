import { describe, expect, it } from '@jest/globals';
import { carriedIn, carriedSums, plusSums, throughOf } from '../../src/engine/read/carried.js';
import { eventSource, ranked, through, type Contribution, type StreamSource } from '../../src/kernel/index.js';

const kindOf = (kind: string, carries?: readonly string[]): StreamSource => ({ kind, category: kind, place: () => [], show: () => ({}), ...(carries && { carries }) }); // prettier-ignore
const carried = carriedIn({
  from: [kindOf('contract', ['', '#authority']), kindOf('loss'), eventSource('move', { place: () => [], show: () => ({}) })],
});
const loss = (more: Partial<Contribution>): Contribution => ({ key: 'loss:a', ...more });

it('totals are carried on by the kinds of keys whose source says so', () => {
  expect([...carried]).toEqual([['contract', ['', '#authority']]]);
});

describe('what a loss links through', () => {
  it('is what it says to go on from, whatever else it links to and in whichever rank', () => {
    const links = ['programme:met', through('contract:desks'), ranked(1, 'tower:euc'), through('contract:lan')];
    expect(throughOf(loss({ links }))).toEqual(['contract:desks', 'contract:lan']);
  });
  it('is nothing where it names no contract, or nothing at all', () => {
    expect([throughOf(loss({ links: ['programme:met', ranked(1, 'tower:euc')] })), throughOf(loss({}))]).toEqual([[], []]);
  });
});

describe('what a loss of a contract adds to others', () => {
  /** Suppliers of the contracts here; of `joint` there are two. */
  const suppliersOf = (key: string): readonly string[] =>
    ({ 'contract:desks': ['supplier:csc'], 'contract:lan': ['supplier:csc'], 'contract:joint': ['supplier:csc', 'supplier:atos'] })[key] ??
    [];
  const adds = (contracts: readonly string[], sums?: Contribution['sums']) =>
    carriedSums(loss({ links: contracts.map((id) => through(`contract:${id}`)), ...(sums && { sums }) }), carried, suppliersOf);

  it('counts with each supplier of the contract, in the totals that the contract carries on and in no other', () => {
    const sums = {
      'contract:joint': { losses: 1n },
      'contract:joint#authority': { gross: 700n },
      'contract:joint#closed': { losses: 1n },
      'programme:met': { losses: 1n },
    };
    expect(adds(['joint'], sums)).toEqual({
      'supplier:csc': { losses: 1n },
      'supplier:csc#authority': { gross: 700n },
      'supplier:atos': { losses: 1n },
      'supplier:atos#authority': { gross: 700n },
    });
  });

  it('is added up, measure by measure, where two contracts are with one supplier', () => {
    const [desks, lan] = [{ losses: 1n, gross: 700n }, { losses: 2n, net: 300n }]; // prettier-ignore
    expect(adds(['desks', 'lan'], { 'contract:desks': desks, 'contract:lan': lan })).toEqual({
      'supplier:csc': { losses: 3n, gross: 700n, net: 300n },
    });
    expect([desks, lan]).toEqual([{ losses: 1n, gross: 700n }, { losses: 2n, net: 300n }]); // prettier-ignore
  });

  it('is nothing where it adds nothing to the contract, or the contract has no supplier', () => {
    expect([adds(['desks']), adds(['desks'], { 'programme:met': { losses: 1n } })]).toEqual([{}, {}]);
    expect(adds(['planned'], { 'contract:planned': { losses: 1n } })).toEqual({});
  });

  it('is nothing behind what carries no totals on', () => {
    const of = loss({ links: [through('supplier:csc')], sums: { 'supplier:csc': { losses: 1n } } });
    expect(carriedSums(of, carried, () => ['programme:met'])).toEqual({});
  });

  it('comes on top of what it adds itself', () => {
    const own = { 'supplier:csc': { losses: 1n, gross: 700n }, 'programme:met': { losses: 1n } };
    const behind = { 'supplier:csc': { losses: 2n, net: 300n }, 'supplier:atos': { losses: 4n } };
    expect(plusSums(own, behind)).toEqual({
      'supplier:csc': { losses: 3n, gross: 700n, net: 300n },
      'programme:met': { losses: 1n },
      'supplier:atos': { losses: 4n },
    });
    expect(plusSums(undefined, behind)).toEqual(behind);
  });
});
