import { choice, count, id, optional, signedAmount, text, type DataOf } from '../../kernel/index.js';

export const budgetFields = {
  budget: id('The budget', { example: 'ict-2026' }),
  title: text('What it is for', { example: 'ICT' }),
  year: count('Calendar year in which its financial year begins', { min: 1900, max: 2199, example: 2026 }),
  amount: signedAmount('How much; below zero where income is planned'),
  nature: optional(choice(['capital', 'revenue'], 'Whether it is capital or revenue; both when absent')),
};
/** As it was set last. */
export type Budget = DataOf<typeof budgetFields> & { readonly event: string; readonly on: string };

/** The budgets once one is set: one of the same id takes the place of what was set before. */
export const withBudget = (budgets: readonly Budget[] | undefined, budget: Budget): readonly Budget[] => [
  ...(budgets ?? []).filter((one) => one.budget !== budget.budget),
  budget,
];
