import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { exposure } from '../../projections/exposure.js';
import { closeRows, rowsAfter } from '../engine/rows-after.js';
import { recordWorld, World } from '../random-history.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const loss = { programme: 'met', title: 'Milestones paid', bearer: 'authority', category: 'fruitless-payment', gross: gbp('490000') };
const award = { programme: 'met', title: 'Hosting', suppliers: [{ supplier: 'csc' }], towers: ['hosting'], value: gbp('95000000') };
const by = (office: string) => ({ decidedBy: { person: 'p-1', office } });
const source = { title: 'A report' };

let world: World;
beforeEach(async () => {
  world = new World('2019-11-04');
  await recordWorld(world);
  await world.record('contract-hosting', 'AwardContract', award);
});
afterEach(closeRows);
const row = async (key: string) => (await rowsAfter(await world.events(), [exposure])).row('exposure', key);

describe('a loss, a warning and a risk that name only a contract', () => {
  it('stand on the row of its supplier, and are counted there', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...loss, contract: 'hosting' });
    await world.record('loss-b', 'RaiseLoss', { ...loss, supplier: 'csc', gross: gbp('10000') });
    await world.record('programme-met', 'AddWarning', {
      warning: 'w',
      summary: 'Late',
      by: 'Press',
      source,
      about: { contract: 'hosting' },
    });
    await world.record('programme-met', 'RaiseRisk', { risk: 'r', summary: 'May be late', source, about: { contract: 'hosting' } });
    const { losses, contracts, counts } = await row('supplier:csc');
    expect([losses.authority.gross.text, losses.authority.outstanding.text, counts]).toEqual([
      '£500,000',
      '£500,000',
      { aliases: 0, formerNames: 0, contracts: 1, losses: 2, warnings: 1, risks: 1 },
    ]);
    expect(contracts).toMatchObject([{ losses: [{ loss: 'a' }], warnings: [{ warning: 'w' }], risks: [{ risk: 'r' }] }]);
  });

  it('are heard of there as soon as they are recorded', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...loss, contract: 'hosting' });
    const [last] = (await (await rowsAfter(await world.events(), [exposure])).updates('exposure')).slice(-1);
    expect(Object.keys(last!.changes)).toEqual(['loss:a', 'programme:met', 'supplier:csc']);
  });
});

describe('the row of a loss', () => {
  it('names a supplier that is not the one of its contract', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...loss, contract: 'hosting', supplier: 'atos' });
    await world.record('loss-b', 'RaiseLoss', { ...loss, contract: 'hosting', supplier: 'csc' });
    expect((await row('loss:a')).findings).toEqual(['The contract hosting is with csc, not with atos.']);
    expect((await row('loss:b')).findings).toEqual([]);
  });

  it('says what is written off and recovered of each item, and what is outstanding', async () => {
    const items = [
      { item: 'payroll', title: 'Payroll', amount: gbp('400000') },
      { item: 'cash', title: 'Cash', amount: gbp('90000') },
    ];
    await world.record('loss-a', 'RaiseLoss', { ...loss, items });
    await world.record('loss-a', 'WriteOff', { amount: gbp('50000'), item: 'cash' });
    await world.record('loss-a', 'ReverseWriteOff', { amount: gbp('10000'), item: 'cash' });
    await world.record('loss-a', 'RecordRecovery', { amount: gbp('300'), item: 'payroll' });
    await world.record('loss-a', 'ReverseRecovery', { amount: gbp('100'), item: 'payroll' });
    const shown = await row('loss:a');
    expect(shown.items).toMatchObject([
      { item: 'payroll', writtenOff: gbp('0.00'), recovered: gbp('200.00') },
      { item: 'cash', writtenOff: gbp('40000.00'), recovered: gbp('0.00') },
    ]);
    expect([shown.outstanding, shown.texts, shown.counts.movements]).toEqual([
      gbp('449800.00'),
      { outstanding: '£449,800', net: '£40,000' },
      4,
    ]);
  });

  it('flags a net that may be above the gross, and items that no longer come to it', async () => {
    const gross = gbp('65000000', { qualifier: 'about' });
    await world.record('loss-a', 'RaiseLoss', { ...loss, gross, items: [{ item: 'all', title: 'All', amount: gbp('65100000') }] });
    await world.record('loss-a', 'RecordRecovery', { amount: gbp('5000000') });
    await world.record('loss-a', 'WriteOff', { amount: gbp('60200000') });
    const shown = await row('loss:a');
    expect([shown.texts, shown.findings]).toEqual([
      { outstanding: 'at most £300,000', net: '£59.5m to £60.2m' },
      ['What is written off may be more than the gross.'],
    ]);
    await world.record('loss-a', 'ReviseLoss', { gross: gbp('65300000'), why: 'Counted' });
    expect((await row('loss:a')).findings).toEqual(['The items come to £65.1m, not to the gross as revised.']);
  });

  it('flags a special payment above what was approved', async () => {
    await world.record('loss-a', 'RaiseLoss', { ...loss, kind: 'special-payment', category: 'ex-gratia' });
    await world.record('loss-a', 'ApproveSpecialPayment', { amount: gbp('400') });
    await world.record('loss-a', 'RecordSpecialPayment', { amount: gbp('450') });
    const shown = await row('loss:a');
    expect([shown.findings, shown.outstanding, shown.lossKind]).toEqual([
      ['More was paid than was approved: £50.'],
      null,
      'special-payment',
    ]);
    expect((await row('programme:met')).losses.authority.gross.text).toBe('nothing'); // a payment is no loss
  });
});

describe('under a scheme of delegation', () => {
  const rule = 'scheme/write-off';
  const writeOffs = [
    { grossAbove: gbp('500000'), approver: 'Deputy Mayor' },
    { grossAbove: gbp('50000'), approver: 'Chief Finance Officer' },
    { approver: 'Director' },
  ];
  beforeEach(() =>
    world.record('programme-met', 'AdoptPolicy', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs }),
  );

  it('a gross revised past the row of an approval is a finding, until a higher office ratifies', async () => {
    await world.record('loss-a', 'RaiseLoss', loss, { effectiveOn: '2018' });
    const { events } = await world.record('loss-a', 'WriteOff', { amount: gbp('1000') }, by('Chief Finance Officer'));
    expect((await row('loss:a')).findings).toEqual([]);
    await world.record('loss-a', 'ReviseLoss', { gross: gbp('9000000') });
    expect((await row('loss:a')).findings).toEqual([
      'The write-off of 2019-11-04 was approved under too small a gross by Chief Finance Officer: it comes to £9m now, and Deputy Mayor must ratify it.',
    ]);
    await world.record('loss-a', 'RatifyWriteOff', { event: events[0]!.id! }, by('Deputy Mayor'));
    expect((await row('loss:a')).findings).toEqual([]);
  });

  it('a backdated write-off that did not meet it is a finding, until it is ratified', async () => {
    await world.record('loss-a', 'RaiseLoss', loss, { effectiveOn: '2012' });
    const { events, assessed } = await world.record(
      'loss-a',
      'WriteOff',
      { amount: gbp('1000') },
      { ...by('Director'), effectiveOn: '2016' },
    );
    expect(assessed).toMatchObject([{ rule, result: 'not-met' }]);
    expect((await row('loss:a')).findings).toEqual(['The write-off of 2016 was not found to meet scheme/write-off, and is not ratified.']);
    await world.record('loss-a', 'RatifyWriteOff', { event: events[0]!.id! }, by('Chief Finance Officer'));
    const { findings, movements } = await row('loss:a');
    expect([findings, movements[0].on, movements[0].ratified.on]).toEqual([[], '2016', '2019-11-04']);
  });

  it('a backdated write-off that names nobody is a finding too', async () => {
    await world.record('loss-a', 'RaiseLoss', loss, { effectiveOn: '2012' });
    await world.record('loss-a', 'WriteOff', { amount: gbp('1000') }, { effectiveOn: '2019-11-03' });
    expect((await row('loss:a')).findings).toEqual(['The write-off of 2019-11-03 was not found to meet scheme/write-off, and is not ratified.']); // prettier-ignore
  });

  it('the losses of one case are listed under it, and are judged as one matter', async () => {
    for (const id of ['a', 'b']) await world.record(`loss-${id}`, 'RaiseLoss', { ...loss, case: 'fraud-7' }, { effectiveOn: '2018' });
    await expect(world.record('loss-b', 'WriteOff', { amount: gbp('490000') }, by('Chief Finance Officer'))).rejects.toMatchObject({
      code: 'ledger/policy-not-met',
      message: `${rule}: Deputy Mayor must approve this: the case fraud-7 comes to £980,000`.concat('.'),
    });
    const { known } = await world.record('loss-b', 'WriteOff', { amount: gbp('490000') }, by('Deputy Mayor'));
    expect(known.map(({ stream }) => stream)).toEqual(['programme-met', 'loss-a']);
    const shown = await row('case:met/fraud-7');
    expect([shown.losses.authority.gross.text, shown.lossList.map((l: { loss: string }) => l.loss).sort()]).toEqual([
      '£980,000',
      ['a', 'b'],
    ]);
  });
});
