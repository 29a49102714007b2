import { workforce } from '../workforce.js';

export const recordJoiners = workforce.command('RecordJoiners', {
  summary: 'Record that staff joined a pool from outside.',
  fields: { ...workforce.events.StaffJoined.fields },
  events: ['StaffJoined'],

  decide: ({ data }) => [{ type: 'StaffJoined', data }],
});
