import { contract } from '../contract.js';

export const moveMilestone = contract.command('MoveMilestone', {
  summary: 'Record when a milestone is expected now; the day that was agreed stays.',
  records: 'MilestoneMoved',
});
