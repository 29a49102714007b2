export type Says = 'exact' | 'about' | 'under' | 'over' | 'at-most' | 'at-least';

/** Money: a decimal text in the currency's units, as well as it is known. Computed as whole minor units, never as a float. */
export interface Amount {
  readonly amount: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly says?: Says;
  /** What the source rounds to, in units of the currency. */
  readonly roundedTo?: string;
  /** Equivalents as the source prints them, with or without a rate. */
  readonly stated?: readonly { readonly amount: string; readonly currency: string; readonly rate?: string }[];
}

/** An amount, or why there is none: they did not say, they may not say yet, or we do not know. Never zero. */
export type Value =
  | Amount
  | { readonly undisclosed: true }
  | { readonly withheld: { readonly until?: string; readonly why: string } }
  | { readonly unknown: true };

export const isAmount = (value: Value): value is Amount => 'amount' in value;

// ISO 4217, active codes: most have two minor digits.
const TWO =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG';
const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...TWO.split(' ').map((code) => [code, 2] as const),
  ...'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' ').map((code) => [code, 0] as const),
  ...'BHD IQD JOD KWD LYD OMR TND'.split(' ').map((code) => [code, 3] as const),
]);

/** Digits after the point; undefined for a currency that ISO 4217 does not list as active. */
export const exponentOf = (currency: string): number | undefined => EXPONENTS.get(currency);

const decimal = /^(0|[1-9]\d{0,17})(\.\d+)?$/;

/** Why a pair is not an amount, as the rest of a sentence; undefined when it is one. */
export const whyNotAnAmount = (amount: string, currency: string): string | undefined => {
  const exponent = exponentOf(currency);
  if (exponent === undefined) return `is in ${currency}, which ISO 4217 does not list`;
  if (!decimal.test(amount)) return 'must be a plain decimal such as 95000000.00, without sign, exponent or separators';
  const digits = amount.split('.')[1]?.length ?? 0;
  return digits > exponent ? `has ${digits} digits after the point; ${currency} has ${exponent}` : undefined;
};

type Money = Pick<Amount, 'amount' | 'currency'>;

/** In minor units of its currency. */
export const minor = ({ amount, currency }: Money): bigint => {
  const [whole, part = ''] = amount.split('.');
  return BigInt(whole + part.padEnd(exponentOf(currency)!, '0'));
};

export const amountOf = (units: bigint, currency: string): Amount => {
  const exponent = exponentOf(currency)!;
  const digits = String(units < 0n ? -units : units).padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  return { amount: `${units < 0n ? '-' : ''}${whole}${exponent ? `.${digits.slice(-exponent)}` : ''}`, currency };
};

const same = (a: Money, b: Money): void => {
  if (a.currency !== b.currency) throw new TypeError(`${a.currency} and ${b.currency} are never added or compared.`);
};
export const add = (a: Money, b: Money): Amount => (same(a, b), amountOf(minor(a) + minor(b), a.currency));
/** Below, at or above 0. */
export const compare = (a: Money, b: Money): number => (same(a, b), minor(a) < minor(b) ? -1 : minor(a) > minor(b) ? 1 : 0);

/** A quotient, rounded half to even. */
export const roundHalfEven = (numerator: bigint, denominator: bigint): bigint => {
  if (denominator < 0n) return roundHalfEven(-numerator, -denominator);
  if (numerator < 0n) return -roundHalfEven(-numerator, denominator);
  const [whole, twice] = [numerator / denominator, (numerator % denominator) * 2n];
  return twice > denominator || (twice === denominator && whole % 2n === 1n) ? whole + 1n : whole;
};

/** An exact quotient of whole numbers. */
export interface Ratio {
  readonly over: bigint;
  readonly under: bigint;
}
/** To so many digits after the point, rounded half to even, once. */
export const toDecimal = ({ over, under }: Ratio, places: number): string => {
  const scaled = roundHalfEven(over * 10n ** BigInt(places), under);
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(places + 1, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, digits.length - places)}${places ? `.${digits.slice(-places)}` : ''}`;
};
/** `48.9 %`. */
export const toPercent = ({ over, under }: Ratio, places = 1): string => `${toDecimal({ over: over * 100n, under }, places)} %`;

/** The three figures of a change, each to six digits: each alone misleads. */
export interface ChangeFigures {
  readonly stepOverOriginal: string;
  readonly stepOverCurrent: string;
  readonly cumulativeOverOriginal: string;
}
export const NOT_ASSESSABLE = 'not assessable';

/** Exact; undefined when a value is missing, zero, or in another currency. */
export const growth = (from: Value, to: Value, base: Value): Ratio | undefined => {
  if (!isAmount(from) || !isAmount(to) || !isAmount(base)) return undefined;
  if (from.currency !== to.currency || base.currency !== to.currency || minor(base) === 0n) return undefined;
  return { over: minor(to) - minor(from), under: minor(base) };
};

export const changeFigures = (original: Value, current: Value, to: Value): ChangeFigures => {
  const six = (ratio: Ratio | undefined) => (ratio ? toDecimal(ratio, 6) : NOT_ASSESSABLE);
  return {
    stepOverOriginal: six(growth(current, to, original)),
    stepOverCurrent: six(growth(current, to, current)),
    cumulativeOverOriginal: six(growth(original, to, original)),
  };
};

/** A total divided by its term, in whole minor units. */
export const perYear = (total: Money, months: number): Amount =>
  amountOf(roundHalfEven(minor(total) * 12n, BigInt(months)), total.currency);

/** What a value adds to a total, as whole numbers that can be taken away again. */
export const measuresOf = (value: Value, prefix = ''): { readonly [measure: string]: bigint } => {
  if (!isAmount(value)) return { [`${prefix}${Object.keys(value)[0]}`]: 1n };
  const says = value.says ?? 'exact';
  return {
    [`${prefix}${value.currency}`]: minor(value),
    [`${prefix}${value.currency}.count`]: 1n,
    ...(says !== 'exact' && { [`${prefix}${value.currency}.${says}`]: 1n }),
  };
};

export interface Total {
  readonly amounts: readonly (Amount & { readonly count: number })[];
  readonly undisclosed: number;
  readonly withheld: number;
  readonly unknown: number;
}

/** The total that measures add up to. It inherits: with anything undisclosed it is at least so much; currencies stay apart. */
export const totalOf = (measures: { readonly [measure: string]: bigint }, prefix = ''): Total => {
  const of = (measure: string) => Number(measures[`${prefix}${measure}`] ?? 0n);
  const [undisclosed, withheld, unknown] = [of('undisclosed'), of('withheld'), of('unknown')];
  const missing = undisclosed + withheld + unknown > 0;
  const currencies = Object.keys(measures)
    .filter((m) => m.startsWith(prefix) && exponentOf(m.slice(prefix.length)) !== undefined)
    .map((m) => m.slice(prefix.length))
    .sort();
  const amounts = currencies.map((currency) => {
    const [atLeast, atMost] = [of(`${currency}.at-least`) + of(`${currency}.over`), of(`${currency}.at-most`) + of(`${currency}.under`)];
    const vague = of(`${currency}.about`) > 0 || (atMost > 0 && (atLeast > 0 || missing));
    const says: Says =
      missing || atLeast > 0 ? (vague && !missing ? 'about' : 'at-least') : atMost > 0 ? 'at-most' : vague ? 'about' : 'exact';
    return { ...amountOf(measures[`${prefix}${currency}`]!, currency), says, count: of(`${currency}.count`) };
  });
  return { amounts, undisclosed, withheld, unknown };
};

const SIGNS: { readonly [currency: string]: string } = { GBP: '£', USD: 'US$', EUR: '€', JPY: '¥' };
const SAYING: { readonly [S in Says]: string } = {
  exact: '',
  about: 'about ',
  under: 'almost ',
  over: 'over ',
  'at-most': 'at most ',
  'at-least': 'at least ',
};

const showMoney = (money: Money): string => {
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
  const [whole, part] = toDecimal({ over: units, under: unit }, exponent).split('.');
  return `${sign}${label}${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}${part && Number(part) > 0 ? `.${part}` : ''}`;
};

/** For people: `£95m`, `about £95m`, `£110,529.32`, `almost US$1.5bn (£1.1bn)`. Digits are never dropped. */
export const showAmount = (amount: Amount): string =>
  `${SAYING[amount.says ?? 'exact']}${showMoney(amount)}${amount.stated?.length ? ` (${amount.stated.map(showMoney).join(', ')})` : ''}`;

/** `undisclosed`, `withheld until 2020 (…)`, `unknown`, or the amount. */
export const showValue = (value: Value): string => {
  if (isAmount(value)) return showAmount(value);
  if ('withheld' in value) return `withheld${value.withheld.until ? ` until ${value.withheld.until}` : ''} (${value.withheld.why})`;
  return Object.keys(value)[0]!;
};

/** `at least £250m, 1 undisclosed`; `nothing` when nothing was added. */
export const showTotal = ({ amounts, ...missing }: Total): string => {
  const money = amounts.length > 0 ? [amounts.map((a) => showAmount(a)).join(' + ')] : [];
  const gaps = Object.entries(missing)
    .filter(([, n]) => n > 0)
    .map(([why, n]) => `${n} ${why}`);
  return [...money, ...gaps].join(', ') || 'nothing';
};
