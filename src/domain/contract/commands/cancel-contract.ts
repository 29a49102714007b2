import { contract } from '../contract.js';

export const cancelContract = contract.command('CancelContract', {
  summary: 'Cancel a contract before it is signed.',
  records: 'ContractCancelled',
});
