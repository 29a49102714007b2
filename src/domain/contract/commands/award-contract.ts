import { contract } from '../contract.js';

export const awardContract = contract.command('AwardContract', {
  summary: 'Award a contract to a supplier, planned here or not.',
  records: 'ContractAwarded',
});
