import { contract } from '../contract.js';

export const recordContract = contract.command('RecordContract', {
  summary: 'Bring in a contract that already exists, at the stage it has reached.',
  fields: { ...contract.events.ContractRecorded.fields },
  events: ['ContractRecorded'],
  refusals: {
    'contract/dates-out-of-order': 'Award, signature, start and end must follow one another.',
    'contract/tower-without-tower': 'A contract of a tower names the tower.',
  },

  decide: ({ data }) => [{ type: 'ContractRecorded', data }],
});
