import { reject } from '../../../kernel/index.js';
import { workforce } from '../workforce.js';

export const recordBaseline = workforce.command('RecordBaseline', {
  summary: 'Record how many staff a pool holds: what was counted, not what was planned.',
  fields: { ...workforce.events.BaselineRecorded.fields },
  events: ['BaselineRecorded'],
  refusals: {
    'workforce/another-programme': 'The workforce of a programme has the id of the programme.',
  },

  decide({ id, data }) {
    if (data.programme !== id) reject('workforce/another-programme', `This is the workforce of ${id}.`, { pointer: '/programme' });

    return [{ type: 'BaselineRecorded', data }];
  },
});
