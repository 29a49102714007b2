import { loss } from '../loss.js';

export const leaveCase = loss.command('LeaveCase', {
  summary: 'Take a loss out of its case, on the authority over the whole case: it was a matter of its own from the beginning.',
  records: 'CaseLeft',
});
