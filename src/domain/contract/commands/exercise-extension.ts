import { contract } from '../contract.js';
import { mustBeOpen, optionRefusals } from '../options.js';

export const exerciseExtension = contract.command('ExerciseExtension', {
  summary: 'Extend the term, by an option of the contract or without one.',
  fields: { ...contract.events.ExtensionExercised.fields },
  events: ['ExtensionExercised'],
  refusals: {
    ...optionRefusals,
    'contract/extension-without-length': 'An extension needs the option, the months or the new last day.',
    'contract/ends-before-start': 'A contract cannot end before it starts.',
  },

  decide({ data }, { options }) {
    mustBeOpen(options, data.option);

    return [{ type: 'ExtensionExercised', data }];
  },
});
