import type { EventContext } from './event.js';
import { at } from './values/json.js';

/** An event at its place in valid-time order, as a rule sees it: the stream's id, the data, and its context. */
export interface Occurrence<Data> extends EventContext {
  readonly id: string;
  readonly data: Data;
}

/** A reason to refuse, said once; the code is its key. README, OpenAPI and the title of the refusal read `says`. */
export interface Rule<On, State> {
  /** What must hold: a sentence without figures. */
  readonly says: string;
  /** JSON Pointer into the command's body, of the field to blame. */
  readonly field?: string | ((on: On, state: State) => string);
  /** The sentence of one refusal, with the figure or the date in the way; `says` when absent. */
  detail?(on: On, state: State): string;
  /** `state` is what the event or the command finds. Pure; never throws. */
  holds(on: On, state: State): boolean;
}
export type Rules<On, State, Code extends string = string> = { readonly [C in Code]: Rule<On, State> };

/** What must hold after every event, in every order that was accepted. */
export interface Invariant<State, Type extends string = string> {
  readonly says: string;
  /** The events that can break it, each with the field to blame: the first of several that the event has. */
  readonly brokenBy: { readonly [T in Type]?: string | readonly string[] };
  /** `state` is what the event would leave. */
  detail?(state: State): string;
  holds(state: State): boolean;
}

/** A rule or an invariant that does not hold, ready to be refused with. */
export interface Broken {
  readonly code: string;
  readonly sentence: string;
  readonly pointer?: string;
}

/** The first of these rules that does not hold, but for those that are tolerated. */
export const brokenRule = <On, State>(
  rules: Rules<On, State> | undefined,
  on: On,
  state: State,
  tolerated: (code: string) => boolean = () => false,
): Broken | undefined => {
  for (const code in rules) {
    const rule = rules[code]!;
    if (rule.holds(on, state) || tolerated(code)) continue;
    const pointer = typeof rule.field === 'function' ? rule.field(on, state) : rule.field;
    return { code, sentence: rule.detail?.(on, state) ?? rule.says, ...(pointer !== undefined && { pointer }) };
  }
  return undefined;
};

/** The first invariant that does not hold of a state that an event has left. */
export const brokenInvariant = <State>(
  invariants: Readonly<Record<string, Invariant<State>>> | undefined,
  event: { readonly type: string; readonly data: unknown },
  state: State,
): Broken | undefined => {
  for (const code in invariants) {
    const invariant = invariants[code]!;
    if (invariant.holds(state)) continue;
    const fields = [invariant.brokenBy[event.type] ?? []].flat();
    const pointer = fields.find((field) => at(event.data, field) !== undefined) ?? fields[0];
    return { code, sentence: invariant.detail?.(state) ?? invariant.says, ...(pointer !== undefined && { pointer }) };
  }
  return undefined;
};
