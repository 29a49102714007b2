import { Amendments } from './amendments.js';
import type { AnyAggregate } from './aggregate.js';
import { asOf, partOn, uncertainOn, type AsOf } from './as-of.js';
import type { Entry } from './entry.js';
import type { AnyState, Event, EventContext, RecordedEvent } from './event.js';
import {
  isLedgerEvent,
  ledgerDataOf,
  versionOf,
  type Annotated,
  type Corrected,
  type Duplicate,
  type Reinstated,
  type Withdrawn,
} from './ledger.js';
import type { Changed } from './reveal.js';
import { pointerOf, shapeOf } from './schema-version.js';
import { IllegalTransitionError, stepEntry } from './transition.js';
import { brokenAlready, tryEvents, type Found } from './trial.js';
import { earlier, FEW, UNCHANGED, ValidTimeOrder } from './valid-time-order.js';
import { bounds } from './values/dates.js';

/**
 * The one place through which every read goes: the recorded events of a stream → today's shape → corrected and withdrawn by what was
 * known → in valid-time order → folded. An immutable value: `extended` gives another one, and shares what both have in common, so an
 * event in order costs constant time; a backdated event, one that reveals, a correction or a withdrawal folds again what stands behind the
 * first place that it changes.
 */
export class History<State = AnyState> {
  readonly stream: string;
  /** -1 when nothing was recorded. */
  #revision: number;
  /** Shared with other versions: of this one are the first `#revision + 1`. The version that ends where the list ends may append to it. */
  #log: RecordedEvent[];
  /** Decision → the revision of its first event; shared with the log. */
  #decisions: Map<string, number>;
  /** The facts at their places, and folded. */
  #order: ValidTimeOrder<State>;
  /** What corrections, withdrawals and notes say of them; shared until this version changes it. */
  #amendments: Amendments;
  #duplicateOf: string | undefined;
  #bytes: number;
  #recordedView: readonly RecordedEvent[] | undefined;
  #entriesView: readonly Entry[] | undefined;

  private constructor(
    readonly aggregate: AnyAggregate,
    readonly id: string,
    /** Of the ledger: decides on which day an event was recorded. */
    readonly timeZone: string,
    /** The version that this one goes on from. */
    from?: History<State>,
  ) {
    this.stream = from?.stream ?? `${aggregate.category}-${id}`;
    this.#revision = from ? from.#revision : -1;
    this.#log = from ? from.#log : [];
    this.#decisions = from ? from.#decisions : new Map();
    this.#order = new ValidTimeOrder<State>(aggregate, id, from ? from.#order : undefined);
    this.#amendments = from ? from.#amendments : Amendments.none;
    this.#duplicateOf = from ? from.#duplicateOf : undefined;
    this.#bytes = from ? from.#bytes : 0;
  }

  /** @throws UnsupportedSchemaVersionError, IllegalTransitionError when the stream was not written by these rules */
  static of<State = AnyState>(aggregate: AnyAggregate, id: string, events: Iterable<RecordedEvent> = [], timeZone = 'UTC'): History<State> {
    return new History<State>(aggregate, id, timeZone).extended(events);
  }

  get revision(): number {
    return this.#revision;
  }
  get state(): State {
    return this.#order.state;
  }
  /** As recorded, by revision. */
  get recorded(): readonly RecordedEvent[] {
    return (this.#recordedView ??= this.#all());
  }
  /** In valid-time order, as they act. */
  get entries(): readonly Entry[] {
    return (this.#entriesView ??= this.#order.inEffect());
  }
  /** The first entry in valid-time order; undefined when there is none. */
  get first(): Entry | undefined {
    return this.#order.at(0);
  }
  /** Withdrawn event → the event that withdrew it. */
  get withdrawn(): ReadonlyMap<string, string> {
    return this.#amendments.withdrawn;
  }
  /** The aggregate of the same category that is kept, where this one was marked as its duplicate and nothing was recorded of it since. */
  get duplicateOf(): string | undefined {
    return this.#duplicateOf;
  }
  /** Notes on the stream as a whole. */
  get notes(): Entry['notes'] {
    return this.#amendments.notesOf('');
  }
  /** The latest first day of any entry: no event of that day or later stands before anything. */
  get latestStart(): string {
    return this.#order.latestStart;
  }
  /** About how much memory its events and the states that it keeps take, in bytes. */
  get bytes(): number {
    return this.#bytes + this.#order.stateBytes;
  }

  /** The part of them that another version with the same events has of its own: its order, and the states that it keeps. */
  get ownBytes(): number {
    return ENTRY_BYTES * this.#order.length + this.#order.stateBytes;
  }

  /** The fact with this id, in its place; undefined where none stands. */
  entryOf(event: string): Entry | undefined {
    const recorded = this.recordedAs(event);
    return recorded && this.#order.at(this.#order.placeOfFact(recorded));
  }
  /** What was recorded with this id. Looked for from the end: most commands speak of what came last. */
  recordedAs(event: string): RecordedEvent | undefined {
    for (let at = this.#revision; at >= 0; at--) if (this.#log[at]!.id === event) return this.#log[at];
    return undefined;
  }

  /**
   * This history and what was recorded since, in order of revision.
   * @throws UnsupportedSchemaVersionError, IllegalTransitionError when the stream was not written by these rules
   */
  extended(events: Iterable<RecordedEvent>): History<State> {
    if (Array.isArray(events) && events.length === 0) return this;
    const next = this.#successor();
    const { known } = next.#absorb(events);
    if (next.#revision === this.#revision) return this;
    if (known !== UNCHANGED.known) next.#order.foldFrom(known);
    return next;
  }

  /** Where an event of this date would stand by its own day, and the state it would find: as it is known now. */
  before(effectiveOn: string, sequence?: number): Found<State> {
    const place = this.#order.placeOf(effectiveOn, sequence);
    return { place, state: this.#order.knownBefore(place) };
  }

  /** See `tryEvents`. @throws IllegalTransitionError */
  tryEvents(events: readonly Event[], context: readonly EventContext[], found: Found<State>): readonly State[] {
    return tryEvents(this.#order, events, context, found);
  }

  /**
   * This history as it would be read with more of the ledger's own events. Every entry is checked with its rules; what one breaks already
   * is not held against the change.
   * @throws IllegalTransitionError
   */
  with(events: readonly Event[]): History<State> {
    const changed = this.#successor();
    changed.#log = this.#log.slice(0, this.#revision + 1); // the decisions stay shared: these events are of none
    const at = changed.#absorb(
      events.map((event, i) => ({
        ...event,
        id: `new-${i}`,
        metadata: { schemaVersion: versionOf(this.aggregate, event.type) } as RecordedEvent['metadata'],
        stream: this.stream,
        revision: this.#revision + 1 + i,
        position: '',
      })),
    );
    if (at.known === UNCHANGED.known) return changed;
    changed.#order.tryFrom(at, { tolerated: brokenAlready(this.#order) });
    const { first } = changed;
    if (first && !changed.#order.entries().some(({ recorded }) => opens(this.aggregate, recorded.type)))
      throw new IllegalTransitionError(
        `${this.aggregate.category}/unknown`,
        `No such ${this.aggregate.category}: nothing opens it.`,
        first,
      );
    return changed;
  }

  /**
   * Events that can no longer follow once an event is taken away, each found with those before it gone too, in one pass over the order.
   * Where taking some away changes the order of others, what is left may still not fold: `with` says so.
   */
  dependantsOf(event: string): readonly string[] {
    const dependants: string[] = [];
    const recorded = this.recordedAs(event);
    if (!recorded) return dependants;
    const without = this.#successor();
    without.#amendments = this.#amendments.copy();
    without.#amendments.withdraw([event], event);
    const at = without.#rearrange([recorded], Number.POSITIVE_INFINITY);
    if (at.known !== UNCHANGED.known)
      without.#order.tryFrom(at, {
        tolerated: brokenAlready(this.#order),
        failed: ({ entry }) => void dependants.push(entry!.recorded.id),
      });
    return dependants;
  }

  /** The events of a decision; empty when the command never reached this stream. */
  decision(id: string): readonly RecordedEvent[] {
    const first = this.#decisions.get(id) ?? Number.POSITIVE_INFINITY;
    if (first > this.#revision) return NONE;
    let end = first + 1;
    while (end <= this.#revision && this.#log[end]!.metadata.command.id === id) end++;
    return this.#log.slice(first, end);
  }

  /** What was known when the stream was at a revision. */
  atRevision(revision: number): History<State> {
    return revision >= this.#revision ? this : History.of(this.aggregate, this.id, this.#log.slice(0, revision + 1), this.timeZone);
  }

  /** Recorded events from a revision on, up to another one. */
  recordedFrom(from: number, to: number): readonly RecordedEvent[] {
    return this.#log.slice(from, Math.min(to, this.#revision) + 1);
  }

  /**
   * The part of the valid-time order before the first event certainly later than a day, with what completes it whenever that was learned
   * (`revealed`). `approximate` stand in it and may lie after the day; `leftOut` stand behind it and may lie on the day or before.
   */
  asOf(day: string): AsOf<State> {
    return asOf(this.#order, day);
  }

  /**
   * The facts of which it is not certain on which side of a day they lie; one that completes another is where that one is. Linear in the
   * length of this history, without folding it.
   */
  uncertainOn(day: string): Pick<AsOf<State>, 'approximate' | 'leftOut'> {
    return uncertainOn(this.#order, day);
  }

  /**
   * What `asOf` gives, as a history of its own: as if no more had been recorded than that part, with what was corrected, noted and
   * withdrawn of it. Its entries stand in the order in which they act. Itself where nothing is left out. Linear in the length of this
   * history.
   * @param withoutApproximate leaves out the facts that may lie after the day as well
   * @throws IllegalTransitionError when what is left cannot follow without them
   */
  onDay(day: string, withoutApproximate = false): History<State> {
    const { latest } = bounds(day);
    const { withdrawn } = this.#amendments;
    const kept = partOn(this.#order, day, withoutApproximate) ?? (withdrawn.size > 0 ? this.#order.inEffect() : undefined);
    if (!kept) return this;
    const part = new History<State>(this.aggregate, this.id, this.timeZone);
    part.#amendments = this.#amendments;
    part.#order = ValidTimeOrder.of(this.aggregate, this.id, kept);
    const ids = new Set(kept.map(({ recorded }) => recorded.id));
    const isOn = ({ id, metadata }: RecordedEvent): boolean =>
      ids.has(id) || (withdrawn.has(id) && bounds(metadata.effectiveOn).earliest <= latest);
    const known = new Set(this.recorded.filter(isOn).map(({ id }) => id));
    for (const event of known.size > 0 ? this.recorded : NONE) {
      const of = isLedgerEvent(event.type) ? (event.data as { readonly event?: string }).event : event.id;
      if (of === undefined || known.has(of)) part.#record(event);
    }
    return part;
  }

  /** Each entry with the state it found and the state it left. */
  *steps(): Generator<{ readonly entry: Entry; readonly before: State; readonly after: State }> {
    let before: State = this.aggregate.initial;
    for (const entry of this.entries) {
      const after = stepEntry(this.aggregate, before, entry);
      yield { entry, before, after };
      before = after;
    }
  }

  /**
   * Some facts, each with the state that it found as it acts, in that order. Folded from the first of them to the last.
   * @param events their ids; those that do not stand, and those of other types, are passed over
   */
  standing(events: readonly string[], isOf: (type: string) => boolean): readonly { readonly entry: Entry; readonly before: State }[] {
    return this.#order.standing(new Set(this.#recordedAs(events).filter(({ type }) => !isLedgerEvent(type) && isOf(type))));
  }

  #successor(): History<State> {
    return new History<State>(this.aggregate, this.id, this.timeZone, this);
  }

  #record(event: RecordedEvent): void {
    this.#recordedView = undefined; // what takes facts away looks at the log while it is read
    if (this.#log[this.#revision + 1] === event) {
      this.#revision++; // another version went on with it, and both share the list
      this.#bytes += weightOf(event);
      return;
    }
    if (this.#log.length > this.#revision + 1) {
      // another version went on from here first: this one gets a list of its own
      this.#log = this.#log.slice(0, this.#revision + 1);
      this.#decisions = new Map([...this.#decisions].filter(([, first]) => first <= this.#revision));
    }
    this.#revision++;
    this.#log.push(event);
    this.#bytes += weightOf(event);
    const { command } = event.metadata;
    if (command && !this.#decisions.has(command.id)) this.#decisions.set(command.id, this.#revision);
  }

  #read(event: RecordedEvent): Entry {
    return this.#amendments.read(this.aggregate, event, this.timeZone);
  }

  /** Takes up what was recorded since, without folding what stands behind the places that it changes. */
  #absorb(events: Iterable<RecordedEvent>): Changed {
    let changed = UNCHANGED;
    let again: RecordedEvent[] | undefined;
    let waiting = Number.POSITIVE_INFINITY;
    let amendments: Amendments | undefined;
    for (const event of events) {
      if (isLedgerEvent(event.type)) {
        if (!amendments) this.#amendments = amendments = this.#amendments.copy();
        for (const fact of this.#amend(amendments, event)) (again ??= []).push(fact);
      } else {
        this.#duplicateOf = undefined;
        if (again) {
          shapeOf(this.aggregate, event);
          waiting = Math.min(waiting, this.#revision + 1);
        } else changed = this.#order.add(this.#read(event), changed);
      }
      this.#record(event);
    }
    return again ? earlier(changed, this.#rearrange(again, waiting)) : changed;
  }

  #rearrange(again: readonly RecordedEvent[], waiting: number): Changed {
    return this.#order.rearrange(again, waiting, {
      log: this.#log,
      end: this.#revision + 1,
      isStanding: ({ id, type }) => !isLedgerEvent(type) && !this.#amendments.withdrawn.has(id),
      read: (event) => this.#read(event),
    });
  }

  /**
   * Takes up one of the ledger's own events.
   * @param amendments this version's own
   * @returns the facts that read otherwise from now on, or whose place is another
   */
  #amend(amendments: Amendments, event: RecordedEvent): readonly RecordedEvent[] {
    const data = ledgerDataOf(event);
    if (event.type === 'FactCorrected') {
      const correction = data as Corrected;
      const recorded = this.recordedAs(correction.event);
      const inShape = correction.changes.map((change) => ({ ...change, pointer: pointerOf(this.aggregate, recorded, change.pointer) }));
      amendments.correct(correction, inShape, event);
      return recorded ? [recorded] : NONE;
    }
    if (event.type === 'FactWithdrawn') {
      const { event: of, dependants = [] } = data as Withdrawn;
      amendments.withdraw([of, ...dependants], event.id);
      return this.#factsOf([of, ...dependants]);
    }
    if (event.type === 'FactReinstated') {
      const { event: of, dependants = [] } = data as Reinstated;
      amendments.reinstate([of, ...dependants]);
      this.#duplicateOf = undefined;
      return this.#factsOf([of, ...dependants]);
    }
    if (event.type === 'DuplicateMarked') {
      const facts = this.#all().filter(({ id, type }) => !isLedgerEvent(type) && !amendments.withdrawn.has(id));
      const ids = facts.map(({ id }) => id);
      amendments.withdraw(ids, event.id);
      this.#duplicateOf = (data as Duplicate).of;
      return facts;
    }
    const note = this.#inShape(data as Annotated);
    amendments.note(note, event);
    this.#showNotesOf(note.event);
    return NONE;
  }

  #recordedAs(events: readonly string[]): readonly RecordedEvent[] {
    if (events.length <= FEW) return events.flatMap((event) => this.recordedAs(event) ?? []);
    const wanted = new Set(events);
    return this.#all().filter(({ id }) => wanted.has(id));
  }
  /** Of a version that still takes events up, too: `recorded` is kept once it was asked for. */
  #all(): readonly RecordedEvent[] {
    return this.#log.slice(0, this.#revision + 1);
  }
  /** Those of these events that are facts; the notes among them are shown, or no longer, where they belong. */
  #factsOf(events: readonly string[]): readonly RecordedEvent[] {
    return this.#recordedAs(events).filter((event) => {
      if (event.type === 'FactAnnotated') this.#showNotesOf((event.data as Annotated).event);
      return !isLedgerEvent(event.type);
    });
  }
  #showNotesOf(event: string | undefined): void {
    const recorded = event === undefined ? undefined : this.recordedAs(event);
    if (recorded) this.#order.showNotes(recorded, this.#amendments.notesOf(recorded.id));
  }
  /** A claim on a field of an earlier shape is one on the field that the shape of today has in its place. */
  #inShape(note: Annotated): Annotated {
    if (!note.claim || note.event === undefined) return note;
    const pointer = pointerOf(this.aggregate, this.recordedAs(note.event), note.claim.pointer);
    return pointer === note.claim.pointer ? note : { ...note, claim: { ...note.claim, pointer } };
  }
}

/** Whether a stream can begin with an event of this type. */
const opens = ({ events }: AnyAggregate, type: string): boolean => events[type]!.allowedIn.includes('none') && !events[type]!.mayPrecede;
const NONE: readonly never[] = [];

/** About how much memory an entry takes beside its event, with its places in the lists, in bytes. */
const ENTRY_BYTES = 150;

/** About how much memory an event takes, in bytes: what its sender chose is measured, and the rest of its metadata has a known size. */
const weightOf = ({ data, metadata: { command, reason, evidence, assessed, known } }: RecordedEvent): number =>
  1100 + sizeOf(data) + sizeOf(command?.body) + sizeOf(reason) + sizeOf(evidence) + sizeOf(assessed) + 100 * (known?.length ?? 0);
const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return 24 + value.length;
  if (value === null || typeof value !== 'object') return 8;
  let size = 32;
  for (const entry of Array.isArray(value) ? value : Object.values(value)) size += 16 + sizeOf(entry);
  return size;
};
