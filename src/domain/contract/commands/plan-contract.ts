import { contract } from '../contract.js';

export const planContract = contract.command('PlanContract', {
  summary: 'Plan a contract of the programme.',
  records: 'ContractPlanned',
});
