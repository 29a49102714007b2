import { programme } from '../programme.js';

export const setBudget = programme.command('SetBudget', {
  summary: 'Set the budget of a financial year, capital or revenue; a later one replaces it.',
  records: 'BudgetSet',
});
