import { supplier } from '../supplier.js';

export const reinstateSupplier = supplier.command('ReinstateSupplier', {
  summary: 'Give a supplier its good standing back.',
  records: 'SupplierReinstated',
});
