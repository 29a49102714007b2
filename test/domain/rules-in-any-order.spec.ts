import { describe, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { discloseValue } from '../../src/domain/contract/commands/disclose-value.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { novateContract } from '../../src/domain/contract/commands/novate-contract.js';
import { recordDelay } from '../../src/domain/contract/commands/record-delay.js';
import { startService } from '../../src/domain/contract/commands/start-service.js';
import { contract } from '../../src/domain/contract/index.js';
import { annotate } from '../../src/domain/ledger/commands/annotate.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, theFact, type GivenEvent } from '../given.js';

const registered = (id: string) => stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' }, '2009'));
const given = specification(contract, {
  id: 'met-hosting',
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2009')),
    registered('csc'),
    registered('atos'),
  ],
});
const [AWARD, FIRST, SECOND] = [theFact(1), theFact(3), theFact(4)];
const on = (effectiveOn: string) => ({ effectiveOn });
const correction = (event: string, pointer: string, value: unknown) => ({ event, changes: [{ pointer, value }], because: 'error' });

describe('a value is disclosed once', () => {
  const disclosed = [...live(), context('ValueDisclosed', { value: gbp('900') }, '2018')];
  const breaks = { event: FIRST, eventType: 'ValueDisclosed', eventEffectiveOn: '2018', because: 'contract/already-disclosed' };

  it('also when the second disclosure is backdated before the first', () =>
    given(...disclosed)
      .when(discloseValue, { value: gbp('100') }, on('2017'))
      .rejects('ledger/breaks-later-event', { ...breaks, detail: 'ValueDisclosed of 2018 could no longer follow: It is known as £100' }));

  it('also when the award is corrected to have stated it', () =>
    given(...disclosed)
      .when(correctFact, correction(AWARD, '/value', gbp('100')))
      .rejects('ledger/breaks-later-event', breaks));

  it('and can be stated by the award once the disclosure is withdrawn', () =>
    given(...disclosed, context('FactWithdrawn', { event: FIRST }))
      .when(correctFact, correction(AWARD, '/value', gbp('100')))
      .leaves({ original: gbp('100'), ceiling: gbp('100') }));
});

describe('an option is exercised once', () => {
  const exercised = [...live(), context('ExtensionExercised', { option: 'year-7' }, '2021')];
  const breaks = { event: FIRST, eventType: 'ExtensionExercised', eventEffectiveOn: '2021', because: 'contract/option-not-open' };

  it('also when the second exercise is backdated before the first', () =>
    given(...exercised)
      .when(exerciseExtension, { option: 'year-7' }, on('2019'))
      .rejects('ledger/breaks-later-event', { ...breaks, detail: 'year-7 is exercised' }));

  it('also when the award is corrected to have closed the option', () =>
    given(...exercised)
      .when(correctFact, correction(AWARD, '/options/0/status', 'lapsed'))
      .rejects('ledger/breaks-later-event', { ...breaks, detail: 'year-7 is lapsed' }));
});

describe('a novation is to another supplier', () => {
  const novated = [...live(), novation('atos', '2018')];

  it('also when a novation to the same supplier is backdated before it', () =>
    given(...novated)
      .when(novateContract, { supplier: 'atos' }, on('2017'))
      .rejects('ledger/breaks-later-event', {
        event: FIRST,
        eventType: 'ContractNovated',
        eventEffectiveOn: '2018',
        because: 'contract/same-supplier',
        detail: 'It is with atos',
      }));

  it('also when the date of the first is corrected to lie behind the second', () =>
    given(...novated, novation('csc', '2019'))
      .when(correctFact, correction(FIRST, '/effectiveOn', '2020'))
      .rejects('ledger/breaks-later-event', { event: SECOND, eventEffectiveOn: '2019', because: 'contract/same-supplier' }));

  it('also when the one between two to the same supplier is withdrawn, which can take the second along', async () => {
    const three = [...novated, novation('csc', '2019'), novation('atos', '2020')];
    await given(...three)
      .when(withdrawFact, { event: SECOND })
      .rejects('ledger/breaks-later-event', { event: theFact(5), because: 'contract/same-supplier' });
    await given(...three)
      .when(withdrawFact, { event: SECOND, withDependants: true })
      .then(context('FactWithdrawn', { event: SECOND, dependants: [theFact(5)] }));
  });
});

describe('a service starts within its term', () => {
  const breaks = { event: theFact(2), eventType: 'ServiceStarted', eventEffectiveOn: '2016', because: 'contract/ends-before-start' };

  it('whatever first day the award stated', () =>
    given(awarded({ endsOn: '2016-12-31' }))
      .when(startService, {}, on('2017'))
      .rejects('contract/ends-before-start', { pointer: '/record/effectiveOn', detail: 'Its term ended on 2016-12-31.' }));

  it('also when a change that ends the term earlier is backdated before the start', () =>
    given(...live())
      .when(approveChange, { kind: 'term', endsOn: '2015-12-31' }, on('2015-06'))
      .rejects('ledger/breaks-later-event', { ...breaks, detail: 'Its term ended on 2015-12-31' }));

  it('also when a later change would end the term before the start', () =>
    given(...live())
      .when(approveChange, { kind: 'term', endsOn: '2015-12-31' })
      .rejects('contract/ends-before-start', { pointer: '/endsOn', detail: 'the service started on 2016' }));

  it('also when the award is corrected to end before it', () =>
    given(...live())
      .when(correctFact, correction(AWARD, '/endsOn', '2015-12-31'))
      .rejects('ledger/breaks-later-event', breaks));
});

describe('a delay moves a milestone to a later date than the delay before', () => {
  const late = (to: string, effectiveOn: string) => context('DelayRecorded', { milestone: 'Go-live', to }, effectiveOn);
  const delayed = [...live(), late('2019', '2017'), late('2020', '2018')];

  it('when it is recorded in order', () =>
    given(...delayed)
      .when(recordDelay, { milestone: 'Go-live', to: '2019-06' })
      .rejects('contract/delay-earlier', { pointer: '/to', detail: '2019-06 lies before 2020.' }));

  it('of the same milestone alone', () =>
    given(...delayed)
      .when(recordDelay, { milestone: 'Migration', to: '2019-06' })
      .leaves({ delays: [{ to: '2019' }, { to: '2020' }, { milestone: 'Migration', to: '2019-06' }] }));

  it('also when a longer delay is backdated before it', () =>
    given(...delayed)
      .when(recordDelay, { milestone: 'Go-live', to: '2022' }, on('2017-06'))
      .rejects('ledger/breaks-later-event', {
        event: SECOND,
        eventType: 'DelayRecorded',
        eventEffectiveOn: '2018',
        because: 'contract/delay-earlier',
        detail: '2020 lies before 2022',
      }));

  it('also when the delay before is corrected', () =>
    given(...delayed)
      .when(correctFact, correction(FIRST, '/to', '2022'))
      .rejects('ledger/breaks-later-event', { event: SECOND, eventEffectiveOn: '2018', because: 'contract/delay-earlier' }));

  it('also when the delay itself is corrected: its own value is wrong', () =>
    given(...delayed)
      .when(correctFact, correction(SECOND, '/to', '2018'))
      .rejects('ledger/wrong-value', {
        pointer: '/changes/0/value',
        event: SECOND,
        eventType: 'DelayRecorded',
        eventEffectiveOn: '2018',
        because: 'contract/delay-earlier',
        detail: 'DelayRecorded of 2018 cannot say this: 2018 lies before 2019.',
      }));
});

describe('what was accepted before a rule stands, and stays readable', () => {
  /** As it could be recorded when the rule was asked of the new event alone. */
  const twice = [
    ...live(),
    context('ValueDisclosed', { value: gbp('100') }, '2017'),
    context('ValueDisclosed', { value: gbp('900') }, '2018'),
  ];

  it('it is read as it is', () =>
    given(...twice)
      .when(annotate, { note: 'Disclosed twice' })
      .leaves({ original: gbp('900'), ceiling: gbp('100') }));

  it('it stands in the way of no other fact, before it or behind it', async () => {
    await given(...twice)
      .when(recordDelay, { milestone: 'Go-live', to: '2020' }, on('2016-06'))
      .leaves({ delays: [{ to: '2020' }] });
    await given(...twice)
      .when(correctFact, correction(AWARD, '/title', 'Hosting'))
      .leaves({ title: 'Hosting' });
    await given(...twice)
      .when(withdrawFact, { event: SECOND })
      .leaves({ original: gbp('100') });
  });

  it('nor does a novation to the supplier that the contract has already', () =>
    given(...live(), novation('csc', '2017'), context('DelayRecorded', { milestone: 'Go-live', to: '2019' }, '2018'))
      .when(recordDelay, { milestone: 'Exit', to: '2020' }, on('2016-06'))
      .leaves({ delays: [{ to: '2020' }, { to: '2019' }] }));

  it('it excuses nothing else: a change that breaks a rule somewhere else is refused', () =>
    given(...twice, novation('atos', '2019'))
      .when(novateContract, { supplier: 'atos' }, on('2016-06'))
      .rejects('ledger/breaks-later-event', { event: theFact(5), because: 'contract/same-supplier' }));

  it('and no third disclosure joins the two', async () => {
    await given(...twice)
      .when(discloseValue, { value: gbp('500') })
      .rejects('contract/already-disclosed');
    await given(...twice)
      .when(discloseValue, { value: gbp('500') }, on('2016-06'))
      .rejects('ledger/breaks-later-event', { event: FIRST, because: 'contract/already-disclosed' });
  });
});

it('a rule that a correction breaks names the field of the event in its own words', () =>
  given(...live(), context('ChangeApproved', { kind: 'value', by: gbp('5') }, '2017'))
    .when(correctFact, correction(FIRST, '/to', gbp('300')))
    .rejects('ledger/wrong-value', {
      because: 'contract/change-duplicate',
      detail: 'A change states the new value or the step, not both.',
    }));

function gbp(amount: string) {
  return { amount, currency: 'GBP' };
}
function awarded(more: object = {}): GivenEvent {
  const options = [{ option: 'year-7', months: 12 }];
  const terms = { startsOn: '2015', endsOn: '2021-12-31', options, value: { undisclosed: true } };
  return context('ContractAwarded', { programme: 'met', title: 'EUC', suppliers: [{ supplier: 'csc' }], ...terms, ...more }, '2015');
}
/** Awarded 2015 to CSC at an undisclosed value, live from 2016. */
function live(): GivenEvent[] {
  return [awarded(), context('ServiceStarted', {}, '2016')];
}
function novation(to: string, effectiveOn: string): GivenEvent {
  return context('ContractNovated', { supplier: to }, effectiveOn);
}
