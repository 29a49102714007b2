import { workforce } from '../workforce.js';

export const transferStaff = workforce.command('TransferStaff', {
  summary: 'Record that staff moved to another employer: both legs, and who did not move.',
  records: 'StaffTransferred',
});
