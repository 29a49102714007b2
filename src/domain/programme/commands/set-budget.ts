import { programme } from '../programme.js';

export const setBudget = programme.command('SetBudget', {
  summary: 'Set the budget of a financial year; one that is set again takes the place of what was set before.',
  records: 'BudgetSet',
});
