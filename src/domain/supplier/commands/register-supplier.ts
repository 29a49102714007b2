import { supplier } from '../supplier.js';

export const registerSupplier = supplier.command('RegisterSupplier', {
  summary: 'Register a company, joint venture or consortium.',
  records: 'SupplierRegistered',
});
