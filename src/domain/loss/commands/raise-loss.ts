import { loss } from '../loss.js';

export const raiseLoss = loss.command('RaiseLoss', {
  summary: 'Raise a loss: one cause, who bears it, what it comes to.',
  fields: { ...loss.events.LossRaised.fields },
  events: ['LossRaised'],
  refusals: {
    'loss/no-bearer': 'A loss that a supplier bears names the supplier.',
    'loss/does-not-add-up': 'The items of a loss come to its gross.',
    'loss/mixed-currencies': 'A loss has one currency.',
  },

  decide: ({ data }) => [{ type: 'LossRaised', data }],
});
