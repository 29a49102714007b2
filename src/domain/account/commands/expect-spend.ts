import { account } from '../account.js';

export const expectSpend = account.command('ExpectSpend', {
  summary: 'Say what is expected to be spent in a financial year, or in a month of it: the last that is said of the same counts.',
  records: 'SpendExpected',
});
