import { amount, choice, count, date, flag, id, list, object, optional, percentage, text, type DataOf } from '../../kernel/index.js';
import { packFields } from '../law/index.js';

/** One row of an approval table: of the three limits that a change must exceed, one; all other conditions that it states must hold. */
const approvalRow = object({
  originalAtLeast: optional(amount('Original value of the contract from which the row applies')),
  stepOverOriginalAbove: optional(percentage('Per cent of the original value that the change must exceed', { example: '12.5' })),
  cumulativeOverOriginalAbove: optional(
    percentage('Per cent of the original value that all changes of the value together must exceed, with this one', { example: '50' }),
  ),
  monthsAbove: optional(count('Months that the extension must exceed', { max: 1200, example: 12 })),
  unforeseen: optional(flag('Only changes that were, or were not, unforeseen')),
  approver: text('Office that must approve', { example: 'Deputy Mayor for Policing and Crime' }),
});

/** A row of a table for losses or special payments: highest office first. */
const lossRow = object({
  grossAtLeast: optional(amount('What the loss, all that is written off of it, or its case comes to at least')),
  grossAbove: optional(amount('What they come to more than')),
  approver: text('Office that must approve', { example: 'Deputy Mayor for Policing and Crime' }),
});
export type LossRow = DataOf<NonNullable<(typeof lossRow)['fields']>>;

/** Checks that a programme may adopt, by name. */
export const CHECKS = [
  'signed-before-service',
  'contractual-notice',
  'standstill',
  'option-notice',
  'two-people',
  'no-suspending-challenge',
  'supplier-standing',
  'final-value-within-ceiling',
  'account-reconciled',
  'options-in-order',
  'novation-ground',
] as const;

/** One version of a policy as a programme adopts it. */
export const policyFields = {
  policy: id('The policy', { example: 'scheme-of-consent' }),
  title: text('Title of the policy'),
  version: text('Version', { max: 40, example: '2016-1' }),
  inForceFrom: date('First day in force'),
  inForceUntil: optional(date('Last day in force')),
  reviewDue: optional(date('When it is to be reviewed')),
  approvals: optional(list(approvalRow, 'Who must approve which change: the first row that applies', { max: 50 })),
  writeOffs: optional(list(lossRow, 'Who must approve which write-off: the first row that applies', { max: 50 })),
  specialPayments: optional(list(lossRow, 'Who must approve which special payment: the first row that applies', { max: 50 })),
  discloseAbove: optional(amount('A loss or special payment above it is named in the losses statement of its year')),
  checks: optional(list(choice(CHECKS), 'Checks that apply', { max: CHECKS.length })),
  law: optional(object(packFields, 'A pack of law, with its whole body')),
};
export type PolicyData = DataOf<typeof policyFields>;
/** As adopted, with the day of the adoption. */
export type Policy = PolicyData & { readonly adoptedOn: string };
export type ApprovalRow = NonNullable<Policy['approvals']>[number];

/** What has adopted policies: every version, in the order of adoption. */
export interface WithPolicies {
  readonly policies: readonly Policy[];
}
