import { describe, expect, it } from '@jest/globals';
import { commitFunds } from '../../src/domain/account/commands/commit-funds.js';
import { decommit } from '../../src/domain/account/commands/decommit.js';
import { openAccount } from '../../src/domain/account/commands/open-account.js';
import { recordCreditNote } from '../../src/domain/account/commands/record-credit-note.js';
import { recordInvoice } from '../../src/domain/account/commands/record-invoice.js';
import { recordPayment } from '../../src/domain/account/commands/record-payment.js';
import { settleAccount } from '../../src/domain/account/commands/settle-account.js';
import { account, accountFindings, totalMeasures, type Account } from '../../src/domain/account/index.js';
import { contract } from '../../src/domain/contract/index.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, theFact, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const eur = (amount: string) => ({ amount, currency: 'EUR' });
const chartered = context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '2009');
const award = { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: gbp('1000') };
const others = [
  stream(programme, 'met', chartered),
  stream(programme, 'other', chartered),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
  stream(contract, 'desk', context('ContractAwarded', award, '2015')),
  stream(contract, 'networks', context('ContractAwarded', award, '2015')),
];
const given = specification(account, { id: 'desk', others });
const opened = context('AccountOpened', { programme: 'met', contract: 'desk' }, '2016-01-01');
const committed = context('FundsCommitted', { commitment: 'po-1', amount: gbp('1000'), nature: 'capital' }, '2016-04-10');
const invoiced = context('InvoiceRecorded', { invoice: 'i-1', amount: gbp('900'), commitment: 'po-1' }, '2016-05-10');
const credited = context('CreditNoteRecorded', { creditNote: 'c-1', amount: gbp('100'), invoice: 'i-1' }, '2016-05-20');
const paid = context('PaymentRecorded', { payment: 'p-1', amount: gbp('800'), invoices: ['i-1'] }, '2016-06-10');
const measures = (...events: readonly GivenEvent[]) => ({
  whenSettled: (expected: Record<string, bigint>) =>
    given(opened, ...events)
      .when(commitFunds, { commitment: 'none', amount: gbp('0') })
      .leaves((a) => {
        const found = Object.entries(totalMeasures(a)).filter(([name]) => !name.endsWith('.count'));
        expect(Object.fromEntries(found)).toEqual(expected);
      }),
});

describe('an account', () => {
  it('is that of the contract whose id it has, in its programme', async () => {
    await given().when(openAccount, { programme: 'met', contract: 'desk', vat: 'ex' }).leaves({ stage: 'open', contract: 'desk', vat: 'ex' }); // prettier-ignore
    await given()
      .when(openAccount, { programme: 'met', contract: 'networks' })
      .rejects('account/of-another-contract', { pointer: '/contract', detail: 'desk' });
    await given().when(openAccount, { programme: 'other', contract: 'desk' }).rejects('ledger/another-programme');
    await given(opened).when(openAccount, { programme: 'met', contract: 'desk' }).rejects('account/exists');
  });

  it('adds up what is committed, invoiced and paid: what is taken back or credited counts less', () =>
    measures(
      committed,
      context('FundsDecommitted', { commitment: 'po-1', amount: gbp('50') }, '2016-05'),
      invoiced,
      credited,
      paid,
    ).whenSettled({ 'committed.unknown.GBP': 95000n, 'invoiced.unknown.GBP': 80000n, 'paid.unknown.GBP': 80000n }));

  it('keeps currencies apart', () =>
    measures(committed, context('InvoiceRecorded', { invoice: 'i-2', amount: eur('5') }, '2016-05')).whenSettled({
      'committed.unknown.GBP': 100000n,
      'invoiced.unknown.EUR': 500n,
    }));

  it('sums by month, or the quarters of a year, and nature: an invoice has the nature of its order, a payment that of its invoice', () =>
    given(opened, committed, invoiced, paid)
      .when(recordInvoice, { invoice: 'i-2', amount: gbp('1'), nature: 'revenue' }, { effectiveOn: '2016' })
      .leaves((a) => {
        expect(Object.keys(a.sums)).toEqual(['2016-04', '2016-04/capital', '2016-05', '2016-05/capital', '2016-06', '2016-06/capital', '2016-01..2016-12', '2016-01..2016-12/revenue']); // prettier-ignore
        expect(a.invoices.map(({ nature }) => nature)).toEqual(['capital', 'revenue']);
      }));

  it('begins by being opened, and ends by being settled', async () => {
    await given()
      .when(commitFunds, { commitment: 'po-1', amount: gbp('1') })
      .rejects('account/unknown');
    await given(opened)
      .when(commitFunds, { commitment: 'po-1', amount: gbp('1') }, { effectiveOn: '2015' })
      .rejects('account/not-yet');
    const settled = given(opened, invoiced1(), paid1(), context('AccountSettled', {}, '2017'));
    await settled.when(commitFunds, { commitment: 'po-9', amount: gbp('1') }).rejects('account/stage');
    await settled.when(decommit, { commitment: 'po-9', amount: gbp('1') }).rejects('account/stage');
    await settled.when(recordInvoice, { invoice: 'i-9', amount: gbp('1') }).rejects('account/stage');
    await settled.when(recordCreditNote, { creditNote: 'c-9', amount: gbp('1') }).rejects('account/stage');
    await settled.when(recordPayment, { payment: 'p-9', amount: gbp('1') }).rejects('account/stage');
    await settled.when(settleAccount, {}).rejects('account/stage');
  });
  const invoiced1 = () => context('InvoiceRecorded', { invoice: 'i-1', amount: gbp('800') }, '2016-05-10');
  const paid1 = () => context('PaymentRecorded', { payment: 'p-1', amount: gbp('800.00') }, '2016-05-11');

  it('is settled once what is paid is what is invoiced, in every currency', async () => {
    await given(opened, committed, invoiced, credited, paid).when(settleAccount, {}).leaves({ stage: 'settled', settledOn: '2026-03-02' });
    await given(opened, committed, invoiced, paid).when(settleAccount, {}).rejects('account/not-reconciled', { detail: 'GBP' });
    await given(opened, context('PaymentRecorded', { payment: 'p', amount: eur('1') }, '2016'))
      .when(settleAccount, {})
      .rejects('account/not-reconciled', { detail: 'EUR' });
  });
});

describe('a line of an account', () => {
  it('has an id of its own among its kind', async () => {
    await given(opened, committed)
      .when(commitFunds, { commitment: 'po-1', amount: gbp('1') })
      .rejects('account/commitment-exists', { pointer: '/commitment', detail: '2016-04-10' });
    await given(opened, committed, invoiced)
      .when(recordInvoice, { invoice: 'i-1', amount: gbp('1') })
      .rejects('account/invoice-exists', { pointer: '/invoice' });
    await given(opened, committed, invoiced)
      .when(recordCreditNote, { creditNote: 'i-1', amount: gbp('1') })
      .rejects('account/invoice-exists', { pointer: '/creditNote', detail: '2016-05-10' });
    await given(opened, committed, invoiced, paid)
      .when(recordPayment, { payment: 'p-1', amount: gbp('1') })
      .rejects('account/payment-exists', { pointer: '/payment' });
  });

  it('names what is recorded in the account', async () => {
    await given(opened).when(decommit, { commitment: 'po-1', amount: gbp('1') }).rejects('account/unknown-commitment', { pointer: '/commitment' }); // prettier-ignore
    await given(opened)
      .when(recordInvoice, { invoice: 'i', amount: gbp('1'), commitment: 'po-1' })
      .rejects('account/unknown-commitment', { pointer: '/commitment' });
    await given(opened)
      .when(recordCreditNote, { creditNote: 'c', amount: gbp('1'), invoice: 'i-1' })
      .rejects('account/unknown-invoice', { pointer: '/invoice' });
    await given(opened, committed, invoiced)
      .when(recordPayment, { payment: 'p', amount: gbp('1'), invoices: ['i-1', 'i-2'] })
      .rejects('account/unknown-invoice', { pointer: '/invoices/1', detail: 'No invoice i-2' });
  });

  it('is in the currency of what it belongs to', async () => {
    await given(opened, committed).when(decommit, { commitment: 'po-1', amount: eur('1') }).rejects('account/other-currency', { detail: 'po-1 is in GBP' }); // prettier-ignore
    await given(opened, committed, invoiced)
      .when(recordCreditNote, { creditNote: 'c', amount: eur('1'), invoice: 'i-1' })
      .rejects('account/other-currency', { pointer: '/amount/currency', detail: 'i-1 is in GBP' });
    await given(opened, committed, invoiced)
      .when(recordPayment, { payment: 'p', amount: eur('1'), invoices: ['i-1'] })
      .rejects('account/other-currency', { pointer: '/amount/currency' });
  });

  it('takes back no more than there is: a second one only what the first left', async () => {
    const back = context('FundsDecommitted', { commitment: 'po-1', amount: gbp('600') }, '2016-05');
    await given(opened, committed, back).when(decommit, { commitment: 'po-1', amount: gbp('400') }).leaves({ commitments: [{ decommitted: gbp('1000.00') }] }); // prettier-ignore
    await given(opened, committed, back)
      .when(decommit, { commitment: 'po-1', amount: gbp('400.01') })
      .rejects('account/more-than-committed', { pointer: '/amount/amount', detail: '£400 left' });
    await given(opened, committed, invoiced, credited).when(recordCreditNote, { creditNote: 'c-2', amount: gbp('800'), invoice: 'i-1' }).leaves({}); // prettier-ignore
    await given(opened, committed, invoiced, credited)
      .when(recordCreditNote, { creditNote: 'c-2', amount: gbp('800.01'), invoice: 'i-1' })
      .rejects('account/more-than-invoiced', { pointer: '/amount/amount', detail: '£800 left' });
  });

  it('that is about so much may have been more: taking back what is certainly beyond it is refused, and what may be is found', async () => {
    const about = { ...gbp('800'), qualifier: 'about' }; // 750 to 850
    const atLeast = { ...gbp('800'), qualifier: 'at-least' };
    const order = (amount: object) => given(opened, context('FundsCommitted', { commitment: 'po-1', amount }, '2016-04'));
    const beyond = { code: 'taken-back-beyond-figure', text: 'po-1: more was taken back or credited than the approximate figure.' };
    const findings = (a: Account) => accountFindings(a, undefined);
    await order(about).when(decommit, { commitment: 'po-1', amount: gbp('850') }).leaves((a) => expect(findings(a)).toEqual([beyond])); // prettier-ignore
    await order(about).when(decommit, { commitment: 'po-1', amount: gbp('800') }).leaves((a) => expect(findings(a)).toEqual([])); // prettier-ignore
    await order(about).when(decommit, { commitment: 'po-1', amount: gbp('850.01') }).rejects('account/more-than-committed', { detail: 'about £800 left' }); // prettier-ignore
    await order(atLeast)
      .when(decommit, { commitment: 'po-1', amount: gbp('9000') })
      .leaves({});
    await given(opened, context('FundsCommitted', { commitment: 'po-1', amount: about }, '2016-04'), context('FundsDecommitted', { commitment: 'po-1', amount: gbp('820') }, '2016-05')) // prettier-ignore
      .when(decommit, { commitment: 'po-1', amount: gbp('30.01') })
      .rejects('account/more-than-committed');

    const bill = (amount: object) => [opened, context('InvoiceRecorded', { invoice: 'i-1', amount }, '2016-05-10')];
    const credit = (amount: string) => context('CreditNoteRecorded', { creditNote: 'c-1', amount: gbp(amount), invoice: 'i-1' }, '2016-06');
    await given(...bill(about), credit('820')).when(recordCreditNote, { creditNote: 'c-2', amount: gbp('30'), invoice: 'i-1' }).leaves((a) => expect(findings(a).map(({ text }) => text)).toContain('i-1: more was taken back or credited than the approximate figure.')); // prettier-ignore
    await given(...bill(about), credit('820')).when(recordCreditNote, { creditNote: 'c-2', amount: gbp('30.01'), invoice: 'i-1' }).rejects('account/more-than-invoiced'); // prettier-ignore
    await given(...bill(atLeast), credit('820')).when(recordCreditNote, { creditNote: 'c-2', amount: gbp('9000'), invoice: 'i-1' }).leaves({}); // prettier-ignore
  });

  it('cannot be corrected into less than was taken back of it', () =>
    given(opened, committed, context('FundsDecommitted', { commitment: 'po-1', amount: gbp('600') }, '2016-05'))
      .when(correctFact, { event: theFact(2), changes: [{ pointer: '/amount/amount', value: '500' }], because: 'error' })
      .rejects('ledger/breaks-later-event', { because: 'account/more-than-committed' }));

  it('covers a period that ends after it starts', () =>
    given(opened)
      .when(commitFunds, { commitment: 'po-1', amount: gbp('1'), from: '2017', until: '2016' })
      .rejects('account/period-ends-before-start', { pointer: '/until', detail: '2017' }));

  it('a credit note is an invoice below zero, of the order and the nature of its invoice', () =>
    given(opened, committed, invoiced)
      .when(recordCreditNote, { creditNote: 'c-1', amount: { ...gbp('100'), stated: [eur('120')] }, invoice: 'i-1', why: 'Outage' })
      .leaves(
        (a) =>
        expect(a.invoices[1]).toEqual({ invoice: 'c-1', amount: gbp('-100'), commitment: 'po-1', nature: 'capital', creditOf: 'i-1', why: 'Outage', event: theFact(4), on: '2026-03-02' }), // prettier-ignore
      ));
});

describe('what is unusual in an account, and not refused', () => {
  const ceiling = { ceiling: gbp('800'), vat: 'unknown' } as const;
  const found = async (events: readonly GivenEvent[], of: Parameters<typeof accountFindings>[1] = ceiling) => {
    let codes: readonly string[] | undefined;
    await given(opened, ...events)
      .when(recordPayment, { payment: 'last', amount: gbp('0') })
      .leaves((a) => {
        codes = accountFindings(a, of).map(({ code }) => code);
      });
    return codes;
  };

  it.each([
    ['nothing where it is in order', [committed, invoiced, credited, paid], []],
    ['more invoiced than committed', [invoiced2('1'), paid2('1')], ['invoiced-beyond-committed', 'unallocated-payments']],
    ['more paid than invoiced', [committed, invoiced2('1'), paid2('2')], ['paid-beyond-invoiced', 'unallocated-payments']],
    ['more invoiced than the ceiling', [committed, invoiced2('800.01')], ['invoiced-beyond-ceiling']],
  ] as const)('is found: %s', async (_, events, codes) => expect(await found(events)).toEqual(codes));

  it('is no comparison of what has VAT with what has none, nor with a bound', async () => {
    const events = [committed, invoiced2('900')];
    expect(await found(events, { ceiling: gbp('800'), vat: 'ex' })).toEqual([]);
    expect(await found(events, { ceiling: { ...gbp('800'), qualifier: 'at-least' }, vat: 'unknown' })).toEqual([]);
    expect(await found(events, { ceiling: { undisclosed: true }, vat: 'unknown' })).toEqual([]);
    expect(await found(events)).toEqual(['invoiced-beyond-ceiling']);
  });
  function invoiced2(amount: string) {
    return context('InvoiceRecorded', { invoice: 'i-1', amount: gbp(amount) }, '2016-05-10');
  }
  function paid2(amount: string) {
    return context('PaymentRecorded', { payment: 'p-1', amount: gbp(amount) }, '2016-05-11');
  }
});
