import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Statement } from '../../projections/losses-statement-row.js';
import type { Provenance } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const usd = (amount: string, stated?: string) => ({ amount, currency: 'USD', ...(stated !== undefined && { stated: [gbp(stated)] }) });
const debt = { programme: 'met', title: 'Debts', bearer: 'authority', category: 'irrecoverable-debt', gross: gbp('60000') };
const claim = { ...debt, kind: 'special-payment', category: 'compensation' };
const by = (office: string, more: Provenance = {}): Provenance => ({ decidedBy: { person: 'p-1', office }, ...more });
const [DIRECTOR, OFFICER, MAYOR] = ['Director', 'Chief Finance Officer', 'Deputy Mayor'] as const;
const table = [{ grossAbove: gbp('500000'), approver: MAYOR }, { grossAbove: gbp('50000'), approver: OFFICER }, { approver: DIRECTOR }];
const scheme = { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs: table, specialPayments: table };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
const adopt = (more: object = {}) => world.record('programme-met', 'AdoptPolicy', { ...scheme, ...more });
const tell = async (command: string, data: object, record: Provenance = {}, id = 'a') =>
  (await world.record(`loss-${id}`, command, data, record)).events[0]!.id!;
const raise = (id: string, more: object = {}, on = '2010') => tell('RaiseLoss', { ...debt, ...more }, { effectiveOn: on }, id);
const of = (amount: string) => ({ amount: gbp(amount) });
const row = async (key: string) => (await inMemory('exposure', world)).row(key);
const findings = async (id = 'a'): Promise<readonly string[]> => (await row(`loss:${id}`)).findings;
const year = async (name: string) => (await inMemory('losses-statement', world)).row(`year:met/${name}`) as Statement<any>;
const refused = (tried: Promise<unknown>, code: string, message = '') => expect(tried).rejects.toMatchObject({ code, message: expect.stringContaining(message) }); // prettier-ignore
const correct = (event: string, pointer: string, value: unknown, record: Provenance = {}, id = 'a') => world.record(`loss-${id}`, 'CorrectFact', { event, changes: [{ pointer, value }], because: 'error' }, record); // prettier-ignore

describe('a decision that a higher office stands behind', () => {
  beforeEach(async () => {
    await adopt();
    await raise('a');
  });
  const late = () => tell('WriteOff', of('60000'), by(DIRECTOR, { effectiveOn: '2019-11-01' }));
  const unmet = 'The write-off of 2019-11-01 was not found to meet scheme/write-off, and is not ratified.';

  it('because its decider was recorded wrongly, and is corrected by who may', async () => {
    const event = await late();
    expect(await findings()).toEqual([unmet]);
    await refused(correct(event, '/record/decidedBy', { person: 'p-2', office: 'Secretary' }), 'ledger/policy-not-met');
    await correct(event, '/record/decidedBy', { person: 'p-2', office: MAYOR });
    expect(await findings()).toEqual([]);
  });

  it('because it decided the amount as corrected', async () => {
    await raise('b', { gross: { unknown: true } });
    const event = await tell('WriteOff', of('60000'), by(OFFICER), 'b');
    await correct(event, '/amount', gbp('600000'), by(MAYOR), 'b');
    expect(await findings('b')).toEqual(['What is written off may be more than the gross.']);
    expect((await row('loss:b')).movements).toMatchObject([{ office: OFFICER, correctedBy: MAYOR }]);
  });

  it('though a lower one ratified it as well', async () => {
    const event = await tell('WriteOff', of('60000'), by(MAYOR));
    await tell('RatifyWriteOff', { event }, by(OFFICER));
    await tell('ReviseLoss', { gross: gbp('600000') });
    expect(await findings()).toEqual([]);
  });

  it('though a lower one ratified it after it', async () => {
    const event = await late();
    for (const office of [MAYOR, OFFICER, OFFICER]) await tell('RatifyWriteOff', { event }, by(office));
    await tell('ReviseLoss', { gross: gbp('600000') });
    expect([await findings(), (await row('loss:a')).movements[0].ratified]).toMatchObject([[], { office: OFFICER, earlier: [MAYOR] }]);
  });

  it('is not one that a lower office stands behind twice', async () => {
    const event = await late();
    for (const office of [OFFICER, OFFICER]) await tell('RatifyWriteOff', { event }, by(office));
    expect((await row('loss:a')).movements[0].ratified).not.toHaveProperty('earlier');
    await tell('ReviseLoss', { gross: gbp('600000') });
    expect(await findings()).toEqual([expect.stringContaining(`under too small a gross by ${OFFICER}`)]);
  });

  it('is none of a correction that decides nothing: what was found of the fact stands', async () => {
    const event = await late();
    await correct(event, '/because', 'insolvent');
    expect(await findings()).toEqual([unmet]);
  });
});

describe('undoing a write-off without the authority for it', () => {
  it('by marking the loss as a duplicate', async () => {
    await adopt();
    for (const id of ['a', 'b']) await raise(id);
    await tell('WriteOff', of('60000'), by(OFFICER));
    for (const record of [{}, by(DIRECTOR), by(DIRECTOR, { effectiveOn: '2012' })])
      await refused(world.record('loss-a', 'MarkDuplicate', { of: 'b' }, record), 'ledger/policy-not-met', `${OFFICER} must approve`);
    await world.record('loss-a', 'MarkDuplicate', { of: 'b' }, by(MAYOR));
    expect(await row('loss:a')).toBeUndefined();
    await raise('c');
    await world.record('loss-c', 'MarkDuplicate', { of: 'b' }); // nothing of it was decided
  });

  it('by reinstating one that was withdrawn', async () => {
    await adopt();
    await raise('a');
    const event = await tell('WriteOff', of('60000'), by(OFFICER));
    await world.record('loss-a', 'WithdrawFact', { event }, by(OFFICER));
    await refused(world.record('loss-a', 'ReinstateFact', { event }, by(DIRECTOR)), 'ledger/policy-not-met');
    await world.record('loss-a', 'ReinstateFact', { event }, by(MAYOR));
  });

  it('by saying that another authority bears it: what was not met still stands on its row', async () => {
    await adopt();
    await raise('a');
    await tell('WriteOff', of('60000'), by(DIRECTOR, { effectiveOn: '2019-10-01' }));
    const { id } = (await world.history('loss-a')).recorded[0]!;
    await correct(id, '/elsewhere', { authority: 'NHS' });
    expect(await findings()).toEqual([expect.stringContaining('was not found to meet scheme/write-off')]);
  });

  it('by correcting what kind of loss it is, or its currency, or the day on which it begins', async () => {
    await raise('a');
    await tell('WriteOff', of('60000'), { effectiveOn: '2012' });
    const { id } = (await world.history('loss-a')).recorded[0]!;
    const changes = [{ pointer: '/kind', value: 'special-payment' }, { pointer: '/category', value: 'ex-gratia' }]; // prettier-ignore
    await refused(world.record('loss-a', 'CorrectFact', { event: id, changes, because: 'error' }), 'ledger/breaks-later-event');
    await refused(correct(id, '/gross', usd('60000')), 'ledger/breaks-later-event', 'It would be in USD and GBP');
    await refused(correct(id, '/effectiveOn', '2013'), 'ledger/breaks-later-event');
  });
});

describe('items', () => {
  const pay = { item: 'pay', title: 'Pay', amount: gbp('60000') };

  it('of which more is taken back than came of them', async () => {
    await raise('a', { items: [pay] });
    await tell('RecordRecovery', of('10'));
    await tell('ReverseRecovery', { ...of('10'), item: 'pay' });
    expect(await findings()).toEqual(['£10 more was taken back of the item pay than was recovered of it.']);
    await tell('WriteOff', of('20'));
    await tell('ReverseWriteOff', { ...of('20'), item: 'pay' });
    expect(await findings()).toContain('£20 more was taken back of the item pay than is written off of it.');
  });

  it('that a revision leaves out, though something of them is written off', async () => {
    await raise('a', { items: [pay] });
    const event = await tell('WriteOff', { ...of('10'), item: 'pay' });
    await tell('ReviseLoss', { gross: gbp('60000'), items: [{ ...pay, item: 'cash' }] });
    expect(await findings()).toEqual(['£10 is written off of pay, which is no item any more.']);
    await correct(event, '/item', 'cash');
    expect(await findings()).toEqual([]);
  });
});

describe('a special payment', () => {
  it('that was paid before it was approved', async () => {
    await raise('a', claim);
    await tell('ApproveSpecialPayment', of('100'), { effectiveOn: '2019-04-01' });
    await tell('RecordSpecialPayment', of('100'), { effectiveOn: '2019-04-01' });
    expect(await findings()).toEqual([]);
    await tell('RecordSpecialPayment', of('400'), { effectiveOn: '2019-05-01' });
    const event = await tell('ApproveSpecialPayment', of('400'), { effectiveOn: '2019-06-01' });
    expect(await findings()).toEqual(['What was paid on 2019-05-01 was approved only after that.']);
    await correct(event, '/effectiveOn', '2019-05');
    expect(await findings()).toEqual([]); // it may have been before
  });
});

describe('a loss that is closed as written off', () => {
  const found = 'It is closed as written off, and nothing is written off that has not come back.';
  it('though all of it came back', async () => {
    await raise('a', {}, '2010');
    await tell('RecordRecovery', of('60000'), { effectiveOn: '2011' });
    const event = await tell('CloseLoss', { how: 'written-off-and-closed' }, { effectiveOn: '2012' });
    expect(await findings()).toEqual([found]);
    await correct(event, '/how', 'recovered');
    expect(await findings()).toEqual([]);
  });
  it('and is', async () => {
    await raise('a');
    await tell('WriteOff', of('60000'), { effectiveOn: '2011' });
    await tell('CloseLoss', { how: 'written-off-and-pursued' }, { effectiveOn: '2012' });
    expect(await findings()).toEqual([]);
    await tell('RecordRecovery', of('60000'), { effectiveOn: '2013' });
    expect(await findings()).toEqual([found]);
  });
});

describe('another currency', () => {
  it('of a receipt that is paid back takes its difference in exchange back', async () => {
    await raise('a', { gross: usd('1000000', '800000') });
    const received = { amount: usd('250000', '187500') };
    await tell('WriteOff', { amount: usd('1000000', '800000') }, { effectiveOn: '2018-03-31' });
    await tell('RecordRecovery', received, { effectiveOn: '2018-04-01' });
    await tell('ReverseRecovery', received, { effectiveOn: '2019-04-01' });
    const exchange = async (name: string) => (await year(name)).lines.flatMap((line) => line.exchange.map(({ text }) => text));
    expect([await exchange('2017-18'), await exchange('2018-19'), await exchange('2019-20')]).toEqual([[], ['£12,500'], ['−£12,500']]);
    expect((await row('loss:a')).net).toEqual({ amount: '1000000.00', currency: 'USD' });
  });

  it('that is paid back at another rate, or without an equivalent', async () => {
    for (const [id, back] of [
      ['a', '200000'],
      ['b', undefined],
    ] as const) {
      await raise(id, { gross: usd('1000000', '800000') });
      await tell('WriteOff', { amount: usd('1000000', '800000') }, { effectiveOn: '2019-03-31' }, id);
      await tell('RecordRecovery', { amount: usd('250000', '187500') }, { effectiveOn: '2019-04-01' }, id);
      await tell('ReverseRecovery', { amount: usd('250000', back) }, { effectiveOn: '2019-05-01' }, id);
    }
    const differences = async (id: string) => (await row(`loss:${id}`)).movements.map(({ exchange }: any) => exchange?.amount ?? null);
    expect([await differences('a'), await differences('b')]).toEqual([
      [null, '12500.00', '0.00'],
      [null, '12500.00', null],
    ]);
  });

  it('in which a loss may be above the threshold of the policy, so that the list of names is not complete', async () => {
    await adopt({ writeOffs: undefined, specialPayments: undefined, discloseAbove: gbp('300000') });
    await raise('a', { gross: usd('9000000') }, '2018-05-01');
    expect((await year('2018-19')).disclosed).toMatchObject({ cases: [], complete: false });
    await tell('ReviseLoss', { gross: usd('9000000', '7000000') });
    expect((await year('2018-19')).disclosed).toMatchObject({ cases: [{ amount: gbp('7000000.00') }], complete: true });
  });

  it('of which a part is written off in a year counts with its share of the equivalent', async () => {
    await adopt({ writeOffs: undefined, specialPayments: undefined, discloseAbove: gbp('300000') });
    await raise('a', { gross: usd('1000000', '800000') }, '2011-05-01');
    await tell('WriteOff', { amount: usd('300000', '240000') }, { effectiveOn: '2013-05-01' });
    await tell('WriteOff', { amount: usd('500000', '400000') }, { effectiveOn: '2014-05-01' });
    expect([(await year('2013-14')).disclosed!.cases, (await year('2014-15')).disclosed!.cases]).toMatchObject([[], [{ amount: gbp('400000.00') }]]); // prettier-ignore
  });
});
