import { contract } from '../contract.js';

export const signContract = contract.command('SignContract', {
  summary: 'Sign an awarded contract.',
  records: 'ContractSigned',
});
