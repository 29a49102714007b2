import { loss } from '../loss.js';

export const recordRecovery = loss.command('RecordRecovery', {
  summary: 'Record what came back of a loss; after a write-off it lowers the net.',
  fields: { ...loss.events.RecoveryRecorded.fields },
  events: ['RecoveryRecorded'],
  refusals: {
    'loss/mixed-currencies': 'A loss has one currency.',
    'loss/more-than-gross': 'What is written off and recovered is together no more than the gross loss.',
  },

  decide: ({ data }) => [{ type: 'RecoveryRecorded', data }],
});
