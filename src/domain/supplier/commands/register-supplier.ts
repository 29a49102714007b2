import { supplier } from '../supplier.js';

export const registerSupplier = supplier.command('RegisterSupplier', {
  summary: 'Register a company, joint venture or consortium.',
  fields: { ...supplier.events.SupplierRegistered.fields },
  events: ['SupplierRegistered'],
  refusals: {
    'supplier/company-with-members': 'A company has no members: it is a joint venture or a consortium.',
  },

  decide: ({ data }) => [{ type: 'SupplierRegistered', data }],
});
