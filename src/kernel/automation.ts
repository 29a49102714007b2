import type { AnyAggregate, AnyCommand } from './aggregate.js';
import type { Provenance, RecordedEvent } from './event.js';
import type { History } from './history.js';

/** The actor of what no person sends: the role is the name of the automation. No person may have this id. */
export const SYSTEM = 'system';
/** Whether a person id is, or reads like, that of the system. */
export const isSystem = (person: string): boolean => person.toLowerCase() === SYSTEM;

/** A command that has to be issued because of what is recorded. */
export interface DueCommand {
  readonly command: AnyCommand;
  readonly aggregate: AnyAggregate;
  readonly id: string;
  /** As a caller would send it: the same for the same cause, on whichever day and node it is issued. */
  readonly body: { readonly record: Provenance; readonly [field: string]: unknown };
  /** The event that makes it necessary. */
  readonly cause: RecordedEvent;
  /** With the name of the automation and the stream it is the command's identity: the same cause issues it once, for ever. */
  readonly key: string;
}

/** What an automation decides on. */
export interface AutomationInput {
  /** The stream whose deadline it is, as it is recorded now. */
  readonly history: History;
  /** What stands behind the id of the stream in the key of the deadline: the option of `option:met-hosting/year-7`. */
  readonly item: string;
  /** The state of the programme that governs the stream. */
  readonly programme: { readonly lateGraceDays?: number } | undefined;
  /** The day in the ledger's time zone. */
  readonly today: string;
}

/** A command that nobody has to send: named, pure, and few of them. */
export interface Automation {
  /** A sentence: when this happened, then that is done. */
  readonly name: string;
  readonly summary: string;
  /** The kind of deadline that it looks at; the stream is of `aggregate`. */
  readonly deadline: string;
  readonly aggregate: AnyAggregate;
  /** Whether it waits until the last day of a deadline has certainly passed: such a one has something to do once a day. */
  readonly waitsForDay: boolean;
  /** Undefined where it is not due, or is for a person to decide. */
  due(input: AutomationInput): DueCommand | undefined;
}
