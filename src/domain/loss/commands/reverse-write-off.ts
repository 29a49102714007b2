import { loss } from '../loss.js';

export const reverseWriteOff = loss.command('ReverseWriteOff', {
  summary: 'Reverse a write-off, wholly or in part.',
  records: 'WriteOffReversed',
});
