import { describe, expect, it } from '@jest/globals';
import { dayShown, isPromised, isWith, onDay, onDayById, partsOf, sumsWithSuppliers, supplierKeys } from '../../projections/promised.js';
import { contract, type Contract, type Supply } from '../../src/domain/contract/index.js';
import { NEWEST, type Lookup } from '../../src/kernel/index.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const live = (more: Partial<Contract>): Contract => ({ ...contract.initial, stage: 'live', ceiling: gbp('100'), ...more });
const lots = [
  { lot: 'north', title: 'North', value: gbp('60') },
  { lot: 'south', title: 'South' },
];
const promised = (suppliers: readonly Supply[], more: Partial<Contract> = {}) =>
  partsOf(live({ lots, ...more }), suppliers).map(({ supply, value, jointly }) => [supply.supplier, 'amount' in value ? value.amount : value, jointly]); // prettier-ignore
const named = (n: number): readonly Supply[] => Array.from({ length: n }, (_, i) => ({ supplier: `s${i}` }));

describe('what a contract promises to each of its suppliers', () => {
  it.each<[string, readonly Supply[], readonly unknown[]]>([
    ['the ceiling to one alone', [{ supplier: 'csc' }], [['csc', '100', false]]],
    ['its share to one that has a part', [{ supplier: 'csc', share: 40 }], [['csc', '40.00', false]]],
    ['its lot to one that has a lot', [{ supplier: 'csc', lot: 'north' }], [['csc', '60', false]]],
    ['the rest of a lot beside a share of it', [{ supplier: 'csc', lot: 'north', share: 25 }, { supplier: 'atos', lot: 'north' }], [['csc', '15.00', false], ['atos', '45.00', false]]],
    ['a lot whose value nobody knows, not known', [{ supplier: 'csc', lot: 'south' }], [['csc', { unknown: true }, false]]],
    ['a lot that the contract does not have, not known', [{ supplier: 'csc', lot: 'west' }], [['csc', { unknown: true }, false]]],
    ['the ceiling to two jointly', [{ supplier: 'csc' }, { supplier: 'atos' }], [['csc', '100', true], ['atos', '100', true]]],
    ['the ceiling jointly to one without a lot beside one with a lot', [{ supplier: 'csc' }, { supplier: 'atos', lot: 'north' }], [['csc', '100', true], ['atos', '60', false]]],
    ['the whole once to one that joined, left and came back', [{ supplier: 'csc', leftOn: '2017' }, { supplier: 'csc', joinedOn: '2018' }], [['csc', '100', false]]],
    ['its share and the rest to one that has both', [{ supplier: 'csc', share: 30 }, { supplier: 'csc' }], [['csc', '30.00', false], ['csc', '70.00', false]]],
    ['nothing to nobody', [], []],
  ])('%s', (_, suppliers, expected) => expect(promised(suppliers)).toEqual(expected)); // prettier-ignore

  it('is nothing under a framework: its call-offs promise', () => {
    expect(isPromised({ stage: 'live', kind: 'framework' })).toBe(false);
    expect(isPromised({ stage: 'live', kind: 'call-off' })).toBe(true);
    const shown = (kind: string) => onDayById({ ...dayShown(live({ suppliers: named(1) })), kind }, '2020-01-01').suppliers;
    expect(shown('framework')).toEqual([{ supplier: 's0' }]);
    expect(shown('call-off')).toEqual([{ supplier: 's0', promised: gbp('100'), jointly: false }]);
  });
});

describe('a row on a day', () => {
  const row = (more: Partial<Contract>, day: string) => onDay(dayShown(live(more)), day, (id) => id.toUpperCase());

  it('names the suppliers of that day and how many more there are', () => {
    expect(row({ suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] }, '2020-01-01').supplierName).toBe('CSC, ATOS');
    expect(row({ suppliers: [] }, '2020-01-01')).toMatchObject({ suppliers: [], supplierName: null, becomes: null });
    const many = row({ suppliers: named(NEWEST + 3) }, '2020-01-01');
    expect(many.suppliers).toHaveLength(NEWEST);
    expect(many.supplierName).toMatch(/^S3, S4, .* and 3 more$/);
    expect(row({ suppliers: named(NEWEST) }, '2020-01-01').supplierName).not.toMatch(/more/);
  });

  it('names each supplier once, also where it has two lots', () =>
    expect(
      row({ lots, suppliers: [{ supplier: 'csc', lot: 'north' }, { supplier: 'csc', lot: 'south' }] }, '2020-01-01').supplierName, // prettier-ignore
    ).toBe('CSC'));

  it('says who they become and when, as long as that is to come', () => {
    const suppliers = [
      { supplier: 'csc', leftOn: '2020-02-01' },
      { supplier: 'atos', joinedOn: '2020-02-01' },
    ];
    expect(row({ suppliers }, '2020-01-31')).toMatchObject({ supplierName: 'CSC', becomes: { supplierName: 'ATOS', on: '2020-02-01', suppliers: [{ supplier: 'atos', promised: gbp('100') }] } }); // prettier-ignore
    expect(row({ suppliers }, '2020-02-01')).toMatchObject({ supplierName: 'ATOS', becomes: null });
  });

  it('is past its end from the day after the last day of the term', () => {
    const since = (day: string, more: Partial<Contract> = {}) =>
      row({ suppliers: [], term: { endsOn: '2020-03-31' }, ...more }, day).pastEndSince;
    expect(since('2020-03-31')).toBeNull();
    expect(since('2020-04-01')).toBe('2020-04-01');
    expect(since('2020-05-01')).toBe('2020-04-01');
    expect(row({ suppliers: [] }, '2020-05-01').pastEndSince).toBeNull();
    expect(since('2020-05-01', { stage: 'closed' })).toBeNull();
  });
});

describe('a contract is found by its suppliers', () => {
  const key = 'contract:c1';
  const ask = (suppliers: readonly Supply[] | undefined, value: string, summed = 0) =>
    isWith(suppliers, { value, key, lookup: { sum: (_: unknown, of: string) => ({ contracts: of === `${key}#with/${value}` ? summed : 0 }) } as unknown as Lookup }); // prettier-ignore

  it('that its row carries, and by those beyond them through a sum under its key', () => {
    expect(ask(named(2), 's1')).toBe(true);
    expect(ask(named(2), 's9', 1)).toBe(false);
    expect(ask(named(NEWEST), 'earlier', 1)).toBe(true);
    expect(ask(named(NEWEST), 'none')).toBe(false);
    expect(ask(undefined, 's1', 1)).toBe(false);
  });

  it('each of them has a key of its own, and a sum only where a row cannot carry them all', () => {
    expect(supplierKeys(live({ suppliers: named(2) }))).toEqual(['supplier:s0', 'supplier:s1']);
    expect(sumsWithSuppliers(key, live({ suppliers: named(NEWEST) }), undefined)).toEqual({});
    const sums = sumsWithSuppliers(key, live({ suppliers: named(NEWEST + 1) }), undefined);
    expect(Object.keys(sums)).toEqual(named(NEWEST + 1).map(({ supplier }) => `${key}#with/${supplier}`));
    expect(new Set(Object.values(sums).map(({ contracts }) => contracts))).toEqual(new Set([1n]));
    const gone = named(NEWEST + 1).map((one, i) => (i === 0 ? { ...one, leftOn: '2020-01-01' } : one));
    expect(sumsWithSuppliers(key, live({ suppliers: gone }), undefined)).toEqual({});
    expect(Object.keys(sumsWithSuppliers(key, live({ suppliers: gone }), '2019-01-01'))).toHaveLength(NEWEST + 1);
  });
});
