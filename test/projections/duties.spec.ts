import { describe, expect, it } from '@jest/globals';
import { commits, listedIn, notInCircles } from '../../projections/commitments.js';
import { deadlines } from '../../projections/deadlines.js';
import { isPromised } from '../../projections/promised.js';
import { contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { workforce } from '../../src/domain/workforce/index.js';

/** What is due of one kind, by the state alone: each key with its sentence and its day. */
const due = (kind: string, initial: object, state: object): readonly unknown[] => {
  const source = deadlines.from.find((one) => one.kind === kind)!;
  const whole = { ...initial, ...state };
  const rows = Object.entries<any>(source.show({ id: 'x', state: whole } as any));
  expect((source.place as any)('x', whole).map(({ key }: any) => key)).toEqual(rows.map(([key]) => key));
  return rows.map(([key, { what, due: on }]) => [key.slice(kind.length + 1), what, on]);
};
const live = (kind: string, state: object = {}) => due(kind, contract.initial, { stage: 'live', title: 'Hosting', ...state });
const standing = (kind: string, state: object) => due(kind, programme.initial, { stage: 'chartered', ...state });
const SERVICE = { term: { months: 36 }, dates: { started: '2016-04-01' } };

describe('what is due of a contract, in a sentence that stands alone', () => {
  it('the last day for tenders, while it is out to tender', () => {
    const dates = { tendersClose: '2016-05-01' };
    expect(live('tender', { stage: 'tendering', dates })).toEqual([['x', 'Last day for tenders of Hosting', '2016-05-01']]);
    expect([live('tender', { dates }), live('tender', { stage: 'tendering' })]).toEqual([[], []]);
  });

  it('the end of a lot that has a term of its own', () => {
    const lots = (term: object) => ({ term: { endsOn: '2020-12-31' }, lots: [{ lot: 'north', title: 'North', term }, { lot: 'south', title: 'South' }] }); // prettier-ignore
    const north = (on: string) => [['x/north', 'The lot North of Hosting ends', on]];
    expect(live('lot', lots({ endsOn: '2019-12-31' }))).toEqual(north('2019-12-31'));
    expect(live('lot', lots({ startsOn: '2016-01-01', months: 24 }))).toEqual(north('2017-12-31'));
    for (const term of [{ endsOn: '2020-12-31' }, { startsOn: 'unknown', months: 24 }, { months: 24 }, { startsOn: '2016-01-01' }])
      expect(live('lot', lots(term))).toEqual([]);
    expect(live('lot', lots({ endsOn: '2021-12-31' }))).toEqual(north('2021-12-31')); // it may go on beyond the contract
    expect(live('lot', { ...lots({ endsOn: '2019-12-31' }), stage: 'closed' })).toEqual([]);
  });

  it('the end of a lot no more, where a notice or a termination ends the contract before', () => {
    const lot = (endsOn: string, more: object = {}) =>
      live('lot', { term: { endsOn: '2020-12-31' }, lots: [{ lot: 'north', title: 'North', term: { endsOn } }], stage: 'notice-given', notice: { takesEffectOn: '2018-06-30' }, ...more }); // prettier-ignore
    const terminated = { term: { endsOn: '2018-06-30' }, stage: 'exiting', notice: undefined };
    for (const more of [terminated, { notice: { takesEffectOn: '2020-12-31' }, term: { endsOn: '2018-06-30' } }]) {
      expect(lot('2018-07-01', more)).toEqual([]);
      expect(lot('2018-05-31', more)).toEqual([['x/north', 'The lot North of Hosting ends', '2018-05-31']]);
    }
    expect(lot('2018-07-01', { notice: {}, term: { endsOn: '2018-06-30' } })).toEqual([['x/north', 'The lot North of Hosting ends', '2018-07-01']]); // prettier-ignore
    for (const endsOn of ['2018-06-30', '2018-07', '2020-12-31', '2021-12-31']) expect(lot(endsOn)).toEqual([]);
    expect(lot('2018-05-31')).toEqual([['x/north', 'The lot North of Hosting ends', '2018-05-31']]);
    expect(lot('2018')).toEqual([['x/north', 'The lot North of Hosting ends', '2018']]); // perhaps before
    expect(lot('2019-12-31', { term: {} })).toEqual([]);
  });

  it('the decision on an extension that is sought, and on a change that asks for one by a day', () => {
    const sought = { term: { endsOn: '2020-12-31' }, extensionSought: { on: '2020-01-01' } };
    expect(live('extension', sought)).toEqual([['x', 'The extension of Hosting that is sought needs a decision', '2020-12-31']]);
    const proposals = [{ proposal: 'p1', status: 'open', decideBy: '2018' }, { proposal: 'p2', status: 'open' }, { proposal: 'p3', status: 'approved', decideBy: '2018' }]; // prettier-ignore
    expect(live('proposal', { proposals })).toEqual([['x/p1', 'The change p1 of Hosting needs a decision', '2018']]);
    expect([live('proposal', { proposals, stage: 'closed' }), live('proposal')]).toEqual([[], []]);
  });

  it('the end, and what hangs on it, as counted from the start of the service where that alone is known', async () => {
    const from = ', counted from the start of its service';
    const options = [{ option: 'first', months: 12, noticeMonths: 6, status: 'open' }];
    const state = { ...SERVICE, options, extensionSought: { on: '2018-01-01' }, breaks: [{ afterMonths: 24 }] };
    const says = (more: object = {}) => ['end', 'option', 'extension', 'break'].map((kind) => live(kind, { ...state, ...more })[0]);
    const ends = '2019-03-31';
    expect(says()).toEqual([
      ['x', `Hosting ends${from}`, ends],
      ['x/first', `Last day to exercise first of Hosting, 12 months${from}`, '2018-09-30'],
      ['x', `The extension of Hosting that is sought needs a decision${from}`, ends],
      ['x/24', `Last day to give notice for the break of Hosting after 24 months${from}`, '2018-03-31'],
    ]);
    expect(says({ term: { startsOn: '2016-04-01', months: 36 } }).map((duty: any) => duty[1])).toEqual([
      'Hosting ends',
      'Last day to exercise first of Hosting, 12 months',
      'The extension of Hosting that is sought needs a decision',
      'Last day to give notice for the break of Hosting after 24 months',
    ]);
    const notice = { takesEffectOn: '2017-12-31' };
    expect(live('end', { ...SERVICE, notice, stage: 'notice-given' })).toEqual([['x', 'Hosting ends', '2017-12-31']]);
  });

  it('each milestone that was not reached, and each period of a KPI that was not assessed', () => {
    const milestones = [{ milestone: 'm', title: 'Cut-over', forecast: '2017-03', status: 'forecast' }, { milestone: 'n', title: 'Exit', forecast: '2016', status: 'reached' }]; // prettier-ignore
    expect(live('milestone', { milestones })).toEqual([['x/m', 'Milestone of Hosting: Cut-over', '2017-03']]);
    const kpis = [
      { kpi: 'calls', title: 'Calls answered', every: 3 },
      { kpi: 'once', title: 'Once' },
    ];
    const is = (on: string | null) => [['x/calls', 'Calls answered of Hosting is to be assessed', on]];
    expect(live('kpi', { ...SERVICE, kpis })).toEqual(is('2016-06-30'));
    expect(live('kpi', { kpis })).toEqual(is(null));
    expect(live('kpi', { kpis: [{ ...kpis[0], last: { to: '2016-09-30' } }] })).toEqual(is('2016-12-31'));
    for (const kind of ['milestone', 'kpi']) expect([live(kind, { milestones, kpis, stage: 'closed' }), live(kind)]).toEqual([[], []]);
  });

  it('the day until which its value is withheld, unless it was cancelled', () => {
    const original = { withheld: { until: '2021-01-01', why: 'Competition' } };
    expect(live('withheld', { original })).toEqual([['x', 'The value of Hosting is withheld until then', '2021-01-01']]);
    expect(live('withheld', { original, stage: 'cancelled' })).toEqual([]);
  });

  it('the notice for each break on which nothing was decided, unless notice was given', () => {
    const state = { term: { startsOn: '2016-01-01' }, breaks: [{ afterMonths: 24 }, { afterMonths: 36 }], noticeDays: 31, breaksDecided: [{ afterMonths: 24 }, { afterMonths: 60 }] }; // prettier-ignore
    expect(live('break', state)).toEqual([['x/36', 'Last day to give notice for the break of Hosting after 36 months', '2018-11-30']]);
    for (const stage of ['notice-given', 'exiting', 'closed']) expect(live('break', { ...state, stage })).toEqual([]);
    const { term: _, ...counted } = state;
    expect(live('break', counted)).toEqual([['x/36', 'Last day to give notice for the break of Hosting after 36 months', null]]);
  });

  it('the end of each contract that its termination makes necessary, once', () => {
    const terminations = [{ on: '2019', forces: [{ contract: 'net', endsOn: '2020' }, { contract: 'euc' }] }, { on: '2021' }];
    const says = (id: string) => `${id} is to be terminated, as the termination of Hosting makes necessary`;
    expect(live('forced-end', { terminations })).toEqual([['x/net', says('net'), '2020'], ['x/euc', says('euc'), '2019']]); // prettier-ignore
  });
});

describe('what is due of a programme and of a supplier', () => {
  it('the review of the strategy that was published last', () => {
    const strategies = [{ strategy: 's1', title: 'Towers', reviewDue: '2016' }, { strategy: 's2', title: 'Cloud', reviewDue: '2018' }]; // prettier-ignore
    expect(standing('review', { strategies })).toEqual([['x/s2', 'Cloud is to be reviewed', '2018']]);
    expect(standing('review', { strategies: [...strategies, { strategy: 's3', title: 'Data' }] })).toEqual([]);
  });

  it('the review and the end of the last version of each policy', () => {
    const policy = (version: string, more: object) => ({ policy: 'consent', title: 'Scheme', version, ...more });
    const policies = [policy('1', { reviewDue: '2016', inForceUntil: '2017' }), policy('2', { reviewDue: '2019' }), { policy: 'other', title: 'Other', version: '1' }]; // prettier-ignore
    expect(standing('policy-review', { policies })).toEqual([['x/consent', 'Scheme, version 2, is to be reviewed', '2019']]);
    expect(standing('policy-end', { policies })).toEqual([]);
    expect(standing('policy-end', { policies: policies.slice(0, 1) })).toEqual([['x/consent', 'Scheme, version 1, is in force until then', '2017']]); // prettier-ignore
  });

  it('the review of each risk that is open, and each target that names a day', () => {
    const risks = [{ risk: 'r', summary: 'One bidder', reviewDue: '2016' }, { risk: 's', summary: 'Late', reviewDue: '2016', closed: {} }, { risk: 't', summary: 'No day' }]; // prettier-ignore
    expect(standing('risk-review', { risks })).toEqual([['x/r', 'Risk to be reviewed: One bidder', '2016']]);
    const targets = [
      { target: 'a', title: 'In-house', by: '2017-03' },
      { target: 'b', title: 'Some day' },
    ];
    expect(standing('saving', { savingsTargets: targets })).toEqual([['x/a', 'Savings target: In-house', '2017-03']]);
    expect(standing('headcount', { headcountTargets: targets })).toEqual([['x/a', 'Headcount target: In-house', '2017-03']]);
  });

  it('a transfer that is planned, and the information that the former employer owes before it', () => {
    const pool = (employer: string) => ({ employer, function: 'it', unit: 'people' });
    const none = { least: 0, most: 0 };
    const nobody = { before: none, left: none, joined: none, covered: none, informed: [], consulted: [] };
    const plan = { plan: 'p', from: pool('authority'), to: pool('csc'), basis: 'service-provision-change', expectedOn: '2016-06-01', inScope: { count: 10, unit: 'people' }, ...nobody }; // prettier-ignore
    const of = (kind: string, more: object = {}) => due(kind, workforce.initial, { plans: [{ ...plan, ...more }] });
    expect(of('transfer')).toEqual([['x/p', 'Transfer p from authority to csc', '2016-06-01']]);
    const owed = (on: string) => [['x/p', 'Liability information for transfer p is due from authority', on]];
    expect(of('liability-information')).toEqual(owed('2016-05-04'));
    expect(of('liability-information', { expectedOn: '2016-06' })).toEqual(owed('[2016-05-04..2016-06-02]'));
    for (const kind of ['transfer', 'liability-information']) expect(of(kind, { cancelled: { on: '2016-05-01' } })).toEqual([]);
  });

  it('the last day of a suspension, where it is known', () => {
    const of = (state: object) => due('suspension', supplier.initial, state);
    expect(of({ title: 'CSC', suspended: { ground: 'g', until: '2020', on: '2019' } })).toEqual([['x', 'The suspension of CSC ends', '2020']]); // prettier-ignore
    expect(of({ suspended: { ground: 'g', until: '2020', on: '2019' } })).toEqual([['x', 'The suspension of x ends', '2020']]);
    expect([of({ suspended: { ground: 'g', on: '2019' } }), of({})]).toEqual([[], []]);
  });
});

describe('a commitment', () => {
  it('is what was awarded, and no framework', () => {
    expect([isPromised({ stage: 'live', kind: 'framework' }), isPromised({ stage: 'planned', kind: 'call-off' })]).toEqual([false, false]);
    expect([isPromised({ stage: 'awarded', kind: 'contract' }), isPromised({ stage: 'closed', kind: 'call-off' })]).toEqual([true, true]);
  });

  it('adds nothing of a framework to a total but its place in the list', () => {
    const frame = commits({ stage: 'live', kind: 'framework', vat: 'ex', ceiling: { amount: '9', currency: 'GBP' } });
    expect([listedIn(frame), Object.values(frame).filter((n) => n !== 0n)]).toEqual([1, [1n]]);
  });

  it('is replaced by no contract of a circle, and by every other one', () => {
    const one = (by: string, replaced: string) => ({ by, replaced });
    const chain = [one('c', 'b'), one('b', 'a')];
    expect(notInCircles(chain)).toBe(chain);
    expect(notInCircles([one('a', 'b'), one('b', 'c'), one('c', 'a'), ...[one('d', 'a'), one('f', 'e')]])).toEqual([one('d', 'a'), one('f', 'e')]); // prettier-ignore
    expect(notInCircles([one('d', 'a'), one('a', 'a')])).toEqual([one('d', 'a')]);
  });
});
