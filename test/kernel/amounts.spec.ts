import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  add,
  amountOf,
  changeFigures,
  compare,
  compareRatio,
  convertedBy,
  toDecimal,
  growth,
  isAmount,
  measuresOf,
  minor,
  toPercent,
  partOf,
  perYear,
  ratio,
  reaches,
  redenominated,
  roundHalfEven,
  showAmount,
  showTotal,
  showValue,
  stepRangeOverOriginal,
  subtract,
  totalOf,
  whyNotAnAmount,
  within,
  type Amount,
  type Qualifier,
  type Value,
} from '../../src/kernel/index.js';
import { exponentOf, withdrawnOn } from '../../src/kernel/values/currencies.js';

const gbp = (amount: string, more: Partial<Amount> = {}): Amount => ({ amount, currency: 'GBP', ...more });
const undisclosed: Value = { undisclosed: true };
const withheld: Value = { withheld: { until: '2020', why: 'commercial' } };
const unknown: Value = { unknown: true };

describe('an amount is a plain decimal in its currency', () => {
  it.each([
    ['95000000', 'GBP'],
    ['95000000.00', 'GBP'],
    ['0', 'GBP'],
    ['0.5', 'GBP'],
    ['1', 'JPY'],
    ['0.001', 'BHD'],
    ['38000.1234', 'CLF'],
    ['999999999999999999.99', 'GBP'],
  ])('%s %s', (amount, currency) => expect(whyNotAnAmount(amount, currency)).toBeUndefined());

  it.each(
    // prettier-ignore
    ['', '1e9', '-0', '-1', '+1', '01.00', '.5', '5.', '1,000', '1 000', ' 1', '1\n', '٣', '0x10', 'NaN', 'Infinity', '1000000000000000000', '--1'],
  )('but never %j', (amount) => expect(whyNotAnAmount(amount, 'GBP')).toMatch(/^must be a plain decimal/));

  it('has no more decimals than its currency', () => {
    expect(whyNotAnAmount('0.001', 'GBP')).toBe('has 3 digits after the point; GBP has 2');
    expect(whyNotAnAmount('1.0', 'JPY')).toBe('has 1 digits after the point; JPY has 0');
    expect(() => minor(gbp('0.001'))).toThrow(RangeError);
  });

  it('has the digits of its currency, also of a former one', () => {
    expect(['DEM', 'ITL', 'BEF', 'HRK', 'BGN', 'XEU'].map((code) => exponentOf(code))).toEqual([2, 0, 0, 2, 2, 2]);
    expect(['XAU', 'XDR', 'XFO', 'XTS'].map((code) => exponentOf(code))).toEqual([undefined, undefined, undefined, undefined]);
    expect([minor({ amount: '1000', currency: 'ITL' }), minor({ amount: '10.50', currency: 'DEM' })]).toEqual([1000n, 1050n]);
    expect(['DEM', 'YUD', 'ROK', 'BGN', 'GBP', 'XXQ'].map(withdrawnOn)).toEqual(['2002-03', '1990-01', '1990', '2026-01', undefined, undefined]); // prettier-ignore
  });

  it('has a currency that ISO 4217 lists', () => {
    expect(['GBP', 'JPY', 'BHD', 'CLF', 'gbp', 'XXX', 'XXQ', ''].map((c) => exponentOf(c))).toEqual([
      2,
      0,
      3,
      4,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(whyNotAnAmount('1', 'XXQ')).toBe('is in XXQ, which ISO 4217 does not list');
    expect(() => minor({ amount: '1', currency: 'XXQ' })).toThrow('XXQ');
    expect(() => amountOf(1n, 'XXQ')).toThrow('XXQ');
  });

  it('is negative only where the caller allows it, and zero has no sign', () => {
    expect(['-1', '-0.01', '-999999999999999999'].map((a) => whyNotAnAmount(a, 'GBP', { negative: true }))).toEqual(
      Array(3).fill(undefined),
    );
    for (const wrong of ['-0', '-0.00', '--1', '-', '-01', '+1']) expect(whyNotAnAmount(wrong, 'GBP', { negative: true })).toBeDefined();
  });

  it('survives the conversion to minor units and back, with all decimals', () =>
    fc.assert(
      fc.property(units, currency, (n, code) => {
        const amount = amountOf(n, code);
        expect(minor(amount)).toBe(n);
        expect(whyNotAnAmount(amount.amount, code, { negative: true })).toBeUndefined();
        expect(amount.amount.split('.')[1]?.length ?? 0).toBe(exponentOf(code));
      }),
    ));
});

describe('sums', () => {
  it('of different currencies are refused, and the error names both', () => {
    const dollars = { amount: '1', currency: 'USD' };
    for (const both of [add, subtract, compare]) expect(() => both(gbp('1'), dollars)).toThrow(/GBP and USD/);
  });

  it('are undone by subtraction', () =>
    fc.assert(
      fc.property(units, units, currency, (a, b, code) => {
        const [x, y] = [amountOf(a, code), amountOf(b, code)];
        expect(subtract(add(x, y), y)).toEqual(x);
        expect(add(x, y)).toEqual(add(y, x));
        expect(Math.sign(compare(x, y))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    ));

  it.each<[Qualifier, Qualifier, Qualifier | undefined, Qualifier | undefined]>([
    ['exact', 'exact', undefined, undefined],
    ['about', 'exact', 'about', 'about'],
    ['exact', 'under', 'under', 'over'],
    ['at-least', 'over', 'at-least', 'about'],
    ['at-most', 'at-least', 'about', 'at-most'],
    ['about', 'about', 'about', 'about'],
    ['over', 'over', 'at-least', 'about'],
    ['under', 'exact', 'under', 'under'],
  ])('inherit the uncertainty of their parts: %s and %s', (a, b, sum, difference) => {
    expect(add(gbp('5', { qualifier: a }), gbp('3', { qualifier: b })).qualifier).toBe(sum);
    expect(subtract(gbp('5', { qualifier: a }), gbp('3', { qualifier: b })).qualifier).toBe(difference);
  });

  it('of one figure and another compare as below, equal or above, whatever is known of them', () => {
    const other = gbp('5.00', { qualifier: 'about' });
    expect([gbp('4.99'), gbp('5'), gbp('5.01')].map((amount) => compare(amount, other))).toEqual([-1, 0, 1]);
  });

  it('add up the roundings of their sources while all are known', () => {
    expect(add(gbp('5000', { roundedTo: '1000' }), gbp('300', { roundedTo: '100' })).roundedTo).toBe('1100.00');
    expect(add(gbp('5000', { qualifier: 'about', roundedTo: '1000' }), gbp('300')).roundedTo).toBe('1000.00');
    expect(add(gbp('5000', { qualifier: 'about', roundedTo: '1000' }), gbp('300', { qualifier: 'about' })).roundedTo).toBe('1100.00');
    expect(add(gbp('5000', { roundedTo: 'thousands' }), gbp('300')).roundedTo).toBeUndefined();
  });
});

describe('sums of what is rounded and what is bounded', () => {
  const about = gbp('100', { qualifier: 'about' });
  const [least, most] = [gbp('600', { qualifier: 'at-least' }), gbp('600', { qualifier: 'at-most' })];
  it('have the bound that both leave, whichever comes first', () => {
    for (const sum of [add(least, about), add(about, least)]) expect(sum).toEqual(gbp('650.00', { qualifier: 'at-least' }));
    for (const sum of [add(most, about), add(about, most)]) expect(sum).toEqual(gbp('750.00', { qualifier: 'at-most' }));
    expect(subtract(about, least)).toEqual(gbp('-450.00', { qualifier: 'at-most' }));
  });
  it('are about as much where one has no lower bound and the other no upper one', () =>
    expect(add(least, most)).toMatchObject({ amount: '1200.00', qualifier: 'about' }));
  it('are rounded as far as their sources together, also where they are exact', () =>
    expect(add(gbp('10', { roundedTo: '2' }), gbp('5'))).toEqual(gbp('15.00', { roundedTo: '2.00' })));
});

describe('a part of a value', () => {
  const halves = (value: Value) => [partOf(value, 0, 1, 2), partOf(value, 1, 2, 2)];
  it('adds up to it with the others, rounded half to even at every point', () => {
    expect(halves(gbp('0.05'))).toEqual([gbp('0.02'), gbp('0.03')]);
    const thirds = [[0, 333_333], [333_333, 666_666], [666_666, 1_000_000]] as const; // prettier-ignore
    expect(thirds.map(([from, to]) => partOf(gbp('100.01'), from, to, 1_000_000))).toEqual([gbp('33.34'), gbp('33.33'), gbp('33.34')]);
  });
  it('is known as well as the value, and rounded to its part of what that is rounded to', () => {
    expect(partOf(gbp('65000000', { qualifier: 'about' }), 0, 40, 100)).toEqual(gbp('26000000.00', { qualifier: 'about', roundedTo: '400000.00' })); // prettier-ignore
    expect(halves(gbp('100', { roundedTo: '0.05' }))).toEqual([gbp('50.00', { roundedTo: '0.03' }), gbp('50.00', { roundedTo: '0.03' })]);
    expect(partOf(gbp('100', { qualifier: 'at-most', roundedTo: '10' }), 0, 1, 2)).toEqual(gbp('50.00', { qualifier: 'at-most' }));
  });
  it('of what nobody knows is not known, but for what it is at least', () => {
    expect(halves(undisclosed)).toEqual([undisclosed, undisclosed]);
    expect(partOf({ undisclosed: true, atLeast: gbp('10') }, 0, 1, 2)).toEqual({ undisclosed: true, atLeast: gbp('5.00') });
  });
});

describe('an amount in another currency', () => {
  it('at a rate is not rounded, whatever digits the currencies have', () => {
    expect(convertedBy({ amount: '100', currency: 'JPY' }, 'GBP', '0.00515')).toEqual({ over: 103n, under: 2n });
    expect(convertedBy(gbp('0.01'), 'KWD', '0.4')).toEqual({ over: 4n, under: 1n });
    expect(() => convertedBy(gbp('1'), 'EUR', '-2')).toThrow(new TypeError('-2 is no rate of exchange.'));
  });
  it('that replaced its own is rounded as far as it was, in whole minor units', () => {
    expect(redenominated(gbp('0.90', { roundedTo: '0.03' }), 'EUR', '3')).toMatchObject({ amount: '0.30', roundedTo: '0.01' });
    expect(redenominated(gbp('0.90', { roundedTo: '0.04' }), 'EUR', '3')).toMatchObject({ amount: '0.30', roundedTo: '0.02' });
    expect(redenominated(gbp('0.90'), 'EUR', '3')).not.toHaveProperty('roundedTo');
  });
});

describe('a value reaches a limit', () => {
  const about = gbp('100', { roundedTo: '10' });
  it.each<[string, Value, string, ReturnType<typeof reaches>]>([
    ['that it is', gbp('100'), '100', 'yes'],
    ['but none above it', gbp('100'), '100.01', 'no'],
    ['that its least possible figure reaches', about, '95', 'yes'],
    ['perhaps, where its sources are rounded too much to tell', about, '95.01', 'within-precision'],
    ['perhaps, where that is the most that it can be', about, '105', 'within-precision'],
    ['never, where it is above the most that it can be', about, '105.01', 'no'],
    ['up to what it is at least', gbp('100', { qualifier: 'at-least' }), '100', 'yes'],
    ['or not, where it is more than it is at least', gbp('100', { qualifier: 'at-least' }), '100.01', 'unknown'],
    ['as an approved maximum: it counts as what it may come to', gbp('100', { qualifier: 'at-most' }), '100', 'yes'],
    ['as one that stays below: it counts as that', gbp('100', { qualifier: 'under' }), '100', 'yes'],
    ['or not, where nobody knows it', undisclosed, '1', 'unknown'],
    ['or not, of another currency', { amount: '100', currency: 'EUR' }, '1', 'unknown'],
  ])('%s', (_, value, limit, answer) => expect(reaches(value, gbp(limit))).toBe(answer));
});

describe('exact quotients', () => {
  it('are kept in lowest terms with the sign in the numerator', () => {
    expect(ratio(6n, -4n)).toEqual({ over: -3n, under: 2n });
    expect(ratio(0n, -4n)).toEqual({ over: 0n, under: 1n });
    expect(() => ratio(1n, 0n)).toThrow(RangeError);
  });

  it('are rounded half to even, once', () => {
    expect([1n, 3n, 5n, -1n, -3n, -5n].map((n) => roundHalfEven(n, 2n))).toEqual([0n, 2n, 2n, 0n, -2n, -2n]);
    expect(toDecimal(ratio(1n, 8n), 2)).toBe('0.12');
    expect(toDecimal(ratio(3n, 8n), 2)).toBe('0.38');
    expect(toDecimal(ratio(-1n, 1000n), 2)).toBe('0.00');
    expect(toDecimal(ratio(5n, 2n), 0)).toBe('2');
    expect([toPercent(ratio(47n, 96n)), toPercent(ratio(1n, 3n), 0)]).toEqual(['49.0 %', '33 %']);
  });

  it('are rounded to the nearest integer, and halves to the even one', () =>
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), positive, (n, d) => {
        // By definition: of floor and floor + 1 the nearer one, or the even one when both are equally near.
        const floor = n / d - (n % d < 0n ? 1n : 0n);
        const twice = 2n * (n - floor * d);
        const nearest = twice < d ? floor : twice > d ? floor + 1n : floor % 2n === 0n ? floor : floor + 1n;
        expect(roundHalfEven(n, d)).toBe(nearest);
        expect(roundHalfEven(-n, -d)).toBe(nearest);
      }),
    ));

  it('that lie exactly halfway are rounded to even', () =>
    fc.assert(
      fc.property(fc.bigInt({ min: -1000n, max: 1000n }), positive, (whole, half) => {
        const rounded = roundHalfEven((2n * whole + 1n) * half, 2n * half);
        expect(rounded % 2n).toBe(0n);
        expect([whole, whole + 1n]).toContain(rounded);
      }),
    ));

  it('compare by value', () =>
    fc.assert(
      fc.property(units, positive, units, positive, positive, (a, b, c, d, by) => {
        const [x, y] = [ratio(a, b), ratio(c, d)];
        expect(compareRatio(x, y)).toBe(0 - compareRatio(y, x));
        expect(compareRatio(x, ratio(a * by, b * by))).toBe(0);
      }),
    ));
});

describe('a change has three figures, because each alone misleads', () => {
  it.each([
    ['SIAM, first uplift (V1)', '96000000', '96000000', '143000000', '0.489583', '0.489583', '0.489583'],
    ['SIAM, second uplift (V2)', '96000000', '143000000', '176800000', '0.352083', '0.236364', '0.841667'],
    ['DCMS, first uplift (V3)', '6807000', '6807000', '10210000', '0.499927', '0.499927', '0.499927'],
    ['DCMS, second uplift as the paper rounds it (V4)', '6807000', '10200000', '15200000', '0.734538', '0.490196', '1.232995'],
    ['DCMS, second uplift from the ledger', '6807000', '10210000', '15200000', '0.733069', '0.488737', '1.232995'],
  ])('%s', (_, original, current, to, stepOverOriginal, stepOverCurrent, cumulativeOverOriginal) =>
    expect(changeFigures(gbp(original), gbp(current), gbp(to))).toEqual({ stepOverOriginal, stepOverCurrent, cumulativeOverOriginal }),
  );

  it('which match the paper and the ledger', () => {
    const [original, to] = [gbp('6807000'), gbp('15200000')];
    const shown = (current: Amount) => [growth(current, to, current)!, growth(current, to, original)!].map((r) => toPercent(r));
    expect(shown(gbp('10200000'))).toEqual(['49.0 %', '73.5 %']);
    expect(shown(gbp('10210000'))).toEqual(['48.9 %', '73.3 %']);
  });

  it('each of which is not assessable when its own inputs are missing', () => {
    expect(changeFigures(undisclosed, gbp('2'), gbp('3'))).toEqual({
      stepOverOriginal: 'not assessable',
      stepOverCurrent: '0.500000',
      cumulativeOverOriginal: 'not assessable',
    });
    expect(changeFigures(gbp('2'), unknown, gbp('3')).cumulativeOverOriginal).toBe('0.500000');
    expect(changeFigures(gbp('0'), gbp('0'), gbp('3')).stepOverOriginal).toBe('not assessable');
    expect(changeFigures(gbp('2'), gbp('2'), { amount: '3', currency: 'USD' }).stepOverOriginal).toBe('not assessable');
    for (const odd of [undisclosed, unknown, { amount: '2', currency: 'USD' }]) {
      expect(growth(odd, gbp('3'), gbp('2'))).toBeUndefined();
      expect(growth(gbp('1'), odd, gbp('2'))).toBeUndefined();
      expect(growth(gbp('1'), gbp('3'), odd)).toBeUndefined();
    }
  });
});

describe('a step stays within a cap', () => {
  const half = ratio(1n, 2n);
  const kept = (original: Value, current: Value, to: Value) => within(stepRangeOverOriginal(original, current, to), half);

  it('by exact figures, also when it reaches the cap exactly', () => {
    expect(kept(gbp('100'), gbp('100'), gbp('150'))).toBe('yes');
    expect(kept(gbp('100'), gbp('100'), gbp('150.01'))).toBe('no');
    expect(kept(gbp('6807000'), gbp('6807000'), gbp('10210000'))).toBe('yes');
  });

  it('within precision when its sources are rounded too much to tell', () => {
    expect(
      kept(gbp('6807000', { roundedTo: '1000' }), gbp('6807000', { roundedTo: '1000' }), gbp('10210000', { roundedTo: '10000' })),
    ).toBe('within-precision');
    expect(kept(gbp('6807000'), gbp('10200000', { roundedTo: '100000' }), gbp('15200000', { roundedTo: '100000' }))).toBe('no');
    expect(kept(gbp('96000000'), gbp('143000000'), gbp('176800000', { qualifier: 'about', roundedTo: '100000' }))).toBe('yes');
    // From exactly the cap upwards: it may have been reached exactly.
    expect(kept(gbp('100'), gbp('100'), gbp('155', { roundedTo: '10' }))).toBe('within-precision');
  });

  it('and is not assessable on figures that are missing', () => {
    for (const to of [undisclosed, withheld, unknown]) {
      expect(kept(gbp('100'), gbp('100'), to)).toBe('not assessable');
      expect(kept(gbp('100'), to, gbp('100'))).toBe('not assessable');
      expect(kept(to, gbp('100'), gbp('100'))).toBe('not assessable');
    }
    expect(kept(gbp('100', { roundedTo: '200' }), gbp('100'), gbp('120'))).toBe('not assessable');
  });

  it('by the unit of its last digit, where nobody says what an approximate figure is rounded to', () => {
    expect(kept(gbp('100'), gbp('100'), gbp('140', { qualifier: 'about' }))).toBe('yes'); // 135 to 145
    expect(kept(gbp('100'), gbp('100'), gbp('150', { qualifier: 'about' }))).toBe('within-precision'); // 145 to 155
    expect(kept(gbp('100'), gbp('100'), gbp('160', { qualifier: 'about' }))).toBe('no');
  });

  it('by the most that a ceiling may be, and by what it is at least only where that is enough to tell', () => {
    expect(kept(gbp('100'), gbp('100'), gbp('150', { qualifier: 'at-most' }))).toBe('yes');
    expect(kept(gbp('100', { qualifier: 'at-most' }), gbp('100', { qualifier: 'under' }), gbp('151'))).toBe('no');
    expect(kept(gbp('100'), gbp('100'), gbp('120', { qualifier: 'at-least' }))).toBe('not assessable');
    expect(kept(gbp('100'), gbp('100'), gbp('151', { qualifier: 'over' }))).toBe('no');
    expect(kept(gbp('100', { qualifier: 'at-least' }), gbp('100'), gbp('150'))).toBe('yes');
    expect(kept(gbp('100', { qualifier: 'at-least' }), gbp('100'), gbp('151'))).toBe('within-precision');
    expect(kept(gbp('100'), gbp('100', { qualifier: 'at-least' }), gbp('150'))).toBe('yes');
    expect(kept(gbp('100'), gbp('100', { qualifier: 'at-least' }), gbp('151'))).toBe('not assessable');
  });

  it('by the step itself where that is known, however rounded the sum is', () => {
    const [original, to] = [gbp('65000000', { qualifier: 'about' }), gbp('66200000', { qualifier: 'about', roundedTo: '1000000' })];
    const tenth = ratio(1n, 55n); // 1.2 of 66 or more
    expect(within(stepRangeOverOriginal(original, original, to), tenth)).toBe('within-precision');
    expect(within(stepRangeOverOriginal(original, original, to, gbp('1200000')), ratio(1n, 53n))).toBe('yes');
    expect(within(stepRangeOverOriginal(original, original, to, gbp('1200000')), ratio(1n, 55n))).toBe('no');
    expect(within(stepRangeOverOriginal(original, original, to, gbp('1200000')), ratio(12n, 650n))).toBe('within-precision');
  });

  it('of an income likewise: its size counts, not its sign', () => {
    expect(kept(gbp('-100'), gbp('-100'), gbp('-150'))).toBe('yes');
    expect(kept(gbp('-100'), gbp('-100'), gbp('-151'))).toBe('no');
    expect(kept(gbp('-100'), gbp('-100'), gbp('50'))).toBe('yes');
    expect(kept(gbp('-100', { qualifier: 'about' }), gbp('-100'), gbp('-155'))).toBe('within-precision');
  });

  it('in agreement with every figure that its rounded sources can mean', () =>
    fc.assert(
      fc.property(fc.tuple(rounded, rounded, rounded), fc.bigInt({ min: -50n, max: 300n }), ([original, current, to], cap) => {
        const range = stepRangeOverOriginal(original.printed, current.printed, to.printed);
        if (!range) return;
        const real = ratio(to.real - current.real, original.real);
        expect(compareRatio(range.low, real)).toBeLessThanOrEqual(0);
        expect(compareRatio(range.high, real)).toBeGreaterThanOrEqual(0);
        const answer = within(range, ratio(cap, 100n));
        if (answer !== 'within-precision') expect(answer).toBe(compareRatio(real, ratio(cap, 100n)) <= 0 ? 'yes' : 'no');
      }),
    ));
});

describe('a yearly figure', () => {
  it('is the total divided by its term in years', () => {
    expect(perYear(gbp('155000000'), 60)).toEqual(gbp('31000000.00'));
    expect(perYear(gbp('95000000'), 72)).toEqual(gbp('15833333.33'));
    expect(perYear(gbp('1'), 1)).toEqual(gbp('12.00'));
  });

  it('is qualified like its total, and needs a term of at least a month', () => {
    expect(perYear(gbp('95000000', { qualifier: 'about' }), 72).qualifier).toBe('about');
    for (const months of [0, -12, 1.5, NaN]) expect(() => perYear(gbp('1'), months)).toThrow(`A term of ${months} months`);
  });
});

describe('a total', () => {
  const shown = (...values: Value[]) => showTotal(totalOf(sumOf(values)));

  it('of rounded figures says between what it lies, as far as no figure is open at that end', () => {
    const about = gbp('100', { qualifier: 'about' });
    const between = (...values: Value[]) => totalOf(sumOf(values)).amounts[0]!.between;
    expect(between(about, gbp('7'))).toEqual({ least: '57.00', most: '157.00' });
    expect(between(about, gbp('300', { roundedTo: '10' }))).toEqual({ least: '345.00', most: '455.00' });
    expect(between(about, gbp('7', { qualifier: 'at-least' }))).toEqual({ least: '57.00' });
    expect(between(about, gbp('7', { qualifier: 'at-most' }))).toEqual({ most: '157.00' });
    expect([between(gbp('7')), between(gbp('7', { qualifier: 'at-least' })), between(about, gbp('7', { qualifier: 'under' }), gbp('1', { qualifier: 'over' }))]).toEqual([undefined, undefined, undefined]); // prettier-ignore
    expect(totalOf(measuresOf(about, 'all.'), 'all.').amounts[0]).toMatchObject({ between: { least: '50.00', most: '150.00' }, coarsest: '100.00' }); // prettier-ignore
  });

  it('has one sum of each currency, in the order of their codes, and none of a currency that nobody knows', () => {
    const of = (currency: string) => ({ amount: '5', currency });
    const { amounts } = totalOf(sumOf([of('USD'), of('EUR'), of('USD'), { undisclosed: true, atLeast: of('EUR') }]));
    expect(amounts.map(({ currency, amount, count }) => [currency, amount, count])).toEqual([['EUR', '10.00', 1], ['USD', '10.00', 2]]); // prettier-ignore
    expect(totalOf({ 'QQQ.count': 1n, QQQ: 5n }).amounts).toEqual([]);
  });

  it('of exact figures is exact', () => expect(shown(gbp('60000000'), gbp('95000000.00'))).toBe('£155m'));

  it.each<[string, Value[]]>([
    ['at least £250m, 1 undisclosed', [gbp('250000000'), undisclosed]],
    ['at least £250m, 1 undisclosed, 1 withheld, 2 unknown', [gbp('250000000'), undisclosed, withheld, unknown, unknown]],
    ['about £95m', [gbp('94000000', { qualifier: 'about' }), gbp('1000000')]],
    ['about £583m', [gbp('65000000', { qualifier: 'about' }), gbp('518210000.55')]],
    ['about £600', [gbp('640', { qualifier: 'about', roundedTo: '250' })]],
    ['about £40', [gbp('40', { qualifier: 'about', roundedTo: '1000' })]],
    ['at least £5m, 1 undisclosed', [{ undisclosed: true, atLeast: gbp('5000000') }]],
    ['at least about £95m, 1 undisclosed', [gbp('95000000', { qualifier: 'about' }), undisclosed]],
    ['at least £8m', [gbp('5000000', { qualifier: 'over' }), gbp('3000000')]],
    ['at most £8m', [gbp('5000000', { qualifier: 'under' }), gbp('3000000')]],
    // Uncertain in both directions, so no bound is claimed.
    ['about £5m, 1 undisclosed', [gbp('5000000', { qualifier: 'under' }), undisclosed]],
    ['about £8m', [gbp('5000000', { qualifier: 'at-most' }), gbp('3000000', { qualifier: 'at-least' })]],
    ['£1m + US$2m', [gbp('1000000'), { amount: '2000000', currency: 'USD' }]],
    ['1 undisclosed', [undisclosed]],
    ['£0', [gbp('0')]],
    ['nothing', []],
  ])('inherits the uncertainty of its parts: %s', (qualifier, values) => expect(shown(...values)).toBe(qualifier));

  it('of zero is shown even though measures of zero are not stored', () => expect(showTotal(totalOf({ 'GBP.count': 1n }))).toBe('£0'));

  it('of a group counts only measures with its prefix', () => {
    const measures = { ...sumOf([gbp('1000000')], 'towers.'), ...sumOf([gbp('2000000'), undisclosed], 'outside.'), 'towers.contracts': 1n };
    expect(showTotal(totalOf(measures, 'towers.'))).toBe('£1m');
    expect(showTotal(totalOf(measures, 'outside.'))).toBe('at least £2m, 1 undisclosed');
  });

  it('is the same in any order, and after a value is subtracted as if it had never been added', () =>
    fc.assert(
      fc.property(fc.array(value), fc.array(value), (kept, gone) => {
        const rest = minus(sumOf([...gone, ...kept]), sumOf(gone));
        expect(totalOf(rest)).toEqual(totalOf(sumOf(kept.toReversed())));
      }),
    ));

  it('counts every value, and never counts a missing one as money', () =>
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const total = totalOf(sumOf(values));
        const counted = total.amounts.reduce((sum, { count }) => sum + count, 0);
        expect(counted + total.undisclosed + total.withheld + total.unknown).toBe(values.length);
        if (values.some((v) => !isAmount(v))) expect(total.amounts.map(({ qualifier }) => qualifier)).not.toContain('exact');
        for (const { amount, currency } of total.amounts)
          expect(minor({ amount, currency })).toBe(
            values.reduce((sum, v) => sum + (isAmount(v) && v.currency === currency ? minor(v) : 0n), 0n),
          );
      }),
    ));
});

describe('money is shown', () => {
  it.each<[string, Amount]>([
    ['£95m', gbp('95000000.00')],
    ['about £95m', gbp('95000000', { qualifier: 'about' })],
    ['£176.8m', gbp('176800000')],
    ['£6.807m', gbp('6807000')],
    ['£94.72m', gbp('94720000')],
    ['£10.21m', gbp('10210000')],
    ['£1.1bn', gbp('1100000000')],
    ['£100bn', gbp('100000000000')],
    ['£110,529.32', gbp('110529.32')],
    ['£500,000', gbp('500000.00')],
    ['£0.50', gbp('0.5')],
    ['£15,833,333.33', gbp('15833333.33')],
    ['−£1.5m', gbp('-1500000')],
    ['at least £3', gbp('3', { qualifier: 'at-least' })],
    [
      'almost US$1.5bn (£1.1bn)',
      { amount: '1500000000', currency: 'USD', qualifier: 'under', stated: [{ amount: '1100000000', currency: 'GBP' }] },
    ],
    ['¥5m', { amount: '5000000', currency: 'JPY' }],
    ['KWD 1.250', { amount: '1.25', currency: 'KWD' }],
  ])('%s', (qualifier, amount) => expect(showAmount(amount)).toBe(qualifier));

  it('with every digit, so it can be parsed back', () =>
    fc.assert(
      fc.property(units, (n) => {
        const [, sign, digits, size] = /^(−?)£([\d,.]+)(bn|m)?$/.exec(showAmount(amountOf(n, 'GBP')))!;
        const [whole, part = ''] = digits!.replaceAll(',', '').split('.');
        const places = 2 + (size === 'bn' ? 9 : size === 'm' ? 6 : 0);
        expect(BigInt(whole + part.padEnd(places, '0')) * (sign ? -1n : 1n)).toBe(n);
      }),
    ));

  it('or why there is no amount', () => {
    expect([gbp('1'), undisclosed, withheld, unknown, { withheld: { why: 'commercial' } }].map((v) => showValue(v))).toEqual([
      '£1',
      'undisclosed',
      'withheld until 2020 (commercial)',
      'unknown',
      'withheld (commercial)',
    ]);
  });
});

const currency = fc.constantFrom('GBP', 'USD', 'JPY', 'BHD', 'CLF');
const units = fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n });
const positive = fc.bigInt({ min: 1n, max: 10n ** 20n });
const value: fc.Arbitrary<Value> = fc.oneof(
  fc
    .tuple(
      fc.bigInt({ min: 0n, max: 10n ** 12n }),
      currency,
      fc.constantFrom('exact', 'about', 'under', 'over', 'at-most', 'at-least' as const),
    )
    .map(([n, code, qualifier]) => ({ ...amountOf(n, code), qualifier: qualifier as Qualifier })),
  fc.constantFrom(undisclosed, withheld, unknown),
);

/** A rounded figure as a source prints it, and a true figure that it may have been rounded from. */
const rounded = fc
  .tuple(fc.bigInt({ min: 1n, max: 500n }), fc.constantFrom(0n, 1n, 10n, 100n), fc.bigInt({ min: -100n, max: 100n }))
  .map(([n, to, off]) => ({
    printed: { ...amountOf(n * 100n, 'GBP'), ...(to > 0n && { roundedTo: amountOf(to * 10n, 'GBP').amount }) },
    real: ((real) => (real < 0n ? 0n : real))(n * 100n + (to * 10n * off) / 200n),
  }));

type Measures = { readonly [measure: string]: bigint };
const plus = (a: Measures, b: Measures, by = 1n): Measures =>
  Object.fromEntries([...new Set([...Object.keys(a), ...Object.keys(b)])].map((m) => [m, (a[m] ?? 0n) + by * (b[m] ?? 0n)]));
const minus = (a: Measures, b: Measures): Measures => plus(a, b, -1n);
const sumOf = (values: readonly Value[], prefix = ''): Measures =>
  values.reduce<Measures>((sum, v) => plus(sum, measuresOf(v, prefix)), {});
