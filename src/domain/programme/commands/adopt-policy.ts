import { canonical, reject } from '../../../kernel/index.js';
import { programme } from '../programme.js';

export const adoptPolicy = programme.command('AdoptPolicy', {
  summary: 'Adopt a version of a policy: an approval table, checks, or both. Without it nothing is assessed.',
  fields: { ...programme.events.PolicyAdopted.fields },
  events: ['PolicyAdopted'],
  refusals: {
    'programme/policy-exists': 'This version of the policy was adopted with other rules.',
    'programme/policy-without-rules': 'A policy needs an approval table or a check.',
    'programme/policy-ends-before-start': 'A policy cannot end before it is in force.',
    'programme/empty-approval-row': 'A row of an approval table needs a condition.',
  },

  decide({ data }, { policies }) {
    const before = policies.find(({ policy, version }) => policy === data.policy && version === data.version);
    if (before && canonical(before) === canonical(data)) return [];
    if (before)
      reject('programme/policy-exists', `Version ${data.version} of ${data.policy} has other rules: adopt a new version.`, {
        pointer: '/version',
      });

    return [{ type: 'PolicyAdopted', data }];
  },
});
