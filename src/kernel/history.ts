import { bounds, dayOf, isDay } from './values/dates.js';
import { at, overlap, withoutValue, withValue } from './values/json.js';
import type { AnyAggregate } from './aggregate.js';
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
import { inEffect, isRevealing, tryInEffect, type Act, completing } from './reveal.js';
import { brokenRule } from './rule.js';
import { pointerOf, shapeOf } from './schema-version.js';
import { IllegalTransitionError, step } from './transition.js';

/** Most streams have no corrections, notes and the like: they share this one. */
const EMPTY: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * The one place through which every read goes: the recorded events of a stream → today's shape → corrected and withdrawn by what was
 * known → in valid-time order → folded. An immutable value: `extended` gives another one, and shares what both have in common, so an
 * event in order costs constant time; a backdated event, one that reveals, a correction or a withdrawal folds the stream again.
 *
 * Valid-time order: each event stands before the first event that is certainly later than it, else at the end. So an unknown or
 * overlapping date keeps its recorded place, and every certain order is respected. Of two facts of one exact day that both have a sequence,
 * the lower one stands first. A fact that reveals what already was has a place by
 * its own day, at which it is judged, and acts right behind the fact that it completes: see `inEffect`.
 */
export class History<State = any> {
  readonly stream: string;
  /** -1 when nothing was recorded. */
  #revision = -1;
  #state: State;
  /** Shared with other versions: of this one are the first `#revision + 1`. The version that ends where the list ends may append to it. */
  #log: RecordedEvent[] = [];
  /** By their own days. Shared likewise: of this version are the first `#placed`. */
  #order: Entry[] = [];
  #placed = 0;
  /** How many of them reveal: without any, this is the order in which they act. */
  #revealing = 0;
  #latestStart = '';
  /** Decision → the revision of its first event; shared with the log. */
  #decisions = new Map<string, number>();
  /** These are copied before they change. */
  #corrections: ReadonlyMap<string, ReadonlyMap<string, Omit<Correction, 'was'>>> = EMPTY;
  #withdrawn: ReadonlyMap<string, string> = EMPTY;
  #notes: ReadonlyMap<string, Entry['notes']> = EMPTY;
  /** By event: how policy judged the newest correction of it that it judged. Copied likewise. */
  #judged: ReadonlyMap<string, NonNullable<Entry['judged']>> = EMPTY;
  #duplicateOf: string | undefined;
  #bytes = 0;
  #recordedView: readonly RecordedEvent[] | undefined;
  #entriesView: readonly Entry[] | undefined;
  #broken: ReadonlySet<string> | undefined;

  private constructor(
    readonly aggregate: AnyAggregate,
    readonly id: string,
    /** Of the ledger: decides on which day an event was recorded. */
    readonly timeZone: string,
  ) {
    this.stream = `${aggregate.category}-${id}`;
    this.#state = aggregate.initial;
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
    return (this.#recordedView ??= this.#log.slice(0, this.#revision + 1));
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
  /** About how much memory its events take, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * This history and what was recorded since, in order of revision.
   * @throws UnsupportedSchemaVersionError, IllegalTransitionError when the stream was not written by these rules
   */
  extended(events: Iterable<RecordedEvent>): History<State> {
    let next: History<State> | undefined;
    let refold = false;
    for (const event of events) {
      next ??= this.#successor();
      if (!isLedgerEvent(event.type)) next.#duplicateOf = undefined;
      if (isLedgerEvent(event.type)) refold = next.#remember(event) || refold;
      else if (refold) shapeOf(this.aggregate, event);
      else next.#place(event);
      next.#record(event);
    }
    if (refold) next!.#refold();
    return next ?? this;
  }

  /** Where an event of this date would stand by its own day, and the state it would find: as it is known now. */
  before(effectiveOn: string, sequence?: number): { readonly place: number; readonly state: State } {
    const place = this.#placeOf(effectiveOn, sequence);
    return { place, state: place === this.#placed ? this.#state : this.#foldOf(this.#inEffect(place)) };
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
    if (this.#revealing > 0 && !reveals && found.place === this.#placed) {
      const after = this.#tryAtEnd(events, context);
      if (after) return after;
    }
    if (this.#revealing > 0 || reveals)
      return this.#tryInEffect(
        events.map((event, i) => ({ event, context: context[i]! })),
        found.place,
      );
    const after: State[] = [];
    let state = found.state;
    events.forEach((event, i) => {
      state = step(this.aggregate, state, event, context[i]!, ruleCheck(this, event, context[i]!));
      after.push(state);
      let behind = state;
      for (let at = found.place; at < this.#placed; at++) behind = this.#try(behind, this.#order[at]!);
    });
    return after;
  }

  /**
   * This history as it would be read with more of the ledger's own events. Every entry is checked with its rules; what one breaks already
   * is not held against the change.
   * @throws IllegalTransitionError
   */
  with(events: readonly Event[]): History<State> {
    const apart = this.#successor();
    apart.#log = this.#log.slice(0, this.#revision + 1); // the decisions stay shared: these events are of none
    const changed = apart.extended(
      events.map((event, i) => ({
        ...event,
        id: `new-${i}`,
        metadata: { schemaVersion: versionOf(this.aggregate, event.type) } as RecordedEvent['metadata'],
        stream: this.stream,
        revision: this.#revision + 1 + i,
        position: '',
      })),
    );
    if (events.every(({ type }) => type === 'FactAnnotated')) return changed;
    const { first } = changed;
    if (first && !changed.entries.some(({ recorded }) => opens(this.aggregate, recorded.type)))
      throw new IllegalTransitionError(
        `${this.aggregate.category}/unknown`,
        `No such ${this.aggregate.category}: nothing opens it.`,
        first,
      );
    if (changed.#revealing > 0) tryInEffect(this.aggregate, this.id, changed.#acts(), this.#tolerated);
    else {
      let state: State = this.aggregate.initial;
      for (const entry of changed.entries) state = this.#try(state, entry);
    }
    return changed;
  }

  /**
   * Events that can no longer follow once an event is taken away, each found with those before it gone too, in one pass over the order.
   * Where taking some away changes the order of others, what is left may still not fold: `with` says so.
   */
  dependantsOf(event: string): readonly string[] {
    const dependants: string[] = [];
    const without = this.#withoutEntry(event);
    if (without.#revealing > 0) {
      tryInEffect(this.aggregate, this.id, without.#acts(), this.#tolerated, ({ entry }) => dependants.push(entry!.recorded.id));
      return dependants;
    }
    let state: State = this.aggregate.initial;
    for (const entry of without.entries) {
      try {
        state = this.#try(state, entry);
      } catch (error) {
        if (!(error instanceof IllegalTransitionError)) throw error;
        dependants.push(entry.recorded.id);
      }
    }
    return dependants;
  }

  /** The events of a decision; empty when the command never reached this stream. */
  decision(id: string): readonly RecordedEvent[] {
    const first = this.#decisions.get(id);
    if (first === undefined || first > this.#revision) return NONE;
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
    const broughtIn = place === 0 ? this.#broughtIn(day) : NONE;
    if (broughtIn.length > 0)
      return { state: this.#foldOf(broughtIn), entries: broughtIn, approximate: NONE, leftOut: NONE, revealed: broughtIn.slice(1) };
    const own = this.#order.slice(0, place);
    const uncertain = this.uncertainOn(day);
    if (this.#revealing === 0) return { state, entries: own, ...uncertain, revealed: NONE };
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
    const acting = this.#revealing === 0 ? undefined : completing(this.aggregate, order);
    return {
      approximate: order.slice(0, place).filter((entry) => bounds(entry.effectiveOn).latest > latest && !acting?.has(entry)),
      leftOut: order.slice(place).filter((entry) => bounds(entry.effectiveOn).earliest <= latest && !acting?.has(entry)),
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
    const broughtIn = place === 0 ? this.#broughtIn(day) : NONE;
    const kept = broughtIn.length > 0 ? broughtIn : this.#revealing === 0 ? order.slice(0, place) : inEffect(this.aggregate, order, place);
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
    part.#fold();
    return part;
  }

  /** The first fact as what it says of a day before its own, with what completes it; empty where nothing was there on that day. */
  #broughtIn(day: string): readonly Entry[] {
    const first = this.first;
    if (!first || !this.aggregate.events[first.recorded.type]!.bringsIn) return NONE;
    const asked = { ...first, asOf: day };
    if ((this.#step(this.aggregate.initial, asked) as { readonly stage: string }).stage === 'none') return NONE;
    return this.#inEffect(1).with(0, asked);
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

  #successor(): History<State> {
    const next = new History<State>(this.aggregate, this.id, this.timeZone);
    next.#revision = this.#revision;
    next.#state = this.#state;
    next.#log = this.#log;
    next.#order = this.#order;
    next.#placed = this.#placed;
    next.#revealing = this.#revealing;
    next.#latestStart = this.#latestStart;
    next.#decisions = this.#decisions;
    next.#corrections = this.#corrections;
    next.#withdrawn = this.#withdrawn;
    next.#notes = this.#notes;
    next.#judged = this.#judged;
    next.#duplicateOf = this.#duplicateOf;
    next.#bytes = this.#bytes;
    return next;
  }

  #record(event: RecordedEvent): void {
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

  #place(event: RecordedEvent): void {
    const entry = this.#entry(event);
    const place = this.#placeOf(entry.effectiveOn, entry.sequence);
    if (place === this.#placed && !isRevealing(this.aggregate, event.type)) {
      this.#state = this.#step(this.#state, entry);
      this.#insert(place, entry);
    } else {
      this.#insert(place, entry);
      this.#fold();
    }
  }

  #insert(place: number, entry: Entry): void {
    const shared = this.#order[this.#placed];
    if (place === this.#placed && shared !== undefined && sameEntry(shared, entry)) {
      // another version went on with it, and both share the list
    } else if (place < this.#placed || this.#order.length > this.#placed) {
      const order = this.#order.slice(0, this.#placed);
      order.splice(place, 0, entry);
      this.#order = order;
    } else this.#order.push(entry);
    this.#placed++;
    if (isRevealing(this.aggregate, entry.recorded.type)) this.#revealing++;
    const { earliest } = bounds(entry.effectiveOn);
    if (earliest > this.#latestStart) this.#latestStart = earliest;
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

  /** Whether the stream has to be folded again. */
  #remember(event: RecordedEvent): boolean {
    const data = ledgerDataOf(event);
    if (event.type === 'FactCorrected') {
      const { event: of, because, changes: sent } = data as Corrected;
      const ofEvent = new Map(this.#corrections.get(of));
      const recorded = this.#recordedAs(of);
      const changes = sent.map((change) => ({ ...change, pointer: pointerOf(this.aggregate, recorded, change.pointer) }));
      for (const { pointer, value, remove } of changes) {
        ofEvent.delete(pointer); // the newest correction of a field is applied last
        ofEvent.set(pointer, { event: of, pointer, ...(remove ? { remove } : { value: value! }), because, by: event.id });
      }
      this.#corrections = new Map(this.#corrections).set(of, ofEvent);
      const { assessed } = event.metadata;
      if (assessed?.length) this.#judged = new Map(this.#judged).set(of, assessed);
      if (because === 'settled') this.#settle(of, changes, event.id);
      return true;
    }
    if (event.type === 'FactWithdrawn') {
      const { event: of, dependants = [] } = data as Withdrawn;
      const all = new Map(this.#withdrawn);
      for (const withdrawn of [of, ...dependants]) all.set(withdrawn, event.id);
      this.#withdrawn = all;
      return true;
    }
    if (event.type === 'FactReinstated') {
      const { event: of, dependants = [] } = data as Reinstated;
      const all = new Map(this.#withdrawn);
      for (const reinstated of [of, ...dependants]) all.delete(reinstated);
      this.#withdrawn = all;
      this.#duplicateOf = undefined;
      return true;
    }
    if (event.type === 'DuplicateMarked') {
      const all = new Map(this.#withdrawn);
      for (const { id, type } of this.#log.slice(0, this.#revision + 1)) if (!isLedgerEvent(type) && !all.has(id)) all.set(id, event.id);
      this.#withdrawn = all;
      this.#duplicateOf = (data as Duplicate).of;
      return true;
    }
    const of = (data as Annotated).event ?? '';
    const note = this.#inShape(data as Annotated);
    const notes = [...(this.#notes.get(of) ?? []), { ...note, by: event.id, evidence: event.metadata.evidence ?? [] }];
    this.#notes = new Map(this.#notes).set(of, notes);
    const place = this.#order.findIndex((entry, i) => i < this.#placed && entry.recorded.id === of);
    if (place !== -1) this.#order = this.#order.slice(0, this.#placed).with(place, { ...this.#order[place]!, notes: this.#notesOf(of) });
    return false;
  }

  #recordedAs(event: string): RecordedEvent | undefined {
    return this.#log.find(({ id }) => id === event);
  }
  /** A claim on a field of an earlier shape is one on the field that the shape of today has in its place. */
  #inShape(note: Annotated): Annotated {
    if (!note.claim || note.event === undefined) return note;
    const pointer = pointerOf(this.aggregate, this.#recordedAs(note.event), note.claim.pointer);
    return pointer === note.claim.pointer ? note : { ...note, claim: { ...note.claim, pointer } };
  }

  /** Closes the claims on fields that a correction settles. */
  #settle(event: string, changes: Corrected['changes'], by: string): void {
    const notes = this.#notes.get(event);
    if (!notes) return;
    const settles = ({ pointer }: { readonly pointer: string }) => changes.some((change) => overlap(change.pointer, pointer));
    const settled = notes.map((note) => (note.claim && !note.settledBy && settles(note.claim) ? { ...note, settledBy: by } : note));
    this.#notes = new Map(this.#notes).set(event, settled);
  }

  #withoutEntry(event: string): History<State> {
    const without = this.#successor();
    without.#reorder((entry) => entry.recorded.id !== event);
    return without;
  }

  #reorder(keeps: (entry: Entry) => boolean): void {
    const recorded = this.recorded;
    [this.#order, this.#placed, this.#revealing, this.#latestStart, this.#entriesView] = [[], 0, 0, '', undefined];
    for (const event of recorded) {
      if (isLedgerEvent(event.type) || this.#withdrawn.has(event.id)) continue;
      const entry = this.#entry(event);
      if (keeps(entry)) this.#insert(this.#placeOf(entry.effectiveOn, entry.sequence), entry);
    }
  }

  #refold(): void {
    this.#reorder(() => true);
    this.#fold();
  }

  #fold(): void {
    this.#state = this.#foldOf(this.#inEffect());
  }

  #foldOf(entries: readonly Entry[]): State {
    return entries.reduce((state, entry) => this.#step(state, entry), this.aggregate.initial as State);
  }

  /** The entries before a place in the order in which they act, with what completes them. */
  #inEffect(place = this.#placed): readonly Entry[] {
    if (this.#revealing === 0) return this.#order.slice(0, place);
    return inEffect(this.aggregate, this.#order.slice(0, this.#placed), place);
  }

  #acts(): Act[] {
    return this.#order
      .slice(0, this.#placed)
      .map((entry) => ({ event: { type: entry.recorded.type, data: entry.data }, context: contextOf(entry), entry }));
  }

  #tryInEffect(added: readonly Act[], place: number): readonly State[] {
    const acts = this.#acts();
    return added.map((_, i) => {
      const states = tryInEffect<State>(this.aggregate, this.id, acts.toSpliced(place, 0, ...added.slice(0, i + 1)), this.#tolerated);
      return states[place + i]!;
    });
  }

  /**
   * New events behind all others on what is known: nothing has to be folded again where their rules hold of that. Undefined where one does
   * not: it may hold of what was believed.
   */
  #tryAtEnd(events: readonly Event[], context: readonly EventContext[]): readonly State[] | undefined {
    const after: State[] = [];
    let state = this.#state;
    for (const [i, event] of events.entries()) {
      const { rules } = this.aggregate.events[event.type]!;
      if (brokenRule<any, any>(rules, { ...context[i]!, id: this.id, data: event.data }, state)) return undefined;
      state = step(this.aggregate, state, event, context[i]!);
      after.push(state);
    }
    return after;
  }

  /** What an entry breaks as it stands already. */
  readonly #tolerated = ({ entry }: Act, code: string): boolean =>
    entry !== undefined && this.#brokenRules().has(`${entry.recorded.id} ${code}`);

  #step(state: State, entry: Entry): State {
    return stepEntry(this.aggregate, state, entry);
  }

  /** A step of a history that would differ from this one: with the rules, but for what the entry breaks in this one already. */
  #try(state: State, entry: Entry): State {
    const event = { type: entry.recorded.type, data: entry.data };
    const already = (code: string): boolean => this.#brokenRules().has(`${entry.recorded.id} ${code}`);
    return stepEntry(this.aggregate, state, entry, ruleCheck(this, event, contextOf(entry), already));
  }

  /** What is broken as it stands, by entry and code: a rule can be younger than the events. */
  #brokenRules(): ReadonlySet<string> {
    if (this.#broken) return this.#broken;
    const broken = new Set<string>();
    if (this.#revealing > 0) {
      tryInEffect(this.aggregate, this.id, this.#acts(), ({ entry }, code) => broken.add(`${entry!.recorded.id} ${code}`).size > 0);
      return (this.#broken = broken);
    }
    for (const { entry, before } of this.steps()) {
      const event = { type: entry.recorded.type, data: entry.data };
      ruleCheck(this, event, contextOf(entry), (code) => broken.add(`${entry.recorded.id} ${code}`).size > 0)(before);
    }
    return (this.#broken = broken);
  }
}

/** Whether a stream can begin with an event of this type. */
const opens = ({ events }: AnyAggregate, type: string): boolean => events[type]!.allowedIn.includes('none') && !events[type]!.mayPrecede;
const NONE: readonly never[] = [];
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
  (
    { aggregate, id }: Pick<History, 'aggregate' | 'id'>,
    { type, data }: Event,
    context: EventContext,
    tolerated?: (code: string) => boolean,
  ) =>
  (found: unknown): void => {
    const broken = brokenRule<any, any>(aggregate.events[type]!.rules, { ...context, id, data }, found, tolerated);
    if (broken) throw new IllegalTransitionError(broken.code, broken.sentence, undefined, broken);
  };

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
