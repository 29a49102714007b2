import { addDays, bounds, certainlyBefore, daysBetween, type Assessment, type Range } from '../../kernel/index.js';
import { all, cited, judge, shipped, type Facts, type LawRule, type Pack } from '../law/index.js';

export const BASES = ['business-transfer', 'service-provision-change', 'code-of-practice', 'contractual', 'none'] as const;
export type Basis = (typeof BASES)[number];
/** Whether the law of transfers applies: unknown where no basis was recorded. */
export const isUnderLaw = (basis: Basis | undefined): boolean | undefined =>
  basis === undefined ? undefined : basis === 'business-transfer' || basis === 'service-provision-change';
/** A transfer whose basis nobody recorded is asked as one that the law applies to. */
const UNDER_LAW: Basis = 'business-transfer';

/** ` (by the shipped pack gb-transfers version 2024-07-01, to be confirmed)`: the law is in force whether it was adopted or not. */
export const byShipped = (pack: Pack): string => ` (by the shipped pack ${cited(pack)})`;
export const BY_LAW_OF_TRANSFERS = byShipped(shipped.transfers);
export const BY_LAW_OF_REDUNDANCIES = byShipped(shipped.collectiveRedundancies);

/** A known first and last day, or undefined when the date is open at an end. */
const closed = (date: string): { readonly earliest: string; readonly latest: string } | undefined => {
  const { earliest, latest } = bounds(date);
  return earliest === '0000-00-00' || latest === '9999-99-99' ? undefined : { earliest, latest };
};

/** What a plan says to the law. */
interface Asked {
  readonly basis?: Basis;
  readonly informed: readonly Informed[];
  readonly consulted: readonly Consulted[];
}
interface Consulted {
  readonly with: string;
  readonly informedOn: string;
  readonly employees?: number;
}
interface Informed {
  readonly on: string;
  readonly transferOn?: string;
}
/** What the adopted law asks of a transfer; the transfer is recorded whatever it says. */
export const factsOfTransfer = (
  plan: Asked | undefined,
  {
    basis = plan?.basis,
    transferOn,
    transferring,
  }: { readonly basis?: Basis | undefined; readonly transferOn: string; readonly transferring: Range },
): Facts => {
  const consulted = plan?.consulted ?? [];
  const represented = consulted.find((c) => c.with !== 'direct');
  const asked = isRepresented(consulted, transferOn) ? represented : (consulted.find((c) => c.with === 'direct') ?? represented);
  return {
    transferOn,
    basis,
    transferring,
    liabilityInformationOn: firstOf((plan?.informed ?? []).filter((i) => isFor(i, transferOn)).map(({ on }) => on)),
    consulted: asked?.with,
    employees: exactly(asked?.employees),
  };
};
const exactly = (n: number | undefined): Range | undefined => (n === undefined ? undefined : { least: n, most: n });
/** The facts that are known, as an assessment keeps them. */
export const factsSaid = (facts: Facts): Assessment['inputs'] =>
  Object.fromEntries(Object.entries(facts as Assessment['inputs']).filter(([, fact]) => fact !== undefined));
/** Whether liability information is for a transfer of a day: for any where it does not say. */
export const isFor = (informed: Informed, transferOn: string | undefined): boolean =>
  informed.transferOn === undefined || (transferOn !== undefined && sameDay(informed.transferOn, transferOn));
const sameDay = (a: string, b: string): boolean => !certainlyBefore(a, b) && !certainlyBefore(b, a);
/** Whether a union or representatives were informed before a transfer: then the staff themselves may be too. */
export const isRepresented = (consulted: readonly Consulted[], transferOn: string | undefined): boolean =>
  consulted.some((c) => c.with !== 'direct' && bounds(c.informedOn).earliest < bounds(transferOn ?? 'unknown').latest);
/** The earliest of some days. */
export const firstOf = (days: readonly string[]): string | undefined =>
  days.reduce<string | undefined>(
    (first, day) => (first === undefined || bounds(day).earliest < bounds(first).earliest ? day : first),
    undefined,
  );

/** The rule on liability information that holds for a transfer of an exact day, with the day on which it is due. */
const liabilityRule = (day: string): { readonly rule: LawRule; readonly due: string } | undefined => {
  const held = judge(shipped.transfers, { basis: UNDER_LAW, transferOn: day }).find(({ rule }) => rule.kind === 'notice');
  return held && { rule: held.rule, due: held.due!.latest };
};

/** The exact days of an interval between which no rule of the pack begins or ends. */
const turningDays = (earliest: string, latest: string): readonly string[] => [
  earliest,
  ...STARTS.flatMap((start) => (earliest < start && start <= latest ? [addDays(start, -1), start] : [])),
  latest,
];
const STARTS = shipped.transfers.rules.flatMap(({ kind, when = [] }) =>
  kind === 'notice' ? when.flatMap(({ field, op, value }) => (field === 'transferOn' && op === 'from' ? [String(value)] : [])) : [],
);

/**
 * When liability information is due for a transfer: the earliest and latest day that it may be, by how many days before at the latest.
 * Undefined where none is; null where it depends on the day of the transfer whether it is.
 */
export const liabilityDue = (
  transferOn: string,
): { readonly earliest: string; readonly latest: string; readonly days: number } | undefined | null => {
  const on = closed(transferOn);
  if (!on) return bounds(transferOn).latest < STARTS[0]! ? undefined : null;
  const rules = turningDays(on.earliest, on.latest).map(liabilityRule);
  const found = rules.filter((rule) => rule !== undefined);
  if (found.length < rules.length) return found.length === 0 ? undefined : null;
  const due = found.map(({ due }) => due).sort();
  return { earliest: due[0]!, latest: due.at(-1)!, days: found.at(-1)!.rule.days!.count };
};

export type Timeliness =
  { readonly result: 'in-time' | 'within-precision' | 'not-assessable' } | { readonly result: 'late'; readonly days: number };

/** On the day itself it is within precision: counted in clear days, it is due a day earlier. */
export const timeliness = (due: { readonly earliest: string; readonly latest: string }, delivered: string): Timeliness => {
  const { earliest, latest } = bounds(delivered);
  if (latest < due.earliest) return { result: 'in-time' };
  if (earliest > due.latest) return { result: 'late', days: daysBetween(due.latest, earliest) };
  return { result: closed(delivered) ? 'within-precision' : 'not-assessable' };
};

/** Whether an employer may consult its people directly, without a union or representatives. */
export const mayConsultDirectly = (
  transferOn: string,
  { employees, transferring }: { readonly employees?: number | undefined; readonly transferring: number | undefined },
): 'yes' | 'no' | 'not-assessable' => {
  const facts: Facts = {
    basis: UNDER_LAW,
    transferOn,
    consulted: 'direct',
    employees: exactly(employees),
    transferring: exactly(transferring),
  };
  const duties = judge(shipped.transfers, facts).filter(({ rule }) => rule.kind === 'duty');
  const answers = duties.map(({ applies, holds }) => (applies === 'yes' && holds === 'no' ? 'no' : holds === 'yes' ? 'yes' : 'unknown'));
  const answer = all(answers);
  return answer === 'yes' || answer === 'no' ? answer : 'not-assessable';
};

/** Employees who were made redundant on a day, and when the notice of it was given, where that was recorded. */
export interface Redundancies {
  readonly on: string;
  readonly count: number;
  readonly notifiedOn?: string | undefined;
}
export interface CollectiveRedundancy {
  readonly count: number;
  readonly from: string;
  readonly until: string;
  readonly due: string;
  readonly notifiedOn?: string;
  readonly late?: number;
}
const { rules } = shipped.collectiveRedundancies;
/** The longest span of days in which redundancies add up, and the fewest that any rule asks about. */
const SPAN = Math.max(...rules.map(({ within = 1 }) => within));
const FEWEST = Math.min(...rules.flatMap(({ when = [] }) => when.flatMap(({ op, value }) => (op === 'at-least' ? [Number(value)] : []))));

/** Each span of days within which one employer made as many redundant as make notice due. Those of an open date are left out. */
export const collectiveRedundancies = (all: readonly Redundancies[]): readonly CollectiveRedundancy[] => {
  const dated = all
    .filter(({ on }) => closed(on))
    .map((r) => ({ ...r, day: bounds(r.on).latest }))
    .sort((a, b) => (a.day < b.day ? -1 : 1));
  const found: CollectiveRedundancy[] = [];
  let [end, count] = [0, 0];
  for (let start = 0; start < dated.length;) {
    const from = dated[start]!.day;
    for (; end < dated.length && daysBetween(from, dated[end]!.day) < SPAN; end++) count += dated[end]!.count;
    const due = count < FEWEST ? undefined : noticeDue(from, count);
    if (due !== undefined) {
      found.push(noticeOf(dated.slice(start, end), count, due));
      [start, count] = [end, 0];
    } else count -= dated[start++]!.count;
    end = Math.max(end, start);
  }
  return found;
};

/** The day on which the notice of so many redundancies is due, the first of which is of a day; undefined where none is. */
const noticeDue = (from: string, count: number): string | undefined =>
  judge(shipped.collectiveRedundancies, { firstRedundancyOn: from, redundancies: { least: count, most: count } }).find(
    ({ applies }) => applies === 'yes',
  )?.due?.latest;

const noticeOf = (within: readonly (Redundancies & { readonly day: string })[], count: number, due: string): CollectiveRedundancy => {
  const [from, until] = [within[0]!.day, within.at(-1)!.day];
  const notifiedOn = firstOf(within.flatMap(({ notifiedOn }) => notifiedOn ?? []));
  if (notifiedOn === undefined) return { count, from, until, due };
  const late = certainlyBefore(due, notifiedOn) ? { late: daysBetween(due, bounds(notifiedOn).earliest) } : {};
  return { count, from, until, due, notifiedOn, ...late };
};
