import { describe, expect, it } from '@jest/globals';
import { indexedCeiling, indexedOriginal } from '../../src/domain/contract/indexation.js';
import type { Contract } from '../../src/domain/contract/index.js';
import type { Value } from '../../src/kernel/index.js';

const gbp = (amount: string) => ({ amount, currency: 'GBP' });

describe('a ceiling that is indexed', () => {
  it.each([
    ['2.5', false, '102.50'],
    ['2.5', true, '97.50'],
    ['0.005', false, '100.00'], // half a penny, to the even one
    ['0.015', false, '100.02'],
    [0, false, '100.00'],
  ])('by %s per cent (falls: %s) is £%s', (percent, falls, amount) =>
    expect(indexedCeiling({ percent, falls }, { ceiling: gbp('100.00') })).toEqual(gbp(amount)),
  );

  it('is what is stated, where that is stated, and keeps how certain it is', () => {
    expect(indexedCeiling({ percent: 2, to: gbp('7') }, { ceiling: gbp('100') })).toEqual(gbp('7'));
    expect(indexedCeiling({ percent: 2 }, { ceiling: { ...gbp('100'), qualifier: 'about', stated: [gbp('99')] } })).toEqual({ ...gbp('102.00'), qualifier: 'about', roundedTo: '102.00' }); // prettier-ignore
  });

  it('stays as it was where nobody knows it, or by how much', () => {
    expect(indexedCeiling({ percent: 2 }, { ceiling: { undisclosed: true } })).toEqual({ undisclosed: true });
    expect(indexedCeiling({}, { ceiling: gbp('100') })).toEqual(gbp('100'));
  });
});

describe('the value at first, as indexations have moved it', () => {
  const moved = (from: Value, to?: Value) => ({ from, ...(to && { to }) }) as NonNullable<Contract['indexations']>[number];
  const original = (indexations: readonly ReturnType<typeof moved>[] | undefined, value: Value = gbp('100.00')) =>
    indexedOriginal({ original: value, ...(indexations && { indexations }) });

  it('moves with each of them, whatever changes have added to the ceiling', () => {
    expect(original([moved(gbp('200.00'), gbp('210.00'))])).toEqual(gbp('105.00'));
    expect(original([moved(gbp('200.00'), gbp('210.00')), moved(gbp('300.00'), gbp('330.00'))])).toEqual(gbp('115.50'));
  });

  it('is not known where none did, where it is not known itself, or an indexation does not say from what to what', () => {
    expect(original(undefined)).toBeUndefined();
    expect(original([])).toBeUndefined();
    expect(original([moved(gbp('1'), gbp('2'))], { unknown: true })).toBeUndefined();
    for (const unclear of [
      moved(gbp('200.00')),
      moved({ undisclosed: true }, gbp('210.00')),
      moved(gbp('200.00'), { undisclosed: true }),
      moved(gbp('0.00'), gbp('210.00')),
      moved({ amount: '200.00', currency: 'EUR' }, gbp('210.00')),
    ])
      expect(original([moved(gbp('200.00'), gbp('210.00')), unclear])).toBeUndefined();
  });
});
