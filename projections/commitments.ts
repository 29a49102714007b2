import {
  linkedList,
  source,
  sums,
  totalOf,
  type Key,
  type Lookup,
  type Measures,
  type ShownTotal,
  type Sum,
  type Total,
} from '../src/kernel/index.js';
import { contract, type Contract } from '../src/domain/contract/index.js';
import { withText } from './losses.js';
import { groupOf, isPromised } from './promised.js';
import { textByVat, VAT, vatOf, type Vat } from './vat.js';

/** `listed`: contracts of a list; `contracts`: those of them that promise something; their ceilings by VAT. */
const committed = sums({ contracts: 'count', listed: 'count', ex: 'value', inc: 'value', unknown: 'value' });

type Committing = Pick<Contract, 'stage' | 'kind' | 'vat' | 'ceiling'>;
/** What a contract adds to the total of ceilings under a key: the estimate of a framework is none, its call-offs are. */
export const commits = (c: Committing): Measures =>
  committed.of(isPromised(c) ? { contracts: 1, listed: 1, [c.vat]: c.ceiling } : { listed: 1 });
export const listedIn = (measures: Measures): number => committed.total(measures).listed;
export const listedUnder = (lookup: Lookup, key: Key): number => lookup.sum(committed, key).listed;

/** A contract that runs, or has run until it was closed. */
const RAN: ReadonlySet<Contract['stage']> = new Set(['live', 'notice-given', 'exiting', 'closed']);
/** The contract that one has taken the place of: it is not counted beside it, not even once both have ended. */
export const takesPlaceOf = ({ stage, replaces }: Pick<Contract, 'stage' | 'replaces'>): string | undefined =>
  RAN.has(stage) ? replaces : undefined;

/** Replacements that a total looks at: what those beyond replace is counted beside them, and the total says so. */
const MOST = 200;
const linkedTo = sums({ replacements: 'count' });
const ONE_REPLACEMENT = linkedTo.of({ replacements: 1 });
const replacementsOf = (key: string): Key => `${key}#replacements` as Key;
/** What a total did not look at, of which there may be more than it counts once. */
export interface Beyond {
  readonly replacements?: number;
  readonly shared?: number;
}
const some = (n: number, one: string, several: string): readonly string[] => (n > 0 ? [`up to ${n} ${n === 1 ? one : several} not looked at`] : []); // prettier-ignore
/** The text of a total, which says what it did not look at. */
export const textBeyond = (text: string, { replacements = 0, shared = 0 }: Beyond): string =>
  [
    text,
    ...some(replacements, 'replacement', 'replacements'),
    ...some(shared, 'contract of several towers', 'contracts of several towers'),
  ].join(', ');
/** `beyond`: contracts at most that it did not look at, and so may count twice. Absent where it looked at all. */
export const beyondShown = ({ replacements = 0, shared = 0 }: Beyond): { readonly beyond?: number } =>
  replacements + shared > 0 ? { beyond: replacements + shared } : {};
interface Replacement {
  readonly by: string;
  readonly replaced: string;
  readonly group: ReturnType<typeof groupOf>;
}
/** Contracts that replace each other in a circle, of contract → the one that it replaces; linear in their number. */
const circlesIn = (replaces: ReadonlyMap<string, string>): ReadonlySet<string> => {
  const found = new Set<string>();
  const seen = new Set<string>();
  for (const start of replaces.keys()) {
    const path: string[] = [];
    let next: string | undefined = start;
    for (; next !== undefined && !seen.has(next); next = replaces.get(next)) {
      seen.add(next);
      path.push(next);
    }
    const from = next === undefined ? -1 : path.indexOf(next);
    if (from >= 0) for (const one of path.slice(from)) found.add(one);
  }
  return found;
};
/** Replacements but those of a circle, where nobody took the place of another. */
export const notInCircles = <One extends { readonly by: string; readonly replaced: string }>(all: readonly One[]): readonly One[] => {
  const circles = circlesIn(new Map(all.map(({ by, replaced }) => [by, replaced])));
  return circles.size === 0 ? all : all.filter(({ by }) => !circles.has(by));
};
/** Contracts that have taken the place of another one, linked to the rows whose totals count them. */
export const replacing = (linksOf: (c: Contract, day: string | undefined) => readonly Key[]) => {
  const from = source(contract, 'replacement', {
    place(id, c, day) {
      if (takesPlaceOf(c) === undefined) return [];
      const links = linksOf(c, day);
      return [{ key: `replacement:${id}`, links, sums: Object.fromEntries(links.map((key) => [replacementsOf(key), ONE_REPLACEMENT])) }];
    },
    show: ({ id, state }) => ({ [`replacement:${id}`]: { by: id, replaced: takesPlaceOf(state)!, group: groupOf(state) } }),
  });
  const list = linkedList(from, { most: MOST, entry: (one) => one });
  return {
    from,
    /** Each contract that was replaced once, of 200 replacements; none of those that are said to replace each other in a circle. */
    under(lookup: Lookup, key: Key): readonly Replacement[] {
      const found = new Map<string, Replacement>();
      for (const one of lookup.newest(list, key)) found.set(`${one.group} ${one.replaced}`, one);
      return notInCircles([...found.values()]);
    },
    /** How many more there are. */
    beyond: (lookup: Lookup, key: Key): number => Math.max(0, lookup.sum(linkedTo, replacementsOf(key)).replacements - MOST),
  };
};
/** Under their towers and their programme. */
export const replacingInPlace = replacing((c) => [
  ...(groupOf(c) === 'towers' ? c.towers.map((tower): Key => `tower:${tower}`) : []),
  ...(c.programme ? [`programme:${c.programme}` as const] : []),
]);
export const replacements = replacingInPlace.from;

/** Measures without some others. */
export const minus = (all: Measures, ...others: readonly Measures[]): Measures => {
  const left: Record<string, bigint> = { ...all };
  for (const measures of others) for (const [name, n] of Object.entries(measures)) left[name] = (left[name] ?? 0n) - n;
  return left;
};

/** A total of which amounts that differ in VAT are never one amount: each says its VAT where they are several. */
export const byVatOf = (parts: readonly (readonly [Vat, Total])[], all: Total) => ({
  ...all,
  amounts: parts.length < 2 ? all.amounts : parts.flatMap(([vat, { amounts }]) => amounts.map((sum): Sum & { readonly vat: Vat } => ({ ...sum, vat }))), // prettier-ignore
});

/**
 * The ceilings under a key of a total, without those of contracts beside which their replacement runs: opened, it names these too, and
 * `replaced` says how many they are.
 * @param under the key of the row that the replacements are linked to
 * @param counted a contract as it is shown, where it is counted under the key together with replacements of a group
 */
export const commitmentsUnder = (
  lookup: Lookup,
  key: Key,
  under: Key,
  counted: (contract: string, group: ReturnType<typeof groupOf>) => Committing | undefined,
) => {
  const gone = new Map<string, Measures>();
  for (const { replaced, group } of replacingInPlace.under(lookup, under)) {
    const c = counted(replaced, group);
    if (c && isPromised(c)) gone.set(`contract:${replaced}`, { ...commits(c), listed: 0n });
  }
  const beyond = { replacements: replacingInPlace.beyond(lookup, under) };
  return committedShown(lookup, minus(lookup.measures(key), ...gone.values()), { key, without: [...gone.keys()] }, gone.size, beyond);
};
/** What measures by VAT come to: figures that differ in VAT are never one. */
export const totalByVat = (measures: Measures) => {
  const all: Record<string, bigint> = {};
  for (const [name, n] of Object.entries(measures)) {
    const vat = VAT.find((one) => name.startsWith(`${one}.`));
    if (vat && n !== 0n) all[name.slice(vat.length + 1)] = (all[name.slice(vat.length + 1)] ?? 0n) + n;
  }
  const parts = VAT.flatMap((vat) => {
    const total = totalOf(measures, `${vat}.`);
    return total.amounts.length + total.undisclosed + total.withheld + total.unknown > 0 ? [[vat, total] as const] : [];
  });
  const total = withText(totalOf(all));
  const byVat = parts.map(([vat, part]) => [vat, withText(part)] as const);
  const text = textByVat(
    byVat.map(([vat, part]) => [vat, part.text]),
    total.text,
  );
  return { ...byVatOf(parts, total), text, vat: vatOf(byVat), byVat: Object.fromEntries(byVat) };
};
/** @param opened where what is added up stands */
export const committedShown = (
  lookup: Lookup,
  measures: Measures,
  opened: Pick<ShownTotal, 'key' | 'without' | 'also'>,
  replaced: number,
  beyond: Beyond = {},
) => {
  const shown = totalByVat(measures);
  lookup.addedUp?.(shown.amounts, { ...opened, measures: VAT, field: '/ceiling' });
  const text = textBeyond(shown.text, beyond);
  return { ...shown, text, contracts: Number(measures['contracts'] ?? 0n), replaced, ...beyondShown(beyond) };
};
