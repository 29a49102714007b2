import { amountOf, exponentFor, isAmount, isBound, minor, roundingOf, type Amount, type Money, type Value } from './amounts.js';
import { ratio, ratioOfRate, roundHalfUp, type Ratio } from './ratios.js';

/** Minor units of a currency for one minor unit of another, at a rate in units of that other. */
const minorRate = (from: string, to: string, rate: string): Ratio => {
  const { over, under } = ratioOfRate(rate)!;
  return ratio(under * 10n ** BigInt(exponentFor(to)), over * 10n ** BigInt(exponentFor(from)));
};

/** In minor units, without the rounding of a redenomination. */
export const exactly = (amount: Amount): Ratio => {
  if (!amount.was) return { over: minor(amount), under: 1n };
  const [{ over, under }, rate] = [exactly(amount.was), minorRate(amount.was.currency, amount.currency, amount.was.rate)];
  return ratio(over * rate.over, under * rate.under);
};

/** An amount in minor units of another currency, unrounded, at a rate in units of that currency for one of its own. Throws a TypeError for an unknown currency or a rate that is none. */
export const convertedBy = (amount: Money, currency: string, rate: string): Ratio => {
  const found = ratioOfRate(rate);
  if (!found) throw new TypeError(`${rate} is no rate of exchange.`);
  return ratio(
    minor(amount) * found.over * 10n ** BigInt(exponentFor(currency)),
    found.under * 10n ** BigInt(exponentFor(amount.currency)),
  );
};

/**
 * A value in the currency that replaced its own, at the unrounded fixed rate (units of the old currency for one of the new), rounded half
 * up once; it keeps what it was. A value without an amount stays so. Throws a TypeError for an unknown currency or a rate that is none.
 */
export const redenominated = (value: Value, currency: string, rate: string): Value => {
  if (!isAmount(value)) return value.atLeast ? { ...value, atLeast: redenominated(value.atLeast, currency, rate) as Amount } : value;
  const { over, under } = minorRate(value.currency, currency, rate);
  const { over: exact, under: by } = exactly(value);
  const rounding = isBound(value.qualifier) ? 0n : roundingOf(value);
  return {
    ...amountOf(roundHalfUp(ratio(exact * over, by * under)), currency),
    ...(value.qualifier && { qualifier: value.qualifier }),
    ...(rounding > 0n && { roundedTo: amountOf((rounding * over + under - 1n) / under, currency).amount }),
    was: { ...value, rate },
  };
};
