import { describe, expect, it } from '@jest/globals';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { cancelContract } from '../../src/domain/contract/commands/cancel-contract.js';
import { closeContract } from '../../src/domain/contract/commands/close-contract.js';
import { discloseValue } from '../../src/domain/contract/commands/disclose-value.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { giveTerminationNotice } from '../../src/domain/contract/commands/give-termination-notice.js';
import { novateContract } from '../../src/domain/contract/commands/novate-contract.js';
import { openTender } from '../../src/domain/contract/commands/open-tender.js';
import { planContract } from '../../src/domain/contract/commands/plan-contract.js';
import { proposeChange } from '../../src/domain/contract/commands/propose-change.js';
import { setMilestone } from '../../src/domain/contract/commands/set-milestone.js';
import { setKpis } from '../../src/domain/contract/commands/set-kpis.js';
import { recordDispute } from '../../src/domain/contract/commands/record-dispute.js';
import { assignOwner } from '../../src/domain/contract/commands/assign-owner.js';
import { applyServiceCredit } from '../../src/domain/contract/commands/apply-service-credit.js';
import { recordStandstillLetter } from '../../src/domain/contract/commands/record-standstill-letter.js';
import { recordChallenge } from '../../src/domain/contract/commands/record-challenge.js';
import { publishNotice } from '../../src/domain/contract/commands/publish-notice.js';
import { applyIndexation } from '../../src/domain/contract/commands/apply-indexation.js';
import { publishAwardNotice } from '../../src/domain/contract/commands/publish-award-notice.js';
import { recordContract } from '../../src/domain/contract/commands/record-contract.js';
import { recordDelay } from '../../src/domain/contract/commands/record-delay.js';
import { seekExtension } from '../../src/domain/contract/commands/seek-extension.js';
import { signContract } from '../../src/domain/contract/commands/sign-contract.js';
import { startService } from '../../src/domain/contract/commands/start-service.js';
import { terminateContract } from '../../src/domain/contract/commands/terminate-contract.js';
import { withdrawTerminationNotice } from '../../src/domain/contract/commands/withdraw-termination-notice.js';
import { contract, contractFindings, STAGES, type Contract, type Stage } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { tower } from '../../src/domain/tower/index.js';
import type { AnyCommand } from '../../src/kernel/index.js';
import { specification, stream, context, type Stream, type GivenEvent } from '../given.js';

const given = specification(contract, { id: 'met-hosting', others: world() });
const underRules = specification(contract, {
  id: 'met-hosting',
  others: world(adopted('signed-before-service', 'contractual-notice')),
});
const inNotice = { by: 'authority' };
const gone: readonly Stage[] = ['signed', 'live', 'notice-given'];
const changeable: readonly Stage[] = ['awarded', ...gone];

describe('the life of a contract', () => {
  const life: readonly [command: AnyCommand, data: object, from: readonly Stage[], to?: Stage][] = [
    [planContract, plan(), ['none'], 'planned'],
    [recordContract, record(), ['none'], 'live'],
    [openTender, {}, ['planned'], 'tendering'],
    [awardContract, award(), ['none', 'planned', 'tendering'], 'awarded'],
    [discloseValue, { value: gbp('95000000') }, [...changeable, 'exiting', 'closed']],
    [approveChange, { kind: 'scope', summary: 'Print' }, changeable],
    [recordDelay, { milestone: 'Go-live', to: 'unknown' }, [...changeable, 'exiting']],
    [giveTerminationNotice, inNotice, ['signed', 'live'], 'notice-given'],
    [withdrawTerminationNotice, {}, ['notice-given'], 'live'],
    [terminateContract, { ground: 'Breach' }, gone, 'exiting'],
    [closeContract, closing(), [...gone, 'exiting'], 'closed'],
    [publishAwardNotice, { reference: '2016/S 045-075423' }, [...changeable, 'exiting']],
    [cancelContract, { why: 'Out of money' }, ['planned', 'tendering', 'awarded'], 'cancelled'],
    [seekExtension, { until: '2027' }, gone],
    [exerciseExtension, { months: 12 }, gone],
    [novateContract, { supplier: 'atos' }, [...gone, 'exiting']],
    [proposeChange, { proposal: 'print', kind: 'scope', summary: 'Print' }, changeable],
    [setMilestone, { milestone: 'go-live', title: 'Go-live', baseline: '2017' }, [...changeable, 'exiting']],
    [setKpis, { kpis: [{ kpi: 'calls', title: 'Calls' }] }, [...changeable, 'exiting']],
    [applyServiceCredit, { credit: 'q1', amount: gbp('1') }, [...changeable, 'exiting', 'closed']],
    [recordDispute, { dispute: 'one', by: 'supplier', matter: 'Outages' }, [...changeable, 'exiting', 'closed']],
    [recordStandstillLetter, { electronic: true }, ['awarded']],
    [recordChallenge, { challenge: 'one', by: 'A loser', suspends: true }, [...changeable, 'exiting']],
    [publishNotice, { kind: 'other', reference: '1' }, ['planned', 'tendering', ...changeable, 'exiting', 'closed', 'cancelled']],
    [applyIndexation, { index: 'CPI', percent: 1 }, changeable],
    [assignOwner, { owner: 'p-17' }, ['planned', 'tendering', ...changeable, 'exiting']],
  ];

  describe.each(life.map(([command, ...rest]) => [command.name, command, ...rest] as const))('%s', (_, command, data, from, to) => {
    it.each(STAGES.map((stage) => [from.includes(stage) ? 'follows' : 'never follows', stage] as const))('%s %s', (follows, stage) => {
      const asked = given(...until(stage)).when(command, data);
      if (follows === 'follows') return asked.leaves({ stage: to ?? stage });
      return asked.rejects(`contract/${stage === 'none' ? 'unknown' : from.join() === 'none' ? 'exists' : 'stage'}`);
    });
  });

  it.each([
    ['planned', 'planned', 'awarded'],
    ['tendering', 'tendering', 'tendering'],
    ['awarded', 'live', 'signed'],
    ['signed', 'live', 'signed'],
    ['live', 'live', 'live'],
  ] as const)('StartService and SignContract follow %s, where it was so', async (stage, started, signed) => {
    const service = given(...until(stage)).when(startService);
    await (stage === 'live' ? service.rejects('contract/stage') : service.leaves({ stage: started }));
    const signature = given(...until(stage)).when(signContract);
    if (stage === 'live') return signature.rejects('contract/already-signed', { detail: '2017' });
    return ['awarded'].includes(stage) ? signature.leaves({ stage: signed }) : signature.rejects('contract/stage');
  });
  it.each(['none', 'notice-given', 'exiting', 'closed', 'cancelled'] as const)(
    'StartService and SignContract never follow %s',
    async (stage) => {
      for (const command of [startService, signContract])
        await given(...until(stage))
          .when(command)
          .rejects(`contract/${stage === 'none' ? 'unknown' : 'stage'}`);
    },
  );

  it('records nothing before it begins', () =>
    given(...until('live'))
      .when(recordDelay, { milestone: 'Go-live', to: '2017' }, { effectiveOn: '2013' })
      .rejects('contract/not-yet', { pointer: '/record/effectiveOn', detail: 'ContractPlanned of 2014' }));
});

describe('PlanContract', () => {
  it('plans a contract for towers of the programme', () =>
    given()
      .when(planContract, { ...plan(), replaces: 'incumbent' }, { effectiveOn: '2014-06' })
      .leaves({ stage: 'planned', programme: 'met', towers: ['hosting'], replaces: 'incumbent', dates: { planned: '2014-06' } }));

  it('needs the tower to be planned', () =>
    given()
      .when(planContract, { ...plan(), towers: ['hosting', 'networks'] })
      .rejects('ledger/unknown-reference', { pointer: '/towers/1' }));
});

describe('OpenTender', () => {
  it('records the law and the procedure, as far as they are known', () =>
    given(...until('planned'))
      .when(openTender, { regime: 'PCR2006', procedure: 'restricted', closesOn: '2015-03' }, { effectiveOn: '2015' })
      .leaves({
        stage: 'tendering',
        regime: 'PCR2006',
        procedure: 'restricted',
        dates: { planned: '2014', tendered: '2015', tendersClose: '2015-03' },
      }));
});

describe('AwardContract', () => {
  it('awards a contract that was not planned here', () => given().when(awardContract, award()).then(context('ContractAwarded', award())));

  it('keeps what the plan said where the award is silent', () =>
    given(...until('planned'))
      .when(awardContract, { suppliers: [{ supplier: 'csc' }], value: gbp('95000000') })
      .leaves({ programme: 'met', title: 'Hosting', towers: ['hosting'], role: 'tower' }));

  it('grants every option as open, unless the award says otherwise', () =>
    given()
      .when(awardContract, {
        ...award(),
        options: [
          { option: 'year-7', months: 12, noticeMonths: 4 },
          { option: 'year-8', months: 12, status: 'lapsed' },
        ],
      })
      .leaves({
        options: [
          { option: 'year-7', status: 'open' },
          { option: 'year-8', status: 'lapsed' },
        ],
      }));

  it('stands outside the towers when it names none', () =>
    given()
      .when(awardContract, { ...award(), towers: [] })
      .leaves({ role: 'outside', towers: [] }));

  it('keeps an undisclosed value undisclosed: it is not zero', () =>
    given()
      .when(awardContract, { ...award(), value: { undisclosed: true } })
      .leaves({ original: { undisclosed: true }, ceiling: { undisclosed: true } }));

  it('names its programme when it was not planned here', () => {
    const { programme: _, ...homeless } = award();
    return given().when(awardContract, homeless).rejects('contract/no-programme', { pointer: '/programme' });
  });

  it('stays in the programme that planned it', () =>
    given(...until('planned'))
      .when(awardContract, { ...award(), programme: 'other' })
      .rejects('contract/another-programme', { pointer: '/programme', detail: 'met' }));

  it('never ends before it starts', () =>
    given()
      .when(awardContract, { ...award(), startsOn: '2016-02', endsOn: '2016-01' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn' }));

  it('may end in the year in which it starts, where the day is unknown', () =>
    given()
      .when(awardContract, { ...award(), startsOn: '2016-02', endsOn: '2016' })
      .leaves({ term: { startsOn: '2016-02', endsOn: '2016' } }));

  it('needs the supplier to be registered', () =>
    given()
      .when(awardContract, { ...award(), suppliers: [{ supplier: 'nobody' }] })
      .rejects('ledger/unknown-reference', { pointer: '/suppliers/0/supplier' }));
});

describe('RecordContract', () => {
  it.each(['signed', 'live', 'exiting', 'closed'])('imports a contract that is %s', (stage) =>
    given()
      .when(recordContract, { ...record(), stage }, { effectiveOn: '2016' })
      .leaves({ stage, role: 'incumbent', dates: { recordedAs: '2016' } }),
  );

  it('keeps the days that are known of its past', () =>
    given()
      .when(recordContract, { ...record(), awardedOn: '2005', signedOn: '2005-12-20', startsOn: '2006', historyCompleteFrom: '2020' })
      .leaves({ dates: { awarded: '2005', signed: '2005-12-20' }, term: { startsOn: '2006' }, historyCompleteFrom: '2020' }));

  it.each([
    ['signed before it was awarded', { awardedOn: '2016', signedOn: '2015' }, 'signed-before-award'],
    ['begun before it was awarded', { awardedOn: '2016', startsOn: '2015' }, 'term-before-award'],
    ['begun before it was signed', { signedOn: '2016', startsOn: '2015' }, 'term-before-signature'],
    ['ended before it was awarded', { awardedOn: '2016', endsOn: '2015' }, 'ended-before-award'],
    ['ended before it was signed', { signedOn: '2016', endsOn: '2015' }, 'ended-before-signature'],
  ])('may have been %s, which is found', (_, dates, code) =>
    given()
      .when(recordContract, { ...record(), ...dates })
      .leaves((state) => expect(codesOf(state)).toEqual([code])),
  );

  it('cannot have ended before it started', () =>
    given()
      .when(recordContract, { ...record(), startsOn: '2016-02', endsOn: '2016-01' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn', detail: 'start on 2016-02 and end on 2016-01' }));

  it('may have started before it was signed', () =>
    given()
      .when(recordContract, { ...record(), startsOn: '2015', signedOn: '2016' })
      .leaves({ term: { startsOn: '2015' }, dates: { signed: '2016' } }));

  it('names the tower when it is a contract of a tower', () =>
    given()
      .when(recordContract, { ...record(), role: 'tower' })
      .rejects('contract/tower-without-tower', { pointer: '/towers' }));
});

describe('SignContract', () => {
  it('signs what was awarded, and may set its term', () =>
    given(...until('awarded'))
      .when(signContract, { startsOn: '2016-02-29', endsOn: '2022-02-28' }, { effectiveOn: '2016-02' })
      .leaves({ term: { startsOn: '2016-02-29', endsOn: '2022-02-28' }, dates: { signed: '2016-02' } }));

  it('never ends before the start that it states itself', () =>
    given(...until('awarded'))
      .when(signContract, { startsOn: '2016-03', endsOn: '2016-02' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn', detail: 'start on 2016-03 and end on 2016-02' }));

  it('may end before the start that the award states, which is found: it never came', () =>
    given(context('ContractAwarded', { ...award(), startsOn: '2016-03' }, '2015'))
      .when(signContract, { endsOn: '2016-02' })
      .leaves((state) => expect(codesOf(state)).toContain('never-started')));
});

describe('PublishAwardNotice', () => {
  const rules = specification(contract, { id: 'met-hosting', others: world(adopted('standstill')) });
  const notice = (standstillEndsOn?: string) =>
    context('AwardNoticePublished', { reference: 'N 1', ...(standstillEndsOn && { standstillEndsOn }) }, '2026-02');
  const rule = 'contract-rules/standstill';

  it('is kept with its number and the end of the standstill', () =>
    given(...until('awarded'))
      .when(
        publishAwardNotice,
        { reference: 'N 1', uri: 'https://example.org/n1', standstillEndsOn: '2016-02-11' },
        { effectiveOn: '2016-02-01' },
      )
      .leaves({ notices: [{ reference: 'N 1', standstillEndsOn: '2016-02-11', on: '2016-02-01' }] }));

  it('begins a standstill that a signature waits for', async () => {
    await rules(...until('awarded'), notice('2026-03-01'))
      .when(signContract)
      .assesses({ [rule]: 'met' });
    await rules(...until('awarded'), notice('2026-03-02'))
      .when(signContract)
      .rejects('ledger/policy-not-met', { detail: 'standstill' });
    await rules(...until('awarded'), notice())
      .when(signContract)
      .assesses({ [rule]: 'not-assessable' });
    await rules(...until('awarded'), notice('2026-03'))
      .when(signContract)
      .assesses({ [rule]: 'not-assessable' });
  });
});

describe('SeekExtension and ExerciseExtension', () => {
  const options = [
    { option: 'year-7', months: 12, noticeMonths: 4 },
    { option: 'year-8', months: 12, status: 'lapsed' },
  ];
  const optional = (more: object = {}) => [
    context('ContractAwarded', { ...award(), termMonths: 72, startsOn: '2016-01-01', endsOn: '2021-12-31', options, ...more }, '2015'),
    context('ContractSigned', {}, '2016'),
  ];

  it('name an option, and exercise it', async () => {
    await given(...optional())
      .when(seekExtension, { option: 'year-7', until: '2022-12-31', why: 'Migration' })
      .leaves({
        extensionSought: { option: 'year-7', until: '2022-12-31', why: 'Migration', on: '2026-03-02' },
        term: { endsOn: '2021-12-31' },
      });
    await given(...optional(), context('ExtensionSought', { option: 'year-7' }, '2021'))
      .when(exerciseExtension, { option: 'year-7' })
      .leaves((state) => {
        expect(state.term).toEqual({
          months: 72,
          extendedMonths: 12,
          startsOn: '2016-01-01',
          endsOn: '2022-12-31',
          agreedEndsOn: '2021-12-31',
        });
        expect(state.options.map(({ status }) => status)).toEqual(['exercised', 'lapsed']);
        expect(state.changes).toMatchObject([{ kind: 'term', endsOn: '2022-12-31' }]);
        expect(state.extensionSought).toBeUndefined();
      });
  });

  it('may extend a contract that had no option, by months or to a day', async () => {
    await given(...until('live'))
      .when(exerciseExtension, { months: 36 })
      .leaves({ term: { extendedMonths: 36 } });
    await given(...until('live'))
      .when(exerciseExtension, { endsOn: '2030' })
      .leaves({ term: { endsOn: '2030' } });
    await given(...until('live'))
      .when(exerciseExtension)
      .rejects('contract/extension-without-length', { pointer: '/option' });
  });

  it('add their months up', () =>
    given(...until('live'), context('ExtensionExercised', { months: 12 }, '2021'))
      .when(exerciseExtension, { months: 24 })
      .leaves({ term: { extendedMonths: 36 } }));

  it('keep the decision by which they were exercised, where one is named', async () => {
    const exercise = (record: object) => given(...optional()).when(exerciseExtension, { option: 'year-7' }, record);
    await exercise({ authority: { reference: 'DN 7' } }).leaves({ changes: [{ option: 'year-7', reference: 'DN 7' }] });
    await exercise({}).leaves(({ changes }) => expect(changes).toEqual([expect.not.objectContaining({ reference: expect.anything() })]));
  });

  it('need an option that the contract has, and that is open', async () => {
    await given(...optional())
      .when(seekExtension, { option: 'year-9' })
      .rejects('contract/unknown-option', { detail: 'year-7, year-8' });
    await given(...optional())
      .when(seekExtension, { option: 'year-8' })
      .rejects('contract/option-not-open', { detail: 'lapsed' });
    await given(...optional())
      .when(exerciseExtension, { option: 'year-9' })
      .rejects('contract/unknown-option', { pointer: '/option' });
    await given(...optional(), context('ExtensionExercised', { option: 'year-7' }, '2021'))
      .when(exerciseExtension, { option: 'year-7' })
      .rejects('contract/option-not-open', { detail: 'exercised' });
  });

  it('never end the term before the service started', () =>
    given(...optional(), context('ServiceStarted', {}, '2016'))
      .when(exerciseExtension, { endsOn: '2015' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn' }));

  it('are assessed by the notice of the option', async () => {
    const rules = specification(contract, { id: 'met-hosting', others: world(adopted('option-notice')) });
    const rule = 'contract-rules/option-notice';
    const on = (effectiveOn: string) => ({ effectiveOn });
    await rules(...optional())
      .when(exerciseExtension, { option: 'year-7' }, on('2021-08-31'))
      .assesses({ [rule]: { result: 'met', inputs: { noticeMonths: 4, endsOn: '2021-12-31' } } });
    await rules(...optional())
      .when(exerciseExtension, { option: 'year-7' }, on('2021-09-01'))
      .assesses({ [rule]: 'not-met' });
    await rules(...optional())
      .when(exerciseExtension, { option: 'year-7' }, on('2021-08'))
      .assesses({ [rule]: 'met' });
    await rules(...optional({ endsOn: '2021' }))
      .when(exerciseExtension, { option: 'year-7' }, on('2021-06'))
      .assesses({ [rule]: 'not-assessable' });
    await rules(...optional({ endsOn: undefined }))
      .when(exerciseExtension, { option: 'year-7' }, on('2021-06'))
      .assesses({ [rule]: { result: 'not-assessable', inputs: { noticeMonths: 4, endsOn: null } } });
    await rules(...optional())
      .when(exerciseExtension, { months: 1 }, on('2021-12-31'))
      .assesses({});
  });
});

describe('the value of an option', () => {
  const usd = { options: [{ option: 'year-7', months: 12, value: { amount: '1', currency: 'USD' } }] };

  it('is in the currency of the contract', async () => {
    await given()
      .when(awardContract, { ...award(), value: gbp('95000000'), ...usd })
      .rejects('contract/mixed-currencies', { pointer: '/options', detail: 'GBP and USD' });
    await given()
      .when(recordContract, { ...record(), value: gbp('95000000'), ...usd })
      .rejects('contract/mixed-currencies', { pointer: '/options' });
  });
});

describe('exercising an option', () => {
  const life = (more: object, value: object = gbp('95000000')) => [
    context('ContractAwarded', { ...award(), value, endsOn: '2021-12-31', options: [{ option: 'year-7', months: 12, value: gbp('9000000') }], ...more }, '2015'), // prettier-ignore
    context('ContractSigned', {}, '2016'),
  ];
  const exercised = (...events: GivenEvent[]) => given(...events).when(exerciseExtension, { option: 'year-7' }, { effectiveOn: '2021' });

  it('adds nothing where the value covers the options', () =>
    exercised(...life({ covers: 'with-options' })).leaves((state) => {
      expect(state.ceiling).toEqual(gbp('95000000'));
      expect(state.changes[0]).toMatchObject({ kind: 'term', option: 'year-7', endsOn: '2022-12-31' });
      expect(state.changes[0]).not.toHaveProperty('to');
    }));

  it('adds the value of the option where the value covers the initial term', () =>
    exercised(...life({ covers: 'initial-term' })).leaves({
      ceiling: gbp('104000000.00'),
      changes: [{ from: gbp('95000000'), by: gbp('9000000'), to: gbp('104000000.00') }],
    }));

  it('makes the ceiling "at least" where it is not known what it adds', async () => {
    const atLeast = { ...gbp('95000000.00'), qualifier: 'at-least' };
    await exercised(...life({ covers: 'unknown' })).leaves({ ceiling: atLeast, changes: [{ by: { unknown: true }, to: atLeast }] });
    await exercised(...life({ covers: 'initial-term', options: [{ option: 'year-7', months: 12 }] })).leaves({ ceiling: atLeast });
  });

  it('is counted once an undisclosed value is disclosed', async () => {
    const undisclosed = { undisclosed: true };
    await exercised(...life({ covers: 'initial-term' }, undisclosed)).leaves({ ceiling: undisclosed, changes: [{ by: gbp('9000000') }] });
    const later = context('ExtensionExercised', { option: 'year-7' }, '2021');
    await given(...life({ covers: 'initial-term' }, undisclosed), later)
      .when(discloseValue, { value: gbp('95000000') })
      .leaves({ original: gbp('95000000'), ceiling: gbp('104000000.00') });
    await given(...life({}, undisclosed), later)
      .when(discloseValue, { value: gbp('95000000') })
      .leaves({ ceiling: { ...gbp('95000000.00'), qualifier: 'at-least' } });
  });

  it('gives at most its months: the rest is a change', async () => {
    const ask = (data: object, more: object = {}) => given(...life(more)).when(exerciseExtension, { option: 'year-7', ...data });
    await ask({ months: 13 }).rejects('contract/beyond-option', { pointer: '/months', detail: 'year-7 gives 12 months, to 2022-12-31: approve the rest with ApproveChange.' }); // prettier-ignore
    await ask({ endsOn: '2023-01-01' }).rejects('contract/beyond-option', { pointer: '/endsOn' });
    await ask({ months: 12, endsOn: '2023-01-01' }).rejects('contract/beyond-option', { pointer: '/endsOn' });
    await ask({ months: 12 }).leaves({ term: { endsOn: '2022-12-31', extendedMonths: 12 } });
    await ask({ months: 6 }).leaves({ term: { endsOn: '2022-06-30', extendedMonths: 6 } });
    await ask({ endsOn: '2022-12' }).leaves({ term: { endsOn: '2022-12' } });
  });
});

describe('an extension without an option', () => {
  const office = 'Deputy Mayor';
  const policy = { policy: 'consent', title: 'Scheme of consent', version: '1', inForceFrom: '2014', approvals: [{ monthsAbove: 12, approver: office }] }; // prettier-ignore
  const rules = specification(contract, { id: 'met-hosting', others: world(context('PolicyAdopted', policy, '2014')) });
  const life = (more: object = {}) => [
    context('ContractAwarded', { ...award(), endsOn: '2021-12-31', options: [{ option: 'year-7', months: 24 }], ...more }, '2015'),
    context('ContractSigned', {}, '2016'),
  ];
  const by = (decider: string) => ({ effectiveOn: '2021', decidedBy: { person: 'p-1', office: decider } });

  it('is assessed as a change of the term', async () => {
    await rules(...life())
      .when(exerciseExtension, { months: 13 }, by('Director'))
      .assesses({ 'consent/approval': { result: 'not-met', inputs: { endsOn: '2021-12-31', newEndsOn: '2023-01-31' } } });
    await rules(...life())
      .when(exerciseExtension, { endsOn: '2023-01-31' }, by(office))
      .assesses({ 'consent/approval': 'met' });
    await rules(...life())
      .when(exerciseExtension, { months: 12 }, by('Director'))
      .assesses({ 'consent/approval': 'met' });
    await rules(...life({ endsOn: 'unknown' }))
      .when(exerciseExtension, { months: 13 }, by('Director'))
      .assesses({ 'consent/approval': 'not-assessable' });
  });

  it('which one by an option is not', () =>
    rules(...life())
      .when(exerciseExtension, { option: 'year-7' }, by('Director'))
      .assesses({}));
});

describe('NovateContract', () => {
  it('moves the contract to another supplier, and records from whom', () =>
    given(...until('live'))
      .when(novateContract, { supplier: 'atos', takesEffectOn: '2023-11' })
      .leaves({
        suppliers: [
          { supplier: 'csc', leftOn: '2023-11' },
          { supplier: 'atos', joinedOn: '2023-11' },
        ],
        novations: [{ from: 'csc', to: 'atos', on: '2023-11' }],
      }));

  it('needs another supplier, who is registered', async () => {
    await given(...until('live'))
      .when(novateContract, { supplier: 'csc' })
      .rejects('contract/same-supplier', { pointer: '/supplier' });
    await given(...until('live'))
      .when(novateContract, { supplier: 'nobody' })
      .rejects('ledger/unknown-reference');
  });
});

describe('StartService', () => {
  it('starts the service on its day, which says nothing of the first day of the term', async () => {
    await given(...until('signed'))
      .when(startService, {}, { effectiveOn: '2018-03-01' })
      .leaves(({ term, dates }) => expect([term.startsOn, dates['started']]).toEqual([undefined, '2018-03-01']));
    await given(context('ContractAwarded', { ...award(), startsOn: '2016-02' }, '2015'))
      .when(startService, {}, { effectiveOn: '2016-03-01' })
      .leaves({ term: { startsOn: '2016-02' }, dates: { started: '2016-03-01' } });
  });

  it('is assessed by no rule that the programme did not adopt', () =>
    given(...until('awarded'))
      .when(startService)
      .assesses({}));

  it('meets the rule once the contract is signed', () =>
    underRules(...until('signed'))
      .when(startService)
      .assesses({ 'contract-rules/signed-before-service': 'met' }));

  it('is refused before signature under the rule', () =>
    underRules(...until('awarded'))
      .when(startService)
      .rejects('ledger/policy-not-met', { assessed: [{ rule: 'contract-rules/signed-before-service', version: '1' }] }));

  it('is accepted when it is backdated, with the unmet rule recorded', () =>
    underRules(...until('awarded'))
      .when(startService, {}, { effectiveOn: '2016-06-01' })
      .assesses({ 'contract-rules/signed-before-service': { result: 'not-met', inputs: { stage: 'awarded' } } }));

  it('cannot be assessed when it is unknown whether the rule was in force', () =>
    underRules(...until('awarded'))
      .when(startService, {}, { effectiveOn: 'unknown' })
      .assesses({ 'contract-rules/signed-before-service': 'not-assessable' }));
});

describe('DiscloseValue', () => {
  it('gives the contract its original value and its ceiling', () =>
    given(...until('live'))
      .when(discloseValue, { value: gbp('96000000'), covers: 'initial-term', vat: 'ex' })
      .leaves({ original: gbp('96000000'), ceiling: gbp('96000000'), covers: 'initial-term', vat: 'ex' }));

  it('leaves a ceiling that was approved since', () =>
    given(...until('live'), context('ChangeApproved', { kind: 'value', to: gbp('143000000') }, '2019'))
      .when(discloseValue, { value: gbp('96000000') })
      .leaves({ original: gbp('96000000'), ceiling: gbp('143000000') }));

  it('counts the steps that were approved before it', () =>
    given(...until('live'), context('ChangeApproved', { kind: 'value', by: gbp('10000000') }, '2019'))
      .when(discloseValue, { value: gbp('96000000') })
      .leaves({ original: gbp('96000000'), ceiling: gbp('106000000.00'), changes: [{ from: gbp('96000000'), to: gbp('106000000.00') }] }));

  it('stays in the currency of the changes', () =>
    given(...until('live'), context('ChangeApproved', { kind: 'value', to: gbp('143000000') }, '2019'))
      .when(discloseValue, { value: { amount: '96000000', currency: 'USD' } })
      .rejects('contract/mixed-currencies'));

  it('never replaces a value that is known', () =>
    given(context('ContractAwarded', { ...award(), value: gbp('95000000') }))
      .when(discloseValue, { value: gbp('96000000') })
      .rejects('contract/already-disclosed', { pointer: '/value', detail: '£95m' }));
});

describe('RecordDelay', () => {
  it('keeps what is late, why, and until when', () =>
    given(...until('signed'))
      .when(recordDelay, { milestone: 'Go-live', from: '2016-03', to: '2016-09', cause: 'Migration' })
      .leaves({ stage: 'signed', delays: [{ milestone: 'Go-live', from: '2016-03', to: '2016-09', cause: 'Migration' }] }));

  it('moves a milestone to a later date', () =>
    given(...until('signed'))
      .when(recordDelay, { milestone: 'Go-live', from: '2016-03', to: '2016-02' })
      .rejects('contract/delay-earlier', { pointer: '/to' }));
});

describe('GiveTerminationNotice', () => {
  it('records who gives notice and when the contract is to end', () =>
    given(...until('live'))
      .when(giveTerminationNotice, { by: 'supplier', takesEffectOn: '2026-12-31' })
      .leaves({ notice: { by: 'supplier', takesEffectOn: '2026-12-31', was: 'live' }, dates: { noticeGiven: '2026-03-02' } }));

  it('cannot take effect before it is given', () =>
    given(...until('live'))
      .when(giveTerminationNotice, { ...inNotice, takesEffectOn: '2026-03-01' })
      .rejects('contract/notice-ends-in-the-past', { pointer: '/takesEffectOn', detail: '2026-03-02' }));

  const withNotice = (noticeDays: number) => context('ContractRecorded', { ...record(), noticeDays }, '2016');
  const rule = 'contract-rules/contractual-notice';

  it('meets the contractual notice to the day', () =>
    underRules(withNotice(180))
      .when(giveTerminationNotice, { ...inNotice, takesEffectOn: '2026-08-29' })
      .assesses({ [rule]: { result: 'met', inputs: { noticeDays: 180, takesEffectOn: '2026-08-29' } } }));

  it('is refused a day short of it', () =>
    underRules(withNotice(180))
      .when(giveTerminationNotice, { ...inNotice, takesEffectOn: '2026-08-28' })
      .rejects('ledger/policy-not-met', { assessed: [{ rule, result: 'not-met' }] }));

  it('cannot be assessed without the day it takes effect, or without its own', async () => {
    await underRules(withNotice(180))
      .when(giveTerminationNotice, inNotice)
      .assesses({ [rule]: 'not-assessable' });
    await underRules(withNotice(180))
      .when(giveTerminationNotice, { ...inNotice, takesEffectOn: '2018-06-15' }, { effectiveOn: '2017-12' })
      .assesses({ [rule]: 'not-assessable' });
  });

  it('is not assessed where the contract states no notice', () =>
    underRules(context('ContractRecorded', record(), '2016'))
      .when(giveTerminationNotice, inNotice)
      .assesses({}));
});

describe('WithdrawTerminationNotice', () => {
  it.each(['signed', 'live'] as const)('makes the contract %s again', (stage) =>
    given(...until(stage), context('TerminationNoticeGiven', inNotice, '2019'))
      .when(withdrawTerminationNotice)
      .leaves((state) => expect([state.stage, state.notice, state.dates['noticeGiven']]).toEqual([stage, undefined, undefined])),
  );
});

describe('StartService', () => {
  it('never begins after the end of the term', () =>
    given(context('ContractAwarded', { ...award(), endsOn: '2016-12-31' }, '2015'))
      .when(startService)
      .rejects('contract/ends-before-start'));
});

describe('TerminateContract', () => {
  it('in part leaves the contract at its stage, and its term as it was', async () => {
    await given(...until('signed'))
      .when(terminateContract, { ground: 'Convenience', partial: true, endsOn: '2025' })
      .leaves((state) => expect([state.stage, state.term.endsOn, state.terminations[0]!.endsOn]).toEqual(['signed', undefined, '2025']));
    await given(...until('notice-given'))
      .when(terminateContract, { ground: 'Convenience', partial: true })
      .leaves({ stage: 'notice-given' });
  });

  it('never ends the services before they started', () =>
    given(...until('live'))
      .when(terminateContract, { ground: 'Breach', endsOn: '2015' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn', detail: 'the service started on 2018' }));

  it('may end a contract before a start that never came', () =>
    given(context('ContractAwarded', { ...award(), startsOn: '2016' }, '2015'), context('ContractSigned', {}, '2015'))
      .when(terminateContract, { ground: 'Breach', endsOn: '2015' }, { effectiveOn: '2015' })
      .leaves((state) => expect([state.stage, state.term.endsOn, codesOf(state)]).toEqual(['exiting', '2015', ['never-started']])));

  it('ends the services on a ground, because another contract ended', () =>
    given(...until('live'))
      .when(terminateContract, { ground: 'Convenience', causedBy: 'incumbent', endsOn: '2026-12-31' })
      .leaves({ stage: 'exiting', terminations: [{ ground: 'Convenience', causedBy: 'incumbent', partial: false, on: '2026-03-02' }] }));

  it('in part, leaves a live contract live', () =>
    given(...until('live'))
      .when(terminateContract, { ground: 'Convenience', partial: true })
      .leaves({ stage: 'live', terminations: [{ partial: true }] }));

  it('is never caused by itself', () =>
    given(...until('live'))
      .when(terminateContract, { ground: 'Breach', causedBy: 'met-hosting' })
      .rejects('contract/caused-by-itself', { pointer: '/causedBy' }));
});

describe('CloseContract', () => {
  it('records what it came to in the end, and when it ended', () =>
    given(...until('exiting'))
      .when(closeContract, { finalValue: { unknown: true }, endedOn: '2025' })
      .leaves({ stage: 'closed', finalValue: { unknown: true }, term: { endsOn: '2025' } }));

  it('is closed in the currency of its value', () =>
    given(...until('live', { value: gbp('95000000') }), context('ContractTerminated', { ground: 'Convenience' }, '2021'))
      .when(closeContract, { ...closing(), finalValue: { amount: '94000000', currency: 'EUR' } })
      .rejects('contract/mixed-currencies', { pointer: '/finalValue/currency', detail: 'GBP and EUR' }));

  it('never ended before it started', () =>
    given(...until('exiting'))
      .when(closeContract, { ...closing(), endedOn: '2015' })
      .rejects('contract/ends-before-start', { pointer: '/endedOn', detail: '2018' }));
});

describe('what a contract keeps', () => {
  it('is what its award said of it, and what nobody said is unknown', async () => {
    const said = { replaces: 'incumbent', regime: 'PCR2015', covers: 'initial-term', vat: 'ex', breaks: [{ afterMonths: 24 }] };
    await given()
      .when(awardContract, { ...award(), ...said }, { effectiveOn: '2016' })
      .leaves({ ...said, stage: 'awarded', suppliers: [{ supplier: 'csc' }], towers: ['hosting'], dates: { awarded: '2016' } });
    await given()
      .when(awardContract, award())
      .leaves((state) => {
        expect(state).toMatchObject({ covers: 'unknown', vat: 'unknown', breaks: [], options: [], term: {} });
        for (const field of ['replaces', 'regime', 'noticeDays']) expect(state).not.toHaveProperty(field);
      });
  });

  it('is also what was recorded of one that ran already, or planned of one to come', async () => {
    const said = { replaces: 'incumbent', regime: 'PCR2006', awardedOn: '2009', signedOn: '2010' };
    await given()
      .when(recordContract, { ...record(), ...said })
      .leaves({
        replaces: 'incumbent',
        regime: 'PCR2006',
        towers: [],
        dates: { recordedAs: '2026-03-02', awarded: '2009', signed: '2010' },
      });
    await given()
      .when(planContract, { programme: 'met', title: 'Networks', replaces: 'incumbent' })
      .leaves({ replaces: 'incumbent', towers: [], dates: { planned: '2026-03-02' } });
    await given(...until('planned'))
      .when(cancelContract, { why: 'Out of money' }, { effectiveOn: '2016' })
      .leaves({ stage: 'cancelled', dates: { planned: '2014', cancelled: '2016' } });
  });

  it('is a tower, where it is the contract of one', () =>
    given()
      .when(recordContract, { ...record(), role: 'tower', towers: ['hosting'] })
      .leaves({ role: 'tower', towers: ['hosting'] }));

  it('has dates in order, or a finding that names both', () =>
    given()
      .when(recordContract, { ...record(), awardedOn: '2016', signedOn: '2015' })
      .leaves((state) =>
        expect(contractFindings(state)).toEqual([{ code: 'signed-before-award', text: 'It was signed on 2015, and awarded on 2016.' }]),
      ));

  it('was assessed on the last day of its standstill, as far as one was published', async () => {
    const standstill = specification(contract, { id: 'met-hosting', others: world(adopted('standstill')) });
    const rule = 'contract-rules/standstill';
    const notice = (more: object) => context('AwardNoticePublished', { reference: '2016/S 045', ...more }, '2016');
    const signed = (effectiveOn: string) => [signContract, {}, { effectiveOn }] as const;
    await standstill(...until('awarded'))
      .when(...signed('2016-03'))
      .assesses({ [rule]: { result: 'not-assessable', inputs: { standstillEndsOn: null } } });
    await standstill(...until('awarded'), notice({ standstillEndsOn: '2016-03-10' }), notice({}))
      .when(...signed('2016-03-11'))
      .assesses({ [rule]: { result: 'met', inputs: { standstillEndsOn: '2016-03-10' } } });
  });
});

describe('what a contract is about', () => {
  it('is itself, and the programme, the towers and the supplier that it names', () => {
    const { initial, about } = contract;
    expect(about('siam', initial)).toStrictEqual({ contract: ['siam'] });
    expect(about('siam', { ...initial, programme: 'met', towers: ['hosting', 'euc'], suppliers: [{ supplier: 'csc' }] })).toStrictEqual({
      contract: ['siam'],
      programme: 'met',
      tower: ['hosting', 'euc'],
      supplier: ['csc'],
    });
  });
});

/** A whole life: what was recorded until a stage was reached. */
function until(stage: Stage, more: object = {}): GivenEvent[] {
  const life = [
    context('ContractPlanned', plan(), '2014'),
    context('TenderOpened', {}, '2015'),
    context('ContractAwarded', { ...award(), ...more }, '2016'),
    context('ContractSigned', {}, '2017'),
    context('ServiceStarted', {}, '2018'),
    context('TerminationNoticeGiven', inNotice, '2020'),
    context('ContractTerminated', { ground: 'Convenience' }, '2021'),
    context('ContractClosed', closing(), '2022'),
  ];
  if (stage === 'cancelled') return [life[0]!, context('ContractCancelled', { why: 'Out of money' }, '2015')];
  return life.slice(0, STAGES.indexOf(stage));
}
function codesOf(state: Contract): string[] {
  return contractFindings(state).map(({ code }) => code);
}
function plan() {
  return { programme: 'met', title: 'Hosting', towers: ['hosting'] };
}
function award() {
  return { ...plan(), suppliers: [{ supplier: 'csc' }], value: { undisclosed: true } };
}
function record() {
  return {
    programme: 'met',
    title: 'Managed services',
    stage: 'live',
    role: 'incumbent',
    suppliers: [{ supplier: 'csc' }],
    value: { unknown: true },
  };
}
function closing() {
  return { finalValue: gbp('94000000'), endedOn: '2022' };
}
function gbp(amount: string) {
  return { amount, currency: 'GBP' };
}
function adopted(...checks: string[]): GivenEvent {
  return context('PolicyAdopted', { policy: 'contract-rules', title: 'Contract rules', version: '1', inForceFrom: '2014', checks }, '2014');
}
function world(...events: GivenEvent[]): Stream[] {
  const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014');
  return [
    stream(programme, 'met', chartered, ...events),
    stream(programme, 'other', chartered),
    stream(tower, 'hosting', context('TowerPlanned', { programme: 'met', title: 'Hosting' }, '2014')),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2014')),
    stream(supplier, 'atos', context('SupplierRegistered', { title: 'Atos', form: 'company' }, '2014')),
    stream(contract, 'incumbent', context('ContractRecorded', record(), '2014')),
  ];
}
