import { contract } from '../contract.js';

export const recordDelay = contract.command('RecordDelay', {
  summary: 'Record that a milestone of a contract is late.',
  fields: { ...contract.events.DelayRecorded.fields },
  events: ['DelayRecorded'],
  refusals: {
    'contract/delay-earlier': 'A delay moves a milestone to a later date.',
  },

  decide: ({ data }) => [{ type: 'DelayRecorded', data }],
});
