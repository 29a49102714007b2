import { describe, it } from '@jest/globals';
import { adoptPolicy } from '../../src/domain/programme/commands/adopt-policy.js';
import { planContract } from '../../src/domain/contract/commands/plan-contract.js';
import { recordContract } from '../../src/domain/contract/commands/record-contract.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream } from '../given.js';

const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '1990')),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '1990')),
];
const given = specification(contract, { id: 'met-hosting', others });
const recorded = (currency: string) => ({
  programme: 'met',
  title: 'Hosting',
  stage: 'live',
  role: 'incumbent',
  suppliers: [{ supplier: 'csc' }],
  value: { amount: '1000', currency },
});
const planned = { programme: 'met', title: 'Hosting' };

describe('an amount in a former currency', () => {
  it('is recorded of a day on which it was money', () =>
    given()
      .when(recordContract, recorded('DEM'), { effectiveOn: '1999-05-01' })
      .then({ type: 'ContractRecorded', data: recorded('DEM') }));

  it('is recorded of a day that may lie before its end', () =>
    given()
      .when(recordContract, recorded('DEM'), { effectiveOn: '2002' })
      .then({ type: 'ContractRecorded', data: recorded('DEM') }));

  it('is refused of a day certainly behind its end', () =>
    given()
      .when(recordContract, recorded('DEM'), { effectiveOn: '2002-04-01' })
      .rejects('ledger/former-currency', { pointer: '/value/currency', detail: 'DEM was withdrawn in 2002-03; this is of 2002-04-01.' }));

  it('is found at its place inside the command', () =>
    specification(programme, { id: 'met' })(context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '1990'))
      .when(
        adoptPolicy,
        {
          policy: 'p',
          title: 'P',
          version: '1',
          inForceFrom: '2016',
          writeOffs: [{ grossAbove: { amount: '5', currency: 'ITL' }, approver: 'A' }],
        },
        { effectiveOn: '2016' },
      )
      .rejects('ledger/former-currency', { pointer: '/writeOffs/0/grossAbove/currency' }));

  it('says nothing of a command without money', () => given().when(planContract, planned).then({ type: 'ContractPlanned', data: planned }));
});
