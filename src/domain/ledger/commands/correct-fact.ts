import { addDays, at, canonical, certainlyBefore, ledgerCommand, ledgerEvents, reject } from '../../../kernel/index.js';
import { fieldRefusals, factOf, factRefusals, fieldOf, namesIn } from '../correctable.js';

const own = {
  'ledger/never-corrected': 'Identifiers are never corrected: withdraw the fact and record it again.',
  'ledger/effective-after-recording': 'A fact cannot have happened after it was recorded.',
};

export const correctFact = ledgerCommand('CorrectFact', {
  summary: 'Correct a field of a recorded fact; what was believed before stays on record.',
  fields: { ...ledgerEvents.FactCorrected },
  events: ['FactCorrected'],
  refusals: { ...factRefusals, ...fieldRefusals, ...own },

  decide({ data }, history) {
    const entry = factOf(history, data.event);
    const field = fieldOf(history, entry, data.pointer, data.value);
    const whole = { ...entry.data, effectiveOn: entry.effectiveOn, evidence: entry.evidence };
    const now = at(whole, data.pointer);
    if (canonical(namesIn(field, now)) !== canonical(namesIn(field, data.value)))
      reject<keyof typeof own>('ledger/never-corrected', `${data.pointer} names what the fact is about.`, { pointer: '/pointer' });
    if (now !== undefined && canonical(now) === canonical(data.value)) return [];
    const recordedOn = addDays(entry.recorded.metadata.recordedAt.slice(0, 10), 1); // the ledger's day may be one ahead of UTC's
    if (data.pointer === '/effectiveOn' && certainlyBefore(recordedOn, data.value as string))
      reject<keyof typeof own>('ledger/effective-after-recording', `It was recorded at ${entry.recorded.metadata.recordedAt}.`, {
        pointer: '/value',
      });

    return [{ type: 'FactCorrected', data }];
  },
});
