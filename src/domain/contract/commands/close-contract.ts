import { certainlyBefore, reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const closeContract = contract.command('CloseContract', {
  summary: 'Close a contract that has been exited, with its final value and last day.',
  fields: { ...contract.events.ContractClosed.fields },
  events: ['ContractClosed'],
  refusals: {
    'contract/ends-before-start': 'A contract cannot end before it starts.',
  },

  decide({ data }, { term }) {
    if (term.startsOn && certainlyBefore(data.endedOn, term.startsOn))
      reject('contract/ends-before-start', `It started on ${term.startsOn}.`, { pointer: '/endedOn' });

    return [{ type: 'ContractClosed', data }];
  },
});
