import { loss } from '../loss.js';

export const proposeWriteOff = loss.command('ProposeWriteOff', {
  summary: 'Propose to write off a loss, wholly or in part.',
  fields: { ...loss.events.WriteOffProposed.fields },
  events: ['WriteOffProposed'],
  refusals: {
    'loss/mixed-currencies': 'A loss has one currency.',
  },

  decide: ({ data }) => [{ type: 'WriteOffProposed', data }],
});
