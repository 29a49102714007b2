import { describe, expect, it } from '@jest/globals';
import { collectiveRedundancies, factsOfTransfer, factsSaid, firstOf, isFor, isRepresented, liabilityDue, mayConsultDirectly, timeliness } from '../../src/domain/workforce/law.js'; // prettier-ignore
import {
  planFindings,
  poolFindings,
  redundancyFindings,
  sumIn,
  transferFindings,
  workforce,
  type Workforce,
} from '../../src/domain/workforce/index.js';
import { context, historyOf, stream, type GivenEvent } from '../given.js';

const pool = (employer: string, unit = 'people') => ({ employer, function: 'it', unit });
const counted = (count: number | string, unit = 'people', more: object = {}, on = '2015-01-01') => context('BaselineRecorded', { programme: 'met', employer: 'authority', function: 'it', headcount: { count, unit }, ...more }, on); // prettier-ignore
const planned = context('TransferPlanned', { programme: 'met', plan: 'p1', from: pool('authority'), to: pool('sa'), inScope: { count: 50, unit: 'people' } }, '2015-03-01'); // prettier-ignore
const transferred = (transfer: string, more: object = {}, on = '2016-03-01') => context('StaffTransferred', { transfer, from: pool('authority'), to: pool('sa'), inScope: 50, moved: 50, ...more }, on); // prettier-ignore
const left = (count: number | string, more: object = {}, on = '2016-01-10') => context('StaffLeft', { ...pool('authority'), count, ...more }, on); // prettier-ignore
const after = (...events: GivenEvent[]): Workforce => historyOf(stream(workforce, 'met', ...events)).state as Workforce;
const found = (w: Workforce, id: string) =>
  transferFindings(
    w,
    w.transfers.find(({ transfer }) => transfer === id)!,
  );
const redundant = (...events: GivenEvent[]) => redundancyFindings(after(counted(500), ...events)).map(({ employer, count, from, until }) => [employer, count, from, until]); // prettier-ignore

describe('full-time equivalents of a transfer', () => {
  const withFte = (fte: object, more: object = {}) => found(after(counted(100), counted('90', 'fte'), transferred('t1', { moved: 48, objected: 1, left: 1, fte, ...more })), 't1'); // prettier-ignore

  it('are no more than the people who moved, objected or left', () => {
    expect(withFte({ moved: '48.0', objected: '1.0', left: '1.0' })).toEqual([]);
    expect(withFte({ moved: '48.1', objected: '1.1', left: '1.2' })).toEqual([
      { code: 'fte-above-people', text: '48.1 fte moved with 48 people.' },
      { code: 'fte-above-people', text: '1.1 fte objected with 1 people.' },
      { code: 'fte-above-people', text: '1.2 fte left with 1 people.' },
    ]);
    expect(withFte({ moved: '1' })).toEqual([]);
  });

  it('that were recorded as leavers since the plan are not to be among those who left at the transfer', () => {
    const ofFte = { ...pool('authority', 'fte') };
    const record = (fte: object, ...events: GivenEvent[]) => found(after(counted(100), counted('90', 'fte'), planned, ...events, transferred('t1', { plan: 'p1', moved: 45, left: 5, fte })), 't1').map(({ code, text }) => `${code}: ${text}`); // prettier-ignore
    expect(record({ moved: '40', left: '4.5' }, left('4.5', ofFte))).toEqual([
      'leavers-twice: 4.5 fte left authority, it, fte between the plan and the transfer, as recorded or as missing when it was counted; the transfer has 4.5 fte who left. Leave them out of one of the two where they are the same.',
    ]);
    expect(record({ moved: '40' }, left('4.5', ofFte))).toEqual([]);
    expect(record({ moved: '40', left: '4.5' }, left('4.5', ofFte, '2015-02-01'))).toEqual([]);
    expect(record({ moved: '40', left: '4.5' })).toEqual([]);
    expect(found(after(counted(100), counted('90', 'fte'), left('4.5', ofFte), transferred('t1', { moved: 45, left: 5, fte: { moved: '40', left: '4.5' } })), 't1')).toEqual([]); // prettier-ignore
  });
});

describe('who left a pool of a plan', () => {
  it('may have been missing at counts since the plan, and left again at its transfer', () => {
    const recounts = [counted(97, 'people', {}, '2015-06-01'), counted(94, 'people', {}, '2015-09-01')];
    const at = (leftAtTransfer: number) => found(after(counted(100), planned, ...recounts, transferred('t1', { plan: 'p1', moved: 50 - leftAtTransfer, left: leftAtTransfer })), 't1'); // prettier-ignore
    expect(at(6)).toMatchObject([{ code: 'leavers-twice', text: expect.stringMatching(/^6 people left authority, it, people between/) }]);
    expect(at(7)).toEqual([]); // at least one of them was not missing
  });

  it('leaves it once more when the transfer that lost as many was of another plan, or from another pool', () => {
    const held = (of: object) => {
      const second = context('TransferPlanned', { ...planned.data, plan: 'p2' }, '2015-03-01');
      const w = after(
        counted(100),
        planned,
        second,
        transferred('t1', { inScope: 10, moved: 0, left: 10, ...of }),
        left(10, { plan: 'p1' }),
      );
      return sumIn(w.pools.find(({ employer, function: what }) => employer === 'authority' && what === 'it')!).least;
    };
    expect(held({ plan: 'p1' })).toBe(90);
    expect(held({ plan: 'p2' })).toBe(80);
    expect(held({})).toBe(80);
    expect(held({ plan: 'p1', from: { ...pool('authority'), function: 'finance' } })).toBe(90);
  });

  it('is not in its transfers when they leave none of its list out, however many left', () => {
    const w = after(counted(200), planned, left(60, { plan: 'p1' }), transferred('t1', { plan: 'p1', inScope: 50, moved: 50 }));
    expect(planFindings(w, w.plans[0]!).map(({ code }) => code)).toEqual(['leavers-not-in-transfer']);
  });
});

describe('a return', () => {
  const again = (id: string, from: string, to: string, transfer: string, kind = 'second-generation') => transferred(id, { from: pool(from), to: pool(to), origin: { kind, transfer } }, `20${17 + Number(id.slice(1))}`); // prettier-ignore
  it('is to whom any of the earlier transfers came from', () => {
    const w = after(counted(100), transferred('t1'), again('t2', 'sa', 'sb', 't1'), again('t3', 'sb', 'authority', 't2', 'return'));
    expect(found(w, 't3')).toEqual([]);
    const other = after(counted(100), transferred('t1'), again('t2', 'sa', 'sb', 't1'), again('t3', 'sb', 'sc', 't2', 'return'));
    expect(found(other, 't3')).toEqual([{ code: 'not-a-return', text: 't2 was from sa; this is to sc.' }]);
  });
});

describe('vacancies', () => {
  const vacant = (vacancies: number, moved: number, ofThem: number) => {
    const w = after(counted(10, 'posts', { vacancies }), transferred('t1', { from: pool('authority', 'posts'), to: pool('sa', 'posts'), inScope: moved, moved, vacancies: ofThem })); // prettier-ignore
    return poolFindings(
      w,
      w.pools.find(({ employer }) => employer === 'authority')!,
    ).map(({ code, text }) => `${code}: ${text}`);
  };
  it('are no more than were counted, and than there are posts', () => {
    expect([vacant(4, 6, 4), vacant(4, 6, 0)]).toEqual([[], []]);
    expect(vacant(4, 6, 5)).toEqual([
      'vacancies-below-zero: 1 more vacant posts moved from authority, it, posts than it was counted to have.',
    ]);
    expect(vacant(4, 7, 0)).toEqual(['more-vacant-than-posts: 4 posts would be vacant of the 3 posts that authority, it, posts holds.']);
  });
  it('of posts of which nobody knows how many are left may be any number', () => {
    const over = context('BaselineRecorded', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 5, unit: 'posts', qualifier: 'over' }, vacancies: 5 }, '2015'); // prettier-ignore
    const w = after(over, transferred('t1', { from: pool('authority', 'posts'), to: pool('sa', 'posts'), inScope: 5, moved: 5 }));
    expect(w.pools.flatMap((p) => poolFindings(w, p))).toEqual([]);
  });
});

describe('collective redundancies', () => {
  const reason = 'redundancy';
  it('are of people, of one employer, whatever the transfer says of them', () => {
    expect(redundant(left(19, { reason }), left(1, { reason: 'redundancy-connected-with-transfer' }, '2016-01-11'))).toEqual([['authority', 20, '2016-01-10', '2016-01-11']]); // prettier-ignore
    expect(redundant(left(19, { reason }), left(5))).toEqual([]);
    expect(redundant(counted('90', 'fte'), left(19, { reason }), left('1', { ...pool('authority', 'fte'), reason }))).toEqual([]);
    expect(redundant(left(20, { reason, notifiedOn: '2015-12-11' }))).toEqual([]);
  });

  const away = (redundant: number, more: object = {}) => ({ moved: 50 - redundant, left: redundant, notMoved: [{ why: 'redundant', count: redundant }], ...more }); // prettier-ignore
  it('have among them who was redundant at a transfer, and who is a leaver under its plan only once', () => {
    expect(redundant(transferred('t1', away(19)))).toEqual([]);
    expect(redundant(transferred('t1', away(20)))).toEqual([['authority', 20, '2016-03-01', '2016-03-01']]);
    expect(redundant(transferred('t1', away(19)), transferred('t2', away(1), '2016-03-02'))).toEqual([['authority', 20, '2016-03-01', '2016-03-02']]); // prettier-ignore
    const twoReasons = [{ why: 'redundant', count: 10 }, { why: 'retired', count: 5 }, { why: 'redundant', count: 10 }]; // prettier-ignore
    expect(redundant(transferred('t1', { moved: 25, left: 25, notMoved: twoReasons }))).toEqual([
      ['authority', 20, '2016-03-01', '2016-03-01'],
    ]);
    const underPlan = left(15, { plan: 'p1', reason });
    expect(redundant(planned, underPlan, transferred('t1', away(15, { plan: 'p1' })))).toEqual([]);
    expect(redundant(planned, underPlan, transferred('t1', away(19, { plan: 'p1' })))).toEqual([]);
    expect(redundant(planned, underPlan, transferred('t1', away(20, { plan: 'p1' })))).toEqual([
      ['authority', 20, '2016-01-10', '2016-03-01'],
    ]);
    expect(redundant(planned, underPlan, transferred('t1', away(10, { plan: 'p1' })), transferred('t2', away(10, { plan: 'p1' }), '2016-03-02'))).toEqual([['authority', 20, '2016-01-10', '2016-03-02']]); // prettier-ignore
    expect(redundant(planned, left(15, { reason }), transferred('t1', away(15, { plan: 'p1' })))).toEqual([['authority', 30, '2016-01-10', '2016-03-01']]); // prettier-ignore
  });
  it('at a transfer of posts are none: they are no people', () => {
    const posts = { from: pool('authority', 'posts'), to: pool('sa', 'posts') };
    expect(redundant(counted(100, 'posts'), transferred('t1', away(30, posts)))).toEqual([]);
  });

  const made = (...of: [on: string, count: number, notifiedOn?: string][]) => collectiveRedundancies(of.map(([on, count, notifiedOn]) => ({ on, count, notifiedOn }))); // prettier-ignore
  it('are due 30 days before the first of 20, and 45 or once 90 before the first of 100', () => {
    expect(made(['2016-03-01', 99])).toEqual([{ count: 99, from: '2016-03-01', until: '2016-03-01', due: '2016-01-31' }]);
    expect(made(['2016-03-01', 100])).toMatchObject([{ due: '2016-01-16' }]);
    expect(made(['2013-04-05', 100])).toMatchObject([{ due: '2013-01-05' }]);
  });
  it('of one employer may be several, each within ninety days', () => {
    expect(made(['2016-01-01', 20], ['2016-02-01', 1], ['2017-01-01', 19], ['2017-03-31', 1], ['2018-01-01', 19])).toMatchObject([
      { count: 21, from: '2016-01-01', until: '2016-02-01' },
      { count: 20, from: '2017-01-01', until: '2017-03-31' },
    ]);
    expect(made(['2017-01-01', 19], ['2017-04-01', 1])).toEqual([]);
  });
  it('begin again on the day after the ninetieth', () =>
    expect(made(['2016-03-01', 19], ['2016-03-01', 1], ['2016-05-29', 1], ['2016-05-30', 100])).toEqual([
      { count: 21, from: '2016-03-01', until: '2016-05-29', due: '2016-01-31' },
      { count: 100, from: '2016-05-30', until: '2016-05-30', due: '2016-04-15' },
    ]));
  it('are known by the last day of a month, where nobody knows which day of it', () =>
    expect(made(['2016-03', 20])).toEqual([{ count: 20, from: '2016-03-31', until: '2016-03-31', due: '2016-03-01' }]));
  it('are none before there was a law of them', () => expect(made(['1990-03-01', 100])).toEqual([]));
  it('of an open day are left out, since nobody knows with which they fall', () => {
    expect([made(['[..2016-05-01]', 20]), made(['[2016-05-01..]', 20]), made(['unknown', 20])]).toEqual([[], [], []]);
  });
  it('are late by so many days after the notice was due', () =>
    expect(made(['2016-03-01', 20, '2016-02-10'], ['2016-03-02', 1, '2016-02-20'])).toMatchObject([
      { notifiedOn: '2016-02-10', late: 10 },
    ]));
  it('say that no notice is recorded, or when it was given', () => {
    const text = (more: object) => redundancyFindings(after(counted(500), left(20, { reason, ...more }, '2016-03-01'))).map((f) => f.text.replace(/ \(by.*/, '')); // prettier-ignore
    expect(text({})).toEqual(['authority made 20 redundant from 2016-03-01 to 2016-03-01. Notice was due on 2016-01-31: none is recorded']);
    expect(text({ notifiedOn: '2016-02-01' })).toEqual(['authority made 20 redundant from 2016-03-01 to 2016-03-01. Notice was due on 2016-01-31: it was given on 2016-02-01, 1 day late']); // prettier-ignore
  });
});

describe('the law of transfers', () => {
  it('asks for liability information by the first and the last day that a transfer may be of', () => {
    expect(liabilityDue('2014-04')).toEqual({ earliest: '2014-03-18', latest: '2014-04-16', days: 14 });
    expect(liabilityDue('[2014-04-30..2014-05-01]')).toEqual({ earliest: '2014-04-03', latest: '2014-04-16', days: 28 });
    expect(liabilityDue('[2014-04-01..2014-05-31]')).toEqual({ earliest: '2014-03-18', latest: '2014-05-03', days: 28 });
    expect(liabilityDue('[2014-04-20..2014-05-10]')).toEqual({ earliest: '2014-04-03', latest: '2014-04-16', days: 28 });
    expect(liabilityDue('[2014-04-10..2014-05-01]')).toEqual({ earliest: '2014-03-27', latest: '2014-04-16', days: 28 });
    expect(liabilityDue('2014-05')).toEqual({ earliest: '2014-04-03', latest: '2014-05-03', days: 28 });
    expect(['2006-04-19', '[..2006-04-19]', '[2005..2006-04-19]'].map(liabilityDue)).toEqual([undefined, undefined, undefined]);
    expect(['[2006-04-01..2006-05-01]', '[2014-01-01..]', '[..2014-01-01]', '[..2006-04-20]'].map(liabilityDue)).toEqual([null, null, null, null]); // prettier-ignore
  });

  it('is kept by what came before the first day that it may be due, and broken by what came after the last', () => {
    const due = { earliest: '2016-03-01', latest: '2016-03-31' };
    const on = (delivered: string) => timeliness(due, delivered);
    expect(['2016-02-29', '2016-02', '[..2016-02-29]'].map(on)).toEqual(Array(3).fill({ result: 'in-time' }));
    expect([on('2016-04-01'), on('2016-04'), on('[2016-04-06..]')]).toEqual([1, 1, 6].map((days) => ({ result: 'late', days })));
    expect(['2016-03-01', '2016-03-31', '2016'].map(on)).toEqual(Array(3).fill({ result: 'within-precision' }));
    expect(['unknown', '[..2016-03-01]', '[2016-03-31..]'].map(on)).toEqual(Array(3).fill({ result: 'not-assessable' }));
  });

  it.each([
    ['2014-07-30', 5, 5, 'no'],
    ['2014-07-31', 9, 100, 'yes'],
    ['2014-07-31', 10, 1, 'no'],
    ['[2014-07-30..2014-07-31]', 5, 5, 'not-assessable'],
    ['[2024-06-30..2024-07-01]', 50, 9, 'not-assessable'],
    ['[2024-06-30..2024-07-01]', 9, 100, 'yes'],
    ['2024-06-30', 49, 9, 'no'],
    ['2024-07-01', 49, 100, 'yes'],
    ['2024-07-01', 50, 9, 'yes'],
    ['2024-07-01', 50, 10, 'no'],
    ['2024-07-01', undefined, 9, 'yes'],
    ['2024-07-01', undefined, 10, 'not-assessable'],
    ['2024-07-01', 50, undefined, 'not-assessable'],
    ['2024-07-01', 49, undefined, 'yes'],
    ['unknown', 5, 5, 'not-assessable'],
  ] as const)('on %s an employer of %s who transfers %s may consult them directly: %s', (on, employees, transferring, may) =>
    expect(mayConsultDirectly(on, { employees, transferring })).toBe(may),
  );

  const direct = { with: 'direct', informedOn: '2015-10-01', employees: 9 };
  const union = { with: 'union', informedOn: '2015-11-01' };
  it('finds the staff represented where a union was informed before the transfer', () => {
    expect([isRepresented([], '2016'), isRepresented([direct], '2016'), isRepresented([direct, union], '2016')]).toEqual([
      false,
      false,
      true,
    ]);
    const on = (day: string | undefined) => isRepresented([union], day);
    expect([on('2015-11-01'), on('2015-11-02'), on('2015-10'), on('2015-11'), on(undefined), on('unknown')]).toEqual([false, true, false, true, true, true]); // prettier-ignore
  });

  it('is asked with what the plan says of the transfer: the union before the staff, and information for its day', () => {
    const informed = [{ on: '2016-02-10', transferOn: '2016-04-01' }, { on: '2016-01-10', transferOn: '2016-05' }, { on: '2016-02-11' }]; // prettier-ignore
    const facts = (consulted: (typeof direct | typeof union)[], more: object = {}) =>
      factsOfTransfer({ basis: 'business-transfer', informed, consulted }, { transferOn: '2016-04-01', transferring: { least: 5, most: 5 }, ...more }); // prettier-ignore
    expect(facts([direct, union])).toEqual({ transferOn: '2016-04-01', basis: 'business-transfer', transferring: { least: 5, most: 5 }, liabilityInformationOn: '2016-02-10', consulted: 'union' }); // prettier-ignore
    expect(facts([direct])).toMatchObject({ consulted: 'direct', employees: { least: 9, most: 9 } });
    const late = { ...union, informedOn: '2016-04-02' };
    expect(facts([late, direct])).toMatchObject({ consulted: 'direct' });
    expect(facts([late])).toMatchObject({ consulted: 'union' });
    expect(facts([], { basis: 'contractual' })).toMatchObject({ basis: 'contractual', consulted: undefined });
    const nothing = factsOfTransfer(undefined, { transferOn: '2016', transferring: {} });
    expect([nothing.basis, nothing.liabilityInformationOn, nothing.consulted, nothing.employees]).toEqual(Array(4).fill(undefined));
    expect(factsSaid(nothing)).toEqual({ transferOn: '2016', transferring: {} });
  });

  it('takes information for any transfer, where it names no day', () => {
    const on = { on: '2016', transferOn: '2016-04' };
    expect([isFor({ on: '2016' }, undefined), isFor(on, '2016-04-30'), isFor(on, '2016-05-01'), isFor(on, '2016-03-31'), isFor(on, undefined)]).toEqual([true, true, false, false, false]); // prettier-ignore
    expect([firstOf([]), firstOf(['2016-02', '2016-01-31', '2016-01-31']), firstOf(['2016-01-01', '2016'])]).toEqual([undefined, '2016-01-31', '2016-01-01']); // prettier-ignore
  });
});
