import type { AnyAggregate } from './aggregate.js';
import { contextOf, type Entry } from './entry.js';
import type { Event, EventContext } from './event.js';
import { brokenInvariant, type Broken } from './rule.js';

/** A fact cannot stand where it would stand: it does not follow its stage, or a rule or an invariant breaks. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';

  constructor(
    readonly code: string,
    sentence: string,
    /** The event that can no longer follow; absent when it is the new fact itself. */
    readonly entry?: Entry,
    /** The rule or the invariant; absent where it is the stage. */
    readonly broken?: Broken,
  ) {
    super(sentence);
  }
}

/**
 * One event on one state: its stage, its rules where something new is tried, its change, the invariants.
 * @throws IllegalTransitionError
 */
export const step = <State>(
  aggregate: AnyAggregate,
  state: State,
  event: Event,
  context: EventContext,
  checkRules?: (found: State) => void,
): State => {
  const { category, invariants } = aggregate;
  const type = aggregate.events[event.type]!;
  const { stage } = state as { readonly stage: string };
  if (!type.allowedIn.includes(stage)) throw new IllegalTransitionError(...whyNotFrom(category, event.type, type.allowedIn, stage));
  checkRules?.(state);
  const next = type.evolve(state, event.data, context);
  const broken = brokenInvariant(invariants, event, next);
  if (broken) throw new IllegalTransitionError(broken.code, broken.sentence, undefined, broken);
  return next;
};

/** One entry on one state. @throws IllegalTransitionError that names the entry */
export const stepEntry = <State>(aggregate: AnyAggregate, state: State, entry: Entry): State => {
  try {
    return step<State>(aggregate, state, { type: entry.recorded.type, data: entry.data }, contextOf(entry));
  } catch (error) {
    throw error instanceof IllegalTransitionError ? new IllegalTransitionError(error.code, error.message, entry, error.broken) : error;
  }
};

/** The refusals that the stages of some events can make: code → sentence. */
export const stageRefusalsOf = (
  { category, stages: all, events }: AnyAggregate,
  types: readonly string[],
): Readonly<Record<string, string>> => {
  const allowed = types.map((type): readonly string[] => events[type].allowedIn);
  const opens = (stages: readonly string[]): boolean => stages.includes('none');
  const opensOnly = (stages: readonly string[]): boolean => opens(stages) && stages.length === 1;
  const possible: { readonly [end: string]: boolean } = {
    unknown: !allowed.every(opens) || types.some((type) => events[type].mayPrecede),
    exists: allowed.some(opensOnly),
    'not-yet': !allowed.every(opens),
    stage: allowed.some((stages) => !opensOnly(stages) && all.some((stage) => stage !== 'none' && !stages.includes(stage))),
  };
  return Object.fromEntries(Object.entries(stageRefusals(category)).filter(([code]) => possible[code.slice(category.length + 1)]));
};

/** The refusals that stages make of an aggregate: code → sentence. */
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
