import { contract } from '../contract.js';

export const giveTerminationNotice = contract.command('GiveTerminationNotice', {
  summary: 'Give notice to end a contract.',
  records: 'TerminationNoticeGiven',
});
