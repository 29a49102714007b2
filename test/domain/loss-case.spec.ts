import { describe, expect, it } from '@jest/globals';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { joinCase } from '../../src/domain/loss/commands/join-case.js';
import { leaveCase } from '../../src/domain/loss/commands/leave-case.js';
import { raiseLoss } from '../../src/domain/loss/commands/raise-loss.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { loss } from '../../src/domain/loss/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { context, specification, stream, theFact, type GivenEvent, type Stream } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const writeOffs = [{ grossAbove: gbp('500000'), approver: 'Deputy Mayor' }, { approver: 'Director' }];
const scheme = context('PolicyAdopted', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', writeOffs }, '2011');
const fraud = { programme: 'met', title: 'Fraud', bearer: 'authority', category: 'cash', gross: gbp('490000') };
const raised = (more: object = {}) => context('LossRaised', { ...fraud, ...more }, '2013-05-01');
const joined = (name: string, on = '2014-01-01') => context('CaseJoined', { case: name }, on);
const other = (...events: GivenEvent[]): Stream => stream(loss, 'other', raised(), ...events);
const specify = (...others: Stream[]) => specification(loss, { id: 'fraud', others: [stream(programme, 'met', chartered, scheme), ...others] }); // prettier-ignore
const given = specify();
const director = { decidedBy: { person: 'p-1', office: 'Director' } };
const RULE = 'scheme/write-off';
const correction = (nth: number, change: object) => ({ event: theFact(nth), changes: [{ pointer: '/case', ...change }], because: 'error' }); // prettier-ignore

describe('JoinCase', () => {
  it('puts a loss into a case later, and says why', () =>
    given(raised()).when(joinCase, { case: 'fraud-7', why: 'The same clerk' }).leaves({ case: 'fraud-7', stage: 'identified' }));

  it('of the case that it is in already changes nothing, whatever the day', async () => {
    await given(raised({ case: 'fraud-7' }))
      .when(joinCase, { case: 'fraud-7' })
      .changesNothing();
    await given(raised(), joined('fraud-7')).when(joinCase, { case: 'fraud-7' }, { effectiveOn: '2013-06' }).changesNothing();
  });

  it('never moves a loss from one case to another', () =>
    given(raised(), joined('fraud-7'))
      .when(joinCase, { case: 'fraud-8' })
      .rejects('loss/in-another-case', { pointer: '/case', detail: 'It is in the case fraud-7.' }));

  it('recorded late with another case cannot stand before the one that is recorded', () =>
    given(raised(), joined('fraud-7'))
      .when(joinCase, { case: 'fraud-8' }, { effectiveOn: '2013-06-01' })
      .rejects('ledger/breaks-later-event', { because: 'loss/in-another-case' }));

  it('needs a loss', () => given().when(joinCase, { case: 'fraud-7' }).rejects('loss/unknown'));

  it('says what was so from the beginning: a write-off of an earlier day is judged with the case too', async () => {
    const withAnother = specify(other(joined('fraud-7')));
    const early = { ...director, effectiveOn: '2013-07-01' };
    await withAnother(raised(), joined('fraud-7'))
      .when(writeOff, { amount: gbp('490000') }, early)
      .assesses({ [RULE]: { result: 'not-met', note: expect.stringContaining('the case fraud-7 comes to £980,000') } });
    await withAnother(raised())
      .when(writeOff, { amount: gbp('490000') }, early)
      .assesses({ [RULE]: 'met' });
  });

  it('is open to a closed loss and to a special payment', async () => {
    const claim = { ...fraud, kind: 'special-payment', category: 'compensation' };
    await given(context('LossRaised', claim, '2013'))
      .when(joinCase, { case: 'claim-1' })
      .leaves({ case: 'claim-1', stage: 'claimed' });
    const closed = context('LossClosed', { how: 'written-off-and-closed' }, '2015');
    await given(raised(), context('WrittenOff', { amount: gbp('490000') }, '2014'), closed)
      .when(joinCase, { case: 'fraud-7' })
      .leaves({ case: 'fraud-7', stage: 'closed' });
  });
});

describe('LeaveCase', () => {
  const why = 'Another cause';
  const mayor = { decidedBy: { person: 'p-2', office: 'Deputy Mayor' } };
  const withAnother = specify(other(joined('fraud-7')));

  it('needs the authority over the whole case', async () => {
    await withAnother(raised({ case: 'fraud-7' }))
      .when(leaveCase, { case: 'fraud-7', why }, director)
      .rejects('ledger/policy-not-met', { detail: 'the case fraud-7 comes to £980,000' });
    await withAnother(raised({ case: 'fraud-7' }))
      .when(leaveCase, { case: 'fraud-7', why }, { ...mayor, authority: { reference: 'PCD 1' } })
      .leaves((state) => {
        expect(state.case).toBeUndefined();
        expect(state.casesLeft).toEqual([{ case: 'fraud-7', event: theFact(2), on: '2026-03-02', office: 'Deputy Mayor', reference: 'PCD 1' }]); // prettier-ignore
      });
  });

  it('of a special payment follows what the payments of its case come to', async () => {
    const claim = { kind: 'special-payment', category: 'compensation', case: 'claim-1' };
    const paid = context('SpecialPaymentRecorded', { amount: gbp('600000') }, '2014');
    const adopted = context('PolicyAdopted', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2011', specialPayments: writeOffs }, '2011'); // prettier-ignore
    const own = specification(loss, { id: 'fraud', others: [stream(programme, 'met', chartered, adopted), stream(loss, 'other', raised(claim), paid)] }); // prettier-ignore
    await own(raised(claim))
      .when(leaveCase, { case: 'claim-1', why }, director)
      .rejects('ledger/policy-not-met', { detail: 'the case claim-1 comes to £600,000' });
    await own(raised(claim)).when(leaveCase, { case: 'claim-1', why }, mayor).assesses({ 'scheme/special-payment': 'met' });
  });

  it('is of the case that it is in', async () => {
    await given(raised())
      .when(leaveCase, { case: 'fraud-7', why })
      .rejects('loss/not-in-case', { pointer: '/case', detail: 'It is in no case.' });
    await given(raised({ case: 'fraud-7' }))
      .when(leaveCase, { case: 'fraud-8', why })
      .rejects('loss/not-in-case', { detail: 'It is in the case fraud-7.' });
    await given().when(leaveCase, { case: 'fraud-7', why }).rejects('loss/unknown');
  });

  it('says what was so from the beginning, and lets it join another case', async () => {
    const left = context('CaseLeft', { case: 'fraud-7', why }, '2015');
    await withAnother(raised({ case: 'fraud-7' }), left)
      .when(writeOff, { amount: gbp('490000') }, { ...director, effectiveOn: '2013-07-01' })
      .assesses({ [RULE]: 'met' });
    await given(raised(), joined('fraud-7'), left).when(joinCase, { case: 'fraud-8' }).leaves({ case: 'fraud-8' });
    await given(raised(), joined('fraud-7'), left)
      .when(joinCase, { case: 'fraud-7' })
      .leaves({ case: 'fraud-7', casesLeft: [{ case: 'fraud-7', on: '2015' }] });
  });
});

describe('the case of a loss', () => {
  it('is corrected where it was raised under another one, or under none', async () => {
    await given(raised({ case: 'fraud-7' }))
      .when(correctFact, correction(1, { value: 'fraud-8' }))
      .leaves({ case: 'fraud-8' });
    await given(raised({ case: 'fraud-7' }))
      .when(correctFact, correction(1, { remove: true }))
      .leaves((state) => expect(state.case).toBeUndefined());
    await given(raised())
      .when(correctFact, correction(1, { value: 'fraud-7' }))
      .leaves({ case: 'fraud-7' });
  });

  it('is corrected or withdrawn where it was joined', async () => {
    await given(raised(), joined('fraud-8'))
      .when(correctFact, correction(2, { value: 'fraud-7' }))
      .leaves({ case: 'fraud-7' });
    await given(raised(), joined('fraud-7'))
      .when(withdrawFact, { event: theFact(2) })
      .leaves((state) => expect(state.case).toBeUndefined());
  });

  it('is one: a correction gives a loss no second one', () =>
    given(raised(), joined('fraud-7'))
      .when(correctFact, correction(1, { value: 'fraud-8' }))
      .rejects('ledger/breaks-later-event', { because: 'loss/in-another-case' }));

  it('is the one that it has now, also for a write-off of a loss that was raised under another one', async () => {
    const withAnother = specify(other(joined('fraud-8')));
    const fixed = context('FactCorrected', correction(1, { value: 'fraud-8' }));
    await withAnother(raised({ case: 'fraud-7' }), fixed)
      .when(writeOff, { amount: gbp('490000') }, director)
      .rejects('ledger/policy-not-met', { detail: 'the case fraud-8 comes to £980,000' });
    await specify()(raised({ case: 'fraud-7' }), fixed)
      .when(writeOff, { amount: gbp('490000') }, director)
      .assesses({ [RULE]: 'met' });
  });

  it('is raised with the loss where it is known by then', () =>
    given().when(raiseLoss, { ...fraud, case: 'fraud-7' }).leaves({ case: 'fraud-7' })); // prettier-ignore
});
