import { amountOf, betweenOf, isAmount, minor, showAmount, showValue, type Finding, type Value } from '../../kernel/index.js';
import { UNREALISED, type Unrealised } from './exchange.js';
import { inFormerCurrency, unitsInNewCurrency, type Redenomination } from './redenomination.js';
import { beyondTheirFigure, expectedSpend, unitsOf, VAT, type Account, type Measure, type Payment, type Vat } from './state.js';

const PAIRS = [
  ['invoiced', 'committed', 'invoiced-beyond-committed'],
  ['paid', 'invoiced', 'paid-beyond-invoiced'],
] as const satisfies readonly (readonly [Measure, Measure, string])[];
const VAT_WORDS: { readonly [V in Vat]: string } = { ex: 'without VAT', inc: 'with VAT', unknown: 'of unknown VAT' };
/** Lines that the text of a finding names; it says how many there are beside. */
const NAMED = 5;

interface Beside {
  readonly ceiling: Value;
  readonly vat: Vat;
  /** Of its currency. */
  readonly redenominations?: readonly Redenomination[];
}
/**
 * What is unusual in an account, and was not refused; beside its contract, whose ceiling has the VAT that the amounts have. Amounts in a
 * currency that was replaced are compared as what they are in the new one.
 */
export const accountFindings = (a: Account, contract: Beside | undefined): readonly Finding[] => {
  const findings: Finding[] = [];
  const find = (code: string, text: string): void => void findings.push({ code, text });
  const { redenominations = [] } = contract ?? {};
  const mixed = vatsOf(a).length > 1;
  if (mixed) find('mixed-vat', `Amounts are ${vatsOf(a).map((vat) => VAT_WORDS[vat]).join(' and ')}: they are not added, and not compared.`); // prettier-ignore
  for (const [more, less, code] of mixed ? [] : PAIRS) {
    const limits = unitsInNewCurrency(a, less, redenominations);
    for (const [currency, units] of unitsInNewCurrency(a, more, redenominations))
      if (units > (limits.get(currency) ?? 0n))
        find(code, `${show(units, currency)} is ${more}; ${show(limits.get(currency) ?? 0n, currency)} is ${less}.`);
  }
  if (contract && !mixed) beyondCeiling(a, contract, find);
  for (const one of redenominations) {
    const lines = inFormerCurrency(a, one);
    if (lines.length > 0) find('former-currency', `${named(lines)}: in ${one.from}, which the contract changed to ${one.to} on ${one.on}.`);
  }
  for (const { year, nature, amount, parts } of expectedSpend(a))
    if (parts && betweenOf(parts).least > (betweenOf(amount).most ?? betweenOf(parts).least))
      find('expected-parts-beyond-whole', `${nature ? `${nature} of ` : ''}the year that begins in ${year}: its parts come to ${showAmount(parts)}; ${showAmount(amount)} is expected of all of it.`); // prettier-ignore
  const beyond = beyondTheirFigure(a);
  if (beyond.length > 0) find('taken-back-beyond-figure', `${named(beyond)}: more was taken back or credited than the approximate figure.`);
  const unallocated = a.payments.filter(({ invoices, amount }) => invoices === undefined && minor(amount) !== 0n);
  if (unallocated.length > 0) find('unallocated-payments', `${namesOf(unallocated)}: no invoice is named.`);
  for (const [why, text] of Object.entries(UNREALISED) as readonly [Unrealised, string][]) {
    const payments = a.payments.filter(({ unrealised }) => unrealised === why);
    if (payments.length > 0) find('exchange-not-assessable', `${namesOf(payments)}: ${text}.`);
  }
  return findings;
};

/** Which VAT the lines of an account have, of those that are summed. */
const vatsOf = (a: Account): readonly Vat[] => VAT.filter((vat) => (['committed', 'invoiced', 'paid'] as const).some((measure) => unitsOf(a, measure, vat).size > 0)); // prettier-ignore
const beyondCeiling = (a: Account, { ceiling, vat, redenominations = [] }: Beside, find: (code: string, text: string) => void): void => {
  if (!isAmount(ceiling)) return;
  const invoiced = unitsInNewCurrency(a, 'invoiced', redenominations);
  const others = [...invoiced].filter(([currency, units]) => currency !== ceiling.currency && units > 0n);
  if (others.length > 0)
    find('invoiced-in-another-currency', `${others.map(([currency, units]) => show(units, currency)).join(' and ')} is invoiced; the ceiling is in ${ceiling.currency}: they are not compared.`); // prettier-ignore
  const { most } = betweenOf(ceiling);
  const units = invoiced.get(ceiling.currency) ?? 0n;
  if (vatsOf(a).every((one) => one === vat) && most !== undefined && units > most)
    find('invoiced-beyond-ceiling', `${show(units, ceiling.currency)} is invoiced; ${showValue(ceiling)} was approved.`);
};
const show = (units: bigint, currency: string): string => showAmount(amountOf(units, currency));
const namesOf = (payments: readonly Payment[]): string => named(payments.map(({ payment }) => payment));
const named = (lines: readonly string[]): string => {
  const more = lines.length - NAMED;
  return `${lines.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};
