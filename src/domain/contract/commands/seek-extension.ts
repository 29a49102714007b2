import { contract } from '../contract.js';
import { mustBeOpen, optionRefusals } from '../options.js';

export const seekExtension = contract.command('SeekExtension', {
  summary: 'Seek an extension of the term: asked for, not yet decided.',
  fields: { ...contract.events.ExtensionSought.fields },
  events: ['ExtensionSought'],
  refusals: optionRefusals,

  decide({ data }, { options }) {
    mustBeOpen(options, data.option);

    return [{ type: 'ExtensionSought', data }];
  },
});
