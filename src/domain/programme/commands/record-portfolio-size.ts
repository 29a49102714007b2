import { programme } from '../programme.js';

export const recordPortfolioSize = programme.command('RecordPortfolioSize', {
  summary: 'Record how many projects the programme has.',
  records: 'PortfolioSizeRecorded',
});
