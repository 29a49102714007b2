import { supplier } from '../supplier.js';

export const mergeSuppliers = supplier.command('MergeSuppliers', {
  summary: 'Record that a supplier became part of another one; its contracts go over by novation.',
  records: 'SupplierMerged',
});
