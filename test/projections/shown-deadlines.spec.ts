import { beforeEach, describe, expect, it } from '@jest/globals';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
const record = (id: string, command: string, data: object = {}, effectiveOn = '2016-05-02') => world.record(id, command, data, { effectiveOn }); // prettier-ignore
const award = (id: string, more: object = {}) =>
  record(`contract-${id}`, 'AwardContract', { programme: 'met', title: `Contract ${id}`, suppliers: [{ supplier: 'csc' }], value: gbp('1000.00'), endsOn: '2020-11-30', ...more }, '2015-11-16'); // prettier-ignore
const shown = () => inMemory('deadlines', world);
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});

describe('a row of the deadlines', () => {
  it('says of which contract and programme it is, with whom, and who answers for it', async () => {
    await award('a', { suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] });
    await record('contract-a', 'AssignOwner', { owner: 'jane' });
    const day = { due: '2020-11-30', earliest: '2020-11-30', latest: '2020-11-30' };
    expect((await shown()).row('end:a')).toEqual({ kind: 'end', programme: 'met', contract: 'a', suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }], owner: 'jane', title: 'Contract a', what: 'Contract a ends', ...day }); // prettier-ignore
  });

  it('of a programme, of its staff or of a supplier is of no contract, and nobody answers for it', async () => {
    await record('programme-met', 'SetSavingsTarget', { target: 's', title: 'Three years', amount: gbp('1'), by: '2018' }, '2019-11-04');
    const pool = (employer: string) => ({ employer, function: 'it', unit: 'people' });
    await record('workforce-met', 'PlanTransfer', { plan: 'p1', programme: 'met', from: pool('authority'), to: pool('csc'), inScope: { count: 10, unit: 'people' }, basis: 'service-provision-change', expectedOn: '2020-06-01' }, '2019-11-04'); // prettier-ignore
    await record('supplier-csc', 'SuspendSupplier', { ground: 'Fraud', until: '2020-05-01' }, '2019-11-04');
    const rows = await shown();
    const of = (key: string) => {
      const { programme, contract, suppliers, owner, title } = rows.row(key);
      return [programme, contract, suppliers, owner, title];
    };
    expect(of('saving:met/s')).toEqual(['met', null, [], null, rows.row('saving:met/s').title]);
    expect(of('transfer:met/p1')).toEqual(['met', null, [], null, 'Staff of met']);
    expect(of('suspension:csc')).toEqual([null, null, [{ supplier: 'csc' }], null, rows.row('suspension:csc').title]);
    for (const key of ['saving:met/s', 'suspension:csc']) expect(rows.row(key).title).toMatch(/\w/);
  });
});

describe('an invoice that is to be paid', () => {
  const invoice = (amount = '100.00') => record('account-a', 'RecordInvoice', { invoice: 'i-1', amount: gbp(amount), dueOn: '2016-06-30' }, '2016-05-01'); // prettier-ignore

  it('is shown with its contract, also once that has another title, supplier or owner', async () => {
    await award('a');
    await record('account-a', 'OpenAccount', { programme: 'met', contract: 'a' }, '2016-01-04');
    await invoice();
    const row = { kind: 'invoice', programme: 'met', contract: 'a', suppliers: [{ supplier: 'csc' }], owner: null, title: 'Contract a' };
    const what = 'Invoice i-1 of Contract a is to be paid: £100';
    expect((await shown()).row('invoice:a/i-1')).toEqual({ ...row, what, due: '2016-06-30', earliest: '2016-06-30', latest: '2016-06-30' });
    await record('contract-a', 'AssignOwner', { owner: 'jane' });
    const rows = await shown();
    expect(rows.row('invoice:a/i-1')).toMatchObject({ owner: 'jane' });
    expect(rows.placedBy('invoice')).toEqual([expect.objectContaining({ row: true, links: ['contract:a'] })]);
    expect(rows.placedBy('contract')).toEqual([expect.objectContaining({ key: 'contract:a' })]);
    await record('account-a', 'RecordPayment', { payment: 'p', amount: gbp('100.00'), invoices: ['i-1'] });
    expect((await shown()).keys({ kind: 'invoice' })).toEqual([]);
  });
});

describe('a contract that the termination of another one makes necessary to terminate', () => {
  beforeEach(async () => {
    for (const id of ['a', 'b', 'c']) await award(id);
    for (const id of ['a', 'b', 'c']) await record(`contract-${id}`, 'SignContract', {}, '2015-11-20');
    const forces = [{ contract: 'b', endsOn: '2018-12-31' }, { contract: 'c' }];
    await record('contract-a', 'TerminateContract', { ground: 'Insolvency', endsOn: '2018-06-30', forces }, '2018-05-01');
  });

  it('is due on the day that was named for it, or on that of the termination', async () => {
    const rows = await shown();
    expect(rows.keys({ kind: 'forced-end' })).toEqual(['forced-end:a/b', 'forced-end:a/c']);
    expect([rows.row('forced-end:a/b').due, rows.row('forced-end:a/c').due]).toEqual(['2018-12-31', '2018-05-01']);
    expect(rows.placedBy('forced-end').map(({ links }) => links)).toEqual([['ended:b'], ['ended:c']]);
    expect(rows.placedBy('end').every(({ links }) => links === undefined)).toBe(true);
  });

  it('is due no more once it is terminated itself', async () => {
    await record('contract-b', 'TerminateContract', { ground: 'Forced', endsOn: '2018-12-31' }, '2018-06-01');
    const rows = await shown();
    expect(rows.placedBy('ended').map(({ key }) => key)).toEqual(['ended:a', 'ended:b']);
    expect(rows.keys({ kind: 'forced-end' })).toEqual(['forced-end:a/c']);
  });
});

it('a day that is not known is due in no period and never overdue', async () => {
  await award('a', { endsOn: undefined });
  await award('b', { endsOn: '[2020-01-01..]' });
  await award('c', { endsOn: '[..2020-01-01]' });
  const rows = await shown();
  const ends = (filters: object) => rows.keys({ kind: 'end', ...filters });
  expect(ends({ dueFrom: '0001-01-01' })).toEqual(['end:c']);
  expect(ends({ overdueOn: '9999-12-31' })).toEqual(['end:c']);
  expect(ends({ dueBy: '9999-12-31' })).toEqual(['end:b']);
  expect(ends({ within: '9999' })).toEqual(['end:b']);
  expect([ends({ dated: 'true' }), ends({ dated: 'false' })]).toEqual([['end:b'], ['end:a', 'end:c']]);
});
