import { describe, expect, it } from '@jest/globals';
import { applyIndexation } from '../../src/domain/contract/commands/apply-indexation.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { lapseOption } from '../../src/domain/contract/commands/lapse-option.js';
import { publishNotice } from '../../src/domain/contract/commands/publish-notice.js';
import { recordBreak } from '../../src/domain/contract/commands/record-break.js';
import { recordChallenge } from '../../src/domain/contract/commands/record-challenge.js';
import { recordStandstillLetter } from '../../src/domain/contract/commands/record-standstill-letter.js';
import { resolveChallenge } from '../../src/domain/contract/commands/resolve-challenge.js';
import { setTerm } from '../../src/domain/contract/commands/set-term.js';
import { signContract } from '../../src/domain/contract/commands/sign-contract.js';
import { withdrawTerminationNotice } from '../../src/domain/contract/commands/withdraw-termination-notice.js';
import { contract, endOfContract, standstillEndOf } from '../../src/domain/contract/index.js';
import { indexedOriginal } from '../../src/domain/contract/indexation.js';
import { shipped, type Pack } from '../../src/domain/law/index.js';
import { factsOfChange } from '../../src/domain/contract/law.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, type GivenEvent, type Stream } from '../given.js';

const given = specification(contract, { others: world() });
const under = (policy: object) => specification(contract, { others: world(context('PolicyAdopted', { policy: 'rules', title: 'Rules', version: '1', inForceFrom: '2010', ...policy })) }); // prettier-ignore
const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const award = { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: gbp('1000000.00') };
const awarded = (more: object = {}, on = '2026-02-02') => context('ContractAwarded', { ...award, ...more }, on);
const dated = { startsOn: '2026-04-01', endsOn: '2031-03-31' };
const signed = context('ContractSigned', {}, '2026-02-20');

describe('the standstill', () => {
  const letter = (electronic: boolean, on: string, more: object = {}) => context('StandstillLetterSent', { electronic, ...more }, on);

  it('begins with the letter, by the means in which it was sent', () =>
    given(awarded())
      .when(recordStandstillLetter, { electronic: true, reference: 'L-1' }, { effectiveOn: '2026-02-03' })
      .leaves({ stage: 'awarded', standstillLetters: [{ electronic: true, reference: 'L-1', on: '2026-02-03' }] }));

  // 13 February 2016 is a Saturday, 12 April 2026 a Sunday.
  it.each([
    ['PCR2015', true, '2016-02-02', '2016-02-12'],
    ['PCR2015', true, '2016-02-03', '2016-02-15'],
    ['PCR2015', false, '2016-02-02', '2016-02-17'],
    ['PCR2006', true, '2014-02-03', '2014-02-13'],
    ['other', true, '2016-02-02', undefined],
  ])('under %s (electronic: %s) from %s ends on %s', (regime, electronic, on, ends) =>
    given(awarded({ regime }, '2014-01-02'), letter(electronic, on))
      .when(recordChallenge, { challenge: 'a', by: 'Loser', suspends: false })
      .leaves((c) => expect(standstillEndOf(c)).toBe(ends)),
  );

  it('under the Act follows the award notice: eight working days, the day itself among them', () =>
    given(awarded({ regime: 'PA2023' }), context('AwardNoticePublished', { reference: '1' }, '2026-02-03'))
      .when(recordStandstillLetter, { electronic: true })
      .leaves((c) => expect(standstillEndOf(c)).toBe('2026-02-12')));

  it('ends on the latest day that a letter or a notice states', () =>
    given(awarded({ regime: 'PCR2015' }), letter(true, '2026-02-03', { standstillEndsOn: '2026-02-20' }))
      .when(recordStandstillLetter, { electronic: true, standstillEndsOn: '2026-02-16' })
      .leaves((c) => expect(standstillEndOf(c)).toBe('2026-02-20')));

  it('that is not over refuses the signature where the programme has adopted the check', async () => {
    const checked = under({ checks: ['standstill'] });
    const sent = letter(true, '2026-02-24');
    await checked(awarded({ regime: 'PCR2015' }), sent)
      .when(signContract, {})
      .rejects('ledger/policy-not-met', { detail: 'rules/standstill' });
    await checked(awarded({ regime: 'PCR2015' }), letter(true, '2026-02-03'))
      .when(signContract, {})
      .assesses({ 'rules/standstill': 'met' });
  });

  it('is judged by the adopted law, with the letter', () =>
    under({ law: shipped.pcr2015Standstill as Pack })(awarded({ regime: 'PCR2015' }), letter(true, '2026-02-03'))
      .when(signContract, {})
      .assesses({ 'rules/electronic': { result: 'met', inputs: { standstillLetterOn: '2026-02-03', electronic: true } } }));
});

describe('a challenge', () => {
  const loser = { challenge: 'loser', by: 'A tenderer that lost' };
  const suspended = context('ChallengeRecorded', { ...loser, suspends: true }, '2026-02-10');
  const over = (outcome: string) => context('ChallengeResolved', { challenge: 'loser', outcome }, '2026-02-25');
  const checked = under({ checks: ['no-suspending-challenge'] });
  const rule = 'rules/no-suspending-challenge';

  it('that suspends forbids the signature until it is resolved, where the programme has adopted the check', async () => {
    await checked(awarded(), suspended).when(signContract, {}).rejects('ledger/policy-not-met', { detail: 'loser forbids the signature' });
    const other = context('ChallengeRecorded', { ...loser, challenge: 'late', suspends: true }, '2026-02-11');
    await checked(awarded(), suspended, other)
      .when(signContract, {})
      .rejects('ledger/policy-not-met', { detail: 'loser, late forbids the signature until it is resolved.' });
    await checked(awarded(), suspended, other)
      .when(signContract, {}, { waives: [rule], authority: { reference: 'DN 12' }, reason: 'Urgent' })
      .assesses({ [rule]: { result: 'waived', inputs: { open: ['loser', 'late'] }, note: 'Urgent' } }); // prettier-ignore
    await checked(awarded(), suspended, over('dismissed'))
      .when(signContract, {})
      .assesses({ [rule]: { result: 'met', inputs: { open: [] } } });
    await checked(awarded(), context('ChallengeRecorded', { ...loser, suspends: false }, '2026-02-10'))
      .when(signContract, {})
      .assesses({ [rule]: 'met' });
    await given(awarded(), suspended).when(signContract, {}).assesses({});
  });

  it('is held against nobody where it is not known whether the policy was in force, which the assessment says', async () => {
    const from = under({ checks: ['no-suspending-challenge'], inForceFrom: '2026-02' });
    const earlier = { effectiveOn: '2026-02-20' };
    await from(awarded(), suspended)
      .when(signContract, {}, earlier)
      .assesses({ [rule]: { result: 'not-assessable', inputs: { open: ['loser'] }, note: 'Whether the policy was in force on that day is not known.' } }); // prettier-ignore
    await from(awarded())
      .when(signContract, {}, earlier)
      .assesses({ [rule]: { result: 'not-assessable', inputs: { open: [] } } });
  });

  it('that is resolved keeps how', () =>
    given(awarded(), suspended)
      .when(resolveChallenge, { challenge: 'loser', outcome: 'settled', note: 'Costs were paid' })
      .leaves({
        stage: 'awarded',
        challenges: [{ ...loser, resolved: { outcome: 'settled', note: 'Costs were paid', on: '2026-03-02' } }],
      }));

  it('that sets the award aside leaves a tender without supplier, value or term', () =>
    given(awarded({ ...dated, options: [{ option: 'a', months: 12 }] }), suspended)
      .when(resolveChallenge, { challenge: 'loser', outcome: 'set-aside' })
      .leaves((c) => {
        expect([c.stage, c.suppliers, c.original, c.ceiling, c.term, c.options, c.dates['awarded']]).toEqual(['tendering', [], { unknown: true }, { unknown: true }, {}, [], undefined]); // prettier-ignore
        expect([c.title, c.programme, c.challenges!.length]).toEqual(['Desk', 'met', 1]);
      }));

  it('is resolved by itself: another one stays open, and forbids the signature still', async () => {
    const second = context('ChallengeRecorded', { ...loser, challenge: 'late', suspends: true }, '2026-02-11');
    const third = context('ChallengeRecorded', { ...loser, challenge: 'last', suspends: true }, '2026-02-12');
    const resolved = context('ChallengeResolved', { challenge: 'late', outcome: 'settled' }, '2026-02-25');
    await given(awarded(), suspended, second, third)
      .when(resolveChallenge, { challenge: 'late', outcome: 'settled' })
      .leaves((c) => expect(c.challenges!.map(({ challenge, resolved }) => [challenge, resolved?.outcome])).toEqual([['loser', undefined], ['late', 'settled'], ['last', undefined]])); // prettier-ignore
    await checked(awarded(), suspended, second, third, resolved)
      .when(signContract, {})
      .rejects('ledger/policy-not-met', { detail: 'loser, last forbids the signature until it is resolved.' });
    await given(awarded(), suspended, second, third, resolved)
      .when(resolveChallenge, { challenge: 'late', outcome: 'dismissed' })
      .rejects('contract/challenge-resolved', { detail: 'late was resolved on 2026-02-25.' });
    await given(awarded(), suspended, second)
      .when(resolveChallenge, { challenge: 'none', outcome: 'dismissed' })
      .rejects('contract/unknown-challenge', { detail: 'It has loser, late.' });
    await given(awarded(), suspended, signed)
      .when(resolveChallenge, { challenge: 'loser', outcome: 'dismissed' })
      .leaves({ stage: 'signed' });
  });

  it('has an id of its own, and is resolved once', async () => {
    await given(awarded(), suspended).when(recordChallenge, { ...loser, suspends: true }).rejects('contract/challenge-exists', { detail: '2026-02-10' }); // prettier-ignore
    await given(awarded())
      .when(resolveChallenge, { challenge: 'loser', outcome: 'dismissed' })
      .rejects('contract/unknown-challenge', { pointer: '/challenge', detail: 'none' });
    await given(awarded(), suspended, over('dismissed'))
      .when(resolveChallenge, { challenge: 'loser', outcome: 'dismissed' })
      .rejects('contract/challenge-resolved', { detail: '2026-02-25' });
  });

  it('sets no contract aside that was signed', () =>
    given(awarded(), suspended, signed)
      .when(resolveChallenge, { challenge: 'loser', outcome: 'set-aside' })
      .rejects('contract/signed-cannot-be-set-aside', { pointer: '/outcome', detail: 'signed' }));
});

describe('PublishNotice', () => {
  it('keeps notices of every kind beside those of the award', () =>
    given(awarded())
      .when(publishNotice, { kind: 'contract-details', reference: '2026/S 1', uri: 'https://example.org/1' })
      .leaves({ notices: [], otherNotices: [{ kind: 'contract-details', reference: '2026/S 1', on: '2026-03-02' }] }));

  const changed = context('ChangeApproved', { kind: 'value', to: gbp('1050000.00') }, '2026-02-22');
  const notice = (on: string, kind = 'change') => context('NoticePublished', { kind, reference: on }, on);
  it.each([
    ['that was published', [notice('2026-02-21')], '2026-02-21'],
    ['of which only another kind was published', [notice('2026-02-21', 'performance')], undefined],
    ['that was published for the change before', [notice('2026-02-21'), changed], undefined],
    ['that was published after the change before', [changed, notice('2026-02-23')], '2026-02-23'],
  ] as const)('the notice of a change, %s, is what the law asks for', (_, events, on) =>
    given(awarded(dated), signed, ...events)
      .when(setTerm, { months: 60 })
      .leaves((c) => expect(factsOfChange(c, { on: '2026-03-02' }).changeNoticeOn).toBe(on)),
  );
});

describe('SetTerm', () => {
  it('says what the award left open', () =>
    given(awarded())
      .when(setTerm, { months: 60, startsOn: '2026-04-01' })
      .leaves((c) => expect([c.term, endOfContract(c)]).toEqual([{ months: 60, startsOn: '2026-04-01' }, '2031-03-31'])));

  it('changes nothing that is known: that is a change, or a correction', async () => {
    await given(awarded(dated)).when(setTerm, { endsOn: '2032' }).rejects('contract/term-known', { pointer: '/endsOn', detail: 'Known are from 2026-04-01 to 2031-03-31.' }); // prettier-ignore
    await given(awarded({ endsOn: '2031-03-31' })).when(setTerm, { months: 60, endsOn: '2032' }).rejects('contract/term-known', { pointer: '/endsOn', detail: 'Known are to 2031-03-31.' }); // prettier-ignore
    await given(awarded({ termMonths: 60 })).when(setTerm, { months: 61 }).rejects('contract/term-known', { pointer: '/months', detail: 'Known are 60 months.' }); // prettier-ignore
    await given(awarded(dated))
      .when(setTerm, { months: 60 })
      .leaves({ term: { ...dated, months: 60 } });
  });

  it('says something, and never ends a contract before it starts', async () => {
    await given(awarded()).when(setTerm, {}).rejects('contract/term-without-content', { pointer: '/endsOn' });
    await given(awarded()).when(setTerm, { startsOn: '2026-05', endsOn: '2026-04' }).rejects('contract/ends-before-start');
  });
});

describe('ApplyIndexation', () => {
  it.each([
    [{ percent: '2.5' }, '1025000.00'],
    [{ percent: '2.5', falls: true }, '975000.00'],
    [{ percent: '0.0001' }, '1000001.00'],
    [{ percent: 3, to: gbp('1030001.00') }, '1030001.00'],
  ])('%j makes of a million £%s', (data, amount) =>
    given(awarded(dated))
      .when(applyIndexation, { index: 'CPI 2026-01', ...data })
      .leaves({
        original: gbp('1000000.00'),
        ceiling: gbp(amount),
        indexations: [{ index: 'CPI 2026-01', from: gbp('1000000.00'), to: gbp(amount) }],
        changes: [{ kind: 'indexation', from: gbp('1000000.00'), to: gbp(amount) }],
      }),
  );

  const about = (amount: string, roundedTo?: string) => ({ ...gbp(amount), qualifier: 'about', ...(roundedTo && { roundedTo }) });
  it.each([
    [about('14000000'), { percent: '1.1' }, about('14154000.00', '1011000.00')],
    [about('14000000'), { percent: '1.1', falls: true }, about('13846000.00', '989000.00')],
    [about('9000000', '500000'), { percent: 10 }, about('9900000.00', '550000.00')],
    [{ ...gbp('14000000'), qualifier: 'over' }, { percent: 10 }, { ...gbp('15400000.00'), qualifier: 'over' }],
  ])('makes of %j, by %j, a ceiling that is known as well as it was', (value, data, ceiling) =>
    given(awarded({ ...dated, value }))
      .when(applyIndexation, { index: 'CPI', ...data })
      .leaves((c) => expect([c.ceiling, indexedOriginal(c)]).toEqual([ceiling, ceiling])),
  );

  it('keeps its percentage where the ceiling is not known', () =>
    given(awarded({ value: { undisclosed: true } }))
      .when(applyIndexation, { index: 'CPI', percent: 2, falls: true })
      .leaves((c) => {
        expect(c.ceiling).toEqual({ undisclosed: true });
        expect(c.indexations).toEqual([expect.not.objectContaining({ to: expect.anything() })]);
        expect([c.changes[0]!.summary, c.changes[0]!.to, indexedOriginal(c)]).toEqual(['CPI: −2 %', undefined, undefined]);
      }));

  it.each([
    [{ percent: '2.5' }, 'CPI: 2.5 %'],
    [{ percent: '2.5', falls: true }, 'CPI: −2.5 %'],
    [{ to: gbp('1030001.00') }, 'CPI'],
  ])('%j is summed up as %s, with the paper of its authority', async (data, summary) => {
    const applied = given(awarded(dated)).when(applyIndexation, { index: 'CPI', ...data }, { authority: { reference: 'DN 12' } });
    await applied.leaves({ changes: [{ summary, reference: 'DN 12' }] });
    await given(awarded(dated))
      .when(applyIndexation, { index: 'CPI', ...data })
      .leaves(({ changes: [change] }) => expect(Object.keys(change!)).not.toContain('reference'));
  });

  it('moves the value that law measures against, and no change of the authority does', () =>
    given(awarded(dated), context('IndexationApplied', { index: 'CPI', percent: 10 }, '2026-02-03'), context('ChangeApproved', { kind: 'value', to: gbp('2000000.00') }, '2026-02-04')) // prettier-ignore
      .when(applyIndexation, { index: 'CPI', percent: 50 })
      .leaves((c) => expect([c.ceiling, indexedOriginal(c)]).toEqual([gbp('3000000.00'), gbp('1650000.00')])));

  it('states a figure, in the currency of the contract, and never falls below zero', async () => {
    await given(awarded()).when(applyIndexation, { index: 'CPI' }).rejects('contract/indexation-without-figure', { pointer: '/percent' });
    await given(awarded())
      .when(applyIndexation, { index: 'CPI', to: { amount: '1', currency: 'EUR' } })
      .rejects('contract/mixed-currencies', { pointer: '/to/currency' });
    await given(awarded())
      .when(applyIndexation, { index: 'CPI', percent: 101, falls: true })
      .rejects('contract/ceiling-below-zero', { pointer: '/percent' });
  });
});

describe('LapseOption', () => {
  const options = [{ option: 'a', months: 12 }, { option: 'b', months: 12, status: 'exercised' }]; // prettier-ignore
  it('closes an option that is open', () =>
    given(awarded({ ...dated, options }))
      .when(lapseOption, { option: 'a', why: 'No notice was given' })
      .leaves({ options: [{ status: 'lapsed' }, { status: 'exercised' }] }));

  it('is of an option of the contract that is open; it can then no longer be exercised', async () => {
    await given(awarded({ options })).when(lapseOption, { option: 'c' }).rejects('contract/unknown-option', { detail: 'It has a, b.' });
    await given(awarded({ options })).when(lapseOption, { option: 'b' }).rejects('contract/option-not-open', { detail: 'b is exercised' });
    await given(awarded({ options }), signed, context('OptionLapsed', { option: 'a' }, '2026-02-22'))
      .when(exerciseExtension, { option: 'a' })
      .rejects('contract/option-not-open', { detail: 'a is lapsed' });
  });
});

describe('RecordBreak', () => {
  const breaks = [{ afterMonths: 12 }, { afterMonths: 24 }];
  const running = [awarded({ ...dated, breaks }, '2026-02-02'), signed] as const;

  it('that is exercised is a notice: the contract ends on its day', () =>
    given(...running)
      .when(recordBreak, { afterMonths: 24, decision: 'exercised' })
      .leaves({
        stage: 'notice-given',
        notice: { by: 'authority', on: '2026-03-02', was: 'signed', takesEffectOn: '2028-03-31' },
        breaksDecided: [{ afterMonths: 24, status: 'exercised', endsOn: '2028-03-31' }],
        dates: { signed: '2026-02-20', noticeGiven: '2026-03-02' },
      }));

  it('that is waived leaves the contract as it is', () =>
    given(...running)
      .when(recordBreak, { afterMonths: 12, decision: 'waived' })
      .leaves((c) => expect([c.stage, c.notice, c.breaksDecided![0]!.status]).toEqual(['signed', undefined, 'waived'])));

  it('that is waived may have passed already', () =>
    given(awarded({ startsOn: '2024-04-01', endsOn: '2029-03-31', breaks }, '2024-02-02'), context('ContractSigned', {}, '2024-02-20'))
      .when(recordBreak, { afterMonths: 12, decision: 'waived' })
      .leaves((c) => expect(Object.keys(c.breaksDecided![0]!)).not.toContain('endsOn')));

  it('may be withdrawn like any notice', () =>
    given(...running, context('BreakDecided', { afterMonths: 24, decision: 'exercised', endsOn: '2028-04' }, '2026-02-25'))
      .when(withdrawTerminationNotice)
      .leaves((c) => expect([c.stage, c.breaksDecided]).toEqual(['signed', []])));

  it('that is withdrawn leaves what was decided of the others', () =>
    given(
      ...running,
      context('BreakDecided', { afterMonths: 12, decision: 'waived' }, '2026-02-24'),
      context('BreakDecided', { afterMonths: 24, decision: 'exercised', endsOn: '2028-04' }, '2026-02-25'),
    )
      .when(withdrawTerminationNotice)
      .leaves({ stage: 'signed', breaksDecided: [{ afterMonths: 12, status: 'waived' }] }));

  it('is of a break point of the contract, decided once, before its day', async () => {
    await given(...running)
      .when(recordBreak, { afterMonths: 36, decision: 'waived' })
      .rejects('contract/unknown-break', { pointer: '/afterMonths', detail: '12 months, 24 months' });
    await given(...running, context('BreakDecided', { afterMonths: 12, decision: 'waived' }, '2026-02-25'))
      .when(recordBreak, { afterMonths: 12, decision: 'exercised' })
      .rejects('contract/break-decided', { detail: 'waived on 2026-02-25' });
    const waived = [12, 24].map((afterMonths) =>
      context('BreakDecided', { afterMonths, decision: 'waived' }, `2026-02-${afterMonths + 1}`),
    );
    await given(...running, waived[1]!)
      .when(recordBreak, { afterMonths: 12, decision: 'waived' })
      .leaves((c) => expect(c.breaksDecided!.map(({ afterMonths }) => afterMonths)).toEqual([24, 12]));
    await given(awarded({ ...dated, breaks }, '2026-02-02'), context('ContractSigned', {}, '2026-02-10'), ...waived)
      .when(recordBreak, { afterMonths: 24, decision: 'waived' })
      .rejects('contract/break-decided', { detail: 'It was waived on 2026-02-25.' });
    await given(awarded(dated), signed)
      .when(recordBreak, { afterMonths: 12, decision: 'waived' })
      .rejects('contract/unknown-break', { detail: 'It has breaks after no months.' });
    await given(...running)
      .when(recordBreak, { afterMonths: 12, decision: 'exercised', endsOn: '2026-03-01' })
      .rejects('contract/break-in-the-past', { pointer: '/endsOn', detail: '2026-03-01' });
  });
});

function world(...events: GivenEvent[]): Stream[] {
  const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2009');
  return [
    stream(programme, 'met', chartered, ...events),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2009')),
  ];
}
