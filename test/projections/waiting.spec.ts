import { beforeEach, describe, expect, it } from '@jest/globals';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
const record = (command: string, data: object, effectiveOn: string, by?: string) =>
  world.record('contract-csc', command, data, { effectiveOn, ...(by && { decidedBy: { person: by } }) });
const rowsOf = async (projection: string, filters = {}) => {
  const rows = await inMemory(projection, world);
  return Object.fromEntries(rows.keys(filters).map((key) => [key, rows.row(key)]));
};

beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  const contract = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('1000000.00') };
  await record('AwardContract', { ...contract, startsOn: '2015-12-01', endsOn: '2020-11-30' }, '2015-11-16');
  await record('SignContract', {}, '2015-11-20');
});

describe('a change that was proposed', () => {
  const printing = { proposal: 'printing', kind: 'value', to: gbp('1100000.00'), summary: 'Printing is added.', decideBy: '2018-04' };
  beforeEach(() => record('ProposeChange', printing, '2018-01-10', 'p-1'));

  it('waits, with who proposed it and by when it is to be decided', async () => {
    expect(await rowsOf('waiting')).toEqual({
      'proposal:csc/printing': {
        kind: 'proposal',
        programme: 'met',
        contract: 'csc',
        loss: null,
        title: 'Hosting',
        what: 'Change of value of Hosting to £1.1m: Printing is added.',
        since: '2018-01-10',
        proposedBy: 'p-1',
        decideBy: '2018-04',
      },
    });
    expect((await rowsOf('deadlines', { kind: 'proposal' }))['proposal:csc/printing']).toMatchObject({
      due: '2018-04',
      latest: '2018-04-30',
    });
  });

  it.each([
    ['ApproveChange', {}],
    ['RejectChange', { why: 'Too dear' }],
    ['WithdrawProposal', {}],
  ] as const)('waits no more after %s', async (command, data) => {
    await record(command, { proposal: 'printing', ...data }, '2018-02-01');
    expect(await rowsOf('waiting')).toEqual({});
    expect(await rowsOf('deadlines', { kind: 'proposal' })).toEqual({});
  });

  it('is found by programme, contract, kind and proposer', async () => {
    const all = { programme: 'met', contract: 'csc', kind: 'proposal', proposedBy: 'p-1' };
    expect(Object.keys(await rowsOf('waiting', all))).toEqual(['proposal:csc/printing']);
    for (const name of Object.keys(all)) expect(await rowsOf('waiting', { [name]: 'other' })).toEqual({});
  });

  it('is counted on the board, and in the register', async () => {
    const board = (await inMemory('tower-board', world)).row('tower:hosting');
    expect(board.contracts[0].conduct).toEqual({ proposals: 1, milestonesMissed: 0, kpisMissed: 0, disputes: 0, serviceCredits: 0 });
    const register = (await inMemory('contract-register', world)).row('contract:csc');
    expect([register.proposals.length, register.counts.proposals]).toEqual([1, 1]);
    expect((await inMemory('contract-register', world)).list('contract:csc', 'proposals')).toHaveLength(1);
  });
});

it('a proposal that says its step or its end says so in the list', async () => {
  await record('ProposeChange', { proposal: 'a', kind: 'value', by: gbp('50000.00') }, '2018-01-10');
  await record('ProposeChange', { proposal: 'b', kind: 'term', endsOn: '2021-11-30' }, '2018-01-10');
  await record('ProposeChange', { proposal: 'c', kind: 'value', to: gbp('2000000.00'), endsOn: '2022' }, '2018-01-10');
  const rows = await rowsOf('waiting');
  expect(Object.values(rows).map(({ what }) => what)).toEqual(['Change of value of Hosting by £50,000', 'Change of term of Hosting until 2021-11-30', 'Change of value of Hosting to £2m, until 2022']); // prettier-ignore
});

it('what is asked of a contract waits no more once that is closed', async () => {
  await record('ProposeChange', { proposal: 'a', kind: 'value', by: gbp('50000.00') }, '2018-01-10');
  await record('SeekExtension', { until: '2021-11-30' }, '2019-01-10');
  expect(Object.keys(await rowsOf('waiting'))).toEqual(['extension:csc', 'proposal:csc/a']);
  await record('TerminateContract', { ground: 'Failure to deliver' }, '2019-02-01');
  await record('CloseContract', { finalValue: gbp('1.00'), endedOn: '2019-03-01' }, '2019-03-01');
  expect(await rowsOf('waiting')).toEqual({});
});

it('an extension that is sought says why, and until when where that is known', async () => {
  await record('SeekExtension', { why: 'The tender is late' }, '2019-01-10');
  expect((await rowsOf('waiting', { programme: 'met' }))['extension:csc']).toMatchObject({ programme: 'met', contract: 'csc', title: 'Hosting', what: 'Extension of Hosting: The tender is late' }); // prettier-ignore
});

it('an extension that is sought waits until it is exercised', async () => {
  await record('SeekExtension', { until: '2021-11-30' }, '2019-01-10');
  expect(await rowsOf('waiting')).toMatchObject({
    'extension:csc': { kind: 'extension', what: 'Extension of Hosting until 2021-11-30', since: '2019-01-10' },
  });
  await record('ExerciseExtension', { endsOn: '2021-11-30' }, '2019-02-01');
  expect(await rowsOf('waiting')).toEqual({});
});

it('a write-off that is proposed waits until it is decided', async () => {
  const loss = { programme: 'met', title: 'Debts', bearer: 'authority', category: 'claim-waived-or-abandoned', gross: gbp('900.00'), contract: 'csc' }; // prettier-ignore
  await world.record('loss-debts', 'RaiseLoss', loss, { effectiveOn: '2018' });
  await world.record('loss-debts', 'ProposeWriteOff', { amount: gbp('900.00') }, { effectiveOn: '2019-01-01' });
  expect(await rowsOf('waiting', { programme: 'met' })).toMatchObject({
    'write-off:debts': { kind: 'write-off', loss: 'debts', contract: 'csc', what: 'Write-off of £900 of Debts', since: '2019-01-01' },
  });
  await world.record('loss-debts', 'RejectWriteOff', { why: 'No' }, { effectiveOn: '2019-02-01' });
  expect(await rowsOf('waiting')).toEqual({});
});

describe('deadlines of what is measured', () => {
  const dueOf = async (kind: string) => Object.fromEntries(Object.entries(await rowsOf('deadlines', { kind })).map(([key, { due }]) => [key, due])); // prettier-ignore

  it('a milestone is due when it is expected, until it was reached', async () => {
    await record('SetMilestone', { milestone: 'go-live', title: 'Go-live', baseline: '2016-04-01' }, '2015-12-01');
    await record('SetMilestone', { milestone: 'exit', title: 'Exit plan', baseline: '2016-05' }, '2015-12-01');
    await record('MoveMilestone', { milestone: 'go-live', forecast: '2016-06' }, '2016-01-01');
    expect(await dueOf('milestone')).toEqual({ 'milestone:csc/exit': '2016-05', 'milestone:csc/go-live': '2016-06' });
    await record('RecordMilestone', { milestone: 'go-live' }, '2016-06-02');
    await record('MissMilestone', { milestone: 'exit' }, '2016-07-01');
    expect(await dueOf('milestone')).toEqual({ 'milestone:csc/exit': '2016-05' });
  });

  it('an indicator is due at the end of the first period that was not assessed', async () => {
    const kpis = [
      { kpi: 'a', title: 'Availability', target: 99, every: 3 },
      { kpi: 'b', title: 'Backlog', every: 1, from: '2016-02-01' },
      { kpi: 'c', title: 'Courtesy' },
    ];
    await record('SetKpis', { kpis }, '2015-12-01');
    expect(await dueOf('kpi')).toEqual({ 'kpi:csc/a': '2016-02-29', 'kpi:csc/b': '2016-02-29' });
    await record('AssessKpi', { kpi: 'a', to: '2016-02-29', measured: 100 }, '2016-03-05');
    expect(await dueOf('kpi')).toEqual({ 'kpi:csc/a': '2016-05-31', 'kpi:csc/b': '2016-02-29' });
  });

  it('a break is due when its notice is, and a value that is withheld when it is to be disclosed', async () => {
    const more = { programme: 'met', title: 'Networks', suppliers: [{ supplier: 'csc' }], startsOn: '2016-01-01', endsOn: '2020-12-31' };
    const value = { withheld: { until: '2017-03-31', why: 'Commercial' } };
    const award = { ...more, value, breaks: [{ afterMonths: 24 }, { afterMonths: 36 }], noticeDays: 90 };
    await world.record('contract-net', 'AwardContract', award, { effectiveOn: '2015-12-01' });
    expect(await dueOf('break')).toEqual({ 'break:net/24': '2017-10-02', 'break:net/36': '2018-10-02' });
    expect(await dueOf('withheld')).toEqual({ 'withheld:net': '2017-03-31' });
    await world.record('contract-net', 'DiscloseValue', { value: gbp('5.00') }, { effectiveOn: '2017-01-01' });
    expect(await dueOf('withheld')).toEqual({});
  });

  it('are those of the person who answers for the contract', async () => {
    expect((await rowsOf('deadlines'))['end:csc'].owner).toBeNull();
    await record('AssignOwner', { owner: 'p-17', department: 'Digital' }, '2016-01-01');
    expect(Object.keys(await rowsOf('deadlines', { owner: 'p-17' }))).toEqual(['end:csc']);
    expect(Object.keys(await rowsOf('contract-register', { owner: 'p-17', department: 'Digital' }))).toEqual(['contract:csc']);
  });
});
