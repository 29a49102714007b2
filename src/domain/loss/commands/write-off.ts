import { loss } from '../loss.js';

export const writeOff = loss.command('WriteOff', {
  summary: 'Write off a loss, wholly or in part, on somebody’s authority.',
  fields: { ...loss.events.WrittenOff.fields },
  events: ['WrittenOff'],
  refusals: {
    'loss/mixed-currencies': 'A loss has one currency.',
    'loss/more-than-gross': 'What is written off and recovered is together no more than the gross loss.',
  },

  decide: ({ data }) => [{ type: 'WrittenOff', data }],
});
