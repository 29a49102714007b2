import { describe, expect, it } from '@jest/globals';
import { account } from '../../src/domain/account/index.js';
import { admitSupplier } from '../../src/domain/contract/commands/admit-supplier.js';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { closeContract } from '../../src/domain/contract/commands/close-contract.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { novateContract } from '../../src/domain/contract/commands/novate-contract.js';
import { contract } from '../../src/domain/contract/index.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { reinstateSupplier } from '../../src/domain/supplier/commands/reinstate-supplier.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { isInGoodStanding } from '../../src/domain/supplier/standing.js';
import { context, specification, stream, theFact, type GivenEvent, type Stream } from '../given.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const registered = context('SupplierRegistered', { title: 'Carillion', form: 'company' }, '2009');
const suspended = (on: string, until?: string) => context('SupplierSuspended', { ground: 'Fraud', ...(until && { until }) }, on);
const reinstated = (on: string) => context('SupplierReinstated', {}, on);
/** A programme that has adopted a check, and a supplier to whom this has happened. */
const under = (check: string | undefined, ...happened: readonly GivenEvent[]) => beside([], check, ...happened);
const beside = (others: readonly Stream[], check: string | undefined, ...happened: readonly GivenEvent[]) =>
  specification(contract, {
    others: [
      ...others,
      stream(
        programme,
        'met',
        context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '2009'),
        ...(check ? [context('PolicyAdopted', { policy: 'rules', title: 'Rules', version: '1', inForceFrom: '2010', checks: [check] }, '2010')] : []), // prettier-ignore
      ),
      stream(supplier, 'carillion', registered, ...happened),
      stream(supplier, 'csc', registered),
    ],
  });
const award = (...suppliers: readonly string[]) => ({ programme: 'met', title: 'Desk', suppliers: suppliers.map((id) => ({ supplier: id })), value: gbp('100.00') }); // prettier-ignore

describe('the standing of a supplier, where the programme has adopted the check,', () => {
  const rule = 'rules/supplier-standing';
  const when = (...happened: readonly GivenEvent[]) => under('supplier-standing', ...happened);

  it('refuses an award to one that is suspended, today; nothing is asked where no check was adopted', async () => {
    await when(suspended('2026-02-01'))()
      .when(awardContract, award('csc', 'carillion'))
      .rejects('ledger/policy-not-met', { detail: 'Suspended on that day: carillion.' });
    await when(suspended('2026-02-01'))().when(awardContract, award('csc')).assesses({ [rule]: { result: 'met', inputs: { suppliers: ['csc'], suspended: [] } } }); // prettier-ignore
    await under(undefined, suspended('2026-02-01'))().when(awardContract, award('carillion')).assesses({});
  });

  it('is that of the day of the award: before a suspension, after its last day, and once it was taken back it is good', async () => {
    const on = (effectiveOn: string, ...happened: readonly GivenEvent[]) =>
      when(...happened)().when(awardContract, award('carillion'), { effectiveOn });
    await on('2015-05-31', suspended('2015-06-01', '2016-05-31')).assesses({ [rule]: 'met' });
    await on('2015-06-01', suspended('2015-06-01', '2016-05-31')).assesses({ [rule]: 'not-met' });
    await on('2016-05-31', suspended('2015-06-01', '2016-05-31')).assesses({ [rule]: 'not-met' });
    await on('2016-06-01', suspended('2015-06-01', '2016-05-31')).assesses({ [rule]: 'met' });
    await on('2015-12-31', suspended('2015-06-01'), reinstated('2016-01-01')).assesses({ [rule]: 'not-met' });
    await on('2016-01-01', suspended('2015-06-01'), reinstated('2016-01-01')).assesses({ [rule]: 'met' });
    await on('2018-01-01', suspended('2015'), reinstated('2016'), suspended('2017')).assesses({ [rule]: 'not-met' });
    await on('2015-03-01', suspended('2015')).assesses({ [rule]: { result: 'not-assessable', note: 'It is not known whether suspended on that day: carillion.' } }); // prettier-ignore
  });

  it('names each of several', async () => {
    const both = (day: string) =>
      specification(contract, {
        others: [
          stream(programme, 'met', context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '2009'), context('PolicyAdopted', { policy: 'rules', title: 'Rules', version: '1', inForceFrom: '2010', checks: ['supplier-standing'] }, '2010')), // prettier-ignore
          stream(supplier, 'carillion', registered, suspended('2015')),
          stream(supplier, 'csc', registered, suspended('2015')),
        ],
      })().when(awardContract, award('csc', 'carillion'), { effectiveOn: day });
    await both('2016-03-01').assesses({ [rule]: { result: 'not-met', note: 'Suspended on that day: csc, carillion.' } });
    await both('2015-03-01').assesses({ [rule]: { result: 'not-assessable', note: 'It is not known whether suspended on that day: csc, carillion.' } }); // prettier-ignore
  });

  it('is good on a day outside every suspension, and unknown where one of them is', () => {
    const once = { ground: 'Fraud', on: '2015', endedOn: '2016-01-01' };
    const on = (day: string) => isInGoodStanding({ formerSuspensions: [once], suspended: { ground: 'Fraud', on: '2018-02' } }, day);
    expect(['2014-12-31', '2015-06-01', '2016-01-01', '2018-02-10', '2018-03-01'].map(on)).toEqual(['yes', 'unknown', 'yes', 'unknown', 'no']); // prettier-ignore
  });

  it('is asked of who joins a contract, and of who takes it over', async () => {
    const bad = when(suspended('2016'));
    const signed = [context('ContractAwarded', award('csc'), '2015'), context('ContractSigned', {}, '2015')];
    await bad(...signed)
      .when(admitSupplier, { supplier: 'carillion' })
      .rejects('ledger/policy-not-met', { detail: rule });
    await bad(...signed)
      .when(novateContract, { supplier: 'carillion' })
      .rejects('ledger/policy-not-met', { detail: rule });
    await bad(...signed)
      .when(novateContract, { supplier: 'carillion' }, { waives: [rule], authority: { reference: 'DN 12' }, reason: 'Nobody else' })
      .assesses({ [rule]: 'waived' });
  });

  it('is asked again of a correction that names another supplier, and of no other one', async () => {
    const awarded = when(suspended('2015'))(context('ContractAwarded', award('csc'), '2016'));
    const correct = (pointer: string, value: unknown) => ({ event: theFact(1), changes: [{ pointer, value }], because: 'error' });
    await awarded.when(correctFact, correct('/suppliers/0/supplier', 'carillion')).rejects('ledger/policy-not-met', { detail: rule });
    await awarded.when(correctFact, correct('/title', 'Service desk')).assesses({});
  });

  it('is kept with the day on which a suspension was taken back', () =>
    specification(supplier, { id: 'carillion' })(registered, suspended('2015-06-01', '2016'))
      .when(reinstateSupplier, {}, { effectiveOn: '2016-01-01' })
      .leaves({ formerSuspensions: [{ ground: 'Fraud', until: '2016', on: '2015-06-01', endedOn: '2016-01-01' }] }));
});

describe('what a contract came to, where the programme has adopted the check that it is within the ceiling,', () => {
  const close = (finalValue: object, value: object = gbp('100.00')) =>
    under('final-value-within-ceiling')(
      context('ContractAwarded', { ...award('csc'), value, endsOn: '2020-12-31' }, '2015'),
      context('ContractSigned', {}, '2015'),
    ).when(closeContract, { finalValue, endedOn: '2020-12-31' });
  const rule = 'rules/final-value-within-ceiling';

  it('refuses more than was approved', async () => {
    await close(gbp('100.01')).rejects('ledger/policy-not-met', { detail: 'It came to more than was approved.' });
    await close(gbp('100.00')).assesses({ [rule]: { result: 'met', inputs: { finalValue: gbp('100.00'), ceiling: gbp('100.00') } } });
    await close(gbp('100.00'), gbp('100.00', { qualifier: 'at-most' })).assesses({ [rule]: 'met' });
  });

  it('is not assessable where a figure is too rounded to tell, is a bound, or is not known', async () => {
    const precision = 'The final value lies within precision of the ceiling: say what its sources are rounded to (roundedTo).';
    await close(gbp('110.00'), gbp('100.00', { qualifier: 'about' })).assesses({ [rule]: { result: 'not-assessable', note: precision } });
    const unknown = { [rule]: { result: 'not-assessable' as const, note: 'What it came to, or what was approved, is not known in one currency.' } }; // prettier-ignore
    await close(gbp('100.00', { qualifier: 'at-least' })).assesses(unknown);
    await close(gbp('101.00'), gbp('100.00', { qualifier: 'at-least' })).assesses(unknown);
    await close(gbp('100.00'), gbp('100.00', { qualifier: 'at-least' })).assesses({ [rule]: 'met' });
    await close({ undisclosed: true }).assesses(unknown);
    await close(gbp('50.00'), { undisclosed: true }).assesses(unknown);
  });
});

describe('the account of a contract that is closed, where the programme has adopted the check that it is reconciled,', () => {
  const rule = 'rules/account-reconciled';
  const opened = context('AccountOpened', { programme: 'met', contract: 'met-example' }, '2015');
  const invoiced = context('InvoiceRecorded', { invoice: 'i-1', amount: gbp('100.00') }, '2016');
  const paid = (amount: string) => context('PaymentRecorded', { payment: 'p-1', amount: gbp(amount), invoices: ['i-1'] }, '2017');
  const ran = [context('ContractAwarded', { ...award('csc'), endsOn: '2020-12-31' }, '2015'), context('ContractSigned', {}, '2015')];
  const closing = { finalValue: gbp('100.00'), endedOn: '2020-12-31' };
  const close = (check: string | undefined, ...lines: readonly GivenEvent[]) =>
    beside([stream(account, 'met-example', ...lines)], check)(...ran).when(closeContract, closing);

  it('refuses to close while something is invoiced and not paid, or paid and not invoiced', async () => {
    await close('account-reconciled', opened, invoiced, paid('60.00')).rejects('ledger/policy-not-met', {
      detail: 'What is paid is not what is invoiced in GBP.',
    });
    const inEuro = context('InvoiceRecorded', { invoice: 'i-2', amount: { amount: '5.00', currency: 'EUR' } }, '2016');
    await close('account-reconciled', opened, inEuro, invoiced).rejects('ledger/policy-not-met', { detail: 'in EUR, GBP.' });
    await close('account-reconciled', opened, invoiced, paid('100.01')).rejects('ledger/policy-not-met', { detail: rule });
    await close('account-reconciled', opened, invoiced, paid('100.00')).assesses({ [rule]: { result: 'met', inputs: { account: 'open', open: [] } } }); // prettier-ignore
  });

  it('is not assessable where none was opened, and not looked at where nobody asks', async () => {
    await close('account-reconciled').assesses({ [rule]: { result: 'not-assessable', note: 'No account of it is opened.' } });
    await close(undefined, opened, invoiced).assesses({});
    await close('final-value-within-ceiling', opened, invoiced).assesses({ 'rules/final-value-within-ceiling': 'met' });
  });

  it('is not looked at again where the close is corrected', () =>
    beside([stream(account, 'met-example', opened, invoiced)], 'account-reconciled')(...ran, context('ContractClosed', closing, '2021'))
      .when(correctFact, { event: theFact(3), changes: [{ pointer: '/finalValue/amount', value: '90.00' }], because: 'error' })
      .assesses({}));
});

it('options are exercised in order, where the programme has adopted the check', async () => {
  const rule = 'rules/options-in-order';
  const option = (name: string, status?: string) => ({ option: name, months: 12, ...(status && { status }) });
  const exercise = (name: string, ...options: readonly object[]) =>
    under('options-in-order')(
      context('ContractAwarded', { ...award('csc'), endsOn: '2030-12-31', options }, '2015'),
      context('ContractSigned', {}, '2015'),
    ).when(exerciseExtension, { option: name });
  await exercise('year-7', option('year-6'), option('year-7')).rejects('ledger/policy-not-met', {
    detail: 'Still open before it: year-6.',
  });
  await exercise('year-7', option('year-5'), option('year-6'), option('year-7')).rejects('ledger/policy-not-met', {
    detail: 'Still open before it: year-5, year-6.',
  });
  await exercise('year-6', option('year-6'), option('year-7')).assesses({
    [rule]: { result: 'met', inputs: { option: 'year-6', earlier: [] } },
  });
  await exercise('year-7', option('year-6', 'lapsed'), option('year-7')).assesses({ [rule]: 'met' });
});

it('a novation cites its ground, where the programme has adopted the check', async () => {
  const novate = (more: object) =>
    under('novation-ground')(context('ContractAwarded', award('csc'), '2015'), context('ContractSigned', {}, '2015')) // prettier-ignore
      .when(novateContract, { supplier: 'carillion', ...more });
  await novate({}).rejects('ledger/policy-not-met', { detail: 'No ground in law or contract is cited.' });
  await novate({ ground: 'PCR 2015 reg. 72(1)(d)' }).assesses({
    'rules/novation-ground': { result: 'met', inputs: { ground: 'PCR 2015 reg. 72(1)(d)' } },
  });
});
