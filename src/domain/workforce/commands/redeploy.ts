import { workforce } from '../workforce.js';

export const redeploy = workforce.command('Redeploy', {
  summary: 'Record that staff moved to another function of their employer.',
  records: 'StaffRedeployed',
});
