import { contract } from '../contract.js';

export const redenominateContract = contract.command('RedenominateContract', {
  summary: 'Replace the currency of a contract at a fixed rate: every figure is converted unrounded, half up, and keeps what it was.',
  records: 'ContractRedenominated',
});
