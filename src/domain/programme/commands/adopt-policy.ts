import { canonical } from '../../../kernel/index.js';
import { programme } from '../programme.js';

export const adoptPolicy = programme.command('AdoptPolicy', {
  summary: 'Adopt a version of a policy: an approval table, checks, a pack of law, or several. Without it nothing is assessed.',
  records: 'PolicyAdopted',
  alreadySo({ data }, { policies }) {
    const adopted = policies.find(({ policy, version }) => policy === data.policy && version === data.version);
    if (!adopted) return false;
    const { adoptedOn: _, ...same } = adopted;
    return canonical(same) === canonical(data);
  },
});
