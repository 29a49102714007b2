import { contract } from '../contract.js';

export const setKpis = contract.command('SetKpis', {
  summary: 'Set the indicators by which a contract is measured, each with its target and period.',
  records: 'KpisSet',
});
