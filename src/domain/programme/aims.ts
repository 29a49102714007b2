import { amount, count, date, headcount, id, optional, percentage, signedAmount, text, type DataOf } from '../../kernel/index.js';

export const QUALIFIERS = ['exact', 'about', 'under', 'over', 'at-most', 'at-least'] as const;
/** The event that recorded it, and its day. */
interface RecordedBy {
  readonly event: string;
  readonly on: string;
}
export const strategyFields = {
  strategy: id('The strategy', { example: 'total-technology' }),
  title: text('Title of the strategy'),
  version: optional(text('Version', { max: 40 })),
  published: optional(date('When it was published; the day of the act when absent')),
  reviewDue: optional(date('When it is to be reviewed')),
};
export const savingsTargetFields = {
  target: id('The target', { example: 'three-years' }),
  title: text('What is to be saved, in our own words'),
  amount: optional(amount('How much')),
  percent: optional(percentage('By how many per cent', { max: 100 })),
  of: optional(text('Of what', { example: 'Running cost of IT' })),
  overMonths: optional(count('Within how many months', { min: 1, max: 1200, example: 36 })),
  by: optional(date('Until when')),
};
export const savingFields = {
  saving: id('The saving', { example: 'year-1' }),
  target: optional(id('The target that it counts towards', { example: 'three-years' })),
  amount: signedAmount('How much was saved; below zero where it costs'),
  verifiedBy: optional(text('Office that verified it')),
};
export const headcountTargetFields = {
  target: id('The target', { example: 'retained-it' }),
  title: text('Who is counted'),
  employer: optional(id('Whose pools are counted, to show how many are still to go', { example: 'authority' })),
  function: optional(id('Which of them; all when absent', { example: 'it' })),
  from: optional(headcount('How many there were')),
  to: headcount('How many there are to be'),
  by: optional(date('Until when')),
};
export type Strategy = DataOf<typeof strategyFields> & RecordedBy;
export type SavingsTarget = DataOf<typeof savingsTargetFields> & RecordedBy;
export type Saving = DataOf<typeof savingFields> & RecordedBy;
export type HeadcountTarget = DataOf<typeof headcountTargetFields> & RecordedBy;
