import {
  canonical,
  certainlyBefore,
  correctable,
  currenciesIn,
  dayOf,
  ledgerCommand,
  ledgerEvents,
  overlap,
  reject,
  upcastCorrection,
  withdrawnOn,
  type Change,
  type Correctable,
  type Entry,
  type History,
} from '../../../kernel/index.js';
import {
  addedReferences,
  changeRefusals,
  corrected,
  factOf,
  factRefusals,
  fieldRefusals,
  namedIn,
  placeOf,
  stored,
} from '../correctable.js';

const own = {
  'ledger/effective-after-recording': 'A fact cannot have happened after it was recorded.',
  'ledger/names-itself': 'A fact names others, never the one that it is about.',
};

export const correctFact = ledgerCommand('CorrectFact', {
  summary: 'Correct fields of a recorded fact, together; what was believed before stays on record.',
  fields: { ...ledgerEvents.FactCorrected },
  events: ['FactCorrected'],
  approves({ changes }) {
    const index = changes.findIndex(({ pointer }) => overlap(pointer, '/record/decidedBy') || overlap(pointer, '/record/authority'));
    return index === -1 ? undefined : `/changes/${index}/pointer`;
  },
  refusals: { ...factRefusals, ...fieldRefusals, ...changeRefusals, ...own },
  named: ({ event, changes }, history) => namedIn(changes.map(stored), history, event),
  references: ({ event, changes }, history) => addedReferences(changes.map(stored), history, event),
  upcast: upcastCorrection,

  decide({ data: sent }, history) {
    const data = { ...sent, changes: sent.changes.map(stored) };
    const { event, changes } = data;
    const entry = factOf(history, event);
    for (const { category, id, pointer } of namedIn(changes, history, event))
      if (`${category}-${id}` === history.stream) reject<keyof typeof own>('ledger/names-itself', `It is about ${id} itself.`, { pointer });
    const before = correctable(entry);
    const after = corrected(history, entry, changes);
    const closes = data.because === 'settled' && closesClaims(entry, changes);
    if (!closes && canonical(before) === canonical(after)) return [];
    const recordedOn = dayOf(entry.recorded.metadata.recordedAt, history.timeZone);
    const { effectiveOn = recordedOn } = after;
    if (certainlyBefore(recordedOn, effectiveOn) && effectiveOn !== entry.effectiveOn)
      reject<keyof typeof own>('ledger/effective-after-recording', `It was recorded on ${recordedOn}.`, {
        pointer: placeOf(changes, '/effectiveOn'),
      });
    refuseFormerCurrency(history, entry, { ...after, effectiveOn }, (pointer) => placeOf(changes, pointer));

    return [{ type: 'FactCorrected', data }];
  },
});

/** A source is settled for also where its value was the adopted one all along. */
const closesClaims = ({ notes }: Entry, changes: readonly Change[]): boolean =>
  notes.some(({ claim, settledBy }) => claim && !settledBy && changes.some(({ pointer }) => overlap(pointer, claim.pointer)));

/** As of a new fact: no amount is in a currency that was withdrawn before its day. One that stood already is not held against the change. */
const refuseFormerCurrency = (history: History, entry: Entry, after: Correctable, where: (pointer: string) => string): void => {
  const { fields } = history.aggregate.events[entry.recorded.type]!;
  const former = (data: Correctable, on: string) =>
    currenciesIn(fields, data).filter(({ currency }) => {
      const withdrawn = withdrawnOn(currency);
      return withdrawn !== undefined && certainlyBefore(withdrawn, on);
    });
  const [problem] = former(after, after.effectiveOn);
  if (!problem || former(entry.data, entry.effectiveOn).length > 0) return;
  const { currency, pointer } = problem;
  reject('ledger/former-currency', `${currency} was withdrawn in ${withdrawnOn(currency)}; this is of ${after.effectiveOn}.`, {
    pointer: where(pointer),
  });
};
