import { programme } from '../programme.js';

export const charterProgramme = programme.command('CharterProgramme', {
  summary: 'Open the ledger of a programme: an authority splits its IT into towers.',
  records: 'ProgrammeChartered',
});
