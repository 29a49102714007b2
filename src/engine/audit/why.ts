import { setImmediate as turn } from 'node:timers/promises';
import {
  at,
  openClaims,
  sameJson,
  stepEntry,
  steps,
  withValue,
  type AnyAggregate,
  type Claim,
  type Entry,
  type History,
  type Json,
} from '../../kernel/index.js';
import { earlier } from '../earlier.js';
import { factView, type FactView } from './audit.js';

/** Steps that are folded before other work gets its turn, and withdrawn facts that are asked what they had set, the newest. */
const STEPS = 200;
const MAX_WITHDRAWN = 20;

/** What a field says in a state; null where it says nothing. `instead`: why there is no such field, such as an undisclosed amount. */
export interface Said {
  readonly value: Json;
  readonly instead?: { readonly path: string; readonly value: Json };
}
/** A fact that set the field, or would have if another source's claim were right. */
export type Setting = FactView & {
  readonly was: Said;
  readonly now: Said;
  /** Claims that stand against the fact, each with what the field would say if it were right; absent where the field would be the same. */
  readonly claims: readonly (Pick<Claim, 'by' | 'note' | 'evidence' | 'claim'> & { readonly would?: Said })[];
};
/** A fact that set the field until it was withdrawn. */
export interface Unset {
  readonly event: string;
  readonly type: string;
  readonly revision: number;
  readonly by: string;
  readonly was: Said;
  readonly now: Said;
}

export interface Why {
  readonly field: string;
  readonly now: Said;
  readonly entries: readonly Setting[];
  readonly withdrawn: readonly Unset[];
  readonly next?: number;
}

/** The field names nothing that the aggregate has, or ever had. */
export class UnknownFieldError extends Error {
  override readonly name = 'UnknownFieldError';
}

const MISSING = ['undisclosed', 'withheld', 'unknown'];
const saysWhyNot = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && MISSING.some((name) => Object.hasOwn(value, name));

/** What a state says at a field: of an amount that is not known, that it is not. */
const saidIn = (state: unknown, field: string): Said => {
  const value = at(state, field) as Json | undefined;
  if (value !== undefined) return { value };
  const path = field.slice(0, field.lastIndexOf('/'));
  const parent = path === '' ? undefined : (at(state, path) as Json | undefined);
  return saysWhyNot(parent) ? { value: null, instead: { path, value: parent! } } : { value: null };
};
const NOTHING: Said = { value: null };
const isSaid = ({ value, instead }: Said): boolean => value !== null || instead !== undefined;

/**
 * Why a field of a history is as it is: every fact that set it, in valid-time order, with the claims of other sources, and what had set it
 * until it was withdrawn. Linear in the history, with pauses; a page has at most `limit` facts, from a place on.
 * @throws UnknownFieldError
 */
export const whyOf = async (history: History, field: string, from: number, limit: number): Promise<Why> => {
  const entries: Setting[] = [];
  let next: number | undefined;
  let place = 0;
  let known = steps(field).length === 0;
  for (const step of history.steps()) {
    if (++place % STEPS === 0) await turn();
    const was = place === 1 ? NOTHING : saidIn(step.before, field); // what an aggregate is before its first fact, nobody said
    const now = saidIn(step.after, field);
    known ||= isSaid(now);
    if (place <= from || next !== undefined) continue;
    const claims = claimsOn(history.aggregate, step, field, now);
    if (sameJson(was, now) && claims.every(({ would }) => would === undefined)) continue;
    if (entries.length === limit) {
      next = place - 1;
      continue;
    }
    entries.push({ ...factView(step.entry, history.timeZone), was, now, claims });
  }
  const withdrawn = from === 0 ? await withdrawnSettings(history, field) : [];
  if (!known && withdrawn.length === 0) throw new UnknownFieldError(whatThereIs(history, field));
  return { field, now: saidIn(history.state, field), entries, withdrawn, ...(next !== undefined && { next }) };
};

/** The open claims on a fact, each with what the field would say right after it. */
const claimsOn = (
  aggregate: AnyAggregate,
  { entry, before }: { readonly entry: Entry; readonly before: unknown },
  field: string,
  now: Said,
): Setting['claims'] =>
  openClaims(entry).map(({ by, note, evidence, claim }) => {
    const would = saidByClaim(aggregate, entry, before, claim, field);
    return { by, note, evidence, claim, ...(would && !sameJson(would, now) && { would }) };
  });

/** Undefined where the claim is not about the data of the fact, or the fact could not stand with it. */
const saidByClaim = (aggregate: AnyAggregate, entry: Entry, before: unknown, { pointer, value }: Claim['claim'], field: string) => {
  if (/^\/(effectiveOn|evidence|record)(\/|$)/.test(pointer)) return undefined;
  try {
    return saidIn(stepEntry(aggregate, before, { ...entry, data: withValue(entry.data, pointer, value) }), field);
  } catch {
    return undefined;
  }
};

const withdrawnSettings = async (history: History, field: string): Promise<readonly Unset[]> => {
  const found: Unset[] = [];
  const byId = new Map(history.withdrawn.size > 0 ? history.recorded.map((event) => [event.id, event]) : []);
  for (const [event, by] of [...history.withdrawn].slice(-MAX_WITHDRAWN)) {
    const [stored, withdrawal] = [byId.get(event), byId.get(by)];
    if (!stored || !withdrawal) continue;
    await turn();
    for (const { entry, before, after } of (await earlier(history, withdrawal.revision - 1)).steps()) {
      if (entry.recorded.id !== event) continue;
      const [was, now] = [saidIn(before, field), saidIn(after, field)];
      if (!sameJson(was, now)) found.push({ event, type: stored.type, revision: stored.revision, by, was, now });
    }
  }
  return found;
};

const whatThereIs = ({ state, stream }: History, field: string): string => {
  const names = Object.keys((state ?? {}) as object)
    .slice(0, 20)
    .map((name) => `/${name}`);
  return `names nothing that ${stream} ever had: ${field.slice(0, 80)}. It has ${names.join(', ')}`;
};
