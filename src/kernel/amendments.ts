import type { AnyAggregate } from './aggregate.js';
import { correctable, groundsOf, type Correction, type Entry } from './entry.js';
import type { RecordedEvent } from './event.js';
import type { Annotated, Change, Corrected } from './ledger.js';
import { shapeOf } from './schema-version.js';
import { dayOf } from './values/dates.js';
import { at, overlap, withoutValue, withValue } from './values/json.js';

type ByEvent<Value> = ReadonlyMap<string, Value>;

/** Most streams have no corrections, notes and the like: they share this one. */
const EMPTY: ByEvent<never> = new Map<string, never>();
const NONE: readonly never[] = [];

/**
 * What the ledger's own events say of the facts of a stream: which are corrected, withdrawn or noted, and how a fact reads because of it.
 * Versions of a history share it until one of them reads more: that one changes a copy, once for all that it reads.
 */
export class Amendments {
  /** Of no stream, and so of every stream to begin with. */
  static readonly none = new Amendments();

  #corrections: ByEvent<ReadonlyMap<string, Omit<Correction, 'was'>>> = EMPTY;
  #withdrawn: ByEvent<string> = EMPTY;
  /** Those on the stream as a whole stand under ''. */
  #notes: ByEvent<Entry['notes']> = EMPTY;
  /** How policy judged the newest correction of a fact that it judged. */
  #judged: ByEvent<NonNullable<Entry['judged']>> = EMPTY;
  /** Maps that this copy shares with no other. */
  readonly #copies = new Set<ReadonlyMap<unknown, unknown>>();

  private constructor() {}

  copy(): Amendments {
    const copy = new Amendments();
    copy.#corrections = this.#corrections;
    copy.#withdrawn = this.#withdrawn;
    copy.#notes = this.#notes;
    copy.#judged = this.#judged;
    return copy;
  }

  /** Withdrawn event → the event that withdrew it. */
  get withdrawn(): ReadonlyMap<string, string> {
    return this.#withdrawn;
  }
  /** On an event, or on the stream as a whole where it is ''. */
  notesOf(event: string): Entry['notes'] {
    const notes = this.#notes.get(event) ?? NONE;
    return notes.some(({ by }) => this.#withdrawn.has(by)) ? notes.filter(({ by }) => !this.#withdrawn.has(by)) : notes;
  }

  /** A fact as it reads: in the shape of today, corrected and noted. @throws UnsupportedSchemaVersionError */
  read(aggregate: AnyAggregate, event: RecordedEvent, timeZone: string): Entry {
    const data = shapeOf(aggregate, event);
    const { effectiveOn, sequence, evidence = NONE } = event.metadata;
    const notes = this.notesOf(event.id);
    const corrected = this.#corrections.get(event.id);
    if (!corrected) return { recorded: event, data, effectiveOn, ...ordered(sequence), evidence, grounds: event.metadata, corrections: NONE, notes }; // prettier-ignore
    let whole = correctable({ data, effectiveOn, ...ordered(sequence), evidence, grounds: event.metadata });
    const corrections: Correction[] = [];
    for (const [pointer, correction] of corrected) {
      corrections.push({ ...correction, was: at(whole, pointer) ?? null });
      whole = correction.remove ? withoutValue(whole, pointer) : withValue(whole, pointer, correction.value!);
    }
    // Without them it reads as when they had not been sent.
    const { effectiveOn: on = dayOf(event.metadata.recordedAt, timeZone), evidence: sources = NONE, record, ...fields } = whole;
    return {
      recorded: event,
      ...ordered(record.sequence),
      data: fields,
      effectiveOn: on,
      evidence: sources,
      grounds: groundsOf(record),
      corrections,
      ...(this.#judged.has(event.id) && { judged: this.#judged.get(event.id)! }),
      notes,
    };
  }

  /** @param changes with pointers into the shape of today */
  correct({ event: of, because }: Corrected, changes: readonly Change[], { id: by, metadata: { assessed } }: RecordedEvent): void {
    const ofEvent = new Map(this.#corrections.get(of));
    for (const { pointer, value, remove } of changes) {
      ofEvent.delete(pointer); // the newest correction of a field is applied last
      ofEvent.set(pointer, { event: of, pointer, ...(remove ? { remove } : { value: value! }), because, by });
    }
    this.#corrections = this.#copyOf(this.#corrections).set(of, ofEvent);
    if (assessed?.length) this.#judged = this.#copyOf(this.#judged).set(of, assessed);
    if (because === 'settled') this.#settle(of, changes, by);
  }

  withdraw(events: readonly string[], by: string): void {
    const all = this.#copyOf(this.#withdrawn);
    for (const event of events) all.set(event, by);
    this.#withdrawn = all;
  }

  reinstate(events: readonly string[]): void {
    const all = this.#copyOf(this.#withdrawn);
    for (const event of events) all.delete(event);
    this.#withdrawn = all;
  }

  /** @param note with the pointer of its claim into the shape of today */
  note(note: Annotated, { id: by, metadata: { evidence = [] } }: RecordedEvent): void {
    const of = note.event ?? '';
    this.#notes = this.#copyOf(this.#notes).set(of, [...(this.#notes.get(of) ?? []), { ...note, by, evidence }]);
  }

  /** Closes the claims on fields that a correction settles. */
  #settle(event: string, changes: readonly Change[], by: string): void {
    const notes = this.#notes.get(event);
    if (!notes) return;
    const settles = ({ pointer }: { readonly pointer: string }) => changes.some((change) => overlap(change.pointer, pointer));
    const settled = notes.map((note) => (note.claim && !note.settledBy && settles(note.claim) ? { ...note, settledBy: by } : note));
    this.#notes = this.#copyOf(this.#notes).set(event, settled);
  }

  /** The same where this copy has copied it already: of many corrections read at once each would copy all of those before it. */
  #copyOf<Key, Value>(map: ReadonlyMap<Key, Value>): Map<Key, Value> {
    if (this.#copies.has(map)) return map as Map<Key, Value>;
    const copy = new Map(map);
    this.#copies.add(copy);
    return copy;
  }
}

const ordered = (sequence: number | undefined): Pick<Entry, 'sequence'> => (sequence === undefined ? {} : { sequence });
