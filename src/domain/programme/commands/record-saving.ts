import { programme } from '../programme.js';

export const recordSaving = programme.command('RecordSaving', {
  summary: 'Record what was saved, and who verified it.',
  records: 'SavingRecorded',
});
