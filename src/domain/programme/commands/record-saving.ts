import { programme } from '../programme.js';

export const recordSaving = programme.command('RecordSaving', {
  summary: 'Record what was saved, and who verified it.',
  fields: { ...programme.events.SavingRecorded.fields },
  events: ['SavingRecorded'],
  refusals: {
    'programme/duplicate': 'There is another one under this id.',
    'programme/unknown-target': 'No such target was set.',
  },

  decide: ({ data }) => [{ type: 'SavingRecorded', data }],
});
