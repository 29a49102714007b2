import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { staffMovements } from '../../projections/staff-movements.js';
import { headcountFrom, headcountIn, planOn, targetShown } from '../../projections/staff.js';
import { transferRegister } from '../../projections/transfer-register.js';
import { workforceBoard } from '../../projections/workforce.js';
import type { Pool, Workforce } from '../../src/domain/workforce/index.js';
import type { History, StreamSource } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory, type InMemory } from './in-memory.js';

const pool = (employer: string, unit = 'people', of = 'it') => ({ employer, function: of, unit });
let [workforce, register, movements]: InMemory[] = [];
const events: Record<string, string> = {};
let world: World;
let state: Workforce;
let [desk, open]: unknown[] = [];

beforeAll(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  const record = async (name: string, command: string, data: object, effectiveOn: string) => void (events[name] = (await world.record('workforce-met', command, data, { effectiveOn })).events[0]!.id!); // prettier-ignore
  await world.record('contract-desk', 'AwardContract', { programme: 'met', title: 'Desk', towers: ['euc'], suppliers: [{ supplier: 'csc' }], value: { amount: '1', currency: 'GBP' } }, { effectiveOn: '2014' }); // prettier-ignore
  await world.record('contract-open', 'PlanContract', { programme: 'met', title: 'Open', towers: ['euc'] }, { effectiveOn: '2014' });
  await record('count', 'RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 800, unit: 'people' } }, '2015-01-01'); // prettier-ignore
  await record('fte', 'RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: '742.6', unit: 'fte' } }, '2015-01-01'); // prettier-ignore
  await record('posts', 'RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 820, unit: 'posts', qualifier: 'about' }, vacancies: 20 }, '2015-01-01'); // prettier-ignore
  await record('p1', 'PlanTransfer', { programme: 'met', plan: 'p1', from: pool('authority'), to: pool('csc'), inScope: { count: 100, unit: 'people' }, contract: 'desk', basis: 'business-transfer', activity: 'Service desk', expectedOn: '2016-03' }, '2015-02-01'); // prettier-ignore
  await record('p2', 'PlanTransfer', { programme: 'met', plan: 'p2', from: pool('authority', 'fte'), to: pool('atos', 'fte'), inScope: { count: '10.5', unit: 'fte' } }, '2015-02-02'); // prettier-ignore
  await record('p3', 'PlanTransfer', { programme: 'met', plan: 'p3', from: pool('authority'), to: pool('csc'), inScope: { count: 30, unit: 'people', qualifier: 'about' }, contract: 'open' }, '2015-02-03'); // prettier-ignore
  await record('off', 'CancelPlan', { plan: 'p3', why: 'Called off' }, '2015-04-01');
  await record('left', 'RecordLeavers', { ...pool('authority'), count: 4, plan: 'p1', reason: 'retirement' }, '2015-06-01');
  await record('resigned', 'RecordLeavers', { ...pool('authority'), count: 2, reason: 'dismissal' }, '2015-06-02');
  await record('consulted', 'RecordConsultation', { plan: 'p1', with: 'union', measures: 'Another office' }, '2015-10-01');
  await record('informed', 'DeliverLiabilityInformation', { plan: 'p1' }, '2016-01-10');
  await record('t1', 'TransferStaff', { transfer: 't1', plan: 'p1', from: pool('authority'), to: pool('csc'), inScope: 60, moved: 50, objected: 1, retained: 3, left: 6, notMoved: [{ why: 'objected', count: 1 }], fte: { moved: '45.5' }, posts: { moved: 52, vacancies: 2 }, pension: [{ by: 'same-scheme', count: 50 }] }, '2016-03-01'); // prettier-ignore
  await record('t2', 'TransferStaff', { transfer: 't2', from: pool('csc'), to: pool('atos'), inScope: { count: 20, qualifier: 'about' }, moved: { count: 20, qualifier: 'about' }, contract: 'open', activity: 'Desk', basis: 'contractual', origin: { kind: 'second-generation', transfer: 't1' } }, '2018-03-01'); // prettier-ignore
  await record('t3', 'TransferStaff', { transfer: 't3', from: pool('authority', 'posts'), to: pool('atos', 'posts'), inScope: 5, moved: 5, vacancies: 1 }, '2018-04-01'); // prettier-ignore
  ({ state } = await world.history('workforce-met'));
  [desk, open] = [(await world.history('contract-desk')).state, (await world.history('contract-open')).state];
});
beforeEach(async () => {
  [workforce, register, movements] = await Promise.all(['workforce', 'transfer-register', 'staff-movements'].map((name) => inMemory(name, world))) as [InMemory, InMemory, InMemory]; // prettier-ignore
});

const NOT_RECORDED = { contract: null, basis: null, activity: null, suppliers: [], findings: [], consulted: [] };
const none = { due: null, delivered: null, daysLate: null };

describe('a plan', () => {
  it('that is begun shows its list, what came of it, and what is due', () =>
    expect(register!.row('plan:met/p1')).toEqual({
      kind: 'plan',
      programme: 'met',
      plan: 'p1',
      from: pool('authority'),
      to: pool('csc'),
      contract: 'desk',
      suppliers: ['csc'],
      basis: 'business-transfer',
      activity: 'Service desk',
      status: 'begun',
      done: false,
      list: { count: 100, unit: 'people', on: '2015-02-01' },
      ...{ inScope: 100, moved: 50, objected: 1, retained: 3, left: 6, remaining: 40 },
      expectedOn: '2016-03',
      overdueAfter: '2016-03-31',
      overdue: true,
      cancelled: null,
      liability: { due: { earliest: '2016-02-02', latest: '2016-03-03' }, delivered: '2016-01-10', result: 'in-time', daysLate: null },
      consulted: [{ with: 'union', measures: 'Another office', informedOn: '2015-10-01' }],
      on: '2015-02-01',
      event: events['p1'],
      transfers: ['t1'],
      counts: { transfers: 1, consulted: 1 },
      findings: [],
    }));

  it('of which little is recorded says so, and shows full-time equivalents as decimals', () => {
    const rest = { expectedOn: null, overdueAfter: null, overdue: false, transfers: [], counts: { transfers: 0, consulted: 0 } };
    expect(register!.row('plan:met/p2')).toEqual({
      ...{ ...NOT_RECORDED, ...rest, kind: 'plan', programme: 'met', plan: 'p2', status: 'planned', done: false, cancelled: null },
      ...{ from: pool('authority', 'fte'), to: pool('atos', 'fte'), list: { count: '10.5', unit: 'fte', on: '2015-02-02' } },
      ...{ inScope: '10.5', moved: '0', objected: '0', retained: '0', left: '0', remaining: '10.5' },
      ...{ liability: { ...none, result: 'not-assessable' }, on: '2015-02-02', event: events['p2'] },
    });
    expect(register!.row('plan:met/p3')).toEqual({
      ...{ ...NOT_RECORDED, ...rest, kind: 'plan', programme: 'met', plan: 'p3', status: 'cancelled', done: false, contract: 'open' },
      ...{ from: pool('authority'), to: pool('csc'), list: { count: 30, unit: 'people', qualifier: 'about', on: '2015-02-03' } },
      ...{ inScope: 'about 30 (25 to 35)', moved: 0, objected: 0, retained: 0, left: 0, remaining: 0 },
      ...{ liability: { ...none, result: 'not-assessable' }, on: '2015-02-03', event: events['p3'] },
      cancelled: { on: '2015-04-01', why: 'Called off' },
    });
  });
});

describe('a transfer', () => {
  it('has what its plan says of it', () =>
    expect(register!.row('transfer:met/t1')).toEqual({
      ...{
        kind: 'transfer',
        programme: 'met',
        transfer: 't1',
        plan: 'p1',
        contract: 'desk',
        suppliers: ['csc'],
        basis: 'business-transfer',
      },
      ...{ transferOn: '2016-03-01', activity: 'Service desk', from: pool('authority'), to: pool('csc'), unit: 'people' },
      ...{ inScope: 60, moved: 50, objected: 1, retained: 3, left: 6, leftBefore: 4, notMoved: [{ why: 'objected', count: 1 }] },
      ...{ fte: { moved: '45.5' }, posts: { moved: 52, vacancies: 2 }, vacancies: null, origin: null },
      pension: [{ by: 'same-scheme', count: 50 }],
      liability: { due: { earliest: '2016-02-02', latest: '2016-02-02' }, delivered: '2016-01-10', result: 'in-time', daysLate: null },
      consulted: [{ with: 'union', measures: 'Another office', informedOn: '2015-10-01' }],
      on: '2016-03-01',
      event: events['t1'],
      findings: [
        {
          code: 'leavers-twice',
          text: '2 people left authority, it, people between the plan and the transfer, as recorded without the plan or as missing when it was counted; the transfer has 6 people who left. Where they are the same, record them as leavers under the plan.',
        },
      ],
    }));

  it('without a plan has what it says itself, and nothing else', () => {
    const rest = { kind: 'transfer', programme: 'met', plan: null, objected: 0, retained: 0, left: 0, leftBefore: 0, notMoved: [], fte: null, posts: null, pension: [] }; // prettier-ignore
    expect(register!.row('transfer:met/t2')).toEqual({
      ...{ ...NOT_RECORDED, ...rest, transfer: 't2', contract: 'open', basis: 'contractual', activity: 'Desk', vacancies: null },
      ...{ from: pool('csc'), to: pool('atos'), unit: 'people', transferOn: '2018-03-01', on: '2018-03-01', event: events['t2'] },
      ...{ inScope: { count: 20, qualifier: 'about' }, moved: { count: 20, qualifier: 'about' } },
      origin: { kind: 'second-generation', transfer: 't1' },
      liability: { ...none, result: 'not-due' },
    });
    expect(register!.row('transfer:met/t3')).toEqual({
      ...{ ...NOT_RECORDED, ...rest, transfer: 't3', origin: null, inScope: 5, moved: 5, vacancies: 1, unit: 'posts' },
      ...{ from: pool('authority', 'posts'), to: pool('atos', 'posts'), transferOn: '2018-04-01', on: '2018-04-01', event: events['t3'] },
      liability: { ...none, due: { earliest: '2018-03-04', latest: '2018-03-04' }, result: 'not-recorded' },
    });
  });

  it('is found by the contract that it or its plan names, and by either employer', () => {
    const keys = (filters: Record<string, string>) => register!.keys(filters);
    expect(keys({ contract: 'desk' })).toEqual(['plan:met/p1', 'transfer:met/t1']);
    expect(keys({ kind: 'transfer', employer: 'atos' })).toEqual(['transfer:met/t2', 'transfer:met/t3']);
    expect([keys({ employer: 'csc', kind: 'transfer' }), keys({ basis: 'contractual' }), keys({ programme: 'nhs' })]).toEqual([['transfer:met/t1', 'transfer:met/t2'], ['transfer:met/t2'], []]); // prettier-ignore
    expect([keys({ finding: 'leavers-twice' }), keys({ overdue: 'true' }), keys({ overdue: 'false' })]).toEqual([['transfer:met/t1'], ['plan:met/p1'], ['plan:met/p2', 'plan:met/p3']]); // prettier-ignore
    expect([register!.row('transfer:met/none'), register!.row('plan:met/none')]).toEqual([undefined, undefined]);
  });

  it('changes with the contract that it, or its plan, names', () => {
    const placed = (kind: string) => (transferRegister.from as readonly StreamSource[]).find((from) => from.kind === kind)!.place('met', state).map(({ links }) => links); // prettier-ignore
    expect(placed('transfer')).toEqual([['contract:desk'], ['contract:open'], []]);
    expect(placed('plan')).toEqual([['contract:desk'], [], ['contract:open']]);
    const contracts = (transferRegister.from as readonly StreamSource[]).find(({ kind }) => kind === 'contract')!;
    expect(contracts.place('desk', desk)).toEqual([{ key: 'contract:desk', links: ['supplier:csc'] }]);
    expect(contracts.place('open', open)).toEqual([{ key: 'contract:open', links: [] }]);
  });
});

describe('a pool', () => {
  const line = (name: string, text: string, least: number, most = least) => ({ line: name, text, least, most });
  const pooled = (employer: string, unit: string) => ({ kind: 'pool', programme: 'met', ...pool(employer, unit), counted: true, countedOn: '2015-01-01', balances: true, check: 'balances' }); // prettier-ignore

  it('has a line for each way to come and go, leavers by reason, and what they come to', () =>
    expect(movements!.row('pool:met/authority/it/people')).toEqual({
      ...pooled('authority', 'people'),
      lines: [
        line('opening', '+800', 800),
        line('transferred-out', '−50', -50),
        line('objected', '−1', -1),
        line('left-before-transfer', '−2', -2),
        line('left: dismissal', '−2', -2),
        line('left: retirement', '−4', -4),
      ],
      ...{ sum: '+741', closing: '741 people', least: 741, most: 741 },
    }));

  it('is as rough as its count, and without one has a net', () => {
    expect(movements!.row('pool:met/authority/it/posts')).toEqual({
      ...pooled('authority', 'posts'),
      lines: [line('opening', '+815 to +825', 815, 825), line('transferred-out', '−57', -57)],
      ...{ sum: '+758 to +768', closing: 'about 763 posts (758 to 768)', least: 758, most: 768 },
    });
    expect(movements!.row('pool:met/atos/it/people')).toEqual({
      ...{ ...pooled('atos', 'people'), counted: false, countedOn: null, lines: [line('transferred-in', '+15 to +25', 15, 25)] },
      ...{ sum: '+15 to +25', closing: 'unknown, net +15 to +25 recorded', least: 15, most: 25 },
    });
  });

  it('shows vacancies, and none where nobody stated them', () => {
    const rest = { measured: true, measuredOn: '2015-01-01', findings: [] };
    expect(workforce!.row('workforce:met').pools.slice(2, 6)).toEqual([
      { ...pool('authority', 'fte'), ...rest, headcount: { count: '697.1', unit: 'fte' }, text: '697.1 fte', least: 697.1, most: 697.1, vacancies: null }, // prettier-ignore
      { ...pool('authority'), ...rest, headcount: { count: 741, unit: 'people' }, text: '741 people', least: 741, most: 741, vacancies: null }, // prettier-ignore
      { ...pool('authority', 'posts'), ...rest, headcount: { count: 763, unit: 'posts', qualifier: 'about' }, text: 'about 763 posts (758 to 768)', least: 758, most: 768, vacancies: 17 }, // prettier-ignore
      { ...pool('csc', 'fte'), headcount: null, text: 'unknown, net +45.5 recorded', net: '+45.5', vacancies: null, measured: false, measuredOn: null, findings: [] }, // prettier-ignore
    ]);
  });

  it('of which nobody knows the lines that are missing differs, and says by how much', () => {
    const state = { pools: [{ ...pool('authority'), holds: { least: 10, most: 10 }, movement: { opening: { least: 8, most: 8 } } }] };
    const shows = (kind: string): any => Object.values((staffMovements.from as readonly StreamSource[]).find((from) => from.kind === kind)!.show({ id: 'met', state } as unknown as History))[0]; // prettier-ignore
    expect(shows('pool')).toMatchObject({ balances: false, check: 'differs by +2' });
    expect(shows('workforce')).toMatchObject({ units: [{ balances: false }] });
  });

  it('is one of all pools of its programme, by unit', () => {
    expect(movements!.row('workforce:met')).toEqual({
      kind: 'workforce',
      programme: 'met',
      units: [
        { unit: 'people', opening: '+800', joined: '0', leftEmployment: '−9', unexplained: '0', between: '−10 to +10', held: 'about 791 people (781 to 801)', neverCounted: 2, balances: true }, // prettier-ignore
        { unit: 'posts', opening: '+815 to +825', joined: '0', leftEmployment: '0', unexplained: '0', between: '0', held: 'about 820 posts (815 to 825)', neverCounted: 2, balances: true }, // prettier-ignore
        { unit: 'fte', opening: '+742.6', joined: '0', leftEmployment: '0', unexplained: '0', between: '0', held: '742.6 fte', neverCounted: 1, balances: true }, // prettier-ignore
      ],
      counts: { pools: 8 },
    });
    const [pools, workforces] = staffMovements.from as unknown as readonly StreamSource[];
    expect(pools!.place('met', state)[0]).toEqual({ key: 'pool:met/atos/it/people', row: true, links: ['workforce:met'] });
    expect([workforces!.place('met', state), workforces!.place('met', { stage: 'none' })]).toEqual([
      [{ key: 'workforce:met', row: true }],
      [],
    ]);
    expect(movements!.keys({ unit: 'posts', employer: 'authority' })).toEqual(['pool:met/authority/it/posts']);
    expect([movements!.keys({ function: 'hr' }), movements!.keys({ kind: 'workforce', programme: 'met' })]).toEqual([
      [],
      ['workforce:met'],
    ]);
  });
});

describe('the board of a workforce', () => {
  it('carries plans and transfers as the register has them, and each is in its list', () => {
    const row = workforce!.row('workforce:met');
    const without = ({ kind: _, programme: __, suppliers: ___, ...rest }: Record<string, unknown>) => rest;
    const transfers = ['t1', 't2', 't3'].map((id) => without(register!.row(`transfer:met/${id}`)));
    const plans = ['p1', 'p2', 'p3'].map((id) => without(register!.row(`plan:met/${id}`)));
    expect([row.transfers, row.plans]).toEqual([transfers, plans]);
    const lists = ['transfers', 'plans', 'pools', 'findings'].map((name) => workforce!.list('workforce:met', name));
    expect(lists).toEqual([transfers.toReversed(), plans.toReversed(), row.pools.toReversed(), []]);
    expect([row.programme, row.counts, row.findings]).toEqual(['met', { pools: 8, plans: 3, transfers: 3, findings: 0 }, []]);
  });

  it('is found by any employer of its pools', () => {
    const found = (employer: string) => workforce!.keys({ employer, programme: 'met' });
    expect([found('authority'), found('atos'), found('ibm'), workforce!.keys({ programme: 'nhs' })]).toEqual([['workforce:met'], ['workforce:met'], [], []]); // prettier-ignore
    const [workforces] = workforceBoard.from as unknown as readonly StreamSource[];
    expect(workforces!.place('met', { stage: 'none', pools: [] })).toEqual([]);
    expect(workforces!.place('met', state)).toMatchObject([{ key: 'workforce:met', row: true }]);
    expect(workforce!.row('workforce:nhs')).toBeUndefined();
  });
});

describe('what a headcount target has still to go', () => {
  const counted = (employer: string, of: string, n: number) => ({ ...pool(employer, 'people', of), holds: { least: n, most: n }, movement: {} }); // prettier-ignore
  const to = { count: 100, unit: 'people' as const };
  const text = (target: object, ...pools: object[]) => targetShown({ to, employer: 'authority', ...target }, pools as Pool[]).text;

  it('is of the function that it names', () => {
    const both = [counted('authority', 'it', 105), counted('authority', 'hr', 50)];
    expect([text({ function: 'it' }, ...both), text({}, ...both)]).toEqual(['now 105, 5 to go', 'now 155, 55 to go']);
  });
  it('is unknown where one of the pools was never counted', () => {
    const unknown = { ...pool('authority', 'people', 'hr'), net: { least: 5, most: 5 }, movement: {} };
    expect(text({}, counted('authority', 'it', 105), unknown)).toBe('now unknown: never counted');
  });
  it('is reached from above or below, and from the same', () => {
    const from = (count: number) => ({ from: { count, unit: 'people' } });
    expect([text(from(50), counted('authority', 'it', 90)), text(from(100), counted('authority', 'it', 90)), text(from(200), counted('authority', 'it', 110))]).toEqual(['now 90, 10 to go', 'now 90, reached', 'now 110, 10 to go']); // prettier-ignore
  });
});

it('a pool is shown as it was counted while nothing has moved, and as what is known of it after that', () => {
  const about = { count: 800, unit: 'people', qualifier: 'about', on: '2015' } as const;
  const [{ least, most }, rest] = [
    { least: 750, most: 850 },
    { ...pool('authority'), movement: {} },
  ] as const;
  const shown = (holds: object) => headcountIn({ ...rest, unit: 'people', measured: about, holds });
  expect(shown({ least, most })).toEqual({ count: 800, unit: 'people', qualifier: 'about' });
  for (const moved of [shown({ least, most: 900 }), shown({ least: 700, most })])
    expect(moved).not.toMatchObject({ count: 800, qualifier: 'about' });
  expect(shown({})).toBeNull();
  expect(headcountIn({ ...rest, unit: 'people' })).toBeNull();
});

describe('the suppliers of a contract', () => {
  let other: World;
  beforeEach(async () => {
    other = new World('2019-11-04');
    await recordWorld(other);
    await other.record('supplier-jv', 'RegisterSupplier', { title: 'JV', form: 'joint-venture', members: ['csc'] });
    await other.record('contract-desk', 'AwardContract', { programme: 'met', title: 'Desk', towers: ['euc'], suppliers: [{ supplier: 'jv' }], value: { amount: '1', currency: 'GBP' } }); // prettier-ignore
  });
  const planTransfer = (id: string, from: string, to: string, more: object = { contract: 'desk' }) => other.record('workforce-met', 'PlanTransfer', { programme: 'met', plan: id, from: pool(from), to: pool(to), inScope: { count: 9, unit: 'people' }, ...more }); // prettier-ignore

  it('are one of the employers, or have one of them as a member; else that is a finding', async () => {
    await planTransfer('in', 'authority', 'csc');
    await planTransfer('out', 'jv', 'atos');
    await planTransfer('other', 'authority', 'atos');
    await planTransfer('none', 'authority', 'atos', {});
    const rows = await inMemory('transfer-register', other);
    const of = (id: string) => rows.row(`plan:met/${id}`);
    expect(['in', 'out', 'none'].map((id) => of(id).findings)).toEqual([[], [], []]);
    expect(of('other').findings).toEqual([{ code: 'not-the-supplier', text: 'The contract desk is with jv; they transfer from authority to atos.' }]); // prettier-ignore
    expect([of('other').suppliers, of('none').suppliers]).toEqual([['jv'], []]);
    const suppliers = (transferRegister.from as readonly StreamSource[]).find(({ kind }) => kind === 'supplier')!;
    expect(suppliers.place('jv', {})).toEqual([{ key: 'supplier:jv' }]);
  });

  it('may be several, of which one has an employer as a member', async () => {
    const suppliers = [{ supplier: 'jv' }, { supplier: 'atos' }]; // prettier-ignore
    await other.record('contract-two', 'AwardContract', { programme: 'met', title: 'Two', towers: ['euc'], suppliers, value: { amount: '1', currency: 'GBP' } }); // prettier-ignore
    await other.record('supplier-sscl', 'RegisterSupplier', { title: 'SSCL', form: 'company' });
    await planTransfer('in', 'authority', 'csc', { contract: 'two' });
    await planTransfer('other', 'authority', 'sscl', { contract: 'two' });
    const rows = await inMemory('transfer-register', other);
    expect([rows.row('plan:met/in').findings, rows.row('plan:met/in').suppliers]).toEqual([[], ['jv', 'atos']]);
    expect(rows.row('plan:met/other').findings).toMatchObject([{ text: 'The contract two is with jv, atos; they transfer from authority to sscl.' }]); // prettier-ignore
  });

  it('the findings of a plan are those of what is planned until it begins, and then of what came of it', async () => {
    const record = (command: string, data: object, effectiveOn: string) => other.record('workforce-met', command, data, { effectiveOn });
    await record('RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 8, unit: 'people' } }, '2015-01-01'); // prettier-ignore
    await planTransfer('p', 'authority', 'csc', { basis: 'business-transfer', expectedOn: '2016-03-01' });
    await record('DeliverLiabilityInformation', { plan: 'p' }, '2019-11-04');
    const codes = async () => {
      const { status, done, findings } = (await inMemory('transfer-register', other)).row('plan:met/p');
      return [status, done, findings.map(({ code }: { code: string }) => code)];
    };
    expect(await codes()).toEqual(['planned', false, ['beyond-pool', 'liability-information-late']]);
    await record(
      'TransferStaff',
      { transfer: 't', plan: 'p', from: pool('authority'), to: pool('csc'), inScope: 8, moved: 8 },
      '2019-11-04',
    );
    expect(await codes()).toEqual(['begun', false, ['beyond-pool']]);
    await record('RevisePlan', { plan: 'p', inScope: { count: 0, unit: 'people' } }, '2019-11-04');
    expect(await codes()).toEqual(['done', true, []]);
  });
});

describe('a figure of a row', () => {
  it('of a plan is overdue after its last day, never without one', () => {
    const on = (overdueAfter: string | null) => planOn({ overdueAfter }, '2016-04-01').overdue;
    expect([on('2016-03-31'), on('2016-04-01'), on('2016-04-02'), on(null)]).toEqual([true, false, false, false]);
  });

  it('of a quantity has the unit of its pool', () => {
    expect(headcountFrom(5, 'people')).toEqual({ count: 5, unit: 'people' });
    expect(headcountFrom({ count: 5, qualifier: 'over' }, 'posts')).toEqual({ count: 5, qualifier: 'over', unit: 'posts' });
  });

  it('of a target is of the employer and unit that it names', () => {
    const held = (employer: string, unit: string, n: number) => ({ ...pool(employer, unit), holds: { least: n, most: n }, movement: {} });
    const target = (more: object, ...pools: object[]) => targetShown({ to: { count: 100, unit: 'people' }, ...more }, pools as Pool[]);
    const all = [held('authority', 'people', 105), held('csc', 'people', 1000), held('authority', 'fte', 90)];
    expect(target({ employer: 'authority' }, ...all)).toMatchObject({ now: { count: 105, unit: 'people' }, toGo: { count: 5, unit: 'people' } }); // prettier-ignore
    expect(target({}, ...all)).toMatchObject({ now: null, toGo: null, text: 'now unknown: the target names no pool' });
    expect(target({ employer: 'ibm' }, ...all)).toMatchObject({ now: null, text: 'now unknown: never counted' });
    const open = { ...pool('authority'), holds: { least: 0 }, movement: {} };
    expect(target({ employer: 'authority' }, open)).toMatchObject({ now: null, toGo: null });
  });
});
