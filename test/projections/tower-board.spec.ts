import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const csc = {
  programme: 'met',
  title: 'End-user computing',
  towers: ['euc'],
  suppliers: [{ supplier: 'csc' }],
  value: gbp('155000000.00'),
  termMonths: 60,
  startsOn: '2016-01-01',
};
const atos = {
  programme: 'met',
  title: 'Service integration',
  towers: ['hosting'],
  suppliers: [{ supplier: 'atos' }],
  value: { undisclosed: true },
};
const sscl = {
  programme: 'met',
  title: 'Back office',
  stage: 'live',
  role: 'outside',
  suppliers: [{ supplier: 'atos' }],
  value: gbp('216000000'),
  termMonths: 120,
};

let world: World;
beforeEach(async () => {
  world = new World('2016-01-04');
  await recordWorld(world);
});
afterEach(closeRows);

const board = async () => {
  const rows = await rowsAfter(await world.events());
  return {
    rows,
    header: await rows.row('tower-board', 'programme:met'),
    row: (key: string) => rows.row('tower-board', key),
    contract: async (tower = 'euc') => (await rows.row('tower-board', `tower:${tower}`)).contracts[0],
  };
};
const firstOf = async (stream: string): Promise<string> => (await world.store.read(stream))[0]!.id;

describe('the money of a tower', () => {
  it('is shown a year: CSC’s £155m over five years is £31.0m', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    const { contract } = await board();
    expect(await contract()).toMatchObject({ supplierName: 'CSC', original: gbp('155000000.00'), perYear: gbp('31000000.00') });
  });

  it('rounds a year once, half to even: £95m over six years is £15,833,333.33', async () => {
    await world.record('contract-hosting', 'AwardContract', { ...csc, towers: ['hosting'], value: gbp('95000000'), termMonths: 72 });
    expect((await (await board()).contract('hosting')).perYear).toEqual({
      ...gbp('15833333.33'),
      of: 'original',
      over: { months: 72 },
      from: 'months',
      divides: 'original ÷ 6 years',
    });
  });

  it('is spread over the options too, where the value covers them: £12.5m for two years and options of two and one is £2.5m a year', async () => {
    const options = [
      { option: 'first', months: 24 },
      { option: 'second', months: 12 },
    ];
    await world.record('contract-sdim', 'AwardContract', {
      ...csc,
      value: gbp('12500000'),
      covers: 'with-options',
      termMonths: 24,
      options,
    });
    expect((await (await board()).contract()).perYear).toMatchObject({
      ...gbp('2500000.00'),
      over: { months: 60 },
      divides: 'original ÷ 5 years with options',
    });
  });

  it('has no figure a year while the value or the term is not known', async () => {
    await world.record('contract-siam', 'AwardContract', { ...atos, termMonths: 60 });
    const { termMonths: _, ...endless } = csc;
    await world.record('contract-euc', 'AwardContract', endless);
    const { contract } = await board();
    expect([(await contract('hosting')).perYear, (await contract('euc')).perYear]).toEqual([null, null]);
  });

  it('keeps how well a figure is known: about £155m is about £31m a year', async () => {
    await world.record('contract-euc', 'AwardContract', { ...csc, value: { ...csc.value, qualifier: 'about' } });
    const { contract, header } = await board();
    expect((await contract()).perYear).toMatchObject({ ...gbp('31000000.00'), qualifier: 'about', roundedTo: '200000.00' });
    expect(header.totals.towers.text).toBe('about £155m');
  });

  it('adds up to at least what is known when a value is undisclosed: it is never zero', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-siam', 'AwardContract', atos);
    const { totals } = (await board()).header;
    expect(totals.towers).toMatchObject({ text: 'at least £155m, 1 undisclosed', undisclosed: 1, contracts: 2 });
    expect(totals.outside).toMatchObject({ text: 'nothing', contracts: 0 });
  });

  it('is whole once the value is disclosed', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-siam', 'AwardContract', atos);
    await world.record('contract-siam', 'DiscloseValue', { value: gbp('96000000') });
    expect((await board()).header.totals.towers).toMatchObject({ text: '£251m', undisclosed: 0, contracts: 2 });
  });

  it('keeps currencies apart', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-us', 'AwardContract', { ...csc, value: { amount: '1500000000', currency: 'USD' } });
    expect((await board()).header.totals.towers.text).toBe('£155m + US$1.5bn');
  });

  it('counts a contract of two towers once', async () => {
    await world.record('contract-euc', 'AwardContract', { ...csc, towers: ['euc', 'hosting'] });
    const { header, contract } = await board();
    expect(header.totals.towers.text).toBe('£155m');
    expect(await contract('hosting')).toEqual(await contract('euc'));
  });

  it('follows the ceiling when it is raised, and forgets what was withdrawn', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    const { events } = await world.record('contract-euc', 'ApproveChange', { kind: 'value', to: gbp('160000000') });
    const raised = await board();
    expect(raised.header.totals.towers.text).toBe('£160m');
    expect(await raised.contract()).toMatchObject({ ceiling: gbp('160000000'), original: gbp('155000000.00'), cumulative: '3.2 %' });
    await world.record('contract-euc', 'WithdrawFact', { event: events[0]!.id! });
    const withdrawn = await board();
    expect(withdrawn.header.totals.towers.text).toBe('£155m');
    expect(await withdrawn.contract()).toMatchObject({ cumulative: '0.0 %', changes: [] });
  });

  it('promises nothing before the award', async () => {
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks', towers: ['euc'] });
    const { header, row } = await board();
    expect(header.totals.towers).toMatchObject({ text: 'nothing', contracts: 0 });
    expect((await row('tower:euc')).stage).toBe('procuring');
  });
});

describe('a change', () => {
  const dcms = { ...csc, value: gbp('6807000') };
  const uplift = async (to: string, more: object = {}) =>
    world.record('contract-dcms', 'ApproveChange', { kind: 'value', to: gbp(to), ...more });

  it('is shown by three figures, since each alone misleads: £6.807m → £10.210m → £15.2m', async () => {
    await world.record('contract-dcms', 'AwardContract', dcms);
    await uplift('10210000');
    await uplift('15200000');
    const { changes, cumulative } = await (await board()).contract();
    expect(changes.map(({ figures }: { figures: object }) => figures)).toEqual([
      { stepOverOriginal: '0.499927', stepOverCurrent: '0.499927', cumulativeOverOriginal: '0.499927' },
      { stepOverOriginal: '0.733069', stepOverCurrent: '0.488737', cumulativeOverOriginal: '1.232995' },
    ]);
    expect(cumulative).toBe('123.3 %');
  });

  it('is measured from the source’s own value too, where the paper rounds: 73.5 % and 49.0 %', async () => {
    await world.record('contract-dcms', 'AwardContract', dcms);
    await uplift('10210000');
    await uplift('15200000', { statedFrom: gbp('10200000') });
    const [first, second] = (await (await board()).contract()).changes;
    expect(first).not.toHaveProperty('asStated');
    expect(second.asStated).toMatchObject({ stepOverOriginal: '0.734538', stepOverCurrent: '0.490196' });
    expect(second.figures).toMatchObject({ stepOverOriginal: '0.733069', stepOverCurrent: '0.488737' });
  });

  it('is not assessable while the original is undisclosed', async () => {
    await world.record('contract-dcms', 'AwardContract', { ...dcms, value: { undisclosed: true } });
    await uplift('10210000');
    const { changes, cumulative } = await (await board()).contract();
    expect(changes[0].figures.stepOverOriginal).toBe('not assessable');
    expect(cumulative).toBeNull();
  });

  it('is measured again when the original turns out to be another', async () => {
    await world.record('contract-dcms', 'AwardContract', dcms);
    await uplift('10210000');
    await world.record('contract-dcms', 'CorrectFact', { event: await firstOf('contract-dcms'), changes: [{ pointer: '/value', value: gbp('10000000') }], because: 'error' }); // prettier-ignore
    const { changes, trail } = await (await board()).contract();
    expect(changes[0].figures.stepOverOriginal).toBe('0.021000');
    expect(trail.corrections).toBe(1);
  });

  it('that is backdated stands between those that were recorded before it', async () => {
    await world.record('contract-dcms', 'AwardContract', dcms, { effectiveOn: '2010' });
    await world.record('contract-dcms', 'ApproveChange', { kind: 'value', to: gbp('15200000') }, { effectiveOn: '2015-06-01' });
    await world.record('contract-dcms', 'ApproveChange', { kind: 'value', to: gbp('10210000') }, { effectiveOn: '2013-06-01' });
    const { changes, ceiling } = await (await board()).contract();
    expect(changes.map(({ from, to }: { from: object; to: object }) => [from, to])).toEqual([
      [gbp('6807000'), gbp('10210000')],
      [gbp('10210000'), gbp('15200000')],
    ]);
    expect(ceiling).toEqual(gbp('15200000'));
  });

  it('shows the rule that it did not meet', async () => {
    const consent = { policy: 'consent', title: 'Scheme of consent', version: '1', inForceFrom: '2010', approvals: [{ stepOverOriginalAbove: 10, approver: 'Deputy Mayor' }] }; // prettier-ignore
    await world.record('programme-met', 'AdoptPolicy', consent, { effectiveOn: '2016-01-04' });
    await world.record('contract-dcms', 'AwardContract', dcms, { effectiveOn: '2012' });
    await world.record(
      'contract-dcms',
      'ApproveChange',
      { kind: 'value', to: gbp('10210000') },
      { effectiveOn: '2013', decidedBy: { person: 'p-1', office: 'Director' } },
    );
    const { trail, changes } = await (await board()).contract();
    expect(trail.assessed).toEqual([expect.objectContaining({ rule: 'consent/approval', result: 'not-met' })]);
    expect(changes[0].assessed).toEqual(trail.assessed);
  });
});

describe('the record behind a row', () => {
  it('keeps what other sources claim beside what was adopted', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    const event = await firstOf('contract-euc');
    const claim = { pointer: '/value', value: { ...gbp('95000000'), qualifier: 'at-most' } };
    await world.record('contract-euc', 'Annotate', { event, note: 'Another newspaper.', claim }, { evidence: [{ title: 'Press', confidence: 'press' }] }); // prettier-ignore
    const { contract, header } = await board();
    expect((await contract()).trail.claims).toEqual([{ event, ...claim, source: 'Press' }]);
    expect((await contract()).original).toEqual(csc.value);
    expect(header.totals.towers.text).toBe('£155m');
  });

  it('shows how late the latest event was recorded, and nothing of what may have been recorded in time', async () => {
    await world.record('contract-euc', 'AwardContract', csc, { effectiveOn: '2015-12-25' });
    await world.record('contract-siam', 'AwardContract', atos, { effectiveOn: 'unknown' });
    const { contract } = await board();
    expect([(await contract('euc')).trail.daysLate, (await contract('hosting')).trail.daysLate]).toEqual([10, 0]);
  });

  it('counts the days from the last that a partial date can mean', async () => {
    await world.record('contract-euc', 'AwardContract', csc, { effectiveOn: '2015' });
    expect((await (await board()).contract()).trail.daysLate).toBe(4);
  });

  it('names the last decision with its paper, and how good the evidence is', async () => {
    await world.record('contract-euc', 'AwardContract', csc, { evidence: [{ title: 'Newspaper', confidence: 'press' }] });
    const receipt = await world.record(
      'contract-euc',
      'ApproveChange',
      { kind: 'scope', summary: 'Print' },
      { authority: { reference: 'PCD 813' }, evidence: [{ uri: 'https://example.org/pcd-813', confidence: 'primary' }] },
    );
    expect((await (await board()).contract()).trail).toMatchObject({
      lastDecision: { decision: receipt.decision, command: 'ApproveChange', on: '2016-01-04', reference: 'PCD 813' },
      evidence: 'primary',
      sources: 2,
    });
  });
});

describe('the stage of a tower', () => {
  const stage = async () => (await (await board()).row('tower:euc')).stage;

  it('is planned while nothing was procured for it', async () => expect(await stage()).toBe('planned'));

  it('is what its most advanced contract says', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    expect(await stage()).toBe('awarded');
    await world.record('contract-euc', 'SignContract', {});
    expect(await stage()).toBe('transitioning');
    await world.record('contract-euc', 'StartService', {});
    expect(await stage()).toBe('live');
    await world.record('contract-next', 'PlanContract', { programme: 'met', title: 'The next one', towers: ['euc'] });
    expect(await stage()).toBe('live');
  });

  it('is exiting once its contract was terminated, with the ground and the day; then closed', async () => {
    await world.record('contract-euc', 'AwardContract', csc, { effectiveOn: '2015-06-01' });
    await world.record('contract-euc', 'SignContract', {}, { effectiveOn: '2015-06-02' });
    await world.record('contract-euc', 'TerminateContract', { ground: 'Failure to deliver', endsOn: '2016-06-30' });
    const { contract, row, header } = await board();
    expect((await row('tower:euc')).stage).toBe('exiting');
    expect(await contract()).toMatchObject({
      stage: 'exiting',
      terminations: [{ ground: 'Failure to deliver', partial: false, on: '2016-01-04' }],
      term: { ends: '2016-06-30', latestEnd: '2016-06-30' },
    });
    expect(header.totals.towers.text).toBe('£155m');
    world.wait(200);
    await world.record('contract-euc', 'CloseContract', { finalValue: gbp('12000000'), endedOn: '2016-06-30' });
    expect(await (await board()).contract()).toMatchObject({ stage: 'closed', finalValue: gbp('12000000') });
    expect(await stage()).toBe('closed');
  });

  it('stays live when only a part was terminated', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-euc', 'StartService', {});
    await world.record('contract-euc', 'TerminateContract', { ground: 'Convenience', partial: true });
    expect(await (await board()).contract()).toMatchObject({ stage: 'live', terminations: [{ partial: true }] });
  });

  it('is that of its own contract, not of one that only stood before it', async () => {
    await world.record('contract-old', 'RecordContract', { ...sscl, title: 'The incumbent', role: 'incumbent', towers: ['euc'] });
    expect(await stage()).toBe('live');
    await world.record('contract-euc', 'AwardContract', csc);
    expect(await stage()).toBe('awarded');
  });
});

describe('the stage of a tower follows what still serves', () => {
  const stageOf = async () => {
    const { stage, stageOf: whose } = await (await board()).row('tower:euc');
    return [stage, whose];
  };
  const incumbent = (more: object = {}) =>
    world.record('contract-old', 'RecordContract', { ...sscl, title: 'The incumbent', role: 'incumbent', towers: ['euc'], ...more });
  const planned = { programme: 'met', title: 'The next one', towers: ['euc'], replaces: 'old' };

  it('the incumbent is live and its successor was cancelled, or is only planned: live', async () => {
    await incumbent();
    await world.record('contract-next', 'PlanContract', planned);
    expect(await stageOf()).toEqual(['live', 'incumbent']);
    await world.record('contract-next', 'OpenTender', {});
    expect(await stageOf()).toEqual(['live', 'incumbent']);
    await world.record('contract-next', 'CancelContract', { why: 'Out of money' });
    expect(await stageOf()).toEqual(['live', 'incumbent']);
  });

  it('the incumbent is exiting and its successor is planned: exiting, until the award', async () => {
    await incumbent({ stage: 'exiting' });
    await world.record('contract-next', 'PlanContract', planned);
    expect(await stageOf()).toEqual(['exiting', 'incumbent']);
    await world.record('contract-next', 'AwardContract', { suppliers: [{ supplier: 'csc' }], value: gbp('1') });
    expect(await stageOf()).toEqual(['awarded', 'own']);
  });

  it('the same where the tower’s own contract ends and the next one is planned', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-euc', 'SignContract', {});
    await world.record('contract-euc', 'TerminateContract', { ground: 'Breach' });
    await world.record('contract-next', 'PlanContract', { ...planned, replaces: 'euc' });
    expect(await stageOf()).toEqual(['exiting', 'own']);
    await world.record('contract-euc', 'CloseContract', { finalValue: gbp('1'), endedOn: '2016-01-04' });
    expect(await stageOf()).toEqual(['procuring', 'own']);
  });

  it('closed when all is over, and nobody’s when all was cancelled', async () => {
    await world.record('contract-next', 'PlanContract', { programme: 'met', title: 'The next one', towers: ['euc'] });
    await world.record('contract-next', 'CancelContract', { why: 'Out of money' });
    expect(await stageOf()).toEqual(['planned', null]);
    await incumbent({ stage: 'closed' });
    expect(await stageOf()).toEqual(['closed', 'incumbent']);
  });
});

describe('what an independent count of the events found', () => {
  it('a cancelled or planned contract is not counted where it adds nothing: £100 is one contract', async () => {
    await world.record('contract-euc', 'AwardContract', { ...csc, value: gbp('100') });
    await world.record('contract-networks', 'PlanContract', { programme: 'met', title: 'Networks', towers: ['euc'] });
    await world.record('contract-print', 'PlanContract', { programme: 'met', title: 'Print', towers: ['euc'] });
    await world.record('contract-print', 'CancelContract', { why: 'Out of money' });
    const { header, row } = await board();
    expect(header.totals.towers).toMatchObject({ text: '£100', contracts: 1 });
    expect((await row('tower:euc')).counts.contracts).toBe(3);
  });

  it('a contract outside the towers that names a tower stands in one place', async () => {
    await world.record('contract-sscl', 'RecordContract', { ...sscl, role: 'outside', towers: ['euc'] });
    const { header, row } = await board();
    expect(await row('tower:euc')).toMatchObject({ stage: 'planned', contracts: [], total: { text: 'nothing' }, counts: { contracts: 0 } });
    expect((await row('contract:sscl')).group).toBe('outside');
    expect(header.totals).toMatchObject({ towers: { text: 'nothing', contracts: 0 }, outside: { text: '£216m', contracts: 1 } });
  });

  it('a contract whose last day has passed says since when it is past its end, and what else is unusual', async () => {
    await world.record(
      'contract-euc',
      'AwardContract',
      { ...csc, termMonths: 24, startsOn: '2014-01-01', endsOn: '2015-12-31' },
      { effectiveOn: '2014-02' },
    );
    await world.record('contract-euc', 'StartService', {}, { effectiveOn: '2014-03-01' });
    const { contract } = await board();
    const { pastEndFrom, findings } = await contract();
    expect(pastEndFrom).toBe('2016-01-01');
    expect(findings.map(({ code }: { code: string }) => code)).toEqual(['term-before-award', 'service-without-signature']);
    await world.record('contract-euc', 'CloseContract', { how: 'expired', finalValue: gbp('1'), endedOn: '2015-12-31' });
    expect(await (await board()).contract()).toMatchObject({ pastEndFrom: null, closed: { how: 'expired', endedOn: '2015-12-31' } });
  });

  it('a partial end is called partial, and the extension that is sought says why', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-euc', 'StartService', {});
    await world.record('contract-euc', 'TerminateContract', { ground: 'Print is no longer needed', partial: true });
    await world.record('contract-euc', 'SeekExtension', { until: '2022', why: 'Migration takes longer' });
    await world.record('contract-euc', 'ApproveChange', { kind: 'scope', summary: 'Tablets were added.' });
    expect(await (await board()).contract()).toMatchObject({
      terminations: [{ partial: true, ground: 'Print is no longer needed' }],
      extensionSought: { until: '2022', why: 'Migration takes longer' },
      changes: [{ kind: 'scope', summary: 'Tablets were added.' }],
    });
  });
});

describe('the term of a contract', () => {
  it('ends on the last day of its months, and at the latest on that of every option that is open or exercised', async () => {
    const options = [
      { option: 'year-6', months: 12, status: 'open' },
      { option: 'year-7', months: 12, status: 'lapsed' },
    ];
    await world.record('contract-euc', 'AwardContract', { ...csc, options });
    expect((await (await board()).contract()).term).toEqual({
      months: 60,
      startsOn: '2016-01-01',
      ends: '2020-12-31',
      endBasis: 'term-start',
      latestEnd: '2021-12-31',
    });
  });

  it('is as precise as its dates', async () => {
    await world.record('contract-euc', 'AwardContract', { ...csc, startsOn: '2016-02' });
    expect((await (await board()).contract()).term.ends).toBe('[2021-01-31..2021-02-28]');
  });
});

describe('the board', () => {
  it('has a header, a row for each tower, and one for each contract that stands outside them', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-sscl', 'RecordContract', sscl);
    const { rows, header, row } = await board();
    expect((await rows.all('tower-board')).map(({ key, row: { group } }) => [key, group])).toEqual([
      ['contract:sscl', 'outside'],
      ['programme:met', 'programme'],
      ['tower:euc', 'towers'],
      ['tower:hosting', 'towers'],
    ]);
    expect(await row('contract:euc')).toBeUndefined();
    expect((await row('contract:sscl')).contracts[0]).toMatchObject({
      title: 'Back office',
      supplierName: 'Atos',
      perYear: gbp('21600000.00'),
    });
    expect(header).toMatchObject({
      title: 'Total Technology',
      towers: 2,
      faultedStreams: 0,
      totals: { towers: { text: '£155m', contracts: 1 }, outside: { text: '£216m', contracts: 1 } },
    });
  });

  it('moves a contract outside when it turns out to serve no tower', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('contract-euc', 'WithdrawFact', { event: await firstOf('contract-euc') });
    await world.record('contract-euc', 'AwardContract', { ...csc, towers: [] });
    const { header, row } = await board();
    expect((await row('tower:euc')).contracts).toEqual([]);
    expect((await row('contract:euc')).group).toBe('outside');
    expect(header.totals).toMatchObject({ towers: { text: 'nothing', contracts: 0 }, outside: { text: '£155m', contracts: 1 } });
  });

  it('shows the integrator and the warnings with their sources', async () => {
    await world.record('contract-siam', 'AwardContract', atos);
    await world.record('programme-met', 'AppointIntegrator', { contract: 'siam' });
    const warning = { warning: 'gds', summary: 'The tower model is no longer policy.', by: 'Cabinet Office', source: { title: 'Blog' } };
    await world.record('programme-met', 'AddWarning', warning, { effectiveOn: '2016-01' });
    const { header } = await board();
    expect(header.integrator).toEqual({ contract: 'siam', on: '2016-01-04' });
    expect(header.warnings).toEqual([{ ...warning, on: '2016-01', about: null, answers: [] }]);
  });

  it('names a supplier by its title as corrected, on every row that shows it', async () => {
    await world.record('contract-euc', 'AwardContract', csc);
    await world.record('supplier-csc', 'CorrectFact', { event: await firstOf('supplier-csc'), changes: [{ pointer: '/title', value: 'Computer Sciences Corporation' }], because: 'refined' }); // prettier-ignore
    const { rows, contract } = await board();
    expect((await contract()).supplierName).toBe('Computer Sciences Corporation');
    expect(Object.keys((await rows.updates('tower-board')).at(-1)!.changes)).toEqual(['tower:euc']);
  });

  it('shows a board of the past as it was then', async () => {
    await world.record('contract-euc', 'AwardContract', { ...csc, value: { undisclosed: true } });
    const then = (await world.events()).length;
    await world.record('contract-euc', 'DiscloseValue', { value: gbp('155000000') });
    const { rows } = await board();
    expect((await rows.row('tower-board', 'programme:met', then)).totals.towers.text).toBe('1 undisclosed');
    expect((await rows.row('tower-board', 'programme:met')).totals.towers.text).toBe('£155m');
  });
});
