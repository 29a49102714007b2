import { bounds, measuresOf, minor, type Amount } from '../../kernel/index.js';

export const NATURES = ['capital', 'revenue'] as const;
export type Nature = (typeof NATURES)[number];
export const MEASURES = ['committed', 'invoiced', 'paid'] as const;
export type Measure = (typeof MEASURES)[number];

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
  readonly reference?: string;
}
/** A credit note is an invoice below zero. */
export interface Invoice extends RecordedBy {
  readonly invoice: string;
  readonly amount: Amount;
  readonly commitment?: string;
  /** Of a credit note: the invoice that it is of. */
  readonly creditOf?: string;
  readonly vat?: 'ex' | 'inc' | 'unknown';
  readonly nature?: Nature;
  readonly dueOn?: string;
  readonly reference?: string;
  readonly why?: string;
}
/** Without invoices it is not allocated. */
export interface Payment extends RecordedBy {
  readonly payment: string;
  readonly amount: Amount;
  readonly invoices?: readonly string[];
  readonly nature?: Nature;
  readonly reference?: string;
}

/** What is committed, invoiced and paid of one contract. */
export interface Account {
  readonly stage: 'none' | 'open' | 'settled';
  readonly programme?: string;
  readonly contract?: string;
  readonly vat: 'ex' | 'inc' | 'unknown';
  readonly commitments: readonly Commitment[];
  readonly invoices: readonly Invoice[];
  readonly payments: readonly Payment[];
  /**
   * Sums by the month of the act: `2016-04`, `2016-04/capital`, or `undated` where the month is not known. Measures are those of totals,
   * `invoiced.GBP` in minor units and so on, as decimal texts: bounded by the months and the currencies, whatever the number of lines.
   */
  readonly sums: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly settledOn?: string;
}
export const NO_ACCOUNT: Account = { stage: 'none', vat: 'unknown', commitments: [], invoices: [], payments: [], sums: {} };

export const UNDATED = 'undated';
export const monthOf = (on: string): string => {
  const { earliest, latest } = bounds(on);
  return earliest.slice(0, 7) === latest.slice(0, 7) ? earliest.slice(0, 7) : UNDATED;
};

export const negative = ({ amount, currency, ...rest }: Amount): Amount => {
  const { stated: _, ...kept } = rest;
  return { amount: amount.startsWith('-') ? amount.slice(1) : `-${amount}`, currency, ...kept };
};

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
/** The calendar year in which the financial year of a month begins. */
export const financialYearOf = (month: string, startsIn: number): number =>
  Number(month.slice(0, 4)) - (Number(month.slice(5, 7)) < startsIn ? 1 : 0);

/** The sums with one more amount, or one that is taken back. */
export const withAmount = (
  { sums }: Pick<Account, 'sums'>,
  measure: Measure,
  amount: Amount,
  { on, nature }: { readonly on: string; readonly nature?: Nature | undefined },
): Pick<Account, 'sums'> => {
  const [month, measures] = [monthOf(on), measuresOf(amount, `${measure}.`)];
  const all = added(sums, month, measures);
  return { sums: nature ? added(all, `${month}/${nature}`, measures) : all };
};

/** The sums of all months, as measures. */
export const totalMeasures = ({ sums }: Pick<Account, 'sums'>, of: (key: string) => boolean = (key) => !key.includes('/')) => {
  const total: Record<string, bigint> = {};
  for (const [key, measures] of Object.entries(sums))
    if (of(key)) for (const [name, n] of Object.entries(measures)) total[name] = (total[name] ?? 0n) + BigInt(n);
  return total;
};

/** Minor units of one measure by currency. */
export const unitsOf = (account: Pick<Account, 'sums'>, measure: Measure): ReadonlyMap<string, bigint> =>
  new Map(
    Object.entries(totalMeasures(account)).flatMap(([name, n]) => {
      const [of, currency = '', more] = name.split('.');
      return of === measure && more === undefined && /^[A-Z]{3}$/.test(currency) ? [[currency, n] as const] : [];
    }),
  );

/** What is left of an invoice once its credit notes are taken off, in minor units. */
export const creditable = ({ invoices }: Pick<Account, 'invoices'>, invoice: string): bigint =>
  invoices.reduce((left, one) => (one.invoice === invoice || one.creditOf === invoice ? left + minor(one.amount) : left), 0n);
