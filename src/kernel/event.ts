/** JSON as it is stored: no classes, no dates, no bigints. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
/** JSON of whatever shape. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its reader knows the shape, by the type of an event or by the place that a pointer names
export type AnyJson = any;
/** The state of an aggregate of whatever category. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- its reader knows the category; the compiler does where an aggregate is named
export type AnyState = any;

/** An event, named in the past tense. `data` holds what was decided, nothing derived. */
export interface Event<Type extends string = string, Data = AnyJson> {
  readonly type: Type;
  readonly data: Data;
}

/** A source of a fact. `published` is an UncertainDate; `sha256` is the hash of the document in hexadecimal. */
export interface Evidence {
  readonly uri?: string;
  readonly title?: string;
  readonly published?: string;
  readonly paragraph?: string;
  readonly sha256?: string;
  readonly confidence?: 'primary' | 'press' | 'derived' | 'low';
}

/** Accompanies every command as its `record`: who decided, when, on whose authority and on what evidence. */
export interface Provenance {
  /** UncertainDate of the act (`2016`, `2016-02-29`, `[..2016-02-29]`, `unknown`); today in the ledger's time zone when absent. */
  readonly effectiveOn?: string;
  /** Its place among facts of the stream on the same exact day: those that have one stand in its order, others as they were recorded. */
  readonly sequence?: number;
  readonly decidedBy?: { readonly person: string; readonly office?: string };
  readonly authority?: { readonly reference: string; readonly limit?: { readonly amount: string; readonly currency: string } };
  readonly reason?: string;
  readonly evidence?: readonly Evidence[];
  /** Ids of the rules that the authority waived; waiving needs a reason and an authority. */
  readonly waives?: readonly string[];
}

/** Who sent the command: a person id, never a name. */
export interface Actor {
  readonly id: string;
  readonly role?: string;
}

/** The result of one rule for a decision, with its inputs. Only adopted rules are assessed. */
export interface Assessment {
  readonly rule: string;
  readonly version: string;
  readonly inputs: { readonly [name: string]: Json };
  readonly result: 'met' | 'not-met' | 'not-assessable' | 'waived';
  readonly note?: string;
  /** Whether it refuses a decision taken now, where that is not as usual: `not-met` does, `not-assessable` does not. */
  readonly refuses?: boolean;
}

/** Whether an assessment refuses a decision that is taken now. */
export const isUnmet = ({ result, refuses = result === 'not-met' }: Assessment): boolean =>
  refuses && (result === 'not-met' || result === 'not-assessable');

/** The identifiers that an event is about, for filters and subscribers. */
export interface About {
  readonly programme?: string;
  readonly tower?: readonly string[];
  readonly contract?: readonly string[];
  readonly supplier?: readonly string[];
}

/** The context of an event when it is folded: who decided it, when, on which grounds. Nothing of the machine that recorded it. */
export interface EventContext extends Omit<Provenance, 'effectiveOn' | 'sequence' | 'waives'> {
  /** The event's id: how a correction or a claim names it. */
  readonly event: string;
  readonly effectiveOn: string;
  /** Person id of who recorded it: who decided it where nobody else is named. */
  readonly recordedBy?: string;
  /** An earlier day, of which the fact is asked what it says: only of a fact that `bringsIn` what existed already. */
  readonly asOf?: string;
  /** How policy assessed it: as it was corrected last, else when it was recorded. */
  readonly assessed?: readonly Assessment[];
}

/** A stream and the revision at which a decision read it; -1 is a stream without events. */
export interface Known {
  readonly stream: string;
  readonly revision: number;
}

/** The command behind an event. Only the decision's first event keeps the body: as `body`, or through `record`. */
export interface CommandStamp {
  /** The decision's id. */
  readonly id: string;
  readonly name: string;
  readonly body?: Json;
  /** Replaces `body`: the event's data are the command's fields, and these metadata keys were its `record`; null: it had none. */
  readonly record?: readonly string[] | null;
}

/** The schema version of a stored event that cannot be read, since it is damaged or another program wrote it: newer than any. */
export const UNREADABLE = Number.MAX_SAFE_INTEGER;

/** The metadata of every event, the same on every store. */
export interface Metadata {
  readonly schemaVersion: number;
  /** Instant in UTC with milliseconds, one for each attempt to decide. */
  readonly recordedAt: string;
  /** UncertainDate of the act. */
  readonly effectiveOn: string;
  readonly about: About;
  readonly command: CommandStamp;
  readonly actor: Actor;
  readonly sequence?: number;
  readonly decidedBy?: Provenance['decidedBy'];
  readonly authority?: Provenance['authority'];
  readonly reason?: string;
  readonly evidence?: readonly Evidence[];
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly known: readonly Known[];
  readonly assessed?: readonly Assessment[];
}

/** An event before it is stored. `id` is a UUIDv7, new for each attempt to decide. */
export interface NewEvent extends Event {
  readonly id: string;
  readonly metadata: Metadata;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** 0, 1, 2 … within its stream. */
  readonly revision: number;
  /** Opaque: only the store compares positions. Gaps are normal. */
  readonly position: string;
}
