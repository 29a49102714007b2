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

/** A fact that is completed, or one that completes none, with what completes it. */
interface Completed<Fact> {
  readonly fact: Fact;
  readonly place: number;
  readonly by: { readonly fact: Fact; readonly place: number }[];
}

/** By place in valid-time order: each fact with those that complete it; undefined where a fact acts in the place of another one. */
const completed = <Fact>(aggregate: AnyAggregate, order: readonly Fact[], typeOf: (fact: Fact) => string) => {
  const newest = new Map<string, Completed<Fact>>();
  return order.map((fact, place): Completed<Fact> | undefined => {
    const type = typeOf(fact);
    let of: Completed<Fact> | undefined;
    for (const name of aggregate.events[type]?.reveals ?? []) {
      const candidate = newest.get(name);
      if (candidate && candidate.place >= (of?.place ?? 0)) of = candidate;
    }
    if (of) {
      of.by.push({ fact, place });
      return undefined;
    }
    const own: Completed<Fact> = { fact, place, by: [] };
    newest.set(type, own);
    return own;
  });
};

/**
 * Entries in the order in which they act: one that reveals right behind the last fact before its day that it completes; several of one
 * fact in valid-time order; one that finds no such fact where its own day puts it. With `end`, the facts before that place alone, and
 * what completes them whenever it was learned.
 */
export const inEffect = (aggregate: AnyAggregate, order: readonly Entry[], end = order.length): readonly Entry[] =>
  completed(aggregate, order, ({ recorded }) => recorded.type)
    .slice(0, end)
    .flatMap((own) => (own ? [own.fact, ...own.by.map(({ fact }) => fact)] : []));

/** The entries that act in the place of another one, which they complete. */
export const completing = (aggregate: AnyAggregate, order: readonly Entry[]): ReadonlySet<Entry> => {
  const own = completed(aggregate, order, ({ recorded }) => recorded.type);
  return new Set(order.filter((_, place) => !own[place]));
};

/** Fact → those that complete it, where any does. `entries` in the order in which they act; linear in their number. */
export const completions = ({ aggregate, entries }: { readonly aggregate: AnyAggregate; readonly entries: readonly Entry[] }) => {
  const found = new Map<Entry, readonly Entry[]>();
  for (const own of completed(aggregate, entries, ({ recorded }) => recorded.type))
    if (own && own.by.length > 0) found.set(own.fact, own.by.map(({ fact }) => fact)); // prettier-ignore
  return found;
};

/**
 * Folds facts in valid-time order twice: as they act, which is what is known now, and each at its own day, which is what was believed
 * then. Stages and invariants hold of what is known. A rule of a fact holds of either: what could be decided on what was believed was
 * decided, and what can follow what is known may be recorded late. The stage and the rules of a fact that reveals are judged on its
 * own day, on what was believed; a fact that cannot follow what was believed is left out of that alone.
 * @param tolerated whether a rule that is broken is not held against the fact
 * @param failed is handed a fact that cannot stand, which is left out; without it the fact is thrown
 * @returns the state, as known now, behind each fact
 * @throws IllegalTransitionError
 */
export const tryInEffect = <State>(
  aggregate: AnyAggregate,
  id: string,
  acts: readonly Act[],
  tolerated: (act: Act, code: string) => boolean,
  failed?: (act: Act) => void,
): readonly State[] => {
  const groups = completed(aggregate, acts, ({ event }) => event.type);
  const out = new Set<Act>();
  const attempt = (act: Act, stand: () => void): void => {
    try {
      stand();
    } catch (error) {
      if (!(error instanceof IllegalTransitionError)) throw error;
      if (!failed) throw new IllegalTransitionError(error.code, error.message, act.entry, error.broken);
      if (!out.has(act)) failed(act);
      out.add(act);
    }
  };
  let known: State = aggregate.initial;
  let believed: State = aggregate.initial;
  return acts.map((act, place) => {
    const { event, context } = act;
    const { rules } = aggregate.events[event.type]!;
    const on = { ...context, id, data: event.data };
    const own = groups[place];
    const judge = (found: State, also: (code: string) => boolean = () => false): void => {
      const broken = brokenRule<any, any>(rules, on, found, (code) => also(code) || tolerated(act, code));
      if (broken) throw new IllegalTransitionError(broken.code, broken.sentence, undefined, broken);
    };
    const before = believed;
    if (own) {
      attempt(act, () => {
        known = step(aggregate, known, event, context, (found: unknown) =>
          judge(found as State, (code) => rules![code]!.holds(on, before)),
        );
      });
      for (const { fact } of own.by)
        attempt(fact, () => {
          known = step(aggregate, known, fact.event, fact.context);
        });
    }
    if (out.has(act)) return known;
    try {
      believed = step(aggregate, before, event, context, own ? undefined : (found: unknown) => judge(found as State));
    } catch (error) {
      if (!own || !(error instanceof IllegalTransitionError)) attempt(act, () => { throw error; }); // prettier-ignore
    }
    return known;
  });
};
