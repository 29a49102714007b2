import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { giveTerminationNotice } from '../../src/domain/contract/commands/give-termination-notice.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { moveDays } from '../../src/kernel/index.js';
import { context, specification, stream } from '../given.js';

const others = [
  stream(
    programme,
    'met',
    context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '2010'),
    context('PolicyAdopted', { policy: 'p', title: 'P', version: '1', inForceFrom: '2010', approvals: [{ monthsAbove: 6, approver: 'Board' }], checks: ['contractual-notice'] }, '2010'), // prettier-ignore
  ),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2010')),
];
const awarded = (endsOn: string) =>
  context(
    'ContractAwarded',
    { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value: { unknown: true }, endsOn, noticeDays: 30 },
    '2016',
  );

describe('a policy limit of 6 months', () => {
  it.each([
    ['from 30 June to 31 December is six', '2020-06-30', '2020-12-31', 'met'],
    ['from 30 June to 1 January is more', '2020-06-30', '2021-01-01', 'not-met'],
    ['from 31 August to 29 February is six', '2019-08-31', '2020-02-29', 'met'],
    ['from 31 August to 1 March is more', '2019-08-31', '2020-03-01', 'not-met'],
    ['from 28 February to 31 August is six', '2015-02-28', '2015-08-31', 'met'],
    ['from June to December may be more', '2020-06', '2020-12-31', 'not-assessable'],
    ['from June to November is not', '2020-06', '2020-11', 'met'],
    ['to an unknown day is not assessable', '2020-06-30', 'unknown', 'not-assessable'],
    ['to a day from 2022 on is more', '2020-06-30', '[2022..]', 'not-met'],
  ] as const)('%s', (_, endsOn, to, result) =>
    specification(contract, { id: 'c', others })(awarded(endsOn))
      .when(approveChange, { kind: 'term', endsOn: to }, { effectiveOn: '2018', decidedBy: { person: 'p', office: 'Clerk' } })
      .assesses({ 'p/approval': result }),
  );
});

describe('a notice of 30 days', () => {
  it.each([
    ['given on 1 March and taking effect on 31 March is in time', '2018-03-01', '2018-03-31', 'met'],
    ['taking effect a day earlier is not', '2018-03-01', '2018-03-30', 'not-met'],
    ['given in March and taking effect on 30 April is in time', '2018-03', '2018-04-30', 'met'],
    ['given in March and taking effect on 15 April may be', '2018-03', '2018-04-15', 'not-assessable'],
    ['given in March and taking effect on 30 March is not', '2018-03', '2018-03-30', 'not-met'],
    ['that says no day cannot be assessed', '2018-03-01', undefined, 'not-assessable'],
  ] as const)('%s', (_, effectiveOn, takesEffectOn, result) =>
    specification(contract, { id: 'c', others })(awarded('2020'), context('ContractSigned', {}, '2016'))
      .when(giveTerminationNotice, { by: 'authority', ...(takesEffectOn && { takesEffectOn }) }, { effectiveOn })
      .assesses({ 'p/contractual-notice': result }),
  );

  it('counts on from each day on which it may have been given', () => {
    expect(moveDays('2018-03-01', 30)).toBe('2018-03-31');
    expect(moveDays('2018-03', 30)).toBe('[2018-03-31..2018-04-30]');
    expect(moveDays('[2018..]', 30)).toBe('[2018-01-31..]');
    expect(moveDays('unknown', 30)).toBe('unknown');
    expect(moveDays('2018-03-31', -30)).toBe('2018-03-01');
  });
});
