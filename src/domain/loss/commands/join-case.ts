import { loss } from '../loss.js';

export const joinCase = loss.command('JoinCase', {
  summary: 'Put a loss into a case, with the losses that are one matter with it: it was in it from the beginning.',
  records: 'CaseJoined',
  alreadySo: ({ data }, { case: name }) => name === data.case,
});
