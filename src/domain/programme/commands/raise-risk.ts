import { programme } from '../programme.js';

export const raiseRisk = programme.command('RaiseRisk', {
  summary: 'Raise a risk, with its source.',
  fields: { ...programme.events.RiskRaised.fields },
  events: ['RiskRaised'],
  refusals: {
    'programme/duplicate': 'There is another one under this id.',
  },

  decide: ({ data }) => [{ type: 'RiskRaised', data }],
});
