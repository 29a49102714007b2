import type { Event, EventContext, RecordedEvent } from './event.js';
import { completionsOf, isRevealing, NO_COMPLETIONS, tryLine, type Act } from './reveal.js';
import { brokenRule } from './rule.js';
import { IllegalTransitionError, step } from './transition.js';
import { actOf, type ValidTimeOrder } from './valid-time-order.js';

/**
 * Folds new events at their place, then what stands behind them again, after each of them: a follower of the log reads one at a time.
 * Each with its rules; what an entry behind them breaks already is not held against the new events.
 * @returns the state right after each new event
 * @throws IllegalTransitionError
 */
export const tryEvents = <State>(
  order: ValidTimeOrder<State>,
  events: readonly Event[],
  context: readonly EventContext[],
  found: Found<State>,
): readonly State[] => {
  const { aggregate, id } = order;
  const reveals = events.some(({ type }) => isRevealing(aggregate, type));
  if (reveals || found.place < order.length || order.completions !== NO_COMPLETIONS) {
    const acts = events.map((event, i): Act => ({ event, context: context[i]! }));
    return acts.map((_, i) => stateBehind(order, found.place, acts.slice(0, i + 1), reveals));
  }
  let { state } = found;
  return events.map((event, i) => {
    const { type, data } = event;
    state = step(aggregate, state, event, context[i]!, (before) => {
      const broken = brokenRule(aggregate.events[type]!.rules, { ...context[i]!, id, data }, before);
      if (broken) throw new IllegalTransitionError(broken.code, broken.sentence, undefined, broken);
    });
    return state;
  });
};

/** The place of a new event by its own day, and the state that it would find there. */
export interface Found<State> {
  readonly place: number;
  readonly state: State;
}

/** The state behind the last of some new events at a place, and all behind it tried. */
const stateBehind = <State>(order: ValidTimeOrder<State>, place: number, added: readonly Act[], reveals: boolean): State => {
  const { aggregate, id } = order;
  const end = place + added.length;
  const actAt = (at: number): Act =>
    at < place ? actOf(order.at(at)!) : at < end ? added[at - place]! : actOf(order.at(at - added.length)!);
  const typeAt = (at: number): string => {
    if (at >= place && at < end) return added[at - place]!.event.type;
    return order.at(at < place ? at : at - added.length)!.recorded.type;
  };
  const length = order.length + added.length;
  const stay = !reveals && (place === order.length || order.revealing === 0);
  const completions = stay ? order.completions : completionsOf(aggregate, length, typeAt);
  let known = place;
  if (!stay) {
    const [was, is] = [order.completions.by, completions.by];
    for (const of of [...was.keys(), ...is.keys()]) {
      const [before, now] = [was.get(of) ?? NONE, is.get(of) ?? NONE];
      const isSame = before.length === now.length && now.every((at, i) => (at < place ? at : at < end ? -1 : at - added.length) === before[i]); // prettier-ignore
      if (of < known && !isSame) known = of;
    }
  }
  let after = order.state;
  tryLine<State>({
    line: { aggregate, id, length, completions, actAt },
    changed: { known, order: place },
    found: order.knownBefore(known),
    believed: (at) => order.believedBefore(at),
    tolerated: brokenAlready(order),
    stands: (at, state) => {
      if (at === end - 1) after = state;
    },
  });
  return after;
};
const NONE: readonly never[] = [];

/** What an entry breaks as it stands already: a rule can be younger than the events. */
export const brokenAlready =
  <State>(order: ValidTimeOrder<State>) =>
  ({ entry }: Act, code: string): boolean =>
    entry !== undefined && isBroken(order, entry.recorded, code);

const isBroken = <State>(order: ValidTimeOrder<State>, recorded: RecordedEvent, code: string): boolean => {
  const place = order.placeOfFact(recorded);
  if (place === -1) return false;
  const { event, context } = actOf(order.at(place)!);
  const { [code]: rule } = order.aggregate.events[event.type]!.rules!;
  const holds = (state: State): boolean => rule!.holds({ ...context, id: order.id, data: event.data }, state);
  if (order.completions.of.has(place)) return !holds(order.believedBefore(place));
  return !holds(order.knownBefore(place)) && !(order.completions !== NO_COMPLETIONS && holds(order.believedBefore(place)));
};
