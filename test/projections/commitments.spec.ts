import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('100'), vat: 'ex' };
const recorded = { ...award, stage: 'live', role: 'tower' };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
afterEach(closeRows);

const totals = async () => {
  const rows = await rowsAfter(await world.events());
  const [tower, { towers, outside }] = [
    (await rows.row('tower-board', 'tower:hosting')).total,
    (await rows.row('tower-board', 'programme:met')).totals,
  ];
  return { tower, towers, outside, rows };
};

describe('the ceilings of a tower', () => {
  it('are added within their VAT, with their bounds; what differs in VAT stands apart', async () => {
    await world.record('contract-a', 'AwardContract', award);
    await world.record('contract-b', 'AwardContract', { ...award, value: gbp('65000000', { qualifier: 'about' }), vat: 'inc' });
    await world.record('contract-c', 'AwardContract', { ...award, value: { undisclosed: true }, vat: 'ex' });
    const { tower, towers } = await totals();
    expect(tower).toMatchObject({
      text: 'at least £100, 1 undisclosed without VAT + about £65m with VAT',
      vat: 'mixed',
      undisclosed: 1,
      amounts: [
        { amount: '100.00', qualifier: 'at-least', vat: 'ex' },
        { amount: '65000000.00', vat: 'inc', between: { least: '64500000.00', most: '65500000.00' } },
      ],
      byVat: { ex: { text: 'at least £100, 1 undisclosed' }, inc: { text: 'about £65m' } },
    });
    expect([towers.text, towers.contracts, towers.replaced]).toEqual([tower.text, 3, 0]);
  });

  it('are one figure where all of them are of one VAT', async () => {
    await world.record('contract-a', 'AwardContract', award);
    await world.record('contract-b', 'AwardContract', { ...award, value: gbp('50') });
    const { tower } = await totals();
    expect([tower.text, tower.vat, tower.amounts.length]).toEqual(['£150', 'ex', 1]);
  });

  it('do not count a contract beside the one that replaces it once that runs, and count it until then', async () => {
    await world.record('contract-old', 'RecordContract', recorded);
    await world.record('contract-new', 'AwardContract', { ...award, replaces: 'old', value: gbp('300'), vat: 'inc' });
    await world.record('contract-new', 'SignContract', {});
    const before = await totals();
    expect([before.tower.text, before.tower.replaced]).toEqual(['£100 without VAT + £300 with VAT', 0]);
    await world.record('contract-new', 'StartService', {});
    const after = await totals();
    expect([after.tower.text, after.tower.vat, after.tower.replaced]).toEqual(['£300', 'inc', 1]);
    expect([after.towers.text, after.towers.contracts]).toEqual(['£300', 1]);
    await world.record('contract-old', 'ApproveChange', { kind: 'value', to: gbp('120') });
    const raised = await totals();
    expect(raised.tower.text).toBe('£300');
    const events = (await world.events()).length;
    expect((await raised.rows.row('tower-board', 'tower:hosting', events - 2)).total.text).toBe('£100 without VAT + £300 with VAT');
  });

  it('count it elsewhere, where its replacement is not', async () => {
    await world.record('contract-old', 'RecordContract', { ...recorded, towers: ['hosting', 'euc'] });
    await world.record('contract-new', 'RecordContract', { ...recorded, towers: ['euc'], replaces: 'old', value: gbp('300') });
    const { tower, towers, rows } = await totals();
    expect([tower.text, (await rows.row('tower-board', 'tower:euc')).total.text, towers.text]).toEqual(['£100', '£300', '£300']);
  });

  it('never count the estimate of a framework', async () => {
    await world.record('contract-frame', 'RecordContract', { ...recorded, kind: 'framework' });
    await world.record('contract-a', 'AwardContract', { ...award, value: gbp('7') });
    const { tower, towers } = await totals();
    expect([tower.text, towers.contracts]).toEqual(['£7', 1]);
  });
});
