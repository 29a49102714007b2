import { ledgerCommand, ledgerEvents, reject } from '../../../kernel/index.js';
import { checkClaim, fieldRefusals, factOf, factRefusals, stored } from '../correctable.js';

const own = {
  'ledger/claim-without-event': 'A claim is about a field of an event.',
  'ledger/claim-without-source': 'A claim names the source that makes it.',
};

export const annotate = ledgerCommand('Annotate', {
  summary: 'Note what a reader should know of an aggregate or a fact, or what another source claims of a field.',
  fields: { ...ledgerEvents.FactAnnotated },
  events: ['FactAnnotated'],
  refusals: { ...factRefusals, ...fieldRefusals, ...own },

  decide({ data: sent, record }, history) {
    const data = sent.claim ? { ...sent, claim: stored(sent.claim) } : sent;
    const { event, claim } = data;
    if (claim && !event)
      reject<keyof typeof own>('ledger/claim-without-event', 'Name the event that the claim is about.', { pointer: '/event' });
    if (event) {
      const entry = factOf(history, event);
      if (claim) checkClaim(history, entry, claim);
    }
    if (claim && !record.evidence?.some(({ uri, title }) => uri ?? title))
      reject<keyof typeof own>('ledger/claim-without-source', 'Name the source: an address or a title.', { pointer: '/record/evidence' });

    return [{ type: 'FactAnnotated', data }];
  },
});
