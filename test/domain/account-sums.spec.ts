import { describe, expect, it } from '@jest/globals';
import { commitFunds } from '../../src/domain/account/commands/commit-funds.js';
import { decommit } from '../../src/domain/account/commands/decommit.js';
import { recordCreditNote } from '../../src/domain/account/commands/record-credit-note.js';
import { settleAccount } from '../../src/domain/account/commands/settle-account.js';
import { account, accountFindings, financialYearOf, monthsOfYear, periodOf, periodsOfYear } from '../../src/domain/account/index.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, historyOf, specification, stream, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const eur = (amount: string) => ({ amount, currency: 'EUR' });
const given = specification(account, {
  id: 'desk',
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '2009')),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
    stream(contract, 'desk', context('ContractAwarded', { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: gbp('1000') }, '2015')), // prettier-ignore
  ],
});
const opened = context('AccountOpened', { programme: 'met', contract: 'desk' }, '2016-01-01');
const committed = (commitment: string, amount: object, more: object = {}) => context('FundsCommitted', { commitment, amount, ...more }, '2016-04-10'); // prettier-ignore
const invoiced = (invoice: string, amount: object, more: object = {}) => context('InvoiceRecorded', { invoice, amount, ...more }, '2016-05-10'); // prettier-ignore
const paid = (payment: string, amount: object) => context('PaymentRecorded', { payment, amount }, '2016-06-10');

describe('a financial year', () => {
  it('has twelve months from the one in which it begins', () => {
    expect(monthsOfYear(2016, 4)).toEqual(['2016-04', '2016-05', '2016-06', '2016-07', '2016-08', '2016-09', '2016-10', '2016-11', '2016-12', '2017-01', '2017-02', '2017-03']); // prettier-ignore
    expect(monthsOfYear(2016, 1)).toEqual(Array.from({ length: 12 }, (_, i) => `2016-${String(i + 1).padStart(2, '0')}`));
  });

  it('has, besides, the quarters in which a day of unknown month may lie', () => {
    const quarters = ['2016-04..2016-06', '2016-04..2016-09', '2016-04..2016-12', '2016-04..2017-03', '2016-07..2016-09', '2016-07..2016-12', '2016-07..2017-03', '2016-10..2016-12', '2016-10..2017-03', '2017-01..2017-03']; // prettier-ignore
    expect(periodsOfYear(2016, 4)).toEqual([...monthsOfYear(2016, 4), ...quarters]);
    for (const [on, period] of [
      ['2016-04-30', '2016-04'],
      ['2016-04', '2016-04'],
      ['[2016-04-30..2016-05-01]', '2016-04..2016-06'],
      ['[2016-06-30..2016-07-01]', '2016-04..2016-09'],
      ['2016', '2016-01..2016-12'],
      ['[2016-03-31..2017-01-01]', 'undated'], // in no year, whenever it begins
      ['[2015-12-31..2016-01-01]', '2015-10..2016-03'],
      ['[..2016-05]', 'undated'],
      ['unknown', 'undated'],
    ])
      expect([on, periodOf(on!)]).toEqual([on, period]);
  });

  it('is called by the year in which it begins', () => {
    expect(['2016-03', '2016-04', '2016-12', '2017-01'].map((month) => financialYearOf(month, 4))).toEqual([2015, 2016, 2016, 2016]);
    expect(['2016-01', '2016-12'].map((month) => financialYearOf(month, 1))).toEqual([2016, 2016]);
    expect([1, 4, 7, 10].map((startsIn) => financialYearOf('2016-01..2016-06', startsIn))).toEqual([2016, undefined, 2015, 2015]);
  });
});

describe('a line of an account that has several', () => {
  it('is taken back of its own order alone', () =>
    given(opened, committed('po-1', gbp('100')), committed('po-2', gbp('200')))
      .when(decommit, { commitment: 'po-2', amount: gbp('50') })
      .leaves(({ commitments }) => expect(commitments.map(({ decommitted }) => decommitted)).toEqual([undefined, gbp('50')])));

  it('is credited of its own invoice alone, with the VAT of that', async () => {
    const two = given(opened, invoiced('i-1', gbp('100')), invoiced('i-2', gbp('30'), { vat: 'ex' }));
    await two.when(recordCreditNote, { creditNote: 'c', amount: gbp('30'), invoice: 'i-2' }).leaves(({ invoices }) => expect(invoices[2]).toMatchObject({ creditOf: 'i-2', vat: 'ex', amount: gbp('-30') })); // prettier-ignore
    await two
      .when(recordCreditNote, { creditNote: 'c', amount: gbp('31'), invoice: 'i-2' })
      .rejects('account/more-than-invoiced', { detail: '£30 left' });
    await two.when(recordCreditNote, { creditNote: 'c', amount: gbp('31') }).leaves(({ invoices }) => expect(invoices[2]).not.toHaveProperty('creditOf')); // prettier-ignore
  });

  it('covers a period of which only one end is known', async () => {
    await given(opened).when(commitFunds, { commitment: 'po', amount: gbp('1'), from: '2017' }).leaves({ commitments: [{ from: '2017' }] }); // prettier-ignore
    await given(opened).when(commitFunds, { commitment: 'po', amount: gbp('1'), until: '2015' }).leaves({ commitments: [{ until: '2015' }] }); // prettier-ignore
  });
});

it('an account that cannot be settled yet names every currency in which it cannot', () =>
  given(opened, paid('p', gbp('1')), paid('q', { amount: '1', currency: 'DKK' }), invoiced('i', gbp('1')), invoiced('j', eur('1')))
    .when(settleAccount, {})
    .rejects('account/not-reconciled', { detail: 'Not yet in DKK, EUR.' }));

it('an account is about its contract and its programme, and about the contract of its name before it was opened', () => {
  expect(account.about('desk', account.initial)).toStrictEqual({ contract: ['desk'] });
  expect(account.about('desk', { ...account.initial, contract: 'other', programme: 'met' })).toStrictEqual({ contract: ['other'], programme: 'met' }); // prettier-ignore
});

describe('a finding of an account', () => {
  const ceiling = { ceiling: gbp('800'), vat: 'unknown' } as const;
  const found = (of: Parameters<typeof accountFindings>[1], ...events: readonly GivenEvent[]) =>
    accountFindings(historyOf(stream(account, 'desk', opened, ...events)).state, of).map(({ text }) => text);

  it('says both figures', () => {
    expect(found(undefined, committed('po', gbp('10')), invoiced('i', gbp('12.50')))).toEqual(['£12.50 is invoiced; £10 is committed.']);
    expect(found(ceiling, committed('po', gbp('900')), invoiced('i', gbp('900')))).toEqual(['£900 is invoiced; £800 was approved.']);
  });

  it('compares nothing whose VAT differs, in the account or beside the ceiling', () => {
    const mixed = [committed('po', gbp('900')), invoiced('i', gbp('900'), { vat: 'ex' })];
    expect(found(ceiling, ...mixed)).toEqual(['Amounts are without VAT and of unknown VAT: they are not added, and not compared.']);
    expect(found({ ...ceiling, vat: 'ex' }, committed('po', gbp('900')), invoiced('i', gbp('900')))).toEqual([]);
  });

  it('sees no other currency where what was invoiced in it was credited whole', () => {
    const credited = context('CreditNoteRecorded', { creditNote: 'c', amount: eur('5'), invoice: 'i' }, '2016-05-20');
    expect(found(ceiling, committed('po', eur('5')), invoiced('i', eur('5')), credited)).toEqual([]);
  });
});
