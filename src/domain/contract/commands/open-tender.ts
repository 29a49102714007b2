import { contract } from '../contract.js';

export const openTender = contract.command('OpenTender', {
  summary: 'Open the tender for a planned contract.',
  fields: { ...contract.events.TenderOpened.fields },
  events: ['TenderOpened'],

  decide: ({ data }) => [{ type: 'TenderOpened', data }],
});
