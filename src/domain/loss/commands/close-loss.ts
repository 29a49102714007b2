import { loss } from '../loss.js';

export const closeLoss = loss.command('CloseLoss', {
  summary: 'Close a loss of which nothing is outstanding.',
  records: 'LossClosed',
});
