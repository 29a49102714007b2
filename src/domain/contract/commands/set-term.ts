import { contract } from '../contract.js';

export const setTerm = contract.command('SetTerm', {
  summary: 'Set what was not known of the term of a contract.',
  records: 'TermSet',
});
