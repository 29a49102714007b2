// Everything that can be asked of an account. To add a command: one new file, one line here.
export * from './commands/open-account.js';
export * from './commands/expect-spend.js';
export * from './commands/commit-funds.js';
export * from './commands/decommit.js';
export * from './commands/record-invoice.js';
export * from './commands/record-credit-note.js';
export * from './commands/record-payment.js';
export * from './commands/allocate-payment.js';
export * from './commands/settle-account.js';
