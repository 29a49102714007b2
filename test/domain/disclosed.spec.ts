import { describe, expect, it } from '@jest/globals';
import { discloseValue } from '../../src/domain/contract/commands/disclose-value.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { changeFigures } from '../../src/kernel/index.js';
import { asBelieved } from '../as-believed.js';
import { context, specification, stream } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '1990')),
  stream(supplier, 'atos', context('SupplierRegistered', { title: 'Atos', form: 'company' }, '1990')),
];
const awarded = (on = '2015-08-24') =>
  context('ContractAwarded', { programme: 'met', title: 'SIAM', suppliers: [{ supplier: 'atos' }], value: { undisclosed: true } }, on);
const given = specification(contract, { id: 'c', others });

describe('a value that is disclosed later', () => {
  it('was so from the award on, by the effective clock', () =>
    given(awarded())
      .when(discloseValue, { value: gbp('96000000'), covers: 'initial-term' }, { effectiveOn: '2018-06-01' })
      .leaves((_, history) => {
        expect(history.asOf('2016-12-31').state).toMatchObject({
          original: gbp('96000000'),
          ceiling: gbp('96000000'),
          covers: 'initial-term',
        });
        expect(history.asOf('2015-08-23').state).toMatchObject({ stage: 'none' });
      }));

  it('was undisclosed by the recorded clock', () =>
    given(awarded())
      .when(discloseValue, { value: gbp('96000000') }, { effectiveOn: '2018-06-01' })
      .leaves((_, history) => {
        expect(history.atRevision(0).asOf('2016-12-31').state).toMatchObject({ original: { undisclosed: true } });
        expect(asBelieved(history).at(-1)!.before).toMatchObject({ original: { undisclosed: true } });
      }));

  it('gives its figures to the steps that were approved before it was known', () =>
    given(awarded(), context('ChangeApproved', { kind: 'value', by: gbp('47000000') }, '2018-06-01'))
      .when(discloseValue, { value: gbp('96000000') }, { effectiveOn: '2019' })
      .leaves(({ original, ceiling, changes: [change] }) => {
        expect(ceiling).toEqual(gbp('143000000.00'));
        expect(changeFigures(original, change!.from, change!.to!).stepOverOriginal).toBe('0.489583');
      }));

  it('is in the currency that the contract had at its award, also after a redenomination', async () => {
    const euro = context('ContractRedenominated', { currency: 'EUR', rate: '1.95583' }, '1999-01-01');
    const step = context('ChangeApproved', { kind: 'value', by: { amount: '1.00', currency: 'DEM' } }, '1998-06-01');
    const german = given(awarded('1998-05-04'), step, euro);
    await german
      .when(discloseValue, { value: { amount: '1.00', currency: 'DEM' } }, { effectiveOn: '2001' })
      .leaves({ original: { amount: '0.51', currency: 'EUR' }, ceiling: { amount: '1.02', currency: 'EUR' } });
    await german
      .when(discloseValue, { value: { amount: '1.00', currency: 'EUR' } }, { effectiveOn: '2001' })
      .rejects('contract/mixed-currencies', { pointer: '/value/currency', detail: 'Its figures were in DEM when it was awarded.' });
  });
});
