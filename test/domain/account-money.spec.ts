import { describe, expect, it } from '@jest/globals';
import { allocatePayment } from '../../src/domain/account/commands/allocate-payment.js';
import { commitFunds } from '../../src/domain/account/commands/commit-funds.js';
import { expectSpend } from '../../src/domain/account/commands/expect-spend.js';
import { recordCreditNote } from '../../src/domain/account/commands/record-credit-note.js';
import { recordInvoice } from '../../src/domain/account/commands/record-invoice.js';
import { recordPayment } from '../../src/domain/account/commands/record-payment.js';
import { settleAccount } from '../../src/domain/account/commands/settle-account.js';
import { account, accountFindings, expectedSpend, totalMeasures, type Account } from '../../src/domain/account/index.js';
import { contract } from '../../src/domain/contract/index.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import type { Value } from '../../src/kernel/index.js';
import { context, specification, stream, theFact, type GivenEvent } from '../given.js';

const money = (amount: string, currency = 'GBP') => ({ amount, currency });
const into = (currency: string, rate: string) => ({ currency, rate });
const chartered = context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '1995');
const award = { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: money('1000') };
const others = [
  stream(programme, 'met', chartered),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '1995')),
  stream(contract, 'desk', context('ContractAwarded', award, '1996')),
];
const given = specification(account, { id: 'desk', others });
const opened = context('AccountOpened', { programme: 'met', contract: 'desk', vat: 'ex' }, '1996');
const committed = (commitment: string, amount: object, exchange?: object): GivenEvent =>
  context('FundsCommitted', { commitment, amount, ...(exchange && { exchange }) }, '2016-04-10');
const invoiced = (invoice: string, amount: object, commitment?: string, on = '2016-05-10', more: object = {}): GivenEvent =>
  context('InvoiceRecorded', { invoice, amount, ...(commitment && { commitment }), ...more }, on);
const paid = (payment: string, amount: object, more: object = {}, on = '2016-06-10'): GivenEvent =>
  context('PaymentRecorded', { payment, amount, ...more }, on);

/** The account after these events. */
const after = (...events: readonly GivenEvent[]): Promise<Account> =>
  new Promise((resolve, reject) => {
    void given(opened, ...events)
      .when(commitFunds, { commitment: 'none', amount: money('0') })
      .leaves((a) => resolve(a))
      .catch(reject);
  });
const foundIn = (a: Account, ceiling: Value = { unknown: true }, vat: Account['vat'] = 'ex') => accountFindings(a, { ceiling, vat });

describe('a payment at another rate than its order', () => {
  const difference = async (amount: object, then: object, now: object) => {
    const { payments, sums } = await after(
      committed('o', amount, then),
      invoiced('i', amount, 'o'),
      paid('p', amount, { invoices: ['i'], exchange: now }),
    );
    return { ...payments[0]!, month: sums['2016-06'] };
  };

  it.each([
    // 75,464.96 × 17.7526 = 1,339,699.248896; × 17.9204 = 1,352,362.269184
    [
      'of dollars in pesos',
      money('75464.96', 'USD'),
      '17.7526',
      '17.9204',
      'MXN',
      ['1339699.25', '1352362.27', '12663.02'],
      '12663.020288',
    ],
    // 1,000.00 × 0.80 = 800.00; × 0.75 = 750.00
    ['that cost less', money('1000.00', 'USD'), '0.80', '0.75', 'GBP', ['800.00', '750.00', '-50.00'], '-50'],
    // 0.10 × 0.05 = 0.005, up to 0.01; × 0.04 = 0.004, down to 0.00
    ['whose half is rounded up', money('0.10', 'USD'), '0.05', '0.04', 'GBP', ['0.01', '0.00', '-0.01'], '-0.001'],
    // 12,345 × 0.0065 = 80.2425; × 0.0071 = 87.6495
    ['of yen, which have no smaller unit', money('12345', 'JPY'), '0.0065', '0.0071', 'GBP', ['80.24', '87.65', '7.41'], '7.407'],
    // 1.005 × 100.5 = 101.0025, to whole yen 101; × 101.5 = 102.0075, 102
    ['of dinar with three digits, in yen', money('1.005', 'KWD'), '100.5', '101.5', 'JPY', ['101', '102', '1'], '1.005'],
    // 1.00 × 1.2345 = 1.2345, 1.235 dinar; × 1.2344 = 1.2344, 1.234
    ['in dinar with three digits', money('1.00', 'GBP'), '1.2345', '1.2344', 'KWD', ['1.235', '1.234', '-0.001'], '-0.0001'],
    // 999,999,999,999,999,999.99 × 10⁻¹²: figures beyond what a number holds
    ['beyond the digits of a number', money('999999999999999999.99', 'USD'), '0.000000000001', '0.000000000002', 'GBP', ['1000000.00', '2000000.00', '1000000.00'], '999999.99999999999999'], // prettier-ignore
    ['at the same rate, however it is written', money('10.00', 'USD'), '0.80', '0.8', 'GBP', ['8.00', '8.00', '0.00'], '0'],
  ] as const)('%s', async (_, amount, then, now, currency, [atCommitment, atPayment, differs], unrounded) => {
    const { realised, unrealised, month } = await difference(amount, into(currency, then), into(currency, now));
    expect(realised).toEqual({
      committedRate: then,
      atCommitment: money(atCommitment, currency),
      atPayment: money(atPayment, currency),
      difference: money(differs, currency),
      unrounded,
    });
    expect(unrealised).toBeUndefined();
    expect(month![`exchange.${currency}`]).toBe(String(BigInt(differs.replace('.', ''))));
  });

  it('is realised in part by a part payment: the parts add up', async () => {
    const order = committed('o', money('100.00', 'USD'), into('GBP', '0.70'));
    const a = await after(
      order,
      invoiced('i', money('100.00', 'USD'), 'o'),
      paid('p1', money('40.00', 'USD'), { invoices: ['i'], exchange: into('GBP', '0.80') }, '2017-03-31'),
      paid('p2', money('60.00', 'USD'), { invoices: ['i'], exchange: into('GBP', '0.65') }, '2017-04-01'),
    );
    // 40 × (0.80 − 0.70) = 4.00; 60 × (0.65 − 0.70) = −3.00
    expect(a.payments.map(({ realised }) => realised?.difference)).toEqual([money('4.00'), money('-3.00')]);
    expect([a.sums['2017-03']!['exchange.GBP'], a.sums['2017-04']!['exchange.GBP']]).toEqual(['400', '-300']);
  });

  it('follows a correction of the rate of the order', async () =>
    given(
      opened,
      committed('o', money('100.00', 'USD'), into('GBP', '0.70')),
      invoiced('i', money('100.00', 'USD'), 'o'),
      paid('p', money('100.00', 'USD'), { invoices: ['i'], exchange: into('GBP', '0.80') }),
    )
      .when(correctFact, { event: theFact(2), changes: [{ pointer: '/exchange/rate', value: '0.75' }], because: 'error' })
      .leaves((a) => {
        expect(a.payments[0]!.realised?.difference).toEqual(money('5.00'));
        expect(totalMeasures(a)['exchange.GBP']).toBe(500n);
      }));

  it.each<[what: string, order: GivenEvent, invoice: GivenEvent, payment: object, why: string | undefined]>([
    ['has no rate of its own', usd(), invoice(), { invoices: ['i'] }, 'no-rate'],
    ['is not allocated', usd(), invoice(), { exchange: into('GBP', '0.8') }, 'not-allocated'],
    ['pays an invoice without order', usd(), invoice(null), { invoices: ['i'], exchange: into('GBP', '0.8') }, 'no-rate-of-the-order'],
    ['pays an order without rate', usd(null), invoice(), { invoices: ['i'], exchange: into('GBP', '0.8') }, 'no-rate-of-the-order'],
    ['leads to another currency', usd(), invoice(), { invoices: ['i'], exchange: into('EUR', '0.8') }, 'other-currency'],
    ['is about so much', usd(), invoice(), { invoices: ['i'], exchange: into('GBP', '0.8'), amount: { ...money('10.00', 'USD'), qualifier: 'about' } }, 'not-exact'], // prettier-ignore
    ['is without any rate', usd(null), invoice(), { invoices: ['i'] }, undefined],
  ])('says why no difference can be said: it %s', async (_, order, invoice, payment, why) => {
    const a = await after(order, invoice, paid('p', money('10.00', 'USD'), payment));
    expect([a.payments[0]!.unrealised, a.payments[0]!.realised]).toEqual([why, undefined]);
    expect(totalMeasures(a)).not.toHaveProperty('exchange.GBP');
    expect(foundIn(a).some(({ code, text }) => code === 'exchange-not-assessable' && text.startsWith('p: '))).toBe(why !== undefined);
  });
  function usd(rate: string | null = '0.7'): GivenEvent {
    return committed('o', money('10.00', 'USD'), rate === null ? undefined : into('GBP', rate));
  }
  function invoice(commitment: string | null = 'o'): GivenEvent {
    return invoiced('i', money('10.00', 'USD'), commitment ?? undefined);
  }

  it('of orders with different rates is recorded one by one', async () => {
    const orders = [committed('o', money('10.00', 'USD'), into('GBP', '0.7')), committed('q', money('10.00', 'USD'), into('GBP', '0.6'))];
    const invoices = [invoiced('i', money('10.00', 'USD'), 'o'), invoiced('j', money('10.00', 'USD'), 'q')];
    const together = paid('p', money('20.00', 'USD'), { invoices: ['i', 'j'], exchange: into('GBP', '0.8') });
    expect((await after(...orders, ...invoices, together)).payments[0]!.unrealised).toBe('several-rates');
  });

  it.each(['0', '0.000', '-0.8', '1e3', '0.1234567890123', '1234567890123'])('is at no rate of %s', async (rate) => {
    const data = { amount: money('1.00', 'USD'), exchange: into('GBP', rate) };
    await given(opened)
      .when(commitFunds, { commitment: 'o', ...data })
      .rejects('account/no-rate', { pointer: '/exchange/rate', detail: rate });
    await given(opened)
      .when(recordPayment, { payment: 'p', ...data })
      .rejects('account/no-rate', { pointer: '/exchange/rate' });
  });

  it('is into a currency of its time, and another one than its own', async () => {
    const usd = money('1.00', 'USD');
    const [commit, pay] = [{ commitment: 'o', amount: usd }, { payment: 'p', amount: usd }]; // prettier-ignore
    const on = { effectiveOn: '2002-04' };
    await given(opened)
      .when(commitFunds, { ...commit, exchange: into('DEM', '1.9') }, { effectiveOn: '2001' })
      .leaves({});
    await given(opened).when(commitFunds, { ...commit, exchange: into('DEM', '1.9') }, on).rejects('account/no-currency-of-its-time', { pointer: '/exchange/currency', detail: '2002-03' }); // prettier-ignore
    await given(opened).when(recordPayment, { ...pay, exchange: into('XXQ', '1.9') }, on).rejects('account/no-currency-of-its-time', { pointer: '/exchange/currency', detail: 'does not list XXQ' }); // prettier-ignore
    await given(opened).when(commitFunds, { ...commit, exchange: into('USD', '1') }, on).rejects('account/same-currency', { pointer: '/exchange/currency', detail: 'USD already' }); // prettier-ignore
    await given(opened).when(recordPayment, { ...pay, exchange: into('USD', '1') }, on).rejects('account/same-currency', { pointer: '/exchange/currency' }); // prettier-ignore
  });
});

describe('what is expected to be spent', () => {
  const expected = (year: number, amount: object, more: object = {}, on = '2016-04-01') =>
    context('SpendExpected', { year, amount, ...more }, on);
  const figures = async (...events: readonly GivenEvent[]) =>
    expectedSpend(await after(...events)).map(({ year, nature = 'all', amount, parts }) => [year, nature, amount.amount, parts?.amount]);

  it('is said of a financial year: the last that is said of the same counts', async () => {
    await given(opened).when(expectSpend, { year: 2016, amount: money('5'), basis: 'Price list' }).leaves({ expected: [{ year: 2016, basis: 'Price list' }] }); // prettier-ignore
    const events = [expected(2016, money('90')), expected(2016, money('100'), {}, '2016-06-01'), expected(2017, money('5'))];
    expect(await figures(...events)).toEqual([[2017, 'all', '5', undefined], [2016, 'all', '100', undefined]]); // prettier-ignore
  });

  it('counts what was said last, in whichever order it is recorded', async () =>
    expect(await figures(expected(2016, money('100'), {}, '2016-06-01'), expected(2016, money('90'), {}, '2016-04-01'))).toEqual([
      [2016, 'all', '100', undefined],
    ]));

  it('adds capital and revenue, months, and what has no nature, where no figure stands for the whole', async () =>
    expect(
      await figures(
        expected(2016, money('40'), { nature: 'capital' }),
        expected(2016, money('10.50'), { nature: 'revenue', period: 1 }),
        expected(2016, money('10.50'), { nature: 'revenue', period: 12 }),
        expected(2016, money('1'), { period: 2 }),
      ),
    ).toEqual([
      [2016, 'capital', '40', undefined],
      [2016, 'revenue', '21.00', undefined],
      [2016, 'all', '62.00', undefined],
    ]));

  it('of a whole year is not added to its parts; parts beyond the whole are found', async () => {
    const parts = [expected(2016, money('40'), { nature: 'capital' }), expected(2016, money('70'), { period: 3 })];
    expect(await figures(...parts, expected(2016, money('120')))).toEqual([
      [2016, 'capital', '40', undefined],
      [2016, 'all', '120', '110.00'],
    ]);
    const foundOf = async (whole: object) => foundIn(await after(...parts, expected(2016, whole)));
    expect(await foundOf(money('110'))).toEqual([]);
    expect(await foundOf(money('109'))).toEqual([
      { code: 'expected-parts-beyond-whole', text: 'the year that begins in 2016: its parts come to £110; £109 is expected of all of it.' },
    ]);
    expect(await foundOf({ ...money('100'), qualifier: 'about' })).toEqual([]);
  });

  it('of one nature has parts as well', async () => {
    const capital = [expected(2016, money('30'), { nature: 'capital' }), expected(2016, money('31'), { nature: 'capital', period: 1 })];
    expect(foundIn(await after(...capital)).map(({ text }) => text)).toEqual([
      'capital of the year that begins in 2016: its parts come to £31; £30 is expected of all of it.',
    ]);
  });

  it('keeps currencies apart', async () =>
    expect(await figures(expected(2016, money('40')), expected(2016, money('41', 'JPY')))).toEqual([
      [2016, 'all', '40', undefined],
      [2016, 'all', '41', undefined],
    ]));
});

describe('a finance officer', () => {
  it('allocates a payment in advance once its invoice is there: then it has the nature of the invoice, and realises its difference', async () => {
    const events = [
      opened,
      context(
        'FundsCommitted',
        { commitment: 'o', amount: money('100.00', 'USD'), nature: 'capital', exchange: into('GBP', '0.70') },
        '2016-04-10',
      ),
      paid('p', money('100.00', 'USD'), { exchange: into('GBP', '0.75') }, '2016-05-01'),
      invoiced('i', money('100.00', 'USD'), 'o', '2016-06-01', { vat: 'inc' }),
    ];
    await given(...events)
      .when(allocatePayment, { payment: 'p', invoices: ['i'] }, { effectiveOn: '2016-06-02' })
      .leaves((a) => {
        expect(a.payments).toMatchObject([
          { payment: 'p', invoices: ['i'], nature: 'capital', allocatedOn: '2016-06-02', on: '2016-05-01' },
        ]);
        expect(a.payments[0]!.realised?.difference).toEqual(money('5.00'));
        const sums = { 'paid.ex.USD': '0', 'paid.inc.USD': '10000', 'exchange.GBP': '500' };
        expect(a.sums['2016-05']).toMatchObject(sums);
        expect(a.sums['2016-05/capital']).toMatchObject({ 'paid.inc.USD': '10000', 'exchange.GBP': '500' });
        expect(foundIn(a).map(({ code }) => code)).toEqual(['mixed-vat']);
      });
    await given(...events).when(allocatePayment, { payment: 'q', invoices: ['i'] }).rejects('account/unknown-payment', { pointer: '/payment' }); // prettier-ignore
    await given(...events).when(allocatePayment, { payment: 'p', invoices: ['j'] }).rejects('account/unknown-invoice', { pointer: '/invoices/0' }); // prettier-ignore
    await given(...events, invoiced('k', money('1')))
      .when(allocatePayment, { payment: 'p', invoices: ['k'] })
      .rejects('account/other-currency', { pointer: '/payment' });
    await given(...events, context('PaymentAllocated', { payment: 'p', invoices: ['i'] }, '2016-07'))
      .when(allocatePayment, { payment: 'p', invoices: ['i'] })
      .rejects('account/payment-allocated', { pointer: '/payment', detail: 'pays i' });
    await given(opened, context('AccountSettled', {}, '2016')).when(allocatePayment, { payment: 'p', invoices: ['i'] }).rejects('account/stage'); // prettier-ignore
    await given(opened, context('AccountSettled', {}, '2016')).when(expectSpend, { year: 2016, amount: money('1') }).rejects('account/stage'); // prettier-ignore
    await given()
      .when(allocatePayment, { payment: 'p', invoices: ['i'] })
      .rejects('account/unknown');
    await given()
      .when(expectSpend, { year: 2016, amount: money('1') })
      .rejects('account/unknown');
    await given(opened)
      .when(expectSpend, { year: 2016, amount: money('1') }, { effectiveOn: '1995' })
      .rejects('account/not-yet');
  });

  it('allocates one payment of several, to as many invoices as it pays', async () => {
    const lines = [invoiced('i', money('30')), invoiced('j', money('20')), paid('p', money('50')), paid('q', money('7'))];
    await given(opened, ...lines)
      .when(allocatePayment, { payment: 'p', invoices: ['i', 'j'] })
      .leaves((a) => expect(a.payments.map(({ payment, amount, invoices }) => [payment, amount.amount, invoices])).toEqual([['p', '50', ['i', 'j']], ['q', '7', undefined]])); // prettier-ignore
    await given(opened, ...lines, context('PaymentAllocated', { payment: 'p', invoices: ['i', 'j'] }, '2016-07'))
      .when(allocatePayment, { payment: 'p', invoices: ['i'] })
      .rejects('account/payment-allocated', { detail: 'p pays i, j: correct' });
  });

  it('cannot withdraw what later lines name, nor change its currency or its invoices under them', async () => {
    const allocated = context('PaymentAllocated', { payment: 'p', invoices: ['i'] }, '2016-07');
    const taken = context('FundsDecommitted', { commitment: 'o', amount: money('1') }, '2016-07');
    const credited = context('CreditNoteRecorded', { creditNote: 'c', amount: money('1'), invoice: 'i' }, '2016-07');
    const [order, invoice, payment] = [committed('o', money('9')), invoiced('i', money('9')), paid('p', money('9'))];
    const withdrawn = (events: readonly GivenEvent[], n: number, because: string) =>
      given(opened, ...events)
        .when(withdrawFact, { event: theFact(n) })
        .rejects('ledger/breaks-later-event', { because });
    await withdrawn([order, taken], 2, 'account/unknown-commitment');
    await withdrawn([invoice, credited], 2, 'account/unknown-invoice');
    await withdrawn([invoice, paid('p', money('9'), { invoices: ['i'] })], 2, 'account/unknown-invoice');
    await withdrawn([invoice, payment, allocated], 3, 'account/unknown-payment');
    const corrected = (events: readonly GivenEvent[], n: number, pointer: string, value: unknown, because: string) =>
      given(opened, ...events)
        .when(correctFact, { event: theFact(n), changes: [{ pointer, value }], because: 'error' })
        .rejects('ledger/breaks-later-event', { because });
    await corrected([order, taken], 2, '/amount/currency', 'EUR', 'account/other-currency');
    await corrected([invoice, credited], 2, '/amount/currency', 'EUR', 'account/other-currency');
    await corrected([invoice, payment, allocated], 3, '/amount/currency', 'EUR', 'account/other-currency');
    await corrected([invoice, payment, allocated], 3, '/invoices', ['i'], 'account/payment-allocated');
  });

  it('gets back what a credit note of another year takes off a paid invoice, and can settle then', async () => {
    const events = [opened, committed('o', money('100')), invoiced('i', money('100'), 'o'), paid('p', money('100'), { invoices: ['i'] })];
    const credited = context('CreditNoteRecorded', { creditNote: 'c', amount: money('20'), invoice: 'i' }, '2017-05');
    await given(...events, credited)
      .when(settleAccount, {})
      .rejects('account/not-reconciled');
    await given(...events, credited)
      .when(recordPayment, { payment: 'back', amount: money('-20'), invoices: ['i'] }, { effectiveOn: '2017-06' })
      .leaves((a) => expect([a.sums['2017-05'], a.sums['2017-06']]).toMatchObject([{ 'invoiced.ex.GBP': '-2000' }, { 'paid.ex.GBP': '-2000' }])); // prettier-ignore
    await given(...events, credited, paid('back', money('-20'), { invoices: ['i'] }, '2017-06')).when(settleAccount, {}).leaves({ stage: 'settled' }); // prettier-ignore
  });

  it('credits nothing without turning zero below zero, and turns a bound around', () =>
    given(opened, invoiced('i', { ...money('100'), qualifier: 'about' }), context('CreditNoteRecorded', { creditNote: 'n', amount: money('0.00') }, '2016-06'))
      .when(recordCreditNote, { creditNote: 'c', amount: { ...money('5'), qualifier: 'at-least' } })
      .leaves((a) => expect(a.invoices.slice(1).map(({ amount }) => amount)).toEqual([money('0.00'), { ...money('-5'), qualifier: 'at-most' }]))); // prettier-ignore

  it('credits an amount that is rounded as far as it is', () =>
    given(opened, invoiced('i', money('1000')))
      .when(recordCreditNote, { creditNote: 'c', amount: { ...money('50'), qualifier: 'about', roundedTo: '10' } })
      .leaves((a) => expect(a.invoices[1]!.amount).toEqual({ ...money('-50'), qualifier: 'about', roundedTo: '10' })));

  it('never sees amounts with and without VAT in one figure', async () => {
    const a = await after(committed('o', money('100')), invoiced('i', money('100')), invoiced('j', money('120'), undefined, '2016-05-11', { vat: 'inc' })); // prettier-ignore
    expect(totalMeasures(a)).toMatchObject({ 'invoiced.ex.GBP': 10000n, 'invoiced.inc.GBP': 12000n });
    expect(foundIn(a, money('110'))).toEqual([
      { code: 'mixed-vat', text: 'Amounts are without VAT and with VAT: they are not added, and not compared.' },
    ]);
  });

  it('reads that what is invoiced in another currency is not compared with the ceiling', async () =>
    expect(foundIn(await after(committed('o', money('5000', 'JPY')), invoiced('i', money('5000', 'JPY'))), money('10'))).toEqual([
      {
        code: 'invoiced-in-another-currency',
        text: '¥5,000 is invoiced; the ceiling is in GBP: they are not compared.',
      },
    ]));

  it('reads in which other currencies it is invoiced, where these are several', async () => {
    const lines = [committed('o', money('5000', 'JPY')), committed('q', money('7', 'EUR'))];
    const invoices = [invoiced('i', money('5000', 'JPY')), invoiced('j', money('7', 'EUR'))];
    expect(foundIn(await after(...lines, ...invoices), money('10')).map(({ text }) => text)).toEqual([
      '¥5,000 and €7 is invoiced; the ceiling is in GBP: they are not compared.',
    ]);
  });

  it('reads no finding beside a ceiling of about £65m until £65.5m is exceeded', async () => {
    const ceiling: Value = { ...money('65000000'), qualifier: 'about' };
    const codes = async (amount: string) => foundIn(await after(committed('o', money('70000000')), invoiced('i', money(amount))), ceiling).map(({ code }) => code); // prettier-ignore
    expect([await codes('65500000.00'), await codes('65500000.01')]).toEqual([[], ['invoiced-beyond-ceiling']]);
  });

  it('reads the names of five payments that are not allocated, and how many there are beside', async () => {
    const payments = Array.from({ length: 7 }, (_, i) => paid(`p-${i}`, money('1')));
    const a = await after(committed('o', money('7')), invoiced('i', money('7')), ...payments);
    expect(foundIn(a)).toEqual([{ code: 'unallocated-payments', text: 'p-0, p-1, p-2, p-3, p-4 and 2 more: no invoice is named.' }]);
    const five = await after(committed('o', money('7')), invoiced('i', money('7')), ...payments.slice(0, 5));
    expect(foundIn(five).map(({ text }) => text)).toEqual(['p-0, p-1, p-2, p-3, p-4: no invoice is named.']);
  });

  it('cannot invoice in a currency that was withdrawn before the day', () =>
    given(opened).when(recordInvoice, { invoice: 'i', amount: money('10', 'DEM') }, { effectiveOn: '2003' }).rejects('ledger/former-currency')); // prettier-ignore
});
