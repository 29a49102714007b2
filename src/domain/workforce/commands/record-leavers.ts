import { workforce } from '../workforce.js';

export const recordLeavers = workforce.command('RecordLeavers', {
  summary: 'Record that staff left a pool for outside.',
  fields: { ...workforce.events.StaffLeft.fields },
  events: ['StaffLeft'],
  refusals: {
    'workforce/below-zero': 'No more can leave a pool than it was counted to hold.',
  },

  decide: ({ data }) => [{ type: 'StaffLeft', data }],
});
