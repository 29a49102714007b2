import { certainlyBefore } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const closeContract = contract.command('CloseContract', {
  summary: 'Close a contract that was terminated or is past its last day, with its final value.',
  records: 'ContractClosed',
  rules: {
    'contract/ends-in-the-future': {
      says: 'The last day of a contract that is closed is today or earlier.',
      field: '/endedOn',
      detail: ({ today }) => `Today is ${today}.`,
      holds: ({ data: { endedOn }, today }) => !certainlyBefore(today, endedOn),
    },
  },
});
