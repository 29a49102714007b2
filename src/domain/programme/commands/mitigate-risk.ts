import { programme } from '../programme.js';

export const mitigateRisk = programme.command('MitigateRisk', {
  summary: 'Record what was done about a risk, and how likely and how bad it is now.',
  records: 'RiskMitigated',
});
