import { contract } from '../contract.js';

export const recordContract = contract.command('RecordContract', {
  summary: 'Bring in a contract that already exists, at the stage it has reached.',
  records: 'ContractRecorded',
});
