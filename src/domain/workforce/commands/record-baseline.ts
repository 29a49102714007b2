import { workforce } from '../workforce.js';

export const recordBaseline = workforce.command('RecordBaseline', {
  summary: 'Record how many staff a pool holds: what was counted, not what was planned.',
  records: 'BaselineRecorded',
});
