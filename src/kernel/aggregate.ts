import type { About, Actor, Assessment, Event, Provenance } from './event.js';
import type { DataOf, Fields } from './schema/fields.js';
import type { History } from './history.js';

/** What stands beside a fact when it is folded: who decided it, when, on which grounds. Nothing of the machine that recorded it. */
export interface EventContext extends Omit<Provenance, 'effectiveOn' | 'waives'> {
  /** The event's id: how a correction or a claim names it. */
  readonly event: string;
  readonly effectiveOn: string;
}

/** A type of event: the stages it can follow, the shape of what is told, and what it changes. */
export interface EventType<State, F extends Fields, Home> {
  /** Stages, as data: they make the refusals of commands, the README's table, and what a late event may stand between. */
  readonly allowedIn: readonly string[];
  readonly fields: F;
  /** The shape's version, 1 unless told; `upcast[n]` makes shape n + 1 of shape n. */
  readonly version?: number;
  readonly upcast?: Readonly<Record<number, (data: any) => any>>;
  /**
   * What its fields must satisfy together. Asked when a fact is told or corrected, never when it is folded: what was accepted stays readable.
   * @throws Rejection
   */
  check?(data: DataOf<F>, context: EventContext): void;
  evolve(state: State, data: DataOf<F>, context: EventContext): State;
  /** Policy and law on this fact, judged on the state it finds. Empty without an adopted rule. Judged again when the fact is corrected. */
  assess?(data: DataOf<F>, context: EventContext, state: State, home: Home): readonly Assessment[];
}

/** `fact({ from, fields, evolve })` with the types of one subject. */
export const eventsOf =
  <State, Home = unknown>() =>
  <const F extends Fields>(type: EventType<State, F, Home>): EventType<State, F, Home> =>
    type;

export type EventTypes<State> = Readonly<Record<string, EventType<State, any, any>>>;
type EventOf<E extends EventTypes<any>, T extends keyof E = keyof E> = {
  [K in T]: E[K] extends EventType<any, infer F, any> ? { readonly type: K; readonly data: DataOf<F> } : never;
}[T];

/** Something that must hold after every fact, in every order that was accepted. */
export interface Invariant<State> {
  readonly says: string;
  holds(state: State): boolean;
}

interface AggregateSpec<State extends { readonly stage: string }, E extends EventTypes<State>> {
  /** Streams are `<category>-<id>`; routes are `/<category>s/<id>`. */
  readonly category: string;
  readonly initial: State;
  readonly events: E;
  readonly invariants?: Readonly<Record<string, Invariant<State>>>;
  /** The identifiers that this subject's events are about. */
  about(id: string, state: State): About;
  /** The programme that a subject belongs to: named when its stream opens, read for every command. */
  readonly governedBy?: { readonly aggregate: Aggregate<any, any>; of(state: State): string | undefined };
  /** From this day on the history is complete: a late decision that policy would have refused needs a waiver. */
  completeFrom?(state: State): string | undefined;
}

/** What a stream is about: where it starts, how each fact changes it, and what may be asked of it. */
export interface Aggregate<State extends { readonly stage: string }, E extends EventTypes<State>> extends AggregateSpec<State, E> {
  command<const F extends Fields, const T extends keyof E & string, const R extends Readonly<Record<string, string>>, N extends Needs>(
    name: string,
    spec: CommandSpec<F, State, E, T, R, N>,
  ): AnyCommand;
}

export type AnyAggregate = Aggregate<any, any>;
export type StateOf<S> = S extends Aggregate<infer State, any> ? State : never;

/** A stream that a decision has to know. */
export interface Need<State = any> {
  readonly aggregate: Aggregate<any, any>;
  readonly id: string;
  readonly _state?: State;
}
export type Needs = Readonly<Record<string, Need | readonly Need[] | undefined>>;
type KnownOf<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends Need<infer State>
    ? State
    : N[K] extends readonly Need<infer State>[]
      ? readonly State[]
      : undefined;
};
export const need = <State extends { readonly stage: string }>(aggregate: Aggregate<State, any>, id: string): Need<State> => ({
  aggregate,
  id,
});

/** What `decide` is told of the request. Nothing else exists for it: no clock, no ids, no I/O. */
export interface CommandContext<Data> {
  readonly id: string;
  readonly data: Data;
  readonly record: Provenance;
  readonly actor: Actor;
  /** The told date of the act, already filled in. */
  readonly effectiveOn: string;
  /** The day of the decision in the ledger's time zone. */
  readonly today: string;
}

interface CommandSpec<F extends Fields, State, E extends EventTypes<any>, T extends keyof E, R, N extends Needs> {
  readonly summary: string;
  readonly fields: F;
  /** What it can append. */
  readonly events: readonly T[];
  /** Why it can say no, beside the stages: code → sentence. */
  readonly refusals?: R;
  /** The streams it has to know beside those its fields name; asked again until it names nothing new. */
  needs?(context: CommandContext<DataOf<F>>, state: State, known: { readonly [K in keyof N]?: unknown }): N;
  /** The new facts, oldest first; `[]` when it is already so; a Rejection when the answer is no. */
  decide(context: CommandContext<DataOf<F>>, state: State, known: KnownOf<N>): readonly EventOf<E, T>[];
}

// A registry holds commands of many shapes; each was checked where it was written.
export interface AnyCommand {
  readonly name: string;
  /** Absent for the ledger's own commands, which may be asked of any subject. */
  readonly aggregate?: AnyAggregate;
  readonly summary: string;
  readonly fields: Fields;
  readonly events: readonly string[];
  readonly refusals: Readonly<Record<string, string>>;
  needs?(context: CommandContext<any>, state: any, known: any): Needs;
  decide(context: CommandContext<any>, state: any, known: any): readonly Event[];
}

/** A command of the ledger itself: decided on a subject's whole history, and seen by no `evolve`. */
export interface LedgerCommand<F extends Fields> {
  readonly summary: string;
  readonly fields: F;
  readonly events: readonly string[];
  readonly refusals: Readonly<Record<string, string>>;
  decide(context: CommandContext<DataOf<F>>, history: History): readonly Event[];
}
export const ledgerCommand = <const F extends Fields>(name: string, spec: LedgerCommand<F>): AnyCommand => ({ name, ...spec });

export const subject = <State extends { readonly stage: string }, const E extends EventTypes<State>>(
  spec: AggregateSpec<State, E>,
): Aggregate<State, E> => {
  const self: Aggregate<State, E> = {
    ...spec,
    command: (name, { refusals, ...command }) => ({ name, aggregate: self, refusals: refusals ?? {}, ...command }) as unknown as AnyCommand,
  };
  return self;
};
