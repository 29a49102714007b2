import { minor, type Amount, type Assessment, type EventContext, type Taken } from '../../kernel/index.js';
import { lossApprovalOf, type Basis } from '../programme/loss-authority.js';
import type { Programme } from '../programme/programme.js';
import { twoPeople } from '../programme/two-people.js';
import { equivalentIn, leastGrossIn, writtenOffIn, type Loss, type SpecialPayment } from './state.js';

const max = (a: bigint | undefined, b: bigint | undefined): bigint | undefined =>
  a === undefined || b === undefined ? undefined : a > b ? a : b;
const sumIn = (amounts: readonly Amount[], currency: string): bigint | undefined =>
  amounts.reduce<bigint | undefined>((sum, amount) => {
    const units = equivalentIn(amount, currency);
    return sum === undefined || units === undefined ? undefined : sum + units;
  }, 0n);
const amountsOf = (payments: readonly SpecialPayment[]): readonly Amount[] => payments.map(({ amount }) => amount);

/** Whether the authority itself bears it: rules about approvers apply to nothing else. */
export const isOurs = ({ bearer, elsewhere, stage }: Pick<Loss, 'bearer' | 'elsewhere' | 'stage'>): boolean =>
  bearer === 'authority' && !elsewhere && stage !== 'none';

/**
 * What a loss counts for in its case, in minor units: its least gross, or what was written off of it where that is more; of a special
 * payment what was approved, or paid where that is more. Undefined where its equivalent in the currency is not recorded.
 */
export const comesTo = (l: Pick<Loss, 'kind' | 'gross' | 'movements' | 'approved' | 'paid'>, currency: string): bigint | undefined =>
  l.kind === 'loss'
    ? max(leastGrossIn(l, currency), writtenOffIn(l, currency))
    : max(sumIn(amountsOf(l.approved), currency), sumIn(amountsOf(l.paid), currency));

/** What the losses of a case come to; undefined where one of them is not known in the currency, or which they are is not known. */
const caseIn = (l: Loss, own: bigint | undefined, { related }: Pick<Taken, 'related'>, currency: string): bigint | undefined => {
  if (!related) return undefined;
  let sum = own;
  for (const { state } of related as readonly { readonly state: Loss }[]) {
    if (state.case !== l.case || state.programme !== l.programme || state.kind !== l.kind || !isOurs(state)) continue;
    const other = comesTo(state, currency);
    sum = sum === undefined || other === undefined ? undefined : sum + other;
  }
  return sum;
};
/** The part of a basis that is the case; nothing for a loss without one. */
const caseOf = (l: Loss, own: Basis[string], taken: Taken): Basis =>
  l.case === undefined ? {} : { [`the case ${l.case}`]: (currency) => caseIn(l, own(currency), taken, currency) };

/**
 * Whether the right office decided on a write-off, or on what has to do with one (without `more`): authority follows the largest of the
 * least gross, all that is written off with this, and the sum of its case.
 */
export const writeOffApproval = (
  l: Loss,
  more: Amount | undefined,
  governing: Programme,
  context: EventContext,
  taken: Taken,
): readonly Assessment[] => {
  if (!isOurs(l)) return [];
  const inAll: Basis[string] = (currency) => {
    const [before, this_] = [writtenOffIn(l, currency), more ? equivalentIn(more, currency) : 0n];
    return before === undefined || this_ === undefined ? undefined : before + this_;
  };
  const basis: Basis = {
    'the gross': (currency) => leastGrossIn(l, currency),
    'all that is written off': inAll,
    ...caseOf(l, (currency) => max(leastGrossIn(l, currency), inAll(currency)), taken),
  };
  const inputs = { gross: l.gross, ...(more && { amount: more }), ...(l.case !== undefined && { case: l.case }) };
  return lossApprovalOf(governing, 'writeOffs', { basis, inputs }, context, taken);
};

/** Whether the right office approved a special payment: authority follows all that is approved with this, of it and of its case. */
export const paymentApproval = (
  l: Loss,
  more: Amount | undefined,
  governing: Programme,
  context: EventContext,
  taken: Taken,
): readonly Assessment[] => {
  if (!isOurs(l)) return [];
  const inAll: Basis[string] = (currency) => sumIn([...amountsOf(l.approved), ...(more ? [more] : [])], currency);
  const basis: Basis = { 'all that is approved': inAll, ...caseOf(l, inAll, taken) };
  const inputs = { ...(more && { amount: more }), ...(l.case !== undefined && { case: l.case }) };
  return lossApprovalOf(governing, 'specialPayments', { basis, inputs }, context, taken);
};

/** Whether somebody else than its proposer writes a loss off, where the programme has adopted the check; more than was proposed was not. */
export const writtenOffByTwo = (
  l: Loss,
  amount: Amount,
  governing: Programme,
  context: EventContext,
  taken: Taken,
): readonly Assessment[] => {
  if (!isOurs(l)) return [];
  const covers = l.proposed?.left.currency === amount.currency && minor(amount) <= minor(l.proposed.left);
  return twoPeople(governing, covers ? l.proposed : undefined, context, taken);
};
