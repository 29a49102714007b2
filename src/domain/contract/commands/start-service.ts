import { contract } from '../contract.js';

export const startService = contract.command('StartService', {
  summary: 'Start the service under a contract.',
  fields: { ...contract.events.ServiceStarted.fields },
  events: ['ServiceStarted'],
  refusals: {
    'contract/ends-before-start': 'The term has ended before this day.',
  },

  decide: ({ data }) => [{ type: 'ServiceStarted', data }],
});
