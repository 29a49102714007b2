import { contract } from '../contract.js';

export const assessKpi = contract.command('AssessKpi', {
  summary: 'Record what an indicator came to in one period.',
  records: 'KpiAssessed',
});
