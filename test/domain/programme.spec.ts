import { describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { addWarning } from '../../src/domain/programme/commands/add-warning.js';
import { adoptPolicy } from '../../src/domain/programme/commands/adopt-policy.js';
import { appointIntegrator } from '../../src/domain/programme/commands/appoint-integrator.js';
import { charterProgramme } from '../../src/domain/programme/commands/charter-programme.js';
import { publishStrategy } from '../../src/domain/programme/commands/publish-strategy.js';
import { raiseRisk } from '../../src/domain/programme/commands/raise-risk.js';
import { recordPortfolioSize } from '../../src/domain/programme/commands/record-portfolio-size.js';
import { recordSaving } from '../../src/domain/programme/commands/record-saving.js';
import { setHeadcountTarget } from '../../src/domain/programme/commands/set-headcount-target.js';
import { setSavingsTarget } from '../../src/domain/programme/commands/set-savings-target.js';
import { programme, type Programme } from '../../src/domain/programme/index.js';
import { withPolicy } from '../../src/domain/programme/policies.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { historyOf, specification, stream, theFact, context, type GivenEvent } from '../given.js';

const given = specification(programme, {
  id: 'met',
  others: [stream(supplier, 'csc', registered()), stream(contract, 'siam', awarded()), stream(contract, 'sdim', awarded())],
});

describe('CharterProgramme', () => {
  it('opens the ledger of a programme', () => given().when(charterProgramme, met).then(context('ProgrammeChartered', met)));

  it('counts a decision as backdated from the next day on, unless it grants days of grace', async () => {
    await given().when(charterProgramme, met).leaves({ stage: 'chartered', lateGraceDays: 0 });
    await given()
      .when(charterProgramme, { ...met, lateGraceDays: 14 })
      .leaves({ stage: 'chartered', lateGraceDays: 14 });
  });

  it('accounts in a currency that ISO 4217 lists', () =>
    given()
      .when(charterProgramme, { ...met, baseCurrency: 'XXQ' })
      .rejects('programme/unknown-currency', { pointer: '/baseCurrency', detail: 'XXQ' }));

  it('opens each programme once', () => given(chartered()).when(charterProgramme, met).rejects('programme/exists'));

  it('is never recorded before its day', () =>
    given().when(charterProgramme, met, { effectiveOn: '2026-04' }).rejects('ledger/effective-after-today'));
});

describe('AppointIntegrator', () => {
  it('appoints the contract that holds the towers together', () =>
    given(chartered())
      .when(appointIntegrator, by('siam'))
      .then(context('IntegratorAppointed', by('siam'))));

  it('remembers since when', () =>
    given(chartered())
      .when(appointIntegrator, by('siam'), { effectiveOn: '2015-11-02' })
      .leaves({ integrator: { contract: 'siam', on: '2015-11-02' } }));

  it('is already so when the same contract is appointed again', () =>
    given(chartered(), appointed('siam', '2015')).when(appointIntegrator, by('siam')).changesNothing());

  it('replaces the integrator before', () =>
    given(chartered(), appointed('siam', '2015'))
      .when(appointIntegrator, by('sdim'), { effectiveOn: '2018' })
      .leaves({ integrator: { contract: 'sdim', on: '2018' } }));

  it('leaves in place the one appointed since, when it is backdated', () =>
    given(chartered(), appointed('sdim', '2018'))
      .when(appointIntegrator, by('siam'), { effectiveOn: '2015' })
      .leaves({ integrator: { contract: 'sdim', on: '2018' } }));

  it('needs the contract to be recorded', () =>
    given(chartered()).when(appointIntegrator, by('nobody')).rejects('ledger/unknown-reference', { pointer: '/contract' }));

  it('needs a programme', () => given().when(appointIntegrator, by('siam')).rejects('programme/unknown'));

  it('is refused before the programme begins', () =>
    given(chartered())
      .when(appointIntegrator, by('siam'), { effectiveOn: '2012' })
      .rejects('programme/not-yet', { pointer: '/record/effectiveOn', detail: 'ProgrammeChartered of 2014' }));
});

describe('AddWarning', () => {
  it('records who warned of what, and where it was said', () =>
    given(chartered()).when(addWarning, towerModel).then(context('WarningAdded', towerModel)));

  it('may be about a supplier and another authority', () =>
    given(chartered('2008'))
      .when(addWarning, nhs, { effectiveOn: '2009' })
      .leaves({ warnings: [{ ...nhs, on: '2009' }] }));

  it('is already so when it is recorded again', () =>
    given(chartered(), context('WarningAdded', towerModel)).when(addWarning, towerModel).changesNothing());

  it('never puts another warning under an id that is taken', () =>
    given(chartered(), context('WarningAdded', towerModel))
      .when(addWarning, { ...towerModel, by: 'London Assembly' })
      .rejects('programme/warning-exists', { pointer: '/warning' }));

  it('cannot take the id of a later warning when it is backdated', () =>
    given(chartered(), context('WarningAdded', towerModel, '2016-02'))
      .when(addWarning, { ...towerModel, by: 'London Assembly' }, { effectiveOn: '2015' })
      .rejects('ledger/breaks-later-event', {
        event: theFact(2),
        eventType: 'WarningAdded',
        eventEffectiveOn: '2016-02',
        because: 'programme/warning-exists',
      }));

  it('needs the supplier it is about to be registered', () =>
    given(chartered())
      .when(addWarning, { ...towerModel, about: { supplier: 'nobody' } })
      .rejects('ledger/unknown-reference', { pointer: '/about/supplier' }));

  it('needs a programme', () => given().when(addWarning, towerModel).rejects('programme/unknown'));

  it('is refused before the programme begins', () =>
    given(chartered()).when(addWarning, towerModel, { effectiveOn: '2013-12-31' }).rejects('programme/not-yet'));
});

describe('AdoptPolicy', () => {
  it('adopts an approval table', () => given(chartered()).when(adoptPolicy, scheme).then(context('PolicyAdopted', scheme)));

  it('adopts checks by their names', () =>
    given(chartered())
      .when(adoptPolicy, { ...checks, inForceUntil: '2019' })
      .leaves({ policies: [{ ...checks, inForceUntil: '2019' }] }));

  it('keeps the version before alongside the new one, each with its period', () =>
    given(chartered(), context('PolicyAdopted', scheme))
      .when(adoptPolicy, { ...scheme, version: '2020-1', inForceFrom: '2020' })
      .leaves({ policies: [{ version: '2016-1' }, { version: '2020-1' }] }));

  it('is already so when the same version is adopted again, whichever others there are', async () => {
    const all = [scheme, { ...scheme, version: '2020-1' }, { ...scheme, policy: 'other' }, checks];
    const adopted = given(chartered(), ...all.map((one) => context('PolicyAdopted', one)));
    for (const one of all) await adopted.when(adoptPolicy, one).changesNothing();
  });

  it('never changes the rules of a version that was adopted', () =>
    given(chartered(), context('PolicyAdopted', scheme))
      .when(adoptPolicy, { ...scheme, checks: ['contractual-notice'] })
      .rejects('programme/policy-exists', { pointer: '/version' }));

  it('cannot take the version of a later adoption when it is backdated', () =>
    given(chartered(), context('PolicyAdopted', scheme, '2016'))
      .when(adoptPolicy, scheme, { effectiveOn: '2015' })
      .rejects('ledger/breaks-later-event', { eventType: 'PolicyAdopted', because: 'programme/policy-exists' }));

  it('needs something to assess by', async () => {
    const { approvals: _, ...empty } = scheme;
    await given(chartered()).when(adoptPolicy, empty).rejects('programme/policy-without-rules', { pointer: '/approvals' });
    await given(chartered())
      .when(adoptPolicy, { ...empty, approvals: [], checks: [] })
      .rejects('programme/policy-without-rules');
  });

  it('needs a condition in each row of its table', () =>
    given(chartered())
      .when(adoptPolicy, { ...scheme, approvals: [...scheme.approvals, { approver: 'Commissioner' }] })
      .rejects('programme/empty-approval-row', { pointer: '/approvals/1' }));

  it('cannot end before it is in force', async () => {
    await given(chartered())
      .when(adoptPolicy, { ...scheme, inForceUntil: '2015-12-31' })
      .rejects('programme/policy-ends-before-start', { pointer: '/inForceUntil', detail: '2016-01-01' });
    await given(chartered())
      .when(adoptPolicy, { ...scheme, inForceUntil: '2016' })
      .then(context('PolicyAdopted', { ...scheme, inForceUntil: '2016' }));
  });

  it('of unknown start is adopted on a day that is known, since it is in force from then: else it would bind nobody', async () => {
    const unknown = { ...scheme, inForceFrom: 'unknown' };
    for (const effectiveOn of ['unknown', '[2016..]'])
      await given(chartered())
        .when(adoptPolicy, unknown, { effectiveOn })
        .rejects('programme/policy-without-day', { pointer: '/record/effectiveOn' });
    await given(chartered())
      .when(adoptPolicy, unknown, { effectiveOn: '[..2016]' })
      .leaves({ policies: [{ adoptedOn: '[..2016]' }] });
    await given(chartered()).when(adoptPolicy, scheme, { effectiveOn: 'unknown' }).leaves({ policies: [{ inForceFrom: scheme.inForceFrom }] }); // prettier-ignore
    await given(chartered(), context('PolicyAdopted', unknown, '2017'))
      .when(correctFact, { event: theFact(2), changes: [{ pointer: '/effectiveOn', value: 'unknown' }], because: 'error' })
      .rejects('ledger/wrong-value', { because: 'programme/policy-without-day' });
  });

  it('needs a programme', () => given().when(adoptPolicy, scheme).rejects('programme/unknown'));

  it('is refused before the programme begins', () =>
    given(chartered()).when(adoptPolicy, scheme, { effectiveOn: '2010' }).rejects('programme/not-yet'));
});

describe('a programme as if it had adopted a policy', () => {
  const adopted = (policy: typeof scheme | typeof checks, on: string) => context('PolicyAdopted', policy, on);
  const before = () => [adopted(scheme, '2016'), adopted(checks, '2017'), adopted({ ...scheme, version: '2018-1' }, '2018')];
  const stateAfter = (...events: readonly GivenEvent[]) => historyOf(stream(programme, 'met', chartered(), ...events)).state as Programme;

  it('has it beside the others, since the day for which it is asked', () =>
    expect(withPolicy(stateAfter(...before()), { ...scheme, policy: 'other' }, '2019-03').policies).toEqual([
      ...stateAfter(...before()).policies,
      { ...scheme, policy: 'other', adoptedOn: '2019-03' },
    ]));

  it('has it in the place of every version of the same policy, since the first of them was adopted', () => {
    const strict = { ...scheme, version: 'strict', approvals: [{ monthsAbove: 1, approver: 'Mayor' }] };
    expect(withPolicy(stateAfter(...before()), strict, '2019-03').policies).toEqual([
      { ...checks, adoptedOn: '2017' },
      { ...strict, adoptedOn: '2016' },
    ]);
  });

  it('is otherwise as it was', () => {
    const { policies: _, ...was } = stateAfter(appointed('siam', '2016'));
    const { policies, ...is } = withPolicy(stateAfter(appointed('siam', '2016')), scheme, '2019');
    expect([is, policies]).toEqual([was, [{ ...scheme, adoptedOn: '2019' }]]);
  });
});

describe('PublishStrategy', () => {
  const strategy = { strategy: 'total-technology', title: 'Total Technology', published: '2014', reviewDue: '2016' };
  it('says when it was published, and when it is to be reviewed', () =>
    given(chartered())
      .when(publishStrategy, strategy)
      .leaves({ strategies: [{ ...strategy, on: '2014' }] }));

  it('is reviewed after it was published, and has an id of its own', async () => {
    await given(chartered())
      .when(publishStrategy, { ...strategy, reviewDue: '2013' })
      .rejects('programme/review-before-publication', { pointer: '/reviewDue' });
    await given(chartered(), context('StrategyPublished', strategy)).when(publishStrategy, strategy).rejects('programme/duplicate');
  });
});

describe('RecordPortfolioSize', () => {
  it('keeps the last count', () =>
    given(chartered(), context('PortfolioSizeRecorded', { projects: 160 }, '2015'))
      .when(recordPortfolioSize, { projects: 146, qualifier: 'about' })
      .leaves({ portfolio: { projects: 146, qualifier: 'about', on: '2026-03-02' } }));
});

describe('SetSavingsTarget and RecordSaving', () => {
  const target = {
    target: 'three-years',
    title: 'Saved over three years',
    amount: { amount: '200000000', currency: 'GBP' },
    overMonths: 36,
  };
  const saving = { saving: 'year-1', target: 'three-years', amount: { amount: '40000000', currency: 'GBP' }, verifiedBy: 'Audit' };
  const set = context('SavingsTargetSet', target, '2014');

  it('promise an amount or a percentage of something', async () => {
    await given(chartered())
      .when(setSavingsTarget, target)
      .leaves({ savingsTargets: [target] });
    const { amount: _, ...bare } = target;
    await given(chartered())
      .when(setSavingsTarget, { ...bare, percent: 30, of: 'Running cost' })
      .leaves({ savingsTargets: [{ percent: 30 }] });
    await given(chartered()).when(setSavingsTarget, bare).rejects('programme/target-without-figure');
    await given(chartered())
      .when(setSavingsTarget, { ...bare, percent: 30 })
      .rejects('programme/percentage-of-nothing', { pointer: '/of' });
    await given(chartered(), set).when(setSavingsTarget, target).rejects('programme/duplicate');
  });

  it('count what was saved towards a target that was set', async () => {
    await given(chartered(), set)
      .when(recordSaving, saving)
      .leaves({ savings: [saving] });
    await given(chartered()).when(recordSaving, saving).rejects('programme/unknown-target');
    await given(chartered(), set, context('SavingRecorded', saving, '2015'))
      .when(recordSaving, saving)
      .rejects('programme/duplicate');
  });
});

describe('SetHeadcountTarget', () => {
  const target = { target: 'in-house-it', title: 'In-house IT', from: { count: 800, unit: 'people' }, to: { count: 100, unit: 'people' } };
  it('is a plan: nobody moves', () =>
    given(chartered())
      .when(setHeadcountTarget, target)
      .leaves({ headcountTargets: [target] }));

  it('counts the same before and after, and has an id of its own', async () => {
    await given(chartered())
      .when(setHeadcountTarget, { ...target, to: { count: 100, unit: 'posts' } })
      .rejects('programme/mixed-units');
    await given(chartered(), context('HeadcountTargetSet', target)).when(setHeadcountTarget, target).rejects('programme/duplicate');
  });
});

describe('RaiseRisk', () => {
  const risk = { risk: 'strategy', summary: 'The strategy may fail', source: { title: 'The Register' }, about: { contract: 'siam' } };
  it('has a source, and may be about a contract', () =>
    given(chartered())
      .when(raiseRisk, risk)
      .leaves({ risks: [risk] }));
  it('has an id of its own', () => given(chartered(), context('RiskRaised', risk)).when(raiseRisk, risk).rejects('programme/duplicate'));
});

describe('ids of their own', () => {
  const source = { title: 'A report' };
  const headcount = { count: 100, unit: 'people' };
  const amount = { amount: '1', currency: 'GBP' };

  it('keep strategies, targets, savings and risks apart that have other ids', async () => {
    await given(chartered(), context('StrategyPublished', { strategy: 'a', title: 'A' }))
      .when(publishStrategy, { strategy: 'b', title: 'A' })
      .leaves({ strategies: [{ strategy: 'a' }, { strategy: 'b' }] });
    await given(chartered(), context('SavingsTargetSet', { target: 'a', title: 'A', amount }))
      .when(setSavingsTarget, { target: 'b', title: 'A', amount })
      .leaves({ savingsTargets: [{ target: 'a' }, { target: 'b' }] });
    await given(chartered(), context('SavingRecorded', { saving: 'a', amount }))
      .when(recordSaving, { saving: 'b', amount })
      .leaves({ savings: [{ saving: 'a' }, { saving: 'b' }] });
    await given(chartered(), context('HeadcountTargetSet', { target: 'a', title: 'A', to: headcount }))
      .when(setHeadcountTarget, { target: 'b', title: 'A', to: headcount })
      .leaves({ headcountTargets: [{ target: 'a' }, { target: 'b' }] });
    await given(chartered(), context('RiskRaised', { risk: 'a', summary: 'A', source }))
      .when(raiseRisk, { risk: 'b', summary: 'A', source })
      .leaves({ risks: [{ risk: 'a' }, { risk: 'b' }] });
    await given(chartered(), context('WarningAdded', towerModel))
      .when(addWarning, { ...towerModel, warning: 'another' })
      .leaves({ warnings: [{ warning: 'gds-tower-model' }, { warning: 'another' }] });
  });

  it('count a saving towards its own target alone, or towards none', async () => {
    const set = context('SavingsTargetSet', { target: 'a', title: 'A', amount });
    await given(chartered(), set)
      .when(recordSaving, { saving: 's', amount })
      .leaves({ savings: [{ saving: 's' }] });
    await given(chartered(), set).when(recordSaving, { saving: 's', target: 'b', amount }).rejects('programme/unknown-target', { pointer: '/target' }); // prettier-ignore
  });
});

describe('a refusal of a programme says what is in the way', () => {
  it.each([
    ['the day of publication', { strategy: 's', title: 'S', published: '2015', reviewDue: '2014' }, 'It was published on 2015.'],
    ['the day of the act, where it says none', { strategy: 's', title: 'S', reviewDue: '2014' }, 'It was published on 2026-03-02.'],
  ])('of a review: %s', (_, strategy, detail) =>
    given(chartered()).when(publishStrategy, strategy).rejects('programme/review-before-publication', { detail }),
  );

  it('of units, of a warning and of a policy', async () => {
    const people = { count: 1, unit: 'people' };
    await given(chartered())
      .when(setHeadcountTarget, { target: 't', title: 'T', from: people, to: { count: 1, unit: 'fte' } })
      .rejects('programme/mixed-units', { pointer: '/to/unit', detail: 'There were so many people, and are to be so many fte.' });
    await given(chartered(), context('WarningAdded', towerModel), context('WarningAdded', { ...towerModel, warning: 'b' }))
      .when(addWarning, { ...towerModel, warning: 'b', by: 'London Assembly' })
      .rejects('programme/warning-exists', { detail: 'b is the id of another warning.' });
    await given(chartered(), context('PolicyAdopted', checks), context('PolicyAdopted', scheme))
      .when(adoptPolicy, { ...scheme, checks: ['standstill'] })
      .rejects('programme/policy-exists', { detail: 'Version 2016-1 of scheme-of-consent has other rules: adopt a new version.' });
  });

  it('of a policy: one of write-offs alone is enough', () =>
    given(chartered())
      .when(adoptPolicy, { policy: 'w', title: 'W', version: '1', inForceFrom: '2014', writeOffs: [{ approver: 'Commissioner' }] })
      .leaves({ policies: [{ policy: 'w' }] }));
});

it('a programme is about itself, and the contract of its integrator', () => {
  expect(programme.about('met', programme.initial)).toStrictEqual({ programme: 'met' });
  const integrated = { ...programme.initial, integrator: { contract: 'siam', on: '2015' } };
  expect(programme.about('met', integrated)).toStrictEqual({ programme: 'met', contract: ['siam'] });
});

const met = { title: 'Total Technology', authority: 'Metropolitan Police Service', baseCurrency: 'GBP' };
const towerModel = {
  warning: 'gds-tower-model',
  summary: 'The tower model is no longer official government policy',
  by: 'Cabinet Office',
  source: { title: 'GDS blog' },
};
const nhs = {
  warning: 'nhs-delays',
  summary: 'Delays and failures on a national programme',
  by: 'The press',
  source: { title: 'A newspaper' },
  about: { supplier: 'csc', elsewhere: { authority: 'NHS', programme: 'National Programme for IT' } },
};
const scheme = {
  policy: 'scheme-of-consent',
  title: 'Scheme of consent',
  version: '2016-1',
  inForceFrom: '2016-01-01',
  approvals: [
    { originalAtLeast: { amount: '500000', currency: 'GBP' }, stepOverOriginalAbove: 10, monthsAbove: 12, approver: 'Deputy Mayor' },
  ],
};
const checks = { policy: 'contract-rules', title: 'Contract rules', version: '1', inForceFrom: '2014', checks: ['signed-before-service'] };
const by = (contract: string) => ({ contract });
const chartered = (on = '2014') => context('ProgrammeChartered', met, on);
const appointed = (contract: string, on: string) => context('IntegratorAppointed', by(contract), on);

function registered(): GivenEvent {
  return context('SupplierRegistered', { title: 'CSC', form: 'company' });
}
function awarded(): GivenEvent {
  return context(
    'ContractAwarded',
    { programme: 'met', title: 'SIAM', suppliers: [{ supplier: 'csc' }], value: { undisclosed: true } },
    '2015',
  );
}
