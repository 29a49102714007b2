import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deadlines, type Deadline } from '../../projections/deadlines.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
afterEach(closeRows);

const contract = { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('1000000.00') };
const award = (more: object = {}, on = '2015-11-16') =>
  world.record(
    'contract-csc',
    'AwardContract',
    { ...contract, startsOn: '2015-12-01', endsOn: '2020-11-30', ...more },
    { effectiveOn: on },
  );
const record = (command: string, data: object, effectiveOn: string) => world.record('contract-csc', command, data, { effectiveOn });
const rows = () => new Rows(world.store, [deadlines]).read();
const found = async (filters: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, Deadline>>> =>
  Object.fromEntries(
    (await (await rows()).projector.rows('deadlines', { limit: 100, filters })).rows.map(({ key, row }) => [
      key,
      row as unknown as Deadline,
    ]),
  );

describe('a contract that runs', () => {
  it('has its end, and the last day of the notice of each open option', async () => {
    await award({ options: [{ option: 'first', months: 12, noticeMonths: 6 }, { option: 'second', months: 12 }] }); // prettier-ignore
    expect(await found()).toEqual({
      'end:csc': expect.objectContaining({ kind: 'end', what: 'Hosting ends', due: '2020-11-30', earliest: '2020-11-30', latest: '2020-11-30', programme: 'met', contract: 'csc', suppliers: [{ supplier: 'csc' }] }), // prettier-ignore
      'option:csc/first': expect.objectContaining({ due: '2020-05-31' }),
      'option:csc/second': expect.objectContaining({ due: '2020-11-30' }),
    });
  });

  it('whose end is uncertain is near from its first possible day, and overdue after its last', async () => {
    await award({ endsOn: '2020-11' });
    expect((await found())['end:csc']).toMatchObject({ due: '2020-11', earliest: '2020-11-01', latest: '2020-11-30' });
    const near = await Promise.all(['2020-10-31', '2020-11-01'].map((dueBy) => found({ dueBy })));
    expect(near.map((rows) => Object.keys(rows))).toEqual([[], ['end:csc']]);
    const overdue = await Promise.all(['2020-11-30', '2020-12-01'].map((overdueOn) => found({ overdueOn })));
    expect(overdue.map((rows) => Object.keys(rows))).toEqual([[], ['end:csc']]);
  });

  it('such as a lease of 999 years has its end in the fourth millennium, and with an option that is open the day after', async () => {
    await award({ startsOn: '2020-01-01', endsOn: undefined, termMonths: 11_988, options: [{ option: 'more', months: 12_000 }] });
    const end = { due: '3018-12-31', earliest: '3018-12-31', latest: '3018-12-31' };
    expect(await found()).toMatchObject({ 'end:csc': end, 'option:csc/more': end });
    expect(Object.keys(await found({ dueFrom: '3018-12-31', dueBy: '3018-12-31' }))).toHaveLength(2);
    expect(Object.keys(await found({ dated: 'false' }))).toEqual([]);
    await record('ApproveChange', { kind: 'term', endsOn: '3118-12-31' }, '2018-03-01');
    expect((await found())['end:csc']).toMatchObject({ due: '3118-12-31', latest: '3118-12-31' });
  });

  it('has its day also where a term leads beyond the last year in which a day can be recorded', async () => {
    await award({ startsOn: '3199-12', endsOn: undefined, termMonths: 12 });
    const due = { due: '[3200-11-30..3200-12-30]', earliest: '3200-11-30', latest: '3200-12-30' };
    expect((await found())['end:csc']).toMatchObject(due);
  });

  it('whose end nobody knows stands under no date', async () => {
    await world.record('contract-csc', 'AwardContract', contract, { effectiveOn: '2015-11-16' });
    expect((await found())['end:csc']).toMatchObject({ due: null, earliest: null, latest: null });
    expect(Object.keys(await found({ dated: 'false' }))).toEqual(['end:csc']);
    expect(Object.keys(await found({ dated: 'true' }))).toEqual([]);
  });

  it('goes on to its new end when its term is extended', async () => {
    await award();
    await record('ApproveChange', { kind: 'term', endsOn: '2021-11-30' }, '2018-03-01');
    expect((await found())['end:csc']).toMatchObject({ due: '2021-11-30' });
  });

  it('ends on the day on which a notice takes effect, and offers its options no more', async () => {
    await award({ options: [{ option: 'first', months: 12 }] });
    await record('SignContract', {}, '2015-11-20');
    await record('GiveTerminationNotice', { by: 'authority', takesEffectOn: '2019-12-31' }, '2019-09-01');
    const rows = await found();
    expect(Object.keys(rows)).toEqual(['end:csc']);
    expect(rows['end:csc']).toMatchObject({ due: '2019-12-31' });
  });

  it('has no deadline once it is closed', async () => {
    await award({ startsOn: '2015-12-01', endsOn: '2018-11-30' });
    await record('SignContract', {}, '2015-11-20');
    await record('CloseContract', { endedOn: '2018-11-30', finalValue: gbp('1000000.00') }, '2018-12-01');
    expect(await found()).toEqual({});
  });
});

it('the standstill of an award is due until the contract is signed', async () => {
  await award();
  await record('PublishAwardNotice', { reference: '2015/S 123', standstillEndsOn: '2015-11-27' }, '2015-11-17');
  expect((await found())['standstill:csc']).toMatchObject({ due: '2015-11-27', what: 'The standstill of Hosting ends' });
  await record('SignContract', {}, '2015-11-30');
  expect((await found())['standstill:csc']).toBeUndefined();
});

describe('a programme', () => {
  const programme = (command: string, data: object, on?: string) =>
    world.record('programme-met', command, data, on ? { effectiveOn: on } : {});
  beforeEach(async () => {
    world = new World('2019-11-04');
    const charter = { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' };
    await world.record('programme-met', 'CharterProgramme', charter, { effectiveOn: '2010' });
  });

  it('reviews the strategy that it published last', async () => {
    await programme('PublishStrategy', { strategy: 's', title: 'Total Technology', version: '1', reviewDue: '2016' }, '2015-01-01');
    await programme('PublishStrategy', { strategy: 't', title: 'Total Technology', version: '2', reviewDue: '2018-04' }, '2017-01-01');
    expect(await found()).toEqual({ 'review:met/t': expect.objectContaining({ due: '2018-04', programme: 'met', contract: null }) });
  });

  it('has its targets for savings and headcounts, where they name a day', async () => {
    await programme('SetSavingsTarget', { target: 'a', title: 'Three years', amount: gbp('60000000'), by: '2018' });
    await programme('SetSavingsTarget', { target: 'b', title: 'Some day', amount: gbp('1') });
    await programme(
      'SetHeadcountTarget',
      { target: 'c', title: 'In-house', to: { count: 100, unit: 'people' }, by: '2017-03' },
      '2015-01-01',
    );
    expect(Object.keys(await found())).toEqual(['headcount:met/c', 'saving:met/a']);
  });
});

describe('a plan to transfer staff', () => {
  const pool = (employer: string) => ({ employer, function: 'it', unit: 'people' });
  const plan = { plan: 'p1', programme: 'met', from: pool('authority'), to: pool('csc'), inScope: { count: 10, unit: 'people' } };
  const staff = (command: string, data: object, effectiveOn: string) => world.record('workforce-met', command, data, { effectiveOn });
  const planned = (more: object = {}) =>
    staff('PlanTransfer', { ...plan, basis: 'service-provision-change', expectedOn: '2016-06-01', ...more }, '2016-01-04');

  it('is due on its day, and its liability information 28 days before', async () => {
    await planned();
    expect(await found()).toMatchObject({
      'transfer:met/p1': { due: '2016-06-01', what: 'Transfer p1 from authority to csc' },
      'liability-information:met/p1': { due: '2016-05-04' },
    });
  });

  it('asks for no information that was delivered, and for none where no law does', async () => {
    await planned();
    await staff('DeliverLiabilityInformation', { plan: 'p1' }, '2016-04-01');
    expect(Object.keys(await found())).toEqual(['transfer:met/p1']);
  });

  it('is no deadline once it is cancelled or done', async () => {
    await planned();
    await staff(
      'TransferStaff',
      { transfer: 't', plan: 'p1', from: pool('authority'), to: pool('csc'), inScope: 10, moved: 10 },
      '2016-06-01',
    );
    expect(await found()).toEqual({});
  });
});

it('is asked by kind, programme, contract and supplier', async () => {
  await award();
  const all = [{ kind: 'end' }, { programme: 'met' }, { contract: 'csc' }, { supplier: 'csc' }];
  for (const filters of all) expect(Object.keys(await found(filters))).toEqual(['end:csc']);
  for (const filters of all) expect(await found(Object.fromEntries(Object.keys(filters).map((name) => [name, 'other'])))).toEqual({});
});

describe('the ladder of an end, and periods', () => {
  const END = '2020-11-30';
  it.each([365, 180, 90, 60, 30, 14, 7])('%i days before it is near, and a day earlier it is not', async (days) => {
    await award({ endsOn: END });
    const on = async (day: string, within: number) => {
      const { projector } = await new Rows(world.store, [deadlines], undefined, { now: () => `${day}T12:00:00.000Z` }).read();
      return (await projector.rows('deadlines', { filters: { within: String(within) } })).rows.map(({ key }) => key);
    };
    const rung = Temporal.PlainDate.from(END).subtract({ days });
    expect([await on(rung.toString(), days), await on(rung.subtract({ days: 1 }).toString(), days)]).toEqual([['end:csc'], []]);
  });

  it('an uncertain end is near from its earliest day on, what is overdue stays near, and no number of days is none', async () => {
    await award({ endsOn: '2015-12' });
    expect(Object.keys(await found({ within: '7' }))).toEqual(['end:csc']);
    for (const within of ['', 'soon', '-1', '7.5', '12345']) expect(await found({ within })).toEqual({});
  });

  it.each([
    ['2020-11-01', '2020-11-30', true],
    ['2020-11-30', '2021-01-31', true],
    ['2020-12-01', '2021-01-31', false],
    ['2020-01-01', '2020-11-29', false],
  ])('what may be due from %s to %s', async (dueFrom, dueBy, isDue) => {
    await award({ endsOn: END });
    expect(Object.keys(await found({ dueFrom, dueBy }))).toEqual(isDue ? ['end:csc'] : []);
  });
});

it('everything that a contract has to do has a row of its own, with its owner, and its key stays the same', async () => {
  await award({
    value: { withheld: { until: '2021-01-01', why: 'Competition' } },
    options: [{ option: 'first', months: 12, noticeMonths: 6 }],
    breaks: [{ afterMonths: 24 }],
    noticeDays: 180,
  });
  await record('PublishAwardNotice', { reference: '2015/S 123', standstillEndsOn: '2015-11-27' }, '2015-11-17');
  const atAward = await found();
  await record('SignContract', {}, '2015-11-30');
  await record('StartService', {}, '2015-12-01');
  await record('AssignOwner', { owner: 'jane' }, '2016-01-01');
  await record('SeekExtension', { until: '2021-11-30' }, '2016-02-01');
  await record('SetMilestone', { milestone: 'cut-over', title: 'Cut-over', baseline: '2016-06-30' }, '2016-02-01');
  await record('SetKpis', { kpis: [{ kpi: 'calls', title: 'Calls answered', every: 3 }] }, '2016-02-01');
  await record('ProposeChange', { proposal: 'p', kind: 'value', by: gbp('1.00'), decideBy: '2016-04-01' }, '2016-02-01');
  const rows = await found({ owner: 'jane' });
  expect(Object.fromEntries(Object.entries(rows).map(([key, { due }]) => [key, due]))).toEqual({
    'break:csc/24': '2017-06-03',
    'end:csc': '2020-11-30',
    'extension:csc': '2020-11-30',
    'kpi:csc/calls': '2016-02-29',
    'milestone:csc/cut-over': '2016-06-30',
    'option:csc/first': '2020-05-31',
    'proposal:csc/p': '2016-04-01',
    'withheld:csc': '2021-01-01',
  });
  expect(Object.keys(atAward)).toEqual(['break:csc/24', 'end:csc', 'option:csc/first', 'standstill:csc', 'withheld:csc']);
  expect(await found({ owner: 'joe' })).toEqual({});
  await record('RecordMilestone', { milestone: 'cut-over' }, '2016-07-01');
  await record('RejectChange', { proposal: 'p', why: 'Too dear' }, '2016-07-01');
  expect(Object.keys(rows)).toEqual(expect.arrayContaining(['milestone:csc/cut-over', 'proposal:csc/p']));
  for (const done of ['milestone:csc/cut-over', 'proposal:csc/p']) expect(await found()).not.toHaveProperty([done]);
});
