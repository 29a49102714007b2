import { contract } from '../contract.js';

export const resolveChallenge = contract.command('ResolveChallenge', {
  summary: 'Record how a challenge came to its end; an award that is set aside is tendered again.',
  records: 'ChallengeResolved',
});
