import { amountOf, certainlyBefore, minor, redenominated, type Amount } from '../../kernel/index.js';
import { negative, unitsOf, type Account, type Measure } from './state.js';

/** How the currency of a contract was replaced: at a fixed rate, in units of the former currency for one of the new. */
export interface Redenomination {
  readonly on: string;
  readonly from: string;
  readonly to: string;
  readonly rate: string;
}

/** An amount as it reads in the currency of its contract now: converted at each fixed rate in turn, half up, with what it was. */
const inNewCurrency = (amount: Amount, redenominations: readonly Redenomination[]): Amount =>
  redenominations.reduce((read, { from, to, rate }) => (read.currency === from ? (redenominated(read, to, rate) as Amount) : read), amount);

/** What is left of a line in a former currency. What was committed, invoiced and paid in it stays as it was. */
export interface ConvertedLine {
  readonly of: 'commitment' | 'invoice';
  readonly line: string;
  readonly event: string;
  readonly on: string;
  /** In the new currency; `was` says in which currency it was recorded, and the fixed rate. */
  readonly amount: Amount;
  /** What was invoiced of a commitment in the new currency since. */
  readonly invoiced?: Amount;
  /** What is left: of a commitment not invoiced, of an invoice not paid. */
  readonly left: Amount;
}

/**
 * The lines of an account that are converted, since the currency of its contract was replaced: commitments of which something is not
 * invoiced, and invoices of which something is not paid. In recorded order, commitments first; linear in the number of lines.
 */
export const convertedLines = (a: Account, redenominations: readonly Redenomination[]): readonly ConvertedLine[] => {
  if (redenominations.length === 0) return [];
  const isFormer = ({ currency }: Amount): boolean => redenominations.some(({ from }) => from === currency);
  const invoiced = new Map<string, bigint>();
  const keyOf = (commitment: string, currency: string): string => `${commitment} ${currency}`;
  for (const { commitment, amount } of a.invoices)
    if (commitment !== undefined) {
      const key = keyOf(commitment, amount.currency);
      invoiced.set(key, (invoiced.get(key) ?? 0n) + minor(amount));
    }
  const invoicedOf = (commitment: string, currency: string): bigint => invoiced.get(keyOf(commitment, currency)) ?? 0n;
  const commitments = a.commitments.flatMap(({ commitment: line, event, on, amount: whole, decommitted }): ConvertedLine[] => {
    const units = minor(whole) - (decommitted ? minor(decommitted) : 0n) - invoicedOf(line, whole.currency);
    if (!isFormer(whole) || units <= 0n) return [];
    const amount = inNewCurrency({ ...whole, ...amountOf(units, whole.currency) }, redenominations);
    const since = invoicedOf(line, amount.currency);
    const left = minor(amount) - since;
    if (left <= 0n) return [];
    return [{ of: 'commitment', line, event, on, amount, ...(since !== 0n && { invoiced: amountOf(since, amount.currency) }), left: amountOf(left, amount.currency) }]; // prettier-ignore
  });
  const invoices = a.invoices.flatMap(({ invoice: line, event, on, outstanding }): ConvertedLine[] => {
    if (!outstanding || !isFormer(outstanding) || minor(outstanding) <= 0n) return [];
    const amount = inNewCurrency(outstanding, redenominations);
    return [{ of: 'invoice', line, event, on, amount, left: amountOf(minor(amount), amount.currency) }];
  });
  return [...commitments, ...invoices];
};

/** Commitments and invoices in a currency that the contract had certainly left by then, by their ids. */
export const inFormerCurrency = (a: Account, { from, on: left }: Redenomination): readonly string[] => [
  ...a.commitments.filter(({ amount, on }) => amount.currency === from && certainlyBefore(left, on)).map(({ commitment }) => commitment),
  ...a.invoices.filter(({ amount, on }) => amount.currency === from && certainlyBefore(left, on)).map(({ invoice }) => invoice),
];

/** Minor units of a measure by currency, in which lines in a former currency count as what they are in the new one: each converted by itself. */
export const unitsInNewCurrency = (
  a: Account,
  measure: Measure,
  redenominations: readonly Redenomination[],
): ReadonlyMap<string, bigint> => {
  if (redenominations.length === 0) return unitsOf(a, measure);
  const units = new Map<string, bigint>();
  for (const one of amountsOf(a, measure)) {
    const amount = inNewCurrency(one, redenominations);
    units.set(amount.currency, (units.get(amount.currency) ?? 0n) + minor(amount));
  }
  return units;
};
const amountsOf = ({ commitments, invoices, payments }: Account, measure: Measure): readonly Amount[] => {
  if (measure === 'committed') return commitments.flatMap(({ amount, decommitted }) => (decommitted ? [amount, negative(decommitted)] : [amount])); // prettier-ignore
  return (measure === 'invoiced' ? invoices : payments).map(({ amount }) => amount);
};
