import { contract } from '../contract.js';

export const closeContract = contract.command('CloseContract', {
  summary: 'Close a contract that has been exited, with its final value and last day.',
  records: 'ContractClosed',
});
