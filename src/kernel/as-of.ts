import { bounds } from './values/dates.js';
import type { Entry } from './entry.js';
import { inEffect, NO_COMPLETIONS, type Completions } from './reveal.js';
import { stepEntry } from './transition.js';
import type { ValidTimeOrder } from './valid-time-order.js';

/** The part of a valid-time order before the first event certainly later than a day. */
export interface AsOf<State> {
  readonly state: State;
  readonly entries: readonly Entry[];
  /** They stand in it and may lie after the day. */
  readonly approximate: readonly Entry[];
  /** They stand behind it and may lie on the day or before. */
  readonly leftOut: readonly Entry[];
  /** What completes it, whenever that was learned. */
  readonly revealed: readonly Entry[];
}

export const asOf = <State>(order: ValidTimeOrder<State>, day: string): AsOf<State> => {
  const place = order.placeOf(day);
  const broughtIn = broughtInOn(order, day, { place, entries: order.entries(), completions: order.completions });
  if (broughtIn.length > 0) {
    const { approximate } = uncertainOn(order, day);
    return { state: foldOf(order, broughtIn), entries: broughtIn, approximate, leftOut: NONE, revealed: broughtIn.slice(place + 1) };
  }
  const own = order.entries(place);
  const uncertain = uncertainOn(order, day);
  const state = order.knownBefore(place);
  if (order.completions === NO_COMPLETIONS) return { state, entries: own, ...uncertain, revealed: NONE };
  const entries = order.inEffect(place);
  return { state, entries, ...uncertain, revealed: entries.filter((entry) => !own.includes(entry)) };
};

/** The facts of which it is not certain on which side of a day they lie; one that completes another is where that one is. */
export const uncertainOn = <State>(order: ValidTimeOrder<State>, day: string): Pick<AsOf<State>, 'approximate' | 'leftOut'> => {
  const place = order.placeOf(day);
  const { latest } = bounds(day);
  const entries = order.entries();
  const actsElsewhere = (at: number): boolean => order.completions.of.has(at);
  return {
    approximate: entries.filter((entry, at) => at < place && bounds(entry.effectiveOn).latest > latest && !actsElsewhere(at)),
    leftOut: entries.filter((entry, at) => at >= place && bounds(entry.effectiveOn).earliest <= latest && !actsElsewhere(at)),
  };
};

/** What is left of an order on a day, as it acts; undefined where all of it is. `withoutApproximate`: also without what may lie after it. */
export const partOn = <State>(order: ValidTimeOrder<State>, day: string, withoutApproximate: boolean): readonly Entry[] | undefined => {
  const gone = new Set(withoutApproximate ? uncertainOn(order, day).approximate : NONE);
  const entries = order.entries().filter((entry) => !gone.has(entry));
  const place = order.placeOf(day) - gone.size;
  const completions = order.completionsOf(entries);
  const broughtIn = broughtInOn(order, day, { place, entries, completions });
  if (broughtIn.length > 0) return broughtIn;
  const left = inEffect(entries, completions, place);
  return left.length === order.length ? undefined : left;
};

/**
 * The facts before a place of an order, and behind them the fact that opens the stream, as what it says of a day before its own, with
 * what completes it; empty where it says nothing of that day, or where nothing was there yet.
 */
const broughtInOn = <State>(
  order: ValidTimeOrder<State>,
  day: string,
  { place, entries, completions }: { readonly place: number; readonly entries: readonly Entry[]; readonly completions: Completions },
): readonly Entry[] => {
  const typeOf = (entry: Entry) => order.aggregate.events[entry.recorded.type]!;
  let first = 0;
  while (first < entries.length && typeOf(entries[first]!).mayPrecede) first++;
  if (first === entries.length || place > first || !typeOf(entries[first]!).bringsIn) return NONE;
  const before = entries.slice(0, place);
  const asked = { ...entries[first]!, asOf: day };
  if ((stepEntry(order.aggregate, foldOf(order, before), asked) as { readonly stage: string }).stage === 'none') return NONE;
  return [...before, asked, ...inEffect(entries, completions, first + 1).slice(first + 1)];
};

const foldOf = <State>({ aggregate }: ValidTimeOrder<State>, entries: readonly Entry[]): State =>
  entries.reduce((state, entry) => stepEntry(aggregate, state, entry), aggregate.initial as State);

const NONE: readonly never[] = [];
