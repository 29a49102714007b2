import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { signContract } from '../../src/domain/contract/commands/sign-contract.js';
import { contract } from '../../src/domain/contract/index.js';
import { changeRegimeOf, factsOfChange } from '../../src/domain/contract/law.js';
import { shipped, type Pack } from '../../src/domain/law/index.js';
import { adoptPolicy } from '../../src/domain/programme/commands/adopt-policy.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { transferStaff } from '../../src/domain/workforce/commands/transfer-staff.js';
import { workforce } from '../../src/domain/workforce/index.js';
import { context, specification, stream, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const chartered = context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2005');
const policy = (law: Pack, more: object = {}) => ({
  policy: 'law',
  title: law.title,
  version: law.version,
  inForceFrom: '2006',
  law,
  ...more,
});
const adopted = (law: Pack, more: object = {}): GivenEvent => context('PolicyAdopted', policy(law, more), '2006');
const world = (...policies: readonly GivenEvent[]) => [
  stream(programme, 'met', chartered, ...policies),
  stream(supplier, 'atos', context('SupplierRegistered', { title: 'Atos', form: 'company' }, '2005')),
];
const under = (...policies: readonly GivenEvent[]) => specification(contract, { others: world(...policies) });
const award = (more: object = {}): GivenEvent =>
  context('ContractAwarded', { programme: 'met', title: 'SIAM', suppliers: [{ supplier: 'atos' }], regime: 'PCR2015', value: gbp('96000000'), termMonths: 60, startsOn: '2015-11-02', endsOn: '2020-11-01', ...more }, '2015-11'); // prettier-ignore
const to = (amount: string, more: object = {}) => ({ kind: 'value', to: gbp(amount), ...more });
const cap = 'PCR 2015 reg. 72(1)(b)';

describe('the adoption of a pack of law', () => {
  const given = specification(programme, { id: 'met' });
  const own = (more: object): Pack => ({ ...shipped.pcr2015Standstill, ...more }) as Pack;
  const rule = shipped.pcr2015Standstill.rules[0]!;

  it('keeps its whole body, so that what was assessed can be replayed without a file', () =>
    given(chartered)
      .when(adoptPolicy, policy(shipped.pcr2015Changes))
      .then(context('PolicyAdopted', policy(shipped.pcr2015Changes))));

  it('is already so when the same version is adopted again', () =>
    given(chartered, adopted(shipped.pcr2015Changes)).when(adoptPolicy, policy(shipped.pcr2015Changes)).changesNothing());

  it('is refused with a malformed rule, and says which', () =>
    given(chartered)
      .when(
        adoptPolicy,
        policy(own({ rules: [rule, { ...rule, id: 'second', when: [{ field: 'electronic', op: 'is', value: 'perhaps' }] }] })),
      )
      .rejects('programme/malformed-rule', { pointer: '/law/rules/1/when/0/value', detail: '/rules/1/when/0/value must be yes or no.' }));

  it('is refused with a rule that can never apply, and says which', () =>
    given(chartered)
      .when(adoptPolicy, policy(own({ rules: [{ ...rule, when: [...rule.when!, { field: 'electronic', op: 'is', value: 'no' }] }] })))
      .rejects('programme/unreachable-rule', { pointer: '/law/rules/0/when/1', detail: 'electronic never applies: electronic cannot be both.' })); // prettier-ignore
});

describe('a change under an adopted pack', () => {
  it('is not assessed where no pack was adopted, nor by a pack of another regime, of another subject or of another day', async () => {
    await under()(award())
      .when(approveChange, to('143000000', { ground: cap }))
      .assesses({});
    const others = [adopted(shipped.pcr2006Changes), adopted(shipped.pcr2015Standstill, { policy: 'b' }), adopted(shipped.pa2023Changes, { policy: 'c' })]; // prettier-ignore
    await under(...others)(award())
      .when(approveChange, to('143000000', { ground: cap }))
      .assesses({});
    await under(adopted(shipped.pcr2015Changes))(award()).when(approveChange, to('143000000', { ground: cap }), { effectiveOn: '2015-11-20' }).assesses({ 'law/additional': 'met', 'law/additional-necessary': 'not-assessable' }); // prettier-ignore
    await under(adopted(shipped.pcr2015Changes, { inForceUntil: '2015' }))(award()).when(approveChange, to('143000000', { ground: cap })).assesses({}); // prettier-ignore
  });

  it('is met within the cap, with the figures and the version of the law', () =>
    under(adopted(shipped.pcr2015Changes))(award())
      .when(approveChange, to('143000000', { ground: cap }))
      .assesses({
        'law/additional': {
          result: 'met',
          version: '2015-02-26',
          inputs: {
            law: 'pcr-2015-changes version 2015-02-26, to be confirmed',
            original: gbp('96000000'),
            to: gbp('143000000'),
            stepOverOriginal: '0.489583',
            ground: cap,
          },
        },
        'law/additional-necessary': {
          result: 'not-assessable',
          note: 'reg. 72(1)(b): The additions have become necessary, and another contractor cannot be taken for economic or technical reasons. For a person to judge.', // prettier-ignore
        },
      }));

  it('is flagged where each change is within the cap and all of them are not', () =>
    under(adopted(shipped.pcr2015Changes))(award(), context('ChangeApproved', to('143000000'), '2018'))
      .when(approveChange, to('176800000', { ground: cap }))
      .assesses({
        'law/additional': {
          result: 'met',
          note: expect.stringContaining('changes may not be split to avoid the limit') as unknown as string,
        },
        'law/additional-necessary': 'not-assessable',
      }));

  it('is refused beyond the cap, and recorded as not met when it is backdated', async () => {
    const dcms = [award({ value: gbp('6807000') }), context('ChangeApproved', to('10200000'), '2017')];
    await under(adopted(shipped.pcr2015Changes))(...dcms)
      .when(approveChange, to('15200000', { ground: cap }))
      .rejects('ledger/policy-not-met', { detail: 'law/additional: reg. 72(1)(b): Each change' });
    await under(adopted(shipped.pcr2015Changes))(...dcms)
      .when(approveChange, to('15200000', { ground: cap }), { effectiveOn: '2018-06-01' })
      .assesses({ 'law/additional': 'not-met', 'law/additional-necessary': 'not-assessable' });
  });

  it('says what was not said: the ground, unforeseen, what the contract is for', async () => {
    await under(adopted(shipped.pcr2015Changes))(award())
      .when(approveChange, to('143000000', { ground: 'reg. 72(1)(c)' }))
      .assesses({
        'law/unforeseen': 'met',
        'law/unforeseen-need': { result: 'not-assessable', note: 'reg. 72(1)(c): A diligent authority could not have foreseen the need. Unforeseen was not said.' }, // prettier-ignore
      });
    await under(adopted(shipped.pcr2015Changes))(award())
      .when(approveChange, to('192100000'))
      .assesses({
        'law/any-duty': { result: 'not-assessable', note: 'The ground was not said. Unforeseen was not said.' },
        'law/any-cap': { result: 'not-assessable', note: expect.stringMatching(/^Met by no rule that may apply. The ground was not said. What the contract is for/) as unknown as string }, // prettier-ignore
        'law/any-threshold': { result: 'not-assessable', note: expect.stringContaining('What the authority is (central or sub-central) was not said.') as unknown as string }, // prettier-ignore
      });
  });

  it('is met whichever rule applies, where each of them would be', () =>
    under(adopted(shipped.pcr2015Changes))(award())
      .when(approveChange, to('96100000', { ground: 'reg. 72(5)' }), { effectiveOn: '2018-06-01' })
      .assesses({
        'law/any-cap': { result: 'met', note: 'Met whichever rule applies.' },
        'law/any-threshold': { result: 'met', note: 'Met whichever rule applies.' },
      }));

  it('has no rule where the ground is none of the law', () =>
    under(adopted(shipped.pcr2015Changes))(award())
      .when(approveChange, to('143000000', { ground: 'Option' }))
      .assesses({ 'law/pcr-2015-changes': { result: 'not-assessable', note: 'No rule of pcr-2015-changes applies to this.' } }));

  it.each(['framework-call-off', 'other', 'unknown'])('is not assessable where the regime is %s: the change regime is unknown', (regime) =>
    under(adopted(shipped.pcr2015Changes))(award({ regime }))
      .when(approveChange, to('143000000', { ground: cap }))
      .assesses({ 'law/regime': { result: 'not-assessable', note: 'The change regime of the contract is unknown.' } }),
  );

  it('is not assessable where nobody knows whether the policy was in force, and is from the adoption of a policy of unknown start', async () => {
    await under(adopted(shipped.pcr2015Changes, { inForceFrom: '2018' }))(award())
      .when(approveChange, to('143000000', { ground: cap }), { effectiveOn: '2018-05' })
      .assesses({
        'law/pcr-2015-changes': { result: 'not-assessable', note: 'Whether the policy was in force on that day is not known.' },
      });
    const unknown = context('PolicyAdopted', policy(shipped.pcr2015Changes, { inForceFrom: 'unknown' }), '2017-03-01');
    const on = (effectiveOn: string) => under(unknown)(award()).when(approveChange, to('143000000', { ground: cap }), { effectiveOn });
    await on('2017-02-28').assesses({ 'law/pcr-2015-changes': 'not-assessable' });
    await on('2017-03-01').assesses({ 'law/additional': 'met', 'law/additional-necessary': 'not-assessable' });
  });

  it('is not assessed by a pack that was not yet in force, though the policy was', () =>
    under(adopted(shipped.pa2023Changes))(award({ regime: 'PA2023' }))
      .when(approveChange, to('143000000', { ground: 'Sch. 8 para. 4' }), { effectiveOn: '2025-02-23' })
      .assesses({}));

  it('says in so many words which rule is not met', () =>
    under(adopted(shipped.pcr2015Changes))(award())
      .when(approveChange, to('176800000', { ground: cap }), { effectiveOn: '2018-06-01' })
      .assesses({
        'law/additional': { result: 'not-met', note: 'reg. 72(1)(b): Each change for additional works, services or supplies raises the price by at most 50 % of the original price, as indexed.' }, // prettier-ignore
        'law/additional-necessary': 'not-assessable',
      }));

  it('says met by no rule only where none of those that may apply is met', () =>
    under(adopted(shipped.pcr2015Changes))(award({ value: gbp('10000000') }))
      .when(approveChange, to('10150000', { ground: 'reg. 72(5)' }), { effectiveOn: '2018-06-01' })
      .assesses({
        'law/any-cap': 'met',
        'law/any-threshold': { result: 'not-assessable', note: 'What the contract is for (goods, services or works) was not said. What the authority is (central or sub-central) was not said.' }, // prettier-ignore
      }));

  it('within the precision of its sources is not assessable', () =>
    under(adopted(shipped.pcr2015Changes))(award())
      .when(approveChange, { kind: 'value', to: { ...gbp('144000000'), roundedTo: '1000000' }, ground: cap })
      .assesses({
        'law/additional': { result: 'not-assessable', note: expect.stringContaining('within precision of the limit') as unknown as string },
        'law/additional-necessary': 'not-assessable',
      }));

  it('of scope alone, under the regulations of 2006, is for a person to judge', () =>
    under(adopted(shipped.pcr2006Changes))(award({ regime: 'PCR2006' }))
      .when(approveChange, { kind: 'scope', summary: 'More users' })
      .assesses({ 'law/not-substantial': 'not-assessable' }));

  it('adds up every change under the de-minimis', () =>
    under(adopted(shipped.pcr2015Changes))(award({ value: gbp('1000000') }), context('ChangeApproved', to('1090000'), '2017'))
      .when(approveChange, to('1151000', { ground: 'reg. 72(5)' }), { effectiveOn: '2018-06-01' })
      .assesses({
        'law/any-cap': { result: 'not-assessable', note: expect.stringContaining('Met by no rule that may apply.') as unknown as string },
        'law/any-threshold': 'not-assessable',
      }));
});

describe('the facts of a change', () => {
  const state = { ...contract.initial, original: gbp('1000000'), ceiling: gbp('1090000'), term: { months: 60, endsOn: '2020-11-01' } };
  const cumulative = (to: object, original: object = state.original) =>
    factsOfChange({ ...state, original } as typeof state, { on: '2018', to: to as typeof state.original }).cumulative;

  it('have what all changes come to, more or less, where every figure is exact and in one currency', () => {
    expect(cumulative(gbp('1150000'))).toEqual({ least: 15_000_000n, most: 15_000_000n, currency: 'GBP' });
    expect(cumulative(gbp('900000'))).toEqual({ least: 10_000_000n, most: 10_000_000n, currency: 'GBP' });
    expect(factsOfChange(state, { on: '2018' }).cumulative).toEqual({ least: 9_000_000n, most: 9_000_000n, currency: 'GBP' });
    for (const other of [
      { undisclosed: true },
      { ...gbp('1150000'), qualifier: 'about' },
      { ...gbp('1150000'), roundedTo: '1000' },
      { amount: '1150000', currency: 'EUR' },
    ]) {
      // prettier-ignore
      expect(cumulative(other)).toBeUndefined();
      expect(cumulative(gbp('1150000'), other)).toBeUndefined();
    }
    expect(cumulative({ ...gbp('1150000'), qualifier: 'exact' })).toBeDefined();
  });

  it('have money and term only where they change, and the longest term only where it was agreed', () => {
    expect(factsOfChange(state, { on: '2018', newEndsOn: '2021' })).toMatchObject({ term: { endsOn: '2020-11-01', newEndsOn: '2021', maximum: 60 } }); // prettier-ignore
    expect(factsOfChange(state, { on: '2018' })).not.toHaveProperty('term');
    expect(factsOfChange(state, { on: '2018' })).not.toHaveProperty('change');
    const { months: _, ...term } = state.term;
    const options = [{ option: 'a', months: 12, status: 'open' as const }];
    expect(factsOfChange({ ...state, term, options }, { on: '2018', newEndsOn: '2021' }).term?.maximum).toBeUndefined();
    expect(factsOfChange({ ...state, options }, { on: '2018', newEndsOn: '2021' }).term?.maximum).toBe(72);
  });

  const change = (changes: readonly object[], { by, ...more }: { readonly by?: object; readonly [key: string]: unknown }) =>
    factsOfChange({ ...state, changes, ...more } as typeof state, { on: '2018', to: gbp('1150000'), ...(by && { by: by as typeof state.original }) }).change; // prettier-ignore
  const sums = { original: gbp('1000000'), current: gbp('1090000'), to: gbp('1150000') };
  const step = { on: '2017', kind: 'value', by: gbp('90000') };

  it.each([
    ['of the first step', [], gbp('60000')],
    ['of every step before', [step], gbp('150000.00')],
    ['of every step before that changed the value', [{ on: '2016', kind: 'scope' }, step, { on: '2017', kind: 'term' }], gbp('150000.00')],
  ])('have the step, and the sum %s', (_, changes, added) =>
    expect(change(changes, { by: gbp('60000') })).toEqual({ ...sums, by: gbp('60000'), added }),
  );

  it.each([
    ['stated only the new ceiling', { on: '2017', kind: 'value', to: gbp('1090000') }],
    ['was a step in another currency', { ...step, by: { amount: '90000', currency: 'EUR' } }],
    ['was a step that nobody disclosed', { ...step, by: { undisclosed: true } }],
  ])('have no sum of the steps where one before %s', (_, before) =>
    expect(change([step, before], { by: gbp('60000') })).toEqual({ ...sums, by: gbp('60000') }),
  );

  it('have neither a step nor a sum where only the new ceiling is known', () => expect(change([], {})).toEqual(sums));

  it('have the value at first as it was indexed since', () =>
    expect(change([], { indexations: [{ on: '2017', from: gbp('1000000'), to: gbp('1090000') }] })).toEqual({ ...sums, indexed: gbp('1090000.00') })); // prettier-ignore
});

describe('the change regime of a contract', () => {
  const of = (regime: string | undefined, tendered?: string) =>
    changeRegimeOf({ ...(regime !== undefined && { regime }), dates: tendered === undefined ? {} : { tendered } });
  it.each([
    ['PCR2006', undefined, 'PCR2006'],
    ['PA2023', '2014', 'PA2023'],
    ['framework-call-off', '2016', undefined],
    [undefined, undefined, undefined],
    [undefined, '2015-02-25', 'PCR2006'],
    [undefined, '2015-02-26', 'PCR2015'],
    [undefined, '2015', undefined],
    [undefined, '2025-02-23', 'PCR2015'],
    [undefined, '2025-02-24', 'PA2023'],
    [undefined, '2025-02', undefined],
    [undefined, 'unknown', undefined],
  ])('is as recorded, else by the start of its procedure: %s, %s → %s', (regime, tendered, expected) =>
    expect(of(regime, tendered)).toBe(expected),
  );
});

describe('an extension under an adopted pack', () => {
  const options = [{ option: 'year-6', months: 12 }];
  const pa = award({ regime: 'PA2023', options });
  const signed = context('ContractSigned', {}, '2015-12');

  it('by an option is provided for', () =>
    under(adopted(shipped.pa2023Changes))(pa, signed).when(exerciseExtension, { option: 'year-6' }).assesses({}));

  it('without an option changes the term: its longest is what was agreed with every option', async () => {
    const extend = (more: object) => under(adopted(shipped.pa2023Changes))(pa, signed).when(exerciseExtension, more);
    // Ten per cent of 60 + 12 months are 7.2.
    await extend({ months: 7 }).assesses({ 'law/any-duty': 'not-assessable', 'law/any-cap': { result: 'met', inputs: { newEndsOn: '2021-06-01' } }, 'law/any-threshold': 'met' }); // prettier-ignore
    await extend({ months: 9 }).assesses({ 'law/any-duty': 'not-assessable', 'law/any-cap': 'not-assessable', 'law/any-threshold': 'met' });
  });

  it('without an option is asked of the approval table as well', () =>
    under(
      context('PolicyAdopted', { policy: 'scheme', title: 'Scheme', version: '1', inForceFrom: '2006', approvals: [{ monthsAbove: 6, approver: 'Mayor' }] }, '2006'), // prettier-ignore
    )(award(), signed)
      .when(exerciseExtension, { endsOn: '2021-11-01' }, { decidedBy: { person: 'p1', office: 'Director' } })
      .rejects('ledger/policy-not-met', { detail: 'Mayor must approve this.' }));

  it('without an option, of a term that has no end, names what it lacks', () =>
    under(adopted(shipped.pa2023Changes))(award({ regime: 'PA2023', endsOn: undefined, termMonths: undefined }), signed)
      .when(exerciseExtension, { months: 7 })
      .assesses({ 'law/any-duty': 'not-assessable', 'law/any-cap': { result: 'not-assessable', note: expect.stringContaining('The longest term that was awarded was not said.') as unknown as string }, 'law/any-threshold': 'met' })); // prettier-ignore
});

describe('a signature under an adopted pack', () => {
  const published = (on: string) => context('AwardNoticePublished', { reference: '2025/S 1' }, on);

  it('waits for 8 working days from the award notice under the Act', async () => {
    const given = under(adopted(shipped.pa2023Standstill))(award({ regime: 'PA2023' }), published('2025-12-15'), published('2026-02-20'));
    await given.when(signContract, {}).rejects('ledger/policy-not-met', { detail: 's. 51(2)' });
    await given
      .when(signContract, {}, { effectiveOn: '2026-03-01' })
      .assesses({ 'law/mandatory': { result: 'not-met', inputs: { signedOn: '2026-03-01', awardNoticeOn: '2026-02-20', due: { earliest: '2026-03-03', latest: '2026-03-03' } } } }); // prettier-ignore
    await under(adopted(shipped.pa2023Standstill))(award({ regime: 'PA2023' }), published('2026-02-18'))
      .when(signContract, {})
      .assesses({ 'law/mandatory': 'met' });
  });

  it('says which day is not known well enough', () =>
    under(adopted(shipped.pa2023Standstill))(award({ regime: 'PA2023' }), published('2026-02-18'))
      .when(signContract, {}, { effectiveOn: '2026-02' })
      .assesses({ 'law/mandatory': { result: 'not-assessable', note: 's. 51(2): The contract is entered into after 8 working days that begin with the day of the award notice. The day of the signature is not known well enough.' } })); // prettier-ignore

  it('names the letter and the notice that nobody recorded', async () => {
    await under(adopted(shipped.pa2023Standstill))(award({ regime: 'PA2023' }))
      .when(signContract, {})
      .assesses({ 'law/mandatory': { result: 'not-assessable', note: expect.stringContaining('The award notice was not said.') as unknown as string } }); // prettier-ignore
    await under(adopted(shipped.pcr2015Standstill))(award())
      .when(signContract, {})
      .assesses({ 'law/any-standstill': { result: 'not-assessable', note: 'Whether the standstill letter was sent electronically was not said. The standstill letter was not said.' } }); // prettier-ignore
  });
});

describe('a transfer of staff under an adopted pack', () => {
  const pool = (employer: string) => ({ employer, function: 'it', unit: 'people' });
  const planned = context('TransferPlanned', { programme: 'met', plan: 'p', from: pool('authority'), to: pool('atos'), inScope: { count: 12, unit: 'people' }, basis: 'service-provision-change' }, '2016-01-04'); // prettier-ignore
  const baseline = context('BaselineRecorded', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 100, unit: 'people' } }, '2016-01-01'); // prettier-ignore
  const consulted = (whom: string, employees?: number) => context('ConsultationRecorded', { plan: 'p', with: whom, ...(employees !== undefined && { employees }) }, '2016-01-05'); // prettier-ignore
  const informed = (on: string) => context('LiabilityInformationDelivered', { plan: 'p' }, on);
  const transfer = { transfer: 't', plan: 'p', from: pool('authority'), to: pool('atos'), inScope: 12, moved: 12 };
  const given = (...facts: readonly GivenEvent[]) =>
    specification(workforce, { id: 'met', others: world(adopted(shipped.transfers)) })(baseline, planned, ...facts);
  const on = { effectiveOn: '2016-04-01' };

  it('is assessed by the law of its day', () =>
    given(consulted('union'), informed('2016-03-03'))
      .when(transferStaff, transfer, on)
      .assesses({
        'law/liability-information-2014': {
          result: 'met',
          inputs: { law: 'gb-transfers version 2024-07-01, to be confirmed', transferOn: '2016-04-01', liabilityInformationOn: '2016-03-03', transferring: { least: 12, most: 12 }, due: { earliest: '2016-03-04', latest: '2016-03-04' } }, // prettier-ignore
        },
        'law/any-duty': { result: 'met', note: 'Met whichever rule applies.' },
      }));

  it('is recorded whatever the law says of it, also today', async () => {
    await given(consulted('direct', 60), informed('2016-03-20'))
      .when(transferStaff, transfer, on)
      .assesses({ 'law/liability-information-2014': 'not-met', 'law/representatives-2014': 'not-met' });
    await given(consulted('direct', 60), informed('2016-03-20'))
      .when(transferStaff, transfer)
      .assesses({ 'law/liability-information-2014': { result: 'met' }, 'law/representatives-2024': { result: 'not-met', refuses: false } });
    await given(consulted('direct', 60))
      .when(transferStaff, { ...transfer, transferOn: '2016-04-01', basis: 'none' }, { effectiveOn: '2016-04-02' })
      .assesses({ 'law/gb-transfers': { result: 'not-assessable', note: 'No rule of gb-transfers applies to this.' } });
  });

  it('goes by the plan’s basis where it has none, and by what was delivered for its own day', async () => {
    const forOther = context('LiabilityInformationDelivered', { plan: 'p', transferOn: '2016-09' }, '2016-02-01');
    await given(consulted('union'), forOther)
      .when(transferStaff, transfer, on)
      .assesses({ 'law/liability-information-2014': { result: 'not-assessable', note: expect.stringContaining('The liability information was not said.') as unknown as string }, 'law/any-duty': 'met' }); // prettier-ignore
    const { plan: _, ...unplanned } = transfer;
    await given()
      .when(transferStaff, { ...unplanned, basis: 'business-transfer' }, on)
      .assesses({ 'law/liability-information-2014': 'not-assessable', 'law/any-duty': 'not-assessable' });
  });
});
