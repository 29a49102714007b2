// Everything that can be asked of a supplier. To add a command: one new file, one line here.
export * from './commands/register-supplier.js';
