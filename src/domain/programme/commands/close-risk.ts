import { programme } from '../programme.js';

export const closeRisk = programme.command('CloseRisk', {
  summary: 'Close a risk: it came true, it can no longer come true, or the authority lives with it.',
  records: 'RiskClosed',
});
