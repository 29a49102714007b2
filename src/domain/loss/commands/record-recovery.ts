import { loss } from '../loss.js';

export const recordRecovery = loss.command('RecordRecovery', {
  summary: 'Record what came back of a loss: it pays what is outstanding first, and only the rest lowers what is written off.',
  records: 'RecoveryRecorded',
});
