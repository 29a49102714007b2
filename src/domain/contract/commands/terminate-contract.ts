import { contract } from '../contract.js';

export const terminateContract = contract.command('TerminateContract', {
  summary: 'Terminate a contract, wholly or in part, on a ground.',
  records: 'ContractTerminated',
});
