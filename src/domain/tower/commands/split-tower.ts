import { tower } from '../tower.js';

export const splitTower = tower.command('SplitTower', {
  summary: 'Split a tower into several others, which go on, and say which of its contracts go on in which.',
  records: 'TowerSplit',
});
