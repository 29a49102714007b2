import type { AnyAggregate } from './aggregate.js';
import { UNREADABLE, type AnyJson, type RecordedEvent } from './event.js';
import { upcastOf } from './upcast.js';

/** A stored shape that this program is too old for: never skipped. */
export class UnsupportedSchemaVersionError extends Error {
  override readonly name: string = 'UnsupportedSchemaVersionError';

  constructor(readonly event: Pick<RecordedEvent, 'type' | 'stream' | 'revision'>) {
    super(`${event.type} at ${event.stream}@${event.revision} is newer than this program.`);
  }
}

/** What is stored is no event: it is damaged, or another program wrote it. */
export class UnreadableEventError extends UnsupportedSchemaVersionError {
  override readonly name = 'UnreadableEventError';
  readonly code = 'history-broken';

  constructor({ type, stream, revision, position }: RecordedEvent) {
    super({ type, stream, revision });
    this.message = `The event at position ${position}, revision ${revision} of ${stream}, cannot be read: it is damaged, or another program wrote it.`;
  }
}

/** Why an event of this schema version is not read. */
export const unsupported = (event: RecordedEvent): UnsupportedSchemaVersionError =>
  event.metadata.schemaVersion === UNREADABLE ? new UnreadableEventError(event) : new UnsupportedSchemaVersionError(event);

/** The data of a recorded event in today's shape. @throws UnsupportedSchemaVersionError */
export const shapeOf = (aggregate: AnyAggregate, event: RecordedEvent): AnyJson => {
  const type = aggregate.events[event.type];
  const version = type?.version ?? 1;
  if (!type || event.metadata.schemaVersion > version) throw unsupported(event);
  return upcastOf(type, event.data, event.metadata.schemaVersion);
};

/** Where the shape of today has what a pointer into the shape of a recorded event led to. */
export const pointerOf = (aggregate: AnyAggregate, event: RecordedEvent | undefined, pointer: string): string => {
  const moved = event && aggregate.events[event.type]?.moved;
  if (!moved) return pointer;
  const { version = 1 } = aggregate.events[event.type];
  let now = pointer;
  for (let v = event.metadata.schemaVersion; v < version; v++) now = moved[v]?.[now] ?? now;
  return now;
};
