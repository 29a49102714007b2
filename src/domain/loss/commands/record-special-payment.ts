import { loss } from '../loss.js';

export const recordSpecialPayment = loss.command('RecordSpecialPayment', {
  summary: 'Record that a special payment was made.',
  records: 'SpecialPaymentRecorded',
});
