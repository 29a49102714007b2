import { contract } from '../contract.js';

export const recordStandstillLetter = contract.command('RecordStandstillLetter', {
  summary: 'Record the letter to the tenderers that begins the standstill.',
  records: 'StandstillLetterSent',
});
