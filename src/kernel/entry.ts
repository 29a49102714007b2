import type { EventContext } from './aggregate.js';
import type { Evidence, Json, Metadata, RecordedEvent } from './event.js';
import type { Annotated, Corrected } from './ledger.js';

/** One fact as it is believed: upcast, corrected, in its place. */
export interface Entry {
  readonly recorded: RecordedEvent;
  readonly data: any;
  readonly effectiveOn: string;
  readonly evidence: readonly Evidence[];
  /** Who decided it, on what authority and why: as recorded, or as corrected. */
  readonly grounds: Pick<Metadata, 'decidedBy' | 'authority' | 'reason'>;
  readonly corrections: readonly Correction[];
  readonly notes: readonly (Annotated & { readonly by: string; readonly evidence: readonly Evidence[] })[];
}

/** One field as corrected; `value` is absent where it was removed. `was`: null where it had not been sent. */
export interface Correction extends Pick<Corrected, 'event' | 'because'> {
  readonly pointer: string;
  readonly value?: Json;
  readonly remove?: true;
  /** The event that corrects it. */
  readonly by: string;
  readonly was: Json;
}

type Grounds = Entry['grounds'];
export const groundsOf = ({ decidedBy, authority, reason }: Grounds): Grounds => ({
  ...(decidedBy && { decidedBy }),
  ...(authority && { authority }),
  ...(reason !== undefined && { reason }),
});

// `any`: the data of any event.
export type Correctable = any;
/** What the pointers of corrections and claims go through. */
export const correctable = ({
  data,
  effectiveOn,
  evidence,
  grounds,
}: Pick<Entry, 'data' | 'effectiveOn' | 'evidence' | 'grounds'>): Correctable => ({
  ...data,
  effectiveOn,
  evidence,
  record: groundsOf(grounds),
});

/** What stands beside the data when an entry changes a state. */
export const contextOf = ({ recorded, effectiveOn, evidence, grounds }: Entry): EventContext => {
  const { decidedBy, authority, reason } = grounds;
  const { assessed } = recorded.metadata;
  const context: { -readonly [K in keyof EventContext]: EventContext[K] } = { event: recorded.id, effectiveOn, evidence };
  if (decidedBy) context.decidedBy = decidedBy;
  if (authority) context.authority = authority;
  if (reason !== undefined) context.reason = reason;
  if (assessed) context.assessed = assessed;
  return context;
};
