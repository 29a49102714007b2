import { programme } from '../programme.js';

export const publishStrategy = programme.command('PublishStrategy', {
  summary: 'Publish a strategy, and when it is to be reviewed.',
  fields: { ...programme.events.StrategyPublished.fields },
  events: ['StrategyPublished'],
  refusals: {
    'programme/duplicate': 'There is another one under this id.',
    'programme/review-before-publication': 'A review follows the publication.',
  },

  decide: ({ data }) => [{ type: 'StrategyPublished', data }],
});
