import { describe, expect, it } from '@jest/globals';
import { approveSpecialPayment } from '../../src/domain/loss/commands/approve-special-payment.js';
import { closeLoss } from '../../src/domain/loss/commands/close-loss.js';
import { ratifyWriteOff } from '../../src/domain/loss/commands/ratify-write-off.js';
import { raiseLoss } from '../../src/domain/loss/commands/raise-loss.js';
import { recordRecovery } from '../../src/domain/loss/commands/record-recovery.js';
import { reverseRecovery } from '../../src/domain/loss/commands/reverse-recovery.js';
import { reviseLoss } from '../../src/domain/loss/commands/revise-loss.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { figuresOf, mayBeTooMuch, netIn, tooMuch } from '../../src/domain/loss/figures.js';
import {
  caseKey,
  comesTo,
  equivalentIn,
  figuresIn,
  isOurs,
  isUnratified,
  loss,
  writtenOffIn,
  type Loss,
} from '../../src/domain/loss/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { minor, type Assessment, type Value } from '../../src/kernel/index.js';
import { context, historyOf, specification, stream, theFact, type GivenEvent } from '../given.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const usd = (amount: string, ...stated: string[]) => ({ amount, currency: 'USD', ...(stated.length > 0 && { stated: stated.map((s) => gbp(s)) }) }); // prettier-ignore
const of = (amount: string) => ({ amount: gbp(amount) });
const chartered = context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const table = [{ grossAbove: gbp('500'), approver: 'Mayor' }, { approver: 'Director' }];
const scheme = { policy: 's', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs: table, specialPayments: table };
const world = (...more: ReturnType<typeof stream>[]) => [
  stream(programme, 'met', chartered, context('PolicyAdopted', scheme, '2011')),
  ...more,
];
const plain = [stream(programme, 'met', chartered)];
const given = specification(loss, { id: 'a', others: plain });
const assessed = (...more: ReturnType<typeof stream>[]) => specification(loss, { id: 'a', others: world(...more) });
const debt = { programme: 'met', title: 'Debt', bearer: 'authority', category: 'other', gross: gbp('100') };
const raised = (more: object = {}, on = '2013') => context('LossRaised', { ...debt, ...more }, on);
const payment = { kind: 'special-payment', category: 'compensation' };
const by = (office: string) => ({ decidedBy: { person: 'p-1', office } });
const stateOf = (...events: readonly GivenEvent[]): Loss => historyOf(stream(loss, 'a', ...events)).state;
const rule = (result: Assessment['result'], name = 's/write-off'): Assessment => ({ rule: name, version: '1', inputs: {}, result });
const decided = (type: string, amount: string, on: string, ...results: Assessment[]) => context(type, of(amount), on, { ...by('Director'), assessed: results } as GivenEvent['record']); // prettier-ignore

describe('what a movement keeps', () => {
  it('of a receipt: from whom, interest and costs, and how it moved the net', () => {
    const data = { ...of('60'), interest: gbp('2'), costs: gbp('1'), from: 'The liquidator' };
    const { movements } = stateOf(raised(), context('WrittenOff', of('80'), '2014'), context('RecoveryRecorded', data, '2015'), context('RecoveryRecorded', of('10'), '2016')); // prettier-ignore
    expect(movements[1]).toEqual({
      event: theFact(3),
      flow: 'recovery',
      on: '2015',
      ...data,
      net: { least: '-40.00', most: '-40.00' },
      after: { least: '40.00', most: '40.00' },
    });
    expect(Object.keys(movements[2]!)).toEqual(['event', 'flow', 'on', 'amount', 'net', 'after']);
  });

  it('of who decided it: whether a table was asked, what was not met, and what was waived', () => {
    const { movements } = stateOf(
      raised(),
      decided('WrittenOff', '10', '2014'),
      decided('WrittenOff', '10', '2014', rule('met')),
      decided('WrittenOff', '10', '2014', rule('not-met'), rule('met', 's/other')),
      decided('WrittenOff', '10', '2014', rule('waived'), rule('met', 's/other')),
    );
    expect(movements.map(({ assessed: asked, unmet, waived }) => ({ asked, unmet, waived }))).toEqual([
      { asked: undefined, unmet: undefined, waived: undefined },
      { asked: true, unmet: undefined, waived: undefined },
      { asked: true, unmet: ['s/write-off'], waived: undefined },
      { asked: true, unmet: undefined, waived: ['s/write-off'] },
    ]);
    expect(movements.map(isUnratified)).toEqual([false, false, true, false]);
    expect(Object.keys(movements[1]!)).not.toContain('unmet');
  });

  it('of who decided it, where nothing but that is known: an office, an authority, or what a table asked', () => {
    const unmet = [rule('not-met')];
    const { movements } = stateOf(
      raised(),
      context('WrittenOff', of('10'), '2014', by('Director')),
      context('WrittenOff', of('10'), '2014', { authority: { reference: 'DN 1' } }),
      context('WrittenOff', of('10'), '2014', { assessed: unmet } as GivenEvent['record']),
      context('WrittenOff', of('10'), '2014', {
        ...by('Mayor'),
        authority: { reference: 'DN 2' },
        assessed: unmet,
      } as GivenEvent['record']),
    );
    expect(
      movements.map(({ office, reference, assessed: asked, unmet: not }) => ({ office, reference, assessed: asked, unmet: not })),
    ).toEqual([
      { office: 'Director' },
      { reference: 'DN 1' },
      { assessed: true, unmet: ['s/write-off'] },
      { office: 'Mayor', reference: 'DN 2', assessed: true, unmet: ['s/write-off'] },
    ]);
  });

  it('of its ratification, which is of one decision alone, and of none where it did not meet the rules', () => {
    const ratify = (...results: Assessment[]) => context('WriteOffRatified', { event: theFact(2) }, '2016', { ...by('Mayor'), assessed: results } as GivenEvent['record']); // prettier-ignore
    const written = ['2014', '2015'].map((on) => decided('WrittenOff', '10', on, rule('not-met')));
    expect(stateOf(raised(), ...written, ratify(rule('met'))).movements.map(({ ratified }) => ratified)).toEqual([
      { event: theFact(4), on: '2016', office: 'Mayor' },
      undefined,
    ]);
    const none = stateOf(raised(), ...written, ratify(rule('not-met')));
    expect(none.movements.map(isUnratified)).toEqual([true, true]);
    expect(stateOf(raised(), ...written, ratify(rule('waived'))).movements[0]!.ratified).toMatchObject({ waived: ['s/write-off'] });
  });

  it('a reversal, and the approval of a special payment, can be ratified, and nothing else can', async () => {
    const reversed = [raised(), context('WrittenOff', of('10'), '2014'), decided('WriteOffReversed', '10', '2015', rule('not-met'))];
    await given(...reversed)
      .when(ratifyWriteOff, { event: theFact(3) }, by('Mayor'))
      .leaves({ movements: [{ flow: 'write-off' }, { flow: 'reversal', ratified: { office: 'Mayor' } }] });
    await given(...reversed, context('RecoveryRecorded', of('1'), '2015'))
      .when(ratifyWriteOff, { event: theFact(4) }, by('Mayor'))
      .rejects('loss/unknown-write-off');
    const paying = [raised(payment), decided('SpecialPaymentApproved', '600', '2015', rule('not-met')), context('SpecialPaymentRecorded', of('1'), '2016')]; // prettier-ignore
    await assessed()(...paying)
      .when(ratifyWriteOff, { event: theFact(2) }, by('Director'))
      .rejects('ledger/policy-not-met', { detail: 's/special-payment: Mayor must approve this: all that is approved comes to £600' });
    await assessed()(...paying)
      .when(ratifyWriteOff, { event: theFact(2) }, by('Mayor'))
      .leaves({ approved: [{ ratified: { office: 'Mayor' } }] });
    await assessed()(...paying)
      .when(ratifyWriteOff, { event: theFact(3) }, by('Mayor'))
      .rejects('loss/unknown-write-off');
  });
});

describe('who decided', () => {
  const movementOf = (...results: Assessment[]) => stateOf(raised(), decided('WrittenOff', '10', '2014', ...results)).movements[0]!;
  const by = (office: string, result: Assessment['result'] = 'met') => ({ ...rule(result), inputs: { office } });
  it('a correction is kept beside who decided first, where that is another office and policy was met', () => {
    expect(movementOf(rule('met'), by('Mayor'))).toMatchObject({ office: 'Director', correctedBy: 'Mayor' });
    for (const results of [[], [rule('met')], [by('Director')], [by('Mayor', 'not-met')]])
      expect(movementOf(...results)).not.toHaveProperty('correctedBy');
  });
  it('a ratification is kept with every other office that ratified before, each once', () => {
    const ratified = (...offices: string[]) =>
      stateOf(
        raised(),
        decided('WrittenOff', '10', '2014', rule('not-met')),
        ...offices.map((office) => context('WriteOffRatified', { event: theFact(2) }, '2016', { decidedBy: { person: 'p', office } } as GivenEvent['record'])), // prettier-ignore
      ).movements[0]!.ratified!;
    expect(ratified('Mayor')).not.toHaveProperty('earlier');
    expect(ratified('Mayor', 'Mayor')).not.toHaveProperty('earlier');
    expect(ratified('Mayor', 'Board')).toMatchObject({ office: 'Board', earlier: ['Mayor'] });
    expect(ratified('Mayor', 'Board', 'Clerk')).toMatchObject({ office: 'Clerk', earlier: ['Mayor', 'Board'] });
    expect(ratified('Mayor', 'Board', 'Mayor')).toMatchObject({ office: 'Mayor', earlier: ['Board'] });
  });
});

describe('the difference in exchange of a foreign loss', () => {
  type Move = readonly [type: string, amount: string, ...stated: string[]];
  const after = (...moves: Move[]) => stateOf(raised({ gross: usd('150') }), ...moves.map(([type, amount, ...stated], i) => context(type, { amount: usd(amount, ...stated) }, `201${4 + i}`))); // prettier-ignore
  const [written, paid]: Move[] = [['WrittenOff', '100', '80'], ['RecoveryRecorded', '50']]; // prettier-ignore

  it('is what a receipt is worth less than at the rate of the write-off, and goes back by what is paid back', () => {
    const back = after(written!, paid!, ['RecoveryRecorded', '50', '30'], ['RecoveryReversed', '25', '15']);
    expect(back.movements.map(({ exchange }) => exchange)).toEqual([undefined, undefined, gbp('10.00'), gbp('-5.00')]);
    expect(back.book).toEqual({ currency: 'GBP', cost: '60.00', exchange: '5.00' });
  });
  it('is not kept of a receipt without an equivalent, nor after a write-off without one', () => {
    expect(after(written!, paid!).book).toEqual({ currency: 'GBP', cost: '80.00', exchange: '0.00' }); // it lowers what is outstanding alone
    expect(after(written!, paid!, paid!).book).toBeUndefined();
    expect(after(['WrittenOff', '50'], ['WrittenOff', '50', '40']).book).toBeUndefined();
  });
  it('is not known again once everything came back, where a receipt is paid back after that', () =>
    expect(after(written!, ['RecoveryRecorded', '150', '90'], ['RecoveryReversed', '50', '30']).book).toBeUndefined());
  it('is none of a write-off that is reversed, or of a receipt that is paid back without an equivalent', () => {
    expect(after(written!, ['WriteOffReversed', '50', '30']).book).toEqual({ currency: 'GBP', cost: '40.00', exchange: '0.00' });
    expect(after(written!, paid!, ['RecoveryRecorded', '50', '30'], ['RecoveryReversed', '25']).book).toEqual({ currency: 'GBP', cost: '60.00', exchange: '10.00' }); // prettier-ignore
  });
  it('is by the equivalent in the currency of the accounts, whichever stands first', () => {
    const stated = [{ amount: '9', currency: 'EUR' }, gbp('8')];
    expect([equivalentIn({ ...usd('10'), stated }, 'GBP'), equivalentIn({ ...usd('10'), stated }, 'CHF')]).toEqual([800n, undefined]);
  });
});

describe('what policy is asked', () => {
  it('names the gross, the amount and the case', async () => {
    await assessed()(raised({ case: 'c' }))
      .when(writeOff, of('10'), by('Director'))
      .assesses({ 's/write-off': { inputs: { gross: gbp('100'), amount: gbp('10'), case: 'c', office: 'Director', basis: gbp('100.00'), of: 'the gross', approver: 'Director' } } }); // prettier-ignore
    await assessed()(raised())
      .when(writeOff, of('10'), by('Director'))
      .assesses({ 's/write-off': { inputs: { gross: gbp('100'), amount: gbp('10'), office: 'Director', basis: gbp('100.00'), of: 'the gross', approver: 'Director' } } }); // prettier-ignore
    await assessed()(raised({ ...payment, case: 'c' }))
      .when(approveSpecialPayment, of('10'), by('Director'))
      .assesses({ 's/special-payment': { inputs: { amount: gbp('10'), case: 'c', office: 'Director', basis: gbp('10.00'), of: 'all that is approved', approver: 'Director' } } }); // prettier-ignore
    await assessed()(raised(payment), decided('SpecialPaymentApproved', '10', '2014'))
      .when(ratifyWriteOff, { event: theFact(2) }, by('Director'))
      .assesses({ 's/special-payment': { inputs: { office: 'Director', basis: gbp('10.00'), of: 'all that is approved', approver: 'Director' } } }); // prettier-ignore
    await assessed()(raised(), decided('WrittenOff', '10', '2014'))
      .when(ratifyWriteOff, { event: theFact(2) }, by('Director'))
      .assesses({ 's/write-off': { inputs: { gross: gbp('100'), office: 'Director', basis: gbp('100.00'), of: 'the gross', approver: 'Director' } } }); // prettier-ignore
  });

  it('of a write-off in another currency needs the equivalent of every one before it', () =>
    assessed()(raised({ gross: usd('100', '80') }), context('WrittenOff', { amount: usd('10') }, '2014'))
      .when(writeOff, { amount: usd('10', '8') }, by('Mayor'))
      .rejects('ledger/policy-not-met', { detail: 'the equivalent of all that is written off in it' }));

  it('of a special payment in another currency needs the equivalent of every approval', async () => {
    const claim = raised({ ...payment, gross: usd('100', '80') });
    await assessed()(claim)
      .when(approveSpecialPayment, { amount: usd('10') }, by('Mayor'))
      .rejects('ledger/policy-not-met', { detail: 'the equivalent of all that is approved in it' });
    await assessed()(claim, context('SpecialPaymentApproved', { amount: usd('10') }, '2014'))
      .when(approveSpecialPayment, { amount: usd('10', '8') }, by('Mayor'))
      .rejects('ledger/policy-not-met', { detail: 'the equivalent of all that is approved in it' });
  });

  it('of a case counts the special payments of it by what is approved, or paid where that is more', async () => {
    const other = (...events: GivenEvent[]) => stream(loss, 'b', raised({ ...payment, case: 'c' }), ...events);
    const approving = (...events: GivenEvent[]) => assessed(other(...events))(raised({ ...payment, case: 'c' })).when(approveSpecialPayment, of('100'), by('Director')); // prettier-ignore
    await approving(context('SpecialPaymentApproved', of('400'), '2014')).assesses({ 's/special-payment': 'met' });
    await approving(context('SpecialPaymentApproved', of('400.01'), '2014')).rejects('ledger/policy-not-met', { detail: 'the case c comes to £500.01' }); // prettier-ignore
    await approving(context('SpecialPaymentApproved', of('1'), '2014'), context('SpecialPaymentRecorded', of('400.01'), '2015')).rejects('ledger/policy-not-met', { detail: 'the case c comes to £500.01' }); // prettier-ignore
    const dollars = stream(
      loss,
      'b',
      raised({ ...payment, case: 'c', gross: usd('5', '4') }),
      context('SpecialPaymentApproved', { amount: usd('5') }, '2014'),
    );
    await assessed(dollars)(raised({ ...payment, case: 'c' }))
      .when(approveSpecialPayment, of('1'), by('Mayor'))
      .rejects('ledger/policy-not-met', { detail: 'the equivalent of the case c in it' });
  });

  it('what a loss comes to is not known in a currency in which one of its figures is not', () => {
    const l = stateOf(raised({ gross: usd('100', '80') }), context('WrittenOff', { amount: usd('10') }, '2014'));
    expect([comesTo(l, 'GBP'), comesTo(l, 'USD'), comesTo(stateOf(raised({ gross: { unknown: true } })), 'EUR')]).toEqual([undefined, 10000n, 0n]); // prettier-ignore
    expect([isOurs(l), isOurs(loss.initial), isOurs({ ...l, bearer: 'supplier' }), isOurs({ ...l, elsewhere: { authority: 'NHS' } })]).toEqual([true, false, false, false]); // prettier-ignore
  });
});

describe('figures', () => {
  it('say what may be, and what certainly is, more than the gross', () => {
    const offs = (gross: Value, n: bigint) => figuresOf(gross, [{ flow: 'write-off', amount: n }]);
    expect([mayBeTooMuch(offs(gbp('100'), 10000n)), mayBeTooMuch(offs(gbp('100'), 10001n))]).toEqual([false, true]);
    expect([tooMuch(offs(gbp('100'), 10000n)), tooMuch(offs(gbp('100'), 10001n))]).toEqual([false, true]);
    expect(tooMuch(offs({ unknown: true }, 10001n))).toBe(false);
    const both = figuresOf(gbp('100'), [{ flow: 'write-off', amount: 6000n }, { flow: 'recovery', amount: 4000n }]); // prettier-ignore
    expect([tooMuch(both), mayBeTooMuch(both)]).toEqual([false, false]);
    expect(both.least).toEqual({ gross: 10000n, recovered: 4000n, booked: 6000n, ofBooked: 0n });
    expect(Object.keys(figuresOf({ unknown: true }).most)).toEqual(['recovered', 'booked', 'ofBooked']);
  });

  it('a receipt that is taken back gives back first what it was beyond the gross, then what it had lowered', () => {
    const { most } = figuresOf(gbp('100'), [
      { flow: 'write-off', amount: 10000n },
      { flow: 'recovery', amount: 12000n },
      { flow: 'recovery-reversal', amount: 5000n },
    ]);
    expect(most).toEqual({ gross: 10000n, recovered: 7000n, booked: 3000n, ofBooked: 7000n });
  });
});

describe('the figures in the state of a loss', () => {
  const pence = (amount: string): bigint => minor(gbp(amount));
  const moves = [
    ['WrittenOff', 'write-off', '60'],
    ['RecoveryRecorded', 'recovery', '70.50'],
    ['RecoveryReversed', 'recovery-reversal', '40.25'],
    ['WriteOffReversed', 'reversal', '20'],
    ['RecoveryRecorded', 'recovery', '69.75'],
  ] as const;
  it.each<[string, Value]>([
    ['is exact', gbp('100')],
    ['is known about', gbp('100', { qualifier: 'about' })],
    ['is a least figure', gbp('90', { qualifier: 'at-least' })],
    ['is unknown', { unknown: true }],
  ])('come, after each movement, to what all of them come to, where the gross %s', (_, gross) => {
    for (const n of moves.keys()) {
      const l = stateOf(raised({ gross }), ...moves.slice(0, n + 1).map(([type, , amount], i) => context(type, of(amount), `201${4 + i}`)));
      const flows = moves.slice(0, n + 1).map(([, flow, amount]) => ({ flow, amount: pence(amount) }));
      const figures = figuresOf(gross, flows);
      const [was, is] = [netIn(figuresOf(gross, flows.slice(0, -1))), netIn(figures)];
      expect(figuresIn(l)).toEqual(figures);
      expect(figuresIn(structuredClone(l))).toEqual(figures); // read from what is kept
      const { net, after } = l.movements.at(-1)!;
      expect([after.least, after.most].map(pence)).toEqual([is.least, is.most]);
      expect([net.least, net.most].map(pence)).toEqual([is.least - was.least, is.most! - was.most!]);
    }
  });

  it('of another currency are its own, with as many digits as it has', () => {
    const yen = (amount: string) => ({ amount: { amount, currency: 'JPY' } });
    stateOf(raised(), context('WrittenOff', of('60'), '2014'));
    const l = stateOf(raised({ gross: yen('100').amount }), context('WrittenOff', yen('60'), '2014'));
    expect(l.figures).toEqual({ least: { gross: '100', recovered: '0', booked: '60', ofBooked: '0' }, most: { gross: '100', recovered: '0', booked: '60', ofBooked: '0' } }); // prettier-ignore
  });

  it('leave a proposal as it is where nobody knows what is outstanding', () =>
    expect(stateOf(raised({ gross: { unknown: true } }), context('WriteOffProposed', of('50'), '2014'), context('RecoveryRecorded', of('80'), '2015')).proposed).toMatchObject({ amount: gbp('50'), left: gbp('50') })); // prettier-ignore

  it('say what was written off less what was reversed, in any currency in which every write-off is stated', () => {
    const l = stateOf(
      raised({ gross: usd('150') }),
      context('WrittenOff', { amount: usd('100', '80') }, '2014'),
      context('RecoveryRecorded', { amount: usd('60', '50') }, '2015'),
      context('WriteOffReversed', { amount: usd('20', '16') }, '2016'),
    );
    expect([writtenOffIn(l, 'USD'), writtenOffIn(l, 'GBP'), writtenOffIn(l, 'EUR')]).toEqual([8000n, 6400n, undefined]);
    const unstated = stateOf(raised({ gross: usd('150') }), context('WrittenOff', { amount: usd('100', '80') }, '2014'), context('WriteOffReversed', { amount: usd('20') }, '2016')); // prettier-ignore
    expect([writtenOffIn(unstated, 'USD'), writtenOffIn(unstated, 'GBP')]).toEqual([8000n, 8000n]);
  });
});

describe('the sentences of a refusal', () => {
  const item = { item: 'x', title: 'X', amount: gbp('60') };
  it('say what stands in the way', async () => {
    await given()
      .when(raiseLoss, { ...debt, category: 'ex-gratia' })
      .rejects('loss/category-of-another-kind', { detail: 'ex-gratia is none of a loss: cash, bookkeeping, exchange' });
    await given(raised())
      .when(correctFact, { event: theFact(1), changes: [{ pointer: '/identifiedOn', value: '2014' }], because: 'error' })
      .rejects('ledger/wrong-value', { because: 'loss/dated-ahead', detail: 'It is raised on 2013.' });
    await given(raised({ gross: gbp('120') }))
      .when(closeLoss, { how: 'recovered' })
      .rejects('loss/still-open', { detail: '£120 is outstanding.' });
    await given(raised(), context('WrittenOff', of('40'), '2014'))
      .when(closeLoss, { how: 'recovered' })
      .rejects('loss/still-open', { detail: '£60 is outstanding, £40 is written off.' });
    await given(raised(), context('WrittenOff', of('40'), '2014'))
      .when(closeLoss, { how: 'written-off-and-closed' })
      .rejects('loss/still-open', { detail: '£60 is outstanding.' });
    await given(raised(), context('WrittenOff', of('100'), '2014'))
      .when(closeLoss, { how: 'recovered' })
      .rejects('loss/still-open', { detail: '£100 is written off.' });
    await given(raised())
      .when(reverseRecovery, of('1'))
      .rejects('loss/not-recovered', { detail: '£1 is more than the nothing recovered.' });
    await given(raised({ gross: gbp('100') }))
      .when(writeOff, { amount: usd('1') })
      .rejects('loss/mixed-currencies', { detail: 'It would be in GBP and USD.' });
    await given(raised())
      .when(reviseLoss, { gross: gbp('60'), items: [item, { ...item, item: 'y', amount: gbp('1') }] })
      .rejects('loss/does-not-add-up', { detail: 'The items come to £61.' });
  });

  it('blame the day that lies ahead', async () => {
    const ahead = (days: object, pointer: string) =>
      given()
        .when(raiseLoss, { ...debt, ...days })
        .rejects('loss/dated-ahead', { pointer });
    await ahead({ identifiedOn: '2027' }, '/identifiedOn');
    await ahead({ occurredOn: '2027' }, '/occurredOn');
    await ahead({ identifiedOn: '2020', occurredOn: '2027' }, '/occurredOn');
    await ahead({ identifiedOn: '2027', occurredOn: '2027' }, '/identifiedOn');
    const past = (days: object, pointer: string) => given().when(raiseLoss, { ...debt, ...days }, { effectiveOn: '2013' }).rejects('loss/dated-ahead', { pointer, detail: 'It is raised on 2013.' }); // prettier-ignore
    await past({ identifiedOn: '2014' }, '/identifiedOn');
    await past({ identifiedOn: '2012', occurredOn: '2014' }, '/occurredOn');
  });

  it('another currency is refused for that alone, whatever the amount', async () => {
    for (const command of [writeOff, recordRecovery, reverseRecovery])
      await given(raised())
        .when(command, { amount: usd('1000000') })
        .rejects('loss/mixed-currencies');
    await given(raised({ gross: { unknown: true } }))
      .when(recordRecovery, { amount: usd('5') })
      .leaves({ recovered: usd('5.00') });
    await given(raised({ gross: gbp('100', { qualifier: 'at-least' }) })).when(reviseLoss, { gross: gbp('50', { qualifier: 'at-least' }), items: [item] }).leaves({ items: [item] }); // prettier-ignore
  });
});

it('a loss is about its programme, its supplier and its contract', () => {
  expect(loss.about('a', stateOf(raised({ supplier: 'csc', contract: 'k' })))).toEqual({ programme: 'met', supplier: ['csc'], contract: ['k'] }); // prettier-ignore
  expect(loss.about('a', stateOf(raised()))).toEqual({ programme: 'met' });
  expect(loss.about('a', loss.initial)).toEqual({});
  expect([loss.setOf!(stateOf(raised({ case: 'c' }))), loss.setOf!(stateOf(raised()))]).toEqual([caseKey('met', 'c'), undefined]);
  expect(caseKey('met', 'c')).toBe('case:met/c');
});

it('a closed loss is opened by what reverses alone', () => {
  const closed = [raised(), context('RecoveryRecorded', of('100'), '2014'), context('LossClosed', { how: 'recovered' }, '2015')];
  expect(stateOf(...closed).closed).toEqual({ how: 'recovered', on: '2015' });
  const reopened = stateOf(...closed, context('RecoveryReversed', of('1'), '2016'));
  expect([reopened.stage, reopened.closed]).toEqual(['recovering', undefined]);
  expect(stateOf(raised(), context('RecoveryRecorded', of('10'), '2014'), context('RecoveryReversed', of('10'), '2015')).stage).toBe(
    'identified',
  );
});
