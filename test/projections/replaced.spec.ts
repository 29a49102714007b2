import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { projections } from '../../projections/index.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const recorded = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('100'), vat: 'ex', stage: 'live', role: 'tower' }; // prettier-ignore

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
afterEach(closeRows);

const ASKED = projections.filter(({ name }) => ['money', 'exposure', 'tower-board'].includes(name));
const rowsOf = async () => rowsAfter(await world.events(), ASKED);
/** A total of a row, opened: its text, and what each contract adds, marked where it is not counted. */
const opened = async (rows: Awaited<ReturnType<typeof rowsOf>>, projection: string, key: string, field: string) => {
  const at = rows.projector.sequence;
  const { totals } = (await rows.projector.ask(projection, (now) => now.totalsOf(key, at)))!;
  const { text, addsUp, contributions } = await rows.projector.ask(projection, (now) => now.opened(totals.get(field)!, at));
  return [text, addsUp, contributions.map((one) => `${one.key} ${one.text}${one.notCounted ? ', not counted' : ''}`)];
};

describe('a contract beside which its replacement runs', () => {
  beforeEach(async () => {
    await world.record('contract-old', 'RecordContract', recorded);
    await world.record('contract-new', 'RecordContract', { ...recorded, stage: 'signed', replaces: 'old', value: gbp('300') });
  });

  it('is in the money of its programme until then, and in none after; the total opens into both', async () => {
    const towers = async () => (await (await rowsOf()).row('money', 'programme:met')).towers;
    expect(await towers()).toMatchObject({ ceiling: { text: '£400' }, original: { text: '£400' }, replaced: 0 });
    await world.record('contract-new', 'StartService', {});
    await world.record('contract-old', 'ApproveChange', { kind: 'value', to: gbp('120') });
    expect(await towers()).toMatchObject({
      ceiling: { text: '£300' },
      original: { text: '£300' },
      replaced: 1,
      byVat: { ex: { contracts: 1, ceiling: { text: '£300' } } },
      byState: { inForce: { contracts: 1, ceiling: { text: '£300' } } },
    });
    const rows = await rowsOf();
    for (const field of ['/towers/ceiling', '/towers/byVat/ex/ceiling', '/towers/byState/inForce/ceiling'])
      expect([field, await opened(rows, 'money', 'programme:met', field)]).toEqual([field, ['£300', true, ['contract:old £120, not counted', 'contract:new £300']]]); // prettier-ignore
  });

  it('is in the sum of its supplier until then, stays in its list, and the sum opens into both', async () => {
    const csc = async () => (await rowsOf()).row('exposure', 'supplier:csc');
    expect(await csc()).toMatchObject({ ceiling: { text: '£400' }, replaced: 0, counts: { contracts: 2 } });
    await world.record('contract-new', 'StartService', {});
    expect(await csc()).toMatchObject({ ceiling: { text: '£300' }, replaced: 1, counts: { contracts: 2 } });
    expect(await opened(await rowsOf(), 'exposure', 'supplier:csc', '/ceiling')).toEqual(['£300', true, ['contract:old £100, not counted', 'contract:new £300']]); // prettier-ignore
  });

  it('stays in the sum of a supplier that the replacement is not with', async () => {
    await world.record('contract-new', 'StartService', {});
    await world.record('contract-new', 'NovateContract', { supplier: 'atos' });
    const rows = await rowsOf();
    expect(await rows.row('exposure', 'supplier:csc')).toMatchObject({ ceiling: { text: '£100' }, replaced: 0 });
    expect(await rows.row('exposure', 'supplier:atos')).toMatchObject({ ceiling: { text: '£300' }, replaced: 0 });
  });

  it('is taken out by what it adds to that supplier, also where its suppliers changed', async () => {
    for (const id of ['old', 'new']) await world.record(`contract-${id}`, 'NovateContract', { supplier: 'atos' });
    await world.record('contract-new', 'StartService', {});
    const rows = await rowsOf();
    expect(await rows.row('exposure', 'supplier:atos')).toMatchObject({ ceiling: { text: '£300' }, jointly: null, replaced: 1 });
    expect(await rows.row('exposure', 'supplier:csc')).toMatchObject({ ceiling: { amounts: [] }, replaced: 0 });
  });

  it('is not counted again once its replacement has ended', async () => {
    await world.record('contract-new', 'StartService', {});
    await world.record('contract-new', 'TerminateContract', { ground: 'Failure to deliver' });
    await world.record('contract-new', 'CloseContract', { finalValue: gbp('300'), endedOn: world.today });
    const rows = await rowsOf();
    expect((await rows.row('money', 'programme:met')).towers).toMatchObject({ ceiling: { text: '£300' }, replaced: 1 });
    expect((await rows.row('tower-board', 'tower:hosting')).total).toMatchObject({ text: '£300', replaced: 1 });
    expect(await rows.row('exposure', 'supplier:csc')).toMatchObject({ ceiling: { text: '£300' }, replaced: 1 });
    expect(await opened(rows, 'tower-board', 'programme:met', '/totals/towers')).toEqual(['£300', true, ['contract:old £100, not counted', 'contract:new £300']]); // prettier-ignore
  });
});

it('the estimate of a framework is no commitment: not in the money of its programme, and not in the sum of its suppliers', async () => {
  await world.record('contract-frame', 'RecordContract', { ...recorded, kind: 'framework', value: gbp('9000') });
  await world.record('contract-call', 'RecordContract', { ...recorded, kind: 'call-off', framework: { contract: 'frame' }, value: gbp('7') }); // prettier-ignore
  const rows = await rowsOf();
  expect((await rows.row('money', 'programme:met')).towers).toMatchObject({ ceiling: { text: '£7' }, byState: { inForce: { contracts: 1 } } }); // prettier-ignore
  expect(await rows.row('exposure', 'supplier:csc')).toMatchObject({ ceiling: { text: '£7' }, counts: { contracts: 1 } });
});
