import { account } from '../account.js';

export const recordPayment = account.command('RecordPayment', {
  summary: 'Record a payment, and the invoices that it pays.',
  records: 'PaymentRecorded',
});
