// Everything that can be asked of a tower. To add a command: one new file, one line here.
export * from './commands/plan-tower.js';
export * from './commands/merge-towers.js';
export * from './commands/split-tower.js';
export * from './commands/cancel-tower.js';
