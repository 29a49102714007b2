import { tower } from '../tower.js';

export const mergeTowers = tower.command('MergeTowers', {
  summary: 'Merge a tower into another one, which goes on.',
  records: 'TowerMerged',
});
