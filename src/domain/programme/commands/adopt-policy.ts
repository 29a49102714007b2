import { canonical } from '../../../kernel/index.js';
import { programme } from '../programme.js';

export const adoptPolicy = programme.command('AdoptPolicy', {
  summary: 'Adopt a version of a policy: an approval table, checks, a pack of law, or several. Without it nothing is assessed.',
  records: 'PolicyAdopted',
  alreadySo: ({ data }, { policies }) =>
    policies.some(
      ({ adoptedOn: _, ...one }) => one.policy === data.policy && one.version === data.version && canonical(one) === canonical(data),
    ),
});
