import {
  before,
  certainlyBefore,
  changeFigures,
  moveEnd,
  ratioOfPercent,
  reaches,
  sameName,
  stepRangeOverOriginal,
  within,
  type Amount,
  type Assessment,
  type EventContext,
  type Value,
} from '../../kernel/index.js';
import type { ApprovalRow, CHECKS, Policy, WithPolicies } from './policy.js';

/** The adopted versions that were, or may have been, in force on a day. */
export const inForce = ({ policies }: WithPolicies, on: string): readonly Policy[] =>
  policies.filter((p) => !certainlyBefore(on, p.inForceFrom) && !(p.inForceUntil && certainlyBefore(p.inForceUntil, on)));

export const certainlyInForce = ({ inForceFrom, inForceUntil }: Policy, on: string): boolean =>
  before(on, inForceFrom) === 'no' && (inForceUntil === undefined || before(inForceUntil, on) === 'no');

export const assessment = (
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
  programme: WithPolicies,
  check: (typeof CHECKS)[number],
  on: string,
  inputs: Assessment['inputs'],
  result: Assessment['result'],
): readonly Assessment[] =>
  inForce(programme, on)
    .filter((p) => p.checks?.includes(check))
    .map((p) => assessment(p, check, certainlyInForce(p, on) ? result : 'not-assessable', inputs));

interface ChangeAsked {
  readonly original: Value;
  readonly current: Value;
  readonly to?: Value | undefined;
  /** What is added, where the step itself is known. */
  readonly by?: Amount | undefined;
  readonly endsOn?: string | undefined;
  readonly newEndsOn?: string | undefined;
  readonly unforeseen?: boolean | undefined;
}

/** Whether the right office approved a change: the first row of each adopted approval table that applies names the approver. */
export const approvalOf = (programme: WithPolicies, change: ChangeAsked, { effectiveOn, decidedBy }: EventContext): readonly Assessment[] =>
  inForce(programme, effectiveOn)
    .filter((policy) => policy.approvals?.length)
    .map((policy) => {
      const inputs = inputsOf(change, decidedBy?.office);
      const rows = policy.approvals!.map((row) => ({ row, applies: applies(row, change) }));
      const decisive = rows.find(({ applies }) => applies !== 'no');
      return decisive
        ? approver(policy, 'approval', decisive, inputs, effectiveOn, decidedBy?.office)
        : assessment(policy, 'approval', 'met', inputs, NOBODY);
    });

const NOBODY = 'No row of the table asks for an approver.';
/** Whether the office that decided is the one that the decisive row names. */
const approver = (
  policy: Policy,
  rule: string,
  { row: { approver }, applies }: { readonly row: { readonly approver: string }; readonly applies: Answer },
  inputs: Assessment['inputs'],
  on: string,
  office: string | undefined,
): Assessment => {
  const context = { ...inputs, approver };
  const not = (why: string | undefined) => assessment(policy, rule, 'not-assessable', context, why);
  if (applies !== 'yes') return not(WHY_NOT[applies]);
  if (!office) return not('Nobody was named as deciding.');
  if (!certainlyInForce(policy, on)) return not('Whether the policy was in force on that day is not known.');
  const met = sameName(office, approver);
  return assessment(policy, rule, met ? 'met' : 'not-met', context, met ? undefined : `${approver} must approve this.`);
};

type Answer = 'yes' | 'no' | 'unknown' | 'within-precision';
const WHY_NOT: { readonly [A in Exclude<Answer, 'yes'>]?: string } = {
  unknown: 'What the table needs of the change is not known.',
  'within-precision': 'The figure lies within precision of the limit: say what its sources are rounded to (roundedTo).',
};

const applies = (row: ApprovalRow, change: ChangeAsked): Answer => {
  const limits: readonly Answer[] = [
    ...(row.stepOverOriginalAbove === undefined ? [] : [stepAbove(change, row.stepOverOriginalAbove)]),
    ...(row.monthsAbove === undefined ? [] : [longerBy(change, row.monthsAbove)]),
  ];
  const all: readonly Answer[] = [
    row.unforeseen === undefined
      ? 'yes'
      : change.unforeseen === undefined
        ? 'unknown'
        : row.unforeseen === change.unforeseen
          ? 'yes'
          : 'no',
    row.originalAtLeast ? reaches(change.original, row.originalAtLeast) : 'yes',
    limits.length === 0 ? 'yes' : first(limits, ['yes', 'unknown', 'within-precision', 'no']),
  ];
  return first(all, ['no', 'unknown', 'within-precision', 'yes']);
};
const first = (answers: readonly Answer[], order: readonly Answer[]): Answer => order.find((answer) => answers.includes(answer))!;

const stepAbove = ({ original, current, to, by }: ChangeAsked, percentage: number | string): Answer => {
  if (to === undefined) return 'no';
  const kept = within(stepRangeOverOriginal(original, current, to, by), ratioOfPercent(percentage));
  return kept === 'not assessable' ? 'unknown' : kept === 'within-precision' ? kept : kept === 'yes' ? 'no' : 'yes';
};

const longerBy = ({ endsOn, newEndsOn }: ChangeAsked, months: number): Answer => {
  if (newEndsOn === undefined) return 'no';
  if (endsOn === undefined) return 'unknown';
  return before(moveEnd(endsOn, months), newEndsOn);
};

const inputsOf = ({ original, current, to, endsOn, newEndsOn, unforeseen }: ChangeAsked, office?: string): Assessment['inputs'] => ({
  original,
  current,
  ...(to && { to, ...changeFigures(original, current, to) }),
  ...(endsOn && { endsOn }),
  ...(newEndsOn && { newEndsOn }),
  ...(unforeseen !== undefined && { unforeseen }),
  ...(office && { office }),
});
