import { contract } from '../contract.js';

export const rejectChange = contract.command('RejectChange', {
  summary: 'Reject a change that was proposed, and say why.',
  records: 'ChangeRejected',
});
