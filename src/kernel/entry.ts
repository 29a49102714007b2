import type { AnyJson, EventContext, Evidence, Json, Metadata, RecordedEvent } from './event.js';
import type { Annotated, Corrected } from './ledger.js';
import { at, sameJson } from './values/json.js';

/** One fact as it is believed: upcast, corrected, in its place. */
export interface Entry {
  readonly recorded: RecordedEvent;
  readonly data: AnyJson;
  readonly effectiveOn: string;
  /** Its place among facts of the same exact day. */
  readonly sequence?: number;
  /** An earlier day, of which the fact is asked what it says. */
  readonly asOf?: string;
  readonly evidence: readonly Evidence[];
  /** Who decided it, on what authority and why: as recorded, or as corrected. */
  readonly grounds: Pick<Metadata, 'decidedBy' | 'authority' | 'reason'>;
  readonly corrections: readonly Correction[];
  /** How policy judged it as corrected; absent where it judged no correction. */
  readonly judged?: NonNullable<Metadata['assessed']>;
  readonly notes: readonly Note[];
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

/** The data of an event, with its day, evidence and grounds: all that can be corrected. */
export type Correctable = AnyJson;
/** What the pointers of corrections and claims go through. */
export const correctable = ({
  data,
  effectiveOn,
  sequence,
  evidence,
  grounds,
}: Pick<Entry, 'data' | 'effectiveOn' | 'sequence' | 'evidence' | 'grounds'>): Correctable => ({
  ...data,
  effectiveOn,
  evidence,
  record: { ...groundsOf(grounds), ...(sequence !== undefined && { sequence }) },
});

/** A note as recorded by an event. `settledBy`: the correction that closed its claim. */
export interface Note extends Annotated {
  readonly by: string;
  readonly evidence: readonly Evidence[];
  readonly settledBy?: string;
}
export type Claim = Note & { readonly claim: NonNullable<Annotated['claim']> };

/**
 * Claims on fields of an entry that stand against what is believed: no claim that was settled, and none that says the same, also
 * where another entry completed the field.
 * @param completedBy see `completions`
 */
export const openClaims = (entry: Entry, completedBy: readonly Entry[] = []): readonly Claim[] => {
  if (entry.notes.length === 0) return [];
  const believed = correctable(entry);
  const says = ({ pointer, value }: Claim['claim'], of: Correctable) => sameValue(value, at(of, pointer), pointer);
  const isOpen = (note: Note): note is Claim =>
    note.claim !== undefined && !note.settledBy && !says(note.claim, believed) && !completedBy.some(({ data }) => says(note.claim!, data));
  return entry.notes.filter(isOpen);
};

/** Figures are compared as numbers: 95 and 95.00 are the same amount. */
const sameValue = (a: unknown, b: unknown, pointer: string): boolean => {
  if (isMoney(a) && isMoney(b)) return sameJson({ ...a, amount: plain(a.amount) }, { ...b, amount: plain(b.amount) });
  const amounts = pointer.endsWith('/amount') && typeof a === 'string' && typeof b === 'string';
  return amounts ? plain(a) === plain(b) : sameJson(a, b);
};
const isMoney = (value: unknown): value is { readonly amount: string } =>
  typeof (value as { amount?: unknown } | null)?.amount === 'string';
const plain = (amount: string): string => (amount.includes('.') ? amount.replace(/\.?0+$/, '') : amount);

/** The context, besides the data, in which an entry changes a state. */
export const contextOf = ({ recorded, effectiveOn, asOf, evidence, grounds, judged }: Entry): EventContext => {
  const { decidedBy, authority, reason } = grounds;
  const { actor } = recorded.metadata;
  const assessed = judged ?? recorded.metadata.assessed;
  const context: { -readonly [K in keyof EventContext]: EventContext[K] } = {
    event: recorded.id,
    effectiveOn,
    recordedBy: actor.id,
    evidence,
  };
  if (asOf !== undefined) context.asOf = asOf;
  if (decidedBy) context.decidedBy = decidedBy;
  if (authority) context.authority = authority;
  if (reason !== undefined) context.reason = reason;
  if (assessed) context.assessed = assessed;
  return context;
};
