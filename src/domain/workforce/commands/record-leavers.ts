import { workforce } from '../workforce.js';

export const recordLeavers = workforce.command('RecordLeavers', {
  summary: 'Record that staff left a pool for outside.',
  records: 'StaffLeft',
});
