import { workforce } from '../workforce.js';

export const planTransfer = workforce.command('PlanTransfer', {
  summary: 'Plan that staff move to another employer.',
  records: 'TransferPlanned',
});
