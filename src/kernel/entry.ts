import type { EventContext, Evidence, Json, RecordedEvent } from './event.js';
import type { Annotated, Corrected } from './ledger.js';

/** One fact as it is believed: upcast, corrected, in its place. */
export interface Entry {
  readonly recorded: RecordedEvent;
  readonly data: any;
  readonly effectiveOn: string;
  /** Its place among facts of the same exact day. */
  readonly sequence?: number;
  /** An earlier day, of which the fact is asked what it says. */
  readonly asOf?: string;
  readonly evidence: readonly Evidence[];
  readonly corrections: readonly (Corrected & { readonly by: string; readonly was: Json })[];
  readonly notes: readonly (Annotated & { readonly by: string; readonly evidence: readonly Evidence[] })[];
}

/** What stands beside the data when an entry changes a state. */
export const contextOf = ({ recorded, effectiveOn, asOf, evidence }: Entry): EventContext => {
  const { decidedBy, authority, reason, assessed } = recorded.metadata;
  const context: { -readonly [K in keyof EventContext]: EventContext[K] } = { event: recorded.id, effectiveOn, evidence };
  if (asOf !== undefined) context.asOf = asOf;
  if (decidedBy) context.decidedBy = decidedBy;
  if (authority) context.authority = authority;
  if (reason !== undefined) context.reason = reason;
  if (assessed) context.assessed = assessed;
  return context;
};
