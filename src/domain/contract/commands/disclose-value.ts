import { isAmount, reject, showAmount } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const discloseValue = contract.command('DiscloseValue', {
  summary: 'Disclose the value of a contract that was undisclosed, withheld or unknown.',
  fields: { ...contract.events.ValueDisclosed.fields },
  events: ['ValueDisclosed'],
  refusals: {
    'contract/already-disclosed': 'The value is known: correct the fact that told it.',
    'contract/mixed-currencies': 'The value must be in the currency of its changes.',
  },

  decide({ data }, { original }) {
    if (isAmount(original))
      reject('contract/already-disclosed', `It was told as ${showAmount(original)}: correct that fact.`, { pointer: '/value' });

    return [{ type: 'ValueDisclosed', data }];
  },
});
