import { choice, json, list, object, optional, pointer, text, uuid, type DataOf, type Fields } from './schema/fields.js';

/**
 * The ledger's own events. They may stand in any stream, no `evolve` sees them, and they have no place in effective order:
 * they change how what was recorded is read from then on.
 */
export const ledgerEvents = {
  /** The event's field at `pointer` (into its data, or /effectiveOn, /evidence) is read as `value` from here on. */
  FactCorrected: { event: uuid(), pointer: pointer(), value: json(), because: choice(['error', 'better-source', 'refined', 'settled']) },
  /** The event never happened, nor did those that could only follow it. */
  FactWithdrawn: { event: uuid(), dependants: optional(list(uuid(), 'Later facts that could no longer follow', { max: 100_000 })) },
  /** A note, or what another source claims of an event's field. */
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
