import { verifyCommand } from './proof-commands.js';
import { runHere } from './run-command.js';

await runHere(verifyCommand);
