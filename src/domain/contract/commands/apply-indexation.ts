import { contract } from '../contract.js';

export const applyIndexation = contract.command('ApplyIndexation', {
  summary: 'Record a rise or fall of prices that the contract provides for.',
  records: 'IndexationApplied',
});
