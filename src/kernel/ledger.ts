import type { AnyAggregate } from './aggregate.js';
import type { AnyJson, Json, RecordedEvent } from './event.js';
import { choice, choiceOfTrue, id, json, list, object, optional, pointer, text, uuid, type DataOf, type Fields } from './schema/fields.js';
import { unsupported } from './schema-version.js';
import { overlap } from './values/json.js';

/**
 * The ledger's own events. Any stream may contain them. No `evolve` sees them and they have no place in valid-time order:
 * they change how earlier events are read from then on.
 */
export const ledgerEvents = {
  /**
   * From here on, each field of the event that a change names (by a pointer into its data, or /effectiveOn, /evidence, /record/reason,
   * /record/authority, /record/decidedBy, /record/sequence) reads as its `value`, or with `remove` as if it had not been sent. The changes apply in order.
   */
  FactCorrected: {
    event: uuid(),
    changes: list(
      object({
        pointer: pointer(),
        value: optional(json('What the field reads from now on', { example: '2016-02-29' })),
        remove: optional(choiceOfTrue('true instead of a value: an optional field reads as if it had not been sent')),
      }),
      'Fields of the event that change together',
      { min: 1, max: 50 },
    ),
    because: choice(['error', 'better-source', 'refined', 'settled']),
  },
  /** The event never happened, and neither did its dependants, which could only follow it. */
  FactWithdrawn: { event: uuid(), dependants: optional(list(uuid(), 'Later facts that could no longer follow', { max: 100_000 })) },
  /** The event, and its dependants, are no longer withdrawn. */
  FactReinstated: { event: uuid(), dependants: optional(list(uuid(), 'Facts that were withdrawn with it', { max: 100_000 })) },
  /** All that the stream holds was recorded of an aggregate that another stream, the one that is kept, is about. */
  DuplicateMarked: { of: id('The one that is kept, of the same kind') },
  /** A note, or another source's claim about a field of an event. */
  FactAnnotated: {
    event: optional(uuid()),
    note: text('What a reader should know', { max: 2000 }),
    claim: optional(object({ pointer: pointer(), value: json() }, 'Another value that a source gives for a field of the event')),
  },
} satisfies Record<string, Fields>;

type LedgerEvent = keyof typeof ledgerEvents;
export type Corrected = DataOf<typeof ledgerEvents.FactCorrected>;
export type Change = Corrected['changes'][number];
export type Withdrawn = DataOf<typeof ledgerEvents.FactWithdrawn>;
export type Reinstated = DataOf<typeof ledgerEvents.FactReinstated>;
export type Duplicate = DataOf<typeof ledgerEvents.DuplicateMarked>;
export type Annotated = DataOf<typeof ledgerEvents.FactAnnotated>;
export const isLedgerEvent = (type: string): type is LedgerEvent => Object.hasOwn(ledgerEvents, type);

/** The versions of their shapes, 1 when absent. */
const versions: { readonly [T in LedgerEvent]?: number } = { FactCorrected: 2 };
/** The version of the shape in which an event of a type is stored now. */
export const versionOf = (aggregate: AnyAggregate, type: string): number =>
  isLedgerEvent(type) ? (versions[type] ?? 1) : (aggregate.events[type]?.version ?? 1);

/** What was sent for one field of an event, before a correction had several changes. */
interface CorrectedOneField {
  readonly event: string;
  readonly pointer: string;
  readonly value: Json;
  readonly because: Corrected['because'];
}
/** A correction in today's shape. */
export const upcastCorrection = (data: CorrectedOneField | Corrected): Corrected => {
  if ('changes' in data) return data;
  const { event, pointer, value, because } = data;
  return { event, changes: [{ pointer, value }], because };
};

/** Which change of a correction is of a place in the event; the first one where none leads there. */
export const changeAt = (changes: readonly Pick<Change, 'pointer'>[], pointer: string): number =>
  Math.max(
    0,
    changes.findIndex((change) => overlap(change.pointer, pointer)),
  );

/** The data of one of the ledger's own events in today's shape. @throws UnsupportedSchemaVersionError */
export const ledgerDataOf = (event: RecordedEvent): AnyJson => {
  const { type, data, metadata } = event;
  if (!isLedgerEvent(type) || metadata.schemaVersion > (versions[type] ?? 1)) throw unsupported(event);
  return type === 'FactCorrected' ? upcastCorrection(data) : data;
};
