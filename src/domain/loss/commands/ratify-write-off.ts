import { loss } from '../loss.js';

export const ratifyWriteOff = loss.command('RatifyWriteOff', {
  summary: 'Ratify a write-off that was decided without the authority it needed.',
  records: 'WriteOffRatified',
});
