import type { AnyCommand } from '../../kernel/index.js';
import { annotate } from './commands/annotate.js';
import { correctFact } from './commands/correct-fact.js';
import { withdrawFact } from './commands/withdraw-fact.js';

/** What can be asked of any subject. To add a command: one new file, one line here. */
export const ledgerCommands: readonly AnyCommand[] = [correctFact, withdrawFact, annotate];
