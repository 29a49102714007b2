import { describe, expect, it } from '@jest/globals';
import { contract } from '../../src/domain/contract/index.js';
import { annotate } from '../../src/domain/ledger/commands/annotate.js';
import { correctFact } from '../../src/domain/ledger/commands/correct-fact.js';
import { withdrawFact } from '../../src/domain/ledger/commands/withdraw-fact.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { markDuplicate } from '../../src/domain/ledger/commands/mark-duplicate.js';
import { reinstateFact } from '../../src/domain/ledger/commands/reinstate-fact.js';
import { decide, readOthers } from '../../src/engine/write/decide.js';
import { at, contextOf, openClaims, type History, type Provenance } from '../../src/kernel/index.js';
import { tower } from '../../src/domain/tower/index.js';
import { historyOf, specification, stream, theFact, context, TODAY, type Stream, type GivenEvent } from '../given.js';

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

  it.each([
    ['a correction', corrected(AWARD, '/title', 'DCMS'), `correct event ${AWARD} again`],
    ['a withdrawal', withdrawn(CHANGE), `reinstate event ${CHANGE}`],
    ['a note', context('FactAnnotated', { event: AWARD, note: 'Seen' }), 'withdraw it, and annotate again'],
  ])('says what to send instead of a command on %s', (_, own, instead) =>
    given(...life, own)
      .when(correctFact, error(theFact(5), '/note', 'x'))
      .rejects('ledger/unknown-event', { detail: `${own.type} is the ledger's own and stands as it is: ${instead}.` }),
  );

  it('says so of a withdrawal that somebody wants to reinstate, and of what was reinstated', async () => {
    await given(...life, withdrawn(CHANGE))
      .when(reinstateFact, { event: theFact(5) })
      .rejects('ledger/unknown-event', { detail: `: reinstate event ${CHANGE}.` });
    await given(...life, withdrawn(CHANGE), context('FactReinstated', { event: CHANGE }))
      .when(withdrawFact, { event: theFact(6) })
      .rejects('ledger/unknown-event', { detail: `: withdraw event ${CHANGE} again.` });
  });

  it('takes the day and the evidence where a command sends them, and records where they stand', async () => {
    const sourced = { ...awarded(), record: { evidence: [{ title: 'PCD 437' }] } };
    const sent = (pointer: string, value: unknown) => given(sourced).when(correctFact, error(AWARD, pointer, value));
    await sent('/record/effectiveOn', '2015-08-01').then({ type: 'FactCorrected', data: error(AWARD, '/effectiveOn', '2015-08-01') });
    await sent('/record/evidence/0/title', 'PCD 813').then({ type: 'FactCorrected', data: error(AWARD, '/evidence/0/title', 'PCD 813') });
    await sent('/record/effectiveOn', 'soon').rejects('ledger/wrong-value', { pointer: '/changes/0/value' });
    await given(sourced)
      .when(correctFact, {
        event: AWARD,
        changes: [
          { pointer: '/effectiveOn', value: '2015-08-01' },
          { pointer: '/record/effectiveOn', value: '2015-08-02' },
        ],
        because: 'error',
      })
      .rejects('ledger/overlapping-changes', { pointer: '/changes/1/pointer' });
    await sent('/record/evidencee', []).rejects('ledger/unknown-field', { detail: '/record/evidencee.' });
    const claim = { event: AWARD, note: 'Another source' };
    await given(sourced)
      .when(annotate, { ...claim, claim: { pointer: '/record/effectiveOn', value: '2015-08-01' } }, { evidence: [{ title: 'Press' }] })
      .then({ type: 'FactAnnotated', data: { ...claim, claim: { pointer: '/effectiveOn', value: '2015-08-01' } } });
  });

  it('names the pointers that there are where one leads nowhere', () =>
    given(...life)
      .when(correctFact, error(AWARD, '/on', '2015-08-01'))
      .rejects('ledger/unknown-field', {
        detail: 'effectiveOn, /evidence, /record/reason, /record/authority, /record/decidedBy, /record/sequence.',
      }));

  it('never corrects what was withdrawn', () =>
    given(...life, withdrawn(CHANGE))
      .when(correctFact, error(CHANGE, '/to/amount', '10200000'))
      .rejects('ledger/already-withdrawn', { pointer: '/event', detail: theFact(5) }));

  it.each(['/supplyer', '/value/amounts', '/actor', '/recordedAt'])('needs the fact to have a field %s', (pointer) =>
    given(...life)
      .when(correctFact, error(AWARD, pointer, 'x'))
      .rejects('ledger/unknown-field', { pointer: '/changes/0/pointer' }),
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
      .rejects('ledger/unknown-field', { pointer: '/changes/0/pointer' });
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
      .rejects('ledger/unknown-field', { pointer: '/changes/0/pointer', detail: '/evidence/7/title' });
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
      .rejects('ledger/wrong-value', { pointer: '/changes/0/value' }),
  );

  it('says in a sentence what is wrong with a change', async () => {
    const says = (detail: string, ...changes: readonly { readonly pointer: string; readonly value?: unknown; readonly remove?: true }[]) =>
      [{ event: AWARD, changes, because: 'error' } as const, { detail }] as const;
    const refused = async (code: 'ledger/unknown-field' | 'ledger/wrong-value' | 'ledger/overlapping-changes' | 'ledger/never-corrected' | 'ledger/never-removed', [correction, more]: ReturnType<typeof says>) =>
      given(...life).when(correctFact, correction).rejects(code, more); // prettier-ignore
    await refused('ledger/unknown-field', says('ContractAwarded has no field /titles.', { pointer: '/titles', value: 'x' }));
    await refused('ledger/unknown-field', says('This ContractAwarded has nothing at /options/7/months.', { pointer: '/options/7/months', value: 1 })); // prettier-ignore
    await refused('ledger/overlapping-changes', says('/value is changed here already.', { pointer: '/value', value: gbp('1') }, { pointer: '/value/amount', value: '2' })); // prettier-ignore
    await refused('ledger/never-corrected', says('/programme is what the stream belongs to.', { pointer: '/programme', value: 'nhs' }));
    await refused('ledger/wrong-value', says('Send a value for /title, or remove: true, and not both.', { pointer: '/title' }));
    await refused('ledger/never-removed', says('/value is not optional.', { pointer: '/value', remove: true }));
    await refused('ledger/wrong-value', says('/value/amount must be a plain decimal such as', { pointer: '/value', value: gbp('1,5') }));
    await refused('ledger/wrong-value', says('/title must', { pointer: '/title', value: 7 }));
    await given(...life)
      .when(annotate, { event: AWARD, note: 'x', claim: { pointer: '/title', value: 7 } }, { evidence: [{ title: 'Press' }] })
      .rejects('ledger/wrong-value', { detail: '/title must' });
  });

  it('is blamed at the change that is wrong, also where others are right', () =>
    given(...life)
      .when(correctFact, {
        event: AWARD,
        changes: [
          { pointer: '/title', value: 'DCMS' },
          { pointer: '/vat', value: 'perhaps' },
        ],
        because: 'error',
      })
      .rejects('ledger/wrong-value', { pointer: '/changes/1/value' }));

  it('never moves a fact to another programme', () =>
    given(...life)
      .when(correctFact, error(AWARD, '/programme', 'nhs'))
      .rejects('ledger/never-corrected', { pointer: '/changes/0/pointer' }));

  it.each(['/id', '/actor', '/known', '/record/actor', '/recordedAt', '/record/recordedAt'])(
    'never changes who recorded a fact, when, or what was known: %s',
    (pointer) =>
      given(...life)
        .when(correctFact, error(AWARD, pointer, 'x'))
        .rejects('ledger/unknown-field', { pointer: '/changes/0/pointer' }),
  );

  it.each([
    ['/suppliers/0/supplier', 'csc', { suppliers: [{ supplier: 'csc' }] }],
    ['/towers', ['hosting'], { towers: ['hosting'] }],
    ['/towers', [], { towers: [] }],
    ['/replaces', 'old', { replaces: 'old' }],
    ['/options', [{ option: 'year-4', months: 12 }], { options: [{ option: 'year-4', months: 12, status: 'open' }] }],
    ['/options/0/option', 'year-4', { options: [{ option: 'year-4', months: 12, status: 'open' }] }],
  ])('corrects what a fact names, with its trail: %s', (pointer, value, state) =>
    given(...life)
      .when(correctFact, error(AWARD, pointer, value))
      .leaves((after, { entries: [award] }) => {
        expect(after).toMatchObject(state);
        expect(award!.corrections).toMatchObject([{ pointer, value, was: at(awarded().data, pointer) ?? null, by: theFact(5) }]);
      }),
  );

  it('corrects the members of a joint venture', () =>
    specification(supplier, { others: world() })(jointVenture())
      .when(correctFact, error(theFact(1), '/members', ['keysource', 'csc']))
      .leaves({ members: ['keysource', 'csc'] }));

  it.each([
    ['/suppliers/0/supplier', 'nobody', '/changes/0/value'],
    ['/towers', ['hosting', 'nowhere'], '/changes/0/value/1'],
    ['/replaces', 'nothing', '/changes/0/value'],
  ])('never names what nobody recorded: %s', (pointer, value, where) =>
    given(...life)
      .when(correctFact, error(AWARD, pointer, value))
      .rejects('ledger/unknown-reference', { pointer: where }),
  );

  it.each([
    ['/replaces', 'met-example', '/changes/0/value'],
    ['/framework', { contract: 'met-example' }, '/changes/0/value/contract'],
  ])('never names the contract itself: %s', (pointer, value, where) =>
    given(...life)
      .when(correctFact, error(AWARD, pointer, value))
      .rejects('ledger/names-itself', { pointer: where }),
  );

  it('never corrects a part of what was not sent', () =>
    given(...life)
      .when(correctFact, {
        event: CHANGE,
        changes: [
          { pointer: '/record/decidedBy', value: { person: 'p-17', office: 'Deputy Mayor' } },
          { pointer: '/record/authority/reference', value: 'PCD 813' },
        ],
        because: 'better-source',
      })
      .rejects('ledger/unknown-field', { pointer: '/changes/1/pointer', detail: 'nothing at /record/authority/reference' }));

  it('of the decider of a fact judges the fact by that decider', async () => {
    const by = (person: string, office: string) => ({ person, office });
    const asked = { ...changed('15200000'), record: { decidedBy: by('p-18', 'Director'), authority: { reference: 'PCD 1' } } };
    const right = { event: theFact(3), changes: [{ pointer: '/record/decidedBy/office', value: 'Deputy Mayor' }], because: 'error' };
    await underScheme(awarded(), started('2016'), asked)
      .when(correctFact, right, { decidedBy: by('p-1', 'Clerk') })
      .assesses({ 'scheme/approval': { result: 'met', inputs: { office: 'Deputy Mayor' } } });
    await underScheme(awarded(), started('2016'), asked)
      .when(correctFact, right)
      .leaves((_, { entries }) => {
        const change = entries[2]!;
        expect(contextOf(change)).toMatchObject({ decidedBy: by('p-18', 'Deputy Mayor'), authority: { reference: 'PCD 1' } });
        expect(change.corrections).toMatchObject([{ pointer: '/record/decidedBy/office', was: 'Director' }]);
        expect(change.recorded.metadata.decidedBy).toEqual(by('p-18', 'Director'));
      });
  });

  it('adds a reason, an authority and a decider that were left out, and takes them away', async () => {
    const record = { decidedBy: { person: 'p-17' }, authority: { reference: 'PCD 813' }, reason: 'More servers' };
    const pointers = ['/record/decidedBy', '/record/authority', '/record/reason'] as const;
    const values = [record.decidedBy, record.authority, record.reason];
    await given(...life)
      .when(correctFact, { event: CHANGE, changes: pointers.map((pointer, i) => ({ pointer, value: values[i]! })), because: 'error' })
      .leaves((_, { entries }) => expect(contextOf(entries[2]!)).toMatchObject(record));
    await given(awarded(), { ...changed('10210000'), record })
      .when(correctFact, { event: theFact(2), changes: pointers.map((pointer) => ({ pointer, remove: true })), because: 'error' })
      .leaves((_, { entries }) => expect(Object.keys(contextOf(entries[1]!))).toEqual(['event', 'effectiveOn', 'recordedBy', 'evidence']));
  });

  describe('with several changes', () => {
    const both = (...changes: readonly object[]) => ({ event: AWARD, changes, because: 'error' });

    it('checks them together: what fits only with the other is accepted', () =>
      given(context('ContractRecorded', { ...recordedContract, startsOn: '2015', endsOn: '2018' }))
        .when(correctFact, both({ pointer: '/startsOn', value: '2020' }, { pointer: '/endsOn', value: '2024' }))
        .leaves({ term: { startsOn: '2020', endsOn: '2024' } }));

    it('refuses them together, naming the change to blame', () =>
      given(context('ContractRecorded', { ...recordedContract, startsOn: '2015', endsOn: '2018' }))
        .when(correctFact, both({ pointer: '/title', value: 'DCMS' }, { pointer: '/endsOn', value: '2014' }))
        .rejects('ledger/wrong-value', { pointer: '/changes/1/value', because: 'contract/ends-before-start' }));

    it('applies each on what the ones before it leave', () =>
      given(...life)
        .when(correctFact, both({ pointer: '/options/0/months', value: 24 }, { pointer: '/options/0/noticeMonths', value: 6 }))
        .leaves({ options: [{ option: 'year-6', months: 24, noticeMonths: 6 }] }));

    it.each([
      ['/value', '/value/amount'],
      ['/value/amount', '/value'],
      ['/title', '/title'],
    ])('never changes a field twice: %s and %s', (first, second) => {
      const value = (pointer: string) => (pointer === '/value' ? gbp('7') : '8');
      return given(...life)
        .when(correctFact, both({ pointer: first, value: value(first) }, { pointer: second, value: value(second) }))
        .rejects('ledger/overlapping-changes', { pointer: '/changes/1/pointer' });
    });

    it('takes fields apart whose names begin alike', () =>
      given(...life)
        .when(correctFact, both({ pointer: '/vat', value: 'ex' }, { pointer: '/value', value: gbp('7') }))
        .leaves({ vat: 'ex', original: gbp('7') }));
  });

  describe('that removes a field', () => {
    const remove = (pointer: string, event = AWARD) => ({ event, changes: [{ pointer, remove: true }], because: 'error' });

    it('lets the event read as if the field had not been sent', async () => {
      const dated = context('ContractAwarded', { ...awarded().data, endsOn: '2018-08-31' }, '2015');
      await given(dated)
        .when(correctFact, remove('/endsOn'))
        .leaves((state, { entries: [award] }) => {
          expect(award!.data).toStrictEqual(awarded().data);
          expect(state).toStrictEqual(historyOf(stream(contract, 'met-example', awarded())).state);
          expect(award!.corrections).toMatchObject([{ pointer: '/endsOn', remove: true, was: '2018-08-31' }]);
        });
      await given(...life)
        .when(correctFact, remove('/towers'))
        .leaves({ towers: [], role: 'outside' });
    });

    it('inside an entry of a list leaves the entry', () =>
      given(context('ContractAwarded', { ...awarded().data, options: [{ option: 'year-6', months: 12, noticeMonths: 4 }] }, '2015'))
        .when(correctFact, remove('/options/0/noticeMonths'))
        .leaves((_, { entries: [award] }) => expect(award!.data.options).toStrictEqual([{ option: 'year-6', months: 12 }])));

    it('without its day is of the day on which it was recorded', () =>
      given(awarded(), changed('7', '2018'))
        .when(correctFact, remove('/effectiveOn', theFact(2)))
        .leaves((_, { entries }) => expect(entries[1]!.effectiveOn).toBe('2026-03-01')));

    it('without its evidence has none', () =>
      given({ ...awarded(), record: { evidence: [{ title: 'PCD 437' }] } })
        .when(correctFact, remove('/evidence'))
        .leaves((_, { entries: [award] }) => expect(award!.evidence).toEqual([])));

    it('is already so where nothing was sent', () =>
      given(...life)
        .when(correctFact, remove('/endsOn'))
        .changesNothing());

    it.each(['/suppliers/0/supplier', '/value', '/value/amount', '/options/0', '/options/0/months'])(
      'never removes what an event needs: %s',
      (pointer) =>
        given(...life)
          .when(correctFact, remove(pointer))
          .rejects('ledger/never-removed', { pointer: '/changes/0/pointer' }),
    );

    it('is checked as a whole: the rules of the event hold afterwards', () =>
      given(context('ContractRecorded', recordedContract))
        .when(correctFact, remove('/towers'))
        .rejects('ledger/wrong-value', { pointer: '/changes/0/value', because: 'contract/tower-without-tower' }));

    it('and may be sent again', () =>
      given(...life, context('FactCorrected', remove('/towers')))
        .when(correctFact, error(AWARD, '/towers', ['hosting']))
        .leaves({ towers: ['hosting'], role: 'tower' }));
  });

  it.each<[string, object]>([
    ['neither a value nor remove', {}],
    ['both', { value: 'DCMS', remove: true }],
  ])('needs a value or remove: never %s', (_, more) =>
    given(...life)
      .when(correctFact, { event: AWARD, changes: [{ pointer: '/title', ...more }], because: 'error' })
      .rejects('ledger/wrong-value', { pointer: '/changes/0' }),
  );

  it('is read in the shape that it was stored in before', () => {
    const stored = { event: AWARD, pointer: '/title', value: 'DCMS', because: 'error' };
    const history = historyOf(stream(contract, 'x', ...life, { ...context('FactCorrected', stored), schemaVersion: 1 }));
    expect(history.state.title).toBe('DCMS');
    expect(history.entries[0]!.corrections).toEqual([{ ...stored, by: theFact(5), was: 'Data centre managed service' }]);
  });

  it('never puts an amount into a currency that was withdrawn before the day of the fact', () =>
    given(awarded())
      .when(correctFact, error(AWARD, '/value', { amount: '5', currency: 'DEM' }))
      .rejects('ledger/former-currency', { pointer: '/changes/0/value', detail: 'DEM' }));

  it('corrects a list whose ids stay as they are', () =>
    given(...life)
      .when(correctFact, error(AWARD, '/options', [{ option: 'year-6', months: 24 }]))
      .leaves({ options: [{ option: 'year-6', months: 24 }] }));

  it('never makes of a fact what would be refused as a new one', async () => {
    await given(awarded(), context('ChangeApproved', { kind: 'value', by: gbp('5') }, '2016'))
      .when(correctFact, error(theFact(2), '/to', gbp('300')))
      .rejects('ledger/wrong-value', { pointer: '/changes/0/value', because: 'contract/change-duplicate' });
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
      .rejects('ledger/effective-after-recording', { pointer: '/changes/0/value', detail: '2026-03-01' });
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

describe('a claim', () => {
  const claims = (value: unknown, pointer = '/value/amount') =>
    context('FactAnnotated', { note: 'The press says otherwise', event: AWARD, claim: { pointer, value } }, '2020', { evidence: [{ title: 'Press' }] }); // prettier-ignore
  const open = ({ entries: [award] }: History) => openClaims(award!).map(({ by }) => by);
  const settled = (pointer: string, value: unknown) => ({ ...error(AWARD, pointer, value), because: 'settled' });

  it('that says otherwise than what is believed is a conflict', () =>
    expect(open(historyOf(stream(contract, 'x', ...life, claims('1'), claims('2015', '/effectiveOn'), claims('2014', '/effectiveOn'))))).toEqual([theFact(5), theFact(7)])); // prettier-ignore

  it.each([
    ['6807000', '/value/amount'],
    ['6807000.00', '/value/amount'],
    [{ currency: 'GBP', amount: '6807000.00' }, '/value'],
    ['Data centre managed service', '/title'],
  ])('that equals the adopted value is no conflict: %j', (value, pointer) =>
    expect(open(historyOf(stream(contract, 'x', ...life, claims(value, pointer))))).toEqual([]),
  );

  it.each([
    ['6807000.01', '/value/amount'],
    ['680700', '/value/amount'],
    [{ currency: 'USD', amount: '6807000' }, '/value'],
    [{ currency: 'GBP', amount: '6807000', qualifier: 'about' }, '/value'],
    ['2018', '/endsOn'],
  ])('that differs in any way is one: %j', (value, pointer) =>
    expect(open(historyOf(stream(contract, 'x', ...life, claims(value, pointer))))).toEqual([theFact(5)]),
  );

  it.each([
    ['on the field', '/value/amount', '6800000'],
    ['on all of it', '/value', gbp('6800000')],
  ])('is closed when the field is settled, %s', (_, pointer, value) =>
    given(...life, claims('1'), claims('DCMS', '/title'), claims('2'))
      .when(correctFact, settled(pointer, value))
      .leaves((_, history) => {
        expect(open(history)).toEqual([theFact(6)]);
        expect(history.entries[0]!.notes.map(({ settledBy }) => settledBy)).toEqual([theFact(8), undefined, theFact(8)]);
      }),
  );

  it('is closed also when the adopted value stays', async () => {
    await given(...life, claims('1'))
      .when(correctFact, settled('/value/amount', '6807000'))
      .leaves((state, history) => expect([state.original, open(history)]).toEqual([gbp('6807000'), []]));
    await given(...life, claims('1'), context('FactCorrected', settled('/value/amount', '6807000')))
      .when(correctFact, settled('/value/amount', '6807000'))
      .changesNothing();
    await given(...life, claims('1'))
      .when(correctFact, error(AWARD, '/value/amount', '6807000'))
      .changesNothing();
  });

  it('is not closed by a correction for another reason, and one that comes later is open again', () => {
    const corrections = [corrected(AWARD, '/value/amount', '2'), context('FactCorrected', settled('/value/amount', '3'))];
    const history = historyOf(stream(contract, 'x', ...life, claims('1'), corrections[0]!));
    expect(open(history)).toEqual([theFact(5)]);
    expect(open(historyOf(stream(contract, 'x', ...life, claims('1'), ...corrections, claims('4'))))).toEqual([theFact(8)]);
  });

  it('stays closed when the settled field is corrected again', () =>
    given(...life, claims('1'), context('FactCorrected', settled('/value/amount', '3')))
      .when(correctFact, error(AWARD, '/value/amount', '4'))
      .leaves((_, history) => expect(open(history)).toEqual([])));

  it('is withdrawn like a fact, and taken back', async () => {
    await given(...life, claims('1'), claims('2'))
      .when(withdrawFact, { event: theFact(5), withDependants: true })
      .leaves((_, { entries: [award] }) => expect(award!.notes.map(({ by }) => by)).toEqual([theFact(6)]));
    await given(...life, claims('1'), claims('2'), withdrawn(theFact(5)))
      .when(reinstateFact, { event: theFact(5) })
      .leaves((_, { entries: [award] }) => expect(award!.notes.map(({ by }) => by)).toEqual([theFact(5), theFact(6)]));
  });
});

describe('a note on the contract as a whole', () => {
  const noted = context('FactAnnotated', { note: 'Seen' });

  it('can be withdrawn, once, and taken back', async () => {
    await given(...life, noted)
      .when(withdrawFact, { event: theFact(5) })
      .leaves((_, { notes, entries }) => expect([notes, entries.length]).toEqual([[], 4]));
    await given(...life, noted, withdrawn(theFact(5)))
      .when(withdrawFact, { event: theFact(5) })
      .rejects('ledger/already-withdrawn', { pointer: '/event' });
    await given(...life, noted, withdrawn(theFact(5)))
      .when(reinstateFact, { event: theFact(5) })
      .leaves((_, { notes }) => expect(notes).toMatchObject([{ note: 'Seen' }]));
  });

  it('is not found again where another one is recorded', () =>
    given(...life, noted, withdrawn(theFact(5)))
      .when(annotate, { note: 'Seen again' })
      .leaves((_, { notes }) => expect(notes).toMatchObject([{ note: 'Seen again' }])));
});

describe('ReinstateFact', () => {
  it('takes a withdrawal back: all is as if it had not been withdrawn', () =>
    given(...life, withdrawn(CHANGE))
      .when(reinstateFact, { event: CHANGE })
      .leaves((state, { withdrawn }) => {
        expect(state).toEqual(historyOf(stream(contract, 'met-example', ...life)).state);
        expect([...withdrawn]).toEqual([]);
      }));

  it('keeps the corrections that the fact had', () =>
    given(...life, corrected(CHANGE, '/to/amount', '10200000'), withdrawn(CHANGE))
      .when(reinstateFact, { event: CHANGE })
      .leaves({ ceiling: gbp('10200000') }));

  const all = context('FactWithdrawn', { event: AWARD, dependants: [START, CHANGE, END] });
  it('brings back what was withdrawn with it, and no more', async () => {
    await given(...life, all)
      .when(reinstateFact, { event: AWARD, withDependants: true })
      .then(context('FactReinstated', { event: AWARD, dependants: [START, CHANGE, END] }));
    await given(...life, all)
      .when(reinstateFact, { event: AWARD })
      .leaves({ stage: 'awarded' });
    await given(...life, withdrawn(CHANGE), context('FactWithdrawn', { event: START, dependants: [END] }))
      .when(reinstateFact, { event: START, withDependants: true })
      .then(context('FactReinstated', { event: START, dependants: [END] }));
  });

  it('is refused where the fact can no longer stand', async () => {
    await given(...life, all)
      .when(reinstateFact, { event: CHANGE })
      .rejects('ledger/cannot-stand-again', { event: CHANGE, pointer: '/event', because: 'contract/unknown' });
    await given(awarded(), withdrawn(AWARD), awarded())
      .when(reinstateFact, { event: AWARD })
      .rejects('ledger/breaks-later-event', { event: theFact(3) });
  });

  it('is refused where a later fact could no longer follow', () =>
    given(...life, withdrawn(END), changed('15200000', '2021'))
      .when(reinstateFact, { event: END })
      .rejects('ledger/breaks-later-event', { event: theFact(6), because: 'contract/stage' }));

  it('needs the fact to be withdrawn', async () => {
    await given(...life)
      .when(reinstateFact, { event: CHANGE })
      .rejects('ledger/not-withdrawn', { pointer: '/event' });
    await given(...life)
      .when(reinstateFact, { event: nobody })
      .rejects('ledger/unknown-event', { pointer: '/event' });
  });

  it('lets the fact be withdrawn again', () =>
    given(...life, withdrawn(CHANGE), context('FactReinstated', { event: CHANGE }))
      .when(withdrawFact, { event: CHANGE })
      .leaves((_, { withdrawn }) => expect([...withdrawn]).toEqual([[CHANGE, theFact(7)]])));
});

describe('MarkDuplicate', () => {
  it('takes all that was recorded away, and names the one that is kept', () =>
    given(...life)
      .when(markDuplicate, { of: 'old' })
      .leaves((state, history) => {
        expect([state.stage, history.entries, history.duplicateOf]).toEqual(['none', [], 'old']);
        expect([...history.withdrawn]).toEqual([AWARD, START, CHANGE, END].map((event) => [event, theFact(5)]));
      }));

  it('is about what it was about, and the one that is kept', async () => {
    const load = async (category: string, id: string) => historyOf([...world()].find((s) => s.aggregate.category === category && s.id === id)!); // prettier-ignore
    const history = historyOf(stream(contract, 'twin', ...life));
    const context = { id: 'twin', data: { of: 'old' }, record: {}, actor: { id: 'ana' }, effectiveOn: TODAY, today: TODAY };
    const { about } = decide(markDuplicate, context, await readOthers(markDuplicate, context.data, history, load));
    expect(about).toEqual([{ programme: 'met', tower: ['data-centre'], supplier: ['keysource'], contract: ['twin', 'old'] }]);
  });

  it('is already so when it is said again, and names one contract', async () => {
    await given(...life, context('DuplicateMarked', { of: 'old' }))
      .when(markDuplicate, { of: 'old' })
      .changesNothing();
    await specification(contract, { others: [...world(), stream(contract, 'older', awarded())] })(
      ...life,
      context('DuplicateMarked', { of: 'old' }),
    )
      .when(markDuplicate, { of: 'older' })
      .rejects('ledger/nothing-stands', { detail: 'duplicate of old' });
    await given(awarded(), withdrawn(AWARD)).when(markDuplicate, { of: 'old' }).rejects('ledger/nothing-stands');
  });

  it('names another contract that is there', async () => {
    await given(...life)
      .when(markDuplicate, { of: 'met-example' })
      .rejects('ledger/duplicate-of-itself', { pointer: '/of' });
    await given(...life)
      .when(markDuplicate, { of: 'nothing' })
      .rejects('ledger/unknown-reference', { pointer: '/of', detail: 'No contract nothing' });
    const twin = stream(contract, 'twin', awarded(), context('DuplicateMarked', { of: 'old' }));
    await specification(contract, { others: [...world(), twin] })(...life)
      .when(markDuplicate, { of: 'twin' })
      .rejects('ledger/unknown-reference', { detail: 'duplicate of old' });
    const gone = stream(contract, 'gone', awarded(), withdrawn(AWARD));
    await specification(contract, { others: [...world(), gone] })(...life)
      .when(markDuplicate, { of: 'gone' })
      .rejects('ledger/unknown-reference', { detail: 'withdrawn' });
  });

  it('leaves room: a new first fact opens the contract again', () =>
    given(...life, context('DuplicateMarked', { of: 'old' }))
      .when(awardContract, { ...awarded().data, title: 'Opened again' }, { effectiveOn: '2021' })
      .leaves((state, { duplicateOf }) => expect([state.stage, state.title, duplicateOf]).toEqual(['awarded', 'Opened again', undefined])));

  it('is taken back by reinstating what was recorded', () =>
    given(...life, context('DuplicateMarked', { of: 'old' }))
      .when(reinstateFact, { event: AWARD, withDependants: true })
      .leaves((state, { duplicateOf }) => {
        expect(state).toEqual(historyOf(stream(contract, 'met-example', ...life)).state);
        expect(duplicateOf).toBeUndefined();
      }));
});

describe('Annotate', () => {
  const note = 'The press says "up to £95m"';
  const claim = (value: unknown, pointer = '/value/amount') => ({ note, event: AWARD, claim: { pointer, value } });
  const press = { evidence: [{ title: 'A newspaper', confidence: 'press' as const }] };

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
      .when(annotate, claim('6800000'), press)
      .then(context('FactAnnotated', claim('6800000'))));

  it('survives a correction of its fact', () =>
    given(...life, context('FactAnnotated', claim('6800000')))
      .when(correctFact, { ...error(AWARD, '/value/amount', '6800000'), because: 'settled' })
      .leaves((_, { entries: [award] }) => expect(award).toMatchObject({ notes: [{ note }], corrections: [{ because: 'settled' }] })));

  it.each<[string, Provenance]>([
    ['no evidence', {}],
    ['evidence without an address or a title', { evidence: [{ paragraph: '4', confidence: 'press' }] }],
  ])('always names the source of a claim: never %s', (_, record) =>
    given(...life)
      .when(annotate, claim('6800000'), record)
      .rejects('ledger/claim-without-source', { pointer: '/record/evidence' }),
  );

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
  return { event, changes: [{ pointer, value }], because: 'error' };
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
  const award = { programme: 'met', title: 'Data centre managed service', suppliers: [{ supplier: 'keysource' }], towers: ['data-centre'], options: [{ option: 'year-6', months: 12 }], value: gbp('6807000') }; // prettier-ignore
  return context('ContractAwarded', award, '2015');
}
const recordedContract = { programme: 'met', title: 'Old', stage: 'live', role: 'tower', towers: ['hosting'], suppliers: [{ supplier: 'csc' }], value: gbp('5') }; // prettier-ignore
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
    ...['keysource', 'csc', 'atos'].map((id) =>
      stream(supplier, id, context('SupplierRegistered', { title: id, form: 'company' }, '2014')),
    ),
    ...['data-centre', 'hosting'].map((id) => stream(tower, id, context('TowerPlanned', { programme: 'met', title: id }, '2014'))),
    stream(contract, 'old', awarded()),
  ];
}
