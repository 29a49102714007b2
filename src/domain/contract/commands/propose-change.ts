import { contract } from '../contract.js';

export const proposeChange = contract.command('ProposeChange', {
  summary: 'Propose a change of value, term or scope, for another person to approve.',
  records: 'ChangeProposed',
});
