import { tower } from '../tower.js';

export const planTower = tower.command('PlanTower', {
  summary: 'Plan a tower of the programme.',
  records: 'TowerPlanned',
});
