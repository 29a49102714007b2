import { loss } from '../loss.js';

export const rejectWriteOff = loss.command('RejectWriteOff', {
  summary: 'Reject a proposal to write off; it is gone.',
  records: 'WriteOffRejected',
});
