import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Statement } from '../../projections/losses-statement-row.js';
import type { Provenance } from '../../src/kernel/index.js';
import { recordWorld, World } from '../random-history.js';
import { inMemory } from './in-memory.js';

/** What somebody tries who wants to write off more than they may: each refused, or found on a row; a higher office may do all of it. */
const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const usd = (amount: string, more: object = {}) => ({ amount, currency: 'USD', ...more });
const debt = { programme: 'met', title: 'Debts', bearer: 'authority', category: 'irrecoverable-debt', gross: gbp('60000') };
const claim = { ...debt, kind: 'special-payment', category: 'compensation' };
const by = (office: string, more: Provenance = {}): Provenance => ({ decidedBy: { person: 'p-1', office }, ...more });
const [DIRECTOR, OFFICER, MAYOR] = ['Director', 'Chief Finance Officer', 'Deputy Mayor'] as const;
const table = [{ grossAbove: gbp('500000'), approver: MAYOR }, { grossAbove: gbp('50000'), approver: OFFICER }, { approver: DIRECTOR }];
const scheme = {
  policy: 'scheme',
  title: 'Scheme of delegation',
  version: '1',
  inForceFrom: '2011',
  writeOffs: table,
  specialPayments: table,
};

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  await world.record('programme-met', 'AdoptPolicy', scheme);
});

const raise = (id: string, more: object = {}, record: Provenance = { effectiveOn: '2010' }) =>
  world.record(`loss-${id}`, 'RaiseLoss', { ...debt, ...more }, record);
const tell = async (command: string, data: object, record: Provenance = {}, id = 'a') =>
  (await world.record(`loss-${id}`, command, data, record)).events[0]!.id!;
const writeOff = (amount: object, record: Provenance = {}, id = 'a') => tell('WriteOff', { amount }, record, id);
const refused = (tried: Promise<unknown>, message: string) => expect(tried).rejects.toMatchObject({ code: 'ledger/policy-not-met', message: expect.stringContaining(message) }); // prettier-ignore
const row = async (key: string) => (await inMemory('exposure', world)).row(key);
const findings = async (id = 'a'): Promise<readonly string[]> => (await row(`loss:${id}`)).findings;
const unratified = async (): Promise<number> => {
  const years = await inMemory('losses-statement', world);
  const rows = years.keys().map((key) => years.row(key) as Statement);
  return rows.reduce((sum, { totals }) => sum + totals.authority.unratified + totals.specialPayments.unratified, 0);
};
const wasIn = (name: string, by: string): string => `It was in the case ${name} until a ${by} of 2019-11-04 took it out: let it join again, or leave by who may decide on the whole case.`; // prettier-ignore
const correct = (event: string, pointer: string, value: unknown, record: Provenance = {}, id = 'a') => world.record(`loss-${id}`, 'CorrectFact', { event, changes: [{ pointer, value }], because: 'error' }, record); // prettier-ignore

describe('saying less', () => {
  beforeEach(() => raise('a'));

  it('leaving the decider out', async () => {
    await refused(writeOff(gbp('60000')), 'Nobody is named as deciding');
    await refused(writeOff(gbp('60000'), { decidedBy: { person: 'p-1' } }), 'Nobody is named as deciding');
    await writeOff(gbp('60000'), by(MAYOR));
  });

  it('leaving the decider out of a decision of yesterday', async () => {
    await writeOff(gbp('60000'), { effectiveOn: '2019-11-03' });
    expect([await findings(), await unratified()]).toEqual([
      ['The write-off of 2019-11-03 was not found to meet scheme/write-off, and is not ratified.'],
      1,
    ]);
  });

  it('another spelling of an office is the office, and of a higher one no other', async () => {
    await refused(writeOff(gbp('60000'), by('Director of Finance')), `${OFFICER} must approve this`);
    await writeOff(gbp('30000'), by('  chief  finance OFFICER '));
    await writeOff(gbp('30000'), by('ＤＥＰＵＴＹ Ｍayor'));
    expect(await findings()).toEqual([]);
  });

  it('a limit of the authority that is lower than the loss', () =>
    refused(writeOff(gbp('1'), by(OFFICER, { authority: { reference: 'PCD 1', limit: { amount: '59999.99', currency: 'GBP' } } })), 'The authority is limited to £59,999.99; this comes to £60,000')); // prettier-ignore

  it('naming a supplier as the one who bears it, and the authority once it is written off', async () => {
    const { events } = await world.record('loss-b', 'RaiseLoss', { ...debt, bearer: 'supplier', supplier: 'csc' });
    await writeOff(gbp('60000'), by(DIRECTOR), 'b');
    await correct(events[0]!.id!, '/bearer', 'authority', {}, 'b');
    expect(await findings('b')).toEqual([
      'The write-off of 2019-11-04 was approved under too small a gross by Director: it comes to £60,000 now, and Chief Finance Officer must ratify it.',
    ]);
    await world.record('loss-c', 'RaiseLoss', { ...debt, elsewhere: { authority: 'NHS' } });
    await writeOff(gbp('60000'), {}, 'c');
    expect(await findings('c')).toEqual([]); // what belongs to another authority is not ours to approve
  });

  it('naming a supplier and nobody, and the authority once it is written off', async () => {
    const { events } = await world.record('loss-b', 'RaiseLoss', { ...debt, bearer: 'supplier', supplier: 'csc' });
    const event = await writeOff(gbp('60000'), {}, 'b');
    await correct(events[0]!.id!, '/bearer', 'authority', {}, 'b');
    expect(await findings('b')).toEqual(['Nobody is named as deciding the write-off of 2019-11-04: Chief Finance Officer must ratify it.']);
    await tell('RatifyWriteOff', { event }, by(OFFICER), 'b');
    expect(await findings('b')).toEqual([]);
  });
});

describe('splitting', () => {
  it('one loss into several write-offs', async () => {
    await raise('a', { gross: { unknown: true } });
    await writeOff(gbp('50000'), by(DIRECTOR));
    await refused(writeOff(gbp('0.01'), by(DIRECTOR)), 'all that is written off comes to £50,000.01');
    await writeOff(gbp('0.01'), by(OFFICER));
  });

  it('one matter into several losses of a case', async () => {
    for (const id of ['a', 'b']) await raise(id, { gross: gbp('490000'), case: 'fraud-7' });
    await refused(writeOff(gbp('490000'), by(OFFICER)), 'the case fraud-7 comes to £980,000');
    await writeOff(gbp('490000'), by(MAYOR));
    await refused(writeOff(gbp('490000'), by(OFFICER), 'b'), 'the case fraud-7 comes to £980,000');
    await writeOff(gbp('490000'), by(MAYOR), 'b');
    expect((await row('case:met/fraud-7')).lossList.flatMap((of: { findings: string[] }) => of.findings)).toEqual([]);
  });

  it('one matter into a loss that is written off before the next is raised', async () => {
    await raise('a', { gross: gbp('490000'), case: 'fraud-7' });
    await writeOff(gbp('490000'), by(OFFICER));
    await raise('b', { gross: gbp('490000'), case: 'fraud-7' });
    await refused(writeOff(gbp('490000'), by(OFFICER), 'b'), 'the case fraud-7 comes to £980,000');
    expect((await row('case:met/fraud-7')).lossList).toMatchObject([
      { loss: 'b', findings: [] },
      { loss: 'a', findings: ['The write-off of 2019-11-04 was approved under too small a case by Chief Finance Officer: it comes to £980,000 now, and Deputy Mayor must ratify it.'] }, // prettier-ignore
    ]);
  });

  it('one claim into several special payments, of one claim or of one case', async () => {
    for (const id of ['a', 'b']) await raise(id, { ...claim, gross: { unknown: true }, case: 'claim-1' });
    await tell('ApproveSpecialPayment', { amount: gbp('30000') }, by(DIRECTOR));
    await refused(tell('ApproveSpecialPayment', { amount: gbp('20000.01') }, by(DIRECTOR)), 'all that is approved comes to £50,000.01');
    await refused(tell('ApproveSpecialPayment', { amount: gbp('20000.01') }, by(DIRECTOR), 'b'), 'the case claim-1 comes to £50,000.01');
    await tell('ApproveSpecialPayment', { amount: gbp('20000.01') }, by(OFFICER), 'b');
    expect((await row('case:met/claim-1')).lossList).toMatchObject([
      { loss: 'b', findings: [] },
      { loss: 'a', findings: ['The special payment approved on 2019-11-04 was approved under too small a case by Director: it comes to £50,000.01 now, and Chief Finance Officer must ratify it.'] }, // prettier-ignore
    ]);
  });

  it('a payment without an approval, which counts in its case', async () => {
    for (const id of ['a', 'b']) await raise(id, { ...claim, gross: { unknown: true }, case: 'claim-1' });
    await tell('RecordSpecialPayment', { amount: gbp('500000') });
    expect(await findings()).toEqual(['More was paid than was approved: £500,000.']);
    await refused(tell('ApproveSpecialPayment', { amount: gbp('1') }, by(OFFICER), 'b'), 'the case claim-1 comes to £500,001');
  });

  it('a loss that leaves its case before it is written off', async () => {
    for (const id of ['a', 'b']) await raise(id, { gross: gbp('490000'), case: 'fraud-7' });
    const [raised] = (await world.history('loss-b')).recorded;
    await correct(raised!.id, '/case', 'fraud-8', {}, 'b');
    await writeOff(gbp('490000'), by(OFFICER), 'b');
    expect([await findings('a'), await findings('b')]).toEqual([[], [wasIn('fraud-7', 'correction')]]);
    await correct(raised!.id, '/case', 'fraud-7', {}, 'b'); // back where it was: what was approved meanwhile is found
    expect(await findings('b')).toEqual([wasIn('fraud-8', 'correction')]);
    expect((await row('case:met/fraud-7')).lossList).toMatchObject([
      { loss: 'b', findings: [expect.stringContaining('was approved under too small a case by Chief Finance Officer')] },
      { loss: 'a', findings: [] },
    ]);
    await refused(writeOff(gbp('490000'), by(OFFICER)), 'the case fraud-7 comes to £980,000');
  });

  it('a loss that joined its case and whose joining is withdrawn', async () => {
    for (const id of ['a', 'b']) await raise(id, { gross: gbp('490000') });
    const [, joined] = [await tell('JoinCase', { case: 'fraud-7' }), await tell('JoinCase', { case: 'fraud-7' }, {}, 'b')];
    await refused(writeOff(gbp('490000'), by(OFFICER), 'b'), 'the case fraud-7 comes to £980,000');
    await world.record('loss-b', 'WithdrawFact', { event: joined });
    await writeOff(gbp('490000'), by(OFFICER), 'b');
    expect(await findings('b')).toEqual([wasIn('fraud-7', 'withdrawal')]);
    await tell('JoinCase', { case: 'fraud-7' }, {}, 'b');
    expect(await findings('b')).toEqual([]);
  });

  it('a loss that leaves its case by who may not decide on the whole case', async () => {
    for (const id of ['a', 'b']) await raise(id, { gross: gbp('490000'), case: 'fraud-7' });
    const leave = (record: Provenance) => tell('LeaveCase', { case: 'fraud-7', why: 'Another cause' }, record, 'b');
    await refused(leave({}), 'Nobody is named as deciding');
    await refused(leave(by(OFFICER)), 'the case fraud-7 comes to £980,000');
    const late = await leave(by(OFFICER, { effectiveOn: '2019-11-02' }));
    const until = 'let it join again, or leave by who may decide on the whole case.';
    expect(await findings('b')).toEqual([`It left the case fraud-7 on 2019-11-02, which was not found to meet scheme/write-off: ${until}`]);
    await world.record('loss-b', 'WithdrawFact', { event: late }); // it is in it again
    expect(await findings('b')).toEqual([]);
    await leave(by(OFFICER, { effectiveOn: '2010-12-31' }));
    expect(await findings('b')).toEqual([
      `It left the case fraud-7 on 2010-12-31, as recorded on 2019-11-04: no adopted table was in force on that day, so its authority was not assessed: ${until}`,
    ]);
    await tell('JoinCase', { case: 'fraud-7' }, {}, 'b');
    expect(await findings('b')).toEqual([]);
    await leave(by(MAYOR));
    await writeOff(gbp('490000'), by(OFFICER), 'b');
    await writeOff(gbp('490000'), by(OFFICER)); // the case is of one loss now
    expect([await findings('a'), await findings('b')]).toEqual([[], []]);
    expect((await row('loss:b')).cases).toMatchObject([
      { case: 'fraud-7', joinedOn: '2010', leftOn: '2010-12-31', decided: { office: OFFICER } },
      { case: 'fraud-7', joinedOn: '2019-11-04', leftOn: '2019-11-04', way: 'left', decided: { office: MAYOR, assessed: true } },
    ]);
  });

  it('a loss that left its case with the authority for it, and then by none', async () => {
    for (const id of ['a', 'b']) await raise(id, { gross: gbp('490000') });
    await tell('JoinCase', { case: 'fraud-7' });
    await tell('JoinCase', { case: 'fraud-7' }, {}, 'b');
    await tell('LeaveCase', { case: 'fraud-7', why: 'Another cause' }, by(MAYOR), 'b');
    expect(await findings('b')).toEqual([]);
    const again = await tell('JoinCase', { case: 'fraud-7' }, {}, 'b');
    await world.record('loss-b', 'WithdrawFact', { event: again });
    expect(await findings('b')).toEqual([wasIn('fraud-7', 'withdrawal')]);
  });

  it('a loss that left its case by a waiver shows it', async () => {
    for (const id of ['a', 'b']) await raise(id, { gross: gbp('490000'), case: 'fraud-7' });
    const waived = { waives: ['scheme/write-off'], reason: 'Urgent', authority: { reference: 'PCD 9' } };
    await tell('LeaveCase', { case: 'fraud-7', why: 'Another cause' }, by(OFFICER, waived), 'b');
    expect(await findings('b')).toEqual(['For its leaving of the case fraud-7 on 2019-11-04 scheme/write-off was waived.']);
  });

  it('a loss that joins its case once it is written off', async () => {
    for (const id of ['a', 'b']) await raise(id, { gross: gbp('490000') });
    for (const id of ['a', 'b']) await writeOff(gbp('490000'), by(OFFICER), id);
    for (const id of ['a', 'b']) await tell('JoinCase', { case: 'fraud-7' }, {}, id);
    const found = 'The write-off of 2019-11-04 was approved under too small a case by Chief Finance Officer: it comes to £980,000 now, and Deputy Mayor must ratify it.'; // prettier-ignore
    expect((await row('case:met/fraud-7')).lossList).toMatchObject([
      { loss: 'b', findings: [found] },
      { loss: 'a', findings: [found] },
    ]);
  });
});

describe('a smaller figure', () => {
  it('that is revised once it is written off', async () => {
    await raise('a', { gross: gbp('50000') });
    await writeOff(gbp('50000'), by(DIRECTOR));
    await tell('ReviseLoss', { gross: gbp('500000.01') });
    expect(await findings()).toEqual([
      'The write-off of 2019-11-04 was approved under too small a gross by Director: it comes to £500,000.01 now, and Deputy Mayor must ratify it.',
    ]);
  });

  it('that is a correction, taken back once it is written off', async () => {
    const { events } = await raise('a', { gross: gbp('600000') });
    await correct(events[0]!.id!, '/gross', gbp('50000'));
    await writeOff(gbp('50000'), by(DIRECTOR));
    await correct(events[0]!.id!, '/gross', gbp('600000'));
    expect(await findings()).toHaveLength(1);
  });

  it('of the write-off, that is corrected upwards', async () => {
    await raise('a', { gross: { unknown: true } });
    const event = await writeOff(gbp('50000'), by(DIRECTOR));
    await refused(correct(event, '/amount', gbp('50000.01'), by(DIRECTOR)).then(), `${OFFICER} must approve this`);
    await refused(correct(event, '/amount', gbp('50000.01')), `${OFFICER} must approve this`);
    await correct(event, '/amount', gbp('50000.01'), by(OFFICER));
  });

  it('of the write-off, corrected upwards as of yesterday: what changes the ledger changes it now', async () => {
    await raise('a', { gross: { unknown: true } });
    const event = await writeOff(gbp('50000'), by(DIRECTOR));
    await refused(correct(event, '/amount', gbp('900000'), { effectiveOn: '2019-11-03' }), `${MAYOR} must approve this`);
    await correct(event, '/amount', gbp('900000'), by(MAYOR, { effectiveOn: '2019-11-03' }));
  });

  it('of a write-off that another office approved, corrected upwards by nobody', async () => {
    await raise('a', { gross: { unknown: true } });
    const { events } = await world.record('loss-a', 'WriteOff', { amount: gbp('50000'), because: 'insolvent' }, by(MAYOR));
    await refused(correct(events[0]!.id!, '/amount', gbp('900000')), 'Nobody is named as deciding');
    await correct(events[0]!.id!, '/because', 'untraceable'); // what policy does not ask for, anybody may correct
    await correct(events[0]!.id!, '/amount', gbp('900000'), by(MAYOR));
  });

  it('that is about so much counts as the least that it may be, and what is written off as what it is', async () => {
    await raise('a', { gross: gbp('500000', { qualifier: 'about', roundedTo: '200000' }) });
    await writeOff(gbp('500000'), by(OFFICER));
    await refused(writeOff(gbp('0.01'), by(OFFICER)), 'all that is written off comes to £500,000.01');
    await raise('b', { gross: gbp('10000000', { qualifier: 'at-most' }) });
    await refused(writeOff(gbp('500000.01'), by(OFFICER), 'b'), `${MAYOR} must approve this`);
  });

  it('by a penny: a row above an amount begins with the next penny, and no fraction of one is an amount', async () => {
    await raise('a', { gross: gbp('50000.01') });
    await refused(writeOff(gbp('0.01'), by(DIRECTOR)), `${OFFICER} must approve this`);
    await raise('b', { gross: gbp('50000.00') });
    await writeOff(gbp('50000.00'), by(DIRECTOR), 'b');
    await expect(writeOff(gbp('0.001'), by(MAYOR))).rejects.toThrow('does not pass its check');
  });

  it('in another currency', async () => {
    await raise('a', { gross: usd('60000') });
    await refused(writeOff(usd('60000'), by(MAYOR)), 'give the equivalent of the gross in it (stated)');
    await raise('b', { gross: usd('60000', { stated: [gbp('48000')] }) });
    await refused(writeOff(usd('60000'), by(MAYOR), 'b'), 'give the equivalent of all that is written off in it (stated)');
    await writeOff(usd('60000', { stated: [gbp('48000')] }), by(DIRECTOR), 'b');
    await raise('c', { gross: usd('1000000', { stated: [gbp('800000')] }) });
    await refused(writeOff(usd('1000000', { stated: [gbp('1')] }), by(OFFICER), 'c'), 'the gross comes to £800,000');
    await expect(writeOff(gbp('1'), by(MAYOR), 'c')).rejects.toMatchObject({ code: 'loss/mixed-currencies' });
  });

  it('in a case with another currency', async () => {
    await raise('a', { gross: gbp('490000'), case: 'fraud-7' });
    await raise('b', { gross: usd('490000'), case: 'fraud-7' });
    await refused(writeOff(gbp('1'), by(MAYOR)), 'the equivalent of the case fraud-7 in it');
  });
});

describe('another day', () => {
  const lax = [{ grossAbove: gbp('9000000'), approver: MAYOR }, { grossAbove: gbp('900000'), approver: OFFICER }, { approver: DIRECTOR }];

  it('yesterday', async () => {
    await raise('a');
    const event = await writeOff(gbp('60000'), by(DIRECTOR, { effectiveOn: '2019-11-03' }));
    expect(await findings()).toEqual(['The write-off of 2019-11-03 was not found to meet scheme/write-off, and is not ratified.']);
    await tell('RatifyWriteOff', { event }, by(OFFICER));
    expect([await findings(), await unratified()]).toEqual([[], 0]);
  });

  it('a ratification of yesterday, by who may not ratify: it is none', async () => {
    await raise('a');
    const event = await writeOff(gbp('60000'), by(DIRECTOR, { effectiveOn: '2019-11-02' }));
    await refused(tell('RatifyWriteOff', { event }, by(DIRECTOR)), `${OFFICER} must approve this`);
    await tell('RatifyWriteOff', { event }, by(DIRECTOR, { effectiveOn: '2019-11-03' }));
    expect([(await findings()).length, await unratified()]).toEqual([1, 1]);
    await tell('RatifyWriteOff', { event }, by(OFFICER));
    await tell('RatifyWriteOff', { event }, by(DIRECTOR, { effectiveOn: '2019-11-03' }));
    expect([await findings(), await unratified()]).toEqual([[], 0]); // nor does it undo one that holds
  });

  it('before the policy was in force', async () => {
    await raise('a');
    const event = await writeOff(gbp('60000'), { effectiveOn: '2010-12-31' });
    expect(await findings()).toEqual([
      'The write-off of 2010-12-31 was recorded on 2019-11-04, of a day on which no adopted table was in force: its authority was not assessed.',
    ]);
    await tell('RatifyWriteOff', { event }, by(OFFICER));
    expect(await findings()).toEqual([]);
  });

  it('before the policy, by a correction of the day and then of the amount', async () => {
    await raise('a', { gross: { unknown: true } });
    const event = await writeOff(gbp('50000'), by(DIRECTOR));
    await correct(event, '/effectiveOn', '2010-12-31', by(DIRECTOR));
    await refused(correct(event, '/amount', gbp('900000'), by(DIRECTOR)), `${MAYOR} must approve this`);
    await correct(event, '/amount', gbp('900000'), by(MAYOR));
  });

  it('after a policy that asks for less was adopted: the one that asks for more is still in force', async () => {
    await raise('a');
    await world.record('programme-met', 'AdoptPolicy', { ...scheme, version: '2', writeOffs: lax });
    await refused(writeOff(gbp('60000'), by(DIRECTOR)), `${OFFICER} must approve this`);
    const event = await writeOff(gbp('60000'), by(DIRECTOR, { effectiveOn: '2019-11-03' }));
    expect(await findings()).toHaveLength(1);
    await world.record('programme-met', 'AdoptPolicy', { ...scheme, version: '3', writeOffs: lax });
    expect(await findings()).toHaveLength(1); // what was found when it was recorded stands
    await tell('RatifyWriteOff', { event }, by(OFFICER));
    expect(await findings()).toEqual([]);
  });

  it('what was recorded before any policy is not found late for that', async () => {
    const early = new World('2019-11-04');
    await recordWorld(early);
    await early.record('loss-a', 'RaiseLoss', debt, { effectiveOn: '2008' });
    await early.record('loss-a', 'WriteOff', { amount: gbp('60000') }, { effectiveOn: '2009' });
    early.wait(1);
    await early.record('programme-met', 'AdoptPolicy', scheme);
    world = early;
    expect(await findings()).toEqual([]);
  });
});

describe('undoing', () => {
  beforeEach(() => raise('a'));

  it('a reversal by who may not write off', async () => {
    await writeOff(gbp('60000'), by(OFFICER));
    await refused(tell('ReverseWriteOff', { amount: gbp('1') }, by(DIRECTOR)), `${OFFICER} must approve this`);
    const event = await tell('ReverseWriteOff', { amount: gbp('1') }, by(DIRECTOR, { effectiveOn: '2019-11-04' })).catch(() => undefined);
    expect(event).toBeUndefined();
    await tell('ReverseWriteOff', { amount: gbp('1') }, by(MAYOR));
  });

  it('a reversal of yesterday by who may not, which can be ratified', async () => {
    await writeOff(gbp('60000'), by(OFFICER, { effectiveOn: '2019-11-01' }));
    const event = await tell('ReverseWriteOff', { amount: gbp('1') }, by(DIRECTOR, { effectiveOn: '2019-11-03' }));
    expect([await findings(), await unratified()]).toEqual([
      ['The reversal of a write-off of 2019-11-03 was not found to meet scheme/write-off, and is not ratified.'],
      1,
    ]);
    await tell('RatifyWriteOff', { event }, by(OFFICER));
    expect([await findings(), await unratified()]).toEqual([[], 0]);
  });

  it('a withdrawal of the write-off, or of its reversal, without the authority for it', async () => {
    const event = await writeOff(gbp('60000'), by(OFFICER));
    const reversal = await tell('ReverseWriteOff', { amount: gbp('60000') }, by(OFFICER));
    for (const record of [{}, by(DIRECTOR), by(DIRECTOR, { effectiveOn: '2012' })]) {
      await refused(world.record('loss-a', 'WithdrawFact', { event: reversal }, record), '');
      await refused(world.record('loss-a', 'WithdrawFact', { event, withDependants: true }, record), '');
    }
    await world.record('loss-a', 'WithdrawFact', { event: reversal }, by(MAYOR));
    await world.record('loss-a', 'WithdrawFact', { event }, by(OFFICER));
    expect((await row('loss:a')).net).toBeNull();
  });

  it('a withdrawal of the ratification: the finding is back', async () => {
    const event = await writeOff(gbp('60000'), by(DIRECTOR, { effectiveOn: '2019-11-03' }));
    const ratification = await tell('RatifyWriteOff', { event }, by(OFFICER));
    expect(await findings()).toEqual([]);
    await world.record('loss-a', 'WithdrawFact', { event: ratification });
    expect(await findings()).toHaveLength(1);
  });

  it('a waiver shows on the row', async () => {
    const grounds = { waives: ['scheme/write-off'], reason: 'Urgent', authority: { reference: 'PCD 9' } };
    await expect(writeOff(gbp('60000'), by(DIRECTOR, { waives: ['scheme/write-off'] }))).rejects.toMatchObject({
      code: 'ledger/waiver-without-grounds',
    });
    const event = await writeOff(gbp('60000'), by(DIRECTOR, grounds));
    const shown = 'For the write-off of 2019-11-04 scheme/write-off was waived.';
    expect(await findings()).toContain(shown);
    await tell('RatifyWriteOff', { event }, by(DIRECTOR, grounds));
    expect((await findings()).filter((finding) => finding === shown)).toHaveLength(1);
  });

  it('a special payment of yesterday, approved by who may not, which can be ratified', async () => {
    await raise('b', claim);
    const event = await tell('ApproveSpecialPayment', { amount: gbp('60000') }, by(DIRECTOR, { effectiveOn: '2019-11-03' }), 'b');
    expect([await findings('b'), await unratified()]).toEqual([
      ['The special payment approved on 2019-11-03 was not found to meet scheme/special-payment, and is not ratified.'],
      1,
    ]);
    await refused(tell('RatifyWriteOff', { event }, by(DIRECTOR), 'b'), `${OFFICER} must approve this`);
    await tell('RatifyWriteOff', { event }, by(OFFICER), 'b');
    expect([await findings('b'), await unratified()]).toEqual([[], 0]);
  });
});
