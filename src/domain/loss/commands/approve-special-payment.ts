import { loss } from '../loss.js';

export const approveSpecialPayment = loss.command('ApproveSpecialPayment', {
  summary: 'Approve a payment that no contract or law asks for.',
  records: 'SpecialPaymentApproved',
  approves: true,
});
