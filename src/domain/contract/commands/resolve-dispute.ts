import { contract } from '../contract.js';

export const resolveDispute = contract.command('ResolveDispute', {
  summary: 'Record how a dispute came to its end.',
  records: 'DisputeSettled',
});
