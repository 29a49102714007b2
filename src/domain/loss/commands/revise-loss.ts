import { loss } from '../loss.js';

export const reviseLoss = loss.command('ReviseLoss', {
  summary: 'Revise what a loss comes to.',
  records: 'LossRevised',
});
