import { add, amountOf, betweenOf, bounds, measuresOf, minor, subtract, type Amount } from '../../kernel/index.js';
import type { Exchange, Realised, Unrealised } from './exchange.js';

export const NATURES = ['capital', 'revenue'] as const;
export type Nature = (typeof NATURES)[number];
export const MEASURES = ['committed', 'invoiced', 'paid'] as const;
export type Measure = (typeof MEASURES)[number];
export const VAT = ['ex', 'inc', 'unknown'] as const;
export type Vat = (typeof VAT)[number];

interface RecordedBy {
  readonly event: string;
  readonly on: string;
}
/** A funded order, less what was taken back of it. */
export interface Commitment extends RecordedBy {
  readonly commitment: string;
  readonly amount: Amount;
  readonly decommitted?: Amount;
  readonly from?: string;
  readonly until?: string;
  readonly nature?: Nature;
  readonly exchange?: Exchange;
  readonly reference?: string;
}
/** What is expected to be spent in a financial year, or in a month of it; of the same one the last that was recorded counts. */
export interface Expectation extends RecordedBy {
  /** The calendar year in which the financial year begins. */
  readonly year: number;
  /** Month of the financial year, from 1; absent of the whole year. */
  readonly period?: number;
  readonly nature?: Nature;
  readonly amount: Amount;
  readonly basis?: string;
}
/** A credit note is an invoice below zero. */
export interface Invoice extends RecordedBy {
  readonly invoice: string;
  readonly amount: Amount;
  readonly commitment?: string;
  /** Of a credit note: the invoice that it is of. */
  readonly creditOf?: string;
  readonly vat?: Vat;
  readonly nature?: Nature;
  readonly dueOn?: string;
  readonly reference?: string;
  readonly why?: string;
  /** What is left to pay of it, by the figures; below zero where too much was paid. Absent of a credit note. */
  readonly outstanding?: Amount;
}
/** Without invoices it is not allocated. */
export interface Payment extends RecordedBy {
  readonly payment: string;
  readonly amount: Amount;
  readonly invoices?: readonly string[];
  readonly nature?: Nature;
  readonly exchange?: Exchange;
  /** The day on which it was allocated to its invoices, where it did not name them. */
  readonly allocatedOn?: string;
  /** Where it and its orders have a rate of exchange: the difference, or why none can be said. */
  readonly realised?: Realised;
  readonly unrealised?: Unrealised;
  readonly reference?: string;
}

/** What is expected, committed, invoiced and paid of one contract. */
export interface Account {
  readonly stage: 'none' | 'open' | 'settled';
  readonly programme?: string;
  readonly contract?: string;
  readonly vat: Vat;
  readonly commitments: readonly Commitment[];
  readonly invoices: readonly Invoice[];
  readonly payments: readonly Payment[];
  /** Absent while nothing is expected. */
  readonly expected?: readonly Expectation[];
  /**
   * Sums by the month of the act: `2016-04`, `2016-04/capital`; by its quarters, `2016-04..2016-09`, where the month is not known; or
   * `undated` where these are of two years, whenever years begin. Measures are those of totals by VAT, `invoiced.ex.GBP` in minor units
   * and so on, and `exchange.GBP`, as decimal texts: bounded by the months and the currencies, whatever the number of lines.
   */
  readonly sums: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly settledOn?: string;
}
export const NO_ACCOUNT: Account = { stage: 'none', vat: 'unknown', commitments: [], invoices: [], payments: [], sums: {} };

export const UNDATED = 'undated';
const monthsFrom = (month: string): number => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
const monthAt = (months: number): string =>
  `${String(Math.floor(months / 12)).padStart(4, '0')}-${String((months % 12) + 1).padStart(2, '0')}`;
/** The month of a day, else the quarters in which it may lie where these may be of one financial year: every one begins with a quarter. */
export const periodOf = (on: string): string => {
  const { earliest, latest } = bounds(on);
  const [first, last] = [monthsFrom(earliest), monthsFrom(latest)];
  if (first === last) return monthAt(first);
  const [from, until] = [first - (first % 3), last - (last % 3) + 2];
  return until - from < 12 ? `${monthAt(from)}..${monthAt(until)}` : UNDATED;
};

const OPPOSITE = { exact: 'exact', about: 'about', under: 'over', over: 'under', 'at-most': 'at-least', 'at-least': 'at-most' } as const;
/** The same amount taken away: at least £10 off leaves at most £10 less. */
export const negative = ({ amount, currency, qualifier, roundedTo }: Amount): Amount => ({
  amount: amount.startsWith('-') ? amount.slice(1) : /[1-9]/.test(amount) ? `-${amount}` : amount,
  currency,
  ...(qualifier && { qualifier: OPPOSITE[qualifier] }),
  ...(roundedTo !== undefined && { roundedTo }),
});

const added = (sums: Account['sums'], key: string, measures: Readonly<Record<string, bigint>>): Account['sums'] => {
  const sum: Record<string, string> = { ...sums[key] };
  for (const [name, n] of Object.entries(measures)) sum[name] = String(BigInt(sum[name] ?? '0') + n);
  return { ...sums, [key]: sum };
};
/** Months whose sums a budget of a financial year adds up. */
export const monthsOfYear = (year: number, startsIn: number): readonly string[] =>
  Array.from({ length: 12 }, (_, i) => {
    const month = startsIn + i;
    return `${month > 12 ? year + 1 : year}-${String(month > 12 ? month - 12 : month).padStart(2, '0')}`;
  });
/** Its months, and the quarters in which a day of it may lie. */
export const periodsOfYear = (year: number, startsIn: number): readonly string[] => {
  const months = monthsOfYear(year, startsIn);
  const quarters = [0, 3, 6, 9].flatMap((from) =>
    [2, 5, 8, 11].filter((until) => until > from).map((until) => `${months[from]}..${months[until]}`),
  );
  return [...months, ...quarters];
};
/** The calendar year in which the financial year of a period begins; undefined of quarters of two of them. */
export const financialYearOf = (period: string, startsIn: number): number | undefined => {
  const [first, last] = [period.slice(0, 7), period.slice(-7)].map((month) => Math.floor((monthsFrom(month) - startsIn + 1) / 12));
  return first === last ? first : undefined;
};

interface Line {
  readonly on: string;
  readonly nature?: Nature | undefined;
  readonly vat?: Vat;
}
/** The sums with one more amount. Amounts that differ in VAT are never one sum. */
export const withAmount = (
  { sums }: Pick<Account, 'sums'>,
  measure: Measure | 'exchange',
  amount: Amount,
  { on, nature, vat }: Line,
  times: 1n | -1n = 1n,
): Pick<Account, 'sums'> => {
  const period = periodOf(on);
  const measures = Object.fromEntries(
    Object.entries(measuresOf(amount, vat === undefined ? `${measure}.` : `${measure}.${vat}.`)).map(([name, n]) => [name, times * n]),
  );
  const all = added(sums, period, measures);
  return { sums: nature ? added(all, `${period}/${nature}`, measures) : all };
};
/** The sums as if an amount had not been added. */
export const withoutAmount = (a: Pick<Account, 'sums'>, measure: Measure | 'exchange', amount: Amount, line: Line): Pick<Account, 'sums'> =>
  withAmount(a, measure, amount, line, -1n);

/** The sums of all months, as measures. */
export const totalMeasures = ({ sums }: Pick<Account, 'sums'>, of: (key: string) => boolean = (key) => !key.includes('/')) => {
  const total: Record<string, bigint> = {};
  for (const [key, measures] of Object.entries(sums))
    if (of(key)) for (const [name, n] of Object.entries(measures)) total[name] = (total[name] ?? 0n) + BigInt(n);
  return total;
};

/** Minor units of one measure by currency: of one kind of VAT, or of all. */
export const unitsOf = (account: Pick<Account, 'sums'>, measure: Measure, wanted?: Vat): ReadonlyMap<string, bigint> => {
  const units = new Map<string, bigint>();
  for (const [name, n] of Object.entries(totalMeasures(account))) {
    const [of, vat, currency = '', more] = name.split('.');
    if (of !== measure || more !== undefined || !/^[A-Z]{3}$/.test(currency) || (wanted !== undefined && vat !== wanted)) continue;
    units.set(currency, (units.get(currency) ?? 0n) + n);
  }
  return units;
};

/** Currencies in which what is paid is not what is invoiced. */
export const unreconciled = (a: Pick<Account, 'sums'>): readonly string[] => {
  const [invoiced, paid] = [unitsOf(a, 'invoiced'), unitsOf(a, 'paid')];
  return [...new Set([...invoiced.keys(), ...paid.keys()])].filter((currency) => (invoiced.get(currency) ?? 0n) !== (paid.get(currency) ?? 0n)).sort(); // prettier-ignore
};

/** What may be left of a commitment once what was taken back is taken off, in minor units; undefined where nothing bounds it. */
export const mostCommitted = ({ amount, decommitted }: Commitment): bigint | undefined => {
  const { most } = betweenOf(amount);
  return decommitted && most !== undefined ? most - betweenOf(decommitted).least : most;
};
const creditNotesOf = ({ invoices }: Pick<Account, 'invoices'>, { invoice }: Invoice): readonly Amount[] =>
  invoices.flatMap(({ creditOf, amount }) => (creditOf === invoice ? [negative(amount)] : []));
/** What is left of an invoice once its credit notes are taken off. */
export const creditable = (a: Pick<Account, 'invoices'>, invoice: Invoice): Amount =>
  creditNotesOf(a, invoice).reduce(subtract, invoice.amount);
/** What may be left of it, in minor units; undefined where nothing bounds it. */
export const mostCreditable = (a: Pick<Account, 'invoices'>, invoice: Invoice): bigint | undefined =>
  creditNotesOf(a, invoice).reduce<bigint | undefined>(
    (left, credit) => (left === undefined ? undefined : left - betweenOf(credit).least),
    betweenOf(invoice.amount).most,
  );

/** Commitments and invoices of which more was taken off than they say: which may be, where their figures are approximate. */
export const beyondTheirFigure = ({ commitments, invoices }: Pick<Account, 'commitments' | 'invoices'>): readonly string[] => {
  const credited = new Map<string, bigint>();
  for (const { creditOf, amount } of invoices)
    if (creditOf !== undefined) credited.set(creditOf, (credited.get(creditOf) ?? 0n) - minor(amount));
  return [
    ...commitments
      .filter(({ amount, decommitted }) => decommitted && minor(decommitted) > minor(amount))
      .map(({ commitment }) => commitment),
    ...invoices
      .filter(({ invoice, amount }) => (credited.get(invoice) ?? 0n) > minor(amount) && credited.has(invoice))
      .map(({ invoice }) => invoice),
  ];
};

/**
 * The invoices once an amount is taken off those that it names: off each in turn as far as it goes, and the rest off the last. What is paid
 * back is put back in the same way. What is in another currency, which is refused, takes nothing off.
 */
export const takenOff = (invoices: readonly Invoice[], named: readonly string[], amount: Amount): readonly Invoice[] => {
  if (named.length === 0) return invoices;
  const { currency } = amount;
  const [names, found] = [new Set(named), new Map<string, Amount>()];
  for (const { invoice, outstanding } of invoices)
    if (outstanding?.currency === currency && names.has(invoice)) found.set(invoice, outstanding);
  let left = minor(amount);
  for (const [i, invoice] of named.entries()) {
    const outstanding = found.get(invoice);
    if (!outstanding) continue;
    const part = i === named.length - 1 ? left : between(left, minor(outstanding));
    left -= part;
    found.set(invoice, subtract(outstanding, { ...amount, ...amountOf(part, currency) }));
  }
  return found.size === 0
    ? invoices
    : invoices.map((one) => (found.has(one.invoice) ? { ...one, outstanding: found.get(one.invoice)! } : one));
};
/** The part of an amount that another one of the same sign can take. */
const between = (amount: bigint, most: bigint): bigint => {
  if (amount > 0n !== most > 0n) return 0n;
  return amount > 0n ? (amount < most ? amount : most) : amount > most ? amount : most;
};
/** Invoices with a day on which they are to be paid, of which something is left to pay. */
export const unpaid = ({
  stage,
  invoices,
}: Pick<Account, 'stage' | 'invoices'>): readonly (Invoice & Required<Pick<Invoice, 'dueOn' | 'outstanding'>>)[] =>
  // prettier-ignore
  stage === 'open' ? invoices.filter(isUnpaid) : [];
const isUnpaid = (one: Invoice): one is Invoice & Required<Pick<Invoice, 'dueOn' | 'outstanding'>> =>
  one.dueOn !== undefined && one.outstanding !== undefined && isAboveZero(one.outstanding);
/** By its text: asked of every invoice that has a day, with every event of an account. */
const isAboveZero = ({ amount }: Amount): boolean => !amount.startsWith('-') && /[1-9]/.test(amount);

/** What an expectation is of: a later one of the same takes its place. */
const subjectOf = ({ year, period, nature, amount }: Pick<Expectation, 'year' | 'period' | 'nature' | 'amount'>): string =>
  [year, period ?? '', nature ?? '', amount.currency].join('/');
/** The expectations that count, in the order of the last of each. */
export const standing = ({ expected = [] }: Pick<Account, 'expected'>): readonly Expectation[] => {
  const last = new Map<string, Expectation>();
  for (const one of expected) {
    last.delete(subjectOf(one));
    last.set(subjectOf(one), one);
  }
  return [...last.values()];
};
/** What is expected of a financial year in one currency: in all, or of one nature. */
export interface ExpectedSpend {
  readonly year: number;
  readonly nature?: Nature;
  readonly currency: string;
  readonly amount: Amount;
  /** What its parts come to, where the whole is stated as well. */
  readonly parts?: Amount;
}
/**
 * What each financial year is expected to come to, by nature and in all. A figure of a year stands for all of it: what is said of its months
 * are parts of it, and so are capital and revenue of a year without nature. Where no such figure is stated, the parts are added.
 */
export const expectedSpend = (a: Pick<Account, 'expected'>): readonly ExpectedSpend[] =>
  [...Map.groupBy(standing(a), ({ year, amount }) => `${year}/${amount.currency}`).values()].flatMap((lines): readonly ExpectedSpend[] => {
    const [{ year, amount }] = lines as [Expectation, ...Expectation[]];
    const of = (nature: Nature | undefined, natures: readonly ExpectedSpend[]): readonly ExpectedSpend[] => {
      const own = lines.filter((line) => line.nature === nature);
      const whole = own.find(({ period }) => period === undefined)?.amount;
      const parts = sumOf([...natures, ...own.filter(({ period }) => period !== undefined)].map((part) => part.amount));
      const all = whole ?? parts;
      return all ? [{ year, ...(nature && { nature }), currency: amount.currency, amount: all, ...(whole && parts && { parts }) }] : [];
    };
    const natures = NATURES.flatMap((nature) => of(nature, []));
    return [...natures, ...of(undefined, natures)];
  });
const sumOf = ([first, ...rest]: readonly Amount[]): Amount | undefined => first && rest.reduce(add, first);
