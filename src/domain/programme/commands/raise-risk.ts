import { programme } from '../programme.js';

export const raiseRisk = programme.command('RaiseRisk', {
  summary: 'Raise a risk, with its source.',
  records: 'RiskRaised',
});
