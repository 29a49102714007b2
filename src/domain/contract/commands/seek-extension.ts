import { reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const seekExtension = contract.command('SeekExtension', {
  summary: 'Seek an extension of the term: asked for, not yet decided.',
  fields: { ...contract.events.ExtensionSought.fields },
  events: ['ExtensionSought'],
  refusals: {
    'contract/unknown-option': 'The contract has no such option.',
    'contract/option-not-open': 'The option was exercised or has lapsed.',
  },

  decide({ data }, { options }) {
    const { option } = data;
    const offered = options.find((o) => o.option === option);
    if (option && !offered)
      reject('contract/unknown-option', `It has ${options.map((o) => o.option).join(', ') || 'none'}.`, { pointer: '/option' });
    if (offered && offered.status !== 'open') reject('contract/option-not-open', `${option} is ${offered.status}.`, { pointer: '/option' });

    return [{ type: 'ExtensionSought', data }];
  },
});
