// Everything that can be asked of a loss. To add a command: one new file, one line here.
export * from './commands/raise-loss.js';
export * from './commands/revise-loss.js';
export * from './commands/propose-write-off.js';
export * from './commands/write-off.js';
export * from './commands/record-recovery.js';
export * from './commands/reverse-write-off.js';
