import { contract } from '../contract.js';

export const recordDelay = contract.command('RecordDelay', {
  summary: 'Record that a milestone of a contract is late.',
  records: 'DelayRecorded',
});
