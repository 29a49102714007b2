import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { onDayById, suppliersIn } from '../../projections/promised.js';
import { contract, suppliersChangeOn, type Contract } from '../../src/domain/contract/index.js';
import { recordWorld, World } from '../random-history.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';

let world: World;
beforeEach(async () => {
  world = new World();
  await recordWorld(world);
  await world.record('contract-sdim', 'AwardContract', { programme: 'met', title: 'SDIM', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: { unknown: true } }); // prettier-ignore
  await world.record('contract-sdim', 'SignContract', {});
});
afterEach(closeRows);
const novate = (takesEffectOn: string) => world.record('contract-sdim', 'NovateContract', { supplier: 'atos', takesEffectOn });
const rows = async () => rowsAfter(await world.events());

describe('a novation acts on its day', () => {
  it('until then the rows say "becomes X on …", and name the supplier of today', async () => {
    await novate('2199-11');
    const read = await rows();
    const shown = {
      suppliers: [{ supplier: 'csc', name: 'CSC' }],
      supplierName: 'CSC',
      becomes: { suppliers: [{ supplier: 'atos', name: 'Atos' }], supplierName: 'Atos', on: '2199-11' },
    };
    expect((await read.row('tower-board', 'tower:hosting')).contracts[0]).toMatchObject(shown);
    expect(await read.row('contract-register', 'contract:sdim')).toMatchObject(shown);
    expect(await read.row('money', 'contract:sdim')).toMatchObject({
      suppliers: [{ supplier: 'csc' }],
      becomes: { suppliers: [{ supplier: 'atos' }], on: '2199-11' },
    });
  });

  it('from then on they have the new one alone', async () => {
    await novate('2016-01-04');
    const read = await rows();
    expect((await read.row('tower-board', 'tower:hosting')).contracts[0]).toMatchObject({
      suppliers: [{ supplier: 'atos' }],
      supplierName: 'Atos',
      becomes: null,
    });
    expect(await read.row('contract-register', 'contract:sdim')).toMatchObject({ supplierName: 'Atos', becomes: null });
  });

  it('whatever day is asked, the totals and the rows of that day have the supplier of that day', () => {
    const suppliers = [
      { supplier: 'csc', leftOn: '2020-01-01' },
      { supplier: 'atos', joinedOn: '2020-01-01', leftOn: '2023-11' },
      { supplier: 'eviden', joinedOn: '2023-11' },
    ];
    const c: Contract = { ...contract.initial, stage: 'live', suppliers };
    const on = (day: string) => [...suppliersIn(c, day).map(({ supplier }) => supplier), suppliersChangeOn(c, day)];
    expect(on('2019-12-31')).toEqual(['csc', '2020-01-01']);
    expect(on('2020-01-01')).toEqual(['atos', '2023-11']);
    expect(on('2023-10-31')).toEqual(['atos', '2023-11']);
    expect(on('2023-11-01')).toEqual(['eviden', undefined]);
    expect(suppliersIn(c, undefined)).toMatchObject([{ supplier: 'eviden' }]);
  });
});

it('a contract is past its end from the day after its last possible day, on the day that is asked', () => {
  const shown = { suppliers: [{ supplier: 'csc' }], lots: [], ceiling: { unknown: true as const }, pastEndFrom: '2021-01-01' };
  expect([onDayById(shown, '2020-12-31').pastEndSince, onDayById(shown, '2021-01-01').pastEndSince]).toEqual([null, '2021-01-01']);
  expect(onDayById({ ...shown, pastEndFrom: null }, '2021-01-01').pastEndSince).toBeNull();
});
