import { LRUCache } from 'lru-cache';
import type { NewEvent, RecordedEvent } from '../../kernel/index.js';
import { isMetadata, unreadableMetadata, type Revision } from '../event-store.js';

/** The columns of an event in a file: its position is a number where the file makes it, a text where another store did. */
export const COLUMNS = 'stream TEXT NOT NULL, revision INTEGER NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, data TEXT NOT NULL, metadata TEXT NOT NULL'; // prettier-ignore

export interface EventRow<Position extends number | string> {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
}

/** What a row keeps of an event behind its stream and revision. */
export const textsOf = ({ id, type, data, metadata }: NewEvent): [id: string, type: string, data: string, metadata: string] => [
  id,
  type,
  JSON.stringify(data),
  JSON.stringify(metadata),
];

export const recordedOf = (row: EventRow<number | string>): RecordedEvent => ({
  id: row.id,
  stream: row.stream,
  revision: row.revision,
  position: String(row.position),
  type: row.type,
  data: JSON.parse(row.data),
  metadata: JSON.parse(row.metadata) as RecordedEvent['metadata'],
});

/** When an event was recorded whose metadata cannot be read: so it hides nothing of what is recorded later. */
const UNKNOWN_INSTANT = '1970-01-01T00:00:00.000Z';

/** As `recordedOf`, of a row that holds no event as well: it is handed out as unreadable. */
export const readableOf = (row: EventRow<number | string>): RecordedEvent => {
  const { id, stream, revision, type } = row;
  const [data, metadata] = [parsed(row.data), parsed(row.metadata)];
  const event = { id, stream, revision, position: String(row.position), type };
  if (data !== undefined && isMetadata(metadata)) return { ...event, data, metadata };
  return { ...event, data: null, metadata: unreadableMetadata(id, isMetadata(metadata) ? metadata.recordedAt : UNKNOWN_INSTANT) };
};

const parsed = (json: string): unknown => {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
};

/** Memory for the revisions that streams are at: some 20,000 streams. */
export const HEADS_BYTES = 3 << 20;

/** The revisions that streams are at: where a file has one writer, what is kept needs no question. */
export class Heads {
  readonly #kept = new LRUCache<string, Revision>({ maxSize: HEADS_BYTES, sizeCalculation: (_, stream) => stream.length + 100 });

  /** @param ask the file; undefined when it has no such stream */
  constructor(private readonly ask: (stream: string) => Revision | undefined) {}

  /** -1 when the stream has no events. */
  of(stream: string): Revision {
    const kept = this.#kept.get(stream);
    if (kept !== undefined) return kept;
    const head = this.ask(stream) ?? -1;
    this.moved(stream, head);
    return head;
  }
  /** The same for a stream that is about to move: what the file answers is not kept. */
  before(stream: string): Revision {
    return this.#kept.get(stream) ?? this.ask(stream) ?? -1;
  }
  /** Without asking the file. */
  known(stream: string): Revision | undefined {
    return this.#kept.get(stream);
  }
  moved(stream: string, revision: Revision): void {
    this.#kept.set(stream, revision);
  }
  /** After a transaction that did not come to pass. */
  clear(): void {
    this.#kept.clear();
  }
}
