import {
  bounds,
  certainlyBefore,
  certainlyBelow,
  excess,
  isNone,
  minus,
  plus,
  rangeOf,
  showRange,
  sumOf,
  ZERO,
  type Finding,
  type Range,
} from '../../kernel/index.js';
import {
  BY_LAW_OF_REDUNDANCIES,
  BY_LAW_OF_TRANSFERS,
  collectiveRedundancies,
  firstOf,
  isFor,
  isRepresented,
  isUnderLaw,
  liabilityDue,
  mayConsultDirectly,
  timeliness,
  type CollectiveRedundancy,
} from './law.js';
import { leaversBetween } from './leavers-between.js';
import { inUnit, once, poolName, poolOf, samePool, type Pool, type PoolName } from './pools.js';
import { dayOfTransfer, inRange, type Plan, type Transfer } from './transfers.js';
import type { Leavers, Workforce } from './workforce.js';

export type { Finding };
const finding = (code: string, text: string): Finding => ({ code, text });

/** What is asked of a whole workforce again and again, made once for each state. */
interface Found {
  readonly transfers: ReadonlyMap<string, readonly Transfer[]>;
  /** How many left a pool between two days, without a plan, or were missing when it was counted. */
  readonly leavers: ReadonlyMap<string, ReturnType<typeof leaversBetween>>;
  readonly plans: ReadonlyMap<string, Plan>;
  readonly byId: ReadonlyMap<string, Transfer>;
  /** What the open plans of a pool have still to move. */
  readonly waiting: ReadonlyMap<string, Range>;
}
const foundIn = new WeakMap<Workforce, Found>();
const find = (w: Workforce): Found => {
  let found = foundIn.get(w);
  if (!found) {
    const transfers = Map.groupBy(w.transfers, ({ plan }) => plan ?? '');
    const waiting = new Map<string, Range>();
    for (const plan of w.plans) {
      const { remaining } = progressFrom(plan, transfers.get(plan.plan) ?? []);
      waiting.set(poolName(plan.from), plus(waiting.get(poolName(plan.from)) ?? ZERO, remaining));
    }
    const unplanned = Map.groupBy(
      w.leavers.filter(({ plan }) => plan === undefined),
      poolName,
    );
    const missing = Map.groupBy(w.missing, poolName);
    const leavers = new Map(
      [...new Set([...unplanned.keys(), ...missing.keys()])].map((pool) => [
        pool,
        leaversBetween([...(unplanned.get(pool) ?? []), ...(missing.get(pool) ?? [])]),
      ]),
    );
    const plans = new Map(w.plans.map((plan) => [plan.plan, plan]));
    found = { transfers, leavers, plans, byId: new Map(w.transfers.map((t) => [t.transfer, t])), waiting };
    foundIn.set(w, found);
  }
  return found;
};

export interface Progress {
  /** The number of the list, who joined it since, and who was in scope of the transfers before it. */
  readonly inScope: Range;
  readonly moved: Range;
  readonly objected: Range;
  readonly retained: Range;
  readonly left: Range;
  /** Those of the list whom no transfer, and no leaver under the plan, accounts for yet. */
  readonly remaining: Range;
  readonly status: 'planned' | 'begun' | 'done' | 'cancelled';
}
const progressFrom = (plan: Plan, transfers: readonly Transfer[]): Progress => {
  const of = (field: 'inScope' | 'moved' | 'objected' | 'retained' | 'left'): Range =>
    sumOf(transfers.map((t) => (samePool(t.from, plan.from) ? inRange(t[field], t.from) : ZERO)));
  const open = once(plan.left, plan.covered).more;
  const inScope = sumOf([plan.before, rangeOf(plan.inScope, plan.inScope.unit), plan.joined]);
  const accounted = plus(of('inScope'), open);
  const remaining = plan.cancelled ? ZERO : excess(inScope, accounted);
  const status = plan.cancelled ? 'cancelled' : transfers.length === 0 ? 'planned' : isNone(remaining) ? 'done' : 'begun';
  return {
    inScope,
    moved: of('moved'),
    objected: of('objected'),
    retained: of('retained'),
    left: plus(of('left'), open),
    remaining,
    status,
  };
};
/** What came of a plan so far. */
export const progressOf = (w: Workforce, plan: Plan): Progress => progressFrom(plan, find(w).transfers.get(plan.plan) ?? []);
/** The day after which a plan that is not done is overdue; undefined where none is known. */
export const overdueAfter = ({ expectedOn }: Plan, { status }: Progress): string | undefined => {
  if (status === 'done' || status === 'cancelled' || expectedOn === undefined) return undefined;
  const { latest } = bounds(expectedOn);
  return latest === '9999-99-99' ? undefined : latest;
};
export const planOf = (w: Workforce, plan: string | undefined): Plan | undefined =>
  plan === undefined ? undefined : find(w).plans.get(plan);
export const transfersUnder = (w: Workforce, plan: string): readonly Transfer[] => find(w).transfers.get(plan) ?? [];

export const planFindings = (w: Workforce, plan: Plan): readonly Finding[] => {
  const findings: Finding[] = [];
  const { inScope, remaining, left } = progressOf(w, plan);
  const { unit } = plan.from;
  const transfers = transfersUnder(w, plan.plan);
  const open = once(plan.left, plan.covered).more;
  const beyond = sumOf(transfers.map((t) => (samePool(t.from, plan.from) ? inRange(t.inScope, t.from) : ZERO)));
  if (transfers.length === 0 && certainlyBelow(inScope, open))
    findings.push(finding('beyond-scope', `${showRange(open, unit)} left under the plan, of ${showRange(inScope, unit)} in scope.`));
  if (certainlyBelow(inScope, beyond))
    findings.push(finding('beyond-scope', `Its transfers have ${showRange(beyond, unit)} in scope, the plan ${showRange(inScope, unit)}.`));
  const pool = poolOf(w.pools, plan.from);
  const waiting = find(w).waiting.get(poolName(plan.from)) ?? ZERO;
  if (!isNone(remaining) && pool?.holds && certainlyBelow(pool.holds, waiting))
    findings.push(finding('beyond-pool', `${showRange(waiting, unit)} are still planned to leave ${poolName(plan.from)}, which holds ${showRange(pool.holds, unit)}.`)); // prettier-ignore
  const stated = minus(left, open);
  if (transfers.length > 0 && isNone(remaining) && certainlyBelow(ZERO, open))
    findings.push(finding('leavers-not-in-transfer', `${showRange(plan.left, unit)} were recorded as leavers under the plan, its transfers have ${showRange(stated, unit)} who left.`)); // prettier-ignore
  return findings;
};

export interface Duty {
  /** The earliest and the latest day on which it may be due; null where no law asks for it. */
  readonly due: { readonly earliest: string; readonly latest: string } | null;
  readonly delivered: string | null;
  readonly result: 'in-time' | 'within-precision' | 'late' | 'not-recorded' | 'not-due' | 'not-assessable';
  readonly daysLate: number | null;
}
/** Liability information for a transfer of a day: when it was due by the law of that day, and how late it came. */
export const liabilityOf = (plan: Plan | undefined, basis: Plan['basis'], transferOn: string | undefined): Duty => {
  const delivered = firstOf((plan?.informed ?? []).filter((i) => isFor(i, transferOn)).map(({ on }) => on)) ?? null;
  if (isUnderLaw(basis) === false) return { due: null, delivered, result: 'not-due', daysLate: null };
  if (transferOn === undefined || transferOn === 'unknown') return { due: null, delivered, result: 'not-assessable', daysLate: null };
  const rule = liabilityDue(transferOn);
  if (!rule) return { due: null, delivered, result: rule === null ? 'not-assessable' : 'not-due', daysLate: null };
  const due = { earliest: rule.earliest, latest: rule.latest };
  if (delivered === null) return { due, delivered, result: 'not-recorded', daysLate: null };
  const t = timeliness(due, delivered);
  return { due, delivered, result: t.result, daysLate: t.result === 'late' ? t.days : null };
};

const days = (n: number): string => `${n} ${n === 1 ? 'day' : 'days'}`;
/** What the law asks before a transfer; of one that is only planned, nothing is missing yet. */
const dutyFindings = (plan: Plan | undefined, basis: Plan['basis'], on: string | undefined, transferring: Range, happened: boolean) => {
  const findings: Finding[] = [];
  const liability = liabilityOf(plan, basis, on);
  if (liability.result === 'late')
    findings.push(finding('liability-information-late', `Liability information was due on ${liability.due!.latest} and delivered on ${liability.delivered}: ${days(liability.daysLate!)} late${BY_LAW_OF_TRANSFERS}.`)); // prettier-ignore
  if (liability.result === 'within-precision')
    findings.push(finding('liability-information-within-precision', `Liability information was due on ${liability.due!.latest} and delivered on ${liability.delivered}: within precision, for in clear days it is due a day earlier${BY_LAW_OF_TRANSFERS}.`)); // prettier-ignore
  if (happened && isUnderLaw(basis) && liability.result === 'not-recorded')
    findings.push(finding('liability-information-missing', `Liability information was due on ${liability.due!.latest}; none is recorded${BY_LAW_OF_TRANSFERS}.`)); // prettier-ignore
  const consulted = plan?.consulted ?? [];
  if (happened && isUnderLaw(basis) && consulted.length === 0)
    findings.push(finding('consultation-missing', 'Nobody is recorded as informed of the transfer.'));
  const informedOn = firstOf(consulted.map(({ informedOn }) => informedOn));
  if (on !== undefined && informedOn !== undefined && bounds(informedOn).earliest >= bounds(on).latest)
    findings.push(finding('informed-late', `They were informed on ${informedOn}, not before the transfer of ${on}.`));
  const directly = isRepresented(consulted, on) ? [] : consulted.filter((c) => c.with === 'direct');
  for (const { employees } of directly) {
    if (isUnderLaw(basis) === false || on === undefined) continue;
    const may = mayConsultDirectly(on, { employees, transferring: transferring.most });
    if (may === 'no')
      findings.push(finding('consulted-directly', `For a transfer of ${on} the staff may not be consulted directly, without a union or representatives${employees === undefined ? '' : `, by an employer of ${employees}`}${BY_LAW_OF_TRANSFERS}.`)); // prettier-ignore
    if (may === 'not-assessable')
      findings.push(finding('consulted-directly-not-assessable', 'Whether the staff may be consulted directly depends on the number of employees, and on the day of the transfer.')); // prettier-ignore
  }
  return findings;
};
export const plannedDuties = (w: Workforce, plan: Plan): readonly Finding[] =>
  dutyFindings(plan, plan.basis, plan.expectedOn, progressOf(w, plan).inScope, false);

/** Who left a pool without a plan, or was missing when it was counted, between the plan of a transfer and the transfer. */
const leftBetween = (w: Workforce, plan: Plan, t: Transfer, of: PoolName = t.from): Range =>
  find(w).leavers.get(poolName(of))?.(plan.scopeOn, t.on) ?? ZERO;

/** Generations of transfers that are looked at. */
const GENERATIONS = 100;
/** The transfer that one names as its origin, the one that this names, and so on. */
const originsOf = (w: Workforce, t: Transfer): readonly Transfer[] => {
  const origins: Transfer[] = [];
  for (let { origin } = t; origin && origins.length < GENERATIONS;) {
    const earlier = find(w).byId.get(origin.transfer)!;
    origins.push(earlier);
    ({ origin } = earlier);
  }
  return origins;
};

export const transferFindings = (w: Workforce, t: Transfer): readonly Finding[] => {
  const findings: Finding[] = [];
  const plan = planOf(w, t.plan);
  const { from, to } = t;
  if (plan && !(samePool(plan.from, from) && samePool(plan.to, to)))
    findings.push(finding('other-pools', `The plan ${plan.plan} is from ${poolName(plan.from)} to ${poolName(plan.to)}; this is from ${poolName(from)} to ${poolName(to)}.`)); // prettier-ignore
  if (plan?.cancelled && certainlyBefore(plan.cancelled.on, t.on))
    findings.push(finding('cancelled-plan', `The plan ${plan.plan} was cancelled on ${plan.cancelled.on}.`));
  if (plan && samePool(plan.from, from) && certainlyBelow(progressOf(w, plan).inScope, inRange(t.inScope, from)))
    findings.push(finding('beyond-scope', `${showRange(inRange(t.inScope, from), from.unit)} are in scope, of the plan ${showRange(progressOf(w, plan).inScope, from.unit)}.`)); // prettier-ignore
  const left = inRange(t.left, from);
  const open = once(left, t.leftRecorded).more;
  if (plan && certainlyBelow(ZERO, open)) {
    const between = leftBetween(w, plan, t);
    if (!isNone(between) && !certainlyBelow(between, open))
      findings.push(finding('leavers-twice', `${showRange(between, from.unit)} left ${poolName(from)} between the plan and the transfer, as recorded without the plan or as missing when it was counted; the transfer has ${showRange(left, from.unit)} who left. Where they are the same, record them as leavers under the plan.`)); // prettier-ignore
  }
  if (t.fte && certainlyBelow(inRange(t.moved, from), rangeOf(t.fte.moved, 'fte')))
    findings.push(finding('fte-above-people', `${showRange(rangeOf(t.fte.moved, 'fte'), 'fte')} moved with ${showRange(inRange(t.moved, from), 'people')}.`)); // prettier-ignore
  for (const [what, gone] of [['objected', t.objected], ['left', t.left]] as const)
    if (t.fte && certainlyBelow(inRange(gone, from), rangeOf(t.fte[what] ?? 0, 'fte')))
      findings.push(finding('fte-above-people', `${showRange(rangeOf(t.fte[what]!, 'fte'), 'fte')} ${what} with ${showRange(inRange(gone, from), 'people')}.`)); // prettier-ignore
  const ofFte = inUnit(from, 'fte');
  const fteBetween = plan && t.fte?.left !== undefined ? leftBetween(w, plan, t, ofFte) : ZERO;
  if (!isNone(fteBetween))
    findings.push(finding('leavers-twice', `${showRange(fteBetween, 'fte')} left ${poolName(ofFte)} between the plan and the transfer, as recorded or as missing when it was counted; the transfer has ${showRange(rangeOf(t.fte!.left!, 'fte'), 'fte')} who left. Leave them out of one of the two where they are the same.`)); // prettier-ignore
  const [origin, ...before] = originsOf(w, t);
  if (origin && t.origin!.kind === 'return' && ![origin, ...before].some(({ from: { employer } }) => employer === to.employer))
    findings.push(finding('not-a-return', `${origin.transfer} was from ${origin.from.employer}; this is to ${to.employer}.`));
  if (origin && from.employer !== origin.to.employer)
    findings.push(finding('another-origin', `${origin.transfer} was to ${origin.to.employer}; this is from ${from.employer}.`));
  return [...findings, ...dutyFindings(plan, t.basis ?? plan?.basis, dayOfTransfer(t), inRange(t.moved, from), true)];
};

export const poolFindings = (w: Workforce, pool: Pool): readonly Finding[] => {
  const findings: Finding[] = [];
  if (pool.mayBeShort) findings.push(finding('may-be-short', `More may have left ${poolName(pool)} than it held.`));
  const { vacancies, holds } = pool;
  if (vacancies !== undefined && vacancies < 0)
    findings.push(
      finding('vacancies-below-zero', `${-vacancies} more vacant posts moved from ${poolName(pool)} than it was counted to have.`),
    );
  if (vacancies !== undefined && holds?.most !== undefined && vacancies > holds.most)
    findings.push(finding('more-vacant-than-posts', `${vacancies} posts would be vacant of the ${showRange(holds, pool.unit)} that ${poolName(pool)} holds.`)); // prettier-ignore
  const people = pool.unit === 'fte' ? poolOf(w.pools, inUnit(pool, 'people')) : undefined;
  if (people?.holds && pool.holds && certainlyBelow(people.holds, pool.holds))
    findings.push(finding('fte-above-people', `${showRange(pool.holds, 'fte')} are held by ${showRange(people.holds, 'people')}.`));
  return findings;
};

/** Who did not move because they were redundant, and are not among the leavers under the plan: a transfer says it of them alone. */
const redundantAtTransfers = (w: Workforce, recorded: readonly Leavers[]): readonly Leavers[] => {
  const known = new Map<string, number>();
  for (const { plan, count } of recorded) if (plan !== undefined) known.set(plan, (known.get(plan) ?? 0) + (count.least ?? 0));
  return w.transfers.flatMap((t) => {
    const stated = (t.notMoved ?? []).reduce((sum, { why, count }) => sum + (why === 'redundant' ? count : 0), 0);
    const plan = t.plan ?? '';
    const before = Math.min(stated, known.get(plan) ?? 0);
    known.set(plan, (known.get(plan) ?? 0) - before);
    const count = stated - before;
    return count === 0 || t.from.unit !== 'people' ? [] : [{ ...t.from, count: { least: count, most: count }, on: dayOfTransfer(t), event: t.event }]; // prettier-ignore
  });
};

const REDUNDANT: readonly string[] = ['redundancy', 'redundancy-connected-with-transfer'];
/** So many redundancies of one employer within so many days that the public authority had to have notice of them. */
export const redundancyFindings = (w: Workforce): readonly (Finding & CollectiveRedundancy & { readonly employer: string })[] => {
  const redundant = w.leavers.filter(({ unit, reason }) => unit === 'people' && REDUNDANT.includes(reason ?? ''));
  return [...Map.groupBy([...redundant, ...redundantAtTransfers(w, redundant)], ({ employer }) => employer)].flatMap(
    ([employer, leavers]) =>
      collectiveRedundancies(leavers.map(({ on, count, notifiedOn }) => ({ on, count: count.least ?? 0, notifiedOn }))).flatMap((c) => {
        if (c.notifiedOn !== undefined && c.late === undefined) return [];
        const notice = c.notifiedOn === undefined ? 'none is recorded' : `it was given on ${c.notifiedOn}, ${days(c.late!)} late`;
        return [{ ...c, employer, code: 'collective-redundancy', text: `${employer} made ${c.count} redundant from ${c.from} to ${c.until}. Notice was due on ${c.due}: ${notice}${BY_LAW_OF_REDUNDANCIES}.` }]; // prettier-ignore
      }),
  );
};
