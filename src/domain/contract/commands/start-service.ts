import { contract } from '../contract.js';

export const startService = contract.command('StartService', {
  summary: 'Start the service under a contract; before its award or signature where it was so.',
  records: 'ServiceStarted',
});
