import { describe, expect, it } from '@jest/globals';
import { commitFunds } from '../../src/domain/account/commands/commit-funds.js';
import { account, accountFindings, convertedLines, totalMeasures, type Account } from '../../src/domain/account/index.js';
import { unitsInNewCurrency, type Redenomination } from '../../src/domain/account/redenomination.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, type GivenEvent } from '../given.js';

const dem = (amount: string) => ({ amount, currency: 'DEM' });
const eur = (amount: string) => ({ amount, currency: 'EUR' });
const award = { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: dem('1000') };
const given = specification(account, {
  id: 'desk',
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'DEM' }, '1995')),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '1995')),
    stream(contract, 'desk', context('ContractAwarded', award, '1996')),
  ],
});
const opened = context('AccountOpened', { programme: 'met', contract: 'desk', vat: 'ex' }, '1996');
const committed = (commitment: string, amount: object, on = '2001-04-10') => context('FundsCommitted', { commitment, amount }, on);
const taken = (commitment: string, amount: object) => context('FundsDecommitted', { commitment, amount }, '2001-05-10');
const invoiced = (invoice: string, amount: object, commitment?: string, on = '2001-06-10') =>
  context('InvoiceRecorded', { invoice, amount, ...(commitment && { commitment }) }, on);
const paid = (payment: string, amount: object, ...invoices: readonly string[]) => context('PaymentRecorded', { payment, amount, invoices }, '2001-07-10'); // prettier-ignore

const toEuro = { on: '2002-01-01', from: 'DEM', to: 'EUR', rate: '1.95583' };
/** The account after these events. */
const after = (...events: readonly GivenEvent[]): Promise<Account> =>
  new Promise((resolve, reject) => {
    void given(opened, ...events)
      .when(commitFunds, { commitment: 'none', amount: eur('0') })
      .leaves((a) => resolve(a))
      .catch(reject);
  });
const linesAfter = async (...events: readonly GivenEvent[]) => convertedLines(await after(...events), [toEuro]);
const found = (a: Account, redenominations = [toEuro], ceiling = eur('511.29')) =>
  accountFindings(a, { ceiling, vat: 'ex', redenominations }).map(({ code, text }) => [code, text]);

describe('once the currency of its contract is replaced, of an account', () => {
  it('what is committed and not invoiced is converted at the fixed rate, half up, and says what it was', async () => {
    // 100.00 ÷ 1.95583 = 51.1292…
    const [line, ...more] = await linesAfter(committed('po', dem('100.00')));
    expect(more).toEqual([]);
    expect(line).toMatchObject({ of: 'commitment', line: 'po', on: '2001-04-10', amount: { ...eur('51.13'), was: { ...dem('100.00'), rate: '1.95583' } }, left: eur('51.13') }); // prettier-ignore
    expect(line).not.toHaveProperty('invoiced');
  });

  it.each<[string, readonly GivenEvent[], readonly (readonly [string, string, string, string])[]]>([
    ['less what was taken back', [committed('po', dem('100')), taken('po', dem('40'))], [['commitment', 'po', '60.00', '30.68']]],
    ['less what was invoiced in the former currency', [committed('po', dem('100')), invoiced('i', dem('40'), 'po'), paid('p', dem('40'), 'i')], [['commitment', 'po', '60.00', '30.68']]], // prettier-ignore
    ['less what is invoiced in the new one', [committed('po', dem('100')), invoiced('i', eur('20'), 'po', '2002-01-10')], [['commitment', 'po', '100.00', '31.13']]], // prettier-ignore
    ['nothing of what is spent', [committed('po', dem('100')), invoiced('i', dem('100'), 'po'), paid('p', dem('100'), 'i')], []],
    ['nothing of what is spent in the new one', [committed('po', dem('100')), invoiced('i', eur('51.13'), 'po', '2002-01-10')], []],
    ['nothing in another currency', [committed('po', eur('100'))], []],
    ['what is invoiced and not paid', [invoiced('i', dem('100')), paid('p', dem('30'), 'i')], [['invoice', 'i', '70.00', '35.79']]],
  ])('%s', async (_, events, lines) =>
    expect((await linesAfter(...events)).map(({ of, line, amount, left }) => [of, line, amount.was!.amount, left.amount])).toEqual(lines),
  );

  it('what was committed, invoiced and paid stays in the currency of its time', async () => {
    const a = await after(committed('po', dem('100')), invoiced('i', dem('40'), 'po'), paid('p', dem('40'), 'i'));
    expect(totalMeasures(a)).toMatchObject({ 'committed.ex.DEM': 10000n, 'invoiced.ex.DEM': 4000n, 'paid.ex.DEM': 4000n });
    expect([convertedLines(a, []), a.commitments[0]!.amount]).toEqual([[], dem('100')]);
  });

  it('what was invoiced of a line in the new currency stands on it', async () => {
    const [line] = await linesAfter(committed('po', dem('100')), invoiced('i', eur('20'), 'po', '2002-01-10'), invoiced('j', eur('5'), undefined, '2002-01-10')); // prettier-ignore
    expect(line).toMatchObject({ line: 'po', amount: eur('51.13'), invoiced: eur('20.00'), left: eur('31.13') });
  });

  it('each measure is one sum: a former line counts as what it is now, any other as it is', async () => {
    const a = await after(
      committed('po', dem('100')),
      taken('po', dem('40')),
      committed('new', eur('10'), '2002-01-10'),
      committed('other', { amount: '7', currency: 'USD' }),
      invoiced('i', dem('40'), 'po'),
      invoiced('j', eur('20'), 'new', '2002-01-10'),
      paid('p', dem('30'), 'i'),
    );
    const sums = (...of: readonly Redenomination[]) =>
      Object.fromEntries((['committed', 'invoiced', 'paid'] as const).map((measure) => [measure, Object.fromEntries(unitsInNewCurrency(a, measure, of))])); // prettier-ignore
    // 100 − 40 is 51.13 − 20.45
    expect(sums(toEuro)).toEqual({ committed: { EUR: 4068n, USD: 700n }, invoiced: { EUR: 4045n }, paid: { EUR: 1534n } });
    expect(sums()).toEqual({
      committed: { DEM: 6000n, EUR: 1000n, USD: 700n },
      invoiced: { DEM: 4000n, EUR: 2000n },
      paid: { DEM: 3000n },
    });
  });

  it('what was replaced again is converted twice, from the unrounded figure', async () => {
    const again = { on: '2010', from: 'EUR', to: 'GBP', rate: '1.2' };
    const [line] = convertedLines(await after(committed('po', dem('103.00'))), [toEuro, again]);
    // 103.00 ÷ 1.95583 ÷ 1.2 = 43.8859; from the rounded 52.66 it would be 43.8833
    expect(line!.left).toEqual({ amount: '43.89', currency: 'GBP' });
    expect(line!.amount.was).toMatchObject({ ...eur('52.66'), rate: '1.2', was: { ...dem('103.00'), rate: '1.95583' } });
  });

  it('what is invoiced is compared with what is committed, paid and approved in the new currency', async () => {
    const a = await after(committed('po', dem('100')), invoiced('i', eur('51.13'), 'po', '2002-01-10'));
    expect(found(a)).toEqual([]);
    expect(found(a, [])).toEqual([['invoiced-beyond-committed', '€51.13 is invoiced; €0 is committed.']]);
    const beyond = await after(committed('po', dem('2000')), invoiced('i', dem('1000'), 'po'), invoiced('j', eur('0.01'), 'po', '2002-01-10')); // prettier-ignore
    expect(found(beyond)).toEqual([['invoiced-beyond-ceiling', '€511.30 is invoiced; €511.29 was approved.']]);
    expect(found(beyond, [])).toEqual([
      ['invoiced-beyond-committed', '€0.01 is invoiced; €0 is committed.'],
      ['invoiced-in-another-currency', 'DEM 1,000 is invoiced; the ceiling is in EUR: they are not compared.'],
    ]);
  });

  it('each line is converted by itself: many small ones do not come to less than what is invoiced of them', async () => {
    // 0.99 ÷ 1.95583 = 0.506…, 0.51 each; ten of them together would come to 5.06
    const lines = Array.from({ length: 10 }, (_, n) => [committed(`po-${n}`, dem('0.99')), invoiced(`i-${n}`, eur('0.51'), `po-${n}`, '2002-01-10')]); // prettier-ignore
    expect(found(await after(...lines.flat()))).toEqual([]);
  });

  it('a line in the former currency of a later day is found', async () => {
    const lines = [committed('before', dem('1')), committed('perhaps', dem('1'), '2002'), committed('after', dem('1'), '2002-01-02'), invoiced('late', dem('1'), 'after', '2002-02')]; // prettier-ignore
    expect(found(await after(...lines))).toEqual([['former-currency', 'after, late: in DEM, which the contract changed to EUR on 2002-01-01.']]); // prettier-ignore
  });
});
