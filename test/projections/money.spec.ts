import { afterEach, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

afterEach(closeRows);

const pounds = (amount: string) => ({ amount, currency: 'GBP' });
const award = (amount: string, more: object = {}) => ({ programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: pounds(amount), ...more }); // prettier-ignore

it('values with VAT, without it and of unknown VAT are never one figure of the text', async () => {
  const world = new World('2020-01-06');
  await recordWorld(world);
  await world.record('contract-a', 'AwardContract', award('1000000', { vat: 'ex' }), { effectiveOn: '2016-01-01' });
  const of = async () => (await (await rowsAfter(await world.events())).row('money', 'programme:met')).towers;
  expect(await of()).toMatchObject({ ceiling: { text: '£1m' }, vat: 'ex' });
  await world.record('contract-b', 'AwardContract', award('2000000', { vat: 'inc' }), { effectiveOn: '2016-01-01' });
  await world.record('contract-c', 'AwardContract', award('4000000'), { effectiveOn: '2016-01-01' });
  await world.record('contract-c', 'ApproveChange', { kind: 'value', to: pounds('5000000') }, { effectiveOn: '2017-01-01' });
  expect(await of()).toMatchObject({
    original: { text: '£1m without VAT + £2m with VAT + £4m VAT not known' },
    ceiling: { text: '£1m without VAT + £2m with VAT + £5m VAT not known' },
    vat: 'mixed',
    byVat: { ex: { contracts: 1 }, inc: { contracts: 1, ceiling: { text: '£2m' } }, unknown: { original: { text: '£4m' } } },
  });
});

it('a total has what is to come, what is in force and what has ended, as of any day', async () => {
  const world = new World('2020-01-06');
  await recordWorld(world);
  const { recorded } = (await world.history('programme-met')).entries[0]!;
  await world.record('programme-met', 'CorrectFact', {
    event: recorded.id,
    changes: [{ pointer: '/effectiveOn', value: '2010' }],
    because: 'error',
  });
  await world.record('contract-a', 'AwardContract', award('1000000'), { effectiveOn: '2016-01-01' });
  await world.record('contract-a', 'SignContract', {}, { effectiveOn: '2016-02-01' });
  await world.record('contract-a', 'StartService', {}, { effectiveOn: '2016-03-01' });
  await world.record('contract-b', 'AwardContract', award('2000000'), { effectiveOn: '2017-01-01' });
  const rows = await rowsAfter(await world.events());
  const on = async (day: string) => {
    const question = { at: rows.projector.sequence, day };
    const found = await rows.projector.ask('money', (_, days) => days.row(question, 'programme:met'));
    const { byState } = found!.row['towers'] as { readonly byState: Record<string, { readonly ceiling: { readonly text: string } }> };
    return Object.fromEntries(Object.entries(byState).map(([state, { ceiling }]) => [state, ceiling.text]));
  };
  expect(await on('2015-12-31')).toEqual({});
  expect(await on('2016-02-28')).toEqual({ toCome: '£1m' });
  expect(await on('2016-03-01')).toEqual({ inForce: '£1m' });
  expect(await on('2017-01-01')).toEqual({ toCome: '£2m', inForce: '£1m' });
});
