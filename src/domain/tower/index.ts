import type { AnyCommand } from '../../kernel/index.js';
import { planTower } from './commands/plan-tower.js';

export { tower, type Tower } from './tower.js';

/** Everything that can be asked of a tower. To add a command: one new file, one line here. */
export const towerCommands: readonly AnyCommand[] = [planTower];
