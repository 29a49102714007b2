import { contract } from '../contract.js';

export const applyServiceCredit = contract.command('ApplyServiceCredit', {
  summary: 'Record a service credit that the supplier gives for what was missed.',
  records: 'ServiceCreditApplied',
});
