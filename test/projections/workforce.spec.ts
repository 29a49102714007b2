import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { staffMovements } from '../../projections/staff-movements.js';
import { towerBoard } from '../../projections/tower-board.js';
import { transferRegister } from '../../projections/transfer-register.js';
import { workforceBoard } from '../../projections/workforce.js';
import type { StreamSource } from '../../src/kernel/index.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';
import { playStaff, staffMoves } from '../random-staff.js';

const OF_STAFF = [workforceBoard, transferRegister, staffMovements, towerBoard];
const WORKFORCE = 'workforce-met';
const pool = (employer: string, unit = 'people') => ({ employer, function: 'it', unit });
const baseline = (employer: string, count: number | string, unit = 'people', more: object = {}) => ({ programme: 'met', employer, function: 'it', headcount: { count, unit, ...more } }); // prettier-ignore
const plan = (inScope: number, more: object = {}) => ({ programme: 'met', plan: 'p1', from: pool('authority'), to: pool('csc'), inScope: { count: inScope, unit: 'people' }, ...more }); // prettier-ignore
const transfer = (transfer: string, inScope: number, moved: number, objected: number, retained: number, left: number, more: object = {}) => ({ transfer, plan: 'p1', from: pool('authority'), to: pool('csc'), inScope, moved, objected, retained, left, ...more }); // prettier-ignore

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
afterEach(closeRows);
const record = (command: string, data: object, effectiveOn?: string) => world.record(WORKFORCE, command, data, effectiveOn ? { effectiveOn } : {}); // prettier-ignore
const rows = async () => rowsAfter(await world.events(), OF_STAFF);

describe('a pool that was never counted', () => {
  beforeEach(async () => {
    await record('PlanTransfer', plan(25));
    await record('RecordLeavers', { ...pool('authority'), count: 25 });
  });

  it('says "unknown, net −25 recorded" on every row and board', async () => {
    const after = await rows();
    const unknown = { text: 'unknown, net −25 recorded', headcount: null, measured: false };
    expect((await after.row('workforce', 'workforce:met')).pools).toMatchObject([unknown]);
    expect((await after.row('tower-board', 'programme:met')).staff).toMatchObject([unknown]);
    expect(await after.row('staff-movements', 'pool:met/authority/it/people')).toMatchObject({ closing: unknown.text, counted: false });
  });

  it('leaves a headcount target unknown', async () => {
    await world.record('programme-met', 'SetHeadcountTarget', { target: 'a', title: 'In-house', employer: 'authority', to: { count: 100, unit: 'people' } }); // prettier-ignore
    await world.record('programme-met', 'SetHeadcountTarget', { target: 'b', title: 'Anybody', to: { count: 100, unit: 'people' } });
    const { headcountTargets } = await (await rows()).row('tower-board', 'programme:met');
    expect(headcountTargets).toMatchObject([
      { target: 'a', now: null, text: 'now unknown: never counted' },
      { target: 'b', now: null, text: 'now unknown: the target names no pool' },
    ]);
  });
});

describe('the board', () => {
  it('carries qualifiers: "over 400 posts" is not 400', async () => {
    await record('RecordBaseline', baseline('authority', 400, 'posts', { qualifier: 'over' }));
    const before = await (await rows()).row('tower-board', 'programme:met');
    expect(before.staff).toMatchObject([{ headcount: { count: 400, qualifier: 'over', unit: 'posts' }, text: '401 or more posts' }]);
    await record('TransferStaff', { transfer: 't', from: pool('authority', 'posts'), to: pool('csc', 'posts'), inScope: 412, moved: 412 });
    const after = await (await rows()).row('tower-board', 'programme:met');
    expect(after.staff).toMatchObject([
      { headcount: null, text: '0 or more posts, unknown', least: 0, most: null },
      { text: 'unknown, net +412 recorded' },
    ]);
  });

  it('carries the qualifier of what was planned and moved beside a contract', async () => {
    await world.record('contract-desk', 'AwardContract', { programme: 'met', title: 'Desk', towers: ['euc'], suppliers: [{ supplier: 'csc' }], value: { amount: '1', currency: 'GBP' } }); // prettier-ignore
    const over400 = { count: 400, qualifier: 'over' };
    await record('PlanTransfer', plan(400, { inScope: { ...over400, unit: 'people' }, contract: 'desk' }));
    await record('TransferStaff', { ...transfer('t', 0, 0, 0, 0, 0), inScope: over400, moved: over400, contract: 'desk' });
    const [desk] = (await (await rows()).row('tower-board', 'tower:euc')).contracts;
    expect(desk.people).toEqual({ planned: [{ ...over400, unit: 'people' }], moved: [{ ...over400, unit: 'people' }] });
  });

  const target = (to: number, more: object = {}) => world.record('programme-met', 'SetHeadcountTarget', { target: `to-${to}`, title: 'In-house', employer: 'authority', function: 'it', to: { count: to, unit: 'people' }, ...more }); // prettier-ignore
  const targets = async () => (await (await rows()).row('tower-board', 'programme:met')).headcountTargets.map(({ text }: { text: string }) => text); // prettier-ignore

  it('S1-three-stages: a target of 100 shows "now 105, 5 to go", and follows the workforce', async () => {
    await target(100, { from: { count: 800, unit: 'people' } });
    await target(200, { from: { count: 100, unit: 'people' } });
    await record('RecordBaseline', baseline('authority', 105));
    expect(await targets()).toEqual(['now 105, 5 to go', 'now 105, 95 to go']);
    await record('RecordLeavers', { ...pool('authority'), count: 5 });
    const after = await rows();
    expect((await after.row('tower-board', 'programme:met')).headcountTargets).toMatchObject([
      { now: { count: 100 }, toGo: { count: 0 }, text: 'now 100, reached' },
      { text: 'now 100, 100 to go' },
    ]);
    expect(Object.keys((await after.updates('tower-board')).at(-1)!.changes)).toEqual(['programme:met']);
  });

  it('is as rough as its figures', async () => {
    await target(100);
    await record('RecordBaseline', baseline('authority', 800, 'people', { qualifier: 'about' }));
    expect(await targets()).toEqual(['now about 800 (750 to 850), about 700 (650 to 750) to go']);
  });

  it('adds the pools of an employer that names no function', async () => {
    await world.record('programme-met', 'SetHeadcountTarget', { target: 'all', title: 'All', employer: 'authority', to: { count: 100, unit: 'people' } }); // prettier-ignore
    await record('RecordBaseline', baseline('authority', 105));
    await record('RecordBaseline', { ...baseline('authority', 20), function: 'desk' });
    await record('RecordBaseline', baseline('csc', 1000));
    await record('RecordBaseline', baseline('authority', '90.5', 'fte'));
    expect(await targets()).toEqual(['now 125, 25 to go']);
  });
});

describe('the transfer register', () => {
  const contract = (supplier: string) => world.record('contract-desk', 'AwardContract', { programme: 'met', title: 'Desk', towers: ['euc'], suppliers: [{ supplier }], value: { amount: '1', currency: 'GBP' } }); // prettier-ignore

  it('has a line for each transfer and each plan, with what was due and what was found', async () => {
    await contract('csc');
    await record('RecordBaseline', baseline('authority', 800), '2015-01-01');
    await record('PlanTransfer', plan(400, { contract: 'desk', basis: 'business-transfer', activity: 'Desk', expectedOn: '2016-04-01' }), '2015-03-01'); // prettier-ignore
    await record('RecordConsultation', { plan: 'p1', with: 'union' }, '2015-10-01');
    await record('DeliverLiabilityInformation', { plan: 'p1' }, '2016-03-10');
    await record('TransferStaff', transfer('t1', 300, 280, 5, 10, 5, { fte: { moved: '251.25' }, pension: [{ by: 'same-scheme', count: 280 }] }), '2016-04-01'); // prettier-ignore
    const after = await rows();
    expect(await after.row('transfer-register', 'transfer:met/t1')).toMatchObject({
      kind: 'transfer',
      programme: 'met',
      plan: 'p1',
      contract: 'desk',
      suppliers: ['csc'],
      basis: 'business-transfer',
      activity: 'Desk',
      transferOn: '2016-04-01',
      inScope: 300,
      moved: 280,
      leftBefore: 0,
      fte: { moved: '251.25' },
      pension: [{ by: 'same-scheme', count: 280 }],
      liability: { due: { latest: '2016-03-04' }, delivered: '2016-03-10', result: 'late', daysLate: 6 },
      consulted: [{ with: 'union', informedOn: '2015-10-01' }],
      findings: [{ code: 'liability-information-late' }],
    });
    expect(await after.row('transfer-register', 'plan:met/p1')).toMatchObject({
      kind: 'plan',
      status: 'begun',
      done: false,
      inScope: 400,
      moved: 280,
      objected: 5,
      retained: 10,
      left: 5,
      remaining: 100,
      overdueAfter: '2016-04-01',
      transfers: ['t1'],
      findings: [],
    });
    expect((await after.all('transfer-register')).map(({ key }) => key)).toEqual(['plan:met/p1', 'transfer:met/t1']);
    const of = async (filters: object) => (await after.projector.rows('transfer-register', { limit: 10, filters: filters as Record<string, string> })).rows.length; // prettier-ignore
    expect(await of({ kind: 'transfer', basis: 'business-transfer', employer: 'csc', contract: 'desk', programme: 'met' })).toBe(1);
    expect([await of({ finding: 'liability-information-late' }), await of({ employer: 'atos' })]).toEqual([1, 0]);
  });

  it('a plan is overdue from the day after the last on which it may have been expected, in views of that day and now', async () => {
    await record('RecordBaseline', baseline('authority', 800), '2015-01-01');
    await record('PlanTransfer', plan(400, { expectedOn: '2016-03' }), '2015-03-01');
    await record('PlanTransfer', { ...plan(10), plan: 'p2' }, '2015-03-01');
    const { projector } = await rows();
    const overdue = (row: any): readonly boolean[] => row.plans.map((p: { overdue: boolean }) => p.overdue);
    const on = async (day: string) => {
      const question = { at: projector.sequence, day };
      const board = await projector.ask('workforce', (_, days) => days.row(question, 'workforce:met'));
      const listed = await projector.ask('workforce', (_, days) => days.list(question, 'workforce:met', 'plans', undefined, 10));
      const register = await projector.ask('transfer-register', (_, days) => days.row(question, 'plan:met/p1'));
      return [overdue(board!.row), overdue({ plans: listed!.entries }), register!.row['overdue']];
    };
    expect(await on('2016-03-31')).toEqual([[false, false], [false, false], false]); // prettier-ignore
    expect(await on('2016-04-01')).toEqual([[true, false], [false, true], true]); // prettier-ignore
    const found = await projector.rows('transfer-register', { limit: 10, filters: { overdue: 'true' } });
    expect(found.rows.map(({ key }) => key)).toEqual(['plan:met/p1']);
    const listed = await projector.ask('workforce', (now) => now.list('workforce:met', 'plans', projector.sequence, undefined, 10));
    expect([overdue(await projector.row('workforce', 'workforce:met')), overdue({ plans: listed!.entries })]).toEqual([[true, false], [false, true]]); // prettier-ignore
    await record('CancelPlan', { plan: 'p1', why: 'Called off' }, '2016-05-01');
    expect((await (await rows()).row('transfer-register', 'plan:met/p1')).overdue).toBe(false);
  });

  it("the contract's supplier is one of the employers, or that is a finding, until the contract is novated", async () => {
    await contract('atos');
    await world.record('contract-desk', 'SignContract', {});
    await record('RecordBaseline', baseline('authority', 800));
    await record('TransferStaff', { transfer: 't1', contract: 'desk', from: pool('authority'), to: pool('csc'), inScope: 10, moved: 10 });
    const found = async () => (await (await rows()).row('transfer-register', 'transfer:met/t1')).findings;
    expect(await found()).toEqual([
      { code: 'not-the-supplier', text: 'The contract desk is with atos; they transfer from authority to csc.' },
    ]);
    await world.record('contract-desk', 'NovateContract', { supplier: 'csc' });
    expect(await found()).toEqual([]);
    const { stream, changes } = (await (await rows()).updates('transfer-register')).at(-1)!;
    expect([stream, Object.keys(changes)]).toEqual(['contract-desk', ['transfer:met/t1']]);
  });

  it('a member of the joint venture that has the contract is its supplier', async () => {
    await world.record('supplier-jv', 'RegisterSupplier', { title: 'JV', form: 'joint-venture', members: ['csc'] });
    await contract('jv');
    await record('PlanTransfer', plan(10, { contract: 'desk' }));
    expect((await (await rows()).row('transfer-register', 'plan:met/p1')).findings).toEqual([]);
  });
});

describe('the movement tables', () => {
  it('say how a pool came to what it has, line by line, and that they balance', async () => {
    await record('RecordBaseline', baseline('authority', 800), '2015-01-01');
    await record('PlanTransfer', plan(300), '2015-03-01');
    await record('RecordLeavers', { ...pool('authority'), count: 10, plan: 'p1', reason: 'retirement' }, '2015-06-01');
    await record('TransferStaff', transfer('t1', 300, 270, 5, 15, 10), '2016-03-01');
    await record('Redeploy', { employer: 'authority', unit: 'people', from: 'it', to: 'finance', count: 15 }, '2016-04-01');
    await record('RecordJoiners', { ...pool('authority'), count: 3 }, '2016-05-01');
    await record('RecordBaseline', baseline('authority', 500), '2016-12-31');
    const after = await rows();
    const row = await after.row('staff-movements', 'pool:met/authority/it/people');
    expect(row.lines.map(({ line, text }: { line: string; text: string }) => `${line} ${text}`)).toEqual([
      'opening +800',
      'transferred-out −270',
      'objected −5',
      'redeployed-out −15',
      'joined +3',
      'left: retirement −10',
      'unexplained −3',
    ]);
    expect(row).toMatchObject({ sum: '+500', closing: '500 people', counted: true, countedOn: '2016-12-31', balances: true, check: 'balances' }); // prettier-ignore
    expect(await after.row('staff-movements', 'workforce:met')).toMatchObject({
      units: [{ unit: 'people', opening: '+800', joined: '+3', leftEmployment: '−15', unexplained: '−3', between: '0', held: '785 people', neverCounted: 2, balances: true }], // prettier-ignore
      counts: { pools: 3 },
    });
  });

  it('S1-three-stages: 105 + 375 + 300 + 20 = 800', async () => {
    await record('RecordBaseline', baseline('authority', 800), '2015-01-01');
    const stages = [['one', 'csc', 300, 280, 5, 10, 5], ['two', 'csc', 100, 95, 0, 5, 0], ['three', 'atos', 310, 300, 2, 0, 8]] as const; // prettier-ignore
    for (const [id, to, ...counts] of stages) {
      const [inScope, moved, objected, retained, left] = counts;
      await record(
        'TransferStaff',
        { transfer: id, from: pool('authority'), to: pool(to), inScope, moved, objected, retained, left },
        '2016',
      );
    }
    const after = await rows();
    const { units } = await after.row('staff-movements', 'workforce:met');
    expect(units).toMatchObject([{ opening: '+800', leftEmployment: '−20', between: '0', held: '780 people', balances: true }]);
    const closings = (await after.all('staff-movements')).flatMap(({ row }: any) => (row.kind === 'pool' ? [row.closing] : []));
    expect(closings).toEqual(['unknown, net +300 recorded', '105 people', 'unknown, net +375 recorded']);
  });

  const showAll = (kind: 'pool' | 'workforce') => (staffMovements.from as readonly StreamSource<string, any>[]).find((from) => from.kind === kind)!; // prettier-ignore
  it('balance for each pool and for each unit, at every revision of any history', async () => {
    let shown = 0;
    await fc.assert(
      fc.asyncProperty(staffMoves, async (moves) => {
        const history = await (await playStaff(moves)).history(WORKFORCE);
        for (let revision = 0; revision <= history.revision; revision++) {
          const then = history.atRevision(revision);
          for (const row of Object.values(showAll('pool').show(then))) expect(row).toMatchObject({ balances: true, check: 'balances' });
          for (const { units } of Object.values(showAll('workforce').show(then)))
            for (const unit of units) {
              expect(unit).toMatchObject({ balances: true });
              shown++;
            }
        }
      }),
      { numRuns: 15 },
    );
    expect(shown).toBeGreaterThan(100);
  });
});

describe('findings of a workforce', () => {
  it('redundancies without notice stand on its row, and full-time equivalents above people on the pool', async () => {
    await record('RecordBaseline', baseline('authority', 100));
    await record('RecordBaseline', baseline('authority', '99.5', 'fte'));
    await record('RecordLeavers', { ...pool('authority'), count: 20, reason: 'redundancy' });
    const row = await (await rows()).row('workforce', 'workforce:met');
    expect(row.findings).toMatchObject([{ code: 'collective-redundancy', employer: 'authority', count: 20 }]);
    expect(row.counts.findings).toBe(1);
    expect(row.pools).toMatchObject([
      { unit: 'fte', findings: [{ code: 'fte-above-people' }] },
      { unit: 'people', findings: [] },
    ]);
  });
});
