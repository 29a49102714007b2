import { loss } from '../loss.js';

export const ratifyWriteOff = loss.command('RatifyWriteOff', {
  summary: 'Ratify a write-off, its reversal or a special payment that was decided without the authority it needed.',
  records: 'WriteOffRatified',
  approves: true,
});
