import { describe, expect, it } from '@jest/globals';
import { applyIndexation } from '../../src/domain/contract/commands/apply-indexation.js';
import { approveChange } from '../../src/domain/contract/commands/approve-change.js';
import { awardContract } from '../../src/domain/contract/commands/award-contract.js';
import { redenominateContract } from '../../src/domain/contract/commands/redenominate-contract.js';
import { contract } from '../../src/domain/contract/index.js';
import { recordRecovery } from '../../src/domain/loss/commands/record-recovery.js';
import { loss } from '../../src/domain/loss/index.js';
import { recordSaving } from '../../src/domain/programme/commands/record-saving.js';
import { setSavingsTarget } from '../../src/domain/programme/commands/set-savings-target.js';
import { programme } from '../../src/domain/programme/index.js';
import { supplier } from '../../src/domain/supplier/index.js';
import {
  changeFigures,
  check,
  percentage,
  ratioOfPercent,
  ratioOfRate,
  redenominated,
  showAmount,
  showTotal,
  signedAmount,
  measuresOf,
  totalOf,
  type Amount,
  type Value,
} from '../../src/kernel/index.js';
import { context, specification, stream } from '../given.js';

const money = (amount: string, currency = 'GBP', more: Partial<Amount> = {}): Amount => ({ amount, currency, ...more });
const chartered = context('ProgrammeChartered', { title: 'T', authority: 'MPS', baseCurrency: 'GBP' }, '1990');
const met = (...more: readonly ReturnType<typeof context>[]) => stream(programme, 'met', chartered, ...more);
const csc = stream(supplier, 'csc', context('SupplierRegistered', { title: 'CSC', form: 'company' }, '1990'));
const award = (value: Value) => ({ programme: 'met', title: 'C', suppliers: [{ supplier: 'csc' }], value });
const awarded = (value: Value, ...more: readonly ReturnType<typeof context>[]) =>
  specification(contract, { id: 'c', others: [met(), csc] })(context('ContractAwarded', award(value), '1998-05-04'), ...more);

describe('a loss in a currency of its own', () => {
  it.each([
    ['JPY', '5000000', '5000000', '0'],
    ['KWD', '1000.125', '1000.125', '0.000'],
    ['BHD', '1000.125', '1000.125', '0.000'],
    ['TND', '1000.125', '1000.125', '0.000'],
    ['CLF', '10.1234', '10.1234', '0.0000'],
    ['GBP', '1000.12', '1000.12', '0.00'],
  ])('a %s recovery uses up the written-off net, in its own digits', (currency, gross, recovered, net) =>
    specification(loss, { id: 'l', others: [met()] })(
      context(
        'LossRaised',
        { programme: 'met', title: 'L', bearer: 'authority', category: 'other', gross: money(gross, currency) },
        '2016',
      ),
      context('WrittenOff', { amount: money(gross, currency) }, '2017'),
    )
      .when(recordRecovery, { amount: money(recovered, currency) })
      .leaves({ net: money(net, currency), outstanding: money(net, currency) }),
  );

  it.each(['JPY', 'KWD', 'CLF'])('a %s recovery of a loss whose gross nobody knows is recorded', (currency) =>
    specification(loss, { id: 'l', others: [met()] })(
      context('LossRaised', { programme: 'met', title: 'L', bearer: 'authority', category: 'other', gross: { unknown: true } }, '2016'),
    )
      .when(recordRecovery, { amount: money('5', currency) })
      .leaves(({ recovered }) => expect(showAmount(recovered!)).toBe(currency === 'JPY' ? '¥5' : `${currency} 5`)),
  );
});

describe('money below zero', () => {
  it('is a step down', () =>
    awarded(money('96000000'))
      .when(approveChange, { kind: 'value', by: money('-1500000') })
      .leaves(({ original, ceiling, changes: [change] }) => {
        expect(ceiling).toEqual(money('94500000.00'));
        expect(changeFigures(original, change!.from, change!.to!)).toEqual({
          stepOverOriginal: '-0.015625',
          stepOverCurrent: '-0.015625',
          cumulativeOverOriginal: '-0.015625',
        });
      }));

  it('is what a supplier pays for a concession', async () => {
    const given = specification(contract, { id: 'c', others: [met(), csc] });
    await given()
      .when(awardContract, award(money('-2000000')))
      .leaves({ ceiling: money('-2000000') });
    await awarded(money('-2000000'))
      .when(approveChange, { kind: 'value', to: money('-2500000') })
      .leaves(({ original, changes: [change] }) =>
        expect(changeFigures(original, change!.from, change!.to!).stepOverOriginal).toBe('0.250000'),
      );
    expect(showTotal(totalOf(measuresOf(money('-2000000'))))).toBe('−£2m');
  });

  it('never is the ceiling of a contract that the authority pays', async () => {
    await awarded(money('100'))
      .when(approveChange, { kind: 'value', by: money('-100.01') })
      .rejects('contract/ceiling-below-zero', { pointer: '/by/amount', detail: 'It would be −£0.01, and was £100 at first.' });
    await awarded(money('100')).when(approveChange, { kind: 'value', to: money('-1') }).rejects('contract/ceiling-below-zero', { pointer: '/to/amount' }); // prettier-ignore
    await awarded(money('100'))
      .when(approveChange, { kind: 'value', by: money('-100') })
      .leaves({ ceiling: money('0.00') });
  });

  it('may be the ceiling by what its sources are rounded to', async () => {
    const about = money('65000000', 'GBP', { qualifier: 'about' });
    await awarded(about).when(approveChange, { kind: 'value', by: money('-65500000') }).leaves({ ceiling: { amount: '-500000.00', qualifier: 'about' } }); // prettier-ignore
    await awarded(about)
      .when(approveChange, { kind: 'value', by: money('-65500001') })
      .rejects('contract/ceiling-below-zero');
  });

  it('is a saving that costs', () =>
    specification(programme, { id: 'met' })(chartered)
      .when(recordSaving, { saving: 'year-1', amount: money('-250000') })
      .leaves(({ savings }) => expect(savings).toMatchObject([{ amount: money('-250000') }])));

  it('is exact or about, and plain', () => {
    const faults = (value: object) => check({ m: signedAmount() }, { m: value }).map(({ pointer, detail }) => `${pointer} ${detail}`);
    expect(faults(money('-1', 'GBP', { qualifier: 'about' }))).toEqual([]);
    expect(faults(money('-1', 'GBP', { qualifier: 'over' }))).toEqual([
      '/m/qualifier must be exact or about where the amount is below zero',
    ]);
    expect(faults(money('-0'))).toEqual([
      '/m/amount must be a plain decimal such as 95000000.00, without plus sign, exponent or separators',
    ]);
    expect(faults(money('-0.5', 'JPY'))).toEqual(['/m/amount has 1 digits after the point; JPY has 0']);
  });
});

describe('a percentage', () => {
  it('is a whole number or a decimal text', () => {
    const right = (value: unknown) => check({ p: percentage() }, { p: value }).length === 0;
    expect([10, '10', '12.5', '0.0001', '1000', 0].map(right)).toEqual(Array(6).fill(true));
    expect([12.5, '12,5', '1000.1', 1001, '-1', '012', '1e1'].map(right)).toEqual(Array(7).fill(false));
    expect(['12.5', 12, '0.05'].map((p) => ratioOfPercent(p))).toEqual([{ over: 1n, under: 8n }, { over: 3n, under: 25n }, { over: 1n, under: 2000n }]); // prettier-ignore
  });

  it('of 12.5 is a limit of a change', async () => {
    const approvals = [{ stepOverOriginalAbove: '12.5', approver: 'Board' }];
    const others = [met(context('PolicyAdopted', { policy: 'p', title: 'P', version: '1', inForceFrom: '2010', approvals }, '2010')), csc];
    const step = (by: string) =>
      specification(contract, { id: 'c', others })(context('ContractAwarded', award(money('1000')), '2016'))
        .when(approveChange, { kind: 'value', by: money(by) }, { effectiveOn: '2018', decidedBy: { person: 'p', office: 'Clerk' } }); // prettier-ignore
    await step('125').assesses({ 'p/approval': 'met' });
    await step('125.01').assesses({ 'p/approval': 'not-met' });
  });

  it('of 12.5 is a target of savings', () =>
    specification(programme, { id: 'met' })(chartered)
      .when(setSavingsTarget, { target: 't', title: 'T', percent: '12.5', of: 'Cost' })
      .leaves(({ savingsTargets }) => expect(savingsTargets).toMatchObject([{ percent: '12.5' }])));
});

describe('RedenominateContract', () => {
  const euro = { currency: 'EUR', rate: '1.95583', basis: 'Regulation (EC) No 2866/98' };
  const onDay = { effectiveOn: '1999-01-01' };
  const raised = context('ChangeApproved', { kind: 'value', by: money('0.05', 'DEM') }, '1998-09-01');

  it('converts the original, the ceiling and every step at the unrounded rate, half up', () =>
    awarded(money('1.00', 'DEM'), raised)
      .when(redenominateContract, euro, onDay)
      .leaves(({ original, ceiling, changes: [change], redenominations }) => {
        // 1 ÷ 1.95583 = 0.5112…, 1.05 ÷ 1.95583 = 0.5368…, 0.05 ÷ 1.95583 = 0.0255…
        expect([original, ceiling, change!.from, change!.to, change!.by].map((value) => (value as Amount).amount)).toEqual(['0.51', '0.54', '0.51', '0.54', '0.03']); // prettier-ignore
        expect(redenominations).toMatchObject([{ on: '1999-01-01', from: 'DEM', to: 'EUR', rate: '1.95583' }]);
      }));

  it('converts lots, options, the value that a source stated and the final value as well', () => {
    const lots = [{ lot: 'north', title: 'North', value: money('100', 'DEM') }, { lot: 'south', title: 'South' }]; // prettier-ignore
    const options = [{ option: 'year-3', months: 12, value: money('50', 'DEM') }, { option: 'year-4', months: 12 }]; // prettier-ignore
    const stated = context('ChangeApproved', { kind: 'value', to: money('400', 'DEM'), statedFrom: money('200', 'DEM') }, '1998-09-01');
    const ended = [context('ContractSigned', {}, '1998-06'), context('ContractClosed', { finalValue: money('300', 'DEM'), endedOn: '1998-12' }, '1998-12-31')]; // prettier-ignore
    const data = { ...award(money('200', 'DEM')), lots, options, endsOn: '1998-11-30' };
    return specification(contract, { id: 'c', others: [met(), csc] })(context('ContractAwarded', data, '1998-05-04'), stated, ...ended)
      .when(redenominateContract, { ...euro, rate: '2' }, onDay)
      .leaves((c) => {
        const euros = (amount: string) => expect.objectContaining({ amount, currency: 'EUR' });
        expect(c.lots).toEqual([{ ...lots[0], value: euros('50.00') }, lots[1]]);
        expect(c.options).toEqual([
          expect.objectContaining({ option: 'year-3', months: 12, value: euros('25.00') }),
          expect.not.objectContaining({ value: expect.anything() }),
        ]);
        expect(c.changes[0]).toMatchObject({ to: euros('200.00'), statedFrom: euros('100.00') });
        expect(c.finalValue).toEqual(euros('150.00'));
      });
  });

  it('of a contract whose first value nobody knows goes by the steps that are known', async () => {
    const given = awarded({ unknown: true }, context('ChangeApproved', { kind: 'value', by: money('-5', 'DEM') }, '1998-09-01'));
    await given
      .when(redenominateContract, { ...euro, rate: '2' }, onDay)
      .leaves((c) => expect(c.changes[0]).toMatchObject({ by: { amount: '-2.50', currency: 'EUR' } }));
    await given.when(redenominateContract, { ...euro, currency: 'DEM' }, onDay).rejects('contract/same-currency');
  });

  it('shows both sides', () =>
    awarded(money('65000000', 'DEM', { qualifier: 'about' }))
      .when(redenominateContract, euro, onDay)
      .leaves(({ ceiling }) => {
        expect(showAmount(ceiling as Amount)).toBe('about €33,233,972.28 (DEM 65m at 1.95583)');
        expect(ceiling).toMatchObject({ qualifier: 'about', roundedTo: '511291.89', was: { amount: '65000000', currency: 'DEM' } });
      }));

  it('keeps the percentages of the originals', () =>
    awarded(money('1.00', 'DEM'), raised)
      .when(redenominateContract, euro, onDay)
      .leaves(({ original, ceiling, changes: [change] }) => {
        expect(changeFigures(original, change!.from, change!.to!)).toEqual({ stepOverOriginal: '0.050000', stepOverCurrent: '0.050000', cumulativeOverOriginal: '0.050000' }); // prettier-ignore
        expect(changeFigures(original, ceiling, money('0.60', 'EUR'))).toMatchObject({ stepOverOriginal: '0.123498', cumulativeOverOriginal: '0.173498' }); // prettier-ignore
      }));

  it('leaves the rise of prices after it to be seen', () =>
    awarded(money('1955.83', 'DEM'), context('ContractRedenominated', euro, '1999-01-01'))
      .when(applyIndexation, { index: 'CPI', percent: 100 }, { effectiveOn: '2001-05' })
      .leaves(({ original, ceiling, changes: [change] }) => {
        expect(ceiling).toEqual(money('2000.00', 'EUR'));
        expect(changeFigures(original, change!.from, change!.to!)).toMatchObject({ stepOverCurrent: '1.000000', cumulativeOverOriginal: '1.000000' }); // prettier-ignore
        expect(changeFigures(original, ceiling, money('3000', 'EUR'))).toMatchObject({ stepOverOriginal: '1.000000', stepOverCurrent: '0.500000' }); // prettier-ignore
      }));

  it('takes later figures in the new currency alone, and earlier ones in the old', async () => {
    const redenominated = context('ContractRedenominated', euro, '1999-01-01');
    const given = awarded(money('1.00', 'DEM'), raised, redenominated);
    await given.when(approveChange, { kind: 'value', by: money('0.06', 'EUR') }, { effectiveOn: '2001-05' }).leaves({ ceiling: money('0.60', 'EUR') }); // prettier-ignore
    await given.when(approveChange, { kind: 'value', by: money('1', 'DEM') }, { effectiveOn: '2001-05' }).rejects('contract/mixed-currencies', { pointer: '/by/currency' }); // prettier-ignore
    await given
      .when(approveChange, { kind: 'value', by: money('0.95', 'DEM') }, { effectiveOn: '1998-10-01' })
      .leaves({ ceiling: { amount: '1.02', currency: 'EUR', was: money('2.00', 'DEM', { rate: '1.95583' } as object) } });
  });

  it('converts what is known at least of an undisclosed value', () =>
    awarded({ undisclosed: true }, context('ChangeApproved', { kind: 'value', by: money('1955.83', 'DEM') }, '1998-09-01'))
      .when(redenominateContract, euro, onDay)
      .leaves({ original: { undisclosed: true }, ceiling: { undisclosed: true, atLeast: { amount: '1000.00', currency: 'EUR' } } }));

  it('goes through two currencies without a second rounding', () => {
    const once = redenominated(money('1', 'TRL'), 'TRY', '1000000') as Amount;
    expect([once.amount, showAmount(once)]).toEqual(['0.00', 'TRY 0 (TRL 1 at 1000000)']);
    const twice = redenominated(redenominated(money('1000000', 'TRL'), 'TRY', '3'), 'EUR', '1') as Amount;
    expect(twice.amount).toBe('333333.33');
    const back = redenominated(redenominated(money('1', 'TRL'), 'TRY', '1000000'), 'TRL', '0.000001') as Amount;
    expect(back.amount).toBe('1');
  });

  it.each([
    ['a half', money('0.01', 'GBP'), 'KWD', '0.4', '0.025'],
    ['a half is rounded up', money('1', 'JPY'), 'ISK', '2', '1'],
    ['below a half', money('1', 'JPY'), 'ISK', '2.0001', '0'],
    ['a half below zero, by its size', money('-1', 'JPY'), 'ISK', '2', '-1'],
    ['below a half below zero', money('-1', 'JPY'), 'ISK', '2.0001', '0'],
  ])('rounds half up: %s', (_, from, to, rate, amount) => expect(redenominated(from, to, rate)).toMatchObject({ amount, currency: to }));

  it('refuses a currency that ISO 4217 does not list, or that was withdrawn before', async () => {
    const given = awarded(money('1', 'DEM'));
    await given.when(redenominateContract, { ...euro, currency: 'XXQ' }, onDay).rejects('contract/no-currency-of-its-time', { pointer: '/currency', detail: 'ISO 4217 does not list XXQ.' }); // prettier-ignore
    await given
      .when(redenominateContract, { ...euro, currency: 'FRF' }, { effectiveOn: '2003' })
      .rejects('contract/no-currency-of-its-time', { detail: 'FRF was withdrawn in 2002-03.' });
    await given.when(redenominateContract, { ...euro, currency: 'FRF' }, { effectiveOn: '2002' }).leaves({ ceiling: { currency: 'FRF' } });
  });

  it.each(['0', '0.000', '-1', '1,5', '1e3', '01', 'one'])('refuses the rate %s', (rate) => {
    expect(ratioOfRate(rate)).toBeUndefined();
    return awarded(money('1', 'DEM')).when(redenominateContract, { ...euro, rate }, onDay).rejects('contract/no-rate', { pointer: '/rate', detail: rate }); // prettier-ignore
  });

  it('refuses the currency that it has already, and a contract without a figure', async () => {
    await awarded(money('1', 'DEM')).when(redenominateContract, { ...euro, currency: 'DEM' }, onDay).rejects('contract/same-currency', { detail: 'DEM' }); // prettier-ignore
    await awarded({ unknown: true }).when(redenominateContract, euro, onDay).rejects('contract/nothing-to-redenominate');
  });
});
