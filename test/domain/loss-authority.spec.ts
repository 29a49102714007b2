import { describe, it } from '@jest/globals';
import { approveSpecialPayment } from '../../src/domain/loss/commands/approve-special-payment.js';
import { ratifyWriteOff } from '../../src/domain/loss/commands/ratify-write-off.js';
import { reverseWriteOff } from '../../src/domain/loss/commands/reverse-write-off.js';
import { reviseLoss } from '../../src/domain/loss/commands/revise-loss.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { loss } from '../../src/domain/loss/index.js';
import { adoptPolicy } from '../../src/domain/programme/commands/adopt-policy.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, theFact, type GivenEvent } from '../given.js';

const gbp = (amount: string, more: object = {}) => ({ amount, currency: 'GBP', ...more });
const of = (amount: string) => ({ amount: gbp(amount) });
const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const scheme = { policy: 'scheme', title: 'Scheme of delegation', version: '1', inForceFrom: '2011' };
/** Above £500,000 the Deputy Mayor, above £50,000 the Chief Finance Officer, else a Director. */
const table = [
  { grossAbove: gbp('500000'), approver: 'Deputy Mayor' },
  { grossAbove: gbp('50000'), approver: 'Chief Finance Officer' },
  { approver: 'Director' },
];
const world = (...policies: object[]) => [
  stream(programme, 'met', chartered, ...policies.map((policy) => context('PolicyAdopted', { ...scheme, ...policy }, '2011'))),
  stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
];
const given = specification(loss, { id: 'debts', others: world({ writeOffs: table }) });
const raised = (gross: object, more: object = {}): GivenEvent =>
  context('LossRaised', { programme: 'met', title: 'Debts', bearer: 'authority', category: 'irrecoverable-debt', gross, ...more }, '2013');
const written = (amount: string, on = '2016') => context('WrittenOff', of(amount), on);
const by = (office?: string, more: object = {}) => ({ decidedBy: { person: 'p-1', ...(office !== undefined && { office }) }, ...more });
const rule = 'scheme/write-off';
const NOT_MET = 'ledger/policy-not-met';

describe('L7-authority-basis: the authority to write off', () => {
  it('follows an unknown gross by what is written off: £9m are at least £9m', () =>
    given(raised({ unknown: true }))
      .when(writeOff, of('9000000'), by('Director'))
      .rejects(NOT_MET, { detail: 'Deputy Mayor must approve this: all that is written off comes to £9m' }));

  it('never comes to more than an approximate gross may be', () =>
    given(raised(gbp('1000', { qualifier: 'about' })))
      .when(writeOff, of('9000000'), by('Deputy Mayor'))
      .rejects('loss/more-than-outstanding', { detail: '£500 to £1,500' }));

  it('of a higher office satisfies the rows below it, and the assessment says so', async () => {
    await given(raised(gbp('60000')))
      .when(writeOff, of('60000'), by('Deputy Mayor'))
      .assesses({ [rule]: { result: 'met', note: 'Deputy Mayor stands above Chief Finance Officer in the table.' } });
    await given(raised(gbp('60000')))
      .when(writeOff, of('60000'), by('Director'))
      .rejects(NOT_MET, { detail: 'Chief Finance Officer' });
    await given(raised(gbp('600000')))
      .when(writeOff, of('1'), by('Deputy Mayor'))
      .assesses({ [rule]: 'met' });
  });

  it('is not met when nobody is named: the actor decides, of whom no office is recorded', async () => {
    await given(raised(gbp('60000')))
      .when(writeOff, of('60000'))
      .rejects(NOT_MET, {
        detail: 'Nobody is named as deciding, and no office of the actor is recorded: Chief Finance Officer must approve this.',
      });
    await given(raised(gbp('60000')))
      .when(writeOff, of('60000'), by())
      .rejects(NOT_MET, { detail: 'Nobody is named' });
  });

  it('is not assessable of a backdated decision that names nobody', () =>
    given(raised(gbp('60000')))
      .when(writeOff, of('60000'), { effectiveOn: '2016' })
      .assesses({ [rule]: { result: 'not-assessable', note: 'Nobody was named as deciding.' } }));

  it('of a row above an amount begins behind it, of a row from an amount on it', async () => {
    await given(raised(gbp('500000')))
      .when(writeOff, of('500000'), by('Chief Finance Officer'))
      .assesses({ [rule]: { result: 'met', inputs: { basis: gbp('500000.00'), approver: 'Chief Finance Officer' } } });
    const from = [{ grossAtLeast: gbp('500000'), approver: 'Deputy Mayor' }, { approver: 'Director' }];
    await specification(loss, { id: 'debts', others: world({ writeOffs: from }) })(raised(gbp('500000')))
      .when(writeOff, of('1'), by('Director'))
      .rejects(NOT_MET, { detail: 'Deputy Mayor must approve this: the gross comes to £500,000' });
  });

  it('compares offices without regard to case and blanks', () =>
    given(raised(gbp('60000')))
      .when(writeOff, of('1'), by('  chief  finance OFFICER '))
      .assesses({ [rule]: 'met' }));

  it('follows the least gross of an interval', () =>
    given(raised(gbp('500000', { qualifier: 'about' })))
      .when(writeOff, of('1'), by('Chief Finance Officer'))
      .assesses({ [rule]: { result: 'met', inputs: { basis: gbp('450000.00') } } }));

  it('is limited by what the authority itself says', async () => {
    const limited = (limit: object) => by('Chief Finance Officer', { authority: { reference: 'Delegation 7', limit } });
    await given(raised(gbp('60000')))
      .when(writeOff, of('1'), limited(gbp('59999.99')))
      .rejects(NOT_MET, { detail: 'The authority is limited to £59,999.99; this comes to £60,000.' });
    await given(raised(gbp('60000')))
      .when(writeOff, of('1'), limited(gbp('60000')))
      .assesses({ [rule]: 'met' });
    await given(raised(gbp('60000')))
      .when(writeOff, of('1'), limited({ amount: '90000', currency: 'EUR' }))
      .rejects(NOT_MET, { detail: 'The limit is in EUR: give the equivalent of the gross in it (stated).' });
  });

  it('L6-settlement: follows the whole gross, though much of it was recovered', () =>
    given(raised(gbp('1000000')), context('RecoveryRecorded', of('400000'), '2016'))
      .when(writeOff, of('600000'), by('Deputy Mayor'))
      .assesses({ [rule]: { result: 'met', inputs: { basis: gbp('1000000.00'), of: 'the gross' } } }));

  it('of a foreign loss needs its equivalent in the currency of the table', async () => {
    const usd = (amount: string, stated?: string) => ({ amount, currency: 'USD', ...(stated && { stated: [gbp(stated)] }) });
    await given(raised(usd('1000000')))
      .when(writeOff, { amount: usd('1000000', '800000') }, by('Deputy Mayor'))
      .rejects(NOT_MET, { detail: 'The table is in GBP: give the equivalent of the gross in it (stated).' });
    await given(raised(usd('1000000', '790000')))
      .when(writeOff, { amount: usd('1000000') }, by('Deputy Mayor'))
      .rejects(NOT_MET, { detail: 'the equivalent of all that is written off' });
    await given(raised(usd('1000000', '790000')))
      .when(writeOff, { amount: usd('1000000', '800000') }, by('Chief Finance Officer'))
      .rejects(NOT_MET, { detail: 'all that is written off comes to £800,000' });
    await given(raised(usd('1000000', '790000')))
      .when(writeOff, { amount: usd('1000000') }, by('Deputy Mayor', { effectiveOn: '2016' }))
      .assesses({ [rule]: 'not-assessable' });
  });

  it('of an unknown day cannot be assessed: whether the policy was in force is not known', () =>
    given(raised(gbp('60000')))
      .when(writeOff, of('1'), by('Deputy Mayor', { effectiveOn: 'unknown' }))
      .rejects(NOT_MET, { detail: 'Whether the policy was in force on that day is not known.' }));

  it('is recorded as not met when it is backdated', () =>
    given(raised(gbp('60000')))
      .when(writeOff, of('1'), by('Director', { effectiveOn: '2016' }))
      .assesses({ [rule]: 'not-met' }));

  it('may be waived, with a reason and an authority', async () => {
    const waived = { waives: [rule], reason: 'Urgent', authority: { reference: 'PCD 1' } };
    await given(raised(gbp('60000')))
      .when(writeOff, of('1'), by('Director', waived))
      .assesses({ [rule]: 'waived' });
    await given(raised(gbp('60000')))
      .when(writeOff, of('1'), by('Deputy Mayor', { effectiveOn: 'unknown', ...waived }))
      .assesses({ [rule]: 'waived' });
  });

  it('is not assessed for what a supplier bears, or another authority, or where no row asks for anybody', async () => {
    await given(raised(gbp('60000'), { bearer: 'supplier', supplier: 'csc' }))
      .when(writeOff, of('1'), by('Nobody'))
      .assesses({});
    await given(raised(gbp('60000'), { elsewhere: { authority: 'NHS' } }))
      .when(writeOff, of('1'), by('Nobody'))
      .assesses({});
    await specification(loss, { id: 'debts', others: world({ writeOffs: [table[0]] }) })(raised(gbp('60000')))
      .when(writeOff, of('1'))
      .assesses({ [rule]: { result: 'met', note: 'No row of the table asks for an approver.' } });
  });
});

describe('it is evaded neither', () => {
  it('by writing a loss off in parts', async () => {
    await given(raised({ unknown: true }), written('30000'))
      .when(writeOff, of('20000.01'), by('Director'))
      .rejects(NOT_MET, { detail: 'all that is written off comes to £50,000.01' });
    await given(raised({ unknown: true }), written('30000'), context('WriteOffReversed', of('30000'), '2017'))
      .when(writeOff, of('20000.01'), by('Director'))
      .assesses({ [rule]: 'met' });
  });

  it('by writing off a little of a large loss', () =>
    given(raised(gbp('1200000')))
      .when(writeOff, of('1'), by('Director'))
      .rejects(NOT_MET, { detail: 'the gross comes to £1.2m' }));

  it('by leaving out who decided', () =>
    given(raised(gbp('1200000')))
      .when(writeOff, of('1200000'))
      .rejects(NOT_MET, { detail: 'Nobody is named' }));

  it('by leaving out the gross', () =>
    given(raised({ undisclosed: true }))
      .when(writeOff, of('1200000'), by('Director'))
      .rejects(NOT_MET, { detail: 'Deputy Mayor' }));

  it('by leaving out the day', () =>
    given(raised(gbp('1200000')))
      .when(writeOff, of('1'), by('Director', { effectiveOn: 'unknown' }))
      .rejects(NOT_MET));

  it('by correcting the amount of a write-off upwards', () =>
    given(raised({ unknown: true }), context('WrittenOff', of('40000'), '2016', by('Director')))
      .when(correctFact, { event: theFact(2), changes: [{ pointer: '/amount', value: gbp('9000000') }], because: 'error' }, by('Director'))
      .rejects(NOT_MET, { detail: 'all that is written off comes to £9m' }));

  it('by reversing a write-off without the authority over it', async () => {
    await given(raised(gbp('60000')), written('60000'))
      .when(reverseWriteOff, of('60000'), by('Director'))
      .rejects(NOT_MET, { detail: 'Chief Finance Officer' });
    await given(raised(gbp('60000')), written('60000'))
      .when(reverseWriteOff, of('60000'), by('Chief Finance Officer'))
      .assesses({ [rule]: 'met' });
  });

  it('by a ratification of the same office', async () => {
    await given(raised(gbp('60000')), written('60000'))
      .when(ratifyWriteOff, { event: theFact(2) }, by('Director'))
      .rejects(NOT_MET, { detail: 'Chief Finance Officer' });
    await given(raised(gbp('60000')), written('60000'))
      .when(ratifyWriteOff, { event: theFact(2) }, by('Chief Finance Officer'))
      .assesses({ [rule]: 'met' });
  });
});

describe('the losses of one case', () => {
  const other = (gross: string, more: object = {}, ...events: readonly GivenEvent[]) =>
    stream(loss, 'other', raised(gbp(gross), { case: 'fraud-7', ...more }), ...events);
  const beside = (...others: readonly ReturnType<typeof other>[]) =>
    specification(loss, { id: 'debts', others: [...world({ writeOffs: table }), ...others] })(raised(gbp('490000'), { case: 'fraud-7' }));

  it('are one matter: two of £490,000 come to £980,000', async () => {
    await given(raised(gbp('490000'), { case: 'fraud-7' }))
      .when(writeOff, of('490000'), by('Chief Finance Officer'))
      .assesses({ [rule]: 'met' });
    await beside(other('490000'))
      .when(writeOff, of('490000'), by('Chief Finance Officer'))
      .rejects(NOT_MET, { detail: 'Deputy Mayor must approve this: the case fraud-7 comes to £980,000' });
    await beside(other('490000', {}, written('490000')))
      .when(writeOff, of('490000'), by('Deputy Mayor'))
      .assesses({ [rule]: { result: 'met', inputs: { basis: gbp('980000.00'), of: 'the case fraud-7', case: 'fraud-7' } } });
  });

  it('count with what was written off of them, where that is more than their least gross', () =>
    specification(loss, {
      id: 'debts',
      others: [...world({ writeOffs: table }), stream(loss, 'other', raised({ unknown: true }, { case: 'fraud-7' }), written('490000'))],
    })(raised(gbp('490000'), { case: 'fraud-7' }))
      .when(writeOff, of('1'), by('Chief Finance Officer'))
      .rejects(NOT_MET, { detail: '£980,000' }));

  it('are those that the authority itself bears, of the same kind and name', async () => {
    for (const apart of [
      { case: 'fraud-8' },
      { bearer: 'supplier', supplier: 'csc' },
      { elsewhere: { authority: 'NHS' } },
      { kind: 'special-payment', category: 'compensation' },
    ])
      await beside(other('490000', apart))
        .when(writeOff, of('490000'), by('Chief Finance Officer'))
        .assesses({ [rule]: 'met' });
  });

  it('in a currency that the table does not have need their equivalent', () =>
    beside(other('490000', { gross: { amount: '490000', currency: 'USD' } }))
      .when(writeOff, of('1'), by('Deputy Mayor'))
      .rejects(NOT_MET, { detail: 'the equivalent of the case fraud-7 in it' }));
});

describe('what was assessed as not met', () => {
  it('stands with the write-off until it is ratified', () => {
    const unmet = [{ rule, version: '1', inputs: {}, result: 'not-met' as const }];
    const late = context('WrittenOff', of('60000'), '2016-05-01', { ...by('Director'), assessed: unmet } as GivenEvent['record']);
    return given(raised(gbp('60000')), late)
      .when(ratifyWriteOff, { event: theFact(2) }, by('Deputy Mayor', { authority: { reference: 'PCD 7' } }))
      .leaves({ movements: [{ unmet: [rule], ratified: { office: 'Deputy Mayor', reference: 'PCD 7' } }] });
  });

  it('never keeps a gross from being revised: that is a finding', () =>
    given(raised(gbp('40000')), context('WrittenOff', of('40000'), '2016', by('Director')))
      .when(reviseLoss, { gross: gbp('9000000') })
      .leaves({ gross: gbp('9000000') }));
});

describe('a special payment', () => {
  const paying = specification(loss, { id: 'claim', others: world({ specialPayments: table, writeOffs: [{ approver: 'Nobody' }] }) });
  const claim = raised(gbp('900000'), { kind: 'special-payment', category: 'compensation' });

  it('has an authority of its own, over all that is approved of it', async () => {
    await paying(claim).when(approveSpecialPayment, of('50000'), by('Director')).assesses({ 'scheme/special-payment': 'met' });
    await paying(claim, context('SpecialPaymentApproved', of('50000'), '2016'))
      .when(approveSpecialPayment, of('0.01'), by('Director'))
      .rejects(NOT_MET, { detail: 'all that is approved comes to £50,000.01' });
    await paying(claim).when(approveSpecialPayment, of('1')).rejects(NOT_MET, { detail: 'Nobody is named' });
  });

  it('of a supplier, or elsewhere, is not assessed', () =>
    paying(raised(gbp('1'), { kind: 'special-payment', category: 'compensation', elsewhere: { authority: 'NHS' } }))
      .when(approveSpecialPayment, of('1'))
      .assesses({}));
});

describe('AdoptPolicy', () => {
  const adopting = specification(programme, { id: 'met' })(chartered);
  const adopt = (more: object) => adopting.when(adoptPolicy, { ...scheme, ...more });

  it('is refused with a row that can never apply', async () => {
    const [mayor, officer, director] = table;
    await adopting
      .when(adoptPolicy, { ...scheme, writeOffs: [director, mayor] })
      .rejects('programme/unreachable-row', { pointer: '/writeOffs/1', detail: 'Deputy Mayor would never be asked' });
    await adopt({ writeOffs: [officer, mayor] }).rejects('programme/unreachable-row', { pointer: '/writeOffs/1' });
    await adopt({ specialPayments: [officer, officer] }).rejects('programme/unreachable-row', { pointer: '/specialPayments/1' });
    await adopt({
      writeOffs: [
        { ...mayor, grossAtLeast: gbp('1') },
        { grossAtLeast: gbp('500000.01'), approver: 'Board' },
      ],
    }).rejects('programme/unreachable-row');
    await adopt({ writeOffs: [{ grossAtLeast: gbp('500000.01'), approver: 'Board' }, mayor] }).rejects('programme/unreachable-row');
    await adopt({ writeOffs: [mayor, { grossAtLeast: gbp('500000'), approver: 'Board' }] }).leaves({ policies: [{}] });
    await adopt({ writeOffs: [mayor, { grossAbove: { amount: '600000', currency: 'EUR' }, approver: 'Board' }] }).leaves({
      policies: [{}],
    });
    await adopt({ writeOffs: table, discloseAbove: gbp('300000') }).leaves({ policies: [{ discloseAbove: gbp('300000') }] });
  });

  it('may be of a threshold for the losses statement alone', () => adopt({ discloseAbove: gbp('300000') }).leaves({ policies: [{}] }));
});

describe('two people write a loss off, where the programme has adopted the check', () => {
  const others = world({ checks: ['two-people'] });
  const signedIn = (id: string) => specification(loss, { id: 'debts', others, actor: { id, role: 'approver' } });
  const proposed = (amount = '1000') => context('WriteOffProposed', of(amount), '2026-01-05', { decidedBy: { person: 'p-1' } });
  const check = 'scheme/two-people';

  it('one proposes it, and another one decides: met', () =>
    signedIn('p-2')(raised(gbp('5000')), proposed())
      .when(writeOff, of('1000'))
      .assesses({ [check]: { result: 'met', inputs: { proposedBy: 'p-1', approvedBy: 'p-2' } } }));

  it('it is refused now where they are one, by whatever name, and where nobody proposed it, or not so much', async () => {
    await signedIn('p-1')(raised(gbp('5000')), proposed())
      .when(writeOff, of('1000'))
      .rejects(NOT_MET, { detail: 'p-1 proposed it' });
    await signedIn('p-2')(raised(gbp('5000')), proposed())
      .when(writeOff, of('1000'), by())
      .rejects(NOT_MET);
    await signedIn('p-2')(raised(gbp('5000')))
      .when(writeOff, of('1000'))
      .rejects(NOT_MET, { detail: 'Nobody proposed this' });
    await signedIn('p-2')(raised(gbp('5000')), proposed('999')).when(writeOff, of('1000')).rejects(NOT_MET, { detail: 'Nobody proposed this' }); // prettier-ignore
  });

  it('a backdated one is recorded without proposal, and what a supplier bears is not asked', async () => {
    await signedIn('p-2')(raised(gbp('5000')))
      .when(writeOff, of('1000'), { effectiveOn: '2015' })
      .assesses({ [check]: { result: 'not-assessable', note: 'Recorded without proposal.' } });
    await signedIn('p-1')(raised(gbp('5000'), { bearer: 'supplier', supplier: 'csc' }))
      .when(writeOff, of('1000'))
      .assesses({});
  });
});
