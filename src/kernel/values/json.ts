import type { AnyJson, Json } from '../event.js';

/** Canonical JSON (RFC 8785): the same text for the same value, whatever order its keys came in. Absent and undefined are one. */
export const canonical = (value: unknown): string => (isInOrder(value) ? (JSON.stringify(value) ?? 'null') : reordered(value));
/** The same. @param text `JSON.stringify(value)`, which is canonical already where the keys are in order */
export const canonicalFrom = (value: unknown, text: string): string => (isInOrder(value) ? text : reordered(value));
const reordered = (value: unknown): string => {
  const ordered = inOrder(value);
  return ordered === NO_ORDER ? written(value) : JSON.stringify(ordered);
};

/** The same value with the keys of each object in the order of canonical JSON, where an object can have them in it. */
export const inKeyOrder = <T>(value: T): T => {
  if (isInOrder(value)) return value;
  const ordered = inOrder(value);
  return ordered === NO_ORDER ? value : (ordered as T);
};

const isInOrder = (value: unknown): boolean => {
  if (value === null || typeof value !== 'object') return true;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) if (!isInOrder(value[i])) return false;
    return true;
  }
  let before = '';
  for (const key in value) {
    if (key < before || hasOwnPlace(key) || !isInOrder((value as { readonly [key: string]: unknown })[key])) return false;
    before = key;
  }
  return true;
};

/** No object has its keys in the order that is asked for: a number comes first in any, and `__proto__` is no key when it is assigned. */
const NO_ORDER = Symbol('no order');
const hasOwnPlace = (key: string): boolean => {
  const first = key.charCodeAt(0);
  return (first >= 48 && first <= 57) || first === 95;
};

/** A copy with the keys of each object in order; what is in order already is not copied. */
const inOrder = (value: unknown): unknown => {
  if (value === null || typeof value !== 'object' || isInOrder(value)) return value;
  if (Array.isArray(value)) {
    const copy = value.map(inOrder);
    return copy.includes(NO_ORDER) ? NO_ORDER : copy;
  }
  const fields = value as { readonly [key: string]: unknown };
  const copy: Record<string, unknown> = {};
  for (const key of sorted(Object.keys(fields))) {
    const entry = hasOwnPlace(key) ? NO_ORDER : inOrder(fields[key]);
    if (entry === NO_ORDER) return NO_ORDER;
    copy[key] = entry;
  }
  return copy;
};

/** In place. Objects have few keys: a general sort takes several times as long. */
const sorted = (keys: string[]): string[] => {
  if (keys.length > 16) return keys.sort();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i]!;
    let at = i;
    for (; at > 0 && keys[at - 1]! > key; at--) keys[at] = keys[at - 1]!;
    keys[at] = key;
  }
  return keys;
};

const written = (value: unknown): string => {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(written).join(',')}]`;
  const fields = value as { readonly [key: string]: unknown };
  const keys = Object.keys(fields).filter((key) => fields[key] !== undefined);
  return `{${sorted(keys).map((key) => `${JSON.stringify(key)}:${written(fields[key])}`).join(',')}}`; // prettier-ignore
};

/** The keys that a JSON Pointer goes through. */
export const steps = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

/** Whether one JSON Pointer leads into what the other one names, or both name the same. */
export const overlap = (a: string, b: string): boolean => a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);

/** A key as a step of a JSON Pointer, at most 64 characters of it. */
export const stepOf = (key: string): string =>
  (key.length > 64 ? `${key.slice(0, 63)}…` : key).toWellFormed().replaceAll('~', '~0').replaceAll('/', '~1');

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
/** The entry of a list that a step names: `7`, never `07`, `-` or `length`. */
const isEntry = (list: readonly unknown[], step: string): boolean => /^(0|[1-9]\d{0,8})$/.test(step) && Number(step) < list.length;
const has = (value: unknown, step: string): boolean =>
  Array.isArray(value) ? isEntry(value, step) : isObject(value) && Object.hasOwn(value, step);

/** The value that a JSON Pointer (RFC 6901) names, by own properties and existing list entries alone; undefined when there is none. */
export const at = (value: unknown, pointer: string): AnyJson => {
  let here: AnyJson = value;
  for (const step of steps(pointer)) {
    if (!has(here, step)) return undefined;
    here = here[step];
  }
  return here;
};

/** Whether `withValue` has an effect at a JSON Pointer: all that leads there exists, and so does a list entry that it ends in. */
export const hasPlace = (value: unknown, pointer: string): boolean => {
  const way = steps(pointer);
  const last = way.pop();
  let here: AnyJson = value;
  for (const step of way) {
    if (!has(here, step)) return false;
    here = here[step];
  }
  return last === undefined || isObject(here) || has(here, last);
};

/** A copy with the value at a JSON Pointer replaced or, in an object, added; the same value where `hasPlace` says no. */
export const withValue = (value: AnyJson, pointer: string, to: Json): AnyJson => put(value, steps(pointer), to);

const put = (value: AnyJson, [step, ...rest]: string[], to: Json): AnyJson => {
  if (step === undefined) return to;
  if (Array.isArray(value)) return isEntry(value, step) ? value.with(Number(step), put(value[Number(step)], rest, to)) : value;
  if (!isObject(value) || (rest.length > 0 && !Object.hasOwn(value, step))) return value;
  return { ...value, [step]: put(value[step], rest, to) };
};

/** A copy without the member that a JSON Pointer names; the same value where there is none. An entry of a list stays. */
export const withoutValue = (value: AnyJson, pointer: string): AnyJson => without(value, steps(pointer));

const without = (value: AnyJson, [step, ...rest]: string[]): AnyJson => {
  if (step === undefined || !has(value, step)) return value;
  if (rest.length > 0)
    return Array.isArray(value)
      ? value.with(Number(step), without(value[Number(step)], rest))
      : { ...value, [step]: without(value[step], rest) };
  if (Array.isArray(value)) return value;
  const { [step]: _, ...others } = value;
  return others;
};

/** One step of a change, in the form of RFC 6902, with the former value beside it. */
export type Operation =
  | { readonly op: 'add'; readonly path: string; readonly value: Json }
  | { readonly op: 'remove'; readonly path: string; readonly was: Json }
  | { readonly op: 'replace'; readonly path: string; readonly value: Json; readonly was: Json };

/** A member of the object itself, never an inherited one. */
const own = (value: Readonly<Record<string, unknown>>, key: string): AnyJson => (Object.hasOwn(value, key) ? value[key] : undefined);

/** Whether two values are the same JSON; absent and undefined are one. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object' || Array.isArray(a) !== Array.isArray(b)) return false;
  if (Array.isArray(a)) return a.length === (b as unknown[]).length && a.every((entry, i) => sameJson(entry, (b as unknown[])[i]));
  const [x, y] = [a, b] as [Record<string, unknown>, Record<string, unknown>];
  for (const key of Object.keys(x)) if (!sameJson(x[key], own(y, key))) return false;
  for (const key of Object.keys(y)) if (y[key] !== undefined && own(x, key) === undefined) return false;
  return true;
};

/**
 * What makes one value of another, in the form of RFC 6902: applied in order it gives the second. Members are compared by name; of lists
 * what is common at both ends is passed over: entries that came or went in one place are added or removed, as many others as before are
 * compared one by one, else the list is replaced. Takes time in the size of what differs and of the lists around it.
 */
export const differences = (from: AnyJson, to: AnyJson, path = ''): Operation[] => {
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

/** The value that operations of `differences` make of a value, in order; undefined where they remove the whole. */
export const applied = (value: AnyJson, operations: readonly Operation[]): AnyJson =>
  operations.reduce((whole, operation) => {
    const to = operation.op === 'remove' ? undefined : operation.value;
    return change(whole, steps(operation.path), operation.op, to);
  }, value);
const change = (value: AnyJson, [step, ...rest]: readonly string[], op: Operation['op'], to: unknown): AnyJson => {
  if (step === undefined) return to;
  if (Array.isArray(value)) {
    const at = Number(step);
    if (rest.length > 0 || op === 'replace') return value.with(at, change(value[at], rest, op, to));
    return op === 'add' ? value.toSpliced(at, 0, to) : value.toSpliced(at, 1);
  }
  if (rest.length > 0 || op !== 'remove') return { ...value, [step]: change(value[step], rest, op, to) };
  const { [step]: _, ...others } = value;
  return others;
};

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/gs;

/**
 * The JSON Pointer of the first name that stands twice in one object of a JSON text, where `JSON.parse` keeps the last value without a
 * word; undefined when there is none. The text is JSON already, and as deep as the caller allows.
 */
export const duplicateName = (text: string): string | undefined => {
  /** The objects (their names) and lists (no names) that are open, and where each stands. */
  const open: { readonly names: Set<string> | undefined; step: string; entry: number }[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKENS)) {
    const here = open.at(-1);
    if (token === '{' || token === '[') open.push({ names: token === '{' ? new Set() : undefined, step: '0', entry: 0 });
    else if (token === '}' || token === ']') open.pop();
    else if (token === ',') {
      if (here && !here.names) here.step = String(++here.entry);
    } else if (token === ':') {
      const name = JSON.parse(last) as string;
      here!.step = stepOf(name);
      if (here!.names!.has(name)) return open.map(({ step }) => `/${step}`).join('');
      here!.names!.add(name);
    } else last = token;
  }
  return undefined;
};
