import { describe, expect, it } from '@jest/globals';
import { applyServiceCredit } from '../../src/domain/contract/commands/apply-service-credit.js';
import { assessKpi } from '../../src/domain/contract/commands/assess-kpi.js';
import { assignOwner } from '../../src/domain/contract/commands/assign-owner.js';
import { missMilestone } from '../../src/domain/contract/commands/miss-milestone.js';
import { moveMilestone } from '../../src/domain/contract/commands/move-milestone.js';
import { recordDelay } from '../../src/domain/contract/commands/record-delay.js';
import { recordDispute } from '../../src/domain/contract/commands/record-dispute.js';
import { recordMilestone } from '../../src/domain/contract/commands/record-milestone.js';
import { resolveDispute } from '../../src/domain/contract/commands/resolve-dispute.js';
import { setKpis } from '../../src/domain/contract/commands/set-kpis.js';
import { setMilestone } from '../../src/domain/contract/commands/set-milestone.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream } from '../given.js';

const given = specification(contract, {
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '2009')),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
  ],
});
const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const awarded = context(
  'ContractAwarded',
  {
    programme: 'met',
    title: 'Desk',
    suppliers: [{ supplier: 'csc' }],
    value: gbp('1000000'),
    startsOn: '2016-04-01',
    endsOn: '2027-03-31',
  },
  '2016-02-01',
);
const goLive = { milestone: 'go-live', title: 'Go-live of hosting', baseline: '2016-06-30' };
const set = context('MilestoneSet', goLive, '2016-02-02');
const reached = context('MilestoneReached', { milestone: 'go-live' }, '2016-09-01');

describe('a milestone', () => {
  it('is expected on the day that was agreed, until it is moved', async () => {
    await given(awarded)
      .when(setMilestone, goLive)
      .leaves({ milestones: [{ ...goLive, forecast: '2016-06-30', status: 'planned', moves: 0 }] });
    await given(awarded, set)
      .when(moveMilestone, { milestone: 'go-live', forecast: '2016-09', cause: 'Data' })
      .leaves({ milestones: [{ baseline: '2016-06-30', forecast: '2016-09', cause: 'Data', moves: 1, status: 'planned' }] });
  });

  it('that is moved again for no stated cause has none', () =>
    given(awarded, set, context('MilestoneMoved', { milestone: 'go-live', forecast: '2016-09', cause: 'Data' }, '2016-03'))
      .when(moveMilestone, { milestone: 'go-live', forecast: '2016-08' })
      .leaves((c) => expect(c.milestones).toEqual([expect.not.objectContaining({ cause: 'Data' })])));

  it('is moved, missed and reached by itself, whichever others there are', async () => {
    const [one, two] = ['one', 'two'].map((milestone) => context('MilestoneSet', { milestone, title: milestone, baseline: '2016-03-31' }, '2016-02-02')); // prettier-ignore
    const world = given(awarded, one!, set, two!);
    const first = { milestone: 'one', status: 'planned', moves: 0 };
    const last = { milestone: 'two', status: 'planned', moves: 0 };
    const it = { milestone: 'go-live' };
    await world
      .when(moveMilestone, { ...it, forecast: '2016-09' })
      .leaves({ milestones: [first, { ...it, forecast: '2016-09', moves: 1 }, last] });
    await world.when(missMilestone, it, { effectiveOn: '2016-07-01' }).leaves({ milestones: [first, { ...it, status: 'missed' }, last] });
    await world
      .when(recordMilestone, { ...it, reachedOn: '2026-03-01' })
      .leaves({ milestones: [first, { ...it, status: 'reached', reachedOn: '2026-03-01' }, last] });
    await world.when(moveMilestone, { milestone: 'three', forecast: '2017' }).rejects('contract/unknown-milestone', { detail: 'It has one, go-live, two.' }); // prettier-ignore
    await world
      .when(missMilestone, it, { effectiveOn: '2016-06-01' })
      .rejects('contract/not-yet-missed', { detail: 'go-live is agreed for 2016-06-30.' });
    const ahead = { ...it, reachedOn: '2016-08' };
    await world.when(recordMilestone, ahead, { effectiveOn: '2016-07-01' }).rejects('contract/reached-in-the-future', { detail: 'It is recorded as of 2016-07-01.' }); // prettier-ignore
  });

  it.each(['go-live', 'Go-Live of Hosting'])('moves with a delay of %s', (milestone) =>
    given(awarded, set, context('MilestoneSet', { ...goLive, milestone: 'other', title: 'Other' }, '2016-02-02'))
      .when(recordDelay, { milestone, to: '2016-12', cause: 'Staff' })
      .leaves({
        milestones: [
          { forecast: '2016-12', moves: 1, cause: 'Staff' },
          { milestone: 'other', moves: 0 },
        ],
      }),
  );

  it('moves alone with a delay of its title, where titles have no letter in them', () => {
    const titled = (milestone: string, title: string) => context('MilestoneSet', { ...goLive, milestone, title }, '2016-02-02');
    return given(awarded, titled('one', '***'), titled('two', '+++'))
      .when(recordDelay, { milestone: '+++', to: '2016-12' })
      .leaves({ milestones: [{ milestone: 'one', moves: 0 }, { milestone: 'two', moves: 1, forecast: '2016-12' }] }); // prettier-ignore
  });

  it('that was reached does not move with a delay', () =>
    given(awarded, set, reached)
      .when(recordDelay, { milestone: 'go-live', to: '2017-12' })
      .leaves({ milestones: [{ moves: 0, status: 'reached', reachedOn: '2016-09-01' }] }));

  it('that was missed may still be reached, on the day of the act or an earlier one', async () => {
    await given(awarded, set)
      .when(missMilestone, { milestone: 'go-live', cause: 'Data' }, { effectiveOn: '2016-07-01' })
      .leaves({ milestones: [{ status: 'missed', cause: 'Data', forecast: '2016-06-30' }] });
    await given(awarded, set, context('MilestoneMissed', { milestone: 'go-live' }, '2016-07-01'))
      .when(recordMilestone, { milestone: 'go-live', reachedOn: '2026-03-01' })
      .leaves({ milestones: [{ status: 'reached', reachedOn: '2026-03-01' }] });
  });

  it('has one baseline', () =>
    given(awarded, set)
      .when(setMilestone, { ...goLive, baseline: '2017' })
      .rejects('contract/milestone-exists', { pointer: '/milestone', detail: '2016-06-30' }));

  it('is set before anything happens to it', async () => {
    const other = { milestone: 'other' };
    await given(awarded, set)
      .when(moveMilestone, { ...other, forecast: '2017' })
      .rejects('contract/unknown-milestone', { pointer: '/milestone', detail: 'It has go-live.' });
    await given(awarded).when(recordMilestone, other).rejects('contract/unknown-milestone', { detail: 'It has none.' });
    await given(awarded).when(missMilestone, other).rejects('contract/unknown-milestone');
  });

  it('is over once it was reached', async () => {
    const it = { milestone: 'go-live' };
    await given(awarded, set, reached)
      .when(moveMilestone, { ...it, forecast: '2017' })
      .rejects('contract/milestone-reached', { detail: '2016-09-01' });
    await given(awarded, set, reached).when(recordMilestone, it).rejects('contract/milestone-reached');
    await given(awarded, set, reached).when(missMilestone, it).rejects('contract/milestone-reached');
  });

  it('is neither reached in the future nor missed before its day', async () => {
    await given(awarded, set)
      .when(recordMilestone, { milestone: 'go-live', reachedOn: '2026-04' })
      .rejects('contract/reached-in-the-future', { pointer: '/reachedOn' });
    await given(awarded, set)
      .when(missMilestone, { milestone: 'go-live' }, { effectiveOn: '2016-06-29' })
      .rejects('contract/not-yet-missed', { detail: '2016-06-30' });
    await given(awarded, set).when(missMilestone, { milestone: 'go-live' }, { effectiveOn: '2016-06-30' }).leaves({});
  });
});

const availability = { kpi: 'availability', title: 'Availability', target: '99.5', unit: '%', every: 3, from: '2016-04-01' };
const kpis = context('KpisSet', { kpis: [availability, { kpi: 'courtesy', title: 'Courtesy' }] }, '2016-03-01');
const q1 = { kpi: 'availability', to: '2016-06-30' };
const missed = context('KpiAssessed', { ...q1, measured: '99.1' }, '2016-07-10');

describe('an indicator', () => {
  it.each([
    ['99.5', undefined, '99.5', 'met'],
    ['99.5', undefined, '99.4999', 'missed'],
    ['99.5', 'at-least', 100, 'met'],
    [4, 'at-most', 4, 'met'],
    [4, 'at-most', '4.0001', 'missed'],
  ] as const)('with the target %s (%s) of which %s was measured is %s', (target, bound, measured, result) =>
    given(awarded, context('KpisSet', { kpis: [{ ...availability, target, ...(bound && { bound }) }] }, '2016-03-01'))
      .when(assessKpi, { ...q1, measured })
      .leaves({
        kpiAssessments: [{ ...q1, measured, result }],
        kpis: [{ assessed: 1, missed: result === 'missed' ? 1 : 0, last: { to: '2016-06-30', result } }],
      }),
  );

  it('without a target is met or missed as somebody judged it', () =>
    given(awarded, kpis)
      .when(assessKpi, { kpi: 'courtesy', to: '2016-06-30', met: false })
      .leaves((c) => {
        expect(c.kpiAssessments).toEqual([expect.objectContaining({ result: 'missed' })]);
        expect(c.kpis!.map(({ assessed }) => assessed)).toEqual([0, 1]);
      }));

  it('keeps its latest period, in whatever order the periods are assessed', () =>
    given(awarded, kpis, context('KpiAssessed', { ...q1, to: '2016-09-30', measured: 100 }, '2016-10-10'))
      .when(assessKpi, { ...q1, measured: 1 })
      .leaves({ kpis: [{ kpi: 'availability', assessed: 2, missed: 1, last: { to: '2016-09-30', result: 'met' } }, {}] }));

  it('that is measured without a target is met or missed as somebody judged it', async () => {
    const measured = (met: boolean) => given(awarded, kpis).when(assessKpi, { kpi: 'courtesy', to: '2016-06-30', measured: 1, met });
    await measured(true).leaves({ kpiAssessments: [{ result: 'met', measured: 1 }] });
    await measured(false).leaves({ kpiAssessments: [{ result: 'missed', measured: 1 }] });
    await given(awarded, kpis).when(assessKpi, { kpi: 'courtesy', to: '2016-06-30', measured: 1 }).rejects('contract/kpi-not-measured');
  });

  it('is replaced by itself where several are set', () =>
    given(awarded, kpis, missed)
      .when(setKpis, { kpis: [{ kpi: 'courtesy', title: 'Politeness' }, { kpi: 'speed', title: 'Speed' }] }) // prettier-ignore
      .leaves((c) => expect(c.kpis!.map(({ title, assessed }) => [title, assessed])).toEqual([['Availability', 1], ['Politeness', 0], ['Speed', 0]]))); // prettier-ignore

  it('that is set again has the new target, and keeps what was assessed', () =>
    given(awarded, kpis, missed)
      .when(setKpis, { kpis: [{ ...availability, target: 99 }] })
      .leaves((c) => expect(c.kpis).toEqual([expect.objectContaining({ kpi: 'courtesy' }), expect.objectContaining({ target: 99, assessed: 1, missed: 1, last: { to: '2016-06-30', result: 'missed' } })]))); // prettier-ignore

  it('is set once the contract is awarded', () =>
    given(context('ContractPlanned', { programme: 'met', title: 'Desk' }, '2015'))
      .when(setKpis, { kpis: [availability] })
      .rejects('contract/stage'));

  it('is set once in a list', () =>
    given(awarded)
      .when(setKpis, { kpis: [availability, availability] })
      .rejects('contract/kpi-duplicate', { pointer: '/kpis' }));

  it('is assessed by what was measured, once for each period', async () => {
    await given(awarded, kpis).when(assessKpi, { kpi: 'other', to: '2016' }).rejects('contract/unknown-kpi', { detail: 'availability, courtesy' }); // prettier-ignore
    await given(awarded, kpis).when(assessKpi, q1).rejects('contract/kpi-not-measured', { pointer: '/measured' });
    await given(awarded, kpis)
      .when(assessKpi, { ...q1, measured: 99, met: true })
      .rejects('contract/kpi-contradicts', { pointer: '/met', detail: '99 is missed: the target is at-least 99.5' });
    await given(awarded, kpis)
      .when(assessKpi, { ...q1, measured: 99, met: false })
      .leaves({});
    await given(awarded, kpis)
      .when(assessKpi, { ...q1, from: '2016-07-01', measured: 99 })
      .rejects('contract/period-ends-before-start', { pointer: '/to', detail: 'It starts on 2016-07-01.' });
    await given(awarded, kpis, missed)
      .when(assessKpi, { ...q1, measured: 100 })
      .rejects('contract/period-assessed', { pointer: '/to', detail: '2016-06-30' });
    await given(awarded, kpis, missed)
      .when(assessKpi, { ...q1, to: '[2016-06-30..2016-06-30]', measured: 100 })
      .rejects('contract/period-assessed', { pointer: '/to' });
    await given(awarded, kpis, missed).when(assessKpi, { kpi: 'courtesy', to: '2016-06-30', met: true }).leaves({});
  });
});

describe('a service credit', () => {
  const credit = { credit: 'q1', amount: gbp('12000'), ...q1 };

  it('is given for a period that was missed', () =>
    given(awarded, kpis, missed)
      .when(applyServiceCredit, { ...credit, reference: 'CN-1' })
      .leaves({ serviceCredits: [{ ...credit, reference: 'CN-1' }], ceiling: gbp('1000000') }));

  it('is given for that period however its last day is written', () =>
    given(awarded, kpis, missed)
      .when(applyServiceCredit, { ...credit, to: '[2016-06-30..2016-06-30]' })
      .leaves({ serviceCredits: [{ credit: 'q1' }] }));

  it('is not given for a period in which the indicator was met, nor for another one than was missed', async () => {
    const met = context('KpiAssessed', { ...q1, measured: 100 }, '2016-07-10');
    await given(awarded, kpis, met).when(applyServiceCredit, credit).rejects('contract/credit-without-miss', { pointer: '/to' });
    await given(awarded, kpis, missed)
      .when(applyServiceCredit, { ...credit, to: '2016-09-30' })
      .rejects('contract/credit-without-miss');
    await given(awarded, kpis, missed)
      .when(applyServiceCredit, { ...credit, kpi: 'courtesy' })
      .rejects('contract/credit-without-miss');
  });

  it('may stand for no single period, or for no single indicator', async () => {
    for (const named of [{}, { kpi: 'availability' }, { to: '2016-06-30' }])
      await given(awarded, kpis, context('ServiceCreditApplied', { credit: 'first', amount: gbp('1') }, '2016-08'))
        .when(applyServiceCredit, { credit: 'lump', amount: gbp('1'), ...named })
        .leaves({ serviceCredits: [{ credit: 'first' }, { credit: 'lump', ...named }] });
  });

  it('is given once, in the currency of the contract, where something was missed', async () => {
    await given(awarded, context('ServiceCreditApplied', { credit: 'q1', amount: gbp('1') }, '2016-08'))
      .when(applyServiceCredit, { credit: 'q1', amount: gbp('2') })
      .rejects('contract/credit-exists', { pointer: '/credit' });
    await given(awarded).when(applyServiceCredit, credit).rejects('contract/unknown-kpi', { detail: 'none' });
    await given(awarded, kpis).when(applyServiceCredit, credit).rejects('contract/credit-without-miss', { pointer: '/to', detail: '2016-06-30' }); // prettier-ignore
    await given(awarded)
      .when(applyServiceCredit, { credit: 'q1', amount: { amount: '1', currency: 'EUR' } })
      .rejects('contract/credit-currency', { pointer: '/amount/currency', detail: 'GBP' });
  });
});

describe('a dispute', () => {
  const raised = { dispute: 'outages', by: 'supplier', matter: 'Outages were planned', amount: gbp('12000') };
  const settled = { dispute: 'outages', how: 'mediation', outcome: 'Half is paid back', amount: gbp('6000') };
  const was = context('DisputeRaised', raised, '2016-10-01');

  it('is open until it is settled', async () => {
    await given(awarded)
      .when(recordDispute, raised)
      .leaves({ disputes: [{ ...raised, status: 'open', on: '2026-03-02' }] });
    await given(awarded, was)
      .when(resolveDispute, settled)
      .leaves((c) => {
        const { dispute: _, ...how } = settled;
        expect(c.disputes).toEqual([expect.objectContaining({ ...raised, status: 'settled', settled: { ...how, on: '2026-03-02' } })]);
      });
  });

  it('is one of several: the others stay open', async () => {
    const other = context('DisputeRaised', { ...raised, dispute: 'printing' }, '2016-11-01');
    await given(awarded, was, other)
      .when(resolveDispute, { ...settled, dispute: 'printing' })
      .leaves(({ disputes }) => expect(disputes!.map(({ status }) => status)).toEqual(['open', 'settled']));
    await given(awarded, was, other)
      .when(resolveDispute, { ...settled, dispute: 'lifts' })
      .rejects('contract/unknown-dispute', { detail: 'It has outages, printing.' });
    await given(awarded, was, context('DisputeSettled', settled, '2016-11'), other)
      .when(recordDispute, { ...raised, dispute: 'printing' })
      .rejects('contract/dispute-exists', { detail: 'printing was raised on 2016-11-01.' });
  });

  it('outlives its contract', () =>
    given(awarded, was, context('ContractSigned', {}, '2016-11'), context('ContractClosed', { finalValue: { unknown: true }, endedOn: '2017' }, '2018')) // prettier-ignore
      .when(resolveDispute, settled)
      .leaves({ stage: 'closed', disputes: [{ status: 'settled' }] }));

  it('has an id of its own, and is settled once', async () => {
    await given(awarded, was).when(recordDispute, raised).rejects('contract/dispute-exists', { detail: '2016-10-01' });
    await given(awarded).when(resolveDispute, settled).rejects('contract/unknown-dispute', { pointer: '/dispute', detail: 'none' });
    await given(awarded, was, context('DisputeSettled', settled, '2016-11'))
      .when(resolveDispute, settled)
      .rejects('contract/dispute-settled', { detail: '2016-11' });
  });
});

describe('the owner of a contract', () => {
  const owned = context('OwnerAssigned', { owner: 'p-17', department: 'Digital Policing' }, '2016-03');

  it('is a person, a department, or both: what is not named stays', async () => {
    await given(awarded)
      .when(assignOwner, { owner: 'p-17' })
      .leaves({ owners: [{ owner: 'p-17', on: '2026-03-02' }] });
    await given(awarded, owned)
      .when(assignOwner, { owner: 'p-18' })
      .leaves({ owners: [{ owner: 'p-17' }, { owner: 'p-18', department: 'Digital Policing' }] });
  });

  it('that it has already is not recorded again', async () => {
    await given(awarded, owned).when(assignOwner, { owner: 'p-17' }).changesNothing();
    await given(awarded, owned).when(assignOwner, { owner: 'p-17', department: 'Digital Policing' }).changesNothing();
    await given(awarded, owned)
      .when(assignOwner, { department: 'Finance' })
      .leaves({ owners: [{}, { department: 'Finance' }] });
  });

  it('may be a department alone', () =>
    given(awarded)
      .when(assignOwner, { department: 'Finance' })
      .leaves(({ owners }) => expect(owners).toEqual([expect.not.objectContaining({ owner: expect.anything() })])));

  it('is somebody', () => given(awarded).when(assignOwner, {}).rejects('contract/owner-without-content', { pointer: '/owner' }));
});
