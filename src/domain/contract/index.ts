import type { AnyCommand } from '../../kernel/index.js';
import { approveChange } from './commands/approve-change.js';
import { awardContract } from './commands/award-contract.js';
import { closeContract } from './commands/close-contract.js';
import { discloseValue } from './commands/disclose-value.js';
import { giveTerminationNotice } from './commands/give-termination-notice.js';
import { openTender } from './commands/open-tender.js';
import { planContract } from './commands/plan-contract.js';
import { recordContract } from './commands/record-contract.js';
import { recordDelay } from './commands/record-delay.js';
import { signContract } from './commands/sign-contract.js';
import { startService } from './commands/start-service.js';
import { terminateContract } from './commands/terminate-contract.js';
import { withdrawTerminationNotice } from './commands/withdraw-termination-notice.js';

export { contract } from './contract.js';
export { STAGES, type Change, type Contract, type Stage } from './state.js';

/** Everything that can be asked of a contract. To add a command: one new file, one line here. */
export const contractCommands: readonly AnyCommand[] = [
  recordContract,
  planContract,
  openTender,
  awardContract,
  signContract,
  startService,
  discloseValue,
  approveChange,
  recordDelay,
  giveTerminationNotice,
  withdrawTerminationNotice,
  terminateContract,
  closeContract,
];
