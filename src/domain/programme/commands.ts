// Everything that can be asked of a programme. To add a command: one new file, one line here.
export * from './commands/charter-programme.js';
export * from './commands/appoint-integrator.js';
export * from './commands/add-warning.js';
export * from './commands/adopt-policy.js';
