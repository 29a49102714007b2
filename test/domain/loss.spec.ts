import { describe, expect, it } from '@jest/globals';
import { approveSpecialPayment } from '../../src/domain/loss/commands/approve-special-payment.js';
import { closeLoss } from '../../src/domain/loss/commands/close-loss.js';
import { proposeWriteOff } from '../../src/domain/loss/commands/propose-write-off.js';
import { ratifyWriteOff } from '../../src/domain/loss/commands/ratify-write-off.js';
import { raiseLoss } from '../../src/domain/loss/commands/raise-loss.js';
import { recordRecovery } from '../../src/domain/loss/commands/record-recovery.js';
import { recordSpecialPayment } from '../../src/domain/loss/commands/record-special-payment.js';
import { rejectWriteOff } from '../../src/domain/loss/commands/reject-write-off.js';
import { reverseRecovery } from '../../src/domain/loss/commands/reverse-recovery.js';
import { reverseWriteOff } from '../../src/domain/loss/commands/reverse-write-off.js';
import { reviseLoss } from '../../src/domain/loss/commands/revise-loss.js';
import { withdrawWriteOffProposal } from '../../src/domain/loss/commands/withdraw-write-off-proposal.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { loss } from '../../src/domain/loss/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, theFact, TODAY, type GivenEvent } from '../given.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const usd = (amount: string) => ({ amount, currency: 'USD' });
const world = (...events: GivenEvent[]) => [
  stream(
    programme,
    'met',
    context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2010'),
    ...events,
  ),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
];
const given = specification(loss, { id: 'debts', others: world() });
const debts = {
  programme: 'met',
  title: 'Irrecoverable debts',
  bearer: 'authority',
  category: 'irrecoverable-debt',
  gross: gbp('110529.32'),
};
const raised = (more: object = {}) => context('LossRaised', { ...debts, ...more }, '2013');
const of = (amount: string) => ({ amount: gbp(amount) });
const written = (amount: string, on = '2016') => context('WrittenOff', of(amount), on);
const recovered = (amount: string, on = '2015') => context('RecoveryRecorded', of(amount), on);
const proposed = (amount: string, on = '2015') => context('WriteOffProposed', of(amount), on);
const about = (amount: string) => gbp(amount, { qualifier: 'about' });
const payroll = { item: 'payroll', title: 'Payroll', amount: gbp('100000') };
const cash = { item: 'cash', title: 'Cash', amount: gbp('10529.32') };

describe('RaiseLoss', () => {
  it('raises one cause of loss, with its items and their sum: all of it is outstanding', () =>
    given()
      .when(raiseLoss, { ...debts, items: [payroll, cash] })
      .leaves({
        stage: 'identified',
        kind: 'loss',
        gross: gbp('110529.32'),
        outstanding: gbp('110529.32'),
        items: [{ item: 'payroll', title: 'Payroll' }, { item: 'cash' }],
        identifiedOn: TODAY,
      }));

  it('has items that come to its gross, each with an id of its own', async () => {
    await given()
      .when(raiseLoss, { ...debts, items: [payroll] })
      .rejects('loss/does-not-add-up', { pointer: '/gross', detail: '£100,000' });
    await given()
      .when(raiseLoss, { ...debts, items: [{ ...payroll, amount: usd('110529.32') }] })
      .rejects('loss/mixed-currencies', { pointer: '/items' });
    await given()
      .when(raiseLoss, { ...debts, items: [payroll, { ...cash, item: 'payroll' }] })
      .rejects('loss/duplicate-item', { pointer: '/items', detail: 'payroll' });
    await given()
      .when(raiseLoss, { ...debts, gross: { unknown: true }, items: [payroll] })
      .leaves({ stage: 'identified', outstanding: { unknown: true }, currencies: ['GBP'] });
    await given()
      .when(raiseLoss, { ...debts, gross: { unknown: true }, items: [payroll, { ...cash, amount: usd('1') }] })
      .rejects('loss/mixed-currencies', { pointer: '/items', detail: 'another currency' });
  });

  it('may have items that come to an approximate gross within its precision', async () => {
    const items = [payroll, { ...cash, amount: gbp('14000') }];
    await given()
      .when(raiseLoss, { ...debts, gross: about('110000'), items })
      .leaves({ stage: 'identified' });
    await given()
      .when(raiseLoss, { ...debts, gross: about('120000'), items })
      .rejects('loss/does-not-add-up', { detail: '£114,000' });
  });

  it('names the supplier that bears it', async () => {
    await given()
      .when(raiseLoss, { ...debts, bearer: 'supplier' })
      .rejects('loss/no-bearer', { pointer: '/supplier' });
    const elsewhere = { authority: 'NHS', programme: 'National Programme for IT' };
    await given()
      .when(raiseLoss, { ...debts, bearer: 'supplier', supplier: 'csc', elsewhere })
      .leaves({ bearer: 'supplier', supplier: 'csc', elsewhere });
  });

  it('has a category of its kind', async () => {
    await given()
      .when(raiseLoss, { ...debts, category: 'ex-gratia' })
      .rejects('loss/category-of-another-kind', { pointer: '/category', detail: 'ex-gratia is none of a loss' });
    await given()
      .when(raiseLoss, { ...debts, kind: 'special-payment', category: 'ex-gratia' })
      .leaves({ stage: 'claimed', kind: 'special-payment' });
  });

  it('is of more than nothing', () =>
    given()
      .when(raiseLoss, { ...debts, gross: gbp('0.00') })
      .rejects('loss/not-above-zero', { pointer: '/gross/amount' }));

  it('occurred, and was seen, on its day or earlier', async () => {
    await given()
      .when(raiseLoss, { ...debts, identifiedOn: '2027' })
      .rejects('loss/dated-ahead', { pointer: '/identifiedOn', detail: TODAY });
    await given()
      .when(raiseLoss, { ...debts, occurredOn: '2014' }, { effectiveOn: '2013' })
      .rejects('loss/dated-ahead', { pointer: '/occurredOn', detail: '2013' });
    await given()
      .when(raiseLoss, { ...debts, identifiedOn: '2027' }, { effectiveOn: 'unknown' })
      .rejects('loss/dated-ahead', { pointer: '/identifiedOn', detail: TODAY });
    await given()
      .when(raiseLoss, { ...debts, identifiedOn: TODAY, occurredOn: '2012' })
      .leaves({ identifiedOn: TODAY, occurredOn: '2012' });
  });

  it('is raised once', () => given(raised()).when(raiseLoss, debts).rejects('loss/exists'));
});

describe('ReviseLoss', () => {
  it('states what it comes to as it is known now, keeps its items, and says why', () =>
    given(raised({ items: [payroll, cash] }))
      .when(reviseLoss, { gross: gbp('120000'), why: 'Another employee was overpaid' })
      .leaves({
        gross: gbp('120000'),
        outstanding: gbp('120000'),
        items: [payroll, cash],
        revisions: [{ gross: gbp('120000'), why: 'Another employee was overpaid', on: TODAY }],
      }));

  it('may state other items, which come to it', async () => {
    await given(raised({ items: [payroll, cash] }))
      .when(reviseLoss, { gross: gbp('100000'), items: [payroll] })
      .leaves({ items: [payroll] });
    await given(raised())
      .when(reviseLoss, { gross: gbp('1'), items: [payroll] })
      .rejects('loss/does-not-add-up');
    await given(raised())
      .when(reviseLoss, { gross: gbp('200000'), items: [payroll, payroll] })
      .rejects('loss/duplicate-item');
  });

  it('never falls below what was recovered and written off after that', async () => {
    await given(raised(), recovered('10000'), written('100529.32'))
      .when(reviseLoss, { gross: gbp('110529.31') })
      .rejects('loss/more-than-gross', { pointer: '/gross', detail: '£100,529.32 written off and £10,000 recovered exceed £110,529.31' });
    await given(raised(), recovered('10000'), written('100529.32'))
      .when(reviseLoss, { gross: about('110530') })
      .leaves({ stage: 'written-off' });
  });

  it('downwards makes a receipt after the write-off lower the net, as if the gross had always been less', () =>
    given(raised(), written('100529.32'), recovered('10000', '2017'))
      .when(reviseLoss, { gross: gbp('110000') })
      .leaves({ net: gbp('100000.00'), outstanding: gbp('0.00'), recovered: gbp('10000.00') }));

  it('of an approximate gross makes every figure certain', () =>
    given(raised({ gross: about('65000000') }), recovered('5000000'), written('60200000'))
      .when(reviseLoss, { gross: gbp('65400000') })
      .leaves({ net: gbp('60200000.00'), outstanding: gbp('200000.00') }));

  it('says what it came to from the beginning: by the effective clock at once, by the recorded clock from its recording on', () =>
    given(raised({ gross: about('65000000') }), recovered('5000000'), written('60200000'))
      .when(reviseLoss, { gross: gbp('65400000') }, { effectiveOn: '2019' })
      .leaves((_, history) => {
        const on = (day: string, { state } = history.asOf(day)) => [state.gross, state.outstanding];
        expect([on('2013'), on('2015')]).toEqual([
          [gbp('65400000'), gbp('65400000')],
          [gbp('65400000'), gbp('60400000.00')],
        ]);
        expect(history.asOf('2015').revealed).toMatchObject([{ effectiveOn: '2019', recorded: { type: 'LossRevised' } }]);
        expect(history.atRevision(2).asOf('2015').state.gross).toEqual(about('65000000'));
      }));

  it('downwards is accepted once what was written off too much is reversed, and shows then no more than was lost', () =>
    given(raised(), written('110529.32'), context('WriteOffReversed', of('50529.32'), '2017'))
      .when(reviseLoss, { gross: gbp('60000') }, { effectiveOn: '2018' })
      .leaves((state, history) => {
        expect([state.net, state.outstanding]).toEqual([gbp('60000.00'), gbp('0.00')]);
        expect(history.asOf('2016').state.net).toEqual(gbp('60000.00'));
      }));

  it('upwards lets a write-off be recorded late that was of more than was thought', async () => {
    const revised = [raised(), context('LossRevised', { gross: gbp('150000') }, '2018')];
    await given(...revised)
      .when(writeOff, of('150000'), { effectiveOn: '2015' })
      .leaves({ net: gbp('150000.00'), outstanding: gbp('0.00') });
    await given(...revised)
      .when(writeOff, of('150000.01'), { effectiveOn: '2015' })
      .rejects('loss/more-than-outstanding', { detail: '£150,000' });
  });

  it('leaves of a proposal no more than is outstanding as it is known now', () =>
    given(raised(), proposed('100000'))
      .when(reviseLoss, { gross: gbp('60000') })
      .leaves({ stage: 'proposed', proposed: { amount: gbp('100000'), left: gbp('60000.00') } }));

  it('is of more than nothing, and stays in its currency', async () => {
    await given(raised())
      .when(reviseLoss, { gross: gbp('0') })
      .rejects('loss/not-above-zero');
    await given(raised(), written('1'))
      .when(reviseLoss, { gross: usd('110529.32') })
      .rejects('loss/mixed-currencies');
  });

  it('needs a loss', async () => {
    await given()
      .when(reviseLoss, { gross: gbp('1') })
      .rejects('loss/unknown');
    await given(raised())
      .when(reviseLoss, { gross: gbp('1') }, { effectiveOn: '2012' })
      .rejects('loss/not-yet');
  });
});

describe('ProposeWriteOff', () => {
  it('proposes no more than is outstanding', async () => {
    await given(raised())
      .when(proposeWriteOff, of('110529.32'))
      .leaves({ stage: 'proposed', proposed: { ...of('110529.32'), left: gbp('110529.32'), on: TODAY } });
    await given(raised(), recovered('10529.32'))
      .when(proposeWriteOff, of('100000.01'))
      .rejects('loss/more-than-outstanding', { pointer: '/amount', detail: 'more than what is outstanding: £100,000' });
    await given(raised()).when(proposeWriteOff, of('0')).rejects('loss/not-above-zero');
  });

  it('is reduced by what is written off under it, and is gone when all of it is', async () => {
    await given(raised(), proposed('1000'))
      .when(writeOff, of('400'))
      .leaves({ stage: 'written-off', proposed: { ...of('1000'), left: gbp('600.00') } });
    await given(raised(), proposed('1000'))
      .when(writeOff, of('1000'))
      .leaves((state) => expect(state).not.toHaveProperty('proposed'));
  });

  it('is reduced by what comes back, since nothing else is left to write off', async () => {
    await given(raised(), proposed('110529.32'))
      .when(recordRecovery, of('10529.32'))
      .leaves({ stage: 'proposed', proposed: { left: gbp('100000.00') } });
    await given(raised(), proposed('110529.32'))
      .when(recordRecovery, of('110529.32'))
      .leaves((state) => expect([state.stage, state.proposed]).toEqual(['recovering', undefined]));
  });

  it('of more does not undo that some is written off, and after a reversal no spent proposal is listed', async () => {
    await given(raised(), written('1000')).when(proposeWriteOff, of('2000')).leaves({ stage: 'written-off' });
    await given(raised(), proposed('1000'), written('1000'))
      .when(reverseWriteOff, of('1000'))
      .leaves((state) => expect([state.stage, state.proposed]).toEqual(['reversed', undefined]));
  });

  it('is made once at a time, and may be rejected or withdrawn', async () => {
    await given(raised(), proposed('1'))
      .when(proposeWriteOff, of('2'))
      .rejects('loss/already-proposed', { detail: '£1 is proposed since 2015' });
    for (const end of [rejectWriteOff, withdrawWriteOffProposal])
      await given(raised(), proposed('1'))
        .when(end, { why: 'Another payment is expected' })
        .leaves((state) => expect([state.stage, state.proposed]).toEqual(['identified', undefined]));
    await given(raised()).when(rejectWriteOff).rejects('loss/nothing-proposed');
    await given(raised()).when(withdrawWriteOffProposal).rejects('loss/nothing-proposed');
  });
});

describe('WriteOff', () => {
  it('says why it cannot be had and what is done afterwards, and needs no proposal', () =>
    given(raised({ items: [payroll, cash] }))
      .when(writeOff, { ...of('1000'), because: 'insolvent', afterwards: 'pursued', item: 'payroll' })
      .leaves({
        stage: 'written-off',
        net: gbp('1000.00'),
        outstanding: gbp('109529.32'),
        writtenOffOn: TODAY,
        movements: [{ flow: 'write-off', because: 'insolvent', afterwards: 'pursued', item: 'payroll' }],
      }));

  it('takes no more than is outstanding, also when it is backdated, or a receipt is', async () => {
    await given(raised(), recovered('10529.32'))
      .when(writeOff, of('100000.01'))
      .rejects('loss/more-than-outstanding', { pointer: '/amount', detail: '£100,000' });
    await given(raised(), recovered('10529.32'))
      .when(writeOff, of('100000'))
      .leaves({ net: gbp('100000.00'), outstanding: gbp('0.00') });
    await given(raised(), written('110529')).when(writeOff, of('0.33')).rejects('loss/more-than-outstanding');
    await given(raised(), written('110529', '2016'))
      .when(writeOff, of('0.33'), { effectiveOn: '2015' })
      .rejects('ledger/breaks-later-event', { because: 'loss/more-than-outstanding', eventEffectiveOn: '2016' });
    await given(raised(), written('110529', '2016'))
      .when(recordRecovery, of('0.33'), { effectiveOn: '2015' })
      .rejects('ledger/breaks-later-event', { because: 'loss/more-than-outstanding' });
  });

  it('names an item that the loss has, and an amount above zero', async () => {
    await given(raised({ items: [payroll, cash] }))
      .when(writeOff, { ...of('1'), item: 'stamps' })
      .rejects('loss/unknown-item', { pointer: '/item', detail: 'stamps is none of payroll, cash' });
    await given(raised()).when(writeOff, of('0')).rejects('loss/not-above-zero');
  });

  it('stays in the currency of the loss', async () => {
    await given(raised())
      .when(writeOff, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
    await given(raised())
      .when(proposeWriteOff, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
  });

  it('of a gross that is at most so much takes no more', () =>
    given(raised({ gross: gbp('10', { qualifier: 'at-most' }) }))
      .when(writeOff, of('11'))
      .rejects('loss/more-than-outstanding', { detail: 'at most £10' }));

  it('of an unknown gross leaves a net between nothing and what was written off', () =>
    given(raised({ gross: { unknown: true } }))
      .when(writeOff, of('66000000'))
      .leaves({ net: gbp('66000000.00', { qualifier: 'at-most' }), outstanding: { unknown: true } }));
});

describe('RecordRecovery', () => {
  it('pays what is outstanding first', async () => {
    await given(raised())
      .when(recordRecovery, of('10000'))
      .leaves({ stage: 'recovering', recovered: gbp('10000.00'), outstanding: gbp('100529.32') });
    await given(raised(), written('110000'))
      .when(recordRecovery, of('529.32'))
      .leaves({ net: gbp('110000.00'), outstanding: gbp('0.00') });
  });

  it('and only the rest lowers what is written off', () =>
    given(raised(), written('110000'))
      .when(recordRecovery, of('10529.32'))
      .leaves({ stage: 'written-off', net: gbp('100000.00'), recovered: gbp('10529.32'), writtenOff: gbp('110000.00') }));

  it('keeps interest and costs apart: only the principal lowers the net', () =>
    given(raised(), written('110529.32'))
      .when(recordRecovery, { ...of('100'), interest: gbp('4'), costs: gbp('1'), from: 'The liquidator' })
      .leaves({ net: gbp('110429.32'), recovered: gbp('100.00'), interest: gbp('4'), costs: gbp('1') }));

  it('never brings back more than was lost', async () => {
    await given(raised(), written('100000'))
      .when(recordRecovery, of('110529.33'))
      .rejects('loss/recovered-too-much', { pointer: '/amount', detail: 'outstanding (£10,529.32) and written off (£100,000)' });
    await given(raised())
      .when(recordRecovery, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
    await given(raised())
      .when(recordRecovery, { ...of('1'), interest: usd('1') })
      .rejects('loss/mixed-currencies');
    await given(raised())
      .when(recordRecovery, { ...of('1'), interest: gbp('0') })
      .rejects('loss/not-above-zero', { pointer: '/interest/amount' });
    await given(raised())
      .when(recordRecovery, { ...of('1'), item: 'cash' })
      .rejects('loss/unknown-item', { detail: 'it has none' });
  });
});

describe('ReverseRecovery', () => {
  it('gives back to the net what the receipts took of it, and the rest is outstanding again', async () => {
    await given(raised(), written('110529.32'), recovered('500', '2017'))
      .when(reverseRecovery, { ...of('500'), why: 'The cheque bounced' })
      .leaves({ net: gbp('110529.32'), outstanding: gbp('0.00'), recovered: gbp('0.00') });
    await given(raised(), written('110000'), recovered('629.32', '2017'))
      .when(reverseRecovery, of('629.32'))
      .leaves({ net: gbp('110000.00'), outstanding: gbp('529.32') });
  });

  it('takes back what was recovered, at most', async () => {
    await given(raised(), recovered('10'))
      .when(reverseRecovery, of('10.01'))
      .rejects('loss/not-recovered', { pointer: '/amount', detail: '£10.01 is more than the £10 recovered' });
    await given(raised()).when(reverseRecovery, of('0')).rejects('loss/not-above-zero');
    await given(raised(), recovered('10'))
      .when(reverseRecovery, { ...of('1'), item: 'cash' })
      .rejects('loss/unknown-item');
    await given(raised(), recovered('10'))
      .when(reverseRecovery, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
  });

  it('opens a closed loss again', () =>
    given(raised(), recovered('110529.32'), context('LossClosed', { how: 'recovered' }, '2016'))
      .when(reverseRecovery, of('1'))
      .leaves((state) => expect([state.stage, state.closed]).toEqual(['recovering', undefined])));
});

describe('ReverseWriteOff', () => {
  it('moves what is written off back to outstanding, at most all of it', async () => {
    await given(raised(), written('100'))
      .when(reverseWriteOff, of('40'))
      .leaves({ stage: 'written-off', net: gbp('60.00'), writtenOff: gbp('60.00'), outstanding: gbp('110469.32') });
    await given(raised(), written('100'))
      .when(reverseWriteOff, of('100'))
      .leaves({ stage: 'reversed', net: gbp('0.00') });
    await given(raised(), written('100'))
      .when(reverseWriteOff, of('100.01'))
      .rejects('loss/reversed-too-much', { pointer: '/amount', detail: '£100' });
    await given(raised(), written('110529.32'), recovered('10529.32', '2017'))
      .when(reverseWriteOff, of('100000.01'))
      .rejects('loss/reversed-too-much', { detail: '£100,000' });
    await given(raised(), written('100'))
      .when(reverseWriteOff, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
    await given(raised(), written('100')).when(reverseWriteOff, of('0')).rejects('loss/not-above-zero');
    await given(raised(), written('100'))
      .when(reverseWriteOff, { ...of('1'), item: 'cash' })
      .rejects('loss/unknown-item');
  });

  it('needs something that is written off', () =>
    given(raised(), proposed('1')).when(reverseWriteOff, of('1')).rejects('loss/not-written-off'));

  it('opens a closed loss again', () =>
    given(raised(), written('110529.32'), context('LossClosed', { how: 'written-off-and-closed' }, '2017'))
      .when(reverseWriteOff, of('1'))
      .leaves((state) => expect([state.stage, state.closed]).toEqual(['written-off', undefined])));
});

describe('RatifyWriteOff', () => {
  it('shows both dates: of the write-off and of its ratification', () =>
    given(raised(), written('100', '2016-05-01'))
      .when(ratifyWriteOff, { event: theFact(2) }, { decidedBy: { person: 'p-1', office: 'Deputy Mayor' } })
      .leaves({ movements: [{ on: '2016-05-01', ratified: { on: TODAY, office: 'Deputy Mayor' } }] }));

  it('names a write-off that stands before it', async () => {
    await given(raised(), written('100'), recovered('1'))
      .when(ratifyWriteOff, { event: theFact(3) })
      .rejects('loss/unknown-write-off', { pointer: '/event', detail: theFact(3) });
    await given(raised(), written('100', '2016'))
      .when(ratifyWriteOff, { event: theFact(2) }, { effectiveOn: '2015' })
      .rejects('loss/unknown-write-off');
  });
});

describe('CloseLoss', () => {
  it('closes what is recovered, or written off', async () => {
    await given(raised(), recovered('110529.32'))
      .when(closeLoss, { how: 'recovered' })
      .leaves({ stage: 'closed', closed: { how: 'recovered', on: TODAY } });
    await given(raised(), written('110529.32'))
      .when(closeLoss, { how: 'written-off-and-pursued', why: 'A dividend is expected' })
      .leaves({ stage: 'closed', closed: { how: 'written-off-and-pursued', why: 'A dividend is expected' } });
  });

  it('is refused while something is outstanding, and as recovered while something is written off', async () => {
    await given(raised(), written('110529'))
      .when(closeLoss, { how: 'written-off-and-closed' })
      .rejects('loss/still-open', { pointer: '/how', detail: '£0.32 is outstanding' });
    await given(raised(), written('110529.32'))
      .when(closeLoss, { how: 'recovered' })
      .rejects('loss/still-open', { detail: '£110,529.32 is written off' });
  });

  it('leaves a loss of which a dividend may still come, but nothing more is written off', async () => {
    const closed = [raised(), written('110529.32'), context('LossClosed', { how: 'written-off-and-pursued' }, '2017')];
    await given(...closed)
      .when(recordRecovery, of('10'))
      .leaves({ stage: 'closed', net: gbp('110519.32') });
    await given(...closed)
      .when(writeOff, of('1'))
      .rejects('loss/stage');
    await given(...closed)
      .when(proposeWriteOff, of('1'))
      .rejects('loss/stage');
    await given(...closed)
      .when(rejectWriteOff)
      .rejects('loss/stage');
    await given(...closed)
      .when(withdrawWriteOffProposal)
      .rejects('loss/stage');
    await given(...closed)
      .when(reviseLoss, { gross: gbp('1') })
      .rejects('loss/stage');
    await given(...closed)
      .when(closeLoss, { how: 'recovered' })
      .rejects('loss/stage');
  });
});

describe('a special payment', () => {
  const payment = (...more: readonly GivenEvent[]) =>
    given(raised({ kind: 'special-payment', category: 'compensation', gross: gbp('5000') }), ...more);
  const approved = context('SpecialPaymentApproved', of('4000'), '2015');

  it('is claimed, approved and paid', async () => {
    await payment()
      .when(approveSpecialPayment, of('4000'), { authority: { reference: 'PCD 1' } })
      .leaves({ stage: 'approved', approved: [{ amount: gbp('4000'), on: TODAY, reference: 'PCD 1' }] });
    await payment(approved)
      .when(recordSpecialPayment, { ...of('4000'), to: 'The claimant' })
      .leaves({ stage: 'paid', paid: [{ amount: gbp('4000'), on: TODAY }] });
  });

  it('is no loss: nothing of it is written off, and a loss is not paid', async () => {
    await payment(approved).when(writeOff, of('1')).rejects('loss/stage');
    await payment(approved).when(reverseWriteOff, of('1')).rejects('loss/stage');
    await payment(approved).when(recordRecovery, of('1')).rejects('loss/stage');
    await payment(approved).when(reverseRecovery, of('1')).rejects('loss/stage');
    await given(raised()).when(approveSpecialPayment, of('1')).rejects('loss/stage');
    await given(raised()).when(recordSpecialPayment, of('1')).rejects('loss/stage');
  });

  it('is of more than nothing, and in one currency', async () => {
    await payment().when(approveSpecialPayment, of('0')).rejects('loss/not-above-zero');
    await payment().when(recordSpecialPayment, of('0')).rejects('loss/not-above-zero');
    await payment()
      .when(approveSpecialPayment, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
    await payment()
      .when(recordSpecialPayment, { amount: usd('1') })
      .rejects('loss/mixed-currencies');
  });
});
