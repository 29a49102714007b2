import { programme } from '../programme.js';

export const charterProgramme = programme.command('CharterProgramme', {
  summary: 'Open the ledger of a programme: an authority splits its IT into towers.',
  fields: { ...programme.events.ProgrammeChartered.fields },
  events: ['ProgrammeChartered'],
  refusals: {
    'programme/unknown-currency': 'The base currency is not one that ISO 4217 lists.',
  },

  decide: ({ data }) => [{ type: 'ProgrammeChartered', data }],
});
