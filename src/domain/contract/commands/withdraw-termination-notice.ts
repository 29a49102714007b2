import { contract } from '../contract.js';

export const withdrawTerminationNotice = contract.command('WithdrawTerminationNotice', {
  summary: 'Withdraw a notice: the contract is again what it was.',
  records: 'TerminationNoticeWithdrawn',
});
