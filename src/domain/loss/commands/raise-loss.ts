import { loss } from '../loss.js';

export const raiseLoss = loss.command('RaiseLoss', {
  summary: 'Raise a loss: one cause, who bears it, what it comes to.',
  records: 'LossRaised',
});
