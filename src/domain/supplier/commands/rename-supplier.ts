import { supplier } from '../supplier.js';

export const renameSupplier = supplier.command('RenameSupplier', {
  summary: 'Record the new name of a supplier; its former ones are kept with their days.',
  records: 'SupplierRenamed',
});
