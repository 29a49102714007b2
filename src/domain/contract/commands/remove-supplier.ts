import { contract } from '../contract.js';

export const removeSupplier = contract.command('RemoveSupplier', {
  summary: 'Remove one of the suppliers of a contract or a framework.',
  records: 'SupplierRemoved',
});
