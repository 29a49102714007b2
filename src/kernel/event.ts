/** JSON as it is stored: no classes, no dates, no bigints. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** A fact, named in the past tense. `data` holds what was told, nothing derived. */
export interface Event<Type extends string = string, Data = any> {
  readonly type: Type;
  readonly data: Data;
}

/** A source of a fact. `published` is a told date; `sha256` is the hash of the document in hexadecimal. */
export interface Evidence {
  readonly uri?: string;
  readonly title?: string;
  readonly published?: string;
  readonly paragraph?: string;
  readonly sha256?: string;
  readonly confidence?: 'primary' | 'press' | 'derived' | 'low';
}

/** What stands beside every command: who decided, when, on whose authority and on what grounds. */
export interface Provenance {
  /** The told date of the act (`2016`, `2016-02-29`, `[..2016-02-29]`, `unknown`); today in the ledger's time zone when absent. */
  readonly effectiveOn?: string;
  readonly decidedBy?: { readonly person: string; readonly office?: string };
  readonly authority?: { readonly reference: string; readonly limit?: { readonly amount: string; readonly currency: string } };
  readonly reason?: string;
  readonly evidence?: readonly Evidence[];
  /** Rules that the authority set aside, by id: each needs a reason and an authority. */
  readonly waives?: readonly string[];
}

/** Who sent the command: a person id, never a name. */
export interface Actor {
  readonly id: string;
  readonly role?: string;
}

/** What a rule said of a decision, with what it was asked: never written for a rule that was not adopted. */
export interface Assessment {
  readonly rule: string;
  readonly version: string;
  readonly inputs: { readonly [name: string]: Json };
  readonly result: 'met' | 'not-met' | 'not-assessable' | 'waived';
  readonly note?: string;
}

/** The identifiers an event is about, for filters and subscribers. */
export interface About {
  readonly programme?: string;
  readonly tower?: readonly string[];
  readonly contract?: readonly string[];
  readonly supplier?: readonly string[];
}

/** A stream as it was known when a decision was taken; revision -1 is a stream without events. */
export interface Known {
  readonly stream: string;
  readonly revision: number;
}

/** The command behind an event. What it was sent with stands on the first event of the decision only, as `body` or by `record`. */
export interface CommandStamp {
  /** The decision's id. */
  readonly id: string;
  readonly name: string;
  readonly body?: Json;
  /** The event's data are the command's fields, and these names of its metadata are what its `record` said; null: it had none. */
  readonly record?: readonly string[] | null;
}

/** The same beside every event on every store. */
export interface Metadata {
  readonly schemaVersion: number;
  /** An instant in UTC with milliseconds, stamped once for each attempt to decide. */
  readonly recordedAt: string;
  /** A told date: the day of the act. */
  readonly effectiveOn: string;
  readonly about: About;
  readonly command: CommandStamp;
  readonly actor: Actor;
  readonly decidedBy?: Provenance['decidedBy'];
  readonly authority?: Provenance['authority'];
  readonly reason?: string;
  readonly evidence?: readonly Evidence[];
  readonly $correlationId: string;
  readonly $causationId: string;
  readonly known: readonly Known[];
  readonly assessed?: readonly Assessment[];
}

/** An event that has not been stored yet. `id` is a UUIDv7 that belongs to one attempt to decide. */
export interface NewEvent extends Event {
  readonly id: string;
  readonly metadata: Metadata;
}

export interface RecordedEvent extends NewEvent {
  readonly stream: string;
  /** 0, 1, 2 … within its stream. */
  readonly revision: number;
  /** Opaque; ordered only by the store; gaps are normal. */
  readonly position: string;
}
