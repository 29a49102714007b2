import { loss } from '../loss.js';

export const writeOff = loss.command('WriteOff', {
  summary: 'Write off a loss, wholly or in part, on somebody’s authority.',
  records: 'WrittenOff',
  approves: true,
});
