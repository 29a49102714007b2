import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { planTransfer } from '../../src/domain/workforce/commands/plan-transfer.js';
import { recordBaseline } from '../../src/domain/workforce/commands/record-baseline.js';
import { recordJoiners } from '../../src/domain/workforce/commands/record-joiners.js';
import { recordLeavers } from '../../src/domain/workforce/commands/record-leavers.js';
import { transferStaff } from '../../src/domain/workforce/commands/transfer-staff.js';
import { workforce, type Workforce } from '../../src/domain/workforce/index.js';
import { specification, stream, context } from '../given.js';
import { tellWorld, World } from '../random-history.js';

const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')),
  stream(contract, 'ams', context('ContractPlanned', { programme: 'met', title: 'Applications' }, '2015')),
];
const given = specification(workforce, { id: 'met', others });
const pool = (employer: string, unit = 'people') => ({ employer, function: 'it', unit });
const baseline = (count: number, more: object = {}) => ({
  programme: 'met',
  employer: 'authority',
  function: 'it',
  headcount: { count, unit: 'people', ...more },
});
const counted = (count: number, on = '2015', more: object = {}) => context('BaselineRecorded', baseline(count, more), on);
const plan = {
  programme: 'met',
  plan: 'ams-2016',
  from: pool('authority'),
  to: pool('accenture'),
  inScope: { count: 113, unit: 'people' },
};
const planned = context('TransferPlanned', plan, '2016');
const transfer = {
  transfer: 'ams-2016',
  from: pool('authority'),
  to: pool('accenture'),
  inScope: 113,
  moved: 100,
  objected: 3,
  retained: 6,
  left: 4,
};
const counts = ({ pools, external }: Workforce) => [
  ...pools.map(({ employer, count }) => `${employer} ${count}`),
  `outside ${external.people}`,
];

describe('RecordBaseline', () => {
  it('counts a pool; those who are in it come from outside', () =>
    given()
      .when(recordBaseline, baseline(800, { qualifier: 'about' }))
      .leaves((state) => {
        expect(counts(state)).toEqual(['authority 800', 'outside -800']);
        expect(state.pools[0]!.measured).toEqual({ count: 800, qualifier: 'about', unit: 'people', on: '2026-03-02' });
      }));

  it('a new count replaces what was computed', () =>
    given(counted(800), context('StaffLeft', { ...pool('authority'), count: 50 }, '2016'))
      .when(recordBaseline, baseline(700))
      .leaves((state) => expect(counts(state)).toEqual(['authority 700', 'outside -700'])));

  it('a backdated count stands before what moved since', () =>
    given(planned, context('StaffJoined', { ...pool('authority'), count: 5 }, '2018'))
      .when(recordBaseline, baseline(100), { effectiveOn: '2017' })
      .leaves((state) => expect(counts(state)).toEqual(['authority 105', 'outside -105'])));

  it('belongs to the programme whose id it has', async () => {
    await given()
      .when(recordBaseline, { ...baseline(1), programme: 'nhs' })
      .rejects('ledger/unknown-reference', { pointer: '/programme' });
    const other = stream(programme, 'nhs', context('ProgrammeChartered', { title: 'N', authority: 'NHS', baseCurrency: 'GBP' }, '2014'));
    await specification(workforce, { id: 'met', others: [...others, other] })()
      .when(recordBaseline, { ...baseline(1), programme: 'nhs' })
      .rejects('workforce/another-programme', { pointer: '/programme' });
  });
});

describe('PlanTransfer', () => {
  it('moves nobody', () =>
    given(counted(800))
      .when(planTransfer, { ...plan, contract: 'ams', expectedOn: '2016-09' })
      .leaves((state) => {
        expect(counts(state)).toEqual(['authority 800', 'outside -800']);
        expect(state.plans).toMatchObject([{ plan: 'ams-2016', contract: 'ams', inScope: { count: 113 } }]);
      }));

  it('goes from one employer to another, in one unit', async () => {
    await given()
      .when(planTransfer, { ...plan, to: pool('authority') })
      .rejects('workforce/same-employer', { pointer: '/to/employer' });
    await given()
      .when(planTransfer, { ...plan, to: pool('accenture', 'fte') })
      .rejects('workforce/mixed-units', { pointer: '/to/unit' });
    await given()
      .when(planTransfer, { ...plan, inScope: { count: 1, unit: 'posts' } })
      .rejects('workforce/mixed-units');
  });

  it('has an id of its own', () => given(planned).when(planTransfer, plan).rejects('workforce/duplicate'));

  it('belongs to the programme of its workforce', () =>
    specification(workforce, { id: 'other', others })().when(planTransfer, plan).rejects('workforce/another-programme'));
});

describe('TransferStaff', () => {
  it('has both legs: who left one employer came to the other, or went outside', () =>
    given(counted(800), planned)
      .when(transferStaff, { ...transfer, plan: 'ams-2016', contract: 'ams' })
      .leaves((state) => {
        expect(counts(state)).toEqual(['accenture 100', 'authority 693', 'outside -793']);
        expect(state.transfers).toMatchObject([{ plan: 'ams-2016', inScope: 113, moved: 100, objected: 3, retained: 6, left: 4 }]);
      }));

  it('keeps the hash of the list, and nothing of it in the state', () =>
    given(counted(800))
      .when(transferStaff, { ...transfer, listSha256: 'a'.repeat(64) })
      .leaves((state) => expect(state.transfers[0]).not.toHaveProperty('listSha256')));

  it('is recorded also from a pool that was never counted', () =>
    given(planned)
      .when(transferStaff, transfer)
      .leaves((state) => expect(counts(state)).toEqual(['accenture 100', 'authority -107', 'outside 7'])));

  it.each([{ moved: 101 }, { left: 0 }, { inScope: 112 }])('accounts for everybody in scope: %j', (wrong) =>
    given(counted(800))
      .when(transferStaff, { ...transfer, ...wrong })
      .rejects('workforce/does-not-add-up', { pointer: '/inScope' }),
  );

  it('needs two employers and one unit', async () => {
    await given(counted(800))
      .when(transferStaff, { ...transfer, to: pool('authority') })
      .rejects('workforce/same-employer');
    await given(counted(800))
      .when(transferStaff, { ...transfer, to: pool('accenture', 'posts') })
      .rejects('workforce/mixed-units');
  });

  it('carries out a plan that was recorded', () =>
    given(counted(800))
      .when(transferStaff, { ...transfer, plan: 'nobody' })
      .rejects('workforce/unknown-plan'));

  it('has an id of its own', () =>
    given(counted(800), context('StaffTransferred', transfer, '2017'))
      .when(transferStaff, transfer)
      .rejects('workforce/duplicate'));

  it('takes no more from a pool than was counted, unless the count is approximate', async () => {
    await given(counted(106)).when(transferStaff, transfer).rejects('workforce/below-zero');
    await given(counted(107)).when(transferStaff, transfer).leaves({ stage: 'counted' });
    await given(counted(106, '2015', { qualifier: 'about' }))
      .when(transferStaff, transfer)
      .leaves({ stage: 'counted' });
  });

  it('is refused when it is backdated and a later leaver would no longer be in the pool', () =>
    given(counted(110), context('StaffLeft', { ...pool('authority'), count: 10 }, '2020'))
      .when(transferStaff, transfer, { effectiveOn: '2017' })
      .rejects('ledger/breaks-later-event', { eventType: 'StaffLeft', because: 'workforce/below-zero' }));

  it('needs a workforce that was recorded', () => given().when(transferStaff, transfer).rejects('workforce/unknown'));

  it('is refused before the first count', () =>
    given(counted(800, '2015')).when(transferStaff, transfer, { effectiveOn: '2014' }).rejects('workforce/not-yet'));
});

describe('RecordLeavers, RecordJoiners', () => {
  it('leave for outside and come from there', async () => {
    const some = { ...pool('authority'), count: 30 };
    await given(counted(800)).when(recordLeavers, some).leaves((state) => expect(counts(state)).toEqual(['authority 770', 'outside -770'])); // prettier-ignore
    await given(counted(800)).when(recordJoiners, some).leaves((state) => expect(counts(state)).toEqual(['authority 830', 'outside -830'])); // prettier-ignore
  });

  it('are never more than were counted', () =>
    given(counted(10))
      .when(recordLeavers, { ...pool('authority'), count: 11 })
      .rejects('workforce/below-zero'));
});

describe('whatever is recorded', () => {
  const name = fc.record({
    employer: fc.constantFrom('authority', 'csc', 'atos'),
    function: fc.constantFrom('it', 'desk'),
    unit: fc.constantFrom('people', 'fte'),
  });
  const on = fc.constantFrom(undefined, '2012', '2013-05', '2014-02-03', '[..2013]', 'unknown', '2015');
  const n = fc.integer({ min: 1, max: 60 });
  const move = fc.oneof(
    fc.tuple(fc.constant('RecordBaseline'), fc.record({ name, n, about: fc.boolean() }).map(({ name: { unit, ...rest }, n, about }) => ({ programme: 'met', ...rest, headcount: { count: n, unit, ...(about && { qualifier: 'about' }) } })), on),
    fc.tuple(fc.constantFrom('RecordLeavers', 'RecordJoiners'), fc.record({ name, n }).map(({ name, n }) => ({ ...name, count: n })), on),
    fc.tuple(fc.constant('TransferStaff'), fc.record({ id: n, from: name, to: name, moved: n, objected: n, retained: n, left: n }).map(({ id, ...t }) => ({ transfer: `t-${id}`, ...t, to: { ...t.to, unit: t.from.unit }, inScope: t.moved + t.objected + t.retained + t.left })), on),
  ); // prettier-ignore

  it('the sum over all pools and outside never changes', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 25 }), async (moves) => {
        const world = new World('2016-01-04');
        await tellWorld(world);
        for (const [command, data, effectiveOn] of moves)
          await world.try('workforce-met', command, data, { ...(effectiveOn && { effectiveOn }) });
        accepted += world.accepted - 5;
        for (const { after } of (await world.history('workforce-met')).steps()) {
          const { pools, external } = after as Workforce;
          for (const unit of ['people', 'fte', 'posts'] as const)
            expect(pools.filter((p) => p.unit === unit).reduce((sum, { count }) => sum + count, external[unit])).toBe(0);
        }
      }),
      { numRuns: 60 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});
