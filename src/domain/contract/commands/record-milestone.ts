import { contract } from '../contract.js';

export const recordMilestone = contract.command('RecordMilestone', {
  summary: 'Record that a milestone was reached.',
  records: 'MilestoneReached',
});
