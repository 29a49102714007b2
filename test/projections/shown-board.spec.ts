import { beforeEach, describe, expect, it } from '@jest/globals';
import { changeOf } from '../../projections/tower-board-contract.js';
import { contract, type Change, type Contract } from '../../src/domain/contract/index.js';
import { NEWEST, type Assessment } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const award = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('60000000') };
const source = { title: 'A report' };

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
const of = (id: string) => (command: string, data: object, record?: object) => world.record(`contract-${id}`, command, data, record);
const hosting = of('hosting');
const board = () => inMemory('tower-board', world);
/** The contract `hosting` as its tower lists it. */
const entry = async () => (await board()).row('tower:hosting').contracts.find(({ contract }: any) => contract === 'hosting');
const awardedWith = async (more: object): Promise<any> => {
  await hosting('AwardContract', { ...award, ...more });
  return entry();
};

describe('the term of a contract on the board', () => {
  const options = [
    { option: 'year-6', months: 12 },
    { option: 'year-7', months: 6, status: 'lapsed' },
    { option: 'year-8', months: 3 },
  ];

  it.each<[what: string, terms: object, ends: string | null, latestEnd: string | null]>([
    ['its last day, and that of its open options', { startsOn: '2016-01-01', endsOn: '2020-12-31', options }, '2020-12-31', '2022-03-31'],
    ['its last day alone, without an option', { endsOn: '2020-12-31' }, '2020-12-31', '2020-12-31'],
    ['its last day, also where nobody knows its first', { startsOn: 'unknown', endsOn: '2020', options: [] }, '2020', '2020'],
    ['the day before the months are over', { startsOn: '2016-01-01', termMonths: 60, options }, '2020-12-31', '2022-03-31'],
    ['the days between, where its first day is known to the month', { startsOn: '2016-02', termMonths: 12 }, '[2017-01-31..2017-02-28]', '[2017-01-31..2017-02-28]'], // prettier-ignore
    ['nothing, where nobody knows its first day', { startsOn: 'unknown', termMonths: 60 }, null, null],
    ['nothing, where it has no length', { startsOn: '2016-01-01', options }, null, null],
    ['nothing, where it has no first day', { termMonths: 60, options }, null, null],
  ])('ends by %s', async (_, terms, ends, latestEnd) => {
    const { term } = await awardedWith(terms);
    expect([term.ends, term.latestEnd]).toEqual([ends, latestEnd]);
  });

  it.each<[what: string, command: string, data: object]>([
    ['a notice stands', 'GiveTerminationNotice', { by: 'authority', takesEffectOn: '2018-06-30' }],
    ['it was terminated', 'TerminateContract', { ground: 'Breach', endsOn: '2018-06-30' }],
  ])('ends no later by its open options once %s', async (_, command, data) => {
    await hosting('AwardContract', { ...award, startsOn: '2016-01-01', endsOn: '2020-12-31', options });
    await hosting('SignContract', {});
    await hosting(command, data);
    expect((await entry()).term).toMatchObject({ ends: '2018-06-30', latestEnd: '2018-06-30' });
  });

  it('ends later by what an extension added', async () => {
    await hosting('AwardContract', { ...award, startsOn: '2016-01-01', termMonths: 12, options });
    await hosting('SignContract', {});
    await hosting('ExerciseExtension', { option: 'year-6' });
    expect((await entry()).term).toMatchObject({ months: 12, extendedMonths: 12, ends: '2017-12-31', latestEnd: '2018-03-31' });
  });
});

describe('the money of a contract on the board', () => {
  it.each<[what: string, more: object, perYear: object | null]>([
    ['its value over its years', { termMonths: 24 }, gbp('30000000.00')],
    ['the options too, where the value covers them', { termMonths: 24, covers: 'with-options', options: [{ option: 'a', months: 12 }, { option: 'b', months: 12, status: 'lapsed' }, { option: 'c', months: 12, status: 'exercised' }] }, gbp('15000000.00')], // prettier-ignore
    ['not the options, where it does not', { termMonths: 24, covers: 'initial-term', options: [{ option: 'a', months: 12 }] }, gbp('30000000.00')], // prettier-ignore
    ['nothing, where the value is not known', { termMonths: 24, value: { undisclosed: true } }, null],
    ['nothing, where the term is not known', {}, null],
  ])('is a year: %s', async (_, more, perYear) =>
    expect((await awardedWith(more)).perYear).toEqual(perYear && expect.objectContaining({ ...perYear })),
  );

  it('has grown by a percentage of the original, where both are known', async () => {
    await hosting('AwardContract', award);
    await hosting('ApproveChange', { kind: 'value', to: gbp('75000000') });
    expect(await entry()).toMatchObject({ original: gbp('60000000'), ceiling: gbp('75000000'), cumulative: '25.0 %' });
    await of('siam')('AwardContract', { ...award, towers: ['euc'], value: { undisclosed: true } });
    expect((await board()).row('tower:euc').contracts[0]).toMatchObject({ cumulative: null, original: { undisclosed: true } });
  });

  it('changes with figures, measured also from what the source states, and with what was assessed', async () => {
    const approvals = [{ stepOverOriginalAbove: 10, approver: 'Mayor' }];
    await world.record('programme-met', 'AdoptPolicy', {
      policy: 'consent',
      title: 'Consent',
      version: '1',
      inForceFrom: '2010',
      approvals,
    });
    await hosting('AwardContract', award);
    await hosting('ApproveChange', { kind: 'value', to: gbp('75000000'), statedFrom: gbp('50000000') }, { decidedBy: { person: 'p-1', office: 'Mayor' } }); // prettier-ignore
    await hosting('ApproveChange', { kind: 'term', endsOn: '2030' }, { decidedBy: { person: 'p-1', office: 'Mayor' } });
    await hosting('ApproveChange', { kind: 'scope', summary: 'Print' });
    const [value, term, scope] = (await entry()).changes;
    expect(value).toMatchObject({
      kind: 'value',
      figures: { stepOverOriginal: '0.250000' },
      asStated: { stepOverCurrent: '0.500000' },
      assessed: [{ rule: 'consent/approval', result: 'met' }],
    });
    expect([term.figures, term.asStated, scope.assessed]).toEqual([undefined, undefined, []]);
    const listed = (await board()).list('contract:hosting', 'changes');
    expect(listed).toEqual([scope, term, value]);
  });

  it('changes with figures of what it was awarded for, also once that is corrected, and with none of a step that nobody knows', () => {
    const change: Change = { event: 'e', kind: 'value', on: '2016', from: gbp('100'), to: gbp('150') };
    const awardedFor = (amount: string): Contract => ({ ...contract.initial, original: gbp(amount) });
    const assessed: readonly Assessment[] = [];
    const grown = (c: Contract) => changeOf(change, c, assessed).figures?.stepOverOriginal;
    expect([grown(awardedFor('100')), grown(awardedFor('200')), grown(awardedFor('100'))]).toEqual(['0.500000', '0.250000', '0.500000']);
    expect(changeOf({ ...change, by: { unknown: true } }, awardedFor('100'), [])).not.toHaveProperty('figures');
    expect(changeOf({ ...change, by: gbp('50') }, awardedFor('100'), [])).toHaveProperty('figures.stepOverOriginal', '0.500000');
  });
  it('has a change worked out once while neither it nor what it is measured from is another', () => {
    const change: Change = { event: 'e', kind: 'value', on: '2016', from: gbp('100'), to: gbp('150') };
    const assessed: readonly Assessment[] = [];
    const shown = changeOf(change, contract.initial, assessed);
    expect(changeOf(change, contract.initial, assessed)).toBe(shown);
    expect(changeOf(change, contract.initial, [])).not.toBe(shown);
  });
});

describe('a contract on the board', () => {
  it('is shown whole, with the newest five of each list and how many there are', async () => {
    const options = Array.from({ length: 7 }, (_, n) => ({ option: `o${n}`, months: 1 }));
    await hosting('AwardContract', { ...award, options });
    for (let n = 1; n <= 7; n++) await hosting('RecordDelay', { milestone: `M${n}`, to: 'unknown' });
    const shown = await entry();
    expect(shown).toMatchObject({
      contract: 'hosting',
      programme: 'met',
      title: 'Hosting',
      stage: 'awarded',
      role: 'tower',
      towers: ['hosting'],
      suppliers: [{ supplier: 'csc', name: 'CSC' }],
      supplierName: 'CSC',
      covers: 'unknown',
      terminations: [],
      notice: null,
      finalValue: null,
      counts: { options: 7, changes: 0, delays: 7, planned: 0, moved: 0, losses: 0, warnings: 0, risks: 0 },
    });
    expect(shown.options.map(({ option }: any) => option)).toEqual(['o2', 'o3', 'o4', 'o5', 'o6']);
    expect(shown.delays.map(({ milestone }: any) => milestone)).toEqual(['M3', 'M4', 'M5', 'M6', 'M7']);
    expect((await board()).list('contract:hosting', 'delays').map(({ milestone }) => milestone)).toEqual(['M7', 'M6', 'M5', 'M4', 'M3', 'M2', 'M1']); // prettier-ignore
    expect(shown.trail.lastDecision.command).toBe('RecordDelay');
  });

  it('has its milestones counted, and what is unusual in it and beside the framework that it is called off from', async () => {
    await of('plain')('AwardContract', { ...award, towers: [] });
    const { counts, findings } = await awardedWith({ endsOn: '2015-06-30', framework: { contract: 'plain' } });
    expect([counts.milestones, findings.map(({ code }: any) => code)]).toEqual([0, ['ended-before-award', 'not-a-framework']]);
    await hosting('SetMilestone', { milestone: 'm', title: 'M', baseline: '2016-05' });
    expect((await entry()).counts.milestones).toBe(1);
  });

  it('has nobody to move and nothing lost, warned of or at risk while nothing is recorded of it', async () => {
    await hosting('AwardContract', award);
    const { people, losses, warnings, risks } = await entry();
    expect([people, losses, warnings, risks]).toEqual([{ planned: [], moved: [] }, [], [], []]);
  });

  it('has its id for a title and nobody for a supplier while neither is known', async () => {
    await of('a')('AwardContract', { programme: 'met', suppliers: [{ supplier: 'csc' }], value: gbp('1') });
    expect((await board()).row('contract:a').contracts[0]).toMatchObject({ title: 'a', supplierName: 'CSC' });
    await of('b')('PlanContract', { programme: 'met', title: 'Networks' });
    expect((await board()).row('contract:b').contracts[0]).toMatchObject({ suppliers: [], supplierName: null });
  });

  it('shows the extension that was sought, the notice that was given, how it was terminated and what it came to', async () => {
    await hosting('AwardContract', award);
    await hosting('SignContract', {});
    expect(await entry()).toMatchObject({ extensionSought: null, closed: null });
    await hosting('SeekExtension', { until: '2027' });
    expect((await entry()).extensionSought).toEqual({ on: '2016-01-04', until: '2027' });
    await hosting('GiveTerminationNotice', { by: 'supplier', takesEffectOn: '2017' });
    expect((await entry()).notice).toMatchObject({ by: 'supplier', takesEffectOn: '2017' });
    await hosting('TerminateContract', { ground: 'Breach' });
    await hosting('CloseContract', { finalValue: gbp('5'), endedOn: '2016-01-04' });
    expect(await entry()).toMatchObject({
      stage: 'closed',
      terminations: [{ ground: 'Breach' }],
      finalValue: gbp('5'),
      closed: { endedOn: '2016-01-04' },
    });
  });

  it('shows who is to move and who moved, what was lost and what was warned of, with pages of each', async () => {
    const people = (employer: string) => ({ employer, function: 'it', unit: 'people' });
    const headcount = { count: 50, unit: 'people' };
    await hosting('AwardContract', award);
    await world.record('workforce-met', 'RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 800, unit: 'people' } }); // prettier-ignore
    const move = { from: people('authority'), to: people('csc'), contract: 'hosting' };
    await world.record('workforce-met', 'PlanTransfer', { programme: 'met', plan: 'h', inScope: headcount, ...move });
    await world.record('workforce-met', 'PlanTransfer', { programme: 'met', plan: 'i', inScope: headcount, ...move, contract: undefined } as object); // prettier-ignore
    await world.record('workforce-met', 'TransferStaff', { transfer: 't', plan: 'h', inScope: 50, moved: 43, left: 7, ...move });
    const loss = { programme: 'met', title: 'Paid twice', bearer: 'authority', category: 'other', gross: gbp('7'), contract: 'hosting' };
    await world.record('loss-a', 'RaiseLoss', loss);
    await world.record('loss-b', 'RaiseLoss', { ...loss, contract: undefined } as object);
    const about = { contract: 'hosting', tower: 'hosting', supplier: 'csc' };
    await world.record('programme-met', 'RaiseRisk', { risk: 'r', summary: 'May be late', source, about });
    await world.record('programme-met', 'RaiseRisk', { risk: 's', summary: 'May fail', source });
    await world.record('programme-met', 'AddWarning', {
      warning: 'w',
      summary: 'Dear',
      by: 'Press',
      source,
      about: { contract: 'hosting' },
    });
    const rows = await board();
    const { contracts, ...tower } = rows.row('tower:hosting');
    expect(contracts[0]).toMatchObject({
      people: { planned: [headcount], moved: [{ count: 43, unit: 'people' }] },
      losses: [{ loss: 'a', gross: gbp('7') }],
      warnings: [{ warning: 'w' }],
      risks: [{ risk: 'r' }],
      counts: { planned: 1, moved: 1, losses: 1, warnings: 1, risks: 1 },
    });
    expect(tower).toMatchObject({ risks: [{ risk: 'r' }], warnings: [], counts: { contracts: 1, warnings: 0, risks: 1 } });
    for (const name of ['losses', 'warnings', 'risks', 'plans', 'transfers']) expect([name, rows.list('contract:hosting', name).length]).toEqual([name, 1]); // prettier-ignore
    expect(rows.list('tower:hosting', 'risks')).toHaveLength(1);
    const header = rows.row('programme:met');
    expect(header.losses.authority).toEqual({ gross: '£14', net: 'nothing', recovered: 'nothing', outstanding: '£14' });
    expect(header.staff).toMatchObject([{ employer: 'authority' }, { employer: 'csc' }]);
  });
});

describe('the stage of a tower on the board', () => {
  const stage = async () => (await board()).row('tower:hosting').stage;

  it('follows its own contract through its life', async () => {
    const seen: string[] = [await stage()];
    const steps: readonly (readonly [command: string, data: object])[] = [
      ['PlanContract', { programme: 'met', title: 'Hosting', towers: ['hosting'] }],
      ['OpenTender', {}],
      ['AwardContract', { suppliers: [{ supplier: 'csc' }], value: gbp('1') }],
      ['SignContract', {}],
      ['StartService', {}],
      ['GiveTerminationNotice', { by: 'authority' }],
      ['TerminateContract', { ground: 'Convenience' }],
      ['CloseContract', { finalValue: gbp('1'), endedOn: '2016-01-04' }],
    ];
    for (const [command, data] of steps) {
      await hosting(command, data);
      seen.push(await stage());
    }
    expect(seen).toEqual(['planned', 'procuring', 'procuring', 'awarded', 'transitioning', 'live', 'live', 'exiting', 'closed']);
  });

  it('is planned again once its contract is cancelled', async () => {
    await hosting('AwardContract', award);
    await hosting('CancelContract', { why: 'No money' });
    expect(await stage()).toBe('planned');
  });

  it('is exiting while the next contract is planned and the last is exiting, for that one still serves', async () => {
    await of('old')('RecordContract', { ...award, stage: 'exiting', role: 'tower' });
    expect(await stage()).toBe('exiting');
    await of('next')('PlanContract', { programme: 'met', title: 'Next', towers: ['hosting'] });
    expect(await stage()).toBe('exiting');
  });

  it('is that of a contract that only stood before it where it has none of its own', async () => {
    await of('old')('RecordContract', { ...award, stage: 'live', role: 'incumbent' });
    expect(await stage()).toBe('live');
    await of('new')('AwardContract', award);
    expect(await stage()).toBe('awarded');
  });
});

describe('a tower on the board', () => {
  it('is what was planned of it, whose contracts it has and what they add up to', async () => {
    await world.record('tower-cloud', 'PlanTower', { programme: 'met', title: 'Cloud', scope: 'All that is hosted elsewhere' });
    await hosting('AwardContract', award);
    await of('two')('AwardContract', { ...award, towers: ['hosting', 'cloud'], value: gbp('5000000') });
    await of('next')('PlanContract', { programme: 'met', title: 'Next', towers: ['hosting'] });
    const rows = await board();
    expect(rows.row('tower:cloud')).toMatchObject({ group: 'towers', tower: 'cloud', programme: 'met', title: 'Cloud', scope: 'All that is hosted elsewhere', total: { text: '£5m' }, counts: { contracts: 1 } }); // prettier-ignore
    expect(rows.row('tower:hosting')).toMatchObject({
      scope: null,
      total: { text: '£65m' },
      counts: { contracts: 3, warnings: 0, risks: 0 },
    });
    expect(rows.row('tower:hosting').total).not.toHaveProperty('contracts');
    expect(rows.row('programme:met')).toMatchObject({ towers: 3, totals: { towers: { text: '£65m', contracts: 2 } } });
    expect([rows.row('tower:none'), rows.row('contract:none'), rows.row('loss:none'), rows.row('programme:none')]).toEqual(Array(4).fill(undefined)); // prettier-ignore
  });

  it('lists its own contracts in force, then what is to come and what others have, then what has ended', async () => {
    await of('closed')('RecordContract', { ...award, stage: 'closed', role: 'tower' });
    await of('own')('AwardContract', award);
    await of('old')('RecordContract', { ...award, stage: 'live', role: 'incumbent' });
    await of('next')('PlanContract', { programme: 'met', title: 'Next', towers: ['hosting'] });
    await of('cancelled')('AwardContract', award);
    await of('cancelled')('CancelContract', { why: 'No money' });
    await of('newer')('AwardContract', award);
    const listed = (await board()).list('tower:hosting', 'contracts').map(({ contract }) => contract);
    expect(listed).toEqual(['newer', 'own', 'next', 'old', 'cancelled', 'closed']);
  });
});

describe('what stands outside the towers', () => {
  it('is a contract of none, and a loss of another authority, each with a row of its own', async () => {
    await hosting('AwardContract', award);
    await of('desk')('AwardContract', { ...award, title: 'Service desk', towers: [] });
    await of('sscl')('RecordContract', { ...award, title: 'Back office', role: 'outside', stage: 'live' });
    const loss = { programme: 'met', title: 'Elsewhere', bearer: 'supplier', category: 'other', gross: gbp('7'), supplier: 'csc' };
    await world.record('loss-a', 'RaiseLoss', loss);
    await world.record('loss-b', 'RaiseLoss', { ...loss, elsewhere: { authority: 'NHS' } });
    await world.record('loss-c', 'RaiseLoss', {
      ...loss,
      bearer: 'authority',
      supplier: undefined,
      elsewhere: { authority: 'NHS' },
    } as object);
    const rows = await board();
    expect(rows.keys()).toEqual(['contract:desk', 'contract:sscl', 'loss:b', 'loss:c', 'programme:met', 'tower:euc', 'tower:hosting']);
    expect(rows.row('contract:desk')).toMatchObject({ group: 'outside', programme: 'met', title: 'Service desk', stage: 'awarded', contracts: [{ contract: 'desk' }] }); // prettier-ignore
    expect(['contract:hosting', 'loss:a'].map((key) => rows.row(key) ?? null)).toEqual([null, null]);
    expect(rows.row('loss:b')).toMatchObject({ group: 'elsewhere', loss: 'b', supplierName: 'CSC', elsewhere: { authority: 'NHS' } });
    expect(rows.row('loss:c').supplierName).toBeNull();
    expect(rows.row('programme:met')).toMatchObject({ totals: { outside: { text: '£120m', contracts: 2 } }, losses: { supplier: { gross: '£7' } } }); // prettier-ignore
  });

  it('is found by programme, group, supplier and stage', async () => {
    await hosting('AwardContract', award);
    await of('desk')('AwardContract', { ...award, suppliers: [{ supplier: 'atos' }], towers: [] });
    const rows = await board();
    expect(rows.keys({ programme: 'met' })).toEqual(['contract:desk', 'programme:met', 'tower:euc', 'tower:hosting']);
    expect(rows.keys({ group: 'towers' })).toEqual(['tower:euc', 'tower:hosting']);
    expect([rows.keys({ supplier: 'atos' }), rows.keys({ supplier: 'csc' })]).toEqual([['contract:desk'], ['tower:hosting']]);
    expect([rows.keys({ stage: 'awarded' }), rows.keys({ stage: 'planned' })]).toEqual([['contract:desk', 'tower:hosting'], ['tower:euc']]);
  });

  it('is found by each supplier of a contract, also by those that a row does not carry', async () => {
    await hosting('AwardContract', { ...award, suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }] });
    await of('desk')('AwardContract', { ...award, suppliers: [{ supplier: 'csc' }, { supplier: 'atos' }], towers: [] });
    for (const supplier of ['csc', 'atos']) expect((await board()).keys({ supplier })).toEqual(['contract:desk', 'tower:hosting']);
    await of('first')('AwardContract', { ...award, suppliers: [{ supplier: 'atos' }], towers: ['euc'] });
    for (let n = 0; n < NEWEST; n++) await of(`c-${n}`)('AwardContract', { ...award, towers: ['euc'] });
    const rows = await board();
    expect(rows.row('tower:euc').contracts.map(({ contract: id }: any) => id)).not.toContain('first');
    expect(rows.keys({ supplier: 'atos' })).toEqual(['contract:desk', 'tower:euc', 'tower:hosting']);
  });
});

describe('what the board is made of', () => {
  const sources = async () => Object.fromEntries((await board()).projection.from.map((source) => [source.kind, source as any]));

  it('are links: a change of what is linked renders the row that shows it', async () => {
    await hosting('AwardContract', award);
    await of('next')('PlanContract', { programme: 'met', title: 'Next', towers: ['hosting', 'euc'] });
    await world.record('programme-met', 'AppointIntegrator', { contract: 'hosting' });
    const { programme, contract, supplier, loss, account } = await sources();
    const linksOf = async (source: any, stream: string) =>
      source.place(stream.split('-')[1], (await world.history(stream)).state)[0]?.links;
    expect(await linksOf(programme, 'programme-met')).toEqual(['contract:hosting']);
    expect(await linksOf(contract, 'contract-hosting')).toEqual(['tower:hosting', 'supplier:csc']);
    expect(await linksOf(contract, 'contract-next')).toEqual(['1|tower:hosting', '1|tower:euc']);
    expect(await linksOf(contract, 'contract-none')).toBeUndefined();
    expect(await linksOf(loss, 'loss-none')).toBeUndefined();
    const lost = { programme: 'met', title: 'L', bearer: 'authority', category: 'other', gross: gbp('7'), supplier: 'csc', contract: 'hosting' }; // prettier-ignore
    await world.record('loss-a', 'RaiseLoss', lost);
    expect(await linksOf(loss, 'loss-a')).toEqual(['contract:hosting', 'supplier:csc']);
    expect(supplier.shownByLinking).toBe(true);
    await world.record('account-hosting', 'OpenAccount', { programme: 'met', contract: 'hosting' });
    expect(await linksOf(account, 'account-hosting')).toEqual(['contract:hosting']);
    expect(await linksOf(account, 'account-none')).toBeUndefined();
    await of('desk')('AwardContract', { ...award, towers: [] });
    const rowsOf = (await board()).placedBy('contract').map(({ key, row }) => [key, row]);
    expect(rowsOf).toEqual([['contract:hosting', false], ['contract:next', false], ['contract:desk', true]]); // prettier-ignore
  });

  it('are links to what a plan, a transfer, a loss or a risk names, and to nothing else', async () => {
    const people = (employer: string) => ({ employer, function: 'it', unit: 'people' });
    const move = { from: people('authority'), to: people('csc') };
    await world.record('workforce-met', 'PlanTransfer', { programme: 'met', plan: 'h', inScope: { count: 5, unit: 'people' }, ...move });
    await world.record('workforce-met', 'TransferStaff', { transfer: 't', inScope: 5, moved: 5, left: 0, ...move });
    await world.record('programme-met', 'RaiseRisk', { risk: 'r', summary: 'May be late', source });
    await world.record('loss-a', 'RaiseLoss', { programme: 'met', title: 'L', bearer: 'authority', category: 'other', gross: gbp('7') });
    const all = await sources();
    const linksOf = async (kind: string, stream: string) =>
      all[kind]!.place(stream.split('-')[1], (await world.history(stream)).state).map(({ links }: any) => links);
    for (const [kind, stream] of [
      ['plan', 'workforce-met'],
      ['transfer', 'workforce-met'],
      ['risk', 'programme-met'],
      ['loss', 'loss-a'],
      ['programme', 'programme-met'],
    ] as const)
      // prettier-ignore
      expect([kind, await linksOf(kind, stream)]).toEqual([kind, [[]]]);
    expect(await linksOf('workforce', 'workforce-met')).toEqual([['programme:met']]);
    expect(await linksOf('workforce', 'workforce-none')).toEqual([]);
    expect(await linksOf('contract', 'contract-none')).toEqual([]);
    expect(await linksOf('loss', 'loss-none')).toEqual([]);
  });

  it('is no row while a stream has only been withdrawn', async () => {
    for (const stream of ['tower-euc', 'programme-met'])
      await world.record(stream, 'WithdrawFact', { event: (await world.history(stream)).first!.recorded.id });
    expect((await board()).keys()).toEqual(['tower:hosting']);
  });
});

describe('a contract whose replacement runs', () => {
  const recorded = (more: object) => ({ programme: 'met', title: 'C', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('100'), stage: 'live', role: 'tower', ...more }); // prettier-ignore
  const totals = async () => {
    const rows = await board();
    const { totals } = rows.row('programme:met');
    return [rows.row('tower:hosting').total.text, totals.towers.text, totals.outside.text, totals.towers.replaced, totals.outside.replaced];
  };

  it('is in no total of its tower and its group any more', async () => {
    await of('old')('RecordContract', recorded({}));
    await of('new')('RecordContract', recorded({ replaces: 'old', value: gbp('7'), stage: 'signed' }));
    expect(await totals()).toEqual(['£107', '£107', 'nothing', 0, 0]);
    await of('new')('StartService', {});
    expect(await totals()).toEqual(['£7', '£7', 'nothing', 1, 0]);
  });

  it('stays in the totals of another group, of another tower, and of another programme', async () => {
    await of('old')('RecordContract', recorded({ towers: [], role: 'outside' }));
    await of('new')('RecordContract', recorded({ replaces: 'old', value: gbp('7') }));
    expect(await totals()).toEqual(['£7', '£7', '£100', 0, 0]);
    await of('euc')('RecordContract', recorded({ towers: ['euc'], value: gbp('40') }));
    await of('newer')('RecordContract', recorded({ replaces: 'euc', value: gbp('2') }));
    expect((await board()).row('tower:euc').total.text).toBe('£40');
    expect((await totals()).slice(0, 2)).toEqual(['£9', '£9']);
  });

  it('is not taken out of a tower in whose total it never was: it stands outside of it, or is a framework', async () => {
    await of('out')('RecordContract', recorded({ role: 'outside' }));
    await of('frame')('RecordContract', recorded({ kind: 'framework', value: gbp('9000') }));
    for (const replaces of ['out', 'frame']) await of(`after-${replaces}`)('RecordContract', recorded({ replaces, value: gbp('7') }));
    expect(await totals()).toEqual(['£14', '£14', '£100', 0, 0]);
  });
});

describe('what a tower waits for', () => {
  it('is the towers that it needs, and why', async () => {
    await world.record('tower-siam', 'PlanTower', { programme: 'met', title: 'SIAM' });
    const needs = (tower: string, on: string, more: object = {}) =>
      world.record('programme-met', 'LinkTowers', { tower, needs: on, ...more });
    await needs('hosting', 'siam', { why: 'It runs there' });
    await needs('hosting', 'euc');
    const rows = await board();
    expect(rows.row('tower:hosting').needs).toStrictEqual([{ tower: 'euc', why: null }, { tower: 'siam', why: 'It runs there' }]); // prettier-ignore
    for (const tower of ['siam', 'euc']) expect(rows.row(`tower:${tower}`)).toMatchObject({ needs: [], predecessors: [] });
    expect(rows.placedBy('link').map(({ key, links }) => [key, links])).toEqual([
      ['link:met/hosting/siam', ['tower:hosting']],
      ['link:met/hosting/euc', ['tower:hosting']],
    ]);
  });
});

it('the board says why a tower was cancelled, and who holds the towers of a programme together', async () => {
  await world.record('tower-euc', 'CancelTower', { why: 'Not needed' });
  await hosting('AwardContract', award);
  await world.record('programme-met', 'AppointIntegrator', { contract: 'hosting' });
  const rows = await board();
  expect(rows.row('tower:euc')).toMatchObject({ stage: 'cancelled', cancelled: { why: 'Not needed' } });
  expect(rows.row('tower:hosting')).toMatchObject({ cancelled: null });
  expect(rows.row('programme:met')).toMatchObject({ integrator: { contract: 'hosting' } });
});

describe('what others recorded of a contract and a tower', () => {
  it('counts warnings and risks that are still open apart', async () => {
    await hosting('AwardContract', award);
    const about = { contract: 'hosting' };
    for (const warning of ['answered', 'open', 'other']) await world.record('programme-met', 'AddWarning', { warning, summary: 'Dear', by: 'Press', source, about }); // prettier-ignore
    await world.record('programme-met', 'AnswerWarning', { warning: 'answered', answer: 'It is' });
    for (const risk of ['closed', 'open', 'also'])
      await world.record('programme-met', 'RaiseRisk', { risk, summary: 'Late', source, about });
    await world.record('programme-met', 'CloseRisk', { risk: 'closed', how: 'passed' });
    expect((await entry()).counts).toMatchObject({ warnings: 3, openWarnings: 2, risks: 3, openRisks: 2 });
  });

  it('has what is committed, invoiced and paid of it, once an account is opened', async () => {
    await hosting('AwardContract', award);
    expect((await entry()).account).toBeNull();
    await world.record('account-hosting', 'OpenAccount', { programme: 'met', contract: 'hosting' });
    await world.record('account-hosting', 'CommitFunds', { commitment: 'po-1', amount: gbp('40') });
    expect(JSON.stringify((await entry()).account)).toContain('£40');
  });

  it('has the header of its programme show the targets of staff, and the towers that there are', async () => {
    await world.record('workforce-met', 'RecordBaseline', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 800, unit: 'people' } }); // prettier-ignore
    await world.record('programme-met', 'SetHeadcountTarget', { target: 'it', title: 'IT', employer: 'authority', to: { count: 100, unit: 'people' } }); // prettier-ignore
    const header = (await board()).row('programme:met');
    expect(header).toMatchObject({ towers: 2, headcountTargets: [{ target: 'it', to: { count: 100 } }] });
    expect(JSON.stringify(header.headcountTargets)).toContain('800');
  });
});

it('a framework stands in no tower: its estimate promises nothing', async () => {
  await of('frame')('AwardContract', { ...award, kind: 'framework' });
  const rows = await board();
  expect(rows.row('tower:hosting')).toMatchObject({ contracts: [], total: { text: 'nothing' }, counts: { contracts: 0 } });
  await of('call')('AwardContract', { ...award, framework: { contract: 'frame' }, value: gbp('3') });
  expect((await board()).row('tower:hosting').contracts).toMatchObject([{ contract: 'call', framework: { contract: 'frame' } }]);
});
