import {
  amountOf,
  betweenOf,
  bounds,
  certainlyBefore,
  isAmount,
  linkedList,
  minor,
  NEWEST,
  projection,
  ranked,
  showBetween,
  source,
  type Amount,
  type Between,
  type Key,
  type Lookup,
  type Measures,
} from '../src/kernel/index.js';
import { ALL_CATEGORIES, currencyOf, equivalentIn, isUnratified, KINDS, loss, type Loss } from '../src/domain/loss/index.js';
import { programme, YEAR_STARTS, type Programme, type YearStart } from '../src/domain/programme/index.js';
import { bearerOf } from './losses.js';
import { COUNTS, FIGURES, type Disclosed, type Line as LineShown, type Net, type Shown, type Statement } from './losses-statement-row.js';
import { STATEMENT_FORMATS } from './losses-statement-text.js';

/** Financial years that have a row of their own, by the calendar year in which they begin; what lies outside stands with the undated. */
const [FIRST_YEAR, LAST_YEAR] = [1990, 2059];
const FIRST_MONTH: { readonly [S in YearStart]: number } = { january: 1, april: 4, july: 7, october: 10 };

/** `2019-20` from April on, `2019` from January on, `2019-20-july`. */
const nameOf = (year: number, starts: YearStart): string => {
  if (starts === 'january') return String(year);
  const name = `${year}-${String((year + 1) % 100).padStart(2, '0')}`;
  return starts === 'april' ? name : `${name}-${starts}`;
};
const undated = (starts: YearStart): string => (starts === 'april' ? 'undated' : `undated-${starts}`);
/** The first and the last month in which a date may lie, counted from the year 0. */
type Span = readonly [first: number, last: number];
const monthOf = (day: string): number => Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7)) - 1;
const spanOf = (on: string): Span => {
  const { earliest, latest } = bounds(on);
  return [monthOf(earliest), monthOf(latest)];
};
/** The financial year in which a date certainly lies. */
const yearOf = ([first, last]: Span, starts: YearStart): number | undefined => {
  const before = FIRST_MONTH[starts] - 1;
  const year = Math.floor((first - before) / 12);
  return year === Math.floor((last - before) / 12) && year >= FIRST_YEAR && year <= LAST_YEAR ? year : undefined;
};
const lastDayOf = (year: number, starts: YearStart): string => {
  const next = Temporal.PlainDate.from({ year: year + 1, month: FIRST_MONTH[starts], day: 1 });
  return next.subtract({ days: 1 }).toString();
};
const yearKey = (of: string, name: string): Key<'year'> => `year:${of}/${name}`;

/** What is summed up of a year: what a line shows, and what its net changes by. */
type Figure = (typeof FIGURES)[number] | 'netChange';

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
const negative = ({ least, most }: Between): Between => ({ least: -least, most: -most! });
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
const largestOf = (top: Year['top']): Amount | undefined => top && amountOf(top.units, top.currency);
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
const everyYearOf = (l: Loss): readonly { readonly starts: YearStart; readonly years: ReadonlyMap<string, Year> }[] => {
  let made = yearsMade.get(l);
  if (!made) {
    const [line, dated] = [`${l.kind}/${l.category}/${l.bearer}`, datedOf(l)];
    yearsMade.set(l, (made = YEAR_STARTS.map((starts) => ({ starts, years: yearsOf(line, dated, starts) }))));
  }
  return made;
};
const yearsMade = new WeakMap<Loss, ReturnType<typeof everyYearOf>>();

/** Larger figures first: £1bn and more, £100m and more, … */
const rankOf = (largest: Amount | undefined): number => {
  if (!largest) return 9;
  const digits = largest.amount.replace('-', '').split('.')[0]!.length;
  return Math.min(9, Math.max(0, 10 - digits));
};

const entries = source(loss, 'entry', {
  /** One contribution for all years of all starts: it links to each, and adds to the totals of each. */
  place(id, l) {
    if (l.stage === 'none' || bearerOf(l) === 'elsewhere') return []; // what belongs to another authority is in no total of ours
    const all: Key = `statement:${l.programme!}`;
    const links: string[] = [all];
    const sums: Record<string, Measures> = {};
    const active: Record<string, bigint> = {};
    for (const { years } of everyYearOf(l))
      for (const [name, { measures, top }] of years) {
        const key = yearKey(l.programme!, name);
        links.push(ranked(rankOf(largestOf(top)), key));
        sums[key] = measures;
        active[name] = 1n;
      }
    return [{ key: `entry:${id}`, links, sums: { ...sums, [all]: active } }];
  },
  show: ({ id, state: l }) => ({
    [`entry:${id}`]: {
      loss: id,
      title: l.title,
      kind: l.kind,
      category: l.category,
      bearer: l.bearer,
      case: l.case ?? null,
      supplier: l.supplier ?? null,
      gross: l.gross,
      writtenOff: l.writtenOff ?? null,
      /** By year. */
      largest: Object.fromEntries(
        everyYearOf(l).flatMap(({ years }) => [...years].map(([name, { top }]) => [name, largestOf(top) ?? null])),
      ),
      stated: isAmount(l.gross) ? (l.gross.stated ?? []) : [],
    },
  }),
});

/** The financial years of a programme; a row stands in each that is not empty. */
const years = source(programme, 'year', {
  place: (id, { stage, financialYearStarts: starts }) =>
    stage === 'none' ? [] : namesOf(starts).map((name) => ({ key: yearKey(id, name), row: true })),
  show: () => ({}),
});
/** Through it every year changes with any other: its opening net is what all before it left. */
const statements = source(programme, 'statement', {
  place: (id, { stage, financialYearStarts: starts }) =>
    stage === 'none' ? [] : [{ key: `statement:${id}`, links: namesOf(starts).map((name) => yearKey(id, name)) }],
  show: ({ id, state }) => ({ [`statement:${id}`]: aboutOf(state) }),
});
/** In order, and the undated last. */
const namesOf = (starts: YearStart): readonly string[] => NAMES.get(starts)!;
const NAMES: ReadonlyMap<YearStart, readonly string[]> = new Map(
  YEAR_STARTS.map((starts) => [
    starts,
    [...Array.from({ length: LAST_YEAR - FIRST_YEAR + 1 }, (_, i) => nameOf(FIRST_YEAR + i, starts)), undated(starts)],
  ]),
);
const aboutOf = ({ title, authority, financialYearStarts, policies }: Programme) => ({
  title,
  authority,
  starts: financialYearStarts,
  disclosing: policies.flatMap(({ policy, version, inForceFrom, inForceUntil, discloseAbove }) =>
    discloseAbove ? [{ policy, version, inForceFrom, inForceUntil: inForceUntil ?? null, above: discloseAbove }] : [],
  ),
});

const listed = linkedList(entries, { ranks: 10, entry: ({ stated: _, largest: __, ...entry }) => entry });
const named = linkedList(entries, { ranks: 10, entry: (entry) => entry });

const shown = (currency: string, { least, most }: Between): Shown => ({
  currency,
  least: amountOf(least, currency).amount,
  most: most === undefined ? null : amountOf(most, currency).amount,
  text: textOf({ least, ...(most !== undefined && { most }) }, currency),
});
const textOf = ({ least, most }: Between, currency: string): string => {
  if (least < 0n && most !== undefined && most <= 0n) return `−${showBetween({ least: -most, most: -least }, currency)}`;
  return showBetween({ least, ...(most !== undefined && { most }) }, currency);
};

/** A figure of some lines by currency; currencies without anything are left out. */
const figureOf = (measures: Measures, figure: Figure, of: (line: string) => boolean): readonly Shown[] => {
  const found = new Map<string, { least: bigint; most: bigint; open: bigint }>();
  for (const [name, n] of Object.entries(measures)) {
    const [line, what, currency, end] = name.split(' ');
    if (what !== figure || !of(line!)) continue;
    const sum = found.get(currency!) ?? { least: 0n, most: 0n, open: 0n };
    sum[end as 'least' | 'most' | 'open'] += n;
    found.set(currency!, sum);
  }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, { least, most, open }]) => shown(currency, { least, ...(open === 0n && { most }) }));
};
const countOf = (measures: Measures, what: (typeof COUNTS)[number], of: (line: string) => boolean): number =>
  Object.entries(measures).reduce((sum, [name, n]) => {
    const [line, counted] = name.split(' ');
    return counted === what && of(line!) ? sum + Number(n) : sum;
  }, 0);

const lineOf = (measures: Measures, of: (line: string) => boolean): LineShown =>
  Object.fromEntries([
    ...COUNTS.map((what) => [what, countOf(measures, what, of)]),
    ...FIGURES.map((figure) => [figure, figureOf(measures, figure, of)]),
  ]) as LineShown;

const plus = (into: Record<string, bigint>, measures: Measures): void => {
  for (const name in measures) into[name] = (into[name] ?? 0n) + measures[name]!;
};
/** In the order of the accounts. */
const LINES = KINDS.flatMap((kind) =>
  (['authority', 'supplier'] as const).flatMap((bearer) =>
    ALL_CATEGORIES.map((category) => ({ kind, category, bearer, line: `${kind}/${category}/${bearer}` })),
  ),
);

const isNothing = (measures: Measures): boolean => Object.values(measures).every((n) => n === 0n);

/** By bearer and currency. */
const netOf = (before: Measures, measures: Measures): readonly Net[] =>
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
type Sides = ReadonlyMap<string, Between>;
const byCurrency = (measures: Measures, figure: Figure, of: (line: string) => boolean): Sides =>
  new Map(
    figureOf(measures, figure, of).map(({ currency, least, most }) => [
      currency,
      { least: minor({ amount: least, currency }), most: minor({ amount: most!, currency }) },
    ]),
  );
const sum = (...sides: readonly Between[]): Between =>
  sides.reduce((total, { least, most }) => ({ least: total.least + least, most: total.most! + most! }), { least: 0n, most: 0n });

type Entry = NonNullable<ReturnType<(typeof entries)['show']>[string]>;
type ListedEntry = Omit<Entry, 'stated' | 'largest'>;
/**
 * Losses and cases, among the 20 largest of the year, above the threshold that the policy asks for which was adopted last of those in force
 * on the last day of the year; null where none does. `complete` is false where others may be above it too.
 */
const disclosedIn = (
  lookup: Lookup,
  key: Key,
  { disclosing }: ReturnType<typeof aboutOf>,
  { year, lastDay }: { readonly year: string; readonly lastDay: string },
): Disclosed | null => {
  const inForce = disclosing.filter(
    ({ inForceFrom, inForceUntil }) => !certainlyBefore(lastDay, inForceFrom) && !(inForceUntil && certainlyBefore(inForceUntil, lastDay)),
  );
  const policy = inForce.at(-1);
  if (!policy) return null;
  const { currency } = policy.above;
  const largest = lookup.newest(named, key);
  const cases = Map.groupBy(largest, (entry) => (entry.case === null ? `loss ${entry.loss}` : `${entry.kind} case ${entry.case}`));
  const unitsIn = ({ largest: { [year]: of }, stated }: Entry): bigint => (of ? (equivalentIn({ ...of, stated }, currency) ?? 0n) : 0n);
  const above = [...cases].flatMap(([, of]) => {
    const total = of.reduce((units, entry) => units + unitsIn(entry), 0n);
    const [{ case: name, kind, category, bearer }] = of as [Entry, ...Entry[]];
    const losses = of.map(({ loss: id, title }) => ({ loss: id, title }));
    return total > minor(policy.above) ? [{ case: name, losses, kind, category, bearer, amount: amountOf(total, currency) }] : [];
  });
  return { above: policy.above, policy: policy.policy, version: policy.version, cases: above, complete: largest.length < NEWEST };
};

const statementOf = (id: string, lookup: Lookup): Statement<ListedEntry> | undefined => {
  const [of, name] = [id.slice(0, id.lastIndexOf('/')), id.slice(id.lastIndexOf('/') + 1)];
  const about = lookup.get(statements, of);
  const index = about ? namesOf(about.starts).indexOf(name) : -1;
  if (!about || index === -1) return undefined;
  const key = `year:${id}` as const;
  const { starts } = about;
  const isDated = name !== undated(starts);
  const active = lookup.measures(`statement:${of}`); // the years in which something stands, of every start
  const isActive = (other: string): boolean => (active[other] ?? 0n) > 0n;
  const before: Record<string, bigint> = {};
  // a year between others has a row, though nothing moved in it
  const between =
    isDated &&
    namesOf(starts).slice(0, index).some(isActive) &&
    namesOf(starts)
      .slice(index + 1, -1)
      .some(isActive);
  if (!isActive(name) && !between) return undefined;
  const measures = lookup.measures(key);
  if (isDated)
    for (const earlier of namesOf(starts).slice(0, index)) if (isActive(earlier)) plus(before, lookup.measures(yearKey(of, earlier)));
  const lastDay = isDated ? lastDayOf(FIRST_YEAR + index, starts) : undefined;
  return {
    programme: of,
    year: name,
    title: about.title,
    authority: about.authority,
    lastDay: lastDay ?? null,
    lines: LINES.flatMap(({ line, ...group }) => {
      const own = Object.fromEntries(Object.entries(measures).filter(([measure]) => measure.startsWith(`${line} `)));
      return isNothing(own) ? [] : [{ ...group, ...lineOf(own, () => true) }];
    }),
    totals: {
      authority: lineOf(measures, (line) => line.startsWith('loss/') && line.endsWith('/authority')),
      supplier: lineOf(measures, (line) => line.startsWith('loss/') && line.endsWith('/supplier')),
      specialPayments: lineOf(measures, (line) => line.startsWith('special-payment/')),
    },
    net: isDated ? netOf(before, measures) : [],
    disclosed: lastDay === undefined ? null : disclosedIn(lookup, key, about, { year: name, lastDay }),
    losses: lookup.newest(listed, key),
    counts: { losses: Number(measures['entries'] ?? 0n) },
  };
};
/** The losses of each financial year of a programme, as public accounts state them. Losses elsewhere are in none of them. */
export const lossesStatement = projection({
  name: 'losses-statement',
  version: 2,
  question: 'What was lost, written off, recovered and specially paid in each financial year, and what is the net at its close?',
  from: [entries, years, statements],
  rows: { year: statementOf },
  lists: { year: { losses: listed } },
  formats: STATEMENT_FORMATS,
  filters: { programme: (row) => row.programme, year: (row) => row.year },
});
