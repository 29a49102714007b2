import type { Json } from '../event.js';

/** What JSON shows as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*$/;
const quoted = (text: string): string => (PLAIN.test(text) ? `"${text}"` : JSON.stringify(text));

/** Canonical JSON (RFC 8785): the same text for the same value, whatever order its keys came in. Absent and undefined are one. */
export const canonical = (value: unknown): string => {
  if (typeof value === 'string') return quoted(value);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  let text = '';
  if (Array.isArray(value)) {
    for (const entry of value) text += (text && ',') + canonical(entry);
    return `[${text}]`;
  }
  const fields = value as { readonly [key: string]: unknown };
  for (const key of Object.keys(fields).sort())
    if (fields[key] !== undefined) text += `${text && ','}${quoted(key)}:${canonical(fields[key])}`;
  return `{${text}}`;
};

const steps = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** The value that a JSON Pointer (RFC 6901) names; undefined when there is none. */
export const at = (value: unknown, pointer: string): any => {
  let here: any = value;
  for (const step of steps(pointer)) {
    if (here === null || typeof here !== 'object' || !Object.hasOwn(here, step)) return undefined;
    here = here[step];
  }
  return here;
};

/** A copy with the value at a JSON Pointer replaced or, in an object, added. */
export const withValue = (value: any, pointer: string, to: Json): any => put(value, steps(pointer), to);

const put = (value: any, [step, ...rest]: string[], to: Json): any => {
  if (step === undefined) return to;
  if (Array.isArray(value)) return value.map((entry, i) => (String(i) === step ? put(entry, rest, to) : entry));
  return { ...value, [step]: put(value?.[step], rest, to) };
};

/** One step of a change, in the form of RFC 6902, with the former value beside it. */
export type Operation =
  | { readonly op: 'add'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string; readonly was: Json }
  | { readonly op: 'replace'; readonly path: string; readonly value: Json; readonly was: Json };

/** Whether two values are the same JSON; absent and undefined are one. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) return a.length === (b as unknown[]).length && a.every((entry, i) => sameJson(entry, (b as unknown[])[i]));
  const [x, y] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  for (const key in x) if (!sameJson(x[key], y[key])) return false;
  for (const key in y) if (x[key] === undefined && y[key] !== undefined) return false;
  return true;
};

/**
 * What makes one value of another, in the form of RFC 6902: applied in order it gives the second. Members are compared by name; of lists
 * what is common at both ends is passed over: entries that came or went in one place are added or removed, as many others as before are
 * compared one by one, else the list is replaced. Takes time in the size of what differs and of the lists around it.
 */
export const differences = (from: any, to: any, path = ''): Operation[] => {
  if (sameJson(from, to)) return [];
  if (from === undefined) return [{ op: 'add', path, value: to }];
  if (to === undefined) return [{ op: 'remove', path, was: from }];
  if (Array.isArray(from) && Array.isArray(to)) return listDifferences(from, to, path);
  const walk = (value: unknown) => value !== null && typeof value === 'object' && !Array.isArray(value);
  if (!walk(from) || !walk(to)) return [{ op: 'replace', path, value: to, was: from }];
  const operations: Operation[] = [];
  for (const key of new Set([...Object.keys(from), ...Object.keys(to)]))
    if (from[key] !== to[key])
      operations.push(...differences(from[key], to[key], `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`));
  return operations;
};

const listDifferences = (from: readonly Json[], to: readonly Json[], path: string): Operation[] => {
  let start = 0;
  let [fromEnd, toEnd] = [from.length, to.length];
  while (start < fromEnd && start < toEnd && sameJson(from[start], to[start])) start++;
  while (fromEnd > start && toEnd > start && sameJson(from[fromEnd - 1], to[toEnd - 1])) [fromEnd, toEnd] = [fromEnd - 1, toEnd - 1];
  const [gone, come] = [from.slice(start, fromEnd), to.slice(start, toEnd)];
  if (gone.length === 0) return come.map((value, i): Operation => ({ op: 'add', path: `${path}/${start + i}`, value }));
  if (come.length === 0) return gone.map((was): Operation => ({ op: 'remove', path: `${path}/${start}`, was }));
  if (gone.length === come.length) return gone.flatMap((was, i) => differences(was, come[i], `${path}/${start + i}`));
  return [{ op: 'replace', path, value: to, was: from }];
};
