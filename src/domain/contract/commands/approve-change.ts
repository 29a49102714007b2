import { contract } from '../contract.js';

export const approveChange = contract.command('ApproveChange', {
  summary: 'Approve a change of value, term or scope; the approval carries the whole change.',
  records: 'ChangeApproved',
});
