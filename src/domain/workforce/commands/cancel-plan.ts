import { workforce } from '../workforce.js';

export const cancelPlan = workforce.command('CancelPlan', {
  summary: 'Cancel what remains of a planned transfer.',
  records: 'PlanCancelled',
  alreadySo: ({ data }, { plans }) => plans.some(({ plan, cancelled }) => plan === data.plan && cancelled !== undefined),
});
