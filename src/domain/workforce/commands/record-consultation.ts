import { workforce } from '../workforce.js';

export const recordConsultation = workforce.command('RecordConsultation', {
  summary: 'Record that a union, representatives or the staff themselves were informed and consulted.',
  records: 'ConsultationRecorded',
});
