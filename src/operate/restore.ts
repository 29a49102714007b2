import { restoreCommand } from './backup-commands.js';
import { runCopy } from './run-copy.js';

await runCopy(restoreCommand);
