import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { closeContract } from '../../src/domain/contract/commands/close-contract.js';
import { exerciseExtension } from '../../src/domain/contract/commands/exercise-extension.js';
import { setTerm } from '../../src/domain/contract/commands/set-term.js';
import { signContract } from '../../src/domain/contract/commands/sign-contract.js';
import { startService } from '../../src/domain/contract/commands/start-service.js';
import { terminateContract } from '../../src/domain/contract/commands/terminate-contract.js';
import { whenOptionWindowPassedThenLapseOption } from '../../src/domain/contract/automations/when-option-window-passed-then-lapse-option.js';
import { contract, contractFindings, endBasisOf, endOfContract, type Contract } from '../../src/domain/contract/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { context, historyOf, specification, stream, type GivenEvent } from '../given.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });
const approvals = [{ monthsAbove: 12, approver: 'Mayor' }];
const adopted = context('PolicyAdopted', { policy: 'scheme', title: 'S', version: '1', inForceFrom: '2010', approvals }, '2010');
const others = [
  stream(programme, 'met', context('ProgrammeChartered', { title: 'TT', authority: 'MPS', baseCurrency: 'GBP' }, '2009'), adopted),
  stream(supplier, 'atos', context('SupplierRegistered', { title: 'Atos', form: 'company' }, '2009')),
];
const given = specification(contract, { id: 'siam', others });
const awarded = (more: object = {}): GivenEvent =>
  context('ContractAwarded', { programme: 'met', title: 'SIAM', suppliers: [{ supplier: 'atos' }], value: gbp('96000000'), ...more }, '2015-06'); // prettier-ignore
const signed = (more: object = {}): GivenEvent => context('ContractSigned', more, '2015-08-24');
const started: GivenEvent = context('ServiceStarted', {}, '2015-11-02');
const ofService = [awarded({ termMonths: 60 }), signed(), started] as const;
const end = (c: Contract) => [endOfContract(c) ?? null, endBasisOf(c)];
const codes = (c: Contract) => contractFindings(c).map(({ code }) => code);

describe('the first day of a term', () => {
  it('is that of the record, never silently that of the service', async () => {
    await given(awarded({ termMonths: 60 }), signed({ startsOn: '2015-10-01' }))
      .when(startService, {}, { effectiveOn: '2015-11-02' })
      .leaves((c) => {
        expect([c.term.startsOn, c.dates['started']]).toEqual(['2015-10-01', '2015-11-02']);
        expect(end(c)).toEqual(['2020-09-30', 'term-start']);
      });
    await given(awarded({ termMonths: 60 }), signed())
      .when(startService, {}, { effectiveOn: '2015-11-02' })
      .leaves((c) => expect([c.term.startsOn, ...end(c)]).toEqual([undefined, '2020-11-01', 'service-start']));
  });

  it('can be set once the service has started: then the end is counted from it', () =>
    given(...ofService)
      .when(setTerm, { startsOn: '2015-10-01' }, { effectiveOn: '2016' })
      .leaves((c) => expect(end(c)).toEqual(['2020-09-30', 'term-start'])));

  it('is not known of a service that started on an unknown day, nor of a term without length', async () => {
    await given(awarded({ termMonths: 60 }), signed())
      .when(startService, {}, { effectiveOn: 'unknown' })
      .leaves((c) => expect(end(c)).toEqual([null, null]));
    await given(awarded(), signed())
      .when(startService, {}, { effectiveOn: '2015-11-02' })
      .leaves((c) => expect(end(c)).toEqual([null, null]));
  });
});

describe('an end that is counted from the start of the service', () => {
  it('moves with the months of an option that was exercised, and with those that still may be', () =>
    given(awarded({ termMonths: 60, options: [{ option: 'a', months: 12 }] }), signed(), started)
      .when(exerciseExtension, { option: 'a' }, { effectiveOn: '2020-01' })
      .leaves((c) => expect([...end(c), endOfContract(c, 6)]).toEqual(['2021-11-01', 'service-start', '2022-05-01'])));

  it('never takes the place of one that is stated', () =>
    given(awarded({ termMonths: 60, startsOn: '2015-09-01', endsOn: '2018-08-31' }), signed())
      .when(startService, {}, { effectiveOn: '2015-11-02' })
      .leaves((c) => expect([...end(c), endOfContract(c, 12)]).toEqual(['2018-08-31', 'stated', '2019-08-31'])));
});

describe('an end that is only counted from the start of the service', () => {
  it('refuses nothing: nobody said so', async () => {
    await given(...ofService)
      .when(terminateContract, { ground: 'Convenience', endsOn: '2021-06-30' }, { effectiveOn: '2020-01' })
      .leaves((c) => expect(end(c)).toEqual(['2021-06-30', 'stated']));
    await given(...ofService)
      .when(closeContract, { finalValue: gbp('1'), endedOn: '2020-09-30' }, { effectiveOn: '2020-10-15' })
      .leaves((c) => expect([c.closed?.wasToEndOn, ...codes(c)]).toEqual([undefined]));
    await given(...ofService)
      .when(closeContract, { finalValue: gbp('1'), endedOn: '2021-06-30' }, { effectiveOn: '2021-07' })
      .leaves({ stage: 'closed' });
    await given(awarded({ termMonths: 60, options: [{ option: 'a', months: 12 }] }), signed(), started)
      .when(exerciseExtension, { option: 'a', endsOn: '2021-12-31' }, { effectiveOn: '2020-01' })
      .leaves((c) => expect(end(c)).toEqual(['2021-12-31', 'stated']));
  });

  it('of a term whose first day is stated refuses what cannot be', async () => {
    const stated = [awarded({ termMonths: 60 }), signed({ startsOn: '2015-11-02' }), started];
    await given(...stated)
      .when(terminateContract, { ground: 'Convenience', endsOn: '2021-06-30' }, { effectiveOn: '2020-01' })
      .rejects('contract/termination-prolongs', { detail: '2020-11-01' });
    await given(...stated)
      .when(closeContract, { finalValue: gbp('1'), endedOn: '2020-09-30' }, { effectiveOn: '2020-10-15' })
      .rejects('contract/not-past-its-end', { detail: 'Its last day is 2020-11-01' });
  });

  it('is no last day that a policy measures an extension from', async () => {
    const decided = { effectiveOn: '2020-01', decidedBy: { person: 'p', office: 'Director' } };
    const note = 'The last day of the term is not known to the month.';
    await given(...ofService).when(approveChange, { kind: 'term', endsOn: '2025' }, decided).assesses({ 'scheme/approval': { result: 'not-assessable', note } }); // prettier-ignore
    await given(awarded({ termMonths: 60 }), signed({ startsOn: '2015-11-02' }), started).when(approveChange, { kind: 'term', endsOn: '2025' }, decided).assesses({ 'scheme/approval': 'not-met' }); // prettier-ignore
  });
});

describe('months and dates of a term that contradict each other', () => {
  const findings = (more: object, ...events: readonly GivenEvent[]): Promise<readonly { readonly text: string }[]> =>
    new Promise((resolve, reject) => {
      void given(awarded(more), ...events)
        .when(signContract, {}, { effectiveOn: '2015-08-24' })
        .leaves((c) => resolve(contractFindings(c).filter(({ code }) => code === 'term-contradicts-itself')))
        .catch(reject);
    });

  it.each([
    ['agree', { termMonths: 36, startsOn: '2015-09-01', endsOn: '2018-08-31' }, undefined],
    ['agree from the end of a month', { termMonths: 6, startsOn: '2015-08-31', endsOn: '2016-02-29' }, undefined],
    ['are one day off, as an anniversary is', { termMonths: 36, startsOn: '2015-09-01', endsOn: '2018-09-01' }, '36 months from 2015-09-01 end on 2018-08-31; 2018-09-01 is stated, one day later.'], // prettier-ignore
    ['are a year off', { termMonths: 48, startsOn: '2015-09-01', endsOn: '2018-08-31' }, '48 months from 2015-09-01 end on 2019-08-31; 2018-08-31 is stated, 365 days earlier.'], // prettier-ignore
    ['may agree, as well as they are known', { termMonths: 12, startsOn: '2015-10', endsOn: '2016-10' }, undefined],
    ['cannot agree, as well as they are known', { termMonths: 12, startsOn: '2015-10', endsOn: '2016-12' }, '12 months from 2015-10 end on [2016-09-30..2016-10-30]; 2016-12 is stated.'], // prettier-ignore
    ['cannot agree, as well as the first day is known', { termMonths: 12, startsOn: '2015-10', endsOn: '2016-12-31' }, '12 months from 2015-10 end on [2016-09-30..2016-10-30]; 2016-12-31 is stated.'], // prettier-ignore
    ['lack the first day', { termMonths: 12, endsOn: '2099' }, undefined],
    ['have an unknown first day', { termMonths: 12, startsOn: 'unknown', endsOn: '2099' }, undefined],
    ['lack the months', { startsOn: '2015-09-01', endsOn: '2099' }, undefined],
  ])('are found and not refused: they %s', async (_, terms, text) =>
    expect((await findings(terms)).map((one) => one.text)).toEqual(text === undefined ? [] : [text]),
  );

  it('are those that were agreed at first, whatever became of the last day', async () => {
    const terms = { termMonths: 36, startsOn: '2015-09-01' };
    const change = context('ChangeApproved', { kind: 'term', endsOn: '2021-12-31' }, '2015-07');
    expect(await findings({ ...terms, endsOn: '2018-08-31' }, change)).toEqual([]);
    expect(await findings({ ...terms, endsOn: '2018-09-30' }, change)).toMatchObject([
      { text: expect.stringContaining('2018-09-30 is stated') },
    ]);
    expect(await findings(terms, change)).toEqual([]);
  });

  it('are none of a contract that was terminated, closed or extended', async () => {
    const events = [awarded({ termMonths: 36, startsOn: '2015-09-01', options: [{ option: 'a', months: 12 }] }), signed(), started];
    await given(...events).when(terminateContract, { ground: 'Breach', endsOn: '2017-01-31' }, { effectiveOn: '2017' }).leaves((c) => expect(codes(c)).toEqual([])); // prettier-ignore
    await given(...events).when(exerciseExtension, { option: 'a', endsOn: '2019-06-30' }, { effectiveOn: '2017' }).leaves((c) => expect(codes(c)).toEqual([])); // prettier-ignore
    await given(...events).when(closeContract, { finalValue: gbp('1'), endedOn: '2018-08-31' }, { effectiveOn: '2019' }).leaves((c) => expect(codes(c)).toEqual([])); // prettier-ignore
  });

  it('are found by the term that was signed, where it states another last day', () =>
    given(awarded({ termMonths: 36, startsOn: '2015-09-01', endsOn: '2018-08-31' }), context('ChangeApproved', { kind: 'term', endsOn: '2019' }, '2015-07')) // prettier-ignore
      .when(signContract, { endsOn: '2018-12-31' }, { effectiveOn: '2015-08-24' })
      .leaves((c) => expect([c.term.agreedEndsOn, ...codes(c)]).toEqual([undefined, 'term-contradicts-itself'])));

  it('are found of a lot', () =>
    given(awarded({ lots: [{ lot: 'south', title: 'South', term: { months: 12, startsOn: '2016-01-01', endsOn: '2016-12-31' } }, { lot: 'north', title: 'North', term: { months: 12, startsOn: '2016-01-01', endsOn: '2017-12-31' } }] }))
      .when(signContract, {}, { effectiveOn: '2015-08-24' })
      .leaves((c) => expect(contractFindings(c)).toEqual([{ code: 'term-contradicts-itself', text: 'north: 12 months from 2016-01-01 end on 2016-12-31; 2017-12-31 is stated, 365 days later.' }]))); // prettier-ignore

  it('a service that starts before its term is found as well', () =>
    given(awarded({ termMonths: 60 }), signed({ startsOn: '2015-12-01' }))
      .when(startService, {}, { effectiveOn: '2015-11-02' })
      .leaves((c) =>
        expect(contractFindings(c)).toEqual([
          { code: 'started-before-term', text: 'The service started on 2015-11-02; its term begins on 2015-12-01.' },
        ]),
      ));
});

describe('the automation that lets options lapse', () => {
  const option = { option: 'a', months: 12, noticeMonths: 6 };
  const due = (...events: readonly GivenEvent[]) => {
    const history = historyOf(stream(contract, 'siam', ...events));
    return whenOptionWindowPassedThenLapseOption.due({ history, item: 'a', programme: undefined, today: '2026-12-01' });
  };

  it('waits for a person where the last day is only counted from the start of the service', () => {
    // 132 months from 2015-11-02 end on 2026-11-01: the last day to exercise it is 2026-05-01, after the day of the record.
    const terms = { termMonths: 132, options: [option] };
    expect(due(awarded(terms), signed({ startsOn: '2015-11-02' }), started)?.body).toMatchObject({ option: 'a', record: { effectiveOn: '2026-05-02' } }); // prettier-ignore
    expect(due(awarded(terms), signed(), started)).toBeUndefined();
  });
});
