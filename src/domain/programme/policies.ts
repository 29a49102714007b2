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
import { all, any, type Answer } from '../law/index.js';
import type { ApprovalRow, CHECKS, Policy, PolicyData, WithPolicies } from './policy.js';

/** The adopted versions that were, or may have been, in force on a day. */
export const inForce = ({ policies }: WithPolicies, on: string): readonly Policy[] =>
  policies.filter((p) => !certainlyBefore(on, p.inForceFrom) && !(p.inForceUntil && certainlyBefore(p.inForceUntil, on)));

/** A programme as if it had adopted this policy, in the place of every version of the same policy that it had adopted. */
export const withPolicy = <P extends WithPolicies>(programme: P, policy: PolicyData, adoptedOn: string): P => {
  const earlier = programme.policies.find((other) => other.policy === policy.policy);
  const others = programme.policies.filter((other) => other.policy !== policy.policy);
  return { ...programme, policies: [...others, { ...policy, adoptedOn: earlier?.adoptedOn ?? adoptedOn }] };
};

/** A policy of unknown start is in force from the day of its adoption. */
export const certainlyInForce = ({ inForceFrom, inForceUntil, adoptedOn }: Policy, on: string): boolean =>
  before(on, inForceFrom === 'unknown' ? adoptedOn : inForceFrom) === 'no' &&
  (inForceUntil === undefined || before(inForceUntil, on) === 'no');
export const NOT_KNOWN_TO_BE_IN_FORCE = 'Whether the policy was in force on that day is not known.';

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
  note?: string,
): readonly Assessment[] =>
  inForce(programme, on)
    .filter((p) => p.checks?.includes(check))
    .map((p) =>
      certainlyInForce(p, on)
        ? assessment(p, check, result, inputs, note)
        : assessment(p, check, 'not-assessable', inputs, note && NOT_KNOWN_TO_BE_IN_FORCE),
    );

interface ChangeAsked {
  readonly original: Value;
  readonly current: Value;
  readonly to?: Value | undefined;
  /** What is added, where the step itself is known. */
  readonly by?: Amount | undefined;
  /** What all changes together add, this one among them, where the step of each is known. */
  readonly added?: Amount | undefined;
  readonly endsOn?: string | undefined;
  readonly newEndsOn?: string | undefined;
  readonly unforeseen?: boolean | undefined;
}

/** Whether the right office approved a change: the first row of each adopted approval table that applies names the approver. */
export const approvalOf = (programme: WithPolicies, change: ChangeAsked, { effectiveOn, decidedBy }: EventContext): readonly Assessment[] =>
  inForce(programme, effectiveOn)
    .filter((policy) => policy.approvals?.length)
    .map((policy) => judged(policy, change, effectiveOn, decidedBy?.office));

const judged = (policy: Policy, change: ChangeAsked, on: string, office: string | undefined): Assessment => {
  const inputs = inputsOf(change, office);
  const rows = policy.approvals!.map((row) => ({ approver: row.approver, ...applies(row, change) }));
  const certain = rows.findIndex(({ answer }) => answer === 'yes');
  // The rows that may decide: each undecided one before the first that certainly applies, and that one.
  const candidates = rows.slice(0, certain === -1 ? rows.length : certain + 1).filter(({ answer }) => answer !== 'no');
  const [decisive] = candidates;
  if (!decisive) return assessment(policy, 'approval', 'met', inputs, 'No row of the table asks for an approver.');
  const say = (result: Assessment['result'], note?: string) =>
    assessment(policy, 'approval', result, { ...inputs, approver: decisive.approver }, note);
  if (!office) return say('not-assessable', 'Nobody was named as deciding.');
  if (!certainlyInForce(policy, on)) return say('not-assessable', NOT_KNOWN_TO_BE_IN_FORCE);
  if (decisive.answer === 'yes')
    return sameName(office, decisive.approver) ? say('met') : say('not-met', `${decisive.approver} must approve this.`);
  if (candidates.every(({ approver }) => sameName(office, approver))) return say('met', 'Met whichever row applies.');
  return say('not-assessable', [...new Set(candidates.flatMap(({ why }) => why))].join(' '));
};

/** Whether a row applies, and what stands in the way of telling. */
interface Applies {
  readonly answer: Answer;
  readonly why: readonly string[];
}
const WITHIN_PRECISION = 'The figure lies within precision of the limit: say what its sources are rounded to (roundedTo).';

const applies = (row: ApprovalRow, change: ChangeAsked): Applies => {
  const asked = (answer: Answer, missing: string): Applies => ({
    answer,
    why: answer === 'unknown' ? [missing] : answer === 'within-precision' ? [WITHIN_PRECISION] : [],
  });
  const limits = [
    ...(row.stepOverOriginalAbove === undefined ? [] : [asked(stepAbove(change, row.stepOverOriginalAbove), NO_STEP)]),
    ...(row.cumulativeOverOriginalAbove === undefined
      ? []
      : [asked(cumulativeAbove(change, row.cumulativeOverOriginalAbove), NO_CUMULATIVE)]),
    ...(row.monthsAbove === undefined
      ? []
      : [asked(longerBy(change, row.monthsAbove), 'The last day of the term is not known to the month.')]),
  ];
  const conditions = [
    ...(row.unforeseen === undefined ? [] : [asked(isUnforeseen(row.unforeseen, change), 'Unforeseen was not said.')]),
    ...(row.originalAtLeast ? [asked(reaches(change.original, row.originalAtLeast), 'The original value is not known in the currency of the table.')] : []), // prettier-ignore
  ];
  const limit = limits.length === 0 ? 'yes' : any(limits.map(({ answer }) => answer));
  const answer = all([...conditions.map(({ answer }) => answer), limit]);
  return { answer, why: [...conditions, ...(limit === 'yes' ? [] : limits)].flatMap(({ why }) => why) };
};
const NO_STEP = 'The value before or after the change is not known.';
const NO_CUMULATIVE = 'The original value or the value after the change is not known.';
const isUnforeseen = (wanted: boolean, { unforeseen }: ChangeAsked): Answer =>
  unforeseen === undefined ? 'unknown' : wanted === unforeseen ? 'yes' : 'no';

const stepAbove = ({ original, current, to, by }: ChangeAsked, percentage: number | string): Answer =>
  to === undefined ? 'no' : isAbove(stepRangeOverOriginal(original, current, to, by), percentage);
/** A change that leaves the value as it is adds nothing to what the changes before it came to. */
const cumulativeAbove = ({ original, to, added }: ChangeAsked, percentage: number | string): Answer =>
  to === undefined ? 'no' : isAbove(stepRangeOverOriginal(original, original, to, added), percentage);
const isAbove = (range: ReturnType<typeof stepRangeOverOriginal>, percentage: number | string): Answer => {
  const kept = within(range, ratioOfPercent(percentage));
  return kept === 'not assessable' ? 'unknown' : kept === 'within-precision' ? kept : kept === 'yes' ? 'no' : 'yes';
};

const longerBy = ({ endsOn, newEndsOn }: ChangeAsked, months: number): Answer => {
  if (newEndsOn === undefined) return 'no';
  if (endsOn === undefined) return 'unknown';
  return before(moveEnd(endsOn, months), newEndsOn);
};

export const inputsOf = ({ original, current, to, endsOn, newEndsOn, unforeseen }: ChangeAsked, office?: string): Assessment['inputs'] => ({
  original,
  current,
  ...(to && { to, ...changeFigures(original, current, to) }),
  ...(endsOn && { endsOn }),
  ...(newEndsOn && { newEndsOn }),
  ...(unforeseen !== undefined && { unforeseen }),
  ...(office && { office }),
});
