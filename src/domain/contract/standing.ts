import type { Assessment, EventContext, Taken } from '../../kernel/index.js';
import { checked } from '../programme/policies.js';
import type { WithPolicies } from '../programme/policy.js';
import { isInGoodStanding } from '../supplier/standing.js';
import type { Supplier } from '../supplier/supplier.js';

/**
 * Whether suppliers that a contract is given to are in good standing on the day of the act, where the programme has adopted the check. A
 * correction that names none of them asks nothing again.
 */
export const assessStanding = (
  suppliers: readonly string[],
  { effectiveOn }: EventContext,
  programme: WithPolicies,
  { stateOf }: Taken,
): readonly Assessment[] => {
  const read = [...new Set(suppliers)].flatMap((supplier) => {
    const state = stateOf?.('supplier', supplier) as Supplier | undefined;
    return state ? [{ supplier, inGoodStanding: isInGoodStanding(state, effectiveOn) }] : [];
  });
  if (read.length === 0) return [];
  const those = (answer: 'no' | 'unknown'): readonly string[] =>
    read.filter(({ inGoodStanding }) => inGoodStanding === answer).map(({ supplier }) => supplier);
  const [suspended, unknown] = [those('no'), those('unknown')];
  const inputs = { suppliers: read.map(({ supplier }) => supplier), suspended };
  const say = (result: Assessment['result'], note?: string) => checked(programme, 'supplier-standing', effectiveOn, inputs, result, note);
  if (suspended.length > 0) return say('not-met', `Suspended on that day: ${suspended.join(', ')}.`);
  return unknown.length > 0 ? say('not-assessable', `It is not known whether suspended on that day: ${unknown.join(', ')}.`) : say('met');
};
