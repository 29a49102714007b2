import { canonical } from '../../../kernel/index.js';
import { programme } from '../programme.js';

export const adoptPolicy = programme.command('AdoptPolicy', {
  summary: 'Adopt a version of a policy: an approval table, checks, or both. Without it nothing is assessed.',
  records: 'PolicyAdopted',
  alreadySo: ({ data }, { policies }) => policies.some((policy) => canonical(policy) === canonical(data)),
});
