import { flag, IllegalTransitionError, ledgerCommand, ledgerEvents, optional, type Event, type History } from '../../../kernel/index.js';
import { factOf, factRefusals } from '../correctable.js';

export const withdrawFact = ledgerCommand('WithdrawFact', {
  summary: 'Withdraw a fact that never happened.',
  fields: { event: ledgerEvents.FactWithdrawn.event, withDependants: optional(flag('Take along what can no longer follow')) },
  events: ['FactWithdrawn'],
  refusals: { ...factRefusals, 'ledger/breaks-later-event': 'A later fact could no longer follow.' },

  decide({ data: { event, withDependants = false } }, history) {
    factOf(history, event);
    const dependants: string[] = [];
    for (
      let next = withDependants && cannotFollow(history, [withdrawn(event)]);
      next;
      next = cannotFollow(history, [withdrawn(event, dependants)])
    )
      dependants.push(next);

    return [withdrawn(event, dependants)];
  },
});

const withdrawn = (event: string, dependants: readonly string[] = []): Event => ({
  type: 'FactWithdrawn',
  data: { event, ...(dependants.length > 0 && { dependants: [...dependants] }) },
});

/** The first event that cannot stand once these facts are taken away. */
const cannotFollow = (history: History, events: readonly Event[]): string | undefined => {
  try {
    history.with(events);
    return undefined;
  } catch (error) {
    if (error instanceof IllegalTransitionError && error.entry) return error.entry.recorded.id;
    throw error;
  }
};
