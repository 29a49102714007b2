import { contract } from '../contract.js';

export const setMilestone = contract.command('SetMilestone', {
  summary: 'Set a milestone of a contract, with the day that was agreed.',
  records: 'MilestoneSet',
});
