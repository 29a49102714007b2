import type { AnyAggregate } from './aggregate.js';
import type { Entry } from './entry.js';
import type { Event, EventContext } from './event.js';
import { brokenRule } from './rule.js';
import { IllegalTransitionError, step } from './transition.js';

/** Whether an event of this type says what already was. */
export const isRevealing = ({ events }: AnyAggregate, type: string): boolean => events[type]?.reveals !== undefined;

/** A fact in its place by its own day, or one that is tried there: `entry` is absent then. */
export interface Act {
  readonly event: Event;
  readonly context: EventContext;
  readonly entry?: Entry;
}

/** Which facts complete which, by place in valid-time order. Few do: the others are in neither. */
export interface Completions {
  /** Of a fact that acts in the place of another one: that place. */
  readonly of: ReadonlyMap<number, number>;
  /** Of a fact that is completed: the places of those that complete it, in valid-time order. */
  readonly by: ReadonlyMap<number, readonly number[]>;
}
export const NO_COMPLETIONS: Completions = { of: new Map(), by: new Map() };

/** Linear in the length of the order. A fact completes the last one before its own day that it can complete. */
export const completionsOf = (aggregate: AnyAggregate, length: number, typeAt: (place: number) => string): Completions => {
  const of = new Map<number, number>();
  const by = new Map<number, number[]>();
  const [revealing, newest] = [revealingOf(aggregate), new Map<string, number>()];
  for (let place = 0; place < length; place++) {
    const type = typeAt(place);
    if (revealing.completed.has(type)) newest.set(type, place);
    const reveals = revealing.types.get(type);
    if (!reveals) continue;
    let last = -1;
    for (const name of reveals) last = Math.max(last, newest.get(name) ?? -1);
    if (last === -1) continue;
    of.set(place, last);
    const others = by.get(last);
    if (others) others.push(place);
    else by.set(last, [place]);
  }
  return of.size === 0 ? NO_COMPLETIONS : { of, by };
};

/** Of an aggregate: its types that reveal, with what they complete, and all that they complete. */
interface Revealing {
  readonly types: ReadonlyMap<string, readonly string[]>;
  readonly completed: ReadonlySet<string>;
}
const revealingOf = (aggregate: AnyAggregate): Revealing => {
  const known = ofAggregates.get(aggregate);
  if (known) return known;
  const types = new Map(
    Object.entries<{ readonly reveals?: readonly string[] }>(aggregate.events).flatMap(([type, { reveals }]) =>
      reveals ? [[type, reveals] as const] : [],
    ),
  );
  const revealing = { types, completed: new Set([...types.values()].flat()) };
  ofAggregates.set(aggregate, revealing);
  return revealing;
};
const ofAggregates = new WeakMap<AnyAggregate, Revealing>();

/**
 * Entries in the order in which they act: one that reveals right behind the last fact before its day that it completes; several of one
 * fact in valid-time order; one that finds no such fact where its own day puts it. With `end`, the facts before that place alone, and
 * what completes them whenever it was learned.
 */
export const inEffect = (order: readonly Entry[], { of, by }: Completions, end = order.length): readonly Entry[] => {
  if (of.size === 0) return order.slice(0, end);
  const acting: Entry[] = [];
  for (let place = 0; place < end; place++) {
    if (of.has(place)) continue;
    acting.push(order[place]!);
    for (const later of by.get(place) ?? []) acting.push(order[later]!);
  }
  return acting;
};

/** Fact → those that complete it, where any does. `entries` in the order in which they act; linear in their number. */
export const completions = ({ aggregate, entries }: { readonly aggregate: AnyAggregate; readonly entries: readonly Entry[] }) => {
  const { by } = completionsOf(aggregate, entries.length, (place) => entries[place]!.recorded.type);
  return new Map([...by].map(([place, later]) => [entries[place]!, later.map((at) => entries[at]!)]));
};

/** Facts in valid-time order, as they are tried. */
export interface Line {
  readonly aggregate: AnyAggregate;
  /** Of the stream. */
  readonly id: string;
  readonly length: number;
  readonly completions: Completions;
  actAt(place: number): Act;
}

/** What was believed behind a fact at its own day: one that cannot follow what was believed is left out of that alone. */
export const believedBehind = <State>(aggregate: AnyAggregate, believed: State, { event, context }: Act): State => {
  try {
    return step(aggregate, believed, event, context);
  } catch (error) {
    if (error instanceof IllegalTransitionError) return believed;
    throw error;
  }
};

/** From where facts in valid-time order differ from those that are known to stand. */
export interface Changed {
  /** The first place behind which what is known now may be another state. */
  readonly known: number;
  /** The first place at which another fact stands. */
  readonly order: number;
}

export interface Trial<State> {
  readonly line: Line;
  readonly changed: Changed;
  /** The state before `changed.known`. */
  readonly found: State;
  /** What was believed before a place up to `changed.order`. Not asked where no fact completes another. */
  believed(place: number): State;
  /** Whether a rule that is broken is not held against the fact. */
  tolerated(act: Act, code: string): boolean;
  /** Is handed a fact that cannot stand, which is left out; without it the fact is thrown. */
  failed?(act: Act): void;
  /** The state, as known now, behind a place. */
  stands?(place: number, state: State): void;
}

/**
 * Folds facts in valid-time order twice, from where they differ from what is known to stand: as they act, which is what is known now, and
 * each at its own day, which is what was believed then. Stages and invariants hold of what is known. A rule of a fact holds of either: what
 * could be decided on what was believed was decided, and what can follow what is known may be recorded late. The stage and the rules of a
 * fact that reveals are judged on its own day, on what was believed; a fact that cannot follow what was believed is left out of that alone.
 * What was believed is folded only where it is asked for: by a fact that reveals, or by a rule that does not hold of what is known.
 * @returns the state, as known now, behind the last of them
 * @throws IllegalTransitionError
 */
export const tryLine = <State>({ line, changed, found, believed, tolerated, failed, stands }: Trial<State>): State => {
  const { aggregate, id, length, completions, actAt } = line;
  const out = new Set<number>();
  const attempt = (place: number, act: Act, stand: () => void): void => {
    try {
      stand();
    } catch (error) {
      if (!(error instanceof IllegalTransitionError)) throw error;
      if (!failed) throw new IllegalTransitionError(error.code, error.message, act.entry, error.broken);
      if (!out.has(place)) failed(act);
      out.add(place);
    }
  };
  const isPlain = completions.of.size === 0;
  let [at, then] = [-1, found];
  /** For places that only become later: folded no further than it is asked for. */
  const believedBefore = (place: number): State => {
    if (at === -1 || place <= changed.order) [at, then] = [Math.min(place, changed.order), believed(Math.min(place, changed.order))];
    for (; at < place; at++) if (!out.has(at)) then = believedBehind(aggregate, then, actAt(at));
    return then;
  };
  let known = found;
  for (let place = changed.known; place < length; place++) {
    const act = actAt(place);
    const { event, context } = act;
    const { rules } = aggregate.events[event.type]!;
    const judge = (state: unknown, also: (code: string) => boolean): void => {
      const broken = brokenRule(rules, { ...context, id, data: event.data }, state, (code) => also(code) || tolerated(act, code));
      if (broken) throw new IllegalTransitionError(broken.code, broken.sentence, undefined, broken);
    };
    if (!completions.of.has(place)) {
      const heldThen = (code: string): boolean =>
        !isPlain && rules![code]!.holds({ ...context, id, data: event.data }, believedBefore(place));
      attempt(place, act, () => {
        known = step(aggregate, known, event, context, rules && ((state: unknown) => judge(state, heldThen)));
      });
      for (const later of completions.by.get(place) ?? []) {
        const completes = actAt(later);
        attempt(later, completes, () => {
          known = step(aggregate, known, completes.event, completes.context);
        });
      }
    } else if (place >= changed.order && !out.has(place))
      attempt(place, act, () => {
        step(aggregate, believedBefore(place), event, context, (state: unknown) => judge(state, () => false));
      });
    stands?.(place, known);
  }
  return known;
};
