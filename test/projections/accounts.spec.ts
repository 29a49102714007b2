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
    expect(row.findings).toEqual([{ code: 'invoiced-beyond-ceiling', text: '£1,100 is invoiced; £1,000 was approved.' }]);
    expect([row.title, row.suppliers, row.counts]).toEqual(['Hosting', ['csc'], { commitments: 2, invoices: 1, payments: 1 }]);
  });

  it('stands beside its contract on the board, and in the total of the programme', async () => {
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

it('a budget stands beside what all accounts spent in its financial year, of its nature', async () => {
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

it('the year of a programme that begins in January is the calendar year', async () => {
  world = new World('2019-11-04');
  const charter = { title: 'T', authority: 'A', baseCurrency: 'GBP', financialYearStarts: 'january' };
  await world.record('programme-met', 'CharterProgramme', charter, { effectiveOn: '2010' });
  await world.record('supplier-csc', 'RegisterSupplier', { title: 'CSC', form: 'company' });
  await world.record('contract-csc', 'AwardContract', { programme: 'met', title: 'X', suppliers: [{ supplier: 'csc' }], value: gbp('1.00') }, { effectiveOn: '2015' }); // prettier-ignore
  await record('OpenAccount', { programme: 'met', contract: 'csc' }, '2015-11-16');
  await record('RecordInvoice', { invoice: 'i', amount: gbp('10.00') }, '2016-12-31');
  expect((await rowOf('account:csc')).byYear).toMatchObject([{ year: '2016', invoiced: { text: '£10' } }]);
});
