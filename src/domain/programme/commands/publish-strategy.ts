import { programme } from '../programme.js';

export const publishStrategy = programme.command('PublishStrategy', {
  summary: 'Publish a strategy, and when it is to be reviewed.',
  records: 'StrategyPublished',
});
