import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { recordBaseline } from '../../src/domain/workforce/commands/record-baseline.js';
import { recordJoiners } from '../../src/domain/workforce/commands/record-joiners.js';
import { recordLeavers } from '../../src/domain/workforce/commands/record-leavers.js';
import { transferStaff } from '../../src/domain/workforce/commands/transfer-staff.js';
import { redeploy } from '../../src/domain/workforce/commands/redeploy.js';
import {
  balanceOf,
  poolFindings,
  poolName,
  poolOf,
  sumIn,
  workforce,
  type Pool,
  type Workforce,
} from '../../src/domain/workforce/index.js';
import { isExact, rangeOf, showChange, showRange, sumOf, type Range } from '../../src/kernel/index.js';
import { context, specification, stream } from '../given.js';
import { playStaff, staffMoves } from '../random-staff.js';

const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')),
  stream(contract, 'ams', context('ContractPlanned', { programme: 'met', title: 'Applications' }, '2015')),
  ...['accenture', 'atos', 'csc', 'sa', 'sb', 'sc', 'tcs', 'supplier'].map((id) =>
    stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' })),
  ),
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
const shown = ({ holds, net, unit }: Pool) => (holds ? showRange(holds, unit) : `unknown, net ${showChange(net!)} recorded`);
const held = ({ pools }: Workforce) => pools.map((pool) => `${pool.employer}: ${shown(pool)}`);
const lines = (state: Workforce, employer: string, unit = 'people') => {
  const pool = state.pools.find((p) => p.employer === employer && p.unit === unit)!;
  return Object.fromEntries(Object.entries(pool.movement).map(([line, range]) => [line, showChange(range)]));
};
const balanced = (state: Workforce) => state.pools.filter((pool) => !balanceOf(pool).balances).map(poolName);

describe('RecordBaseline', () => {
  it('counts a pool; those who are in it were there at first', () =>
    given()
      .when(recordBaseline, baseline(800, { qualifier: 'about' }))
      .leaves((state) => {
        expect(held(state)).toEqual(['authority: about 800 people (750 to 850)']);
        expect(lines(state, 'authority')).toEqual({ opening: '+750 to +850' });
        expect(state.pools[0]!.measured).toEqual({ count: 800, qualifier: 'about', unit: 'people', on: '2026-03-02' });
      }));

  it('what a new count differs by is unexplained, apart from leavers and joiners', () =>
    given(counted(800), context('StaffLeft', { ...pool('authority'), count: 50 }, '2016'))
      .when(recordBaseline, baseline(700))
      .leaves((state) => {
        expect(held(state)).toEqual(['authority: 700 people']);
        expect(lines(state, 'authority')).toEqual({ opening: '+800', 'left: not stated': '−50', unexplained: '−50' });
        expect(balanced(state)).toEqual([]);
      }));

  it('a count of what was recorded already explains itself', () =>
    given(counted(800), context('StaffLeft', { ...pool('authority'), count: 50 }, '2016'))
      .when(recordBaseline, baseline(750))
      .leaves((state) => expect(lines(state, 'authority')).toEqual({ opening: '+800', 'left: not stated': '−50' })));

  it('a backdated count stands before what moved since', () =>
    given(planned, context('StaffJoined', { ...pool('authority'), count: 5 }, '2018'))
      .when(recordBaseline, baseline(100), { effectiveOn: '2017' })
      .leaves((state) => expect(held(state)).toEqual(['authority: 105 people'])));

  it('a first count after movements says who was there at first', () =>
    given(planned, context('StaffTransferred', transfer, '2017'))
      .when(recordBaseline, baseline(700))
      .leaves((state) => {
        expect(held(state)).toEqual(['accenture: unknown, net +100 recorded', 'authority: 700 people']);
        expect(lines(state, 'authority')).toMatchObject({ opening: '+807', 'transferred-out': '−100', objected: '−3' });
        expect(balanced(state)).toEqual([]);
      }));

  it('a first count below those who came leaves the rest unexplained: nobody opens with fewer than none', () =>
    given(planned, context('StaffJoined', { ...pool('authority'), count: 43 }, '2017'))
      .when(recordBaseline, baseline(40))
      .leaves((state) => {
        expect(lines(state, 'authority')).toEqual({ joined: '+43', unexplained: '−3' });
        expect(balanced(state)).toEqual([]);
      }));

  it('a first count after at least so many came says that nobody, or only a few, were there at first', () =>
    given(planned, context('StaffJoined', { ...pool('authority'), count: { count: 43, qualifier: 'over' } }, '2017'))
      .when(recordBaseline, baseline(50))
      .leaves((state) => {
        expect(lines(state, 'authority')).toEqual({ joined: '+44 or more', opening: '0 to +6', unexplained: '+6 or less' });
        expect(balanced(state)).toEqual([]);
      }));

  it('as many were there at first as had to leave', () =>
    given(
      planned,
      context('StaffLeft', { ...pool('authority'), count: 25 }, '2016-02'),
      context('StaffJoined', { ...pool('authority'), count: 50 }, '2017'),
    )
      .when(recordBaseline, baseline(20))
      .leaves((state) => {
        expect(lines(state, 'authority')).toMatchObject({ opening: '+25', unexplained: '−30' });
        expect(balanced(state)).toEqual([]);
      }));

  it('belongs to the programme whose id it has', async () => {
    await given()
      .when(recordBaseline, { ...baseline(1), programme: 'nhs' })
      .rejects('ledger/unknown-reference', { pointer: '/programme' });
    const other = stream(programme, 'nhs', context('ProgrammeChartered', { title: 'N', authority: 'NHS', baseCurrency: 'GBP' }, '2014'));
    await specification(workforce, { id: 'met', others: [...others, other] })()
      .when(recordBaseline, { ...baseline(1), programme: 'nhs' })
      .rejects('workforce/another-programme', { pointer: '/programme' });
  });

  it('has vacancies among posts alone, and no more than there are posts', async () => {
    const posts = (count: number, vacancies: number) => ({ ...baseline(0), headcount: { count, unit: 'posts' }, vacancies });
    await given()
      .when(recordBaseline, posts(400, 12))
      .leaves(({ pools }) => expect(pools[0]).toMatchObject({ unit: 'posts', vacancies: 12 }));
    await given()
      .when(recordBaseline, { ...baseline(400), vacancies: 12 })
      .rejects('workforce/not-vacant', { pointer: '/vacancies', detail: '12 of 400 people' });
    await given().when(recordBaseline, posts(11, 12)).rejects('workforce/not-vacant', { detail: '12 of 11 posts' });
  });
});

describe('people are never negative', () => {
  it('a pool that was never counted is unknown, with the net of what was recorded', () =>
    given(planned)
      .when(recordLeavers, { ...pool('authority'), count: 25 })
      .leaves((state) => expect(held(state)).toEqual(['authority: unknown, net −25 recorded'])));

  it('to which only people came had nobody who must have been there at first', () =>
    given(planned)
      .when(recordJoiners, { ...pool('authority'), count: 25 })
      .leaves((state) => expect(state.pools).toEqual([{ ...pool('authority'), net: { least: 25, most: 25 }, movement: { joined: { least: 25, most: 25 } } }]))); // prettier-ignore

  it('is recorded also from a pool that was never counted', () =>
    given(planned)
      .when(transferStaff, transfer)
      .leaves((state) => expect(held(state)).toEqual(['accenture: unknown, net +100 recorded', 'authority: unknown, net −107 recorded'])));

  it('what certainly cannot be is refused: 97,959 more than a pool holds', () =>
    given(counted(2041))
      .when(recordLeavers, { ...pool('authority'), count: 100_000 })
      .rejects('workforce/below-zero', { pointer: '/count', detail: 'authority, it, people: 97959 more would leave than it holds' }));

  it('takes no more from a pool than it may hold', async () => {
    await given(counted(106)).when(transferStaff, transfer).rejects('workforce/below-zero', { pointer: '/moved' });
    await given(counted(107))
      .when(transferStaff, transfer)
      .leaves((state) => expect(held(state)).toContain('authority: 0 people'));
    await given(counted(100, '2015', { qualifier: 'about' }))
      .when(transferStaff, transfer)
      .leaves((state) => expect(held(state)).toContain('authority: 0 to 43 people'));
    await given(counted(60, '2015', { qualifier: 'about' }))
      .when(transferStaff, transfer)
      .rejects('workforce/below-zero');
    await given(counted(100, '2015', { qualifier: 'under' }))
      .when(transferStaff, transfer)
      .rejects('workforce/below-zero');
  });

  it('S6-over-400: what is left of over 400 posts after 412 is 0 or more, never −12', async () => {
    const posts = context('BaselineRecorded', { ...baseline(400), headcount: { count: 400, qualifier: 'over', unit: 'posts' } }, '2015');
    const moving = { transfer: 't', from: pool('authority', 'posts'), to: pool('csc', 'posts') };
    await given(posts)
      .when(transferStaff, { ...moving, inScope: 412, moved: 412 })
      .leaves((state) => {
        expect(poolOf(state.pools, pool('authority', 'posts') as Pool)!.holds).toEqual({ least: 0 });
        expect(held(state)[0]).toBe('authority: 0 or more posts, unknown');
        expect(balanced(state)).toEqual([]);
      });
    const over400 = { count: 400, qualifier: 'over' };
    await given(posts)
      .when(transferStaff, { ...moving, inScope: over400, moved: over400 })
      .leaves((state) => expect(held(state)).toEqual(['authority: 0 or more posts, unknown', 'csc: unknown, net +401 or more recorded']));
  });
});

describe('TransferStaff', () => {
  it('has both legs: who left one employer came to the other, or went outside', () =>
    given(counted(800), planned)
      .when(transferStaff, { ...transfer, plan: 'ams-2016', contract: 'ams' })
      .leaves((state) => {
        expect(held(state)).toEqual(['accenture: unknown, net +100 recorded', 'authority: 693 people']);
        expect(lines(state, 'authority')).toEqual({
          opening: '+800',
          'transferred-out': '−100',
          objected: '−3',
          'left-before-transfer': '−4',
        });
        expect(state.transfers).toMatchObject([{ plan: 'ams-2016', inScope: 113, moved: 100, objected: 3, retained: 6, left: 4 }]);
      }));

  it('keeps the hash of the list, of 64 hexadecimal digits, and nothing of it in the state', async () => {
    const withHash = (listSha256: string) => ({ ...transfer, listSha256 });
    await given(counted(800))
      .when(transferStaff, withHash('aF'.repeat(32)))
      .leaves((state) => expect(state.transfers[0]).not.toHaveProperty('listSha256'));
    for (const wrong of ['a'.repeat(63), 'Jane Smith, payroll 4711', `g${'a'.repeat(63)}`])
      await given(counted(800)).when(transferStaff, withHash(wrong)).rejects('workforce/not-a-hash', { pointer: '/listSha256' });
  });

  it.each([{ moved: 101 }, { left: 0 }, { inScope: 112 }, { moved: { count: 100, qualifier: 'over' } }])(
    'accounts for everybody in scope: %j',
    (wrong) =>
      given(counted(800))
        .when(transferStaff, { ...transfer, ...wrong })
        .rejects('workforce/does-not-add-up', { pointer: '/inScope' }),
  );

  it('counts with a qualifier add up where they may', () =>
    given(counted(800))
      .when(transferStaff, { ...transfer, inScope: { count: 100, qualifier: 'over' }, moved: { count: 95, qualifier: 'about' } })
      .leaves((state) => expect(held(state)).toEqual(['accenture: unknown, net +94 to +96 recorded', 'authority: about 698 people (697 to 699)']))); // prettier-ignore

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
      .rejects('workforce/unknown-plan', { pointer: '/plan', detail: 'nobody' }));

  it('has an id of its own, wherever it stands', async () => {
    await given(counted(800), context('StaffTransferred', transfer, '2017'))
      .when(transferStaff, transfer)
      .rejects('workforce/duplicate', { pointer: '/transfer', detail: 'ams-2016' });
    await given(counted(800), context('StaffTransferred', transfer, '2017'))
      .when(transferStaff, transfer, { effectiveOn: '2016' })
      .rejects('ledger/breaks-later-event', { eventType: 'StaffTransferred', because: 'workforce/duplicate' });
  });

  it('is refused when it is backdated and a later leaver would no longer be in the pool', () =>
    given(counted(110), context('StaffLeft', { ...pool('authority'), count: 10 }, '2020'))
      .when(transferStaff, transfer, { effectiveOn: '2017' })
      .rejects('ledger/breaks-later-event', { eventType: 'StaffLeft', because: 'workforce/below-zero' }));

  it('needs a workforce that was recorded', () => given().when(transferStaff, transfer).rejects('workforce/unknown'));

  it('is refused before the first count', () =>
    given(counted(800, '2015')).when(transferStaff, transfer, { effectiveOn: '2014' }).rejects('workforce/not-yet'));

  it('people and posts are whole numbers', async () => {
    await given(counted(800))
      .when(transferStaff, { ...transfer, moved: '99.5' })
      .rejects('workforce/not-whole', { pointer: '/moved', detail: '99.5 people' });
    await given(counted(800))
      .when(transferStaff, { ...transfer, left: { count: '4.0', qualifier: 'about' } })
      .rejects('workforce/not-whole', { pointer: '/left' });
    await given(counted(800))
      .when(recordLeavers, { ...pool('authority'), count: '0.5' })
      .rejects('workforce/not-whole', { pointer: '/count' });
    await given(counted(800))
      .when(recordJoiners, { ...pool('authority'), count: '0.5' })
      .rejects('workforce/not-whole', { pointer: '/count' });
  });

  it('says why people did not move, of no more than did not', async () => {
    const withReasons = (other: number, more: readonly object[] = []) => ({ ...transfer, notMoved: [{ why: 'not-assigned', count: 6 }, { why: 'other', count: other }, ...more] }); // prettier-ignore
    await given(counted(800)).when(transferStaff, withReasons(7)).leaves(({ transfers }) => expect(transfers[0]!.notMoved).toHaveLength(2)); // prettier-ignore
    await given(counted(800))
      .when(transferStaff, withReasons(8))
      .rejects('workforce/more-than-did-not-move', { pointer: '/notMoved', detail: 'Reasons are given for 14; 100 of 113 moved.' });
    await given(counted(800))
      .when(transferStaff, withReasons(1, [{ why: 'redeployed', count: 1 }]))
      .rejects('workforce/more-than-did-not-move', { pointer: '/notMoved', detail: 'Reasons are given for 7 retained; 6 retained.' });
  });

  it.each([
    ['objected', 3, ['objected']],
    ['retained', 6, ['retained', 'redeployed', 'not-assigned']],
    ['left', 4, ['resigned', 'retired', 'dismissed', 'redundant', 'contract-ended', 'died']],
  ])('gives reasons of its own to those who %s: %d, and no more', async (part, most, reasons) => {
    for (const why of reasons) {
      const of = (count: number) => ({ ...transfer, notMoved: [{ why, count }] });
      await given(counted(800)).when(transferStaff, of(most)).leaves({ stage: 'counted' });
      await given(counted(800))
        .when(transferStaff, of(most + 1))
        .rejects('workforce/more-than-did-not-move', { detail: `Reasons are given for ${most + 1} ${part}; ${most} ${part}.` });
    }
  });

  it('says how pensions are kept, of no more than moved', async () => {
    const kept = (count: number) => ({ ...transfer, pension: [{ by: 'admission-agreement', count: 60 }, { by: 'broadly-comparable', count }] }); // prettier-ignore
    await given(counted(800)).when(transferStaff, kept(40)).leaves(({ transfers }) => expect(transfers[0]!.pension).toHaveLength(2)); // prettier-ignore
    await given(counted(800))
      .when(transferStaff, kept(41))
      .rejects('workforce/more-pensions-than-moved', { pointer: '/pension', detail: 'Those of 101 are kept; 100 moved' });
  });

  it('is of its day or an earlier one', async () => {
    await given(counted(800))
      .when(transferStaff, { ...transfer, transferOn: '2020-02-01' }, { effectiveOn: '2020-01-31' })
      .rejects('workforce/transfers-later', { pointer: '/transferOn', detail: '2020-02-01, after 2020-01-31' });
    await given(counted(800))
      .when(transferStaff, { ...transfer, transferOn: '2020-01' }, { effectiveOn: '2020-01-15' })
      .leaves({ stage: 'counted' });
  });

  it('names the earlier transfer where they transfer again', async () => {
    const again = { ...transfer, transfer: 'again', origin: { kind: 'second-generation', transfer: 'ams-2016' } };
    await given(counted(800), context('StaffTransferred', transfer, '2017'))
      .when(transferStaff, again)
      .leaves(({ transfers }) => expect(transfers[1]!.origin).toEqual(again.origin));
    await given(counted(800))
      .when(transferStaff, again)
      .rejects('workforce/unknown-origin', { pointer: '/origin/transfer', detail: 'ams-2016' });
  });
});

describe('people, posts and full-time equivalents side by side', () => {
  const fte = context('BaselineRecorded', { ...baseline(0), headcount: { count: '742.6', unit: 'fte' } }, '2015');
  const ten = { transfer: 't', from: pool('authority'), to: pool('csc'), inScope: 10, moved: 10 };

  it('S5-fte: 7.5 of 742.6 leave 735.1, beside 10 of 800 people', () =>
    given(counted(800), fte)
      .when(transferStaff, { ...ten, fte: { moved: '7.5' } })
      .leaves((state) => {
        expect(held(state)).toEqual([
          'authority: 735.1 fte',
          'authority: 790 people',
          'csc: unknown, net +7.5 recorded',
          'csc: unknown, net +10 recorded',
        ]);
        expect(balanced(state)).toEqual([]);
      }));

  it('those who objected or left are gone as an equivalent too', () =>
    given(counted(800), fte)
      .when(transferStaff, { ...ten, inScope: 13, objected: 1, left: 2, fte: { moved: '7.5', objected: '0.8', left: '1.25' } })
      .leaves((state) => expect(held(state)).toContain('authority: 733.05 fte')));

  it('posts move with their vacancies', () =>
    given(
      counted(800),
      context('BaselineRecorded', { ...baseline(0), headcount: { count: 820, unit: 'posts' }, vacancies: 20 }, '2015'),
      context('BaselineRecorded', { ...baseline(0), employer: 'csc', headcount: { count: 50, unit: 'posts' }, vacancies: 1 }, '2015'),
    )
      .when(transferStaff, { ...ten, posts: { moved: 12, vacancies: 2 } })
      .leaves(({ pools }) =>
        expect(pools.filter(({ unit }) => unit === 'posts')).toMatchObject([
          { employer: 'authority', holds: { least: 808 }, vacancies: 18 },
          { employer: 'csc', holds: { least: 62 }, vacancies: 3 },
        ]),
      ));

  it('more vacancies that leave a pool than were stated stay below zero, and are flagged', () =>
    given(counted(800), context('BaselineRecorded', { ...baseline(0), headcount: { count: 820, unit: 'posts' }, vacancies: 1 }, '2015'))
      .when(transferStaff, { ...ten, posts: { moved: 12, vacancies: 2 } })
      .leaves((state) => {
        const posts = state.pools.find(({ employer, unit }) => employer === 'authority' && unit === 'posts')!;
        expect([posts.vacancies, poolFindings(state, posts)]).toEqual([-1, [
          { code: 'vacancies-below-zero', text: '1 more vacant posts moved from authority, it, posts than it was counted to have.' },
        ]]); // prettier-ignore
      }));

  it('stand beside people alone', async () => {
    const posts = { ...ten, from: pool('authority', 'posts'), to: pool('csc', 'posts') };
    await given(counted(800))
      .when(transferStaff, { ...posts, fte: { moved: '7.5' } })
      .rejects('workforce/side-by-side', { pointer: '/fte', detail: 'counted in posts' });
    await given(counted(800)).when(transferStaff, { ...posts, posts: { moved: 1 } }).rejects('workforce/side-by-side', { pointer: '/posts' }); // prettier-ignore
  });

  it('only posts are vacant', async () => {
    await given(counted(800))
      .when(transferStaff, { ...ten, vacancies: 1 })
      .rejects('workforce/not-vacant', { pointer: '/vacancies', detail: 'counted in people' });
    await given(counted(800))
      .when(transferStaff, { ...ten, posts: { moved: 1, vacancies: 2 } })
      .rejects('workforce/not-vacant', { pointer: '/posts/vacancies', detail: '2 of 1 posts' });
    const posts = { ...ten, from: pool('authority', 'posts'), to: pool('csc', 'posts') };
    await given(counted(800)).when(transferStaff, { ...posts, vacancies: 11 }).rejects('workforce/not-vacant', { detail: '11 of 10 posts' }); // prettier-ignore
    await given(counted(800))
      .when(transferStaff, { ...posts, vacancies: 10 })
      .leaves({ stage: 'counted' });
  });
});

describe('RecordLeavers, RecordJoiners', () => {
  it('leave for outside and come from there, by their reason', async () => {
    const some = { ...pool('authority'), count: 30 };
    await given(counted(800))
      .when(recordLeavers, { ...some, reason: 'retirement' })
      .leaves((state) => expect([held(state), lines(state, 'authority')]).toEqual([['authority: 770 people'], { opening: '+800', 'left: retirement': '−30' }])); // prettier-ignore
    await given(counted(800)).when(recordJoiners, some).leaves((state) => expect(held(state)).toEqual(['authority: 830 people'])); // prettier-ignore
  });

  it('are never more than were counted', () =>
    given(counted(10))
      .when(recordLeavers, { ...pool('authority'), count: 11 })
      .rejects('workforce/below-zero'));

  it.each([
    ['leavers', recordLeavers],
    ['joiners', recordJoiners],
  ])('%s under a plan are of the pool that it moves', async (_, command) => {
    if (command === recordLeavers) {
      await given(counted(800), planned)
        .when(recordLeavers, { ...pool('csc'), count: 1, plan: 'ams-2016' })
        .rejects('workforce/not-of-the-plan', { pointer: '/plan', detail: 'authority, it, people' });
      await given(counted(800))
        .when(recordLeavers, { ...pool('authority'), count: 1, plan: 'nobody' })
        .rejects('workforce/unknown-plan', { pointer: '/plan' });
    } else {
      await given(counted(800), planned)
        .when(recordJoiners, { ...pool('csc'), count: 1, plan: 'ams-2016' })
        .rejects('workforce/not-of-the-plan', { pointer: '/plan' });
      await given(counted(800))
        .when(recordJoiners, { ...pool('authority'), count: 1, plan: 'nobody' })
        .rejects('workforce/unknown-plan', { pointer: '/plan' });
    }
  });
});

describe('Redeploy', () => {
  const move = { employer: 'authority', unit: 'people', from: 'it', to: 'finance', count: 30 };

  it('moves people between functions of one employer, and nobody outside', () =>
    given(counted(800))
      .when(redeploy, move)
      .leaves((state) => {
        expect(state.pools.map((p) => `${p.function}: ${shown(p)}`)).toEqual(['finance: unknown, net +30 recorded', 'it: 770 people']);
        expect(state.pools.map(({ movement }) => movement)).toMatchObject([
          { 'redeployed-in': { least: 30, most: 30 } },
          { 'redeployed-out': { least: -30, most: -30 } },
        ]);
      }));

  it('takes no more than there are, in whole numbers, to another function', async () => {
    await given(counted(29)).when(redeploy, move).rejects('workforce/below-zero', { pointer: '/count', detail: '1 more' });
    await given(counted(29))
      .when(redeploy, { ...move, count: '1.5' })
      .rejects('workforce/not-whole', { pointer: '/count' });
    await given(counted(29)).when(redeploy, { ...move, to: 'it' }).rejects('workforce/same-pool', { pointer: '/to', detail: 'in it already' }); // prettier-ignore
  });
});

describe('S1-three-stages: 800 people leave in three transfers', () => {
  const stage = (transfer: string, to: string, inScope: number, moved: number, objected: number, retained: number, left: number) =>
    context('StaffTransferred', { transfer, from: pool('authority'), to: pool(to), inScope, moved, objected, retained, left }, '2016');
  const state = () =>
    given(counted(800), stage('one', 'sa', 300, 280, 5, 10, 5), stage('two', 'sa', 100, 95, 0, 5, 0)).when(transferStaff, {
      ...stage('three', 'sb', 310, 300, 2, 0, 8).data,
    });

  it('105, 375, 300, and 20 who left employment: 800', () =>
    state().leaves((after) => {
      expect(held(after)).toEqual(['authority: 105 people', 'sa: unknown, net +375 recorded', 'sb: unknown, net +300 recorded']);
      expect(lines(after, 'authority')).toEqual({
        opening: '+800',
        'transferred-out': '−675',
        objected: '−7',
        'left-before-transfer': '−13',
      });
      expect(after.transfers.reduce((sum, { retained }) => sum + Number(retained), 0)).toBe(15);
      expect(balanced(after)).toEqual([]);
    }));
});

describe('a movement table that does not come to what its pool holds', () => {
  const one = (least: number, most = least) => ({ least, most });
  const authority = { employer: 'authority', function: 'it', unit: 'people' } as const;

  it('says by how much', () => {
    const movement = { opening: one(800), 'transferred-out': one(-100) };
    expect(balanceOf({ ...authority, holds: one(700), movement })).toEqual({ balances: true, difference: one(0) });
    expect(balanceOf({ ...authority, holds: one(693), movement })).toEqual({ balances: false, difference: one(-7) });
    expect(balanceOf({ ...authority, net: one(1), movement: {} })).toEqual({ balances: false, difference: one(1) });
    expect(balanceOf({ ...authority, holds: one(650, 750), movement: { opening: one(640, 760) } }).balances).toBe(true);
    expect(balanceOf({ ...authority, holds: one(650, 761), movement: { opening: one(640, 760) } }).balances).toBe(false);
  });
});

describe('whatever is recorded, however late, corrected or withdrawn', () => {
  /** What the facts say of a line, counted again without the state. */
  const expected = (entries: readonly { readonly recorded: { readonly type: string }; readonly data: any }[]) => {
    const sums = new Map<string, Range[]>();
    const add = (employer: string, of: string, unit: 'people' | 'fte', line: string, count: any) => {
      const key = `${employer}, ${of}, ${unit} ${line}`;
      sums.set(key, [...(sums.get(key) ?? []), rangeOf(count ?? 0, unit)]);
    };
    for (const { recorded, data: d } of entries) {
      if (recorded.type === 'StaffTransferred') {
        add(d.from.employer, d.from.function, d.from.unit, 'transferred-out', d.moved);
        add(d.to.employer, d.to.function, d.to.unit, 'transferred-in', d.moved);
        add(d.from.employer, d.from.function, d.from.unit, 'objected', d.objected);
        if (!d.fte) continue;
        add(d.from.employer, d.from.function, 'fte', 'transferred-out', d.fte.moved);
        add(d.to.employer, d.to.function, 'fte', 'transferred-in', d.fte.moved);
      }
      if (recorded.type === 'StaffRedeployed') {
        add(d.employer, d.from, d.unit, 'redeployed-out', d.count);
        add(d.employer, d.to, d.unit, 'redeployed-in', d.count);
      }
      if (recorded.type === 'StaffJoined') add(d.employer, d.function, d.unit, 'joined', d.count);
    }
    return sums;
  };

  it('every movement table balances at every place, and nobody leaves twice', async () => {
    let [accepted, exact, covered] = [0, 0, 0];
    const met = new Set<string>();
    await fc.assert(
      fc.asyncProperty(staffMoves, async (moves) => {
        const world = await playStaff(moves);
        accepted += world.accepted - 6;
        const history = await world.history('workforce-met');
        for (const { type } of history.recorded) met.add(type);
        const entries = history.entries;
        let place = 0;
        for (const { after } of history.steps()) {
          const { pools, transfers, leavers } = after as Workforce;
          const sums = expected(entries.slice(0, ++place));
          for (const pool of pools) {
            expect([poolName(pool), balanceOf(pool)]).toEqual([poolName(pool), { balances: true, difference: { least: 0, most: 0 } }]);
            expect([pool.holds === undefined, pool.net === undefined]).toEqual([!pool.measured, pool.measured !== undefined]);
            if (pool.holds) expect(pool.holds.least).toBeGreaterThanOrEqual(0);
            if (isExact(sumIn(pool))) exact++;
            for (const line of ['transferred-in', 'redeployed-in', 'joined', 'transferred-out', 'redeployed-out', 'objected'] as const) {
              const { least = 0, most = 0 } = pool.movement[line] ?? {};
              const sum = sumOf(sums.get(`${poolName(pool)} ${line}`) ?? []);
              expect([line, least, most]).toEqual(least < 0 ? [line, -sum.most! + 0, -sum.least! + 0] : [line, sum.least, sum.most]);
            }
          }
          const gone = pools.flatMap(({ movement }) => Object.entries(movement).filter(([line]) => line.startsWith('left')).map(([, range]) => range)); // prettier-ignore
          const left = [
            ...leavers.map(({ count }) => count),
            ...transfers.flatMap((t) => [rangeOf(t.left, t.from.unit), rangeOf(t.fte?.left ?? 0, 'fte')]),
          ];
          const twice = sumOf(transfers.map(({ leftRecorded }) => leftRecorded));
          covered += twice.least ?? 0;
          if (left.every(isExact)) expect(0 - sumOf(gone).least!).toBe(sumOf(left).least! - twice.least!);
        }
      }),
      { numRuns: 60 },
    );
    expect([accepted > 500, exact > 500, covered > 0]).toEqual([true, true, true]);
    expect(met).toContain('StaffRedeployed');
    expect(met).toContain('FactCorrected');
    expect(met).toContain('FactWithdrawn');
  });
});
