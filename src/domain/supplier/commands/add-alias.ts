import { supplier } from '../supplier.js';

export const addAlias = supplier.command('AddAlias', {
  summary: 'Record another name under which a supplier appears.',
  records: 'AliasAdded',
});
