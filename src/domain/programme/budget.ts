import { eventsOf, showValue } from '../../kernel/index.js';
import { fits } from './bounds.js';
import { budgetFields, type Programme } from './state.js';

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
      ...fits('budgets', (p) => p.budgets),
    },
    evolve: (p, data, { event, effectiveOn }) => ({ ...p, budgets: [...p.budgets, { ...data, event, on: effectiveOn }] }),
  }),
};
