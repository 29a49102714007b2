import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const award = {
  programme: 'met',
  title: 'Hosting',
  towers: ['hosting'],
  suppliers: [{ supplier: 'csc' }],
  value: gbp('95000000', { qualifier: 'about' }),
};
const people = (employer: string) => ({ employer, function: 'it', unit: 'people' });
const plan = {
  programme: 'met',
  plan: 'h',
  from: people('authority'),
  to: people('csc'),
  inScope: { count: 50, unit: 'people' },
  contract: 'hosting',
};
const loss = { programme: 'met', title: 'Paid for nothing', bearer: 'authority', category: 'fruitless-payment', gross: gbp('65000000', { qualifier: 'about' }), contract: 'hosting', supplier: 'csc' }; // prettier-ignore
const elsewhere = { ...loss, bearer: 'supplier', gross: { amount: '1500000000', currency: 'USD', qualifier: 'under' }, elsewhere: { authority: 'NHS' } }; // prettier-ignore
const about = { supplier: 'csc', contract: 'hosting', tower: 'hosting' };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  await world.record('contract-hosting', 'AwardContract', award);
});
afterEach(closeRows);
const rows = async () => rowsAfter(await world.events());

describe('exposure', () => {
  it('adds up what is promised to a supplier, by what it is now', async () => {
    await world.record('contract-euc', 'AwardContract', { ...award, towers: ['euc'], value: gbp('155000000') });
    expect((await (await rows()).row('exposure', 'supplier:csc')).ceiling.text).toBe('about £250m');
    await world.record('contract-euc', 'NovateContract', { supplier: 'atos' }).catch(() => undefined);
    await world.record('contract-euc', 'SignContract', {});
    await world.record('contract-euc', 'NovateContract', { supplier: 'atos' });
    const after = await rows();
    expect([
      (await after.row('exposure', 'supplier:csc')).ceiling.text,
      (await after.row('exposure', 'supplier:atos')).ceiling.text,
    ]).toEqual(['about £95m', '£155m']);
  });

  it('has no undisclosed value for zero', async () => {
    await world.record('contract-euc', 'AwardContract', { ...award, value: { undisclosed: true } });
    expect((await (await rows()).row('exposure', 'supplier:csc')).ceiling.text).toBe('at least about £95m, 1 undisclosed');
  });

  it('lists losses by who bears them; what belongs to another authority is in no total of ours', async () => {
    await world.record('loss-a', 'RaiseLoss', loss);
    await world.record('loss-b', 'RaiseLoss', elsewhere);
    await world.record('loss-a', 'WriteOff', { amount: gbp('1000000') });
    const { losses } = await (await rows()).row('exposure', 'programme:met');
    expect([losses.authority.gross.text, losses.authority.net.text, losses.supplier.gross.text, losses.elsewhere.gross.text]).toEqual([
      'about £65m',
      '£1m',
      'nothing',
      'at most US$1.5bn',
    ]);
    expect((await (await rows()).row('exposure', 'supplier:csc')).lossList).toHaveLength(2);
  });

  it('shows who was warned of', async () => {
    await world.record('programme-met', 'AddWarning', { warning: 'w', summary: 'Late before', by: 'Press', source: { title: 'X' }, about: { supplier: 'csc' } }); // prettier-ignore
    await world.record('programme-met', 'RaiseRisk', { risk: 'r', summary: 'May be late', source: { title: 'X' }, about });
    const row = await (await rows()).row('exposure', 'supplier:csc');
    expect([row.warnings, row.risks]).toMatchObject([[{ summary: 'Late before' }], [{ summary: 'May be late' }]]);
  });
});

describe('the tower board', () => {
  it('shows beside a contract who moves, what was lost, and what was warned of, as soon as it is recorded elsewhere', async () => {
    await world.record('workforce-met', 'PlanTransfer', plan);
    await world.record('loss-a', 'RaiseLoss', loss);
    await world.record('programme-met', 'RaiseRisk', { risk: 'r', summary: 'May be late', source: { title: 'X' }, about });
    const after = await rows();
    const [hosting] = (await after.row('tower-board', 'tower:hosting')).contracts;
    expect(hosting).toMatchObject({ people: { planned: [{ count: 50 }], moved: [] }, losses: [{ loss: 'a' }], risks: [{ risk: 'r' }] });
    const changed = (await after.updates('tower-board')).slice(-3).map(({ stream, changes }) => [stream, Object.keys(changes)]);
    expect(changed).toEqual([
      ['workforce-met', ['tower:hosting']],
      ['loss-a', ['programme:met', 'tower:hosting']],
      ['programme-met', ['programme:met', 'tower:hosting']],
    ]);
  });

  it('no longer shows a plan that was withdrawn, and its update says so', async () => {
    const { events } = await world.record('workforce-met', 'PlanTransfer', plan);
    await world.record('workforce-met', 'WithdrawFact', { event: events[0]!.id! });
    const last = (await (await rows()).updates('tower-board')).at(-1)!;
    expect(last.changes).toMatchObject({ 'tower:hosting': { contracts: [{ people: { planned: [] }, counts: { planned: 0 } }] } });
  });

  it('has a group of its own for what belongs to another authority', async () => {
    await world.record('loss-b', 'RaiseLoss', elsewhere);
    const after = await rows();
    expect(await after.row('tower-board', 'loss:b')).toMatchObject({
      group: 'elsewhere',
      supplierName: 'CSC',
      elsewhere: { authority: 'NHS' },
    });
    expect((await after.row('tower-board', 'programme:met')).losses.authority.gross).toBe('nothing');
  });
});

describe('the workforce', () => {
  it('has pools, plans and what came of them', async () => {
    await world.record('workforce-met', 'RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 800, qualifier: 'about', unit: 'people' } }); // prettier-ignore
    await world.record('workforce-met', 'PlanTransfer', plan);
    await world.record('workforce-met', 'TransferStaff', { transfer: 't', plan: 'h', from: people('authority'), to: people('csc'), inScope: 50, moved: 43, left: 7 }); // prettier-ignore
    const row = await (await rows()).row('workforce', 'workforce:met');
    expect(row.pools).toMatchObject([
      { employer: 'authority', headcount: { count: 750, qualifier: 'about' }, text: 'about 750 people (700 to 800)', measured: true },
      { employer: 'csc', headcount: null, text: 'unknown, net +43 recorded', measured: false },
    ]);
    expect(row.plans).toMatchObject([{ plan: 'h', moved: 43, left: 7, remaining: 0, status: 'done', transfers: ['t'] }]);
  });
});

describe('money and the programme', () => {
  it('give ceilings at first and now, and savings promised, recorded and verified', async () => {
    await world.record('contract-hosting', 'ApproveChange', { kind: 'value', to: gbp('120000000') });
    await world.record('programme-met', 'SetSavingsTarget', { target: 't', title: 'Saved', amount: gbp('200000000') });
    await world.record('programme-met', 'RecordSaving', { saving: 's1', target: 't', amount: gbp('30000000') });
    await world.record('programme-met', 'RecordSaving', { saving: 's2', target: 't', amount: gbp('10000000'), verifiedBy: 'Audit' });
    const after = await rows();
    expect((await after.row('money', 'programme:met')).towers).toMatchObject({
      original: { text: 'about £95m' },
      ceiling: { text: '£120m' },
    });
    expect((await after.row('money', 'contract:hosting')).changes).toMatchObject([{ to: gbp('120000000') }]);
    const [own, board] = [await after.row('programme', 'programme:met'), await after.row('tower-board', 'programme:met')];
    expect(own.savings.targets).toMatchObject([{ recorded: '£40m', verified: '£10m' }]);
    expect(board).toMatchObject(own); // the board says the same of it, and more
  });
});
