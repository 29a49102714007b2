import { beforeEach, describe, expect, it } from '@jest/globals';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
const record = (command: string, data: object, effectiveOn: string, id = 'csc') =>
  world.record(`account-${id}`, command, data, { effectiveOn });
const rowOf = async (key: string) => (await inMemory('accounts', world)).row(key);

beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  const contract = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('1000.00') };
  for (const id of ['csc', 'net']) await world.record(`contract-${id}`, 'AwardContract', contract, { effectiveOn: '2015-11-16' });
  for (const id of ['csc', 'net']) await record('OpenAccount', { programme: 'met', contract: id }, '2015-11-16', id);
});

describe('the account of a contract', () => {
  beforeEach(async () => {
    await record('CommitFunds', { commitment: 'a', amount: gbp('900.00'), nature: 'capital' }, '2016-03-31');
    await record('CommitFunds', { commitment: 'b', amount: gbp('300.00') }, '2016-04-01');
    await record('RecordInvoice', { invoice: 'i', amount: gbp('1100.00'), commitment: 'a' }, '2016-04-30');
    await record('RecordPayment', { payment: 'p', amount: gbp('50.00') }, '2017');
  });

  it('says what is committed, invoiced and paid: by financial year, by nature, and what is unusual', async () => {
    const row = await rowOf('account:csc');
    expect([row.committed.text, row.invoiced.text, row.paid.text, row.undated]).toEqual(['£1,200', '£1,100', '£50', true]);
    expect(row.byYear.map(({ year, committed, invoiced, paid }: any) => [year, committed.text, invoiced.text, paid.text])).toEqual([
      ['2015/16', '£900', 'nothing', 'nothing'],
      ['2016/17', '£300', '£1,100', 'nothing'],
    ]);
    expect(Object.entries<any>(row.byNature).map(([nature, { committed }]) => [nature, committed.text])).toEqual([['capital', '£900']]);
    expect(row.findings).toEqual([
      { code: 'invoiced-beyond-ceiling', text: '£1,100 is invoiced; £1,000 was approved.' },
      { code: 'unallocated-payments', text: 'p: no invoice is named.' },
    ]);
    expect(row.ceiling).toEqual(gbp('1000.00'));
    expect([row.title, row.suppliers, row.counts]).toEqual(['Hosting', ['csc'], { commitments: 2, invoices: 1, payments: 1, expected: 0 }]);
  });

  it('is shown with its contract on the board, and in the total of the programme', async () => {
    const board = await inMemory('tower-board', world);
    const entry = board.row('tower:hosting').contracts.find(({ contract }: any) => contract === 'csc');
    expect(entry.account).toEqual({ committed: '£1,200', invoiced: '£1,100', paid: '£50', settledOn: null });
    expect(board.row('programme:met').spent).toEqual({ committed: '£1,200', invoiced: '£1,100', paid: '£50' });
  });

  it('is found by programme, contract, supplier and what is unusual in it', async () => {
    const rows = await inMemory('accounts', world);
    expect(rows.keys({ contract: 'csc', programme: 'met', supplier: 'csc', finding: 'invoiced-beyond-ceiling' })).toEqual(['account:csc']);
    expect(rows.keys({ finding: 'paid-beyond-invoiced' })).toEqual([]);
    expect(rows.keys({ kind: 'account' })).toEqual(['account:csc', 'account:net']);
    expect(rows.list('account:csc', 'commitments').map(({ commitment }) => commitment)).toEqual(['b', 'a']);
  });
});

it('a programme without an account that has a line has spent nothing that is known', async () =>
  expect((await inMemory('tower-board', world)).row('programme:met').spent).toBeNull());

it('a budget is shown with what all accounts spent in its financial year, of its nature', async () => {
  const budget = (year: number, kind: string, amount: string) =>
    world.record('programme-met', 'SetBudget', { year, kind, amount: gbp(amount) });
  await budget(2016, 'revenue', '400.00');
  await budget(2016, 'revenue', '500.00');
  await budget(2016, 'capital', '500.00');
  await budget(2017, 'revenue', '500.00');
  await record('RecordInvoice', { invoice: 'i', amount: gbp('10.00'), nature: 'revenue' }, '2016-04-01');
  await record('RecordInvoice', { invoice: 'j', amount: gbp('20.00'), nature: 'capital' }, '2017-03-31', 'net');
  await record('RecordInvoice', { invoice: 'k', amount: gbp('40.00'), nature: 'revenue' }, '2017-04-01');
  const row = await rowOf('programme:met');
  expect(row.budgets.map(({ kind, financialYear, amount, invoiced }: any) => [kind, financialYear, amount.amount, invoiced.text])).toEqual([
    ['revenue', '2016/17', '500.00', '£10'],
    ['capital', '2016/17', '500.00', '£20'],
    ['revenue', '2017/18', '500.00', '£40'],
  ]);
  expect([row.invoiced.text, row.counts]).toEqual(['£70', { budgets: 3 }]);
});

it('what certainly lies in one financial year stands in it, though nobody knows its month', async () => {
  await world.record('programme-met', 'SetBudget', { year: 2016, kind: 'capital', amount: gbp('90.00') });
  await record('RecordInvoice', { invoice: 'spring', amount: gbp('10.00'), nature: 'capital' }, '[2016-04-20..2016-05-10]');
  await record('RecordInvoice', { invoice: 'summer', amount: gbp('20.00'), nature: 'capital' }, '[2016-04-01..2017-03-31]');
  const within = await rowOf('account:csc');
  expect(within).toMatchObject({ undated: false, byYear: [{ year: '2016/17', invoiced: { text: '£30' }, byNature: { capital: { invoiced: { text: '£30' } } } }] }); // prettier-ignore
  await record('RecordInvoice', { invoice: 'turn', amount: gbp('40.00'), nature: 'capital' }, '[2017-03-31..2017-04-01]');
  await record('RecordInvoice', { invoice: 'long', amount: gbp('50.00'), nature: 'capital' }, '[2016-01-01..2017-01-01]');
  const across = await rowOf('account:csc');
  expect(across).toMatchObject({ undated: true, byYear: within.byYear, invoiced: { text: '£120' } });
  expect((await rowOf('programme:met')).budgets).toMatchObject([{ year: 2016, invoiced: { text: '£30' } }]);
});

it('the year of a programme that begins in January is the calendar year', async () => {
  world = new World('2019-11-04');
  const charter = { title: 'T', authority: 'A', baseCurrency: 'GBP', financialYearStarts: 'january' };
  await world.record('programme-met', 'CharterProgramme', charter, { effectiveOn: '2010' });
  await world.record('supplier-csc', 'RegisterSupplier', { title: 'CSC', form: 'company' });
  await world.record('contract-csc', 'AwardContract', { programme: 'met', title: 'X', suppliers: [{ supplier: 'csc' }], value: gbp('1.00') }, { effectiveOn: '2015' }); // prettier-ignore
  await record('OpenAccount', { programme: 'met', contract: 'csc' }, '2015-11-16');
  await record('RecordInvoice', { invoice: 'i', amount: gbp('10.00') }, '2016-12-31');
  await record('RecordInvoice', { invoice: 'j', amount: gbp('5.00') }, '2016');
  expect(await rowOf('account:csc')).toMatchObject({ undated: false, byYear: [{ year: '2016', invoiced: { text: '£15' } }] });
});

describe('by financial year and nature', () => {
  const usd = (amount: string) => ({ amount, currency: 'USD' });
  beforeEach(async () => {
    await record('ExpectSpend', { year: 2016, nature: 'capital', amount: gbp('70.00') }, '2016-04-01');
    await record('ExpectSpend', { year: 2016, period: 1, amount: gbp('5.00') }, '2016-04-01');
    await record('ExpectSpend', { year: 2018, amount: gbp('9.00') }, '2016-04-01');
    await record('ExpectSpend', { year: 2016, nature: 'capital', amount: gbp('30.00') }, '2016-04-01', 'net');
    await record('CommitFunds', { commitment: 'o', amount: usd('100.00'), nature: 'capital', exchange: { currency: 'GBP', rate: '0.7' } }, '2016-04-02'); // prettier-ignore
    await record('RecordInvoice', { invoice: 'i', amount: usd('100.00'), commitment: 'o' }, '2017-03-01');
    const pay = (payment: string, amount: string, rate: string, on: string) =>
      record('RecordPayment', { payment, amount: usd(amount), invoices: ['i'], exchange: { currency: 'GBP', rate } }, on);
    await pay('a', '30.00', '0.8', '2017-03-31');
    await pay('b', '70.00', '0.6', '2017-04-01');
  });
  const textsOf = ({ expected, committed, invoiced, paid, exchange }: any) =>
    [expected, committed, invoiced, paid, exchange].map((figure) => figure?.text);

  it('an account says what is expected beside what was spent, and what was lost or gained in exchange in the year of the payment', async () => {
    const row = await rowOf('account:csc');
    // 30 × (0.8 − 0.7) = 3.00 more; 70 × (0.6 − 0.7) = 7.00 less
    expect(row.byYear.map((one: any) => [one.year, ...textsOf(one)])).toEqual([
      ['2016/17', '£75', 'US$100', 'US$100', 'US$30', '£3'],
      ['2017/18', 'nothing', 'nothing', 'nothing', 'US$70', '−£7'],
      ['2018/19', '£9', 'nothing', 'nothing', 'nothing', 'nothing'],
    ]);
    expect(row.byYear.map(({ byNature }: any) => Object.entries(byNature).map(([nature, one]) => [nature, ...textsOf(one)]))).toEqual([
      [['capital', '£70', 'US$100', 'US$100', 'US$30', '£3']],
      [['capital', 'nothing', 'nothing', 'nothing', 'US$70', '−£7']],
      [],
    ]);
    expect([row.exchange.text, row.counts.expected, row.expected.length]).toEqual(['−£4', 3, 3]);
    expect(row.payments[0]).toMatchObject({ payment: 'a', realised: { difference: gbp('3.00'), unrounded: '3' } });
    expect((await inMemory('accounts', world)).list('account:csc', 'expected').map(({ year }) => year)).toEqual([2018, 2016, 2016]);
  });

  it('a budget says what all accounts expect of its year and nature', async () => {
    await world.record('programme-met', 'SetBudget', { year: 2016, kind: 'capital', amount: gbp('90.00') });
    const [budget] = (await rowOf('programme:met')).budgets;
    expect([budget.financialYear, ...textsOf(budget)]).toEqual(['2016/17', '£100', 'US$100', 'US$100', 'US$30', '£3']);
    expect((await rowOf('programme:met')).exchange.text).toBe('−£4');
  });

  it('never adds amounts that differ in VAT, not even of two accounts', async () => {
    await record('RecordInvoice', { invoice: 'j', amount: gbp('10.00'), vat: 'ex' }, '2016-05-01');
    await record('RecordInvoice', { invoice: 'k', amount: gbp('12.00'), vat: 'inc' }, '2016-05-01', 'net');
    const { invoiced } = await rowOf('programme:met');
    expect(invoiced).toMatchObject({ text: '£10 without VAT + £12 with VAT + US$100 VAT not known', vat: 'mixed' });
    expect(invoiced.amounts.map(({ amount, currency, vat }: any) => [amount, currency, vat])).toEqual([['10.00', 'GBP', 'ex'], ['12.00', 'GBP', 'inc'], ['100.00', 'USD', 'unknown']]); // prettier-ignore
    expect((await rowOf('account:net')).byYear[0].invoiced).toMatchObject({ text: '£12', vat: 'inc' });
    expect((await inMemory('tower-board', world)).row('programme:met').spent.invoiced).toBe('£10 without VAT + £12 with VAT + US$100 VAT not known'); // prettier-ignore
  });
});

describe('what an account is shown with', () => {
  it('is no more where its contract and its programme were withdrawn: the account stays, by the id of its contract', async () => {
    await record('ExpectSpend', { year: 2008, amount: gbp('10.00') }, '2016-04-01');
    for (const stream of ['contract-csc', 'programme-met'])
      await world.record(stream, 'WithdrawFact', { event: (await world.history(stream)).first!.recorded.id });
    const rows = await inMemory('accounts', world);
    expect(rows.keys()).toEqual(['account:csc', 'account:net']);
    expect(rows.row('account:csc')).toMatchObject({ kind: 'account', title: 'csc', suppliers: [], ceiling: null, stage: 'open', vat: 'unknown', settledOn: null, byYear: [{ year: '2008/09', expected: { text: '£10' } }] }); // prettier-ignore
    expect([rows.row('programme:met'), rows.row('account:none')]).toEqual([undefined, undefined]);
  });

  it('is its contract and its programme, with which it changes', async () => {
    const [csc] = (await inMemory('accounts', world)).placedBy('account');
    expect(csc).toMatchObject({ key: 'account:csc', links: ['contract:csc', 'programme:met'] });
  });

  it('is a contract that goes by its id where it has no title', async () => {
    await world.record('contract-plain', 'AwardContract', { programme: 'met', suppliers: [{ supplier: 'csc' }], value: gbp('1.00') });
    await world.record('account-plain', 'OpenAccount', { programme: 'met', contract: 'plain' });
    expect(await rowOf('account:plain')).toMatchObject({ title: 'plain', ceiling: gbp('1.00'), undated: false, byYear: [], byNature: {} });
  });
});

it('the years of an account are in order, each with the natures in which something was spent or is expected', async () => {
  await record('ExpectSpend', { year: 2018, nature: 'capital', amount: gbp('9.00') }, '2016-04-01');
  await record('ExpectSpend', { year: 2017, amount: gbp('8.00') }, '2016-04-01');
  await record('RecordInvoice', { invoice: 'i', amount: gbp('7.00'), nature: 'revenue' }, '2016-05-01');
  const { byYear, byNature } = await rowOf('account:csc');
  expect(byYear.map((of: any) => [of.year, Object.keys(of.byNature)])).toEqual([['2016/17', ['revenue']], ['2017/18', []], ['2018/19', ['capital']]]); // prettier-ignore
  expect(Object.keys(byNature)).toEqual(['revenue']);
});

describe('once the currency of the contract is replaced', () => {
  const dem = (amount: string) => ({ amount, currency: 'DEM' });
  const contractRecord = (command: string, data: object, effectiveOn: string) =>
    world.record('contract-desk', command, data, { effectiveOn });
  const desk = (command: string, data: object, effectiveOn: string) => record(command, data, effectiveOn, 'desk');

  it('an account says which lines are converted at which rate, and leaves what was spent as it was', async () => {
    const award = { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: dem('1000.00') };
    await contractRecord('AwardContract', award, '2000-11-16');
    await desk('OpenAccount', { programme: 'met', contract: 'desk' }, '2000-11-16');
    await desk('CommitFunds', { commitment: 'a', amount: dem('100.00') }, '2001-03-01');
    await desk('CommitFunds', { commitment: 'b', amount: dem('60.00') }, '2001-03-01');
    await desk('RecordInvoice', { invoice: 'i', amount: dem('60.00'), commitment: 'b' }, '2001-04-01');
    expect((await rowOf('account:desk')).redenominated).toBeNull();
    await contractRecord('RedenominateContract', { currency: 'EUR', rate: '1.95583' }, '2002-01-01');
    await desk('CommitFunds', { commitment: 'c', amount: dem('1.00') }, '2002-01-02');
    await desk('RecordInvoice', { invoice: 'j', amount: { amount: '11.13', currency: 'EUR' }, commitment: 'a' }, '2002-01-03');
    const { redenominated, ...row } = await rowOf('account:desk');
    expect(redenominated).toMatchObject({ rates: [{ on: '2002-01-01', from: 'DEM', to: 'EUR', rate: '1.95583' }], count: 3, notInvoiced: { text: '€40.51' } }); // prettier-ignore
    expect(redenominated.lines.map(({ of, line, amount, invoiced, left }: any) => [of, line, amount.was.amount, amount.was.rate, amount.amount, invoiced?.amount, left.amount])).toEqual([
      ['commitment', 'a', '100.00', '1.95583', '51.13', '11.13', '40.00'],
      ['commitment', 'c', '1.00', '1.95583', '0.51', undefined, '0.51'],
      ['invoice', 'i', '60.00', '1.95583', '30.68', undefined, '30.68'],
    ]); // prettier-ignore
    expect([row.committed.text, row.invoiced.text]).toEqual(['DEM 161', 'DEM 60 + €11.13']);
    expect(row.findings).toEqual([{ code: 'former-currency', text: 'c: in DEM, which the contract changed to EUR on 2002-01-01.' }]);
  });
});
