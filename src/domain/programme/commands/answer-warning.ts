import { programme } from '../programme.js';

export const answerWarning = programme.command('AnswerWarning', {
  summary: 'Record what the authority answered to a warning.',
  records: 'WarningAnswered',
});
