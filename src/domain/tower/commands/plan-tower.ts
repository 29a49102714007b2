import { tower } from '../tower.js';

export const planTower = tower.command('PlanTower', {
  summary: 'Plan a tower of the programme.',
  fields: { ...tower.events.TowerPlanned.fields },
  events: ['TowerPlanned'],

  decide: ({ data }) => [{ type: 'TowerPlanned', data }],
});
