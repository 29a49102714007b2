import {
  certainlyBelow,
  choice,
  contains,
  excess,
  id,
  isNone,
  minus,
  negative,
  noLessThan,
  object,
  plus,
  sumOf,
  ZERO,
  type DataOf,
  type Headcount,
  type Range,
} from '../../kernel/index.js';

export const UNITS = ['posts', 'people', 'fte'] as const;
export const poolFields = {
  employer: id('Who employs them: `authority`, or a registered supplier', {
    example: 'authority',
    names: { category: 'supplier', unless: ['authority'] },
  }),
  function: id('What they do', { example: 'it' }),
  unit: choice(UNITS, 'What is counted; never mixed'),
};
export const pool = object(poolFields, 'A pool of staff');
export type PoolName = DataOf<typeof poolFields>;

export const LEAVER_REASONS = [
  'resignation',
  'retirement',
  'dismissal',
  'redundancy',
  'redundancy-connected-with-transfer',
  'end-of-contract',
  'death',
  'other',
] as const;
export type LeaverReason = (typeof LEAVER_REASONS)[number];

/** One line of a movement table. Leavers have a line for each reason. */
export type Line =
  | 'opening'
  | 'transferred-in'
  | 'transferred-out'
  | 'objected'
  | 'left-before-transfer'
  | 'redeployed-in'
  | 'redeployed-out'
  | 'joined'
  | `left: ${LeaverReason | 'not stated'}`
  | 'unexplained';
/** What a pool had and has, as signed lines; a line without a movement is absent. */
export type Movement = { readonly [L in Line]?: Range };

export interface Pool extends PoolName {
  /** How many it holds, once it was counted. */
  readonly holds?: Range;
  /** Until then, what was recorded to come and go, together. */
  readonly net?: Range;
  /** The last count, with its day. */
  readonly measured?: Headcount & { readonly on: string };
  /** Vacant ones among its posts; below zero where more moved than it was counted to have. */
  readonly vacancies?: number;
  readonly movement: Movement;
  /** More may have left than it held, by what its figures are rounded to; until it is counted again. */
  readonly mayBeShort?: true;
  /** How many a pool that was not yet counted must have had at first, for as many as left it to be there. */
  readonly atFirst?: number;
}

export const samePool = (a: PoolName, b: PoolName): boolean => a.employer === b.employer && a.function === b.function && a.unit === b.unit;
export const poolName = ({ employer, function: of, unit }: PoolName): string => `${employer}, ${of}, ${unit}`;
/** Of the same people in another unit. */
export const inUnit = ({ employer, function: of }: PoolName, unit: PoolName['unit']): PoolName => ({ employer, function: of, unit });

export type Pools = readonly Pool[];
export const poolOf = (pools: Pools, name: PoolName): Pool | undefined => pools.find((p) => samePool(p, name));

const withPool = (pools: Pools, pool: Pool): Pools => {
  const at = pools.findIndex((p) => samePool(p, pool));
  if (at !== -1) return pools.with(at, pool);
  return [...pools, pool].sort((a, b) => (poolName(a) < poolName(b) ? -1 : 1));
};
const found = (pools: Pools, name: PoolName): Pool => poolOf(pools, name) ?? { ...inUnit(name, name.unit), net: ZERO, movement: {} };
/** What a pool holds, or the net of one that was never counted. */
export const sumIn = ({ holds, net }: Pick<Pool, 'holds' | 'net'>): Range => holds ?? net ?? ZERO;
const withLine = (movement: Movement, line: Line, more: Range): Movement =>
  isNone(more) ? movement : { ...movement, [line]: plus(movement[line] ?? ZERO, more) };

/** A pool with so many more, or fewer, on one line of its movement table. */
export const moved = (pools: Pools, name: PoolName, line: Line, more: Range): Pools => {
  const pool = found(pools, name);
  const sum = plus(sumIn(pool), more);
  const movement = withLine(pool.movement, line, more);
  // What is certainly below zero stays so: the invariant refuses it.
  if (pool.holds && mostOf(sum) < 0) return withPool(pools, { ...pool, movement, holds: sum });
  if (pool.holds)
    return withPool(pools, { ...pool, movement, holds: noLessThan(sum, 0), ...((sum.least ?? -1) < 0 && { mayBeShort: true }) });
  const atFirst = Math.max(pool.atFirst ?? 0, -mostOf(sum));
  return withPool(pools, { ...pool, movement, net: sum, ...(atFirst > 0 && { atFirst }) });
};
const mostOf = ({ most }: Range): number => most ?? Number.MAX_SAFE_INTEGER;

/** A pool as it was counted. What differs from what was recorded is a line of its own; of a first count, who was there at first is. */
export const counted = (
  pools: Pools,
  name: PoolName,
  measured: NonNullable<Pool['measured']>,
  holds: Range,
  vacancies: number | undefined,
): Pools => {
  const { atFirst = 0, vacancies: _, net: __, mayBeShort: ___, ...pool } = found(pools, name);
  const difference = minus(holds, sumIn(found(pools, name)));
  const opening = noLessThan(difference, atFirst);
  const movement = pool.holds
    ? withLine(pool.movement, 'unexplained', difference)
    : (difference.least ?? -1) >= atFirst
      ? withLine(pool.movement, 'opening', difference)
      : withLine(withLine(pool.movement, 'opening', opening), 'unexplained', minus(difference, opening));
  return withPool(pools, { ...pool, holds, measured, movement, ...(vacancies !== undefined && { vacancies }) });
};

/** By how many fewer a pool is counted than it held; undefined where it was never counted, or fewer is not certain. */
export const shortfall = (pool: Pool | undefined, holds: Range): Range | undefined =>
  pool?.holds && certainlyBelow(holds, pool.holds) ? minus(pool.holds, holds) : undefined;

/** Vacant posts that went from one pool to another; a pool whose vacancies nobody stated stays so. */
export const vacated = (pools: Pools, from: PoolName, to: PoolName, count: number): Pools => {
  let after = pools;
  for (const [name, more] of [
    [from, -count],
    [to, count],
  ] as const) {
    const pool = poolOf(after, name);
    if (pool?.vacancies !== undefined) after = withPool(after, { ...pool, vacancies: pool.vacancies + more });
  }
  return after;
};

/** Fewer than none, whatever its figures are rounded to. */
export const isShort = ({ holds }: Pool): boolean => holds !== undefined && mostOf(holds) < 0;
/** How many are missing at least. */
export const shortBy = (pool: Pool): number => -mostOf(sumIn(pool));

/** What the lines of a movement table come to. */
export const closingOf = (movement: Movement): Range => sumOf(Object.values(movement));
/**
 * Whether what a pool holds lies within what its lines come to: of exact figures, whether they are the same. Otherwise by how much it is
 * more than they come to.
 */
export const balanceOf = (pool: Pool): { readonly balances: boolean; readonly difference: Range } => {
  const [closing, sum] = [closingOf(pool.movement), sumIn(pool)];
  return contains(closing, sum) ? { balances: true, difference: ZERO } : { balances: false, difference: minus(sum, closing) };
};

/** The part of what left at a transfer that was not recorded before, and the part that was. */
export const once = (left: Range, recorded: Range): { readonly more: Range; readonly covered: Range } => {
  const more = excess(left, recorded);
  return { more, covered: noLessThan(plus(left, negative(more)), 0) };
};
