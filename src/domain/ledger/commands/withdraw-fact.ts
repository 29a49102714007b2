import { flag, IllegalTransitionError, ledgerCommand, ledgerEvents, optional, type Event, type History } from '../../../kernel/index.js';
import { factRefusals, standingOf } from '../correctable.js';

export const withdrawFact = ledgerCommand('WithdrawFact', {
  summary: 'Withdraw a fact that never happened, or a note or a claim.',
  fields: { event: ledgerEvents.FactWithdrawn.event, withDependants: optional(flag('Take along what can no longer follow')) },
  events: ['FactWithdrawn'],
  refusals: { ...factRefusals, 'ledger/breaks-later-event': 'A later fact could no longer follow.' },

  decide({ data: { event, withDependants = false } }, history) {
    const isNote = standingOf(history, event).type === 'FactAnnotated';
    const dependants = withDependants && !isNote ? dependantsOf(history, event) : [];
    return [withdrawn(event, dependants)];
  },
});

const withdrawn = (event: string, dependants: readonly string[]): Event => ({
  type: 'FactWithdrawn',
  data: { event, ...(dependants.length > 0 && { dependants: [...dependants] }) },
});

/** All that can no longer follow: found in one pass, and looked for again only where its absence changes the order of others. */
const dependantsOf = (history: History, event: string): readonly string[] => {
  const dependants = [...history.dependantsOf(event)];
  for (let next = cannotFollow(history, withdrawn(event, dependants)); next; next = cannotFollow(history, withdrawn(event, dependants)))
    dependants.push(next);
  return dependants;
};

/** The first event that cannot stand once these facts are taken away. */
const cannotFollow = (history: History, withdrawal: Event): string | undefined => {
  try {
    history.with([withdrawal]);
    return undefined;
  } catch (error) {
    if (error instanceof IllegalTransitionError && error.entry) return error.entry.recorded.id;
    throw error;
  }
};
