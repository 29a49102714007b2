import { tower } from '../tower.js';

export const cancelTower = tower.command('CancelTower', {
  summary: 'Give a planned tower up.',
  records: 'TowerCancelled',
});
