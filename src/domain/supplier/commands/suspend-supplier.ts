import { supplier } from '../supplier.js';

export const suspendSupplier = supplier.command('SuspendSupplier', {
  summary: 'Take the good standing of a supplier away, with the ground.',
  records: 'SupplierSuspended',
});
