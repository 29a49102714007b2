import { contract } from '../contract.js';

export const startService = contract.command('StartService', {
  summary: 'Start the service under a contract.',
  records: 'ServiceStarted',
});
