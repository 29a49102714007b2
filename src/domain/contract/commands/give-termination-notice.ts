import { contract } from '../contract.js';

export const giveTerminationNotice = contract.command('GiveTerminationNotice', {
  summary: 'Give notice to end a contract.',
  fields: { ...contract.events.TerminationNoticeGiven.fields },
  events: ['TerminationNoticeGiven'],
  refusals: {
    'contract/notice-ends-in-the-past': 'A notice cannot take effect before it is given.',
  },

  decide: ({ data }) => [{ type: 'TerminationNoticeGiven', data }],
});
