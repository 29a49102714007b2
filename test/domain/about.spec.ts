import { describe, expect, it } from '@jest/globals';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { discloseValue } from '../../src/domain/contract/commands/disclose-value.js';
import { contract } from '../../src/domain/contract/index.js';
import { writeOff } from '../../src/domain/loss/commands/write-off.js';
import { loss } from '../../src/domain/loss/index.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import { redeploy } from '../../src/domain/workforce/commands/redeploy.js';
import { poolOf } from '../../src/domain/workforce/pools.js';
import { workforce } from '../../src/domain/workforce/index.js';
import { betweenOf, showTotal, showValue, totalOf, measuresOf, valueOf, type Amount, type Value } from '../../src/kernel/index.js';
import { context, specification, stream } from '../given.js';

const gbp = (amount: string, more: Partial<Amount> = {}): Amount => ({ amount, currency: 'GBP', ...more });
const about = (amount: string, roundedTo?: string): Amount => gbp(amount, { qualifier: 'about', ...(roundedTo && { roundedTo }) });
const chartered = context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '2010');
const met = (...more: readonly ReturnType<typeof context>[]) => stream(programme, 'met', chartered, ...more);
const csc = stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '2010'));

describe('an approximate figure is an interval', () => {
  it.each<[string, Value, string, string | undefined]>([
    ['about £65m is 64.5 to 65.5', about('65000000'), '6450000000', '6550000000'],
    ['about £65m, rounded to £5m, is 62.5 to 67.5', about('65000000', '5000000'), '6250000000', '6750000000'],
    ['£10.2m as a paper rounds it', gbp('10200000', { roundedTo: '100000' }), '1015000000', '1025000000'],
    ['£65m exactly', gbp('65000000'), '6500000000', '6500000000'],
    ['about £5, rounded to £20, is not less than nothing', about('5', '20'), '0', '1500'],
    ['about −£65m, of a saving that costs', about('-65000000'), '-6550000000', '-6450000000'],
    ['about −£5, rounded to £20, is not more than nothing', about('-5', '20'), '-1500', '0'],
    ['at most £8m', gbp('8000000', { qualifier: 'at-most' }), '0', '800000000'],
    ['at most −£8m', gbp('-8000000', { qualifier: 'at-most' }), '-800000000', '-800000000'],
    ['over £8m', gbp('8000000', { qualifier: 'over' }), '800000000', undefined],
    ['undisclosed', { undisclosed: true }, '0', undefined],
    ['undisclosed, with a known step of £5m', { undisclosed: true, atLeast: gbp('5000000') }, '500000000', undefined],
  ])('%s', (_, value, least, most) => {
    expect(betweenOf(value)).toEqual({ least: BigInt(least), ...(most !== undefined && { most: BigInt(most) }) });
  });

  it('by the digits of its own currency', () => {
    expect(betweenOf({ amount: '65000', currency: 'JPY', qualifier: 'about' })).toEqual({ least: 64500n, most: 65500n });
    expect(betweenOf({ amount: '6.5', currency: 'KWD', qualifier: 'about' })).toEqual({ least: 6450n, most: 6550n });
  });

  it('is said again with the same ends', () => {
    for (const value of [
      about('65000000'),
      about('65000000', '5000000'),
      gbp('8', { qualifier: 'at-most' }),
      gbp('8', { qualifier: 'over' }),
    ])
      expect(betweenOf(valueOf(betweenOf(value), 'GBP'))).toEqual(betweenOf(value));
  });
});

describe('integrity refuses what lies certainly outside', () => {
  const raised = (gross: Value) =>
    specification(loss, { id: 'l', others: [met()] })(
      context('LossRaised', { programme: 'met', title: 'A system', bearer: 'authority', category: 'other', gross }, '2016'),
    );
  it('a write-off of £1bn on "about £65m"', () =>
    raised(about('65000000'))
      .when(writeOff, { amount: gbp('1000000000') })
      .rejects('loss/more-than-outstanding', { pointer: '/amount', detail: '£65.5m' }));

  it('never a write-off of £65.4m on "about £65m", which may fit', () =>
    raised(about('65000000'))
      .when(writeOff, { amount: gbp('65400000') })
      .leaves({ net: about('64950000.00', '900000.00') }));

  const pool = { employer: 'authority', unit: 'people' };
  const staff = specification(workforce, { id: 'met', others: [met()] })(
    context('BaselineRecorded', { programme: 'met', employer: 'authority', function: 'it', headcount: { count: 800, qualifier: 'about', unit: 'people' } }, '2016'), // prettier-ignore
  );
  it('a pool of "about 800" at −217', () =>
    staff
      .when(redeploy, { ...pool, from: 'it', to: 'estates', count: 1017 })
      .rejects('workforce/below-zero', { detail: '167 more would leave than it holds' }));

  it('never a pool of "about 800" that 840 leave, which may fit: it is flagged', () =>
    staff
      .when(redeploy, { ...pool, from: 'it', to: 'estates', count: 840 })
      .leaves(({ pools }) => expect(poolOf(pools, { employer: 'authority', function: 'it', unit: 'people' })).toMatchObject({ mayBeShort: true, holds: { least: 0, most: 10 } }))); // prettier-ignore
});

describe('a threshold', () => {
  const rows = (...approvals: object[]) =>
    met(context('PolicyAdopted', { policy: 'scheme', title: 'S', version: '1', inForceFrom: '2010', approvals }, '2010'));
  const awarded = (value: Value, ...approvals: object[]) =>
    specification(contract, { id: 'c', others: [rows(...approvals), csc] })(
      context('ContractAwarded', { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value, endsOn: '2020-06-30' }, '2016'),
    );
  const decided = { effectiveOn: '2018', decidedBy: { person: 'p', office: 'Board' } };
  const byAnother = { effectiveOn: '2018', decidedBy: { person: 'p', office: 'Nobody' } };
  const from = { originalAtLeast: gbp('500000'), approver: 'Board' };
  const above = { stepOverOriginalAbove: 10, approver: 'Board' };

  it('counts "at most X" as X', () =>
    awarded(gbp('500000', { qualifier: 'at-most' }), from)
      .when(approveChange, { kind: 'value', by: gbp('1') }, decided)
      .assesses({ 'scheme/approval': 'met' }));

  it.each([
    ['about £500,000, which may be less', about('500000'), 'not-assessable'],
    ['about £550,000, which is at least £545,000', about('550000'), 'met'],
    ['about £480,000, which is at most £485,000', about('480000'), 'met'],
    ['over £600,000', gbp('600000', { qualifier: 'over' }), 'met'],
    ['over £400,000', gbp('400000', { qualifier: 'over' }), 'not-assessable'],
  ] as const)('of £500,000 is asked of %s', (_, value, result) =>
    awarded(value, from)
      .when(approveChange, { kind: 'value', by: gbp('1') }, result === 'met' ? decided : byAnother)
      .assesses({ 'scheme/approval': result }),
  );

  it('near an approximate figure is "within precision", and asks for roundedTo', () =>
    awarded(about('65000000'), above)
      .when(approveChange, { kind: 'value', to: about('71000000') }, byAnother)
      .assesses({ 'scheme/approval': { result: 'not-assessable', note: expect.stringMatching(/within precision.*roundedTo/) } }));

  it('is not near it once its sources say what they are rounded to', () =>
    awarded(about('65000000', '10000'), above)
      .when(approveChange, { kind: 'value', to: about('71000000', '10000') }, decided)
      .assesses({ 'scheme/approval': { result: 'met', note: 'No row of the table asks for an approver.' } }));

  it('of 10 % is asked of an exact step exactly, beside a rounded total', async () => {
    const step = (by: string) => awarded(about('65000000'), above).when(approveChange, { kind: 'value', by: gbp(by) }, byAnother);
    await step('6449999').assesses({ 'scheme/approval': 'met' });
    await step('6500000').assesses({ 'scheme/approval': 'not-assessable' });
    await step('6550001').assesses({ 'scheme/approval': 'not-met' });
  });
});

describe('a step', () => {
  const awarded = (value: Value) =>
    specification(contract, { id: 'c', others: [met(), csc] })(
      context('ContractAwarded', { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value }, '2016'),
    );
  it('that is exact stays exact beside a rounded total', () =>
    awarded(about('65000000'))
      .when(approveChange, { kind: 'value', by: gbp('1200000') })
      .leaves(({ ceiling, changes: [change] }) => {
        expect(change!.by).toEqual(gbp('1200000'));
        expect(ceiling).toEqual(about('66200000.00', '1000000.00'));
        expect(betweenOf(ceiling)).toEqual({ least: 6570000000n, most: 6670000000n });
      }));

  it('on an unknown value counts "at least" in totals', () =>
    awarded({ unknown: true })
      .when(approveChange, { kind: 'value', by: gbp('5000000') })
      .leaves(({ ceiling }) => {
        expect(ceiling).toEqual({ unknown: true, atLeast: gbp('5000000.00') });
        expect(showValue(ceiling)).toBe('unknown, at least £5m');
        expect(showTotal(totalOf(measuresOf(ceiling)))).toBe('at least £5m, 1 unknown');
      }));

  it('after step adds to what is known at least, and stays in its currency', async () => {
    const stepped = specification(contract, { id: 'c', others: [met(), csc] })(
      context('ContractAwarded', { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value: { undisclosed: true } }, '2016'),
      context('ChangeApproved', { kind: 'value', by: about('5000000') }, '2017'),
    );
    await stepped
      .when(approveChange, { kind: 'value', by: gbp('1000000') })
      .leaves({ ceiling: { undisclosed: true, atLeast: gbp('5500000.00') } });
    await stepped.when(approveChange, { kind: 'value', by: { amount: '1', currency: 'USD' } }).rejects('contract/mixed-currencies', { pointer: '/by/currency' }); // prettier-ignore
  });

  it('is counted once the value is disclosed, and no longer "at least"', () =>
    specification(contract, { id: 'c', others: [met(), csc] })(
      context('ContractAwarded', { programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value: { undisclosed: true } }, '2016'),
      context('ChangeApproved', { kind: 'value', by: gbp('5000000') }, '2017'),
    )
      .when(discloseValue, { value: gbp('95000000') })
      .leaves({ ceiling: gbp('100000000.00'), changes: [{ from: gbp('95000000'), to: gbp('100000000.00') }] }));
});

describe('a total of approximate figures', () => {
  const total = (...values: readonly Value[]) => {
    const measures: Record<string, bigint> = {};
    for (const value of values) for (const [name, n] of Object.entries(measuresOf(value))) measures[name] = (measures[name] ?? 0n) + n;
    return totalOf(measures);
  };
  it('keeps its bounds', () =>
    expect(total(about('65000000'), about('12300000'), gbp('1')).amounts[0]).toMatchObject({
      amount: '77300001.00',
      qualifier: 'about',
      between: { least: '76750001.00', most: '77850001.00' },
      coarsest: '1000000.00',
    }));

  it('has a text that rounds to its coarsest figure', () =>
    expect(showTotal(total(about('65000000'), gbp('123456.78')))).toBe('about £65m'));

  it('has no bound on the side where a value is missing or open', () => {
    expect(total(about('65000000'), { unknown: true }).amounts[0]!.between).toEqual({ least: '64500000.00' });
    expect(total(about('65000000'), gbp('1', { qualifier: 'over' })).amounts[0]!.between).toEqual({ least: '64500001.00' });
    expect(total(about('65000000'), gbp('1', { qualifier: 'at-most' })).amounts[0]!.between).toEqual({ most: '65500001.00' });
  });

  it('of exact figures says nothing of either', () =>
    expect(total(gbp('1'), gbp('2')).amounts).toEqual([{ amount: '3.00', currency: 'GBP', qualifier: 'exact', count: 2 }]));
});
