// Everything that can be asked of a contract. To add a command: one new file, one line here.
export * from './commands/record-contract.js';
export * from './commands/plan-contract.js';
export * from './commands/open-tender.js';
export * from './commands/award-contract.js';
export * from './commands/sign-contract.js';
export * from './commands/start-service.js';
export * from './commands/disclose-value.js';
export * from './commands/approve-change.js';
export * from './commands/record-delay.js';
export * from './commands/give-termination-notice.js';
export * from './commands/withdraw-termination-notice.js';
export * from './commands/terminate-contract.js';
export * from './commands/close-contract.js';
