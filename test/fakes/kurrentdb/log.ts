/** The revision of a tombstone: the largest that the server can write. */
export const TOMBSTONE = 2 ** 63;

/** Bytes of each record in the log in addition to its names, data and metadata. */
const FRAME = 90;

export interface Proposed {
  readonly id: string;
  readonly type: string;
  readonly json: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
}

/** An event in the log. */
export interface Recorded extends Proposed {
  readonly stream: string;
  readonly revision: number;
  /** Where its record begins; both its commit and its prepare position. */
  readonly position: number;
  /** Where the next record begins. */
  readonly end: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Removed by a scavenge: its position remains valid, the event is gone. */
  scavenged?: true;
}

export interface Position {
  readonly commit: number;
  readonly prepare: number;
}

/** The revision that a writer expects, -1 for "no stream", or another expectation. */
export type Expected = number | 'any' | 'exists';

/** `revision` is the last one written, `position` that event's position (absent when its stream no longer shows it). */
export type Outcome =
  | { readonly ok: true; readonly revision: number; readonly position?: number }
  | { readonly ok: false; readonly reason: 'wrong-expected-version'; readonly current: number }
  | { readonly ok: false; readonly reason: 'stream-deleted' };

export type Found = readonly Recorded[] | 'not-found' | 'deleted';

/** A page of $all: matching events, where the next page begins, how many events were scanned, and whether the log ended. */
export interface Page {
  readonly events: readonly Recorded[];
  readonly next: Position;
  readonly considered: number;
  readonly end: boolean;
}

export class InvalidPositionError extends Error {}
export class BeyondEndError extends Error {}

export const before = (a: Position, b: Position): boolean => a.commit < b.commit || (a.commit === b.commit && a.prepare < b.prepare);
export const at = (position: number): Position => ({ commit: position, prepare: position });

/** Readers of $all see neither scavenged events nor the server's record of its elections. */
const hidden = ({ stream, scavenged }: Recorded): boolean => stream === '$epoch-information' || scavenged === true;

interface Bounds {
  readonly $tb?: number;
  readonly $maxCount?: number;
}

const boundsEvent = (bounds: Bounds): Proposed => ({
  id: crypto.randomUUID(),
  type: '$metadata',
  json: true,
  data: new TextEncoder().encode(JSON.stringify(bounds).replace(String(TOMBSTONE), '9223372036854775807')),
  metadata: new Uint8Array(),
});

/** One node's transaction log in memory: streams, their metadata and tombstones, idempotency by event id, and the global order. */
export class Log {
  readonly #records: Recorded[] = [];
  readonly #streams = new Map<string, Recorded[]>();
  readonly #tombstoned = new Set<string>();
  readonly #ids = new Map<string, Recorded>();
  readonly #watchers = new Set<(record: Recorded) => void>();
  #end = 0;

  constructor(readonly now: () => number) {}

  /** Position of the newest event; -1 when the log is empty. */
  get last(): number {
    return this.#records.at(-1)?.position ?? -1;
  }

  /** Calls `see` with every new record, in order, until the returned function is called. */
  watch(see: (record: Recorded) => void): () => void {
    this.#watchers.add(see);
    return () => this.#watchers.delete(see);
  }

  /** All events of a stream that no scavenge has removed, including those hidden by truncation or deletion. */
  recorded(stream: string): readonly Recorded[] {
    return (this.#streams.get(stream) ?? []).filter(({ scavenged }) => !scavenged);
  }

  append(stream: string, expected: Expected, events: readonly Proposed[]): Outcome {
    const refused = this.#refused(stream, expected);
    if (refused?.reason === 'stream-deleted') return refused;
    const written = this.#alreadyWritten(stream, expected, events);
    if (written === 'all') return this.#asBefore(stream, expected, events);
    if (written === 'some') return { ok: false, reason: 'wrong-expected-version', current: this.#current(stream) };
    return refused ?? this.#write(stream, events);
  }

  /** Hides the stream's events; a later append continues its revisions. */
  softDelete(stream: string, expected: Expected): Outcome {
    const refused = this.#refused(stream, expected);
    if (refused) return refused;
    const current = this.#current(stream);
    if (current < 0 && this.#current(`$$${stream}`) < 0) return { ok: false, reason: 'wrong-expected-version', current };
    return { ok: true, revision: current, position: this.#writeBounds(stream, { $tb: TOMBSTONE }).position };
  }

  /** Deletes a stream permanently. */
  tombstone(stream: string, expected: Expected): Outcome {
    const refused = this.#refused(stream, expected);
    if (refused) return refused;
    this.#tombstoned.add(stream);
    const nothing = new Uint8Array();
    const event = { id: crypto.randomUUID(), type: '$streamDeleted', json: false, data: nothing, metadata: nothing };
    return { ok: true, revision: TOMBSTONE, position: this.#record(stream, TOMBSTONE, event).position };
  }

  /** Replaces a stream's metadata. */
  bound(stream: string, bounds: Bounds): void {
    this.append(`$$${stream}`, 'any', [boundsEvent(bounds)]);
  }

  /** Permanently removes what metadata and tombstones hide, except the last event of a stream that can still be appended to. */
  scavenge(): void {
    for (const [stream, events] of this.#streams) {
      const ended = this.#isEnded(stream);
      const first = this.#first(stream);
      for (const event of ended ? events : events.slice(0, -1)) if (ended || event.revision < first) event.scavenged = true;
    }
  }

  read(stream: string, direction: 'forwards' | 'backwards', from: number | 'start' | 'end', count: number): Found {
    if (this.#isEnded(stream)) return 'deleted';
    const events = this.#streams.get(stream) ?? [];
    if (events.length === 0 || this.#softDeleted(stream)) return 'not-found';
    const first = this.#first(stream);
    const start = from === 'start' ? 0 : from === 'end' ? events.length - 1 : from;
    const visible = ({ revision, scavenged }: Recorded) => revision >= first && !scavenged;
    if (direction === 'backwards') {
      return events
        .slice(0, start + 1)
        .filter(visible)
        .reverse()
        .slice(0, count);
    }
    if (from === 'end') return [];
    return events.slice(Math.max(start, first)).filter(visible).slice(0, count);
  }

  /** Events at or after a position. @throws InvalidPositionError when no record begins or ends there */
  readAll(from: Position, count: number, window = Infinity, allows: (record: Recorded) => boolean = () => true): Page {
    const events: Recorded[] = [];
    let next = from;
    let considered = 0;
    if (from.commit > this.last) return { events, next, considered, end: true };
    let index = this.#indexAt(from.commit);
    for (; index < this.#records.length && events.length < count && considered < window; index++) {
      const record = this.#records[index]!;
      considered++;
      if (!hidden(record) && allows(record)) events.push(record);
      next = { commit: record.end, prepare: 0 };
    }
    return { events, next, considered, end: index >= this.#records.length && events.length < count && considered < window };
  }

  /** Events before a position, newest first. @throws InvalidPositionError when no record begins or ends there, BeyondEndError */
  readAllBackwards(from: Position | 'end', count: number, allows: (record: Recorded) => boolean = () => true): readonly Recorded[] {
    const events: Recorded[] = [];
    if (from !== 'end' && from.commit > this.#end) throw new BeyondEndError();
    let index = from === 'end' ? this.#records.length : this.#indexAt(from.commit);
    while (--index >= 0 && events.length < count) {
      const record = this.#records[index]!;
      if (from !== 'end' && before(from, at(record.end))) continue;
      if (!hidden(record) && allows(record)) events.push(record);
    }
    return events;
  }

  #indexAt(position: number): number {
    let low = 0;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle]!.position < position) low = middle + 1;
      else high = middle;
    }
    const begins = this.#records[low]?.position === position;
    const ends = this.#records[low - 1]?.end === position;
    if (position !== 0 && !begins && !ends) throw new InvalidPositionError();
    return low;
  }

  /** Whether a stream has a tombstone. A tombstone also ends the stream's metadata. */
  #isEnded(stream: string): boolean {
    return this.#tombstoned.has(stream) || (stream.startsWith('$$') && this.#tombstoned.has(stream.slice(2)));
  }

  #current(stream: string): number {
    return (this.#streams.get(stream)?.length ?? 0) - 1;
  }

  #bounds(stream: string): Bounds {
    const last = this.#streams.get(`$$${stream}`)?.at(-1);
    return last ? (JSON.parse(Buffer.from(last.data).toString()) as Bounds) : {};
  }

  #softDeleted(stream: string): boolean {
    return (this.#bounds(stream).$tb ?? 0) >= TOMBSTONE - 1024;
  }

  #first(stream: string): number {
    // A metadata stream shows only its last event.
    const { $tb = 0, $maxCount = stream.startsWith('$$') ? 1 : undefined } = this.#bounds(stream);
    return Math.max($tb, $maxCount === undefined ? 0 : this.#current(stream) + 1 - $maxCount);
  }

  /** Why the stream does not meet a writer's expectation; undefined when it does. */
  #refused(stream: string, expected: Expected): Exclude<Outcome, { ok: true }> | undefined {
    const current = this.#current(stream);
    const softDeleted = this.#softDeleted(stream);
    // A metadata stream that existed before the tombstone can still be written to.
    if (this.#isEnded(stream) && (current < 0 || this.#tombstoned.has(stream))) return { ok: false, reason: 'stream-deleted' };
    if (expected === 'exists' && softDeleted) return { ok: false, reason: 'stream-deleted' };
    const is =
      expected === 'exists'
        ? current >= 0 || this.#current(`$$${stream}`) >= 0
        : expected === 'any' || expected === current || (expected === -1 && softDeleted);
    return is ? undefined : { ok: false, reason: 'wrong-expected-version', current };
  }

  /** Recognises a retry by its event ids: after the expected revision, or anywhere in the stream when any revision is expected. */
  #alreadyWritten(stream: string, expected: Expected, events: readonly Proposed[]): 'all' | 'some' | 'none' {
    if (events.length === 0) return 'none';
    const known = events.map(({ id }, n) =>
      typeof expected === 'number'
        ? this.#streams.get(stream)?.[expected + 1 + n]?.id === id
        : this.#ids.get(`${stream} ${id}`) !== undefined,
    );
    if (known.every(Boolean)) return 'all';
    return known[0] ? 'some' : 'none';
  }

  #asBefore(stream: string, expected: Expected, events: readonly Proposed[]): Outcome {
    const last =
      typeof expected === 'number'
        ? this.#streams.get(stream)?.[expected + events.length]
        : this.#ids.get(`${stream} ${events.at(-1)!.id}`);
    const { revision, position } = last!;
    const readable = !this.#softDeleted(stream) && revision >= this.#first(stream);
    return { ok: true, revision, ...(readable && { position }) };
  }

  #write(stream: string, events: readonly Proposed[]): Outcome {
    const current = this.#current(stream);
    if (events.length === 0) {
      // An empty append still leaves a record in the log, which no reader sees.
      const position = this.#end;
      this.#end += FRAME + stream.length;
      return { ok: true, revision: Math.max(current, 0), position };
    }
    const original = stream.startsWith('$$') ? stream.slice(2) : undefined;
    const undeleted = this.#softDeleted(stream) ? stream : original !== undefined && this.#softDeleted(original) ? original : undefined;
    const begin = undeleted === undefined ? 0 : this.#current(undeleted) + 1;
    const written = events.map((event, n) => this.#record(stream, current + 1 + n, event));
    // An append or new metadata makes a deleted stream visible again, starting after its deleted events.
    if (undeleted !== undefined) this.#writeBounds(undeleted, { ...this.#bounds(undeleted), $tb: begin });
    const last = written.at(-1)!;
    return { ok: true, revision: last.revision, position: last.position };
  }

  #writeBounds(stream: string, bounds: Bounds): Recorded {
    return this.#record(`$$${stream}`, this.#current(`$$${stream}`) + 1, boundsEvent(bounds));
  }

  #record(stream: string, revision: number, event: Proposed): Recorded {
    const position = this.#end;
    this.#end += FRAME + stream.length + event.type.length + event.data.length + event.metadata.length;
    const record: Recorded = { ...event, stream, revision, position, end: this.#end, created: this.now() };
    this.#records.push(record);
    if (revision !== TOMBSTONE) {
      const events = this.#streams.get(stream);
      if (events) events.push(record);
      else this.#streams.set(stream, [record]);
    }
    if (!this.#ids.has(`${stream} ${event.id}`)) this.#ids.set(`${stream} ${event.id}`, record);
    for (const see of this.#watchers) see(record);
    return record;
  }
}
