import type { AnyCommand } from '../../kernel/index.js';
import { addWarning } from './commands/add-warning.js';
import { adoptPolicy } from './commands/adopt-policy.js';
import { appointIntegrator } from './commands/appoint-integrator.js';
import { charterProgramme } from './commands/charter-programme.js';

export { programme, type Programme, type Policy, type Warning } from './programme.js';

/** Everything that can be asked of a programme. To add a command: one new file, one line here. */
export const programmeCommands: readonly AnyCommand[] = [charterProgramme, appointIntegrator, addWarning, adoptPolicy];
