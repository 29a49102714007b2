import { describe, expect, it } from '@jest/globals';
import { isNothing, lineOf, netOf } from '../../projections/losses-statement-sums.js';

const LINE = 'loss/cash-lost/authority';
/** Measures of one line: each figure with its currency, at least and at most, in minor units. */
const measuresOf = (...figures: readonly (readonly [figure: string, currency: string, least: bigint, most: bigint])[]) =>
  Object.fromEntries(
    figures.flatMap(([figure, currency, least, most]) => [
      [`${LINE} ${figure} ${currency} least`, least],
      [`${LINE} ${figure} ${currency} most`, most],
    ]),
  );
const gbp = (least: string, most: string | null, text: string) => ({ currency: 'GBP', least, most, text });

describe('a line of the losses statement', () => {
  const identified = (least: bigint, most: bigint, more: Readonly<Record<string, bigint>> = {}) =>
    lineOf({ ...measuresOf(['identified', 'GBP', least, most]), ...more }, () => true).identified;

  it('has its figure between two ends, the lower one first, whichever of them goes with the gross', () => {
    expect(identified(100_00n, 250_00n)).toEqual([gbp('100.00', '250.00', '£100 to £250')]);
    expect(identified(250_00n, 100_00n)).toEqual([gbp('100.00', '250.00', '£100 to £250')]);
    expect(identified(100_00n, 100_00n)).toEqual([gbp('100.00', '100.00', '£100')]);
  });

  it('has no upper end where one of its losses has none', () => {
    expect(identified(100_00n, 100_00n, { [`${LINE} identified GBP open`]: 1n })).toEqual([gbp('100.00', null, '£100 or more')]);
  });

  it('says below zero once, before both ends, and where it is on both sides of zero each says its own', () => {
    expect(identified(-250_00n, -100_00n)).toEqual([gbp('-250.00', '-100.00', '−£100 to £250')]);
    expect(identified(-250_00n, 0n)).toEqual([
      expect.objectContaining({ least: '-250.00', most: '0.00', text: expect.stringMatching(/^−/) }),
    ]);
    expect(identified(-250_00n, 100_00n)).toEqual([gbp('-250.00', '100.00', '−£250 to £100')]);
  });

  it('has the currencies in the order of their codes, and its own lines alone', () => {
    const measures = measuresOf(['identified', 'USD', 1n, 1n], ['identified', 'EUR', 2n, 2n], ['identified', 'GBP', 3n, 3n], ['paid', 'GBP', 4n, 4n]); // prettier-ignore
    const codes = (line: string) => lineOf(measures, (one) => one === line).identified.map(({ currency }) => currency);
    expect([codes(LINE), codes('loss/theft/authority')]).toEqual([['EUR', 'GBP', 'USD'], []]);
    expect(lineOf({ [`${LINE} cases`]: 2n, 'loss/theft/authority cases': 5n }, (one) => one === LINE)).toMatchObject({ cases: 2, unratified: 0 }); // prettier-ignore
  });
});

describe('the net of a bearer', () => {
  const movements = (change: bigint, most = change) =>
    measuresOf(['writtenOff', 'GBP', 100_00n, 100_00n], ['reversed', 'GBP', 20_00n, 20_00n], ['recoveredOfWrittenOff', 'GBP', 30_00n, 30_00n], ['netChange', 'GBP', change, most]); // prettier-ignore
  const opening = measuresOf(['netChange', 'GBP', 10_00n, 10_00n]);

  it('goes from its opening by what was written off, reversed and recovered to its closing', () => {
    expect(netOf(opening, movements(50_00n))).toEqual([
      {
        bearer: 'authority',
        currency: 'GBP',
        opening: gbp('10.00', '10.00', '£10'),
        writtenOff: gbp('100.00', '100.00', '£100'),
        reversed: gbp('20.00', '20.00', '£20'),
        recovered: gbp('30.00', '30.00', '£30'),
        closing: gbp('60.00', '60.00', '£60'),
        balances: true,
        difference: gbp('0.00', '0.00', '£0'),
      },
    ]);
  });

  it('does not balance where either end has something beside the movements of the year', () => {
    for (const [least, most] of [
      [50_00n, 51_00n],
      [49_00n, 50_00n],
    ] as const)
      // prettier-ignore
      expect(netOf(opening, movements(least, most))).toMatchObject([{ balances: false }]);
  });

  it('stands once for each currency, in the order of their codes', () => {
    const before = measuresOf(['netChange', 'USD', 1n, 1n], ['netChange', 'EUR', 1n, 1n]);
    expect(netOf(before, movements(50_00n)).map(({ currency }) => currency)).toEqual(['EUR', 'GBP', 'USD']);
  });
});

it('measures that add up to nothing are nothing', () =>
  expect([isNothing({}), isNothing({ a: 0n, b: 0n }), isNothing({ a: 0n, b: 1n })]).toEqual([true, true, false]));
