import { excess, headcountOf, isNone, newestOf, plus, rangeOf, showChange, showRange, type Headcount, type Quantity, type Range } from '../src/kernel/index.js'; // prettier-ignore
import {
  dayOfTransfer,
  liabilityOf,
  overdueAfter,
  plannedDuties,
  planFindings,
  planOf,
  poolFindings,
  progressOf,
  sumIn,
  transferFindings,
  transfersUnder,
  type Plan,
  type Pool,
  type PoolName,
  type Transfer,
  type Workforce,
} from '../src/domain/workforce/index.js';

/** What a pool holds: as it was counted, where nothing has moved since. */
export const headcountIn = ({ holds, measured, unit }: Pool): Headcount | null => {
  if (!holds || !measured) return null;
  const { least, most } = rangeOf(measured, unit);
  if (least !== holds.least || most !== holds.most) return headcountOf(holds, unit) ?? null;
  const { on: _, ...headcount } = measured;
  return headcount;
};
/** `105 people`, or `unknown, net −25 recorded` of a pool that was never counted. */
export const poolText = (pool: Pool): string =>
  pool.holds ? showRange(pool.holds, pool.unit) : `unknown, net ${showChange(sumIn(pool))} recorded`;

export const poolShown = (pool: Pool) => ({
  employer: pool.employer,
  function: pool.function,
  unit: pool.unit,
  /** Null where it was never counted, or where nothing is known of what is left. */
  headcount: headcountIn(pool),
  text: poolText(pool),
  ...(pool.holds ? { least: pool.holds.least ?? 0, most: pool.holds.most ?? null } : { net: showChange(sumIn(pool)) }),
  vacancies: pool.vacancies === undefined ? null : Math.max(0, pool.vacancies),
  measured: pool.measured !== undefined,
  measuredOn: pool.measured?.on ?? null,
});
/** With what is flagged of it. */
export const poolWithFindings = (pool: Pool, state: Workforce) => ({ ...poolShown(pool), findings: poolFindings(state, pool) });

/** A quantity in its unit. */
export const headcountFrom = (quantity: Quantity, unit: PoolName['unit']): Headcount =>
  typeof quantity === 'object' ? { ...quantity, unit } : { count: quantity, unit };
/** A number where it is exact, else its text. */
const figure = (range: Range, unit: PoolName['unit']): number | string =>
  range.least !== undefined && range.least === range.most && unit !== 'fte' ? range.least : showRange(range, unit, false);

/** What is planned, and what came of it so far; `planOn` says whether it is overdue. */
export const planShown = (plan: Plan, w: Workforce) => {
  const progress = progressOf(w, plan);
  const { unit } = plan.from;
  const own = transfersUnder(w, plan.plan);
  return {
    plan: plan.plan,
    from: plan.from,
    to: plan.to,
    contract: plan.contract ?? null,
    basis: plan.basis ?? null,
    activity: plan.activity ?? null,
    status: progress.status,
    done: progress.status === 'done',
    list: { ...plan.inScope, on: plan.scopeOn },
    inScope: figure(progress.inScope, unit),
    moved: figure(progress.moved, unit),
    objected: figure(progress.objected, unit),
    retained: figure(progress.retained, unit),
    left: figure(progress.left, unit),
    remaining: figure(progress.remaining, unit),
    expectedOn: plan.expectedOn ?? null,
    overdueAfter: overdueAfter(plan, progress) ?? null,
    cancelled: plan.cancelled ?? null,
    liability: liabilityOf(plan, plan.basis, plan.expectedOn),
    consulted: newestOf(plan.consulted),
    on: plan.on,
    event: plan.event,
    transfers: newestOf(own.map(({ transfer }) => transfer)),
    counts: { transfers: own.length, consulted: plan.consulted.length },
    findings: [...planFindings(w, plan), ...(own.length === 0 ? plannedDuties(w, plan) : [])],
  };
};

/** A plan as rows show it on a day: overdue after the last day on which it was expected. */
export const planOn = <P extends { readonly overdueAfter: string | null }>(plan: P, day: string) => ({
  ...plan,
  overdue: plan.overdueAfter !== null && plan.overdueAfter < day,
});

/** A line of the transfer register. */
export const transferShown = (t: Transfer, w: Workforce) => {
  const plan = planOf(w, t.plan);
  const basis = t.basis ?? plan?.basis;
  return {
    transfer: t.transfer,
    plan: t.plan ?? null,
    contract: t.contract ?? plan?.contract ?? null,
    basis: basis ?? null,
    transferOn: dayOfTransfer(t),
    activity: t.activity ?? plan?.activity ?? null,
    from: t.from,
    to: t.to,
    unit: t.from.unit,
    inScope: t.inScope,
    moved: t.moved,
    objected: t.objected,
    retained: t.retained,
    left: t.left,
    leftBefore: figure(t.leftRecorded, t.from.unit),
    notMoved: t.notMoved ?? [],
    fte: t.fte ?? null,
    posts: t.posts ?? null,
    vacancies: t.vacancies ?? null,
    pension: t.pension ?? [],
    origin: t.origin ?? null,
    liability: liabilityOf(plan, basis, dayOfTransfer(t)),
    consulted: newestOf(plan?.consulted ?? []),
    on: t.on,
    event: t.event,
    findings: transferFindings(w, t),
  };
};

/** How far a headcount target is: of the pools that it names, where all of them were counted. */
export const targetShown = <
  T extends { readonly to: Headcount; readonly from?: Headcount; readonly employer?: string; readonly function?: string },
>(
  target: T,
  pools: readonly Pool[],
) => {
  const { to, from, employer, function: of } = target;
  const own = pools.filter((p) => p.employer === employer && (of === undefined || p.function === of) && p.unit === to.unit);
  if (own.length === 0 || own.some(({ holds }) => !holds))
    return {
      ...target,
      now: null,
      toGo: null,
      text: employer === undefined ? 'now unknown: the target names no pool' : 'now unknown: never counted',
    };
  const now = own.map(sumIn).reduce(plus);
  const goal = rangeOf(to, to.unit);
  const grows = from !== undefined && Number(from.count) < Number(to.count);
  const toGo = grows ? excess(goal, now) : excess(now, goal);
  const text = `now ${showRange(now, to.unit, false)}, ${isNone(toGo) ? 'reached' : `${showRange(toGo, to.unit, false)} to go`}`;
  return { ...target, now: headcountOf(now, to.unit) ?? null, toGo: headcountOf(toGo, to.unit) ?? null, text };
};
