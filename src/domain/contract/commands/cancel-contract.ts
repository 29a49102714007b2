import { contract } from '../contract.js';

export const cancelContract = contract.command('CancelContract', {
  summary: 'Cancel a contract before it is signed.',
  fields: { ...contract.events.ContractCancelled.fields },
  events: ['ContractCancelled'],

  decide: ({ data }) => [{ type: 'ContractCancelled', data }],
});
