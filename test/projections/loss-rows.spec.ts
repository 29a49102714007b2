import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Provenance } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const usd = (amount: string, stated?: string) => ({ amount, currency: 'USD', ...(stated !== undefined && { stated: [gbp(stated)] }) });
const debt = { programme: 'met', title: 'Debts', bearer: 'authority', category: 'irrecoverable-debt', gross: gbp('100') };
const claim = { ...debt, kind: 'special-payment', category: 'compensation' };
const items = [{ item: 'pay', title: 'Pay', amount: gbp('60') }, { item: 'cash', title: 'Cash', amount: gbp('40') }]; // prettier-ignore

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
});
const record = async (id: string, command: string, data: object, more: Provenance = {}) => (await world.record(`loss-${id}`, command, data, more)).events[0]!.id!; // prettier-ignore
const raise = (id: string, more: object = {}) => record(id, 'RaiseLoss', { ...debt, ...more }, { effectiveOn: '2015-03-01' });
const of = (amount: string) => ({ amount: gbp(amount) });
const row = async (key: string) => (await inMemory('exposure', world)).row(key);
const findings = async (id: string) => (await row(`loss:${id}`)).findings;

describe('the row of a loss', () => {
  it('has all that was recorded of it', async () => {
    await raise('a', { items, supplier: 'csc', case: 'k', occurredOn: '2014' });
    const [off, , back] = [
      await record('a', 'WriteOff', { ...of('60'), item: 'pay', because: 'insolvent', afterwards: 'pursued' }, { effectiveOn: '2016' }),
      await record('a', 'ProposeWriteOff', of('10'), { effectiveOn: '2017' }),
      await record('a', 'RecordRecovery', { ...of('30'), interest: gbp('2'), costs: gbp('1'), from: 'The liquidator', item: 'cash' }, { effectiveOn: '2018' }), // prettier-ignore
    ];
    const { trail: _, texts, ...shown } = await row('loss:a');
    expect(texts).toEqual({ outstanding: '£10', net: '£60' });
    expect(shown).toMatchObject({
      ...{ kind: 'loss', loss: 'a', programme: 'met', title: 'Debts', stage: 'written-off', lossKind: 'loss', bearer: 'authority' },
      ...{
        category: 'irrecoverable-debt',
        case: 'k',
        cases: [{ case: 'k', joinedOn: '2015-03-01', leftOn: null, way: null, event: null, recordedAt: null, decided: null }],
        supplier: 'csc',
        contract: null,
        elsewhere: null,
        closed: null,
        revised: null,
      },
      ...{ identifiedOn: '2015-03-01', occurredOn: '2014', writtenOffOn: '2016', approved: [], paid: [], findings: [] },
      ...{ outstanding: gbp('10.00'), recovered: gbp('30.00'), interest: gbp('2'), costs: gbp('1'), writtenOff: gbp('60.00'), net: gbp('60.00') }, // prettier-ignore
      proposed: { amount: gbp('10'), left: gbp('10'), on: '2017' },
      items: [{ item: 'pay', writtenOff: gbp('60.00'), recovered: gbp('0.00') }, { item: 'cash', writtenOff: gbp('0.00'), recovered: gbp('30.00') }], // prettier-ignore
      movements: [
        { event: off, flow: 'write-off', because: 'insolvent' },
        { event: back, flow: 'recovery', from: 'The liquidator' },
      ],
      counts: { items: 2, movements: 2, revisions: 0, approved: 0, paid: 0 },
    });
  });

  it('of which little is recorded says so', async () => {
    await raise('a', { gross: { unknown: true } });
    const { trail: _, ...shown } = await row('loss:a');
    expect(shown).toEqual({
      ...{ kind: 'loss', loss: 'a', programme: 'met', title: 'Debts', stage: 'identified', lossKind: 'loss', bearer: 'authority' },
      ...{ category: 'irrecoverable-debt', case: null, cases: [], supplier: null, contract: null, elsewhere: null, closed: null, revised: null }, // prettier-ignore
      ...{
        identifiedOn: '2015-03-01',
        occurredOn: null,
        writtenOffOn: null,
        approved: [],
        paid: [],
        findings: [],
        items: [],
        movements: [],
      },
      ...{ gross: { unknown: true }, outstanding: { unknown: true }, recovered: null, interest: null, costs: null, writtenOff: null, net: null }, // prettier-ignore
      ...{ proposed: null, texts: { outstanding: 'unknown', net: null } },
      counts: { items: 0, movements: 0, revisions: 0, approved: 0, paid: 0 },
    });
  });

  it('of a special payment has nothing outstanding, and what was approved and paid', async () => {
    await raise('a', { ...claim, gross: gbp('100', { qualifier: 'about' }) });
    await record('a', 'ApproveSpecialPayment', of('100'));
    await record('a', 'RecordSpecialPayment', { ...of('70'), to: 'The claimant' });
    expect(await row('loss:a')).toMatchObject({ lossKind: 'special-payment', outstanding: null, texts: { outstanding: null }, approved: [of('100')], paid: [of('70')], counts: { approved: 1, paid: 1 }, findings: [] }); // prettier-ignore
    await record('a', 'RecordSpecialPayment', of('30'));
    expect(await findings('a')).toEqual([]);
    await record('a', 'RecordSpecialPayment', of('0.01'));
    await record('a', 'ApproveSpecialPayment', of('60'));
    expect(await findings('a')).toEqual(['More was approved than the claim comes to: £10.']);
  });

  it('says what items come to, and what was written off and recovered beyond them', async () => {
    await raise('a', { items });
    await record('a', 'WriteOff', { ...of('61'), item: 'pay' });
    await record('a', 'RecordRecovery', { ...of('39'), item: 'pay' });
    await record('a', 'RecordRecovery', { ...of('40'), item: 'cash' });
    expect(await findings('a')).toEqual(['£61 is written off of the item pay, which comes to £60.']);
    await record('a', 'ReverseWriteOff', { ...of('1'), item: 'pay' });
    expect(await findings('a')).toEqual([]);
    await record('a', 'RecordRecovery', { ...of('20.01'), item: 'cash' });
    expect(await findings('a')).toEqual(['£60.01 was recovered of the item cash, which comes to £40.']);
    await record('a', 'ReviseLoss', { gross: gbp('200') });
    expect(await findings('a')).toContain('The items come to £100, not to the gross as revised.');
    expect((await row('loss:a')).revised).toMatchObject({ gross: gbp('200') });
    await record('a', 'ReviseLoss', { gross: { unknown: true } });
    expect(await findings('a')).not.toContain('The items come to £100, not to the gross as revised.');
    await record('a', 'ReviseLoss', { gross: gbp('190') });
    expect(await findings('a')).toContain('The items come to £100, not to the gross as revised.');
  });

  it('flags what may be more than the gross, what was paid without approval, and a gross below its items', async () => {
    await raise('a', { gross: gbp('65', { qualifier: 'about' }) });
    await record('a', 'WriteOff', of('65'));
    expect(await findings('a')).toEqual(['What is written off may be more than the gross.']);
    await raise('b', claim);
    await record('b', 'ApproveSpecialPayment', of('50'));
    await record('b', 'RecordSpecialPayment', of('50.01'));
    expect(await findings('b')).toEqual(['More was paid than was approved: £0.01.']);
    await raise('c', { items });
    await record('c', 'ReviseLoss', { gross: gbp('99.99') });
    expect(await findings('c')).toEqual(['The items come to £100, not to the gross as revised.']);
  });

  it('says which cases it was in, each once, and is in no more', async () => {
    const raised = await raise('a', { case: 'one' });
    const to = (value: string) => record('a', 'CorrectFact', { event: raised, changes: [{ pointer: '/case', value }, { pointer: '/title', value }], because: 'error' }); // prettier-ignore
    for (const value of ['two', 'one', 'three']) await to(value);
    expect(await findings('a')).toEqual(['one', 'two'].map((name) => `It was in the case ${name} until a correction of 2019-11-04 took it out: let it join again, or leave by who may decide on the whole case.`)); // prettier-ignore
  });
});

describe('the cases that a loss was in', () => {
  /** `case joined–left way`. */
  const times = async (): Promise<readonly string[]> =>
    (await row('loss:a')).cases.map((time: any) => `${time.case} ${time.joinedOn}–${time.leftOn ?? ''} ${time.way ?? 'in'}`);
  const fact = (command: string, event: string, more: object = {}) => record('a', command, { event, ...more });
  const leave = (more: Provenance = {}) => record('a', 'LeaveCase', { case: 'k', why: 'Another cause' }, more);

  it('are those that a correction put it into and took it out of', async () => {
    const raised = await raise('a');
    expect(await times()).toEqual([]);
    const change = (change: object) => fact('CorrectFact', raised, { changes: [{ pointer: '/case', ...change }], because: 'error' });
    await change({ value: 'k' });
    await change({ value: 'm' });
    await change({ remove: true });
    expect(await times()).toEqual(['k 2019-11-04–2019-11-04 corrected', 'm 2019-11-04–2019-11-04 corrected']);
  });

  it('are those that it joined and left, by the days of both', async () => {
    await raise('a');
    await record('a', 'JoinCase', { case: 'k' }, { effectiveOn: '2017' });
    const left = await leave({ effectiveOn: '2018', authority: { reference: 'PCD 1' } });
    expect((await row('loss:a')).cases).toEqual([
      { case: 'k', joinedOn: '2017', leftOn: '2018', way: 'left', event: left, recordedAt: expect.stringMatching(/^2019-11-04T/), decided: { reference: 'PCD 1' } }, // prettier-ignore
    ]);
    await fact('CorrectFact', left, { changes: [{ pointer: '/effectiveOn', value: '2018-05' }], because: 'refined' });
    expect(await times()).toEqual(['k 2017–2018-05 left']);
    await record('a', 'JoinCase', { case: 'm' });
    expect(await times()).toEqual(['k 2017–2018-05 left', 'm 2019-11-04– in']);
    expect(await findings('a')).toEqual([]);
  });

  it('are the same whatever else is corrected, withdrawn and reinstated', async () => {
    const raised = await raise('a', { case: 'k' });
    const off = await record('a', 'WriteOff', of('60'));
    const change = (event: string, pointer: string, value: unknown) => fact('CorrectFact', event, { changes: [{ pointer, value }], because: 'error' }); // prettier-ignore
    await change(raised, '/title', 'Debts of a year');
    await change(off, '/amount', gbp('50'));
    await fact('WithdrawFact', off);
    await fact('ReinstateFact', off);
    expect(await times()).toEqual(['k 2015-03-01– in']);
    const left = await leave({ effectiveOn: '2018' });
    await change(left, '/why', 'Yet another cause');
    await fact('WithdrawFact', off);
    await fact('ReinstateFact', off);
    expect(await times()).toEqual(['k 2015-03-01–2018 left']);
    await record('a', 'JoinCase', { case: 'k' });
    expect([await times(), await findings('a')]).toEqual([['k 2015-03-01–2018 left', 'k 2019-11-04– in'], []]);
  });

  it('of another fact that put it there follow the correction of that fact', async () => {
    await raise('a');
    const joined = await record('a', 'JoinCase', { case: 'k' }, { effectiveOn: '2017' });
    await fact('CorrectFact', joined, { changes: [{ pointer: '/case', value: 'm' }], because: 'error' });
    await fact('WithdrawFact', joined);
    expect(await times()).toEqual(['k 2017–2019-11-04 corrected', 'm 2019-11-04–2019-11-04 withdrawn']);
    expect(await findings('a')).toHaveLength(2);
    await fact('ReinstateFact', joined);
    expect([await times(), await findings('a')]).toEqual([
      ['k 2017–2019-11-04 corrected', 'm 2019-11-04–2019-11-04 withdrawn', 'm 2019-11-04– in'],
      [expect.stringContaining('It was in the case k until a correction of 2019-11-04')],
    ]);
  });

  it('are again what they were once its leaving, or what put it there, is withdrawn and reinstated', async () => {
    await raise('a');
    const joined = await record('a', 'JoinCase', { case: 'k' }, { effectiveOn: '2017' });
    const left = await leave({ effectiveOn: '2018' });
    await fact('WithdrawFact', left);
    expect(await times()).toEqual(['k 2017– in']);
    await fact('ReinstateFact', left);
    expect(await times()).toEqual(['k 2017–2018 left']);
    await fact('WithdrawFact', joined, { withDependants: true });
    expect(await times()).toEqual(['k 2017–2019-11-04 withdrawn']);
    expect(await findings('a')).toHaveLength(1);
    await fact('ReinstateFact', joined, { withDependants: true });
    expect([(await times()).at(-1), (await row('loss:a')).case]).toEqual(['k 2019-11-04–2018 left', null]);
    expect(await findings('a')).toEqual([]);
  });
});

describe('the totals of losses', () => {
  const text = (shown: any) => [shown.losses, ...['gross', 'net', 'recovered', 'outstanding'].map((name) => shown[name].text)];
  it('are of losses alone, by who bears them, and have no special payment', async () => {
    await raise('a', { supplier: 'csc' });
    await raise('b', { supplier: 'csc', bearer: 'supplier', gross: gbp('7') });
    await raise('c', { elsewhere: { authority: 'NHS' }, gross: gbp('9') });
    await raise('d', { ...claim, gross: gbp('500') });
    await record('a', 'RecordRecovery', of('30'));
    await record('a', 'WriteOff', of('50'));
    const { losses, counts } = await row('programme:met');
    expect([text(losses.authority), text(losses.supplier), text(losses.elsewhere)]).toEqual([[1, '£100', '£50', '£30', '£20'], [1, '£7', 'nothing', 'nothing', '£7'], [1, '£9', 'nothing', 'nothing', '£9']]); // prettier-ignore
    expect(counts.losses).toBe(4); // of its list, in which the special payment stands
    expect((await row('supplier:csc')).lossList).toMatchObject([{ loss: 'b', net: null }, { loss: 'a', title: 'Debts', bearer: 'authority', elsewhere: null, gross: gbp('100'), net: gbp('50.00'), outstanding: gbp('20.00') }]); // prettier-ignore
  });
});

describe('approvals that were outgrown', () => {
  const scheme = { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs: [{ grossAbove: gbp('500'), approver: 'Mayor' }, { approver: 'Director' }], specialPayments: [{ grossAbove: gbp('500'), approver: 'Mayor' }, { approver: 'Director' }] }; // prettier-ignore
  const director = { decidedBy: { person: 'p', office: 'Director' } };
  const tooSmall = (what: string, of: string, comes: string) => `The ${what} was approved under too small ${of} by Director: it comes to ${comes} now, and Mayor must ratify it.`; // prettier-ignore
  beforeEach(() => world.record('programme-met', 'AdoptPolicy', scheme).then(() => undefined));
  const ofCase = async (name: string) => (await row(`case:met/${name}`)).lossList.flatMap((l: any) => l.findings);

  it('are found on the case by the sum of what its losses come to: what was written off where that is more than the least gross', async () => {
    for (const id of ['a', 'b', 'c', 'd']) await raise(id, { gross: id === 'b' ? { unknown: true } : gbp('200') });
    for (const id of ['a', 'b']) await record(id, 'WriteOff', of('150'), director);
    for (const id of ['a', 'b']) await record(id, 'JoinCase', { case: 'k' });
    expect(await ofCase('k')).toEqual([]);
    await record('c', 'JoinCase', { case: 'k' });
    expect(await ofCase('k')).toEqual(['b', 'a'].map(() => tooSmall('write-off of 2019-11-04', 'a case', '£550')));
    await raise('e', { case: 'other', gross: gbp('9000') });
    await raise('f', { case: 'k', gross: gbp('9000'), bearer: 'supplier', supplier: 'csc' });
    await raise('g', { ...claim, case: 'k', gross: gbp('9000') });
    expect(await ofCase('k')).toEqual(['b', 'a'].map(() => tooSmall('write-off of 2019-11-04', 'a case', '£550')));
    expect(await row('case:met/k')).toMatchObject({ kind: 'case', counts: { losses: 5 }, losses: { authority: { losses: 3 }, supplier: { losses: 1 } } }); // prettier-ignore
    expect([await findings('a'), await row('case:met/none')]).toEqual([[], undefined]);
  });

  it('are not found where one loss of the case is not known in the currency of the table', async () => {
    await raise('a', { gross: gbp('200'), case: 'k' });
    await record('a', 'WriteOff', of('150'), director);
    await raise('b', { gross: usd('9000'), case: 'k' });
    expect(await ofCase('k')).toEqual([]);
    await record('b', 'ReviseLoss', { gross: usd('9000', '7000') });
    expect(await ofCase('k')).toEqual([tooSmall('write-off of 2019-11-04', 'a case', '£7,200')]);
  });

  it('of special payments follow what is approved, or paid, in all', async () => {
    for (const id of ['a', 'b']) await raise(id, { ...claim, gross: { unknown: true }, case: 'k' });
    await record('a', 'ApproveSpecialPayment', of('300'), director);
    await record('b', 'RecordSpecialPayment', of('200'));
    expect(await ofCase('k')).toEqual([]);
    await record('b', 'RecordSpecialPayment', of('0.01'));
    expect(await ofCase('k')).toEqual([tooSmall('special payment approved on 2019-11-04', 'a case', '£500.01')]);
  });

  it('of one loss follow its gross as revised, and are ratified by who may', async () => {
    await raise('a', { gross: gbp('200') });
    const event = await record('a', 'WriteOff', of('150'), director);
    await record('a', 'ReverseWriteOff', of('10'), director);
    await record('a', 'ReviseLoss', { gross: gbp('500.01') });
    expect(await findings('a')).toEqual([tooSmall('write-off of 2019-11-04', 'a gross', '£500.01')]);
    await record('a', 'RatifyWriteOff', { event }, { decidedBy: { person: 'q', office: 'Mayor' } });
    expect(await findings('a')).toEqual([]);
  });

  it('of a foreign loss follow what its movements state in the currency of the table', async () => {
    await raise('a', { gross: usd('800', '1') });
    await record('a', 'WriteOff', { amount: usd('700', '400') }, director);
    expect(await findings('a')).toEqual([]);
    const event = await record('a', 'WriteOff', { amount: usd('100', '90') }, director);
    await record('a', 'CorrectFact', { event, changes: [{ pointer: '/amount/stated/0/amount', value: '101' }], because: 'error' }, { decidedBy: { person: 'q', office: 'Mayor' } }); // prettier-ignore
    expect(await findings('a')).toEqual([tooSmall('write-off of 2019-11-04', 'a gross', '£501')]); // the Mayor decided the other one as corrected
  });

  it('of one claim follow all that is approved of it', async () => {
    await raise('a', { ...claim, gross: { unknown: true } });
    await record('a', 'ApproveSpecialPayment', of('300'), director);
    await record('a', 'ApproveSpecialPayment', of('200.01'), { decidedBy: { person: 'q', office: 'Mayor' } });
    expect(await findings('a')).toEqual([tooSmall('special payment approved on 2019-11-04', 'a gross', '£500.01')]);
  });

  it('of what a supplier bears are none', async () => {
    await raise('a', { gross: gbp('200'), bearer: 'supplier', supplier: 'csc' });
    await record('a', 'WriteOff', of('150'));
    await record('a', 'ReviseLoss', { gross: gbp('900') });
    expect(await findings('a')).toEqual([]);
  });
});
