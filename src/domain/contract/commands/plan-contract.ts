import { contract } from '../contract.js';

export const planContract = contract.command('PlanContract', {
  summary: 'Plan a contract of the programme.',
  fields: { ...contract.events.ContractPlanned.fields },
  events: ['ContractPlanned'],

  decide: ({ data }) => [{ type: 'ContractPlanned', data }],
});
