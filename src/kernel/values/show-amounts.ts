import { exponentOf } from './currencies.js';
import { amountOf, isAmount, minor, valueOf, type Amount, type Between, type Money, type Qualifier, type Value } from './amounts.js';
import { toDecimal } from './ratios.js';

const SIGNS: { readonly [currency: string]: string } = { GBP: '£', USD: 'US$', EUR: '€', JPY: '¥' };
export const QUALIFIER_WORDS: { readonly [S in Qualifier]: string } = {
  exact: '',
  about: 'about ',
  under: 'almost ',
  over: 'over ',
  'at-most': 'at most ',
  'at-least': 'at least ',
};

export const showMoney = (money: Money): string => {
  const units = minor({ ...money, amount: money.amount.replace('-', '') });
  const sign = money.amount.startsWith('-') ? '−' : '';
  const exponent = exponentOf(money.currency)!;
  const unit = 10n ** BigInt(exponent);
  const label = SIGNS[money.currency] ?? `${money.currency} `;
  for (const [size, letter] of [
    [10n ** 9n, 'bn'],
    [10n ** 6n, 'm'],
  ] as const)
    // prettier-ignore
    if (units >= size * unit && units % ((size / 1000n) * unit) === 0n) return `${sign}${label}${toDecimal({ over: units, under: size * unit }, 3).replace(/\.?0+$/, '')}${letter}`;
  const [whole, fraction] = toDecimal({ over: units, under: unit }, exponent).split('.');
  return `${sign}${label}${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction && Number(fraction) > 0 ? `.${fraction}` : ''}`;
};

/** For people: `£95m`, `about £95m`, `£110,529.32`, `almost US$1.5bn (£1.1bn)`. Keeps every digit. */
export const showAmount = (amount: Amount): string =>
  `${QUALIFIER_WORDS[amount.qualifier ?? 'exact']}${showMoney(amount)}${besides(amount)}`;
const besides = ({ stated = [], was }: Amount): string => {
  const others = [...stated.map(showMoney), ...(was ? [`${showMoney(was)} at ${was.rate}`] : [])];
  return others.length > 0 ? ` (${others.join(', ')})` : '';
};

/** `undisclosed`, `withheld until 2020 (…)`, `unknown, at least £5m`, or the amount. */
export const showValue = (value: Value): string => {
  if (isAmount(value)) return showAmount(value);
  const why =
    'withheld' in value
      ? `withheld${value.withheld.until ? ` until ${value.withheld.until}` : ''} (${value.withheld.why})`
      : Object.keys(value)[0]!;
  return value.atLeast ? `${why}, at least ${showMoney(value.atLeast)}` : why;
};

/** For people: `£60`, `£59.5m to £60.2m`, `£9m or more`, `at most £9m`, `unknown`. */
export const showBetween = (between: Between, currency: string): string => {
  const { least, most } = between;
  if (most === undefined && least > 0n) return `${showAmount(amountOf(least, currency))} or more`;
  if (most === undefined || most === least || least === 0n) return showValue(valueOf(between, currency));
  return `${showAmount(amountOf(least, currency))} to ${showAmount(amountOf(most, currency))}`;
};
