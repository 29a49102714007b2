import { choice, json, list, object, optional, pointer, text, uuid, type DataOf, type Fields } from './schema/fields.js';

/**
 * The ledger's own events. Any stream may contain them. No `evolve` sees them and they have no place in valid-time order:
 * they change how earlier events are read from then on.
 */
export const ledgerEvents = {
  /** From here on, the event's field at `pointer` (into its data, or /effectiveOn, /evidence) reads as `value`. */
  FactCorrected: { event: uuid(), pointer: pointer(), value: json(), because: choice(['error', 'better-source', 'refined', 'settled']) },
  /** The event never happened, and neither did its dependants, which could only follow it. */
  FactWithdrawn: { event: uuid(), dependants: optional(list(uuid(), 'Later facts that could no longer follow', { max: 100_000 })) },
  /** A note, or another source's claim about a field of an event. */
  FactAnnotated: {
    event: optional(uuid()),
    note: text('What a reader should know', { max: 2000 }),
    claim: optional(object({ pointer: pointer(), value: json() }, 'Another value that a source gives for a field of the event')),
  },
} satisfies Record<string, Fields>;

type LedgerEvent = keyof typeof ledgerEvents;
export type Corrected = DataOf<typeof ledgerEvents.FactCorrected>;
export type Withdrawn = DataOf<typeof ledgerEvents.FactWithdrawn>;
export type Annotated = DataOf<typeof ledgerEvents.FactAnnotated>;
export const isLedgerEvent = (type: string): type is LedgerEvent => Object.hasOwn(ledgerEvents, type);
