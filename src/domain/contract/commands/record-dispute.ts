import { contract } from '../contract.js';

export const recordDispute = contract.command('RecordDispute', {
  summary: 'Record a dispute under a contract.',
  records: 'DisputeRaised',
});
