import { reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const terminateContract = contract.command('TerminateContract', {
  summary: 'Terminate a contract, wholly or in part, on a ground.',
  fields: { ...contract.events.ContractTerminated.fields },
  events: ['ContractTerminated'],
  refusals: {
    'contract/caused-by-itself': 'A contract cannot be the cause of its own end.',
    'contract/ends-before-start': 'A contract cannot end before it starts.',
  },

  decide({ id, data }) {
    if (data.causedBy === id) reject('contract/caused-by-itself', 'Name the other contract.', { pointer: '/causedBy' });

    return [{ type: 'ContractTerminated', data }];
  },
});
