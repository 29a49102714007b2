import { workforce } from '../workforce.js';

export const recordJoiners = workforce.command('RecordJoiners', {
  summary: 'Record that staff joined a pool from outside.',
  records: 'StaffJoined',
});
