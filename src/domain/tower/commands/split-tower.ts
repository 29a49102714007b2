import type { CommandContext } from '../../../kernel/index.js';
import { endedBy, towersBehind, towersServed } from '../successors.js';
import { tower, type Part } from '../tower.js';

type Split = Pick<CommandContext<{ readonly into: readonly Part[] }>, 'data' | 'effectiveOn' | 'stateOf' | 'id'>;

/** The first part whose tower is over on the day of the split. */
const partOver = ({ data: { into }, effectiveOn, stateOf }: Split): number =>
  into.findIndex(({ tower }) => endedBy(stateOf('tower', tower), effectiveOn));
/** The first contract that the tower does not hold on that day, with its place in the list. */
const stranger = ({ data: { into }, effectiveOn, stateOf, id }: Split) => {
  for (const [part, { contracts = [] }] of into.entries())
    for (const [at, contract] of contracts.entries()) {
      const served = towersServed(contract, stateOf('contract', contract), effectiveOn, (of) =>
        of === id ? undefined : stateOf('tower', of),
      );
      if (!served.includes(id)) return { part, at, contract, served };
    }
  return undefined;
};

export const splitTower = tower.command('SplitTower', {
  summary: 'Split a tower into several others, which go on, and say which of its contracts go on in which.',
  records: 'TowerSplit',
  follows: towersBehind,
  rules: {
    'tower/successor-over': {
      says: 'A tower goes on in one that is not over itself.',
      field: (split) => `/into/${partOver(split)}/tower`,
      detail: (split) => {
        const { tower: into } = split.data.into[partOver(split)]!;
        const { how, on } = endedBy(split.stateOf('tower', into), split.effectiveOn)!;
        return `${into} was ${how} on ${on}.`;
      },
      holds: (split) => partOver(split) < 0,
    },
    'tower/contract-of-another-tower': {
      says: 'A split names contracts of the tower that is split.',
      field: (split) => `/into/${stranger(split)!.part}/contracts/${stranger(split)!.at}`,
      detail: (split) => {
        const { contract, served } = stranger(split)!;
        return `${contract} serves ${served.join(', ') || 'no tower'}.`;
      },
      holds: (split) => stranger(split) === undefined,
    },
  },
});
