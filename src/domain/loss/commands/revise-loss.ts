import { loss } from '../loss.js';

export const reviseLoss = loss.command('ReviseLoss', {
  summary: 'Revise what a loss comes to.',
  fields: { ...loss.events.LossRevised.fields },
  events: ['LossRevised'],
  refusals: {
    'loss/mixed-currencies': 'A loss has one currency.',
    'loss/more-than-gross': 'What is written off and recovered is together no more than the gross loss.',
  },

  decide: ({ data }) => [{ type: 'LossRevised', data }],
});
