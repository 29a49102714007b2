import { describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { annotate } from '../../src/domain/ledger/commands/annotate.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { specification, stream, theFact, context, type Stream, type GivenEvent } from '../given.js';

const given = specification(contract, { others: world() });
const underScheme = specification(contract, { others: world(scheme()) });
const [AWARD, START, CHANGE, END] = [theFact(1), theFact(2), theFact(3), theFact(4)];
const nobody = theFact(99);
/** Awarded 2015, live 2016, changed 2018, terminated 2020. */
const life = [awarded(), started('2016'), changed('10210000', '2018'), context('ContractTerminated', { ground: 'Expiry' }, '2020')];

describe('CorrectFact', () => {
  it('corrects a field of a fact; all that follows is folded again', () =>
    given(...life)
      .when(correctFact, error(AWARD, '/value/amount', '6870000'))
      .leaves((state, { entries: [award] }) => {
        expect([state.original, state.changes[0]!.from]).toEqual([gbp('6870000'), gbp('6870000')]);
        expect(award!.corrections).toMatchObject([{ pointer: '/value/amount', value: '6870000', was: '6807000', because: 'error' }]);
      }));

  it('adds what was left out at first', () =>
    given(...life)
      .when(correctFact, { ...error(AWARD, '/endsOn', '2018-08-31'), because: 'better-source' })
      .leaves({ term: { endsOn: '2018-08-31' } }));

  it('refines a date, and the fact moves to its place', () =>
    given(awarded(), { ...changed('10210000'), effectiveOn: 'unknown' }, changed('15200000', '2016'))
      .when(correctFact, { ...error(theFact(2), '/effectiveOn', '2018-06'), because: 'refined' })
      .leaves({ ceiling: gbp('10210000'), changes: [{ on: '2016' }, { on: '2018-06' }] }));

  it('corrects the source of a fact', () =>
    given(...life)
      .when(correctFact, error(AWARD, '/evidence', [{ title: 'PCD 437', confidence: 'primary' }]))
      .leaves((_, { entries: [award] }) => expect(award!.evidence).toEqual([{ title: 'PCD 437', confidence: 'primary' }])));

  it('is corrected by correcting the same fact again', () =>
    given(...life, corrected(AWARD, '/value/amount', '1'))
      .when(correctFact, error(AWARD, '/value/amount', '6807000'))
      .leaves((state, { entries: [award] }) => {
        expect(state.original).toEqual(gbp('6807000'));
        expect(award!.corrections).toHaveLength(1);
      }));

  it('is already so when the field says it', async () => {
    await given(...life)
      .when(correctFact, error(AWARD, '/value', { currency: 'GBP', amount: '6807000' }))
      .changesNothing();
    await given(...life, corrected(AWARD, '/title', 'DCMS'))
      .when(correctFact, error(AWARD, '/title', 'DCMS'))
      .changesNothing();
  });

  it('needs the fact to be in this stream', () =>
    given(...life)
      .when(correctFact, error(nobody, '/title', 'DCMS'))
      .rejects('ledger/unknown-event', { pointer: '/event' }));

  it('never corrects a correction', () =>
    given(...life, corrected(AWARD, '/title', 'DCMS'))
      .when(correctFact, error(theFact(5), '/value', 'DCMT'))
      .rejects('ledger/unknown-event', { detail: "the ledger's own" }));

  it('never corrects what was withdrawn', () =>
    given(...life, withdrawn(CHANGE))
      .when(correctFact, error(CHANGE, '/to/amount', '10200000'))
      .rejects('ledger/already-withdrawn', { pointer: '/event', detail: theFact(5) }));

  it.each(['/supplyer', '/value/amounts', '/actor', '/recordedAt'])('needs the fact to have a field %s', (pointer) =>
    given(...life)
      .when(correctFact, error(AWARD, pointer, 'x'))
      .rejects('ledger/unknown-field', { pointer: '/pointer' }),
  );

  it.each([
    '/constructor',
    '/toString',
    '/__proto__',
    '/value/constructor',
    '/value/__proto__/amount',
    '/options/length',
    '/options/-',
    '/options/00',
    '/options/1',
    '/options/0/constructor',
    '/options/0/months/constructor',
    '/evidence/-',
    '/evidence/0',
    '/evidence/0/title',
    '/evidence/7/title',
    '/evidence/length',
    '/~1value',
    '/value~1amount',
    '/~0title',
    '/title/0',
    '/',
  ])('goes only through fields and list entries that are there, not %s', async (pointer) => {
    await given(...life)
      .when(correctFact, error(AWARD, pointer, 'x'))
      .rejects('ledger/unknown-field', { pointer: '/pointer' });
    await given(...life)
      .when(annotate, { note: 'Another source', event: AWARD, claim: { pointer, value: 'x' } })
      .rejects('ledger/unknown-field', { pointer: '/claim/pointer' });
  });

  it('corrects one source among those that are there, and no other', async () => {
    const sourced = { ...awarded(), record: { evidence: [{ title: 'PCD 437' }] } };
    await given(sourced)
      .when(correctFact, error(AWARD, '/evidence/0/title', 'PCD 813'))
      .leaves((_, { entries: [award] }) => expect(award!.evidence).toEqual([{ title: 'PCD 813' }]));
    await given(sourced)
      .when(correctFact, error(AWARD, '/evidence/7/title', 'PCD 813'))
      .rejects('ledger/unknown-field', { pointer: '/pointer', detail: '/evidence/7/title' });
    await given(sourced)
      .when(correctFact, error(AWARD, '/evidence/0/uri', 'urn:pcd:437'))
      .leaves((_, { entries: [award] }) => expect(award!.evidence).toEqual([{ title: 'PCD 437', uri: 'urn:pcd:437' }]));
  });

  it.each([
    ['an amount that is none', '/value/amount', '6,807,000'],
    ['more digits than the currency has', '/value/amount', '6807000.001'],
    ['a currency that is not listed', '/value/currency', 'XXQ'],
    ['a day that is not in the calendar', '/endsOn', '2018-02-30'],
    ['a date that is none', '/effectiveOn', 'soon'],
    ['a choice that is not offered', '/vat', 'perhaps'],
    ['a field left empty', '/title', null],
    ['a source that is no address', '/evidence', [{ uri: 'no address' }]],
  ])('never accepts %s', (_, pointer, value) =>
    given(...life)
      .when(correctFact, error(AWARD, pointer, value))
      .rejects('ledger/wrong-value', { pointer: '/value' }),
  );

  it.each([
    ['/supplier', 'atos'],
    ['/programme', 'nhs'],
    ['/towers', ['hosting']],
    ['/towers', []],
    ['/options', [{ option: 'year-4', months: 12 }]],
    ['/options/0/option', 'year-4'],
  ])('never changes what a fact is about: %s', (pointer, value) =>
    given(...life)
      .when(correctFact, error(AWARD, pointer, value))
      .rejects('ledger/never-corrected', { pointer: '/pointer' }),
  );

  it('corrects a list whose ids stay as they are', () =>
    given(...life)
      .when(correctFact, error(AWARD, '/options', [{ option: 'year-6', months: 24 }]))
      .leaves({ options: [{ option: 'year-6', months: 24 }] }));

  it('never makes of a fact what would be refused as a new one', async () => {
    await given(awarded(), context('ChangeApproved', { kind: 'value', by: gbp('5') }, '2016'))
      .when(correctFact, error(theFact(2), '/to', gbp('300')))
      .rejects('ledger/wrong-value', { pointer: '/value', because: 'contract/change-duplicate' });
    await specification(supplier, { others: world() })(jointVenture())
      .when(correctFact, error(theFact(1), '/form', 'company'))
      .rejects('ledger/wrong-value', { because: 'supplier/company-with-members' });
    await specification(programme)(context('ProgrammeChartered', { title: 'T', authority: 'M', baseCurrency: 'GBP' }))
      .when(correctFact, error(theFact(1), '/baseCurrency', 'XXQ'))
      .rejects('ledger/wrong-value', { detail: 'XXQ' });
  });

  it('never dates a fact after its recording', async () => {
    await given(...life)
      .when(correctFact, error(END, '/effectiveOn', '2026-04'))
      .rejects('ledger/effective-after-recording', { pointer: '/value', detail: '2026-03-01' });
    await given(...life)
      .when(correctFact, error(END, '/effectiveOn', '2026'))
      .leaves({ stage: 'exiting' });
  });

  it('is refused when a fact could no longer follow, naming it', () =>
    given(...life)
      .when(correctFact, error(END, '/effectiveOn', '2017'))
      .rejects('ledger/breaks-later-event', { event: CHANGE, eventType: 'ChangeApproved', because: 'contract/stage' }));

  it('is refused when a rule breaks at any place', async () => {
    await given(...life)
      .when(correctFact, error(AWARD, '/endsOn', '2015-01'))
      .rejects('ledger/breaks-later-event', { event: START, because: 'contract/ends-before-start' });
    await given(...life)
      .when(correctFact, error(AWARD, '/value/currency', 'USD'))
      .rejects('ledger/breaks-later-event', { event: CHANGE, because: 'contract/mixed-currencies' });
  });

  it('is refused when an approved step would be in another currency', () =>
    given(awarded(), context('ChangeApproved', { kind: 'value', by: gbp('5') }, '2016'))
      .when(correctFact, error(AWARD, '/value/currency', 'USD'))
      .rejects('ledger/breaks-later-event', { because: 'contract/mixed-currencies' }));

  it('needs the approval that the fact needed', async () => {
    const approved = { decidedBy: { person: 'p-17', office: 'Deputy Mayor' } };
    const higher = error(CHANGE, '/to/amount', '15200000');
    await underScheme(...life).when(correctFact, higher, approved).assesses({ 'scheme/approval': { result: 'met', inputs: { stepOverOriginal: '1.232995' } } }); // prettier-ignore
    await underScheme(...life)
      .when(correctFact, higher, { decidedBy: { person: 'p-18', office: 'Director' } })
      .rejects('ledger/policy-not-met', { detail: 'Deputy Mayor' });
  });

  it('of a source needs no approval', () =>
    underScheme(...life)
      .when(correctFact, error(CHANGE, '/evidence', [{ title: 'PCD 813' }]))
      .assesses({}));
});

describe('WithdrawFact', () => {
  it('takes away what never happened', () =>
    given(...life)
      .when(withdrawFact, { event: CHANGE })
      .leaves((state, { withdrawn }) => {
        expect([state.ceiling, state.changes, state.stage]).toEqual([gbp('6807000'), [], 'exiting']);
        expect([...withdrawn.keys()]).toEqual([CHANGE]);
      }));

  it('is refused when a later fact could no longer follow, naming the first', () =>
    given(...life)
      .when(withdrawFact, { event: AWARD })
      .rejects('ledger/breaks-later-event', { event: CHANGE, eventType: 'ChangeApproved', because: 'contract/unknown' }));

  it('takes along what can no longer follow, and no more', () =>
    given(...life)
      .when(withdrawFact, { event: START, withDependants: true })
      .then(context('FactWithdrawn', { event: START, dependants: [END] })));

  it('records for each fact it took along what withdrew it', () =>
    given(...life)
      .when(withdrawFact, { event: START, withDependants: true })
      .leaves((_, { withdrawn }) => expect([...withdrawn]).toEqual([[START, theFact(5)], [END, theFact(5)]]))); // prettier-ignore

  it('takes the whole contract along with its award', () =>
    given(...life)
      .when(withdrawFact, { event: AWARD, withDependants: true })
      .leaves((state, { entries }) => expect([state.stage, entries]).toEqual(['none', []])));

  it('takes along also what can no longer follow once the others are gone, because their absence changes its place', () =>
    given(
      ...[awarded(), context('ContractSigned', {}, '2016'), novated('atos', '2017'), novated('keysource', '2019')],
      { ...context('ContractTerminated', { ground: 'Breach' }), effectiveOn: 'unknown' },
      changed('10210000', '2018'), // before the novation of 2019; without it, behind the end
    )
      .when(withdrawFact, { event: theFact(3), withDependants: true })
      .then(context('FactWithdrawn', { event: theFact(3), dependants: [theFact(4), theFact(6)] })));

  it('needs no dependants to take along', () =>
    given(...life)
      .when(withdrawFact, { event: END, withDependants: true })
      .then(context('FactWithdrawn', { event: END })));

  it('lets the fact be recorded again', () =>
    given(...life, withdrawn(END))
      .when(withdrawFact, { event: CHANGE })
      .leaves({ stage: 'live', ceiling: gbp('6807000') }));

  it('needs the fact to be in this stream', () =>
    given(...life)
      .when(withdrawFact, { event: nobody })
      .rejects('ledger/unknown-event', { detail: 'contract-met-example' }));

  it('withdraws each fact once', () =>
    given(...life, withdrawn(CHANGE))
      .when(withdrawFact, { event: CHANGE })
      .rejects('ledger/already-withdrawn', { detail: theFact(5) }));
});

describe('Annotate', () => {
  const note = 'The press says "up to £95m"';
  const claim = (value: unknown, pointer = '/value/amount') => ({ note, event: AWARD, claim: { pointer, value } });

  it('notes what a reader should know, and changes nothing', () =>
    given(...life)
      .when(annotate, { note })
      .leaves((state, { notes }) => {
        expect(state.original).toEqual(gbp('6807000'));
        expect(notes).toMatchObject([{ note }]);
      }));

  it('keeps alongside what another source claims of a field', () =>
    given(...life)
      .when(annotate, claim('6800000'), { evidence: [{ title: 'A newspaper', confidence: 'press' }] })
      .leaves((state, { entries: [award] }) => {
        expect(state.original).toEqual(gbp('6807000'));
        expect(award!.notes).toMatchObject([{ claim: { value: '6800000' }, evidence: [{ confidence: 'press' }] }]);
      }));

  it('may be recorded twice: two sources can say the same', () =>
    given(...life, context('FactAnnotated', claim('6800000')))
      .when(annotate, claim('6800000'))
      .then(context('FactAnnotated', claim('6800000'))));

  it('survives a correction of its fact', () =>
    given(...life, context('FactAnnotated', claim('6800000')))
      .when(correctFact, { ...error(AWARD, '/value/amount', '6800000'), because: 'settled' })
      .leaves((_, { entries: [award] }) => expect(award).toMatchObject({ notes: [{ note }], corrections: [{ because: 'settled' }] })));

  it('needs the contract to be there', () => given().when(annotate, { note }).rejects('contract/unknown'));

  it('claims something of a fact', () =>
    given(...life)
      .when(annotate, { note, claim: claim('1').claim })
      .rejects('ledger/claim-without-event', { pointer: '/event' }));

  it('needs the fact to be in this stream', () =>
    given(...life)
      .when(annotate, { note, event: nobody })
      .rejects('ledger/unknown-event'));

  it('needs the fact not to be withdrawn', () =>
    given(...life, withdrawn(CHANGE))
      .when(annotate, { note, event: CHANGE })
      .rejects('ledger/already-withdrawn'));

  it('needs the field that it claims', () =>
    given(...life)
      .when(annotate, claim('x', '/values'))
      .rejects('ledger/unknown-field', { pointer: '/claim/pointer' }));

  it('needs a value of the kind of its field', () =>
    given(...life)
      .when(annotate, claim('up to 95m'))
      .rejects('ledger/wrong-value', { pointer: '/claim/value' }));
});

function error(event: string, pointer: string, value: unknown) {
  return { event, pointer, value, because: 'error' };
}
function corrected(event: string, pointer: string, value: unknown): GivenEvent {
  return context('FactCorrected', error(event, pointer, value));
}
function withdrawn(event: string): GivenEvent {
  return context('FactWithdrawn', { event });
}
function gbp(amount: string) {
  return { amount, currency: 'GBP' };
}
function awarded(): GivenEvent {
  const award = { programme: 'met', title: 'Data centre managed service', supplier: 'keysource', towers: ['data-centre'], options: [{ option: 'year-6', months: 12 }], value: gbp('6807000') }; // prettier-ignore
  return context('ContractAwarded', award, '2015');
}
function started(on: string): GivenEvent {
  return context('ServiceStarted', {}, on);
}
function changed(amount: string, on = '2018'): GivenEvent {
  return context('ChangeApproved', { kind: 'value', to: gbp(amount) }, on);
}
function novated(supplier: string, on: string): GivenEvent {
  return context('ContractNovated', { supplier }, on);
}
function scheme(): GivenEvent {
  const approvals = [{ stepOverOriginalAbove: 60, approver: 'Deputy Mayor' }];
  return context('PolicyAdopted', { policy: 'scheme', title: 'Scheme of consent', version: '1', inForceFrom: '2014', approvals }, '2014');
}
function jointVenture(): GivenEvent {
  return context('SupplierRegistered', { title: 'J', form: 'joint-venture', members: ['keysource'] });
}
function world(...events: GivenEvent[]): Stream[] {
  return [
    stream(
      programme,
      'met',
      context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2014'),
      ...events,
    ),
    stream(supplier, 'keysource', context('SupplierRegistered', { title: 'Keysource', form: 'company' }, '2014')),
  ];
}
