import { account } from '../account.js';

export const decommit = account.command('Decommit', {
  summary: 'Take back what is committed and no longer needed.',
  records: 'FundsDecommitted',
});
