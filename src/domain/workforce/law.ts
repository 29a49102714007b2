import { addDays, bounds, certainlyBefore, daysBetween } from '../../kernel/index.js';

/**
 * The law of transfers of undertakings in Great Britain that is used here, as data: each rule with the first day of the transfers, or
 * dismissals, that it holds for. Read in part only: what rests on it says "to be confirmed".
 */
export const transferLaw = {
  id: 'uk-transfers-of-undertakings',
  version: '2024-07-01',
  confirmed: false,
  sources: [
    'https://www.legislation.gov.uk/uksi/2006/246/regulation/11',
    'https://www.legislation.gov.uk/uksi/2006/246/regulation/13A',
    'https://www.legislation.gov.uk/ukpga/1992/52/section/188',
  ],
  /** Employee liability information, so many days before the transfer. Before the first row no law asked for it. */
  liabilityInformation: [
    { from: '2006-04-20', days: 14 },
    { from: '2014-05-01', days: 28 },
  ],
  /** Below how many employees, or how many who transfer, an employer without representatives may consult its people directly. */
  directConsultation: [
    { from: '2014-07-31', employeesBelow: 10, transferringBelow: 0 },
    { from: '2024-07-01', employeesBelow: 50, transferringBelow: 10 },
  ],
  /** Redundancies of one employer within so many days, from which notice is due so many days before the first of them. */
  collectiveRedundancy: [
    { from: '1995-10-26', atLeast: 20, withinDays: 90, notice: [{ atLeast: 20, days: 30 }, { atLeast: 100, days: 90 }] }, // prettier-ignore
    { from: '2013-04-06', atLeast: 20, withinDays: 90, notice: [{ atLeast: 20, days: 30 }, { atLeast: 100, days: 45 }] }, // prettier-ignore
  ],
} as const;

export const BASES = ['business-transfer', 'service-provision-change', 'code-of-practice', 'contractual', 'none'] as const;
export type Basis = (typeof BASES)[number];
/** Whether the law of transfers applies: unknown where no basis was recorded. */
export const isUnderLaw = (basis: Basis | undefined): boolean | undefined =>
  basis === undefined ? undefined : basis === 'business-transfer' || basis === 'service-provision-change';

/** The rule that holds on a day. */
const ruleOn = <R extends { readonly from: string }>(rules: readonly R[], day: string): R | undefined =>
  rules.findLast(({ from }) => from <= day);

/** A known first and last day, or undefined when the date is open at an end. */
const closed = (date: string): { readonly earliest: string; readonly latest: string } | undefined => {
  const { earliest, latest } = bounds(date);
  return earliest === '0000-00-00' || latest === '9999-99-99' ? undefined : { earliest, latest };
};

/** When liability information is due for a transfer: the earliest and latest day that it may be, by how many days before. */
export const liabilityDue = (
  transferOn: string,
): { readonly earliest: string; readonly latest: string; readonly days: number } | undefined => {
  const on = closed(transferOn);
  const [first, last] = [
    on && ruleOn(transferLaw.liabilityInformation, on.earliest),
    on && ruleOn(transferLaw.liabilityInformation, on.latest),
  ];
  return on && first && last && { earliest: addDays(on.earliest, -first.days), latest: addDays(on.latest, -last.days), days: last.days };
};

export type Timeliness =
  { readonly result: 'in-time' | 'within-precision' | 'not-assessable' } | { readonly result: 'late'; readonly days: number };

/** On the day itself it is within precision: counted in clear days, it is due a day earlier. */
export const timeliness = (due: { readonly earliest: string; readonly latest: string }, delivered: string): Timeliness => {
  const on = closed(delivered);
  if (!on) return { result: 'not-assessable' };
  if (on.latest < due.earliest) return { result: 'in-time' };
  return on.earliest > due.latest ? { result: 'late', days: daysBetween(due.latest, on.earliest) } : { result: 'within-precision' };
};

/** Whether an employer may consult its people directly, without a union or representatives. */
export const mayConsultDirectly = (
  transferOn: string,
  { employees, transferring }: { readonly employees?: number | undefined; readonly transferring: number | undefined },
): 'yes' | 'no' | 'not-assessable' => {
  const on = closed(transferOn);
  if (!on) return 'not-assessable';
  const [first, last] = [on.earliest, on.latest].map((day) => ruleOn(transferLaw.directConsultation, day));
  if (!last) return 'no';
  if (first !== last) return 'not-assessable';
  if (transferring !== undefined && transferring < last.transferringBelow) return 'yes';
  if (employees === undefined) return 'not-assessable';
  return employees < last.employeesBelow ? 'yes' : 'no';
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
    const rule = ruleOn(transferLaw.collectiveRedundancy, from);
    for (; end < dated.length && daysBetween(from, dated[end]!.day) < (rule?.withinDays ?? 1); end++) count += dated[end]!.count;
    if (rule && count >= rule.atLeast) {
      found.push(noticeOf(dated.slice(start, end), count, rule));
      [start, count] = [end, 0];
    } else count -= dated[start++]!.count;
    end = Math.max(end, start);
  }
  return found;
};

type NoticeRule = (typeof transferLaw.collectiveRedundancy)[number];
const noticeOf = (
  within: readonly (Redundancies & { readonly day: string })[],
  count: number,
  { notice }: NoticeRule,
): CollectiveRedundancy => {
  const [from, until] = [within[0]!.day, within.at(-1)!.day];
  const due = addDays(from, -notice.findLast(({ atLeast }) => count >= atLeast)!.days);
  const given = within.flatMap(({ notifiedOn }) => notifiedOn ?? []).sort((a, b) => (bounds(a).earliest < bounds(b).earliest ? -1 : 1));
  const notifiedOn = given[0];
  if (notifiedOn === undefined) return { count, from, until, due };
  const late = certainlyBefore(due, notifiedOn) ? { late: daysBetween(due, bounds(notifiedOn).earliest) } : {};
  return { count, from, until, due, notifiedOn, ...late };
};
