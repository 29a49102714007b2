import { contract } from '../contract.js';

export const admitSupplier = contract.command('AdmitSupplier', {
  summary: 'Admit another supplier to a contract or a framework.',
  records: 'SupplierAdmitted',
});
