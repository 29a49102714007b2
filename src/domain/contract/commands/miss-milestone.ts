import { contract } from '../contract.js';

export const missMilestone = contract.command('MissMilestone', {
  summary: 'Record that a milestone was missed; it may still be reached later.',
  records: 'MilestoneMissed',
});
