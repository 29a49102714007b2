import { optional } from '../../../kernel/index.js';
import { contract } from '../contract.js';
import { contentOf, proposalOf } from '../events/proposal.js';

const { kind, ...fields } = contract.events.ChangeApproved.fields;

export const approveChange = contract.command('ApproveChange', {
  summary: 'Approve a change of value, term or scope: one that was proposed, by its id alone, or one that only the approval states.',
  records: 'ChangeApproved',
  approves: true,
  fields: { kind: optional(kind), ...fields },
  rules: {
    'contract/change-without-kind': {
      says: 'A change that was not proposed here says what changes.',
      field: '/kind',
      holds: ({ data: { kind, proposal } }, { stage }) => stage === 'none' || (kind ?? proposal) !== undefined,
    },
    'contract/unknown-proposal': {
      says: 'The contract has no such proposal.',
      field: '/proposal',
      detail: ({ data: { proposal } }) => `Nobody proposed ${proposal} before that day.`,
      holds: ({ data: { proposal } }, c) => c.stage === 'none' || proposal === undefined || proposalOf(proposal, c) !== undefined,
    },
  },
  /** What was proposed stands in the approval itself, so that a later correction of the proposal changes nothing that was approved. */
  decide({ data }, c) {
    const proposed = contentOf(proposalOf(data.proposal, c));
    const kind = data.kind ?? proposed.kind!;
    return [{ type: 'ChangeApproved', data: { ...proposed, ...data, kind } as typeof data & { readonly kind: typeof kind } }];
  },
});
