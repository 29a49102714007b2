import { account } from '../account.js';

export const recordInvoice = account.command('RecordInvoice', {
  summary: 'Record an invoice of the supplier.',
  records: 'InvoiceRecorded',
});
