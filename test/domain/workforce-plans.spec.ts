import { describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { cancelPlan } from '../../src/domain/workforce/commands/cancel-plan.js';
import { deliverLiabilityInformation } from '../../src/domain/workforce/commands/deliver-liability-information.js';
import { planTransfer } from '../../src/domain/workforce/commands/plan-transfer.js';
import { recordBaseline } from '../../src/domain/workforce/commands/record-baseline.js';
import { recordConsultation } from '../../src/domain/workforce/commands/record-consultation.js';
import { recordLeavers } from '../../src/domain/workforce/commands/record-leavers.js';
import { revisePlan } from '../../src/domain/workforce/commands/revise-plan.js';
import { transferStaff } from '../../src/domain/workforce/commands/transfer-staff.js';
import {
  liabilityOf,
  overdueAfter,
  plannedDuties,
  planFindings,
  poolFindings,
  progressOf,
  redundancyFindings,
  sumIn,
  transferFindings,
  workforce,
  type Workforce,
} from '../../src/domain/workforce/index.js';
import { showRange } from '../../src/kernel/index.js';
import { context, specification, stream } from '../given.js';

const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')),
  stream(contract, 'ams', context('ContractPlanned', { programme: 'met', title: 'Applications' }, '2015')),
  ...['accenture', 'atos', 'csc', 'sa', 'sb', 'sc', 'tcs', 'supplier'].map((id) =>
    stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' })),
  ),
];
const given = specification(workforce, { id: 'met', others });
const pool = (employer: string, unit = 'people') => ({ employer, function: 'it', unit });
const counted = (count: number, on = '2015-01-01', more: object = {}) =>
  context(
    'BaselineRecorded',
    { programme: 'met', employer: 'authority', function: 'it', headcount: { count, unit: 'people', ...more } },
    on,
  );
const plan = (inScope: number, more: object = {}) => ({
  programme: 'met',
  plan: 'p1',
  from: pool('authority'),
  to: pool('sa'),
  inScope: { count: inScope, unit: 'people' },
  ...more,
});
const planned = (inScope = 300, more: object = {}, on = '2015-03-01') => context('TransferPlanned', plan(inScope, more), on);
const transfer = (transfer: string, inScope: number, moved: number, objected: number, retained: number, left: number, more: object = {}) => ({ transfer, plan: 'p1', from: pool('authority'), to: pool('sa'), inScope, moved, objected, retained, left, ...more }); // prettier-ignore
const transferred = (...[id, inScope, moved, objected, retained, left, more]: Parameters<typeof transfer>) => (on: string) => context('StaffTransferred', transfer(id, inScope, moved, objected, retained, left, more), on); // prettier-ignore
const leavers = (count: number, more: object = {}) => ({ ...pool('authority'), count, ...more });
const left = (count: number, on: string, more: object = {}) => context('StaffLeft', leavers(count, more), on);

const held = ({ pools }: Workforce) => pools.map((pool) => `${pool.employer} ${sumIn(pool).least}`);
const progress = (w: Workforce, of = 'p1'): Readonly<Record<string, unknown>> => {
  const { status, ...ranges } = progressOf(
    w,
    w.plans.find(({ plan }) => plan === of)!,
  );
  return { status, ...Object.fromEntries(Object.entries(ranges).map(([field, range]) => [field, range.least === range.most ? range.least : showRange(range, 'people')])) }; // prettier-ignore
};
const found = (w: Workforce) => [
  ...w.plans.flatMap((p) => [...planFindings(w, p), ...plannedDuties(w, p)]),
  ...w.transfers.flatMap((t) => transferFindings(w, t)),
  ...w.pools.flatMap((p) => poolFindings(w, p)),
  ...redundancyFindings(w),
];
const codes = (w: Workforce) => found(w).map(({ code }) => code);

describe('PlanTransfer', () => {
  it('moves nobody', () =>
    given(counted(800))
      .when(planTransfer, { ...plan(113), contract: 'ams', expectedOn: '2016-09' })
      .leaves((state) => {
        expect(held(state)).toEqual(['authority 800']);
        expect(state.plans).toMatchObject([{ plan: 'p1', contract: 'ams', inScope: { count: 113 } }]);
      }));

  it('goes from one employer to another, in one unit', async () => {
    await given()
      .when(planTransfer, { ...plan(113), to: pool('authority') })
      .rejects('workforce/same-employer', { pointer: '/to/employer' });
    await given()
      .when(planTransfer, { ...plan(113), to: pool('accenture', 'fte') })
      .rejects('workforce/mixed-units', { pointer: '/to/unit' });
    await given()
      .when(planTransfer, { ...plan(113), inScope: { count: 1, unit: 'posts' } })
      .rejects('workforce/mixed-units');
  });

  it('has an id of its own', () =>
    given(planned()).when(planTransfer, plan(1)).rejects('workforce/duplicate', { pointer: '/plan', detail: 'p1' }));

  it('belongs to the programme of its workforce', () =>
    specification(workforce, { id: 'other', others })().when(planTransfer, plan(1)).rejects('workforce/another-programme'));
});

describe('leavers are counted once', () => {
  const transferOf300 = transfer('t1', 300, 270, 5, 15, 10);

  it('S2-leavers-once: 10 who left under the plan are the 10 in its transfer: 515, not 505', () =>
    given(counted(800), planned(), left(10, '2015-06-01', { plan: 'p1' }))
      .when(transferStaff, transferOf300, { effectiveOn: '2016-03-01' })
      .leaves((state) => {
        expect(held(state)).toEqual(['authority 515', 'sa 270']);
        expect(progress(state)).toEqual({ status: 'done', inScope: 300, moved: 270, objected: 5, retained: 15, left: 10, remaining: 0 });
        expect(found(state)).toEqual([]);
      }));

  it('also when the leavers are recorded after the transfer, of a day before it, of its day, or of an unknown day', async () => {
    for (const effectiveOn of ['2015-06-01', '2016-03-01', 'unknown', '2016'])
      await given(counted(800), planned(), context('StaffTransferred', transferOf300, '2016-03-01'))
        .when(recordLeavers, leavers(10, { plan: 'p1' }), { effectiveOn })
        .leaves((state) => expect(held(state)).toEqual(['authority 515', 'sa 270']));
  });

  it('and then they are not those who left before the next transfer', () =>
    given(counted(800), planned(400), transferred('t1', 300, 270, 5, 15, 10)('2016-03-01'), left(10, '2015-06-01', { plan: 'p1' }))
      .when(transferStaff, transfer('t2', 100, 95, 0, 0, 5))
      .leaves((state) => expect([held(state), progress(state)['left']]).toEqual([['authority 415', 'sa 365'], 15])));

  it('also when they are recorded after both', () =>
    given(counted(800), planned(400), transferred('t1', 300, 270, 5, 15, 10)('2016-03-01'), left(10, 'unknown', { plan: 'p1' }))
      .when(transferStaff, transfer('t2', 100, 95, 0, 0, 5))
      .leaves((state) => expect([held(state), progress(state)['left']]).toEqual([['authority 415', 'sa 365'], 15])));

  it('who leaves after the transfer leaves once more', () =>
    given(counted(800), planned(), context('StaffTransferred', transferOf300, '2016-03-01'))
      .when(recordLeavers, leavers(10, { plan: 'p1' }), { effectiveOn: '2016-03-02' })
      .leaves((state) => expect(held(state)).toEqual(['authority 505', 'sa 270'])));

  it('more in the transfer than were recorded leave with it, and fewer are a finding', async () => {
    await given(counted(800), planned(), left(4, '2015-06-01', { plan: 'p1' }))
      .when(transferStaff, transferOf300)
      .leaves((state) => expect([held(state), found(state)]).toEqual([['authority 515', 'sa 270'], []]));
    await given(counted(800), planned(), left(12, '2015-06-01', { plan: 'p1' }))
      .when(transferStaff, transferOf300)
      .leaves((state) => {
        expect(held(state)).toEqual(['authority 513', 'sa 270']);
        expect(found(state)).toEqual([
          {
            code: 'leavers-not-in-transfer',
            text: '12 people were recorded as leavers under the plan, its transfers have 10 people who left.',
          },
        ]);
      });
  });

  it('a transfer from another pool, or in another unit, has other leavers, and is no progress of the plan', async () => {
    const desk = { ...transferOf300, from: { ...pool('authority'), function: 'desk' } };
    await given(counted(800), planned(), left(10, '2015-06-01', { plan: 'p1' }))
      .when(transferStaff, desk)
      .leaves((state) => {
        expect(state.pools.map((p) => [p.function, sumIn(p).least])).toEqual([['desk', -285], ['it', 790], ['it', 270]]); // prettier-ignore
        expect(progress(state)).toMatchObject({ moved: 0, left: 10, remaining: 290 });
      });
    await given(counted(800), planned(), context('StaffTransferred', desk, '2016-03-01'))
      .when(recordLeavers, leavers(10, { plan: 'p1' }), { effectiveOn: '2015-06-01' })
      .leaves(({ pools }) => expect(pools.map((p) => [p.function, sumIn(p).least])).toEqual([['desk', -285], ['it', 790], ['it', 270]])); // prettier-ignore
    await given(counted(800), planned())
      .when(transferStaff, { ...transferOf300, from: pool('authority', 'posts'), to: pool('sa', 'posts') })
      .leaves((state) => expect([codes(state), progress(state)]).toMatchObject([['other-pools'], { moved: 0, remaining: 300, status: 'begun' }])); // prettier-ignore
  });

  it('leavers under the plan are not those without it, and nobody is looked for where nobody left', async () => {
    await given(counted(800), planned(), left(5, '2015-06-01', { plan: 'p1' }), left(3, '2015-07-01'))
      .when(transferStaff, transferOf300)
      .leaves((state) => expect(found(state)).toEqual([]));
    await given(counted(800), planned(), left(3, '2015-07-01'))
      .when(transferStaff, transfer('t1', 300, 285, 0, 15, 0))
      .leaves((state) => expect(found(state)).toEqual([]));
  });

  it('more who left under a plan than it has in scope are a finding', () =>
    given(counted(800), planned())
      .when(recordLeavers, leavers(301, { plan: 'p1' }))
      .leaves((state) => expect(found(state)).toEqual([{ code: 'beyond-scope', text: '301 people left under the plan, of 300 people in scope.' }]))); // prettier-ignore

  it('several transfers of one plan share its leavers', () =>
    given(counted(800), planned(400), left(7, '2015-06-01', { plan: 'p1' }), transferred('t1', 300, 285, 0, 10, 5)('2016-03-01'))
      .when(transferStaff, transfer('t2', 100, 95, 0, 0, 5))
      .leaves((state) => expect([held(state), progress(state)['left']]).toEqual([['authority 410', 'sa 380'], 10])));

  it('leavers that name no plan are a finding where they reach those who left at the transfer', async () => {
    const twice = { code: 'leavers-twice', text: '10 people left authority, it, people between the plan and the transfer, as recorded without the plan or as missing when it was counted; the transfer has 10 people who left. Where they are the same, record them as leavers under the plan.' }; // prettier-ignore
    await given(counted(800), planned(), left(6, '2015-06-01'), left(4, '2015-07'))
      .when(transferStaff, transferOf300, { effectiveOn: '2016-03-01' })
      .leaves((state) => expect([held(state), found(state)]).toEqual([['authority 505', 'sa 270'], [twice]]));
    await given(counted(800), planned(), left(9, '2015-06-01'))
      .when(transferStaff, transferOf300)
      .leaves((state) => expect(found(state)).toEqual([]));
    await given(counted(800), left(10, '2015-02-01'), planned(), context('StaffTransferred', transferOf300, '2016-03-01'))
      .when(recordLeavers, leavers(10), { effectiveOn: '2016-03-02' })
      .leaves((state) => expect(found(state)).toEqual([]));
    await given(counted(800), planned(), context('StaffTransferred', transferOf300, '2016-03-01'))
      .when(recordLeavers, leavers(10), { effectiveOn: 'unknown' })
      .leaves((state) => expect(found(state)).toEqual([twice]));
  });
});

describe('plans end', () => {
  const two = [transferred('t1', 300, 280, 5, 10, 5)('2016-03-01'), transferred('t2', 100, 95, 0, 5, 0)('2016-09-01')] as const;

  it('S8-plan-progress: nothing remains of 400 after 300 and 100', () =>
    given(counted(800), planned(400), two[0])
      .when(transferStaff, two[1].data)
      .leaves((state) =>
        expect(progress(state)).toEqual({ status: 'done', inScope: 400, moved: 375, objected: 5, retained: 15, left: 5, remaining: 0 }),
      ));

  it('until then something remains, and is overdue after the last day on which they may have been expected', () =>
    given(counted(800), planned(400, { expectedOn: '2016-09' }))
      .when(transferStaff, two[0].data)
      .leaves((state) => {
        expect(progress(state)).toMatchObject({ status: 'begun', remaining: 100 });
        const [plan] = state.plans;
        expect(overdueAfter(plan!, progressOf(state, plan!))).toBe('2016-09-30');
        expect(overdueAfter({ ...plan!, expectedOn: 'unknown' }, progressOf(state, plan!))).toBeUndefined();
        for (const status of ['done', 'cancelled'] as const)
          expect(overdueAfter(plan!, { ...progressOf(state, plan!), status })).toBeUndefined();
        const { expectedOn: _, ...undated } = plan!;
        expect(overdueAfter(undated, progressOf(state, plan!))).toBeUndefined();
      }));

  it('what joined under the plan is in scope too', () =>
    given(counted(800), planned(), context('StaffJoined', leavers(5, { plan: 'p1' }), '2015-06-01'))
      .when(transferStaff, transfer('t1', 305, 305, 0, 0, 0))
      .leaves((state) => expect([progress(state)['inScope'], found(state)]).toEqual([305, []])));

  it('a list of another day replaces the first, with those who left and joined until then', () =>
    given(counted(800), planned(), left(10, '2015-06-01', { plan: 'p1' }))
      .when(revisePlan, { plan: 'p1', inScope: { count: 290, unit: 'people' }, expectedOn: '2016-05' }, { effectiveOn: '2015-07-01' })
      .leaves((state) => {
        expect(progress(state)).toMatchObject({ status: 'planned', inScope: 290, left: 0, remaining: 290 });
        expect(state.plans).toMatchObject([{ scopeOn: '2015-07-01', expectedOn: '2016-05', revisions: 1, on: '2015-03-01' }]);
      }));

  it('another date leaves the list as it is', () =>
    given(counted(800), planned(), left(10, '2015-06-01', { plan: 'p1' }))
      .when(revisePlan, { plan: 'p1', expectedOn: '2016-05' })
      .leaves((state) => expect(progress(state)).toMatchObject({ inScope: 300, left: 10, remaining: 290 })));

  it('a revision is of a known plan, states a change, and keeps the unit', async () => {
    await given(planned()).when(revisePlan, { plan: 'p2', expectedOn: '2016' }).rejects('workforce/unknown-plan', { pointer: '/plan' });
    await given(planned()).when(revisePlan, { plan: 'p1', why: 'Later' }).rejects('workforce/revises-nothing', { pointer: '/inScope' });
    await given(planned())
      .when(revisePlan, { plan: 'p1', inScope: { count: '7.5', unit: 'fte' } })
      .rejects('workforce/mixed-units', { pointer: '/inScope/unit' });
    await given(planned(), context('PlanCancelled', { plan: 'p1', why: 'Called off' }, '2015-05-01'))
      .when(revisePlan, { plan: 'p1', expectedOn: '2016' })
      .rejects('workforce/plan-cancelled', { pointer: '/plan', detail: 'p1 was cancelled on 2015-05-01' });
  });

  it('what remains of a plan is cancelled once', async () => {
    await given(counted(800), planned(400), two[0])
      .when(cancelPlan, { plan: 'p1', why: 'The supplier withdrew' })
      .leaves((state) => expect(progress(state)).toMatchObject({ status: 'cancelled', moved: 280, remaining: 0 }));
    await given(planned(), context('PlanCancelled', { plan: 'p1', why: 'Called off' }, '2015-05-01'))
      .when(cancelPlan, { plan: 'p1', why: 'Again' })
      .changesNothing();
    await given(planned()).when(cancelPlan, { plan: 'p2', why: 'None' }).rejects('workforce/unknown-plan', { pointer: '/plan' });
  });

  it('the first cancellation stands, also when it is recorded later', () =>
    given(planned(), context('PlanCancelled', { plan: 'p1', why: 'Called off' }, '2015-05-01'))
      .when(cancelPlan, { plan: 'p1', why: 'The paper of April' }, { effectiveOn: '2015-04-01' })
      .leaves(({ plans }) => expect(plans[0]!.cancelled).toEqual({ on: '2015-04-01', why: 'The paper of April' })));

  it('a transfer under a cancelled plan is a finding', () =>
    given(counted(800), planned(), context('PlanCancelled', { plan: 'p1', why: 'Called off' }, '2015-05-01'))
      .when(transferStaff, transfer('t1', 300, 300, 0, 0, 0))
      .leaves((state) => expect(found(state)).toEqual([{ code: 'cancelled-plan', text: 'The plan p1 was cancelled on 2015-05-01.' }])));

  it('more than its scope is a finding, of one transfer and of all together', async () => {
    await given(counted(800), planned())
      .when(transferStaff, transfer('t1', 301, 301, 0, 0, 0))
      .leaves((state) => expect(found(state)).toEqual([
        { code: 'beyond-scope', text: 'Its transfers have 301 people in scope, the plan 300 people.' },
        { code: 'beyond-scope', text: '301 people are in scope, of the plan 300 people.' },
      ])); // prettier-ignore
    await given(counted(800), planned(), transferred('t1', 200, 200, 0, 0, 0)('2016'))
      .when(transferStaff, transfer('t2', 101, 101, 0, 0, 0))
      .leaves((state) => expect(codes(state)).toEqual(['beyond-scope']));
  });

  it('other pools, or the other way, are a finding', async () => {
    await given(counted(800), planned())
      .when(transferStaff, { ...transfer('t1', 300, 300, 0, 0, 0), to: pool('sb') })
      .leaves((state) =>
        expect(found(state)).toEqual([
          {
            code: 'other-pools',
            text: 'The plan p1 is from authority, it, people to sa, it, people; this is from authority, it, people to sb, it, people.',
          },
        ]),
      );
    await given(counted(800), planned())
      .when(transferStaff, { ...transfer('t1', 300, 300, 0, 0, 0), from: pool('sa'), to: pool('authority') })
      .leaves((state) => expect(codes(state)).toEqual(['other-pools']));
  });

  it('a plan beyond its pool is a finding, and so are two that are beyond it together, until one is cancelled', async () => {
    await given(counted(299))
      .when(planTransfer, plan(300))
      .leaves((state) =>
        expect(found(state)).toEqual([
          { code: 'beyond-pool', text: '300 people are still planned to leave authority, it, people, which holds 299 people.' },
        ]),
      );
    const second = { ...plan(300), plan: 'p2' };
    await given(counted(500), planned()).when(planTransfer, second).leaves((state) => expect(codes(state)).toEqual(['beyond-pool', 'beyond-pool'])); // prettier-ignore
    await given(counted(500), planned(), context('TransferPlanned', second, '2015-04-01'))
      .when(cancelPlan, { plan: 'p2', why: 'Too many' })
      .leaves((state) => expect(codes(state)).toEqual([]));
    await given(counted(300, '2015', { qualifier: 'about' }))
      .when(planTransfer, plan(350))
      .leaves((state) => expect(codes(state)).toEqual([]));
    await given().when(planTransfer, plan(300)).leaves((state) => expect(codes(state)).toEqual([])); // prettier-ignore
  });
});

// The days are worked out by hand from https://www.legislation.gov.uk/uksi/2006/246/regulation/11, before and after
// https://www.legislation.gov.uk/uksi/2014/16/regulation/10, and are to be confirmed.
describe('S4-liability-information', () => {
  it.each([
    ['2006-04-19', null],
    ['2006-04-20', '2006-04-06'],
    ['2014-04-30', '2014-04-16'],
    ['2014-05-01', '2014-04-03'],
    ['2016-04-01', '2016-03-04'],
  ])('for a transfer of %s it is due on %s', (on, due) =>
    expect(liabilityOf(undefined, 'business-transfer', on).due).toEqual(due && { earliest: due, latest: due }),
  );

  const lawful = { basis: 'business-transfer', expectedOn: '2016-04-01' };
  const delivered = (on: string) =>
    given(counted(800), planned(300, lawful), context('ConsultationRecorded', { plan: 'p1', with: 'union' }, '2015-10-01')).when(
      deliverLiabilityInformation,
      { plan: 'p1' },
      { effectiveOn: on },
    );

  it('delivered on 2016-03-10 for 2016-04-01 it is 6 days late', () =>
    delivered('2016-03-10').leaves((state) => {
      expect(liabilityOf(state.plans[0], 'business-transfer', '2016-04-01')).toEqual({ due: { earliest: '2016-03-04', latest: '2016-03-04' }, delivered: '2016-03-10', result: 'late', daysLate: 6 }); // prettier-ignore
      expect(found(state)).toEqual([
        {
          code: 'liability-information-late',
          text: 'Liability information was due on 2016-03-04 and delivered on 2016-03-10: 6 days late (by the shipped pack gb-transfers version 2024-07-01, to be confirmed).',
        },
      ]);
    }));

  it('on the day itself it is within precision, a day before in time', async () => {
    await delivered('2016-03-04').leaves((state) => expect(codes(state)).toEqual(['liability-information-within-precision']));
    await delivered('2016-03-03').leaves((state) => expect(codes(state)).toEqual([]));
    await delivered('2016-03').leaves((state) => expect(codes(state)).toEqual(['liability-information-within-precision']));
    await delivered('unknown').leaves((state) => expect(liabilityOf(state.plans[0], 'business-transfer', '2016-04-01').result).toBe('not-assessable')); // prettier-ignore
  });

  it('is a day late, or in time, in so many words', async () => {
    await delivered('2016-03-05').leaves((state) => expect(found(state)[0]!.text).toContain('1 day late'));
    await delivered('2016-03-04').leaves((state) =>
      expect(found(state)[0]!.text).toBe(
        'Liability information was due on 2016-03-04 and delivered on 2016-03-04: within precision, for in clear days it is due a day earlier (by the shipped pack gb-transfers version 2024-07-01, to be confirmed).',
      ),
    );
    await delivered('2016-03-03').leaves((state) =>
      expect(liabilityOf(state.plans[0], 'business-transfer', '2016-04-01')).toMatchObject({ result: 'in-time', daysLate: null }),
    );
  });

  it('is not missing while the transfer is only planned', () =>
    given(counted(800)).when(planTransfer, plan(300, lawful)).leaves((state) => expect(found(state)).toEqual([]))); // prettier-ignore

  it('the first delivery counts, for the transfer that it is for', () =>
    given(
      counted(800),
      planned(300, lawful),
      context('ConsultationRecorded', { plan: 'p1', with: 'union' }, '2015-10-01'),
      context('LiabilityInformationDelivered', { plan: 'p1', transferOn: '2016-04-01' }, '2016-03-01'),
      context('LiabilityInformationDelivered', { plan: 'p1', transferOn: '2016-04-01' }, '2016-03-20'),
      transferred('t1', 100, 100, 0, 0, 0, { transferOn: '2016-04-01' })('2016-04-04'),
    )
      .when(transferStaff, transfer('t2', 200, 200, 0, 0, 0, { transferOn: '2016-05-01' }))
      .leaves((state) => expect(found(state)).toEqual([{ code: 'liability-information-missing', text: 'Liability information was due on 2016-04-03; none is recorded (by the shipped pack gb-transfers version 2024-07-01, to be confirmed).' }]))); // prettier-ignore

  it('is not due where the law of transfers does not apply, and nothing is missing where no basis is recorded', async () => {
    expect(liabilityOf(undefined, 'contractual', '2016-04-01')).toMatchObject({ due: null, result: 'not-due' });
    expect(liabilityOf(undefined, 'business-transfer', '2006-04-19').result).toBe('not-due');
    expect(liabilityOf(undefined, 'business-transfer', undefined).result).toBe('not-assessable');
    expect(liabilityOf(undefined, 'business-transfer', '[2016..]').result).toBe('not-assessable');
    expect(liabilityOf(undefined, 'business-transfer', 'unknown').result).toBe('not-assessable');
    expect(liabilityOf(undefined, 'business-transfer', '2014-04').due).toEqual({ earliest: '2014-03-18', latest: '2014-04-16' });
    await given(counted(800), planned())
      .when(transferStaff, transfer('t1', 300, 300, 0, 0, 0))
      .leaves((state) => expect(codes(state)).toEqual([]));
    await given(counted(800), planned())
      .when(transferStaff, transfer('t1', 300, 300, 0, 0, 0, { basis: 'service-provision-change' }))
      .leaves((state) => {
        expect(codes(state)).toEqual(['liability-information-missing', 'consultation-missing']);
        expect(found(state)[1]!.text).toBe('Nobody is recorded as informed of the transfer.');
      });
  });

  it('is of a known plan', () =>
    given(planned()).when(deliverLiabilityInformation, { plan: 'p2' }).rejects('workforce/unknown-plan', { pointer: '/plan' }));
});

// https://www.legislation.gov.uk/uksi/2006/246/regulation/13A, to be confirmed.
describe('RecordConsultation', () => {
  const direct = (expectedOn: string, more: object = {}, inScope = 300) =>
    given(counted(800), planned(inScope, { expectedOn })).when(recordConsultation, { plan: 'p1', with: 'direct', informedOn: '2010-01-01', ...more }); // prettier-ignore

  it.each([
    ['2014-07-30', { employees: 5 }, 300, ['consulted-directly']],
    ['2014-07-31', { employees: 9 }, 300, []],
    ['2014-07-31', { employees: 10 }, 300, ['consulted-directly']],
    ['2014-07-31', { employees: 10 }, 5, ['consulted-directly']],
    ['2024-06-30', { employees: 49 }, 9, ['consulted-directly']],
    ['2024-07-01', { employees: 49 }, 300, []],
    ['2024-07-01', { employees: 50 }, 10, ['consulted-directly']],
    ['2024-07-01', { employees: 5000 }, 9, []],
    ['2024-07-01', {}, 300, ['consulted-directly-not-assessable']],
    ['2024', { employees: 20 }, 300, ['consulted-directly-not-assessable']],
  ])('directly, for a transfer of %s, by an employer of %j, of %i: %j', (on, more, inScope, expected) =>
    direct(on, more, inScope).leaves((state) => expect(codes(state)).toEqual(expected)),
  );

  it('says whom it is of, and what it depends on', async () => {
    await direct('2014-07-31', { employees: 10 }).leaves((state) =>
      expect(found(state)[0]!.text).toBe(
        'For a transfer of 2014-07-31 the staff may not be consulted directly, without a union or representatives, by an employer of 10 (by the shipped pack gb-transfers version 2024-07-01, to be confirmed).',
      ),
    );
    await direct('2014-07-30').leaves((state) =>
      expect(found(state)[0]!.text).toContain('without a union or representatives (by the shipped pack'),
    );
    await direct('unknown', { employees: 5 }).leaves((state) =>
      expect(found(state)[0]!.text).toBe(
        'Whether the staff may be consulted directly depends on the number of employees, and on the day of the transfer.',
      ),
    );
  });

  it('asks nothing where the law of transfers does not apply, or no day is known', async () => {
    await given(counted(800), planned(300, { basis: 'contractual', expectedOn: '2014-01-01' }))
      .when(recordConsultation, { plan: 'p1', with: 'direct', informedOn: '2013-01-01' })
      .leaves((state) => expect(found(state)).toEqual([]));
    await given(counted(800), planned())
      .when(recordConsultation, { plan: 'p1', with: 'direct', informedOn: '2013-01-01' })
      .leaves((state) => expect(found(state)).toEqual([]));
  });

  it('the first who were informed count, in whatever order they are recorded', () =>
    given(
      counted(800),
      planned(300, { expectedOn: '2016-04-01' }),
      context('ConsultationRecorded', { plan: 'p1', with: 'union', informedOn: '2016-05-01' }, '2016-05-01'),
    )
      .when(recordConsultation, { plan: 'p1', with: 'representatives', informedOn: '2015-12' })
      .leaves((state) => expect(found(state)).toEqual([])));

  it('on the day of the transfer is late', async () => {
    await given(counted(800), planned(300, { expectedOn: '2016-04-01' }))
      .when(recordConsultation, { plan: 'p1', with: 'union', measures: 'Another place of work' }, { effectiveOn: '2016-04-01' })
      .leaves((state) => {
        expect(state.plans[0]!.consulted).toEqual([{ with: 'union', measures: 'Another place of work', informedOn: '2016-04-01' }]);
        expect(found(state)).toEqual([{ code: 'informed-late', text: 'They were informed on 2016-04-01, not before the transfer of 2016-04-01.' }]); // prettier-ignore
      });
    await given(counted(800), planned(300, { expectedOn: '2016-04-01' }))
      .when(recordConsultation, { plan: 'p1', with: 'representatives', informedOn: '2016-03-31' }, { effectiveOn: '2016-04-01' })
      .leaves((state) => expect(codes(state)).toEqual([]));
  });

  it('is recorded on the day on which they were informed, or later', () =>
    given(planned())
      .when(recordConsultation, { plan: 'p1', with: 'union', informedOn: '2016-03-02' }, { effectiveOn: '2016-03-01' })
      .rejects('workforce/informed-later', { pointer: '/informedOn', detail: '2016-03-02, after 2016-03-01' }));

  it('is of a known plan', () =>
    given(planned()).when(recordConsultation, { plan: 'p2', with: 'union' }).rejects('workforce/unknown-plan', { pointer: '/plan' }));
});

describe('what else is flagged', () => {
  it('more may have left than a pool held, until it is counted again', async () => {
    const about100 = counted(100, '2015-01-01', { qualifier: 'about' });
    const short = { code: 'may-be-short', text: 'More may have left authority, it, people than it held.' };
    await given(about100).when(recordLeavers, leavers(50)).leaves((state) => expect(found(state)).toEqual([])); // prettier-ignore
    await given(about100).when(recordLeavers, leavers(51)).leaves((state) => expect(found(state)).toEqual([short])); // prettier-ignore
    await given(about100).when(recordLeavers, leavers(150)).leaves((state) => expect([held(state), found(state)]).toEqual([['authority 0'], [short]])); // prettier-ignore
    await given(about100)
      .when(recordLeavers, leavers(0, { count: { count: 40, qualifier: 'over' } }))
      .leaves((state) => expect(found(state)).toEqual([short]));
    await given(about100, left(51, '2015-02-01'))
      .when(recordBaseline, counted(30).data)
      .leaves((state) => expect([held(state), found(state)]).toEqual([['authority 30'], []]));
  });

  it('more full-time equivalents than people, in a transfer and in a pool', () =>
    given(counted(800), context('BaselineRecorded', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: '799.5', unit: 'fte' } }, '2015')) // prettier-ignore
      .when(transferStaff, { transfer: 't1', from: pool('authority'), to: pool('sa'), inScope: 10, moved: 10, fte: { moved: '7.5' } })
      .leaves((state) => expect(found(state)).toEqual([{ code: 'fte-above-people', text: '792 fte are held by 790 people.' }])));

  it('more full-time equivalents moved than people', () =>
    given(counted(800), planned())
      .when(transferStaff, transfer('t1', 300, 300, 0, 0, 0, { fte: { moved: '300.5' } }))
      .leaves((state) => expect(found(state)).toEqual([{ code: 'fte-above-people', text: '300.5 fte moved with 300 people.' }])));

  it('a second transfer from another employer than the first was to, and a return to another', async () => {
    const back = (kind: string, from: string, to: string) => ({ transfer: 'again', from: pool(from), to: pool(to), inScope: 5, moved: 5, origin: { kind, transfer: 't1' } }); // prettier-ignore
    const world = () => given(counted(800), planned(), transferred('t1', 300, 300, 0, 0, 0)('2016'));
    await world().when(transferStaff, back('second-generation', 'sa', 'sc')).leaves((state) => expect(codes(state)).toEqual([])); // prettier-ignore
    await world().when(transferStaff, back('return', 'sa', 'authority')).leaves((state) => expect(codes(state)).toEqual([])); // prettier-ignore
    await world().when(transferStaff, back('second-generation', 'sb', 'sc')).leaves((state) => expect(found(state)).toEqual([{ code: 'another-origin', text: 't1 was to sa; this is from sb.' }])); // prettier-ignore
    await world().when(transferStaff, back('return', 'sa', 'sb')).leaves((state) => expect(found(state)).toEqual([{ code: 'not-a-return', text: 't1 was from authority; this is to sb.' }])); // prettier-ignore
  });
});

// https://www.legislation.gov.uk/ukpga/1992/52/section/188, to be confirmed.
describe('20 redundancies of one employer within 90 days', () => {
  const redundant = (count: number, on: string, more: object = {}) => left(count, on, { reason: 'redundancy', ...more });
  const last = (count: number, more: object = {}) => leavers(count, { reason: 'redundancy-connected-with-transfer', ...more });

  it('need notice 30 days before the first of them, also when they come in parts and from two functions', () =>
    given(counted(800), redundant(12, '2015-03-01'))
      .when(recordLeavers, { ...last(8), function: 'desk' }, { effectiveOn: '2015-05-29' })
      .leaves((state) =>
        expect(found(state)).toMatchObject([
          {
            code: 'collective-redundancy',
            employer: 'authority',
            text: 'authority made 20 redundant from 2015-03-01 to 2015-05-29. Notice was due on 2015-01-30: none is recorded (by the shipped pack gb-collective-redundancies version 2013-04-06, to be confirmed).',
          },
        ]),
      ));

  it('not 19, not on the 91st day, and not those who left for other reasons', async () => {
    await given(counted(800), redundant(12, '2015-03-01')).when(recordLeavers, last(7), { effectiveOn: '2015-05-29' }).leaves((state) => expect(codes(state)).toEqual([])); // prettier-ignore
    await given(counted(800), redundant(12, '2015-03-01')).when(recordLeavers, last(8), { effectiveOn: '2015-05-30' }).leaves((state) => expect(codes(state)).toEqual([])); // prettier-ignore
    await given(counted(800), redundant(12, '2015-03-01')).when(recordLeavers, leavers(80, { reason: 'retirement' }), { effectiveOn: '2015-05-01' }).leaves((state) => expect(codes(state)).toEqual([])); // prettier-ignore
  });

  it('the first notice of several counts, and redundancies of an open date are left out', async () => {
    await given(counted(800), redundant(10, '2015-03-01', { notifiedOn: '2015-02-20' }))
      .when(recordLeavers, last(10, { notifiedOn: '2015-02-05' }), { effectiveOn: '2015-03-02' })
      .leaves((state) => expect(redundancyFindings(state)).toMatchObject([{ notifiedOn: '2015-02-05', late: 6 }]));
    await given(counted(800), redundant(10, '2015-03-01', { notifiedOn: '2015-02-05' }))
      .when(recordLeavers, last(10, { notifiedOn: '2015-02-20' }), { effectiveOn: '2015-03-02' })
      .leaves((state) => expect(redundancyFindings(state)).toMatchObject([{ notifiedOn: '2015-02-05', late: 6 }]));
    await given(counted(800), redundant(10, '2015-03-01'))
      .when(recordLeavers, last(10), { effectiveOn: 'unknown' })
      .leaves((state) => expect(redundancyFindings(state)).toEqual([]));
  });

  it('are in the order of their days, however they were recorded', () =>
    given(counted(800), redundant(10, '2015-03'))
      .when(recordLeavers, last(10), { effectiveOn: '2015-03-02' })
      .leaves((state) => expect(redundancyFindings(state)).toMatchObject([{ from: '2015-03-02', until: '2015-03-31' }])));

  it('a window begins with any of them', () =>
    given(counted(800), redundant(5, '2015-01-01'), redundant(12, '2015-03-01'))
      .when(recordLeavers, last(8), { effectiveOn: '2015-05-01' })
      .leaves((state) => expect(redundancyFindings(state)).toMatchObject([{ count: 20, from: '2015-03-01', until: '2015-05-01' }])));

  it('notice that was given late is so many days late; in time nothing is flagged', async () => {
    await given(counted(800))
      .when(recordLeavers, last(20, { notifiedOn: '2015-02-05' }), { effectiveOn: '2015-03-01' })
      .leaves((state) => expect(redundancyFindings(state)).toMatchObject([{ due: '2015-01-30', notifiedOn: '2015-02-05', late: 6 }]));
    await given(counted(800))
      .when(recordLeavers, last(20, { notifiedOn: '2015-01-30' }), { effectiveOn: '2015-03-01' })
      .leaves((state) => expect(codes(state)).toEqual([]));
  });

  it.each([
    ['2013-04-05', 100, '2013-01-05'],
    ['2013-04-06', 100, '2013-02-20'],
    ['2013-04-06', 99, '2013-03-07'],
  ])('of %s, for %i, notice was due on %s', (on, count, due) =>
    given(counted(800, '2010'))
      .when(recordLeavers, last(count), { effectiveOn: on })
      .leaves((state) => expect(redundancyFindings(state)).toMatchObject([{ due }])),
  );
});
