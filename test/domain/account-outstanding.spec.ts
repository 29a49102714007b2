import { describe, expect, it } from '@jest/globals';
import { commitFunds } from '../../src/domain/account/commands/commit-funds.js';
import { account, unpaid, type Account } from '../../src/domain/account/index.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, type GivenEvent } from '../given.js';

const money = (amount: string, currency = 'GBP', more: object = {}) => ({ amount, currency, ...more });
const award = { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: money('1000') };
const given = specification(account, {
  id: 'desk',
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '1995')),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '1995')),
    stream(contract, 'desk', context('ContractAwarded', award, '1996')),
  ],
});
const opened = context('AccountOpened', { programme: 'met', contract: 'desk' }, '1996');
const invoice = (id: string, amount: object, more: object = { dueOn: '2016-06-30' }) =>
  context('InvoiceRecorded', { invoice: id, amount, ...more }, '2016-05-10');
const credit = (amount: object, of?: string) => context('CreditNoteRecorded', { creditNote: 'cn', amount, ...(of && { invoice: of }) }, '2016-05-11'); // prettier-ignore
const pay = (payment: string, amount: object, invoices?: readonly string[]) =>
  context('PaymentRecorded', { payment, amount, ...(invoices && { invoices }) }, '2016-06-10');
const allocate = (payment: string, ...invoices: readonly string[]) => context('PaymentAllocated', { payment, invoices }, '2016-06-20');

/** The account after these events. */
const after = (...events: readonly GivenEvent[]): Promise<Account> =>
  new Promise((resolve, reject) => {
    void given(opened, ...events)
      .when(commitFunds, { commitment: 'none', amount: money('0') })
      .leaves((a) => resolve(a))
      .catch(reject);
  });

describe('what is left to pay of an invoice', () => {
  it.each<[string, readonly GivenEvent[], readonly (readonly [string, string])[]]>([
    ['is all of it, while nothing is paid', [], [['a', '100'], ['b', '50']]], // prettier-ignore
    ['is less once a part is paid', [pay('p', money('30'), ['a'])], [['a', '70.00'], ['b', '50']]], // prettier-ignore
    ['is nothing once it is paid in parts', [pay('p', money('30'), ['a']), pay('q', money('70'), ['a'])], [['b', '50']]],
    ['is less what is credited of it', [credit(money('100'), 'a')], [['b', '50']]],
    ['is not changed by a credit note of no invoice', [credit(money('100'))], [['a', '100'], ['b', '50']]], // prettier-ignore
    ['is paid in the order in which a payment names them', [pay('p', money('120'), ['a', 'b'])], [['b', '30.00']]],
    ['is less on the first alone, where a payment of several goes no further', [pay('p', money('30'), ['a', 'b'])], [['a', '70.00'], ['b', '50.00']]], // prettier-ignore
    ['is not less on one that was paid too much already', [pay('p', money('150'), ['a']), pay('q', money('30'), ['a', 'b'])], [['b', '20.00']]], // prettier-ignore
    ['is not less for what another one was paid too much', [pay('p', money('150'), ['a'])], [['b', '50']]],
    ['is not less for a payment that names no invoice', [pay('p', money('150'))], [['a', '100'], ['b', '50']]], // prettier-ignore
    ['is less once that payment is allocated', [pay('p', money('150')), allocate('p', 'b', 'a')], []],
    ['is more again once it is paid back', [pay('p', money('100'), ['a']), pay('q', money('-40'), ['a'])], [['a', '40.00'], ['b', '50']]], // prettier-ignore
    ['is nothing where what was credited is paid back', [pay('p', money('100'), ['a']), credit(money('20'), 'a'), pay('q', money('-20'), ['a'])], [['b', '50']]], // prettier-ignore
    ['is put back no further than on the first, where that is enough', [pay('p', money('130'), ['a']), pay('q', money('-20'), ['a', 'b'])], [['b', '50.00']]], // prettier-ignore
    ['is put back on the invoice that was paid too much', [pay('p', money('130'), ['a']), pay('q', money('-50'), ['a', 'b'])], [['b', '70.00']]], // prettier-ignore
  ])('%s', async (_, events, left) => {
    const a = await after(invoice('a', money('100')), invoice('b', money('50')), ...events);
    expect(unpaid(a).map(({ invoice, outstanding }) => [invoice, outstanding.amount])).toEqual(left);
  });

  it('is as sure as its figures are', async () => {
    const a = await after(invoice('a', money('100', 'GBP', { qualifier: 'about', roundedTo: '10' })), pay('p', money('40'), ['a']));
    expect(unpaid(a)[0]!.outstanding).toEqual(money('60.00', 'GBP', { qualifier: 'about', roundedTo: '10.00' }));
  });

  it('is of no interest of an invoice without a day, of one for nothing, and of a settled account', async () => {
    expect(unpaid(await after(invoice('a', money('100'), {}), invoice('b', money('0.00'))))).toEqual([]);
    expect(unpaid({ ...(await after(invoice('a', money('100')))), stage: 'settled' })).toEqual([]);
  });

  it('does not belong to a credit note', async () => {
    const { invoices } = await after(invoice('a', money('100')), credit(money('20'), 'a'));
    expect(invoices.map(({ invoice, outstanding }) => [invoice, outstanding?.amount])).toEqual([['a', '80.00'], ['cn', undefined]]); // prettier-ignore
  });
});
