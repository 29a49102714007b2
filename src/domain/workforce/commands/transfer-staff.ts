import { workforce } from '../workforce.js';

export const transferStaff = workforce.command('TransferStaff', {
  summary: 'Record that staff moved to another employer: both legs, and who did not move.',
  fields: { ...workforce.events.StaffTransferred.fields },
  events: ['StaffTransferred'],
  refusals: {
    'workforce/same-employer': 'A transfer goes from one employer to another.',
    'workforce/mixed-units': 'Posts, people and full-time equivalents are never mixed.',
    'workforce/does-not-add-up': 'Moved, objected, retained and left are together those in scope.',
    'workforce/duplicate': 'There is another transfer under this id.',
    'workforce/unknown-plan': 'No such plan was told.',
    'workforce/below-zero': 'No more can leave a pool than it was counted to hold.',
  },

  decide: ({ data }) => [{ type: 'StaffTransferred', data }],
});
