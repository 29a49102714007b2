import { contract } from '../contract.js';

export const recordChallenge = contract.command('RecordChallenge', {
  summary: 'Record that an award is challenged, and whether that forbids the signature.',
  records: 'ChallengeRecorded',
});
