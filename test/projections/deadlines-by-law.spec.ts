import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { deadlines } from '../../projections/deadlines.js';
import { closeRows, Rows } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const TODAY = '2026-03-02';
let world: World;
beforeEach(async () => {
  world = new World(TODAY);
  await recordWorld(world);
});
afterEach(closeRows);

const terms = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], value: gbp('1000000') };
const record = (command: string, data: object, effectiveOn?: string) =>
  world.record('contract-csc', command, data, effectiveOn === undefined ? {} : { effectiveOn });
const award = (regime: string, on: string, more: object = {}) => record('AwardContract', { ...terms, regime, ...more }, on);
const publish = (kind: string, on: string) => record('PublishNotice', { kind, reference: `${kind} of ${on}` }, on);
const dues = async (filters: Readonly<Record<string, string>> = {}): Promise<Readonly<Record<string, string | null>>> => {
  const { projector } = await new Rows(world.store, [deadlines]).read();
  const { rows } = await projector.rows('deadlines', { limit: 100, filters });
  return Object.fromEntries(rows.map(({ key, row }) => [key, (row as { due: string | null }).due]));
};
const notices = () => dues({ kind: 'notice' });
const sentences = async () => {
  const { projector } = await new Rows(world.store, [deadlines]).read();
  return (await projector.rows('deadlines', { limit: 100, filters: { kind: 'notice' } })).rows.map(({ row }) => row['what']);
};

describe('the notice of an award is due', () => {
  it.each([
    ['48 days after it', 'PCR2006', '2014-01-10', '2014-02-27'],
    ['30 days after it', 'PCR2015', '2016-01-31', '2016-03-01'],
    ['within a month of days after an award whose day is not known', 'PCR2015', '2016-01', '[2016-01-31..2016-03-01]'],
  ])('%s under %s', async (_, regime, on, due) => {
    await award(regime, on);
    expect(await notices()).toEqual({ 'notice:csc/award': due });
    await record('PublishAwardNotice', { reference: '2016/S 045-075423' }, on.slice(0, 4) === '2014' ? '2014-02-01' : '2016-02-05');
    expect(await notices()).toEqual({});
  });

  it('before the contract is concluded under the Act: without a day until then, and on that day where it was not published', async () => {
    await award('PA2023', '2025-06-01');
    expect(await notices()).toEqual({ 'notice:csc/award': null });
    expect(await sentences()).toEqual(['The notice of the award of Hosting is to be published (s. 50)']);
    await record('SignContract', {}, '2025-06-20');
    expect(await notices()).toEqual({ 'notice:csc/award': '2025-06-20', 'notice:csc/contract-details': '2025-07-19' });
  });

  it.each(['framework-call-off', 'other', 'unknown'])('under no law that is known, of a contract of the regime %s', async (regime) => {
    await award(regime, '2025-06-01');
    expect(await notices()).toEqual({});
  });

  it('by the law of the day on which the tender was opened, where no regime was said', async () => {
    await record('PlanContract', { programme: 'met', title: 'Hosting' }, '2015-03-01');
    await record('OpenTender', {}, '2015-03-02');
    await record('AwardContract', terms, '2015-12-01');
    expect(await notices()).toEqual({ 'notice:csc/award': '2015-12-31' });
  });
});

describe('under the Act', () => {
  it('the details are published within 30 days that begin with the conclusion', async () => {
    await award('PA2023', '2025-06-01');
    await record('PublishAwardNotice', { reference: 'n-1' }, '2025-06-02');
    await record('SignContract', {}, '2025-12-31');
    expect(await notices()).toEqual({ 'notice:csc/contract-details': '2026-01-29' });
    await publish('contract-details', '2026-02-10');
    expect(await notices()).toEqual({});
  });

  it('the end is announced within 30 days that begin with it, however the contract ended', async () => {
    await award('PA2023', '2025-03-01', { endsOn: '2026-01-31' });
    await record('PublishAwardNotice', { reference: 'n-1' }, '2025-03-02');
    await record('SignContract', {}, '2025-03-20');
    await publish('contract-details', '2025-03-30');
    expect(await notices()).toEqual({});
    await record('CloseContract', { endedOn: '2026-01-31', finalValue: gbp('1000000') }, '2026-02-02');
    expect(await notices()).toEqual({ 'notice:csc/termination': '2026-03-01' });
    await publish('termination', '2026-02-20');
    expect(await notices()).toEqual({});
  });

  describe('a change by more than 10 % is announced before it', () => {
    beforeEach(async () => {
      await award('PA2023', '2025-03-01', { endsOn: '2027-01-31' });
      await record('PublishAwardNotice', { reference: 'n-1' }, '2025-03-02');
      await record('SignContract', {}, '2025-03-20');
      await publish('contract-details', '2025-03-30');
    });
    const changed = (by: string, on: string) => record('ApproveChange', { kind: 'value', by: gbp(by) }, on);

    it('once it is proposed, by the day on which a decision is asked for', async () => {
      await record('ProposeChange', { proposal: 'more', kind: 'value', by: gbp('200000'), decideBy: '2026-04-01' }, '2026-02-01');
      await record('ProposeChange', { proposal: 'little', kind: 'value', by: gbp('100000'), decideBy: '2026-04-01' }, '2026-02-01');
      expect(await notices()).toEqual({ 'notice:csc/change/more': '2026-04-01' });
      expect(await sentences()).toEqual(['The notice of a change of Hosting is perhaps to be published (s. 75(1))']);
      await publish('change', '2026-02-20');
      expect(await notices()).toEqual({});
    });

    it('and is overdue from its own day on where it was approved without one, until one is published', async () => {
      await changed('100000', '2025-06-01');
      await changed('200000', '2025-07-01');
      expect(Object.entries(await notices())).toEqual([[expect.stringMatching(/^notice:csc\/change\/[0-9a-f-]{36}$/), '2025-07-01']]);
      await publish('change', '2025-09-01');
      expect(await notices()).toEqual({});
    });

    it('a notice is of one change: another change asks for another one', async () => {
      await publish('change', '2025-06-20');
      await changed('200000', '2025-07-01');
      expect(await notices()).toEqual({});
      await changed('300000', '2025-08-01');
      expect(Object.values(await notices())).toEqual(['2025-08-01']);
    });

    it('of a change whose size is not known it is said to be due perhaps', async () => {
      await record('ApproveChange', { kind: 'value', by: { ...gbp('90000'), qualifier: 'at-least' } }, '2025-07-01');
      expect(await sentences()).toEqual([expect.stringContaining('is perhaps to be published')]);
    });
  });
});

it('a change by regulation 72(1)(b) or (c) is announced, by no day that is set', async () => {
  await award('PCR2015', '2016-01-31');
  await record('PublishAwardNotice', { reference: 'n-1' }, '2016-02-02');
  await record('ApproveChange', { kind: 'value', by: gbp('1000'), ground: 'PCR 2015 reg. 72(1)(e)' }, '2017-01-01');
  expect(await notices()).toEqual({});
  await record('ApproveChange', { kind: 'value', by: gbp('200000'), ground: 'PCR 2015 reg. 72(1)(b)' }, '2017-06-01');
  expect(Object.values(await notices())).toEqual([null]);
  await publish('change', '2017-06-20');
  expect(await notices()).toEqual({});
});

describe('what was published before the history of a contract is complete here', () => {
  const imported = { ...terms, stage: 'live', role: 'outside', regime: 'PCR2015', awardedOn: '2016-01-31', signedOn: '2016-02-20' };
  const changed = (on: string) => record('ApproveChange', { kind: 'value', by: gbp('200000'), ground: 'reg. 72(1)(c)' }, on);

  it('is not asked for: the contract was recorded when it ran already', async () => {
    await record('RecordContract', imported, '2020-01-01');
    expect(await notices()).toEqual({});
    await changed('2021-06-01');
    expect(Object.values(await notices())).toEqual([null]);
  });

  it('is asked for where its whole history is recorded', async () => {
    await record('RecordContract', { ...imported, historyCompleteFrom: '2015' }, '2020-01-01');
    expect(await notices()).toEqual({ 'notice:csc/award': '2016-03-01' });
  });
});

describe('reviews and ends that a record names', () => {
  const met = (command: string, data: object, effectiveOn?: string) =>
    world.record('programme-met', command, data, effectiveOn === undefined ? {} : { effectiveOn });
  const source = { title: 'A newspaper' };

  it('a risk is reviewed as it was said last, until it is closed', async () => {
    await met('RaiseRisk', { risk: 'integration', summary: 'Nobody integrates', source, reviewDue: '2026-06-30' });
    await met('RaiseRisk', { risk: 'quiet', summary: 'Nobody looks', source });
    expect(await dues()).toEqual({ 'risk-review:met/integration': '2026-06-30' });
    await met('MitigateRisk', { risk: 'integration', measure: 'An integrator', reviewDue: '2026-12-31' });
    expect(await dues()).toEqual({ 'risk-review:met/integration': '2026-12-31' });
    await met('MitigateRisk', { risk: 'integration', measure: 'Another one' });
    expect(await dues()).toEqual({ 'risk-review:met/integration': '2026-12-31' });
    await met('CloseRisk', { risk: 'integration', how: 'passed' });
    expect(await dues()).toEqual({});
  });

  it('a policy is reviewed, and ends, by its version that was adopted last', async () => {
    const policy = { policy: 'scheme', title: 'Scheme of consent', checks: ['standstill'], inForceFrom: '2026' };
    await met('AdoptPolicy', { ...policy, version: '1', inForceUntil: '2026-12-31', reviewDue: '2026-10' });
    expect(await dues()).toEqual({ 'policy-end:met/scheme': '2026-12-31', 'policy-review:met/scheme': '2026-10' });
    await met('AdoptPolicy', { ...policy, version: '2', reviewDue: '2027-10' });
    expect(await dues()).toEqual({ 'policy-review:met/scheme': '2027-10' });
  });

  it('a suspension ends on its day, of a supplier of every programme', async () => {
    await world.record('supplier-csc', 'SuspendSupplier', { ground: 'Grave misconduct', until: '2027-03-01' });
    await world.record('supplier-atos', 'SuspendSupplier', { ground: 'Grave misconduct' });
    expect(await dues({ supplier: 'csc' })).toEqual({ 'suspension:csc': '2027-03-01' });
    await world.record('supplier-csc', 'ReinstateSupplier', {});
    expect(await dues()).toEqual({});
  });

  it('tenders come in by their last day, until the contract is awarded', async () => {
    await record('PlanContract', { programme: 'met', title: 'Hosting' });
    await record('OpenTender', { closesOn: '2026-05-31', regime: 'other' });
    expect(await dues()).toEqual({ 'tender:csc': '2026-05-31' });
    await record('AwardContract', { ...terms, endsOn: '2030-01-31' });
    expect(await dues()).toEqual({ 'end:csc': '2030-01-31' });
  });

  it('a lot ends on a day of its own', async () => {
    const lots = [
      { lot: 'servers', title: 'Servers', term: { startsOn: '2026-03-31', months: 6 } },
      { lot: 'cloud', title: 'Cloud', term: { endsOn: '2030-01-31' } },
      { lot: 'desks', title: 'Desks' },
    ];
    await award('other', '2026-02-01', { kind: 'framework', lots, endsOn: '2030-01-31' });
    expect(await dues()).toEqual({ 'end:csc': '2030-01-31', 'lot:csc/servers': '2026-09-30' });
  });
});
