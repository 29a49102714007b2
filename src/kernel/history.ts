import { bounds } from './values/dates.js';
import type { Evidence, Event, Json, RecordedEvent } from './event.js';
import { at, withValue } from './values/json.js';
import { isLedgerEvent, type Annotated, type Corrected, type Withdrawn } from './ledger.js';
import type { AnyAggregate, EventContext } from './aggregate.js';

/** One fact as it is believed: upcast, corrected, in its place. */
export interface Entry {
  readonly recorded: RecordedEvent;
  readonly data: any;
  readonly effectiveOn: string;
  readonly evidence: readonly Evidence[];
  readonly corrections: readonly (Corrected & { readonly by: string; readonly was: Json })[];
  readonly notes: readonly (Annotated & { readonly by: string; readonly evidence: readonly Evidence[] })[];
}

/** A fact cannot stand where it would stand: it does not follow its stage, or an invariant breaks. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';

  constructor(
    readonly code: string,
    sentence: string,
    /** The event that can no longer follow; absent when it is the new fact itself. */
    readonly entry?: Entry,
  ) {
    super(sentence);
  }
}

/** A stored shape that this program is too old for: never skipped. */
export class UnsupportedSchemaVersionError extends Error {
  override readonly name = 'UnsupportedSchemaVersionError';

  constructor(readonly event: Pick<RecordedEvent, 'type' | 'stream' | 'revision'>) {
    super(`${event.type} at ${event.stream}@${event.revision} is newer than this program.`);
  }
}

/**
 * The one place through which every read goes: the recorded events of a stream → today's shape → corrected and withdrawn by what was
 * known → in effective order → folded. Told in order, an event is added in constant time; told late, the stream is folded again.
 *
 * Effective order: each event stands before the first event that is certainly later than it, else at the end. So an unknown or
 * overlapping date keeps its told place, and every certain order is respected.
 */
export class History<State = any> {
  readonly recorded: RecordedEvent[] = [];
  #revision = -1;
  /** Whether it keeps what was recorded, or only where that has led. */
  #whole = true;
  #entries: Entry[] = [];
  #state: State;
  /** The latest first day of any entry: nothing told from that day on can stand before anything. */
  #latestStart = '';
  /** Decision → the revision of its first event. */
  readonly #decisions = new Map<string, number>();
  readonly #corrections = new Map<string, Map<string, Corrected & { by: string }>>();
  readonly #withdrawn = new Map<string, string>();
  readonly #notes = new Map<string, Entry['notes'][number][]>();

  constructor(
    readonly aggregate: AnyAggregate,
    readonly id: string,
  ) {
    this.#state = aggregate.initial;
  }

  static of<State = any>(aggregate: AnyAggregate, id: string, events: Iterable<RecordedEvent>): History<State> {
    const history = new History<State>(aggregate, id);
    history.addAll(events);
    return history;
  }

  get stream(): string {
    return `${this.aggregate.category}-${this.id}`;
  }
  /** -1 when nothing was recorded. */
  get revision(): number {
    return this.#revision;
  }
  /** In effective order. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }
  get state(): State {
    return this.#state;
  }
  /** Withdrawn event → the event that withdrew it. */
  get withdrawn(): ReadonlyMap<string, string> {
    return this.#withdrawn;
  }
  /** Notes on the subject as a whole. */
  get notes(): Entry['notes'] {
    return this.#notes.get('') ?? [];
  }

  /** @throws NewerShape, Illegal when the stream was not written by these rules; the history is then of no use */
  add(event: RecordedEvent): void {
    this.addAll([event]);
  }

  addAll(events: Iterable<RecordedEvent>): void {
    let again = false;
    for (const event of events) {
      if (isLedgerEvent(event.type)) again = this.#remember(event) || again;
      else if (again) this.#shape(event);
      else this.#place(event);
      this.#revision++;
      if (!this.#whole) continue;
      const { command } = event.metadata;
      if (command && !this.#decisions.has(command.id)) this.#decisions.set(command.id, this.recorded.length);
      this.recorded.push(event);
    }
    if (again) this.#refold();
  }

  get isWhole(): boolean {
    return this.#whole;
  }

  /**
   * Lets go of what was recorded, and keeps its revision and the state that it has led to: who follows a log of many streams holds no more
   * of each. From then on only what `goesOn` can be added.
   */
  lighten(): void {
    this.#whole = false;
    this.recorded.length = 0;
    this.#entries = [];
    for (const map of [this.#decisions, this.#corrections, this.#withdrawn, this.#notes]) map.clear();
  }

  /** Whether these events can be added; to one that let go of the record, only if none is told late and none changes how it is read. */
  canExtendWith(events: Iterable<RecordedEvent>): boolean {
    if (this.#whole) return true;
    let start = this.#latestStart;
    for (const { type, metadata } of events) {
      if (type === 'FactAnnotated') continue;
      const { earliest, latest } = bounds(metadata.effectiveOn);
      if (isLedgerEvent(type) || start > latest) return false;
      if (earliest > start) start = earliest;
    }
    return true;
  }

  /** Where an event of this date would stand, and the state it would find. */
  before(effectiveOn: string): { readonly place: number; readonly state: State } {
    const place = this.#placeOf(effectiveOn);
    if (place === this.#entries.length) return { place, state: this.#state };
    return {
      place,
      state: this.#entries.slice(0, place).reduce((state, entry) => this.#step(state, entry), this.aggregate.initial as State),
    };
  }

  /**
   * Folds new facts at their place, then what stands behind them again, after each of them: who follows the log reads one at a time.
   * @returns the state right after each new fact
   * @throws Illegal
   */
  tryEvents(
    events: readonly Event[],
    context: readonly EventContext[],
    found: { readonly place: number; readonly state: State },
  ): readonly State[] {
    const after: State[] = [];
    let state = found.state;
    events.forEach((event, i) => {
      state = step(this.aggregate, state, event, context[i]!);
      after.push(state);
      this.#entries.slice(found.place).reduce((behind, entry) => this.#step(behind, entry), state);
    });
    return after;
  }

  /** This history as it would be read with more of the ledger's own events. @throws Illegal */
  with(events: readonly Event[]): History<State> {
    const metadata = { schemaVersion: 1 } as RecordedEvent['metadata'];
    const added = events.map((event, i) => ({
      ...event,
      id: `new-${i}`,
      metadata,
      stream: this.stream,
      revision: this.revision + 1 + i,
      position: '',
    }));
    return History.of(this.aggregate, this.id, [...this.recorded, ...added]);
  }

  /** The events of a decision; empty when the command never reached this stream. */
  decision(id: string): readonly RecordedEvent[] {
    const first = this.#decisions.get(id);
    if (first === undefined) return [];
    let last = first;
    while (this.recorded[last + 1]?.metadata.command.id === id) last++;
    return this.recorded.slice(first, last + 1);
  }

  /** What was known when the stream was at a revision. */
  atRevision(revision: number): History<State> {
    return revision >= this.revision ? this : History.of(this.aggregate, this.id, this.recorded.slice(0, revision + 1));
  }

  /** The part of the effective order before the first event certainly later than a day; `approximate` may lie after it. */
  asOf(day: string): { readonly state: State; readonly entries: readonly Entry[]; readonly approximate: readonly Entry[] } {
    const { place, state } = this.before(day);
    const entries = this.#entries.slice(0, place);
    return { state, entries, approximate: entries.filter((entry) => bounds(entry.effectiveOn).latest > bounds(day).latest) };
  }

  /** Each entry with the state it found and the state it left. */
  *steps(): Generator<{ readonly entry: Entry; readonly before: State; readonly after: State }> {
    let before: State = this.aggregate.initial;
    for (const entry of this.#entries) {
      const after = this.#step(before, entry);
      yield { entry, before, after };
      before = after;
    }
  }

  #shape(event: RecordedEvent): any {
    const type = this.aggregate.events[event.type];
    const version = type?.version ?? 1;
    if (!type || event.metadata.schemaVersion > version) throw new UnsupportedSchemaVersionError(event);
    let data = event.data;
    for (let v = event.metadata.schemaVersion; v < version; v++) data = type.upcast![v]!(data);
    return data;
  }

  #entry(event: RecordedEvent): Entry {
    const data = this.#shape(event);
    const { effectiveOn, evidence = NONE } = event.metadata;
    const notes = this.#notes.get(event.id) ?? NONE;
    const corrected = this.#corrections.get(event.id);
    if (!corrected) return { recorded: event, data, effectiveOn, evidence, corrections: NONE, notes };
    let whole = { data, effectiveOn, evidence };
    const corrections: Entry['corrections'][number][] = [];
    for (const [pointer, correction] of corrected) {
      const path = /^\/(effectiveOn$|evidence(\/|$))/.test(pointer) ? pointer : `/data${pointer}`;
      corrections.push({ ...correction, was: at(whole, path) ?? null });
      whole = withValue(whole, path, correction.value);
    }
    return { recorded: event, ...whole, corrections, notes };
  }

  #place(event: RecordedEvent): void {
    const entry = this.#entry(event);
    if (!this.#whole) {
      this.#state = this.#step(this.#state, entry);
      return this.#mayStartLater(entry);
    }
    const place = this.#placeOf(entry.effectiveOn);
    if (place === this.#entries.length) {
      this.#state = this.#step(this.#state, entry);
      this.#entries.push(entry);
      this.#mayStartLater(entry);
    } else {
      const order = this.#entries.toSpliced(place, 0, entry);
      this.#state = order.reduce((state, e) => this.#step(state, e), this.aggregate.initial as State);
      this.#insert(place, entry);
    }
  }

  #insert(place: number, entry: Entry): void {
    this.#entries.splice(place, 0, entry);
    this.#mayStartLater(entry);
  }

  #mayStartLater(entry: Entry): void {
    const { earliest } = bounds(entry.effectiveOn);
    if (earliest > this.#latestStart) this.#latestStart = earliest;
  }

  #placeOf(effectiveOn: string): number {
    const { latest } = bounds(effectiveOn);
    if (this.#latestStart <= latest) return this.#entries.length;
    const place = this.#entries.findIndex((entry) => bounds(entry.effectiveOn).earliest > latest);
    return place === -1 ? this.#entries.length : place;
  }

  /** Whether the stream has to be folded again. */
  #remember(event: RecordedEvent): boolean {
    if (event.metadata.schemaVersion > 1) throw new UnsupportedSchemaVersionError(event);
    if (!this.#whole) return false;
    if (event.type === 'FactCorrected') {
      const { event: of, pointer, ...rest } = event.data as Corrected;
      const ofEvent = this.#corrections.get(of) ?? new Map<string, Corrected & { by: string }>();
      ofEvent.delete(pointer); // the newest correction of a field is applied last
      ofEvent.set(pointer, { event: of, pointer, ...rest, by: event.id });
      this.#corrections.set(of, ofEvent);
      return true;
    }
    if (event.type === 'FactWithdrawn') {
      const { event: of, dependants = [] } = event.data as Withdrawn;
      for (const withdrawn of [of, ...dependants]) this.#withdrawn.set(withdrawn, event.id);
      return true;
    }
    const note = event.data as Annotated;
    const of = note.event ?? '';
    const notes = [...(this.#notes.get(of) ?? []), { ...note, by: event.id, evidence: event.metadata.evidence ?? [] }];
    this.#notes.set(of, notes);
    const place = this.#entries.findIndex((entry) => entry.recorded.id === of);
    if (place !== -1) this.#entries[place] = { ...this.#entries[place]!, notes };
    return false;
  }

  #refold(): void {
    this.#entries = [];
    this.#latestStart = '';
    for (const event of this.recorded)
      if (!isLedgerEvent(event.type) && !this.#withdrawn.has(event.id)) {
        const entry = this.#entry(event);
        this.#insert(this.#placeOf(entry.effectiveOn), entry);
      }
    this.#state = this.#entries.reduce((state, entry) => this.#step(state, entry), this.aggregate.initial as State);
  }

  #step(state: any, entry: Entry): any {
    try {
      return step<any>(this.aggregate, state, { type: entry.recorded.type, data: entry.data }, contextOf(entry));
    } catch (error) {
      throw error instanceof IllegalTransitionError ? new IllegalTransitionError(error.code, error.message, entry) : error;
    }
  }
}

const NONE: readonly never[] = [];

export const contextOf = ({ recorded, effectiveOn, evidence }: Entry): EventContext => {
  const { decidedBy, authority, reason } = recorded.metadata;
  const context: { -readonly [K in keyof EventContext]: EventContext[K] } = { event: recorded.id, effectiveOn, evidence };
  if (decidedBy) context.decidedBy = decidedBy;
  if (authority) context.authority = authority;
  if (reason !== undefined) context.reason = reason;
  return context;
};

/** One fact on one state: its stage, its change, the invariants. @throws Illegal */
export const step = <State>(aggregate: AnyAggregate, state: State, event: Event, context: EventContext): State => {
  const { category, invariants = {} } = aggregate;
  const type = aggregate.events[event.type]!;
  const { stage } = state as { readonly stage: string };
  if (!type.allowedIn.includes(stage)) throw new IllegalTransitionError(...whyNotFrom(category, event.type, type.allowedIn, stage));
  const next = type.evolve(state, event.data, context);
  for (const code in invariants) if (!invariants[code]!.holds(next)) throw new IllegalTransitionError(code, invariants[code]!.says);
  return next;
};

/** The refusals that every command has from the stages of its events: code → sentence. */
export const stageRefusals = (category: string) => ({
  [`${category}/unknown`]: `No such ${category}.`,
  [`${category}/exists`]: `The ${category} is already there.`,
  [`${category}/not-yet`]: `The ${category} begins later than this.`,
  [`${category}/stage`]: `The ${category} is at a stage that this cannot follow.`,
});

const whyNotFrom = (category: string, type: string, from: readonly string[], stage: string): [string, string] => {
  if (stage === 'none') return [`${category}/unknown`, `No such ${category}: ${type} follows ${listed(from)}.`];
  if (from.every((s) => s === 'none')) return [`${category}/exists`, `The ${category} is already there: ${type} can only come first.`];
  return [`${category}/stage`, `The ${category} is ${stage}: ${type} follows ${listed(from)}.`];
};

const listed = (from: readonly string[]): string => from.map((s) => (s === 'none' ? 'nothing' : s)).join(from.length === 2 ? ' or ' : ', ');
