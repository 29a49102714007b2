import { contract } from '../contract.js';

export const novateContract = contract.command('NovateContract', {
  summary: 'Novate a contract: another supplier takes it over.',
  records: 'ContractNovated',
});
