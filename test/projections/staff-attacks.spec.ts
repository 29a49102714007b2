import { beforeEach, describe, expect, it } from '@jest/globals';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

/** What somebody records of staff who wants figures to look better than they are, or who simply errs: refused, found, or counted once. */
type Json = Record<string, any>;
let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
const does = async (command: string, data: Json, on?: string): Promise<string> =>
  (await world.record('workforce-met', command, data, on ? { effectiveOn: on } : {})).events[0]!.id!;
const pool = (employer: string, unit = 'people', of = 'it') => ({ employer, function: of, unit });
const count = (employer: string, headcount: number | string, on = '2015-01-01', unit = 'people', of = 'it') =>
  does('RecordBaseline', { programme: 'met', employer, function: of, headcount: { count: headcount, unit } }, on);
const plan = (inScope: number, more: Json = {}, on = '2015-03-01') =>
  does('PlanTransfer', { programme: 'met', plan: 'p1', from: pool('authority'), to: pool('csc'), inScope: { count: inScope, unit: 'people' }, ...more }, on); // prettier-ignore
const left = (n: unknown, more: Json = {}, on = '2015-06-01') => does('RecordLeavers', { ...pool('authority'), count: n, ...more }, on);
const transfer = (inScope: unknown, moved: unknown, more: Json = {}, on = '2016-03-01', id = 't1') =>
  does('TransferStaff', { transfer: id, from: pool('authority'), to: pool('csc'), inScope, moved, ...more }, on);
const correct = (event: string, ...changes: [pointer: string, value: unknown][]) =>
  does('CorrectFact', { event, changes: changes.map(([pointer, value]) => ({ pointer, value })), because: 'error' });
const refused = (tried: Promise<unknown>, code: string, message = '') => expect(tried).rejects.toMatchObject({ code, message: expect.stringContaining(message) }); // prettier-ignore
/** What a pool has, and whether its table balances. */
const table = async (employer: string, unit = 'people', of = 'it'): Promise<readonly string[]> => {
  const { closing, check } = (await inMemory('staff-movements', world)).row(`pool:met/${employer}/${of}/${unit}`);
  return [closing, check];
};
const rowOf = async (key: string): Promise<Json> => (await inMemory('transfer-register', world)).row(key);
const codes = async (id = 't1'): Promise<readonly string[]> =>
  (await rowOf(`transfer:met/${id}`))['findings'].map(({ code }: Json) => code);
const planned = async (): Promise<Json> => {
  const { findings, ...row } = await rowOf('plan:met/p1');
  return { ...row, findings: findings.map(({ code }: Json) => code) };
};
const usual = { plan: 'p1', objected: 5, retained: 15, left: 10 };

describe('leavers and a transfer', () => {
  beforeEach(async () => {
    await count('authority', 800);
    await plan(300);
  });

  it('of which a recount in the middle of the plan says that they are gone', async () => {
    await count('authority', 790, '2015-12-31');
    await transfer(300, 270, usual);
    expect([await table('authority'), await codes()]).toEqual([['505 people', 'balances'], ['leavers-twice']]);
    expect((await rowOf('transfer:met/t1'))['findings'][0].text).toBe(
      '10 people left authority, it, people between the plan and the transfer, as recorded without the plan or as missing when it was counted; the transfer has 10 people who left. Where they are the same, record them as leavers under the plan.',
    );
    await left(10, { plan: 'p1' });
    expect([await table('authority'), await codes()]).toEqual([['515 people', 'balances'], []]);
  });

  it('of which some were recorded without the plan and others were missing at a recount', async () => {
    await left(4);
    await count('authority', 790, '2015-12-31'); // six more
    await transfer(300, 270, usual);
    expect(await codes()).toEqual(['leavers-twice']);
  });

  it('of which a recount before the plan, or after the transfer, or of more, says nothing', async () => {
    await count('authority', 790, '2015-02-01');
    await count('authority', 795, '2015-12-31');
    await transfer(300, 270, usual);
    await count('authority', 400, '2016-12-31');
    expect(await codes()).toEqual([]);
  });

  it('that is corrected once the leavers are recorded', async () => {
    await left(10, { plan: 'p1' });
    const event = await transfer(300, 270, usual);
    await correct(event, ['/left', 4], ['/moved', 276]);
    expect([await table('authority'), await planned()]).toMatchObject([['509 people', 'balances'], { left: 10, findings: ['leavers-not-in-transfer'] }]); // prettier-ignore
    await correct(event, ['/left', 14], ['/moved', 266]);
    expect([await table('authority'), await planned()]).toMatchObject([['515 people', 'balances'], { left: 14, findings: [] }]);
    await correct(event, ['/from/function', 'desk']);
    expect([await table('authority'), await table('authority', 'people', 'desk'), await codes()]).toEqual([['790 people', 'balances'], ['unknown, net −285 recorded', 'balances'], ['other-pools']]); // prettier-ignore
    await refused(correct(event, ['/plan', 'p9']), 'ledger/wrong-value', 'No plan p9');
  });

  it('recorded in several transfers: those who left under the plan are covered once', async () => {
    await left(10, { plan: 'p1' });
    await transfer(150, 140, { plan: 'p1', left: 10 }, '2016-01-01');
    await transfer(150, 140, { plan: 'p1', left: 10 }, '2016-02-01', 't2');
    expect([await table('authority'), (await planned())['left']]).toEqual([['500 people', 'balances'], 20]);
  });

  it('after the transfer are none of it', async () => {
    await transfer(300, 300, { plan: 'p1' });
    await left(3, { plan: 'p1' }, '2017-01-01');
    expect([await table('authority'), (await planned())['findings']]).toEqual([['497 people', 'balances'], ['leavers-not-in-transfer']]);
  });

  it('with joiners under the plan are more than the list had', async () => {
    await does('RecordJoiners', { ...pool('authority'), count: 5, plan: 'p1' }, '2015-06-01');
    await transfer(305, 305, { plan: 'p1' });
    expect([await table('authority'), await planned()]).toMatchObject([['500 people', 'balances'], { inScope: 305, status: 'done', findings: [] }]); // prettier-ignore
  });
});

describe('redeployment', () => {
  const own = { employer: 'authority', unit: 'people' };
  const redeploy = (from: string, to: string, n: number, on: string) => does('Redeploy', { ...own, from, to, count: n }, on);
  beforeEach(async () => {
    await count('authority', 100);
    await count('authority', 10, '2015-01-01', 'people', 'hr');
  });

  it('there and back leaves both pools as they were, and takes no more than came', async () => {
    await redeploy('it', 'hr', 15, '2016-01-01');
    await redeploy('hr', 'it', 15, '2016-02-01');
    expect([await table('authority'), await table('authority', 'people', 'hr')]).toEqual([['100 people', 'balances'], ['10 people', 'balances']]); // prettier-ignore
    for (const on of ['2016-03-01', '2015-12-31'])
      await refused(redeploy('hr', 'it', 11, on), 'workforce/below-zero', '1 more would leave');
    await refused(redeploy('hr', 'it', 1, '2014-12-31'), 'workforce/not-yet');
  });

  it('of a pool that nobody counted leaves both with a net', async () => {
    await redeploy('desk', 'field', 5, '2016-01-01');
    expect([await table('authority', 'people', 'desk'), await table('authority', 'people', 'field')]).toEqual([['unknown, net −5 recorded', 'balances'], ['unknown, net +5 recorded', 'balances']]); // prettier-ignore
  });

  it('of those who were retained at a transfer is no second leaving', async () => {
    await plan(50);
    await transfer(50, 40, { plan: 'p1', retained: 10, notMoved: [{ why: 'redeployed', count: 10 }] });
    await redeploy('it', 'hr', 10, '2016-03-02');
    expect([await table('authority'), await table('authority', 'people', 'hr'), await codes()]).toEqual([['50 people', 'balances'], ['20 people', 'balances'], []]); // prettier-ignore
  });
});

describe('numbers', () => {
  beforeEach(() => count('authority', 100).then(() => undefined));

  it.each([0, -1, '0', '1e3', { count: 0, qualifier: 'about' }])('of leavers are above zero and whole: not %j', (n) =>
    expect(left(n)).rejects.toThrow('does not pass its check'),
  );

  it('of people have no fractions, and at most so many may be none', async () => {
    await refused(left('7.25'), 'workforce/not-whole');
    await left({ count: 5, qualifier: 'at-most' });
    expect(await table('authority')).toEqual(['about 98 people (95 to 100)', 'balances']);
  });

  it('of a transfer of whom all objected are of the pool alone', async () => {
    await transfer(5, 0, { objected: 5 });
    expect([await table('authority'), await table('csc')]).toEqual([
      ['95 people', 'balances'],
      ['unknown, net 0 recorded', 'balances'],
    ]);
  });

  it('of a count of none let nobody leave', async () => {
    await count('authority', 0, '2016-01-01');
    await refused(left(1, {}, '2016-02-01'), 'workforce/below-zero');
  });

  it('of a recount on the day of a transfer are of after it, as recorded', async () => {
    await transfer(50, 50, {}, '2016-01-01');
    await count('authority', 50, '2016-01-01');
    expect(await table('authority')).toEqual(['50 people', 'balances']);
  });

  it('of a first count that is too low for who left later are refused', async () => {
    await left(30, {}, '2016-01-01');
    await refused(count('authority', 20, '2015-06-01'), 'ledger/breaks-later-event', '10 more would leave');
  });
});

describe('the law of the day', () => {
  const liability = async () => {
    const { due, result, daysLate } = (await rowOf('transfer:met/t1'))['liability'];
    return [due && `${due.earliest}/${due.latest}`, result, daysLate];
  };
  const carried = async (informed: string, transferOn: string, on = '2014-06-01') => {
    await count('authority', 100, '2005');
    await plan(50, { basis: 'business-transfer' }, '2005-06');
    await does('RecordConsultation', { plan: 'p1', with: 'union' }, '2005-07-01');
    await does('DeliverLiabilityInformation', { plan: 'p1' }, informed);
    await transfer(50, 50, { plan: 'p1', transferOn }, on);
  };

  it.each([
    ['2014-04-10', '[2014-04-30..2014-05-01]', ['2014-04-03/2014-04-16', 'within-precision', null]],
    ['2014-04-02', '[2014-04-30..2014-05-01]', ['2014-04-03/2014-04-16', 'in-time', null]],
    ['2014-04-17', '[2014-04-30..2014-05-01]', ['2014-04-03/2014-04-16', 'late', 1]],
    ['2014-04-10', '[2014-04-20..2014-05-20]', ['2014-04-03/2014-04-22', 'within-precision', null]],
    ['2014-05', '2014-05-31', ['2014-05-03/2014-05-03', 'within-precision', null]],
  ])('informed on %s of a transfer of %s', async (informed, transferOn, expected) => {
    await carried(informed, transferOn);
    expect(await liability()).toEqual(expected);
  });

  it('may not have asked for information about a transfer of an uncertain day', async () => {
    await carried('2006-04-15', '[2006-04-19..2006-04-20]', '2006-05-01');
    expect([await liability(), await codes()]).toEqual([[null, 'not-assessable', null], []]);
  });
});

describe('the register', () => {
  it('takes no name, and no hash that is none', async () => {
    await count('authority', 100);
    await expect(transfer(1, 1, { names: ['A. Person'] })).rejects.toThrow('is not a field that is known here');
    await refused(transfer(1, 1, { listSha256: 'g'.repeat(64) }), 'workforce/not-a-hash', 'characters that are no hexadecimal digits');
    await refused(transfer(1, 1, { listSha256: 'a'.repeat(63) }), 'workforce/not-a-hash', '63 characters');
  });

  it('has no transfer that comes from itself', async () => {
    await count('authority', 100);
    await refused(transfer(5, 5, { origin: { kind: 'return', transfer: 't1' } }), 'workforce/unknown-origin');
  });

  it('of a plan counts nobody of another pool', async () => {
    await count('authority', 100);
    await count('authority', 100, '2015-01-01', 'people', 'hr');
    await plan(50);
    await transfer(50, 50, { plan: 'p1', from: pool('authority', 'people', 'hr') });
    expect([await codes(), await planned()]).toMatchObject([['other-pools'], { moved: 0, remaining: 50, done: false }]);
    await does('CancelPlan', { plan: 'p1', why: 'Called off' }, '2016-06-01');
    expect(await planned()).toMatchObject({ status: 'cancelled', remaining: 0, overdue: false });
  });
});
