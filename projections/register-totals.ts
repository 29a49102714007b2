import { sums, type Measures } from '../src/kernel/index.js';
import type { Contract } from '../src/domain/contract/index.js';
import { notInCircles, takesPlaceOf } from './commitments.js';
import { withText } from './losses.js';
import { isPromised } from './promised.js';
import { STATES, stateOf, textByVat, VAT, vatOf, type State, type Vat } from './vat.js';

const figures = sums({ contracts: 'count', original: 'value', ceiling: 'value' });

type Listed = Pick<Contract, 'kind' | 'stage' | 'original' | 'ceiling' | 'vat' | 'replaces'> & { readonly contract: string };
interface Part {
  readonly contract: string;
  /** The contract that it stands in the place of. */
  readonly replaced: string | undefined;
  readonly framework: boolean;
  readonly promised: boolean;
  readonly vat: Vat;
  readonly state: State;
  readonly measures: Measures;
}

/** The measures of several parts of a list together. */
const together = (parts: readonly Part[]) => {
  const sum: Record<string, bigint> = {};
  for (const { measures } of parts) for (const name in measures) sum[name] = (sum[name] ?? 0n) + measures[name]!;
  const { contracts, original, ceiling } = figures.total(sum);
  return { contracts, original: withText(original), ceiling: withText(ceiling) };
};
const byVatOf = (parts: readonly Part[]) => {
  const byVat = VAT.flatMap((vat) => {
    const some = parts.filter((part) => part.vat === vat);
    return some.length > 0 ? [[vat, together(some)] as const] : [];
  });
  const all = together(parts);
  const text = (figure: 'original' | 'ceiling') =>
    textByVat(
      byVat.map(([vat, part]) => [vat, part[figure].text]),
      all[figure].text,
    );
  return {
    contracts: parts.length,
    original: text('original'),
    ceiling: text('ceiling'),
    vat: vatOf(byVat),
    byVat: Object.fromEntries(byVat),
  };
};

/**
 * What the contracts of a list come to: those that promise money, without those that a running contract of the list has taken the place of.
 * The estimate of a framework is never promised. Figures that differ in VAT or currency are never added; approximate ones keep their bounds.
 */
export const registerTotals = {
  part: (c: Listed): Part => ({
    contract: c.contract,
    replaced: takesPlaceOf(c),
    framework: c.kind === 'framework',
    promised: isPromised(c),
    vat: c.vat,
    state: stateOf(c),
    measures: figures.of({ contracts: 1, original: c.original, ceiling: c.ceiling }),
  }),
  total(parts: readonly Part[]) {
    const replacements = parts.flatMap(({ contract: by, replaced }) => (replaced === undefined ? [] : [{ by, replaced }]));
    const replaced = new Set(notInCircles(replacements).map((one) => one.replaced));
    const frameworks = parts.filter((part) => part.framework);
    const promised = parts.filter((part) => part.promised && !part.framework);
    const counted = promised.filter(({ contract }) => !replaced.has(contract));
    const byState = STATES.flatMap((state) => {
      const some = counted.filter((part) => part.state === state);
      return some.length > 0 ? [[state, byVatOf(some)] as const] : [];
    });
    return {
      /** Rows of the list, and those of them that are not counted, and why. */
      rows: parts.length,
      notCounted: {
        frameworks: frameworks.length,
        withoutPromise: parts.length - frameworks.length - promised.length,
        replaced: promised.length - counted.length,
      },
      ...byVatOf(counted),
      byState: Object.fromEntries(byState),
    };
  },
};
