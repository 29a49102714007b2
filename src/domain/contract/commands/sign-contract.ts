import { certainlyBefore, reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const signContract = contract.command('SignContract', {
  summary: 'Sign an awarded contract.',
  fields: { ...contract.events.ContractSigned.fields },
  events: ['ContractSigned'],
  refusals: {
    'contract/ends-before-start': 'A contract cannot end before it starts.',
  },

  decide({ data }, { term }) {
    const { startsOn = term.startsOn, endsOn = term.endsOn } = data;
    if (startsOn && endsOn && certainlyBefore(endsOn, startsOn))
      reject('contract/ends-before-start', `It would start on ${startsOn} and end on ${endsOn}.`, {
        pointer: data.endsOn ? '/endsOn' : '/startsOn',
      });

    return [{ type: 'ContractSigned', data }];
  },
});
