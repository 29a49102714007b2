/** A quotient, rounded half to even. Throws a RangeError when divided by zero. */
export const roundHalfEven = (numerator: bigint, denominator: bigint): bigint => {
  if (denominator < 0n) return roundHalfEven(-numerator, -denominator);
  if (numerator < 0n) return -roundHalfEven(-numerator, denominator);
  const [whole, twice] = [numerator / denominator, (numerator % denominator) * 2n];
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole;
};

/** An exact quotient of whole numbers: `over` ÷ `under`. */
export interface Ratio {
  readonly over: bigint;
  readonly under: bigint;
}
const MOST = BigInt(Number.MAX_SAFE_INTEGER);
/** Of any two whole numbers; most amounts fit into numbers, which divide ten times as fast. */
const gcd = (a: bigint, b: bigint): bigint => {
  if (a < 0n) return gcd(-a, b);
  if (b < 0n) return gcd(a, -b);
  if (a > MOST || b > MOST) return b === 0n ? a : gcd(b, a % b);
  let [x, y] = [Number(a), Number(b)];
  while (y !== 0) [x, y] = [y, x % y];
  return BigInt(x);
};
/** In lowest terms, with the sign in `over`. Throws a RangeError when divided by zero. */
export const ratio = (over: bigint, under: bigint): Ratio => {
  if (under === 0n) throw new RangeError('A ratio cannot have zero below the line.');
  const by = under < 0n ? -gcd(over, under) : gcd(over, under);
  return { over: over / by, under: under / by };
};
/** Below, at or above 0. Both must have a positive `under`, as `ratio` returns them. */
export const compareRatio = (a: Ratio, b: Ratio): number => {
  const difference = a.over * b.under - b.over * a.under;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};
/** A decimal with `places` digits after the point, rounded half to even, once. */
export const toDecimal = ({ over, under }: Ratio, places: number): string =>
  withPoint(roundHalfEven(over * 10n ** BigInt(places), under), places);
/** Nothing, in a currency of so many digits. */
const ZEROS = ['0', '0.0', '0.00', '0.000', '0.0000'] as const;
/** A whole number with its point so many digits before its end. */
export const withPoint = (scaled: bigint, places: number): string => {
  if (scaled === 0n && places < ZEROS.length) return ZEROS[places]!;
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places ? `.${digits.slice(-places)}` : ''}`;
};
/** The ratio that a percentage stands for: `12.5` is 1/8. */
export const ratioOfPercent = (percentage: number | string): Ratio => {
  const [whole, fraction = ''] = String(percentage).split('.') as [string, string?];
  return ratio(BigInt(whole + fraction), 100n * 10n ** BigInt(fraction.length));
};
/** `48.9 %`. */
export const toPercent = ({ over, under }: Ratio, places = 1): string => `${toDecimal({ over: over * 100n, under }, places)} %`;

/** The ratio that a rate of exchange stands for; undefined where it is no plain decimal above zero. */
export const ratioOfRate = (rate: string): Ratio | undefined => {
  if (!/^(0|[1-9]\d{0,11})(\.\d{1,12})?$/.test(rate) || !/[1-9]/.test(rate)) return undefined;
  const [whole, fraction = ''] = rate.split('.') as [string, string?];
  return ratio(BigInt(whole + fraction), 10n ** BigInt(fraction.length));
};

/** Half up, as Regulation (EC) No 1103/97 has it; below zero the figure without its sign is rounded. */
export const roundHalfUp = ({ over, under }: Ratio): bigint =>
  over < 0n ? -roundHalfUp({ over: -over, under }) : (2n * over + under) / (2n * under);
