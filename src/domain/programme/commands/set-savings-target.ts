import { programme } from '../programme.js';

export const setSavingsTarget = programme.command('SetSavingsTarget', {
  summary: 'Set what is to be saved: an amount, a percentage, or both.',
  fields: { ...programme.events.SavingsTargetSet.fields },
  events: ['SavingsTargetSet'],
  refusals: {
    'programme/duplicate': 'There is another one under this id.',
    'programme/target-without-figure': 'A target needs an amount or a percentage.',
    'programme/percentage-of-nothing': 'A percentage is of something.',
  },

  decide: ({ data }) => [{ type: 'SavingsTargetSet', data }],
});
