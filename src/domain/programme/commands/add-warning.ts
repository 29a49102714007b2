import { canonical } from '../../../kernel/index.js';
import { programme } from '../programme.js';

export const addWarning = programme.command('AddWarning', {
  summary: 'Record a warning that was given, with its source; it may be about a supplier or another authority.',
  records: 'WarningAdded',
  alreadySo({ data }, { warnings }) {
    const known = warnings.find(({ warning }) => warning === data.warning);
    if (!known) return false;
    const { event: _, on: __, answers: ___, ...one } = known;
    return canonical(one) === canonical(data);
  },
});
