import { account } from '../account.js';

export const allocatePayment = account.command('AllocatePayment', {
  summary: 'Say which invoices a payment pays, where it named none.',
  records: 'PaymentAllocated',
});
