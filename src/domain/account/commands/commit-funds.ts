import { account } from '../account.js';

export const commitFunds = account.command('CommitFunds', {
  summary: 'Commit funds to a contract by an order: a signature commits none.',
  records: 'FundsCommitted',
});
