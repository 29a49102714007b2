// Everything that can be asked of a loss. To add a command: one new file, one line here.
export * from './commands/raise-loss.js';
export * from './commands/revise-loss.js';
export * from './commands/join-case.js';
export * from './commands/leave-case.js';
export * from './commands/propose-write-off.js';
export * from './commands/reject-write-off.js';
export * from './commands/withdraw-write-off-proposal.js';
export * from './commands/write-off.js';
export * from './commands/ratify-write-off.js';
export * from './commands/record-recovery.js';
export * from './commands/reverse-recovery.js';
export * from './commands/reverse-write-off.js';
export * from './commands/approve-special-payment.js';
export * from './commands/record-special-payment.js';
export * from './commands/close-loss.js';
