import { canonical, reject } from '../../../kernel/index.js';
import { programme } from '../programme.js';

export const addWarning = programme.command('AddWarning', {
  summary: 'Record a warning that was given, with its source; it may be about a supplier or another authority.',
  fields: { ...programme.events.WarningAdded.fields },
  events: ['WarningAdded'],
  refusals: {
    'programme/warning-exists': 'The programme has another warning under this id.',
  },

  decide({ data }, { warnings }) {
    const { event: _, on: __, ...before } = warnings.find(({ warning }) => warning === data.warning) ?? {};
    if (canonical(before) === canonical(data)) return [];
    if ('warning' in before) reject('programme/warning-exists', `${data.warning} warns of something else.`, { pointer: '/warning' });

    return [{ type: 'WarningAdded', data }];
  },
});
