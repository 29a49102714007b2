import { bounds, isDay } from './values/dates.js';
import type { AnyAggregate } from './aggregate.js';
import { checkpointBytes, Checkpoints } from './checkpoints.js';
import { contextOf, type Entry } from './entry.js';
import type { RecordedEvent } from './event.js';
import { isLedgerEvent } from './ledger.js';
import { believedBehind, completionsOf, inEffect, isRevealing, NO_COMPLETIONS, tryLine, type Act, type Changed, type Completions, type Trial } from './reveal.js'; // prettier-ignore
import { stepEntry } from './transition.js';

/**
 * The facts of a stream at their places, and folded. Versions of a history share what they have in common: the list of facts, and the states
 * behind places of it. Each of them has an order of its own, which changes only while that version is made.
 *
 * Valid-time order: each event stands before the first event that is certainly later than it, else at the end. So an unknown or
 * overlapping date keeps its recorded place, and every certain order is respected. Of two facts of one exact day that both have a sequence,
 * the lower one stands first. A fact that reveals what already was has a place by its own day, at which it is judged, and acts right
 * behind the fact that it completes: see `inEffect`.
 */
export class ValidTimeOrder<State> {
  #state: State;
  /** By their own days. Shared: of this order are the first `#length`. The order that ends where the list ends may append to it. */
  #entries: Entry[];
  #length: number;
  /** How many of them reveal. */
  #revealing: number;
  /** Where there are none, the entries are in the order in which they act. */
  #completions: Completions;
  /** What is known, behind places of the order. Shared and copied with it. */
  #known: Checkpoints<State>;
  /** What was believed there, each fact at its own day: as far as it was asked for. Unused where that is what is known. */
  #believed: Checkpoints<State>;
  #latestStart: string;

  constructor(
    readonly aggregate: AnyAggregate,
    /** Of the stream. */
    readonly id: string,
    /** The order that this one goes on from. */
    from?: ValidTimeOrder<State>,
  ) {
    this.#state = from ? from.#state : aggregate.initial;
    this.#entries = from ? from.#entries : [];
    this.#length = from ? from.#length : 0;
    this.#revealing = from ? from.#revealing : 0;
    this.#completions = from ? from.#completions : NO_COMPLETIONS;
    this.#known = from ? from.#known : Checkpoints.none();
    this.#believed = from ? from.#believed : Checkpoints.none();
    this.#latestStart = from ? from.#latestStart : '';
  }

  /** Of entries in the order in which they act. @throws IllegalTransitionError */
  static of<State>(aggregate: AnyAggregate, id: string, entries: readonly Entry[]): ValidTimeOrder<State> {
    const order = new ValidTimeOrder<State>(aggregate, id);
    order.#entries = [...entries];
    order.#length = entries.length;
    order.#latestStart = latestStartOf(entries);
    order.foldFrom(0);
    return order;
  }

  /** Behind all of it. */
  get state(): State {
    return this.#state;
  }
  get length(): number {
    return this.#length;
  }
  get revealing(): number {
    return this.#revealing;
  }
  get completions(): Completions {
    return this.#completions;
  }
  /** The latest first day of any entry: no event of that day or later stands before anything. */
  get latestStart(): string {
    return this.#latestStart;
  }
  /** About how much memory the states that it keeps take, in bytes. */
  get stateBytes(): number {
    return checkpointBytes(this.#length) * (this.#completions === NO_COMPLETIONS ? 1 : 2);
  }

  /** Undefined where there is none. */
  at(place: number): Entry | undefined {
    return place < this.#length ? this.#entries[place] : undefined;
  }
  /** By their own days: a list of its own, of those before a place. */
  entries(end = this.#length): Entry[] {
    return this.#entries.slice(0, end);
  }
  /** In the order in which they act: those before a place, with what completes them. */
  inEffect(end = this.#length): readonly Entry[] {
    return inEffect(this.#entries, this.#completions, end);
  }

  /** Where an event of this date stands by its own day. */
  placeOf(effectiveOn: string, sequence?: number): number {
    const { latest } = bounds(effectiveOn);
    const isOrdered = sequence !== undefined && isDay(effectiveOn);
    if (isOrdered ? this.#latestStart < latest : this.#latestStart <= latest) return this.#length;
    for (let place = 0; place < this.#length; place++) {
      const other = this.#entries[place]!;
      if (bounds(other.effectiveOn).earliest > latest) return place;
      if (isOrdered && other.effectiveOn === effectiveOn && other.sequence !== undefined && other.sequence > sequence) return place;
    }
    return this.#length;
  }

  /** @returns -1 where it does not stand */
  placeOfFact(recorded: RecordedEvent): number {
    let place = this.#length - 1;
    while (place >= 0 && this.#entries[place]!.recorded !== recorded) place--;
    return place;
  }

  /** What is known before a place, with what completes it whenever that was learned. */
  knownBefore(place: number): State {
    return place === this.#length ? this.#state : this.#foldedBefore(place);
  }

  /** What was believed before a place. */
  believedBefore(place: number): State {
    if (this.#completions === NO_COMPLETIONS) return this.knownBefore(place);
    let at = this.#believed.nearest(place - 1);
    let state = at === -1 ? (this.aggregate.initial as State) : this.#believed.at(at);
    while (++at < place) {
      state = believedBehind(this.aggregate, state, actOf(this.#entries[at]!));
      this.#believed.add(at, state);
    }
    return state;
  }

  /** Some of its facts, each with the state that it found as it acts, in that order. Folded from the first of them to the last. */
  standing(wanted: ReadonlySet<RecordedEvent>): readonly { readonly entry: Entry; readonly before: State }[] {
    const { of, by } = this.#completions;
    const found: { readonly entry: Entry; readonly before: State }[] = [];
    const places = new Set<number>();
    if (wanted.size > FEW)
      this.#entries.forEach(({ recorded }, place) => place < this.#length && wanted.has(recorded) && places.add(of.get(place) ?? place)); // prettier-ignore
    else
      for (const recorded of wanted) {
        const place = this.placeOfFact(recorded);
        if (place !== -1) places.add(of.get(place) ?? place);
      }
    let [at, state] = [0, this.aggregate.initial as State];
    for (const place of [...places].sort((a, b) => a - b)) {
      if (this.#known.nearest(place - 1) >= at) [at, state] = [place, this.knownBefore(place)];
      for (; at < place; at++) state = this.#behind(state, at);
      let before = state;
      for (const one of [place, ...(by.get(place) ?? NONE)]) {
        const entry = this.#entries[one]!;
        if (wanted.has(entry.recorded)) found.push({ entry, before });
        before = stepEntry(this.aggregate, before, entry);
      }
    }
    return found;
  }

  /** Takes up a fact that was recorded last. One that comes in order, before which nothing has changed, is folded at once. */
  add(entry: Entry, changed: Changed): Changed {
    const place = this.placeOf(entry.effectiveOn, entry.sequence);
    if (place === this.#length && !isRevealing(this.aggregate, entry.recorded.type)) {
      const isFolded = changed === UNCHANGED;
      const state = isFolded ? stepEntry(this.aggregate, this.#state, entry) : this.#state;
      this.#insert(place, entry);
      if (isFolded) this.#known.add(place, state);
      this.#state = state;
      return changed;
    }
    const [entries, completions] = [this.#entries, this.#completions];
    this.#insert(place, entry);
    return earlier(changed, this.#differsAt(place, entries, completions));
  }

  /** No state speaks of a note: only the fact does. */
  showNotes(recorded: RecordedEvent, notes: Entry['notes']): void {
    const place = this.placeOfFact(recorded);
    if (place === -1) return;
    this.#entries = this.entries();
    this.#entries[place] = { ...this.#entries[place]!, notes };
    this.#keepUpTo(this.#length, this.#length);
  }

  /** Folds again behind a place. The states that it keeps end there. */
  foldFrom(place: number): void {
    let state = this.#foldedBefore(place);
    for (let at = place; at < this.#length; at++) {
      state = this.#behind(state, at);
      this.#known.add(at, state);
    }
    this.#state = state;
  }

  /** The same behind the places that changed, each fact with its rules. @throws IllegalTransitionError */
  tryFrom(changed: Changed, how: Pick<Trial<State>, 'tolerated' | 'failed'>): void {
    const { aggregate, id } = this;
    const entries = this.#entries;
    this.#state = tryLine({
      line: { aggregate, id, length: this.#length, completions: this.#completions, actAt: (place) => actOf(entries[place]!) },
      changed,
      found: this.#foldedBefore(changed.known),
      believed: (place) => this.believedBefore(place),
      stands: (place, state) => this.#known.add(place, state),
      ...how,
    });
  }

  /**
   * Puts in order again what was recorded from the first of some facts on whose place may be another: those before it stand as they stood.
   * Does not fold.
   * @param again facts that read otherwise, that are withdrawn, or that stand again
   * @param waiting the first revision of a fact that has no place yet
   */
  rearrange(again: readonly RecordedEvent[], waiting: number, facts: Facts): Changed {
    const { log, end } = facts;
    let from = waiting;
    const instead = new Map<RecordedEvent, Entry>();
    const [entries, completions] = [this.entries(), this.#completions];
    let changed = UNCHANGED;
    for (const recorded of new Set(again)) {
      const entry = facts.isStanding(recorded) ? facts.read(recorded) : undefined;
      if (entry) instead.set(recorded, entry);
      if (again.length > FEW) {
        from = 0;
        continue;
      }
      const place = this.placeOfFact(recorded);
      const stood = entries[place];
      if (stood && entry && stood.effectiveOn === entry.effectiveOn && stood.sequence === entry.sequence) {
        entries[place] = entry;
        changed = earlier(changed, { known: completions.of.get(place) ?? place, order: place });
      } else if (stood || entry) from = Math.min(from, log.lastIndexOf(recorded));
    }
    const was = this.#entries;
    this.#entries = entries;
    if (from >= end) {
      this.#keepUpTo(Math.min(changed.known, this.#length), Math.min(changed.order, this.#length));
      return changed;
    }
    const before = this.#length;
    const recordedFrom = log.slice(from, end);
    const out = this.#takeOut(recordedFrom);
    for (const event of recordedFrom) {
      if (!facts.isStanding(event)) continue;
      const entry = instead.get(event) ?? out.get(event) ?? facts.read(event);
      this.#entries.splice(this.placeOf(entry.effectiveOn, entry.sequence), 0, entry);
      this.#length++;
      this.#count(entry);
    }
    let place = 0;
    while (place < before && place < this.#length && was[place] === this.#entries[place]) place++;
    if (place === before && place === this.#length) {
      this.#keepUpTo(place, place);
      return UNCHANGED;
    }
    return this.#differsAt(place, was, completions);
  }

  #insert(place: number, entry: Entry): void {
    const shared = this.#entries[this.#length];
    if (place === this.#length && shared !== undefined && sameEntry(shared, entry)) {
      // another version went on with it, and both share the list
    } else if (place < this.#length || this.#entries.length > this.#length) {
      const entries = this.entries();
      entries.splice(place, 0, entry);
      this.#entries = entries;
      this.#keepUpTo(place, place);
    } else this.#entries.push(entry);
    this.#length++;
    this.#count(entry);
  }
  #count(entry: Entry): void {
    if (isRevealing(this.aggregate, entry.recorded.type)) this.#revealing++;
    const earliest = earliestOf(entry.effectiveOn);
    if (earliest > this.#latestStart) this.#latestStart = earliest;
  }

  /** Takes the facts that were recorded last out of the list, which is its own. */
  #takeOut(recorded: readonly RecordedEvent[]): ReadonlyMap<RecordedEvent, Entry> {
    const entries = this.#entries;
    const { revision: first } = recorded[0]!;
    let facts = 0;
    for (const { type } of recorded) if (!isLedgerEvent(type)) facts++;
    let end = entries.length;
    while (end > 0 && entries[end - 1]!.recorded.revision >= first) end--;
    // most often they are the last ones, and the others need no look
    const areLast = entries.length - end === facts;
    const out = areLast ? entries.slice(end) : entries.filter(({ recorded }) => recorded.revision >= first);
    this.#entries = areLast ? entries.slice(0, end) : entries.filter(({ recorded }) => recorded.revision < first);
    this.#length = this.#entries.length;
    if (out.some(({ effectiveOn }) => earliestOf(effectiveOn) === this.#latestStart)) this.#latestStart = latestStartOf(this.#entries);
    if (this.#revealing > 0) this.#revealing -= out.filter(({ recorded }) => isRevealing(this.aggregate, recorded.type)).length;
    return new Map(out.map((entry) => [entry.recorded, entry]));
  }

  /** Finds which facts complete which where another fact stands at a place than before, and drops the states behind what changes. */
  #differsAt(place: number, entries: readonly Entry[], completions: Completions): Changed {
    if (this.#revealing > 0 || completions !== NO_COMPLETIONS) this.#completions = this.completionsOf(this.entries());
    let known = place;
    const [was, is] = [completions.by, this.#completions.by];
    for (const of of [...was.keys(), ...is.keys()]) {
      const [before, now] = [was.get(of) ?? NONE, is.get(of) ?? NONE];
      const isSame = before.length === now.length && now.every((at, i) => this.#entries[at] === entries[before[i]!]);
      if (of < known && !isSame) known = of;
    }
    if (completions === NO_COMPLETIONS) this.#believed = this.#known;
    if (this.#completions === NO_COMPLETIONS) this.#believed = Checkpoints.none();
    this.#keepUpTo(known, place);
    return { known, order: place };
  }
  /** Of some of its entries by their own days. */
  completionsOf(entries: readonly Entry[]): Completions {
    if (this.#revealing === 0) return NO_COMPLETIONS;
    return completionsOf(this.aggregate, entries.length, (place) => entries[place]!.recorded.type);
  }

  /** Keeps states of its own: those before places. */
  #keepUpTo(known: number, order: number): void {
    this.#known = this.#known.upTo(known);
    this.#believed = this.#believed.upTo(order);
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
    let after = stepEntry(this.aggregate, state, this.#entries[place]!);
    for (const later of by.get(place) ?? NONE) after = stepEntry(this.aggregate, after, this.#entries[later]!);
    return after;
  }
}

/** What an order is made of again: the facts of one version of a history, as they read. */
export interface Facts {
  readonly log: readonly RecordedEvent[];
  /** The first so many of the log are the version's own. */
  readonly end: number;
  /** False of a fact that is withdrawn, and of the ledger's own events. */
  isStanding(event: RecordedEvent): boolean;
  read(event: RecordedEvent): Entry;
}

/** Nothing before this has changed. */
export const UNCHANGED: Changed = { known: Number.POSITIVE_INFINITY, order: Number.POSITIVE_INFINITY };
export const earlier = (a: Changed, b: Changed): Changed => ({ known: Math.min(a.known, b.known), order: Math.min(a.order, b.order) });
/** So many facts are looked for one by one; more of them in one pass. */
export const FEW = 8;
const NONE: readonly never[] = [];

/** A fact of an order as it is folded and tried. */
export const actOf = (entry: Entry): Act => ({ event: { type: entry.recorded.type, data: entry.data }, context: contextOf(entry), entry });
const earliestOf = (date: string): string => (date.length === 10 ? date : bounds(date).earliest);
const later = (a: string, b: string): string => (a < b ? b : a);
const latestStartOf = (entries: readonly Entry[]): string =>
  entries.reduce((latest, { effectiveOn }) => later(latest, earliestOf(effectiveOn)), '');

/** Whether one entry can stand for the other: what both are made of is the same, not only alike. */
const sameEntry = (a: Entry, b: Entry): boolean =>
  a.recorded === b.recorded && a.data === b.data && a.effectiveOn === b.effectiveOn && a.sequence === b.sequence && a.evidence === b.evidence && a.grounds === b.grounds && a.corrections === b.corrections && a.judged === b.judged && a.notes === b.notes; // prettier-ignore
