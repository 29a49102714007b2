import { certainlyBefore, isAmount, reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const approveChange = contract.command('ApproveChange', {
  summary: 'Approve a change of value, term or scope; the approval carries the whole change.',
  fields: { ...contract.events.ChangeApproved.fields },
  events: ['ChangeApproved'],
  refusals: {
    'contract/change-without-value': 'A change of value needs the new value.',
    'contract/change-duplicate': 'A change tells the new value or the step.',
    'contract/change-without-end': 'A change of term needs the new end.',
    'contract/mixed-currencies': 'The new value must be in the currency of the contract.',
    'contract/ends-before-start': 'A contract cannot end before it starts.',
  },

  decide({ data }, { original, ceiling, term }) {
    const { to, by, endsOn } = data;
    for (const [field, context] of Object.entries({ to, by }))
      for (const known of [original, ceiling])
        if (context && isAmount(known) && known.currency !== context.currency)
          reject('contract/mixed-currencies', `The contract is in ${known.currency}.`, { pointer: `/${field}/currency` });
    if (endsOn && term.startsOn && certainlyBefore(endsOn, term.startsOn))
      reject('contract/ends-before-start', `It starts on ${term.startsOn}.`, { pointer: '/endsOn' });

    return [{ type: 'ChangeApproved', data }];
  },
});
