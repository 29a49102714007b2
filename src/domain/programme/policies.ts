import {
  addMonths,
  before,
  certainlyBefore,
  changeFigures,
  growth,
  compare,
  isAmount,
  monthsBetween,
  type Assessment,
  type Told,
  type Value,
} from '../../kernel/index.js';
import type { ApprovalRow, CHECKS, Policy, Programme } from './programme.js';

/** The adopted versions that were, or may have been, in force on a day. */
const inForce = ({ policies }: Programme, on: string): readonly Policy[] =>
  policies.filter((p) => !certainlyBefore(on, p.inForceFrom) && !(p.inForceUntil && certainlyBefore(p.inForceUntil, on)));

const certainlyInForce = ({ inForceFrom, inForceUntil }: Policy, on: string): boolean =>
  before(on, inForceFrom) === 'no' && (inForceUntil === undefined || before(inForceUntil, on) === 'no');

const assessment = (
  policy: Policy,
  rule: string,
  result: Assessment['result'],
  inputs: Assessment['inputs'],
  note?: string,
): Assessment => ({
  rule: `${policy.policy}/${rule}`,
  version: policy.version,
  inputs,
  result,
  ...(note && { note }),
});

/** A check that a programme may adopt by its name; nothing when it has not. */
export const checked = (
  programme: Programme,
  check: (typeof CHECKS)[number],
  on: string,
  inputs: Assessment['inputs'],
  result: Assessment['result'],
): readonly Assessment[] =>
  inForce(programme, on)
    .filter((p) => p.checks?.includes(check))
    .map((p) => assessment(p, check, certainlyInForce(p, on) ? result : 'not-assessable', inputs));

export interface ChangeAsked {
  readonly original: Value;
  readonly current: Value;
  readonly to?: Value | undefined;
  readonly endsOn?: string | undefined;
  readonly newEndsOn?: string | undefined;
  readonly unforeseen?: boolean | undefined;
}

/** Whether the right office approved a change: the first row of each adopted approval table that applies names the approver. */
export const approvalOf = (programme: Programme, change: ChangeAsked, { effectiveOn, decidedBy }: Told): readonly Assessment[] =>
  inForce(programme, effectiveOn)
    .filter((policy) => policy.approvals?.length)
    .map((policy) => {
      const inputs = inputsOf(change, decidedBy?.office);
      const rows = policy.approvals!.map((row) => ({ row, applies: applies(row, change) }));
      const decisive = rows.find(({ applies }) => applies !== 'no');
      if (!decisive) return assessment(policy, 'approval', 'met', inputs, 'No row of the table asks for an approver.');
      const { approver } = decisive.row;
      const asked = { ...inputs, approver };
      if (decisive.applies === 'unknown')
        return assessment(policy, 'approval', 'not-assessable', asked, 'A value or date that the table needs is not known.');
      if (!decidedBy?.office) return assessment(policy, 'approval', 'not-assessable', asked, 'Nobody was named as deciding.');
      if (!certainlyInForce(policy, effectiveOn))
        return assessment(policy, 'approval', 'not-assessable', asked, 'Whether the policy was in force on that day is not known.');
      const met = decidedBy.office.toLowerCase() === approver.toLowerCase();
      return assessment(policy, 'approval', met ? 'met' : 'not-met', asked, met ? undefined : `${approver} must approve this change.`);
    });

type Answer = 'yes' | 'no' | 'unknown';

const applies = (row: ApprovalRow, change: ChangeAsked): Answer => {
  if (row.unforeseen !== undefined && change.unforeseen !== undefined && row.unforeseen !== change.unforeseen) return 'no';
  const large = row.originalAtLeast ? atLeast(change.original, row.originalAtLeast) : 'yes';
  if (large === 'no') return 'no';
  const limits = [
    ...(row.stepOverOriginalAbove === undefined ? [] : [stepAbove(change, row.stepOverOriginalAbove)]),
    ...(row.monthsAbove === undefined ? [] : [longerBy(change, row.monthsAbove)]),
  ];
  const beyond: Answer = limits.length === 0 || limits.includes('yes') ? 'yes' : limits.includes('unknown') ? 'unknown' : 'no';
  if (beyond === 'no') return 'no';
  return large === 'unknown' || beyond === 'unknown' ? 'unknown' : 'yes';
};

const atLeast = (value: Value, limit: NonNullable<ApprovalRow['originalAtLeast']>): Answer => {
  if (!isAmount(value) || value.currency !== limit.currency) return 'unknown';
  return compare(value, limit) >= 0 ? 'yes' : 'no';
};

const stepAbove = ({ original, current, to }: ChangeAsked, percent: number): Answer => {
  if (to === undefined) return 'no';
  const step = growth(current, to, original);
  if (!step) return 'unknown';
  return step.over * 100n > BigInt(percent) * step.under ? 'yes' : 'no';
};

const longerBy = ({ endsOn, newEndsOn }: ChangeAsked, months: number): Answer => {
  if (newEndsOn === undefined) return 'no';
  if (endsOn === undefined) return 'unknown';
  if (certainlyBefore(addMonths(endsOn, months), newEndsOn)) return 'yes';
  return monthsBetween(endsOn, newEndsOn) === undefined ? 'unknown' : 'no';
};

const inputsOf = ({ original, current, to, endsOn, newEndsOn, unforeseen }: ChangeAsked, office?: string): Assessment['inputs'] => ({
  original: original as never,
  current: current as never,
  ...(to && { to: to as never, ...changeFigures(original, current, to) }),
  ...(endsOn && { endsOn }),
  ...(newEndsOn && { newEndsOn }),
  ...(unforeseen !== undefined && { unforeseen }),
  ...(office && { office }),
});
