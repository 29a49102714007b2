import { linkedList, source, sums, type Key, type LinkedList, type Lookup, type Measures, type Source } from '../src/kernel/index.js';
import { contract, type Contract } from '../src/domain/contract/index.js';
import type { Part, Tower } from '../src/domain/tower/index.js';
import { commits, committedShown, minus, replacingInPlace } from './commitments.js';
import { groupOf, isPromised } from './promised.js';

/**
 * Predecessors, and contracts of several towers, that a row looks at. Those predecessors beyond are left out of what it inherits; those
 * contracts count in each of its towers, and the total says so.
 */
const MOST = 200;
/** Towers that became one at most, with those that became them. */
const MOST_TOWERS = 100;

type Held = Pick<Contract, 'stage' | 'kind' | 'role' | 'vat' | 'ceiling' | 'towers'>;
export interface Predecessor {
  readonly tower: string;
  readonly how: 'split' | 'merged';
  readonly contracts: readonly string[];
}
const sharing = sums({ shared: 'count' });
const ONE_SHARED = sharing.of({ shared: 1 });
const sharedIn = (tower: string): Key => `tower:${tower}#shared`;
/** Contracts of several towers, under each of them: where two of these become one, they are counted once. */
export const shared = source(contract, 'shared', {
  place: (id, c) => {
    const towers = groupOf(c) === 'towers' && c.kind !== 'framework' ? c.towers : [];
    if (towers.length < 2) return [];
    return [
      {
        key: `shared:${id}`,
        links: towers.map((tower): Key => `tower:${tower}`),
        sums: Object.fromEntries(towers.map((tower) => [sharedIn(tower), ONE_SHARED])),
      },
    ];
  },
  show: ({ id }) => ({ [`shared:${id}`]: id }),
});
const sharedUnder = linkedList(shared, { most: MOST, entry: (id) => id });

interface Sources {
  readonly contracts: Source<string, Held>;
  readonly towers: Source<string, { readonly split: Tower['split'] | null; readonly merged: Tower['merged'] | null }>;
  readonly predecessors: Source<string, Predecessor>;
}
/** What a tower holds, before it was itself merged or split. */
interface Before {
  /** The tower, and those that were merged into it. */
  readonly towers: ReadonlySet<string>;
  /** Contracts that a split gave to one of them. */
  readonly given: ReadonlyMap<string, { readonly from: string; readonly contract: Held }>;
}
/** What a tower holds. */
export interface Holding {
  readonly isMerged: boolean;
  readonly towers: readonly string[];
  readonly given: ReadonlyMap<string, Held>;
  /** Contracts that its split gave to others. */
  readonly left: ReadonlySet<string>;
  readonly measures: Measures;
  total(): ReturnType<typeof committedShown>;
}

const isIn = (c: Held, towers: ReadonlySet<string>): number =>
  groupOf(c) === 'towers' ? c.towers.filter((tower) => towers.has(tower)).length : 0;
const times = (measures: Measures, n: number): Measures =>
  Object.fromEntries(Object.entries(measures).map(([name, value]) => [name, value * BigInt(n)]));
const plus = (all: Measures, ...others: readonly Measures[]): Measures => minus(all, ...others.map((one) => times(one, -1)));

/**
 * What towers hold, once others were merged or split into them: each contract stands where it went, and is counted once in each tower that
 * it serves.
 */
export const holdings = ({ contracts, towers, predecessors }: Sources) => {
  const before: LinkedList<Predecessor, Predecessor> = linkedList(predecessors, { most: MOST, entry: (one: Predecessor) => one });

  const heldBefore = (lookup: Lookup, id: string, path: readonly string[] = []): Before => {
    const own = new Set([id]);
    const given = new Map<string, { readonly from: string; readonly contract: Held }>();
    if (path.includes(id) || path.length >= MOST_TOWERS) return { towers: own, given };
    for (const { tower, how, contracts: named } of lookup.newest(before, `tower:${id}`)) {
      const its = heldBefore(lookup, tower, [...path, id]);
      if (how === 'merged') {
        for (const one of its.towers) own.add(one);
        for (const [one, by] of its.given) given.set(one, by);
      } else
        for (const one of named) {
          const c = lookup.get(contracts, one);
          if (c && (its.given.has(one) || isIn(c, its.towers) > 0)) given.set(one, { from: its.given.get(one)?.from ?? c.towers.find((of) => its.towers.has(of))!, contract: c }); // prettier-ignore
        }
    }
    // What one of them had by itself is not given to it.
    for (const [one, { contract: c }] of given) if (isIn(c, own) > 0) given.delete(one);
    return { towers: own, given };
  };

  /** Undefined of a tower that holds what it always held: nothing was merged or split into it, and it is not over. */
  return (lookup: Lookup, id: string): Holding | undefined => {
    const { split = null, merged = null } = lookup.get(towers, id) ?? {};
    const { towers: all, given } = heldBefore(lookup, id);
    if (!split && !merged && all.size === 1 && given.size === 0) return undefined;
    const left = new Map<string, Held>();
    for (const { contracts: named = [] } of split?.into ?? [])
      for (const one of named) {
        const c = lookup.get(contracts, one);
        if (c && (given.has(one) || isIn(c, all) > 0)) left.set(one, c);
      }
    const counted = (one: string): Held | undefined => {
      const c = left.has(one) ? undefined : lookup.get(contracts, one);
      return c && (given.has(one) || isIn(c, all) > 0) ? c : undefined;
    };
    const gone = new Map<string, Held>();
    for (const tower of [...all, ...[...given.values()].map(({ from }) => from)])
      for (const { replaced } of replacingInPlace.under(lookup, `tower:${tower}`)) {
        const c = counted(replaced);
        if (c && isPromised(c)) gone.set(replaced, c);
      }
    const twice = new Map<string, Measures>();
    for (const tower of all)
      for (const one of lookup.newest(sharedUnder, `tower:${tower}`)) {
        const c = lookup.get(contracts, one);
        if (c) twice.set(one, times(commits(c), isIn(c, all) - 1));
      }
    const sum = (of: (tower: string) => number): number => [...all].reduce((total, tower) => total + of(tower), 0);
    const beyond = {
      replacements: sum((tower) => replacingInPlace.beyond(lookup, `tower:${tower}`)),
      shared: all.size < 2 ? 0 : sum((tower) => Math.max(0, lookup.sum(sharing, sharedIn(tower)).shared - MOST)),
    };
    const listed = minus(
      plus({}, ...[...all].map((tower) => lookup.measures(`tower:${tower}`)), ...[...given.values()].map(({ contract: c }) => commits(c))),
      ...twice.values(),
      ...[...left.values()].map(commits),
    );
    const measures: Measures = merged ? {} : minus(listed, ...[...gone.values()].map((c) => ({ ...commits(c), listed: 0n })));
    const keyOf = (one: string): Key => `contract:${one}`;
    return {
      isMerged: merged !== null,
      towers: [...all],
      given: new Map([...given].map(([one, { contract: c }]) => [one, c])),
      left: new Set(left.keys()),
      measures,
      total: () =>
        committedShown(
          lookup,
          measures,
          {
            key: `tower:${id}`,
            without: [...gone.keys(), ...left.keys()].map(keyOf),
            also: [
              ...[...all].filter((tower) => tower !== id).map((tower) => ({ key: `tower:${tower}` })),
              ...[...given].map(([one, { from }]) => ({ key: `tower:${from}`, only: [keyOf(one)] })),
            ],
          },
          merged ? 0 : gone.size,
          merged ? {} : beyond,
        ),
    };
  };
};
export type { Part };
