import { contract } from '../contract.js';

export const openTender = contract.command('OpenTender', {
  summary: 'Open the tender for a planned contract.',
  records: 'TenderOpened',
});
