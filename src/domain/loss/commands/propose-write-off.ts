import { loss } from '../loss.js';

export const proposeWriteOff = loss.command('ProposeWriteOff', {
  summary: 'Propose to write off a loss, wholly or in part.',
  records: 'WriteOffProposed',
});
