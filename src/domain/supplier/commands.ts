// Everything that can be asked of a supplier. To add a command: one new file, one line here.
export * from './commands/register-supplier.js';
export * from './commands/rename-supplier.js';
export * from './commands/add-alias.js';
export * from './commands/merge-suppliers.js';
export * from './commands/suspend-supplier.js';
export * from './commands/reinstate-supplier.js';
