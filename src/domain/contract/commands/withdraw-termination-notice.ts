import { contract } from '../contract.js';

export const withdrawTerminationNotice = contract.command('WithdrawTerminationNotice', {
  summary: 'Withdraw a notice: the contract is again what it was.',
  fields: { ...contract.events.TerminationNoticeWithdrawn.fields },
  events: ['TerminationNoticeWithdrawn'],

  decide: ({ data }) => [{ type: 'TerminationNoticeWithdrawn', data }],
});
