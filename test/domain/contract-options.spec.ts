import { describe, expect, it } from '@jest/globals';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { recordDelay } from '../../src/domain/contract/commands/record-delay.js';
import { contract, endOfContract, lastDayToExercise, openOptions, type Contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, specification, stream, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const given = specification(contract, {
  others: [
    stream(programme, 'met', context('ProgrammeChartered', { title: 'Total Technology', authority: 'MPS', baseCurrency: 'GBP' }, '2010')),
    stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2010')),
  ],
});
const award = { programme: 'met', title: 'Desk', suppliers: [{ supplier: 'csc' }], value: gbp('100') };
const options = [
  { option: 'year-6', months: 12, noticeMonths: 6 },
  { option: 'year-7', months: 12, status: 'lapsed' },
  { option: 'year-8', months: 6 },
];
const awarded = (more: object = {}) =>
  context('ContractAwarded', { ...award, startsOn: '2016-01-01', endsOn: '2020-12-31', options, ...more }, '2015-12-01');
const signed = context('ContractSigned', {}, '2015-12-20');
const [live, notice] = [context('ServiceStarted', {}, '2016-01-01'), context('TerminationNoticeGiven', { by: 'authority', takesEffectOn: '2019-12-31' }, '2019-01')]; // prettier-ignore
const ended = context('ContractTerminated', { ground: 'Convenience' }, '2019-12-31');
const after = (...events: GivenEvent[]) => ({
  shows: (check: (c: Contract) => void) =>
    given(...events)
      .when(recordDelay, { milestone: 'M', to: '2021' }, { effectiveOn: '2020' })
      .leaves(check),
});

describe('the options that can still be exercised', () => {
  const open = (c: Contract) => openOptions(c).map(({ option }) => option);

  it('are those that were neither exercised nor lapsed, of a contract that runs', async () => {
    await after(awarded(), signed).shows((c) => expect(open(c)).toEqual(['year-6', 'year-8']));
    const exercised = context('ExtensionExercised', { option: 'year-6' }, '2018');
    await after(awarded(), signed, live, exercised).shows((c) => expect(open(c)).toEqual(['year-8']));
  });

  it('are none while a notice stands, nor once the contract was terminated', async () => {
    await after(awarded(), signed, live, notice).shows((c) => expect([c.stage, open(c)]).toEqual(['notice-given', []]));
    await after(awarded(), signed, live, ended).shows((c) => expect([c.stage, open(c)]).toEqual(['exiting', []]));
  });

  it('have a last day on which they are exercised in time: before the end, or the day on which a notice takes effect', async () => {
    const last = (c: Contract) => c.options.map((option) => lastDayToExercise(option, c));
    await after(awarded(), signed).shows((c) => expect(last(c)).toEqual(['2020-06-30', '2020-12-31', '2020-12-31']));
    await after(awarded(), signed, live, notice).shows((c) => expect(last(c)[2]).toBe('2019-12-31'));
    await after(awarded({ endsOn: undefined }), signed).shows((c) => expect(last(c)).toEqual([undefined, undefined, undefined]));
  });

  it('are named where another one is exercised', async () => {
    await given(awarded(), signed)
      .when(exerciseExtension, { option: 'year-9' })
      .rejects('contract/unknown-option', { detail: 'It has year-6, year-7, year-8.' });
    await given(awarded({ options: undefined }), signed)
      .when(exerciseExtension, { option: 'year-9' })
      .rejects('contract/unknown-option', { detail: 'It has none.' });
  });
});

describe('what exercising an option adds to the ceiling', () => {
  const exercising = (more: object, value?: object) =>
    given(awarded({ options: [{ option: 'year-6', months: 12, ...(value && { value }) }], ...more }), signed).when(exerciseExtension, { option: 'year-6' }, { effectiveOn: '2020' }); // prettier-ignore

  it('is its value where the value covers the initial term, and nothing where it covers the options', async () => {
    await exercising({ covers: 'initial-term' }, gbp('20')).leaves({
      ceiling: gbp('120.00'),
      changes: [{ by: gbp('20'), to: gbp('120.00') }],
    });
    await exercising({ covers: 'with-options' }, gbp('20')).leaves(({ ceiling, changes: [change] }) => {
      expect(ceiling).toEqual(gbp('100'));
      expect([change?.by, change?.to]).toEqual([undefined, undefined]);
    });
  });

  it('is not known where nobody says, and the ceiling is at least what it was', async () => {
    const atLeast = { ...gbp('100.00'), qualifier: 'at-least' };
    await exercising({ covers: 'initial-term' }).leaves({ ceiling: atLeast, changes: [{ by: { unknown: true }, to: atLeast }] });
    await exercising({}, gbp('20')).leaves({ ceiling: atLeast });
    await exercising({ covers: 'initial-term', value: { undisclosed: true } }, gbp('20')).leaves(({ changes: [change] }) =>
      expect([change?.by, change?.to]).toEqual([gbp('20'), undefined]),
    );
    await exercising({ value: { undisclosed: true } }).leaves(({ ceiling, changes: [change] }) =>
      expect([ceiling, change?.to]).toEqual([{ undisclosed: true }, undefined]),
    );
  });

  it.each(['under', 'at-most'] as const)('is not known of a maximum either: a ceiling of %s £100 is then at least that', (qualifier) =>
    exercising({ value: { ...gbp('100'), qualifier, roundedTo: '10' } }).leaves({ ceiling: { ...gbp('100.00'), qualifier: 'at-least' } }),
  );
});

describe('the end of a contract of which only the months are known', () => {
  const term = (of: object) => ({ shows: (expected: readonly (string | undefined)[]) => after(awarded({ endsOn: undefined, ...of }), signed, context('ExtensionExercised', { option: 'year-8' }, '2018')).shows((c) => expect([endOfContract(c), endOfContract(c, 6)]).toEqual(expected)) }); // prettier-ignore

  it('is counted from its first day, with the months by which it was extended and those of an option', () =>
    term({ termMonths: 60 }).shows(['2021-06-30', '2021-12-31']));
  it('is not known where the first day is not, or the months are not', async () => {
    await term({ termMonths: 60, startsOn: undefined }).shows([undefined, undefined]);
    await term({ termMonths: 60, startsOn: 'unknown' }).shows([undefined, undefined]);
    await term({}).shows([undefined, undefined]);
  });
});

it('an award keeps what is bought, by whom, and how it was procured; a later statement replaces it', async () => {
  const particulars = { description: 'Desks', buyer: 'The Met', procedure: 'restricted', directAward: { ground: 'One supplier' } };
  await given()
    .when(awardContract, { ...award, ...particulars })
    .leaves(particulars);
  await given()
    .when(awardContract, award)
    .leaves((c) => {
      for (const name of Object.keys(particulars)) expect(c).not.toHaveProperty(name);
    });
  const planned = context('ContractPlanned', { programme: 'met', title: 'Desk', description: 'Chairs', buyer: 'The City' }, '2015');
  await given(planned)
    .when(awardContract, { ...award, buyer: 'The Met' })
    .leaves({ description: 'Chairs', buyer: 'The Met' });
});
