import { bounds, dayOf, isDay } from './values/dates.js';
import { at, overlap, withoutValue, withValue } from './values/json.js';
import type { AnyAggregate } from './aggregate.js';
import { checkpointBytes, Checkpoints } from './checkpoints.js';
import { contextOf, correctable, groundsOf, type Correction, type Entry } from './entry.js';
import type { Event, EventContext, RecordedEvent } from './event.js';
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
import { believedBehind, completionsOf, inEffect, isRevealing, NO_COMPLETIONS, tryLine, type Act, type Changed, type Completions, type Trial } from './reveal.js'; // prettier-ignore
import { brokenRule } from './rule.js';
import { pointerOf, shapeOf } from './schema-version.js';
import { IllegalTransitionError, step } from './transition.js';

/** Most streams have no corrections, notes and the like: they share this one. */
const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * The one place through which every read goes: the recorded events of a stream → today's shape → corrected and withdrawn by what was
 * known → in valid-time order → folded. An immutable value: `extended` gives another one, and shares what both have in common, so an
 * event in order costs constant time; a backdated event, one that reveals, a correction or a withdrawal folds again what stands behind the
 * first place that it changes.
 *
 * Valid-time order: each event stands before the first event that is certainly later than it, else at the end. So an unknown or
 * overlapping date keeps its recorded place, and every certain order is respected. Of two facts of one exact day that both have a sequence,
 * the lower one stands first. A fact that reveals what already was has a place by its own day, at which it is judged, and acts right
 * behind the fact that it completes: see `inEffect`.
 */
export class History<State = any> {
  readonly stream: string;
  /** -1 when nothing was recorded. */
  #revision: number;
  #state: State;
  /** Shared with other versions: of this one are the first `#revision + 1`. The version that ends where the list ends may append to it. */
  #log: RecordedEvent[];
  /** By their own days. Shared likewise: of this version are the first `#placed`. */
  #order: Entry[];
  #placed: number;
  /** How many of them reveal. */
  #revealing: number;
  /** Where there are none, this is the order in which they act. */
  #completions: Completions;
  /** What is known, behind places of the order. Shared and copied with it. */
  #known: Checkpoints<State>;
  /** What was believed there, each fact at its own day: as far as it was asked for. Unused where that is what is known. */
  #believed: Checkpoints<State>;
  #latestStart: string;
  /** Decision → the revision of its first event; shared with the log. */
  #decisions: Map<string, number>;
  /** These are copied before they change, once for all that a version takes up. */
  #corrections: ReadonlyMap<string, ReadonlyMap<string, Omit<Correction, 'was'>>>;
  #withdrawn: ReadonlyMap<string, string>;
  #notes: ReadonlyMap<string, Entry['notes']>;
  /** By event: how policy judged the newest correction of it that it judged. Copied likewise. */
  #judged: ReadonlyMap<string, NonNullable<Entry['judged']>>;
  /** Copies that no other version has yet. */
  #copies: Set<ReadonlyMap<unknown, unknown>> | undefined;
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
    this.#state = from ? from.#state : aggregate.initial;
    this.#log = from ? from.#log : [];
    this.#order = from ? from.#order : [];
    this.#placed = from ? from.#placed : 0;
    this.#revealing = from ? from.#revealing : 0;
    this.#completions = from ? from.#completions : NO_COMPLETIONS;
    this.#known = from ? from.#known : Checkpoints.none();
    this.#believed = from ? from.#believed : Checkpoints.none();
    this.#latestStart = from ? from.#latestStart : '';
    this.#decisions = from ? from.#decisions : new Map();
    this.#corrections = from ? from.#corrections : EMPTY;
    this.#withdrawn = from ? from.#withdrawn : EMPTY;
    this.#notes = from ? from.#notes : EMPTY;
    this.#judged = from ? from.#judged : EMPTY;
    this.#duplicateOf = from ? from.#duplicateOf : undefined;
    this.#bytes = from ? from.#bytes : 0;
  }

  /** @throws UnsupportedSchemaVersionError, IllegalTransitionError when the stream was not written by these rules */
  static of<State = any>(aggregate: AnyAggregate, id: string, events: Iterable<RecordedEvent> = [], timeZone = 'UTC'): History<State> {
    return new History<State>(aggregate, id, timeZone).extended(events);
  }

  get revision(): number {
    return this.#revision;
  }
  get state(): State {
    return this.#state;
  }
  /** As recorded, by revision. */
  get recorded(): readonly RecordedEvent[] {
    return (this.#recordedView ??= this.#all());
  }
  /** In valid-time order, as they act. */
  get entries(): readonly Entry[] {
    return (this.#entriesView ??= this.#inEffect());
  }
  /** The first entry in valid-time order; undefined when there is none. */
  get first(): Entry | undefined {
    return this.#placed > 0 ? this.#order[0] : undefined;
  }
  /** Withdrawn event → the event that withdrew it. */
  get withdrawn(): ReadonlyMap<string, string> {
    return this.#withdrawn;
  }
  /** The aggregate of the same category that is kept, where this one was marked as its duplicate and nothing was recorded of it since. */
  get duplicateOf(): string | undefined {
    return this.#duplicateOf;
  }
  /** Notes on the stream as a whole. */
  get notes(): Entry['notes'] {
    return this.#notesOf('');
  }
  #notesOf(event: string): Entry['notes'] {
    const notes = this.#notes.get(event) ?? NONE;
    return notes.some(({ by }) => this.#withdrawn.has(by)) ? notes.filter(({ by }) => !this.#withdrawn.has(by)) : notes;
  }
  /** The latest first day of any entry: no event of that day or later stands before anything. */
  get latestStart(): string {
    return this.#latestStart;
  }
  /** About how much memory its events and the states that it keeps take, in bytes. */
  get bytes(): number {
    return this.#bytes + checkpointBytes(this.#placed) * (this.#completions === NO_COMPLETIONS ? 1 : 2);
  }

  /** The part of them that another version with the same events has of its own: its order, and the states that it keeps. */
  get ownBytes(): number {
    return ENTRY_BYTES * this.#placed + this.bytes - this.#bytes;
  }

  /** The fact with this id, in its place; undefined where none stands. */
  entryOf(event: string): Entry | undefined {
    const recorded = this.recordedAs(event);
    return recorded && this.#order[this.#placeOfFact(recorded)];
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
    if (known !== UNCHANGED.known) next.#foldFrom(known);
    return next;
  }

  /** Where an event of this date would stand by its own day, and the state it would find: as it is known now. */
  before(effectiveOn: string, sequence?: number): { readonly place: number; readonly state: State } {
    const place = this.#placeOf(effectiveOn, sequence);
    return { place, state: this.#knownBefore(place) };
  }

  /**
   * Folds new events at their place, then what stands behind them again, after each of them: a follower of the log reads one at a time.
   * Each with its rules; what an entry behind them breaks already is not held against the new events.
   * @returns the state right after each new event
   * @throws IllegalTransitionError
   */
  tryEvents(
    events: readonly Event[],
    context: readonly EventContext[],
    found: { readonly place: number; readonly state: State },
  ): readonly State[] {
    const reveals = events.some(({ type }) => isRevealing(this.aggregate, type));
    if (reveals || found.place < this.#placed || this.#completions !== NO_COMPLETIONS) {
      const acts = events.map((event, i): Act => ({ event, context: context[i]! }));
      return acts.map((_, i) => this.#tryAt(found.place, acts.slice(0, i + 1), reveals));
    }
    let { state } = found;
    return events.map((event, i) => (state = step(this.aggregate, state, event, context[i]!, ruleCheck(this, event, context[i]!))));
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
    changed.#state = changed.#try(at, { tolerated: this.#tolerated, stands: (place, state) => changed.#known.add(place, state) });
    const { first } = changed;
    if (first && !changed.#order.some(({ recorded }) => opens(this.aggregate, recorded.type)))
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
    without.#withdrawn = new Map(this.#withdrawn).set(event, event);
    const at = without.#rearrange([recorded], Number.POSITIVE_INFINITY);
    if (at.known !== UNCHANGED.known)
      without.#try(at, { tolerated: this.#tolerated, failed: ({ entry }) => void dependants.push(entry!.recorded.id) });
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
  asOf(day: string): {
    readonly state: State;
    readonly entries: readonly Entry[];
    readonly approximate: readonly Entry[];
    readonly leftOut: readonly Entry[];
    readonly revealed: readonly Entry[];
  } {
    const { place, state } = this.before(day);
    const broughtIn = this.#broughtIn(day, place, this.#order, this.#completions);
    if (broughtIn.length > 0) {
      const { approximate } = this.uncertainOn(day);
      return { state: this.#foldOf(broughtIn), entries: broughtIn, approximate, leftOut: NONE, revealed: broughtIn.slice(place + 1) };
    }
    const own = this.#order.slice(0, place);
    const uncertain = this.uncertainOn(day);
    if (this.#completions === NO_COMPLETIONS) return { state, entries: own, ...uncertain, revealed: NONE };
    const entries = this.#inEffect(place);
    return { state, entries, ...uncertain, revealed: entries.filter((entry) => !own.includes(entry)) };
  }

  /**
   * The facts of which it is not certain on which side of a day they lie; one that completes another is where that one is. Linear in the
   * length of this history, without folding it.
   */
  uncertainOn(day: string): { readonly approximate: readonly Entry[]; readonly leftOut: readonly Entry[] } {
    const place = this.#placeOf(day);
    const { latest } = bounds(day);
    const order = this.#order.slice(0, this.#placed);
    const actsElsewhere = (at: number): boolean => this.#completions.of.has(at);
    return {
      approximate: order.filter((entry, at) => at < place && bounds(entry.effectiveOn).latest > latest && !actsElsewhere(at)),
      leftOut: order.filter((entry, at) => at >= place && bounds(entry.effectiveOn).earliest <= latest && !actsElsewhere(at)),
    };
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
    const gone = new Set(withoutApproximate ? this.uncertainOn(day).approximate : NONE);
    const order = this.#order.slice(0, this.#placed).filter((entry) => !gone.has(entry));
    const place = this.#placeOf(day) - gone.size;
    const completions = this.#completionsOf(order);
    const broughtIn = this.#broughtIn(day, place, order, completions);
    const kept = broughtIn.length > 0 ? broughtIn : inEffect(order, completions, place);
    if (broughtIn.length === 0 && kept.length === this.#placed && this.#withdrawn.size === 0) return this;
    const part = new History<State>(this.aggregate, this.id, this.timeZone);
    part.#corrections = this.#corrections;
    part.#withdrawn = this.#withdrawn;
    part.#notes = this.#notes;
    part.#judged = this.#judged;
    part.#order = [...kept];
    part.#placed = kept.length;
    for (const { effectiveOn } of kept) {
      const { earliest } = bounds(effectiveOn);
      if (earliest > part.#latestStart) part.#latestStart = earliest;
    }
    const ids = new Set(kept.map(({ recorded }) => recorded.id));
    const isOn = ({ id, metadata }: RecordedEvent): boolean =>
      ids.has(id) || (this.#withdrawn.has(id) && bounds(metadata.effectiveOn).earliest <= latest);
    const known = new Set(this.recorded.filter(isOn).map(({ id }) => id));
    for (const event of known.size > 0 ? this.recorded : NONE) {
      const of = isLedgerEvent(event.type) ? (event.data as { readonly event?: string }).event : event.id;
      if (of === undefined || known.has(of)) part.#record(event);
    }
    part.#foldFrom(0);
    return part;
  }

  /**
   * The facts before a place of an order, and behind them the fact that opens the stream, as what it says of a day before its own, with
   * what completes it; empty where it says nothing of that day, or where nothing was there yet.
   */
  #broughtIn(day: string, place: number, order: readonly Entry[], completions: Completions): readonly Entry[] {
    const typeOf = (entry: Entry) => this.aggregate.events[entry.recorded.type]!;
    const end = Math.min(order.length, this.#placed);
    let first = 0;
    while (first < end && typeOf(order[first]!).mayPrecede) first++;
    if (first === end || place > first || !typeOf(order[first]!).bringsIn) return NONE;
    const before = order.slice(0, place);
    const asked = { ...order[first]!, asOf: day };
    if ((this.#step(this.#foldOf(before), asked) as { readonly stage: string }).stage === 'none') return NONE;
    return [...before, asked, ...inEffect(order, completions, first + 1).slice(first + 1)];
  }

  /** Each entry with the state it found and the state it left. */
  *steps(): Generator<{ readonly entry: Entry; readonly before: State; readonly after: State }> {
    let before: State = this.aggregate.initial;
    for (const entry of this.entries) {
      const after = this.#step(before, entry);
      yield { entry, before, after };
      before = after;
    }
  }

  /**
   * Some facts, each with the state that it found as it acts, in that order. Folded from the first of them to the last.
   * @param events their ids; those that do not stand, and those of other types, are passed over
   */
  standing(events: readonly string[], isOf: (type: string) => boolean): readonly { readonly entry: Entry; readonly before: State }[] {
    const wanted = new Set(this.#recordedAs(events).filter(({ type }) => !isLedgerEvent(type) && isOf(type)));
    const { of, by } = this.#completions;
    const found: { readonly entry: Entry; readonly before: State }[] = [];
    const places = new Set<number>();
    if (wanted.size > FEW)
      this.#order.forEach(({ recorded }, place) => place < this.#placed && wanted.has(recorded) && places.add(of.get(place) ?? place)); // prettier-ignore
    else
      for (const recorded of wanted) {
        const place = this.#placeOfFact(recorded);
        if (place !== -1) places.add(of.get(place) ?? place);
      }
    let [at, state] = [0, this.aggregate.initial as State];
    for (const place of [...places].sort((a, b) => a - b)) {
      if (this.#known.nearest(place - 1) >= at) [at, state] = [place, this.#knownBefore(place)];
      for (; at < place; at++) state = this.#behind(state, at);
      let before = state;
      for (const one of [place, ...(by.get(place) ?? NONE)]) {
        const entry = this.#order[one]!;
        if (wanted.has(entry.recorded)) found.push({ entry, before });
        before = this.#step(before, entry);
      }
    }
    return found;
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

  #entry(event: RecordedEvent): Entry {
    const data = shapeOf(this.aggregate, event);
    const { effectiveOn, sequence, evidence = NONE } = event.metadata;
    const notes = this.#notesOf(event.id);
    const corrected = this.#corrections.get(event.id);
    if (!corrected) return { recorded: event, data, effectiveOn, ...ordered(sequence), evidence, grounds: event.metadata, corrections: NONE, notes }; // prettier-ignore
    let whole = correctable({ data, effectiveOn, ...ordered(sequence), evidence, grounds: event.metadata });
    const corrections: Correction[] = [];
    for (const [pointer, correction] of corrected) {
      corrections.push({ ...correction, was: at(whole, pointer) ?? null });
      whole = correction.remove ? withoutValue(whole, pointer) : withValue(whole, pointer, correction.value!);
    }
    // Without them it reads as when they had not been sent.
    const { effectiveOn: on = dayOf(event.metadata.recordedAt, this.timeZone), evidence: sources = NONE, record, ...fields } = whole;
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

  /** The same where this version has copied it already: of many corrections read at once each would copy all of those before it. */
  #copyOf<Key, Value>(map: ReadonlyMap<Key, Value>): Map<Key, Value> {
    if (this.#copies?.has(map)) return map as Map<Key, Value>;
    const copy = new Map(map);
    (this.#copies ??= new Set()).add(copy);
    return copy;
  }

  /** Takes up what was recorded since, without folding what stands behind the places that it changes. */
  #absorb(events: Iterable<RecordedEvent>): Changed {
    let changed = UNCHANGED;
    let again: RecordedEvent[] | undefined;
    let waiting = Number.POSITIVE_INFINITY;
    for (const event of events) {
      if (isLedgerEvent(event.type)) {
        for (const fact of this.#remember(event)) (again ??= []).push(fact);
      } else {
        this.#duplicateOf = undefined;
        if (again) {
          shapeOf(this.aggregate, event);
          waiting = Math.min(waiting, this.#revision + 1);
        } else changed = this.#place(event, changed);
      }
      this.#record(event);
    }
    if (again) changed = earlier(changed, this.#rearrange(again, waiting));
    this.#copies = undefined; // what goes on from this version shares them
    return changed;
  }

  #place(event: RecordedEvent, changed: Changed): Changed {
    const entry = this.#entry(event);
    const place = this.#placeOf(entry.effectiveOn, entry.sequence);
    if (place === this.#placed && !isRevealing(this.aggregate, event.type)) {
      const isFolded = changed === UNCHANGED;
      const state = isFolded ? this.#step(this.#state, entry) : this.#state;
      this.#insert(place, entry);
      if (isFolded) this.#known.add(place, state);
      this.#state = state;
      return changed;
    }
    const [order, completions] = [this.#order, this.#completions];
    this.#insert(place, entry);
    return earlier(changed, this.#differsAt(place, order, completions));
  }

  #insert(place: number, entry: Entry): void {
    const shared = this.#order[this.#placed];
    if (place === this.#placed && shared !== undefined && sameEntry(shared, entry)) {
      // another version went on with it, and both share the list
    } else if (place < this.#placed || this.#order.length > this.#placed) {
      const order = this.#order.slice(0, this.#placed);
      order.splice(place, 0, entry);
      this.#order = order;
      this.#keepUpTo(place, place);
    } else this.#order.push(entry);
    this.#placed++;
    this.#count(entry);
  }
  #count(entry: Entry): void {
    if (isRevealing(this.aggregate, entry.recorded.type)) this.#revealing++;
    const earliest = earliestOf(entry.effectiveOn);
    if (earliest > this.#latestStart) this.#latestStart = earliest;
  }

  /** Keeps states of its own: those before places. */
  #keepUpTo(known: number, order: number): void {
    this.#known = this.#known.upTo(known);
    this.#believed = this.#believed.upTo(order);
  }

  /** Finds which facts complete which where another fact stands at a place than before, and lets go of the states behind what changes. */
  #differsAt(place: number, order: readonly Entry[], completions: Completions): Changed {
    if (this.#revealing > 0 || completions !== NO_COMPLETIONS) this.#completions = this.#completionsOf(this.#order.slice(0, this.#placed));
    let known = place;
    const [was, is] = [completions.by, this.#completions.by];
    for (const of of [...was.keys(), ...is.keys()]) {
      const [before, now] = [was.get(of) ?? NONE, is.get(of) ?? NONE];
      const isSame = before.length === now.length && now.every((at, i) => this.#order[at] === order[before[i]!]);
      if (of < known && !isSame) known = of;
    }
    if (completions === NO_COMPLETIONS) this.#believed = this.#known;
    if (this.#completions === NO_COMPLETIONS) this.#believed = Checkpoints.none();
    this.#keepUpTo(known, place);
    return { known, order: place };
  }
  #completionsOf(order: readonly Entry[]): Completions {
    if (this.#revealing === 0) return NO_COMPLETIONS;
    return completionsOf(this.aggregate, order.length, (place) => order[place]!.recorded.type);
  }

  #placeOf(effectiveOn: string, sequence?: number): number {
    const { latest } = bounds(effectiveOn);
    const isOrdered = sequence !== undefined && isDay(effectiveOn);
    if (isOrdered ? this.#latestStart < latest : this.#latestStart <= latest) return this.#placed;
    for (let place = 0; place < this.#placed; place++) {
      const other = this.#order[place]!;
      if (bounds(other.effectiveOn).earliest > latest) return place;
      if (isOrdered && other.effectiveOn === effectiveOn && other.sequence !== undefined && other.sequence > sequence) return place;
    }
    return this.#placed;
  }

  /** @returns the facts that read otherwise from now on, or whose place is another */
  #remember(event: RecordedEvent): readonly RecordedEvent[] {
    const data = ledgerDataOf(event);
    if (event.type === 'FactCorrected') {
      const { event: of, because, changes: sent } = data as Corrected;
      const ofEvent = new Map(this.#corrections.get(of));
      const recorded = this.recordedAs(of);
      const changes = sent.map((change) => ({ ...change, pointer: pointerOf(this.aggregate, recorded, change.pointer) }));
      for (const { pointer, value, remove } of changes) {
        ofEvent.delete(pointer); // the newest correction of a field is applied last
        ofEvent.set(pointer, { event: of, pointer, ...(remove ? { remove } : { value: value! }), because, by: event.id });
      }
      this.#corrections = this.#copyOf(this.#corrections).set(of, ofEvent);
      const { assessed } = event.metadata;
      if (assessed?.length) this.#judged = this.#copyOf(this.#judged).set(of, assessed);
      if (because === 'settled') this.#settle(of, changes, event.id);
      return recorded ? [recorded] : NONE;
    }
    if (event.type === 'FactWithdrawn') {
      const { event: of, dependants = [] } = data as Withdrawn;
      const all = this.#copyOf(this.#withdrawn);
      for (const withdrawn of [of, ...dependants]) all.set(withdrawn, event.id);
      this.#withdrawn = all;
      return this.#factsOf([of, ...dependants]);
    }
    if (event.type === 'FactReinstated') {
      const { event: of, dependants = [] } = data as Reinstated;
      const all = this.#copyOf(this.#withdrawn);
      for (const reinstated of [of, ...dependants]) all.delete(reinstated);
      this.#withdrawn = all;
      this.#duplicateOf = undefined;
      return this.#factsOf([of, ...dependants]);
    }
    if (event.type === 'DuplicateMarked') {
      const facts = this.#all().filter(({ id, type }) => !isLedgerEvent(type) && !this.#withdrawn.has(id));
      const all = this.#copyOf(this.#withdrawn);
      for (const { id } of facts) all.set(id, event.id);
      this.#withdrawn = all;
      this.#duplicateOf = (data as Duplicate).of;
      return facts;
    }
    const of = (data as Annotated).event ?? '';
    const note = this.#inShape(data as Annotated);
    const notes = [...(this.#notes.get(of) ?? []), { ...note, by: event.id, evidence: event.metadata.evidence ?? [] }];
    this.#notes = this.#copyOf(this.#notes).set(of, notes);
    this.#showNotesOf(of);
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
      if (event.type === 'FactAnnotated') this.#showNotesOf((event.data as Annotated).event ?? '');
      return !isLedgerEvent(event.type);
    });
  }
  /** No state speaks of a note: only the fact does. */
  #showNotesOf(event: string): void {
    const recorded = event === '' ? undefined : this.recordedAs(event);
    const place = recorded ? this.#placeOfFact(recorded) : -1;
    if (place === -1) return;
    this.#order = this.#order.slice(0, this.#placed);
    this.#order[place] = { ...this.#order[place]!, notes: this.#notesOf(event) };
    this.#keepUpTo(this.#placed, this.#placed);
  }
  /** A claim on a field of an earlier shape is one on the field that the shape of today has in its place. */
  #inShape(note: Annotated): Annotated {
    if (!note.claim || note.event === undefined) return note;
    const pointer = pointerOf(this.aggregate, this.recordedAs(note.event), note.claim.pointer);
    return pointer === note.claim.pointer ? note : { ...note, claim: { ...note.claim, pointer } };
  }

  /** Closes the claims on fields that a correction settles. */
  #settle(event: string, changes: Corrected['changes'], by: string): void {
    const notes = this.#notes.get(event);
    if (!notes) return;
    const settles = ({ pointer }: { readonly pointer: string }) => changes.some((change) => overlap(change.pointer, pointer));
    const settled = notes.map((note) => (note.claim && !note.settledBy && settles(note.claim) ? { ...note, settledBy: by } : note));
    this.#notes = this.#copyOf(this.#notes).set(event, settled);
  }

  /** @returns -1 where it does not stand */
  #placeOfFact(recorded: RecordedEvent): number {
    let place = this.#placed - 1;
    while (place >= 0 && this.#order[place]!.recorded !== recorded) place--;
    return place;
  }

  /**
   * Puts in order again what was recorded from the first of some facts on whose place may be another: those before it stand as they stood.
   * @param facts that read otherwise, that are withdrawn, or that stand again
   * @param waiting the first revision of a fact that has no place yet
   */
  #rearrange(facts: readonly RecordedEvent[], waiting: number): Changed {
    let from = waiting;
    const instead = new Map<RecordedEvent, Entry>();
    const [order, completions] = [this.#order.slice(0, this.#placed), this.#completions];
    let changed = UNCHANGED;
    const withdrawn = new Set<RecordedEvent>();
    for (const recorded of new Set(facts)) {
      const entry = this.#withdrawn.has(recorded.id) ? undefined : this.#entry(recorded);
      if (entry) instead.set(recorded, entry);
      else withdrawn.add(recorded);
      if (facts.length > FEW) {
        from = 0;
        continue;
      }
      const place = this.#placeOfFact(recorded);
      const stood = order[place];
      if (stood && entry && stood.effectiveOn === entry.effectiveOn && stood.sequence === entry.sequence) {
        order[place] = entry;
        changed = earlier(changed, { known: completions.of.get(place) ?? place, order: place });
      } else if (stood || entry) from = Math.min(from, this.#log.lastIndexOf(recorded));
    }
    const was = this.#order;
    this.#order = order;
    if (from > this.#revision) {
      this.#keepUpTo(Math.min(changed.known, this.#placed), Math.min(changed.order, this.#placed));
      return changed;
    }
    const first = this.#log[from]!.revision;
    const out = new Map<RecordedEvent, Entry>();
    const before = this.#placed;
    for (const entry of this.#takeOut(first, from)) out.set(entry.recorded, entry);
    for (const event of this.#log.slice(from, this.#revision + 1)) {
      if (isLedgerEvent(event.type) || this.#withdrawn.has(event.id)) continue;
      const entry = instead.get(event) ?? out.get(event) ?? this.#entry(event);
      this.#order.splice(this.#placeOf(entry.effectiveOn, entry.sequence), 0, entry);
      this.#placed++;
      this.#count(entry);
    }
    let place = 0;
    while (place < before && place < this.#placed && was[place] === this.#order[place]) place++;
    if (place === before && place === this.#placed) {
      this.#keepUpTo(place, place);
      return UNCHANGED;
    }
    return this.#differsAt(place, was, completions);
  }

  /** Takes the facts from a revision on out of the order, which is its own. */
  #takeOut(first: number, from: number): readonly Entry[] {
    const order = this.#order;
    let facts = 0;
    for (let at = from; at <= this.#revision; at++) if (!isLedgerEvent(this.#log[at]!.type)) facts++;
    let end = order.length;
    while (end > 0 && order[end - 1]!.recorded.revision >= first) end--;
    // most often they are the last ones, and the others need no look
    const areLast = order.length - end === facts;
    const out = areLast ? order.slice(end) : order.filter(({ recorded }) => recorded.revision >= first);
    this.#order = areLast ? order.slice(0, end) : order.filter(({ recorded }) => recorded.revision < first);
    this.#placed = this.#order.length;
    if (out.some(({ effectiveOn }) => earliestOf(effectiveOn) === this.#latestStart)) this.#latestStart = this.#order.reduce((latest, { effectiveOn }) => later(latest, earliestOf(effectiveOn)), ''); // prettier-ignore
    if (this.#revealing > 0) this.#revealing -= out.filter(({ recorded }) => isRevealing(this.aggregate, recorded.type)).length;
    return out;
  }

  /** Folds again behind a place. The states that it keeps end there. */
  #foldFrom(place: number): void {
    let state = this.#foldedBefore(place);
    for (let at = place; at < this.#placed; at++) {
      state = this.#behind(state, at);
      this.#known.add(at, state);
    }
    this.#state = state;
  }

  #foldOf(entries: readonly Entry[]): State {
    return entries.reduce((state, entry) => this.#step(state, entry), this.aggregate.initial as State);
  }

  /** What is known before a place, with what completes it whenever that was learned. */
  #knownBefore(place: number): State {
    return place === this.#placed ? this.#state : this.#foldedBefore(place);
  }
  #foldedBefore(place: number): State {
    let at = this.#known.nearest(place - 1);
    let state = at === -1 ? (this.aggregate.initial as State) : this.#known.at(at);
    while (++at < place) state = this.#behind(state, at);
    return state;
  }
  #behind(state: State, place: number): State {
    const { of, by } = this.#completions;
    if (of.has(place)) return state;
    let after = this.#step(state, this.#order[place]!);
    for (const later of by.get(place) ?? NONE) after = this.#step(after, this.#order[later]!);
    return after;
  }

  /** What was believed before a place. */
  #believedBefore(place: number): State {
    if (this.#completions === NO_COMPLETIONS) return this.#knownBefore(place);
    let at = this.#believed.nearest(place - 1);
    let state = at === -1 ? (this.aggregate.initial as State) : this.#believed.at(at);
    while (++at < place) {
      state = believedBehind(this.aggregate, state, actOf(this.#order[at]!));
      this.#believed.add(at, state);
    }
    return state;
  }

  /** The entries before a place in the order in which they act, with what completes them. */
  #inEffect(place = this.#placed): readonly Entry[] {
    return inEffect(this.#order, this.#completions, place);
  }

  /** Tries what stands behind the places that changed, each with its rules. @throws IllegalTransitionError */
  #try(changed: Changed, how: Pick<Trial<State>, 'tolerated' | 'failed' | 'stands'>): State {
    const order = this.#order;
    const { aggregate, id } = this;
    const line = { aggregate, id, length: this.#placed, completions: this.#completions, actAt: (place: number) => actOf(order[place]!) };
    const found = this.#foldedBefore(changed.known);
    return tryLine({ line, changed, found, believed: (place) => this.#believedBefore(place), ...how });
  }

  /** The state behind the last of some new events at a place, and all behind it tried. */
  #tryAt(place: number, added: readonly Act[], reveals: boolean): State {
    const { aggregate, id } = this;
    const order = this.#order;
    const end = place + added.length;
    const actAt = (at: number): Act => (at < place ? actOf(order[at]!) : at < end ? added[at - place]! : actOf(order[at - added.length]!));
    const typeAt = (at: number): string => {
      if (at >= place && at < end) return added[at - place]!.event.type;
      return order[at < place ? at : at - added.length]!.recorded.type;
    };
    const length = this.#placed + added.length;
    const stay = !reveals && (place === this.#placed || this.#revealing === 0);
    const completions = stay ? this.#completions : completionsOf(aggregate, length, typeAt);
    let known = place;
    if (!stay) {
      const [was, is] = [this.#completions.by, completions.by];
      for (const of of [...was.keys(), ...is.keys()]) {
        const [before, now] = [was.get(of) ?? NONE, is.get(of) ?? NONE];
        const isSame = before.length === now.length && now.every((at, i) => (at < place ? at : at < end ? -1 : at - added.length) === before[i]); // prettier-ignore
        if (of < known && !isSame) known = of;
      }
    }
    let after = this.#state;
    tryLine<State>({
      line: { aggregate, id, length, completions, actAt },
      changed: { known, order: place },
      found: this.#knownBefore(known),
      believed: (at) => this.#believedBefore(at),
      tolerated: this.#tolerated,
      stands: (at, state) => {
        if (at === end - 1) after = state;
      },
    });
    return after;
  }

  /** What an entry breaks as it stands already: a rule can be younger than the events. */
  readonly #tolerated = ({ entry }: Act, code: string): boolean => entry !== undefined && this.#isBroken(entry.recorded, code);

  #isBroken(recorded: RecordedEvent, code: string): boolean {
    const place = this.#placeOfFact(recorded);
    if (place === -1) return false;
    const { event, context } = actOf(this.#order[place]!);
    const { [code]: rule } = this.aggregate.events[event.type]!.rules!;
    const holds = (state: State): boolean => rule!.holds({ ...context, id: this.id, data: event.data }, state);
    if (this.#completions.of.has(place)) return !holds(this.#believedBefore(place));
    return !holds(this.#knownBefore(place)) && !(this.#completions !== NO_COMPLETIONS && holds(this.#believedBefore(place)));
  }

  #step(state: State, entry: Entry): State {
    return stepEntry(this.aggregate, state, entry);
  }
}

/** Whether a stream can begin with an event of this type. */
const opens = ({ events }: AnyAggregate, type: string): boolean => events[type]!.allowedIn.includes('none') && !events[type]!.mayPrecede;
const NONE: readonly never[] = [];
const UNCHANGED: Changed = { known: Number.POSITIVE_INFINITY, order: Number.POSITIVE_INFINITY };
const earlier = (a: Changed, b: Changed): Changed => ({ known: Math.min(a.known, b.known), order: Math.min(a.order, b.order) });
/** So many facts are looked for one by one; more of them in one pass. */
const FEW = 8;
const later = (a: string, b: string): string => (a < b ? b : a);
const earliestOf = (date: string): string => (date.length === 10 ? date : bounds(date).earliest);
const actOf = (entry: Entry): Act => ({ event: { type: entry.recorded.type, data: entry.data }, context: contextOf(entry), entry });
const ordered = (sequence: number | undefined): Pick<Entry, 'sequence'> => (sequence === undefined ? {} : { sequence });

/** Whether one entry can stand for the other: what both are made of is the same, not only alike. */
const sameEntry = (a: Entry, b: Entry): boolean =>
  a.recorded === b.recorded && a.data === b.data && a.effectiveOn === b.effectiveOn && a.sequence === b.sequence && a.evidence === b.evidence && a.grounds === b.grounds && a.corrections === b.corrections && a.judged === b.judged && a.notes === b.notes; // prettier-ignore

/** One entry on one state. @throws IllegalTransitionError that names the entry */
export const stepEntry = <State>(aggregate: AnyAggregate, state: State, entry: Entry, checkRules?: (found: State) => void): State => {
  try {
    return step<State>(aggregate, state, { type: entry.recorded.type, data: entry.data }, contextOf(entry), checkRules);
  } catch (error) {
    throw error instanceof IllegalTransitionError ? new IllegalTransitionError(error.code, error.message, entry, error.broken) : error;
  }
};

/** Checks the rules of an event on the state that it finds. @throws IllegalTransitionError */
const ruleCheck =
  ({ aggregate, id }: Pick<History, 'aggregate' | 'id'>, { type, data }: Event, context: EventContext) =>
  (found: unknown): void => {
    const broken = brokenRule<any, any>(aggregate.events[type]!.rules, { ...context, id, data }, found);
    if (broken) throw new IllegalTransitionError(broken.code, broken.sentence, undefined, broken);
  };

/** About how much memory an entry takes beside its event, with its places in the lists, in bytes. */
const ENTRY_BYTES = 150;

/** About how much memory an event takes, in bytes: what its sender chose is measured, and the rest of its metadata has a known size. */
const weightOf = ({ data, metadata: { command, reason, evidence, assessed, known } }: RecordedEvent): number =>
  1500 + sizeOf(data) + sizeOf(command?.body) + sizeOf(reason) + sizeOf(evidence) + sizeOf(assessed) + 100 * (known?.length ?? 0);
const sizeOf = (value: unknown): number => {
  if (typeof value === 'string') return 24 + value.length;
  if (value === null || typeof value !== 'object') return 8;
  let size = 32;
  for (const entry of Array.isArray(value) ? value : Object.values(value)) size += 16 + sizeOf(entry);
  return size;
};
