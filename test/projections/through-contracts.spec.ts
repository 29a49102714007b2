import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeRows, Rows, rowsAfter } from '../engine/rows-after.js';
import type { Update } from '../../src/engine/read/rows/updates.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const loss = { programme: 'met', title: 'Paid for nothing', bearer: 'authority', category: 'other', contract: 'desks' };
const source = { title: 'A report' };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  await world.record('contract-desks', 'PlanContract', { programme: 'met', title: 'Desks', towers: ['euc'] });
  await world.record('loss-a', 'RaiseLoss', { ...loss, gross: gbp('7') });
});
afterEach(closeRows);

const award = (suppliers = ['csc']) =>
  world.record('contract-desks', 'AwardContract', {
    programme: 'met',
    title: 'Desks',
    towers: ['euc'],
    suppliers: suppliers.map((supplier) => ({ supplier })),
    value: gbp('100'),
  });
const withdraw = async (stream: string, at = 0) =>
  world.record(stream, 'WithdrawFact', { event: (await world.history(stream)).recorded[at]!.id });
const ofSupplier = (row: any) => [row.losses.authority.gross.text, row.losses.supplier.gross.text, row.counts.losses, row.lossList.map(({ loss: id }: any) => id)]; // prettier-ignore

/** What a supplier is shown to have lost, now and to those who followed its row; the row and its list say the same. */
const lostWith = async (rows: Rows, supplier: string) => {
  const key = `supplier:${supplier}`;
  const row = await rows.row('exposure', key);
  const page = await rows.projector.ask('exposure', (now) => now.list(key, 'losses', rows.projector.sequence, undefined, 100));
  expect(page!.entries).toEqual(row.lossList);
  const lastOf = (updates: readonly Update[]) => updates.flatMap(({ changes }) => (key in changes ? [changes[key]] : [])).at(-1);
  expect(lastOf(await rows.updates('exposure'))).toEqual(row);
  const fresh = await new Rows(rows.store, rows.projections).read(); // which has rendered nothing yet
  const all = fresh.projector.sequence;
  expect(lastOf((await fresh.projector.ask('exposure', (now) => now.follow(0, all, all))).updates)).toEqual(row);
  await fresh.close();
  return ofSupplier(row);
};
const nothing = ['nothing', 'nothing', 0, []];

describe('what names only a contract', () => {
  it('stands with nobody while the contract is planned, and with its supplier from the award on', async () => {
    expect(await lostWith(await rowsAfter(await world.events()), 'csc')).toEqual(nothing);
    await award();
    expect(await lostWith(await rowsAfter(await world.events()), 'csc')).toEqual(['£7', 'nothing', 1, ['a']]);
  });

  it('moves along with the contract to another supplier, and back when the novation is withdrawn', async () => {
    await award();
    await world.record('loss-b', 'RaiseLoss', { ...loss, gross: gbp('11') });
    await world.record('contract-desks', 'SignContract', {});
    await world.record('contract-desks', 'NovateContract', { supplier: 'atos' });
    const moved = await rowsAfter(await world.events());
    expect([await lostWith(moved, 'csc'), await lostWith(moved, 'atos')]).toEqual([nothing, ['£18', 'nothing', 2, ['b', 'a']]]);
    await withdraw('contract-desks', (await world.history('contract-desks')).recorded.length - 1);
    const back = await rowsAfter(await world.events());
    expect([await lostWith(back, 'csc'), await lostWith(back, 'atos')]).toEqual([['£18', 'nothing', 2, ['b', 'a']], nothing]);
  });

  it('counts what it comes to now, and no more once it or the contract is withdrawn', async () => {
    await award();
    await world.record('loss-a', 'ReviseLoss', { gross: gbp('9') });
    expect(await lostWith(await rowsAfter(await world.events()), 'csc')).toEqual(['£9', 'nothing', 1, ['a']]);
    await world.record('loss-b', 'RaiseLoss', { ...loss, gross: gbp('11') });
    await withdraw('loss-b');
    expect(await lostWith(await rowsAfter(await world.events()), 'csc')).toEqual(['£9', 'nothing', 1, ['a']]);
    await withdraw('contract-desks', 1);
    expect(await lostWith(await rowsAfter(await world.events()), 'csc')).toEqual(nothing);
  });

  it('stands with each of several suppliers, and with one that joins', async () => {
    await award(['csc', 'atos']);
    await world.record('supplier-sopra', 'RegisterSupplier', { title: 'Sopra', form: 'company' });
    await world.record('contract-desks', 'AdmitSupplier', { supplier: 'sopra' });
    const rows = await rowsAfter(await world.events());
    for (const id of ['csc', 'atos', 'sopra']) expect(await lostWith(rows, id)).toEqual(['£7', 'nothing', 1, ['a']]);
  });

  it('stands with its supplier once where a correction names that supplier as well', async () => {
    await award();
    const event = (await world.history('loss-a')).first!.recorded.id;
    await world.record('loss-a', 'CorrectFact', { event, changes: [{ pointer: '/supplier', value: 'csc' }], because: 'refined' });
    expect(await lostWith(await rowsAfter(await world.events()), 'csc')).toEqual(['£7', 'nothing', 1, ['a']]);
  });

  it('is a warning or a risk as well', async () => {
    await award();
    await world.record('programme-met', 'AddWarning', { warning: 'w', summary: 'Dear', by: 'Press', source, about: { contract: 'desks' } });
    await world.record('programme-met', 'RaiseRisk', { risk: 'r', summary: 'May be late', source, about: { contract: 'desks' } });
    await world.record('contract-desks', 'SignContract', {});
    await world.record('contract-desks', 'NovateContract', { supplier: 'atos' });
    const rows = await rowsAfter(await world.events());
    expect(await rows.row('exposure', 'supplier:atos')).toMatchObject({
      warnings: [{ warning: 'w' }],
      risks: [{ risk: 'r' }],
      counts: { losses: 1, warnings: 1, risks: 1 },
    });
    expect((await rows.row('exposure', 'supplier:csc')).counts).toMatchObject({ losses: 0, warnings: 0, risks: 0 });
  });

  it('stood on an earlier day with the supplier of that day', async () => {
    await award();
    await world.record('contract-desks', 'SignContract', {});
    world.wait(30);
    await world.record('contract-desks', 'NovateContract', { supplier: 'atos' });
    const rows = await rowsAfter(await world.events());
    const on = async (day: string, supplier: string) => {
      const question = { at: rows.projector.sequence, day };
      return rows.projector.ask('exposure', async (_, days) => {
        const key = `supplier:${supplier}`;
        const { row } = (await days.row(question, key))!;
        expect((await days.list(question, key, 'losses', undefined, 100))!.entries).toEqual(row['lossList']);
        return ofSupplier(row);
      });
    };
    expect([await on('2019-11-10', 'csc'), await on('2019-11-10', 'atos')]).toEqual([['£7', 'nothing', 1, ['a']], nothing]);
    expect([await on('2020-01-01', 'csc'), await on('2020-01-01', 'atos')]).toEqual([nothing, ['£7', 'nothing', 1, ['a']]]);
  });
});

it('the list of losses has special payments, and its number counts them, though no total of losses does', async () => {
  const { contract: _, ...payment } = loss;
  await award();
  await world.record('loss-p', 'RaiseLoss', {
    ...payment,
    kind: 'special-payment',
    category: 'extra-contractual',
    supplier: 'csc',
    gross: gbp('5'),
  });
  const row = await (await rowsAfter(await world.events())).row('exposure', 'supplier:csc');
  expect(row.lossList.map(({ loss: id }: any) => id)).toEqual(['p', 'a']);
  expect([row.counts.losses, row.losses.authority.losses]).toEqual([2, 1]);
});
