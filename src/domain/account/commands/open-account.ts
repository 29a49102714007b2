import { account } from '../account.js';

export const openAccount = account.command('OpenAccount', {
  summary: 'Open the account of a contract, under the id of the contract.',
  records: 'AccountOpened',
});
