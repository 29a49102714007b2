import { amount, choice, count, eventsOf, optional, showValue, text, type DataOf } from '../../kernel/index.js';
import type { Programme } from './programme.js';

const budgetFields = {
  year: count('The year in which the financial year begins', { min: 1900, max: 2199, example: 2016 }),
  kind: choice(['capital', 'revenue']),
  amount: amount('What may be spent in that year'),
  why: optional(text('Why, in our own words', { max: 1000 })),
};
/** Of one financial year; one that is set later replaces it. */
export type Budget = DataOf<typeof budgetFields> & { readonly event: string; readonly on: string };

const event = eventsOf<Programme>();

export const budgetEvents = {
  BudgetSet: event({
    allowedIn: ['chartered'],
    fields: budgetFields,
    rules: {
      'programme/budget-in-another-currency': {
        says: 'A budget is in the base currency of its programme.',
        field: '/amount/currency',
        detail: ({ data: { amount } }, { baseCurrency }) => `${showValue(amount)} is not in ${baseCurrency}.`,
        holds: ({ data: { amount } }, { baseCurrency }) => amount.currency === baseCurrency,
      },
    },
    evolve: (p, data, { event, effectiveOn }) => ({ ...p, budgets: [...p.budgets, { ...data, event, on: effectiveOn }] }),
  }),
};
