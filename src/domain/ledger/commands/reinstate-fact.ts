import { flag, ledgerCommand, ledgerEvents, optional, reject } from '../../../kernel/index.js';
import { standingOf } from '../correctable.js';

const own = {
  'ledger/unknown-event': 'No such event in this stream.',
  'ledger/not-withdrawn': 'The event has not been withdrawn.',
  'ledger/cannot-stand-again': 'A fact that was withdrawn can no longer stand where it stood.',
};

export const reinstateFact = ledgerCommand('ReinstateFact', {
  summary: 'Take a withdrawal back: the fact, the note or the claim stands again.',
  fields: {
    event: ledgerEvents.FactReinstated.event,
    withDependants: optional(flag('Bring back all that was withdrawn with it')),
  },
  events: ['FactReinstated'],
  refusals: own,

  decide({ data: { event, withDependants = false } }, history) {
    const by = history.withdrawn.get(event);
    if (by === undefined) {
      standingOf(history, event);
      reject<keyof typeof own>('ledger/not-withdrawn', `Event ${event} stands.`, { pointer: '/event' });
    }
    const others = withDependants ? [...history.withdrawn].flatMap(([other, of]) => (of === by && other !== event ? [other] : [])) : [];
    return [{ type: 'FactReinstated', data: { event, ...(others.length > 0 && { dependants: others }) } }];
  },
});
