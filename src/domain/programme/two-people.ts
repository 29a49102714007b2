import type { Assessment, EventContext, Taken } from '../../kernel/index.js';
import { checked } from './policies.js';
import type { WithPolicies } from './policy.js';

/** What was proposed before it was approved. */
interface Proposed {
  readonly proposedBy?: string;
}

/**
 * Whether somebody else than its proposer approves a change, where the programme has adopted the check. Where nobody is named as
 * deciding, it is the person who records it. Without tokens anybody can be named, so that two names prove nothing.
 */
export const twoPeople = (
  programme: WithPolicies,
  proposed: Proposed | undefined,
  { effectiveOn, decidedBy }: EventContext,
  { now, actor, amends }: Taken,
): readonly Assessment[] => {
  const approvedBy = decidedBy?.person ?? actor.id;
  const say = (result: Assessment['result'], note?: string): readonly Assessment[] =>
    checked(programme, 'two-people', effectiveOn, { proposedBy: proposed?.proposedBy ?? null, approvedBy }, result, note);
  if (!proposed) return now && !amends ? say('not-met', 'Nobody proposed this: propose it, and let another person approve it.') : say('not-assessable', 'Recorded without proposal.'); // prettier-ignore
  const named = decidedBy !== undefined || actor.role !== undefined;
  if (named && proposed.proposedBy === approvedBy) return say('not-met', `${approvedBy} proposed it: another person must approve it.`);
  if (actor.role === undefined) return say('not-assessable', 'Nobody is signed in: who proposed and who approved is as recorded.');
  return say(proposed.proposedBy === undefined ? 'not-assessable' : 'met');
};
