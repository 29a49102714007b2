import { describe, expect, it } from '@jest/globals';
import { supplier } from '../../src/domain/supplier/index.js';
import {
  eventSource,
  kebab,
  linkedList,
  newestOf,
  ownList,
  plural,
  projection,
  ranked,
  source,
  sums,
  type History,
  type Lookup,
} from '../../src/kernel/index.js';

describe('a total of several measures', () => {
  const counted = sums({ contracts: 'count', ceiling: 'value', original: 'value' });

  it('adds counts as they are and money by currency, each under the name of its measure', () => {
    expect(counted.of({ contracts: 2, ceiling: { amount: '1.50', currency: 'GBP' } })).toEqual({
      contracts: 2n,
      'ceiling.GBP': 150n,
      'ceiling.GBP.count': 1n,
    });
    expect(counted.of({ contracts: 0, original: { undisclosed: true } })).toEqual({ contracts: 0n, 'original.undisclosed': 1n });
    expect(counted.of({ contracts: undefined, ceiling: undefined })).toEqual({});
  });

  it('keeps its measures apart when it is read again', () => {
    const measures = counted.of({ contracts: 3, ceiling: { amount: '1.50', currency: 'GBP' }, original: { undisclosed: true } });
    expect(counted.total(measures)).toMatchObject({
      contracts: 3,
      ceiling: { amounts: [{ amount: '1.50', currency: 'GBP', count: 1 }], undisclosed: 0 },
      original: { amounts: [], undisclosed: 1 },
    });
  });

  it('of nothing is zero and no money', () =>
    expect(counted.total({})).toEqual({
      contracts: 0,
      ceiling: { amounts: [], undisclosed: 0, withheld: 0, unknown: 0 },
      original: { amounts: [], undisclosed: 0, withheld: 0, unknown: 0 },
    }));
});

describe('a list', () => {
  const suppliers = source(supplier, 'supplier', {
    place: (id) => [{ key: `supplier:${id}` }],
    show: ({ id, state }) => ({ [`supplier:${id}`]: state.title }),
  });
  const lookup = {} as Lookup;

  it('of links shows what its source shows, in one rank, unless it says otherwise', () => {
    expect(linkedList(suppliers)).toMatchObject({ from: suppliers, ranks: 1 });
    expect(linkedList(suppliers).entry('CSC', lookup)).toBe('CSC');
    const shouted = linkedList(suppliers, { ranks: 3, entry: (title) => `${title}!` });
    expect([shouted.ranks, shouted.entry('CSC', lookup)]).toEqual([3, 'CSC!']);
  });

  it('of a stream’s own items is read from its history alone', () => {
    const members = ownList(
      supplier,
      ({ state }) => state.members,
      (member, { id }, day) => `${member} of ${id} on ${day}`,
    );
    const history = { id: 'sscl', state: { members: ['steria', 'cabinet-office'] } } as unknown as History;
    expect([members.category, members.items(history)]).toEqual(['supplier', ['steria', 'cabinet-office']]);
    expect(members.entry('steria', history, '2015-04-01')).toBe('steria of sscl on 2015-04-01');
  });

  it('carries its last items in its order, at most twenty unless it is less', () => {
    const items = Array.from({ length: 25 }, (_, n) => n);
    expect(newestOf(items)).toEqual(items.slice(5));
    expect(newestOf(items, 3)).toEqual([22, 23, 24]);
    expect(newestOf(items.slice(0, 20))).toEqual(items.slice(0, 20));
    expect(newestOf([], 3)).toEqual([]);
  });

  it('puts a link of a higher rank behind the others', () => {
    expect([ranked(0, 'tower:euc'), ranked(2, 'tower:euc')]).toEqual(['tower:euc', '2|tower:euc']);
  });
});

describe('a projection', () => {
  const nothing = { place: () => [], show: () => ({}) };
  const decisions = eventSource('decision', nothing);
  const ofSuppliers = source(supplier, 'supplier', { ...nothing, shownByLinking: true });
  const definition = { name: 'board', version: 1, question: 'Who?', rows: {} };

  it('reads streams of one aggregate, or single events of all', () => {
    expect([ofSuppliers.category, ofSuppliers.kind, ofSuppliers.shownByLinking]).toEqual(['supplier', 'supplier', true]);
    expect([decisions.category, decisions.kind]).toEqual([undefined, 'decision']);
    expect(projection({ ...definition, from: [decisions, ofSuppliers] }).from).toEqual([decisions, ofSuppliers]);
  });

  it('never has two sources of one kind', () =>
    expect(() => projection({ ...definition, from: [ofSuppliers, decisions, eventSource('supplier', nothing)] })).toThrow(
      new TypeError('Two sources of board are of the kind supplier.'),
    ));
});

it('names in addresses are plural and in lower case', () => {
  expect(['contract', 'loss', 'supplier'].map(plural)).toEqual(['contracts', 'losses', 'suppliers']);
  expect(['AwardContract', 'WriteOff', 'annotate', 'SignContract2'].map(kebab)).toEqual(['award-contract', 'write-off', 'annotate', 'sign-contract2']); // prettier-ignore
});
