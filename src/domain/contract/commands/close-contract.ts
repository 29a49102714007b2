import { certainlyBefore } from '../../../kernel/index.js';
import type { WithPolicies } from '../../programme/policy.js';
import { contract } from '../contract.js';

export const closeContract = contract.command('CloseContract', {
  summary: 'Close a contract that was terminated or is past its last day, with its final value.',
  records: 'ContractClosed',
  // Its account is looked at where the programme asks whether it is reconciled.
  follows(_, stateOf, { id, state: { programme } }) {
    const governing = programme === undefined ? undefined : (stateOf('programme', programme) as WithPolicies | undefined);
    return governing?.policies.some(({ checks }) => checks?.includes('account-reconciled')) ? [{ category: 'account', id }] : [];
  },
  rules: {
    'contract/ends-in-the-future': {
      says: 'The last day of a contract that is closed is today or earlier.',
      field: '/endedOn',
      detail: ({ today }) => `Today is ${today}.`,
      holds: ({ data: { endedOn }, today }) => !certainlyBefore(today, endedOn),
    },
  },
});
