import { describe, expect, it } from '@jest/globals';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { cancelContract } from '../../src/domain/contract/commands/cancel-contract.js';
import { closeContract } from '../../src/domain/contract/commands/close-contract.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { giveTerminationNotice } from '../../src/domain/contract/commands/give-termination-notice.js';
import { recordContract } from '../../src/domain/contract/commands/record-contract.js';
import { signContract } from '../../src/domain/contract/commands/sign-contract.js';
import { startService } from '../../src/domain/contract/commands/start-service.js';
import { terminateContract } from '../../src/domain/contract/commands/terminate-contract.js';
import { contract, contractFindings, lastDayOf, pastEndFrom, type Contract } from '../../src/domain/contract/index.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { historyOf, specification, stream, context, theFact, TODAY, type GivenEvent } from '../given.js';

const given = specification(contract, {
  id: 'met-hosting',
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')),
    stream(tower, 'hosting', context('TowerPlanned', { programme: 'met', title: 'Hosting' }, '2014')),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2014')),
  ],
});
const on = (effectiveOn: string) => ({ effectiveOn });
const ran = (more: object = {}) => [awarded({ startsOn: '2016-01-01', endsOn: '2020-12-31', ...more }), signed(), started()];
const notice = (takesEffectOn: string, given = '2019') => context('TerminationNoticeGiven', { by: 'authority', takesEffectOn }, given);
const closing = (endedOn: string, more: object = {}) => ({ finalValue: gbp('94000000'), endedOn, ...more });

describe('a contract whose last day has certainly passed is closed', () => {
  it.each([
    ['signed', ran().slice(0, 2)],
    ['live', ran()],
    ['notice-given', [...ran(), notice('2022', '2020')]],
  ])('from %s, as expired', (stage, life) => {
    expect(stageOf(life)).toBe(stage);
    return given(...life)
      .when(closeContract, closing('2020-12-31', { how: 'expired' }), on('2021-01-01'))
      .leaves({ stage: 'closed', closed: { how: 'expired', on: '2021-01-01', endedOn: '2020-12-31', wasToEndOn: '2020-12-31' } });
  });

  it.each([
    ['a termination', terminated({ endsOn: '2020-12-31' })],
    ['a notice', notice('2020-12-31')],
  ])('as terminated after %s', (_, before) =>
    given(...ran(), before)
      .when(closeContract, closing('2020-12-31', { how: 'terminated' }))
      .leaves({ closed: { how: 'terminated' } }),
  );

  it.each(['2020-12-31', '2020', 'unknown', '[2020-05..]'])('as its term has, whatever day a notice for %s may take effect', (noticed) =>
    given(...ran(), notice(noticed, '2019'))
      .when(closeContract, closing('2020-12-31'), on('2022-01-01'))
      .leaves({ stage: 'closed' }),
  );

  it.each([
    ['a notice', [notice('2020-03-31')]],
    ['a notice and a termination', [notice('2020-03-31'), terminated()]],
    ['a termination of that day', [terminated({ endsOn: '2020-03-31' })]],
  ])('later than by %s: that is a finding, with the reason or without', (_, before) => {
    for (const [record, says] of [
      [{ reason: 'The exit took longer.' }, ': The exit took longer.'],
      [{}, '.'],
    ] as const) {
      const closed = context('ContractClosed', { endedOn: '2020-06-30', finalValue: gbp('1') }, '2021', record);
      const c = stateOf([...ran(), ...before, closed]);
      expect(c.closed).toMatchObject({ wasToEndOn: '2020-03-31' });
      expect(contractFindings(c)).toContainEqual({
        code: 'ended-late',
        text: `It was to end on 2020-03-31 and ended on 2020-06-30${says}`,
      });
    }
  });

  it('as completed, or as what the record says when nobody says how', async () => {
    await given(...ran())
      .when(closeContract, closing('2020-11-30', { how: 'completed' }))
      .leaves({ closed: { how: 'completed' }, term: { endsOn: '2020-11-30' } });
    await given(...ran())
      .when(closeContract, closing('2020-12-31'))
      .leaves({ closed: { how: 'expired' } });
    await given(...ran(), notice('2019-12-31'))
      .when(closeContract, closing('2019-12-31'))
      .leaves({ closed: { how: 'terminated' } });
    await given(...ran(), terminated({ endsOn: '2019-12-31' }))
      .when(closeContract, closing('2019-12-31'))
      .leaves({ closed: { how: 'terminated' } });
    const open = context('TerminationNoticeGiven', { by: 'authority' }, '2019');
    await given(...ran(), open)
      .when(closeContract, closing('2020-12-31'))
      .leaves({ closed: { how: 'expired' }, dates: { noticeGiven: '2019', closed: TODAY } });
    await given(context('ContractRecorded', { ...award(), stage: 'exiting', role: 'tower' }, '2019'))
      .when(closeContract, closing('2019-12-31'))
      .leaves((state) => expect(state.closed).not.toHaveProperty('how'));
  });

  it('never on its last day, or where it may not have passed', async () => {
    await given(...ran())
      .when(closeContract, closing('2020-12-31'), on('2020-12-31'))
      .rejects('contract/not-past-its-end', { pointer: '/record/effectiveOn', detail: 'Its last day is 2020-12-31; it would be closed on 2020-12-31.' }); // prettier-ignore
    await given(...ran({ endsOn: '[2020-12-31..]' }))
      .when(closeContract, closing('2020-12-31'))
      .rejects('contract/not-past-its-end');
    await given(...ran())
      .when(closeContract, closing('2020-12-31'), on('unknown'))
      .rejects('contract/not-past-its-end');
    await given(...ran(), notice('2021', '2020'))
      .when(closeContract, closing('2020-12-31'), on('2020-12'))
      .rejects('contract/not-past-its-end', { detail: 'Its last day is 2020-12-31' });
  });

  it('computed from its first day where only the months are known', async () => {
    const months = [awarded({ startsOn: '2016-01-01', termMonths: 60 }), signed(), started()];
    await given(...months)
      .when(closeContract, closing('2020-12-31'), on('2020-12-31'))
      .rejects('contract/not-past-its-end');
    await given(...months)
      .when(closeContract, closing('2020-12-31'), on('2021-01-01'))
      .leaves({ stage: 'closed' });
  });

  it('by the day that the closing states, where no last day is recorded', async () => {
    const endless = [awarded(), signed(), started()];
    await given(...endless)
      .when(closeContract, closing('2020-12-31'), on('2021'))
      .leaves({ stage: 'closed', term: { endsOn: '2020-12-31' } });
    await given(...endless)
      .when(closeContract, closing('2020-12-31'), on('2020'))
      .rejects('contract/not-past-its-end', { detail: 'No last day is recorded' });
  });

  it('no more once an extension is backdated before it', () =>
    given(...ran(), context('ContractClosed', closing('2020-12-31'), '2021-02'))
      .when(exerciseExtension, { endsOn: '2021-12-31' }, on('2020-06'))
      .rejects('ledger/breaks-later-event', { event: theFact(4), because: 'contract/not-past-its-end' }));
});

describe('until a contract is closed', () => {
  const past = (...life: readonly GivenEvent[]) => pastEndFrom(stateOf(life));

  it('it is past its end from the day after its last possible day', () => {
    expect(past(...ran())).toBe('2021-01-01');
    expect(past(...ran({ endsOn: '2020-02' }))).toBe('2020-03-01');
    expect(past(...ran(), notice('2019-12-31'))).toBe('2020-01-01');
    expect(past(...ran(), terminated({ endsOn: '2019-06-30' }))).toBe('2019-07-01');
  });

  it('it is not where its last day is not known, nor once it was closed', () => {
    expect(past(awarded(), signed())).toBeUndefined();
    expect(past(...ran({ endsOn: 'unknown' }))).toBeUndefined();
    expect(past(...ran(), context('ContractClosed', closing('2020-12-31'), '2021'))).toBeUndefined();
  });
});

describe('an end', () => {
  it('is today or earlier', async () => {
    await given(...ran(), terminated())
      .when(closeContract, closing('2026-03-03'), { reason: 'Wind-down' })
      .rejects('contract/ends-in-the-future', { pointer: '/endedOn', detail: `Today is ${TODAY}.` });
    await given(...ran({ endsOn: '2026-12-31' }), terminated())
      .when(closeContract, closing(TODAY))
      .leaves({ stage: 'closed' });
  });

  it('is not after the day of closing', () =>
    given(...ran(), terminated())
      .when(closeContract, closing('2020-06-30'), on('2020-06-29'))
      .rejects('contract/closed-before-its-end', { pointer: '/endedOn', detail: '2020-06-29' }));

  it('that is later than the last day of the term needs a reason, and is found', async () => {
    await given(...ran())
      .when(closeContract, closing('2021-03-31'), on('2021-04'))
      .rejects('contract/overrun-without-reason', { pointer: '/record/reason', detail: '2021-03-31 is later than 2020-12-31' });
    await given(...ran())
      .when(closeContract, closing('2021-03-31'), { effectiveOn: '2021-04', reason: 'The exit took longer.' })
      .leaves((state) =>
        expect(contractFindings(state)).toEqual([
          { code: 'ended-late', text: 'It was to end on 2020-12-31 and ended on 2021-03-31: The exit took longer.' },
        ]),
      );
  });

  it('is by termination only where there was one, or a notice', () =>
    given(...ran())
      .when(closeContract, closing('2020-12-31', { how: 'terminated' }))
      .rejects('contract/never-terminated', { pointer: '/how' }));

  it('is never moved to a later day by a termination', async () => {
    await given(...ran())
      .when(terminateContract, { ground: 'Convenience', endsOn: '2021-01-01' }, on('2020'))
      .rejects('contract/termination-prolongs', { pointer: '/endsOn', detail: 'The term ends on 2020-12-31.' });
    await given(awarded({ startsOn: '2016-01-01', termMonths: 60 }), signed())
      .when(terminateContract, { ground: 'Convenience', endsOn: '2021', partial: true }, on('2020'))
      .rejects('contract/termination-prolongs', { detail: '2020-12-31' });
    await given(...ran({ endsOn: '2020-12' }))
      .when(terminateContract, { ground: 'Convenience', endsOn: '2020-12-31' }, on('2020'))
      .leaves({ stage: 'exiting', term: { endsOn: '2020-12-31' } });
  });

  it('may come before a start that never came, and never before a service that started', async () => {
    await given(awarded({ startsOn: '2016-01-01' }), signed('2015-06'))
      .when(terminateContract, { ground: 'Insolvency', endsOn: '2015-12' }, on('2015-12'))
      .leaves((state) => {
        expect(state.term).toEqual({ startsOn: '2016-01-01', endsOn: '2015-12', agreedEndsOn: 'unknown' });
        expect(contractFindings(state)).toEqual([{ code: 'never-started', text: 'It was to begin on 2016-01-01 and ended on 2015-12.' }]);
      });
    await given(awarded({ startsOn: '2016-01-01' }), signed('2015-06'), terminated({}, '2015-12'))
      .when(closeContract, closing('2015-12'), on('2016'))
      .leaves({ stage: 'closed' });
    await given(...ran())
      .when(terminateContract, { ground: 'Breach', endsOn: '2015-12' })
      .rejects('contract/ends-before-start', { detail: 'the service started on 2016-01-01' });
  });

  it('before a start within one fact is refused', async () => {
    await given()
      .when(awardContract, { ...award(), startsOn: '2016-02', endsOn: '2016-01' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn' });
    await given(...ran())
      .when(correctFact, { event: theFact(1), changes: [{ pointer: '/endsOn', value: '2015-12-31' }], because: 'error' })
      .rejects('ledger/wrong-value', { because: 'contract/ends-before-start' });
  });
});

describe('references stay inside their programme', () => {
  const elsewhere = specification(contract, {
    id: 'met-hosting',
    others: [
      stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')),
      stream(programme, 'fire', context('ProgrammeChartered', { title: 'Brigade', authority: 'LFB', baseCurrency: 'GBP' }, '2014')),
      stream(tower, 'hosting', context('TowerPlanned', { programme: 'fire', title: 'Hosting' }, '2014')),
      stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2014')),
      stream(contract, 'fire-hosting', context('ContractAwarded', { ...award(), towers: [], programme: 'fire' }, '2015')),
    ],
  });

  it('a tower or a contract of another one is refused, and the refusal names the place', async () => {
    await elsewhere()
      .when(awardContract, award())
      .rejects('ledger/another-programme', { pointer: '/towers/0', detail: 'The tower hosting is of the programme fire, this is of met.' });
    await elsewhere(awarded({ towers: [] }), signed())
      .when(terminateContract, { ground: 'Convenience', causedBy: 'fire-hosting' })
      .rejects('ledger/another-programme', { pointer: '/causedBy' });
  });

  it('a supplier belongs to none', () =>
    elsewhere()
      .when(awardContract, { ...award(), towers: [] })
      .leaves({ suppliers: [{ supplier: 'csc' }] }));
});

describe('a correction that a rule refuses', () => {
  it('of the rate of a redenomination is refused, not folded', () =>
    given(awarded(), context('ContractRedenominated', { currency: 'EUR', rate: '1.25' }, '2016'))
      .when(correctFact, { event: theFact(2), changes: [{ pointer: '/rate', value: 'a lot' }], because: 'error' })
      .rejects('ledger/wrong-value', { because: 'contract/no-rate' }));
});

describe('terminations', () => {
  it('are a list: parts first, then the whole', () =>
    given(...ran(), terminated({ partial: true, ground: 'Print is no longer needed', endsOn: '2018-06-30' }, '2018'))
      .when(terminateContract, { ground: 'Breach', endsOn: '2019-12-31' }, on('2019'))
      .leaves({
        stage: 'exiting',
        term: { endsOn: '2019-12-31' },
        terminations: [
          { event: theFact(4), ground: 'Print is no longer needed', partial: true, on: '2018', endsOn: '2018-06-30' },
          { event: theFact(5), ground: 'Breach', partial: false, on: '2019', endsOn: '2019-12-31' },
        ],
      }));
});

describe('a final value above the ceiling', () => {
  const found = async (value: object, finalValue: object, codes: readonly string[]) =>
    given(...ran({ value }))
      .when(closeContract, { finalValue, endedOn: '2020-12-31' })
      .leaves((state) => expect(contractFindings(state).map(({ code }) => code)).toEqual(codes));

  it('is found, and not refused', async () => {
    await found(gbp('95000000'), gbp('95000000.01'), ['final-value-above-ceiling']);
    await given(...ran({ value: gbp('95000000') }))
      .when(closeContract, { finalValue: gbp('96000000'), endedOn: '2020-12-31' })
      .leaves((state) => expect(contractFindings(state).map(({ text }) => text)).toEqual(['It came to £96m; £95m was approved.']));
  });

  it('is not found at the ceiling, nor where a bound leaves it open', async () => {
    await found(gbp('95000000'), gbp('95000000'), []);
    for (const qualifier of ['at-least', 'over']) await found({ ...gbp('95000000'), qualifier }, gbp('96000000'), []);
    for (const qualifier of ['at-most', 'under']) await found(gbp('95000000'), { ...gbp('96000000'), qualifier }, []);
    await found({ ...gbp('95000000'), qualifier: 'at-most' }, { ...gbp('96000000'), qualifier: 'over' }, ['final-value-above-ceiling']);
    await found({ undisclosed: true }, gbp('96000000'), []);
  });
});

describe('a start before the award or the signature is found, never refused', () => {
  const codes = (state: Contract) => contractFindings(state).map(({ code }) => code);

  it('in a sentence that says both days, or that one is not known', async () => {
    const says = (state: Contract) => contractFindings(state).map(({ text }) => text);
    await given(context('ContractPlanned', { programme: 'met', title: 'Hosting', towers: ['hosting'] }, '2014'))
      .when(startService, {}, on('2015-06'))
      .leaves((state) => expect(says(state)).toEqual(['The service started on 2015-06; no award is recorded.']));
    await given(awarded(), started('unknown'))
      .when(correctFact, { event: theFact(1), changes: [{ pointer: '/title', value: 'H' }], because: 'refined' })
      .leaves((state) => expect(says(state)).toEqual(['The service started on an unknown day; no signature is recorded.']));
    await given(awarded(), started('2016-02'))
      .when(signContract, {}, on('2016-03'))
      .leaves((state) => expect(says(state)).toEqual(['It was in service on 2016-02, and signed on 2016-03.']));
  });

  it('when the service starts while the contract is only planned, and is awarded later', async () => {
    const plan = context('ContractPlanned', { programme: 'met', title: 'Hosting', towers: ['hosting'] }, '2014');
    await given(plan)
      .when(startService, {}, on('2015-06'))
      .leaves((state) => expect([state.stage, codes(state)]).toEqual(['planned', ['started-without-award']]));
    expect([codes(stateOf([plan])), codes(stateOf([awarded()]))]).toEqual([[], []]);
    await given(plan, context('ServiceStarted', {}, '2015-06'))
      .when(startService, {}, on('2015-07'))
      .rejects('contract/already-started', { detail: '2015-06' });
    await given(plan, context('ServiceStarted', {}, '2015-06'))
      .when(awardContract, { suppliers: [{ supplier: 'csc' }], value: gbp('95000000') }, on('2015-12'))
      .leaves((state) => expect([state.stage, codes(state)]).toEqual(['live', ['started-before-award', 'service-without-signature']]));
    await given(plan, context('ServiceStarted', {}, '2015-06'))
      .when(cancelContract, { why: 'Out of money' })
      .leaves({ stage: 'cancelled', cancelled: { why: 'Out of money', on: TODAY } });
  });

  it('also before the award that opens its record, and never of a contract of which nothing is recorded', async () => {
    await given().when(startService, {}, on('2014-06')).rejects('contract/unknown', { detail: 'once the contract is' });
    await given(awarded({ endsOn: '2020' }))
      .when(startService, {}, on('2014-06'))
      .leaves((state) => {
        expect([state.stage, state.dates]).toEqual(['live', { started: '2014-06', awarded: '2015' }]);
        expect(codes(state)).toEqual(['started-before-award', 'service-without-signature']);
      });
    await given(context('ContractRecorded', { ...award(), stage: 'live', role: 'tower' }, '2020'))
      .when(startService, {}, on('2014-06'))
      .leaves((state) => {
        expect([state.stage, state.dates]).toEqual(['live', { started: '2014-06', recordedAs: '2020' }]);
        expect(codes(state)).toEqual(['service-without-signature']);
      });
    await given(awarded(), started('2014-06'))
      .when(withdrawFact, { event: theFact(1) })
      .rejects('ledger/breaks-later-event', { event: theFact(2), because: 'contract/unknown' });
    await given(awarded(), started('2014-06'))
      .when(withdrawFact, { event: theFact(1), withDependants: true })
      .leaves((state, { entries }) => expect([state.stage, entries]).toEqual(['none', []]));
  });

  it('when it starts before the signature, in whatever order both are recorded', async () => {
    await given(awarded(), started('2016-02'))
      .when(signContract, {}, on('2016-03'))
      .leaves((state) => expect([state.stage, codes(state)]).toEqual(['live', ['started-before-signature']]));
    await given(awarded(), signed('2016-03'))
      .when(startService, {}, on('2016-02'))
      .leaves((state) => expect([state.stage, codes(state)]).toEqual(['live', ['started-before-signature']]));
    await given(awarded(), started('2016-02'), signed('2016-03'))
      .when(signContract, {}, on('2016-04'))
      .rejects('contract/already-signed', { pointer: '/record/effectiveOn', detail: '2016-03' });
  });

  it('when an award or a record states it', async () => {
    await given()
      .when(awardContract, { ...award(), startsOn: '2014' }, on('2015'))
      .leaves((state) => expect(codes(state)).toEqual(['term-before-award']));
    await given()
      .when(recordContract, { ...award(), stage: 'live', role: 'tower', awardedOn: '2016-05', signedOn: '2016-06', startsOn: '2016-04' })
      .leaves((state) => expect(codes(state)).toEqual(['term-before-award', 'term-before-signature']));
  });

  it('once where its term begins with it', () =>
    given(awarded({ startsOn: '2014-06' }))
      .when(startService, {}, on('2014-06'))
      .leaves((state) => expect(codes(state)).toEqual(['started-before-award', 'service-without-signature'])));

  it('and so is a start after the end that its months give', () =>
    given(awarded({ startsOn: '2014-01-01', termMonths: 12 }), signed())
      .when(startService, {}, on('2016'))
      .leaves((state) =>
        expect(contractFindings(state)).toContainEqual({
          code: 'started-after-end',
          text: 'The service started on 2016; its term ended on 2014-12-31.',
        }),
      ));
});

it('a start after the end that is stated is refused, and the refusal names that end', () =>
  given(awarded({ endsOn: '2015-12-31' }), signed())
    .when(startService, {}, on('2016'))
    .rejects('contract/ends-before-start', { pointer: '/record/effectiveOn', detail: 'Its term ended on 2015-12-31.' }));

describe('a notice', () => {
  it('changes the stage on the day that it is given, and the end on the day that it takes effect', () =>
    given(...ran())
      .when(giveTerminationNotice, { by: 'authority', takesEffectOn: '2019-12-31' }, on('2019-01-15'))
      .leaves((state, history) => {
        expect([state.stage, state.term.endsOn, lastDayOf(state)]).toEqual(['notice-given', '2020-12-31', '2019-12-31']);
        expect(state.notice).toEqual({ by: 'authority', on: '2019-01-15', takesEffectOn: '2019-12-31', was: 'live' });
        expect(history.asOf('2019-01-14').state.stage).toBe('live');
        expect(history.asOf('2019-01-15').state.stage).toBe('notice-given');
      }));

  it('that takes effect after the end of the term does not make it longer', () =>
    given(...ran())
      .when(giveTerminationNotice, { by: 'authority', takesEffectOn: '2021-06-30' }, on('2020-12'))
      .leaves((state) => expect([lastDayOf(state), pastEndFrom(state)]).toEqual(['2020-12-31', '2021-01-01'])));

  it('says nothing more once the contract was terminated: it ends as the termination says', () =>
    given(...ran(), notice('2019-12-31'))
      .when(terminateContract, { ground: 'Convenience', endsOn: '2020-06-30' }, on('2019-06'))
      .leaves((state) => expect([lastDayOf(state), pastEndFrom(state)]).toEqual(['2020-06-30', '2020-07-01'])));
});

describe('a termination that makes the end of others necessary', () => {
  const others = ['b', 'c'].map((id) => stream(contract, id, awarded({ startsOn: '2016-01-01', endsOn: '2020-12-31' }), signed()));
  const forcing = specification(contract, {
    id: 'met-hosting',
    others: [stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014')), ...others], // prettier-ignore
  });
  const terminating = (...forces: { contract: string; endsOn?: string }[]) => ({ ground: 'Insolvency', forces });

  it('lists them, each with its last day where it has one', () =>
    forcing(...ran())
      .when(terminateContract, terminating({ contract: 'b', endsOn: '2019' }, { contract: 'c' }), on('2018'))
      .leaves({ stage: 'exiting', terminations: [{ forces: [{ contract: 'b', endsOn: '2019' }, { contract: 'c' }] }] }));

  it.each([
    ['itself', [{ contract: 'b' }, { contract: 'met-hosting' }], '/forces/1/contract'],
    ['one of them twice', [{ contract: 'b' }, { contract: 'c' }, { contract: 'b' }], '/forces/2/contract'],
  ])('never lists %s', (_, forces, pointer) =>
    forcing(...ran())
      .when(terminateContract, terminating(...forces), on('2018'))
      .rejects('contract/forces-itself', { pointer }),
  );

  it('lists only contracts that are recorded', () =>
    forcing(...ran())
      .when(terminateContract, terminating({ contract: 'nowhere' }), on('2018'))
      .rejects('ledger/unknown-reference', { pointer: '/forces/0/contract' }));
});

function stateOf(life: readonly GivenEvent[]): Contract {
  return historyOf(stream(contract, 'met-hosting', ...life)).state as Contract;
}
function stageOf(life: readonly GivenEvent[]) {
  return stateOf(life).stage;
}
function award() {
  return { programme: 'met', title: 'Hosting', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('95000000') };
}
function awarded(more: object = {}) {
  return context('ContractAwarded', { ...award(), ...more }, '2015');
}
function signed(day = '2015-12') {
  return context('ContractSigned', {}, day);
}
function started(day = '2016-01-01') {
  return context('ServiceStarted', {}, day);
}
function terminated(more: object = {}, day = '2019') {
  return context('ContractTerminated', { ground: 'Convenience', ...more }, day);
}
function gbp(amount: string) {
  return { amount, currency: 'GBP' };
}
