import { reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const novateContract = contract.command('NovateContract', {
  summary: 'Novate a contract: another supplier takes it over.',
  fields: { ...contract.events.ContractNovated.fields },
  events: ['ContractNovated'],
  refusals: {
    'contract/same-supplier': 'The contract is with this supplier already.',
  },

  decide({ data }, { supplier }) {
    if (data.supplier === supplier) reject('contract/same-supplier', `It is with ${supplier}.`, { pointer: '/supplier' });

    return [{ type: 'ContractNovated', data }];
  },
});
