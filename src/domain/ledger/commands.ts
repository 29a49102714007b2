// What can be asked of any aggregate. To add a command: one new file, one line here.
export * from './commands/correct-fact.js';
export * from './commands/withdraw-fact.js';
export * from './commands/reinstate-fact.js';
export * from './commands/mark-duplicate.js';
export * from './commands/annotate.js';
