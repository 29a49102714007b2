import type { AnyCommand } from '../../kernel/index.js';
import { approveChange } from './commands/approve-change.js';
import { awardContract } from './commands/award-contract.js';

export { contract, STAGES, type Change, type Contract, type Stage } from './contract.js';

/** Everything that can be asked of a contract. To add a command: one new file, one line here. */
export const contractCommands: readonly AnyCommand[] = [
  awardContract,
  approveChange,
]; // prettier-ignore
