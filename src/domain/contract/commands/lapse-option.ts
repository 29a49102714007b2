import { contract } from '../contract.js';

export const lapseOption = contract.command('LapseOption', {
  summary: 'Record that an option can no longer be exercised.',
  records: 'OptionLapsed',
});
