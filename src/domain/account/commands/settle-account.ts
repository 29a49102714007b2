import { account } from '../account.js';

export const settleAccount = account.command('SettleAccount', {
  summary: 'Settle an account whose invoices are paid: nothing is recorded in it any more.',
  records: 'AccountSettled',
});
