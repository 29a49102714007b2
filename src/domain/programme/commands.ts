// Everything that can be asked of a programme. To add a command: one new file, one line here.
export * from './commands/charter-programme.js';
export * from './commands/appoint-integrator.js';
export * from './commands/add-warning.js';
export * from './commands/adopt-policy.js';
export * from './commands/publish-strategy.js';
export * from './commands/record-portfolio-size.js';
export * from './commands/set-savings-target.js';
export * from './commands/record-saving.js';
export * from './commands/set-headcount-target.js';
export * from './commands/raise-risk.js';
export * from './commands/mitigate-risk.js';
export * from './commands/close-risk.js';
export * from './commands/answer-warning.js';
export * from './commands/set-budget.js';
export * from './commands/link-towers.js';
