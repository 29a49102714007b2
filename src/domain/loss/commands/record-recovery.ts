import { loss } from '../loss.js';

export const recordRecovery = loss.command('RecordRecovery', {
  summary: 'Record what came back of a loss; after a write-off it lowers the net.',
  records: 'RecoveryRecorded',
});
