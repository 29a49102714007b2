import { beforeEach, describe, expect, it } from '@jest/globals';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const source = { title: 'A report' };
const met = (command: string, data: object) => world.record('programme-met', command, data);

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
const everything = async () => {
  await world.record('contract-siam', 'AwardContract', { programme: 'met', suppliers: [{ supplier: 'csc' }], value: gbp('1') });
  await met('AppointIntegrator', { contract: 'siam' });
  await met('PublishStrategy', { strategy: 'first', title: 'First', published: '2010' });
  await met('PublishStrategy', { strategy: 'second', title: 'Second', reviewDue: '2018' });
  await met('RecordPortfolioSize', { projects: 146, qualifier: 'about' });
  await met('SetSavingsTarget', { target: 'three-years', title: 'Saved', amount: gbp('200000000') });
  await met('SetSavingsTarget', { target: 'ten-years', title: 'Saved', percent: 30, of: 'Cost' });
  await met('RecordSaving', { saving: 'a', target: 'three-years', amount: gbp('30000000') });
  await met('RecordSaving', { saving: 'b', target: 'three-years', amount: gbp('10000000', { qualifier: 'about' }), verifiedBy: 'Audit' });
  await met('RecordSaving', { saving: 'c', target: 'three-years', amount: { amount: '5', currency: 'USD' }, verifiedBy: 'Audit' });
  await met('RecordSaving', { saving: 'd', amount: gbp('7') });
  await met('SetHeadcountTarget', { target: 'first', title: 'In-house', to: { count: 100, unit: 'people' } });
  await met('SetHeadcountTarget', { target: 'second', title: 'In-house', to: { count: 50, unit: 'people' } });
  await met('RaiseRisk', { risk: 'first', summary: 'May be late', source });
  await met('RaiseRisk', { risk: 'second', summary: 'May fail', source, likelihood: 'high' });
  await met('AddWarning', { warning: 'first', summary: 'Late before', by: 'Press', source });
  await met('AddWarning', { warning: 'second', summary: 'Dear', by: 'Audit', source, about: { supplier: 'csc' } });
  await met('AdoptPolicy', { policy: 'rules', title: 'Rules', version: '1', inForceFrom: '2010', inForceUntil: '2012', checks: ['standstill'] }); // prettier-ignore
  await met('AdoptPolicy', { policy: 'rules', title: 'Rules', version: '2', inForceFrom: '2013', checks: ['standstill'] });
};
const LISTS = ['strategies', 'savingsTargets', 'savings', 'headcountTargets', 'risks', 'warnings', 'policies'] as const;
const ID = {
  strategies: 'strategy',
  savingsTargets: 'target',
  savings: 'saving',
  headcountTargets: 'target',
  risks: 'risk',
  warnings: 'warning',
  policies: 'version',
};

describe('what a programme set out to do', () => {
  it('is its strategies, targets, savings, risks, warnings and policies, each in order and counted', async () => {
    await everything();
    const row = (await inMemory('programme', world)).row('programme:met');
    expect(row).toMatchObject({ programme: 'met', title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' });
    expect(row.strategies).toMatchObject([{ strategy: 'first', on: '2010' }, { strategy: 'second', reviewDue: '2018' }]); // prettier-ignore
    expect(row.portfolio).toMatchObject({ projects: 146, qualifier: 'about', on: '2016-01-04' });
    expect(row.savings.recorded.map(({ saving }: { saving: string }) => saving)).toEqual(['a', 'b', 'c', 'd']);
    expect(row.headcountTargets.map(({ target }: { target: string }) => target)).toEqual(['first', 'second']);
    expect(row.risks.map(({ summary }: { summary: string }) => summary)).toEqual(['May be late', 'May fail']);
    expect(row.warnings.map(({ by }: { by: string }) => by)).toEqual(['Press', 'Audit']);
    expect(row.policies).toEqual([
      { policy: 'rules', title: 'Rules', version: '1', inForceFrom: '2010', inForceUntil: '2012' },
      { policy: 'rules', title: 'Rules', version: '2', inForceFrom: '2013', inForceUntil: null },
    ]);
    expect(row.counts).toEqual({
      ...{ strategies: 2, savingsTargets: 2, savings: 4, headcountTargets: 2, risks: 2, openRisks: 2, warnings: 2, openWarnings: 2 },
      ...{ budgets: 0, links: 0, policies: 2 },
    });
    expect(row.trail.lastDecision.command).toBe('AdoptPolicy');
  });

  it('is measured by what was saved towards each target, and by what of that was verified', async () => {
    await everything();
    const { savings } = (await inMemory('programme', world)).row('programme:met');
    expect(savings.targets).toMatchObject([
      { target: 'three-years', recorded: 'about £40m + US$5', verified: 'about £10m + US$5' },
      { target: 'ten-years', recorded: 'nothing', verified: 'nothing' },
    ]);
  });

  it('is listed in full, newest first', async () => {
    await everything();
    const board = await inMemory('programme', world);
    const listed = Object.fromEntries(LISTS.map((name) => [name, board.list('programme:met', name).map((entry) => entry[ID[name]])]));
    expect(listed).toEqual({
      strategies: ['second', 'first'],
      savingsTargets: ['ten-years', 'three-years'],
      savings: ['d', 'c', 'b', 'a'],
      headcountTargets: ['second', 'first'],
      risks: ['second', 'first'],
      warnings: ['second', 'first'],
      policies: ['2', '1'],
    });
    expect(board.list('programme:met', 'savingsTargets')[1].verified).toBe('about £10m + US$5');
    expect(board.list('programme:met', 'policies')[0].inForceUntil).toBeNull();
  });

  it('is nothing yet where a programme was only chartered, and no row where it was not', async () => {
    const board = await inMemory('programme', world);
    const row = board.row('programme:met');
    expect([row.portfolio, row.strategies, row.savings]).toEqual([null, [], { targets: [], recorded: [] }]);
    expect([board.keys(), board.keys({ programme: 'met' }), board.keys({ programme: 'nhs' })]).toEqual([
      ['programme:met'],
      ['programme:met'],
      [],
    ]);
    await world.record('programme-met', 'WithdrawFact', { event: (await world.history('programme-met')).first!.recorded.id });
    expect((await inMemory('programme', world)).keys()).toEqual([]);
  });
});

describe('the header of the tower board', () => {
  it('has what the programme set out to do, who integrates, and how many towers it has', async () => {
    await everything();
    const row = (await inMemory('tower-board', world)).row('programme:met');
    expect(row).toMatchObject({
      group: 'programme',
      programme: 'met',
      title: 'Total Technology',
      authority: 'MPS',
      baseCurrency: 'GBP',
      integrator: { contract: 'siam', on: '2016-01-04' },
      portfolio: { projects: 146 },
      towers: 2,
      faultedStreams: 0,
      counts: { strategies: 2, savingsTargets: 2, savings: 4, headcountTargets: 2, risks: 2, warnings: 2, policies: 2 },
    });
    expect(row.savings.targets.map(({ target }: { target: string }) => target)).toEqual(['three-years', 'ten-years']);
    expect(row.savings.recorded).toHaveLength(4);
    expect([row.strategies, row.headcountTargets, row.risks].map(({ length }) => length)).toEqual([2, 2, 2]);
    expect(row.policies).toEqual([
      { policy: 'rules', title: 'Rules', version: '1', inForceFrom: '2010', inForceUntil: '2012' },
      { policy: 'rules', title: 'Rules', version: '2', inForceFrom: '2013', inForceUntil: null },
    ]);
    expect(row.warnings).toEqual([
      { warning: 'first', by: 'Press', summary: 'Late before', source, on: '2016-01-04', about: null, answers: [] },
      { warning: 'second', by: 'Audit', summary: 'Dear', source, on: '2016-01-04', about: { supplier: 'csc' }, answers: [] },
    ]);
    expect(row.trail.lastDecision.command).toBe('AdoptPolicy');
  });

  it('has lists of its own for all of it, newest first', async () => {
    await everything();
    const board = await inMemory('tower-board', world);
    const named = LISTS.filter((name) => name !== 'policies');
    const listed = named.map((name) => board.list('programme:met', name).map((entry) => entry[ID[name]]));
    expect(listed).toEqual([['second', 'first'], ['ten-years', 'three-years'], ['d', 'c', 'b', 'a'], ['second', 'first'], ['second', 'first'], ['second', 'first']]); // prettier-ignore
    expect(board.list('programme:met', 'warnings')[1].about).toBeNull();
  });

  it('names no integrator and no portfolio before they are recorded', async () => {
    const { integrator, portfolio } = (await inMemory('tower-board', world)).row('programme:met');
    expect([integrator, portfolio]).toEqual([null, null]);
  });
});

describe('what became of risks, warnings, budgets and towers', () => {
  const decided = async () => {
    await everything();
    await met('RaiseRisk', { risk: 'third', summary: 'May be dear', source, about: { tower: 'euc', supplier: 'csc' } });
    await met('MitigateRisk', { risk: 'first', measure: 'A second team', likelihood: 'low' });
    await met('CloseRisk', { risk: 'first', how: 'passed' });
    await met('AnswerWarning', { warning: 'second', answer: 'Tendered again', by: 'The board' });
    await met('SetBudget', { year: 2016, kind: 'capital', amount: gbp('200') });
    await met('SetBudget', { year: 2016, kind: 'revenue', amount: gbp('90') });
    await met('SetBudget', { year: 2016, kind: 'capital', amount: gbp('150') });
    await met('LinkTowers', { tower: 'euc', needs: 'hosting', why: 'Its servers' });
  };

  it('is counted: what is open apart from all', async () => {
    await decided();
    const { counts, risks, warnings } = (await inMemory('programme', world)).row('programme:met');
    expect(counts).toMatchObject({ risks: 3, openRisks: 2, warnings: 2, openWarnings: 1, budgets: 3, links: 1 });
    expect(risks[0]).toMatchObject({ likelihood: 'low', mitigations: [{ measure: 'A second team' }], closed: { how: 'passed' } });
    expect(risks[1]).toMatchObject({ risk: 'second', mitigations: [], closed: null });
    expect(warnings.map(({ answers }: { answers: object[] }) => answers.length)).toEqual([0, 1]);
  });

  it('is the last budget of each year and kind, with the one that it replaced', async () => {
    await decided();
    const { budgets } = (await inMemory('programme', world)).row('programme:met');
    const shown = budgets.map(({ kind, amount, was, counts }: Record<string, any>) => [kind, amount.amount, was?.amount ?? null, counts]);
    expect(shown).toEqual([
      ['capital', '200', null, false],
      ['revenue', '90', null, true],
      ['capital', '150', '200', true],
    ]);
  });

  it('stands on the towers: what each waits for, what is open, and into which one it was merged', async () => {
    await decided();
    const before = (await inMemory('tower-board', world)).row('tower:euc');
    expect(before).toMatchObject({ stage: 'planned', merged: null, needs: [{ tower: 'hosting', why: 'Its servers' }] });
    expect(before.counts).toMatchObject({ risks: 1, openRisks: 1 });
    await met('CloseRisk', { risk: 'third', how: 'accepted' });
    await world.record('tower-euc', 'MergeTowers', { into: 'hosting' });
    await world.record('tower-print', 'PlanTower', { programme: 'met', title: 'Print' });
    await world.record('tower-print', 'CancelTower', { why: 'Nobody prints' });
    const board = await inMemory('tower-board', world);
    expect(board.row('tower:euc')).toMatchObject({ stage: 'merged', merged: { into: 'hosting' }, counts: { risks: 1, openRisks: 0 } });
    expect(board.row('tower:print')).toMatchObject({ stage: 'cancelled', cancelled: { why: 'Nobody prints' } });
    expect(board.row('tower:hosting').needs).toEqual([]);
  });

  it('stands on the towers that were split and on those that go on with their parts', async () => {
    await decided();
    for (const id of ['desk', 'print']) await world.record(`tower-${id}`, 'PlanTower', { programme: 'met', title: id });
    const into = [{ tower: 'desk', takes: 'The savings target' }, { tower: 'print' }];
    await world.record('tower-euc', 'SplitTower', { into });
    await world.record('tower-hosting', 'MergeTowers', { into: 'desk' });
    const board = await inMemory('tower-board', world);
    expect(board.row('tower:euc')).toMatchObject({ stage: 'split', stageOf: null, split: { into }, predecessors: [] });
    expect(board.row('tower:print').predecessors).toEqual([
      { tower: 'euc', title: expect.any(String), how: 'split', on: world.today, contracts: [], takes: null },
    ]);
    expect(board.row('tower:desk')).toMatchObject({
      stage: 'planned',
      predecessors: [
        { tower: 'euc', how: 'split', takes: 'The savings target' },
        { tower: 'hosting', how: 'merged', takes: null },
      ],
    });
  });

  it('stands on the supplier: its names, and its standing', async () => {
    await decided();
    await world.record('supplier-csc', 'RenameSupplier', { title: 'DXC' });
    await world.record('supplier-csc', 'AddAlias', { alias: 'DXC Technology' });
    await world.record('supplier-csc', 'SuspendSupplier', { ground: 'Grave misconduct' });
    const row = (await inMemory('exposure', world)).row('supplier:csc');
    expect(row).toMatchObject({ title: 'DXC', aliases: ['DXC Technology'], suspended: { ground: 'Grave misconduct' }, merged: null });
    expect(row.formerNames).toEqual([{ title: 'CSC', until: '2016-01-04' }]);
    expect((await inMemory('tower-board', world)).row('contract:siam').contracts[0].supplierName).toBe('DXC');
  });
});

it('a budget says which one it replaced, and whether it still counts: of its year and its kind alone', async () => {
  const set = (year: number, kind: string, amount: string) => met('SetBudget', { year, kind, amount: gbp(amount) });
  await set(2016, 'capital', '100');
  await set(2017, 'capital', '300');
  await set(2016, 'revenue', '7');
  await set(2016, 'capital', '200');
  const rows = await inMemory('tower-board', world);
  const shown = rows.row('programme:met').budgets.map(({ year, kind, amount, was, counts }: any) => [year, kind, amount.amount, was?.amount ?? null, counts]); // prettier-ignore
  expect(shown).toEqual([
    [2016, 'capital', '100', null, false],
    [2017, 'capital', '300', null, true],
    [2016, 'revenue', '7', null, true],
    [2016, 'capital', '200', '100', true],
  ]);
  expect(rows.list('programme:met', 'budgets')).toHaveLength(4);
});

it('a warning on the row of what it is about has its newest answers', async () => {
  await world.record('contract-siam', 'AwardContract', { programme: 'met', suppliers: [{ supplier: 'csc' }], value: gbp('1') });
  await met('AddWarning', { warning: 'dear', summary: 'Dear', by: 'Audit', source, about: { contract: 'siam' } });
  await met('AnswerWarning', { warning: 'dear', answer: 'It is' });
  const [warning] = (await inMemory('tower-board', world)).row('contract:siam').contracts[0].warnings;
  expect(warning).toMatchObject({ warning: 'dear', summary: 'Dear', by: 'Audit', answers: [{ answer: 'It is' }] });
});
