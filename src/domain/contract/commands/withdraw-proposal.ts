import { contract } from '../contract.js';

export const withdrawProposal = contract.command('WithdrawProposal', {
  summary: 'Withdraw a change that was proposed and not yet decided.',
  records: 'ProposalWithdrawn',
});
