import { endedBy } from '../successors.js';
import { tower } from '../tower.js';

export const mergeTowers = tower.command('MergeTowers', {
  summary: 'Merge a tower into another one, which goes on.',
  records: 'TowerMerged',
  rules: {
    'tower/successor-over': {
      says: 'A tower goes on in one that is not over itself.',
      field: '/into',
      detail: ({ data: { into }, effectiveOn, stateOf }) => {
        const { how, on } = endedBy(stateOf('tower', into), effectiveOn)!;
        return `${into} was ${how} on ${on}.`;
      },
      holds: ({ data: { into }, effectiveOn, stateOf }) => endedBy(stateOf('tower', into), effectiveOn) === undefined,
    },
  },
});
