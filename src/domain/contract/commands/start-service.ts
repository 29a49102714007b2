import { contract } from '../contract.js';

export const startService = contract.command('StartService', {
  summary: 'Start the service under a contract.',
  fields: { ...contract.events.ServiceStarted.fields },
  events: ['ServiceStarted'],

  decide: ({ data }) => [{ type: 'ServiceStarted', data }],
});
