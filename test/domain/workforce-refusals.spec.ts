import { describe, expect, it } from '@jest/globals';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { cancelPlan } from '../../src/domain/workforce/commands/cancel-plan.js';
import { planTransfer } from '../../src/domain/workforce/commands/plan-transfer.js';
import { recordBaseline } from '../../src/domain/workforce/commands/record-baseline.js';
import { recordLeavers } from '../../src/domain/workforce/commands/record-leavers.js';
import { revisePlan } from '../../src/domain/workforce/commands/revise-plan.js';
import { transferStaff } from '../../src/domain/workforce/commands/transfer-staff.js';
import { progressOf, sumIn, workforce } from '../../src/domain/workforce/index.js';
import { context, specification, stream } from '../given.js';

const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')),
  ...['sa', 'sb'].map((id) => stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' }))),
];
const given = specification(workforce, { id: 'met', others });
const pool = (employer: string, unit = 'people', of = 'it') => ({ employer, function: of, unit });
const baseline = (count: number | string, unit = 'people', more: object = {}) => ({ programme: 'met', employer: 'authority', function: 'it', headcount: { count, unit }, ...more }); // prettier-ignore
const counted = (...of: Parameters<typeof baseline>) => context('BaselineRecorded', baseline(...of), '2015-01-01');
const plan = (id: string, more: object = {}) => ({ programme: 'met', plan: id, from: pool('authority'), to: pool('sa'), inScope: { count: 50, unit: 'people' }, ...more }); // prettier-ignore
const planned = (id: string, more: object = {}) => context('TransferPlanned', plan(id, more), '2015-03-01');
const desk = { from: pool('authority', 'people', 'desk'), to: pool('sa', 'people', 'desk') };
const transfer = (inScope: number | string | object, moved: number | string | object, more: object = {}) => ({ transfer: 't', from: pool('authority'), to: pool('sa'), inScope, moved, ...more }); // prettier-ignore
const fte = { from: pool('authority', 'fte'), to: pool('sa', 'fte') };
const about = (count: number) => ({ count, qualifier: 'about' });

describe('a refusal says what is wrong', () => {
  it('with a workforce of another programme, and with one employer', async () => {
    await given()
      .when(recordBaseline, { ...baseline(10), programme: 'nhs' })
      .rejects('ledger/unknown-reference');
    await specification(workforce, { id: 'nhs', others })()
      .when(recordBaseline, baseline(10))
      .rejects('workforce/another-programme', { pointer: '/programme', detail: 'This is the workforce of nhs.' });
    await given(counted(10))
      .when(transferStaff, transfer(5, 5, { to: pool('authority', 'people', 'desk') }))
      .rejects('workforce/same-employer', { pointer: '/to/employer', detail: 'authority employs them already.' });
  });

  it('with sums that do not add up, as rough as they are', async () => {
    const parts = { objected: 1, retained: 2, left: 3 };
    await given(counted(100))
      .when(transferStaff, transfer(20, 10, parts))
      .rejects('workforce/does-not-add-up', { pointer: '/inScope', detail: '10 moved, 1 objected, 2 retained and 3 left are 16, not 20.' });
    await given(counted(100))
      .when(transferStaff, transfer(90, about(10), parts))
      .rejects('workforce/does-not-add-up', { detail: 'about 10 moved, 1 objected, 2 retained and 3 left are from 11 to 21, not 90.' });
    await given(counted(100))
      .when(transferStaff, transfer({ count: 5 }, { count: 10, qualifier: 'over' }))
      .rejects('workforce/does-not-add-up', {
        detail: 'over 10 moved, 0 objected, 0 retained and 0 left are from 11 to any number, not exact 5.',
      });
  });

  it('with a half of a person, and takes half an equivalent', async () => {
    await given(counted(100))
      .when(transferStaff, transfer(8, { count: '7.5' }))
      .rejects('workforce/not-whole', { pointer: '/moved', detail: '7.5 people would not be a whole number.' });
    await given(counted('90', 'fte'))
      .when(transferStaff, transfer('7.5', { count: '7.5' }, fte))
      .leaves({ stage: 'counted' });
    await given(counted('90', 'fte'))
      .when(recordLeavers, { ...pool('authority', 'fte'), count: '7.5' })
      .leaves({ pools: [{ holds: { least: 82.5, most: 82.5 } }] });
  });

  it('with an origin that is none of the transfers before it, and a hash that is none', async () => {
    const earlier = context('StaffTransferred', { ...transfer(5, 5), transfer: 't1' }, '2015-05-01');
    await given(counted(100), earlier)
      .when(transferStaff, transfer(5, 5, { origin: { kind: 'return', transfer: 't2' } }))
      .rejects('workforce/unknown-origin', { pointer: '/origin/transfer', detail: 'No transfer t2 stands before this.' });
    for (const [listSha256, length] of [
      ['a'.repeat(63), 63],
      [`${'a'.repeat(63)}g`, 64],
    ] as const)
      // prettier-ignore
      await given(counted(100))
        .when(transferStaff, transfer(5, 5, { listSha256 }))
        .rejects('workforce/not-a-hash', { pointer: '/listSha256', detail: length === 64 ? 'It has characters that are no hexadecimal digits.' : `It has ${length} characters; a SHA-256 has 64 hexadecimal digits.` }); // prettier-ignore
    await given(counted(100)).when(transferStaff, transfer(5, 5, { listSha256: 'aF09'.repeat(16) })).leaves({ stage: 'counted' }); // prettier-ignore
  });

  it('with pools that would be short, each by how many, and no other', () =>
    given(counted('90', 'fte'), counted(100), counted(20, 'posts'))
      .when(transferStaff, transfer(99, 99, { fte: { moved: '100' }, posts: { moved: 30 } }))
      .rejects('workforce/below-zero', {
        detail:
          'authority, it, fte: 10 more would leave than it holds. authority, it, posts: 10 more would leave than it holds.',
      })); // prettier-ignore

  it('with posts and people in one plan, and takes as many vacancies as posts', async () => {
    await given().when(planTransfer, plan('p1', { from: pool('authority', 'posts') })).rejects('workforce/mixed-units', { pointer: '/to/unit' }); // prettier-ignore
    await given()
      .when(planTransfer, plan('p1', { to: pool('sa', 'posts') }))
      .rejects('workforce/mixed-units');
    await given()
      .when(recordBaseline, baseline(10, 'posts', { vacancies: 10 }))
      .leaves({ pools: [{ vacancies: 10 }] });
    await given()
      .when(recordBaseline, baseline(10, 'posts', { vacancies: 11 }))
      .rejects('workforce/not-vacant');
  });
});

describe('of several plans each is its own', () => {
  const two = [counted(200), planned('p1'), planned('p2', desk)] as const;
  const off = context('PlanCancelled', { plan: 'p1', why: 'Called off' }, '2015-05-01');

  it('starts with nobody informed and nobody consulted', () =>
    given(counted(200))
      .when(planTransfer, plan('p1'))
      .leaves({ plans: [{ informed: [], consulted: [], revisions: 0 }] }));

  it('takes leavers of its own pool', async () => {
    await given(...two).when(recordLeavers, { ...pool('authority', 'people', 'desk'), count: 1, plan: 'p2' }).leaves({ stage: 'counted' }); // prettier-ignore
    await given(...two)
      .when(recordLeavers, { ...pool('authority'), count: 1, plan: 'p2' })
      .rejects('workforce/not-of-the-plan', { pointer: '/plan', detail: 'p2 moves staff of authority, desk, people.' });
    await given(...two, planned('p3')).when(recordLeavers, { ...pool('authority'), count: 7, plan: 'p3' }).leaves(({ plans }) =>
      expect(plans.map((p) => [p.plan, p.left.least])).toEqual([['p1', 0], ['p2', 0], ['p3', 7]])); // prettier-ignore
  });

  it('is revised in its own unit, and not once it was cancelled', async () => {
    const ofFte = [counted(200), planned('p1'), planned('p2', { ...fte, inScope: { count: '9', unit: 'fte' } })] as const;
    await given(...ofFte).when(revisePlan, { plan: 'p2', inScope: { count: '7.5', unit: 'fte' } }).leaves({ plans: [{ inScope: { count: 50 } }, { inScope: { count: '7.5' } }] }); // prettier-ignore
    await given(...ofFte)
      .when(revisePlan, { plan: 'p2', inScope: { count: 7, unit: 'people' } })
      .rejects('workforce/mixed-units');
    await given(...ofFte)
      .when(revisePlan, { plan: 'p1', inScope: { count: '7.5', unit: 'fte' } })
      .rejects('workforce/mixed-units');
    await given(...two, off)
      .when(revisePlan, { plan: 'p2', expectedOn: '2016' })
      .leaves({ plans: [{ revisions: 0 }, { revisions: 1 }] });
    await given(...two, off)
      .when(revisePlan, { plan: 'p1', expectedOn: '2016' })
      .rejects('workforce/plan-cancelled', { detail: 'p1 was cancelled on 2015-05-01.' });
    const second = context('PlanCancelled', { plan: 'p2', why: 'Too' }, '2015-06-01');
    await given(...two, off, second).when(revisePlan, { plan: 'p2', expectedOn: '2016' }).rejects('workforce/plan-cancelled', { detail: 'p2 was cancelled on 2015-06-01.' }); // prettier-ignore
  });

  it('is cancelled by itself, once', async () => {
    await given(...two, off).when(cancelPlan, { plan: 'p2', why: 'Too' }).leaves({ plans: [{ cancelled: { on: '2015-05-01' } }, { cancelled: { why: 'Too' } }] }); // prettier-ignore
    await given(...two, off)
      .when(cancelPlan, { plan: 'p1', why: 'Again' })
      .changesNothing();
    await given(...two)
      .when(cancelPlan, { plan: 'p1', why: 'Called off' })
      .leaves({ plans: [{ cancelled: { why: 'Called off' } }, {}] });
  });

  it('shares no leavers with another: a transfer of one has not those of the other', async () => {
    const left = context('StaffLeft', { ...pool('authority'), count: 10, plan: 'p1' }, '2015-06-01');
    const same = [counted(200), planned('p1'), planned('p3')] as const;
    const held = (pools: readonly Parameters<typeof sumIn>[0][]) => pools.map((p) => sumIn(p).least);
    await given(...same, left)
      .when(transferStaff, transfer(50, 40, { plan: 'p3', left: 10 }))
      .leaves(({ pools, plans, transfers }) => {
        expect([held(pools), transfers[0]!.leftRecorded.least]).toEqual([[140, 40], 0]);
        expect(plans.map(({ covered }) => covered.least)).toEqual([0, 0]);
      });
    await given(...same, context('StaffTransferred', transfer(50, 40, { plan: 'p3', left: 10 }), '2016-03-01'))
      .when(recordLeavers, { ...pool('authority'), count: 10, plan: 'p1' }, { effectiveOn: '2015-06-01' })
      .leaves(({ pools, transfers }) => expect([held(pools), transfers[0]!.leftRecorded.least]).toEqual([[140, 40], 0]));
    await given(...same, context('StaffTransferred', transfer(50, 40, { plan: 'p1', left: 10 }), '2016-03-01'))
      .when(recordLeavers, { ...pool('authority'), count: 10, plan: 'p1' }, { effectiveOn: '2015-06-01' })
      .leaves(({ pools, transfers }) => expect([held(pools), transfers[0]!.leftRecorded.least]).toEqual([[150, 40], 10]));
  });

  it.each([
    ['its own plan and pool, of one day', { plan: 'p1', left: 10 }, 10],
    ['its own plan that fewer left at', { plan: 'p1', left: 4, retained: 6 }, 4],
    ['its own plan that nobody left at', { plan: 'p1', retained: 10 }, 0],
    ['another plan', { plan: 'p3', left: 10 }, 0],
    ['another pool', { plan: 'p1', left: 10, ...desk }, 0],
    ['no plan', { left: 10 }, 0],
  ])('counts leavers once that are recorded after a transfer of %s', (_, more, covered) =>
    given(counted(200), planned('p1'), planned('p3'), context('StaffTransferred', transfer(50, 40, more), '2016-03-01'))
      .when(recordLeavers, { ...pool('authority'), count: 10, plan: 'p1' }, { effectiveOn: '2016-03-01' })
      .leaves(({ plans, transfers }) => expect([transfers[0]!.leftRecorded.least, plans[0]!.covered.least]).toEqual([covered, covered])),
  );

  it('has a list that who transferred before it is not on, and who transfers under another plan may be', () =>
    given(...two, planned('p3'), context('StaffTransferred', transfer(30, 30, { plan: 'p1' }), '2015-06-01'), context('StaffTransferred', { ...transfer(9, 9, { plan: 'p3' }), transfer: 't3' }, '2015-06-01'), context('StaffTransferred', { ...transfer(4, 4, { plan: 'p1', ...desk }), transfer: 't4' }, '2015-06-01')) // prettier-ignore
      .when(revisePlan, { plan: 'p1', inScope: { count: 20, unit: 'people' } }, { effectiveOn: '2015-07-01' })
      .leaves((state) => {
        expect(state.plans[0]!.before).toEqual({ least: 30, most: 30 });
        expect(progressOf(state, state.plans[0]!)).toMatchObject({
          inScope: { least: 50 },
          moved: { least: 30 },
          remaining: { least: 20 },
        });
      }));
});

it('full-time equivalents have lines of their own, by how they went', () =>
  given(counted(100), counted('90', 'fte'))
    .when(transferStaff, transfer(12, 10, { objected: 1, left: 1, fte: { moved: '9.5', objected: '1', left: '0.5' } }))
    .leaves(({ pools }) =>
      expect(Object.keys(pools.find(({ employer, unit }) => employer === 'authority' && unit === 'fte')!.movement)).toEqual([
        'opening',
        'transferred-out',
        'objected',
        'left-before-transfer',
      ]),
    ));

it('is about the programme that it is of', () =>
  expect([workforce.about('met', workforce.initial), workforce.about('met', { ...workforce.initial, programme: 'met' })]).toEqual([{}, { programme: 'met' }])); // prettier-ignore
