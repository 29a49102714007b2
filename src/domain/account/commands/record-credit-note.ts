import { account } from '../account.js';

export const recordCreditNote = account.command('RecordCreditNote', {
  summary: 'Record a credit note: an invoice below zero.',
  records: 'CreditNoteRecorded',
});
