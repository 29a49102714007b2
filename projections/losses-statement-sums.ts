import { amountOf, showBetween, type Between, type Measures } from '../src/kernel/index.js';
import { ALL_CATEGORIES, KINDS } from '../src/domain/loss/index.js';
import { COUNTS, FIGURES, type Line as LineShown, type Net, type Shown } from './losses-statement-row.js';
import { negative, type Figure } from './losses-statement-share.js';

/** The ends of a figure go with those of the gross: the more a loss comes to, the less of a receipt lowers the net. */
const shown = (currency: string, ends: Between): Shown => {
  const { least, most } = ends.most !== undefined && ends.most < ends.least ? { least: ends.most, most: ends.least } : ends;
  return {
    currency,
    least: amountOf(least, currency).amount,
    most: most === undefined ? null : amountOf(most, currency).amount,
    text: textOf({ least, ...(most !== undefined && { most }) }, currency),
  };
};
const textOf = ({ least, most }: Between, currency: string): string => {
  if (least < 0n && most !== undefined && most <= 0n) return `−${showBetween({ least: -most, most: -least }, currency)}`;
  return showBetween({ least, ...(most !== undefined && { most }) }, currency);
};

type Sides = ReadonlyMap<string, Between>;
/** A figure of some lines by currency, in the order of the codes; currencies without anything are left out. */
const byCurrency = (measures: Measures, figure: Figure, of: (line: string) => boolean): Sides => {
  const found = new Map<string, { least: bigint; most: bigint; open: bigint }>();
  for (const [name, n] of Object.entries(measures)) {
    const [line, what, currency, end] = name.split(' ');
    if (what !== figure || !of(line!)) continue;
    const sum = found.get(currency!) ?? { least: 0n, most: 0n, open: 0n };
    sum[end as 'least' | 'most' | 'open'] += n;
    found.set(currency!, sum);
  }
  return new Map(
    [...found]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([currency, { least, most, open }]) => [currency, { least, ...(open === 0n && { most }) }]),
  );
};
const figureOf = (measures: Measures, figure: Figure, of: (line: string) => boolean): readonly Shown[] =>
  [...byCurrency(measures, figure, of)].map(([currency, ends]) => shown(currency, ends));
const countOf = (measures: Measures, what: (typeof COUNTS)[number], of: (line: string) => boolean): number =>
  Object.entries(measures).reduce((sum, [name, n]) => {
    const [line, counted] = name.split(' ');
    return counted === what && of(line!) ? sum + Number(n) : sum;
  }, 0);

export const lineOf = (measures: Measures, of: (line: string) => boolean): LineShown =>
  Object.fromEntries([
    ...COUNTS.map((what) => [what, countOf(measures, what, of)]),
    ...FIGURES.map((figure) => [figure, figureOf(measures, figure, of)]),
  ]) as LineShown;

/** In the order of the accounts. */
export const LINES = KINDS.flatMap((kind) =>
  (['authority', 'supplier'] as const).flatMap((bearer) =>
    ALL_CATEGORIES.map((category) => ({ kind, category, bearer, line: `${kind}/${category}/${bearer}` })),
  ),
);

export const isNothing = (measures: Measures): boolean => Object.values(measures).every((n) => n === 0n);

/** By bearer and currency. */
export const netOf = (before: Measures, measures: Measures): readonly Net[] =>
  (['authority', 'supplier'] as const).flatMap((bearer) => {
    const of = (line: string): boolean => line.endsWith(`/${bearer}`);
    const opening = byCurrency(before, 'netChange', of);
    const [writtenOff, reversed, recovered, change] = (['writtenOff', 'reversed', 'recoveredOfWrittenOff', 'netChange'] as const).map(
      (figure) => byCurrency(measures, figure, of),
    ) as [Sides, Sides, Sides, Sides];
    const currencies = [...new Set([opening, writtenOff, reversed, recovered, change].flatMap((sides) => [...sides.keys()]))].sort();
    return currencies.map((currency) => {
      const side = (sides: Sides): Between => sides.get(currency) ?? { least: 0n, most: 0n };
      const flows = sum(side(writtenOff), negative(side(reversed)), negative(side(recovered)));
      const closing = sum(side(opening), side(change));
      const byFlows = sum(side(opening), flows);
      const difference = { least: closing.least - byFlows.least, most: closing.most! - byFlows.most! };
      return {
        bearer,
        currency,
        opening: shown(currency, side(opening)),
        writtenOff: shown(currency, side(writtenOff)),
        reversed: shown(currency, side(reversed)),
        recovered: shown(currency, side(recovered)),
        closing: shown(currency, closing),
        balances: difference.least === 0n && difference.most === 0n,
        difference: shown(currency, difference),
      };
    });
  });
const sum = (...sides: readonly Between[]): Between =>
  sides.reduce((total, { least, most }) => ({ least: total.least + least, most: total.most! + most! }), { least: 0n, most: 0n });
