import {
  amountOf,
  certainlyBefore,
  isAmount,
  linkedList,
  minor,
  NEWEST,
  projection,
  ranked,
  roundHalfEven,
  source,
  type Amount,
  type Key,
  type Lookup,
  type Measures,
} from '../src/kernel/index.js';
import { equivalentIn, loss } from '../src/domain/loss/index.js';
import { programme, type Programme } from '../src/domain/programme/index.js';
import { bearerOf } from './losses.js';
import type { Disclosed, Statement } from './losses-statement-row.js';
import { everyYearOf, largestOf } from './losses-statement-share.js';
import { isNothing, lineOf, LINES, netOf } from './losses-statement-sums.js';
import { STATEMENT_FORMATS } from './losses-statement-text.js';
import { lastDayOf, namesOf, undated } from './losses-statement-years.js';

const yearKey = (of: string, name: string): Key<'year'> => `year:${of}/${name}`;

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

const plus = (into: Record<string, bigint>, measures: Measures): void => {
  for (const name in measures) into[name] = (into[name] ?? 0n) + measures[name]!;
};
type Entry = NonNullable<ReturnType<(typeof entries)['show']>[string]>;
type ListedEntry = Omit<Entry, 'stated' | 'largest'>;
/**
 * Losses and cases, among the 20 largest of the year, above the threshold that the policy asks for which was adopted last of those in force
 * on the last day of the year; null where none does. `complete` is false where others may be above it too: beyond the 20, or in a currency of
 * which no equivalent is stated.
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
  /** Of a foreign loss its share of the equivalent that is stated of the gross; undefined where none is. */
  const unitsIn = ({ largest: { [year]: of }, gross, stated }: Entry): bigint | undefined => {
    if (!of || of.currency === currency) return of ? minor(of) : 0n;
    const [whole, all] = [equivalentIn({ ...of, stated }, currency), isAmount(gross) ? minor(gross) : 0n];
    return whole === undefined || all === 0n ? whole : roundHalfEven(whole * minor(of), all);
  };
  const above = [...cases].flatMap(([, of]) => {
    const total = of.reduce((units, entry) => units + (unitsIn(entry) ?? 0n), 0n);
    const [{ case: name, kind, category, bearer }] = of as [Entry, ...Entry[]];
    const losses = of.map(({ loss: id, title }) => ({ loss: id, title }));
    return total > minor(policy.above) ? [{ case: name, losses, kind, category, bearer, amount: amountOf(total, currency) }] : [];
  });
  return {
    above: policy.above,
    policy: policy.policy,
    version: policy.version,
    cases: above,
    complete: largest.length < NEWEST && largest.every((entry) => unitsIn(entry) !== undefined),
  };
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
  const lastDay = isDated ? lastDayOf(index, starts) : undefined;
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
  version: 3,
  question: 'What was lost, written off, recovered and specially paid in each financial year, and what is the net at its close?',
  from: [entries, years, statements],
  rows: { year: statementOf },
  lists: { year: { losses: listed } },
  formats: STATEMENT_FORMATS,
  filters: { programme: (row) => row.programme, year: (row) => row.year },
});
