import { loss } from '../loss.js';

export const withdrawWriteOffProposal = loss.command('WithdrawWriteOffProposal', {
  summary: 'Withdraw a proposal to write off; it is gone.',
  records: 'WriteOffProposalWithdrawn',
});
