import { contains, plus, projection, showChange, showRange, source, sumOf, ZERO, type Range } from '../src/kernel/index.js';
import { balanceOf, closingOf, sumIn, workforce, type Line, type Movement, type Pool } from '../src/domain/workforce/index.js';
import { poolText } from './staff.js';

const ORDER = ['opening', 'transferred-in', 'transferred-out', 'objected', 'left-before-transfer', 'redeployed-in', 'redeployed-out', 'joined'] as const satisfies readonly Line[]; // prettier-ignore
/** The opening first, what is unexplained last, leavers by reason between. */
const linesOf = (movement: Movement): readonly (readonly [Line, Range])[] => {
  const leavers = (Object.keys(movement) as Line[]).filter((line) => line.startsWith('left: ')).sort();
  return [...ORDER, ...leavers, 'unexplained' as const].flatMap((line) => (movement[line] ? [[line, movement[line]] as const] : []));
};
const lineShown = ([line, range]: readonly [Line, Range]) => ({
  line,
  text: showChange(range),
  least: range.least ?? null,
  most: range.most ?? null,
});

/** A movement table: what a pool had at first, what came and went, what is there. */
const tableOf = (pool: Pool) => {
  const { balances, difference } = balanceOf(pool);
  return {
    employer: pool.employer,
    function: pool.function,
    unit: pool.unit,
    lines: linesOf(pool.movement).map(lineShown),
    sum: showChange(closingOf(pool.movement)),
    closing: poolText(pool),
    /** Of a pool that was never counted, the bounds of its net. */
    least: sumIn(pool).least ?? null,
    most: sumIn(pool).most ?? null,
    counted: pool.measured !== undefined,
    countedOn: pool.measured?.on ?? null,
    balances,
    check: balances ? 'balances' : `differs by ${showChange(difference)}`,
  };
};

/** The pools of one unit together: what went from one to another comes to nothing. */
const unitOf = (unit: Pool['unit'], pools: readonly Pool[]) => {
  const of = (...lines: readonly string[]): Range =>
    sumOf(pools.flatMap(({ movement }) => Object.entries(movement).flatMap(([line, range]) => (lines.includes(line.replace(/:.*/, ':')) ? [range] : [])))); // prettier-ignore
  const between = of('transferred-in', 'transferred-out', 'redeployed-in', 'redeployed-out');
  const outside = { opening: of('opening'), joined: of('joined'), leftEmployment: of('objected', 'left-before-transfer', 'left:'), unexplained: of('unexplained') }; // prettier-ignore
  const held = sumOf(pools.map(sumIn));
  const balances = contains(between, ZERO) && contains(plus(between, sumOf(Object.values(outside))), held);
  return {
    unit,
    opening: showChange(outside.opening),
    joined: showChange(outside.joined),
    leftEmployment: showChange(outside.leftEmployment),
    unexplained: showChange(outside.unexplained),
    between: showChange(between),
    held: showRange(held, unit),
    neverCounted: pools.filter(({ holds }) => !holds).length,
    balances,
  };
};
const UNITS = ['people', 'posts', 'fte'] as const;

const pools = source(workforce, 'pool', {
  place: (id, { pools }) =>
    pools.map(({ employer, function: of, unit }) => ({
      key: `pool:${id}/${employer}/${of}/${unit}` as const,
      row: true,
      links: [`workforce:${id}`],
    })),
  show: ({ id, state }) =>
    Object.fromEntries(
      state.pools.map((p) => [`pool:${id}/${p.employer}/${p.function}/${p.unit}`, { kind: 'pool', programme: id, ...tableOf(p) }]),
    ),
});
const workforces = source(workforce, 'workforce', {
  place: (id, { stage }) => (stage === 'none' ? [] : [{ key: `workforce:${id}`, row: true }]),
  show: ({ id, state }) => ({
    [`workforce:${id}`]: {
      kind: 'workforce',
      programme: id,
      units: UNITS.flatMap((unit) => {
        const own = state.pools.filter((pool) => pool.unit === unit);
        return own.length === 0 ? [] : [unitOf(unit, own)];
      }),
      counts: { pools: state.pools.length },
    },
  }),
});

/** One row for each pool and unit, and one for all pools of a programme. */
export const staffMovements = projection({
  name: 'staff-movements',
  version: 1,
  question: 'How did each pool of staff come from what it had at first to what it has, and does the table balance?',
  from: [pools, workforces],
  rows: {
    pool: (id, lookup) => lookup.get(pools, id),
    workforce: (id, lookup) => lookup.get(workforces, id),
  },
  filters: {
    kind: (row) => row.kind,
    programme: (row) => row.programme,
    employer: (row) => row.employer,
    function: (row) => row.function,
    unit: (row) => row.unit,
  },
});
