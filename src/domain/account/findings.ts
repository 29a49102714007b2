import { amountOf, isAmount, minor, showAmount, showValue, type Finding, type Value } from '../../kernel/index.js';
import { unitsOf, type Account, type Measure } from './state.js';

const PAIRS = [
  ['invoiced', 'committed', 'invoiced-beyond-committed'],
  ['paid', 'invoiced', 'paid-beyond-invoiced'],
] as const satisfies readonly (readonly [Measure, Measure, string])[];

/** What is unusual in an account, and was not refused; beside its contract, whose ceiling has the VAT that the amounts have. */
export const accountFindings = (
  a: Account,
  contract: { readonly ceiling: Value; readonly vat: Account['vat'] } | undefined,
): readonly Finding[] => {
  const findings: Finding[] = [];
  for (const [more, less, code] of PAIRS) {
    const limits = unitsOf(a, less);
    for (const [currency, units] of unitsOf(a, more))
      if (units > (limits.get(currency) ?? 0n))
        findings.push({ code, text: `${show(units, currency)} is ${more}; ${show(limits.get(currency) ?? 0n, currency)} is ${less}.` });
  }
  if (!contract || !isAmount(contract.ceiling)) return findings;
  const { ceiling, vat } = contract;
  const comparable = a.vat === vat && a.invoices.every((invoice) => (invoice.vat ?? a.vat) === vat);
  const bound = ['over', 'at-least'].includes(ceiling.qualifier ?? 'exact');
  const invoiced = unitsOf(a, 'invoiced').get(ceiling.currency) ?? 0n;
  if (comparable && !bound && invoiced > minor(ceiling))
    findings.push({
      code: 'invoiced-beyond-ceiling',
      text: `${show(invoiced, ceiling.currency)} is invoiced; ${showValue(ceiling)} was approved.`,
    });
  return findings;
};
const show = (units: bigint, currency: string): string => showAmount(amountOf(units, currency));
