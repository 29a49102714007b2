import { flag, Illegal, ledgerCommand, ledgerEvents, optional, type Fact, type History } from '../../../kernel/index.js';
import { factOf, factRefusals } from '../correctable.js';

export const withdrawFact = ledgerCommand('WithdrawFact', {
  summary: 'Withdraw a fact that never happened.',
  fields: { ...ledgerEvents.FactWithdrawn, withDependants: optional(flag('Take along what can no longer follow')) },
  events: ['FactWithdrawn'],
  refusals: { ...factRefusals, 'ledger/breaks-later-event': 'A later fact could no longer follow.' },

  decide({ data: { event, withDependants = false } }, history) {
    const facts = [withdrawn(factOf(history, event).stored.id)];
    for (let next = withDependants && cannotFollow(history, facts); next; next = cannotFollow(history, facts)) facts.push(withdrawn(next));
    return facts;
  },
});

const withdrawn = (event: string): Fact => ({ type: 'FactWithdrawn', data: { event } });

/** The first event that cannot stand once these facts are taken away. */
const cannotFollow = (history: History, facts: readonly Fact[]): string | undefined => {
  try {
    history.with(facts);
    return undefined;
  } catch (error) {
    if (error instanceof Illegal && error.entry) return error.entry.stored.id;
    throw error;
  }
};
