import type { AnyJson, AnyState, About, Actor, Assessment, Event, EventContext, Provenance } from './event.js';
import { reject } from './rejection.js';
import { brokenRule, type Invariant, type Occurrence, type Rule, type Rules } from './rule.js';
import type { DataOf, Fields, REFERS, Referring } from './schema/fields.js';
import type { Reference } from './schema/named.js';
import type { ExternalReference } from './schema/provenance.js';
import { upcastOf } from './upcast.js';

/** The circumstances of a decision, as policy asks for them. */
export interface Taken {
  /** Whether it is taken now: one that was taken long ago and is recorded today is not. */
  readonly now: boolean;
  /** The day of the act: of a correction or a withdrawal its own, not that of the fact. */
  readonly on: string;
  /** Who recorded it. */
  readonly actor: Actor;
  /** Whether it corrects, withdraws or reinstates the fact that is judged. */
  readonly amends?: true;
  /** The others of its set as they were known; absent where they could not be read. Empty without a set. */
  readonly related?: readonly { readonly id: string; readonly state: AnyState }[];
  /** Whom it is of. */
  readonly id?: string;
  /** The state of what the command names or follows to, as it was known; undefined of any other one. */
  readonly stateOf?: StateOfOther;
}

type StageOf<State> = State extends { readonly stage: infer Stage extends string } ? Stage : string;

/** A type of event: the stages it can follow, the shape of its data, what must hold where it stands, and what it changes. */
export interface EventType<State, F extends Fields, Governing, Code extends string = string> {
  /** Stages, as data: they make the refusals of commands, and what a backdated event may stand between. */
  readonly allowedIn: readonly StageOf<State>[];
  readonly fields: F;
  /** Of an event that is allowed in `none`: it may lie before the event that opens the stream, and is never recorded before it. */
  readonly mayPrecede?: true;
  /** The shape's version, 1 when absent; `upcast[n]` makes shape n + 1 of shape n. */
  readonly version?: number;
  readonly upcast?: Readonly<Record<number, (data: AnyJson) => AnyJson>>;
  /** Pointers into shape n that lead elsewhere in shape n + 1: corrections and claims of events of shape n may have them. */
  readonly moved?: Readonly<Record<number, Readonly<Record<string, string>>>>;
  /**
   * What must hold where the event stands: of its data alone, or with the state that it finds. Checked when it is recorded, and again at
   * every place behind a backdated event, a correction or a withdrawal; never when stored events are read, so what was accepted stays readable.
   */
  readonly rules?: Rules<Occurrence<DataOf<F>>, State, Code>;
  /**
   * The types of facts that it completes: it says what already was. By the effective clock it acts right behind the last of them that
   * stands before its own day, and the recorded clock alone shows what was believed until then. Stage and rules are judged on its own day.
   */
  readonly reveals?: readonly string[];
  /**
   * Whether it brings in what existed before its own day. Where it comes first it is asked of earlier days too, with the day as `asOf`:
   * `evolve` gives the state of that day, of the stage `none` where nothing was there yet.
   */
  readonly bringsIn?: boolean;
  /** The codes of its rules, for the compiler alone. */
  readonly _refusedWith?: Code;
  evolve(state: State, data: DataOf<F>, context: EventContext): State;
  /** Whether its withdrawal is a decision that policy judges as it judged the event: what it undoes needs the same authority. */
  readonly assessesWithdrawal?: boolean;
  /** Policy and law on this event, judged on the state it finds. Empty without an adopted rule. Judged again when the event is corrected. */
  assess?(data: DataOf<F>, context: EventContext, state: State, governing: Governing, taken: Taken): readonly Assessment[];
}

/** `event({ allowedIn, fields, rules, evolve })` with the types of one aggregate. */
export const eventsOf =
  <State, Governing = unknown>() =>
  <const F extends Fields, const Code extends string = never>(
    type: EventType<State, F, Governing, Code>,
  ): EventType<State, F, Governing, NoInfer<Code>> =>
    type;

/** A type of event, whatever its fields, its governing state and its codes. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- they differ from event to event, and each was checked where it was written
type AnyEventType<State> = EventType<State, any, any, any>;
export type EventTypes<State> = Readonly<Record<string, AnyEventType<State>>>;
type EventOf<E extends EventTypes<AnyState>, T extends keyof E = keyof E> = {
  [K in T]: { readonly type: K; readonly data: DataOf<FieldsOf<E[K]>> };
}[T];
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what it is not asked for, it takes as it is
type FieldsOf<Type> = Type extends EventType<any, infer F, any, any> ? F : never;
type RuleCodeOf<Type> = Type extends { readonly _refusedWith?: infer Code } ? Code & string : never;

interface AggregateSpec<State extends { readonly stage: string }, E extends EventTypes<State>, Code extends string> {
  /** Streams are `<category>-<id>`; routes are `/<category>s/<id>`. */
  readonly category: string;
  readonly initial: State;
  /** In the order of its life; `none` is a stream without events. */
  readonly stages: readonly StageOf<State>[];
  readonly events: E;
  readonly invariants?: { readonly [C in Code]: Invariant<State, NoInfer<keyof E & string>> };
  /** The identifiers that this aggregate's events are about. */
  about(id: string, state: State): About;
  /** The programme that an aggregate belongs to: named when its stream opens, read for every command. */
  readonly governedBy?: { readonly aggregate: AnyAggregate; of(state: State): string | undefined };
  /** The set of aggregates of this category that policy judges together, by a name of its own: the losses of one case. */
  readonly setOf?: (state: State) => string | undefined;
  /** From this day on the history is complete: a backdated decision that policy would have refused needs a waiver. */
  completeFrom?(state: State): string | undefined;
}

/** What a stream is about: where it starts, how each event changes it, and what can be asked of it. */
export interface Aggregate<
  State extends { readonly stage: string },
  E extends EventTypes<State>,
  Code extends string,
> extends AggregateSpec<State, E, Code> {
  command<const T extends keyof E & string, F extends Fields = FieldsOf<E[T]>, const Own extends string = never>(
    name: string,
    spec: CommandSpec<State, E, T, F, Own>,
  ): Command<Code | RuleCodeOf<E[T]> | Own>;
}

/** An aggregate of whatever category. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a registry holds aggregates of many states, and each was checked where it was written
export type AnyAggregate = Aggregate<any, any, any>;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- what it is not asked for, it takes as it is
export type StateOf<A> = A extends Aggregate<infer State, any, any> ? State : never;

/** Another aggregate that a field of the command names, as it was known when the decision was taken. */
export interface Ref<State = { readonly stage: string }> {
  readonly id: string;
  readonly state: Readonly<State>;
}
type RefOf<T> = T extends readonly (infer Item)[] ? readonly RefOf<Item>[] : T extends Referring<infer State> ? Ref<State> : never;
type IsRef<T> = T extends readonly (infer Item)[] ? IsRef<Item> : typeof REFERS extends keyof T ? true : false;
/** By the name of the field; a list of references is a list. Absent where the command left the field out. */
export type RefsOf<Data> = {
  readonly [Name in keyof Data as IsRef<NonNullable<Data[Name]>> extends true ? Name : never]: RefOf<Data[Name]>;
};

/** What `decide` knows of the request and of the aggregates that it names. Nothing else exists for it: no clock, no ids, no I/O. */
export interface CommandContext<Data> {
  readonly id: string;
  readonly data: Data;
  readonly record: Provenance;
  readonly actor: Actor;
  /** The day of the act, already filled in. */
  readonly effectiveOn: string;
  /** The day of the decision in the ledger's time zone. */
  readonly today: string;
  readonly refs: RefsOf<Data>;
  readonly stateOf: StateOfOther;
}
/** The state of an aggregate that the command names or follows to; undefined of any other one. */
export type StateOfOther = (category: string, id: string) => AnyState;
/** The same before what it names was read. */
export type CommandInput<Data> = Omit<CommandContext<Data>, 'refs' | 'stateOf'>;
export type AnyCommandInput = CommandInput<AnyJson>;

/** A command that records one event with the data it was sent needs only `summary` and `records`. */
type CommandSpec<State, E extends EventTypes<AnyState>, T extends keyof E & string, F extends Fields, Own extends string> = {
  readonly summary: string;
  /** The event that it records; the events that `decide` chooses from. */
  readonly records: T | readonly T[];
  /** It approves or writes off, which takes an approver where people sign in. */
  readonly approves?: true;
  /** Those of the event when absent. */
  readonly fields?: F;
  /** What concerns the act of asking alone. What must hold of the event stands on the event, what must always hold on the aggregate. */
  readonly rules?: Rules<CommandContext<DataOf<F>>, State, Own>;
  /** Whether nothing has to be recorded: asked before any rule of its own. */
  alreadySo?(context: CommandContext<DataOf<F>>, state: State): boolean;
  /** As of `AnyCommand`. */
  follows?(data: DataOf<F>, stateOf: StateOfOther, own: Ref<State>): readonly Followed[];
  /** The new events, oldest first. When absent: the event, with the command's data. */
  decide?(context: CommandContext<DataOf<F>>, state: State): readonly EventOf<E, T>[];
} & (DataOf<F> extends DataOf<FieldsOf<E[T]>> ? unknown : { readonly decide: unknown });

/** The history of an aggregate of whatever category. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a `History` is made of aggregates, so its type is said where `ledgerCommand` is
type AnyHistory = any;

/** An aggregate that a command looks at without naming it. */
export interface Followed {
  readonly category: string;
  readonly id: string;
}

// A registry holds commands of many shapes; each was checked where it was written.
export interface AnyCommand {
  readonly name: string;
  /** Absent for the ledger's own commands, which may be asked of any aggregate. */
  readonly aggregate?: AnyAggregate;
  readonly summary: string;
  readonly fields: Fields;
  readonly events: readonly string[];
  /** Beside those of the stages and the engine, derived from the rules: code → sentence. */
  readonly refusals: Readonly<Record<string, string>>;
  /** Whether it takes an approver where people sign in; of some data alone, the place in them that asks for one. */
  readonly approves?: true | ((data: AnyJson) => string | undefined);
  /** Ids of other aggregates that its data name, where its fields alone do not say so: they are read and must exist like any reference. */
  named?(data: AnyJson, own: AnyHistory): readonly Reference[];
  /** What it looks at beyond what it names, by what is read so far: asked again while there is more, 20 times at most. */
  follows?(data: AnyJson, stateOf: StateOfOther, own: Ref<AnyState>): readonly Followed[];
  /** External references that it would add; those of its field `references` when absent. */
  references?(data: AnyJson, own: AnyHistory): readonly NamedReference[];
  /** The data of a stored body in today's shape; `version`: of the shape of the event that it recorded. */
  upcast?(data: AnyJson, version: number): AnyJson;
  decide(context: CommandContext<AnyJson>, state: AnyState): readonly Event[];
}
/** An external reference, and where the body holds it. */
export interface NamedReference extends ExternalReference {
  readonly pointer: string;
}
/** With the codes that it can be refused with, for the compiler. */
export interface Command<Code extends string> extends AnyCommand {
  readonly _refusedWith?: Code;
}

/** @throws TypeError where an event reveals what is no fact of the aggregate, or reveals itself; `command` where it records what is no event */
export const aggregate = <State extends { readonly stage: string }, const E extends EventTypes<State>, const Code extends string = never>(
  spec: AggregateSpec<State, E, Code>,
): Aggregate<State, E, Code> => {
  for (const [type, { reveals = [] }] of Object.entries<AnyEventType<State>>(spec.events))
    for (const of of reveals)
      if (!spec.events[of] || spec.events[of].reveals)
        throw new TypeError(`${type} reveals ${of}, which is no fact that can be completed.`);
  const self: Aggregate<State, E, Code> = {
    ...spec,
    command: (name, { summary, records, approves, fields, rules, alreadySo, follows, decide }) => {
      const events = [records].flat() as readonly (keyof E & string)[];
      for (const type of events)
        if (!spec.events[type]) throw new TypeError(`${name} records ${type}, which is no event of ${spec.category}.`);
      return {
        name,
        aggregate: self as AnyAggregate,
        summary,
        events,
        fields: fields ?? spec.events[events[0]!]!.fields,
        refusals: refusalsOf(spec, events, rules),
        ...(approves && { approves }),
        ...(follows && { follows }),
        ...(fields === undefined && spec.events[events[0]!]!.upcast && { upcast: (data: AnyJson, version: number) => upcastOf(spec.events[events[0]!]!, data, version) }), // prettier-ignore
        decide(context, state) {
          if (alreadySo?.(context, state)) return [];
          const broken = brokenRule(rules, context, state);
          if (broken) reject(broken.code, broken.sentence, broken.pointer === undefined ? {} : { pointer: broken.pointer });
          return decide?.(context, state) ?? [{ type: events[0]!, data: context.data }];
        },
      };
    },
  };
  return self;
};

/** What the rules of these events, the invariants that they can break and the rules of a command itself can refuse: code → sentence. */
const refusalsOf = (
  { events, invariants }: Pick<AnyAggregate, 'events' | 'invariants'>,
  types: readonly string[],
  own: Rules<AnyJson, AnyState> = {},
): Readonly<Record<string, string>> => {
  const refusals: Record<string, string> = {};
  const add = (code: string, { says }: { readonly says: string }): void => void (refusals[code] = says);
  for (const type of types) {
    for (const [code, rule] of Object.entries<Rule<AnyJson, AnyState>>(events[type].rules ?? {})) add(code, rule);
    for (const [code, invariant] of Object.entries<Invariant<AnyState>>(invariants ?? {}))
      if (Object.hasOwn(invariant.brokenBy, type)) add(code, invariant);
  }
  for (const [code, rule] of Object.entries(own)) add(code, rule);
  return refusals;
};
