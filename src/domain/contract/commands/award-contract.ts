import { certainlyBefore, reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const awardContract = contract.command('AwardContract', {
  summary: 'Award a contract to a supplier, planned here or not.',
  fields: { ...contract.events.ContractAwarded.fields },
  events: ['ContractAwarded'],
  refusals: {
    'contract/another-programme': 'The contract was planned in another programme.',
    'contract/ends-before-start': 'A contract cannot end before it starts.',
    'contract/no-programme': 'A contract belongs to a programme, named when its stream opens.',
  },

  decide({ data }, state) {
    const { programme = state.programme, startsOn, endsOn } = data;
    if (!programme) reject('contract/no-programme', 'Name the programme: this contract was not planned here.', { pointer: '/programme' });
    if (state.programme && state.programme !== programme)
      reject('contract/another-programme', `It was planned in ${state.programme}.`, { pointer: '/programme' });
    if (startsOn && endsOn && certainlyBefore(endsOn, startsOn))
      reject('contract/ends-before-start', 'A contract cannot end before it starts.', { pointer: '/endsOn' });

    return [{ type: 'ContractAwarded', data }];
  },
});
