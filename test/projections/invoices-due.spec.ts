import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deadlines, type Deadline } from '../../projections/deadlines.js';
import { ledgerOf } from '../engine/ledger-on-day.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
const record = (command: string, data: object, effectiveOn: string) => world.record('account-csc', command, data, { effectiveOn });
const found = async (filters: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, Deadline>>> => {
  const { projector } = await new Rows(world.store, [deadlines]).read();
  const { rows } = await projector.rows('deadlines', { filters: { kind: 'invoice', ...filters } });
  return Object.fromEntries(rows.map(({ key, row }) => [key, row as unknown as Deadline]));
};
const invoice = (id: string, dueOn: string, amount = gbp('100.00')) =>
  record('RecordInvoice', { invoice: id, amount, dueOn }, '2016-05-01');

beforeEach(async () => {
  world = new World('2016-04-04');
  await recordWorld(world);
  const contract = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: gbp('1000.00') };
  await world.record('contract-csc', 'AwardContract', contract, { effectiveOn: '2015-11-16' });
  await record('OpenAccount', { programme: 'met', contract: 'csc' }, '2016-01-04');
  world.wait(300);
});
afterEach(closeRows);

describe('the day on which an invoice is to be paid', () => {
  it('is a deadline that says what is left, until nothing is', async () => {
    await invoice('i-1', '2016-06-30');
    const row = { kind: 'invoice', programme: 'met', contract: 'csc', suppliers: [{ supplier: 'csc' }], owner: null, title: 'Hosting' };
    const due = { due: '2016-06-30', earliest: '2016-06-30', latest: '2016-06-30' };
    expect(await found()).toEqual({ 'invoice:csc/i-1': { ...row, ...due, what: 'Invoice i-1 of Hosting is to be paid: £100' } });
    await record('RecordPayment', { payment: 'p', amount: gbp('30.00'), invoices: ['i-1'] }, '2016-06-01');
    expect((await found())['invoice:csc/i-1']!.what).toBe('Invoice i-1 of Hosting is to be paid: £70');
    await record('RecordPayment', { payment: 'q', amount: gbp('70.00'), invoices: ['i-1'] }, '2016-06-02');
    expect(await found()).toEqual({});
  });

  it('may be uncertain, or unknown', async () => {
    for (const [id, dueOn] of Object.entries({ month: '2016-06', from: '[2016-06-15..]', never: 'unknown' })) await invoice(id, dueOn);
    const rows = await found();
    expect(Object.entries(rows).map(([key, { due, earliest, latest }]) => [key, due, earliest, latest])).toEqual([
      ['invoice:csc/from', '[2016-06-15..]', '2016-06-15', null],
      ['invoice:csc/month', '2016-06', '2016-06-01', '2016-06-30'],
      ['invoice:csc/never', 'unknown', null, null],
    ]);
    expect(Object.keys(await found({ overdueOn: '2016-07-01' }))).toEqual(['invoice:csc/month']);
  });

  it('is found by who answers for the contract, and by its supplier, also once these are others', async () => {
    await invoice('i-1', '2016-06-30');
    expect(Object.keys(await found({ supplier: 'csc', contract: 'csc', programme: 'met' }))).toEqual(['invoice:csc/i-1']);
    expect(await found({ owner: 'jane' })).toEqual({});
    await world.record('contract-csc', 'AssignOwner', { owner: 'jane' }, { effectiveOn: '2016-05-02' });
    await world.record('contract-csc', 'SignContract', {}, { effectiveOn: '2016-05-02' });
    await world.record('contract-csc', 'NovateContract', { supplier: 'atos', takesEffectOn: '2016-05-03' }, { effectiveOn: '2016-05-03' });
    expect(Object.keys(await found({ owner: 'jane', supplier: 'atos' }))).toEqual(['invoice:csc/i-1']);
  });

  it('goes on when the contract is withdrawn, under its id', async () => {
    await invoice('i-1', '2016-06-30');
    const [award] = (await world.history('contract-csc')).entries;
    await world.record('contract-csc', 'WithdrawFact', { event: award!.recorded.id });
    expect((await found())['invoice:csc/i-1']).toMatchObject({ what: 'Invoice i-1 of csc is to be paid: £100', title: 'csc', suppliers: [], owner: null }); // prettier-ignore
  });
});

it('as of a day and as of an instant, an invoice is due that was not paid by then', async () => {
  await invoice('i-1', '2016-06-30');
  const { length: unpaid } = await world.events();
  await record('RecordPayment', { payment: 'p', amount: gbp('100.00'), invoices: ['i-1'] }, '2016-06-10');
  const rows = await ledgerOf(await world.events());
  const due = async (day: string, at = rows.projector.sequence) =>
    (await rows.projector.ask('deadlines', (_, days) => days.page({ at, day }, '', 100, { kind: 'invoice' }))).rows.map(({ key }) => key);
  expect(await Promise.all(['2016-04-30', '2016-05-01', '2016-06-09', '2016-06-10'].map((day) => due(day)))).toEqual([[], ['invoice:csc/i-1'], ['invoice:csc/i-1'], []]); // prettier-ignore
  expect(await due('2016-06-10', unpaid)).toEqual(['invoice:csc/i-1']);
});
