import { amountOf, betweenOf, isAmount, minor, type Amount, type Between } from '../src/kernel/index.js';
import { currencyOf, isUnratified, type Loss } from '../src/domain/loss/index.js';
import { YEAR_STARTS, type YearStart } from '../src/domain/programme/index.js';
import { COUNTS, FIGURES } from './losses-statement-row.js';
import { nameOf, spanOf, undated, yearOf, type Span } from './losses-statement-years.js';

/** What is summed up of a year: what a line shows, and what its net changes by. */
export type Figure = (typeof FIGURES)[number] | 'netChange';

/** What one loss adds to a financial year on one day, in minor units; made once, and added up for each start of a year. */
interface Dated {
  readonly span: Span;
  readonly counts: readonly (typeof COUNTS)[number][];
  readonly figures: readonly (readonly [figure: Figure, currency: string, between: Between])[];
  /** What came back, with the day by which that is of this year's or of an earlier year's losses. */
  readonly received?: { readonly currency: string; readonly units: bigint; readonly of: Span };
  /** The net after it, by currency. */
  readonly net?: { readonly currency: string; readonly after: Between };
}
/** Counted once in a year, however often they happened. */
const ONCE: ReadonlySet<string> = new Set<(typeof COUNTS)[number]>(['cases']);

const exactly = (units: bigint): Between => ({ least: units, most: units });
export const negative = ({ least, most }: Between): Between => ({ least: -least, most: -most! });
const unitsOf = (net: Loss['movements'][number]['net'], currency: string): Between => ({
  least: minor({ amount: net.least, currency }),
  most: minor({ amount: net.most, currency }),
});
const own = (figure: Figure, amount: Amount | undefined): Dated['figures'] =>
  amount ? [[figure, amount.currency, exactly(minor(amount))]] : [];

const datedOf = (l: Loss): readonly Dated[] => {
  const spans = new Map<string, Span>();
  const at = (on: string): Span => {
    let span = spans.get(on);
    if (!span) spans.set(on, (span = spanOf(on)));
    return span;
  };
  const { gross } = l;
  const identified = at(l.identifiedOn);
  const dated: Dated[] = [
    { span: identified, counts: ['identifiedCases'], figures: isAmount(gross) ? [['identified', gross.currency, betweenOf(gross)]] : [] },
  ];
  const currency = currencyOf(l);
  let firstOff: Span | undefined;
  for (const { flow, on, amount, net, after, interest, costs, exchange, ...decision } of l.movements) {
    const [span, change] = [at(on), unitsOf(net, currency!)];
    const unratified = isUnratified(decision) ? (['unratified'] as const) : [];
    const is = { currency: currency!, after: unitsOf(after, currency!) };
    if (flow === 'write-off') {
      firstOff ??= span;
      dated.push({ span, counts: ['cases', ...unratified], figures: [['writtenOff', currency!, change]], net: is });
    } else if (flow === 'reversal') {
      dated.push({ span, counts: unratified, figures: [['reversed', currency!, negative(change)]], net: is });
    } else {
      const units = flow === 'recovery' ? minor(amount) : -minor(amount);
      const figures = [
        ['recoveredOfWrittenOff', currency!, negative(change)] as const,
        ...own('interest', interest),
        ...own('costs', costs),
        ...own('exchange', exchange),
      ];
      dated.push({ span, counts: [], figures, received: { currency: currency!, units, of: firstOff ?? identified }, net: is });
    }
  }
  for (const { on, amount, ...decision } of l.approved)
    dated.push({ span: at(on), counts: isUnratified(decision) ? ['unratified'] : [], figures: own('approved', amount) });
  for (const { on, amount } of l.paid) dated.push({ span: at(on), counts: ['cases'], figures: own('paid', amount) });
  return dated;
};

interface Year {
  readonly measures: Record<string, bigint>;
  /** The largest figure of the year, by which the list of the year is ordered. */
  top: { readonly units: bigint; readonly currency: string } | undefined;
}
export const largestOf = (top: Year['top']): Amount | undefined => top && amountOf(top.units, top.currency);
const LARGEST: ReadonlySet<string> = new Set<Figure>(['identified', 'writtenOff', 'paid']);

/** What a loss adds to each financial year, and to the undated, by the name of the year. */
const yearsOf = (line: string, dated: readonly Dated[], starts: YearStart): ReadonlyMap<string, Year> => {
  const years = new Map<string, Year>();
  let closed: Between = exactly(0n);
  for (const { span, counts, figures, received, net } of dated) {
    const of = yearOf(span, starts);
    const name = of === undefined ? undated(starts) : nameOf(of, starts);
    let year = years.get(name);
    if (!year) years.set(name, (year = { measures: { entries: 1n }, top: undefined }));
    const { measures } = year;
    const count = (measure: string, n: bigint): void => {
      if (n !== 0n) measures[measure] = (measures[measure] ?? 0n) + n;
    };
    const add = (figure: Figure, currency: string, { least, most }: Between): void => {
      count(`${line} ${figure} ${currency} least`, least);
      if (most === undefined) count(`${line} ${figure} ${currency} open`, 1n);
      else count(`${line} ${figure} ${currency} most`, most);
      if (!LARGEST.has(figure)) return;
      const units = most ?? least;
      if (!year.top || units > year.top.units) year.top = { units, currency };
    };
    for (const what of counts) {
      if (ONCE.has(what)) measures[`${line} ${what}`] = 1n;
      else count(`${line} ${what}`, 1n);
    }
    for (const [figure, currency, between] of figures) add(figure, currency, between);
    if (received)
      add(
        of !== undefined && of === yearOf(received.of, starts) ? 'recoveredThisYear' : 'recoveredEarlier',
        received.currency,
        exactly(received.units),
      );
    if (!net || of === undefined) continue;
    // by the net that the loss had, not by what moved it: what is undated between shows as a difference
    const { currency, after } = net;
    add('netChange', currency, { least: after.least - closed.least, most: after.most! - closed.most! });
    closed = after;
  }
  return years;
};
/** By start, for the loss whose state this is; of one state it is made once. */
export const everyYearOf = (l: Loss): readonly { readonly starts: YearStart; readonly years: ReadonlyMap<string, Year> }[] => {
  let made = yearsMade.get(l);
  if (!made) {
    const [line, dated] = [`${l.kind}/${l.category}/${l.bearer}`, datedOf(l)];
    yearsMade.set(l, (made = YEAR_STARTS.map((starts) => ({ starts, years: yearsOf(line, dated, starts) }))));
  }
  return made;
};
const yearsMade = new WeakMap<Loss, ReturnType<typeof everyYearOf>>();
