import { workforce } from '../workforce.js';

export const revisePlan = workforce.command('RevisePlan', {
  summary: 'Revise a planned transfer: a list of another day, another date, another basis.',
  records: 'PlanRevised',
});
