import { programme } from '../programme.js';

export const setHeadcountTarget = programme.command('SetHeadcountTarget', {
  summary: 'Set how many staff there are to be: a plan, not a transfer.',
  fields: { ...programme.events.HeadcountTargetSet.fields },
  events: ['HeadcountTargetSet'],
  refusals: {
    'programme/duplicate': 'There is another one under this id.',
    'programme/mixed-units': 'Posts, people and full-time equivalents are never mixed.',
  },

  decide: ({ data }) => [{ type: 'HeadcountTargetSet', data }],
});
