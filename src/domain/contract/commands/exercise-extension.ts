import { reject } from '../../../kernel/index.js';
import { contract } from '../contract.js';

export const exerciseExtension = contract.command('ExerciseExtension', {
  summary: 'Extend the term, by an option of the contract or without one.',
  fields: { ...contract.events.ExtensionExercised.fields },
  events: ['ExtensionExercised'],
  refusals: {
    'contract/unknown-option': 'The contract has no such option.',
    'contract/option-not-open': 'The option was exercised or has lapsed.',
    'contract/extension-without-length': 'An extension needs the option, the months or the new last day.',
    'contract/ends-before-start': 'A contract cannot end before it starts.',
  },

  decide({ data }, { options }) {
    const { option } = data;
    const offered = options.find((o) => o.option === option);
    if (option && !offered)
      reject('contract/unknown-option', `It has ${options.map((o) => o.option).join(', ') || 'none'}.`, { pointer: '/option' });
    if (offered && offered.status !== 'open') reject('contract/option-not-open', `${option} is ${offered.status}.`, { pointer: '/option' });

    return [{ type: 'ExtensionExercised', data }];
  },
});
