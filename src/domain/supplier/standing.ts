import { before } from '../../kernel/index.js';
import type { Supplier } from './supplier.js';

type Suspension = NonNullable<Supplier['formerSuspensions']>[number] | NonNullable<Supplier['suspended']>;
const OPPOSITE = { yes: 'no', no: 'yes', unknown: 'unknown' } as const;

/** Whether a day is one of a suspension: from its first day to its last, and before the day on which it was taken back. */
const isDuring = (suspension: Suspension, day: string): 'yes' | 'no' | 'unknown' => {
  const { on, until } = suspension;
  const outside = [
    before(day, on),
    until !== undefined && before(until, day),
    'endedOn' in suspension && OPPOSITE[before(day, suspension.endedOn)],
  ];
  return outside.includes('yes') ? 'no' : outside.includes('unknown') ? 'unknown' : 'yes';
};

/** Whether a supplier is in good standing on a day: what its uncertain days leave open is unknown. */
export const isInGoodStanding = (
  { suspended, formerSuspensions = [] }: Pick<Supplier, 'suspended' | 'formerSuspensions'>,
  day: string,
): 'yes' | 'no' | 'unknown' => {
  const answers = [...formerSuspensions, ...(suspended ? [suspended] : [])].map((one) => isDuring(one, day));
  return answers.includes('yes') ? 'no' : answers.includes('unknown') ? 'unknown' : 'yes';
};
