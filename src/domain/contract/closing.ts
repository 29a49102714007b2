import { askedOf, betweenOf, isAmount, type Assessment, type Taken, type Value } from '../../kernel/index.js';
import { unreconciled, type Account } from '../account/state.js';
import { checked } from '../programme/policies.js';
import type { WithPolicies } from '../programme/policy.js';

/** Whether what a contract came to is at most what was approved: where either is too rounded to tell, it is within precision. */
const isWithin = (finalValue: Value, ceiling: Value): keyof typeof NOT_WITHIN | 'yes' => {
  if (!isAmount(finalValue) || !isAmount(ceiling) || finalValue.currency !== ceiling.currency) return 'unknown';
  const [final, approved] = [betweenOf(finalValue), askedOf(ceiling)];
  if (approved.most !== undefined && final.least > approved.most) return 'no';
  if (final.most === undefined) return 'unknown';
  if (final.most <= approved.least) return 'yes';
  return approved.most === undefined ? 'unknown' : 'within-precision';
};
const NOT_WITHIN = {
  no: 'It came to more than was approved.',
  unknown: 'What it came to, or what was approved, is not known in one currency.',
  'within-precision': 'The final value lies within precision of the ceiling: say what its sources are rounded to (roundedTo).',
} as const;

/** Whether a contract that is closed came to no more than its ceiling, where the programme has adopted the check. */
export const assessFinalValue = (finalValue: Value, ceiling: Value, on: string, programme: WithPolicies): readonly Assessment[] => {
  const say = (result: Assessment['result'], note?: string) =>
    checked(programme, 'final-value-within-ceiling', on, { finalValue, ceiling }, result, note);
  const kept = isWithin(finalValue, ceiling);
  return kept === 'yes' ? say('met') : say(kept === 'no' ? 'not-met' : 'not-assessable', NOT_WITHIN[kept]);
};

/** Whether its account is reconciled: all that is invoiced is paid. A correction of the close does not look at it again. */
export const assessAccount = (on: string, programme: WithPolicies, { id, stateOf }: Taken): readonly Assessment[] => {
  const account = id === undefined ? undefined : (stateOf?.('account', id) as Account | undefined);
  if (!account) return [];
  const open = unreconciled(account);
  const say = (result: Assessment['result'], note?: string) =>
    checked(programme, 'account-reconciled', on, { account: account.stage, open }, result, note);
  if (account.stage === 'none') return say('not-assessable', 'No account of it is opened.');
  return open.length > 0 ? say('not-met', `What is paid is not what is invoiced in ${open.join(', ')}.`) : say('met');
};
